/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns of numbers; see str.h. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "gateway/base/str.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool in_range(char c, char first, char last)
{
	return c >= first && c <= last;
}

/* A set at p, which points behind the '['. Returns what follows the ']', or
 * NULL when the set is not well formed. *has: c is a member. */
static const char *set_match(const char *p, char c, bool *has)
{
	*has = false;
	if (*p == ']') {
		return NULL;
	}
	while (*p != ']') {
		if (p[0] != '\0' && p[1] == '-') {
			if (!is_digit(p[0]) || !is_digit(p[2]) || p[0] > p[2]) {
				return NULL;
			}
			*has = *has || in_range(c, p[0], p[2]);
			p += 3;
		} else if (is_digit(*p) || *p == '*' || *p == '#') {
			*has = *has || c == *p;
			p++;
		} else {
			return NULL;
		}
	}
	return p + 1;
}

/* One element that stands for one character, at p, against c. Returns what
 * follows it, or NULL when it is not well formed. */
static const char *one_match(const char *p, char c, bool *has)
{
	switch (*p) {
	case '?':
	case 'X':
		*has = is_digit(c);
		return p + 1;
	case 'N':
		*has = in_range(c, '2', '9');
		return p + 1;
	case 'Z':
		*has = in_range(c, '1', '9');
		return p + 1;
	case '[':
		return set_match(p + 1, c, has);
	case '\\':
		*has = c == '*';
		return p[1] == '*' ? p + 2 : NULL;
	default:
		*has = c == *p;
		return is_digit(*p) || *p == '+' || *p == '#' ? p + 1 : NULL;
	}
}

bool str_pattern_ok(const char *p)
{
	bool has;

	if (*p == '\0') {
		return false;
	}
	while (p != NULL && *p != '\0') {
		p = *p == '*' ? p + 1 : one_match(p, '\0', &has);
	}
	return p != NULL;
}

/* Only the last run needs another try: an earlier one that took less would
 * only leave the later one more to skip. */
bool str_pattern_match(const char *p, const char *number)
{
	const char *run = NULL, *run_at = NULL, *next;
	bool has;

	while (*number != '\0' || *p != '\0') {
		if (*p == '*') {
			run = ++p;
			run_at = number;
			continue;
		}
		if (*p != '\0') {
			next = one_match(p, *number, &has);
			if (next == NULL) {
				return false;
			}
			if (has && *number != '\0') {
				p = next;
				number++;
				continue;
			}
		}
		if (run == NULL || *run_at == '\0') {
			return false;
		}
		p = run;
		number = ++run_at;
	}
	return true;
}

/* A pattern, element by element: the characters that it stands for, as bits of
 * the alphabet of numbers. */
#define RUN 0

struct elements {
	unsigned n;
	uint16_t of[STR_PATTERN_MAX];
};

/* False: not well formed. */
static bool read_elements(struct elements *out, const char *p)
{
	static const char alphabet[] = "0123456789+*#";
	const char *next = p;
	bool has;

	for (out->n = 0; *p != '\0'; p = next) {
		uint16_t members = RUN;

		next = p + 1;
		for (unsigned i = 0; *p != '*' && alphabet[i]; i++) {
			next = one_match(p, alphabet[i], &has);
			if (next == NULL) {
				return false;
			}
			members |= (uint16_t)(has << i);
		}
		if (out->n == STR_PATTERN_MAX) {
			return false;
		}
		out->of[out->n++] = members;
	}
	return true;
}

static bool is_run(const struct elements *e, unsigned i)
{
	return i < e->n && e->of[i] == RUN;
}

/* From the ends to the front; meet[k]: what begins at element i of a has a
 * number in common with what begins at k of b. */
bool str_patterns_meet(const char *p, const char *q)
{
	bool meet[STR_PATTERN_MAX + 1];
	struct elements a, b;

	if (!read_elements(&a, p) || !read_elements(&b, q)) {
		return false;
	}
	for (unsigned i = a.n + 1; i-- > 0;) {
		bool without_both = false;

		for (unsigned k = b.n + 1; k-- > 0;) {
			bool without_a = i < a.n && meet[k];
			bool without_b = k < b.n && meet[k + 1];

			if (is_run(&a, i) || is_run(&b, k)) {
				meet[k] = without_a || without_b;
			} else if (i < a.n && k < b.n) {
				meet[k] = without_both && (a.of[i] & b.of[k]);
			} else {
				meet[k] = i == a.n && k == b.n;
			}
			without_both = without_a;
		}
	}
	return meet[0];
}
