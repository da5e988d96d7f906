/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core media base */
/* libs: -lcheck */
/* What the supervisor says of cards that cannot be opened. */
#include "gateway/sockets.c"

#include <check.h>

#include "tests/suite.h"

static struct sockets s;
static struct conf_span span;
static char logged[400];
static unsigned n_logged;

static void keep_log(enum log_level level, const char *line)
{
	(void)level;
	n_logged++;
	snprintf(logged, sizeof(logged), "%s", line);
}

static void begin(void)
{
	memset(&s, 0, sizeof(s));
	memset(&span, 0, sizeof(span));
	snprintf(span.name, sizeof(span.name), "carrier");
	span.line.dahdi_span = 1;
	n_logged = 0;
	log_set_sink(keep_log);
}

static void absent(const char *why)
{
	struct card_found f = { .state = CARD_ABSENT };

	snprintf(f.why, sizeof(f.why), "%s", why);
	ck_assert(!take_card(&s, &span, 0, &f));
}

static void opened(void)
{
	struct card_found f = { .state = CARD_OPENED, .n = 1 };

	f.fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(f.fds[0], 0);
	ck_assert(take_card(&s, &span, 0, &f));
}

START_TEST(a_reason_is_told_once)
{
	begin();
	absent("no such device");
	ck_assert_uint_eq(n_logged, 1);
	ck_assert_ptr_nonnull(strstr(logged, "span carrier: no such device"));
	absent("no such device");
	absent("no such device");
	ck_assert_uint_eq(n_logged, 1);
}
END_TEST

START_TEST(another_reason_is_told_too)
{
	begin();
	absent("no such device");
	absent("run dahdi_cfg");
	ck_assert_uint_eq(n_logged, 2);
	ck_assert_ptr_nonnull(strstr(logged, "span carrier: run dahdi_cfg"));
	absent("run dahdi_cfg");
	ck_assert_uint_eq(n_logged, 2);
	absent("no such device");
	ck_assert_uint_eq(n_logged, 3);
}
END_TEST

/* That it is gone has said enough, until the reason is another. */
START_TEST(a_card_that_is_pulled)
{
	begin();
	absent("no such device");
	opened();
	ck_assert_uint_eq(n_logged, 1);
	absent("no such device");
	ck_assert_uint_eq(n_logged, 2);
	ck_assert_ptr_nonnull(strstr(logged, "DAHDI span 1 is gone"));
	absent("no such device");
	ck_assert_uint_eq(n_logged, 2);
	absent("another program has it");
	ck_assert_uint_eq(n_logged, 3);
	/* taken from service and back: all is told anew */
	sockets_switch(&s, 0, false);
	sockets_switch(&s, 0, true);
	absent("another program has it");
	ck_assert_uint_eq(n_logged, 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sockets");
	TCase *tc = tcase_create("cards");

	tcase_add_test(tc, a_reason_is_told_once);
	tcase_add_test(tc, another_reason_is_told_too);
	tcase_add_test(tc, a_card_that_is_pulled);
	suite_add_tcase(suite, tc);
	return suite_run(suite, CK_FORK_GETENV);
}
