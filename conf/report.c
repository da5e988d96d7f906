/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SHOWN 160 /* octets of a line of the text that are printed */

void report_init(struct report *r, const char *name, const char *text,
		 size_t len)
{
	memset(r, 0, sizeof(*r));
	r->name = name;
	r->text = text;
	r->len = len;
}

static struct problem *add(struct report *r, struct place at, bool is_error,
			   const char *fmt, va_list ap)
{
	/* Beyond the maximum the last one is overwritten, but counted. */
	struct problem *p = &r->problems[r->n < REPORT_MAX ? r->n++ :
							     REPORT_MAX - 1];

	p->at = at;
	p->is_error = is_error;
	p->fix[0] = '\0';
	vsnprintf(p->text, sizeof(p->text), fmt, ap);
	if (is_error) {
		r->errors++;
	} else {
		r->warnings++;
	}
	return p;
}

struct problem *report_error(struct report *r, struct place at,
			     const char *fmt, ...)
{
	struct problem *p;
	va_list ap;

	va_start(ap, fmt);
	p = add(r, at, true, fmt, ap);
	va_end(ap);
	return p;
}

struct problem *report_warning(struct report *r, struct place at,
			       const char *fmt, ...)
{
	struct problem *p;
	va_list ap;

	va_start(ap, fmt);
	p = add(r, at, false, fmt, ap);
	va_end(ap);
	return p;
}

void problem_fix(struct problem *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->fix, sizeof(p->fix), fmt, ap);
	va_end(ap);
}

static int by_place(const void *a, const void *b)
{
	const struct problem *p = a, *q = b;

	if (p->at.line != q->at.line) {
		return p->at.line < q->at.line ? -1 : 1;
	}
	return (p->at.column > q->at.column) - (p->at.column < q->at.column);
}

/* Start and length of a line of the text; NULL when there is no such line. */
static const char *find_line(const struct report *r, unsigned line,
			     size_t *len)
{
	const char *p = r->text, *end = r->text + r->len, *nl;

	for (unsigned i = 1; i < line && p; i++) {
		nl = memchr(p, '\n', (size_t)(end - p));
		p = nl ? nl + 1 : NULL;
	}
	if (!p || line == 0 || p >= end) {
		return NULL;
	}
	nl = memchr(p, '\n', (size_t)(end - p));
	*len = (size_t)((nl ? nl : end) - p);
	return p;
}

static void print_line(FILE *f, const char *line, size_t len)
{
	for (size_t i = 0; i < len && i < LINE_SHOWN; i++) {
		unsigned char c = (unsigned char)line[i];

		/* Never a terminal's control sequences from a file. */
		fputc(c == '\t' || c >= 0x20 ? (c == 0x7f ? '?' : c) : '?', f);
	}
}

static void print_caret(FILE *f, const char *line, size_t len,
			const struct place *at)
{
	fputs("\n      | ", f);
	for (unsigned i = 0; i + 1 < at->column && i < LINE_SHOWN; i++) {
		fputc(i < len && line[i] == '\t' ? '\t' : ' ', f);
	}
	fputc('^', f);
	for (unsigned i = 1; i < at->width && i < LINE_SHOWN; i++) {
		fputc('~', f);
	}
	fputc('\n', f);
}

static void print_problem(FILE *f, const struct report *r,
			  const struct problem *p)
{
	size_t len = 0;
	const char *line = find_line(r, p->at.line, &len);

	fputs(r->name, f);
	if (p->at.line) {
		fprintf(f, ":%u:%u", p->at.line, p->at.column);
	}
	fprintf(f, ": %s: %s\n", p->is_error ? "error" : "warning", p->text);
	if (line) {
		fprintf(f, "%5u | ", p->at.line);
		print_line(f, line, len);
		print_caret(f, line, len, &p->at);
	}
	if (p->fix[0]) {
		fprintf(f, "      = %s\n", p->fix);
	}
}

char *report_text(struct report *r)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f) {
		return strdup("out of memory\n");
	}
	qsort(r->problems, r->n, sizeof(r->problems[0]), by_place);
	for (unsigned i = 0; i < r->n; i++) {
		print_problem(f, r, &r->problems[i]);
	}
	if (r->errors) {
		fprintf(f, "%s: %u error%s\n", r->name, r->errors,
			r->errors == 1 ? "" : "s");
	}
	fclose(f);
	return text;
}
