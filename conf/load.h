/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a configuration file: strict YAML, everything that is wrong told at
 * once as `file:line:column: error: ...`, the line with a caret, and a
 * suggestion. Needs no root, card or network. Thread: the supervisor's.
 */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include "conf/conf.h"

#include <stdio.h>

/* What applying a changed setting costs. */
enum conf_cost {
	CONF_COST_NONE,	   /* applied while calls run */
	CONF_COST_SPAN,	   /* the calls of a span: its D channel begins anew */
	CONF_COST_LINE,	   /* the same, and its line; the spans of its D-channel
			    * group with it */
	CONF_COST_ALL	   /* all calls: a role is restarted */
};

/*
 * Reads, checks and fills in defaults. Returns the tree (free() it), or NULL
 * with the reasons in *report. *report is always set on return (warnings or
 * ""), and the caller's to free(). A secret given as {file: F} is read here.
 */
struct conf *conf_load(const char *path, char **report);
/* The same for text in memory (tests, fuzzing); name stands for the path,
 * secret files are looked for below dir (NULL: none may be named). */
struct conf *conf_load_text(const char *name, const char *text, size_t len,
			    const char *dir, char **report);

/* The JSON Schema (2020-12) of the file, from the same table. */
void conf_schema_print(FILE *);
/* A reference of all settings as text, for the man page. */
void conf_reference_print(FILE *);
/* What `path` means, its default and range: a setting ("trunks[].ptime", also
 * without []), all below it ("trunks.tls"), or all that end so ("driver").
 * false: none; said on err, with the name that is nearest. */
bool conf_explain(FILE *, FILE *err, const char *path);

/* All settings that a trunk has, as YAML, with where they are from: itself or
 * its profile; the defaults bear no note. Secrets are not told. */
void conf_show_trunk(FILE *, const struct conf *, unsigned trunk);

/*
 * `fresh` as the roles can take it while calls run: each span in the place that
 * its name has in `was`. A span that is no more leaves its place `gone`; a new
 * one gets a place that is free, of `room`. The caller's to free(). NULL: only
 * a restart makes room; or there is no memory.
 */
struct conf *conf_arrange(const struct conf *was, const struct conf *fresh,
			  unsigned room);
/*
 * Which spans that stay have to leave and come again, so that `now`, arranged,
 * is true: those with a change of CONF_COST_LINE, and those of a D-channel
 * group that another span comes to, leaves or begins anew in, since its role
 * knows its spans from its start.
 */
void conf_find_anew(const struct conf *was, const struct conf *now,
		    bool anew[CONF_SPANS]);
/* `now` without these, and without new ones: what is to be applied before. The
 * caller's to free(); NULL: no memory. */
struct conf *conf_without(const struct conf *was, const struct conf *now,
			  const bool anew[CONF_SPANS]);

/* The dearest cost of what has changed in a span. */
enum conf_cost conf_span_cost(const struct conf_span *was,
			      const struct conf_span *is);

/* The dearest cost of going from one to the other, and the paths that changed,
 * one a line with their costs, in *changes (the caller's to free). */
enum conf_cost conf_diff(const struct conf *from, const struct conf *to,
			 char **changes);

#endif
