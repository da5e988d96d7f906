/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn core base */
/* Frames of tests/vectors/q931.txt and the text they must give. */
#include "isdn/trace.c"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* "00 01 7f | SABME P": the octets to frame, *text to the rest; -1: none. */
static int vector(char *line, uint8_t *frame, char **text)
{
	char *bar = strstr(line, " | "), *p = line, *end;
	int n = 0;

	if (line[0] == '#' || !bar) {
		return -1;
	}
	*bar = '\0';
	*text = bar + 3;
	(*text)[strcspn(*text, "\n")] = '\0';
	while (*p) {
		frame[n++] = (uint8_t)strtoul(p, &end, 16);
		ck_assert_ptr_ne(p, end);
		p = end;
	}
	return n;
}

START_TEST(test_vectors)
{
	FILE *f = fopen("tests/vectors/q931.txt", "r");
	char line[2000], got[600], *want;
	uint8_t frame[300];
	int n, count = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		n = vector(line, frame, &want);
		if (n >= 0) {
			trace_text(got, sizeof(got), frame, (size_t)n, true);
			ck_assert_str_eq(got, want);
			count++;
		}
	}
	fclose(f);
	ck_assert_int_ge(count, 40);
}
END_TEST

/* Each frame cut at each length and with each octet changed: never past the
 * frame (the sanitizer watches a copy of exact size) nor past the text. */
START_TEST(test_cut_and_changed)
{
	FILE *f = fopen("tests/vectors/q931.txt", "r");
	char line[2000], got[40], *want;
	uint8_t frame[300], *copy;
	int n, i, value;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		n = vector(line, frame, &want);
		for (i = 0; i < n; i++) {
			copy = malloc((size_t)i + 1);
			memcpy(copy, frame, (size_t)i + 1);
			trace_text(got, sizeof(got), copy, (size_t)i,
				   true);
			for (value = 0; value < 256; value += 5) {
				copy[i] = (uint8_t)value;
				trace_text(got, sizeof(got), copy,
					   (size_t)i + 1, true);
			}
			free(copy);
		}
	}
	fclose(f);
}
END_TEST

/* Q.921 3.3.2: the C/R bit means the opposite from the user's side. */
START_TEST(test_poll_and_final)
{
	static const uint8_t rr[] = { 2, 1, 1, 9 }, rej[] = { 0, 1, 9, 11 };
	char got[40];

	trace_text(got, sizeof(got), rr, sizeof(rr), true);
	ck_assert_str_eq(got, "RR nr 4 P");
	trace_text(got, sizeof(got), rr, sizeof(rr), false);
	ck_assert_str_eq(got, "RR nr 4 F");
	trace_text(got, sizeof(got), rej, sizeof(rej), true);
	ck_assert_str_eq(got, "REJ nr 5 F");
	trace_text(got, sizeof(got), rej, sizeof(rej), false);
	ck_assert_str_eq(got, "REJ nr 5 P");
}
END_TEST

START_TEST(test_cref)
{
	static const uint8_t setup[] = { 0, 1, 0, 0, 8, 2, 0x12, 0x34, 5 };
	static const uint8_t alert[] = { 2, 1, 0, 0, 8, 2, 0x92, 0x34, 1 };
	static const uint8_t global[] = { 2, 1, 0, 0, 8, 2, 0, 0, 0x46 };
	static const uint8_t rr[] = { 2, 1, 1, 0 };
	uint16_t cref;
	bool orig;

	ck_assert(trace_cref(setup, sizeof(setup), &cref, &orig));
	ck_assert_uint_eq(cref, 0x1234);
	ck_assert(orig);
	ck_assert(trace_cref(alert, sizeof(alert), &cref, &orig));
	ck_assert_uint_eq(cref, 0x1234);
	ck_assert(!orig);
	ck_assert(!trace_cref(global, sizeof(global), &cref, &orig));
	ck_assert(!trace_cref(rr, sizeof(rr), &cref, &orig));
	ck_assert(!trace_cref(setup, 8, &cref, &orig));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace");
	TCase *tc = tcase_create("trace");

	tcase_add_test(tc, test_vectors);
	tcase_add_test(tc, test_cut_and_changed);
	tcase_add_test(tc, test_poll_and_final);
	tcase_add_test(tc, test_cref);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
