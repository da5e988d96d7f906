/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/agenda.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_OCTETS = 1024 };

static int append(struct command **list, unsigned *count,
		  const struct command *c)
{
	struct command *more;

	if (*count == AGENDA_MAX) {
		return -ENOSPC;
	}
	more = realloc(*list, (*count + 1) * sizeof(**list));
	if (!more) {
		return -ENOMEM;
	}
	*list = more;
	more[(*count)++] = *c;
	return 0;
}

int agenda_add(struct agenda *a, const char *line, const char **why)
{
	struct command c;
	int r = command_parse(&c, line, why);

	if (r <= 0) {
		return r;
	}
	if (a->next == a->turns) {
		a->next = a->turns = 0;
	}
	r = c.at_s < 0 ? append(&a->turn, &a->turns, &c) :
			 append(&a->timed, &a->times, &c);
	*why = "too many commands";
	return r < 0 ? r : 1;
}

int agenda_load(struct agenda *a, const char *path, unsigned *line,
		const char **why)
{
	char text[LINE_MAX_OCTETS];
	FILE *f = fopen(path, "re");
	int r = 0;

	*line = 0;
	if (!f) {
		r = -errno;
		*why = strerror(-r);
		return r;
	}
	while (r >= 0 && fgets(text, sizeof(text), f)) {
		++*line;
		*why = "line too long";
		r = strchr(text, '\n') || feof(f) ? agenda_add(a, text, why) :
						    -EINVAL;
	}
	fclose(f);
	return r < 0 ? r : 0;
}

const struct command *agenda_peek(const struct agenda *a)
{
	return a->next < a->turns ? &a->turn[a->next] : NULL;
}

void agenda_pop(struct agenda *a)
{
	a->next += a->next < a->turns;
}

bool agenda_due(struct agenda *a, double now_s, struct command *c)
{
	for (unsigned i = 0; i < a->times; i++) {
		if (a->timed[i].at_s <= now_s) {
			*c = a->timed[i];
			memmove(&a->timed[i], &a->timed[i + 1],
				(--a->times - i) * sizeof(a->timed[0]));
			return true;
		}
	}
	return false;
}

bool agenda_is_empty(const struct agenda *a)
{
	return a->next == a->turns && a->times == 0;
}

void agenda_free(struct agenda *a)
{
	free(a->turn);
	free(a->timed);
	*a = (struct agenda){ 0 };
}
