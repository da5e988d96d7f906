/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/trunkctl/table.h"

#include "tools/trunkctl/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS	   40
#define TABLE_WIDE 200 /* a wider table is printed row by row instead */
#define LINE_WIDE  100
#define KEY	   22
#define INDENT	   2

struct table {
	char names[COLUMNS][CELL];
	int width[COLUMNS];
	unsigned n;
};

typedef void visit_fn(void *arg, const char *name, const json_t *value);

/* Each plain value of an object, those of nested objects as "outer.inner". */
static void each_value(const json_t *object, const char *prefix,
		       visit_fn *visit, void *arg)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)object, key, v) {
		char name[CELL], inner[CELL];

		text_key(inner, key, v);
		snprintf(name, sizeof(name), "%.100s%s%.100s", prefix,
			 *prefix ? "." : "", inner);
		if (json_is_object(v)) {
			each_value(v, name, visit, arg);
		} else if (text_is_plain(v)) {
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

	text_value(cell, value);
	while (i < t->n && strcmp(t->names[i], name)) {
		i++;
	}
	if (i == COLUMNS) {
		return;
	}
	if (i == t->n) {
		snprintf(t->names[t->n++], CELL, "%s", name);
		t->width[i] = text_width(name);
	}
	w = text_width(cell);
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
			text_value(r->cells[i], value);
		}
	}
}

static void print_row(FILE *f, int indent, const struct table *t,
		      const char (*cells)[CELL])
{
	unsigned last = t->n;

	while (last && !*cells[last - 1]) {
		last--;
	}
	fprintf(f, "%*s", last ? indent : 0, "");
	for (unsigned i = 0; i < last; i++) {
		int pad = t->width[i] - text_width(cells[i]) + 2;

		fprintf(f, "%s%*s", cells[i], i + 1 < last ? pad : 0, "");
	}
	fputc('\n', f);
}

static void print_rows(FILE *f, int indent, const struct table *t,
		       const json_t *list)
{
	struct row *r = malloc(sizeof(*r));
	size_t i;
	json_t *v;

	if (!r) {
		return;
	}
	print_row(f, indent, t, t->names);
	json_array_foreach((json_t *)(uintptr_t)list, i, v) {
		memset(r, 0, sizeof(*r));
		r->table = t;
		each_value(v, "", fill_cell, r);
		print_row(f, indent, t, (const char(*)[CELL])r->cells);
	}
	free(r);
}

static void print_any(FILE *f, int indent, const json_t *v);

/* An object of plain values: all of them behind the key, as many a line as
 * go there. */
static void print_group(FILE *f, int indent, const char *key,
			const json_t *object)
{
	int at = fprintf(f, "%*s%-*s", indent, "", KEY - indent, key);
	const char *inner;
	char name[CELL], cell[CELL];
	bool first = true;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)object, inner, v) {
		int w;

		text_key(name, inner, v);
		text_value(cell, v);
		w = text_width(name) + text_width(cell) + 3;
		if (!first && at + w > LINE_WIDE) {
			at = fprintf(f, ",\n%*s", KEY, "") - 2;
			first = true;
		}
		at += fprintf(f, "%s%s %s", first ? "  " : ", ", name, cell);
		first = false;
	}
	fputc('\n', f);
}

static bool is_group(const json_t *v)
{
	const char *key;
	json_t *m;

	if (!json_is_object(v) || !json_object_size(v)) {
		return false;
	}
	json_object_foreach((json_t *)(uintptr_t)v, key, m) {
		if (!text_is_plain(m)) {
			return false;
		}
	}
	return true;
}

static void print_member(FILE *f, int indent, const char *key, const json_t *v)
{
	char cell[CELL], name[CELL];

	if (text_is_plain(v)) {
		text_key(name, key, v);
		text_value(cell, v);
		fprintf(f, "%*s%-*s  %s\n", indent, "", KEY - indent, name,
			cell);
	} else if (indent && is_group(v)) {
		print_group(f, indent, key, v);
	} else {
		fprintf(f, "%*s%s\n", indent, "", key);
		print_any(f, indent + INDENT, v);
	}
}

/* One row as a paragraph: its first member is the heading. */
static void print_paragraph(FILE *f, int indent, const json_t *row)
{
	bool first = true;
	char cell[CELL];
	const char *key;
	json_t *m;

	json_object_foreach((json_t *)(uintptr_t)row, key, m) {
		if (first && json_is_string(m)) {
			text_value(cell, m);
			fprintf(f, "%*s%s %s\n", indent, "", key, cell);
		} else {
			print_member(f, indent + INDENT, key, m);
		}
		first = false;
	}
}

static bool has_lists(const json_t *row)
{
	const char *key;
	json_t *m;

	json_object_foreach((json_t *)(uintptr_t)row, key, m) {
		if (json_is_array(m) && !text_is_plain(m)) {
			return true;
		}
	}
	return false;
}

/* Rows that are narrow and flat stand in a table, others one by one. */
static void print_list(FILE *f, int indent, const json_t *list)
{
	struct table *t = calloc(1, sizeof(*t));
	bool flat = t != NULL;
	int width = indent;
	size_t i;
	json_t *v;

	json_array_foreach((json_t *)(uintptr_t)list, i, v) {
		flat = flat && json_is_object(v) && !has_lists(v);
		if (flat) {
			each_value(v, "", see_column, t);
		}
	}
	for (unsigned c = 0; flat && c < t->n; c++) {
		width += t->width[c] + 2;
	}
	if (flat && t->n < COLUMNS && width <= TABLE_WIDE) {
		print_rows(f, indent, t, list);
	} else {
		json_array_foreach((json_t *)(uintptr_t)list, i, v) {
			print_paragraph(f, indent, v);
		}
	}
	free(t);
}

static void print_any(FILE *f, int indent, const json_t *v)
{
	char cell[CELL];
	const char *key;
	json_t *m;

	if (json_is_object(v)) {
		json_object_foreach((json_t *)(uintptr_t)v, key, m) {
			print_member(f, indent, key, m);
		}
	} else if (json_is_array(v) && !text_is_plain(v)) {
		print_list(f, indent, v);
	} else {
		text_value(cell, v);
		fprintf(f, "%*s%s\n", indent, "", cell);
	}
}

void table_print(FILE *f, const json_t *v)
{
	print_any(f, 0, v);
}
