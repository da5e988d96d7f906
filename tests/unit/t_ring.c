/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* The ring between two threads; meant for the thread sanitizer as well. */
#include "gateway/base/ring.c"

#include <check.h>
#include <pthread.h>
#include <sched.h>

#include "tests/unit/rnd.h"
#include "tests/suite.h"

START_TEST(test_init)
{
	static const uint32_t bad[] = {0, 3, 5, 6, 7, 100, UINT32_MAX};
	struct ring r;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(ring_init(&r, 4, bad[i]), -EINVAL);
	}
	ck_assert_int_eq(ring_init(&r, 0, 4), -EINVAL);
	ck_assert_int_eq(ring_init(&r, 1, 1), 0);
	ring_fini(&r);
	ring_fini(&r);
}
END_TEST

START_TEST(test_huge_is_refused)
{
	struct ring r;

	ck_assert_int_eq(ring_init(&r, SIZE_MAX / 2, 1u << 31), -ENOMEM);
}
END_TEST

START_TEST(test_full_and_empty)
{
	struct ring r;
	uint32_t round, i, got;

	ck_assert_int_eq(ring_init(&r, sizeof(i), 8), 0);
	/* The counters are to wrap on the way. */
	atomic_store(&r.head, UINT32_MAX - 20);
	atomic_store(&r.tail, UINT32_MAX - 20);
	for (round = 0; round < 10; round++) {
		ck_assert(!ring_get(&r, &got));
		for (i = 0; i < 8; i++) {
			ck_assert(ring_put(&r, &i));
		}
		ck_assert(!ring_put(&r, &i));
		ck_assert_uint_eq(atomic_load(&r.full), round + 1);
		for (i = 0; i < 8; i++) {
			ck_assert(ring_get(&r, &got));
			ck_assert_uint_eq(got, i);
		}
	}
	ring_fini(&r);
}
END_TEST

START_TEST(test_take_leaves_nothing)
{
	uint64_t rec = UINT64_MAX, got = 0;
	struct ring r;

	ck_assert_int_eq(ring_init(&r, sizeof(rec), 2), 0);
	ck_assert(!ring_take(&r, &got));
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(ring_put(&r, &rec));
		ck_assert(ring_take(&r, &got));
		ck_assert_uint_eq(got, rec);
		got = 0;
		ck_assert_mem_eq(r.data + i % 2 * sizeof(got), &got,
				 sizeof(got));
	}
	ring_fini(&r);
}
END_TEST

START_TEST(test_model)
{
	static uint8_t model[100000][13];
	size_t put = 0, taken = 0, i;
	struct rnd rnd;
	struct ring r;
	uint8_t got[13];

	rnd_init(&rnd, "t_ring");
	ck_assert_int_eq(ring_init(&r, 13, 64), 0);
	while (put < 100000) {
		if (rnd_below(&rnd, 100) < 52) {
			for (i = 0; i < 13; i++) {
				model[put][i] = (uint8_t)rnd_u32(&rnd);
			}
			ck_assert(ring_put(&r, model[put]) ==
				  (put - taken < 64));
			put += put - taken < 64;
		} else {
			ck_assert(ring_get(&r, got) == (taken < put));
			if (taken < put) {
				ck_assert(memcmp(got, model[taken], 13) == 0);
				taken++;
			}
		}
	}
	ring_fini(&r);
}
END_TEST

/* --- two threads --- */

#define RECORDS 200000u

struct record {
	uint32_t n;
	uint32_t copies[15];
};

static struct ring shared;
static uint64_t refused;

static void *produce(void *arg)
{
	struct record rec;
	uint32_t n, i;

	(void)arg;
	for (n = 0; n < RECORDS; n++) {
		rec.n = n;
		for (i = 0; i < 15; i++) {
			rec.copies[i] = n * (i + 1);
		}
		while (!ring_put(&shared, &rec)) {
			refused++;
			sched_yield();
		}
	}
	return NULL;
}

START_TEST(test_threads)
{
	struct record rec;
	uint32_t n = 0, i, wrong = 0;
	pthread_t t;

	refused = 0;
	ck_assert_int_eq(ring_init(&shared, sizeof(rec), 1u << _i), 0);
	ck_assert_int_eq(pthread_create(&t, NULL, produce, NULL), 0);
	while (n < RECORDS) {
		if (!ring_get(&shared, &rec)) {
			sched_yield();
			continue;
		}
		wrong += rec.n != n;
		for (i = 0; i < 15; i++) {
			wrong += rec.copies[i] != n * (i + 1);
		}
		n++;
	}
	pthread_join(t, NULL);
	ck_assert_uint_eq(wrong, 0);
	ck_assert(!ring_get(&shared, &rec));
	ck_assert(atomic_load(&shared.full) == refused);
	ring_fini(&shared);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ring");
	TCase *tc = tcase_create("ring");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_init);
	tcase_add_test(tc, test_huge_is_refused);
	tcase_add_test(tc, test_full_and_empty);
	tcase_add_test(tc, test_take_leaves_nothing);
	tcase_add_test(tc, test_model);
	tcase_add_loop_test(tc, test_threads, 0, 8);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
