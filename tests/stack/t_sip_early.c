/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * Before the answer: P-Early-Media (RFC 5009) both ways by the trunk's setting,
 * and calls that are placed without an offer (RFC 3261 13.2.1, RFC 3262 5).
 */
#include "tests/stack/sip_rig.h"

static leg_id leg;
static const char *invite;

static void begin(enum conf_early early, bool late)
{
	rig_conf();
	rig.conf.trunks[0].dialog.early = early;
	rig.conf.trunks[0].dialog.late_offer = late;
	rig.conf.trunks[0].dialog.prack = CONF_PRACK_ON;
	rig_open();
	invite = place_call(&leg);
}

static void finish(void)
{
	expect_silence();
	rig_settle();
	rig_close();
}

static void hang_up(void)
{
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}

static void expect_media(enum cc_type type, unsigned progress, unsigned dir)
{
	const struct cc_msg *m = expect_cc(type);

	ck_assert_uint_eq(m->progress, progress);
	ck_assert_uint_eq(m->media.valid, 1);
	ck_assert_uint_eq(m->media.rtp.port, 7000);
	ck_assert_uint_eq(m->media.direction, dir);
}

static void answered(const char *sdp)
{
	answer(invite, "200 OK", "t", NULL, sdp);
	expect_sent("ACK ");
	expect_media(CC_ANSWER, 0, CC_SENDRECV);
}

#define PEM(values) "P-Early-Media: " values "\r\n"

/* It comes and goes, with a description and without. */
START_TEST(gate_moves)
{
	begin(CONF_EARLY_HONOUR, false);
	ck_assert_str_eq(value_of(invite, "P-Early-Media"), "supported");
	answer(invite, "183 x", "t", PEM("sendrecv"), PEER_SDP);
	expect_cc(CC_PROCEEDING);
	expect_media(CC_PROGRESS, CC_PROG_INBAND, CC_SENDRECV);
	answer(invite, "183 x", "t", PEM("sendrecv"), NULL); /* as it was */
	expect_silence();
	answer(invite, "180 x", "t", PEM("inactive"), NULL);
	expect_media(CC_ALERTING, 0, CC_SENDONLY);
	answer(invite, "180 x", "t", NULL, NULL);
	expect_silence();
	answer(invite, "183 x", "t", PEM("SENDONLY, gated"), NULL);
	expect_media(CC_PROGRESS, CC_PROG_INBAND, CC_SENDRECV);
	answer(invite, "183 x", "t", PEM("gated, recvonly;x=y"), NULL);
	expect_media(CC_PROGRESS, 0, CC_SENDONLY);
	rig.cseq = 10;
	request_in("UPDATE", invite, "t", PEM("sendrecv"), NULL);
	expect_sent("SIP/2.0 200");
	expect_media(CC_PROGRESS, CC_PROG_INBAND, CC_SENDRECV);
	answer(invite, "183 x", "t", PEM("nonsense, supported"), NULL);
	expect_silence();
	answered(NULL);
	hang_up();
}
END_TEST

/* A fork that may be heard after one that may not. */
START_TEST(forks)
{
	begin(CONF_EARLY_HONOUR, false);
	answer(invite, "183 x", "a", PEM("inactive"), PEER_SDP);
	expect_cc(CC_PROCEEDING);
	expect_media(CC_PROGRESS, 0, CC_SENDONLY);
	answer(invite, "180 x", "b", NULL, NULL);
	ck_assert_uint_eq(expect_cc(CC_ALERTING)->progress, 0);
	answer(invite, "183 x", "b", PEM("sendrecv"),
	       SDP(PEER2_IP, "7000", ""));
	expect_media(CC_PROGRESS, CC_PROG_INBAND, CC_SENDRECV);
	answer(invite, "200 OK", "a", NULL, PEER_SDP);
	expect_sent("ACK ");
	expect_media(CC_ANSWER, 0, CC_SENDRECV);
	hang_up();
}
END_TEST

START_TEST(ignored)
{
	begin(CONF_EARLY_IGNORE, false);
	ck_assert(!has_header(invite, "P-Early-Media"));
	answer(invite, "183 x", "t", PEM("inactive"), PEER_SDP);
	expect_cc(CC_PROCEEDING);
	expect_media(CC_PROGRESS, CC_PROG_INBAND, CC_SENDRECV);
	answered(NULL);
	hang_up();
}
END_TEST

/* What our 183 says, to whom. */
START_TEST(said)
{
	static const struct {
		enum conf_early early;
		const char *extra;
		bool says;
	} rows[] = {
		{CONF_EARLY_HONOUR, NULL, false},
		{CONF_EARLY_HONOUR, PEM("supported"), true},
		{CONF_EARLY_HONOUR, PEM("sendrecv, supported"), true},
		{CONF_EARLY_IGNORE, PEM("supported"), false},
		{CONF_EARLY_SEND, NULL, true},
	};
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rig_conf();
		rig.conf.trunks[0].dialog.early = rows[i].early;
		rig_open();
		invite_from_peer(PEER_URI, "c1", rows[i].extra, PEER_SDP);
		leg = expect_cc(CC_SETUP)->leg;
		core_tells(leg, CC_PROGRESS);
		text = expect_sent("SIP/2.0 183");
		ck_assert_int_eq(has_header(text, "P-Early-Media"),
				 rows[i].says);
		core_releases(leg, 17);
		expect_released(17, "486 Busy Here");
		ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
		finish();
	}
}
END_TEST

/* --- no offer of ours --- */

START_TEST(late)
{
	const char *ack;

	begin(CONF_EARLY_HONOUR, true);
	ck_assert_str_eq(body_of(invite), "");
	ck_assert(!has_header(invite, "Content-Type"));
	answer(invite, "183 x", "t", NULL, PEER_SDP); /* it may not offer */
	expect_cc(CC_PROCEEDING);
	answer(invite, "180 x", "t", NULL, NULL);
	ck_assert_uint_eq(expect_cc(CC_ALERTING)->media.valid, 0);
	answer(invite, "200 OK", "t", NULL, PEER_SDP);
	ack = expect_sent("ACK ");
	ck_assert_ptr_nonnull(strstr(ack, "m=audio 40000 RTP/AVP 8 101\r\n"));
	ck_assert_str_eq(value_of(ack, "Content-Type"), "application/sdp");
	expect_media(CC_ANSWER, 0, CC_SENDRECV);
	answer(invite, "200 OK", "t", NULL, PEER_SDP);
	ck_assert_str_eq(expect_sent("ACK "), ack);
	core_tells(leg, CC_HOLD);
	answer(expect_sent("INVITE "), "200 OK", NULL, NULL, PEER_SDP);
	ck_assert_str_eq(body_of(expect_sent("ACK ")), "");
	expect_cc(CC_UPDATE);
	hang_up();
}
END_TEST

START_TEST(late_by_prack)
{
	const char *text;

	begin(CONF_EARLY_HONOUR, true);
	answer(invite, "183 x", "t", "Require: 100rel\r\nRSeq: 7\r\n",
	       PEER_SDP);
	text = expect_sent("PRACK ");
	ck_assert_ptr_nonnull(strstr(text, "m=audio 40000 RTP/AVP 8 101\r\n"));
	expect_cc(CC_PROCEEDING);
	expect_media(CC_PROGRESS, CC_PROG_INBAND, CC_SENDRECV);
	answer(text, "200 OK", "t", NULL, NULL);
	answer(invite, "180 x", "t", "Require: 100rel\r\nRSeq: 8\r\n", NULL);
	text = expect_sent("PRACK ");
	ck_assert_str_eq(body_of(text), "");
	ck_assert_uint_eq(expect_cc(CC_ALERTING)->progress, CC_PROG_INBAND);
	answer(text, "200 OK", "t", NULL, NULL);
	answer(invite, "200 OK", "t", NULL, NULL);
	ck_assert_str_eq(body_of(expect_sent("ACK ")), "");
	expect_media(CC_ANSWER, 0, CC_SENDRECV);
	hang_up();
}
END_TEST

/* Another branch answers than the one whose offer the PRACK has answered. */
START_TEST(late_fork)
{
	const char *text;

	begin(CONF_EARLY_HONOUR, true);
	answer(invite, "183 x", "a", "Require: 100rel\r\nRSeq: 7\r\n",
	       SDP(PEER2_IP, "7002", ""));
	text = expect_sent("PRACK ");
	answer(text, "200 OK", "a", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	ck_assert_uint_eq(expect_cc(CC_PROGRESS)->media.rtp.port, 7002);
	answer(invite, "200 OK", "b", NULL, PEER_SDP);
	text = expect_sent("ACK ");
	ck_assert_ptr_nonnull(strstr(text, "m=audio 40000 "));
	expect_media(CC_ANSWER, 0, CC_SENDRECV);
	hang_up();
}
END_TEST

START_TEST(late_in_vain)
{
	static const struct {
		const char *sdp, *detail;
	} rows[] = {
		{NULL, "200 without SDP"},
		{"v=0\r\nc=IN IP4 " PEER_IP "\r\nm=audio 0 RTP/AVP 8\r\n",
		 "200 with unusable SDP"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(CONF_EARLY_HONOUR, true);
		answer(invite, "200 OK", "t", NULL, rows[i].sdp);
		expect_sent("ACK ");
		answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
		expect_released(41, rows[i].detail);
		finish();
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {gate_moves, forks,	 ignored,
				      said,	  late,		 late_by_prack,
				      late_fork,  late_in_vain, NULL};

	return rig_run("sip_early", tests);
}
