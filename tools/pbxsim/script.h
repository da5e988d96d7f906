/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of pbxsim. A command is a verb and its arguments on one line; the
 * same verb with two dashes is an option of the command line. Settings hold
 * for what comes after them; actions are done in turn. Here they are only
 * read; sim.c carries them out.
 *
 *	# a comment
 *	on 1* answer 0.5
 *	from 4971112345
 *	call 1001
 *	at 5 drop 2
 *
 * Pure functions: any thread.
 */
#ifndef PBXSIM_SCRIPT_H
#define PBXSIM_SCRIPT_H

#include <stdbool.h>
#include <stdio.h>

enum { COMMAND_WORDS = 3, COMMAND_NUMBERS = 4, COMMAND_WORD = 256 };

enum verb {
	/* settings of the calls made or answered after them */
	VERB_FROM,
	VERB_FROM_TYPE,
	VERB_TO_TYPE,
	VERB_PRESENTATION,
	VERB_SCREENING,
	VERB_NAME,
	VERB_BEARER,
	VERB_HOLD,
	VERB_HANGUP_AFTER,
	VERB_GIVE_UP,
	VERB_CAUSE,
	VERB_DTMF,
	VERB_DTMF_AFTER,
	VERB_PLAY,
	VERB_RECORD,
	VERB_ECHO,
	VERB_COUNT,
	VERB_RATE,
	/* how calls are answered */
	VERB_ON,
	VERB_ANSWER_AFTER,
	VERB_BUSY,
	VERB_NO_ANSWER,
	VERB_REJECT,
	/* actions */
	VERB_CALL,
	VERB_HANGUP,
	VERB_DIAL,
	VERB_DROP,
	VERB_DOWN,
	VERB_FLIP,
	VERB_WAIT,
	VERB_UNTIL,
	VERB_EXPECT,
	VERB_QUIT,
	VERBS
};

struct command {
	enum verb verb;
	double at_s; /* line time in service; < 0: in turn */
	unsigned words, numbers;
	char word[COMMAND_WORDS][COMMAND_WORD];
	double number[COMMAND_NUMBERS];
};

/* 1: *c is a command; 0: the line is empty; -EINVAL: *why says what is
 * wrong, a constant text. */
int command_parse(struct command *, const char *line, const char **why);

const char *verb_name(enum verb);
bool verb_has_arguments(enum verb);
bool verb_is_action(enum verb); /* else setting or answering rule */
/* The verb of that name; VERBS: none. */
enum verb verb_find(const char *name);
/* The table of verbs, for --help. */
void verb_help(FILE *);

/* "2" or "0.5-1.5": low and high, 0 <= low <= high <= 1e6. 0 or -EINVAL. */
int range_parse(const char *text, double range[2]);

#endif
