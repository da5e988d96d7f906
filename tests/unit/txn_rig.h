/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transaction layer between a scripted user and a scripted peer on the
 * virtual clock. For one test program each; one thread. */
#ifndef TESTS_TXN_RIG_H
#define TESTS_TXN_RIG_H

#include "tests/stack/sipnet.h"

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

static inline void tell(const char *fmt, ...)
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

static inline void expect_told(const char *want)
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

static inline void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static inline void setup_with(unsigned max)
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

static inline void setup(void)
{
	setup_with(64);
}

static inline void teardown(void)
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

static inline void receive_req(struct req r)
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

static inline struct sip_msg *make(const char *method)
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

static inline txn_id request(const char *method)
{
	struct sip_path path = {.remote = net.peer};
	txn_id id;

	ck_assert_int_eq(txn_request(layer(), &user, make(method), &path, &id),
			 0);
	ck_assert_uint_ne(id, 0);
	return id;
}

/* The peer's response to the i-th message we sent. */
static inline void respond_from(unsigned i, int status, const char *tag,
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

static inline void respond(unsigned i, int status, const char *tag)
{
	respond_from(i, status, tag, &net.peer);
}

static inline bool sent_is(unsigned i, const char *start)
{
	ck_assert_uint_lt(i, net.n_sent);
	return !strncmp(net.sent[i], start, strlen(start));
}

/* Advances in steps of 100 ms and notes when something was sent. */
static inline void expect_sent_at(const int *at_100ms, unsigned n, int until)
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

#endif
