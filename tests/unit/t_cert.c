/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* libs: -lgnutls */
/* A trunk's certificates: bundles cut anywhere, and the warning of the end. */
#include "sip/cert.c"

#include <check.h>
#include <stdlib.h>

#include "tests/suite.h"

static size_t append(uint8_t *to, size_t at, const char *text)
{
	uint32_t n = (uint32_t)strlen(text);

	memcpy(to + at, &n, sizeof(n));
	memcpy(to + at + sizeof(n), text, n);
	return at + sizeof(n) + n;
}

static bool part_is(const gnutls_datum_t *part, const char *text)
{
	return part->size == strlen(text) &&
	       memcmp(part->data, text, part->size) == 0;
}

static size_t bundle(uint8_t *to)
{
	size_t len = append(to, 0, "own");

	len = append(to, len, "");
	len = append(to, len, "authorities");
	return append(to, len, "more");
}

START_TEST(test_split)
{
	gnutls_datum_t part[CERT_PARTS];
	uint8_t octets[64] = {0};
	size_t len = bundle(octets);

	ck_assert(cert_split(octets, len, part));
	ck_assert(part_is(&part[CERT_OWN], "own"));
	ck_assert(part_is(&part[CERT_KEY], ""));
	ck_assert(part_is(&part[CERT_CAS], "authorities"));
	ck_assert(part_is(&part[CERT_MORE], "more"));
}
END_TEST

/* In memory of exactly that size, so that a sanitizer sees a read behind. */
START_TEST(test_split_cut)
{
	gnutls_datum_t part[CERT_PARTS];
	uint8_t octets[64] = {0};
	size_t len = bundle(octets);

	for (size_t n = 0; n <= len + 1; n++) {
		uint8_t *copy = malloc(n + 1);

		memcpy(copy, octets, n);
		ck_assert_int_eq(cert_split(copy, n, part), n == len);
		free(copy);
	}
}
END_TEST

START_TEST(test_split_long_part)
{
	gnutls_datum_t part[CERT_PARTS];
	uint8_t octets[64] = {0};
	size_t len = bundle(octets);
	uint32_t n = UINT32_MAX;

	memcpy(octets, &n, sizeof(n));
	ck_assert(!cert_split(octets, len, part));
}
END_TEST

START_TEST(test_end)
{
	static const struct {
		int64_t left;
		enum cert_end end;
	} rows[] = {
		{ 31 * DAY_S, CERT_END_FAR },  { 30 * DAY_S + 1, CERT_END_FAR },
		{ 30 * DAY_S, CERT_END_NEAR }, { 7 * DAY_S + 1, CERT_END_NEAR },
		{ 7 * DAY_S, CERT_END_URGENT }, { 0, CERT_END_URGENT },
		{ -1, CERT_END_PAST },	       { -90 * DAY_S, CERT_END_PAST },
	};
	int64_t now = 1700000000;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_int_eq(cert_end(now + rows[i].left, now),
				 rows[i].end);
	ck_assert_int_eq(cert_end(0, now), CERT_END_FAR);
}
END_TEST

START_TEST(test_date)
{
	char text[CERT_DATE_MAX];

	ck_assert_str_eq(cert_date(951782400, text), "2000-02-29");
	ck_assert_str_eq(cert_date(INT64_C(4102444799), text), "2099-12-31");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cert");
	TCase *tc = tcase_create("cert");

	tcase_add_test(tc, test_split);
	tcase_add_test(tc, test_split_cut);
	tcase_add_test(tc, test_split_long_part);
	tcase_add_test(tc, test_end);
	tcase_add_test(tc, test_date);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
