/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Problems of a configuration text: collected while it is read, then written
 * in the order of the text:
 *
 *	site.yaml:4:31: error: switch: "eurisdn" is not known
 *	    4 |     isdn: {side: user, switch: eurisdn}
 *	      |                                ^~~~~~~
 *	      = did you mean "euroisdn"?
 */
#ifndef CONF_REPORT_H
#define CONF_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#define REPORT_MAX 100 /* problems told; further ones are counted */

struct place { /* in the text, all from 1; 0 = the whole file */
	unsigned line, column, width;
};

struct problem {
	struct place at;
	bool is_error;	/* else a warning */
	bool is_secret; /* the line of the text is not shown */
	char text[200];
	char fix[240]; /* "" = none */
};

struct report {
	const char *name; /* of the file */
	const char *text; /* borrowed */
	size_t len;
	unsigned n, errors, warnings;
	struct problem problems[REPORT_MAX];
};

void report_init(struct report *, const char *name, const char *text,
		 size_t len);
/* The returned problem may be given a fix; never NULL. */
struct problem *report_error(struct report *, struct place, const char *fmt,
			     ...) __attribute__((format(printf, 3, 4)));
struct problem *report_warning(struct report *, struct place,
			       const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void problem_fix(struct problem *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* All of it as text, to be freed; "" when there is nothing to say. */
char *report_text(struct report *);

#endif
