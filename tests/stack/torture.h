/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The torture messages and the verdicts that expected.tsv demands. */
#ifndef TESTS_TORTURE_H
#define TESTS_TORTURE_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TORTURE "tests/vectors/torture/"

static inline size_t torture_load(const char *name, char *buf, size_t size)
{
	char path[256];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), TORTURE "%s", name);
	f = fopen(path, "rb");
	ck_assert_msg(f, "cannot read %s", path);
	n = fread(buf, 1, size, f);
	fclose(f);
	return n;
}

/* Is the verdict among the alternatives "processed (404)|400; remark"? */
static inline bool torture_allows(const char *expected, const char *verdict)
{
	char text[256], *p, *save;

	snprintf(text, sizeof(text), "%s", expected);
	text[strcspn(text, ";")] = '\0';
	for (p = strtok_r(text, "|", &save); p; p = strtok_r(NULL, "|", &save)) {
		p += strspn(p, " ");
		p[strcspn(p, " (")] = '\0';
		if (!strcmp(p, verdict)) {
			return true;
		}
	}
	return false;
}

/* The columns of expected.tsv that count here. */
struct torture_row {
	char file[64], kind[64], expected[160];
};

static inline bool torture_next(FILE *f, struct torture_row *r)
{
	char line[1024], *field, *p;

	while (fgets(line, sizeof(line), f)) {
		p = line;
		if (*line == '#' || !strncmp(line, "file\t", 5)) {
			continue;
		}
		for (int i = 0; i < 6 && (field = strsep(&p, "\t")); i++) {
			if (i == 0) {
				snprintf(r->file, 64, "%s", field);
			} else if (i == 2) {
				snprintf(r->kind, 64, "%s", field);
			} else if (i == 5) {
				snprintf(r->expected, 160, "%s", field);
			}
		}
		return true;
	}
	return false;
}

#endif
