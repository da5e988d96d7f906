/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/*
 * A driver that lets us wait for the status of its span: the samples of that
 * line, and so all others of its thread, go on. (A tick that waited would wait
 * for ever here.)
 */
#include "tests/media/dahdi_rig.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

enum { PATIENCE = 20000 }; /* ms that the thread may need */

static sem_t go;
static atomic_bool blocks_us;
static atomic_uint asked, closed;
static atomic_int alarms;

static int slow_control(int fd, unsigned long what, void *arg)
{
	struct dahdi_abi_span s = { .channels = 31 };

	if (what != DAHDI_ABI_SPANSTAT)
		return card_control(fd, what, arg);
	atomic_fetch_add(&asked, 1);
	while (atomic_load(&blocks_us) && sem_wait(&go) < 0)
		;
	s.alarms = atomic_load(&alarms);
	*(struct dahdi_abi_span *)arg = s;
	return 0;
}

static int slow_close(int fd)
{
	(void)fd;
	atomic_fetch_add(&closed, 1);
	return 0;
}

static const struct dahdi_sys slow_sys = {
	card_open,    slow_close, card_read,  card_write,
	slow_control, card_text,  card_clock, card_waits,
	true,
};

static void open_slow(void)
{
	struct dahdi_span span = span_of(31);
	struct line_config cfg = config_of(31);
	int fds[LINE_SLOTS];
	unsigned n;
	char why[200];

	card_init(31);
	sem_init(&go, 0, 0);
	atomic_store(&blocks_us, false);
	atomic_store(&closed, 0);
	atomic_store(&alarms, 0);
	span.sys = cfg.dahdi.sys = &slow_sys;
	ck_assert_int_eq(dahdi_open(&span, fds, &n, why, sizeof(why)), 0);
	atomic_store(&asked, 0);
	atomic_store(&blocks_us, true);
	l = line_open(&cfg, fds[0]);
	ck_assert_ptr_nonnull(l);
	for (unsigned i = 1; i < n; i++)
		ck_assert_int_eq(line_add(l, fds[i]), 0);
	now = (mono_t){ 1000 * NS_PER_S };
	blocks = expected = wrong = 0;
	line_start(l, now);
}

static void nap(void)
{
	nanosleep(&(struct timespec){ 0, NS_PER_MS }, NULL);
}

/* The thread has got as far as the driver. */
static void wait_asked(void)
{
	for (unsigned i = 0; i < PATIENCE && !atomic_load(&asked); i++)
		nap();
	ck_assert_uint_eq(atomic_load(&asked), 1);
}

static void wait_closed(unsigned n, bool serving)
{
	for (unsigned i = 0; i < PATIENCE && atomic_load(&closed) != n; i++) {
		if (serving)
			run(1);
		nap();
	}
	ck_assert_uint_eq(atomic_load(&closed), n);
}

START_TEST(samples_go_on)
{
	open_slow();
	run(100);
	wait_asked();
	run(2000);
	ck_assert_uint_ge(blocks, 200);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(stats().clock.slips, 0);
	ck_assert_uint_eq(stats().clock.stalls, 1);
	ck_assert_uint_eq(atomic_load(&asked), 1);
	ck_assert_uint_eq(line_defects(l), 0);
	/* it answers at last, and is believed */
	atomic_store(&alarms, DAHDI_ABI_RED);
	atomic_store(&blocks_us, false);
	sem_post(&go);
	for (unsigned i = 0; i < PATIENCE && !line_defects(l); i++) {
		run(1);
		nap();
	}
	ck_assert_uint_eq(line_defects(l), LINE_RED);
	line_close(l);
	wait_closed(31, false);
}
END_TEST

/* The line ends before the answer: its descriptor is closed after it. */
START_TEST(left_alone)
{
	open_slow();
	run(100);
	wait_asked();
	if (_i == 0)
		line_release(l);
	if (_i < 2)
		line_close(l);
	ck_assert_uint_eq(atomic_load(&closed), _i < 2 ? 30 : 0);
	atomic_store(&blocks_us, false);
	sem_post(&go);
	if (_i == 2)
		line_close(l); /* with the answer, or before it */
	wait_closed(31, false);
}
END_TEST

/* Taken out of service: its device is free when the driver has answered. */
START_TEST(released)
{
	open_slow();
	run(100);
	wait_asked();
	line_release(l);
	run(100);
	ck_assert_uint_eq(atomic_load(&closed), 30);
	atomic_store(&blocks_us, false);
	sem_post(&go);
	wait_closed(31, true);
	line_close(l);
	ck_assert_uint_eq(atomic_load(&closed), 31);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dahdi_ask");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_test(t, samples_go_on);
	tcase_add_loop_test(t, left_alone, 0, 3);
	tcase_add_test(t, released);
	suite_add_tcase(s, t);
	srunner_set_fork_status(r, CK_NOFORK);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
