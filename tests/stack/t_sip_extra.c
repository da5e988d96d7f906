/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* What few calls carry, in both roles: diversions (RFC 5806, RFC 7044) and
 * user-to-user information (RFC 7433). */
#include "tests/stack/sip_values.h"

START_TEST(diversion_out)
{
	static const struct {
		enum conf_divert which;
		bool diversion, history;
	} rows[] = {{CONF_DIVERT_DIVERSION, true, false},
		    {CONF_DIVERT_HISTORY, false, true},
		    {CONF_DIVERT_BOTH, true, true},
		    {CONF_DIVERT_OFF, false, false}};
	size_t i;

	for (i = 0; i < 4; i++) {
		rig_conf();
		who()->divert = rows[i].which;
		rig_open();
		place(diverted());
		ck_assert(has_header(invite, "Diversion") == rows[i].diversion);
		ck_assert(has_header(invite, "History-Info") ==
			  rows[i].history);
		if (rows[i].diversion)
			ck_assert_str_eq(value_of(invite, "Diversion"),
					 "<sip:+4940@" OUR_IP
					 ":5060;user=phone>;reason=user-busy;"
					 "counter=1;privacy=off;screen=no");
		if (rows[i].history)
			ck_assert_str_eq(
				value_of(invite, "History-Info"),
				"<sip:+4940@" OUR_IP
				":5060;user=phone>;index=1, "
				"<sip:+49711123@" PEER_IP
				":5060;user=phone;cause=486>;index=1.1;mp=1");
		give_up();
		finish();
	}
}
END_TEST

/* A restricted number of one who diverts, to a trunk that is not trusted: it
 * stands nowhere. */
START_TEST(diversion_hidden)
{
	struct cc_msg m;

	rig_conf();
	who()->divert = CONF_DIVERT_BOTH;
	rig_open();
	m = diverted();
	m.redirecting.presentation = CC_PRES_RESTRICTED;
	place(m);
	ck_assert_ptr_null(strstr(invite, "4940"));
	give_up();
	finish();
}
END_TEST

/* A 302 that is followed makes whom we called the one who diverts. */
START_TEST(diversion_by_3xx)
{
	rig_conf();
	rig.conf.trunks[0].dialog.follow_3xx = true;
	rig_open();
	place(diverted());
	answer(invite, "302 x", "t", "Contact: <sip:+49722@h>\r\n", NULL);
	expect_sent("ACK ");
	invite = expect_sent("INVITE sip:+49722@");
	ck_assert_ptr_nonnull(strstr(value_of(invite, "Diversion"),
				     "<sip:+49711123@"));
	ck_assert_ptr_nonnull(strstr(value_of(invite, "Diversion"),
				     ";reason=unconditional;counter=1;"));
	ck_assert_ptr_nonnull(strstr(invite, "\r\nDiversion: <sip:+4940@"));
	give_up();
	finish();
}
END_TEST

START_TEST(diversion_in)
{
	const struct cc_msg *m;

	rig_conf();
	rig_open();
	m = take("Diversion: <sip:+4940@h>;reason=no-answer;counter=2,"
		 "<sip:+4950@h>;reason=user-busy\r\n"
		 "History-Info: <sip:+4960@h>;index=1,"
		 " <sip:+4970@h;cause=302>;index=1.1;mp=1\r\n");
	ck_assert_str_eq(m->redirecting.digits, "4940");
	ck_assert_uint_eq(m->extra.divert.reason, CC_DIVERT_NO_REPLY);
	ck_assert_uint_eq(m->extra.divert.count, 3);
	ck_assert_str_eq(m->extra.divert.original.digits, "4950");
	ck_assert_uint_eq(bad_headers(), 0);
	refuse_it();
	finish();
}
END_TEST

START_TEST(history_in)
{
	const struct cc_msg *m;

	rig_conf();
	who()->divert = CONF_DIVERT_HISTORY;
	rig_open();
	m = take("Diversion: <sip:+4940@h>;reason=no-answer\r\n"
		 "Privacy: history\r\n"
		 "History-Info: <sip:+4960@h>;index=1,"
		 " <sip:+4970@h;cause=302>;index=1.1;mp=1\r\n");
	ck_assert_str_eq(m->redirecting.digits, "4960");
	ck_assert_uint_eq(m->redirecting.presentation, CC_PRES_RESTRICTED);
	ck_assert_uint_eq(m->extra.divert.reason, CC_DIVERT_UNCONDITIONAL);
	ck_assert_uint_eq(m->extra.divert.count, 1);
	ck_assert_uint_eq(m->calling.presentation, CC_PRES_ALLOWED);
	refuse_it();
	finish();
}
END_TEST

/* --- user-to-user information --- */

#define UUI(hex) "User-to-User: " hex ";encoding=hex;purpose=isdn-uui\r\n"

static void core_says(enum cc_type type, const char *uui)
{
	struct cc_msg m = {.leg = leg, .end = {CC_END_TRUNK, 0},
			   .extra.uui = uui_of(uui)};

	if (type == CC_ANSWER)
		m.media = our_rtp();
	if (type == CC_RELEASE)
		m.cause = (struct cc_cause){16, CC_LOC_USER};
	core_sends(type, m);
}

START_TEST(uui_uac)
{
	struct cc_msg m;

	rig_conf();
	who()->uui = true;
	rig_open();
	m = setup_msg();
	m.extra.uui = uui_of("\004ab");
	place(m);
	ck_assert_str_eq(value_of(invite, "User-to-User"),
			 "046162;encoding=hex;purpose=isdn-uui;"
			 "content=isdn-uui");
	answer(invite, "180 Ringing", "t", UUI("0431"), NULL);
	expect_cc(CC_PROCEEDING);
	ck_assert_mem_eq(&expect_cc(CC_ALERTING)->extra.uui,
			 &((struct cc_uui){2, {4, '1'}}),
			 sizeof(struct cc_uui));
	answer(invite, "200 OK", "t", UUI("0432"), PEER_SDP);
	expect_sent("ACK ");
	ck_assert_uint_eq(expect_cc(CC_ANSWER)->extra.uui.octets[1], '2');
	core_says(CC_RELEASE, "\0043");
	ck_assert_ptr_nonnull(
		strstr(value_of(expect_sent("BYE "), "User-to-User"), "0433;"));
	expect_cc(CC_RELEASED);
	answer(rig.sent[rig.n_sent - 1].text, "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

START_TEST(uui_uac_refused)
{
	struct cc_msg m;

	rig_conf();
	who()->uui = true;
	rig_open();
	m = setup_msg();
	m.extra.uui = uui_of("\004");
	place(m);
	answer(invite, "486 Busy Here", "t", UUI("0439"), NULL);
	expect_sent("ACK ");
	ck_assert_uint_eq(expect_cc(CC_RELEASED)->extra.uui.octets[1], '9');
	finish();
}
END_TEST

START_TEST(uui_uas)
{
	const char *ok;
	const struct cc_msg *m;

	rig_conf();
	who()->uui = true;
	rig_open();
	m = take(UUI("0430"));
	ck_assert_uint_eq(m->extra.uui.len, 2);
	core_says(CC_ALERTING, "\0041");
	ck_assert_ptr_nonnull(strstr(
		value_of(expect_sent("SIP/2.0 180"), "User-to-User"), "0431;"));
	core_says(CC_ANSWER, "\0042");
	ok = expect_sent("SIP/2.0 200");
	ck_assert_ptr_nonnull(strstr(value_of(ok, "User-to-User"), "0432;"));
	ack_from_peer(ok, NULL);
	request_in("BYE", ok, NULL, UUI("0433"), NULL);
	expect_sent("SIP/2.0 200");
	ck_assert_uint_eq(expect_cc(CC_RELEASED)->extra.uui.octets[1], '3');
	finish();
}
END_TEST

START_TEST(uui_uas_refuses)
{
	const char *no;

	rig_conf();
	who()->uui = true;
	rig_open();
	take(UUI("04"));
	core_says(CC_RELEASE, "\0049");
	no = expect_sent("SIP/2.0 480");
	ck_assert_ptr_nonnull(strstr(value_of(no, "User-to-User"), "0439;"));
	ack_from_peer(no, NULL);
	expect_cc(CC_RELEASED);
	finish();
}
END_TEST

/* Without the setting, or where the INVITE had none: nothing, either way. */
START_TEST(uui_not_wanted)
{
	struct cc_msg m;
	int i;

	for (i = 0; i < 2; i++) {
		rig_conf();
		who()->uui = i == 1;
		rig_open();
		m = setup_msg();
		m.extra.uui = uui_of(i ? "" : "\004a");
		place(m);
		ck_assert(!has_header(invite, "User-to-User"));
		answer(invite, "180 Ringing", "t", UUI("0431"), NULL);
		expect_cc(CC_PROCEEDING);
		ck_assert_uint_eq(expect_cc(CC_ALERTING)->extra.uui.len, 0);
		give_up();
		ck_assert_uint_eq(take(i ? NULL : UUI("0430"))->extra.uui.len,
				  0);
		core_says(CC_RELEASE, "\0049");
		ack_from_peer(expect_sent("SIP/2.0 480"), NULL);
		ck_assert(!has_header(rig.sent[rig.seen - 1].text,
				      "User-to-User"));
		expect_cc(CC_RELEASED);
		finish();
	}
}
END_TEST

/* Malformed values are counted, the call goes on without them. */
START_TEST(malformed)
{
	static const char *const rows[] = {
		"User-to-User: 04zz\r\n",
		"User-to-User: 043;encoding=hex\r\n",
		UUI("0431") UUI("0432"), /* RFC 7434: neither */
		"Diversion: <sip:+4940@h\r\n",
		"Diversion: <sip:+4940@h>;counter=x\r\n",
		"History-Info: <sip:+4940@h>\r\n",
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cc_msg *m;

		rig_conf();
		who()->uui = true;
		rig_open();
		m = take(rows[i]);
		ck_assert_uint_eq(m->extra.uui.len, 0);
		ck_assert_msg(bad_headers() == 1, "%s", rows[i]);
		refuse_it();
		finish();
	}
}
END_TEST

/* --- numbers with parameters --- */

START_TEST(tel_in)
{
	static const uint8_t sub[] = {0x50, '1', '2', ' ', '3'};
	const struct cc_msg *m;

	rig_conf();
	strcpy(who()->group_context, "example.com");
	strcpy(who()->carrier_context, "+1");
	who()->routing_number = true;
	rig_open();
	invite_from_peer("tel:+15551234;isub=12%203;cic=+1-0288;npdi;"
			 "rn=+1-555-9999;tgrp=carrier;"
			 "trunk-context=Example.com", "t1",
			 "From: <sip:+4930123;isub=0a0B;isub-encoding=user@h>;"
			 "tag=ft\r\n", PEER_SDP);
	m = expect_cc(CC_SETUP);
	leg = m->leg;
	ck_assert_str_eq(m->called.digits, "15559999");
	ck_assert_uint_eq(m->extra.called_sub.type, 0);
	ck_assert_uint_eq(m->extra.called_sub.len, sizeof(sub));
	ck_assert_mem_eq(m->extra.called_sub.octets, sub, sizeof(sub));
	ck_assert_uint_eq(m->extra.calling_sub.type, 2);
	ck_assert_uint_eq(m->extra.calling_sub.len, 2);
	ck_assert_str_eq(m->extra.carrier, "0288");
	ck_assert_str_eq(m->extra.group, "carrier");
	ck_assert_uint_eq(bad_headers(), 0);
	refuse_it();
	finish();
}
END_TEST

/* Without the settings, of another context, or half of it: not there. */
START_TEST(tel_in_not_ours)
{
	static const char *const uris[] = {
		"sip:+15551234;cic=+1-0288;rn=+1-555-9999;tgrp=carrier;"
		"trunk-context=example.com@" OUR_IP,
		"sip:+15551234;cic=+44-0288;tgrp=carrier;"
		"trunk-context=other.example@" OUR_IP,
		("sip:+15551234;cic=0288;cic-context=+44;tgrp=carrier@" OUR_IP),
	};
	size_t i;

	for (i = 0; i < 3; i++) {
		const struct cc_msg *m;

		rig_conf();
		if (i) {
			strcpy(who()->group_context, "example.com");
			strcpy(who()->carrier_context, "+1");
		}
		rig_open();
		invite_from_peer(uris[i], "t2", NULL, PEER_SDP);
		m = expect_cc(CC_SETUP);
		leg = m->leg;
		ck_assert_str_eq(m->called.digits, "15551234");
		ck_assert_str_eq(m->extra.carrier, "");
		ck_assert_str_eq(m->extra.group, "");
		ck_assert_uint_eq(bad_headers(), 0);
		refuse_it();
		finish();
	}
}
END_TEST

START_TEST(tel_in_malformed)
{
	static const char *const uris[] = {
		"sip:+15551234;isub=@" OUR_IP,
		"sip:+15551234;isub=123;isub-encoding=nsap@" OUR_IP,
		"sip:+15551234;isub=12x;isub-encoding=nsap-bcd@" OUR_IP,
		"sip:+15551234;isub=123456789012345678901@" OUR_IP,
		"sip:+15551234;cic=+1-@" OUR_IP,
		"sip:+15551234;cic=+1-02x8@" OUR_IP,
		"sip:+15551234;cic=12345678@" OUR_IP,
		"sip:+15551234;rn=x@" OUR_IP,
		"sip:+15551234;tgrp=123456789012345678901234567890123;"
		"trunk-context=example.com@" OUR_IP,
	};
	size_t i;

	for (i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		const struct cc_msg *m;

		rig_conf();
		strcpy(who()->group_context, "example.com");
		strcpy(who()->carrier_context, "+1");
		who()->routing_number = true;
		rig_open();
		invite_from_peer(uris[i], "t3", NULL, PEER_SDP);
		m = expect_cc(CC_SETUP);
		leg = m->leg;
		ck_assert_str_eq(m->called.digits, "15551234");
		ck_assert_uint_eq(m->extra.called_sub.len, 0);
		ck_assert_str_eq(m->extra.carrier, "");
		ck_assert_str_eq(m->extra.group, "");
		ck_assert_msg(bad_headers() == 1, "%s", uris[i]);
		refuse_it();
		finish();
	}
}
END_TEST

START_TEST(tel_context)
{
	const struct cc_msg *m;

	rig_conf();
	strcpy(who()->context, "pbx.example");
	rig_open();
	invite_from_peer("sip:7042;phone-context=pbx.example@" OUR_IP, "t4",
			 NULL, PEER_SDP);
	m = expect_cc(CC_SETUP);
	leg = m->leg;
	ck_assert_uint_eq(m->called.plan, CC_PLAN_PRIVATE);
	refuse_it();
	invite_from_peer("sip:7042;phone-context=other.example@" OUR_IP, "t5",
			 NULL, PEER_SDP);
	ack_from_peer(expect_sent("SIP/2.0 404"), NULL);
	expect_refused(CAUSE_UNALLOCATED, "404 Not Found");
	finish();
}
END_TEST

START_TEST(tel_out)
{
	struct cc_msg m;

	rig_conf();
	strcpy(who()->group_context, "example.com");
	strcpy(who()->carrier_context, "+1");
	strcpy(who()->context, "pbx.example");
	strcpy(who()->number, "+49711");
	who()->tel_uri = true;
	rig_open();
	m = setup_msg();
	m.extra.called_sub = (struct cc_sub){0, 0, 5, {0x50, '1', ' ', ';',
							'3'}};
	m.extra.calling_sub = (struct cc_sub){2, 0, 2, {0x0a, 0xff}};
	strcpy(m.extra.carrier, "0288");
	strcpy(m.extra.group, "carrier");
	place(m);
	ck_assert_ptr_nonnull(strstr(invite, "INVITE tel:+49711123;"
					     "isub=1%20%3b3;cic=+1-0288 SIP"));
	ck_assert_str_eq(value_of(invite, "To"),
			 "<tel:+49711123;isub=1%20%3b3;cic=+1-0288>");
	ck_assert_str_eq(value_of(invite, "Contact"),
			 "<sip:+49711;tgrp=carrier;trunk-context=example.com@"
			 OUR_IP ":5060>");
	ck_assert_ptr_nonnull(strstr(value_of(invite, "From"),
				     "<sip:+4930555;isub=0aff;isub-encoding="
				     "user@" OUR_IP ":5060;user=phone>"));
	give_up();
	m = setup_msg();
	cc_number_set(&m.called, "7042");
	m.calling.presentation = CC_PRES_RESTRICTED;
	m.extra.calling_sub = (struct cc_sub){2, 0, 2, {0x0a, 0xff}};
	strcpy(m.extra.group, "carrier");
	place(m);
	ck_assert_ptr_nonnull(strstr(invite, "INVITE tel:7042;phone-context="
					     "pbx.example SIP"));
	ck_assert_ptr_nonnull(strstr(value_of(invite, "Contact"),
				     "<sip:anonymous;tgrp="));
	ck_assert_ptr_null(strstr(invite, "isub"));
	answer(invite, "200 OK", "t", NULL, PEER_SDP);
	expect_sent("ACK sip:peer@");
	expect_cc(CC_ANSWER);
	core_releases(leg, 16);
	answer(expect_sent("BYE sip:peer@"), "200 OK", NULL, NULL, NULL);
	expect_cc(CC_RELEASED);
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		diversion_out,	 diversion_hidden, diversion_by_3xx,
		diversion_in,	 history_in,	   uui_uac,
		uui_uac_refused, uui_uas,	   uui_uas_refuses,
		uui_not_wanted,	 malformed,	   tel_in,
		tel_in_not_ours, tel_in_malformed, tel_context,
		tel_out,	 NULL};

	return rig_run("sip_extra", tests);
}
