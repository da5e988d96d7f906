/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/dahdi_job.h"

#include <errno.h>
#include <string.h>

enum { TRAIN_MS = 1 /* the shortest: asked only whether there is one */ };

static int set(const struct dahdi_sys *sys, int fd, unsigned long what,
	       int value)
{
	return sys->control(fd, what, &value);
}

/* Whoever opened the channel has switched on none but the card's canceller. A
 * card's does not train; only one that is on lets itself be asked to. */
void dahdi_job_look(const struct dahdi_sys *sys, struct dahdi_fact *f)
{
	struct dahdi_abi_channel c = { .number = 0 };

	f->err = sys->control(f->fd, DAHDI_ABI_GET_PARAMS, &c);
	if (f->err < 0)
		return;
	f->span = c.span;
	f->position = c.position;
	f->signalling = c.signalling;
	f->cancels = c.signalling == DAHDI_ABI_CLEAR &&
		     set(sys, f->fd, DAHDI_ABI_ECHOTRAIN, TRAIN_MS) == 0;
}

static void look(const struct dahdi_sys *sys, struct dahdi_job *j)
{
	for (unsigned i = 0; i < j->n_facts; i++)
		dahdi_job_look(sys, &j->facts[i]);
}

/* What is left after DAHDI_EVENTS waits for the next time. */
static int fetch(const struct dahdi_sys *sys, struct dahdi_job *j, unsigned s)
{
	unsigned room = LINE_SLOTS * DAHDI_EVENTS - j->n_events;

	for (unsigned i = 0; i < DAHDI_EVENTS && i < room; i++) {
		int event = DAHDI_ABI_EV_NONE;
		int err = sys->control(j->fds[s], DAHDI_ABI_GETEVENT, &event);

		if (err < 0 || event == DAHDI_ABI_EV_NONE)
			return err;
		j->events[j->n_events++] = event;
	}
	return 0;
}

static void fetch_all(const struct dahdi_sys *sys, struct dahdi_job *j)
{
	for (unsigned s = 1; s < LINE_SLOTS; s++)
		if (j->slots >> s & 1)
			j->err[s] = fetch(sys, j, s);
}

/* An event that came since the channel was emptied is fetched. */
static int put_idle(const struct dahdi_sys *sys, struct dahdi_job *j,
		    unsigned s, unsigned n)
{
	uint8_t idle[LINE_BLOCK];
	ssize_t put;

	memset(idle, j->idle, sizeof(idle));
	put = sys->write(j->fds[s], idle, n);
	if (put == -DAHDI_ABI_ELAST) {
		fetch(sys, j, s);
		put = sys->write(j->fds[s], idle, n);
	}
	if (put == (ssize_t)n)
		return 0;
	return put < 0 ? (int)put : -EIO;
}

static int fill(const struct dahdi_sys *sys, struct dahdi_job *j, unsigned s)
{
	int err = 0;

	for (unsigned left = j->lead; left && !err;) {
		unsigned n = left < LINE_BLOCK ? left : LINE_BLOCK;

		err = put_idle(sys, j, s, n);
		left -= n;
	}
	if (err < 0)
		return err;
	/* Only now: the empty queue is not worth an event. A driver that has
	 * none of these is followed without. */
	err = set(sys, j->fds[s], DAHDI_ABI_BUFFER_EVENTS, 1);
	return err == -ENOTTY || err == -EINVAL ? 0 : err;
}

/* First all are emptied, so that they begin their blocks at the same time. */
static void begin(const struct dahdi_sys *sys, struct dahdi_job *j)
{
	for (unsigned s = 1; s < LINE_SLOTS; s++)
		if (j->slots >> s & 1)
			j->err[s] = set(sys, j->fds[s], DAHDI_ABI_FLUSH,
					DAHDI_ABI_FLUSH_ALL);
	for (unsigned s = 1; s < LINE_SLOTS; s++)
		if (j->slots >> s & 1 && j->err[s] == 0)
			j->err[s] = fill(sys, j, s);
}

static void cancel(const struct dahdi_sys *sys, struct dahdi_job *j)
{
	for (unsigned s = 1; s < LINE_SLOTS; s++)
		if (j->slots >> s & 1)
			j->err[s] = set(sys, j->fds[s], DAHDI_ABI_ECHOCANCEL,
					j->on >> s & 1 ? j->taps : 0);
}

static void status(const struct dahdi_sys *sys, struct dahdi_job *j)
{
	memset(&j->span, 0, sizeof(j->span));
	for (unsigned s = 1; s < LINE_SLOTS; s++)
		if (j->slots >> s & 1)
			j->err[s] = sys->control(j->fds[s], DAHDI_ABI_SPANSTAT,
						 &j->span);
}

void dahdi_job_run(const struct dahdi_sys *sys, struct dahdi_job *j)
{
	static void (*const all[DAHDI_JOB_KINDS])(const struct dahdi_sys *,
						  struct dahdi_job *) = {
		[DAHDI_JOB_LOOK] = look,     [DAHDI_JOB_EVENTS] = fetch_all,
		[DAHDI_JOB_BEGIN] = begin,   [DAHDI_JOB_RETRY] = begin,
		[DAHDI_JOB_CANCEL] = cancel, [DAHDI_JOB_STATUS] = status,
	};

	j->n_events = 0;
	all[j->kind](sys, j);
}
