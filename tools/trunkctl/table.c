/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/trunkctl/table.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 40
#define CELL	64
#define INDENT	2

struct table {
	char names[COLUMNS][CELL];
	int width[COLUMNS];
	unsigned n;
};

static void cell_text(char cell[CELL], const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		snprintf(cell, CELL, "%s", json_string_value(v));
		break;
	case JSON_INTEGER:
		snprintf(cell, CELL, "%lld",
			 (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		snprintf(cell, CELL, "%.2f", json_real_value(v));
		break;
	case JSON_TRUE:
		snprintf(cell, CELL, "yes");
		break;
	case JSON_FALSE:
		snprintf(cell, CELL, "no");
		break;
	default:
		cell[0] = '\0';
	}
	/* Names and numbers come from outside: no control characters. */
	for (char *p = cell; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			*p = '?';
		}
	}
}

typedef void visit_fn(void *arg, const char *name, const json_t *value);

/* Each plain value of an object, those of nested objects as "outer.inner". */
static void each_value(const json_t *object, const char *prefix,
		       visit_fn *visit, void *arg)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)object, key, v) {
		char name[CELL];

		snprintf(name, sizeof(name), "%s%s%s", prefix,
			 *prefix ? "." : "", key);
		if (json_is_object(v)) {
			each_value(v, name, visit, arg);
		} else if (!json_is_array(v)) {
			visit(arg, name, v);
		}
	}
}

static void see_column(void *arg, const char *name, const json_t *value)
{
	struct table *t = arg;
	char cell[CELL];
	unsigned i = 0;
	int w;

	cell_text(cell, value);
	while (i < t->n && strcmp(t->names[i], name)) {
		i++;
	}
	if (i == COLUMNS) {
		return;
	}
	if (i == t->n) {
		snprintf(t->names[t->n++], CELL, "%s", name);
		t->width[i] = (int)strlen(name);
	}
	w = (int)strlen(cell);
	if (w > t->width[i]) {
		t->width[i] = w;
	}
}

struct row {
	const struct table *table;
	char cells[COLUMNS][CELL];
};

static void fill_cell(void *arg, const char *name, const json_t *value)
{
	struct row *r = arg;

	for (unsigned i = 0; i < r->table->n; i++) {
		if (!strcmp(r->table->names[i], name)) {
			cell_text(r->cells[i], value);
		}
	}
}

static void print_row(FILE *f, int indent, const struct table *t,
		      const char (*cells)[CELL])
{
	fprintf(f, "%*s", indent, "");
	for (unsigned i = 0; i < t->n; i++) {
		bool last = i + 1 == t->n;

		fprintf(f, "%-*s%s", last ? 0 : t->width[i], cells[i],
			last ? "\n" : "  ");
	}
}

static void print_list(FILE *f, int indent, const json_t *list)
{
	struct table *t = calloc(1, sizeof(*t));
	struct row *r = malloc(sizeof(*r));
	size_t i;
	json_t *v;

	if (t && r) {
		json_array_foreach(list, i, v) {
			each_value(v, "", see_column, t);
		}
		print_row(f, indent, t, (const char(*)[CELL])t->names);
		json_array_foreach(list, i, v) {
			memset(r, 0, sizeof(*r));
			r->table = t;
			each_value(v, "", fill_cell, r);
			print_row(f, indent, t, (const char(*)[CELL])r->cells);
		}
	}
	free(r);
	free(t);
}

static void print_any(FILE *f, int indent, const json_t *v);

static void print_member(FILE *f, int indent, const char *key,
			 const json_t *v)
{
	char cell[CELL];

	if (json_is_object(v)) {
		fprintf(f, "%*s%s\n", indent, "", key);
		print_any(f, indent + INDENT, v);
	} else if (json_is_array(v)) {
		fprintf(f, "%*s%s%s\n", indent, "", key,
			json_array_size(v) ? "" : "  (none)");
		print_any(f, indent + INDENT, v);
	} else {
		cell_text(cell, v);
		fprintf(f, "%*s%-*s  %s\n", indent, "", 20 - indent, key,
			cell);
	}
}

static void print_inner_lists(FILE *f, int indent, const json_t *row)
{
	const char *key;
	json_t *m;

	json_object_foreach((json_t *)(uintptr_t)row, key, m) {
		if (json_is_array(m)) {
			print_member(f, indent, key, m);
		}
	}
}

static void print_any(FILE *f, int indent, const json_t *v)
{
	char cell[CELL];
	const char *key;
	size_t i;
	json_t *m;

	if (json_is_object(v)) {
		json_object_foreach((json_t *)(uintptr_t)v, key, m) {
			print_member(f, indent, key, m);
		}
	} else if (json_is_array(v) && json_array_size(v) &&
		   json_is_object(json_array_get(v, 0))) {
		print_list(f, indent, v);
		/* Lists inside the rows stand below the table. */
		json_array_foreach(v, i, m) {
			print_inner_lists(f, indent, m);
		}
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, m) {
			print_any(f, indent, m);
		}
	} else {
		cell_text(cell, v);
		fprintf(f, "%*s%s\n", indent, "", cell);
	}
}

void table_print(FILE *f, const json_t *v)
{
	print_any(f, 0, v);
}
