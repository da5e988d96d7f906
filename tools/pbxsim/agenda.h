/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands that wait: those in turn, and those of a time. One thread.
 */
#ifndef PBXSIM_AGENDA_H
#define PBXSIM_AGENDA_H

#include "tools/pbxsim/script.h"

enum { AGENDA_MAX = 4096 };

struct agenda {
	struct command *turn, *timed; /* owned */
	unsigned turns, next, times;
};

/* Takes a line. 1: it was a command; 0: an empty one; -EINVAL, -ENOSPC or
 * -ENOMEM, *why in words. */
int agenda_add(struct agenda *, const char *line, const char **why);
/* A whole file. 0 or -errno; *line is the one that was wrong, 0: none. */
int agenda_load(struct agenda *, const char *path, unsigned *line,
		const char **why);
/* The next in turn; NULL: none. It stays so until agenda_pop. */
const struct command *agenda_peek(const struct agenda *);
void agenda_pop(struct agenda *);
/* One whose time has come, taken out; false: none. */
bool agenda_due(struct agenda *, double now_s, struct command *);
bool agenda_is_empty(const struct agenda *);
void agenda_free(struct agenda *);

#endif
