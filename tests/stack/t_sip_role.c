/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * The role around the calls: limits, drain, loss of the core, state of the
 * trunks, OPTIONS, reload, and what the console sees.
 */
#include "tests/stack/sip_rig.h"

#include <errno.h>

#include "gateway/base/obs.h"

static leg_id leg;

static void begin(void)
{
	rig_conf();
	rig_open();
}

static void finish(void)
{
	expect_silence();
	rig_settle();
	rig_close();
}

/* --- limits --- */

START_TEST(max_calls)
{
	leg_id second, third;
	const char *no;

	rig_conf();
	rig.conf.trunks[0].max_calls = 2;
	rig.conf.n_emergency = 1;
	strcpy(rig.conf.emergency[0], "112");
	rig_open();
	leg = take_call("c1");
	place_call(&second);
	core_sends(CC_SETUP, setup_msg());
	expect_released(34, "max_calls");
	rig.seen = rig.n_sent;
	invite_from_peer(PEER_URI, "c3", NULL, PEER_SDP);
	no = expect_sent("SIP/2.0 503");
	ck_assert_ptr_nonnull(strstr(value_of(no, "Reason"), "cause=34"));
	ck_assert(!has_header(no, "Retry-After"));
	ack_from_peer(no, NULL);
	expect_refused(34, "max_calls");
	/* emergency calls are never refused, both ways */
	invite_from_peer("sip:112@" OUR_IP, "c4", NULL, PEER_SDP);
	third = expect_cc(CC_SETUP)->leg;
	core_releases(third, 17);
	ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
	expect_released(17, "486 Busy Here");
	{
		struct cc_msg m = setup_msg();

		m.emergency = 1;
		core_sends(CC_SETUP, m);
		answer(expect_sent("INVITE "), "486 x", "t", NULL, NULL);
		expect_sent("ACK ");
		expect_released(17, "486 Busy Here");
	}
	/* a place is free again */
	core_releases(leg, 17);
	expect_sent("SIP/2.0 486");
	expect_released(17, "486 Busy Here");
	leg = take_call("c5");
	core_releases(leg, 17);
	core_releases(second, 16);
	expect_released(17, "486 Busy Here");
	expect_released(16, "CANCEL");
	wait_ms(40000);
	rig.seen = rig.n_sent;
	finish();
}
END_TEST

START_TEST(max_rate)
{
	int i, refused = 0;
	char id[16];

	rig_conf();
	rig.conf.trunks[0].max_calls_per_s = 5;
	rig_open();
	for (i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "c%d", i);
		invite_from_peer(PEER_URI, id, NULL, PEER_SDP);
	}
	wait_ms(50);
	ck_assert_uint_eq(count_cc(CC_SETUP), 5);
	for (i = 0; i < (int)rig.n_sent; i++)
		refused += strncmp(rig.sent[i].text, "SIP/2.0 503", 11) == 0;
	ck_assert_int_eq(refused, 5);
	wait_ms(1000);
	invite_from_peer(PEER_URI, "later", NULL, PEER_SDP);
	wait_ms(50);
	ck_assert_uint_eq(count_cc(CC_SETUP), 6);
	rig_close();
}
END_TEST

START_TEST(impossible_setups)
{
	struct cc_msg m;

	begin();
	m = setup_msg();
	m.end.index = 7;
	core_sends(CC_SETUP, m);
	expect_released(3, "no such trunk");
	m = setup_msg();
	m.bearer = CC_BEARER_UNRESTRICTED;
	core_sends(CC_SETUP, m);
	expect_released(65, "bearer is not speech");
	m = setup_msg();
	m.called.digits[0] = '\0';
	core_sends(CC_SETUP, m);
	expect_released(28, "no called number");
	m = setup_msg();
	m.media.valid = 0;
	core_sends(CC_SETUP, m);
	expect_cc(CC_RELEASED);
	ck_assert_uint_eq(rig.cc[rig.n_cc - 1].cause.value, 47);
	finish();
}
END_TEST

START_TEST(no_server)
{
	rig_conf();
	strcpy(rig.conf.trunks[0].servers[0], "no-such-host.invalid");
	rig_open();
	ck_assert_uint_eq(rig.n_state, 1);
	ck_assert_uint_eq(rig.state[0].up, 0);
	core_sends(CC_SETUP, setup_msg());
	expect_released(38, "no server address");
	finish();
}
END_TEST

/* --- the core's messages, well formed or not --- */

START_TEST(stray_core_messages)
{
	struct cc_msg m = {.leg = 12345};
	struct link_head short_one;

	begin();
	core_sends(CC_ANSWER, m);
	core_releases(77, 16);
	link_send(&rig.core, &short_one, CC_RELEASE, sizeof(short_one));
	m = setup_msg();
	core_sends(CC_SETUP, m);
	answer(expect_sent("INVITE "), "100 Trying", NULL, NULL, NULL);
	expect_cc(CC_PROCEEDING);
	core_sends(CC_SETUP, m); /* twice */
	expect_silence();
	core_sends(CC_ALERTING, m); /* not a callee's business */
	core_sends(CC_DTMF, (struct cc_msg){.leg = m.leg, .digit = '1'});
	expect_silence();
	core_releases(m.leg, 16);
	expect_released(16, "CANCEL");
	answer(expect_sent("CANCEL "), "200 OK", "t", NULL, NULL);
	answer(rig.sent[0].text, "487 x", "t", NULL, NULL);
	expect_sent("ACK ");
	finish();
}
END_TEST

/* --- the core is lost --- */

static unsigned count_byes(void)
{
	unsigned i, n = 0;

	for (i = rig.seen; i < rig.n_sent; i++)
		n += strncmp(rig.sent[i].text, "BYE ", 4) == 0;
	return n;
}

START_TEST(core_lost)
{
	leg_id up, out, in, answered;
	const char *first, *pending, *text;
	const struct link_ops *ops;

	begin();
	first = place_and_answer(&up, "t");
	pending = place_call(&out);
	answer(pending, "180 Ringing", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	in = take_call("c1");
	expect_sent("SIP/2.0 100");
	answered = take_call("c2");
	core_tells(answered, CC_ANSWER);
	text = expect_sent("SIP/2.0 200");
	ck_assert_uint_ne(in, 0);
	link_close(&rig.core);
	wait_ms(1000 * CC_KEEP_S - 100);
	ck_assert_uint_eq(count_byes(), 0); /* answered calls wait */
	wait_ms(200);
	/* each, repeated or not, with the cause; in no special order */
	{
		unsigned i, bye = 0, cancel = 0, no = 0;

		for (i = rig.seen; i < rig.n_sent; i++) {
			const char *t = rig.sent[i].text;

			if (strncmp(t, "SIP/2.0 200", 11) == 0 ||
			    strncmp(t, "INVITE ", 7) == 0 ||
			    strncmp(t, "SIP/2.0 100", 11) == 0)
				continue; /* repeated meanwhile */
			ck_assert_ptr_nonnull(
				strstr(value_of(t, "Reason"), "cause=41"));
			bye |= strncmp(t, "BYE ", 4) == 0;
			cancel |= strncmp(t, "CANCEL ", 7) == 0;
			no |= strncmp(t, "SIP/2.0 503", 11) == 0;
			if (strncmp(t, "BYE ", 4) == 0 ||
			    strncmp(t, "CANCEL ", 7) == 0)
				answer(t, "200 OK", "t", NULL, NULL);
			else
				ack_from_peer(t, NULL);
		}
		ck_assert_uint_eq(bye, 1);
		ck_assert_uint_eq(cancel, 1);
		ck_assert_uint_eq(no, 1);
		rig.seen = rig.n_sent;
	}
	answer(pending, "487 x", "t", NULL, NULL);
	expect_sent("ACK ");
	ack_from_peer(text, NULL);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	/* no calls until it is back */
	invite_from_peer(PEER_URI, "c3", NULL, PEER_SDP);
	text = expect_sent("SIP/2.0 503");
	ck_assert_ptr_nonnull(strstr(value_of(text, "Reason"), "cause=41"));
	ack_from_peer(text, NULL);
	(void)sip_role_ops.slot(rig.role, ROLE_CORE, 0, &ops);
	rig.n_state = 0;
	connect_core();
	wait_ms(10);
	ck_assert_uint_eq(rig.n_state, 1);
	ck_assert_uint_eq(rig.state[0].up, 1);
	ck_assert_uint_eq(count_cc(CC_RELEASED), 0);
	(void)first;
	text = take_and_answer(&leg, "c4");
	rig.seen = rig.n_sent;
	rig.cseq = 5;
	request_in("BYE", text, NULL, NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* --- drain --- */

/* Its predecessor knew where the servers are: calls go there before DNS has
 * said anything, and another core is told. */
START_TEST(servers_of_before)
{
	struct cc_servers m = {.end = {CC_END_TRUNK, 0}, .n = 1,
			       .host = "sip.provider.example",
			       .at = {{.addr = address(PEER2_IP ":5070")}}};
	const struct link_ops *ops;
	leg_id out;

	rig_conf();
	strcpy(rig.conf.trunks[0].servers[0], m.host);
	rig.conf.sip.n_dns = 1;
	strcpy(rig.conf.sip.dns[0], "127.0.0.1:9"); /* says nothing */
	rig_open_unsettled();
	ck_assert_int_eq(link_send(&rig.core, &m.head, CC_SERVERS, sizeof(m)),
			 0);
	core_settles();
	(void)place_call(&out);
	ck_assert(net_addr_eq(&rig.sent[rig.seen - 1].to, &m.at[0].addr));
	ck_assert_uint_eq(rig.back.n_servers, 0);
	link_close(&rig.core);
	(void)sip_role_ops.slot(rig.role, ROLE_CORE, 0, &ops);
	connect_core();
	wait_ms(10);
	ck_assert_uint_eq(rig.back.n_servers, 1);
	ck_assert_str_eq(rig.back.servers.host, m.host);
	ck_assert(net_addr_eq(&rig.back.servers.at[0].addr, &m.at[0].addr));
	rig_close();
}
END_TEST

START_TEST(drained)
{
	const char *no, *first;

	begin();
	first = place_and_answer(&leg, "t");
	ck_assert_uint_eq(rig.state[0].up, 1);
	sip_role_ops.drain(rig.role);
	wait_ms(10);
	ck_assert(!sip_role_ops.is_idle(rig.role));
	ck_assert_uint_eq(rig.n_state, 2);
	ck_assert_uint_eq(rig.state[1].up, 0);
	ck_assert_str_eq(rig.state[1].text, "draining");
	invite_from_peer(PEER_URI, "c3", NULL, PEER_SDP);
	no = expect_sent("SIP/2.0 503");
	ack_from_peer(no, NULL);
	expect_refused(41, "shutting down");
	core_sends(CC_SETUP, setup_msg());
	expect_released(41, "shutting down");
	rig.cseq = 7; /* the call that is up goes on until it ends */
	request_in("OPTIONS", first, "t", NULL, NULL);
	expect_sent("SIP/2.0 200");
	request_in("BYE", first, "t", NULL, NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
	ck_assert(sip_role_ops.is_idle(rig.role));
	finish();
}
END_TEST

/* Closing with calls up clears them. */
START_TEST(closed)
{
	const char *first;

	begin();
	first = place_and_answer(&leg, "t");
	(void)first;
	sip_role_ops.close(rig.role);
	ck_assert_ptr_nonnull(
		strstr(value_of(skip_to("BYE "), "Reason"), "cause=41"));
	loop_advance(rig.loop, 10);
	link_close(&rig.core);
	loop_free(rig.loop);
}
END_TEST

/* --- OPTIONS and what is for nobody --- */

static void peer_request(const char *method, const char *from)
{
	static unsigned n;
	char out[RIG_TEXT] = "";

	append(out, "%s sip:" OUR_IP " SIP/2.0\r\n", method);
	append(out,
	       "Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bKo%u\r\n"
	       "From: <sip:" PEER_IP ">;tag=x\r\nTo: <sip:" OUR_IP ">\r\n"
	       "Call-ID: o%u\r\nCSeq: 1 %s\r\nMax-Forwards: 0\r\n"
	       "Contact: <sip:" PEER_IP ">\r\n",
	       n, n, method);
	n++;
	end_message(out, NULL, NULL);
	peer_says_from(from, out);
}

START_TEST(options)
{
	const char *text;

	begin();
	peer_request("OPTIONS", PEER_IP ":5060");
	text = expect_sent("SIP/2.0 200");
	ck_assert_ptr_nonnull(strstr(value_of(text, "Allow"), "INVITE"));
	ck_assert_str_eq(value_of(text, "Accept"), "application/sdp");
	ck_assert(has_header(text, "Supported"));
	ck_assert_ptr_nonnull(strstr(value_of(text, "To"), ";tag="));
	peer_request("BYE", PEER_IP ":5060");
	expect_sent("SIP/2.0 481");
	peer_request("SUBSCRIBE", PEER_IP ":5060");
	ck_assert(has_header(expect_sent("SIP/2.0 405"), "Allow"));
	peer_request("OPTIONS", "192.0.2.200:5060"); /* unknown: silence */
	expect_silence();
	sip_role_ops.drain(rig.role);
	peer_request("OPTIONS", PEER_IP ":5060");
	expect_sent("SIP/2.0 503");
	finish();
}
END_TEST

/* All lines that its calls could go to are out: it may call elsewhere. */
START_TEST(options_without_a_line)
{
	struct cc_end_state s = { .end = { CC_END_TRUNK, 0 } };

	begin();
	link_send(&rig.core, &s.head, CC_END_STATE, sizeof(s));
	loop_advance(rig.loop, 1);
	peer_request("OPTIONS", PEER_IP ":5060");
	expect_sent("SIP/2.0 503");
	s.up = 1;
	link_send(&rig.core, &s.head, CC_END_STATE, sizeof(s));
	loop_advance(rig.loop, 1);
	peer_request("OPTIONS", PEER_IP ":5060");
	expect_sent("SIP/2.0 200");
	finish();
}
END_TEST

/* --- reload --- */

START_TEST(reloaded)
{
	struct conf_for_sip *again = malloc(sizeof(*again));
	const char *first, *invite;

	begin();
	first = place_and_answer(&leg, "t");
	*again = rig.conf;
	strcpy(again->trunks[0].servers[0], PEER2_IP);
	again->trunks[0].sources[0].addr = address(PEER_IP);
	again->trunks[0].sources[0].bits = 32;
	again->trunks[0].n_sources = 1;
	strcpy(again->sip.user_agent, "other");
	ck_assert_int_eq(sip_role_ops.reload(rig.role, again, sizeof(*again)),
			 0);
	rig.cseq = 7;
	request_in("INVITE", first, "t", NULL, PEER_SDP);
	ack_from_peer(expect_sent("SIP/2.0 200"), NULL);
	invite = place_call(&(leg_id){0});
	ck_assert_ptr_nonnull(strstr(invite, "@" PEER2_IP));
	ck_assert_str_eq(value_of(invite, "User-Agent"), "other");
	answer(invite, "486 x", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	again->n_trunks = 2;
	ck_assert_int_eq(sip_role_ops.reload(rig.role, again, sizeof(*again)),
			 -EINVAL);
	ck_assert_int_eq(sip_role_ops.reload(rig.role, again, 12), -EINVAL);
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	free(again);
	finish();
}
END_TEST

/* --- the console --- */

static struct link console;
static char reply_text[65536];
static unsigned n_traces;
static bool reply_error;
static struct obs_trace traces[16];

static void console_msg(struct link *l, const struct link_head *h, int fd)
{
	(void)l;
	(void)fd;
	if (h->type == OBS_REPLY) {
		const struct obs_reply *r = (const void *)h;

		strncat(reply_text, r->text, r->len);
		reply_error = r->error;
	} else if (h->type == OBS_TRACE) {
		memcpy(&traces[n_traces++ % 16], h, h->len);
	}
}

static const struct link_ops console_ops = {console_msg, rig_on_down};

static const char *ask(const char *verb)
{
	struct obs_query q = {.id = 3};

	reply_text[0] = '\0';
	snprintf(q.verb, sizeof(q.verb), "%s", verb);
	link_send(&console, &q.head, OBS_QUERY, sizeof(q));
	wait_ms(10);
	return reply_text;
}

static void console_open(void)
{
	const struct link_ops *ops;
	struct link *slot = sip_role_ops.slot(rig.role, ROLE_CONSOLE, 0, &ops);

	ck_assert_int_eq(
		link_open_mem(slot, ops, &console, &console_ops, rig.loop), 0);
	sip_role_ops.link_up(rig.role, ROLE_CONSOLE, 0);
}

START_TEST(console_asks)
{
	struct obs_switch on = {.on = 1};
	const char *invite, *again;

	rig_conf();
	strcpy(rig.conf.trunks[0].auth_user, "gw1");
	strcpy(rig.conf.trunks[0].auth_password, "s3cret");
	rig.conf.trunks[0].srtp.mode = CONF_SRTP_PREFERRED;
	rig.conf.trunks[0].srtp.n_suites = 1;
	rig.conf.trunks[0].srtp.suites[0] = CC_SRTP_GCM_128;
	rig_open();
	console_open();
	ck_assert_ptr_nonnull(strstr(ask("status"), "\"calls\":0"));
	ck_assert_ptr_nonnull(strstr(ask("trunks"), "\"name\":\"provider\""));
	ck_assert_ptr_nonnull(strstr(
		ask("metrics"), "trunkgate_trunk_up{trunk=\"provider\"} 1\n"));
	ck_assert(!reply_error);
	ask("nonsense");
	ck_assert(reply_error);
	link_send(&console, &on.head, OBS_TRACE_ON, sizeof(on));
	wait_ms(10);
	invite = place_call(&leg);
	answer(invite, "401 Unauthorized", "t",
	       "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", NULL);
	expect_sent("ACK ");
	again = expect_sent("INVITE ");
	wait_ms(10);
	ck_assert_uint_eq(n_traces, 4);
	ck_assert_uint_eq(traces[0].sent, 1);
	ck_assert_uint_eq(traces[1].sent, 0);
	ck_assert_str_eq(traces[0].call, value_of(invite, "Call-ID"));
	ck_assert_ptr_null(strstr(invite, "inline:xx"));
	ck_assert_ptr_nonnull(strstr((char *)traces[0].bytes,
				     "AEAD_AES_128_GCM inline:xxxxxxxxxxxxxxxx"
				     "xxxxxxxxxxxxxxxxxxxxxxxx\r\n"));
	ck_assert_str_eq(traces[1].text, "SIP/2.0 401 Unauthorized");
	ck_assert_ptr_nonnull(strstr(again, "response=\""));
	ck_assert_uint_eq(traces[3].len, strlen(again));
	ck_assert_ptr_nonnull(strstr((char *)traces[3].bytes,
				     "response=\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				     "xxx\""));
	ck_assert_ptr_nonnull(strstr((char *)traces[3].bytes, "nonce=\"n\""));
	answer(again, "486 x", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	link_close(&console);
	finish();
}
END_TEST

static uint64_t metric(const char *name)
{
	const char *at = strstr(ask("metrics"), name);

	return at ? strtoull(at + strlen(name), NULL, 10) : UINT64_MAX;
}

START_TEST(registrations_are_counted)
{
	struct conf_trunk *trunk = &rig.conf.trunks[0];

	rig_conf();
	trunk->reg.mode = CONF_REGISTER_PLAIN;
	trunk->reg.expires_s = 3600;
	trunk->reg.n_users = 1;
	strcpy(trunk->reg.users[0], "+4971112340");
	strcpy(trunk->domain, "provider.example");
	rig_open();
	console_open();
	answer(expect_sent("REGISTER "), "503 Busy", "r", NULL, NULL);
	wait_ms(30000); /* the first pause is shorter */
	answer(expect_sent("REGISTER "), "200 OK", "r", NULL, NULL);
	ck_assert_uint_eq(metric("\ntrunkgate_sip_register_sent_total "), 2);
	ck_assert_uint_eq(metric("\ntrunkgate_sip_register_refused_total "), 1);
	ck_assert_uint_eq(metric("\ntrunkgate_sip_register_failed_total "), 1);
	ck_assert_uint_eq(metric("\ntrunkgate_sip_register_granted_total "), 1);
	link_close(&console);
	rig_close();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {max_calls,
				      max_rate,
				      impossible_setups,
				      no_server,
				      stray_core_messages,
				      core_lost,
				      servers_of_before,
				      drained,
				      closed,
				      options, options_without_a_line,
				      reloaded,
				      console_asks,
				      registrations_are_counted,
				      NULL};

	return rig_run("sip_role", tests);
}
