/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/script.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 1e6

/*
 * Arguments: w word, n number, t the rest of the line; capitals may be left
 * out, with all that follows.
 */
static const struct {
	const char *name, *args, *help;
} verbs[VERBS] = {
	[VERB_FROM] = { "from", "w", "NUMBER  calling number (none: without)" },
	[VERB_FROM_TYPE] = { "from-type", "w",
		"unknown|international|national|subscriber  of that number" },
	[VERB_TO_TYPE] = { "to-type", "w", "...  type of the called number" },
	[VERB_PRESENTATION] = { "presentation", "w",
		"allowed|restricted|unavailable" },
	[VERB_SCREENING] = { "screening", "w", "none|passed|failed|network" },
	[VERB_NAME] = { "name", "t", "TEXT  caller's name" },
	[VERB_BEARER] = { "bearer", "w",
		"speech|audio|data|restricted|video" },
	[VERB_HOLD] = { "hold", "w",
		"S|S-S  calls made end so long after the answer; 0: never" },
	[VERB_HANGUP_AFTER] = { "hangup-after", "w",
		"S|S-S  as hold, for calls answered and made" },
	[VERB_GIVE_UP] = { "give-up", "n",
		"S  calls made end if not answered in time; 0: never" },
	[VERB_CAUSE] = { "cause", "n", "N  with which calls are ended; 16" },
	[VERB_DTMF] = { "dtmf", "w", "DIGITS  sent in band after the answer" },
	[VERB_DTMF_AFTER] = { "dtmf-after", "n", "S  so long after it; 0.5" },
	[VERB_PLAY] = { "play", "t",
		"FILE.wav|loop:FILE.wav|tone:HZ[@DBM0]|noise[:DBM0]|silence" },
	[VERB_RECORD] = { "record", "t",
		"FILE  what is heard from the answer on; %n call, %c channel" },
	[VERB_ECHO] = { "echo", "w",
		"MODEL:ERL:MS|off  hybrid echo: G.168 D.2 to D.9, dB, delay" },
	[VERB_COUNT] = { "count", "n", "N  calls of one call command; 1" },
	[VERB_RATE] = { "rate", "n", "R  of them a second; 1" },
	[VERB_ON] = { "on", "wwNW",
		"PATTERN answer [S [ringback]] | busy [TONE_S] | noanswer |\n"
		"                 reject CAUSE  (first match holds)" },
	[VERB_ANSWER_AFTER] = { "answer-after", "n", "S  on * answer S" },
	[VERB_BUSY] = { "busy", "", "on * busy" },
	[VERB_NO_ANSWER] = { "no-answer", "", "on * noanswer" },
	[VERB_REJECT] = { "reject", "n", "CAUSE  on * reject CAUSE" },
	[VERB_CALL] = { "call", "w",
		"NUMBER[,NUMBER...]  count of them at rate, in turn" },
	[VERB_HANGUP] = { "hangup", "wN", "all|CALL [CAUSE]" },
	[VERB_DIAL] = { "dial", "ww", "all|CALL DIGITS  in band, now" },
	[VERB_DROP] = { "drop", "nN",
		"S [LINE]  the cable is out (not in lockstep)" },
	[VERB_DOWN] = { "down", "nN",
		"S [LINE]  out of service, the peer is told" },
	[VERB_FLIP] = { "flip", "nnNN",
		"RATE S [SLOT [LINE]]  bits sent are wrong at that rate; "
		"slot 0: all" },
	[VERB_WAIT] = { "wait", "w", "S|up|idle  before the next command" },
	[VERB_UNTIL] = { "until", "n",
		"N  end when N calls have ended and none is left" },
	[VERB_EXPECT] = { "expect", "w",
		"KEY=N,...  exit 1 if the summary says otherwise" },
	[VERB_QUIT] = { "quit", "", "end all calls, then the program" },
};

const char *verb_name(enum verb v)
{
	return v < VERBS ? verbs[v].name : "?";
}

bool verb_has_arguments(enum verb v)
{
	return v < VERBS && verbs[v].args[0] != '\0';
}

bool verb_is_action(enum verb v)
{
	return v >= VERB_CALL && v < VERBS;
}

enum verb verb_find(const char *name)
{
	unsigned v = 0;

	while (v < VERBS && strcmp(verbs[v].name, name) != 0) {
		v++;
	}
	return (enum verb)v;
}

void verb_help(FILE *f)
{
	for (unsigned v = 0; v < VERBS; v++) {
		if (v == VERB_FROM || v == VERB_ON || v == VERB_CALL) {
			fprintf(f, "\n");
		}
		fprintf(f, "  %-14s %s\n", verbs[v].name, verbs[v].help);
	}
}

static const char *skip_space(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n') {
		p++;
	}
	return p;
}

/* The next word; NULL: it is too long. An empty word: the line is over. */
static const char *take_word(const char *p, char word[COMMAND_WORD])
{
	size_t n = 0;

	p = skip_space(p);
	while (*p && !strchr(" \t\r\n", *p)) {
		if (n == COMMAND_WORD - 1) {
			return NULL;
		}
		word[n++] = *p++;
	}
	word[n] = '\0';
	return p;
}

static const char *take_rest(const char *p, char word[COMMAND_WORD])
{
	size_t n;

	p = skip_space(p);
	n = strlen(p);
	while (n > 0 && isspace((unsigned char)p[n - 1])) {
		n--;
	}
	if (n >= COMMAND_WORD) {
		return NULL;
	}
	memcpy(word, p, n);
	word[n] = '\0';
	return p + strlen(p);
}

static int number_parse(const char *text, double *out)
{
	char *end;

	if (!isdigit((unsigned char)text[0]) ||
	    text[strspn(text, "0123456789.")]) {
		return -EINVAL;
	}
	*out = strtod(text, &end);
	if (*end || !(*out >= 0 && *out <= NUMBER_MAX)) {
		return -EINVAL;
	}
	return 0;
}

int range_parse(const char *text, double range[2])
{
	char low[32];
	const char *dash = strchr(text, '-');
	size_t n = dash ? (size_t)(dash - text) : strlen(text);

	if (n >= sizeof(low)) {
		return -EINVAL;
	}
	memcpy(low, text, n);
	low[n] = '\0';
	if (number_parse(low, &range[0]) < 0) {
		return -EINVAL;
	}
	range[1] = range[0];
	if (dash && number_parse(dash + 1, &range[1]) < 0) {
		return -EINVAL;
	}
	return range[0] <= range[1] ? 0 : -EINVAL;
}

/* One argument of the kind; the word at c->word[c->words] is free. */
static int take_argument(struct command *c, char kind, const char **p,
			 const char **why)
{
	char text[COMMAND_WORD];

	*p = kind == 't' ? take_rest(*p, text) : take_word(*p, text);
	if (!*p) {
		*why = "argument too long";
		return -EINVAL;
	}
	if (!text[0]) {
		*why = "argument missing";
		return isupper((unsigned char)kind) ? 0 : -EINVAL;
	}
	if (kind == 'n' || kind == 'N') {
		*why = "not a number";
		return number_parse(text, &c->number[c->numbers++]) < 0 ?
			       -EINVAL :
			       1;
	}
	memcpy(c->word[c->words++], text, sizeof(text));
	return 1;
}

static int take_arguments(struct command *c, const char *p, const char **why)
{
	char more[COMMAND_WORD];
	int r = 1;

	for (const char *kind = verbs[c->verb].args; *kind && r > 0; kind++) {
		r = take_argument(c, *kind, &p, why);
		if (r < 0) {
			return r;
		}
	}
	p = take_word(p, more);
	if (!p || more[0]) {
		*why = "too many arguments";
		return -EINVAL;
	}
	return 1;
}

/* "at S", which may stand before an action. */
static const char *take_time(struct command *c, const char *p,
			     char word[COMMAND_WORD], const char **why)
{
	p = take_word(p, word);
	*why = "at: seconds expected";
	if (!p || number_parse(word, &c->at_s) < 0) {
		return NULL;
	}
	p = take_word(p, word);
	*why = "at: action expected";
	return p && verb_is_action(verb_find(word)) &&
			       verb_find(word) != VERB_WAIT ?
		       p :
		       NULL;
}

int command_parse(struct command *c, const char *line, const char **why)
{
	char word[COMMAND_WORD];
	const char *p;

	memset(c, 0, sizeof(*c));
	c->at_s = -1;
	*why = "word too long";
	p = take_word(line, word);
	if (p && (!word[0] || word[0] == '#')) {
		return 0;
	}
	if (p && !strcmp(word, "at")) {
		p = take_time(c, p, word, why);
	}
	if (!p) {
		return -EINVAL;
	}
	c->verb = verb_find(word);
	if (c->verb == VERBS) {
		*why = "no such command";
		return -EINVAL;
	}
	return take_arguments(c, p, why);
}
