/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sip role on a virtual clock, between a core and a peer that a test
 * plays. What the peer says is raw text, written without any code of sip/; the
 * rig only copies header lines from a request of ours into the peer's answer.
 * Included by one test program each.
 */
#ifndef TESTS_SIP_RIG_H
#define TESTS_SIP_RIG_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "gateway/cc.h"
#include "sip/legs.h"
#include "sip/sip.h"
#include "sip/stack.h"

#define RIG_MESSAGES 512
#define RIG_TEXT     4096

#define OUR_IP	 "192.0.2.1"
#define PEER_IP	 "192.0.2.9"
#define PEER2_IP "192.0.2.10"

struct rig;

struct rig_wire {
	struct net_addr to;
	char text[RIG_TEXT];
};

/* What is told to a new core. */
struct rig_kept {
	struct cc_kept kept; /* the last one */
	unsigned n_kept, n_settled;
	struct cc_servers servers; /* the last one */
	unsigned n_servers;
};

struct rig {
	struct loop *loop;
	struct role *role;
	struct sip_wire wire;
	struct link core;
	struct conf_for_sip conf;
	/* from us */
	struct rig_wire sent[RIG_MESSAGES];
	unsigned n_sent, seen;
	struct cc_msg cc[RIG_MESSAGES];
	struct cc_end_state state[RIG_MESSAGES];
	unsigned n_cc, cc_seen, n_state;
	struct cc_snapshot snapshot; /* the latest */
	unsigned n_snapshots;
	struct rig_kept back;
	/* what a test does with each, at once; NULL: just kept */
	void (*on_sent)(struct rig *, const struct rig_wire *);
	void (*on_cc)(struct rig *, const struct cc_msg *);
	/* datagrams in both directions, counted; that one is lost (-1: none) */
	int count, drop;
	uint32_t next_leg;
	uint32_t cseq; /* of the peer's own requests */
};

static struct rig rig;

/* --- lines of messages --- */

/* The n-th header line of that name (without CR LF); false: none. */
static inline bool header(const char *text, const char *name, unsigned n,
			  char *out, size_t size)
{
	size_t len = strlen(name);

	while ((text = strstr(text, "\r\n")) != NULL) {
		text += 2;
		if (strncmp(text, "\r\n", 2) == 0)
			return false;
		if (strncasecmp(text, name, len) == 0 && text[len] == ':' &&
		    n-- == 0) {
			snprintf(out, size, "%.*s", (int)strcspn(text, "\r\n"),
				 text);
			return true;
		}
	}
	return false;
}

/* Its value. Fails the test when it is not there. */
static inline const char *value_of(const char *text, const char *name)
{
	static char line[4][RIG_TEXT];
	static unsigned turn;
	char *p = line[turn++ % 4];

	ck_assert_msg(header(text, name, 0, p, RIG_TEXT), "no %s in\n%s", name,
		      text);
	p = strchr(p, ':') + 1;
	return p + strspn(p, " ");
}

static inline bool has_header(const char *text, const char *name)
{
	char line[RIG_TEXT];

	return header(text, name, 0, line, sizeof(line));
}

static inline const char *body_of(const char *text)
{
	const char *p = strstr(text, "\r\n\r\n");

	return p ? p + 4 : "";
}

/* --- the wire --- */

static inline struct net_addr address(const char *text)
{
	struct net_addr a;

	ck_assert_int_eq(net_parse(&a, text), 0);
	return a;
}

static inline bool lost(void)
{
	return rig.count++ == rig.drop;
}

static inline int rig_send(struct sip_wire *w, const struct net_addr *local,
			   const struct net_addr *remote, const char *data,
			   size_t len)
{
	struct rig_wire *m = &rig.sent[rig.n_sent];

	(void)w;
	(void)local;
	if (lost())
		return 0;
	ck_assert_uint_lt(rig.n_sent, RIG_MESSAGES);
	ck_assert_uint_lt(len, RIG_TEXT);
	memcpy(m->text, data, len);
	m->text[len] = '\0';
	m->to = *remote;
	rig.n_sent++;
	if (rig.on_sent)
		rig.on_sent(&rig, m);
	return 0;
}

/* From the peer, a millisecond later: never from within our own sending. */
struct delivery {
	struct timer timer;
	struct net_addr from;
	char text[RIG_TEXT];
};

static inline void deliver(struct timer *t)
{
	struct delivery *d = container_of(t, struct delivery, timer);
	struct sip_transport *tr =
		sip_stack_transport(sip_role_stack(rig.role));

	sip_transport_inject(tr, 0, &d->from, d->text, strlen(d->text));
	free(d);
}

static inline void peer_says_from(const char *from, const char *text)
{
	struct delivery *d;

	if (lost())
		return;
	d = calloc(1, sizeof(*d));
	ck_assert_ptr_nonnull(d);
	d->from = address(from);
	snprintf(d->text, sizeof(d->text), "%s", text);
	ck_assert_int_eq(timer_start(rig.loop, &d->timer, deliver, 1), 0);
}

static inline void peer_says(const char *text)
{
	peer_says_from(PEER_IP ":5060", text);
}

static inline void append(char *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static inline void append(char *out, const char *fmt, ...)
{
	size_t len = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + len, RIG_TEXT - len, fmt, ap);
	va_end(ap);
}

static inline void copy_headers(char *out, const char *from, const char *name)
{
	char line[RIG_TEXT];
	unsigned n;

	for (n = 0; header(from, name, n, line, sizeof(line)); n++)
		append(out, "%s\r\n", line);
}

static inline void end_message(char *out, const char *extra, const char *sdp)
{
	append(out, "%s", extra ? extra : "");
	if (sdp)
		append(out, "Content-Type: application/sdp\r\n");
	append(out, "Content-Length: %zu\r\n\r\n%s", sdp ? strlen(sdp) : 0,
	       sdp ? sdp : "");
}

/* The peer answers a request of ours. tag NULL: To as it is. */
static inline void answer(const char *request, const char *status,
			  const char *tag, const char *extra, const char *sdp)
{
	char out[RIG_TEXT] = "";

	append(out, "SIP/2.0 %s\r\n", status);
	copy_headers(out, request, "Via");
	copy_headers(out, request, "From");
	append(out, "To: %s", value_of(request, "To"));
	if (tag && !strstr(value_of(request, "To"), ";tag="))
		append(out, ";tag=%s", tag);
	append(out, "\r\n");
	copy_headers(out, request, "Call-ID");
	copy_headers(out, request, "CSeq");
	if (!extra || !strstr(extra, "Contact:"))
		append(out, "Contact: <sip:peer@" PEER_IP ">\r\n");
	end_message(out, extra, sdp);
	peer_says(out);
}

/* A request of the peer in the dialog of its INVITE (uas = we answered it;
 * ours: our response) or of ours (our INVITE, with that To tag). */
static inline void request_in(const char *method, const char *ours,
			      const char *tag, const char *extra,
			      const char *sdp)
{
	bool uas = strncmp(ours, "SIP/2.0", 7) == 0;
	char out[RIG_TEXT] = "";

	if (strcmp(method, "ACK") != 0)
		rig.cseq++;
	append(out, "%s sip:" OUR_IP ":5060 SIP/2.0\r\n", method);
	append(out, "Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bK%s%u\r\n",
	       method, rig.cseq);
	append(out, "From: %s%s%s\r\n", value_of(ours, uas ? "From" : "To"),
	       uas || strstr(value_of(ours, "To"), ";tag=") ? "" : ";tag=",
	       uas || strstr(value_of(ours, "To"), ";tag=") ? "" : tag);
	append(out, "To: %s\r\n", value_of(ours, uas ? "To" : "From"));
	copy_headers(out, ours, "Call-ID");
	append(out, "CSeq: %u %s\r\nMax-Forwards: 70\r\n", rig.cseq, method);
	if (!extra || !strstr(extra, "Contact:"))
		append(out, "Contact: <sip:peer@" PEER_IP ">\r\n");
	end_message(out, extra, sdp);
	peer_says(out);
}

#define SDP(ip, port, media)                                                  \
	"v=0\r\no=- 1 1 IN IP4 " ip "\r\ns=-\r\nc=IN IP4 " ip "\r\nt=0 0\r\n" \
	"m=audio " port " RTP/AVP 8 0 101\r\n"                                \
	"a=rtpmap:101 telephone-event/8000\r\n" media
#define PEER_SDP SDP(PEER_IP, "7000", "")

/* The peer's INVITE; uri and more lines of the header as wanted. */
static inline void invite_from_peer(const char *uri, const char *call_id,
				    const char *extra, const char *sdp)
{
	char out[RIG_TEXT] = "";

	rig.cseq = 1;
	append(out, "INVITE %s SIP/2.0\r\n", uri);
	append(out,
	       "Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bKi%s\r\n"
	       "To: <%s>\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\n"
	       "Max-Forwards: 70\r\n",
	       call_id, uri, call_id);
	if (!extra || !strstr(extra, "Contact:"))
		append(out, "Contact: <sip:peer@" PEER_IP ">\r\n");
	if (!extra || !strstr(extra, "From:"))
		append(out, "From: <sip:+4930123@" PEER_IP ">;tag=ft\r\n");
	end_message(out, extra, sdp);
	peer_says(out);
}

static inline void cancel_from_peer(const char *uri, const char *call_id,
				    const char *extra)
{
	char out[RIG_TEXT] = "";

	append(out, "CANCEL %s SIP/2.0\r\n", uri);
	append(out,
	       "Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bKi%s\r\n"
	       "From: <sip:+4930123@" PEER_IP ">;tag=ft\r\n"
	       "To: <%s>\r\nCall-ID: %s\r\nCSeq: 1 CANCEL\r\n"
	       "Max-Forwards: 70\r\n",
	       call_id, uri, call_id);
	end_message(out, extra, NULL);
	peer_says(out);
}

/* The ACK of the peer to our final response (2xx: own branch). */
static inline void ack_from_peer(const char *response, const char *sdp)
{
	bool ok = strncmp(response, "SIP/2.0 2", 9) == 0;
	static unsigned n;
	char out[RIG_TEXT] = "";

	append(out, "ACK sip:" OUR_IP ":5060 SIP/2.0\r\n");
	if (ok)
		append(out,
		       "Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bKack%u\r\n",
		       n++);
	else
		copy_headers(out, response, "Via");
	copy_headers(out, response, "From");
	copy_headers(out, response, "To");
	copy_headers(out, response, "Call-ID");
	append(out, "CSeq: %d ACK\r\nMax-Forwards: 70\r\n",
	       atoi(value_of(response, "CSeq")));
	end_message(out, NULL, sdp);
	peer_says(out);
}

/* --- the core --- */

static inline void rig_on_msg(struct link *l, const struct link_head *h, int fd)
{
	(void)l;
	(void)fd;
	ck_assert_msg(cc_msg_ok(h), "malformed %s", cc_type_name(h->type));
	if (h->type == CC_END_STATE) {
		ck_assert_uint_lt(rig.n_state, RIG_MESSAGES);
		memcpy(&rig.state[rig.n_state++], h,
		       sizeof(struct cc_end_state));
		return;
	}
	if (h->type == CC_SNAPSHOT) {
		memcpy(&rig.snapshot, h, sizeof(rig.snapshot));
		rig.n_snapshots++;
		return;
	}
	if (h->type == CC_SERVERS) {
		rig.back.n_servers++;
		memcpy(&rig.back.servers, h, sizeof(rig.back.servers));
		return;
	}
	if (h->type == CC_SETTLED || h->type == CC_KEPT) {
		rig.back.n_kept += h->type == CC_KEPT;
		rig.back.n_settled += h->type == CC_SETTLED;
		if (h->type == CC_KEPT)
			memcpy(&rig.back.kept, h, sizeof(rig.back.kept));
		return;
	}
	ck_assert_uint_lt(rig.n_cc, RIG_MESSAGES);
	memcpy(&rig.cc[rig.n_cc++], h, sizeof(struct cc_msg));
	if (rig.on_cc)
		rig.on_cc(&rig, &rig.cc[rig.n_cc - 1]);
}

static inline void rig_on_down(struct link *l)
{
	(void)l;
}

static const struct link_ops rig_core_ops = {rig_on_msg, rig_on_down};

static inline void core_sends(enum cc_type type, struct cc_msg m)
{
	ck_assert_int_eq(
		link_send(&rig.core, &m.head, (uint16_t)type, sizeof(m)), 0);
}

static inline struct cc_media our_rtp(void)
{
	return (struct cc_media){
		.valid = 1, .rtp = address(OUR_IP ":40000"), .codec = CC_PCMA};
}

static inline void core_tells(leg_id leg, enum cc_type type)
{
	struct cc_msg m = {.leg = leg, .end = {CC_END_TRUNK, 0}};

	if (type == CC_ANSWER || type == CC_ALERTING || type == CC_PROGRESS)
		m.media = our_rtp();
	if (type == CC_PROGRESS)
		m.progress = CC_PROG_INBAND;
	core_sends(type, m);
}

static inline void core_releases(leg_id leg, unsigned cause)
{
	struct cc_msg m = {.leg = leg,
			   .end = {CC_END_TRUNK, 0},
			   .cause = {(uint8_t)cause, CC_LOC_PRIVATE_LOCAL}};

	core_sends(CC_RELEASE, m);
}

static inline struct cc_msg setup_msg(void)
{
	struct cc_msg m = {.leg = CC_LEG_CORE | ++rig.next_leg,
			   .end = {CC_END_TRUNK, 0},
			   .bearer = CC_BEARER_AUDIO_31,
			   .complete = 1,
			   .media = our_rtp()};

	cc_number_set(&m.called, "+49711123");
	cc_number_set(&m.calling, "+4930555");
	m.calling.screening = CC_SCREEN_NETWORK;
	return m;
}

/* --- life of the rig, waiting --- */

static inline void connect_core(void)
{
	const struct link_ops *ops;
	struct link *slot = sip_role_ops.slot(rig.role, ROLE_CORE, 0, &ops);

	link_close(slot);
	link_close(&rig.core);
	ck_assert_int_eq(
		link_open_mem(slot, ops, &rig.core, &rig_core_ops, rig.loop),
		0);
	sip_role_ops.link_up(rig.role, ROLE_CORE, 0);
}

static inline void rig_conf(void)
{
	struct conf_trunk *t = &rig.conf.trunks[0];

	memset(&rig.conf, 0, sizeof(rig.conf));
	rig.conf.sip.bind = address(OUR_IP ":5060");
	rig.conf.sip.t1_ms = 500;
	rig.conf.sip.ring_s = 180;
	strcpy(rig.conf.sip.user_agent, "trunkgate");
	rig.conf.n_trunks = 1;
	strcpy(t->name, "provider");
	strcpy(t->servers[0], PEER_IP);
	t->n_servers = 1;
	t->n_codecs = 2;
	t->codecs[0] = CC_PCMA;
	t->codecs[1] = CC_PCMU;
	t->dtmf_events = true;
	t->ptime_ms = 20;
}

static const struct sip_wire_ops rig_wire_ops = {.send = rig_send};

/* rig.conf is filled in. */
/* As an earlier process's successor: the core is still to say what of it
 * goes on. */
static inline void rig_open_unsettled(void)
{
	rig.n_sent = rig.seen = rig.n_cc = rig.cc_seen = rig.n_state = 0;
	rig.n_snapshots = rig.back.n_kept = rig.back.n_settled = 0;
	rig.back.n_servers = 0;
	rig.on_sent = NULL;
	rig.on_cc = NULL;
	rig.count = 0;
	rig.drop = -1;
	rig.loop = loop_new_sim(1700000000000);
	ck_assert_ptr_nonnull(rig.loop);
	rig.role = sip_role_ops.open(rig.loop, &rig.conf, sizeof(rig.conf));
	ck_assert_ptr_nonnull(rig.role);
	rig.wire.ops = &rig_wire_ops;
	sip_transport_wire(sip_stack_transport(sip_role_stack(rig.role)),
			   &rig.wire);
	connect_core();
	ck_assert_int_eq(sip_role_ops.start(rig.role), 0);
	loop_advance(rig.loop, 10);
}

static inline void core_settles(void)
{
	struct link_head settled;

	ck_assert_int_eq(link_send(&rig.core, &settled, CC_SETTLED,
				   sizeof(settled)), 0);
	loop_advance(rig.loop, 10);
}

static inline void rig_open(void)
{
	rig_open_unsettled();
	core_settles();
}

static inline void wait_ms(int64_t ms)
{
	loop_advance(rig.loop, ms);
}

static inline struct txn_layer *rig_txns(void)
{
	return sip_stack_txns(sip_role_stack(rig.role));
}

/* All is over: after the longest timers nothing may be left. */
static inline void rig_settle(void)
{
	const struct trunk_table *t =
		sip_stack_trunks(sip_role_stack(rig.role));
	unsigned i, n = rig.n_sent;

	wait_ms(200000);
	ck_assert_msg(rig.n_sent == n, "sent afterwards\n%s", rig.sent[n].text);
	ck_assert(sip_role_ops.is_idle(rig.role));
	ck_assert_uint_eq(txn_layer_used(rig_txns()), 0);
	for (i = 0; i < trunk_count(t); i++)
		ck_assert_uint_eq(trunk_stats(t, i)->active, 0);
}

static inline void rig_close(void)
{
	sip_role_ops.close(rig.role);
	loop_advance(rig.loop, 10); /* deliveries under way */
	link_close(&rig.core);
	loop_free(rig.loop);
}

/* The next message from us, after up to a minute; its first line must begin
 * so. Repeats of one seen before are left out by waiting less. */
static inline const char *expect_sent(const char *start)
{
	int i;

	for (i = 0; i < 6000 && rig.seen == rig.n_sent; i++)
		wait_ms(10);
	ck_assert_msg(rig.seen < rig.n_sent, "nothing sent, want %s", start);
	ck_assert_msg(strncmp(rig.sent[rig.seen].text, start, strlen(start)) ==
			      0,
		      "want %s, got\n%s", start, rig.sent[rig.seen].text);
	return rig.sent[rig.seen++].text;
}

/* Past all that was sent until that; and past its repeats. */
static inline const char *skip_to(const char *start)
{
	const char *text = NULL;

	for (; rig.seen < rig.n_sent; rig.seen++) {
		if (strncmp(rig.sent[rig.seen].text, start, strlen(start)) == 0)
			text = rig.sent[rig.seen].text;
	}
	ck_assert_msg(text, "never sent: %s", start);
	return text;
}

static inline const struct cc_msg *expect_cc(enum cc_type type)
{
	int i;

	for (i = 0; i < 6000 && rig.cc_seen == rig.n_cc; i++)
		wait_ms(10);
	ck_assert_msg(rig.cc_seen < rig.n_cc, "no message, want %s",
		      cc_type_name(type));
	ck_assert_msg(rig.cc[rig.cc_seen].head.type == type, "want %s, got %s",
		      cc_type_name(type),
		      cc_type_name(rig.cc[rig.cc_seen].head.type));
	return &rig.cc[rig.cc_seen++];
}

static inline void expect_silence(void)
{
	wait_ms(100);
	ck_assert_msg(rig.seen == rig.n_sent, "unexpected\n%s",
		      rig.sent[rig.seen].text);
	ck_assert_msg(rig.cc_seen == rig.n_cc, "unexpected %s",
		      cc_type_name(rig.cc[rig.cc_seen].head.type));
}

/* A call that is refused is told for its CDR: a SETUP with the cause. */
static inline void expect_refused(unsigned cause, const char *detail)
{
	const struct cc_msg *m = expect_cc(CC_SETUP);

	ck_assert_uint_eq(m->cause.value, cause);
	ck_assert_str_eq(m->detail, detail);
	ck_assert_uint_eq(m->end.kind, CC_END_TRUNK);
	ck_assert_uint_gt(strlen(m->ref), 0);
}

static inline void expect_released(unsigned cause, const char *detail)
{
	const struct cc_msg *m = expect_cc(CC_RELEASED);

	ck_assert_uint_eq(m->cause.value, cause);
	ck_assert_str_eq(m->detail, detail);
}

static inline unsigned count_cc(enum cc_type type)
{
	unsigned i, n = 0;

	for (i = 0; i < rig.n_cc; i++)
		n += rig.cc[i].head.type == type;
	return n;
}

/* --- the usual beginnings --- */

/* Our INVITE, which the peer has not answered yet. */
static inline const char *place_call(leg_id *leg)
{
	struct cc_msg m = setup_msg();

	*leg = m.leg;
	core_sends(CC_SETUP, m);
	return expect_sent("INVITE ");
}

/* Up: answered at once by the peer with that tag. */
static inline const char *place_and_answer(leg_id *leg, const char *tag)
{
	const char *invite = place_call(leg);

	rig.cseq = 100;
	answer(invite, "200 OK", tag, NULL, PEER_SDP);
	expect_sent("ACK ");
	expect_cc(CC_ANSWER);
	return invite;
}

#define PEER_URI "sip:+49711123@" OUR_IP ";user=phone"

/* A call from the peer, told to the core. */
static inline leg_id take_call(const char *call_id)
{
	invite_from_peer(PEER_URI, call_id, NULL, PEER_SDP);
	return expect_cc(CC_SETUP)->leg;
}

/* Our 200, acknowledged. */
static inline const char *take_and_answer(leg_id *leg, const char *call_id)
{
	const char *ok;

	*leg = take_call(call_id);
	core_tells(*leg, CC_ANSWER);
	ok = expect_sent("SIP/2.0 200");
	ack_from_peer(ok, NULL);
	wait_ms(10);
	return ok;
}

static inline int rig_run(const char *name, const TTest *const *tests)
{
	Suite *s = suite_create(name);
	TCase *t = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_set_timeout(t, 120);
	for (; *tests; tests++)
		tcase_add_test(t, *tests);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_fork_status(sr, CK_NOFORK);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}

#endif
