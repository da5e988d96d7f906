/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip conf base */
/* Every state and timer of the transaction layer on the virtual clock. */
#include "tests/stack/sipnet.h"
#include "tests/unit/rnd.h"

#include "gateway/base/log.h"

#include <errno.h>
#include <stdarg.h>

/* What the layer told its users, as words: "180 200 end". */
static char told[1024];
static txn_id last_id; /* of on_request */
static bool answer_at_once;
static unsigned requests, acks;
static struct sip_stack_user stack_user;
static struct txn_user user;

static void tell(const char *fmt, ...)
{
	size_t n = strlen(told);
	va_list ap;

	if (n) {
		told[n++] = ' ';
	}
	va_start(ap, fmt);
	vsnprintf(told + n, sizeof(told) - n, fmt, ap);
	va_end(ap);
}

static void expect_told(const char *want)
{
	ck_assert_str_eq(told, want);
	told[0] = '\0';
}

static struct txn_layer *layer(void)
{
	return sip_stack_txns(net.stack);
}

static void on_response(struct txn_user *u, txn_id id, const struct sip_msg *m)
{
	(void)u;
	ck_assert_ptr_nonnull(txn_request_of(layer(), id));
	tell("%d", sip_msg_status(m));
}

static void on_fail(struct txn_user *u, txn_id id, enum txn_fail why)
{
	static const char *const names[] = {"timeout", "transport", "no_ack"};

	(void)u;
	(void)id;
	tell("%s", names[why]);
}

static void on_cancel(struct txn_user *u, txn_id id, const struct sip_msg *m)
{
	(void)u;
	tell("cancel");
	ck_assert(sip_msg_is(m, "CANCEL"));
	ck_assert_int_eq(txn_reply(layer(), id, 487, NULL), 0);
}

static void on_end(struct txn_user *u, txn_id id)
{
	(void)u;
	(void)id;
	tell("end");
}

static const struct txn_user_ops user_ops = {
	.on_response = on_response,
	.on_fail = on_fail,
	.on_cancel = on_cancel,
	.on_end = on_end,
};

static void on_request(struct sip_stack_user *u, txn_id id,
		       const struct sip_msg *m)
{
	(void)u;
	(void)m;
	requests++;
	last_id = id;
	if (answer_at_once) {
		txn_reply(layer(), id, 200, NULL);
	} else {
		txn_attach(layer(), id, &user);
	}
}

static void on_ack(struct sip_stack_user *u, const struct sip_msg *m)
{
	(void)u;
	(void)m;
	acks++;
}

static const struct sip_stack_user_ops stack_ops = {
	.on_request = on_request,
	.on_ack = on_ack,
};

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static void setup_with(unsigned max)
{
	log_set_sink(quiet);
	told[0] = '\0';
	requests = acks = 0;
	last_id = 0;
	answer_at_once = false;
	user.ops = &user_ops;
	stack_user.ops = &stack_ops;
	sipnet_open(&stack_user, max);
}

static void setup(void)
{
	setup_with(64);
}

static void teardown(void)
{
	sipnet_close();
	log_set_sink(NULL);
}

/* --- making messages --- */

struct req {
	const char *method, *branch, *to_tag, *call_id, *via_extra;
	unsigned cseq;
	const char *cseq_method;
};

static void receive_req(struct req r)
{
	char text[2048];
	int n;

	n = snprintf(text, sizeof(text),
		     "%s sip:1@198.51.100.1 SIP/2.0\r\n"
		     "Via: SIP/2.0/UDP 192.0.2.1:5070;branch=%s%s\r\n"
		     "From: <sip:2@192.0.2.1>;tag=f\r\n"
		     "To: <sip:1@198.51.100.1>%s%s\r\n"
		     "Call-ID: %s\r\nCSeq: %u %s\r\nMax-Forwards: 70\r\n"
		     "Content-Length: 0\r\n\r\n",
		     r.method, r.branch ? r.branch : "z9hG4bKa",
		     r.via_extra ? r.via_extra : "", r.to_tag ? ";tag=" : "",
		     r.to_tag ? r.to_tag : "", r.call_id ? r.call_id : "c1",
		     r.cseq ? r.cseq : 1,
		     r.cseq_method ? r.cseq_method : r.method);
	sipnet_receive(text, (size_t)n);
}

static struct sip_msg *make(const char *method)
{
	struct sip_request q = {
		.method = method,
		.uri = "sip:9@192.0.2.1",
		.from = "<sip:1@198.51.100.1>;tag=us",
		.to = "<sip:9@192.0.2.1>",
		.call_id = "ours@198.51.100.1",
		.cseq = 7,
	};
	struct sip_msg *m = sip_request_new(&q);

	ck_assert_ptr_nonnull(m);
	return m;
}

static txn_id request(const char *method)
{
	struct sip_path path = {net.peer, 0, 0};
	txn_id id;

	ck_assert_int_eq(txn_request(layer(), &user, make(method), &path, &id),
			 0);
	ck_assert_uint_ne(id, 0);
	return id;
}

/* The peer's response to the i-th message we sent. */
static void respond_from(unsigned i, int status, const char *tag,
			 const struct net_addr *from)
{
	struct sip_msg *q = sip_msg_from_text(net.sent[i], strlen(net.sent[i]));
	struct sip_msg *r;
	char *wire;
	size_t len;

	ck_assert_ptr_nonnull(q);
	r = sip_response_new(q, status, NULL, tag);
	ck_assert_int_eq(sip_msg_print(r, &wire, &len), 0);
	sip_transport_inject(sip_stack_transport(net.stack), 0, from, wire,
			     len);
	free(wire);
	sip_msg_free(r);
	sip_msg_free(q);
}

static void respond(unsigned i, int status, const char *tag)
{
	respond_from(i, status, tag, &net.peer);
}

static bool sent_is(unsigned i, const char *start)
{
	ck_assert_uint_lt(i, net.n_sent);
	return !strncmp(net.sent[i], start, strlen(start));
}

/* Advances in steps of 100 ms and notes when something was sent. */
static void expect_sent_at(const int *at_100ms, unsigned n, int until)
{
	unsigned before = net.n_sent, seen = 0;

	for (int t = 1; t <= until; t++) {
		loop_advance(net.loop, 100);
		while (before < net.n_sent) {
			ck_assert_uint_lt(seen, n);
			ck_assert_int_eq(t, at_100ms[seen]);
			seen++;
			before++;
		}
	}
	ck_assert_uint_eq(seen, n);
}

/* --- the table --- */
START_TEST(test_timer_table)
{
	static const struct {
		enum txn_timer timer;
		const char *name;
		int64_t ms; /* T1 = 500 */
	} want[] = {
		{TXN_TIMER_A, "A", 500},     {TXN_TIMER_B, "B", 32000},
		{TXN_TIMER_D, "D", 32000},   {TXN_TIMER_E, "E", 500},
		{TXN_TIMER_F, "F", 32000},   {TXN_TIMER_G, "G", 500},
		{TXN_TIMER_H, "H", 32000},   {TXN_TIMER_I, "I", 5000},
		{TXN_TIMER_J, "J", 32000},   {TXN_TIMER_K, "K", 5000},
		{TXN_TIMER_L, "L", 32000},   {TXN_TIMER_M, "M", 32000},
		{TXN_TIMER_100, "100", 200}, {TXN_TIMER_1XX, "1xx", 60000},
		{TXN_TIMER_2XX, "2xx", 500}, {TXN_TIMER_CANCEL, "CANCEL", 32000},
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		ck_assert_str_eq(txn_timer_name(want[i].timer), want[i].name);
		ck_assert_int_eq(txn_timer_ms(want[i].timer, 500), want[i].ms);
	}
	ck_assert_str_eq(txn_state_name(TXN_ACCEPTED), "accepted");
	ck_assert_str_eq(txn_kind_name(TXN_INVITE_SERVER), "INVITE server");
	ck_assert_str_eq(txn_timer_name(TXN_TIMERS), "?");
}
END_TEST

/* --- INVITE client --- */
START_TEST(test_invite_client_a_b)
{
	static const int at[] = {5, 15, 35, 75, 155, 315};
	txn_id id = request("INVITE");

	ck_assert_uint_eq(net.n_sent, 1);
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_CALLING);
	expect_sent_at(at, 6, 319);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("timeout");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_TERMINATED);
	for (unsigned i = 1; i < net.n_sent; i++) {
		ck_assert_str_eq(net.sent[i], net.sent[0]);
	}
}
END_TEST

START_TEST(test_invite_client_2xx_m)
{
	txn_id id = request("INVITE");
	struct sip_path path = {net.peer, 0, 0};

	loop_advance(net.loop, 300);
	respond(0, 100, NULL);
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_PROCEEDING);
	loop_advance(net.loop, 200000); /* rings for ever: nothing is sent */
	ck_assert_uint_eq(net.n_sent, 1);
	respond(0, 180, "t1");
	respond(0, 200, "t1");
	expect_told("100 180 200");
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_ACCEPTED);
	respond(0, 200, "t1"); /* before our ACK: told again */
	expect_told("200");
	{
		struct sip_request q = {
			.method = "ACK",
			.uri = "sip:9@192.0.2.1",
			.from = "<sip:1@198.51.100.1>;tag=us",
			.to = "<sip:9@192.0.2.1>;tag=t1",
			.call_id = "ours@198.51.100.1",
			.cseq = 7,
		};
		ck_assert_int_eq(
			txn_ack(layer(), id, sip_request_new(&q), &path), 0);
	}
	ck_assert(sent_is(1, "ACK "));
	ck_assert(!strstr(net.sent[1], strstr(net.sent[0], "branch=")));
	respond(0, 200, "t1");
	ck_assert_uint_eq(net.n_sent, 3);
	ck_assert_str_eq(net.sent[2], net.sent[1]);
	expect_told("");
	respond(0, 200, "t2"); /* another fork */
	expect_told("200");
	respond(0, 180, "t3"); /* late */
	respond(0, 486, "t3");
	expect_told("");
	loop_advance(net.loop, 31900);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("end");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
}
END_TEST

START_TEST(test_invite_client_refused_d)
{
	txn_id id = request("INVITE");
	const struct txn_stats *s = txn_layer_stats(layer());

	respond(0, 486, "t1");
	expect_told("486");
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_COMPLETED);
	ck_assert_uint_eq(net.n_sent, 2);
	ck_assert(sent_is(1, "ACK sip:9@192.0.2.1 SIP/2.0\r\n"));
	ck_assert(strstr(net.sent[1], ";tag=t1"));
	ck_assert(strstr(net.sent[1], "CSeq: 7 ACK"));
	{ /* the very Via of the INVITE */
		char via[256];

		snprintf(via, sizeof(via), "%.*s",
			 (int)strcspn(strstr(net.sent[0], "Via:"), "\r"),
			 strstr(net.sent[0], "Via:"));
		ck_assert_ptr_nonnull(strstr(net.sent[1], via));
	}
	respond(0, 486, "t1");
	respond(0, 200, "t1"); /* after a refusal: nothing */
	ck_assert_uint_eq(net.n_sent, 3);
	ck_assert_str_eq(net.sent[2], net.sent[1]);
	ck_assert_uint_eq(s->absorbed[TXN_INVITE_CLIENT], 2);
	loop_advance(net.loop, 31900);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("end");
	respond(0, 486, "t1");
	ck_assert_uint_eq(s->stray_responses, 1);
}
END_TEST

/* --- non-INVITE client --- */
START_TEST(test_client_e_f)
{
	static const int at[] = {5, 15, 35, 75, 115, 155, 195, 235, 275, 315};

	request("OPTIONS");
	expect_sent_at(at, 10, 319);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("timeout");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
}
END_TEST

START_TEST(test_client_proceeding_k)
{
	static const int at[] = {2, 42, 82};
	txn_id id = request("BYE");

	loop_advance(net.loop, 300);
	respond(0, 100, NULL);
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_PROCEEDING);
	expect_sent_at(at, 3, 85);
	respond(0, 200, "t");
	expect_told("100 200");
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_COMPLETED);
	respond(0, 200, "t");
	expect_told("");
	loop_advance(net.loop, 4900);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("end");
}
END_TEST

START_TEST(test_client_transport_error)
{
	struct sip_path path = {net.peer, 0, 0};
	txn_id id;

	net.send_error = -EHOSTUNREACH;
	ck_assert_int_eq(
		txn_request(layer(), &user, make("INVITE"), &path, &id), 0);
	expect_told(""); /* never from inside the call */
	loop_poll(net.loop);
	expect_told("transport");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
	ck_assert_int_eq(
		txn_request(layer(), &user, make("ACK"), &path, &id), -EINVAL);
}
END_TEST

/* --- CANCEL by us --- */
START_TEST(test_cancel_held)
{
	txn_id id = request("INVITE");

	ck_assert_int_eq(txn_cancel(layer(), id, "Q.850;cause=16"), 0);
	ck_assert_uint_eq(net.n_sent, 1);
	respond(0, 100, NULL);
	ck_assert_uint_eq(net.n_sent, 2);
	ck_assert(sent_is(1, "CANCEL sip:9@192.0.2.1 SIP/2.0\r\n"));
	ck_assert(strstr(net.sent[1], "CSeq: 7 CANCEL\r\n"));
	ck_assert(strstr(net.sent[1], "Reason: Q.850;cause=16\r\n"));
	ck_assert(strstr(net.sent[1], "To: <sip:9@192.0.2.1>\r\n"));
	ck_assert_int_eq(txn_cancel(layer(), id, NULL), 0); /* once */
	ck_assert_uint_eq(net.n_sent, 2);
	respond(1, 200, "t");
	loop_advance(net.loop, 3000);
	ck_assert_uint_eq(net.n_sent, 2); /* answered: not repeated */
	ck_assert_uint_eq(txn_layer_stats(layer())->bad, 0);
	expect_told("100");
	respond(0, 487, "t");
	expect_told("487");
	ck_assert(sent_is(2, "ACK "));
	ck_assert_int_eq(txn_cancel(layer(), id, NULL), -EALREADY);
	loop_advance(net.loop, 40000);
	expect_told("end");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
	ck_assert_int_eq(txn_cancel(layer(), id, NULL), -ESTALE);
}
END_TEST

START_TEST(test_cancel_unanswered)
{
	txn_id id = request("INVITE");

	respond(0, 180, "t");
	ck_assert_int_eq(txn_cancel(layer(), id, NULL), 0);
	respond(1, 200, "t");
	loop_advance(net.loop, 31900);
	expect_told("180");
	loop_advance(net.loop, 100);
	expect_told("timeout");
}
END_TEST

START_TEST(test_cancel_crosses_200)
{
	txn_id id = request("INVITE");

	respond(0, 180, "t");
	ck_assert_int_eq(txn_cancel(layer(), id, NULL), 0);
	respond(0, 200, "t");
	expect_told("180 200");
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_ACCEPTED);
	loop_advance(net.loop, 32000);
	expect_told("end");
}
END_TEST

/* --- INVITE server --- */
START_TEST(test_invite_server_100_1xx)
{
	static const int at[] = {600, 1200};
	struct req q = {.method = "INVITE"};

	receive_req(q);
	ck_assert_uint_eq(requests, 1);
	loop_advance(net.loop, 199);
	ck_assert_uint_eq(net.n_sent, 0);
	loop_advance(net.loop, 1);
	ck_assert_uint_eq(net.n_sent, 1);
	ck_assert_int_eq(sipnet_status(0), 100);
	receive_req(q);
	ck_assert_uint_eq(requests, 1);
	ck_assert_str_eq(net.sent[1], net.sent[0]);
	ck_assert_int_eq(txn_reply(layer(), last_id, 180, NULL), 0);
	receive_req(q);
	ck_assert_uint_eq(net.n_sent, 4);
	ck_assert_str_eq(net.sent[3], net.sent[2]);
	expect_sent_at(at, 2, 1250);
	ck_assert_int_eq(sipnet_status(5), 180);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_PROCEEDING);
	expect_told("");
}
END_TEST

START_TEST(test_invite_server_repeat_before_100)
{
	struct req q = {.method = "INVITE"};

	receive_req(q);
	receive_req(q);
	ck_assert_uint_eq(net.n_sent, 1);
	ck_assert_int_eq(sipnet_status(0), 100);
	loop_advance(net.loop, 1000);
	ck_assert_uint_eq(net.n_sent, 1);
}
END_TEST

START_TEST(test_invite_server_2xx_l)
{
	static const int at[] = {5, 15, 35, 75, 115, 155, 195, 235, 275, 315};
	struct req q = {.method = "INVITE"};

	receive_req(q);
	ck_assert_int_eq(txn_reply(layer(), last_id, 200, NULL), 0);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_ACCEPTED);
	ck_assert_int_eq(txn_reply(layer(), last_id, 180, NULL), -EALREADY);
	receive_req(q); /* RFC 6026: absorbed */
	ck_assert_uint_eq(net.n_sent, 1);
	expect_sent_at(at, 10, 319);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("no_ack");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
}
END_TEST

START_TEST(test_invite_server_acked)
{
	struct req q = {.method = "INVITE"};
	struct req ack = {.method = "ACK", .branch = "z9hG4bKb",
			  .to_tag = "x"};

	receive_req(q);
	ck_assert_int_eq(txn_reply(layer(), last_id, 200, NULL), 0);
	loop_advance(net.loop, 600);
	ck_assert_uint_eq(net.n_sent, 2);
	receive_req(ack);
	ck_assert_uint_eq(acks, 1);
	txn_acked(layer(), last_id);
	receive_req(q);
	loop_advance(net.loop, 31300);
	ck_assert_uint_eq(net.n_sent, 2);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("end");
}
END_TEST

START_TEST(test_invite_server_g_h)
{
	static const int at[] = {5, 15, 35, 75, 115, 155, 195, 235, 275, 315};
	struct req q = {.method = "INVITE"};

	receive_req(q);
	ck_assert_int_eq(txn_reply(layer(), last_id, 486, NULL), 0);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_COMPLETED);
	receive_req(q);
	ck_assert_uint_eq(net.n_sent, 2);
	expect_sent_at(at, 10, 319);
	loop_advance(net.loop, 100);
	expect_told("no_ack");
}
END_TEST

START_TEST(test_invite_server_confirmed_i)
{
	struct req q = {.method = "INVITE"};
	struct req ack = {.method = "ACK", .to_tag = "x"};

	receive_req(q);
	ck_assert_int_eq(txn_reply(layer(), last_id, 486, NULL), 0);
	receive_req(ack);
	ck_assert_uint_eq(acks, 0);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_CONFIRMED);
	receive_req(ack);
	receive_req(q);
	loop_advance(net.loop, 4900);
	ck_assert_uint_eq(net.n_sent, 1);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("end");
	ck_assert_uint_eq(acks, 0);
}
END_TEST

/* --- non-INVITE server --- */
START_TEST(test_server_j)
{
	struct req q = {.method = "BYE", .to_tag = "x"};

	receive_req(q);
	receive_req(q); /* trying: absorbed */
	ck_assert_uint_eq(net.n_sent, 0);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_TRYING);
	ck_assert_int_eq(txn_reply(layer(), last_id, 200, NULL), 0);
	receive_req(q);
	receive_req(q);
	ck_assert_uint_eq(net.n_sent, 3);
	ck_assert_uint_eq(requests, 1);
	loop_advance(net.loop, 31900);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("end");
	receive_req(q); /* a new one now */
	ck_assert_uint_eq(requests, 2);
}
END_TEST

START_TEST(test_server_user_silent)
{
	struct req q = {.method = "OPTIONS"};

	receive_req(q);
	loop_advance(net.loop, 32000);
	ck_assert_uint_eq(net.n_sent, 1);
	ck_assert_int_eq(sipnet_status(0), 500);
	ck_assert_uint_eq(txn_layer_stats(layer())->unanswered, 1);
	loop_advance(net.loop, 32000);
	expect_told("end");
}
END_TEST

/* --- CANCEL by the peer --- */
START_TEST(test_server_cancel)
{
	struct req q = {.method = "INVITE"}, c = {.method = "CANCEL"};

	receive_req(q);
	ck_assert_int_eq(txn_reply(layer(), last_id, 180, NULL), 0);
	receive_req(c);
	expect_told("cancel");
	ck_assert_uint_eq(net.n_sent, 3);
	ck_assert_int_eq(sipnet_status(1), 200);
	ck_assert(strstr(net.sent[1], "CSeq: 1 CANCEL"));
	ck_assert(strstr(net.sent[1], txn_local_tag(layer(), last_id)));
	ck_assert_int_eq(sipnet_status(2), 487);
	receive_req(c); /* repeated: answered again, no second effect */
	ck_assert_int_eq(sipnet_status(3), 200);
	expect_told("");
}
END_TEST

START_TEST(test_server_cancel_late_and_stray)
{
	struct req q = {.method = "INVITE"}, c = {.method = "CANCEL"};

	receive_req(c);
	ck_assert_int_eq(sipnet_status(0), 481);
	receive_req(q);
	ck_assert_int_eq(txn_reply(layer(), last_id, 200, NULL), 0);
	receive_req(c);
	ck_assert_int_eq(sipnet_status(2), 200);
	expect_told("");
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_ACCEPTED);
	c.branch = "z9hG4bKother";
	receive_req(c);
	ck_assert_int_eq(sipnet_status(3), 481);
	ck_assert_uint_eq(txn_layer_stats(layer())->stray_cancels, 2);
}
END_TEST

/* --- matching --- */
static const char foreign_cancel[] =
	"CANCEL sip:1@198.51.100.1 SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKa\r\n"
	"From: <sip:2@192.0.2.1>;tag=f\r\nTo: <sip:1@198.51.100.1>\r\n"
	"Call-ID: c1\r\nCSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n";

START_TEST(test_other_trunk_matches_nothing)
{
	struct req q = {.method = "INVITE"};
	txn_id id;

	receive_req(q);
	sip_transport_inject(sip_stack_transport(net.stack), 0, &net.other,
			     foreign_cancel, strlen(foreign_cancel));
	ck_assert_int_eq(sipnet_status(0), 481);
	expect_told("");
	id = request("INVITE");
	respond_from(1, 200, "t", &net.other);
	expect_told("");
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_CALLING);
	ck_assert_uint_eq(txn_layer_stats(layer())->stray_responses, 1);
}
END_TEST

START_TEST(test_forged_responses)
{
	const struct txn_stats *s = txn_layer_stats(layer());
	char *text, *tag;

	request("INVITE");
	text = strdup(net.sent[0]);
	tag = strstr(text, "tag=us");
	ck_assert_ptr_nonnull(tag);
	memcpy(tag, "tag=xx", 6);
	free(net.sent[0]);
	net.sent[0] = text;
	respond(0, 200, "t");
	expect_told("");
	ck_assert_uint_eq(s->bad, 1);
}
END_TEST

START_TEST(test_two_vias_in_response)
{
	char text[2048];
	const char *via;

	request("INVITE");
	via = strstr(net.sent[0], "Via: ");
	snprintf(text, sizeof(text),
		 "SIP/2.0 200 OK\r\n%.*s\r\nVia: SIP/2.0/UDP 1.2.3.4;branch="
		 "z9hG4bKx\r\nFrom: <sip:1@198.51.100.1>;tag=us\r\n"
		 "To: <sip:9@192.0.2.1>;tag=t\r\nCall-ID: ours@198.51.100.1\r\n"
		 "CSeq: 7 INVITE\r\n\r\n",
		 (int)strcspn(via, "\r"), via);
	sipnet_receive(text, strlen(text));
	expect_told("");
	ck_assert_uint_eq(txn_layer_stats(layer())->bad, 1);
}
END_TEST

START_TEST(test_merged)
{
	struct req q = {.method = "INVITE"};

	receive_req(q);
	q.branch = "z9hG4bKb";
	receive_req(q);
	ck_assert_uint_eq(requests, 1);
	ck_assert_int_eq(sipnet_status(0), 482);
	ck_assert_int_eq(txn_reply(layer(), last_id, 503, NULL), 0);
	q.branch = "z9hG4bKc"; /* a retry after the refusal is none */
	receive_req(q);
	ck_assert_uint_eq(requests, 2);
	q.branch = "z9hG4bKd"; /* inside a dialog: no such thing */
	q.to_tag = "x";
	receive_req(q);
	ck_assert_uint_eq(requests, 3);
	ck_assert_uint_eq(txn_layer_stats(layer())->merged, 1);
}
END_TEST

START_TEST(test_rfc2543)
{
	struct req q = {.method = "INVITE", .branch = "1"};
	struct req c = {.method = "CANCEL", .branch = "1"};
	struct req ack = {.method = "ACK", .branch = "1"};
	char tag[32];

	receive_req(q);
	receive_req(q);
	ck_assert_uint_eq(requests, 1);
	q.cseq = 2; /* same branch, another request */
	receive_req(q);
	ck_assert_uint_eq(requests, 2);
	c.cseq = 2;
	receive_req(c);
	expect_told("cancel");
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_COMPLETED);
	ack.cseq = 2;
	ack.to_tag = "foreign"; /* not the tag of our 487 */
	receive_req(ack);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_COMPLETED);
	ck_assert_uint_eq(acks, 1);
	snprintf(tag, sizeof(tag), "%s", txn_local_tag(layer(), last_id));
	ack.to_tag = tag;
	receive_req(ack);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_CONFIRMED);
}
END_TEST

/* The cookie alone is no branch of RFC 3261 (RFC 4475 3.2.1). */
START_TEST(test_cookie_alone)
{
	struct req q = {.method = "OPTIONS", .branch = "z9hG4bK"};

	receive_req(q);
	q.call_id = "c2";
	receive_req(q);
	ck_assert_uint_eq(requests, 2);
}
END_TEST

/* --- where answers go --- */
START_TEST(test_response_route)
{
	struct req q = {.method = "OPTIONS"};

	answer_at_once = true;
	receive_req(q);
	ck_assert_uint_eq(net.sent_to[0].port, 5070); /* sent-by */
	ck_assert(!strstr(net.sent[0], "received")); /* same address */
	q.branch = "z9hG4bKb";
	q.call_id = "c2";
	q.via_extra = ";rport";
	receive_req(q);
	ck_assert_uint_eq(net.sent_to[1].port, 5060); /* source */
	ck_assert(strstr(net.sent[1], "rport=5060"));
	ck_assert(strstr(net.sent[1], "received=192.0.2.1"));
	net_parse(&net.peer, "192.0.2.77:4444");
	q.branch = "z9hG4bKc";
	q.call_id = "c3";
	q.via_extra = NULL;
	receive_req(q);
	ck_assert(net_ip_eq(&net.sent_to[2], &net.peer));
	ck_assert_uint_eq(net.sent_to[2].port, 5070);
	ck_assert(strstr(net.sent[2], "received=192.0.2.77"));
}
END_TEST

/* --- bounds --- */
START_TEST(test_full)
{
	struct req q = {.method = "OPTIONS"};
	struct sip_path path = {net.peer, 0, 0};
	char branch[32], call_id[32];
	txn_id id;

	teardown();
	setup_with(16);
	q.branch = branch;
	q.call_id = call_id;
	for (int i = 0; i < 15; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bK%d", i);
		snprintf(call_id, sizeof(call_id), "c%d", i);
		receive_req(q);
	}
	/* seven eighths for new requests */
	ck_assert_uint_eq(requests, 14);
	ck_assert_int_eq(sipnet_status(0), 503);
	q.to_tag = "x";
	for (int i = 20; i < 23; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bK%d", i);
		receive_req(q);
	}
	ck_assert_uint_eq(requests, 16);
	ck_assert_int_eq(sipnet_status(1), 503);
	ck_assert_int_eq(
		txn_request(layer(), &user, make("BYE"), &path, &id), -ENOBUFS);
	ck_assert_uint_eq(id, 0);
	ck_assert_uint_eq(txn_layer_stats(layer())->refused_full, 3);
	loop_advance(net.loop, 64000);
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
}
END_TEST

START_TEST(test_detach_and_stale)
{
	struct req q = {.method = "INVITE"};
	txn_id id;

	receive_req(q);
	txn_detach(layer(), last_id); /* the leg is gone: the peer is told */
	ck_assert_int_eq(sipnet_status(0), 500);
	loop_advance(net.loop, 32000);
	expect_told("");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
	ck_assert_int_eq(txn_reply(layer(), last_id, 200, NULL), -ESTALE);
	ck_assert_int_eq(txn_attach(layer(), last_id, &user), -ESTALE);
	ck_assert_ptr_null(txn_request_of(layer(), last_id));
	ck_assert_str_eq(txn_local_tag(layer(), last_id), "");
	txn_detach(layer(), last_id);
	txn_acked(layer(), last_id);
	txn_kill(layer(), last_id);
	id = request("BYE");
	txn_detach(layer(), id);
	respond(net.n_sent - 1, 200, "t");
	expect_told("");
	id = request("INVITE");
	respond(net.n_sent - 1, 180, "t");
	expect_told("180");
	txn_detach(layer(), id);
	ck_assert(sent_is(net.n_sent - 1, "CANCEL "));
	id = request("BYE");
	txn_kill(layer(), id);
	loop_advance(net.loop, 64000);
	expect_told("");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
}
END_TEST

/* --- at random: nothing lasts, nothing leaks --- */
static txn_id all[512];
static unsigned n_all;

static void remember(txn_id id)
{
	if (id && n_all < 512) {
		all[n_all++] = id;
	}
}

static void random_step(struct rnd *r)
{
	static const char *const methods[] = {"INVITE", "ACK", "BYE", "CANCEL",
					      "OPTIONS", "INFO"};
	static const int codes[] = {100, 180, 183, 200, 202, 302, 404,
				    486, 487, 503, 600};
	char branch[16], call_id[16];
	struct req q = {.branch = branch, .call_id = call_id};
	txn_id id = n_all ? all[rnd_below(r, n_all)] : 0;

	snprintf(branch, sizeof(branch), "z9hG4bK%u", rnd_below(r, 8));
	snprintf(call_id, sizeof(call_id), "c%u", rnd_below(r, 3));
	q.method = methods[rnd_below(r, 6)];
	q.cseq = 1 + rnd_below(r, 3);
	q.to_tag = rnd_below(r, 2) ? "x" : NULL;
	switch (rnd_below(r, 8)) {
	case 0:
	case 1:
		receive_req(q);
		remember(last_id);
		break;
	case 2:
		txn_reply(layer(), id, codes[rnd_below(r, 11)], NULL);
		break;
	case 3:
		if (strcmp(q.method, "ACK")) {
			struct sip_path path = {net.peer, 0, 0};

			txn_request(layer(), &user, make(q.method), &path, &id);
			remember(id);
		}
		break;
	case 4:
		if (net.n_sent && !sipnet_status(net.n_sent - 1)) {
			respond(net.n_sent - 1, codes[rnd_below(r, 11)], "t");
		}
		break;
	case 5:
		txn_cancel(layer(), id, NULL);
		break;
	case 6:
		txn_detach(layer(), id);
		break;
	default:
		loop_advance(net.loop, rnd_below(r, 3000));
		break;
	}
	told[0] = '\0';
	if (net.n_sent > SIPNET_SENT / 2) {
		sipnet_clear();
	}
}

START_TEST(test_random)
{
	struct rnd r;

	rnd_init(&r, "transaction");
	for (int run = 0; run < 200; run++) {
		teardown();
		setup();
		n_all = 0;
		for (int i = 0; i < 60; i++) {
			random_step(&r);
		}
		for (unsigned i = 0; i < n_all; i++) {
			txn_detach(layer(), all[i]);
		}
		for (int i = 0; i < 140; i++) {
			sipnet_clear();
			loop_advance(net.loop, 1000);
		}
		ck_assert_uint_eq(txn_layer_used(layer()), 0);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("transaction");
	TCase *t = tcase_create("transaction");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_timer_table);
	tcase_add_test(t, test_invite_client_a_b);
	tcase_add_test(t, test_invite_client_2xx_m);
	tcase_add_test(t, test_invite_client_refused_d);
	tcase_add_test(t, test_client_e_f);
	tcase_add_test(t, test_client_proceeding_k);
	tcase_add_test(t, test_client_transport_error);
	tcase_add_test(t, test_cancel_held);
	tcase_add_test(t, test_cancel_unanswered);
	tcase_add_test(t, test_cancel_crosses_200);
	tcase_add_test(t, test_invite_server_100_1xx);
	tcase_add_test(t, test_invite_server_repeat_before_100);
	tcase_add_test(t, test_invite_server_2xx_l);
	tcase_add_test(t, test_invite_server_acked);
	tcase_add_test(t, test_invite_server_g_h);
	tcase_add_test(t, test_invite_server_confirmed_i);
	tcase_add_test(t, test_server_j);
	tcase_add_test(t, test_server_user_silent);
	tcase_add_test(t, test_server_cancel);
	tcase_add_test(t, test_server_cancel_late_and_stray);
	tcase_add_test(t, test_other_trunk_matches_nothing);
	tcase_add_test(t, test_forged_responses);
	tcase_add_test(t, test_two_vias_in_response);
	tcase_add_test(t, test_merged);
	tcase_add_test(t, test_rfc2543);
	tcase_add_test(t, test_cookie_alone);
	tcase_add_test(t, test_response_route);
	tcase_add_test(t, test_full);
	tcase_add_test(t, test_detach_and_stale);
	tcase_add_test(t, test_random);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_set_fork_status(r, CK_NOFORK);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
