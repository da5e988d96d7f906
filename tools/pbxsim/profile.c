/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/profile.h"

#include <errno.h>
#include <string.h>

#include "gateway/base/str.h"
#include "media/dtmf.h"

enum { AS_WRITTEN = 255, CAUSE_MAX = 127, COUNT_MAX = 100000 };

/* A word that stands for a number. */
struct choice {
	const char *name;
	uint8_t value;
};

static const struct choice types[] = {
	{ "unknown", CC_TON_UNKNOWN },
	{ "international", CC_TON_INTERNATIONAL },
	{ "national", CC_TON_NATIONAL },
	{ "network", CC_TON_NETWORK },
	{ "subscriber", CC_TON_SUBSCRIBER },
	{ NULL, 0 },
};

static const struct choice presentations[] = {
	{ "allowed", CC_PRES_ALLOWED },
	{ "restricted", CC_PRES_RESTRICTED },
	{ "unavailable", CC_PRES_UNAVAILABLE },
	{ NULL, 0 },
};

static const struct choice screenings[] = {
	{ "none", CC_SCREEN_NONE },
	{ "passed", CC_SCREEN_PASSED },
	{ "failed", CC_SCREEN_FAILED },
	{ "network", CC_SCREEN_NETWORK },
	{ NULL, 0 },
};

static const struct choice bearers[] = {
	{ "speech", CC_BEARER_SPEECH },
	{ "audio", CC_BEARER_AUDIO_31 },
	{ "data", CC_BEARER_UNRESTRICTED },
	{ "restricted", CC_BEARER_RESTRICTED },
	{ "video", CC_BEARER_VIDEO },
	{ NULL, 0 },
};

static int choose(const struct choice *c, const char *word, uint8_t *value)
{
	for (; c->name; c++) {
		if (!strcmp(c->name, word)) {
			*value = c->value;
			return 0;
		}
	}
	return -EINVAL;
}

void profile_init(struct profile *p)
{
	memset(p, 0, sizeof(*p));
	p->to_type = p->from_type = AS_WRITTEN;
	p->bearer = CC_BEARER_AUDIO_31;
	p->cause = CAUSE_NORMAL;
	p->hold_s[0] = p->hold_s[1] = 5;
	p->dtmf_after_s = 0.5;
	p->count = 1;
	p->rate = 1;
}

static int set_from(struct profile *p, const char *text, const char **why)
{
	*why = "not a number";
	if (!strcmp(text, "none")) {
		memset(&p->from, 0, sizeof(p->from));
		return 0;
	}
	return cc_number_set(&p->from, text);
}

static int set_dtmf(struct profile *p, const char *text)
{
	for (const char *c = text; *c; c++) {
		if (dtmf_code(*c) == DTMF_NONE) {
			return -EINVAL;
		}
	}
	return str_copy(p->dtmf, sizeof(p->dtmf), text) ? 0 : -EINVAL;
}

static int set_number(double value, double max, double *out)
{
	if (value > max) {
		return -EINVAL;
	}
	*out = value;
	return 0;
}

static int set_cause(struct profile *p, double value)
{
	if (value < 1 || value > CAUSE_MAX) {
		return -EINVAL;
	}
	p->cause = (uint8_t)value;
	return 0;
}

static int set_count(struct profile *p, double value)
{
	if (value < 1 || value > COUNT_MAX) {
		return -EINVAL;
	}
	p->count = (unsigned)value;
	return 0;
}

static int set_rate(struct profile *p, double value)
{
	if (value <= 0 || value > 1000) {
		return -EINVAL;
	}
	p->rate = value;
	return 0;
}

static int set_text(char *dst, size_t size, const char *text, const char **why)
{
	*why = "too long";
	return str_copy(dst, size, text) ? 0 : -EINVAL;
}

int profile_set(struct profile *p, const struct command *c,
		struct shelf *shelf, const char **why)
{
	const char *word = c->word[0];

	*why = "not one of its values";
	switch (c->verb) {
	case VERB_FROM:
		return set_from(p, word, why);
	case VERB_FROM_TYPE:
		return choose(types, word, &p->from_type);
	case VERB_TO_TYPE:
		return choose(types, word, &p->to_type);
	case VERB_PRESENTATION:
		return choose(presentations, word, &p->presentation);
	case VERB_SCREENING:
		return choose(screenings, word, &p->screening);
	case VERB_NAME:
		return set_text(p->name, sizeof(p->name), word, why);
	case VERB_BEARER:
		return choose(bearers, word, &p->bearer);
	case VERB_HOLD:
		return range_parse(word, p->hold_s);
	case VERB_HANGUP_AFTER:
		return range_parse(word, p->hangup_after_s);
	case VERB_GIVE_UP:
		return set_number(c->number[0], 1e5, &p->give_up_s);
	case VERB_CAUSE:
		return set_cause(p, c->number[0]);
	case VERB_DTMF:
		return set_dtmf(p, word);
	case VERB_DTMF_AFTER:
		return set_number(c->number[0], 1e5, &p->dtmf_after_s);
	case VERB_PLAY:
		return source_spec_parse(&p->play, word, shelf, why);
	case VERB_RECORD:
		return set_text(p->record, sizeof(p->record), word, why);
	case VERB_ECHO:
		*why = "MODEL:ERL:MS, D.2 to D.9, 0 to 60 dB, 0 to 500 ms";
		return hybrid_spec_parse(&p->echo, word);
	case VERB_COUNT:
		return set_count(p, c->number[0]);
	case VERB_RATE:
		return set_rate(p, c->number[0]);
	default:
		return -EINVAL;
	}
}

void profile_record_name(const struct profile *p, unsigned call,
			 unsigned channel, char name[COMMAND_WORD])
{
	const char *from = p->record;
	size_t n = 0;

	while (*from && n < COMMAND_WORD - 1) {
		char kind = *from == '%' ? from[1] : '\0';

		if (kind == 'n' || kind == 'c') {
			n += (size_t)snprintf(name + n, COMMAND_WORD - n, "%u",
					      kind == 'n' ? call : channel);
			from += 2;
		} else {
			name[n++] = *from;
			from += kind == '%' ? 2 : 1;
		}
	}
	name[n < COMMAND_WORD ? n : COMMAND_WORD - 1] = '\0';
}

void profile_numbers(const struct profile *p, struct cc_msg *setup)
{
	if (p->to_type != AS_WRITTEN) {
		setup->called.type = p->to_type;
	}
	if (!p->from.valid) {
		return;
	}
	setup->calling = p->from;
	setup->calling.presentation = p->presentation;
	setup->calling.screening = p->screening;
	if (p->from_type != AS_WRITTEN) {
		setup->calling.type = p->from_type;
	}
}
