/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the table of settings says, as text for people. */
#include "conf/schema.h"

#include "gateway/base/str.h"

#include <string.h>

#define SETTING_NAME 128
#define FAR	     4 /* a distance that is no slip of the finger */

static const char *const cost_words[] = {
	[CONF_COST_NONE] = "applied while calls run",
	[CONF_COST_SPAN] = "ends the calls of the span",
	[CONF_COST_LINE] = "ends the calls of the span, which begins anew",
	[CONF_COST_ALL] = "ends all calls",
};

static void print_range(FILE *f, const struct setting *s)
{
	if (s->names) {
		for (unsigned i = 0; s->names[i]; i++) {
			fprintf(f, "%s%s", i ? ", " : "  one of: ",
				s->names[i]);
		}
		fputc('\n', f);
	} else if (s->type == VALUE_INT) {
		fprintf(f, "  %d to %d%s%s\n", s->min, s->max,
			*s->unit ? " " : "", s->unit);
	} else if (s->type == VALUE_BOOL) {
		fputs("  true or false\n", f);
	}
}

/* "spans[].line.driver" */
static void name_of(char name[SETTING_NAME], const struct section *sec,
		    const struct setting *s)
{
	snprintf(name, SETTING_NAME, "%s%s%s.%s",
		 sec == &conf_rule_section ? "trunks[]." : "", sec->name,
		 sec->is_list ? "[]" : "", s->path);
}

static void print_setting(FILE *f, const struct section *sec,
			  const struct setting *s)
{
	char name[SETTING_NAME];

	name_of(name, sec, s);
	fprintf(f, "%s\n  %s\n", name, s->help);
	print_range(f, s);
	if (!s->def) {
		fputs("  must be given\n", f);
	} else {
		fprintf(f, "  default: %s\n", *s->def ? s->def : "(none)");
	}
	fprintf(f, "  a change %s\n", s->cost == CONF_COST_NONE ?
		"is applied while calls run" : cost_words[s->cost]);
}

typedef void setting_fn(void *arg, const struct section *,
			const struct setting *);

static void each_of(const struct section *sec, setting_fn *fn, void *arg)
{
	for (unsigned k = 0; k < sec->n; k++) {
		fn(arg, sec, &sec->settings[k]);
		if (sec->settings[k].type == VALUE_RULES) {
			each_of(&conf_rule_section, fn, arg);
		}
	}
}

static void each(setting_fn *fn, void *arg)
{
	for (unsigned i = 0; i < conf_n_sections; i++) {
		each_of(&conf_sections[i], fn, arg);
	}
}

static void print_emergency(FILE *f)
{
	fprintf(f, "%s\n  %s\n  a list of numbers\n", CONF_EMERGENCY_KEY,
		CONF_EMERGENCY_HELP);
}

/* --- all --- */

static void print_one(void *arg, const struct section *sec,
		      const struct setting *s)
{
	print_setting(arg, sec, s);
	fputc('\n', arg);
}

void conf_reference_print(FILE *f)
{
	each(print_one, f);
	print_emergency(f);
}

/* --- those that are asked for --- */

struct asked {
	FILE *f;
	char path[SETTING_NAME]; /* without [] */
	unsigned found;
	unsigned distance; /* of the nearest name when none is found */
	char nearest[SETTING_NAME];
};

/* Without what stands in brackets: "spans[0].name" is "spans.name". */
static void without_index(char out[SETTING_NAME], const char *path)
{
	size_t n = 0;

	while (*path && n < SETTING_NAME - 1) {
		if (*path == '[') {
			path += strcspn(path, "]");
			path += *path == ']';
		} else {
			out[n++] = *path++;
		}
	}
	out[n] = '\0';
}

/* It itself, one below it, or one whose last words it is. */
static bool is_asked(const char *name, const char *path)
{
	size_t n = strlen(name), m = strlen(path);

	if (m == 0 || m > n) {
		return false;
	}
	return (!strncmp(name, path, m) && (!name[m] || name[m] == '.')) ||
	       (n > m && name[n - m - 1] == '.' && !strcmp(name + n - m, path));
}

static void ask_one(void *arg, const struct section *sec,
		    const struct setting *s)
{
	struct asked *a = arg;
	char full[SETTING_NAME], name[SETTING_NAME];
	unsigned distance;

	name_of(full, sec, s);
	without_index(name, full);
	distance = str_distance(a->path, name);
	if (is_asked(name, a->path)) {
		fputs(a->found++ ? "\n" : "", a->f);
		print_setting(a->f, sec, s);
	} else if (distance < a->distance) {
		a->distance = distance;
		strcpy(a->nearest, full);
	}
}

bool conf_explain(FILE *f, FILE *err, const char *path)
{
	struct asked a = { .f = f, .distance = FAR };

	without_index(a.path, path);
	each(ask_one, &a);
	if (!strcmp(a.path, CONF_EMERGENCY_KEY)) {
		print_emergency(f);
	} else if (!a.found) {
		fprintf(err, "trunkgate: there is no setting %s", path);
		if (a.distance < FAR) {
			fprintf(err, "; did you mean %s?", a.nearest);
		}
		fputs(" (trunkgate --reference tells all)\n", err);
		return false;
	}
	return true;
}
