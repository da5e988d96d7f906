/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By io_uring (Linux 6.1 or later): the kernel does each of the reads and
 * writes of a descriptor that does not block within the call that hands them
 * in. One that finds nothing would be tried again when there is something:
 * those are taken back at once.
 */
#include "media/dahdi_batch.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

enum {
	SQ = 2 * DAHDI_BATCH_MAX, /* each, and a cancellation of each */
	CANCEL = DAHDI_BATCH_MAX, /* data of those; below it an index */
	PENDING = -EINPROGRESS,
};

struct trial {
	unsigned runs, wins; /* io_uring's */
	int64_t plain_ns;    /* the run before, without */
};

struct dahdi_batch {
	const struct dahdi_sys *sys;
	struct io_uring ring;
	bool made;    /* there is a ring */
	bool enabled; /* by the thread that enters it */
	bool works;   /* and it has not failed */
	struct trial trial[2]; /* reads, writes */
};

/* Enabled by the thread that enters it, which alone may do so. */
static int make_ring(struct dahdi_batch *b)
{
	unsigned flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL;
	int err = io_uring_queue_init(SQ, &b->ring, flags);

	b->made = b->works = err >= 0;
	return err;
}

struct dahdi_batch *dahdi_batch_new(const struct dahdi_sys *sys, int *refused)
{
	struct dahdi_batch *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->sys = sys;
	*refused = sys->descriptors ? make_ring(b) : -ENOTSUP;
	return b;
}

void dahdi_batch_free(struct dahdi_batch *b)
{
	if (b && b->made)
		io_uring_queue_exit(&b->ring);
	free(b);
}

/* tick */
static bool is_trying(const struct trial *t)
{
	return t->runs < 2 * DAHDI_BATCH_TRIALS;
}

bool dahdi_batch_is_uring(const struct dahdi_batch *b, bool out)
{
	const struct trial *t = &b->trial[out];

	return b->works && !is_trying(t) && t->wins > DAHDI_BATCH_TRIALS / 2;
}

/* tick */
static void give_up(struct dahdi_move *m, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (m[i].result == PENDING)
			m[i].result = -EAGAIN;
}

/* tick: after one that had to be interrupted the others would wait as well. */
static void move_each(struct dahdi_batch *b, struct dahdi_move *m, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (m[i].result != PENDING)
			continue;
		m[i].result = m[i].out ? b->sys->write(m[i].fd, m[i].octets,
						       m[i].n) :
					 b->sys->read(m[i].fd, m[i].octets,
						      m[i].n);
		if (m[i].result == -EINTR)
			give_up(m, n);
	}
}

/* tick */
static void order(struct dahdi_batch *b, struct dahdi_move *m, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&b->ring);

		if (m[i].out)
			io_uring_prep_write(sqe, m[i].fd, m[i].octets, m[i].n,
					    0);
		else
			io_uring_prep_read(sqe, m[i].fd, m[i].octets, m[i].n,
					   0);
		io_uring_sqe_set_data64(sqe, i);
	}
}

/* tick: how many of what was ordered are done. */
static unsigned reap(struct dahdi_batch *b, struct dahdi_move *m)
{
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;

	io_uring_for_each_cqe(&b->ring, head, cqe) {
		n++;
		if (cqe->user_data < CANCEL)
			m[cqe->user_data].result =
				cqe->res == -ECANCELED ? -EAGAIN : cqe->res;
	}
	io_uring_cq_advance(&b->ring, n);
	return n;
}

/* tick: those that wait for the line. The kernel answers for each of them and
 * for each cancellation; should it refuse to, they are not to be done again. */
static int take_back(struct dahdi_batch *b, struct dahdi_move *m, unsigned n)
{
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		struct io_uring_sqe *sqe;

		if (m[i].result != PENDING)
			continue;
		sqe = io_uring_get_sqe(&b->ring);
		io_uring_prep_cancel64(sqe, i, 0);
		io_uring_sqe_set_data64(sqe, CANCEL);
		left += 2;
	}
	while (left) {
		int err = io_uring_submit_and_wait(&b->ring, left);

		if (err < 0 && err != -EINTR) {
			give_up(m, n);
			return err;
		}
		left -= reap(b, m);
	}
	return 0;
}

/* tick: 0, or -errno: what has no result was not done. */
static int move_all(struct dahdi_batch *b, struct dahdi_move *m, unsigned n)
{
	int err = 0;

	if (!b->enabled)
		/* The library has a name for it, but does not export that. */
		err = io_uring_register((unsigned)b->ring.ring_fd,
					IORING_REGISTER_ENABLE_RINGS, NULL, 0);
	if (err < 0)
		return err;
	b->enabled = true;
	order(b, m, n);
	err = io_uring_submit(&b->ring);
	if (err < 0)
		return err;
	return reap(b, m) < n ? take_back(b, m, n) : 0;
}

/* tick */
static void run(struct dahdi_batch *b, struct dahdi_move *m, unsigned n,
		bool uring)
{
	for (unsigned i = 0; i < n; i++)
		m[i].result = PENDING;
	if (uring)
		b->works = move_all(b, m, n) >= 0;
	move_each(b, m, n);
}

/* tick: in turns. */
static void try_both(struct dahdi_batch *b, struct dahdi_move *m, unsigned n)
{
	struct trial *t = &b->trial[m[0].out];
	bool uring = t->runs++ % 2;
	mono_t from = b->sys->clock();
	int64_t ns;

	run(b, m, n, uring);
	ns = mono_diff_ns(b->sys->clock(), from);
	if (uring)
		t->wins += ns < t->plain_ns;
	t->plain_ns = ns;
}

/* tick */
void dahdi_batch_run(struct dahdi_batch *b, struct dahdi_move *m, unsigned n)
{
	if (n > 1 && b->works && is_trying(&b->trial[m[0].out]))
		try_both(b, m, n);
	else
		run(b, m, n, n > 1 && dahdi_batch_is_uring(b, m[0].out));
}
