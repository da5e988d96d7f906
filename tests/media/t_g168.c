/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: g168 media */
/* libs: -lspeexdsp */
/*
 * The quick part of the G.168-shaped bench, and its controls: cancellers
 * that are wrong on purpose must fail where they are wrong. `make bench-ec`
 * is the whole of it.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/media/g168_condition.h"
#include "tests/media/g168_scene.h"
#include "tests/suite.h"

/* Under a sanitizer all is some thirty times slower. */
#ifdef __SANITIZE_ADDRESS__
enum { QUICK_SECONDS = 8 };
#else
enum { QUICK_SECONDS = 70 };
#endif

enum { SEED = 1, RANDOM = 3 };

static struct g168_listed listed[G168_CONDITIONS];
static size_t conditions;
static struct g168_bank *bank;
static uint32_t bank_seed;

static const struct g168_bank *bank_of(const struct g168_condition *c)
{
	if (!bank || bank_seed != c->seed) {
		g168_bank_free(bank);
		bank_seed = c->seed;
		bank = g168_bank_new(bank_seed);
		ck_assert_ptr_nonnull(bank);
	}
	return bank;
}

static bool run(const struct g168_test *t, const struct g168_condition *c,
		enum g168_who who, struct g168_verdict *v)
{
	struct g168_job job = { t, c, bank_of(c), who, NULL };

	return g168_scene_run(&job, v) == 0;
}

static const struct g168_test *test_of(const char *id)
{
	size_t n;
	const struct g168_test *t = g168_tests(&n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(t[i].id, id))
			return &t[i];
	ck_abort_msg("no test %s", id);
	return NULL;
}

static double seconds_of(const struct g168_test *t)
{
	return t->run ? 20 : (double)g168_scene_blocks(t) / 100;
}

static void must_hold(const struct g168_test *t,
		      const struct g168_condition *c, unsigned k,
		      const struct g168_verdict *v)
{
	char text[256];

	if (v->pass)
		return;
	snprintf(text, sizeof(text),
		 "%s, %s: %s is %.1f on line %u, limit %.1f (mean %.1f)",
		 t->id, c->name, t->check[k].what, v->worst, v->lane,
		 v->limit, v->mean);
	ck_abort_msg("%s", text);
}

/* All musts of a test that takes not too long, in a condition. */
static void musts_hold(const struct g168_test *t,
		       const struct g168_condition *c)
{
	struct g168_verdict v[G168_CHECKS];

	if (seconds_of(t) > QUICK_SECONDS)
		return;
	ck_assert(run(t, c, G168_OURS, v));
	for (unsigned k = 0; k < G168_CHECKS; k++)
		if (v[k].applies && g168_is_must(&t->check[k]))
			must_hold(t, c, k, &v[k]);
}

START_TEST(test_reference)
{
	size_t n;
	const struct g168_test *t = g168_tests(&n);

	musts_hold(&t[_i], &listed[0].c);
}
END_TEST

/* The random conditions: each with a few of the tests in turn. */
START_TEST(test_random)
{
	size_t n;
	const struct g168_test *t = g168_tests(&n);
	const struct g168_condition *c = &listed[1 + _i].c;

	printf("random condition %d: %s, seed %u\n", _i, c->name, c->seed);
	for (size_t k = (size_t)_i; k < n; k += RANDOM)
		musts_hold(&t[k], c);
}
END_TEST

/* What must fail, with whom. */
static const struct {
	enum g168_who who;
	const char *test;
	const char *what;
} controls[] = {
	{ G168_NOTHING, "2A", "combined loss from 1 s" },
	{ G168_NOTHING, "2A", "LRET from 1 s" },
	{ G168_NOTHING, "2B", "LRES from 10 s" },
	{ G168_NOTHING, "2C(a)", "noise off: LRES over LSgen" },
	{ G168_NOTHING, "2C(b)", "LRET over LSgen" },
	{ G168_NOTHING, "2C(c)", "LRES over LSgen" },
	{ G168_NOTHING, "3A", "Sgen off: LRES over LSgen" },
	{ G168_NOTHING, "14", "bits missed" },
	{ G168_NOTHING, "15", "LRES from 10 s" },
	{ G168_NOTHING, "7", "LRES from 10 s on" },
	{ G168_STUBBORN, "2A", "path changed: LRET from 1 s" },
	{ G168_STUBBORN, "2B", "path changed: loss from 1 s" },
	{ G168_STUBBORN, "2B", "path changed: LRES from 10 s" },
	{ G168_STUBBORN, "5", "LRET from 500 ms" },
	{ G168_STUBBORN, "5-", "LRES from 500 ms" },
	{ G168_MUTE, "14-", "bits missed" },
	{ G168_MUTE, "3C", "t4: means of Sout and Sgen apart" },
	{ G168_MUTE, "3C", "t5: means of Sout and Sgen apart" },
	{ G168_MUTE, "8", "Sout within 2 dB of Sgen" },
	{ G168_MUTE, "9", "matched at -45 dBm0" },
	{ G168_MUTE, "9", "down to -55 dBm0" },
	{ G168_MUTE, "9", "up to -45 dBm0" },
	{ G168_MUTE, "10A", "bits and frames missed" },
	{ G168_MUTE, "10B", "while it sends: Sout and Sgen apart" },
	{ G168_GREEDY, "2A", "LRET from 1 s" },
	{ G168_GREEDY, "3B(a)", "Sgen off: LRES" },
	{ G168_GREEDY, "3B(a)+", "Sgen off: LRES" },
	{ G168_GREEDY, "3B(b)", "Sgen off: LRES" },
	{ G168_GREEDY, "4", "LRES after it" },
	{ G168_GREEDY, "6", "LRES after the tones" },
};
enum { CONTROLS = sizeof(controls) / sizeof(controls[0]) };

START_TEST(test_control)
{
	const struct g168_test *t = test_of(controls[_i].test);
	struct g168_verdict v[G168_CHECKS];
	bool found = false;

	if (seconds_of(t) > QUICK_SECONDS)
		return;
	ck_assert(run(t, &listed[0].c, controls[_i].who, v));
	for (unsigned k = 0; k < G168_CHECKS; k++) {
		if (!v[k].applies ||
		    strcmp(t->check[k].what, controls[_i].what))
			continue;
		found = true;
		ck_assert_msg(!v[k].pass, "%s meets %s, %s: %.1f, limit %.1f",
			      g168_name(controls[_i].who), t->id,
			      t->check[k].what, v[k].worst, v[k].limit);
	}
	ck_assert(found);
}
END_TEST

static Suite *g168_suite(void)
{
	Suite *s = suite_create("g168");
	TCase *t = tcase_create("g168");
	size_t n;

	g168_tests(&n);
	tcase_set_timeout(t, 300);
	tcase_add_loop_test(t, test_reference, 0, (int)n);
	tcase_add_loop_test(t, test_control, 0, CONTROLS);
	tcase_add_loop_test(t, test_random, 0, RANDOM);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	int failed;

	conditions = g168_conditions(listed, G168_REFERENCE, SEED, RANDOM);
	failed = suite_run(g168_suite(), CK_NOFORK);
	g168_bank_free(bank);
	return failed || conditions != 1 + RANDOM ? 1 : 0;
}
