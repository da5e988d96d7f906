/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Who calls and who is connected, in both roles: headers of identity, privacy,
 * and changes during the call (RFC 4916). */
#include "tests/stack/sip_values.h"

/* --- identity --- */

#define CALLER "<sip:+4930555@" OUR_IP ":5060;user=phone>"

START_TEST(identity_out)
{
	int i;

	for (i = 0; i < 2; i++) {
		rig_conf();
		who()->header = i ? CONF_IDENTITY_RPID : CONF_IDENTITY_PPI;
		rig_open();
		place(setup_msg());
		ck_assert(!has_header(invite, "P-Asserted-Identity"));
		ck_assert_str_eq(value_of(invite, i ? "Remote-Party-ID"
						    : "P-Preferred-Identity"),
				 i ? CALLER ";party=calling;screen=yes;"
					    "privacy=off"
				   : CALLER);
		give_up();
		finish();
	}
}
END_TEST

START_TEST(identity_out_twice)
{
	char line[RIG_TEXT];

	rig_conf();
	who()->trusted = who()->tel = true;
	rig_open();
	place(setup_msg());
	ck_assert_str_eq(value_of(invite, "P-Asserted-Identity"), CALLER);
	ck_assert(header(invite, "P-Asserted-Identity", 1, line,
			 sizeof(line)));
	ck_assert_str_eq(line, "P-Asserted-Identity: <tel:+4930555>");
	give_up();
	finish();
}
END_TEST

/* Whatever the header, an untrusted trunk never sees a restricted number, nor
 * a name, in any message of the call. */
START_TEST(identity_hidden)
{
	struct cc_msg m;
	unsigned i, k;

	for (i = CONF_IDENTITY_PAI; i <= CONF_IDENTITY_RPID; i++) {
		rig_conf();
		who()->header = (enum conf_identity)i;
		who()->tel = true;
		who()->privacy = CONF_PRIVACY_CRITICAL;
		who()->divert = CONF_DIVERT_BOTH;
		rig_open();
		m = diverted();
		m.calling.presentation = CC_PRES_RESTRICTED;
		m.redirecting.presentation = CC_PRES_RESTRICTED;
		strcpy(m.name, "Anna");
		place(m);
		ck_assert_str_eq(value_of(invite, "Privacy"),
				 "id;user;header;critical");
		answer(invite, "200 OK", "t", NULL, PEER_SDP);
		expect_sent("ACK ");
		expect_cc(CC_ANSWER);
		core_releases(leg, 16);
		answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
		expect_released(16, "BYE");
		for (k = 0; k < rig.n_sent; k++) {
			ck_assert_ptr_null(strstr(rig.sent[k].text, "30555"));
			ck_assert_ptr_null(strstr(rig.sent[k].text, "4940"));
			ck_assert_ptr_null(strstr(rig.sent[k].text, "Anna"));
		}
		finish();
	}
}
END_TEST

START_TEST(identity_in)
{
	const struct cc_msg *m;

	rig_conf();
	who()->trusted = true;
	rig_open();
	m = take("P-Asserted-Identity: <sip:x@h>,<tel:+4977>\r\n"
		 "P-Preferred-Identity: <tel:+4966>\r\n");
	ck_assert_str_eq(m->asserted.digits, "4977");
	ck_assert_str_eq(m->calling.digits, "4930123");
	refuse_it();
	m = take("P-Preferred-Identity: <tel:+4966>\r\nX: 1\r\n");
	ck_assert_str_eq(m->asserted.digits, "4966");
	refuse_it();
	m = take("Remote-Party-ID: <sip:+4955@h>;party=called,"
		 "<sip:+4966@h>;party=calling;screen=yes;privacy=full\r\n");
	ck_assert_str_eq(m->asserted.digits, "4966");
	ck_assert_uint_eq(m->asserted.presentation, CC_PRES_RESTRICTED);
	refuse_it();
	finish();
}
END_TEST

/* RFC 3323 5: what is critical and unknown is refused. */
START_TEST(identity_critical)
{
	rig_conf();
	rig_open();
	invite_from_peer(PEER_URI, "c1", "Privacy: id;future;critical\r\n",
			 PEER_SDP);
	ack_from_peer(expect_sent("SIP/2.0 500"), NULL);
	expect_refused(CAUSE_TEMPORARY, "500 Server Internal Error");
	ck_assert_uint_eq(take("Privacy: id;critical\r\n")
				  ->calling.presentation,
			  CC_PRES_RESTRICTED);
	refuse_it();
	finish();
}
END_TEST

START_TEST(identity_connected)
{
	struct cc_msg m = {.end = {CC_END_TRUNK, 0}};
	const char *ok;

	rig_conf();
	who()->header = CONF_IDENTITY_RPID;
	who()->trusted = true;
	rig_open();
	take(NULL);
	m.leg = leg;
	m.media = our_rtp();
	cc_number_set(&m.connected, "+49711124");
	m.connected.presentation = CC_PRES_RESTRICTED;
	core_sends(CC_ANSWER, m);
	ok = expect_sent("SIP/2.0 200");
	ck_assert_str_eq(value_of(ok, "Remote-Party-ID"),
			 "<sip:+49711124@" OUR_IP
			 ":5060;user=phone>;party=called;screen=no;"
			 "privacy=full");
	ck_assert_str_eq(value_of(ok, "Privacy"), "id");
	ack_from_peer(ok, NULL);
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_cc(CC_RELEASED);
	place(setup_msg());
	answer(invite, "200 OK", "t",
	       "Remote-Party-ID: \"N\" <sip:+49722@h>;party=called\r\n",
	       PEER_SDP);
	expect_sent("ACK ");
	ck_assert_str_eq(expect_cc(CC_ANSWER)->connected.digits, "49722");
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_cc(CC_RELEASED);
	finish();
}
END_TEST

/* --- who is connected changes (RFC 4916) --- */

#define ALLOWS "Allow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"

static void begin_updates(bool trusted)
{
	rig_conf();
	who()->trusted = trusted;
	who()->updates = true;
	rig_open();
}

static void clear_call(void)
{
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
}

static void core_connects(const char *number, unsigned presentation)
{
	struct cc_msg m = {.leg = leg, .end = {CC_END_TRUNK, 0}};

	cc_number_set(&m.connected, number);
	m.connected.presentation = (uint8_t)presentation;
	m.connected.screening = CC_SCREEN_NETWORK;
	core_sends(CC_UPDATE, m);
}

static void place_up(const char *extra)
{
	place(setup_msg());
	answer(invite, "200 OK", "t", extra, PEER_SDP);
	expect_sent("ACK ");
	expect_cc(CC_ANSWER);
	rig.cseq = 100;
}

/* The peer says so: in an UPDATE, in an INVITE, by another From. */
START_TEST(update_in)
{
	const struct cc_msg *m;

	begin_updates(true);
	place_up(ALLOWS);
	ck_assert_ptr_nonnull(
		strstr(value_of(invite, "Supported"), "from-change"));
	request_in("UPDATE", invite, "t",
		   "P-Asserted-Identity: <sip:+49722@h>\r\n", NULL);
	expect_sent("SIP/2.0 200");
	m = expect_cc(CC_UPDATE);
	ck_assert_str_eq(m->connected.digits, "49722");
	ck_assert_uint_eq(m->media.valid, 0);
	/* the same again: nothing new */
	request_in("UPDATE", invite, "t",
		   "P-Asserted-Identity: <sip:+49722@h>\r\n", NULL);
	expect_sent("SIP/2.0 200");
	request_in("INVITE", invite, "t",
		   "Remote-Party-ID: <sip:+49733@h>;party=called;"
		   "privacy=full\r\n", PEER_SDP);
	ack_from_peer(expect_sent("SIP/2.0 200"), NULL);
	m = expect_cc(CC_UPDATE);
	ck_assert_str_eq(m->connected.digits, "49733");
	ck_assert_uint_eq(m->connected.presentation, CC_PRES_RESTRICTED);
	clear_call();
	finish();
}
END_TEST

START_TEST(update_in_from)
{
	char out[RIG_TEXT] = "";

	begin_updates(true);
	place_up(ALLOWS);
	append(out, "UPDATE sip:" OUR_IP ":5060 SIP/2.0\r\n"
		    "Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bKfc\r\n"
		    "From: <sip:+49744@h>;tag=t\r\nTo: %s\r\n",
	       value_of(invite, "From"));
	copy_headers(out, invite, "Call-ID");
	append(out, "CSeq: 101 UPDATE\r\nMax-Forwards: 70\r\n"
		    "Contact: <sip:peer@" PEER_IP ">\r\n");
	end_message(out, NULL, NULL);
	peer_says(out);
	expect_sent("SIP/2.0 200");
	ck_assert_str_eq(expect_cc(CC_UPDATE)->connected.digits, "49744");
	core_releases(leg, 16);
	ck_assert_ptr_nonnull(strstr(value_of(expect_sent("BYE "), "To"),
				     "<sip:+49744@h>;tag=t"));
	answer(rig.sent[rig.n_sent - 1].text, "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* Nobody believes a peer that is not trusted, or where it is switched off. */
START_TEST(update_in_not_believed)
{
	int i;

	for (i = 0; i < 2; i++) {
		begin_updates(i == 1);
		rig.conf.trunks[0].who.updates = i == 0;
		if (i == 1) {
			rig_close();
			rig_open();
		}
		place_up(ALLOWS);
		request_in("UPDATE", invite, "t",
			   "P-Asserted-Identity: <sip:+49722@h>\r\n", NULL);
		expect_sent("SIP/2.0 200");
		expect_silence();
		clear_call();
		finish();
	}
}
END_TEST

/* The core says so. The peer allows UPDATE, and understands another From. */
START_TEST(update_out)
{
	const char *text;

	begin_updates(true);
	place_up(ALLOWS "Supported: from-change\r\n");
	core_connects("+49755", CC_PRES_ALLOWED);
	text = expect_sent("UPDATE ");
	ck_assert_str_eq(body_of(text), "");
	ck_assert_str_eq(value_of(text, "P-Asserted-Identity"),
			 "<sip:+49755@" OUR_IP ":5060;user=phone>");
	ck_assert_ptr_nonnull(strstr(value_of(text, "From"),
				     "<sip:+49755@" OUR_IP ":5060;user=phone>"
				     ";tag="));
	core_connects("+49766", CC_PRES_RESTRICTED); /* while that is open */
	expect_silence();
	answer(text, "200 OK", NULL, NULL, NULL);
	text = expect_sent("UPDATE ");
	ck_assert_ptr_nonnull(strstr(value_of(text, "From"),
				     "anonymous.invalid>;tag="));
	ck_assert_str_eq(value_of(text, "Privacy"), "id");
	ck_assert_ptr_nonnull(strstr(value_of(text, "P-Asserted-Identity"),
				     "49766"));
	answer(text, "200 OK", NULL, NULL, NULL);
	expect_silence();
	clear_call();
	finish();
}
END_TEST

/* Without UPDATE: an INVITE that says the same as the last. We answered the
 * call; our party is called. */
START_TEST(update_out_invite)
{
	const char *text;

	begin_updates(true);
	who()->header = CONF_IDENTITY_RPID;
	rig_close();
	rig_open();
	take_and_answer(&leg, "u1");
	core_connects("+49755", CC_PRES_ALLOWED);
	text = expect_sent("INVITE ");
	ck_assert_ptr_nonnull(strstr(value_of(text, "Remote-Party-ID"),
				     "<sip:+49755@" OUR_IP ":5060;user=phone>"
				     ";party=called;"));
	ck_assert_ptr_nonnull(strstr(value_of(text, "From"), "+49711123@"));
	answer(text, "200 OK", NULL, NULL, PEER_SDP);
	expect_sent("ACK ");
	expect_silence();
	clear_call();
	finish();
}
END_TEST

/* A restricted one, to a trunk that is not trusted. */
START_TEST(update_out_hidden)
{
	const char *text;

	begin_updates(false);
	place_up(ALLOWS "Supported: from-change\r\n");
	core_connects("+49766", CC_PRES_RESTRICTED);
	text = expect_sent("UPDATE ");
	ck_assert_ptr_null(strstr(text, "49766"));
	answer(text, "200 OK", NULL, NULL, NULL);
	clear_call();
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		identity_out,	   identity_out_twice,	   identity_hidden,
		identity_in,	   identity_critical,	   identity_connected,
		update_in,	   update_in_from,	   update_out,
		update_out_invite, update_in_not_believed, update_out_hidden,
		NULL};

	return rig_run("sip_who", tests);
}
