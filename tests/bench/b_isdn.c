/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn core base */
/* libs: -lcheck -lsubunit -lrt */
/*
 * Processor time of the signalling of a span: whole calls through two of our
 * roles (each with gate and libpri) on the virtual clock, and frames through
 * the gate alone.
 */
#include "tests/stack/isdn_rig.c"

#include <time.h>

#define CALLS  3000
#define FRAMES 2000000

static double cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void one_call(void)
{
	leg_id here = core_call(&rig->a, "+4930123456"), there;

	rig_advance(1);
	there = core_expect(&rig->b, CC_SETUP)->leg;
	core_say(&rig->b, CC_ALERTING, there);
	rig_advance(1);
	core_say(&rig->b, CC_ANSWER, there);
	rig_advance(1);
	core_expect(&rig->a, CC_PROCEEDING);
	core_expect(&rig->a, CC_ALERTING);
	core_expect(&rig->a, CC_ANSWER);
	core_release(&rig->a, here, 16);
	rig_advance(1);
	core_expect(&rig->a, CC_RELEASED);
	core_expect(&rig->b, CC_RELEASE);
	core_expect(&rig->b, CC_RELEASED);
}

static void bench_calls(void)
{
	double start;
	int i;

	rig_up(RIG_OUR, false);
	start = cpu_s();
	for (i = 0; i < CALLS; i++) {
		one_call();
	}
	printf("isdn_call_us\t%.1f\tus\n",
	       (cpu_s() - start) / CALLS * 1e6);
	rig_close();
}

static void bench_gate(void)
{
	static const uint8_t setup[] = {
		0x00, 0x01, 0x00, 0x00, 0x08, 0x02, 0x00, 0x01, 0x05, 0x04,
		0x03, 0x80, 0x90, 0xa3, 0x18, 0x03, 0xa9, 0x83, 0x85, 0x6c,
		0x06, 0x21, 0x83, 0x37, 0x31, 0x31, 0x31, 0x70, 0x04, 0xa1,
		0x31, 0x32, 0x33, 0xa1
	};
	uint8_t out[GATE_FRAME];
	struct gate g = { 0 };
	double start = cpu_s();
	size_t n;
	int i;

	for (i = 0; i < FRAMES; i++) {
		gate_frame(&g, setup, sizeof(setup), out, &n);
	}
	printf("isdn_gate_ns\t%.0f\tns\n",
	       (cpu_s() - start) / FRAMES * 1e9);
}

/* In a libcheck case, since the rig asserts. */
START_TEST(bench)
{
	bench_calls();
	bench_gate();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("isdn");
	TCase *tc = tcase_create("bench");

	setenv("CK_VERBOSITY", "silent", 1);
	tcase_add_test(tc, bench);
	suite_add_tcase(s, tc);
	return rig_run_suite(s);
}
