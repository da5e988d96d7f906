/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/report.h"

#include "gateway/base/str.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_SHOWN 160 /* characters of a line of the text that are printed */

void report_init(struct report *r, const char *name, const char *text,
		 size_t len)
{
	memset(r, 0, sizeof(*r));
	r->name = name;
	r->text = text;
	r->len = len;
}

/* A quoted text of the file may hold a terminal's control sequences. */
static void blank_controls(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f) {
			*text = '?';
		}
	}
}

static struct problem *add(struct report *r, struct place at, bool is_error,
			   const char *fmt, va_list ap)
{
	/* Beyond the maximum the last one is overwritten, but counted. */
	struct problem *p = &r->problems[r->n < REPORT_MAX ? r->n++ :
							     REPORT_MAX - 1];

	p->at = at;
	p->is_error = is_error;
	p->is_secret = false;
	p->fix[0] = '\0';
	vsnprintf(p->text, sizeof(p->text), fmt, ap);
	blank_controls(p->text);
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
	blank_controls(p->fix);
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
	if (*len && p[*len - 1] == '\r') {
		--*len;
	}
	return p;
}

/* Octets of the next character; what is no UTF-8 goes one by one. */
static size_t step(const char *p, size_t len)
{
	unsigned n = str_utf8(p, len);

	return n ? n : 1;
}

/* Where of the line `columns` characters have passed. */
static size_t skip(const char *line, size_t len, unsigned columns)
{
	size_t i = 0;

	while (columns-- && i < len) {
		i += step(line + i, len - i);
	}
	return i;
}

/* `: {file: NAME}` instead of the secret itself. */
static bool is_reference(const char *text, size_t len)
{
	return len >= 7 && !memcmp(text, ": {file", 7);
}

/* Length of what may be shown: all, or up to a password's value. */
static size_t public_part(const char *line, size_t len)
{
	for (size_t i = 0; i + 4 < len; i++) {
		size_t k = i;

		if (strncasecmp(line + i, "pass", 4)) {
			continue;
		}
		while (k < len && (isalpha((unsigned char)line[k]) ||
				   strchr("_-\"'", line[k]))) {
			k++;
		}
		if (k < len && line[k] == ':' && !is_reference(line + k,
							       len - k)) {
			return k + 1;
		}
	}
	return len;
}

static void print_line(FILE *f, const char *line, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = step(line + i, len - i);
		unsigned char c = (unsigned char)line[i];

		/* Never a terminal's control sequences from a file. */
		if (n > 1 && !(c == 0xc2 && (unsigned char)line[i + 1] < 0xa0)) {
			fwrite(line + i, 1, n, f);
		} else {
			fputc(c == '\t' || (c >= 0x20 && c < 0x7f) ? c : '?',
			      f);
		}
		i += n;
	}
}

static void print_caret(FILE *f, const char *line, size_t len,
			unsigned columns, unsigned width)
{
	size_t i = 0;

	fputs("\n      | ", f);
	while (columns--) {
		fputc(i < len && line[i] == '\t' ? '\t' : ' ', f);
		i += i < len ? step(line + i, len - i) : 1;
	}
	fputc('^', f);
	for (unsigned k = 1; k < width && k < LINE_SHOWN; k++) {
		fputc('~', f);
	}
	fputc('\n', f);
}

/* The line with a caret; of a long one the part around the place. */
static void print_source(FILE *f, const char *line, size_t len,
			 const struct problem *p)
{
	unsigned before = p->at.column ? p->at.column - 1 : 0, cut = 0;
	size_t shown = public_part(line, len), from, to;

	if (shown < len) {
		fprintf(f, "%5u | %.*s (not shown)\n", p->at.line,
			(int)(shown < LINE_SHOWN ? shown : LINE_SHOWN), line);
		return;
	}
	if (before >= LINE_SHOWN / 2 + 40) {
		cut = before - LINE_SHOWN / 2;
	}
	from = skip(line, len, cut);
	to = from + skip(line + from, len - from, LINE_SHOWN);
	fprintf(f, "%5u | ", p->at.line);
	print_line(f, line + from, to - from);
	print_caret(f, line + from, to - from, before - cut, p->at.width);
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
	if (line && !p->is_secret) {
		print_source(f, line, len, p);
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
