/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Where the servers of a trunk are: NAPTR, SRV and addresses from a name server
 * that is played here on loopback, good, wrong, mute and mad; answers that are
 * kept; the order by priority and weight. */
#include "tests/unit/rnd.h"

#include "gateway/base/log.h"
#include "sip/trunk.h"
#include "tests/suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { A = 1, AAAA = 28, SRV = 33, NAPTR = 35 };

struct record {
	const char *name;
	int type;
	const char *data;
};

enum mood { GOOD, MUTE, MAD, REFUSE };

static struct loop *loop;
static struct conf_for_sip *conf;
static struct trunk_table *table;
static const struct record *zone;
static enum mood mood;
static int fails; /* SERVFAIL to questions of that type */
static unsigned questions, n_lines;
static char last_line[256];
static uint32_t ttl;
static int server = -1;
static struct rnd rnd;

/* --- the name server --- */

static uint8_t *put16(uint8_t *p, unsigned v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *put_name(uint8_t *p, const char *name)
{
	while (*name && strcmp(name, ".") != 0) {
		size_t n = strcspn(name, ".");

		*p++ = (uint8_t)n;
		memcpy(p, name, n);
		p += n;
		name += n + (name[n] == '.');
	}
	*p++ = 0;
	return p;
}

static uint8_t *put_text(uint8_t *p, const char *text)
{
	size_t n = strlen(text);

	*p++ = (uint8_t)n;
	memcpy(p, text, n);
	return p + n;
}

static uint8_t *put_data(uint8_t *p, const struct record *r)
{
	unsigned a, b, c;
	char x[64], y[64], z[64];

	switch (r->type) {
	case A:
		inet_pton(AF_INET, r->data, p);
		return p + 4;
	case AAAA:
		inet_pton(AF_INET6, r->data, p);
		return p + 16;
	case SRV:
		ck_assert_int_eq(sscanf(r->data, "%u %u %u %63s", &a, &b, &c,
					x), 4);
		return put_name(put16(put16(put16(p, a), b), c), x);
	default:
		ck_assert_int_eq(sscanf(r->data, "%u %u %63s %63s %63s", &a, &b,
					x, y, z), 5);
		p = put_text(put_text(put16(put16(p, a), b), x), y);
		*p++ = 0; /* no regular expression */
		return put_name(p, z);
	}
}

static uint8_t *put_record(uint8_t *p, const struct record *r)
{
	uint8_t *len;

	p = put16(put16(put_name(p, r->name), (unsigned)r->type), 1);
	p = put16(put16(p, ttl >> 16), ttl & 0xffff);
	len = p;
	p = put_data(p + 2, r);
	put16(len, (unsigned)(p - len - 2));
	return p;
}

static size_t read_name(const uint8_t *q, size_t len, char *out)
{
	size_t at = 12;

	*out = '\0';
	while (at < len && q[at]) {
		if (*out) {
			strcat(out, ".");
		}
		strncat(out, (const char *)q + at + 1, q[at]);
		at += q[at] + 1u;
	}
	return at + 1;
}

static size_t reply(const uint8_t *q, size_t len, uint8_t *out)
{
	char name[256];
	size_t at = read_name(q, len, name);
	int type = q[at] << 8 | q[at + 1];
	uint8_t *p = out + at + 4;
	unsigned n = 0;
	bool exists = false;

	memcpy(out, q, at + 4);
	for (const struct record *r = zone; r->name; r++) {
		exists = exists || !strcasecmp(r->name, name);
		if (!strcasecmp(r->name, name) && r->type == type) {
			p = put_record(p, r);
			n++;
		}
	}
	out[2] = 0x81;
	out[3] = (uint8_t)(0x80 | (mood == REFUSE   ? 5
				   : type == fails ? 2
				   : exists	    ? 0
						    : 3));
	memset(out + 4, 0, 8);
	out[5] = 1;
	put16(out + 6, mood == REFUSE || type == fails ? 0 : n);
	return (size_t)(p - out);
}

/* Bends what it says: cuts it, or changes some octets behind the header. */
static size_t madden(uint8_t *out, size_t len)
{
	if (rnd_below(&rnd, 3) == 0) {
		len = rnd_below(&rnd, (uint32_t)len);
	}
	for (unsigned i = rnd_below(&rnd, 6); i && len > 12; i--) {
		out[4 + rnd_below(&rnd, (uint32_t)len - 4)] =
			(uint8_t)rnd_u32(&rnd);
	}
	return len;
}

static void serve(void)
{
	uint8_t q[512], out[4096];
	struct sockaddr_in from;
	socklen_t n = sizeof(from);
	ssize_t len;

	while ((len = recvfrom(server, q, sizeof(q), MSG_DONTWAIT,
			       (struct sockaddr *)&from, &n)) > 12) {
		size_t size;

		questions++;
		if (mood == MUTE) {
			continue;
		}
		size = reply(q, (size_t)len, out);
		if (mood == MAD) {
			size = madden(out, size);
		}
		sendto(server, out, size, 0, (struct sockaddr *)&from, n);
	}
}

/* --- the rig --- */

static void keep_line(enum log_level level, const char *line)
{
	(void)level;
	snprintf(last_line, sizeof(last_line), "%s", line);
	n_lines++;
}

static void setup(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t n = sizeof(sin);

	log_set_sink(keep_line);
	n_lines = questions = 0;
	fails = 0;
	ttl = 300;
	mood = GOOD;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(server, (struct sockaddr *)&sin, n), 0);
	ck_assert_int_eq(getsockname(server, (struct sockaddr *)&sin, &n), 0);
	loop = loop_new_uv();
	conf = calloc(1, sizeof(*conf));
	net_parse(&conf->sip.bind, "198.51.100.1:5060");
	conf->sip.n_dns = 1;
	snprintf(conf->sip.dns[0], CONF_HOST, "127.0.0.1:%u",
		 ntohs(sin.sin_port));
	table = NULL;
}

static void teardown(void)
{
	trunk_table_free(table);
	loop_poll(loop);
	loop_free(loop);
	free(conf);
	close(server);
}

static void turn(unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		serve();
		loop_poll(loop);
		usleep(1000);
	}
}

static void open_trunk(const char *host, enum conf_transport transport)
{
	struct conf_trunk *t = &conf->trunks[0];

	conf->n_trunks = 1;
	strcpy(t->name, "t");
	strcpy(t->servers[0], host);
	t->n_servers = 1;
	t->transport = transport;
	table = trunk_table_new(loop, conf);
	ck_assert_ptr_nonnull(table);
	for (int i = 0; i < 5000 && !trunk_is_resolved(table, 0); i++) {
		turn(1);
		if (trunk_stats(table, 0)->resolve_failed) {
			return;
		}
	}
}

static const char *picked(unsigned attempt)
{
	static const char *const protos[] = {"udp", "tcp", "tls"};
	static char text[2][NET_STR_MAX + 8];
	static unsigned which;
	char addr[NET_STR_MAX], *to = text[which++ % 2];
	struct sip_path path;

	if (trunk_pick(table, 0, attempt, &path)) {
		return "none";
	}
	snprintf(to, sizeof(text[0]), "%s %s", protos[path.proto],
		 net_str(&path.remote, addr));
	return to;
}

static const struct record good[] = {
	{"sip.example", A, "192.0.2.7"},
	{"sip.example", A, "192.0.2.8"},
	{"sip.example", AAAA, "2001:db8::7"},
	{"_sip._udp.srv.example", SRV, "20 1 5070 late.srv.example"},
	{"_sip._udp.srv.example", SRV, "10 1 5080 early.srv.example"},
	{"_sip._udp.srv.example", SRV, "5 1 5080 gone.srv.example"},
	{"_sips._tcp.srv.example", SRV, "1 1 5061 early.srv.example"},
	{"early.srv.example", A, "192.0.2.11"},
	{"late.srv.example", A, "192.0.2.12"},
	{"srv.example", A, "192.0.2.99"},
	{"_sip._udp.none.example", SRV, "0 0 0 ."},
	{"none.example", A, "192.0.2.50"},
	{"naptr.example", NAPTR, "20 10 s SIP+D2U _sip._udp.srv.example"},
	{"naptr.example", NAPTR, "10 20 s SIP+D2T _t.srv.example"},
	{"naptr.example", NAPTR, "10 10 s SIPS+D2T _sips._tcp.srv.example"},
	{"naptr.example", NAPTR, "5 10 s E2U+mms _x.srv.example"},
	{"_t.srv.example", SRV, "0 1 5090 late.srv.example"},
	{"naptr.example", A, "192.0.2.98"},
	{0},
};

START_TEST(test_addresses)
{
	zone = good;
	open_trunk("sip.example:5071", CONF_UDP);
	ck_assert_str_eq(picked(0), "udp 192.0.2.7:5071");
	ck_assert_str_eq(picked(1), "udp 192.0.2.8:5071");
	ck_assert_str_eq(picked(2), "none"); /* no bind for IPv6 */
}
END_TEST

START_TEST(test_both_families)
{
	zone = good;
	net_parse(&conf->sip.bind6, "[2001:db8::1]:5060");
	open_trunk("sip.example", CONF_UDP);
	turn(20);
	ck_assert_str_eq(picked(3), "none");
	ck_assert_str_ne(picked(2), "none");
}
END_TEST

START_TEST(test_srv)
{
	zone = good;
	open_trunk("srv.example", CONF_UDP);
	ck_assert_str_eq(picked(0), "udp 192.0.2.11:5080");
	ck_assert_str_eq(picked(1), "udp 192.0.2.12:5070");
	ck_assert_str_eq(picked(2), "none");
}
END_TEST

START_TEST(test_no_service)
{
	zone = good;
	open_trunk("none.example", CONF_UDP);
	ck_assert_str_eq(picked(0), "udp 192.0.2.50:5060");
}
END_TEST

START_TEST(test_naptr)
{
	zone = good;
	conf->sip.tls_port = 5061;
	open_trunk("naptr.example", CONF_AUTO);
	ck_assert_str_eq(picked(0), "tls 192.0.2.11:5061");
	ck_assert_str_eq(picked(1), "tcp 192.0.2.12:5090");
	ck_assert_str_eq(picked(2), "udp 192.0.2.11:5080");
	ck_assert_str_eq(picked(3), "udp 192.0.2.12:5070");
	ck_assert_str_eq(picked(4), "none");
}
END_TEST

START_TEST(test_tls_service)
{
	zone = good;
	open_trunk("srv.example", CONF_TLS);
	ck_assert_str_eq(picked(0), "tls 192.0.2.11:5061");
	ck_assert_str_eq(picked(1), "none");
}
END_TEST

/* The old answer stands while there is no new one; a reload asks again. */
START_TEST(test_stale)
{
	static const struct record moved[] = {
		{"sip.example", A, "192.0.2.9"}, {0}};

	zone = good;
	open_trunk("sip.example:5060", CONF_UDP);
	mood = REFUSE;
	ck_assert_int_eq(trunk_table_reload(table, conf), 0);
	for (int i = 0; i < 8000 && !trunk_stats(table, 0)->resolve_failed;
	     i++) {
		turn(1);
	}
	ck_assert_uint_eq(trunk_stats(table, 0)->resolve_failed, 1);
	ck_assert_str_eq(picked(0), "udp 192.0.2.7:5060");
	mood = GOOD;
	zone = moved;
	ck_assert_int_eq(trunk_table_reload(table, conf), 0);
	for (int i = 0; i < 5000 && strcmp(picked(0), "udp 192.0.2.9:5060");
	     i++) {
		turn(1);
	}
	ck_assert_str_eq(picked(0), "udp 192.0.2.9:5060");
	ck_assert_str_eq(picked(1), "none");
}
END_TEST

static void ask_again(void)
{
	uint64_t failed = trunk_stats(table, 0)->resolve_failed;

	ck_assert_int_eq(trunk_table_reload(table, conf), 0);
	for (int i = 0; i < 500 &&
			trunk_stats(table, 0)->resolve_failed == failed;
	     i++) {
		turn(1);
	}
}

/* Who cannot say what there is has not said that there is nothing: the address
 * of the domain itself does not take the place of its SRV and NAPTR. */
START_TEST(test_half_an_answer)
{
	zone = good;
	open_trunk("srv.example", CONF_UDP);
	ck_assert_str_eq(picked(0), "udp 192.0.2.11:5080");
	fails = SRV;
	ask_again();
	ck_assert_str_eq(picked(0), "udp 192.0.2.11:5080");
	ck_assert_str_eq(picked(1), "udp 192.0.2.12:5070");
	ck_assert_uint_eq(trunk_stats(table, 0)->resolve_failed, 1);
	/* another name of which nothing is known: better than none */
	strcpy(conf->trunks[0].servers[0], "none.example");
	ask_again();
	ck_assert_str_eq(picked(0), "udp 192.0.2.50:5060");
}
END_TEST

START_TEST(test_half_a_naptr)
{
	zone = good;
	conf->sip.tls_port = 5061;
	open_trunk("naptr.example", CONF_AUTO);
	fails = NAPTR;
	ask_again();
	ck_assert_str_eq(picked(0), "tls 192.0.2.11:5061");
	ck_assert_str_eq(picked(4), "none");
	ck_assert_uint_eq(trunk_stats(table, 0)->resolve_failed, 1);
}
END_TEST

/* A resolver that never answers NAPTR: SRV all the same, each time. */
START_TEST(test_no_naptr)
{
	zone = good;
	conf->sip.tls_port = 5061;
	fails = NAPTR;
	open_trunk("srv.example", CONF_AUTO);
	ask_again();
	ck_assert_str_eq(picked(0), "udp 192.0.2.11:5080");
	ck_assert_uint_eq(trunk_stats(table, 0)->resolve_failed, 0);
}
END_TEST

/* A new process whose DNS says nothing yet. */
static void begin_anew(void)
{
	trunk_table_free(table);
	mood = MUTE;
	table = trunk_table_new(loop, conf);
	ck_assert_ptr_nonnull(table);
	ck_assert_str_eq(picked(0), "none");
}

/* What DNS has said to one process the next one knows, who calls from there,
 * too; it asks all the same. */
START_TEST(test_heir)
{
	static const struct record moved[] = {
		{"_sip._udp.srv.example", SRV, "10 1 5080 early.srv.example"},
		{"early.srv.example", A, "192.0.2.9"},
		{"srv.example", A, "192.0.2.99"}, {0}};
	struct cc_servers told, none;
	struct net_addr late;

	ck_assert_int_eq(net_parse(&late, "192.0.2.12:5070"), 0);
	zone = good;
	open_trunk("srv.example", CONF_UDP);
	ck_assert(trunk_servers_next(table, &told));
	ck_assert_str_eq(told.host, "srv.example");
	ck_assert_uint_eq(told.n, 2);
	ck_assert(!trunk_servers_next(table, &none)); /* it has been told */
	trunk_servers_again(table);
	ck_assert(trunk_servers_next(table, &told));
	begin_anew();
	ck_assert_uint_eq(trunk_sources(table, 0, &late), 0);
	trunk_servers_restore(table, &told);
	ck_assert_str_eq(picked(0), "udp 192.0.2.11:5080");
	ck_assert_str_eq(picked(1), "udp 192.0.2.12:5070");
	ck_assert_str_eq(picked(2), "none");
	ck_assert_uint_eq(trunk_sources(table, 0, &late), 1);
	mood = GOOD; /* who cannot say what there is: as in the process before */
	fails = SRV;
	ask_again();
	ck_assert_str_eq(picked(0), "udp 192.0.2.11:5080");
	fails = 0;
	zone = moved;
	ask_again();
	ck_assert_str_eq(picked(0), "udp 192.0.2.9:5080");
	trunk_servers_restore(table, &told); /* too late */
	ck_assert_str_eq(picked(0), "udp 192.0.2.9:5080");
}
END_TEST

/* The file is another one by now, or what is told cannot be meant. */
START_TEST(test_heir_of_others)
{
	struct cc_servers told, m;

	zone = good;
	open_trunk("sip.example", CONF_UDP);
	ck_assert(trunk_servers_next(table, &told));
	begin_anew();
	m = told;
	m.end.index = 1;
	trunk_servers_restore(table, &m);
	m = told;
	m.server = 1;
	trunk_servers_restore(table, &m);
	m = told;
	strcpy(m.host, "sip2.example");
	trunk_servers_restore(table, &m);
	m = told;
	m.wanted = CONF_TCP;
	trunk_servers_restore(table, &m);
	m = told;
	m.n = 1;
	m.at[0].transport = 3;
	trunk_servers_restore(table, &m);
	m.at[0].transport = SIP_TLS; /* no socket for it */
	trunk_servers_restore(table, &m);
	ck_assert_str_eq(picked(0), "none");
	trunk_servers_restore(table, &told);
	ck_assert_str_ne(picked(0), "none");
}
END_TEST

/* An address needs no DNS, and a name that is not found yet is nothing. */
START_TEST(test_nothing_to_tell)
{
	struct cc_servers m;

	zone = good;
	open_trunk("192.0.2.7", CONF_UDP);
	trunk_servers_again(table);
	ck_assert(!trunk_servers_next(table, &m));
	trunk_table_free(table);
	open_trunk("nowhere.example", CONF_UDP);
	trunk_servers_again(table);
	ck_assert(!trunk_servers_next(table, &m));
}
END_TEST

START_TEST(test_unknown_name)
{
	zone = good;
	strcpy(conf->file, "gw.yaml");
	conf->trunks[0].wire.server_line = 12;
	open_trunk("nowhere.example", CONF_UDP);
	ck_assert(!trunk_is_resolved(table, 0));
	ck_assert_uint_eq(trunk_stats(table, 0)->resolve_failed, 1);
	ck_assert_uint_eq(n_lines, 1);
	ck_assert_ptr_nonnull(strstr(last_line, "trunk t: gw.yaml:12: cannot "
						"resolve nowhere.example: "));
}
END_TEST

/* Freed, or changed, while the server says nothing. */
START_TEST(test_mute)
{
	zone = good;
	mood = MUTE;
	conf->n_trunks = 1;
	strcpy(conf->trunks[0].servers[0], "srv.example");
	conf->trunks[0].n_servers = 1;
	table = trunk_table_new(loop, conf);
	turn(20);
	ck_assert_uint_gt(questions, 0);
	strcpy(conf->trunks[0].servers[0], "192.0.2.77");
	ck_assert_int_eq(trunk_table_reload(table, conf), 0);
	ck_assert_str_eq(picked(0), "udp 192.0.2.77:5060");
	mood = GOOD;
	turn(50);
	ck_assert_str_eq(picked(0), "udp 192.0.2.77:5060");
	ck_assert_str_eq(picked(1), "none");
}
END_TEST

START_TEST(test_mad)
{
	static const char *const hosts[] = {"srv.example", "naptr.example",
					    "sip.example", "sip.example:5060"};

	zone = good;
	mood = MAD;
	for (unsigned i = 0; i < 60; i++) {
		conf->n_trunks = 1;
		strcpy(conf->trunks[0].servers[0], hosts[i % 4]);
		conf->trunks[0].n_servers = 1;
		conf->trunks[0].transport = i & 1 ? CONF_AUTO : CONF_UDP;
		table = trunk_table_new(loop, conf);
		turn(8);
		trunk_table_free(table);
		table = NULL;
	}
}
END_TEST

START_TEST(test_weights)
{
	static const struct record heavy[] = {
		{"_sip._udp.w.example", SRV, "1 90 5060 a.w.example"},
		{"_sip._udp.w.example", SRV, "1 10 5060 b.w.example"},
		{"_sip._udp.w.example", SRV, "2 100 5060 c.w.example"},
		{"a.w.example", A, "192.0.2.1"},
		{"b.w.example", A, "192.0.2.2"},
		{"c.w.example", A, "192.0.2.3"},
		{0},
	};
	unsigned first_is_a = 0;

	zone = heavy;
	open_trunk("w.example", CONF_UDP);
	for (int i = 0; i < 1000; i++) {
		first_is_a += !strcmp(picked(0), "udp 192.0.2.1:5060");
		ck_assert_str_ne(picked(1), "udp 192.0.2.3:5060");
		ck_assert_str_eq(picked(2), "udp 192.0.2.3:5060");
	}
	ck_assert_uint_gt(first_is_a, 800);
	ck_assert_uint_lt(first_is_a, 980);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sipdns");
	TCase *t = tcase_create("sipdns");

	rnd_init(&rnd, "t_sipdns");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_addresses);
	tcase_add_test(t, test_both_families);
	tcase_add_test(t, test_srv);
	tcase_add_test(t, test_no_service);
	tcase_add_test(t, test_naptr);
	tcase_add_test(t, test_tls_service);
	tcase_add_test(t, test_stale);
	tcase_add_test(t, test_half_an_answer);
	tcase_add_test(t, test_half_a_naptr);
	tcase_add_test(t, test_no_naptr);
	tcase_add_test(t, test_heir);
	tcase_add_test(t, test_heir_of_others);
	tcase_add_test(t, test_nothing_to_tell);
	tcase_add_test(t, test_unknown_name);
	tcase_add_test(t, test_mute);
	tcase_add_test(t, test_mad);
	tcase_add_test(t, test_weights);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
