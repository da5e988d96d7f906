/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: options of the program, and the verbs of the script with
 * two dashes. Of the verbs, settings come first, in their order, then the
 * rules, then the actions: where they stand does not matter.
 */
#ifndef PBXSIM_OPTIONS_H
#define PBXSIM_OPTIONS_H

#include "tools/pbxsim/sim.h"

struct options {
	struct sim_config sim;
	const char *script;  /* borrowed from argv; NULL = none */
	bool read_stdin;     /* commands come from there too */
	bool help;
	double limit_s;	     /* wall time for all; 0 = none */
	struct agenda agenda; /* verbs of the command line; owned */
};

/* 0, or -EINVAL: a line on stderr says what is wrong. */
int options_parse(struct options *, int argc, char **argv);
void options_free(struct options *);
void options_help(FILE *);

#endif
