/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core media base */
/*
 * Lines of a pbxsim script: read, and settings and rules carried out. Only
 * the reading of sound files is left out: f_wav has it.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/pbxsim/hybrid.c"
#include "tools/pbxsim/offer.c"
#include "tools/pbxsim/profile.c"
#include "tools/pbxsim/rule.c"
#include "tools/pbxsim/script.c"
#include "tools/pbxsim/source.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int wav_load(struct wav *w, const char *path, const char **why)
{
	(void)path;
	*w = (struct wav){ 0 };
	*why = "not here";
	return -ENOENT;
}

void wav_free(struct wav *w)
{
	(void)w;
}

int call_make(struct calls *all, const char *to, const struct profile *p)
{
	struct cc_number n;

	(void)all;
	(void)p;
	/* offers_add() has looked at each of them */
	if (cc_number_set(&n, to) < 0) {
		abort();
	}
	return 0;
}

static void carry_out(const struct command *c, struct rules *rules,
		      struct profile *p)
{
	static struct offers offers;
	struct shelf shelf = { 0 };
	char name[COMMAND_WORD];
	const char *why;

	if (c->verb == VERB_CALL) {
		p->count = 8;
		if (offers_add(&offers, c->word[0], p, 0) == 0) {
			offers_run(&offers, NULL, 1e9);
		}
	} else if (c->verb >= VERB_ON && !verb_is_action(c->verb)) {
		rules_add(rules, c, p, &why);
		rules_find(rules, "123");
	} else if (c->verb < VERB_ON) {
		profile_set(p, c, &shelf, &why);
		profile_record_name(p, 1, 31, name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rules rules;
	static struct profile p;
	char *text = malloc(size + 1), *line, *save;
	struct command c;
	const char *why = NULL;

	memcpy(text, data, size);
	text[size] = '\0';
	rules_init(&rules);
	profile_init(&p);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		int r = command_parse(&c, line, &why);

		if (r == 1) {
			carry_out(&c, &rules, &p);
		} else if (r < 0 && !why) {
			abort();
		}
	}
	free(text);
	return 0;
}
