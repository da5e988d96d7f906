/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* Strings: cutting, numbers, patterns against a plain recursive matcher. */
#include "gateway/base/str.c"
#include "gateway/base/str_pattern.c"

#include <check.h>

#include "tests/unit/rnd.h"
#include "tests/suite.h"

static struct rnd rnd;

START_TEST(test_copy)
{
	char d[4];

	ck_assert(str_copy(d, sizeof(d), "abc"));
	ck_assert_str_eq(d, "abc");
	ck_assert(!str_copy(d, sizeof(d), "abcd"));
	ck_assert_str_eq(d, "abc");
	ck_assert(str_copy(d, sizeof(d), ""));
	ck_assert_str_eq(d, "");
	ck_assert(str_copy_n(d, sizeof(d), "xyz", 2));
	ck_assert_str_eq(d, "xy");
	ck_assert(!str_copy_n(d, sizeof(d), "a\0b", 3));
	ck_assert_str_eq(d, "a");
	ck_assert(!str_copy_n(d, sizeof(d), "vwxyz", 5));
	ck_assert_str_eq(d, "vwx");
	ck_assert(!str_copy(d, 0, "a"));
	ck_assert_str_eq(d, "vwx");
	ck_assert(!str_copy(d, 1, "a"));
	ck_assert_str_eq(d, "");
}
END_TEST

START_TEST(test_to_u32)
{
	static const struct {
		const char *text;
		uint32_t max;
		int err;
		uint32_t want;
	} cases[] = {
		{"0", 0, 0, 0},
		{"1", 0, -ERANGE, 0},
		{"65535", 65535, 0, 65535},
		{"65536", 65535, -ERANGE, 0},
		{"4294967295", UINT32_MAX, 0, UINT32_MAX},
		{"4294967296", UINT32_MAX, -ERANGE, 0},
		{"18446744073709551617", UINT32_MAX, -ERANGE, 0},
		{"99999999999999999999999999999999", 9, -ERANGE, 0},
		{"", 9, -EINVAL, 0},
		{"00", 9, -EINVAL, 0},
		{"01", 9, -EINVAL, 0},
		{"+1", 9, -EINVAL, 0},
		{"-1", 9, -EINVAL, 0},
		{" 1", 9, -EINVAL, 0},
		{"1 ", 9, -EINVAL, 0},
		{"1x", 9, -EINVAL, 0},
		{"0x1", 9, -EINVAL, 0},
		{"99999999999999999999x", 9, -EINVAL, 0},
	};
	uint32_t out;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		out = 77;
		ck_assert_int_eq(str_to_u32(cases[i].text, cases[i].max, &out),
				 cases[i].err);
		ck_assert_uint_eq(out, cases[i].err < 0 ? 77 : cases[i].want);
	}
}
END_TEST

/* Writes c as UTF-8 without asking whether it may be. */
static unsigned encode(uint32_t c, unsigned n, char out[4])
{
	static const unsigned char mark[] = {0, 0, 0xc0, 0xe0, 0xf0};
	unsigned i;

	for (i = n; i > 1; i--) {
		out[i - 1] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	out[0] = (char)(n == 1 ? c : mark[n] | c);
	return n;
}

START_TEST(test_utf8_all_characters)
{
	uint32_t c, top;
	unsigned n, want, wrong = 0;
	char text[4];

	for (c = 0; c < 0x200000; c++) {
		want = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		/* Every length that can hold it; only the shortest is right. */
		for (n = 1; n <= 4; n++) {
			top = n == 1 ? 0x80 : 1u << (5 * n + 1);
			if (c >= top) {
				continue;
			}
			encode(c, n, text);
			if (n == want && (c < 0xd800 || c > 0xdfff) &&
			    c <= 0x10ffff) {
				wrong += str_utf8(text, n) != n;
				wrong += str_utf8(text, n - 1) != 0;
			} else {
				wrong += str_utf8(text, n) != 0;
			}
		}
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(test_utf8_bad_octets)
{
	ck_assert_uint_eq(str_utf8("", 0), 0);
	ck_assert_uint_eq(str_utf8("\x80", 1), 0);
	ck_assert_uint_eq(str_utf8("\xbf\x80", 2), 0);
	ck_assert_uint_eq(str_utf8("\xfe", 1), 0);
	ck_assert_uint_eq(str_utf8("\xff\x80\x80\x80", 4), 0);
	ck_assert_uint_eq(str_utf8("\xf8\x88\x80\x80", 4), 0);
	ck_assert_uint_eq(str_utf8("\xc3\x41", 2), 0);
	ck_assert_uint_eq(str_utf8("\xc3\xc3", 2), 0);
	ck_assert_uint_eq(str_utf8("\xe2\x82\x41", 3), 0);
}
END_TEST

START_TEST(test_patterns)
{
	static const struct {
		const char *pattern, *number;
		bool want;
	} cases[] = {
		{"*", "", true},
		{"*", "anything", true},
		{"110", "110", true},
		{"110", "1100", false},
		{"110", "11", false},
		{"0*", "0", true},
		{"0*", "0711", true},
		{"0*", "711", false},
		{"+49*", "+4971112345", true},
		{"+49*", "4971112345", false},
		{"*45", "12345", true},
		{"*45", "123454", false},
		{"*45*", "123454", true},
		{"1*2*3", "1223", true},
		{"1*2*3", "1232", false},
		{"1*2*3", "13", false},
		{"**", "", true},
		{"???", "123", true},
		{"???", "12#", false},
		{"XX?", "789", true},
		{"N", "1", false},
		{"N", "2", true},
		{"N", "9", true},
		{"Z", "0", false},
		{"Z", "1", true},
		{"[3-5]0", "40", true},
		{"[3-5]0", "60", false},
		{"[135]", "3", true},
		{"[135]", "2", false},
		{"[1-35]", "5", true},
		{"[1-35]", "4", false},
		{"[*#]1", "*1", true},
		{"\\*21#*", "*21#0711", true},
		{"\\*21#*", "021#0711", false},
		{"*\\*", "12*", true},
		{"*\\*", "12", false},
		{"#31#", "#31#", true},
		{"*?", "", false},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(str_pattern_ok(cases[i].pattern), "%s",
			      cases[i].pattern);
		ck_assert_msg(
			str_pattern_match(cases[i].pattern, cases[i].number) ==
				cases[i].want,
			"%s on %s", cases[i].pattern, cases[i].number);
	}
}
END_TEST

START_TEST(test_bad_patterns)
{
	static const char *const bad[] = {
		"",	"[",	"[]",	 "[1",	  "[1-",     "[1-]", "[5-3]",
		"[-3]", "[a]",	"[1-#]", "]",	  "\\",	     "\\1",  "12\\",
		"a",	"1 2",	"x",	 "n",	  "1-2",     "(0)",  "1\n",
		"*[",	"\xff", "[1\\]", "[[1]]", "[1-3-5]",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!str_pattern_ok(bad[i]), "%s", bad[i]);
		str_pattern_match(bad[i], "123");
		str_pattern_match(bad[i], "");
	}
}
END_TEST

/* The plain definition, for patterns of the alphabet of the test below. */
static bool plain_match(const char *p, const char *s)
{
	if (*p == '\0') {
		return *s == '\0';
	}
	if (*p == '*') {
		return plain_match(p + 1, s) ||
		       (*s != '\0' && plain_match(p, s + 1));
	}
	if (*p == '\\') {
		return *s == '*' && plain_match(p + 2, s + 1);
	}
	if (*p == '[') {
		return (*s == '0' || *s == '1') && plain_match(p + 5, s + 1);
	}
	if (*p == '?') {
		return *s >= '0' && *s <= '9' && plain_match(p + 1, s + 1);
	}
	return *s == *p && plain_match(p + 1, s + 1);
}

START_TEST(test_patterns_against_the_plain_matcher)
{
	static const char *const parts[] = {"*", "0",	  "1",	 "2",
					    "?", "[0-1]", "\\*", "*"};
	static const char digits[] = "012*";
	unsigned matched = 0, i, n;
	char pattern[64], number[16];
	int round;

	for (round = 0; round < 200000; round++) {
		pattern[0] = '\0';
		for (n = 1 + rnd_below(&rnd, 7); n > 0; n--) {
			strcat(pattern, parts[rnd_below(&rnd, 8)]);
		}
		n = rnd_below(&rnd, 9);
		for (i = 0; i < n; i++) {
			number[i] = digits[rnd_below(&rnd, 4)];
		}
		number[n] = '\0';
		if (!str_pattern_ok(pattern) ||
		    str_pattern_match(pattern, number) !=
			    plain_match(pattern, number)) {
			ck_abort_msg("%s on %s", pattern, number);
		}
		matched += plain_match(pattern, number);
	}
	ck_assert_uint_gt(matched, 1000);
}
END_TEST

START_TEST(test_patterns_that_meet)
{
	static const struct {
		const char *a, *b;
		bool want;
	} cases[] = {
		{"49711*", "497*", true},     {"49711*", "497*9", true},
		{"4971?1", "49711*", true},   {"4971?1", "49712*", true},
		{"4971?1", "497112*", false}, {"*1", "*2", false},
		{"*1", "2*", true},	      {"[1-3]", "[3-5]", true},
		{"[1-3]", "[4-5]", false},    {"N", "Z", true},
		{"N", "[01]", false},	      {"?", "#", false},
		{"\\*", "*", true},	      {"\\*", "?", false},
		{"+49*", "49*", false},	      {"12", "12", true},
		{"12", "123", false},	      {"*", "**", true},
		{"1*2", "1", false},	      {"1**", "1", true},
		{"[", "*", false},	      {"a", "a", false},
	};
	char many[2 * STR_PATTERN_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *a = cases[i].a, *b = cases[i].b;

		ck_assert_msg(str_patterns_meet(a, b) == cases[i].want,
			      "%s, %s", a, b);
		ck_assert_msg(str_patterns_meet(b, a) == cases[i].want,
			      "%s, %s", b, a);
	}
	memset(many, '1', sizeof(many) - 1);
	many[STR_PATTERN_MAX] = '\0';
	ck_assert(str_patterns_meet(many, "*"));
	many[STR_PATTERN_MAX] = '1';
	many[STR_PATTERN_MAX + 1] = '\0';
	ck_assert(!str_patterns_meet(many, "*"));
}
END_TEST

/* Patterns that match the same number meet. */
START_TEST(test_patterns_that_match_meet)
{
	static const char *const parts[] = {"*", "0",	  "1",	 "2",
					    "?", "[0-1]", "\\*", "*"};
	static const char digits[] = "012*";
	unsigned both = 0, apart = 0;

	for (unsigned round = 0; round < 200000; round++) {
		char p[2][64] = {"", ""}, number[16];
		unsigned i, n = rnd_below(&rnd, 6);

		for (i = 0; i < n; i++) {
			number[i] = digits[rnd_below(&rnd, 4)];
		}
		number[n] = '\0';
		for (i = 0; i < 2; i++) {
			for (n = 1 + rnd_below(&rnd, 5); n > 0; n--) {
				strcat(p[i], parts[rnd_below(&rnd, 8)]);
			}
		}
		apart += !str_patterns_meet(p[0], p[1]);
		if (plain_match(p[0], number) && plain_match(p[1], number)) {
			both++;
			ck_assert_msg(str_patterns_meet(p[0], p[1]),
				      "%s, %s, %s", p[0], p[1], number);
		}
	}
	ck_assert_uint_gt(both, 1000);
	ck_assert_uint_gt(apart, 1000);
}
END_TEST

/* Many runs must not cost exponential time. */
START_TEST(test_pattern_cost)
{
	char pattern[129], number[4001];
	int i;

	for (i = 0; i < 64; i++) {
		memcpy(pattern + 2 * i, "*1", 2);
	}
	pattern[127] = '2';
	pattern[128] = '\0';
	memset(number, '1', sizeof(number) - 1);
	number[sizeof(number) - 1] = '\0';
	ck_assert(!str_pattern_match(pattern, number));
}
END_TEST

static unsigned plain_distance(const char *a, const char *b)
{
	unsigned x, y, z;

	if (*a == '\0' || *b == '\0') {
		return (unsigned)(strlen(a) + strlen(b));
	}
	x = plain_distance(a + 1, b + 1) + (*a != *b);
	y = plain_distance(a + 1, b) + 1;
	z = plain_distance(a, b + 1) + 1;
	x = y < x ? y : x;
	return z < x ? z : x;
}

START_TEST(test_distance)
{
	char a[8], b[8];
	unsigned i, n, m;
	int round;

	ck_assert_uint_eq(str_distance("", ""), 0);
	ck_assert_uint_eq(str_distance("driver", "drivre"), 2);
	ck_assert_uint_eq(str_distance("kitten", "sitting"), 3);
	ck_assert_uint_eq(str_distance("12345678901234567890123456789012",
				       "2345678901234567890123456789012"),
			  1);
	ck_assert_uint_eq(
		str_distance("123456789012345678901234567890123", "1"), 33);
	for (round = 0; round < 1000; round++) {
		n = rnd_below(&rnd, 7);
		m = rnd_below(&rnd, 7);
		for (i = 0; i < 7; i++) {
			a[i] = (char)('a' + rnd_below(&rnd, 3));
			b[i] = (char)('a' + rnd_below(&rnd, 3));
		}
		a[n] = '\0';
		b[m] = '\0';
		ck_assert_uint_eq(str_distance(a, b), plain_distance(a, b));
	}
}
END_TEST

START_TEST(test_hex)
{
	static const char *const none[] = {"", "4", "g0", "0g", "%41", " 4",
					   "-1", "0x", "4\x80"};
	char text[3];

	for (int i = 0; i < 256; i++) {
		snprintf(text, sizeof(text), i & 1 ? "%02X" : "%02x", i);
		ck_assert_int_eq(str_hex_octet(text), i);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_int_eq(str_hex_octet(none[i]), -1);
	for (int c = -128; c < 128; c++)
		ck_assert_int_eq(str_hex((char)c) >= 0,
				 c > 0 && strchr("0123456789abcdefABCDEF", c));
}
END_TEST

START_TEST(test_token)
{
	unsigned seen[256] = {0}, i, kinds = 0;
	char t[3601], one[2] = "x";

	str_token(t, sizeof(t));
	ck_assert_uint_eq(strlen(t), 3600);
	for (i = 0; i < 3600; i++) {
		seen[(unsigned char)t[i]]++;
	}
	for (i = 0; i < 256; i++) {
		if (seen[i] == 0) {
			continue;
		}
		kinds++;
		ck_assert((i >= '0' && i <= '9') || (i >= 'a' && i <= 'z'));
		/* 100 are expected, standard deviation 10. */
		ck_assert(seen[i] > 30 && seen[i] < 200);
	}
	ck_assert_uint_eq(kinds, 36);
	str_token(one, 1);
	ck_assert_str_eq(one, "");
	one[0] = 'x';
	str_token(one, 0);
	ck_assert_int_eq(one[0], 'x');
}
END_TEST

int main(void)
{
	Suite *s = suite_create("str");
	TCase *tc = tcase_create("str");

	rnd_init(&rnd, "t_str");
	tcase_add_test(tc, test_copy);
	tcase_add_test(tc, test_to_u32);
	tcase_add_test(tc, test_utf8_all_characters);
	tcase_add_test(tc, test_utf8_bad_octets);
	tcase_add_test(tc, test_patterns);
	tcase_add_test(tc, test_bad_patterns);
	tcase_add_test(tc, test_patterns_against_the_plain_matcher);
	tcase_add_test(tc, test_patterns_that_meet);
	tcase_add_test(tc, test_patterns_that_match_meet);
	tcase_add_test(tc, test_pattern_cost);
	tcase_add_test(tc, test_distance);
	tcase_add_test(tc, test_token);
	tcase_add_test(tc, test_hex);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
