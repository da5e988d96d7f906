/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/*
 * Reads and writes of many channels at once. A channel is one end of a pair
 * of sockets that keep records; the test has the other end. The clock is the
 * test's: it decides who is quicker.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "forbid.h"
#include "media/dahdi_batch.h"
#include "tests/suite.h"

enum { N = 31, BLOCK = 80, BEFORE = 4 * DAHDI_BATCH_TRIALS };

enum way { PLAIN, URING, WAYS };

static int near[N], far[N];
static uint8_t octets[N][BLOCK];
static struct dahdi_move moves[N];
static struct dahdi_batch *b;
static unsigned calls; /* of read and write */
static unsigned calls_then;
static enum way quick; /* by the clock */
static mono_t now;

static ssize_t counted_read(int fd, void *to, size_t n)
{
	calls++;
	return dahdi_kernel.read(fd, to, n);
}

static ssize_t counted_write(int fd, const void *from, size_t n)
{
	calls++;
	return dahdi_kernel.write(fd, from, n);
}

/* What was done since it was last asked has taken 1 or 1,000 ns. */
static mono_t partial(void)
{
	enum way was = calls == calls_then ? URING : PLAIN;

	calls_then = calls;
	now = mono_add_ns(now, was == quick ? 1 : 1000);
	return now;
}

static const struct dahdi_sys sys = {
	.read = counted_read,
	.write = counted_write,
	.clock = partial,
	.descriptors = true,
};

static void make_pairs(void)
{
	for (unsigned i = 0; i < N; i++) {
		int fd[2];

		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET |
						     SOCK_NONBLOCK, 0, fd), 0);
		near[i] = fd[0];
		far[i] = fd[1];
	}
}

static void prepare(bool out)
{
	for (unsigned i = 0; i < N; i++)
		moves[i] = (struct dahdi_move){ near[i], (uint8_t)i, out,
						octets[i], BLOCK, 0 };
}

static void fill(uint8_t *block, unsigned i, unsigned turn)
{
	for (unsigned k = 0; k < BLOCK; k++)
		block[k] = (uint8_t)(i * 7 + turn * 13 + k);
}

/* Each has its block, but for those of `none`. */
static void read_once(unsigned turn, uint32_t none)
{
	uint8_t block[BLOCK], empty[BLOCK];

	memset(octets, 0xee, sizeof(octets));
	memset(empty, 0xee, sizeof(empty));
	for (unsigned i = 0; i < N; i++) {
		fill(block, i, turn);
		if (!(none >> i & 1))
			ck_assert_int_eq(send(far[i], block, BLOCK, 0), BLOCK);
	}
	prepare(false);
	dahdi_batch_run(b, moves, N);
	for (unsigned i = 0; i < N; i++) {
		bool is = !(none >> i & 1);

		fill(block, i, turn);
		ck_assert_int_eq(moves[i].result, is ? BLOCK : -EAGAIN);
		ck_assert_mem_eq(octets[i], is ? block : empty, BLOCK);
	}
}

static void write_once(unsigned turn)
{
	uint8_t block[BLOCK], got[BLOCK];

	for (unsigned i = 0; i < N; i++)
		fill(octets[i], i, turn);
	prepare(true);
	dahdi_batch_run(b, moves, N);
	for (unsigned i = 0; i < N; i++) {
		fill(block, i, turn);
		ck_assert_int_eq(moves[i].result, BLOCK);
		ck_assert_int_eq(recv(far[i], got, BLOCK, 0), BLOCK);
		ck_assert_mem_eq(got, block, BLOCK);
	}
}

/* After both have been tried that way is used. */
static void settle(enum way way)
{
	int refused;

	quick = way;
	make_pairs();
	b = dahdi_batch_new(&sys, &refused);
	ck_assert_ptr_nonnull(b);
	ck_assert_int_eq(refused, 0);
	ck_assert(!dahdi_batch_is_uring(b, false));
	for (unsigned i = 0; i < BEFORE; i++) {
		read_once(i, 0);
		write_once(i);
	}
	ck_assert(dahdi_batch_is_uring(b, false) == (way == URING));
	ck_assert(dahdi_batch_is_uring(b, true) == (way == URING));
	calls = 0;
}

START_TEST(the_quicker_one_is_kept)
{
	settle((enum way)_i);
	for (unsigned i = 0; i < 10; i++) {
		read_once(i, 0);
		write_once(i);
	}
	ck_assert_uint_eq(calls, _i == URING ? 0 : 20 * N);
	dahdi_batch_free(b);
}
END_TEST

/* What is not there is not waited for, and not read behind our back when it
 * comes. */
START_TEST(nothing_there)
{
	settle((enum way)_i);
	for (unsigned i = 0; i < 10; i++)
		read_once(i, 1u << i | 1u << 30);
	read_once(10, 0x7fffffff);
	memset(octets, 0xee, sizeof(octets));
	for (unsigned i = 0; i < N; i++)
		ck_assert_int_eq(send(far[i], "later", 5, 0), 5);
	usleep(1000);
	for (unsigned i = 0; i < N; i++)
		ck_assert_uint_eq(octets[i][0], 0xee);
	prepare(false);
	dahdi_batch_run(b, moves, N);
	for (unsigned i = 0; i < N; i++) {
		ck_assert_int_eq(moves[i].result, 5);
		ck_assert_mem_eq(octets[i], "later", 5);
	}
	dahdi_batch_free(b);
}
END_TEST

START_TEST(no_room)
{
	settle((enum way)_i);
	while (send(near[3], octets[3], BLOCK, 0) == BLOCK)
		;
	prepare(true);
	dahdi_batch_run(b, moves, N);
	for (unsigned i = 0; i < N; i++)
		ck_assert_int_eq(moves[i].result, i == 3 ? -EAGAIN : BLOCK);
	/* when there is room it is not sent any more */
	while (recv(far[3], octets[4], BLOCK, 0) == BLOCK)
		;
	usleep(1000);
	ck_assert_int_eq(recv(far[3], octets[4], BLOCK, 0), -1);
	dahdi_batch_free(b);
}
END_TEST

START_TEST(one_of_them_fails)
{
	settle((enum way)_i);
	close(near[5]);
	prepare(true);
	dahdi_batch_run(b, moves, N);
	for (unsigned i = 0; i < N; i++)
		ck_assert_int_eq(moves[i].result, i == 5 ? -EBADF : BLOCK);
	dahdi_batch_free(b);
}
END_TEST

/* --- what the system may refuse --- */

static void works_all_the_same(int why)
{
	int refused;

	quick = URING;
	make_pairs();
	b = dahdi_batch_new(&sys, &refused);
	ck_assert_ptr_nonnull(b);
	ck_assert_int_eq(refused, why);
	for (unsigned i = 0; i < BEFORE; i++) {
		read_once(i, i % 2);
		write_once(i);
	}
	ck_assert(!dahdi_batch_is_uring(b, false));
	ck_assert(!dahdi_batch_is_uring(b, true));
	dahdi_batch_free(b);
}

static const struct {
	long call;
	int err, told; /* later ones are not told */
} forbidden[] = {
	{ SYS_io_uring_setup, EPERM, -EPERM },
	{ SYS_io_uring_setup, ENOSYS, -ENOSYS },
	{ SYS_io_uring_register, EPERM, 0 },
	{ SYS_io_uring_enter, EPERM, 0 },
};

START_TEST(refused)
{
	forbid(forbidden[_i].call, forbidden[_i].err);
	works_all_the_same(forbidden[_i].told);
}
END_TEST

START_TEST(refused_later)
{
	settle(URING);
	forbid(SYS_io_uring_enter, EPERM);
	read_once(1, 0);
	write_once(1);
	ck_assert(!dahdi_batch_is_uring(b, false));
	dahdi_batch_free(b);
}
END_TEST

/* A card that is played has none of the kernel's descriptors. */
START_TEST(no_descriptors)
{
	struct dahdi_sys played = sys;
	int why;

	played.descriptors = false;
	b = dahdi_batch_new(&played, &why);
	ck_assert_ptr_nonnull(b);
	ck_assert_int_eq(why, -ENOTSUP);
	dahdi_batch_free(b);
	dahdi_batch_free(NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dahdi_batch");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, the_quicker_one_is_kept, 0, WAYS);
	tcase_add_loop_test(tc, nothing_there, 0, WAYS);
	tcase_add_loop_test(tc, no_room, 0, WAYS);
	tcase_add_loop_test(tc, one_of_them_fails, 0, WAYS);
	tcase_add_loop_test(tc, refused, 0,
			    sizeof(forbidden) / sizeof(*forbidden));
	tcase_add_test(tc, refused_later);
	tcase_add_test(tc, no_descriptors);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
