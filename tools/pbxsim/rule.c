/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/rule.h"

#include <errno.h>
#include <string.h>

#include "gateway/base/str.h"

enum { CAUSE_LAST = 127 };

void rules_init(struct rules *r)
{
	r->count = 0;
	memset(&r->rule[0], 0, sizeof(r->rule[0]));
	strcpy(r->rule[0].pattern, "*");
	profile_init(&r->rule[0].profile);
}

void rules_set_rest(struct rules *r, const struct profile *p)
{
	r->rule[r->count].profile = *p;
}

static int set_on(struct rule *r, const struct command *c, const char **why)
{
	const char *action = c->word[1];

	r->after_s = c->numbers ? c->number[0] : 0;
	r->ringback = c->words == 3 && !strcmp(c->word[2], "ringback");
	*why = "answer [S [ringback]], busy [S], noanswer or reject CAUSE";
	if (!strcmp(action, "answer")) {
		r->action = RULE_ANSWER;
	} else if (!strcmp(action, "busy")) {
		r->action = RULE_BUSY;
		r->cause = CAUSE_USER_BUSY;
	} else if (!strcmp(action, "noanswer")) {
		r->action = RULE_NO_ANSWER;
	} else if (!strcmp(action, "reject") && c->numbers) {
		r->action = RULE_REJECT;
		if (c->number[0] < 1 || c->number[0] > CAUSE_LAST) {
			return -EINVAL;
		}
		r->cause = (uint8_t)c->number[0];
	} else {
		return -EINVAL;
	}
	return c->words == 3 && !r->ringback ? -EINVAL : 0;
}

static int set_rule(struct rule *r, const struct command *c, const char **why)
{
	struct command on = *c;

	if (c->verb == VERB_ON) {
		*why = "not a pattern";
		return str_copy(r->pattern, sizeof(r->pattern), c->word[0]) &&
				       str_pattern_ok(r->pattern) ?
			       set_on(r, c, why) :
			       -EINVAL;
	}
	on.words = 2;
	strcpy(r->pattern, "*");
	strcpy(on.word[1], c->verb == VERB_ANSWER_AFTER ? "answer" :
			   c->verb == VERB_BUSY		? "busy" :
			   c->verb == VERB_NO_ANSWER	? "noanswer" :
							  "reject");
	return set_on(r, &on, why);
}

int rules_add(struct rules *rules, const struct command *c,
	      const struct profile *p, const char **why)
{
	struct rule rule = { .profile = *p };
	int r;

	if (rules->count == RULES) {
		*why = "too many rules";
		return -ENOSPC;
	}
	r = set_rule(&rule, c, why);
	if (r < 0) {
		return r;
	}
	/* the rule for the rest stays last */
	rules->rule[rules->count + 1] = rules->rule[rules->count];
	rules->rule[rules->count++] = rule;
	return 0;
}

const struct rule *rules_find(const struct rules *rules, const char *number)
{
	unsigned i = 0;

	while (i < rules->count &&
	       !str_pattern_match(rules->rule[i].pattern, number)) {
		i++;
	}
	return &rules->rule[i];
}
