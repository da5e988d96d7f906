/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sipload sip core conf base */
/*
 * 2,000 answered calls at a time in a sip role of its own: all of its memory is
 * within 64 MB, the transactions of their INVITEs included, and each call can
 * be ended.
 */
#include "tests/bench/sipload.h"
#include "tests/suite.h"

#include <check.h>

#define DIALOGS	2000
#define MEM_KIB (64 * 1024)
#define ALONG	64 /* begun and not answered */
#define MOST_S	60

/* With the sanitizer memory says nothing. */
#ifdef __SANITIZE_ADDRESS__
static const bool memory_counts = false;
#else
static const bool memory_counts = true;
#endif

START_TEST(test_dialogs)
{
	mono_t start = clock_mono();

	ck_assert_int_eq(sipload_open(SIPLOAD_AT_ONCE), 0);
	while (sipload.answered < DIALOGS &&
	       mono_diff_ns(clock_mono(), start) < MOST_S * NS_PER_S) {
		if (sipload.begun < DIALOGS &&
		    sipload.begun - sipload.answered < ALONG) {
			sipload_invite("49711123", true);
		}
		if (!sipload_take(ALONG)) {
			sipload_wait(1);
		}
	}
	ck_assert_uint_eq(sipload.answered, DIALOGS);
	sipload_drain();
	ck_assert_uint_gt(sipload_rss_kib(), 0);
	if (memory_counts) {
		ck_assert_uint_le(sipload_rss_kib(), MEM_KIB);
	}
	ck_assert_uint_eq(sipload_end_kept(), 0);
	sipload_close();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sip_scale");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_dialogs);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
