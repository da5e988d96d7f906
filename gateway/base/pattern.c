/* SPDX-License-Identifier: GPL-2.0-or-later */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "gateway/base/pattern.h"

#include <ctype.h>
#include <pcre2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH	  200
#define HEAP_KIB  512
#define NESTING	  16 /* of parentheses */
#define TRIAL_LEN 200

struct pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	uint32_t groups;
};

void pattern_free(struct pattern *p)
{
	if (!p) {
		return;
	}
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->context);
	pcre2_code_free(p->code);
	free(p);
}

static void say(int code, size_t at, char *error, size_t size)
{
	PCRE2_UCHAR text[120];

	if (pcre2_get_error_message(code, text, sizeof(text)) < 0) {
		snprintf((char *)text, sizeof(text), "no regular expression");
	}
	snprintf(error, size, "%s, at character %zu", (char *)text, at + 1);
}

static pcre2_code *compile(const char *text, char *error, size_t size)
{
	pcre2_compile_context *c = pcre2_compile_context_create(NULL);
	pcre2_code *code;
	PCRE2_SIZE at = 0;
	int fault = 0;

	if (!c) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	(void)pcre2_set_max_pattern_length(c, PATTERN_MAX);
	(void)pcre2_set_parens_nest_limit(c, NESTING);
	code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
			     PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UTF |
				     PCRE2_DOLLAR_ENDONLY,
			     &fault, &at, c);
	if (!code) {
		say(fault, at, error, size);
	}
	pcre2_compile_context_free(c);
	return code;
}

struct pattern *pattern_new(const char *text, char *error, size_t size)
{
	struct pattern *p = calloc(1, sizeof(*p));

	if (!p) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	p->code = compile(text, error, size);
	if (!p->code) {
		pattern_free(p);
		return NULL;
	}
	p->data = pcre2_match_data_create(PATTERN_GROUPS, NULL);
	p->context = pcre2_match_context_create(NULL);
	if (!p->data || !p->context) {
		snprintf(error, size, "out of memory");
		pattern_free(p);
		return NULL;
	}
	(void)pcre2_set_match_limit(p->context, PATTERN_STEPS);
	(void)pcre2_set_depth_limit(p->context, DEPTH);
	(void)pcre2_set_heap_limit(p->context, HEAP_KIB);
	(void)pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &p->groups);
	return p;
}

unsigned pattern_groups(const struct pattern *p)
{
	return p->groups < PATTERN_GROUPS ? p->groups : PATTERN_GROUPS - 1;
}

enum pattern_result pattern_find(const struct pattern *p, const char *text,
				 size_t len, struct pattern_match *m)
{
	int n = pcre2_match(p->code, (PCRE2_SPTR)text, len, 0, 0, p->data,
			    p->context);
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(p->data);

	if (n < 0) {
		return n == PCRE2_ERROR_NOMATCH ? PATTERN_NO : PATTERN_LIMIT;
	}
	memset(m, 0, sizeof(*m));
	for (unsigned i = 0; i < PATTERN_GROUPS && (n == 0 || i < (unsigned)n);
	     i++) {
		/* \K can put the start behind the end. */
		if (at[2 * i] != PCRE2_UNSET && at[2 * i] <= at[2 * i + 1]) {
			m->group[i] = (struct pattern_group){
				at[2 * i], at[2 * i + 1] - at[2 * i]};
		}
	}
	return PATTERN_YES;
}

/* Nested repetition shows itself on long runs of what it repeats; what it needs
 * behind them must stand somewhere, else nothing is tried at all. */
bool pattern_is_slow(const struct pattern *p, const char *text)
{
	char trial[TRIAL_LEN + PATTERN_MAX + 16], fill[PATTERN_MAX + 8];
	struct pattern_match m;

	snprintf(fill, sizeof(fill), "a0 ;%s", text);
	for (const char *c = fill; *c; c++) {
		if (strchr(fill, *c) != c || !isprint((unsigned char)*c)) {
			continue;
		}
		memset(trial, *c, TRIAL_LEN);
		snprintf(trial + TRIAL_LEN, sizeof(trial) - TRIAL_LEN,
			 "\x01%s", fill);
		if (pattern_find(p, trial, strlen(trial), &m) ==
		    PATTERN_LIMIT) {
			return true;
		}
	}
	return false;
}
