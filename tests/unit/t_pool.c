/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* Pools: handles never name a successor; a model at random. */
#include "gateway/base/pool.c"

#include <check.h>

#include "tests/unit/rnd.h"
#include "tests/suite.h"

START_TEST(test_limits)
{
	struct pool *p;

	ck_assert_ptr_null(pool_new(0, 1));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(pool_new(8, 0));
	ck_assert_ptr_null(pool_new(8, COUNT_MAX + 1));
	ck_assert_ptr_null(pool_new(SIZE_MAX, 1));
	p = pool_new(1, COUNT_MAX);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(pool_size(p), COUNT_MAX);
	pool_destroy(p);
	pool_destroy(NULL);
}
END_TEST

START_TEST(test_use_up_and_walk)
{
	struct pool *p = pool_new(24, 5);
	pool_id id[5], none = 1, at;
	void *o[5];
	int i;

	ck_assert_uint_eq(pool_next(p, 0), 0);
	for (i = 0; i < 5; i++) {
		o[i] = pool_alloc(p, &id[i]);
		ck_assert_ptr_nonnull(o[i]);
		ck_assert_uint_eq((uintptr_t)o[i] % ALIGN, 0);
		ck_assert_uint_ne(id[i] >> 16, 0);
		ck_assert_ptr_eq(pool_get(p, id[i]), o[i]);
		memset(o[i], 0xee, 24);
	}
	ck_assert_ptr_null(pool_alloc(p, &none));
	ck_assert_uint_eq(none, 0);
	ck_assert_uint_eq(pool_used(p), 5);
	pool_free(p, id[0]);
	pool_free(p, id[3]);
	at = pool_next(p, 0);
	ck_assert_uint_eq(at, id[1]);
	/* Freeing the one we stand on does not end the walk. */
	pool_free(p, at);
	at = pool_next(p, at);
	ck_assert_uint_eq(at, id[2]);
	at = pool_next(p, at);
	ck_assert_uint_eq(at, id[4]);
	ck_assert_uint_eq(pool_next(p, at), 0);
	pool_destroy(p);
}
END_TEST

START_TEST(test_stale_and_wrong_ids)
{
	struct pool *p = pool_new(8, 2);
	static const uint8_t zero[8];
	pool_id first, id, i;
	int wrong = 0;
	uint8_t *o;

	o = pool_alloc(p, &first);
	memset(o, 0xff, 8);
	pool_free(p, first);
	pool_free(p, first);
	ck_assert_uint_eq(pool_used(p), 0);
	ck_assert_ptr_null(pool_get(p, first));
	ck_assert_ptr_null(pool_get(p, 0));
	ck_assert_ptr_null(pool_get(p, UINT32_MAX));
	ck_assert_ptr_null(pool_get(p, 0x10003));
	pool_free(p, 0);
	pool_free(p, UINT32_MAX);
	/* The whole circle of generations of both slots; 0 is left out. */
	for (i = 0; i < 2 * 65535 - 1; i++) {
		o = pool_alloc(p, &id);
		wrong += id == first || id >> 16 == 0 ||
			 pool_get(p, first) != NULL || memcmp(o, zero, 8) != 0;
		memset(o, 0xff, 8);
		pool_free(p, id);
	}
	ck_assert_int_eq(wrong, 0);
	pool_alloc(p, &id);
	ck_assert_uint_eq(id, first);
	pool_destroy(p);
}
END_TEST

#define COUNT 40
#define OLD   4000

START_TEST(test_model)
{
	static pool_id live[COUNT], old[OLD];
	static uint32_t value[COUNT];
	struct pool *p = pool_new(sizeof(uint32_t), COUNT);
	unsigned n = 0, n_old = 0, i, seen;
	struct rnd rnd;
	uint32_t *o;
	pool_id id;
	int round, wrong = 0;

	rnd_init(&rnd, "t_pool");
	for (round = 0; round < 20000; round++) {
		if (rnd_below(&rnd, 2) == 0) {
			o = pool_alloc(p, &id);
			ck_assert((o == NULL) == (n == COUNT));
			if (o != NULL) {
				ck_assert_uint_eq(*o, 0);
				*o = value[n] = rnd_u32(&rnd) | 1;
				live[n++] = id;
			}
		} else if (n > 0) {
			i = rnd_below(&rnd, n);
			pool_free(p, live[i]);
			old[n_old++ % OLD] = live[i];
			live[i] = live[--n];
			value[i] = value[n];
		}
		ck_assert_uint_eq(pool_used(p), n);
		for (i = 0; i < n; i++) {
			o = pool_get(p, live[i]);
			wrong += o == NULL || *o != value[i];
		}
		if (n_old > 0) {
			i = n_old < OLD ? n_old : OLD;
			id = old[rnd_below(&rnd, i)];
			ck_assert_ptr_null(pool_get(p, id));
			pool_free(p, id);
		}
		seen = 0;
		for (id = pool_next(p, 0); id != 0; id = pool_next(p, id)) {
			seen++;
		}
		ck_assert_uint_eq(seen, n);
	}
	ck_assert_int_eq(wrong, 0);
	pool_destroy(p);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pool");
	TCase *tc = tcase_create("pool");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_use_up_and_walk);
	tcase_add_test(tc, test_stale_and_wrong_ids);
	tcase_add_test(tc, test_model);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
