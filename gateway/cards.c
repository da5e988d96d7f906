/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/cards.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/thread.h"

/*
 * What a thread works on. It is the thread's from its start until the octet
 * in the pipe; then ours again. When we leave before, it is left to it.
 */
struct job {
	int pipe[2];
	bool looking;
	int held; /* our own copy of it */
	struct dahdi_span span;
	struct card_found found;
};

struct cards {
	struct job *jobs[CONF_SPANS]; /* NULL: never looked for */
};

struct cards *cards_new(void)
{
	return calloc(1, sizeof(struct cards));
}

static void free_job(struct job *j)
{
	close(j->pipe[0]);
	close(j->pipe[1]);
	free(j);
}

void cards_free(struct cards *c)
{
	struct card_found f;

	for (unsigned i = 0; c && i < CONF_SPANS; i++) {
		if (!c->jobs[i]) {
			continue;
		}
		cards_found(c, i, 0, &f);
		for (unsigned k = 0; k < f.n; k++) {
			close(f.fds[k]);
		}
		if (!c->jobs[i]->looking) {
			free_job(c->jobs[i]);
		}
	}
	free(c);
}

static struct job *job_of(struct cards *c, unsigned index)
{
	struct job *j = c->jobs[index];

	if (j) {
		return j;
	}
	j = calloc(1, sizeof(*j));
	if (j && pipe2(j->pipe, O_CLOEXEC) < 0) {
		free(j);
		j = NULL;
	}
	c->jobs[index] = j;
	return j;
}

static void *look(void *arg)
{
	struct job *j = arg;
	struct card_found *f = &j->found;
	bool stays = j->held >= 0 && dahdi_is_there(j->span.sys, j->held);

	if (j->held >= 0) {
		close(j->held);
	}
	if (stays) {
		f->state = CARD_STAYS;
	} else if (dahdi_open(&j->span, f->fds, &f->n, f->why,
			      sizeof(f->why)) < 0) {
		f->state = CARD_ABSENT;
		f->n = 0;
	} else {
		f->state = CARD_OPENED;
	}
	while (write(j->pipe[1], "", 1) < 0 && errno == EINTR) {
	}
	return NULL;
}

int cards_look(struct cards *c, unsigned index, const struct conf_span *span,
	       int held, const struct dahdi_sys *sys)
{
	struct job *j = job_of(c, index);
	int err;

	if (!j) {
		return -errno;
	}
	if (j->looking) {
		return 0;
	}
	memset(&j->found, 0, sizeof(j->found));
	j->span = (struct dahdi_span){
		.sys = sys,
		.span = span->line.dahdi_span,
		.d_slot = span->line.d_slot,
		.first_slot = span->line.first_slot,
		.last_slot = span->line.last_slot,
		.ulaw = span->law == CONF_ULAW,
		.tail_ms = span->echo ? span->echo_tail_ms : 0,
	};
	j->held = held >= 0 ? fcntl(held, F_DUPFD_CLOEXEC, 0) : -1;
	err = thread_detached(look, j, 0);
	j->looking = err == 0;
	if (err && j->held >= 0) {
		close(j->held);
	}
	return err;
}

void cards_found(struct cards *c, unsigned index, int wait_ms,
		 struct card_found *f)
{
	struct job *j = c->jobs[index];
	struct pollfd p = { .events = POLLIN };
	char octet;

	memset(f, 0, sizeof(*f));
	f->state = CARD_BUSY;
	if (!j || !j->looking) {
		return;
	}
	p.fd = j->pipe[0];
	if (poll(&p, 1, wait_ms) == 1 && read(j->pipe[0], &octet, 1) == 1) {
		*f = j->found;
		j->looking = false;
	}
}
