/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns of numbers; see str.h. */
#include <stddef.h>
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
