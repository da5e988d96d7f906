/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How calls to a number are answered: `on PATTERN ACTION ...`. The first rule
 * whose pattern matches holds; without any, calls are answered at once.
 * Plain values.
 */
#ifndef PBXSIM_RULE_H
#define PBXSIM_RULE_H

#include "tools/pbxsim/profile.h"

enum { RULES = 64, RULE_PATTERN = 64 };

enum rule_action {
	RULE_ANSWER,	/* after_s; 0: without ALERTING */
	RULE_BUSY,	/* after_s of busy tone; 0: at once, no tone */
	RULE_NO_ANSWER, /* rings for ever */
	RULE_REJECT	/* with cause */
};

struct rule {
	char pattern[RULE_PATTERN];
	enum rule_action action;
	double after_s;
	bool ringback; /* tone in the channel while it rings */
	uint8_t cause;
	struct profile profile;
};

struct rules {
	unsigned count;
	struct rule rule[RULES + 1]; /* and one for the rest */
};

void rules_init(struct rules *);
/* Calls that no rule is for behave like this. */
void rules_set_rest(struct rules *, const struct profile *);
/* Carries out an answering rule (VERB_ON to VERB_REJECT). 0; -EINVAL or
 * -ENOSPC, *why in words. */
int rules_add(struct rules *, const struct command *, const struct profile *,
	      const char **why);
/* Never NULL. */
const struct rule *rules_find(const struct rules *, const char *number);

#endif
