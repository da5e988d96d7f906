/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * How the role finds out that a server is there or not: OPTIONS, what is heard
 * from it, 503 with Retry-After; which server a call goes to then; outbound
 * proxy, the address outside of NAT.
 */
#include "sip/stun.h"
#include "tests/stack/sip_rig.h"

static unsigned answers; /* OPTIONS that the peers have answered */
static bool first_mute, second_mute;
static const char *status;

static void answer_from(const char *from, const char *request)
{
	char out[RIG_TEXT] = "";

	append(out, "SIP/2.0 %s\r\n", status);
	copy_headers(out, request, "Via");
	copy_headers(out, request, "From");
	append(out, "To: %s;tag=p\r\n", value_of(request, "To"));
	copy_headers(out, request, "Call-ID");
	copy_headers(out, request, "CSeq");
	end_message(out, NULL, NULL);
	peer_says_from(from, out);
}

static void play(struct rig *r, const struct rig_wire *m)
{
	char ip[NET_STR_MAX];
	bool second;

	(void)r;
	if (strncmp(m->text, "OPTIONS ", 8) != 0)
		return;
	second = strcmp(net_ip_str(&m->to, ip), PEER2_IP) == 0;
	if (second ? second_mute : first_mute)
		return;
	answers++;
	answer_from(second ? PEER2_IP ":5060" : PEER_IP ":5060", m->text);
}

static void begin(void)
{
	struct conf_trunk *t = &rig.conf.trunks[0];

	answers = 0;
	first_mute = second_mute = false;
	status = "200 OK";
	rig_conf();
	strcpy(t->servers[t->n_servers++], PEER2_IP);
	t->wire.options_s = 60;
	rig_open();
	rig.on_sent = play;
}

static void finish(void)
{
	rig.on_sent = NULL;
	wait_ms(20); /* deliveries under way */
	sip_role_ops.close(rig.role);
	link_close(&rig.core);
	loop_free(rig.loop);
}

static const struct trunk_table *trunks(void)
{
	return sip_stack_trunks(sip_role_stack(rig.role));
}

static const char *next_server(unsigned attempt)
{
	static char text[NET_STR_MAX];
	struct sip_path path;

	if (trunk_pick(trunks(), 0, attempt, &path) != 0)
		return "none";
	return net_ip_str(&path.remote, text);
}

static unsigned count_options(void)
{
	unsigned n = 0, i;

	for (i = 0; i < rig.n_sent; i++)
		n += strncmp(rig.sent[i].text, "OPTIONS ", 8) == 0;
	return n;
}

START_TEST(asked_each_minute)
{
	begin();
	wait_ms(1100);
	ck_assert_uint_eq(count_options(), 2); /* one each */
	ck_assert(!has_header(rig.sent[0].text, "Contact") ||
		  strstr(rig.sent[0].text, "Max-Forwards: 70"));
	wait_ms(5 * 60000);
	ck_assert_uint_eq(count_options(), 12);
	ck_assert_uint_eq(answers, 12);
	ck_assert(trunk_is_up(trunks(), 0));
	finish();
}
END_TEST

/* Three in a row without an answer: down, and the core is told when it was the
 * last one; one answer: up again. */
START_TEST(goes_down_and_up)
{
	begin();
	wait_ms(2000);
	ck_assert_str_eq(next_server(0), PEER_IP);
	first_mute = true;
	wait_ms(125000); /* two are lost, the third is on its way */
	ck_assert_str_eq(next_server(0), PEER_IP);
	wait_ms(95000);
	ck_assert_str_eq(next_server(0), PEER2_IP);
	ck_assert(trunk_is_up(trunks(), 0));
	ck_assert_uint_eq(rig.n_state, 1);
	second_mute = true;
	wait_ms(230000);
	ck_assert(!trunk_is_up(trunks(), 0));
	ck_assert_uint_eq(rig.n_state, 2);
	ck_assert(!rig.state[1].up);
	ck_assert_str_eq(rig.state[1].text, "no server answers");
	/* what is dead is asked each 30 s */
	second_mute = false;
	wait_ms(32000);
	ck_assert(trunk_is_up(trunks(), 0));
	ck_assert_uint_eq(rig.n_state, 3);
	ck_assert(rig.state[2].up);
	ck_assert_str_eq(next_server(0), PEER2_IP);
	first_mute = false;
	wait_ms(32000);
	ck_assert_str_eq(next_server(0), PEER_IP);
	finish();
}
END_TEST

/* A server that was unreachable and answers again is taken again at once. */
START_TEST(back_at_once)
{
	struct net_addr peer = address(PEER_IP ":5060");

	begin();
	wait_ms(2000);
	first_mute = true;
	trunk_unreachable(sip_stack_trunks(sip_role_stack(rig.role)), 0, &peer,
			  "Connection refused");
	trunk_server_down(sip_stack_trunks(sip_role_stack(rig.role)), 0, &peer,
			  3600 * 1000);
	ck_assert_str_eq(next_server(0), PEER2_IP);
	first_mute = false;
	wait_ms(62000);
	ck_assert_str_eq(next_server(0), PEER_IP);
	finish();
}
END_TEST

/* Whoever never answers OPTIONS is up all the same. */
START_TEST(ignores_options)
{
	begin();
	first_mute = second_mute = true;
	wait_ms(10 * 60000);
	ck_assert(trunk_is_up(trunks(), 0));
	ck_assert_str_eq(next_server(0), PEER_IP);
	finish();
}
END_TEST

/* A peer that has answered and stops, but calls: that is being there. */
START_TEST(calls_are_life)
{
	int i;

	begin();
	wait_ms(2000);
	first_mute = true;
	for (i = 0; i < 12; i++) {
		char id[16];

		snprintf(id, sizeof(id), "opt%d", i);
		wait_ms(50000);
		invite_from_peer("tel:abc", id, NULL, NULL); /* refused */
	}
	ck_assert_str_eq(next_server(0), PEER_IP);
	finish();
}
END_TEST

/* Three in a row that say that nobody is there, too, are down. */
START_TEST(answers_that_do_not_count)
{
	static const char *const none[] = {"408 Request Timeout",
					   "503 Service Unavailable",
					   "504 Server Time-out"};
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		begin();
		wait_ms(2000);
		status = none[i];
		wait_ms(185000);
		ck_assert(!trunk_is_up(trunks(), 0));
		ck_assert_uint_eq(rig.n_state, 2);
		ck_assert(!rig.state[1].up);
		status = "200 OK";
		wait_ms(61000);
		ck_assert(trunk_is_up(trunks(), 0));
		finish();
	}
}
END_TEST

/* Any other answer is life. */
START_TEST(answers_that_count)
{
	begin();
	status = "404 Not Found";
	wait_ms(10 * 60000);
	ck_assert(trunk_is_up(trunks(), 0));
	ck_assert_uint_gt(answers, 10);
	finish();
}
END_TEST

START_TEST(retry_after)
{
	struct cc_msg m;
	const char *text;

	begin();
	rig.on_sent = NULL;
	m = setup_msg();
	core_sends(CC_SETUP, m);
	wait_ms(20);
	text = skip_to("INVITE ");
	answer(text, "503 Busy", "x", "Retry-After: 120\r\n", NULL);
	wait_ms(20);
	ck_assert_str_eq(next_server(0), PEER2_IP);
	wait_ms(100000); /* longer than without */
	ck_assert_str_eq(next_server(0), PEER2_IP);
	wait_ms(21000);
	ck_assert_str_eq(next_server(0), PEER_IP);
	finish();
}
END_TEST

static void expect_refused_waiting(leg_id leg)
{
	const struct cc_msg *m = &rig.cc[rig.n_cc - 1];

	ck_assert_uint_eq(m->head.type, CC_RELEASED);
	ck_assert_uint_eq(m->leg, leg);
	ck_assert_uint_eq(m->cause.value, 42);
	ck_assert_str_eq(m->detail, "no calls wanted (Retry-After)");
}

static unsigned count_sent(const char *what)
{
	unsigned n = 0, i;

	for (i = 0; i < rig.n_sent; i++)
		n += strncmp(rig.sent[i].text, what, strlen(what)) == 0;
	return n;
}

/* The only server of a trunk: calls end at once, so that the core takes the
 * next route; emergencies are placed all the same (RFC 3261 21.5.4). */
START_TEST(retry_after_of_the_only_server)
{
	struct cc_msg m;

	rig_conf();
	rig_open();
	core_sends(CC_SETUP, setup_msg());
	wait_ms(20);
	answer(skip_to("INVITE "), "503 Busy", "x",
	       "Retry-After: 120 (full);duration=600\r\n", NULL);
	wait_ms(20);
	ck_assert_uint_eq(rig.cc[rig.n_cc - 1].cause.value, 42);
	ck_assert_str_eq(trunk_state_text(trunks(), 0),
			 "no calls wanted (Retry-After)");
	wait_ms(119000);
	m = setup_msg();
	core_sends(CC_SETUP, m);
	wait_ms(20);
	expect_refused_waiting(m.leg);
	ck_assert_uint_eq(count_sent("INVITE "), 1);
	m = setup_msg();
	m.emergency = 1;
	core_sends(CC_SETUP, m);
	wait_ms(20);
	(void)skip_to("INVITE ");
	wait_ms(1000);
	ck_assert_str_eq(trunk_state_text(trunks(), 0), "resolved");
	core_sends(CC_SETUP, setup_msg());
	wait_ms(20);
	(void)skip_to("INVITE ");
	finish();
}
END_TEST

/* What cannot be a number of seconds is none; the longest is an hour. */
START_TEST(retry_after_limits)
{
	static const char *const none[] = {"-5", "soon", "0", ""};
	char extra[64];
	size_t i;

	rig_conf();
	rig_open();
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		core_sends(CC_SETUP, setup_msg());
		wait_ms(20);
		snprintf(extra, sizeof(extra), "Retry-After: %s\r\n", none[i]);
		answer(skip_to("INVITE "), "503 Busy", "x", extra, NULL);
		wait_ms(20);
	}
	core_sends(CC_SETUP, setup_msg());
	wait_ms(20);
	answer(skip_to("INVITE "), "503 Busy", "x",
	       "Retry-After: 99999999999999999999\r\n", NULL);
	wait_ms(3599 * 1000);
	core_sends(CC_SETUP, setup_msg());
	wait_ms(20);
	ck_assert_uint_eq(count_sent("INVITE "), 5);
	wait_ms(2000);
	core_sends(CC_SETUP, setup_msg());
	wait_ms(20);
	(void)skip_to("INVITE ");
	finish();
}
END_TEST

/* Said to OPTIONS it is no reason to call nobody for an hour: tried last, until
 * the next answer. */
START_TEST(retry_after_to_options)
{
	struct net_addr peer = address(PEER_IP ":5060");

	begin();
	status = "503 Busy\r\nRetry-After: 3600";
	second_mute = true;
	wait_ms(2000);
	ck_assert_uint_eq(answers, 1);
	ck_assert_str_eq(next_server(0), PEER2_IP);
	ck_assert(!trunk_server_waits(sip_stack_trunks(sip_role_stack(rig.role)),
				      0, &peer));
	status = "200 OK";
	wait_ms(60000);
	ck_assert_str_eq(next_server(0), PEER_IP);
	finish();
}
END_TEST

/* That another of its calls rings does not end what it has asked for. */
START_TEST(retry_after_with_other_calls)
{
	struct rig_wire ringing;
	struct cc_msg m;

	begin();
	rig.on_sent = NULL;
	m = setup_msg();
	core_sends(CC_SETUP, m);
	wait_ms(20);
	(void)skip_to("INVITE ");
	ringing = rig.sent[rig.seen - 1];
	m = setup_msg();
	m.leg++;
	core_sends(CC_SETUP, m);
	wait_ms(20);
	answer(skip_to("INVITE "), "503 Busy", "x", "Retry-After: 120\r\n",
	       NULL);
	wait_ms(20);
	ck_assert_str_eq(next_server(0), PEER2_IP);
	answer(ringing.text, "180 Ringing", "y", NULL, NULL);
	wait_ms(20);
	ck_assert_str_eq(next_server(0), PEER2_IP);
	wait_ms(121000);
	ck_assert_str_eq(next_server(0), PEER_IP);
	finish();
}
END_TEST

/* The other server wants no calls since this one began: who is slow is waited
 * for, since there is nobody else. */
START_TEST(nobody_else_to_try)
{
	struct net_addr second = address(PEER2_IP ":5060");
	const char *invite;
	leg_id leg;

	begin();
	second_mute = true;
	invite = place_call(&leg);
	wait_ms(1000);
	trunk_server_wait(sip_stack_trunks(sip_role_stack(rig.role)), 0,
			  &second, 120000);
	wait_ms(5000);
	answer(invite, "200 OK", "t", NULL, PEER_SDP);
	wait_ms(20);
	(void)skip_to("ACK ");
	ck_assert_uint_eq(rig.cc[rig.n_cc - 1].head.type, CC_ANSWER);
	finish();
}
END_TEST

START_TEST(outbound_proxy_and_external)
{
	struct conf_trunk *t = &rig.conf.trunks[0];
	const char *text;

	rig_conf();
	strcpy(t->servers[0], "provider.example");
	strcpy(t->wire.proxy, PEER2_IP ":5090");
	net_parse(&t->wire.external, "198.51.100.77:5062");
	t->wire.options_s = 60;
	rig_open();
	wait_ms(1100);
	text = skip_to("OPTIONS sip:provider.example SIP/2.0");
	ck_assert_str_eq(value_of(text, "Route"),
			 "<sip:" PEER2_IP ":5090;lr>");
	core_sends(CC_SETUP, setup_msg());
	wait_ms(20);
	text = skip_to("INVITE sip:+49711123@provider.example;user=phone");
	ck_assert(net_addr_eq(&rig.sent[rig.n_sent - 1].to,
			      &(struct net_addr){
				      .family = 4,
				      .port = 5090,
				      .ip = {192, 0, 2, 10}}));
	ck_assert_str_eq(value_of(text, "Route"),
			 "<sip:" PEER2_IP ":5090;lr>");
	ck_assert_ptr_nonnull(
		strstr(value_of(text, "Via"), "UDP 198.51.100.77:5062;"));
	ck_assert_ptr_nonnull(
		strstr(value_of(text, "Contact"), "198.51.100.77:5062"));
	ck_assert_ptr_nonnull(
		strstr(body_of(text), "c=IN IP4 198.51.100.77\r\n"));
	ck_assert_ptr_nonnull(strstr(body_of(text), "m=audio 40000 "));
	finish();
}
END_TEST

static unsigned binding_requests;

static void answer_stun(struct rig *r, const struct rig_wire *m)
{
	struct net_addr peer = address(PEER_IP ":5060");
	uint8_t out[STUN_MAX];

	(void)r;
	if (stun_kind_of(m->text, 20) != STUN_REQUEST)
		return;
	binding_requests++;
	sip_transport_inject(sip_stack_transport(sip_role_stack(rig.role)), 0,
			     &peer, (const char *)out,
			     stun_answer(m->text, &peer, out));
}

/* By UDP keep-alives are STUN; the peer's are answered, those of nobody not. */
START_TEST(stun)
{
	struct net_addr peer = address(PEER_IP ":5060"),
			stranger = address("203.0.113.9:5060");
	const struct sip_stack_stats *stats;
	uint8_t ask[STUN_MAX], id[STUN_ID] = {7};
	struct sip_transport *t;
	unsigned n;

	rig_conf();
	rig.conf.trunks[0].wire.keepalive_s = 25;
	binding_requests = 0;
	rig_open();
	stats = sip_stack_stats(sip_role_stack(rig.role));
	t = sip_stack_transport(sip_role_stack(rig.role));
	rig.on_sent = answer_stun;
	wait_ms(251000);
	ck_assert_uint_ge(binding_requests, 10);
	ck_assert_uint_le(binding_requests, 13);
	ck_assert_uint_eq(stats->stun_sent, binding_requests);
	ck_assert_uint_eq(stats->stun_answers, binding_requests);
	rig.on_sent = NULL;
	n = rig.n_sent;
	stun_request(id, ask);
	sip_transport_inject(t, 0, &stranger, (const char *)ask, 20);
	wait_ms(10);
	ck_assert_uint_eq(rig.n_sent, n);
	sip_transport_inject(t, 0, &peer, (const char *)ask, 20);
	wait_ms(10);
	ck_assert_uint_eq(rig.n_sent, n + 1);
	ck_assert_uint_eq(stats->stun_asked, 1);
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		asked_each_minute, goes_down_and_up,   back_at_once,
		ignores_options,   calls_are_life,     answers_that_count,
		answers_that_do_not_count,
		retry_after,	   retry_after_with_other_calls,
		retry_after_of_the_only_server, retry_after_limits,
		retry_after_to_options, nobody_else_to_try,
		outbound_proxy_and_external,
		stun,		   NULL,
	};

	return rig_run("sip_health", tests);
}
