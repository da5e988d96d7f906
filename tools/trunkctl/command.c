/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/trunkctl/command.h"

#include <ctype.h>
#include <string.h>

#include "gateway/base/str.h"

#define COLUMN 26 /* where the help begins */
#define FAR    3  /* a distance that is no slip of the finger */

static bool is_one_of(const char *words, size_t len, const char *given)
{
	size_t n = strlen(given);
	const char *end = words + len;

	while (words < end) {
		size_t word = strcspn(words, "| ");

		if (word == n && strncmp(words, given, n) == 0) {
			return true;
		}
		words += word + 1;
	}
	return false;
}

static bool word_fits(const char *want, size_t len, const char *given)
{
	if (!isupper((unsigned char)*want)) {
		return is_one_of(want, len, given);
	}
	return *given && (!memchr(want, '/', len) || strchr(given, '/'));
}

static bool fits(const struct command *c, int argc, char **argv)
{
	const char *at = c->syntax;
	int i = 0;

	while (*at && *at != '[') {
		size_t len = strcspn(at, " ");

		if (i == argc || !word_fits(at, len, argv[i])) {
			return false;
		}
		i++;
		at += len + strspn(at + len, " ");
	}
	return i == argc;
}

static bool begins_with(const struct command *c, const char *word)
{
	return is_one_of(c->syntax, strcspn(c->syntax, " "), word);
}

/* The first word of the command that the user may have meant; 0: none. */
static int likeliest(const struct command *table, const char *word,
		     const char **name)
{
	unsigned best = FAR;
	int len = 0;

	for (const struct command *c = table; c->syntax; c++) {
		char first[32];
		size_t n = strcspn(c->syntax, " ");
		unsigned distance;

		str_copy_n(first, sizeof(first), c->syntax, n);
		distance = str_distance(word, first);
		if (distance < best) {
			best = distance;
			*name = c->syntax;
			len = (int)n;
		}
	}
	return len;
}

static void tell(const struct command *table, const char *word, FILE *err)
{
	const char *name, *head = "usage:";
	int len;

	for (const struct command *c = table; c->syntax; c++) {
		if (begins_with(c, word)) {
			fprintf(err, "%-6s trunkctl %s\n", head, c->syntax);
			head = "";
		}
	}
	if (!*head) {
		return;
	}
	fprintf(err, "trunkctl: there is no command \"%s\"", word);
	len = likeliest(table, word, &name);
	if (len) {
		fprintf(err, "; did you mean \"%.*s\"?", len, name);
	}
	fputs(" (trunkctl --help lists them)\n", err);
}

const struct command *command_find(const struct command *table, int argc,
				   char **argv, FILE *err)
{
	for (const struct command *c = table; c->syntax; c++) {
		if (fits(c, argc, argv)) {
			return c;
		}
	}
	tell(table, argv[0], err);
	return NULL;
}

void command_list(const struct command *table, FILE *f)
{
	for (const struct command *c = table; c->syntax; c++) {
		const char *line = c->help;

		fprintf(f, "  %-*s", COLUMN, c->syntax);
		while (*line) {
			int len = (int)strcspn(line, "\n");

			fprintf(f, "%*s%.*s\n",
				line == c->help ? 0 : COLUMN + 2, "", len,
				line);
			line += len + (line[len] == '\n');
		}
	}
}

bool command_knows(const struct command *c, const char *option)
{
	const char *own = strchr(c->syntax, '[');

	return own && strncmp(own + 1, option, strlen(option)) == 0;
}
