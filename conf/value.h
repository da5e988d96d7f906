/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One value of the file into its place in a section's struct. Strict: a number
 * is decimal digits, a boolean is true or false, a word is one of those known.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/schema.h"
#include "conf/tree.h"

struct value_env {
	struct report *report;
	const char *dir; /* of the file, for {file: F}; NULL: none allowed */
	struct conf *conf; /* that is being filled; NULL: defaults alone */
};

/* base: the section's struct. Problems are reported at the node. */
void value_read(const struct value_env *, const struct setting *,
		const struct node *, void *base);
/* The default, from the same parser; a setting that is needed stays zero. */
void value_default(const struct setting *, void *base);
/* "did you mean"; a word of the list close to text, or NULL. */
const char *value_suggest(const char *text, const char *const *names);

#endif
