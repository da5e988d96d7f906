/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * Every call of these scripts again and again, each time with another single
 * datagram lost, in either direction: the call always ends, the core gets
 * RELEASED exactly once and last, and nothing is left behind.
 *
 * The peer repeats as RFC 3261 wants it from UDP: its requests until there is
 * an answer, its 2xx until there is an ACK.
 */
#include "tests/stack/sip_rig.h"

#define T1 500

/* What the peer keeps sending. */
struct repeat {
	struct timer timer;
	char text[RIG_TEXT];
	unsigned left;
	int64_t ms;
};

static struct repeat ours_2xx, request; /* of the peer */
static bool answered_by_peer; /* the peer accepts, else it only rings */
static bool peer_hangs_up, core_hangs_up;
static char last_answer[RIG_TEXT]; /* the peer's to our INVITE */
static leg_id leg;
static unsigned end_after; /* RELEASED is the last of a leg */

static void on_repeat(struct timer *t)
{
	struct repeat *r = container_of(t, struct repeat, timer);

	if (r->left == 0)
		return;
	r->left--;
	peer_says(r->text);
	r->ms = r->ms < 4000 ? 2 * r->ms : 4000;
	ck_assert_int_eq(timer_start(rig.loop, t, on_repeat, r->ms), 0);
}

static void repeat_start(struct repeat *r, const char *text)
{
	snprintf(r->text, sizeof(r->text), "%s", text);
	r->left = 10;
	r->ms = T1;
	ck_assert_int_eq(timer_start(rig.loop, &r->timer, on_repeat, r->ms), 0);
}

static void repeat_stop(struct repeat *r)
{
	r->left = 0;
	timer_stop(rig.loop, &r->timer);
}

/* As answer(), but kept to be said again. */
static void peer_answers(const char *invite, const char *status, bool repeat)
{
	char out[RIG_TEXT] = "";

	append(out, "SIP/2.0 %s\r\n", status);
	copy_headers(out, invite, "Via");
	copy_headers(out, invite, "From");
	append(out, "To: %s;tag=t\r\n", value_of(invite, "To"));
	copy_headers(out, invite, "Call-ID");
	copy_headers(out, invite, "CSeq");
	append(out, "Contact: <sip:peer@" PEER_IP ">\r\n");
	end_message(out, NULL, strncmp(status, "200", 3) ? NULL : PEER_SDP);
	snprintf(last_answer, sizeof(last_answer), "%s", out);
	peer_says(out);
	if (repeat)
		repeat_start(&ours_2xx, out);
}

/* The peer's BYE in a dialog begun by us. */
static void peer_bye(const char *ours)
{
	bool uas = strncmp(ours, "SIP/2.0", 7) == 0;
	char out[RIG_TEXT] = "";

	append(out, "BYE sip:" OUR_IP ":5060 SIP/2.0\r\n"
		    "Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bKbye\r\n");
	append(out, "From: %s\r\n", value_of(ours, uas ? "From" : "To"));
	append(out, "To: %s\r\n", value_of(ours, uas ? "To" : "From"));
	copy_headers(out, ours, "Call-ID");
	append(out, "CSeq: 9 BYE\r\nMax-Forwards: 70\r\n");
	end_message(out, NULL, NULL);
	peer_says(out);
	repeat_start(&request, out);
}

/* --- a peer that is called --- */

static void callee_invite(const char *invite)
{
	if (last_answer[0]) { /* a repeat */
		peer_says(last_answer);
		return;
	}
	answer(invite, "180 Ringing", "t", NULL, NULL);
	if (answered_by_peer)
		peer_answers(invite, "200 OK", true);
	else
		snprintf(last_answer, sizeof(last_answer), "%s", "");
}

static const char *invite_seen;

static void callee(struct rig *r, const struct rig_wire *m)
{
	const char *t = m->text;

	(void)r;
	if (strncmp(t, "INVITE ", 7) == 0) {
		invite_seen = t;
		callee_invite(t);
	} else if (strncmp(t, "ACK ", 4) == 0) {
		bool first = ours_2xx.left > 0;

		repeat_stop(&ours_2xx);
		if (peer_hangs_up && first && strstr(last_answer, "200 OK"))
			peer_bye(t);
	} else if (strncmp(t, "CANCEL ", 7) == 0) {
		answer(t, "200 OK", "t", NULL, NULL);
		if (!last_answer[0])
			peer_answers(invite_seen, "487 Request Terminated",
				     true);
	} else if (strncmp(t, "BYE ", 4) == 0) {
		repeat_stop(&ours_2xx);
		answer(t, "200 OK", NULL, NULL, NULL);
	} else if (strstr(t, " BYE\r\n")) { /* the answer to the peer's */
		repeat_stop(&request);
	}
}

/* --- a peer that calls --- */

static bool cancels;
static char bye_text[RIG_TEXT];

static void caller(struct rig *r, const struct rig_wire *m)
{
	const char *t = m->text;
	bool to_invite = strstr(t, "CSeq: 1 INVITE") != NULL;

	(void)r;
	if (strncmp(t, "BYE ", 4) == 0) {
		answer(t, "200 OK", NULL, NULL, NULL);
	} else if (strstr(t, " BYE\r\n") || strstr(t, "CSeq: 1 CANCEL")) {
		repeat_stop(&request);
	} else if (strncmp(t, "SIP/2.0 180", 11) == 0) {
		repeat_stop(&request);
		if (cancels && !bye_text[0]) {
			snprintf(bye_text, sizeof(bye_text), "x");
			cancel_from_peer(PEER_URI, "c1", NULL);
		}
	} else if (to_invite && t[8] != '1') {
		repeat_stop(&request);
		ack_from_peer(t, NULL);
		if (peer_hangs_up && t[8] == '2' && !bye_text[0]) {
			snprintf(bye_text, sizeof(bye_text), "x");
			peer_bye(t);
		}
	} else if (to_invite) {
		repeat_stop(&request);
	}
}

/* The core: answers, and hangs up a second later. */
static struct timer hang_up;

static void on_hang_up(struct timer *t)
{
	(void)t;
	core_releases(leg, 16);
}

static void core(struct rig *r, const struct cc_msg *m)
{
	(void)r;
	if (end_after)
		ck_abort_msg("%s after RELEASED", cc_type_name(m->head.type));
	leg = m->leg;
	switch (m->head.type) {
	case CC_SETUP:
		core_tells(leg, CC_ALERTING);
		if (!cancels)
			core_tells(leg, CC_ANSWER);
		break;
	case CC_RELEASED:
		end_after++;
		timer_stop(rig.loop, &hang_up);
		return;
	default:
		break;
	}
	if (core_hangs_up && !timer_is_running(&hang_up))
		ck_assert_int_eq(
			timer_start(rig.loop, &hang_up, on_hang_up, 1000), 0);
}

/* --- each script with each datagram lost --- */

static void run(bool ours, int drop)
{
	memset(&ours_2xx, 0, sizeof(ours_2xx));
	memset(&request, 0, sizeof(request));
	memset(&hang_up, 0, sizeof(hang_up));
	last_answer[0] = bye_text[0] = '\0';
	end_after = 0;
	rig_conf();
	rig_open();
	rig.on_sent = ours ? callee : caller;
	rig.on_cc = core;
	rig.drop = drop;
	if (ours) {
		struct cc_msg m = setup_msg();

		core_sends(CC_SETUP, m);
	} else {
		char again[RIG_TEXT] = "";

		invite_from_peer(PEER_URI, "c1", NULL, PEER_SDP);
		append(again,
		       "INVITE " PEER_URI " SIP/2.0\r\n"
		       "Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bKic1\r\n"
		       "To: <" PEER_URI ">\r\nCall-ID: c1\r\n"
		       "CSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
		       "Contact: <sip:peer@" PEER_IP ">\r\n"
		       "From: <sip:+4930123@" PEER_IP ">;tag=ft\r\n");
		end_message(again, NULL, PEER_SDP);
		repeat_start(&request, again);
	}
	wait_ms(240000);
	ck_assert_msg(count_cc(CC_RELEASED) == 1, "drop %d: %u RELEASED", drop,
		      count_cc(CC_RELEASED));
	ck_assert_uint_eq(rig.cc[rig.n_cc - 1].head.type, CC_RELEASED);
	repeat_stop(&ours_2xx);
	repeat_stop(&request);
	rig_settle();
	rig_close();
}

static void each_loss(bool ours, int at_least)
{
	int drop = 0, n;

	run(ours, -1);
	n = rig.count;
	ck_assert_int_ge(n, at_least);
	for (drop = 0; drop < n; drop++)
		run(ours, drop);
}

static void script(bool accepted, bool peer, bool core_ends, bool cancel)
{
	answered_by_peer = accepted;
	peer_hangs_up = peer;
	core_hangs_up = core_ends;
	cancels = cancel;
}

START_TEST(ours_peer_ends)
{
	script(true, true, false, false);
	each_loss(true, 6);
}
END_TEST

START_TEST(ours_core_ends)
{
	script(true, false, true, false);
	each_loss(true, 6);
}
END_TEST

START_TEST(ours_cancelled)
{
	script(false, false, true, false);
	each_loss(true, 6);
}
END_TEST

START_TEST(theirs_peer_ends)
{
	script(false, true, false, false);
	each_loss(false, 6);
}
END_TEST

START_TEST(theirs_core_ends)
{
	script(false, false, true, false);
	each_loss(false, 6);
}
END_TEST

START_TEST(theirs_cancelled)
{
	script(false, false, true, true);
	each_loss(false, 5);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {ours_peer_ends,
				      ours_core_ends,
				      ours_cancelled,
				      theirs_peer_ends,
				      theirs_core_ends,
				      theirs_cancelled,
				      NULL};

	return rig_run("sip_loss", tests);
}
