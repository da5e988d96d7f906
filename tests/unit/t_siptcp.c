/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Connections: transactions over them on the virtual clock, with a peer that
 * plays its end of each octet by octet; then real sockets. */
#include "tests/stack/sipnet.h"

#include "gateway/base/log.h"
#include "sip/guard.h"
#include "sip/transport_priv.h"
#include "tests/suite.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sip_stack_user user;
static struct txn_user asker;
static char told[512];	 /* to users */
static char wire[65536]; /* what we said on connections, all of it */
static unsigned opens, closes;
static int open_error;
static uint32_t last_flow;
static txn_id last_id;
static struct net_addr opened_to;
static unsigned flows_down;
static bool keep_quiet; /* answer requests later */
static bool deaf;	/* the peer does not read */
static bool behind;

static void tell(const char *what)
{
	strcat(told, what);
	strcat(told, " ");
}

static void on_response(struct txn_user *u, txn_id id, const struct sip_msg *m)
{
	char text[8];

	(void)u;
	(void)id;
	snprintf(text, sizeof(text), "%d", sip_msg_status(m));
	tell(text);
}

static void on_fail(struct txn_user *u, txn_id id, enum txn_fail why)
{
	(void)u;
	(void)id;
	tell(why == TXN_FAIL_TRANSPORT ? "transport" : "timeout");
}

static const struct txn_user_ops asker_ops = {.on_response = on_response,
					      .on_fail = on_fail};

static void on_request(struct sip_stack_user *u, txn_id id,
		       const struct sip_msg *m)
{
	(void)u;
	tell(sip_msg_method(m));
	last_id = id;
	if (keep_quiet) {
		txn_attach(sip_stack_txns(net.stack), id, &asker);
	} else {
		txn_reply(sip_stack_txns(net.stack), id, 200, NULL);
	}
}

static void on_ack(struct sip_stack_user *u, const struct sip_msg *m)
{
	(void)u;
	(void)m;
}

static void on_flow_down(struct sip_stack_user *u, const struct sip_path *p,
			 int err)
{
	(void)u;
	(void)p;
	(void)err;
	flows_down++;
}

static bool is_behind(struct sip_stack_user *u)
{
	(void)u;
	return behind;
}

static const struct sip_stack_user_ops user_ops = {
	.is_behind = is_behind,
	.on_request = on_request,
	.on_ack = on_ack,
	.on_flow_down = on_flow_down,
};

static int on_open(struct sip_wire *w, const struct sip_path *path)
{
	(void)w;
	opens++;
	opened_to = path->remote;
	last_flow = path->flow;
	return open_error;
}

static int on_stream(struct sip_wire *w, const struct sip_path *path,
		     const char *data, size_t len)
{
	(void)w;
	last_flow = path->flow;
	closes += len == 0;
	if (deaf && len) {
		return -EAGAIN;
	}
	strncat(wire, len ? data : "", len);
	return 0;
}

static const struct sip_wire_ops stream_ops = {
	.send = sipnet_send, .open = on_open, .stream = on_stream};

static struct sip_transport *transport(void)
{
	return sip_stack_transport(net.stack);
}

static void open_net(enum conf_transport transport_of_first)
{
	static struct sip_wire w = {&stream_ops};

	told[0] = wire[0] = '\0';
	opens = closes = flows_down = 0;
	open_error = 0;
	keep_quiet = deaf = behind = false;
	user.ops = &user_ops;
	asker.ops = &asker_ops;
	sipnet_open(&user, 64);
	net.conf->trunks[0].transport = transport_of_first;
	net.conf->trunks[0].wire.tcp_above = 1300;
	ck_assert_int_eq(sip_stack_reload(net.stack, net.conf), 0);
	sip_transport_wire(transport(), &w);
}

static void expect_told(const char *want)
{
	ck_assert_str_eq(told, want);
	told[0] = '\0';
}

static unsigned count(const char *in, const char *what)
{
	unsigned n = 0;

	for (; (in = strstr(in, what)) != NULL; in++) {
		n++;
	}
	return n;
}

static txn_id ask(const char *method, const char *subject)
{
	struct sip_request q = {.method = method, .uri = "sip:9@192.0.2.1",
				.from = "<sip:1@h>;tag=us",
				.to = "<sip:9@192.0.2.1>", .call_id = "ours",
				.cseq = 7};
	struct sip_msg *m = sip_request_new(&q);
	struct sip_path path;
	txn_id id;

	ck_assert_int_eq(trunk_pick(sip_stack_trunks(net.stack), 0, 0, &path),
			 0);
	sip_msg_add(m, "Subject", subject);
	ck_assert_int_eq(txn_request(sip_stack_txns(net.stack), &asker, m,
				     &path, &id), 0);
	return id;
}

/* The peer answers what stands in wire, its octets in two pieces. */
static void answer(int status)
{
	struct sip_msg *q = sip_msg_from_text(wire, strlen(wire));
	struct sip_msg *r;
	char *text;
	size_t len;

	ck_assert_ptr_nonnull(q);
	r = sip_response_new(q, status, NULL, "peer");
	ck_assert_int_eq(sip_msg_print(r, &text, &len), 0);
	sip_transport_stream(transport(), last_flow, text, len / 2);
	sip_transport_stream(transport(), last_flow, text + len / 2,
			     len - len / 2);
	free(text);
	sip_msg_free(q);
	sip_msg_free(r);
}

START_TEST(test_client)
{
	open_net(CONF_TCP);
	ask("OPTIONS", "a");
	ck_assert_uint_eq(opens, 1);
	ck_assert_ptr_nonnull(strstr(wire, "Via: SIP/2.0/TCP 198.51.100.1"));
	loop_advance(net.loop, 5000);
	ck_assert_uint_eq(count(wire, "OPTIONS sip:"), 1); /* never repeated */
	answer(200);
	expect_told("200 ");
	loop_advance(net.loop, 0);
	/* K is 0: nothing can come late on a connection */
	ck_assert_uint_eq(txn_layer_used(sip_stack_txns(net.stack)), 0);
	wire[0] = '\0';
	ask("INVITE", "b");
	ck_assert_uint_eq(opens, 1); /* the same connection */
	ck_assert_uint_eq(net.n_sent, 0);
	loop_advance(net.loop, 32000);
	expect_told("timeout ");
	sipnet_close();
}
END_TEST

START_TEST(test_connection_lost)
{
	open_net(CONF_TCP);
	ask("INVITE", "a");
	answer(180);
	ask("OPTIONS", "b");
	sip_transport_stream(transport(), last_flow, "", 0);
	loop_advance(net.loop, 1);
	expect_told("180 transport "); /* only what had no answer at all */
	ck_assert_uint_eq(flows_down, 1);
	ck_assert_uint_eq(sip_transport_conns(transport()), 0);
	wire[0] = '\0';
	ask("OPTIONS", "c");
	ck_assert_uint_eq(opens, 2);
	answer(200);
	expect_told("200 ");
	sipnet_close();
}
END_TEST

START_TEST(test_refused)
{
	open_net(CONF_TCP);
	open_error = -ECONNREFUSED;
	ask("INVITE", "a");
	loop_advance(net.loop, 1);
	expect_told("transport ");
	ck_assert_uint_eq(sip_stack_stats(net.stack)->unreachable, 1);
	ck_assert_uint_eq(sip_transport_conns(transport()), 0);
	ck_assert_uint_eq(flows_down, 0 + 1);
	sipnet_close();
}
END_TEST

#define FROM_PEER(method, port)                                               \
	method " sip:1@198.51.100.1 SIP/2.0\r\n"                               \
	       "Via: SIP/2.0/TCP 192.0.2.1:" port ";branch=z9hG4bK" method     \
	       "\r\nFrom: <sip:2@192.0.2.1>;tag=f\r\n"                         \
	       "To: <sip:1@198.51.100.1>\r\nCall-ID: c1\r\n"                   \
	       "CSeq: 1 " method "\r\nContact: <sip:2@192.0.2.1>\r\n"          \
	       "Content-Length: 0\r\n\r\n"

static uint32_t peer_connects(const char *from)
{
	struct net_addr a;

	net_parse(&a, from);
	return sip_transport_accept(transport(), 0, &a);
}

static void say(uint32_t flow, const char *text)
{
	sip_transport_stream(transport(), flow, text, strlen(text));
}

START_TEST(test_server)
{
	uint32_t flow;

	open_net(CONF_TCP);
	ck_assert_uint_eq(peer_connects("100.64.0.1:40000"), 0);
	ck_assert_uint_eq(sip_stack_stats(net.stack)->unknown_source, 1);
	flow = peer_connects("192.0.2.1:40000");
	ck_assert_uint_ne(flow, 0);
	say(flow, FROM_PEER("OPTIONS", "5060"));
	expect_told("OPTIONS ");
	ck_assert_uint_eq(last_flow, flow);
	ck_assert_uint_eq(count(wire, "SIP/2.0 200"), 1);
	loop_advance(net.loop, 1);
	ck_assert_uint_eq(txn_layer_used(sip_stack_txns(net.stack)), 0);
	/* ping, in two pieces: one pong */
	wire[0] = '\0';
	say(flow, "\r\n\r");
	say(flow, "\n");
	ck_assert_str_eq(wire, "\r\n");
	/* no length: 400, and the end */
	wire[0] = '\0';
	say(flow, "OPTIONS sip:1@198.51.100.1 SIP/2.0\r\n"
		  "Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKn\r\n"
		  "From: <sip:2@192.0.2.1>;tag=f\r\n"
		  "To: <sip:1@198.51.100.1>\r\n"
		  "Call-ID: c2\r\nCSeq: 1 OPTIONS\r\n\r\n");
	ck_assert_uint_eq(count(wire, "SIP/2.0 400 Bad Content-Length"), 1);
	ck_assert_uint_eq(closes, 1);
	expect_told("");
	sipnet_close();
}
END_TEST

/* The connection of an INVITE is gone: the answer goes to where its Via says,
 * by a new one (RFC 3261 18.2.2). */
START_TEST(test_answer_by_new_connection)
{
	uint32_t flow;

	open_net(CONF_TCP);
	keep_quiet = true;
	flow = peer_connects("192.0.2.1:40000");
	say(flow, FROM_PEER("INVITE", "5070"));
	sip_transport_stream(transport(), flow, "", 0);
	loop_advance(net.loop, 1);
	ck_assert_uint_eq(opens, 0);
	txn_reply(sip_stack_txns(net.stack), last_id, 486, NULL);
	ck_assert_uint_eq(opens, 1);
	ck_assert_uint_eq(opened_to.port, 5070);
	loop_advance(net.loop, 3000); /* not repeated */
	ck_assert_uint_eq(count(wire, "SIP/2.0 486"), 1);
	loop_advance(net.loop, 32000);
	sipnet_close();
}
END_TEST

START_TEST(test_times)
{
	uint32_t flow, idle;

	open_net(CONF_TCP);
	flow = peer_connects("192.0.2.1:40000");
	idle = peer_connects("192.0.2.1:40001");
	say(flow, "OPTIONS sip:");
	for (int i = 0; i < 29; i++) { /* an octet now and then does not help */
		loop_advance(net.loop, 1000);
		say(flow, "a");
	}
	ck_assert(sip_transport_flow_up(transport(), flow));
	loop_advance(net.loop, 1500);
	ck_assert(!sip_transport_flow_up(transport(), flow));
	ck_assert_uint_eq(sip_transport_stats(transport())->conn_slow, 1);
	loop_advance(net.loop, 260000);
	ck_assert(sip_transport_flow_up(transport(), idle));
	loop_advance(net.loop, 20000);
	ck_assert(!sip_transport_flow_up(transport(), idle));
	ck_assert_uint_eq(sip_transport_conns(transport()), 0);
	sipnet_close();
}
END_TEST

START_TEST(test_keepalive)
{
	const struct sip_transport_stats *st;

	open_net(CONF_TCP);
	st = sip_transport_stats(transport());
	net.conf->trunks[0].wire.keepalive_s = 100;
	ck_assert_int_eq(sip_stack_reload(net.stack, net.conf), 0);
	ask("OPTIONS", "a");
	answer(200);
	wire[0] = '\0';
	loop_advance(net.loop, 79900);
	ck_assert_str_eq(wire, "");
	loop_advance(net.loop, 20200);
	ck_assert_str_eq(wire, "\r\n\r\n");
	/* a peer that has never answered need not */
	loop_advance(net.loop, 100000);
	ck_assert_uint_ge(st->pings, 2);
	ck_assert_uint_eq(st->dead_flows, 0);
	say(last_flow, "\r\n");
	ck_assert_uint_eq(st->pongs, 1);
	/* from now on it must */
	loop_advance(net.loop, 111000);
	ck_assert_uint_eq(st->dead_flows, 1);
	ck_assert_uint_eq(flows_down, 1);
	ck_assert_uint_eq(sip_transport_conns(transport()), 0);
	sipnet_close();
}
END_TEST

START_TEST(test_too_long_for_udp)
{
	char subject[1400];

	open_net(CONF_UDP);
	ask("OPTIONS", "short");
	ck_assert_uint_eq(net.n_sent, 1);
	memset(subject, 'x', sizeof(subject) - 1);
	subject[sizeof(subject) - 1] = '\0';
	ask("INVITE", subject);
	ck_assert_uint_eq(net.n_sent, 1);
	ck_assert_uint_eq(opens, 1);
	ck_assert_ptr_nonnull(strstr(wire, "Via: SIP/2.0/TCP"));
	answer(486);
	expect_told("486 ");
	loop_advance(net.loop, 1);
	ck_assert_uint_eq(count(wire, "ACK sip:"), 1); /* there, too */
	sipnet_clear();
	sipnet_close();
	/* nobody listens there: by UDP after all, as if nothing had been */
	open_net(CONF_UDP);
	open_error = -ECONNREFUSED;
	ask("INVITE", subject);
	loop_advance(net.loop, 600);
	ck_assert_uint_eq(net.n_sent, 2);
	ck_assert_ptr_nonnull(strstr(net.sent[0], "Via: SIP/2.0/UDP"));
	ck_assert_str_eq(net.sent[0], net.sent[1]);
	sipnet_receive("", 0);
	loop_advance(net.loop, 32000);
	expect_told("timeout ");
	sipnet_close();
}
END_TEST

/* Connections are limited in number: those of others and ours. */
START_TEST(test_many)
{
	unsigned n = 0;
	char from[32];

	open_net(CONF_TCP);
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(from, sizeof(from), "192.0.2.1:%u", 10000 + i);
		n += peer_connects(from) != 0;
	}
	ck_assert_uint_le(n, TRANSPORT_CONNS);
	ck_assert_uint_gt(n, 16);
	loop_advance(net.loop, TRANSPORT_IDLE_MS + 1000);
	ck_assert_uint_eq(sip_transport_conns(transport()), 0);
	ck_assert_uint_ne(peer_connects("192.0.2.1:9999"), 0);
	sipnet_close();
}
END_TEST

static char lines[2048];

static void keep_lines(enum log_level level, const char *line)
{
	(void)level;
	ck_assert_uint_lt(strlen(lines) + strlen(line), sizeof(lines));
	strcat(lines, line);
}

static unsigned connects(unsigned n, const char *host)
{
	unsigned ok = 0;
	char from[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(from, sizeof(from), "%s:%u", host, 20000 + i);
		ok += peer_connects(from) != 0;
	}
	return ok;
}

/* As many as the trunk allows an address, and the file all of them; each line
 * once, and each refusal counted. */
START_TEST(test_limits)
{
	open_net(CONF_TCP);
	lines[0] = '\0';
	log_set_sink(keep_lines);
	net.conf->trunks[0].wire.limits.connections = 8;
	net.conf->sip.limits.connections = 20;
	ck_assert_int_eq(sip_stack_reload(net.stack, net.conf), 0);
	ck_assert_uint_eq(connects(30, "192.0.2.1"), 8);
	ck_assert_uint_eq(connects(30, "192.0.2.2"), 8);
	ck_assert_uint_eq(connects(30, "192.0.2.3"), 4);
	ck_assert_uint_eq(count(lines, "more than the trunk's "
				       "limits.connections allows (8)"), 2);
	ck_assert_uint_eq(count(lines, "more than sip.limits.connections "
				       "allows (20)"), 1);
	ck_assert_uint_eq(guard_count(sip_stack_guard(net.stack),
				      GUARD_CONNECTIONS), 22 + 22 + 26);
	ck_assert_uint_eq(sip_transport_stats(transport())->conn_refused, 70);
	sipnet_close();
}
END_TEST

/* A trunk that has as many transactions as it may gets no new calls; what
 * belongs to others goes on. */
START_TEST(test_transaction_limit)
{
	uint32_t flow;

	open_net(CONF_TCP);
	lines[0] = '\0';
	log_set_sink(keep_lines);
	net.conf->trunks[0].wire.limits.transactions = 1;
	ck_assert_int_eq(sip_stack_reload(net.stack, net.conf), 0);
	flow = peer_connects("192.0.2.1:40000");
	keep_quiet = true;
	say(flow, FROM_PEER("OPTIONS", "5060"));
	wire[0] = told[0] = '\0';
	say(flow, FROM_PEER("INVITE", "5060"));
	ck_assert_uint_eq(count(wire, "SIP/2.0 503 "), 1);
	expect_told("");
	ck_assert_uint_eq(count(lines, "limits.transactions allows (1)"), 1);
	ck_assert_uint_eq(guard_count(sip_stack_guard(net.stack),
				      GUARD_TRANSACTIONS), 1);
	sipnet_close();
}
END_TEST

/* Who sends but never reads: no more than so many octets are kept, and not for
 * long; others do not notice. */
START_TEST(test_deaf)
{
	uint32_t flow, other;

	open_net(CONF_TCP);
	flow = peer_connects("192.0.2.1:40000");
	other = peer_connects("192.0.2.1:40001");
	deaf = true;
	for (int i = 0; i < 25; i++) {
		say(flow, FROM_PEER("OPTIONS", "5060"));
		say(flow, "\r\n\r\n");
		loop_advance(net.loop, 1000);
	}
	ck_assert(sip_transport_flow_up(transport(), flow));
	loop_advance(net.loop, 6000);
	ck_assert(!sip_transport_flow_up(transport(), flow));
	ck_assert_uint_eq(sip_transport_stats(transport())->conn_slow, 1);
	deaf = false;
	wire[0] = '\0';
	ck_assert(sip_transport_flow_up(transport(), other));
	say(other, FROM_PEER("OPTIONS", "5060"));
	ck_assert_uint_eq(count(wire, "SIP/2.0 200"), 1);
	sipnet_close();
}
END_TEST

/* A thousand such together have 16 MB at most. */
START_TEST(test_deaf_many)
{
	static char pings[4 * 65536 + 1];
	uint64_t full;

	open_net(CONF_TCP);
	for (size_t i = 0; i + 1 < sizeof(pings); i++) {
		pings[i] = i % 2 ? '\n' : '\r';
	}
	deaf = true;
	for (unsigned i = 0; i < 1000; i++) {
		char from[32];
		uint32_t flow;

		snprintf(from, sizeof(from), "192.0.2.1:%u", 20000 + i);
		flow = peer_connects(from);
		ck_assert_uint_ne(flow, 0);
		say(flow, pings);
	}
	ck_assert_uint_le(transport()->unwritten, TRANSPORT_UNWRITTEN_ALL);
	ck_assert_uint_gt(transport()->unwritten,
			  TRANSPORT_UNWRITTEN_ALL - 65536);
	full = sip_transport_stats(transport())->conn_slow;
	loop_advance(net.loop, TRANSPORT_STUCK_MS + 1000);
	ck_assert_uint_gt(sip_transport_stats(transport())->conn_slow, full);
	ck_assert_uint_eq(transport()->unwritten, 0);
	sipnet_close();
}
END_TEST

/* What has no time for new calls says so on connections: nothing is lost
 * there. What belongs to calls goes on, and emergency calls do. */
START_TEST(test_behind)
{
	uint32_t flow;

	open_net(CONF_TCP);
	flow = peer_connects("192.0.2.1:40000");
	behind = true;
	say(flow, FROM_PEER("INVITE", "5060"));
	ck_assert_uint_eq(count(wire, "SIP/2.0 503 "), 1);
	expect_told("");
	say(flow, FROM_PEER("OPTIONS", "5060"));
	expect_told("OPTIONS ");
	ck_assert_uint_eq(sip_stack_stats(net.stack)->shed_full, 1);
	behind = false;
	say(flow, FROM_PEER("INVITE", "5060"));
	expect_told("INVITE ");
	sipnet_close();
}
END_TEST

/* --- real sockets --- */

static int tcp_listener(const char *at, struct net_addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	net_parse(a, at);
	len = net_to_sockaddr(a, &ss);
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, len), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	len = sizeof(ss);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	net_from_sockaddr(a, (struct sockaddr *)&ss);
	return fd;
}

/* Turns the loop until the peer has got something. */
static ssize_t peer_reads(struct loop *uv, int fd, char *buf, size_t size)
{
	for (int i = 0; i < 5000; i++) {
		ssize_t n = recv(fd, buf, size - 1, MSG_DONTWAIT);

		if (n >= 0) {
			buf[n] = '\0';
			return n;
		}
		loop_poll(uv);
		usleep(1000);
	}
	return -1;
}

static void real_sockets(const char *ours, const char *theirs)
{
	struct conf_for_sip *conf = calloc(1, sizeof(*conf));
	struct loop *uv = loop_new_uv();
	struct net_addr us, peer;
	struct sockaddr_storage ss;
	char text[NET_STR_MAX], buf[4096];
	int fd, peer_fd, out, in = -1;
	socklen_t len;

	told[0] = '\0';
	keep_quiet = false;
	user.ops = &user_ops;
	asker.ops = &asker_ops;
	fd = tcp_listener(ours, &us);
	peer_fd = tcp_listener(theirs, &peer);
	conf->sip.bind = us;
	conf->sip.t1_ms = 500;
	conf->n_trunks = 1;
	strcpy(conf->trunks[0].servers[0], net_str(&peer, text));
	conf->trunks[0].n_servers = 1;
	conf->trunks[0].transport = CONF_TCP;
	net.stack = sip_stack_new(uv, conf, &user, 16);
	ck_assert_ptr_nonnull(net.stack);
	ck_assert_int_eq(sip_transport_socket(transport(), 0, dup(peer_fd)),
			 -EINVAL); /* somebody else's address */
	ck_assert_int_eq(sip_transport_socket(transport(), 0, fd), 0);
	/* they call, each octet a segment of its own */
	len = net_to_sockaddr(&us, &ss);
	out = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(out, (struct sockaddr *)&ss, len), 0);
	for (const char *p = FROM_PEER("OPTIONS", "5060"); *p; p++) {
		ck_assert_int_eq(send(out, p, 1, 0), 1);
		loop_poll(uv);
	}
	ck_assert_int_gt(peer_reads(uv, out, buf, sizeof(buf)), 0);
	ck_assert_int_eq(strncmp(buf, "SIP/2.0 200 OK\r\n", 16), 0);
	/* we call */
	ask("OPTIONS", "a");
	for (int i = 0; i < 5000 && in < 0; i++) {
		loop_poll(uv);
		in = accept(peer_fd, NULL, NULL);
		usleep(1000);
	}
	ck_assert_int_ge(in, 0);
	ck_assert_int_gt(peer_reads(uv, in, wire, sizeof(wire)), 0);
	ck_assert_ptr_nonnull(strstr(wire, "OPTIONS sip:"));
	/* it goes away without a word, its listener too */
	told[0] = '\0';
	close(in);
	close(peer_fd);
	for (int i = 0; i < 5000 && !told[0]; i++) {
		loop_poll(uv);
		usleep(1000);
	}
	expect_told("transport ");
	ask("OPTIONS", "b");
	for (int i = 0; i < 5000 && !told[0]; i++) {
		loop_poll(uv);
		usleep(1000);
	}
	expect_told("transport ");
	ck_assert_uint_eq(sip_stack_stats(net.stack)->unreachable, 1);
	sip_stack_free(net.stack);
	close(out);
	loop_poll(uv);
	loop_free(uv);
	free(conf);
}

START_TEST(test_real_v4)
{
	real_sockets("127.0.0.1", "127.0.0.1");
}
END_TEST

START_TEST(test_real_v6)
{
	real_sockets("::1", "::1");
}
END_TEST

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

int main(void)
{
	Suite *s = suite_create("siptcp");
	TCase *t = tcase_create("siptcp");

	log_set_sink(quiet);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_client);
	tcase_add_test(t, test_connection_lost);
	tcase_add_test(t, test_refused);
	tcase_add_test(t, test_server);
	tcase_add_test(t, test_answer_by_new_connection);
	tcase_add_test(t, test_times);
	tcase_add_test(t, test_keepalive);
	tcase_add_test(t, test_too_long_for_udp);
	tcase_add_test(t, test_many);
	tcase_add_test(t, test_limits);
	tcase_add_test(t, test_deaf);
	tcase_add_test(t, test_deaf_many);
	tcase_add_test(t, test_behind);
	tcase_add_test(t, test_transaction_limit);
	tcase_add_test(t, test_real_v4);
	tcase_add_test(t, test_real_v6);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
