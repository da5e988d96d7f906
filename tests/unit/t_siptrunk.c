/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core conf base */
/* Whose datagram it is, limits, the next server; and the stack's rule
 * that an unknown source gets nothing. */
#include "tests/stack/sipnet.h"

#include "gateway/base/log.h"
#include "tests/suite.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static struct conf_for_sip *conf;
static struct trunk_table *table;
static char log_lines[8][256];
static unsigned n_lines;

static void keep_line(enum log_level level, const char *line)
{
	(void)level;
	snprintf(log_lines[n_lines++ % 8], 256, "%s", line);
}

static void setup(void)
{
	log_set_sink(keep_line);
	n_lines = 0;
	loop = loop_new_sim(0);
	conf = calloc(1, sizeof(*conf));
	net_parse(&conf->sip.bind, "198.51.100.1");
	table = NULL;
}

static void teardown(void)
{
	trunk_table_free(table);
	loop_free(loop);
	free(conf);
	log_set_sink(NULL);
}

static struct conf_trunk *add(const char *name, const char *server,
			      const char *source)
{
	struct conf_trunk *t = &conf->trunks[conf->n_trunks++];

	strcpy(t->name, name);
	if (server) {
		strcpy(t->servers[t->n_servers++], server);
	}
	if (source) {
		ck_assert_int_eq(
			net_prefix_parse(&t->sources[t->n_sources++], source),
			0);
	}
	return t;
}

static void open_table(void)
{
	table = trunk_table_new(loop, conf);
	ck_assert_ptr_nonnull(table);
}

static int find(unsigned bind, const char *source)
{
	uint64_t found;
	struct net_addr a;

	ck_assert_int_eq(net_parse(&a, source), 0);
	found = trunk_sources(table, bind, &a);
	return found ? __builtin_ctzll(found) : -1;
}

static const char *bind_text(const struct sip_bind *b)
{
	static char text[4][NET_STR_MAX + 8];
	static unsigned turn;
	char addr[NET_STR_MAX], *p = text[turn++ % 4];

	snprintf(p, sizeof(text[0]), "%s%s", net_str(&b->addr, addr),
		 b->tls ? " tls" : "");
	return p;
}

START_TEST(test_binds)
{
	struct sip_bind binds[SIP_BINDS];

	add("a", "192.0.2.1", NULL);
	net_parse(&add("b", "192.0.2.1", NULL)->bind, "198.51.100.2:5070");
	net_parse(&add("c", "192.0.2.2", NULL)->bind, "198.51.100.1:5060");
	net_parse(&add("d", "192.0.2.2", NULL)->bind, "198.51.100.2:5070");
	ck_assert_uint_eq(
		sip_binds(&conf->sip, conf->trunks, conf->n_trunks, binds), 2);
	ck_assert_str_eq(bind_text(&binds[0]), "198.51.100.1:5060");
	ck_assert_str_eq(bind_text(&binds[1]), "198.51.100.2:5070");
	open_table();
	for (unsigned i = 0; i < 4; i++) {
		ck_assert(trunk_has_bind(table, i, i & 1));
		ck_assert(!trunk_has_bind(table, i, !(i & 1)));
	}
	/* the same server on two of our addresses */
	ck_assert_int_eq(find(0, "192.0.2.1:5060"), 0);
	ck_assert_int_eq(find(1, "192.0.2.1:5060"), 1);
	ck_assert_int_eq(find(1, "192.0.2.2:5060"), 3);
}
END_TEST

/* Both families, TLS beside plain SIP, and what a trunk may be reached by. */
START_TEST(test_binds_of_both_kinds)
{
	struct sip_bind binds[SIP_BINDS];
	struct sip_path path;
	struct net_addr six;

	net_parse(&conf->sip.bind6, "[2001:db8::1]:5060");
	conf->sip.tls_port = 5071;
	add("plain", "192.0.2.1", NULL);
	add("tls", "192.0.2.1", NULL)->transport = CONF_TLS;
	add("own", "192.0.2.3", NULL)->transport = CONF_TLS;
	net_parse(&conf->trunks[2].bind, "198.51.100.3:5061");
	ck_assert_uint_eq(
		sip_binds(&conf->sip, conf->trunks, conf->n_trunks, binds), 5);
	ck_assert_str_eq(bind_text(&binds[0]), "198.51.100.1:5060");
	ck_assert_str_eq(bind_text(&binds[1]), "[2001:db8::1]:5060");
	ck_assert_str_eq(bind_text(&binds[2]), "198.51.100.1:5071 tls");
	ck_assert_str_eq(bind_text(&binds[3]), "[2001:db8::1]:5071 tls");
	ck_assert_str_eq(bind_text(&binds[4]), "198.51.100.3:5061 tls");
	open_table();
	/* a trunk of TLS is nobody's who comes without */
	ck_assert_int_eq(find(0, "192.0.2.1:5060"), 0);
	ck_assert_int_eq(find(2, "192.0.2.1:44444"), 1);
	ck_assert_int_eq(find(0, "192.0.2.3:5060"), -1);
	ck_assert_int_eq(find(4, "192.0.2.3:5060"), 2);
	ck_assert_int_eq(trunk_pick(table, 1, 0, &path), 0);
	ck_assert_uint_eq(path.proto, SIP_TLS);
	ck_assert_uint_eq(path.bind, 2);
	ck_assert_uint_eq(path.remote.port, 5061);
	net_parse(&six, "[2001:db8::9]:5061");
	ck_assert_int_eq(trunk_path(table, 1, &six, SIP_TLS, &path), 0);
	ck_assert_uint_eq(path.bind, 3);
	ck_assert_int_eq(trunk_path(table, 2, &six, SIP_TLS, &path),
			 -EAFNOSUPPORT);
}
END_TEST

START_TEST(test_find)
{
	add("wide", NULL, "203.0.0.0/8");
	add("narrow", NULL, "203.0.113.0/24");
	add("server", "203.0.113.5", NULL);
	add("port", "203.0.113.5:5070", NULL);
	add("six", "[2001:db8::5]:5060", "2001:db8:1::/48");
	net_parse(&conf->sip.bind6, "[2001:db8::1]:5060");
	open_table();
	ck_assert_int_eq(find(0, "203.5.5.5:9"), 0);
	ck_assert_int_eq(find(0, "203.0.113.9:5060"), 1);
	ck_assert_int_eq(find(0, "203.0.113.5:5060"), 2);
	ck_assert_int_eq(find(0, "203.0.113.5:5070"), 3);
	ck_assert_int_eq(find(0, "203.0.113.5:40000"), 2); /* any port */
	ck_assert_int_eq(find(0, "198.51.100.9:5060"), -1);
	ck_assert_int_eq(find(1, "203.0.113.5:5060"), -1); /* no such bind */
	ck_assert_int_eq(find(1, "[2001:db8:1:2::3]:1"), 4);
	ck_assert_int_eq(find(1, "[2001:db9::1]:5060"), -1);
}
END_TEST

START_TEST(test_max_calls)
{
	add("a", "192.0.2.1", NULL)->max_calls = 2;
	open_table();
	ck_assert_int_eq(trunk_call_begin(table, 0, TRUNK_CALL), 0);
	ck_assert_int_eq(trunk_call_begin(table, 0, TRUNK_CALL), 0);
	ck_assert_int_eq(trunk_call_begin(table, 0, TRUNK_CALL), -EDQUOT);
	ck_assert_int_eq(trunk_call_begin(table, 0, TRUNK_CALL_URGENT), 0);
	ck_assert_uint_eq(trunk_stats(table, 0)->active, 3);
	trunk_call_end(table, 0);
	ck_assert_int_eq(trunk_call_begin(table, 0, TRUNK_CALL), -EDQUOT);
	trunk_call_end(table, 0);
	ck_assert_int_eq(trunk_call_begin(table, 0, TRUNK_CALL), 0);
	ck_assert_uint_eq(trunk_stats(table, 0)->refused_calls, 2);
	ck_assert_uint_eq(trunk_stats(table, 0)->calls, 4);
	ck_assert_int_eq(trunk_call_begin(table, 1, TRUNK_CALL), -EINVAL);
	for (int i = 0; i < 9; i++) {
		trunk_call_end(table, 0);
	}
	ck_assert_uint_eq(trunk_stats(table, 0)->active, 0);
}
END_TEST

/* A peer's emergency calls have a reserve, ours no limit. */
START_TEST(test_emergencies)
{
	static const struct {
		uint16_t max_calls;
		unsigned most;
	} rows[] = {{1, 11}, {10, 20}, {30, 60}};

	add("a", "192.0.2.1", NULL);
	add("b", "192.0.2.2", NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned n = 0;

		conf->trunks[0].max_calls = rows[i].max_calls;
		open_table();
		while (n < 1000 &&
		       !trunk_call_begin(table, 0, TRUNK_CALL_URGENT)) {
			n++;
		}
		ck_assert_uint_eq(n, rows[i].most);
		ck_assert_int_eq(trunk_call_begin(table, 0, TRUNK_CALL_ALWAYS),
				 0);
		ck_assert_int_eq(trunk_call_begin(table, 1, TRUNK_CALL_URGENT),
				 0);
		trunk_table_free(table);
		table = NULL;
	}
}
END_TEST

START_TEST(test_rate)
{
	unsigned begun = 0;

	add("a", "192.0.2.1", NULL)->max_calls_per_s = 10;
	open_table();
	for (int i = 0; i < 30; i++) {
		begun += !trunk_call_begin(table, 0, TRUNK_CALL);
	}
	ck_assert_uint_eq(begun, 10); /* a second's worth at once */
	for (int i = 0; i < 1000; i++) {
		loop_advance(loop, 10);
		begun += !trunk_call_begin(table, 0, TRUNK_CALL);
	}
	ck_assert_uint_eq(begun, 110); /* then ten in each */
	ck_assert_int_eq(trunk_call_begin(table, 0, TRUNK_CALL), -EAGAIN);
	ck_assert_int_eq(trunk_call_begin(table, 0, TRUNK_CALL_URGENT), 0);
	loop_advance(loop, 3600000); /* no more than a second is saved up */
	begun = 0;
	for (int i = 0; i < 30; i++) {
		begun += !trunk_call_begin(table, 0, TRUNK_CALL);
	}
	ck_assert_uint_eq(begun, 10);
}
END_TEST

static const char *picked(unsigned attempt)
{
	static char text[NET_STR_MAX];
	struct sip_path path;

	if (trunk_pick(table, 0, attempt, &path)) {
		return "none";
	}
	return net_str(&path.remote, text);
}

START_TEST(test_pick)
{
	struct conf_trunk *t = add("a", "192.0.2.1", NULL);
	struct net_addr first;

	strcpy(t->servers[t->n_servers++], "192.0.2.2:5070");
	strcpy(t->servers[t->n_servers++], "192.0.2.3");
	open_table();
	net_parse(&first, "192.0.2.1:5060");
	ck_assert_str_eq(picked(0), "192.0.2.1:5060");
	ck_assert_str_eq(picked(1), "192.0.2.2:5070");
	ck_assert_str_eq(picked(2), "192.0.2.3:5060");
	ck_assert_str_eq(picked(3), "none");
	trunk_server_down(table, 0, &first, TRUNK_DOWN_MS);
	ck_assert_str_eq(picked(0), "192.0.2.2:5070");
	ck_assert_str_eq(picked(1), "192.0.2.3:5060");
	ck_assert_str_eq(picked(2), "192.0.2.1:5060"); /* last resort */
	ck_assert_str_eq(picked(3), "none");
	loop_advance(loop, TRUNK_DOWN_MS);
	ck_assert_str_eq(picked(0), "192.0.2.1:5060");
	trunk_server_down(table, 0, &first, 1000000);
	trunk_server_up(table, 0, &first);
	ck_assert_str_eq(picked(0), "192.0.2.1:5060");
	/* a server that is down is still known as a source */
	trunk_server_down(table, 0, &first, 1000000);
	ck_assert_int_eq(find(0, "192.0.2.1:5060"), 0);
}
END_TEST

START_TEST(test_reload)
{
	struct conf_trunk *t = add("a", "192.0.2.1", NULL);

	t->max_calls = 1;
	open_table();
	ck_assert_int_eq(trunk_call_begin(table, 0, TRUNK_CALL), 0);
	strcpy(t->servers[0], "192.0.2.9");
	net_prefix_parse(&t->sources[t->n_sources++], "203.0.113.0/24");
	t->max_calls = 2;
	ck_assert_int_eq(trunk_table_reload(table, conf), 0);
	ck_assert_int_eq(find(0, "192.0.2.1:5060"), -1);
	ck_assert_int_eq(find(0, "192.0.2.9:5060"), 0);
	ck_assert_int_eq(find(0, "203.0.113.1:5060"), 0);
	ck_assert_uint_eq(trunk_stats(table, 0)->active, 1);
	ck_assert_int_eq(trunk_call_begin(table, 0, TRUNK_CALL), 0);
	ck_assert_int_eq(trunk_call_begin(table, 0, TRUNK_CALL), -EDQUOT);
	net_parse(&t->bind, "198.51.100.7"); /* sockets cannot change */
	ck_assert_int_eq(trunk_table_reload(table, conf), -EINVAL);
	ck_assert_int_eq(find(0, "192.0.2.9:5060"), 0);
}
END_TEST

/* --- unknown sources --- */
static unsigned requests, seen_on_wire;

static void on_request(struct sip_stack_user *u, txn_id id,
		       const struct sip_msg *m)
{
	(void)u;
	(void)m;
	requests++;
	txn_reply(sip_stack_txns(net.stack), id, 200, NULL);
}

static void on_ack(struct sip_stack_user *u, const struct sip_msg *m)
{
	(void)u;
	(void)m;
}

static void on_wire(struct sip_stack_user *u, bool sent,
		    const struct sip_path *path, const char *data, size_t len)
{
	(void)u;
	(void)sent;
	(void)path;
	(void)data;
	(void)len;
	seen_on_wire++;
}

static const struct sip_stack_user_ops stack_ops = {
	.on_request = on_request,
	.on_ack = on_ack,
	.on_wire = on_wire,
};

static const char options[] =
	"OPTIONS sip:1@198.51.100.1 SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;rport\r\n"
	"From: <sip:2@192.0.2.1>;tag=f\r\nTo: <sip:1@198.51.100.1>\r\n"
	"Call-ID: c1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

START_TEST(test_unknown_source)
{
	struct sip_stack_user user = {&stack_ops};
	struct net_addr stranger;
	char junk[] = "INVITE \0\xff not SIP at all";

	requests = seen_on_wire = 0;
	sipnet_open(&user, 16);
	net_parse(&stranger, "100.64.0.1:5060");
	for (int i = 0; i < 1000; i++) {
		sip_transport_inject(sip_stack_transport(net.stack), 0,
				     &stranger, options, strlen(options));
		sip_transport_inject(sip_stack_transport(net.stack), 0,
				     &stranger, junk, sizeof(junk));
	}
	ck_assert_uint_eq(net.n_sent, 0);
	ck_assert_uint_eq(requests, 0);
	ck_assert_uint_eq(seen_on_wire, 0);
	ck_assert_uint_eq(sip_stack_stats(net.stack)->unknown_source, 2000);
	ck_assert_uint_eq(sip_stack_stats(net.stack)->gate.seen, 0);
	ck_assert_uint_eq(n_lines, 1);
	ck_assert_ptr_nonnull(strstr(log_lines[0], "SecurityEvent=\"FailedACL\""));
	ck_assert_ptr_nonnull(strstr(
		log_lines[0], "RemoteAddress=\"IPV4/UDP/100.64.0.1/5060\""));
	loop_advance(net.loop, 1000);
	sip_transport_inject(sip_stack_transport(net.stack), 0, &stranger,
			     options, strlen(options));
	ck_assert_uint_eq(n_lines, 2);
	sipnet_receive(options, strlen(options));
	ck_assert_uint_eq(requests, 1);
	ck_assert_uint_eq(net.n_sent, 1);
	ck_assert_uint_eq(seen_on_wire, 2);
	sipnet_close();
}
END_TEST

/* A noisy stranger does not hide another; very many are told in part. */
START_TEST(test_strangers_apart)
{
	struct sip_stack_user user = {&stack_ops};
	struct net_addr noisy, other;
	char who[32];

	sipnet_open(&user, 16);
	net_parse(&noisy, "100.64.0.1:5060");
	net_parse(&other, "100.64.0.2:5060");
	for (int i = 0; i < 100; i++) {
		sip_transport_inject(sip_stack_transport(net.stack), 0, &noisy,
				     options, strlen(options));
	}
	sip_transport_inject(sip_stack_transport(net.stack), 0, &other,
			     options, strlen(options));
	ck_assert_uint_eq(n_lines, 2);
	ck_assert_ptr_nonnull(strstr(log_lines[1], "/100.64.0.2/"));
	loop_advance(net.loop, 1000);
	sip_transport_inject(sip_stack_transport(net.stack), 0, &noisy,
			     options, strlen(options));
	ck_assert_ptr_nonnull(strstr(log_lines[2], "Dropped=\"100\""));
	n_lines = 0;
	loop_advance(net.loop, 1000);
	for (int i = 0; i < 200; i++) {
		snprintf(who, sizeof(who), "100.65.0.%d:5060", i);
		net_parse(&other, who);
		sip_transport_inject(sip_stack_transport(net.stack), 0, &other,
				     options, strlen(options));
	}
	ck_assert_uint_eq(n_lines, SIP_STACK_SECURITY_PER_S);
	sipnet_close();
}
END_TEST

/* --- the real sockets --- */
static int bound(struct net_addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = net_to_sockaddr(a, &ss);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, len), 0);
	len = sizeof(ss);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	net_from_sockaddr(a, (struct sockaddr *)&ss);
	return fd;
}

START_TEST(test_udp)
{
	struct sip_stack_user user = {&stack_ops};
	struct sip_stack *s;
	struct loop *uv = loop_new_uv();
	struct net_addr us, peer;
	struct sockaddr_storage ss;
	char buf[2048];
	int tos = 0, on = 1, fd, peer_fd;
	ssize_t n = -1;
	socklen_t len;
	union {
		char room[64];
		struct cmsghdr align;
	} control;
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

	net_parse(&us, "127.0.0.1");
	net_parse(&peer, "127.0.0.1");
	fd = bound(&us);
	peer_fd = bound(&peer);
	setsockopt(peer_fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
	conf->sip.bind = us;
	add("peer", "127.0.0.1", NULL)->wire.dscp = 24;
	s = sip_stack_new(uv, conf, &user, 16);
	ck_assert_ptr_nonnull(s);
	net.stack = s;
	ck_assert_int_eq(
		sip_transport_socket(sip_stack_transport(s), 0, fd), 0);
	len = net_to_sockaddr(&us, &ss);
	ck_assert_int_eq(sendto(peer_fd, options, strlen(options), 0,
				(struct sockaddr *)&ss, len),
			 (ssize_t)strlen(options));
	mh.msg_control = control.room;
	mh.msg_controllen = sizeof(control.room);
	for (int i = 0; i < 2000 && n < 0; i++) {
		loop_poll(uv);
		n = recvmsg(peer_fd, &mh, 0);
		if (n < 0) {
			usleep(1000);
		}
	}
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(strncmp(buf, "SIP/2.0 200 OK\r\n", 16), 0);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&mh); c; c = CMSG_NXTHDR(&mh, c)) {
		if (c->cmsg_type == IP_TOS) {
			tos = *CMSG_DATA(c);
		}
	}
	ck_assert_int_eq(tos, 24 << 2);
	ck_assert_uint_eq(sip_transport_stats(sip_stack_transport(s))->rx, 1);
	sip_stack_free(s);
	close(peer_fd);
	loop_poll(uv);
	loop_free(uv);
}
END_TEST

/* A closed port answers by ICMP: the request fails now, not after 32 s, and
 * the server is tried last. */
static int failed_with;

static void on_fail(struct txn_user *u, txn_id id, enum txn_fail why)
{
	(void)u;
	(void)id;
	failed_with = (int)why;
}

START_TEST(test_icmp)
{
	static const struct txn_user_ops ops = {.on_fail = on_fail};
	struct sip_stack_user user = {&stack_ops};
	struct txn_user txn_user = {&ops};
	struct sip_request q = {.method = "INVITE", .uri = "sip:1@h",
				.from = "<sip:a@b>;tag=1", .to = "<sip:c@d>",
				.call_id = "x", .cseq = 1};
	struct loop *uv = loop_new_uv();
	struct net_addr us, dead;
	char text[NET_STR_MAX];
	struct conf_trunk *t;
	struct sip_path path;
	struct sip_stack *s;
	txn_id id;
	int fd;

	net_parse(&us, "127.0.0.1");
	net_parse(&dead, "127.0.0.1");
	fd = bound(&us);
	close(bound(&dead));
	conf->sip.bind = us;
	t = add("peer", net_str(&dead, text), NULL);
	strcpy(t->servers[t->n_servers++], "127.0.0.1:9");
	s = sip_stack_new(uv, conf, &user, 16);
	ck_assert_int_eq(
		sip_transport_socket(sip_stack_transport(s), 0, fd), 0);
	ck_assert_int_eq(trunk_pick(sip_stack_trunks(s), 0, 0, &path), 0);
	failed_with = -1;
	ck_assert_int_eq(txn_request(sip_stack_txns(s), &txn_user,
				     sip_request_new(&q), &path, &id), 0);
	for (int i = 0; i < 2000 && failed_with < 0; i++) {
		loop_poll(uv);
		usleep(1000);
	}
	ck_assert_int_eq(failed_with, TXN_FAIL_TRANSPORT);
	ck_assert_uint_eq(sip_stack_stats(s)->unreachable, 1);
	ck_assert_int_eq(trunk_pick(sip_stack_trunks(s), 0, 0, &path), 0);
	ck_assert_uint_eq(path.remote.port, 9);
	sip_stack_free(s);
	loop_poll(uv);
	loop_free(uv);
}
END_TEST

START_TEST(test_wildcard_local)
{
	struct sip_stack_user user = {&stack_ops};
	struct sip_path path = {.trunk = 0, .bind = 0};
	struct net_addr local;
	struct sip_stack *s;
	char text[NET_STR_MAX];

	net_parse(&conf->sip.bind, "0.0.0.0:5066");
	add("peer", "127.0.0.1", NULL);
	s = sip_stack_new(loop, conf, &user, 16);
	net_parse(&path.remote, "127.0.0.1:5060");
	sip_stack_local(s, &path, &local);
	ck_assert_str_eq(net_str(&local, text), "127.0.0.1:5066");
	sip_stack_free(s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("siptrunk");
	TCase *t = tcase_create("siptrunk");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, test_binds);
	tcase_add_test(t, test_binds_of_both_kinds);
	tcase_add_test(t, test_find);
	tcase_add_test(t, test_max_calls);
	tcase_add_test(t, test_emergencies);
	tcase_add_test(t, test_rate);
	tcase_add_test(t, test_pick);
	tcase_add_test(t, test_reload);
	tcase_add_test(t, test_unknown_source);
	tcase_add_test(t, test_strangers_apart);
	tcase_add_test(t, test_udp);
	tcase_add_test(t, test_icmp);
	tcase_add_test(t, test_wildcard_local);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
