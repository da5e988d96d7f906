/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/*
 * A driver that lets us wait in one of its controls: the tick of that line,
 * and so all other lines of its thread, go on. (A tick that waited would wait
 * for ever here.) The card is ours but while we nap; then it is the thread's.
 */
#include "tests/media/dahdi_rig.h"
#include "tests/suite.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

enum { PATIENCE = 20000 }; /* ms that the thread may need */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t owner;
static sem_t go;
static atomic_ulong blocking; /* that control; 0: none */
static atomic_uint asked, closed, in_tick;

static int slow_control(int fd, unsigned long what, void *arg)
{
	int err;

	if (pthread_equal(pthread_self(), owner)) {
		atomic_fetch_add(&in_tick, 1);
		return card_control(fd, what, arg);
	}
	if (what == atomic_load(&blocking)) {
		atomic_fetch_add(&asked, 1);
		while (sem_wait(&go) < 0)
			;
	}
	pthread_mutex_lock(&lock);
	err = card_control(fd, what, arg);
	pthread_mutex_unlock(&lock);
	return err;
}

static ssize_t slow_write(int fd, const void *from, size_t n)
{
	bool ours = pthread_equal(pthread_self(), owner);
	ssize_t put;

	if (!ours)
		pthread_mutex_lock(&lock);
	put = card_write(fd, from, n);
	if (!ours)
		pthread_mutex_unlock(&lock);
	return put;
}

static int slow_close(int fd)
{
	(void)fd;
	atomic_fetch_add(&closed, 1);
	return 0;
}

static const struct dahdi_sys slow_sys = {
	card_open,    slow_close, card_read,  slow_write,
	slow_control, card_text,  card_clock, card_waits,
	true,	      false,
};

static void nap(void)
{
	pthread_mutex_unlock(&lock);
	nanosleep(&(struct timespec){ 0, NS_PER_MS }, NULL);
	pthread_mutex_lock(&lock);
}

/* The thread gets its turn each ms. */
static void run_slowly(unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		run(1);
		nap();
	}
}

static void drain(void)
{
	line_tick(l, now);
	for (unsigned n = line_avail(l); n >= LINE_BLOCK; n -= LINE_BLOCK) {
		line_read(l, rx, LINE_BLOCK);
		line_write(l, (const void *)rx, LINE_BLOCK);
	}
}

/* As wait_for_begin(), and the thread gets its turn. */
static void begin_slowly(void)
{
	const struct card_channel *c = &card.at[1];

	for (unsigned i = 0; i < PATIENCE; i++) {
		drain();
		nap();
		if (!c->since && !c->full && c->tx_head - c->tx_tail == LEAD)
			break;
		sleep_for(1);
	}
	ck_assert_uint_eq(c->tx_head - c->tx_tail, LEAD);
	expected = card.now;
	wrong = 0;
}

static void open_slow(void)
{
	struct dahdi_span span = span_of(31);
	struct line_config cfg = config_of(31);
	int fds[LINE_SLOTS];
	unsigned n;
	char why[200];

	owner = pthread_self();
	card_init(31);
	card.canceller = "HWEC";
	sem_init(&go, 0, 0);
	atomic_store(&blocking, 0);
	atomic_store(&asked, 0);
	atomic_store(&closed, 0);
	span.sys = cfg.dahdi.sys = &slow_sys;
	span.tail_ms = 64;
	ck_assert_int_eq(dahdi_open(&span, fds, &n, why, sizeof(why)), 0);
	l = line_open(&cfg, fds[0]);
	ck_assert_ptr_nonnull(l);
	for (unsigned i = 1; i < n; i++)
		ck_assert_int_eq(line_add(l, fds[i]), 0);
	pthread_mutex_lock(&lock);
	now = (mono_t){ 1000 * NS_PER_S };
	line_start(l, now);
	begin_slowly();
	run_slowly(50);
	ck_assert_uint_eq(wrong, 0);
	atomic_store(&in_tick, 0);
}

/* The thread has got as far as the driver. */
static void wait_asked(void)
{
	for (unsigned i = 0; i < PATIENCE && !atomic_load(&asked); i++) {
		run(1);
		nap();
	}
	ck_assert_uint_eq(atomic_load(&asked), 1);
}

static void let_go(void)
{
	atomic_store(&blocking, 0);
	sem_post(&go);
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

static void close_slow(void)
{
	line_close(l);
	wait_closed(31, false);
	pthread_mutex_unlock(&lock);
}

static void data_call(void)
{
	line_set_clear(l, 5, true);
}

START_TEST(samples_go_on)
{
	static const struct {
		unsigned long what;
		void (*cause)(void);
	} all[] = { { DAHDI_ABI_SPANSTAT, NULL },
		    { DAHDI_ABI_ECHOCANCEL, data_call } };

	open_slow();
	atomic_store(&blocking, all[_i].what);
	if (all[_i].cause)
		all[_i].cause();
	wait_asked();
	run(2000);
	ck_assert_uint_ge(blocks, 200);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(stats().clock.slips, 0);
	ck_assert_uint_eq(stats().clock.stalls, 1);
	ck_assert_uint_eq(atomic_load(&asked), 1);
	ck_assert_uint_eq(line_defects(l), 0);
	/* it answers at last, and is believed */
	card.status.alarms = DAHDI_ABI_RED;
	let_go();
	for (unsigned i = 0; i < PATIENCE && !line_defects(l); i++)
		run_slowly(1);
	ck_assert_uint_eq(line_defects(l), LINE_RED);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_int_eq(card.at[5].echo, _i ? 0 : 512);
	close_slow();
}
END_TEST

static void slip(void)
{
	sleep_for(400);
}

static void alarm_told(void)
{
	card_alarm(0);
}

/* Nothing of this line for as long as it lasts; then it is as before. */
START_TEST(ticks_go_on)
{
	static const struct {
		unsigned long what;
		void (*cause)(void);
	} all[] = { { DAHDI_ABI_GETEVENT, alarm_told },
		    { DAHDI_ABI_FLUSH, slip },
		    { DAHDI_ABI_BUFFER_EVENTS, slip } };
	unsigned n;

	open_slow();
	atomic_store(&blocking, all[_i].what);
	all[_i].cause();
	wait_asked();
	for (unsigned i = 0; i < 1500; i++) {
		sleep_for(1);
		drain();
	}
	ck_assert_uint_eq(atomic_load(&asked), 1);
	ck_assert_uint_ge(stats().clock.stalls, 1);
	let_go();
	begin_slowly();
	n = (unsigned)blocks;
	run_slowly(300);
	ck_assert_uint_ge((unsigned)blocks - n, 29);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(line_defects(l), 0);
	ck_assert_uint_eq(atomic_load(&in_tick), 0);
	close_slow();
}
END_TEST

/* A card that comes back, and its driver does not say at once what it is. */
START_TEST(a_slow_card_comes_back)
{
	open_slow();
	line_release(l);
	run_slowly(10);
	wait_closed(31, true);
	atomic_store(&closed, 0);
	atomic_store(&blocking, DAHDI_ABI_GET_PARAMS);
	for (unsigned s = 1; s <= 31; s++) {
		card.at[s].open = true;
		ck_assert(line_offer(l, card.at[s].fd));
	}
	wait_asked();
	run(500);
	ck_assert(line_defects(l) & LINE_GONE);
	if (_i) { /* we leave before it does */
		line_close(l);
		let_go();
		wait_closed(31, false);
		pthread_mutex_unlock(&lock);
		return;
	}
	let_go();
	begin_slowly();
	run_slowly(100);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(line_defects(l), 0);
	close_slow();
}
END_TEST

/* The line ends before the answer: its descriptors are closed after it. */
START_TEST(left_alone)
{
	open_slow();
	atomic_store(&blocking, DAHDI_ABI_SPANSTAT);
	wait_asked();
	if (_i == 0)
		line_release(l);
	if (_i < 2)
		line_close(l);
	ck_assert_uint_eq(atomic_load(&closed), 0);
	let_go();
	if (_i == 2)
		line_close(l); /* with the answer, or before it */
	wait_closed(31, false);
	pthread_mutex_unlock(&lock);
}
END_TEST

/* Taken out of service: its device is free when the driver has answered. */
START_TEST(released)
{
	open_slow();
	atomic_store(&blocking, DAHDI_ABI_SPANSTAT);
	wait_asked();
	line_release(l);
	run_slowly(100);
	ck_assert_uint_eq(atomic_load(&closed), 0);
	let_go();
	wait_closed(31, true);
	close_slow();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dahdi_ask");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, samples_go_on, 0, 2);
	tcase_add_loop_test(t, ticks_go_on, 0, 3);
	tcase_add_loop_test(t, a_slow_card_comes_back, 0, 2);
	tcase_add_loop_test(t, left_alone, 0, 3);
	tcase_add_test(t, released);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
