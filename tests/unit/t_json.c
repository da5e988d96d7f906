/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* libs: -ljansson */
/* The JSON writer; jansson, which is not ours, judges what it wrote. */
#include "gateway/base/json.c"

#include <check.h>
#include <jansson.h>

#include "tests/unit/rnd.h"
#include "tests/suite.h"

static struct rnd rnd;
static struct json j;
static char buf[4096];

START_TEST(test_whole)
{
	json_init(&j, buf, sizeof(buf));
	json_obj(&j, NULL);
	json_str(&j, "name", "carrier");
	json_arr(&j, "slots");
	json_int(&j, NULL, 3);
	json_int(&j, NULL, -4);
	json_obj(&j, NULL);
	json_close(&j);
	json_arr(&j, NULL);
	json_close(&j);
	json_close(&j);
	json_bool(&j, "up", true);
	json_bool(&j, "down", false);
	json_nil(&j, "none");
	json_num(&j, "mos", 4.256, 2);
	json_raw(&j, "raw", "{\"a\":[1,2]}");
	json_str(&j, "null", NULL);
	json_close(&j);
	ck_assert_int_eq(json_end(&j), (int)strlen(buf));
	ck_assert_str_eq(buf, "{\"name\":\"carrier\",\"slots\":[3,-4,{},[]],"
			      "\"up\":true,\"down\":false,\"none\":null,"
			      "\"mos\":4.26,\"raw\":{\"a\":[1,2]},"
			      "\"null\":null}");
}
END_TEST

START_TEST(test_numbers)
{
	json_init(&j, buf, sizeof(buf));
	json_arr(&j, NULL);
	json_int(&j, NULL, INT64_MIN);
	json_int(&j, NULL, INT64_MAX);
	json_num(&j, NULL, NAN, 1);
	json_num(&j, NULL, -INFINITY, 1);
	json_num(&j, NULL, 1.5, -3);
	json_num(&j, NULL, -0.25, 1000);
	json_close(&j);
	ck_assert_int_gt(json_end(&j), 0);
	ck_assert_str_eq(buf, "[-9223372036854775808,9223372036854775807,"
			      "null,null,2,-0.25000000000000000]");
	json_init(&j, buf, sizeof(buf));
	json_num(&j, NULL, 1.7976931348623157e308, 17);
	ck_assert_int_eq(json_end(&j), 309 + 18);
}
END_TEST

START_TEST(test_escapes)
{
	static const char *const cases[][2] = {
		{"", "\"\""},
		{"\"\\/", "\"\\\"\\\\/\""},
		{"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
		{"\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\""},
		{"\xc2\x9b", "\"\\u009b\""},
		{"\xc3\xbc\xe2\x82\xac", "\"\xc3\xbc\xe2\x82\xac\""},
		{"a\xff"
		 "b",
		 "\"a\xef\xbf\xbd"
		 "b\""},
		{"\xc3", "\"\xef\xbf\xbd\""},
		{"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_init(&j, buf, sizeof(buf));
		json_str(&j, NULL, cases[i][0]);
		ck_assert_int_eq(json_end(&j), (int)strlen(cases[i][1]));
		ck_assert_str_eq(buf, cases[i][1]);
	}
	json_init(&j, buf, sizeof(buf));
	json_obj(&j, NULL);
	json_int(&j, "a\"\n", 1);
	json_close(&j);
	ck_assert_int_gt(json_end(&j), 0);
	ck_assert_str_eq(buf, "{\"a\\\"\\n\":1}");
}
END_TEST

static void write_sample(char *to, size_t size)
{
	json_init(&j, to, size);
	json_obj(&j, NULL);
	json_str(&j, "k", "va\nl\xffue");
	json_arr(&j, "a");
	json_num(&j, NULL, 1.25, 3);
	json_close(&j);
	json_close(&j);
}

START_TEST(test_every_size)
{
	char small[64];
	size_t size, whole;
	int n;

	write_sample(buf, sizeof(buf));
	whole = (size_t)json_end(&j);
	for (size = 0; size < sizeof(small); size++) {
		memset(small, 'Z', sizeof(small));
		write_sample(small, size);
		n = json_end(&j);
		if (size > whole) {
			ck_assert_int_eq(n, (int)whole);
			ck_assert_str_eq(small, buf);
		} else {
			ck_assert_int_eq(n, -ENOSPC);
			/* Half a value is not handed on. */
			ck_assert(size == 0 || small[0] == '\0');
		}
		ck_assert_int_eq(small[size], 'Z');
	}
}
END_TEST

START_TEST(test_depth_and_balance)
{
	int i;

	json_init(&j, buf, sizeof(buf));
	for (i = 0; i < JSON_DEPTH; i++) {
		json_arr(&j, NULL);
	}
	for (i = 0; i < JSON_DEPTH; i++) {
		json_close(&j);
	}
	ck_assert_int_eq(json_end(&j), 2 * JSON_DEPTH);
	json_init(&j, buf, sizeof(buf));
	for (i = 0; i < JSON_DEPTH + 3; i++) {
		json_obj(&j, i == 0 ? NULL : "k");
		json_int(&j, "n", i);
	}
	for (i = 0; i < JSON_DEPTH + 3; i++) {
		json_close(&j);
	}
	ck_assert_int_eq(json_end(&j), -ENOSPC);
	json_init(&j, buf, sizeof(buf));
	json_obj(&j, NULL);
	ck_assert_int_eq(json_end(&j), -EINVAL);
	json_init(&j, buf, sizeof(buf));
	json_arr(&j, NULL);
	json_close(&j);
	json_close(&j);
	ck_assert_int_eq(json_end(&j), 2);
}
END_TEST

/* Text with each ill-formed octet replaced, as the writer promises. */
static void replace(const char *text, char *out)
{
	size_t left = strlen(text);
	unsigned n;

	while (left > 0) {
		n = str_utf8(text, left);
		if (n == 0) {
			memcpy(out, "\xef\xbf\xbd", 3);
			out += 3;
			n = 1;
		} else {
			memcpy(out, text, n);
			out += n;
		}
		text += n;
		left -= n;
	}
	*out = '\0';
}

START_TEST(test_random_strings_by_jansson)
{
	char text[200], want[600];
	json_error_t error;
	json_t *root;
	size_t len, i;
	int round, n;

	for (round = 0; round < 20000; round++) {
		len = rnd_below(&rnd, sizeof(text));
		for (i = 0; i < len; i++) {
			text[i] = (char)(rnd_below(&rnd, 2) == 0
						 ? 1 + rnd_below(&rnd, 255)
						 : 0xbc + rnd_below(&rnd, 8));
		}
		text[len] = '\0';
		json_init(&j, buf, sizeof(buf));
		json_obj(&j, NULL);
		json_str(&j, "text", text);
		json_int(&j, "len", (int64_t)len);
		json_close(&j);
		n = json_end(&j);
		ck_assert_int_gt(n, 0);
		root = json_loadb(buf, (size_t)n, JSON_REJECT_DUPLICATES,
				  &error);
		ck_assert_msg(root != NULL, "%s: %s", error.text, buf);
		replace(text, want);
		ck_assert_str_eq(
			json_string_value(json_object_get(root, "text")), want);
		ck_assert_int_eq(
			json_integer_value(json_object_get(root, "len")),
			(json_int_t)len);
		json_decref(root);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("json");
	TCase *tc = tcase_create("json");

	rnd_init(&rnd, "t_json");
	tcase_add_test(tc, test_whole);
	tcase_add_test(tc, test_numbers);
	tcase_add_test(tc, test_escapes);
	tcase_add_test(tc, test_every_size);
	tcase_add_test(tc, test_depth_and_balance);
	tcase_add_test(tc, test_random_strings_by_jansson);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
