/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Calls we place that are answered by several: RFC 3261 13.2.2.4, 13.2.1. */
#include "tests/stack/sip_rig.h"

static leg_id leg;
static const char *invite;

static void begin(void)
{
	rig_conf();
	rig_open();
	invite = place_call(&leg);
}

static void finish(void)
{
	expect_silence();
	rig_settle();
	rig_close();
}

START_TEST(forked_answers)
{
	const char *ack, *bye;

	begin();
	answer(invite, "200 OK", "a", NULL, PEER_SDP);
	expect_sent("ACK ");
	expect_cc(CC_ANSWER);
	answer(invite, "200 OK", "b", "Contact: <sip:b@" PEER_IP ":5070>\r\n",
	       PEER_SDP);
	ack = expect_sent("ACK sip:b@" PEER_IP ":5070");
	ck_assert_ptr_nonnull(strstr(value_of(ack, "To"), ";tag=b"));
	bye = expect_sent("BYE sip:b@" PEER_IP ":5070");
	ck_assert_ptr_nonnull(strstr(value_of(bye, "To"), ";tag=b"));
	answer(bye, "200 OK", NULL, NULL, NULL);
	/* a repeat of the first gets its ACK again, and nothing else */
	answer(invite, "200 OK", "a", NULL, PEER_SDP);
	ack = expect_sent("ACK ");
	ck_assert_ptr_nonnull(strstr(value_of(ack, "To"), ";tag=a"));
	expect_silence();
	core_releases(leg, 16);
	expect_released(16, "BYE");
	answer(expect_sent("BYE sip:peer@"), "200 OK", NULL, NULL, NULL);
	/* one more branch, after the call: RFC 3261 13.2.2.4 */
	answer(invite, "200 OK", "c", NULL, PEER_SDP);
	expect_sent("ACK ");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* Each branch has its own description: what counts is that of the one that
 * answers (RFC 3261 13.2.1). */
START_TEST(forked_early_media)
{
	static const char *const tags[] = {"a", "b"};
	static const unsigned ports[] = {7000, 7006};
	unsigned i;

	for (i = 0; i < 2; i++) {
		begin();
		answer(invite, "183 x", "a", NULL, PEER_SDP);
		expect_cc(CC_PROCEEDING);
		ck_assert_uint_eq(expect_cc(CC_PROGRESS)->media.rtp.port, 7000);
		answer(invite, "183 x", "b", NULL, SDP(PEER_IP, "7006", ""));
		ck_assert_uint_eq(expect_cc(CC_PROGRESS)->media.rtp.port, 7006);
		answer(invite, "180 x", "c", NULL, NULL);
		expect_cc(CC_ALERTING);
		answer(invite, "200 OK", tags[i], NULL, NULL);
		expect_sent("ACK ");
		ck_assert_uint_eq(expect_cc(CC_ANSWER)->media.rtp.port,
				  ports[i]);
		core_releases(leg, 16);
		expect_released(16, "BYE");
		answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
		finish();
	}
}
END_TEST

/* The branch that answers has said nothing of its media, another one has. */
START_TEST(forked_without_sdp)
{
	begin();
	answer(invite, "183 x", "a", NULL, PEER_SDP);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_PROGRESS);
	answer(invite, "200 OK", "b", NULL, NULL);
	expect_sent("ACK ");
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(41, "200 without SDP");
	finish();
}
END_TEST

/* The peer never ends the INVITE that was cancelled: it is not down. */
START_TEST(cancelled_in_vain)
{
	rig_conf();
	strcpy(rig.conf.trunks[0].servers[1], PEER2_IP);
	rig.conf.trunks[0].n_servers = 2;
	rig_open();
	invite = place_call(&leg);
	answer(invite, "180 Ringing", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	core_releases(leg, 16);
	answer(expect_sent("CANCEL "), "200 OK", "t", NULL, NULL);
	expect_released(16, "CANCEL");
	wait_ms(40000);
	rig.seen = rig.n_sent;
	invite = place_call(&leg);
	ck_assert(net_ip_eq(&rig.sent[rig.seen - 1].to,
			    &(struct net_addr){.family = 4,
					       .ip = {192, 0, 2, 9}}));
	answer(invite, "486 x", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {forked_answers,
				      forked_early_media,
				      forked_without_sdp,
				      cancelled_in_vain,
				      NULL};

	return rig_run("sip_fork", tests);
}
