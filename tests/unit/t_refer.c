/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
#include "sip/refer.c"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

START_TEST(replaces)
{
	static const struct {
		const char *text;
		int err;
		bool early;
	} rows[] = {
		{"a@b;to-tag=1;from-tag=2", 0, false},
		{"  a@b ; from-tag=2 ;to-tag=1; early-only", 0, true},
		{"a@b;to-tag=1;from-tag=2;early-only=x", 0, true},
		{"a@b;to-tag=1", -EBADMSG, false},
		{"a@b;from-tag=1", -EBADMSG, false},
		{"a@b;to-tag=;from-tag=2", -EBADMSG, false},
		{"", -EBADMSG, false},
		{";to-tag=1;from-tag=2", -EBADMSG, false},
	};
	char text[SIP_CALL_ID_MAX + 64];
	struct sip_replaces r;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(sip_replaces_parse(&r, rows[i].text),
				 rows[i].err);
		if (rows[i].err)
			continue;
		ck_assert_str_eq(r.call_id, "a@b");
		ck_assert_str_eq(r.to_tag, "1");
		ck_assert_str_eq(r.from_tag, "2");
		ck_assert_int_eq(r.early_only, rows[i].early);
	}
	memset(text, 'a', sizeof(text));
	strcpy(text + SIP_CALL_ID_MAX, ";to-tag=1;from-tag=2");
	ck_assert_int_eq(sip_replaces_parse(&r, text), -E2BIG);
}
END_TEST

START_TEST(refer_to)
{
	static const struct {
		const char *text;
		int err;
		const char *uri, *replaces;
	} rows[] = {
		{"<sip:1@h>", 0, "sip:1@h", ""},
		{"sip:1@h", 0, "sip:1@h", ""},
		{"\"x\" <tel:+49711>", 0, "tel:+49711", ""},
		{"<sips:1@h;transport=tls;method=INVITE>;x=y", 0,
		 "sips:1@h;transport=tls;method=INVITE", ""},
		{"<sip:1@h?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>", 0,
		 "sip:1@h", "a@b;to-tag=1;from-tag=2"},
		{"<sip:1@h?X=y&rEPLACES=a;to-tag=1;from-tag=2&Z>", 0, "sip:1@h",
		 "a;to-tag=1;from-tag=2"},
		{"<sip:1@h?Require=replaces>", 0, "sip:1@h", ""},
		{"<sip:1@h?Replaces=a>", -EBADMSG, NULL, NULL},
		{"<sip:1@h?Replaces=>", -EBADMSG, NULL, NULL},
		{"<sip:1@h?Replaces=a%3>", -EBADMSG, NULL, NULL},
		{"<sip:1@h?Replaces=a%zz;to-tag=1;from-tag=2>", -EBADMSG, NULL,
		 NULL},
		{"<sip:1@h?Replaces=a%0d%0aB;to-tag=1;from-tag=2>", -EBADMSG,
		 NULL, NULL},
		{"<sip:1@h?Replaces=a%2cb;to-tag=1;from-tag=2>", -EBADMSG, NULL,
		 NULL},
		{"<sip:1@h?Replaces=a;to-tag=1;from-tag=2&Replaces=a;to-tag=1;"
		 "from-tag=2>", -EBADMSG, NULL, NULL},
		{"<sip:1@h>, <sip:2@h>", -EBADMSG, NULL, NULL},
		{"<mailto:a@h>", -ENOTSUP, NULL, NULL},
		{"<sip:1@h;method=BYE>", -ENOTSUP, NULL, NULL},
		{"", -EBADMSG, NULL, NULL},
	};
	struct sip_refer_to r;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = sip_refer_to_parse(&r, rows[i].text);

		if (!*rows[i].text) {
			ck_assert_int_ne(err, 0);
			continue;
		}
		ck_assert_msg(err == rows[i].err, "%s: %d", rows[i].text, err);
		if (err)
			continue;
		ck_assert_str_eq(r.uri, rows[i].uri);
		ck_assert_str_eq(r.replaces, rows[i].replaces);
	}
}
END_TEST

START_TEST(frag)
{
	ck_assert_int_eq(sip_frag_status("SIP/2.0 200 OK\r\n", 16), 200);
	ck_assert_int_eq(sip_frag_status("sip/2.0 486", 11), 486);
	ck_assert_int_eq(sip_frag_status("SIP/2.0 48", 10), 0);
	ck_assert_int_eq(sip_frag_status("SIP/2.0 4x6", 11), 0);
	ck_assert_int_eq(sip_frag_status("SIP/2.0 099", 11), 0);
	ck_assert_int_eq(sip_frag_status("INVITE x SIP/2.0", 16), 0);
	ck_assert_int_eq(sip_frag_status("", 0), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("refer");
	TCase *t = tcase_create("all");

	tcase_add_test(t, replaces);
	tcase_add_test(t, refer_to);
	tcase_add_test(t, frag);
	suite_add_tcase(s, t);
	return suite_run(s, CK_FORK_GETENV);
}
