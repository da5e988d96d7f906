/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core conf base */
/* What a message is before it is parsed. */
#include "sip/peek.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(test_new_invite)
{
	static const struct {
		bool is;
		const char *text;
	} rows[] = {
		{true, "INVITE sip:1@x SIP/2.0\r\nTo: <sip:1@x>\r\n\r\n"},
		{true, "INVITE sip:1@x SIP/2.0\r\nVia: x\r\nt:<sip:1@x>\r\n\r\n"},
		{true, "INVITE sip:1@x SIP/2.0\r\nTO : sip:1@x\r\n\r\n"},
		{false, "INVITE sip:1@x SIP/2.0\r\nTo: <sip:1@x>;tag=a\r\n\r\n"},
		{false, "INVITE sip:1@x SIP/2.0\r\nt: <sip:1@x>;tag=a\r\n\r\n"},
		{true, "INVITE sip:1@x SIP/2.0\r\nTo: <sip:1@x>\r\n"
		       "From: <sip:2@x>;tag=a\r\n\r\n"},
		{false, "INVITE sip:1@x SIP/2.0\r\nFrom: x\r\n\r\nTo: x\r\n"},
		{false, "INVITE sip:1@x SIP/2.0\r\nTo: <sip:1@x>; TAG =a\r\n\r\n"},
		{false, "INVITE sip:1@x SIP/2.0\r\nTo: <sip:1@x>\r\n ;tag=a\r\n\r\n"},
		{false, "INVITE sip:1@x SIP/2.0\r\nTo\t:\r\n\t<sip:1@x>;tag\r\n =a\r\n"
			"\r\n"},
		{true, "INVITE sip:1@x SIP/2.0\r\nTo: <sip:1@x>;tagged=a\r\n\r\n"},
		{true, "INVITE sip:1@x SIP/2.0\r\nSubject: a\r\n To: x;tag=1\r\n"
		       "To: <sip:1@x>\r\n\r\n"},
		{true, "\r\n\r\nINVITE sip:1@x SIP/2.0\r\nTo: <sip:1@x>\r\n\r\n"},
		{false, "\r\n"},
		{false, "INVITE sip:1@x SIP/2.0"},
		{false, "INVITE"},
		{false, "INVITES sip:1@x SIP/2.0\r\nTo: <sip:1@x>\r\n\r\n"},
		{false, "BYE sip:1@x SIP/2.0\r\nTo: <sip:1@x>\r\n\r\n"},
		{false, "SIP/2.0 200 OK\r\nTo: <sip:1@x>\r\n\r\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(peek_is_new_call(rows[i].text,
						strlen(rows[i].text)) ==
				      rows[i].is,
			      "%s", rows[i].text);
	}
}
END_TEST

/* No octet behind len is looked at, wherever it is cut. */
START_TEST(test_cut)
{
	static const char text[] =
		"INVITE sip:1@x SIP/2.0\r\nVia: x\r\nTo: <sip:1@x>;tag=1\r\n";

	for (size_t n = 0; n < sizeof(text); n++) {
		char *copy = malloc(n ? n : 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, text, n);
		(void)peek_is_new_call(copy, n);
		free(copy);
	}
}
END_TEST

START_TEST(test_dials)
{
	static const char numbers[][CONF_NUMBER] = {"112", "110"};
	static const struct {
		bool does;
		const char *text;
	} rows[] = {
		{true, "INVITE sip:112@x SIP/2.0\r\n"},
		{true, "INVITE sip:110;a=b@x SIP/2.0\r\n"},
		{true, "INVITE tel:112 SIP/2.0\r\n"},
		{true, "\r\nINVITE sips:112:secret@x SIP/2.0\r\n"},
		{true, "INVITE sip:112"},
		{false, "INVITE sip:1120@x SIP/2.0\r\n"},
		{false, "INVITE sip:11@x SIP/2.0\r\n"},
		{false, "INVITE sip:x SIP/2.0\r\nTo: sip:112@x\r\n"},
		{false, "INVITE 112"},
		{false, "\r\n"},
		{false, ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(peek_dials(rows[i].text, strlen(rows[i].text),
					 numbers, 2) == rows[i].does,
			      "%s", rows[i].text);
	}
	ck_assert(!peek_dials("INVITE sip:112@x", 16, NULL, 0));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sippeek");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_new_invite);
	tcase_add_test(tc, test_cut);
	tcase_add_test(tc, test_dials);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
