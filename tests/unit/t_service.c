/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/* What the state of a line means for calls, in virtual time. */
#include "media/service.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

static struct service s;
static mono_t now;

static void begin(uint16_t hold_ms, uint16_t far_hold_ms)
{
	now = (mono_t){ 100 * NS_PER_S };
	service_init(&s, hold_ms, far_hold_ms, now);
}

/* So long in that state of the line; what it means at the end. */
static enum service_state spend(unsigned ms, unsigned defects, unsigned alarms)
{
	for (unsigned i = 0; i < ms; i++) {
		now = mono_add_ms(now, 1);
		service_update(&s, defects, alarms, now);
	}
	return s.state;
}

START_TEST(a_good_line)
{
	begin(2500, 10000);
	ck_assert_int_eq(spend(1, 0, 0), SERVICE_FULL);
	ck_assert_int_eq(spend(100, LINE_LMFA, LINE_LMFA), SERVICE_FULL);
	ck_assert_int_eq(spend(9, LINE_CLOCK_LOOP, 0), SERVICE_FULL);
}
END_TEST

START_TEST(each_fault_is_avoided_at_once_and_held)
{
	static const unsigned all[] = {
		LINE_LOS, LINE_AIS, LINE_DOWN, LINE_STALLED, LINE_LOOPBACK,
		LINE_LFA, LINE_RED, LINE_NOT_OPEN, LINE_GONE,
		LINE_RAI, LINE_REMOTE_LOSS,
	};

	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		unsigned hold = all[i] & LINE_OUT_FAR ? 10000 : 2500;

		begin(2500, 10000);
		ck_assert_int_eq(spend(1, all[i], 0), SERVICE_FAULT);
		ck_assert_int_eq(spend(hold - 1, all[i], 0), SERVICE_FAULT);
		ck_assert_int_eq(spend(1, all[i], all[i]), SERVICE_LOST);
		ck_assert_int_eq(spend(90000, all[i], all[i]), SERVICE_LOST);
		/* good, but the alarm is raised still */
		ck_assert_int_eq(spend(9000, 0, all[i]), SERVICE_RECOVERING);
		ck_assert_int_eq(spend(1, 0, 0), SERVICE_FULL);
	}
}
END_TEST

START_TEST(a_short_fault_settles)
{
	begin(2500, 10000);
	ck_assert_int_eq(spend(20, LINE_LOS, 0), SERVICE_FAULT);
	ck_assert_int_eq(spend(SERVICE_SETTLE_MS - 1, 0, 0),
			 SERVICE_RECOVERING);
	ck_assert_int_eq(spend(1, 0, 0), SERVICE_FULL);
}
END_TEST

START_TEST(the_driver_recovers)
{
	begin(2500, 10000);
	spend(3000, LINE_RED, LINE_RED);
	ck_assert_int_eq(spend(5000, LINE_RECOVERING, LINE_RED),
			 SERVICE_RECOVERING);
	/* bad again: nobody waits a second time for calls to be saved */
	ck_assert_int_eq(spend(1, LINE_RED, LINE_RED), SERVICE_FAULT);
	ck_assert_int_eq(spend(2500, LINE_RED, LINE_RED), SERVICE_LOST);
}
END_TEST

/* Fault for `bad` ms, good for `good` ms, for a minute: is it lost? */
static bool is_lost(unsigned bad, unsigned good)
{
	begin(2500, 10000);
	for (unsigned t = 0; t < 60000; t += bad + good) {
		spend(bad, LINE_LOS, 0);
		if (s.state == SERVICE_LOST)
			return true;
		spend(good, 0, 0);
	}
	return false;
}

START_TEST(breaks)
{
	ck_assert(!is_lost(30, 30));
	ck_assert(!is_lost(20, 900));
	ck_assert(!is_lost(2499, 2500));
	ck_assert(is_lost(1000, 100));
	ck_assert(is_lost(90, 10));
}
END_TEST

/* What passes unseen was not in fault. */
START_TEST(a_stalled_owner)
{
	begin(2500, 10000);
	now = mono_add_ms(now, 5000);
	ck_assert_int_eq(service_update(&s, LINE_LOS, 0, now), SERVICE_FAULT);
	ck_assert_int_eq(spend(2499, LINE_LOS, 0), SERVICE_FAULT);
}
END_TEST

START_TEST(no_hold_off)
{
	begin(0, 0);
	ck_assert_int_eq(spend(1, LINE_LOS, 0), SERVICE_LOST);
	begin(5000, 0);
	ck_assert_int_eq(spend(5000, LINE_RAI, 0), SERVICE_FAULT);
	ck_assert_int_eq(spend(1, LINE_RAI, 0), SERVICE_LOST);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service");
	TCase *tc = tcase_create("service");

	tcase_add_test(tc, a_good_line);
	tcase_add_test(tc, each_fault_is_avoided_at_once_and_held);
	tcase_add_test(tc, a_short_fault_settles);
	tcase_add_test(tc, the_driver_recovers);
	tcase_add_test(tc, breaks);
	tcase_add_test(tc, a_stalled_owner);
	tcase_add_test(tc, no_hold_off);
	suite_add_tcase(suite, tc);
	return suite_run(suite, CK_FORK_GETENV);
}
