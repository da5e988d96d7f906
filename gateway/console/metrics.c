/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/console/metrics.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum line_kind { LINE_HELP, LINE_TYPE, LINE_SAMPLE };

struct line {
	const char *text;
	size_t len;
	const char *family; /* name of the metric, without _bucket and such */
	size_t family_len;
	enum line_kind kind;
	size_t order;
};

static size_t name_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && (isalnum((unsigned char)text[n]) || text[n] == '_' ||
			   text[n] == ':')) {
		n++;
	}
	return n;
}

static bool parse_line(struct line *l)
{
	static const char help[] = "# HELP ", type[] = "# TYPE ";
	size_t skip = sizeof(help) - 1;

	l->family = l->text;
	l->family_len = l->len;
	if (l->len > skip && !memcmp(l->text, help, skip)) {
		l->kind = LINE_HELP;
	} else if (l->len > skip && !memcmp(l->text, type, skip)) {
		l->kind = LINE_TYPE;
	} else {
		l->kind = LINE_SAMPLE;
		skip = 0;
	}
	l->family += skip;
	l->family_len = name_len(l->family, l->len - skip);
	return l->family_len > 0;
}

static bool has_histogram(const struct line *lines, size_t n, const char *name,
			  size_t len)
{
	static const char word[] = " histogram";

	for (size_t i = 0; i < n; i++) {
		if (lines[i].kind == LINE_TYPE && lines[i].family_len == len &&
		    !memcmp(lines[i].family, name, len) &&
		    !strncmp(lines[i].family + len, word, sizeof(word) - 1)) {
			return true;
		}
	}
	return false;
}

/* The parts of a histogram belong to its family. */
static void fold_suffix(struct line *l, const struct line *lines, size_t n)
{
	static const char *const suffixes[] = { "_bucket", "_sum", "_count" };

	for (size_t i = 0; i < 3 && l->kind == LINE_SAMPLE; i++) {
		size_t s = strlen(suffixes[i]);

		if (l->family_len > s &&
		    !memcmp(l->family + l->family_len - s, suffixes[i], s) &&
		    has_histogram(lines, n, l->family, l->family_len - s)) {
			l->family_len -= s;
			return;
		}
	}
}

static int same_family(const struct line *a, const struct line *b)
{
	size_t n = a->family_len < b->family_len ? a->family_len :
						   b->family_len;
	int d = memcmp(a->family, b->family, n);

	return d ? d : (a->family_len > b->family_len) -
			       (a->family_len < b->family_len);
}

static int by_family(const void *p, const void *q)
{
	const struct line *a = p, *b = q;
	int d = same_family(a, b);

	if (d == 0) {
		d = (int)a->kind - (int)b->kind;
	}
	return d ? d : (a->order > b->order) - (a->order < b->order);
}

static size_t split(const char *text, size_t len, struct line *lines)
{
	const char *end = text + len;
	size_t n = 0;

	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		struct line *l = &lines[n];

		l->text = text;
		l->len = (size_t)((nl ? nl : end) - text);
		l->order = n;
		if (l->len && parse_line(l)) {
			n++;
		}
		text = nl ? nl + 1 : end;
	}
	for (size_t i = 0; i < n; i++) {
		fold_suffix(&lines[i], lines, n);
	}
	return n;
}

char *metrics_merge(const char *text, size_t len)
{
	size_t max = 1, n, at = 0;
	struct line *lines;
	char *out;

	for (size_t i = 0; i < len; i++) {
		max += text[i] == '\n';
	}
	lines = calloc(max, sizeof(*lines));
	out = malloc(len + 2);
	if (!lines || !out) {
		free(lines);
		free(out);
		return NULL;
	}
	n = split(text, len, lines);
	qsort(lines, n, sizeof(*lines), by_family);
	for (size_t i = 0; i < n; i++) {
		const struct line *l = &lines[i];

		if (i && l->kind != LINE_SAMPLE && l[-1].kind == l->kind &&
		    same_family(&l[-1], l) == 0) {
			continue;
		}
		memcpy(out + at, l->text, l->len);
		at += l->len;
		out[at++] = '\n';
	}
	out[at] = '\0';
	free(lines);
	return out;
}
