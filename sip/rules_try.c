/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/rules_try.h"

#include "sip/gate.h"
#include "sip/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 600 /* headers and body; more are shown as they come */

struct trial {
	const struct conf_for_sip *conf;
	FILE *out;
	bool broken;
};

static void told(void *arg, const struct conf_rule *r, enum rule_outcome o,
		 const char *why)
{
	static const char *const actions[] = {"add", "remove", "replace"};
	static const char *const words[] = {
		[RULE_OTHER] = "not for this message",
		[RULE_IDLE] = "does not apply",
		[RULE_DONE] = "done",
		[RULE_BROKEN] = "left out, it would break the message",
	};
	struct trial *t = arg;

	t->broken |= o == RULE_BROKEN;
	fprintf(t->out, "%s:%u: %s %s: %s%s%s\n", t->conf->file, r->line,
		actions[r->action], r->header, words[o], *why ? ": " : "",
		why);
}

/* --- the difference --- */

struct lines {
	unsigned n;
	const char *at[LINES_MAX];
	unsigned len[LINES_MAX];
};

static void split(struct lines *l, const char *text)
{
	for (l->n = 0; *text && l->n < LINES_MAX; l->n++) {
		size_t len = strcspn(text, "\r\n");

		l->at[l->n] = text;
		l->len[l->n] = (unsigned)len;
		text += len;
		text += *text == '\r';
		text += *text == '\n';
	}
}

static bool same(const struct lines *a, unsigned i, const struct lines *b,
		 unsigned k)
{
	return a->len[i] == b->len[k] && !memcmp(a->at[i], b->at[k], a->len[i]);
}

static void show(FILE *out, char mark, const struct lines *l, unsigned i)
{
	fprintf(out, "%c %.*s\n", mark, (int)l->len[i], l->at[i]);
}

/* The longest run of lines that both have (textbook), then both in one. */
static int show_difference(FILE *out, const char *before, const char *after)
{
	static struct lines a, b;
	uint16_t(*common)[LINES_MAX + 1];
	unsigned i, k;

	split(&a, before);
	split(&b, after);
	common = calloc(a.n + 1u, sizeof(*common));
	if (!common) {
		return -ENOMEM;
	}
	for (i = a.n; i-- > 0;) {
		for (k = b.n; k-- > 0;) {
			uint16_t down = common[i + 1][k];
			uint16_t right = common[i][k + 1];

			common[i][k] =
				same(&a, i, &b, k)
					? (uint16_t)(common[i + 1][k + 1] + 1)
				: down >= right ? down
						: right;
		}
	}
	for (i = k = 0; i < a.n || k < b.n;) {
		if (i < a.n && k < b.n && same(&a, i, &b, k)) {
			show(out, ' ', &a, i++);
			k++;
		} else if (i < a.n &&
			   (k == b.n || common[i + 1][k] >= common[i][k + 1])) {
			show(out, '-', &a, i++);
		} else {
			show(out, '+', &b, k++);
		}
	}
	free(common);
	return 0;
}

/* --- the trial --- */

/* With CRLF, if there is none yet; an end of the header is put where the text
 * has none. Malloc()ed. */
static char *on_wire(const char *text, size_t len, size_t *out_len)
{
	bool bare = !memmem(text, len, "\r\n", 2);
	char *out = malloc(2 * len + 5), *p = out;

	if (!out) {
		return NULL;
	}
	for (size_t i = 0; i < len; i++) {
		if (bare && text[i] == '\n') {
			*p++ = '\r';
		}
		*p++ = text[i];
	}
	if (!memmem(out, (size_t)(p - out), "\r\n\r\n", 4)) {
		if (p - out < 2 || memcmp(p - 2, "\r\n", 2) != 0) {
			memcpy(p, "\r\n", 2);
			p += 2;
		}
		memcpy(p, "\r\n", 2);
		p += 2;
	}
	*p = '\0';
	*out_len = (size_t)(p - out);
	return out;
}

static int try_message(struct rules *rules, const struct rules_job *job,
		       const struct sip_msg *m, const char *wire, size_t len)
{
	struct trial *t = job->arg;
	struct rules_made made;
	int err;

	if (!rules_apply(rules, job, m, wire, len, &made)) {
		fputs("the message stays as it is\n", t->out);
		return t->broken;
	}
	err = show_difference(t->out, wire, made.text);
	free(made.text);
	sip_msg_free(made.msg);
	return err ? err : t->broken;
}

int rules_try(const struct conf_for_sip *conf, unsigned trunk,
	      enum conf_rule_way way, const char *text, size_t len, FILE *out)
{
	struct trial t = {.conf = conf, .out = out};
	struct rules_job job = {.trunk = (uint8_t)trunk, .way = way,
				.told = told, .arg = &t};
	struct sip_gate_result g;
	struct rules *rules = rules_new(conf);
	struct sip_msg *m = NULL;
	size_t wire_len = 0;
	char *wire = on_wire(text, len, &wire_len);
	int err = -ENOMEM;

	if (rules && wire) {
		sip_gate_check(wire, wire_len, &g, NULL);
		m = g.verdict == SIP_GATE_PASS ? sip_msg_parse(wire, &g) : NULL;
		err = 1;
		if (m) {
			err = try_message(rules, &job, m, wire, wire_len);
		} else {
			fprintf(out, "no SIP message: %s\n",
				sip_gate_reason_name(
					g.verdict == SIP_GATE_PASS
						? SIP_GATE_PARSER
						: g.reason));
		}
	}
	sip_msg_free(m);
	rules_free(rules);
	free(wire);
	return err;
}
