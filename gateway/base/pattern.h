/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions (PCRE2) with bounds: the pattern is short, a match takes
 * a bounded number of steps and a bounded amount of memory whatever the text
 * is. No JIT, no recursion without bound, octets and not characters.
 *
 * Errors: NULL and a reason; a match that hits a bound is PATTERN_LIMIT.
 * Thread: any, one at a time for each pattern.
 */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_MAX    256   /* octets of a pattern */
#define PATTERN_GROUPS 10    /* \0 is the whole match */
#define PATTERN_STEPS  20000 /* of one match */

enum pattern_result { PATTERN_NO, PATTERN_YES, PATTERN_LIMIT };

struct pattern;

/* A piece of the text that was matched. */
struct pattern_group {
	size_t at, len;
};

struct pattern_match {
	struct pattern_group group[PATTERN_GROUPS]; /* unset: len 0 */
};

/* On failure NULL, and why ("missing closing parenthesis at 4") in error. */
struct pattern *pattern_new(const char *text, char *error, size_t size);
void pattern_free(struct pattern *); /* NULL does nothing */
/* Groups that replacements may name: 0 to this. */
unsigned pattern_groups(const struct pattern *);
/* The first match. *m is set on PATTERN_YES. */
enum pattern_result pattern_find(const struct pattern *, const char *text,
				 size_t len, struct pattern_match *m);
/* Can it hit a bound? Tries texts made of what the pattern itself names. */
bool pattern_is_slow(const struct pattern *, const char *text);

#endif
