/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core media base */
/* libs: -lcheck */
/* Opening cards without waiting for their driver. */
#include "gateway/cards.h"

#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/media/dahdi_fake.h"
#include "tests/suite.h"

/* A driver whose open() comes back when it is let. */
static atomic_bool shut;
static atomic_uint opens;

static int slow_open(const char *path)
{
	atomic_fetch_add(&opens, 1);
	while (atomic_load(&shut)) {
		usleep(1000);
	}
	return card_open(path);
}

static struct dahdi_sys slow;
static struct cards *c;
static struct conf_span span;

static void begin(void)
{
	card_init(31);
	slow = card_sys;
	slow.open = slow_open;
	memset(&span, 0, sizeof(span));
	span.line.dahdi_span = 1;
	span.line.d_slot = 16;
	span.line.first_slot = 1;
	span.line.last_slot = 31;
	atomic_store(&shut, false);
	atomic_store(&opens, 0);
	c = cards_new();
	ck_assert_ptr_nonnull(c);
}

/* Long enough for any machine; the answer comes as soon as it is there. */
enum { PATIENCE_MS = 60000 };

START_TEST(a_card_is_opened)
{
	struct card_found f;

	begin();
	cards_found(c, 0, 0, &f);
	ck_assert_int_eq(f.state, CARD_BUSY); /* nobody has looked */
	ck_assert_int_eq(cards_look(c, 0, &span, -1, &slow), 0);
	cards_found(c, 0, PATIENCE_MS, &f);
	ck_assert_int_eq(f.state, CARD_OPENED);
	ck_assert_uint_eq(f.n, 31);
	/* told once */
	cards_found(c, 0, 0, &f);
	ck_assert_int_eq(f.state, CARD_BUSY);
	/* all are open now: a second time that is refused, in words */
	ck_assert_int_eq(cards_look(c, 0, &span, -1, &slow), 0);
	cards_found(c, 0, PATIENCE_MS, &f);
	ck_assert_int_eq(f.state, CARD_ABSENT);
	ck_assert_uint_eq(f.n, 0);
	ck_assert_ptr_nonnull(strstr(f.why, "another program"));
	cards_free(c);
}
END_TEST

START_TEST(a_driver_that_blocks)
{
	struct conf_span other;
	struct card_found f;

	begin();
	atomic_store(&shut, true);
	ck_assert_int_eq(cards_look(c, 0, &span, -1, &slow), 0);
	cards_found(c, 0, 10, &f);
	ck_assert_int_eq(f.state, CARD_BUSY);
	/* one thread waits, not more */
	for (unsigned i = 0; i < 10; i++) {
		ck_assert_int_eq(cards_look(c, 0, &span, -1, &slow), 0);
		cards_found(c, 0, 1, &f);
		ck_assert_int_eq(f.state, CARD_BUSY);
	}
	ck_assert_uint_eq(atomic_load(&opens), 1);
	/* the others do not notice */
	other = span;
	other.line.dahdi_span = 7;
	ck_assert_int_eq(cards_look(c, 1, &other, -1, &card_sys), 0);
	cards_found(c, 1, PATIENCE_MS, &f);
	ck_assert_int_eq(f.state, CARD_ABSENT);
	/* it answers at last */
	atomic_store(&shut, false);
	cards_found(c, 0, PATIENCE_MS, &f);
	ck_assert_int_eq(f.state, CARD_OPENED);
	ck_assert_uint_eq(f.n, 31);
	cards_free(c);
}
END_TEST

static int there; /* answer of the driver about what we hold */

static int ask(int fd, unsigned long what, void *arg)
{
	(void)fd;
	return what == DAHDI_ABI_GET_PARAMS && there < 0 ?
		       there : card_control(CARD_FD + 1, what, arg);
}

START_TEST(a_card_that_stays)
{
	int held = dup(0);
	struct card_found f;

	begin();
	card.at[1].open = true;
	slow.control = ask;
	there = 0;
	ck_assert_int_eq(cards_look(c, 0, &span, held, &slow), 0);
	cards_found(c, 0, PATIENCE_MS, &f);
	ck_assert_int_eq(f.state, CARD_STAYS);
	ck_assert_uint_eq(atomic_load(&opens), 0);
	there = -ENODEV;
	ck_assert_int_eq(cards_look(c, 0, &span, held, &slow), 0);
	cards_found(c, 0, PATIENCE_MS, &f);
	ck_assert_int_eq(f.state, CARD_ABSENT); /* channel 1 is taken */
	ck_assert_int_eq(close(held), 0); /* it is still ours */
	cards_free(c);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cards");
	TCase *tc = tcase_create("cards");

	tcase_add_test(tc, a_card_is_opened);
	tcase_add_test(tc, a_driver_that_blocks);
	tcase_add_test(tc, a_card_that_stays);
	suite_add_tcase(suite, tc);
	return suite_run(suite, CK_FORK_GETENV);
}
