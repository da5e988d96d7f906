/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
#include "../../sip/identity.c"
#include "tests/suite.h"

#include <check.h>

static struct cc_msg m;
static struct sip_identity_out out;
static char from_out[SIP_URI_MAX];

static void read_in(bool trusted, struct sip_identity_in in)
{
	memset(&m, 0, sizeof(m));
	sip_identity_read(&in, trusted, &m);
}

#define ANON "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1"
#define BOB  "\"Bob\" <sip:+4971112@h;user=phone>;tag=1"

START_TEST(read_from)
{
	read_in(true, (struct sip_identity_in){.from = BOB});
	ck_assert_str_eq(m.calling.digits, "4971112");
	ck_assert_uint_eq(m.calling.type, CC_TON_INTERNATIONAL);
	ck_assert_uint_eq(m.calling.screening, CC_SCREEN_NONE);
	ck_assert_uint_eq(m.calling.presentation, CC_PRES_ALLOWED);
	ck_assert_uint_eq(m.asserted.valid, 0);
	ck_assert_str_eq(m.name, "Bob");
	read_in(true, (struct sip_identity_in){.from = "<sip:gw.example>"});
	ck_assert_uint_eq(m.calling.valid, 0);
	read_in(true, (struct sip_identity_in){.from = "Al <sip:al@h>"});
	ck_assert_uint_eq(m.calling.valid, 0);
	ck_assert_str_eq(m.name, "Al");
	read_in(true, (struct sip_identity_in){.from = "<broken"});
	ck_assert_uint_eq(m.calling.valid, 0);
	ck_assert_str_eq(m.name, "");
}
END_TEST

START_TEST(read_asserted)
{
	struct sip_identity_in in = {
		.from = BOB, .pai = {"\"X\" <sip:x@h>, <tel:+49-711-99>"}};

	read_in(true, in);
	ck_assert_str_eq(m.calling.digits, "4971112");
	ck_assert_uint_eq(m.calling.screening, CC_SCREEN_NONE);
	ck_assert_str_eq(m.asserted.digits, "4971199");
	ck_assert_uint_eq(m.asserted.screening, CC_SCREEN_NETWORK);
	ck_assert_str_eq(m.name, "Bob");
	read_in(false, in);
	ck_assert_str_eq(m.calling.digits, "4971112");
	ck_assert_uint_eq(m.asserted.valid, 0);
	in.pai[0] = "<sip:x@h>";
	in.pai[1] = "<sip:030@h>";
	read_in(true, in);
	ck_assert_str_eq(m.asserted.digits, "030");
	in.from = "<sip:gw.example>";
	read_in(true, in);
	ck_assert_str_eq(m.calling.digits, "030");
	in.from = BOB;
	in.pai[1] = "<<<";
	read_in(true, in);
	ck_assert_str_eq(m.calling.digits, "4971112");
}
END_TEST

/* numbers.md 3.3, 12 */
START_TEST(read_privacy)
{
	struct sip_identity_in in = {
		.from = ANON, .pai = {"<sip:+49711@h>"}, .privacy = {"id"}};

	read_in(true, in);
	ck_assert_str_eq(m.calling.digits, "49711");
	ck_assert_uint_eq(m.calling.presentation, CC_PRES_RESTRICTED);
	ck_assert_uint_eq(m.asserted.presentation, CC_PRES_RESTRICTED);
	ck_assert_uint_eq(m.calling.screening, CC_SCREEN_NETWORK);
	ck_assert_str_eq(m.name, "");
	in.privacy[0] = NULL;
	read_in(false, in);
	ck_assert_uint_eq(m.calling.valid, 1);
	ck_assert_uint_eq(m.calling.presentation, CC_PRES_RESTRICTED);
	ck_assert_str_eq(m.calling.digits, "");
	in = (struct sip_identity_in){.from = BOB,
				      .privacy = {"critical; user"}};
	read_in(false, in);
	ck_assert_uint_eq(m.calling.presentation, CC_PRES_RESTRICTED);
	ck_assert_str_eq(m.calling.digits, "4971112");
	ck_assert_str_eq(m.name, "");
	in.privacy[0] = "critical;header;idx, none";
	read_in(false, in);
	ck_assert_uint_eq(m.calling.presentation, CC_PRES_ALLOWED);
	in.privacy[1] = "none,id";
	read_in(false, in);
	ck_assert_uint_eq(m.calling.presentation, CC_PRES_RESTRICTED);
}
END_TEST

START_TEST(read_rpid)
{
	struct sip_identity_in in = {
		.from = ANON,
		.rpid = {"\"R\" <sip:+4930@h>;party=calling;screen=yes;"
			 "privacy=off"}};

	in.from = BOB;
	read_in(true, in);
	ck_assert_str_eq(m.calling.digits, "4971112");
	ck_assert_str_eq(m.asserted.digits, "4930");
	ck_assert_uint_eq(m.asserted.screening, CC_SCREEN_PASSED);
	ck_assert_uint_eq(m.calling.presentation, CC_PRES_ALLOWED);
	in.rpid[0] = "<sip:+4930@h>;privacy=full-network";
	read_in(true, in);
	ck_assert_str_eq(m.calling.digits, "4930");
	ck_assert_uint_eq(m.calling.screening, CC_SCREEN_NONE);
	ck_assert_uint_eq(m.calling.presentation, CC_PRES_RESTRICTED);
	read_in(false, in);
	ck_assert_str_eq(m.calling.digits, "4971112");
	in.rpid[0] = "<sip:+4930@h>;party=called;privacy=full";
	read_in(true, in);
	ck_assert_str_eq(m.calling.digits, "4971112");
	ck_assert_uint_eq(m.calling.presentation, CC_PRES_ALLOWED);
}
END_TEST

/* One that is about the called party does not hide one about the caller. */
START_TEST(read_two_rpids)
{
	struct sip_identity_in in = {
		.from = BOB,
		.rpid = {"<sip:+4931@h>;party=called",
			 "<sip:+4930@h>;party=calling;screen=yes"}};

	read_in(true, in);
	ck_assert_str_eq(m.asserted.digits, "4930");
	sip_identity_read_connected(&in, true, &m);
	ck_assert_str_eq(m.connected.digits, "4931");
	sip_identity_read_connected(&in, false, &m);
	ck_assert_uint_eq(m.connected.valid, 0);
}
END_TEST

START_TEST(read_preferred)
{
	struct sip_identity_in in = {.from = BOB,
				     .ppi = {"<sip:x@h>", "<tel:+4977>"}};

	read_in(true, in);
	ck_assert_str_eq(m.calling.digits, "4971112");
	ck_assert_str_eq(m.asserted.digits, "4977");
	ck_assert_uint_eq(m.asserted.screening, CC_SCREEN_PASSED);
	in.pai[0] = "<sip:+4966@h>"; /* what is asserted is more */
	read_in(true, in);
	ck_assert_str_eq(m.asserted.digits, "4966");
	read_in(false, in);
	ck_assert_uint_eq(m.asserted.valid, 0);
	ck_assert_str_eq(m.calling.digits, "4971112");
	in.from = ANON;
	read_in(false, in);
	ck_assert_str_eq(m.calling.digits, "4977");
	ck_assert_uint_eq(m.calling.presentation, CC_PRES_RESTRICTED);
	ck_assert_uint_eq(m.calling.screening, CC_SCREEN_NONE);
}
END_TEST

/* Privacy: none takes back what an anonymous From alone would mean. */
START_TEST(read_privacy_none)
{
	struct sip_identity_in in = {
		.from = ANON, .pai = {"<tel:+4966>"}, .privacy = {"none"}};

	read_in(true, in);
	ck_assert_str_eq(m.calling.digits, "4966");
	ck_assert_uint_eq(m.calling.presentation, CC_PRES_ALLOWED);
	in.privacy[0] = "id";
	read_in(true, in);
	ck_assert_uint_eq(m.calling.presentation, CC_PRES_RESTRICTED);
}
END_TEST

START_TEST(privacy_refused)
{
	static const struct {
		const char *a, *b;
		bool refused;
	} rows[] = {
		{NULL, NULL, false},
		{"id;critical", NULL, false},
		{"header;session;user;critical;history", NULL, false},
		{"id;future", NULL, false},
		{"id;future;critical", NULL, true},
		{"future", "critical", true},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const lists[2] = {rows[i].a, rows[i].b};

		ck_assert(sip_privacy_is_refused(lists) == rows[i].refused);
	}
}
END_TEST

START_TEST(read_name)
{
	read_in(false, (struct sip_identity_in){
			       .from = "\"B\xc3\xb8hm \xff\x01\xc5\xbe\" "
				       "<sip:1@h>"});
	ck_assert_str_eq(m.name, "B\xc3\xb8hm \xc5\xbe");
	read_in(false,
		(struct sip_identity_in){
			.from = "\"0123456789012345678901234567890123456789"
				"0123456789012345678901\xc3\xb8\" <sip:1@h>"});
	ck_assert_uint_eq(strlen(m.name), 62);
}
END_TEST

START_TEST(read_connected)
{
	struct sip_identity_in in = {.from = BOB, .pai = {"\"C\" <tel:+4960>"}};

	memset(&m, 0xff, sizeof(m));
	sip_identity_read_connected(&in, true, &m);
	ck_assert_str_eq(m.connected.digits, "4960");
	ck_assert_str_eq(m.name, "C");
	in.privacy[0] = "id";
	sip_identity_read_connected(&in, true, &m);
	ck_assert_uint_eq(m.connected.presentation, CC_PRES_RESTRICTED);
	ck_assert_str_eq(m.name, "");
	sip_identity_read_connected(&in, false, &m);
	ck_assert_uint_eq(m.connected.valid, 0);
	in.pai[0] = NULL;
	sip_identity_read_connected(&in, true, &m);
	ck_assert_uint_eq(m.connected.valid, 0);
}
END_TEST

/* --- writing --- */

static struct cc_number number(const char *text, unsigned pres, unsigned si)
{
	struct cc_number n;

	ck_assert_int_eq(cc_number_set(&n, text), 0);
	n.presentation = (uint8_t)pres;
	n.screening = (uint8_t)si;
	return n;
}

static void write_out(bool trusted, const char *own)
{
	struct sip_identity_conf c = {
		.trusted = trusted, .host = "gw.example", .number = own};

	sip_identity_from(&m, &c, from_out);
	sip_identity_write(&m, &c, &out);
}

static void setup(const char *text, unsigned pres, unsigned si)
{
	memset(&m, 0, sizeof(m));
	m.calling = number(text, pres, si);
	strcpy(m.name, "J\"o\"");
}

START_TEST(write_allowed)
{
	setup("+49711", CC_PRES_ALLOWED, CC_SCREEN_PASSED);
	write_out(true, "");
	ck_assert_str_eq(from_out, "\"J\\\"o\\\"\" "
				   "<sip:+49711@gw.example;user=phone>");
	ck_assert_str_eq(out.pai, "<sip:+49711@gw.example;user=phone>");
	ck_assert_str_eq(out.privacy, "");
	write_out(false, "+491");
	ck_assert_str_eq(out.pai, "");
	m.calling.screening = CC_SCREEN_NONE;
	write_out(true, "");
	ck_assert_str_eq(out.pai, "");
	write_out(true, "+491");
	ck_assert_str_eq(out.pai, "<sip:+491@gw.example;user=phone>");
	m.asserted = number("+4977", CC_PRES_ALLOWED, CC_SCREEN_NETWORK);
	write_out(true, "+491");
	ck_assert_str_eq(out.pai, "<sip:+4977@gw.example;user=phone>");
	ck_assert_ptr_nonnull(strstr(from_out, "+49711"));
}
END_TEST

START_TEST(write_none)
{
	memset(&m, 0, sizeof(m));
	write_out(true, "");
	ck_assert_str_eq(from_out, "<sip:gw.example>");
	ck_assert_str_eq(out.pai, "");
	ck_assert_str_eq(out.privacy, "");
	setup("+49711", CC_PRES_UNAVAILABLE, CC_SCREEN_NETWORK);
	write_out(true, "");
	ck_assert_str_eq(from_out, "\"J\\\"o\\\"\" <sip:gw.example>");
	ck_assert_str_eq(out.pai, "");
}
END_TEST

/* numbers.md 3.1; the digits stand nowhere but in PAI to a trusted trunk. */
START_TEST(write_restricted)
{
	setup("+49711", CC_PRES_RESTRICTED, CC_SCREEN_PASSED);
	write_out(false, "");
	ck_assert_str_eq(from_out, ANONYMOUS);
	ck_assert_str_eq(out.pai, "");
	ck_assert_str_eq(out.privacy, "id");
	write_out(true, "");
	ck_assert_str_eq(from_out, ANONYMOUS);
	ck_assert_str_eq(out.pai, "<sip:+49711@gw.example;user=phone>");
	ck_assert_str_eq(out.privacy, "id");
	m.calling.screening = CC_SCREEN_FAILED;
	write_out(true, "");
	ck_assert_str_eq(out.pai, "");
	m.calling.digits[0] = '\0'; /* restricted, and not even known */
	write_out(true, "");
	ck_assert_str_eq(from_out, ANONYMOUS);
	ck_assert_str_eq(out.pai, "");
	ck_assert_str_eq(out.privacy, "id");
}
END_TEST

/* Each presentation applies to its own header (numbers.md 3.2). */
START_TEST(write_two_numbers)
{
	setup("+49711", CC_PRES_ALLOWED, CC_SCREEN_NONE);
	m.asserted = number("+4977", CC_PRES_RESTRICTED, CC_SCREEN_NETWORK);
	write_out(false, "");
	ck_assert_ptr_nonnull(strstr(from_out, "+49711"));
	ck_assert_str_eq(out.privacy, "id");
	ck_assert_str_eq(out.pai, "");
	m.calling.presentation = CC_PRES_RESTRICTED;
	m.asserted.presentation = CC_PRES_ALLOWED;
	write_out(true, "");
	ck_assert_str_eq(from_out, ANONYMOUS);
	ck_assert_str_eq(out.pai, "<sip:+4977@gw.example;user=phone>");
	ck_assert_str_eq(out.privacy, "id");
}
END_TEST

static void write_as(enum conf_identity header, bool trusted)
{
	struct sip_identity_conf c = {.trusted = trusted, .host = "gw",
				      .number = "", .header = header,
				      .tel = true,
				      .privacy = CONF_PRIVACY_FULL};

	sip_identity_write(&m, &c, &out);
}

START_TEST(write_other_headers)
{
	setup("+49711", CC_PRES_ALLOWED, CC_SCREEN_PASSED);
	write_as(CONF_IDENTITY_PAI, true);
	ck_assert_str_eq(out.pai, "<sip:+49711@gw;user=phone>");
	ck_assert_str_eq(out.pai_tel, "<tel:+49711>");
	ck_assert_str_eq(out.rpid, "");
	ck_assert_str_eq(out.ppi, "");
	write_as(CONF_IDENTITY_PPI, false);
	ck_assert_str_eq(out.ppi,
			 "\"J\\\"o\\\"\" <sip:+49711@gw;user=phone>");
	ck_assert_str_eq(out.pai, "");
	ck_assert_str_eq(out.pai_tel, "");
	write_as(CONF_IDENTITY_RPID, false);
	ck_assert_str_eq(out.rpid,
			 "\"J\\\"o\\\"\" <sip:+49711@gw;user=phone>;"
			 "party=calling;screen=yes;privacy=off");
	m.calling.screening = CC_SCREEN_NONE;
	write_as(CONF_IDENTITY_RPID, true);
	ck_assert_ptr_nonnull(strstr(out.rpid, ";screen=no;"));
	ck_assert_str_eq(out.ppi, "");
}
END_TEST

START_TEST(write_other_headers_hidden)
{
	unsigned i;

	setup("+49711", CC_PRES_RESTRICTED, CC_SCREEN_PASSED);
	for (i = CONF_IDENTITY_PAI; i <= CONF_IDENTITY_RPID; i++) {
		write_as((enum conf_identity)i, false);
		ck_assert_str_eq(out.pai, "");
		ck_assert_str_eq(out.pai_tel, "");
		ck_assert_str_eq(out.ppi, "");
		ck_assert_str_eq(out.rpid, "");
		ck_assert_str_eq(out.privacy, "id;user;header");
	}
	write_as(CONF_IDENTITY_RPID, true);
	ck_assert_str_eq(out.rpid, "<sip:+49711@gw;user=phone>;party=calling;"
				   "screen=yes;privacy=full");
	write_as(CONF_IDENTITY_PPI, true);
	ck_assert_str_eq(out.ppi, "<sip:+49711@gw;user=phone>");
}
END_TEST

START_TEST(write_connected)
{
	struct sip_identity_conf c = {.trusted = true, .host = "gw",
				      .number = ""};

	memset(&m, 0, sizeof(m));
	sip_identity_write_connected(&m, &c, &out);
	ck_assert_str_eq(out.pai, "");
	ck_assert_str_eq(out.privacy, "");
	m.connected = number("+49", CC_PRES_ALLOWED, 0);
	strcpy(m.name, "N");
	sip_identity_write_connected(&m, &c, &out);
	ck_assert_str_eq(out.pai, "\"N\" <sip:+49@gw;user=phone>");
	c.header = CONF_IDENTITY_RPID;
	sip_identity_write_connected(&m, &c, &out);
	ck_assert_str_eq(out.pai, "");
	ck_assert_str_eq(out.rpid, "\"N\" <sip:+49@gw;user=phone>;"
				   "party=called;screen=no;privacy=off");
	c.header = CONF_IDENTITY_PAI;
	m.connected.presentation = CC_PRES_RESTRICTED;
	sip_identity_write_connected(&m, &c, &out);
	ck_assert_str_eq(out.pai, "<sip:+49@gw;user=phone>");
	ck_assert_str_eq(out.privacy, "id");
	c.trusted = false;
	sip_identity_write_connected(&m, &c, &out);
	ck_assert_str_eq(out.pai, "");
	ck_assert_str_eq(out.privacy, "id");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("identity");
	TCase *t = tcase_create("all");

	tcase_add_test(t, read_from);
	tcase_add_test(t, read_asserted);
	tcase_add_test(t, read_privacy);
	tcase_add_test(t, read_rpid);
	tcase_add_test(t, read_two_rpids);
	tcase_add_test(t, read_preferred);
	tcase_add_test(t, read_privacy_none);
	tcase_add_test(t, privacy_refused);
	tcase_add_test(t, read_name);
	tcase_add_test(t, read_connected);
	tcase_add_test(t, write_allowed);
	tcase_add_test(t, write_none);
	tcase_add_test(t, write_restricted);
	tcase_add_test(t, write_two_numbers);
	tcase_add_test(t, write_other_headers);
	tcase_add_test(t, write_other_headers_hidden);
	tcase_add_test(t, write_connected);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
