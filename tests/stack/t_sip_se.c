/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Session timers (RFC 4028) in both roles, Session-ID (RFC 7989). */
#include "tests/stack/sip_rig.h"

static leg_id leg;
static const char *first; /* our INVITE, or our 200 */

static void conf(unsigned expires_s, unsigned min_s)
{
	rig_conf();
	rig.conf.trunks[0].dialog.session_expires_s = expires_s;
	rig.conf.trunks[0].dialog.min_se_s = min_s;
}

static void finish(void)
{
	expect_silence();
	rig_settle();
	rig_close();
}

static void we_clear(void)
{
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}

/* We call; what its 2xx says. */
static void up(const char *extra)
{
	const char *invite;

	rig_open();
	first = invite = place_call(&leg);
	rig.cseq = 100;
	answer(invite, "200 OK", "t", extra, PEER_SDP);
	expect_sent("ACK ");
	expect_cc(CC_ANSWER);
}

/* Nothing is sent before that time, then this. */
static const char *after_s(int s, const char *start)
{
	int i;

	wait_ms(s * 1000 - 500);
	ck_assert_msg(rig.seen == rig.n_sent, "too early\n%s",
		      rig.sent[rig.seen].text);
	for (i = 0; i < 100 && rig.seen == rig.n_sent; i++)
		wait_ms(10);
	ck_assert_msg(rig.seen < rig.n_sent, "nothing after %d s, want %s", s,
		      start);
	return expect_sent(start);
}

/* --- we ask --- */

START_TEST(we_refresh_by_update)
{
	const char *u;
	int i;

	conf(1800, 90);
	up("Session-Expires: 300;refresher=uac\r\nAllow: INVITE, UPDATE\r\n"
	   "Require: timer\r\n");
	ck_assert_str_eq(value_of(first, "Supported"), "timer");
	ck_assert_str_eq(value_of(first, "Session-Expires"), "1800");
	for (i = 0; i < 3; i++) {
		u = after_s(150, "UPDATE sip:peer@");
		ck_assert_str_eq(body_of(u), "");
		ck_assert_str_eq(value_of(u, "Session-Expires"),
				 "300;refresher=uac");
		answer(u, "200 OK", NULL,
		       "Session-Expires: 300;refresher=uac\r\n", NULL);
		wait_ms(10);
	}
	expect_silence();
	we_clear();
}
END_TEST

/* Without UPDATE: INVITE that says what holds already. */
START_TEST(we_refresh_by_invite)
{
	const char *i, *again;

	conf(1800, 90);
	up("Session-Expires: 200\r\nAllow: INVITE, BYE\r\n");
	i = after_s(100, "INVITE sip:peer@");
	answer(i, "200 OK", NULL, "Session-Expires: 200;refresher=uac\r\n",
	       PEER_SDP);
	expect_sent("ACK ");
	again = after_s(100, "INVITE sip:peer@");
	ck_assert_str_eq(body_of(again), body_of(i));
	answer(again, "200 OK", NULL, "Session-Expires: 200;refresher=uac\r\n",
	       PEER_SDP);
	expect_sent("ACK ");
	we_clear();
}
END_TEST

/* The peer refreshes, until it does not. */
START_TEST(peer_refreshes)
{
	const char *ok;

	conf(1800, 90);
	up("Session-Expires: 300;refresher=uas\r\n");
	wait_ms(140000);
	request_in("UPDATE", first, "t",
		   "Supported: timer\r\nSession-Expires: 300;refresher=uac\r\n",
		   NULL);
	ok = expect_sent("SIP/2.0 200");
	ck_assert_str_eq(value_of(ok, "Session-Expires"), "300;refresher=uac");
	ck_assert_str_eq(value_of(ok, "Require"), "timer");
	answer(after_s(268, "BYE "), "481 x", NULL, NULL, NULL);
	expect_released(102, "session timer expired");
	finish();
}
END_TEST

START_TEST(refresh_fails)
{
	conf(1800, 90);
	/* the peer does not know the call any more */
	up("Session-Expires: 300;refresher=uac\r\nAllow: UPDATE\r\n");
	answer(after_s(150, "UPDATE "), "481 Gone", NULL, NULL, NULL);
	answer(expect_sent("BYE "), "481 Gone", NULL, NULL, NULL);
	expect_cc(CC_RELEASED);
	finish();
	/* it never answers */
	conf(1800, 90);
	up("Session-Expires: 300;refresher=uac\r\nAllow: UPDATE\r\n");
	after_s(150, "UPDATE ");
	wait_ms(33000);
	answer(skip_to("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(102, "no answer to UPDATE");
	finish();
	/* other refusals: again, until the session is over */
	conf(1800, 90);
	up("Session-Expires: 120;refresher=uac\r\nAllow: UPDATE\r\n");
	answer(after_s(60, "UPDATE "), "500 x", NULL, NULL, NULL);
	answer(after_s(10, "UPDATE "), "503 x", NULL, NULL, NULL);
	answer(after_s(10, "UPDATE "), "503 x", NULL, NULL, NULL);
	answer(after_s(8, "BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(102, "session timer expired");
	finish();
	/* not allowed after all */
	conf(1800, 90);
	up("Session-Expires: 300;refresher=uac\r\nAllow: UPDATE\r\n");
	answer(after_s(150, "UPDATE "), "405 x", NULL, NULL, NULL);
	answer(expect_sent("INVITE "), "200 OK", NULL,
	       "Session-Expires: 300;refresher=uac\r\n", PEER_SDP);
	expect_sent("ACK ");
	we_clear();
}
END_TEST

/* As from an ICMP error: what is under way fails at once. */
static void unreachable(void)
{
	struct sip_path to = {.remote = address(PEER_IP ":5060")};

	txn_unreachable(rig_txns(), &to);
	wait_ms(10);
}

/* The way to the peer fails for a moment: no reason to end the call. */
START_TEST(refresh_not_sent)
{
	conf(1800, 90);
	up("Session-Expires: 120;refresher=uac\r\nAllow: UPDATE\r\n");
	after_s(60, "UPDATE ");
	unreachable();
	answer(after_s(10, "UPDATE "), "200 OK", NULL,
	       "Session-Expires: 120;refresher=uac\r\n", NULL);
	we_clear();
	/* by INVITE */
	conf(1800, 90);
	up("Session-Expires: 120;refresher=uac\r\nAllow: INVITE\r\n");
	after_s(60, "INVITE ");
	unreachable();
	answer(after_s(10, "INVITE "), "200 OK", NULL,
	       "Session-Expires: 120;refresher=uac\r\n", PEER_SDP);
	expect_sent("ACK ");
	we_clear();
	/* for good */
	conf(1800, 90);
	up("Session-Expires: 90;refresher=uac\r\nAllow: UPDATE\r\n");
	after_s(45, "UPDATE ");
	unreachable();
	after_s(10, "UPDATE ");
	unreachable();
	answer(after_s(5, "BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(102, "session timer expired");
	finish();
}
END_TEST

/* Nor for a hold; it is sent later. */
START_TEST(change_not_sent)
{
	const char *hold;

	conf(1800, 90);
	up("Session-Expires: 120;refresher=uac\r\nAllow: UPDATE\r\n");
	core_tells(leg, CC_HOLD);
	wait_ms(10);
	expect_sent("INVITE ");
	unreachable();
	hold = after_s(10, "INVITE ");
	ck_assert_ptr_nonnull(strstr(body_of(hold), "a=sendonly"));
	answer(hold, "200 OK", NULL,
	       "Session-Expires: 120;refresher=uac\r\n",
	       SDP(PEER_IP, "7000", "a=recvonly\r\n"));
	expect_sent("ACK ");
	wait_ms(10);
	rig.cc_seen = rig.n_cc;
	we_clear();
}
END_TEST

START_TEST(too_small_for_the_peer)
{
	const char *invite, *again;

	conf(100, 90);
	rig_open();
	invite = place_call(&leg);
	answer(invite, "422 Session Interval Too Small", "t",
	       "Min-SE: 3600\r\n", NULL);
	expect_sent("ACK ");
	again = expect_sent("INVITE ");
	ck_assert_str_eq(value_of(again, "CSeq"), "2 INVITE");
	ck_assert_str_eq(value_of(again, "Session-Expires"), "3600");
	ck_assert_str_eq(value_of(again, "Min-SE"), "3600");
	/* no loop */
	answer(again, "422 Session Interval Too Small", "t", "Min-SE: 3600\r\n",
	       NULL);
	expect_sent("ACK ");
	expect_cc(CC_RELEASED);
	finish();
}
END_TEST

static const char *min_se(unsigned i)
{
	static char text[32];

	snprintf(text, sizeof(text), "Min-SE: %u\r\n", 2000 + i);
	return text;
}

/* One second more each time: five are believed, at a time. */
START_TEST(never_large_enough)
{
	const char *u;
	unsigned i;

	conf(100, 90);
	rig_open();
	u = place_call(&leg);
	for (i = 0; i < 6; i++) {
		answer(u, "422 Session Interval Too Small", "t", min_se(i),
		       NULL);
		expect_sent("ACK ");
		if (i < 5)
			u = expect_sent("INVITE ");
	}
	expect_cc(CC_RELEASED);
	finish();
	/* a refresh: then the timer has it again */
	conf(1800, 90);
	up("Session-Expires: 120;refresher=uac\r\nAllow: UPDATE\r\n");
	u = after_s(60, "UPDATE ");
	for (i = 0; i < 6; i++) {
		answer(u, "422 Session Interval Too Small", NULL, min_se(i),
		       NULL);
		if (i < 5)
			u = expect_sent("UPDATE ");
	}
	answer(after_s(10, "UPDATE "), "200 OK", NULL,
	       "Session-Expires: 3600;refresher=uac\r\n", NULL);
	/* agreed: what it wants now is heard again */
	answer(after_s(1800, "UPDATE "), "422 Session Interval Too Small", NULL,
	       "Min-SE: 4000\r\n", NULL);
	answer(expect_sent("UPDATE "), "200 OK", NULL,
	       "Session-Expires: 4000;refresher=uac\r\n", NULL);
	we_clear();
}
END_TEST

START_TEST(peer_without_timers)
{
	conf(1800, 90);
	up(NULL);
	wait_ms(4000000);
	expect_silence();
	we_clear();
}
END_TEST

/* --- we are asked --- */

static const char *asked(const char *extra)
{
	rig_open();
	invite_from_peer(PEER_URI, "c1", extra, PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ANSWER);
	first = expect_sent("SIP/2.0 200");
	ack_from_peer(first, NULL);
	wait_ms(10);
	return first;
}

START_TEST(uas_answers)
{
	static const struct {
		const char *extra, *expires, *require;
	} rows[] = {
		{"Supported: timer\r\nSession-Expires: 600\r\n",
		 "600;refresher=uac", "timer"},
		{"Supported: timer\r\nx: 7200;refresher=uas\r\n",
		 "1800;refresher=uas", "timer"},
		{"Supported: timer\r\nSession-Expires: 600\r\nMin-SE: 3000\r\n",
		 "3000;refresher=uac", "timer"},
		{"Supported: timer\r\n", "1800;refresher=uas", "timer"},
		{"Session-Expires: 600\r\n", "600;refresher=uas", NULL},
		{NULL, NULL, NULL},
		{"Supported: timer\r\nSession-Expires: nonsense\r\n",
		 "1800;refresher=uas", "timer"},
		{"Supported: timer\r\nSession-Expires: 99999999999999999999\r\n",
		 "1800;refresher=uac", "timer"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		conf(1800, 90);
		asked(rows[i].extra);
		ck_assert_int_eq(has_header(first, "Session-Expires"),
				 rows[i].expires != NULL);
		if (rows[i].expires)
			ck_assert_str_eq(value_of(first, "Session-Expires"),
					 rows[i].expires);
		ck_assert_int_eq(has_header(first, "Require"),
				 rows[i].require != NULL);
		we_clear();
	}
}
END_TEST

START_TEST(uas_refreshes)
{
	conf(1800, 90);
	asked("Supported: timer\r\nAllow: UPDATE\r\n"
	      "Session-Expires: 600;refresher=uas\r\n");
	answer(after_s(300, "UPDATE "), "200 OK", NULL,
	       "Session-Expires: 600;refresher=uac\r\n", NULL);
	answer(after_s(300, "UPDATE "), "200 OK", NULL,
	       "Session-Expires: 600;refresher=uac\r\n", NULL);
	we_clear();
	/* by INVITE: the very answer that we have given */
	conf(1800, 90);
	asked("Supported: timer\r\nAllow: INVITE\r\n"
	      "Session-Expires: 600;refresher=uas\r\n");
	answer(after_s(300, "INVITE "), "200 OK", NULL,
	       "Session-Expires: 600;refresher=uac\r\n", PEER_SDP);
	ck_assert_str_eq(body_of(rig.sent[rig.seen - 1].text), body_of(first));
	expect_sent("ACK ");
	we_clear();
}
END_TEST

START_TEST(too_small_for_us)
{
	const char *no;

	conf(1800, 300);
	rig_open();
	invite_from_peer(PEER_URI, "c1",
			 "Supported: timer\r\nSession-Expires: 299\r\n",
			 PEER_SDP);
	no = expect_sent("SIP/2.0 422");
	ck_assert_str_eq(value_of(no, "Min-SE"), "300");
	ack_from_peer(no, NULL);
	expect_cc(CC_SETUP); /* for its CDR */
	finish();
	conf(1800, 300);
	asked("Supported: timer\r\nSession-Expires: 300\r\n");
	request_in("INVITE", first, NULL,
		   "Supported: timer\r\nSession-Expires: 90\r\n", PEER_SDP);
	no = expect_sent("SIP/2.0 422");
	ck_assert_str_eq(value_of(no, "Min-SE"), "300");
	ack_from_peer(no, NULL);
	we_clear();
}
END_TEST

/* --- RFC 7989 --- */

#define THEIRS "aaaabbbbccccddddeeeeffff00001111"
#define OTHER  "00001111aaaabbbbccccddddeeeeffff"
#define NIL    "00000000000000000000000000000000"

static char ours[33];

static void check_session(const char *text, const char *remote)
{
	const char *v = value_of(text, "Session-ID");

	if (!ours[0])
		snprintf(ours, sizeof(ours), "%.32s", v);
	ck_assert_uint_eq(strspn(v, "0123456789abcdef"), 32);
	ck_assert_int_eq(strncmp(v, ours, 32), 0);
	ck_assert_int_eq(strncmp(v + 32, ";remote=", 8), 0);
	ck_assert_str_eq(v + 40, remote);
}

START_TEST(session_id)
{
	const char *m;

	conf(0, 90);
	rig.conf.trunks[0].dialog.session_id = true;
	rig_open();
	ours[0] = '\0';
	first = place_call(&leg);
	check_session(first, NIL);
	answer(first, "200 OK", "t",
	       "Session-ID: " THEIRS ";remote=" OTHER "\r\n", PEER_SDP);
	check_session(expect_sent("ACK "), THEIRS);
	expect_cc(CC_ANSWER);
	rig.cseq = 100;
	request_in("INVITE", first, "t", "Session-ID: " OTHER "\r\n", PEER_SDP);
	m = expect_sent("SIP/2.0 200");
	check_session(m, OTHER);
	ack_from_peer(m, NULL);
	/* nonsense changes nothing */
	request_in("UPDATE", first, "t", "Session-ID: abc;remote=x\r\n", NULL);
	check_session(expect_sent("SIP/2.0 200"), OTHER);
	core_releases(leg, 16);
	m = expect_sent("BYE ");
	check_session(m, OTHER);
	answer(m, "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
	conf(0, 90);
	rig.conf.trunks[0].dialog.session_id = true;
	ours[0] = '\0';
	check_session(asked("Session-ID: " THEIRS ";remote=" NIL "\r\n"),
		      THEIRS);
	we_clear();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {we_refresh_by_update,
				      we_refresh_by_invite,
				      peer_refreshes,
				      refresh_fails,
				      refresh_not_sent,
				      change_not_sent,
				      too_small_for_the_peer,
				      never_large_enough,
				      peer_without_timers,
				      uas_answers,
				      uas_refreshes,
				      too_small_for_us,
				      session_id,
				      NULL};

	return rig_run("sip_se", tests);
}
