/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
#include "../../sip/divert.c"
#include "../../sip/uui.c"
#include "tests/suite.h"

#include <check.h>

static struct cc_msg m;
static struct sip_divert_out out;
static struct cc_divert *const d = &m.extra.divert;

static struct cc_number number(const char *text, unsigned pres)
{
	struct cc_number n;

	ck_assert_int_eq(cc_number_set(&n, text), 0);
	n.presentation = (uint8_t)pres;
	return n;
}

static bool read_in(struct sip_divert_in in, enum conf_divert which)
{
	memset(&m, 0, sizeof(m));
	return sip_divert_read(&in, which, &m);
}

static bool read_diversions(const char *a, const char *b)
{
	return read_in((struct sip_divert_in){.diversion = {a, b}},
		       CONF_DIVERT_DIVERSION);
}

START_TEST(reads_diversion)
{
	ck_assert(read_diversions("<sip:+4940@h>;reason=user-busy;counter=2",
				  "<tel:+49-50>;reason=no-answer"));
	ck_assert_str_eq(m.redirecting.digits, "4940");
	ck_assert_uint_eq(m.redirecting.presentation, CC_PRES_ALLOWED);
	ck_assert_uint_eq(d->reason, CC_DIVERT_BUSY);
	ck_assert_uint_eq(d->count, 3);
	ck_assert_str_eq(d->original.digits, "4950");
	ck_assert_uint_eq(d->original_reason, CC_DIVERT_NO_REPLY);
	ck_assert(read_diversions("<tel:+4940>;privacy=\"full\";screen=yes",
				  NULL));
	ck_assert_uint_eq(m.redirecting.presentation, CC_PRES_RESTRICTED);
	ck_assert_uint_eq(m.redirecting.screening, CC_SCREEN_PASSED);
	ck_assert_uint_eq(d->reason, CC_DIVERT_UNKNOWN);
	ck_assert_uint_eq(d->count, 1);
	ck_assert_uint_eq(d->original.valid, 0);
	ck_assert(read_diversions("<sip:a@anonymous.invalid>", NULL));
	ck_assert_uint_eq(m.redirecting.presentation, CC_PRES_RESTRICTED);
	ck_assert_str_eq(m.redirecting.digits, "");
}
END_TEST

START_TEST(reads_reasons)
{
	static const struct {
		const char *name;
		uint8_t reason;
	} rows[] = {
		{"unknown", CC_DIVERT_UNKNOWN},
		{"user-busy", CC_DIVERT_BUSY},
		{"No-Answer", CC_DIVERT_NO_REPLY},
		{"unconditional", CC_DIVERT_UNCONDITIONAL},
		{"\"deflection\"", CC_DIVERT_DEFLECTION},
		{"out-of-service", CC_DIVERT_OUT_OF_ORDER},
		{"do-not-disturb", CC_DIVERT_UNKNOWN},
	};
	char text[80];
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		snprintf(text, sizeof(text), "<sip:1@h>;reason=%s",
			 rows[i].name);
		ck_assert(read_diversions(text, NULL));
		ck_assert_uint_eq(d->reason, rows[i].reason);
	}
}
END_TEST

/* Malformed values are told and ignored; what is good counts. */
START_TEST(reads_malformed)
{
	ck_assert(!read_diversions("nonsense", NULL));
	ck_assert_uint_eq(m.redirecting.valid, 0);
	ck_assert_uint_eq(d->count, 0);
	ck_assert(!read_diversions("<sip:+4940@h", "<sip:+4950@h>"));
	ck_assert_str_eq(m.redirecting.digits, "4950");
	ck_assert(!read_diversions("<sip:+4940@h>;counter=many", NULL));
	ck_assert_str_eq(m.redirecting.digits, "4940");
	ck_assert_uint_eq(d->count, 1);
	ck_assert(read_diversions("<sip:+4940@h>;counter=999", NULL));
	ck_assert_uint_eq(d->count, CC_DIVERT_MAX);
	ck_assert(!read_in((struct sip_divert_in){.history = {"<sip:1@h>"}},
			   CONF_DIVERT_HISTORY));
	ck_assert_uint_eq(d->count, 0);
}
END_TEST

static bool read_history_of(const char *a, const char *b, const char *c)
{
	return read_in((struct sip_divert_in){.history = {a, b, c}},
		       CONF_DIVERT_HISTORY);
}

START_TEST(reads_history)
{
	ck_assert(read_history_of(
		"<sip:+4950@h;user=phone>;index=1",
		"<sip:+4940@h;user=phone;cause=408>;index=1.1;mp=1",
		"<sip:+4930@h;user=phone;cause=486>;index=1.1.1;mp=1.1"));
	ck_assert_str_eq(m.redirecting.digits, "4940");
	ck_assert_uint_eq(d->reason, CC_DIVERT_BUSY);
	ck_assert_uint_eq(d->count, 2);
	ck_assert_str_eq(d->original.digits, "4950");
	ck_assert_uint_eq(d->original_reason, CC_DIVERT_NO_REPLY);
	/* mp= names another one than that before it */
	ck_assert(read_history_of("<sip:+4950@h>;index=1",
				  "<sip:x@h>;index=1.1;rc=1",
				  "<sip:+4930@h;cause=302>;index=1.2;mp=1"));
	ck_assert_str_eq(m.redirecting.digits, "4950");
	ck_assert_uint_eq(d->reason, CC_DIVERT_UNCONDITIONAL);
	ck_assert_uint_eq(d->count, 1);
	ck_assert_uint_eq(d->original.valid, 0);
	/* RFC 4244: the reason stands in the one that was left */
	ck_assert(read_history_of(
		"<sip:+4950@h?Reason=SIP%3Bcause%3D486%3Btext%3D%22x%22>;"
		"index=1", "<sip:+4930@h>;index=1.1", NULL));
	ck_assert_str_eq(m.redirecting.digits, "4950");
	ck_assert_uint_eq(d->reason, CC_DIVERT_BUSY);
	/* nobody diverted */
	ck_assert(read_history_of("<sip:+4950@h>;index=1",
				  "<sip:+4950@gw>;index=1.1;rc=1", NULL));
	ck_assert_uint_eq(d->count, 0);
	ck_assert_uint_eq(m.redirecting.valid, 0);
}
END_TEST

START_TEST(reads_hidden_history)
{
	struct sip_divert_in in = {
		.history = {"<sip:+4950@h>;index=1",
			    "<sip:+4930@h;cause=302>;index=1.1;mp=1"},
		.history_hidden = true};

	ck_assert(read_in(in, CONF_DIVERT_HISTORY));
	ck_assert_uint_eq(m.redirecting.presentation, CC_PRES_RESTRICTED);
	in.history_hidden = false;
	in.history[0] = "<sip:+4950@h?Privacy=history>;index=1";
	ck_assert(read_in(in, CONF_DIVERT_HISTORY));
	ck_assert_uint_eq(m.redirecting.presentation, CC_PRES_RESTRICTED);
	ck_assert_str_eq(m.redirecting.digits, "4950");
}
END_TEST

/* Both are there: the trunk's own; one alone counts whichever it is. */
START_TEST(reads_both)
{
	struct sip_divert_in in = {
		.diversion = {"<sip:+4940@h>;reason=user-busy"},
		.history = {"<sip:+4950@h>;index=1",
			    "<sip:+4930@h;cause=302>;index=1.1;mp=1"}};

	read_in(in, CONF_DIVERT_DIVERSION);
	ck_assert_str_eq(m.redirecting.digits, "4940");
	read_in(in, CONF_DIVERT_HISTORY);
	ck_assert_str_eq(m.redirecting.digits, "4950");
	read_in(in, CONF_DIVERT_OFF);
	ck_assert_uint_eq(m.redirecting.valid, 0);
	in.diversion[0] = NULL;
	read_in(in, CONF_DIVERT_DIVERSION);
	ck_assert_str_eq(m.redirecting.digits, "4950");
	in.diversion[0] = "<sip:+4940@h>";
	in.history[0] = NULL;
	read_in(in, CONF_DIVERT_HISTORY);
	ck_assert_str_eq(m.redirecting.digits, "4940");
}
END_TEST

static void write_out(bool trusted, enum conf_divert which)
{
	struct sip_identity_conf c = {.trusted = trusted, .host = "gw",
				      .number = "", .divert = which};

	sip_divert_write(&m, &c, "sip:+4930@peer;user=phone", &out);
}

START_TEST(writes)
{
	memset(&m, 0, sizeof(m));
	write_out(true, CONF_DIVERT_BOTH);
	ck_assert_str_eq(out.diversion[0], "");
	ck_assert_str_eq(out.history, "");
	m.redirecting = number("+4940", CC_PRES_ALLOWED);
	d->reason = CC_DIVERT_NO_REPLY;
	write_out(false, CONF_DIVERT_BOTH);
	ck_assert_str_eq(out.diversion[0],
			 "<sip:+4940@gw;user=phone>;reason=no-answer;"
			 "counter=1;privacy=off;screen=no");
	ck_assert_str_eq(out.diversion[1], "");
	ck_assert_str_eq(out.history,
			 "<sip:+4940@gw;user=phone>;index=1, "
			 "<sip:+4930@peer;user=phone;cause=408>;index=1.1;"
			 "mp=1");
	d->count = 4;
	d->original = number("+4950", CC_PRES_ALLOWED);
	d->original_reason = CC_DIVERT_BUSY;
	write_out(false, CONF_DIVERT_DIVERSION);
	ck_assert_ptr_nonnull(strstr(out.diversion[0], ";counter=3;"));
	ck_assert_str_eq(out.diversion[1],
			 "<sip:+4950@gw;user=phone>;reason=user-busy;"
			 "counter=1;privacy=off;screen=no");
	ck_assert_str_eq(out.history, "");
	write_out(false, CONF_DIVERT_HISTORY);
	ck_assert_str_eq(out.diversion[0], "");
	ck_assert_str_eq(
		out.history,
		"<sip:+4950@gw;user=phone>;index=1, "
		"<" UNKNOWN ";cause=486>;index=1.1;mp=1, "
		"<" UNKNOWN ";cause=404>;index=1.1.1;mp=1.1, "
		"<sip:+4940@gw;user=phone;cause=404>;index=1.1.1.1;"
		"mp=1.1.1, "
		"<sip:+4930@peer;user=phone;cause=408>;index=1.1.1.1.1;"
		"mp=1.1.1.1");
	write_out(false, CONF_DIVERT_OFF);
	ck_assert_str_eq(out.diversion[0], "");
	ck_assert_str_eq(out.history, "");
}
END_TEST

START_TEST(writes_nothing_hidden)
{
	memset(&m, 0, sizeof(m));
	m.redirecting = number("+4940", CC_PRES_RESTRICTED);
	d->count = 2;
	d->original = number("+4950", CC_PRES_ALLOWED);
	write_out(false, CONF_DIVERT_BOTH);
	ck_assert_str_eq(out.diversion[0], "");
	ck_assert_str_eq(out.diversion[1], "");
	ck_assert_str_eq(out.history, "");
	write_out(true, CONF_DIVERT_BOTH);
	ck_assert_ptr_nonnull(strstr(out.diversion[0], ";privacy=full"));
	ck_assert_ptr_nonnull(
		strstr(out.history, "<sip:+4940@gw;user=phone;cause=404?"
				    "Privacy=history>;index=1.1;mp=1"));
	m.redirecting.presentation = CC_PRES_ALLOWED;
	d->original.presentation = CC_PRES_RESTRICTED;
	write_out(false, CONF_DIVERT_BOTH);
	ck_assert_str_eq(out.diversion[1], "");
	ck_assert_ptr_null(strstr(out.history, "4950"));
	ck_assert_ptr_nonnull(strstr(out.history, "<" ANONYMOUS ">;index=1"));
}
END_TEST

/* The longest that can be said: nothing is cut, all is read again. */
START_TEST(longest)
{
	const char *p;
	char value[16][512];
	struct sip_divert_in in = {0};
	unsigned n = 0;

	memset(&m, 0, sizeof(m));
	m.redirecting = m.extra.divert.original =
		number("+123456789012345678901234567890123", 0);
	m.extra.divert.original.digits[0] = '2';
	d->count = CC_DIVERT_MAX;
	write_out(false, CONF_DIVERT_HISTORY);
	for (p = out.history; p; p = strstr(p, ", ")) {
		p += n ? 2 : 0;
		snprintf(value[n], sizeof(value[n]), "%.*s",
			 (int)strcspn(p, ","), p);
		in.history[n] = value[n];
		n++;
	}
	ck_assert_uint_eq(n, 7);
	ck_assert(read_in(in, CONF_DIVERT_HISTORY));
	ck_assert_uint_eq(d->count, 6);
	ck_assert_str_eq(m.redirecting.digits,
			 "123456789012345678901234567890123");
	ck_assert_int_eq(d->original.digits[0], '2');
}
END_TEST

/* --- user-to-user information --- */

START_TEST(uui_values)
{
	static const struct {
		const char *text;
		int n;
		unsigned len;
	} rows[] = {
		{"04616263;encoding=hex;purpose=isdn-uui;content=isdn-uui", 1,
		 4},
		{"00ffAb", 1, 3},
		{"\"0461\" ; encoding=hex", 1, 2},
		{"0461;purpose=isdn-interwork", 1, 2},
		{"0461;purpose=\"isdn-uui\"", 1, 2},
		{"0461;purpose=sha-256", 0, 0},
		{"hello;encoding=text", 0, 0},
		{"0461;content=other", 0, 0},
		{"0461;purpose=far-too-long-to-be-any-purpose-known", 0, 0},
		{"", -EBADMSG, 0},
		{"046", -EBADMSG, 0},
		{"04zz", -EBADMSG, 0},
		{"\"0461", -EBADMSG, 0},
		{";encoding=hex", -EBADMSG, 0},
	};
	struct cc_uui uui;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		memset(&uui, 0, sizeof(uui));
		ck_assert_msg(sip_uui_parse(&uui, rows[i].text) == rows[i].n,
			      "%s", rows[i].text);
		ck_assert_uint_eq(uui.len, rows[i].len);
	}
}
END_TEST

START_TEST(uui_sizes)
{
	char text[2 * CC_UUI_MAX + 8], buf[SIP_UUI_TEXT];
	struct cc_uui uui = {0}, back = {0};

	memset(text, 'a', 2 * CC_UUI_MAX);
	text[2 * CC_UUI_MAX] = '\0';
	ck_assert_int_eq(sip_uui_parse(&uui, text), 1);
	ck_assert_uint_eq(uui.len, CC_UUI_MAX);
	sip_uui_write(buf, &uui);
	ck_assert_int_eq(sip_uui_parse(&back, buf), 1);
	ck_assert_mem_eq(&uui, &back, sizeof(uui));
	strcat(text, "aa");
	ck_assert_int_eq(sip_uui_parse(&uui, text), -E2BIG);
	uui.len = 0;
	sip_uui_write(buf, &uui);
	ck_assert_str_eq(buf, "");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		reads_diversion,      reads_reasons, reads_malformed,
		reads_history,	      reads_both,    reads_hidden_history,
		writes,		      longest,	     writes_nothing_hidden,
		uui_values,	      uui_sizes};
	Suite *s = suite_create("divert");
	TCase *t = tcase_create("all");
	size_t i;

	for (i = 0; i < LEN(tests); i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
