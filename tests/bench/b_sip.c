/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core conf base */
/* libs: -losip2 -losipparser2 */
/*
 * An INVITE of 1,221 octets with SDP through gate and parser, beside bare
 * libosip2 (parser and its MIME reading, no checks) in the same run; and one
 * OPTIONS with its answer through the whole lower half, with no and with
 * 5,000 transactions open: the lookup must not depend on their number; beside
 * it the same with libosip2's own transactions, 5,000 of them open; and a
 * datagram from nobody we know.
 * Figures are medians of ROUNDS rounds.
 */
#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "sip/gate.h"
#include "sip/stack.h"

#include <osip2/osip.h>
#include <osipparser2/osip_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS	 7
#define ROUND_NS (150 * NS_PER_MS)
#define OPEN	 5000
#define SIZE	 1221

static char invite[2 * SIZE];

static void make_invite(void)
{
	static const char head[] =
		"INVITE sip:+4971198765432@198.51.100.1:5060;user=phone "
		"SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds8732;"
		"rport\r\n"
		"Via: SIP/2.0/UDP 192.0.2.17:5060;branch=z9hG4bK1a2b3c4d5e6f;"
		"received=192.0.2.17\r\n"
		"Record-Route: <sip:192.0.2.1;lr;ftag=1928301774>\r\n"
		"Max-Forwards: 68\r\n"
		"From: \"Caller\" <sip:+4971112345@provider.example;"
		"user=phone>;tag=1928301774\r\n"
		"To: <sip:+4971198765432@198.51.100.1;user=phone>\r\n"
		"Call-ID: a84b4c76e66710f1a84b4c76e66710f1@192.0.2.17\r\n"
		"CSeq: 314159 INVITE\r\n"
		"Contact: <sip:+4971112345@192.0.2.17:5060>\r\n"
		"P-Asserted-Identity: <sip:+4971112345@provider.example>\r\n"
		"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE\r\n"
		"Supported: timer, 100rel, histinfo\r\n"
		"Session-Expires: 1800;refresher=uac\r\n"
		"Min-SE: 90\r\n"
		"P-Charging-Vector: icid-value=1a2b3c4d5e6f7a8b9c0d;"
		"orig-ioi=provider.example\r\n"
		"User-Agent: some provider\r\n"
		"Content-Type: application/sdp\r\n";
	static const char sdp[] =
		"v=0\r\no=- 20518 0 IN IP4 192.0.2.33\r\ns=-\r\n"
		"c=IN IP4 192.0.2.33\r\nt=0 0\r\n"
		"m=audio 20000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\n"
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
		"a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";
	char tail[64];
	size_t n, pad;

	n = (size_t)snprintf(tail, sizeof(tail),
			     "Content-Length: %zu\r\nX-Pad: \r\n\r\n",
			     strlen(sdp));
	pad = SIZE - strlen(head) - strlen(sdp) - n;
	snprintf(invite, sizeof(invite), "%sContent-Length: %zu\r\nX-Pad: %.*s"
		 "\r\n\r\n%s", head, strlen(sdp), (int)pad,
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 sdp);
	if (strlen(invite) != SIZE) {
		fprintf(stderr, "b_sip: INVITE of %zu octets\n",
			strlen(invite));
		exit(1);
	}
}

static void ours(void)
{
	struct sip_gate_result r;
	struct sip_msg *m = NULL;

	sip_gate_check(invite, SIZE, &r, NULL);
	if (r.verdict == SIP_GATE_PASS) {
		m = sip_msg_parse(invite, &r);
	}
	if (!m || !m->body_len) {
		fprintf(stderr, "b_sip: INVITE refused\n");
		exit(1);
	}
	sip_msg_free(m);
}

static void osip_alone(void)
{
	osip_message_t *m;

	if (osip_message_init(&m) || osip_message_parse(m, invite, SIZE)) {
		fprintf(stderr, "b_sip: osip refuses\n");
		exit(1);
	}
	osip_message_free(m);
}

static double per_second(void (*fn)(void))
{
	mono_t start = clock_mono(), now;
	unsigned n = 0;

	do {
		for (int i = 0; i < 50; i++) {
			fn();
		}
		n += 50;
		now = clock_mono();
	} while (mono_diff_ns(now, start) < ROUND_NS);
	return n * 1e9 / (double)mono_diff_ns(now, start);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double v[ROUNDS])
{
	qsort(v, ROUNDS, sizeof(*v), by_value);
	return v[ROUNDS / 2];
}

/* --- transactions --- */
static struct sip_stack *stack;
static struct net_addr peer;
static unsigned serial;
static bool answering;
static struct txn_user silent_user;
static const struct txn_user_ops silent_ops = {NULL, NULL, NULL, NULL};

static void on_request(struct sip_stack_user *u, txn_id id,
		       const struct sip_msg *m)
{
	struct txn_layer *l = sip_stack_txns(stack);

	(void)u;
	(void)m;
	if (answering) {
		txn_reply(l, id, 200, NULL);
		txn_kill(l, id); /* the number open stays what it is */
	} else {
		txn_attach(l, id, &silent_user);
	}
}

static void on_ack(struct sip_stack_user *u, const struct sip_msg *m)
{
	(void)u;
	(void)m;
}

static const struct sip_stack_user_ops stack_ops = {
	.on_request = on_request,
	.on_ack = on_ack,
};

static int on_send(struct sip_wire *w, const struct net_addr *local,
		   const struct net_addr *remote, const char *data, size_t len)
{
	(void)w;
	(void)local;
	(void)remote;
	(void)data;
	(void)len;
	return 0;
}

static char text[512];

static size_t next_options(void)
{
	int n;

	serial++;
	n = snprintf(text, sizeof(text),
		     "OPTIONS sip:198.51.100.1 SIP/2.0\r\n"
		     "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%u;rport\r\n"
		     "From: <sip:192.0.2.1>;tag=%u\r\nTo: <sip:198.51.100.1>\r\n"
		     "Call-ID: %u\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
		     "Content-Length: 0\r\n\r\n",
		     serial, serial, serial);
	return (size_t)n;
}

static void one_request(void)
{
	size_t n = next_options();

	sip_transport_inject(sip_stack_transport(stack), 0, &peer, text, n);
}

/* A scanner's datagram: no trunk of ours, so neither gate nor parser. */
static void one_stranger(void)
{
	static const struct net_addr stranger = {
		.family = 4, .port = 5060, .ip = {100, 64, 0, 1}};

	sip_transport_inject(sip_stack_transport(stack), 0, &stranger, invite,
			     SIZE);
}

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static void transactions(double *empty, double *full, double *stranger)
{
	static const struct sip_wire_ops wire_ops = {.send = on_send};
	static struct sip_stack_user user = {&stack_ops};
	struct conf_for_sip *conf = calloc(1, sizeof(*conf));
	struct loop *loop = loop_new_sim(0);
	struct sip_wire wire = {&wire_ops};
	double e[ROUNDS], f[ROUNDS];

	silent_user.ops = &silent_ops;
	net_parse(&conf->sip.bind, "198.51.100.1");
	net_parse(&peer, "192.0.2.1:5060");
	conf->n_trunks = 1;
	conf->trunks[0].n_servers = 1;
	strcpy(conf->trunks[0].servers[0], "192.0.2.1");
	stack = sip_stack_new(loop, conf, &user, 0);
	sip_transport_wire(sip_stack_transport(stack), &wire);
	answering = true;
	for (int i = 0; i < ROUNDS; i++) {
		e[i] = per_second(one_request);
	}
	answering = false;
	for (int i = 0; i < OPEN; i++) {
		one_request();
	}
	answering = true;
	for (int i = 0; i < ROUNDS; i++) {
		f[i] = per_second(one_request);
	}
	*empty = 1e6 / median(e);
	for (int i = 0; i < ROUNDS; i++) {
		e[i] = per_second(one_stranger);
	}
	*stranger = 1e9 / median(e);
	*full = 1e6 / median(f);
	if (txn_layer_used(sip_stack_txns(stack)) != OPEN) {
		fprintf(stderr, "b_sip: not %d open\n", OPEN);
		exit(1);
	}
	sip_stack_free(stack);
	loop_free(loop);
	free(conf);
}

/* --- the peer: libosip2's transactions --- */

static osip_t *osip;

static int osip_send(osip_transaction_t *t, osip_message_t *m, char *host,
		     int port, int fd)
{
	char *wire = NULL;
	size_t len;

	(void)t;
	(void)host;
	(void)port;
	(void)fd;
	if (osip_message_to_str(m, &wire, &len)) {
		return -1;
	}
	osip_free(wire);
	return 0;
}

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "b_sip: osip: %s\n", what);
		exit(1);
	}
}

/* As its manual has it; only our transaction is run, not all of its list. */
static osip_transaction_t *osip_request(void)
{
	osip_event_t *e = osip_parse(text, next_options());
	osip_transaction_t *t;

	must(e != NULL, "parse");
	must(osip_find_transaction_and_add_event(osip, e) != 0, "not new");
	t = osip_create_transaction(osip, e);
	must(t != NULL, "create");
	osip_transaction_add_event(t, e);
	while ((e = osip_fifo_tryget(t->transactionff)) != NULL) {
		osip_transaction_execute(t, e);
	}
	return t;
}

static void osip_answer(osip_transaction_t *t)
{
	osip_message_t *m, *q = t->orig_request;
	osip_event_t *e;
	osip_via_t *via;

	must(!osip_message_init(&m), "init");
	osip_message_set_version(m, osip_strdup("SIP/2.0"));
	osip_message_set_status_code(m, 200);
	osip_message_set_reason_phrase(m, osip_strdup("OK"));
	osip_from_clone(q->from, &m->from);
	osip_to_clone(q->to, &m->to);
	osip_to_set_tag(m->to, osip_strdup("b"));
	osip_call_id_clone(q->call_id, &m->call_id);
	osip_cseq_clone(q->cseq, &m->cseq);
	osip_via_clone(osip_list_get(&q->vias, 0), &via);
	osip_list_add(&m->vias, via, -1);
	e = osip_new_outgoing_sipmessage(m);
	must(e != NULL, "answer");
	e->transactionid = t->transactionid;
	osip_transaction_add_event(t, e);
	while ((e = osip_fifo_tryget(t->transactionff)) != NULL) {
		osip_transaction_execute(t, e);
	}
}

#define OSIP_CALLS 60

/* us for an OPTIONS and its answer with OPEN others unanswered. Its removal
 * afterwards, which takes time with the square of their number, is not in it:
 * the number open stays what it is. */
static double osip_transactions(void)
{
	osip_transaction_t *t;
	double v[ROUNDS];
	mono_t start;

	must(!osip_init(&osip), "init");
	osip_set_cb_send_message(osip, osip_send);
	for (int i = 0; i < OPEN; i++) {
		osip_request();
	}
	for (int i = 0; i < ROUNDS; i++) {
		v[i] = 0;
		for (int k = 0; k < OSIP_CALLS; k++) {
			start = clock_mono();
			t = osip_request();
			osip_answer(t);
			v[i] += (double)mono_diff_ns(clock_mono(), start);
			osip_remove_transaction(osip, t);
			osip_transaction_free2(t);
		}
		v[i] /= OSIP_CALLS * 1e3;
	}
	return median(v);
}

int main(void)
{
	double a[ROUNDS], b[ROUNDS], empty, full, stranger;

	make_invite();
	ours(); /* readies osip's tables */
	for (int i = 0; i < ROUNDS; i++) {
		a[i] = per_second(ours);
		b[i] = per_second(osip_alone);
	}
	log_set_sink(quiet);
	transactions(&empty, &full, &stranger);
	printf("sip_parse_per_s\t%.0f\tmsg/s\n", median(a));
	printf("sip_parse_per_s_peer_osip\t%.0f\tmsg/s\n", median(b));
	printf("sip_transaction_us_0_open\t%.1f\tus\n", empty);
	printf("sip_unknown_source_ns\t%.0f\tns\n", stranger);
	printf("sip_transaction_us_5000_open\t%.1f\tus\n", full);
	printf("sip_peer_libosip2_tx_us\t%.1f\tus\n", osip_transactions());
	return 0;
}
