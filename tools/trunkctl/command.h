/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of a command line against a table of commands, which is the usage
 * text as well.
 */
#ifndef TRUNKCTL_COMMAND_H
#define TRUNKCTL_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

/* Of the command line. */
struct options {
	const char *socket;
	const char *file; /* -w; NULL: not given */
	bool json, restart;
};

/* The exit status. request: the words, with a space between. */
typedef int command_fn(const struct options *, const char *request);

/*
 * syntax: words with one space between. In small letters: as it stands, a|b is
 * one of these; in capitals: whatever the user means, with a / where it has
 * one. Behind them the option that this command alone knows, in brackets.
 */
struct command {
	const char *syntax, *help;
	command_fn *run;
};

/* The command that the words are, of a table that ends with a syntax of NULL.
 * NULL: none is; what is wrong with them is printed on err. */
const struct command *command_find(const struct command *table, int argc,
				   char **argv, FILE *err);
/* A line or two a command. */
void command_list(const struct command *table, FILE *);
/* Does it know the option, as "--restart"? */
bool command_knows(const struct command *, const char *option);

#endif
