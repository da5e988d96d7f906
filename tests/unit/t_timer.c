/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* The timer heap: order, cancelling from everywhere, a model at random. */
#include "gateway/base/timer.c"

#include <check.h>
#include <string.h>

#include "tests/unit/rnd.h"
#include "tests/suite.h"

#define MANY 500

static struct loop *loop;
static struct timer many[MANY];
static int fired[64];
static int n_fired;

static void setup(void)
{
	loop = loop_new_sim(0);
	memset(many, 0, sizeof(many));
	n_fired = 0;
}

static void teardown(void)
{
	loop_free(loop);
}

static void on_fire(struct timer *t)
{
	ck_assert(!timer_is_running(t));
	fired[n_fired++ % 64] = (int)(t - many);
}

START_TEST(test_order_and_equal_times)
{
	static const int want[] = {3, 0, 2, 4, 1};

	timer_start(loop, &many[0], on_fire, 10);
	timer_start(loop, &many[1], on_fire, 20);
	timer_start(loop, &many[2], on_fire, 10);
	timer_start(loop, &many[3], on_fire, 0);
	timer_start(loop, &many[4], on_fire, 10);
	loop_run(loop);
	ck_assert_int_eq(n_fired, 5);
	ck_assert_int_eq(memcmp(fired, want, sizeof(want)), 0);
	/* A restart counts as a new start among equals. */
	n_fired = 0;
	timer_start(loop, &many[0], on_fire, 10);
	timer_start(loop, &many[1], on_fire, 10);
	timer_start(loop, &many[0], on_fire, 10);
	loop_run(loop);
	ck_assert_int_eq(n_fired, 2);
	ck_assert_int_eq(fired[0], 1);
	ck_assert_int_eq(fired[1], 0);
}
END_TEST

START_TEST(test_stop_and_left)
{
	mono_t start = loop_now(loop);

	ck_assert_int_eq(timer_left_ms(loop, &many[0]), -1);
	timer_stop(loop, &many[0]);
	timer_start(loop, &many[0], on_fire, 100);
	timer_start_at(loop, &many[1], on_fire, mono_add_ns(start, 1));
	ck_assert(timer_is_running(&many[0]));
	ck_assert_int_eq(timer_left_ms(loop, &many[0]), 100);
	ck_assert_int_eq(timer_left_ms(loop, &many[1]), 1);
	loop_advance(loop, 40);
	ck_assert_int_eq(timer_left_ms(loop, &many[0]), 60);
	ck_assert_int_eq(timer_left_ms(loop, &many[1]), -1);
	timer_stop(loop, &many[0]);
	timer_stop(loop, &many[0]);
	ck_assert(!timer_is_running(&many[0]));
	loop_run(loop);
	ck_assert_int_eq(n_fired, 1);
	ck_assert_int_eq(mono_diff_ms(loop_now(loop), start), 40);
}
END_TEST

START_TEST(test_extreme_times)
{
	timer_start(loop, &many[0], on_fire, INT64_MAX);
	ck_assert_int_gt(timer_left_ms(loop, &many[0]), INT64_MAX / 2000000);
	timer_start(loop, &many[1], on_fire, INT64_MIN);
	timer_start_at(loop, &many[2], on_fire, (mono_t){0});
	ck_assert_int_eq(timer_left_ms(loop, &many[1]), 0);
	ck_assert_int_eq(timer_left_ms(loop, &many[2]), 0);
	loop_advance(loop, 0);
	ck_assert_int_eq(n_fired, 2);
	ck_assert_int_eq(fired[0], 2);
	timer_stop(loop, &many[0]);
}
END_TEST

/* A callback that stops others, restarts itself and frees its owner. */
struct owner {
	struct timer t;
	int left;
};

static int owners_freed;

static void on_owner(struct timer *t)
{
	struct owner *o = container_of(t, struct owner, t);

	if (o->left-- > 0) {
		timer_start(loop, t, on_owner, 5);
		return;
	}
	free(o);
	owners_freed++;
}

START_TEST(test_free_in_callback)
{
	struct owner *o = calloc(1, sizeof(*o));
	mono_t start = loop_now(loop);

	o->left = 3;
	owners_freed = 0;
	timer_start(loop, &o->t, on_owner, 5);
	loop_run(loop);
	ck_assert_int_eq(owners_freed, 1);
	ck_assert_int_eq(mono_diff_ms(loop_now(loop), start), 20);
}
END_TEST

static void on_stop_others(struct timer *t)
{
	int i;

	(void)t;
	n_fired++;
	for (i = 0; i < MANY; i++) {
		timer_stop(loop, &many[i]);
	}
}

START_TEST(test_stop_others_due_at_once)
{
	int i;

	for (i = 0; i < MANY; i++) {
		timer_start(loop, &many[i], on_stop_others, 7);
	}
	loop_run(loop);
	ck_assert_int_eq(n_fired, 1);
}
END_TEST

/* --- against a model: an array of times and a plain search --- */

struct model {
	int64_t at[MANY]; /* -1: idle */
	uint64_t order[MANY];
	uint64_t next_order;
};

static struct model model;
static struct rnd rnd;
static unsigned model_fired;

static int model_first(void)
{
	int i, best = -1;

	for (i = 0; i < MANY; i++) {
		if (model.at[i] < 0) {
			continue;
		}
		if (best < 0 || model.at[i] < model.at[best] ||
		    (model.at[i] == model.at[best] &&
		     model.order[i] < model.order[best])) {
			best = i;
		}
	}
	return best;
}

static void check_heap(void)
{
	const struct timer_heap *h = &loop->timers;
	size_t i;

	for (i = 1; i <= h->used; i++) {
		ck_assert_uint_eq(h->slot[i]->heap, i);
		ck_assert(i == 1 || !is_before(h->slot[i], h->slot[i / 2]));
	}
}

static void on_model(struct timer *t);

static void change(int i)
{
	int64_t ms = rnd_below(&rnd, 50);

	if (rnd_below(&rnd, 3) == 0) {
		timer_stop(loop, &many[i]);
		model.at[i] = -1;
		return;
	}
	timer_start(loop, &many[i], on_model, ms);
	model.at[i] = loop_now(loop).ns + ms * NS_PER_MS;
	model.order[i] = model.next_order++;
}

static void on_model(struct timer *t)
{
	int i = (int)(t - many);
	unsigned n;

	ck_assert_int_eq(model_first(), i);
	ck_assert(model.at[i] == loop_now(loop).ns);
	model.at[i] = -1;
	model_fired++;
	for (n = rnd_below(&rnd, 3); n > 0; n--) {
		change((int)rnd_below(&rnd, MANY));
	}
}

START_TEST(test_model)
{
	int round, i;

	rnd_init(&rnd, "t_timer");
	model = (struct model){0};
	for (i = 0; i < MANY; i++) {
		model.at[i] = -1;
	}
	model_fired = 0;
	for (round = 0; round < 3000; round++) {
		change((int)rnd_below(&rnd, MANY));
		if (rnd_below(&rnd, 4) == 0) {
			loop_advance(loop, rnd_below(&rnd, 10));
			i = model_first();
			ck_assert(i < 0 || model.at[i] > loop_now(loop).ns);
		}
		check_heap();
	}
	ck_assert_uint_gt(model_fired, 1000);
	for (i = 0; i < MANY; i++) {
		timer_stop(loop, &many[i]);
		check_heap();
	}
	ck_assert_uint_eq(loop->timers.used, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("timer");
	TCase *tc = tcase_create("timer");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_order_and_equal_times);
	tcase_add_test(tc, test_stop_and_left);
	tcase_add_test(tc, test_extreme_times);
	tcase_add_test(tc, test_free_in_callback);
	tcase_add_test(tc, test_stop_others_due_at_once);
	tcase_add_test(tc, test_model);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
