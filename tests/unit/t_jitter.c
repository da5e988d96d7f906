/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* The jitter buffer: order, holes, repetition, delay that grows and shrinks,
 * clocks that differ, timestamps that jump. */
#include "media/jitter.c"
#include "tests/suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

static struct jitter j;

/* The code of a sample is a function of its timestamp. */
static uint8_t code(uint32_t ts)
{
	return (uint8_t)(ts * 2654435761u >> 24);
}

static void put(uint32_t ts, size_t n)
{
	uint8_t c[JITTER_PACKET + 2];

	for (size_t i = 0; i < n; i++)
		c[i] = code(ts + (uint32_t)i);
	jitter_put(&j, ts, c, n);
}

struct got {
	unsigned audio, missing, hold, idle, wrong;
	uint32_t first;
};

/* Play n samples in blocks of 80. */
static struct got get(size_t n)
{
	struct got g = { 0 };
	enum jitter_kind kind;
	uint8_t c[80];
	size_t done = 0, run;
	uint32_t ts;

	g.first = j.play;
	while (done < n) {
		size_t want = 80 - done % 80;

		want = want < n - done ? want : n - done;

		ts = j.play;
		run = jitter_get(&j, c, want, &kind);
		ck_assert_uint_ge(run, 1);
		ck_assert_uint_le(run, want);
		if (kind == JITTER_AUDIO) {
			for (size_t i = 0; i < run; i++)
				g.wrong += c[i] != code(ts + (uint32_t)i);
			g.audio += (unsigned)run;
		} else if (kind == JITTER_MISSING) {
			g.missing += (unsigned)run;
		} else if (kind == JITTER_HOLD) {
			g.hold += (unsigned)run;
		} else {
			g.idle += (unsigned)run;
		}
		done += run;
	}
	return g;
}

static void add(struct got *a, struct got b)
{
	a->audio += b.audio;
	a->missing += b.missing;
	a->hold += b.hold;
	a->idle += b.idle;
	a->wrong += b.wrong;
}

START_TEST(test_regular)
{
	static const size_t lens[] = { 40, 80, 160, 200, 240, 480, 960 };

	for (size_t k = 0; k < 7; k++) {
		uint32_t ts = 0xfffffe00; /* wraps */
		struct got g = { 0 };

		jitter_init(&j, 160, 1600);
		add(&g, get(800));
		ck_assert_uint_eq(g.idle, 800);
		for (unsigned i = 0; i < 20 * 960 / lens[k]; i++) {
			put(ts, lens[k]);
			ts += (uint32_t)lens[k];
			add(&g, get(lens[k]));
		}
		ck_assert_uint_eq(g.wrong, 0);
		ck_assert_uint_eq(g.missing, 0);
		ck_assert_msg(g.hold == 0, "%zu: %u", lens[k], g.hold);
		ck_assert_uint_eq(g.idle, 800 + 160);
		ck_assert_uint_eq(j.stats.late, 0);
		ck_assert_uint_eq(jitter_delay(&j), 160);
	}
}
END_TEST

START_TEST(test_holes_order_repetition)
{
	struct got g = { 0 };

	jitter_init(&j, 480, 1600);
	put(0, 160);
	put(320, 160);
	put(160, 160); /* out of order */
	put(160, 160); /* again */
	put(640, 160); /* 480 is lost */
	add(&g, get(480 + 800));
	ck_assert_uint_eq(g.wrong, 0);
	ck_assert_uint_eq(g.audio, 640);
	ck_assert_uint_eq(g.missing, 160);
	ck_assert_uint_eq(j.stats.duplicate, 1);
	/* The lost one after its time, twice: late, then known. */
	put(480, 160);
	ck_assert_uint_eq(j.stats.late, 1);
	put(480, 160);
	put(640, 160);
	ck_assert_uint_eq(j.stats.late, 2);
	ck_assert_uint_eq(j.stats.duplicate, 2);
}
END_TEST

/* One packet 50 ms late: heard in full, the delay has grown by that. */
START_TEST(test_delay_grows)
{
	struct got g = { 0 };
	uint32_t ts = 0;

	jitter_init(&j, 160, 1600);
	for (unsigned i = 0; i < 50; i++, ts += 160) {
		put(ts, 160);
		get(160);
	}
	get(400 + 160); /* nothing comes */
	for (unsigned i = 0; i < 3; i++, ts += 160)
		put(ts, 160);
	for (unsigned i = 0; i < 50; i++, ts += 160) {
		put(ts, 160);
		add(&g, get(160));
	}
	ck_assert_uint_eq(g.wrong, 0);
	ck_assert_uint_eq(g.missing, 0);
	ck_assert_uint_eq(g.hold, RESERVE);
	ck_assert_uint_ge(j.stats.late, 1);
	ck_assert_uint_ge(jitter_delay(&j), 480);
}
END_TEST

/* The delay never exceeds its maximum, however late things are. */
START_TEST(test_delay_is_bounded)
{
	uint32_t ts = 0;

	srand(5);
	jitter_init(&j, 160, 640);
	for (unsigned i = 0; i < 3000; i++) {
		unsigned burst = (unsigned)rand() % 7;

		for (unsigned k = 0; k < burst; k++, ts += 160)
			put(ts, 160);
		get(160 * 3);
		ck_assert_int_le((int32_t)(j.high - j.play),
				 640 + 40 + 7 * 160 + 3 * 160);
	}
}
END_TEST

/* With the jitter gone the excess is seen, and cut away in steps. */
START_TEST(test_delay_shrinks)
{
	uint8_t c[200];
	uint32_t ts = 0;
	unsigned cuts = 0;

	jitter_init(&j, 160, 1600);
	put(ts, 160);
	get(80);
	for (unsigned k = 0; k < 5; k++)
		put(ts += 160, 160); /* 100 ms early for ever */
	for (unsigned i = 0; i < 1000; i++) {
		put(ts += 160, 160);
		for (unsigned k = 0; k < 2; k++) {
			if (j.excess >= 120 && jitter_peek(&j, c, 200)) {
				jitter_skip(&j, 80 + 100, 100);
				cuts++;
				continue;
			}
			ck_assert_uint_eq(get(80).wrong, 0);
		}
	}
	ck_assert_uint_ge(cuts, 5);
	ck_assert_uint_le(jitter_delay(&j), 160 + 130);
	ck_assert_uint_ge(jitter_delay(&j), 120);
	ck_assert_uint_eq(j.stats.late, 0);
}
END_TEST

/* A sender fast or slow by so much, for 20 minutes: nothing is missing, the
 * delay stays bounded, and what came or went is what the clocks differ by. */
static void drift(int ppm, unsigned min, unsigned max)
{
	const unsigned blocks = 120000;
	double due = 0, period = 160 * (1 - ppm * 1e-6);
	double off = fabs(ppm * 1e-6) * blocks * 80;
	uint32_t ts = 0, most = 0;
	unsigned lost = 0;
	uint8_t c[200];

	jitter_init(&j, min, max);
	for (unsigned block = 0; block < blocks; block++) {
		while (due <= block * 80.0) {
			put(ts, 160);
			ts += 160;
			due += period;
		}
		if (j.excess >= 120 && jitter_peek(&j, c, 200)) {
			jitter_skip(&j, 80 + 100, 100);
		} else {
			struct got g = get(80);

			ck_assert_uint_eq(g.wrong, 0);
			lost += g.missing;
		}
		most = jitter_delay(&j) > most ? jitter_delay(&j) : most;
	}
	ck_assert_uint_eq(lost, 0);
	ck_assert_uint_eq(j.stats.late, 0);
	ck_assert_uint_eq(j.stats.restarts, 0);
	ck_assert_uint_le(most, min + 240);
	ck_assert_double_eq_tol(ppm > 0 ? j.stats.cut : j.stats.held, off,
				250);
	ck_assert_uint_eq(ppm > 0 ? j.stats.held : j.stats.cut, 0);
}

START_TEST(test_drift)
{
	static const int ppm[] = { 50, 100, 200, -50, -100, -200 };

	drift(ppm[_i], 160, 1600);
	/* Fixed: the clocks differ all the same. */
	drift(ppm[_i], 320, 320);
}
END_TEST

/* min = max: a fixed delay. What comes later than that is lost, the delay
 * does not grow by it; and it does not shrink when all is calm. */
START_TEST(test_fixed)
{
	struct got g = { 0 };
	uint32_t ts = 0;

	jitter_init(&j, 480, 480);
	for (unsigned i = 0; i < 6000; i++, ts += 160) {
		/* Each 50th packet comes 80 ms late. */
		if (i % 50 == 0 && i)
			put(ts - 4 * 160, 160);
		if (i % 50 != 46)
			put(ts, 160);
		add(&g, get(160));
		ck_assert_uint_le(j.high - j.play, 480);
		ck_assert_uint_ge(j.high - j.play, 160);
	}
	ck_assert_uint_eq(g.wrong, 0);
	ck_assert_uint_eq(j.stats.cut, 0);
	ck_assert_uint_eq(j.stats.held, 0);
	ck_assert_uint_eq(j.stats.late, 119);
	ck_assert_uint_eq(j.stats.restarts, 0);
	ck_assert_uint_eq(g.missing, 120 * 160);
	ck_assert_uint_eq(jitter_delay(&j), 480);
}
END_TEST

START_TEST(test_jumps)
{
	uint32_t ts = 1000;
	struct got g;

	jitter_init(&j, 160, 1600);
	for (unsigned i = 0; i < 10; i++, ts += 160) {
		put(ts, 160);
		get(160);
	}
	/* Far ahead: at once. */
	ts += 1000000;
	put(ts, 160);
	g = get(320);
	ck_assert_uint_eq(g.audio, 160);
	ck_assert_uint_eq(j.stats.restarts, 1);
	/* Far back: after a few. */
	ts -= 2000000;
	for (unsigned i = 0; i < 10; i++, ts += 160) {
		put(ts, 160);
		g = get(160);
	}
	ck_assert_uint_eq(g.audio, 160);
	ck_assert_uint_eq(j.stats.restarts, 2);
	/* The sender stops, then goes on where it was (a hold). */
	g = get(16000);
	ck_assert_uint_ge(g.idle, 7000);
	put(ts, 160);
	put(ts + 160, 160);
	g = get(480);
	ck_assert_uint_eq(g.audio, 320);
	ck_assert_uint_eq(g.wrong, 0);
}
END_TEST

START_TEST(test_fill)
{
	uint8_t c[160];
	struct got g;

	for (unsigned i = 0; i < 160; i++)
		c[i] = code(1000 + i);
	jitter_init(&j, 160, 1600);
	jitter_fill(&j, 1000, c, 160); /* before anything: nothing */
	ck_assert(!j.running);
	put(1160, 160);
	jitter_fill(&j, 1000, c, 160);
	g = get(320);
	ck_assert_uint_eq(g.audio, 320);
	ck_assert_uint_eq(g.wrong, 0);
	jitter_fill(&j, 1000, c, 160); /* too late now */
	ck_assert_uint_eq(j.stats.late, 0);
}
END_TEST

/* Anything at all: what is played as audio is what was put there. */
START_TEST(test_random)
{
	unsigned seed = 12345;

	srand(seed);
	for (unsigned round = 0; round < 200; round++) {
		uint32_t ts = (uint32_t)rand() << 4;

		jitter_init(&j, (unsigned)rand() % 800,
			    (unsigned)rand() % 5000);
		for (unsigned i = 0; i < 300; i++) {
			uint32_t at = ts + (uint32_t)(rand() % 4000 - 2000);

			if (rand() % 50 == 0)
				ts += (uint32_t)rand();
			put(rand() % 3 ? ts : at,
			    (size_t)(rand() % (JITTER_PACKET + 2)));
			ts += 160;
			ck_assert_msg(get((size_t)(rand() % 3) * 80).wrong == 0,
				      "seed %u round %u", seed, round);
		}
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("jitter");
	TCase *tc = tcase_create("jitter");

	tcase_add_test(tc, test_regular);
	tcase_add_test(tc, test_holes_order_repetition);
	tcase_add_test(tc, test_delay_grows);
	tcase_add_test(tc, test_delay_is_bounded);
	tcase_add_test(tc, test_delay_shrinks);
	tcase_add_loop_test(tc, test_drift, 0, 6);
	tcase_add_test(tc, test_fixed);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_jumps);
	tcase_add_test(tc, test_fill);
	tcase_add_test(tc, test_random);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
