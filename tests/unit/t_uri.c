/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
#include "../../sip/uri.c"
#include "tests/suite.h"

#include <check.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

START_TEST(numbers_read)
{
	static const struct {
		const char *uri;
		int err;
		unsigned type, plan;
		const char *digits;
	} rows[] = {
		{"sip:+12125550100@gw;user=phone", 0, CC_TON_INTERNATIONAL,
		 CC_PLAN_E164, "12125550100"},
		{"sip:+12125550100@gw", 0, CC_TON_INTERNATIONAL, CC_PLAN_E164,
		 "12125550100"},
		{"tel:+49-711-123456", 0, CC_TON_INTERNATIONAL, CC_PLAN_E164,
		 "49711123456"},
		{"TEL:+49(711)12.34-56;isub=12345", 0, CC_TON_INTERNATIONAL,
		 CC_PLAN_E164, "49711123456"},
		{"sip:0711123456@gw:5070;transport=udp", 0, CC_TON_UNKNOWN,
		 CC_PLAN_E164, "0711123456"},
		{"sip:7042;phone-context=example.com@gw;user=phone", 0,
		 CC_TON_UNKNOWN, CC_PLAN_PRIVATE, "7042"},
		{"sip:123456;phone-context=+49711@gw;user=phone", 0,
		 CC_TON_INTERNATIONAL, CC_PLAN_E164, "49711123456"},
		{"tel:7042;phone-context=+1-212-555", 0, CC_TON_INTERNATIONAL,
		 CC_PLAN_E164, "12125557042"},
		{"sip:+4971;npdi;rn=+491;phone-context=x@gw", 0,
		 CC_TON_INTERNATIONAL, CC_PLAN_E164, "4971"},
		{"sip:%2b4971%31@gw", 0, CC_TON_INTERNATIONAL, CC_PLAN_E164,
		 "49711"},
		{"sip:*31%23@gw", 0, CC_TON_UNKNOWN, CC_PLAN_E164, "*31#"},
		{"sip:112:secret@[2001:db8::1]:5070", 0, CC_TON_UNKNOWN,
		 CC_PLAN_E164, "112"},
		{"sips:112@gw", 0, CC_TON_UNKNOWN, CC_PLAN_E164, "112"},
		{"sip:alice@gw", -EINVAL, 0, 0, ""},
		{"sip:12a4@gw", -EINVAL, 0, 0, ""},
		{"sip:+@gw", -EINVAL, 0, 0, ""},
		{"sip:gw.example.net", -ENODATA, 0, 0, ""},
		{"sip:@gw", -ENODATA, 0, 0, ""},
		{"tel:", -ENODATA, 0, 0, ""},
		{"mailto:a@b", -ENOTSUP, 0, 0, ""},
		{"urn:service:sos", -ENOTSUP, 0, 0, ""},
		{"sip:1234567890123456789012345678901234567890@gw", -ERANGE, 0,
		 0, ""},
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		struct cc_number n = {0};
		struct sip_uri u;
		int err;

		ck_assert_msg(sip_uri_parse(&u, rows[i].uri) == 0, "%s",
			      rows[i].uri);
		err = sip_uri_number(&u, &n);
		ck_assert_msg(err == rows[i].err, "%s: %d", rows[i].uri, err);
		if (err)
			continue;
		ck_assert_str_eq(n.digits, rows[i].digits);
		ck_assert_uint_eq(n.type, rows[i].type);
		ck_assert_uint_eq(n.plan, rows[i].plan);
		ck_assert_uint_eq(n.valid, 1);
		ck_assert_uint_eq(n.screening, CC_SCREEN_NONE);
	}
}
END_TEST

START_TEST(parts)
{
	struct sip_uri u;

	ck_assert_int_eq(sip_uri_parse(&u, "sip:u;x=1:p@[2001:db8::1]:5070;"
					   "transport=tcp?Subject=a%20b"),
			 0);
	ck_assert_str_eq(u.user, "u");
	ck_assert_str_eq(u.host, "2001:db8::1");
	ck_assert_uint_eq(u.port, 5070);
	ck_assert_int_eq(sip_uri_parse(&u, "SIPS:host.example;lr"), 0);
	ck_assert_int_eq(u.scheme, SIP_SCHEME_SIPS);
	ck_assert_str_eq(u.host, "host.example");
	ck_assert_uint_eq(u.port, 0);
}
END_TEST

START_TEST(malformed)
{
	static const char *const texts[] = {
		"",	      "sip",	       "sip:",
		":x",	      "sip:a@",	       "sip:a@h:",
		"sip:a@h:x",  "sip:a@h:65536", "sip:a@h:05060",
		"sip:a@[::1", "sip:a@[]",      "sip:a@[::1]x",
		"sip:%0@h",   "sip:%zz@h",     "sip:%00@h",
		"sip:a%@h",
	};
	char big[600];
	struct sip_uri u;
	size_t i;

	for (i = 0; i < LEN(texts); i++) {
		int err = sip_uri_parse(&u, texts[i]);

		ck_assert_msg(err == -EBADMSG, "%s: %d", texts[i], err);
	}
	memset(big, '1', sizeof(big) - 1);
	memcpy(big, "sip:", 4);
	big[sizeof(big) - 1] = '\0';
	ck_assert_int_eq(sip_uri_parse(&u, big), -E2BIG);
	memcpy(big + 300, "@h", 3);
	ck_assert_int_eq(sip_uri_parse(&u, big), -E2BIG);
}
END_TEST

START_TEST(numbers_written)
{
	struct cc_number n = {.valid = 1, .type = CC_TON_INTERNATIONAL};
	char buf[SIP_URI_MAX];

	strcpy(n.digits, "49711");
	ck_assert_int_gt(sip_uri_write(buf, sizeof(buf), &n, "gw:5070"), 0);
	ck_assert_str_eq(buf, "sip:+49711@gw:5070;user=phone");
	n.type = CC_TON_UNKNOWN;
	strcpy(n.digits, "*31#0");
	sip_uri_write(buf, sizeof(buf), &n, "[2001:db8::1]");
	ck_assert_str_eq(buf, "sip:*31%230@[2001:db8::1]");
	n.digits[0] = '\0';
	sip_uri_write(buf, sizeof(buf), &n, "gw");
	ck_assert_str_eq(buf, "sip:gw");
	ck_assert_int_eq(sip_uri_write(buf, 6, &n, "gw"), -E2BIG);
	memset(n.digits, '#', CC_DIGITS_MAX - 1); /* the longest of all */
	ck_assert_int_gt(sip_uri_write(buf, sizeof(buf), &n, "gw"), 100);
}
END_TEST

START_TEST(name_addrs)
{
	static const struct {
		const char *text, *name, *uri, *params, *rest;
	} rows[] = {
		{"<sip:a@b>", "", "sip:a@b", "", ""},
		{"sip:a@b;tag=x", "", "sip:a@b", ";tag=x", ""},
		{"\"A \\\"B\\\" C, D\" <sip:a@b;x=1>;tag=\"q,;\" , <tel:1>",
		 "A \"B\" C, D", "sip:a@b;x=1", ";tag=\"q,;\" ", " <tel:1>"},
		{"Bob Smith <sip:a@b>", "Bob Smith", "sip:a@b", "", ""},
		{" tel:+1-2 , <sip:x>", "", "tel:+1-2", "", " <sip:x>"},
		{"\"\"<sip:a@b>\t;x", "", "sip:a@b", ";x", ""},
	};
	static const char *const bad[] = {
		"",
		"\"open <sip:a@b>",
		"\"a\" sip:a@b",
		"<sip:a@b",
		"<>",
		"<sip:a> x",
		";x",
		"<sip:a>;x=\"open",
		",",
	};
	struct sip_name_addr a;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		const char *rest = sip_name_addr_parse(&a, rows[i].text);

		ck_assert_ptr_nonnull(rest);
		ck_assert_str_eq(a.name, rows[i].name);
		ck_assert_str_eq(a.uri, rows[i].uri);
		ck_assert_str_eq(a.params, rows[i].params);
		ck_assert_str_eq(rest, rows[i].rest);
	}
	for (i = 0; i < LEN(bad); i++)
		ck_assert_msg(!sip_name_addr_parse(&a, bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(params)
{
	const char *p = ";a=1 ; B=\"x;c=3 \\\" \";flag;d = 4";
	char buf[16];

	ck_assert(sip_param(p, "a", buf, sizeof(buf)));
	ck_assert_str_eq(buf, "1");
	ck_assert(sip_param(p, "b", buf, sizeof(buf)));
	ck_assert_str_eq(buf, "x;c=3 \\\" ");
	ck_assert(!sip_param(p, "c", buf, sizeof(buf)));
	ck_assert(sip_param(p, "flag", buf, sizeof(buf)));
	ck_assert_str_eq(buf, "");
	ck_assert(sip_param(p, "d", buf, sizeof(buf)));
	ck_assert_str_eq(buf, "4");
	ck_assert(!sip_param(p, "b", buf, 4));
	ck_assert(!sip_param("", "a", buf, 4));
	ck_assert(!sip_param(";", "", buf, 0));
}
END_TEST

START_TEST(quoting)
{
	struct sip_name_addr a;
	char buf[64], text[96];

	ck_assert_int_gt(sip_quote(buf, sizeof(buf), "A \"B\" \\ \r\nC"), 0);
	ck_assert_str_eq(buf, "\"A \\\"B\\\" \\\\ C\"");
	snprintf(text, sizeof(text), "%s <sip:a@b>", buf);
	ck_assert_ptr_nonnull(sip_name_addr_parse(&a, text));
	ck_assert_str_eq(a.name, "A \"B\" \\ C");
	ck_assert_int_eq(sip_quote(buf, 8, "1234567"), -E2BIG);
	ck_assert_int_eq(sip_quote(buf, 2, ""), -E2BIG);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("uri");
	TCase *t = tcase_create("all");

	tcase_add_test(t, numbers_read);
	tcase_add_test(t, parts);
	tcase_add_test(t, malformed);
	tcase_add_test(t, numbers_written);
	tcase_add_test(t, name_addrs);
	tcase_add_test(t, params);
	tcase_add_test(t, quoting);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
