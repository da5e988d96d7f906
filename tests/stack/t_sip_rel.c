/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Reliable provisional responses (RFC 3262) and early UPDATE (RFC 3311), in
 * both roles. */
#include "tests/stack/sip_rig.h"

static leg_id leg;

static void begin(enum conf_prack prack)
{
	rig_conf();
	rig.conf.trunks[0].dialog.prack = prack;
	rig_open();
}

static void finish(void)
{
	expect_silence();
	rig_settle();
	rig_close();
}

#define CAN  "Supported: 100rel\r\n"
#define MUST "Require: 100rel\r\n"

static unsigned rseq_of(const char *response)
{
	ck_assert_str_eq(value_of(response, "Require"), "100rel");
	return (unsigned)strtoul(value_of(response, "RSeq"), NULL, 10);
}

/* PRACK of that response of ours. */
static void prack(const char *response, int off, const char *sdp)
{
	char extra[64];

	snprintf(extra, sizeof(extra), "RAck: %u 1 INVITE\r\n",
		 rseq_of(response) + (unsigned)off);
	request_in("PRACK", response, NULL, extra, sdp);
}

/* --- we are called --- */

START_TEST(uas_early_media)
{
	const char *r183, *ok;
	unsigned rseq;

	begin(CONF_PRACK_ON);
	invite_from_peer(PEER_URI, "c1", CAN, PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_PROGRESS);
	r183 = expect_sent("SIP/2.0 183");
	rseq = rseq_of(r183);
	ck_assert_uint_gt(rseq, 0);
	ck_assert_ptr_nonnull(strstr(body_of(r183), "m=audio 40000"));
	/* what follows waits for the PRACK, only the latest counts */
	core_tells(leg, CC_ALERTING);
	expect_silence();
	/* wrong numbers */
	prack(r183, 1, NULL);
	expect_sent("SIP/2.0 481");
	prack(r183, 0, NULL);
	expect_sent("SIP/2.0 200");
	ck_assert_str_eq(value_of(rig.sent[rig.seen - 1].text, "CSeq") + 2,
			 "PRACK");
	/* nothing in it that has to be reliable */
	ok = expect_sent("SIP/2.0 180");
	ck_assert(!has_header(ok, "RSeq"));
	ck_assert_str_eq(body_of(ok), "");
	prack(r183, 0, NULL); /* late copy of another branch */
	expect_sent("SIP/2.0 481");
	core_tells(leg, CC_ANSWER);
	ok = expect_sent("SIP/2.0 200");
	ck_assert_str_eq(body_of(ok), ""); /* the answer was in the 183 */
	ack_from_peer(ok, NULL);
	wait_ms(10);
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* T1, doubling without a cap, until 64*T1. */
START_TEST(uas_no_prack)
{
	static const int at[] = {500, 1500, 3500, 7500, 15500, 31500};
	const char *r183;
	int64_t now = 0;
	unsigned i;

	begin(CONF_PRACK_ON);
	invite_from_peer(PEER_URI, "c1", CAN, PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_PROGRESS);
	wait_ms(1);
	r183 = expect_sent("SIP/2.0 183");
	for (i = 0; i < 6; i++) {
		wait_ms(at[i] - now - 20);
		ck_assert_uint_eq(rig.seen, rig.n_sent);
		wait_ms(40);
		now = at[i] + 20;
		ck_assert_str_eq(expect_sent("SIP/2.0 183"), r183);
	}
	ack_from_peer(expect_sent("SIP/2.0 504"), NULL);
	expect_released(102, "no PRACK");
	finish();
}
END_TEST

/* The answer of the called waits; so it does not cross the PRACK. */
START_TEST(uas_answer_waits)
{
	const char *r183, *ok;

	begin(CONF_PRACK_ON);
	invite_from_peer(PEER_URI, "c1", CAN, PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_PROGRESS);
	r183 = expect_sent("SIP/2.0 183");
	core_tells(leg, CC_ALERTING);
	core_tells(leg, CC_ANSWER);
	expect_silence();
	prack(r183, 0, NULL);
	expect_sent("SIP/2.0 200");
	ok = expect_sent("SIP/2.0 200");
	ck_assert_str_eq(value_of(ok, "CSeq"), "1 INVITE");
	ack_from_peer(ok, NULL);
	wait_ms(10);
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
	/* ...and may be taken back, or cancelled, meanwhile */
	begin(CONF_PRACK_ON);
	invite_from_peer(PEER_URI, "c1", CAN, PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_PROGRESS);
	r183 = expect_sent("SIP/2.0 183");
	core_tells(leg, CC_ANSWER);
	core_releases(leg, 16);
	ack_from_peer(expect_sent("SIP/2.0 4"), NULL);
	expect_cc(CC_RELEASED);
	prack(r183, 0, NULL);
	expect_sent("SIP/2.0 481");
	finish();
	begin(CONF_PRACK_ON);
	invite_from_peer(PEER_URI, "c1", CAN, PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_PROGRESS);
	expect_sent("SIP/2.0 183");
	core_tells(leg, CC_ANSWER);
	wait_ms(10);
	cancel_from_peer(PEER_URI, "c1", NULL);
	expect_sent("SIP/2.0 200");
	ack_from_peer(expect_sent("SIP/2.0 487"), NULL);
	expect_released(16, "CANCEL");
	finish();
}
END_TEST

/* Require: all responses above 100 are reliable. */
START_TEST(uas_required)
{
	const char *r180;
	unsigned rseq;

	begin(CONF_PRACK_ON);
	invite_from_peer(PEER_URI, "c1", MUST, PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ALERTING);
	r180 = expect_sent("SIP/2.0 180");
	rseq = rseq_of(r180);
	core_tells(leg, CC_PROGRESS);
	expect_silence();
	prack(r180, 0, NULL);
	expect_sent("SIP/2.0 200");
	ck_assert_uint_eq(rseq_of(expect_sent("SIP/2.0 183")), rseq + 1);
	core_releases(leg, 17);
	ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

START_TEST(uas_settings)
{
	const char *no;

	begin(CONF_PRACK_OFF);
	invite_from_peer(PEER_URI, "c1", MUST, PEER_SDP);
	no = expect_sent("SIP/2.0 420");
	ck_assert_str_eq(value_of(no, "Unsupported"), "100rel");
	ack_from_peer(no, NULL);
	expect_cc(CC_SETUP);
	invite_from_peer(PEER_URI, "c2", CAN, PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_PROGRESS);
	ck_assert(!has_header(expect_sent("SIP/2.0 183"), "RSeq"));
	core_releases(leg, 17);
	ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
	expect_released(17, "486 Busy Here");
	finish();
	begin(CONF_PRACK_REQUIRED);
	invite_from_peer(PEER_URI, "c1", NULL, PEER_SDP);
	no = expect_sent("SIP/2.0 421");
	ck_assert_str_eq(value_of(no, "Require"), "100rel");
	ack_from_peer(no, NULL);
	expect_cc(CC_SETUP);
	finish();
}
END_TEST

/* INVITE without offer: ours in the 183, the answer in PRACK: the tones are
 * heard. */
START_TEST(uas_delayed_offer)
{
	const struct cc_msg *m;
	const char *r183, *ok;

	begin(CONF_PRACK_ON);
	invite_from_peer(PEER_URI, "c1", CAN, NULL);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_PROGRESS);
	r183 = expect_sent("SIP/2.0 183");
	ck_assert_ptr_nonnull(strstr(body_of(r183), "m=audio 40000"));
	prack(r183, 0, "nonsense");
	expect_sent("SIP/2.0 488");
	prack(r183, 0, PEER_SDP);
	expect_sent("SIP/2.0 200");
	m = expect_cc(CC_UPDATE);
	ck_assert_uint_eq(m->media.rtp.port, 7000);
	core_tells(leg, CC_ANSWER);
	ok = expect_sent("SIP/2.0 200");
	ck_assert_str_eq(body_of(ok), "");
	ack_from_peer(ok, NULL);
	wait_ms(10);
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}
END_TEST

START_TEST(uas_early_update)
{
	const struct cc_msg *m;
	const char *r183, *ok;

	begin(CONF_PRACK_ON);
	invite_from_peer(PEER_URI, "c1", CAN, PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_PROGRESS);
	r183 = expect_sent("SIP/2.0 183");
	request_in("UPDATE", r183, NULL, NULL, PEER_SDP);
	ck_assert(has_header(expect_sent("SIP/2.0 500"), "Retry-After"));
	prack(r183, 0, NULL);
	expect_sent("SIP/2.0 200");
	request_in("UPDATE", r183, NULL, NULL, SDP(PEER_IP, "7004", ""));
	ok = expect_sent("SIP/2.0 200");
	ck_assert_ptr_nonnull(strstr(body_of(ok), "m=audio 40000"));
	m = expect_cc(CC_UPDATE);
	ck_assert_uint_eq(m->media.rtp.port, 7004);
	/* also in PRACK itself: another offer */
	core_releases(leg, 17);
	ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

/* --- we call --- */

static const char *reliable(char *extra, size_t size, unsigned rseq)
{
	snprintf(extra, size, "Require: 100rel\r\nRSeq: %u\r\n", rseq);
	return extra;
}

START_TEST(uac_prack)
{
	const char *invite, *p;
	char extra[128];

	begin(CONF_PRACK_ON);
	invite = place_call(&leg);
	ck_assert_str_eq(value_of(invite, "Supported"), "100rel");
	reliable(extra, sizeof(extra), 7);
	strcat(extra, "Contact: <sip:early@" PEER_IP ":5090>\r\n"
		      "Record-Route: <sip:" PEER_IP ":5080;lr>\r\n");
	answer(invite, "183 Session Progress", "t", extra, PEER_SDP);
	p = expect_sent("PRACK sip:early@" PEER_IP ":5090");
	ck_assert_str_eq(value_of(p, "RAck"), "7 1 INVITE");
	ck_assert_str_eq(value_of(p, "CSeq"), "2 PRACK");
	ck_assert_str_eq(value_of(p, "Route"), "<sip:" PEER_IP ":5080;lr>");
	ck_assert_ptr_nonnull(strstr(value_of(p, "To"), ";tag=t"));
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.port, 5080);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_PROGRESS);
	answer(p, "200 OK", "t", NULL, NULL);
	/* a repeat, and one after a gap, say nothing */
	answer(invite, "183 Session Progress", "t", extra, PEER_SDP);
	answer(invite, "180 Ringing", "t", reliable(extra, sizeof(extra), 9),
	       NULL);
	expect_silence();
	answer(invite, "180 Ringing", "t", reliable(extra, sizeof(extra), 8),
	       NULL);
	p = expect_sent("PRACK ");
	ck_assert_str_eq(value_of(p, "RAck"), "8 1 INVITE");
	ck_assert_str_eq(value_of(p, "CSeq"), "3 PRACK");
	expect_cc(CC_ALERTING);
	answer(p, "200 OK", "t", NULL, NULL);
	answer(invite, "200 OK", "t", NULL, NULL); /* SDP was in the 183 */
	p = expect_sent("ACK ");
	ck_assert_str_eq(value_of(p, "CSeq"), "1 ACK");
	expect_cc(CC_ANSWER);
	core_releases(leg, 16);
	p = expect_sent("BYE ");
	ck_assert_str_eq(value_of(p, "CSeq"), "4 BYE");
	answer(p, "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* Each branch has its own numbers and its own dialog. */
START_TEST(uac_forks)
{
	const char *invite, *p;
	char extra[128];
	static const char *const tags[] = {"a", "b"};
	unsigned i;

	begin(CONF_PRACK_ON);
	invite = place_call(&leg);
	for (i = 0; i < 2; i++) {
		answer(invite, "180 Ringing", tags[i],
		       reliable(extra, sizeof(extra), 100 + i), NULL);
		p = expect_sent("PRACK ");
		ck_assert_ptr_nonnull(strstr(value_of(p, "To"),
					     i ? ";tag=b" : ";tag=a"));
		answer(p, "200 OK", NULL, NULL, NULL);
	}
	answer(invite, "183 Session Progress", "a",
	       reliable(extra, sizeof(extra), 101), PEER_SDP);
	p = expect_sent("PRACK ");
	ck_assert_str_eq(value_of(p, "RAck"), "101 1 INVITE");
	answer(p, "200 OK", NULL, NULL, NULL);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	expect_cc(CC_PROGRESS);
	answer(invite, "200 OK", "b", NULL, SDP(PEER_IP, "7006", ""));
	expect_sent("ACK ");
	ck_assert_uint_eq(expect_cc(CC_ANSWER)->media.rtp.port, 7006);
	answer(invite, "200 OK", "a", NULL, PEER_SDP); /* late */
	ck_assert_ptr_nonnull(
		strstr(value_of(expect_sent("ACK "), "To"), ";tag=a"));
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* The called one moves its early media. */
START_TEST(uac_early_update)
{
	const char *invite, *p;
	char extra[128];

	begin(CONF_PRACK_ON);
	invite = place_call(&leg);
	answer(invite, "183 Session Progress", "t", NULL, PEER_SDP);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_PROGRESS);
	rig.cseq = 10;
	request_in("UPDATE", invite, "t", NULL, SDP(PEER_IP, "7004", ""));
	expect_sent("SIP/2.0 491"); /* ours is open: nothing was reliable */
	answer(invite, "183 Session Progress", "t",
	       reliable(extra, sizeof(extra), 1), PEER_SDP);
	p = expect_sent("PRACK ");
	answer(p, "200 OK", NULL, NULL, NULL);
	expect_cc(CC_PROGRESS);
	request_in("UPDATE", invite, "t", NULL, SDP(PEER_IP, "7004", ""));
	ck_assert_ptr_nonnull(
		strstr(body_of(expect_sent("SIP/2.0 200")), "m=audio 40000"));
	ck_assert_uint_eq(expect_cc(CC_UPDATE)->media.rtp.port, 7004);
	/* of a dialog that nobody knows */
	request_in("UPDATE", invite, "other", NULL, PEER_SDP);
	expect_sent("SIP/2.0 481");
	answer(invite, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

START_TEST(uac_settings)
{
	const char *invite;
	char extra[128];

	begin(CONF_PRACK_OFF);
	invite = place_call(&leg);
	ck_assert(!has_header(invite, "Supported"));
	/* against the rules: such a response does not exist for us */
	answer(invite, "183 Session Progress", "t",
	       reliable(extra, sizeof(extra), 1), PEER_SDP);
	expect_cc(CC_PROCEEDING);
	expect_silence();
	answer(invite, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	finish();
	begin(CONF_PRACK_REQUIRED);
	invite = place_call(&leg);
	ck_assert_str_eq(value_of(invite, "Require"), "100rel");
	answer(invite, "420 Bad Extension", "t", "Unsupported: 100rel\r\n",
	       NULL);
	expect_sent("ACK ");
	expect_cc(CC_RELEASED);
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {uas_early_media,
				      uas_no_prack,
				      uas_answer_waits,
				      uas_required,
				      uas_settings,
				      uas_delayed_offer,
				      uas_early_update,
				      uac_prack,
				      uac_forks,
				      uac_early_update,
				      uac_settings,
				      NULL};

	return rig_run("sip_rel", tests);
}
