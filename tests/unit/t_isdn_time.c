/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn base */
/* A program with the isdn room has libpri on CLOCK_MONOTONIC: the library's
 * own call of gettimeofday() must end in isdn/time.c. */
#include <check.h>
#include <libpri.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include "isdn/dchan.h"
#include "tests/suite.h"

static int64_t now_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int no_read(struct pri *pri, void *buf, int len)
{
	(void)pri;
	(void)buf;
	(void)len;
	return 0;
}

static int no_write(struct pri *pri, void *buf, int len)
{
	(void)pri;
	(void)buf;
	return len;
}

START_TEST(test_definition)
{
	int64_t before = now_us(CLOCK_MONOTONIC), us;
	struct timeval tv;

	ck_assert_int_eq(gettimeofday(&tv, NULL), 0);
	us = (int64_t)tv.tv_sec * 1000000 + tv.tv_usec;
	ck_assert_int_ge(us, before);
	ck_assert_int_le(us, now_us(CLOCK_MONOTONIC));
	/* the two clocks are far apart, else this would prove nothing */
	ck_assert_int_gt(llabs(now_us(CLOCK_REALTIME) - us), 86400000000LL);
}
END_TEST

/* libpri's first timer: T200 after the SABME it sends at once. */
START_TEST(test_libpri_uses_it)
{
	int64_t before = now_us(CLOCK_MONOTONIC), us;
	static struct pri *pri; /* libpri has no destructor */
	struct timeval *next;

	pri = pri_new_cb(-1, PRI_CPE, PRI_SWITCH_EUROISDN_E1, no_read,
			 no_write, NULL);
	ck_assert_ptr_nonnull(pri);
	next = pri_schedule_next(pri);
	ck_assert_ptr_nonnull(next);
	us = (int64_t)next->tv_sec * 1000000 + next->tv_usec;
	ck_assert_int_ge(us, before + 1000000);
	ck_assert_int_le(us, now_us(CLOCK_MONOTONIC) + 1000000);
}
END_TEST

/* And dchan.c, which asks the same clock: its timer is T200 too. */
static void no_send(struct dchan *d, uint8_t *frame, size_t len)
{
	(void)d;
	(void)frame;
	(void)len;
}

START_TEST(test_dchan_timer)
{
	static const struct dchan_ops ops = { .send = no_send };
	static const struct dchan_config config = { .t200_ms = 1000 };
	struct loop *loop = loop_new_uv();
	int64_t left;
	struct dchan d;

	ck_assert_int_eq(dchan_open(&d, loop, &config, &ops), 0);
	left = timer_left_ms(loop, &d.timer);
	ck_assert_int_gt(left, 500);
	ck_assert_int_le(left, 1001);
	dchan_close(&d);
	loop_free(loop);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("isdn time");
	TCase *tc = tcase_create("time");

	tcase_add_test(tc, test_definition);
	tcase_add_test(tc, test_libpri_uses_it);
	tcase_add_test(tc, test_dchan_timer);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
