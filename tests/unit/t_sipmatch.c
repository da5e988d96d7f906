/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Which of several trunks a request is for: token and called user, two accounts
 * at one provider, and a provider that calls from anywhere. */
#include "tests/stack/sipnet.h"

#include "gateway/base/log.h"
#include "tests/suite.h"

static struct loop *loop;
static struct conf_for_sip *conf;
static struct trunk_table *table;

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static void setup(void)
{
	log_set_sink(quiet);
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
}

static struct conf_trunk *add(const char *name, const char *server)
{
	struct conf_trunk *t = &conf->trunks[conf->n_trunks++];

	strcpy(t->name, name);
	strcpy(t->servers[t->n_servers++], server);
	return t;
}

static void on_ack(struct sip_stack_user *u, const struct sip_msg *m)
{
	(void)u;
	(void)m;
}

static const char options[] =
	"OPTIONS sip:1@198.51.100.1 SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;rport\r\n"
	"From: <sip:2@192.0.2.1>;tag=f\r\nTo: <sip:1@198.51.100.1>\r\n"
	"Call-ID: c1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

static int matched(uint64_t among, bool outside, const char *uri,
		   const char *to)
{
	char text[512];
	struct sip_msg *m;
	int found;

	snprintf(text, sizeof(text),
		 "INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\n"
		 "From: <sip:2@h>;tag=f\r\nTo: <%s>\r\nCall-ID: c\r\n"
		 "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n", uri, to);
	m = sip_msg_from_text(text, strlen(text));
	ck_assert_msg(m != NULL, "%s", text);
	found = trunk_match(table, among, outside, m);
	sip_msg_free(m);
	return found;
}

/* Two accounts at one provider address. */
START_TEST(test_match)
{
	struct conf_trunk *a = add("a", "192.0.2.1");
	struct conf_trunk *b = add("b", "192.0.2.1");
	struct net_addr source;
	char uri[128];
	uint64_t both;

	strcpy(a->auth_user, "acc1");
	strcpy(a->auth_password, "secret one");
	strcpy(a->who.number, "+4971112");
	strcpy(a->reg.users[a->reg.n_users++], "+4971119");
	strcpy(b->auth_user, "acc2");
	strcpy(b->auth_password, "secret two");
	strcpy(b->match.users[0], "+49711345*");
	b->match.n_users = 1;
	table = trunk_table_new(loop, conf);
	ck_assert_ptr_nonnull(table);
	net_parse(&source, "192.0.2.1:5060");
	both = trunk_sources(table, 0, &source);
	ck_assert_uint_eq(both, 3);
	ck_assert_int_eq(matched(both, false, "sip:acc1@x", "sip:o@x"), 0);
	ck_assert_int_eq(matched(both, false, "sip:4971112@x", "sip:o@x"), 0);
	ck_assert_int_eq(matched(both, false, "tel:+4971112", "sip:o@x"), 0);
	ck_assert_int_eq(matched(both, false, "sip:+4971119@x", "sip:o@x"), 0);
	ck_assert_int_eq(matched(both, false, "sip:+49711345678@x;user=phone",
				 "sip:o@x"), 1);
	/* users: stands instead of auth.user */
	ck_assert_int_eq(matched(both, false, "sip:acc2@x", "sip:o@x"), -1);
	/* the Request-URI says nothing: To */
	ck_assert_int_eq(matched(both, false, "sip:o@x", "sip:+497113450@x"),
			 1);
	ck_assert_int_eq(matched(both, false, "sip:192.0.2.9", "sip:192.0.2.9"), -1);
	/* one alone is sure by its source */
	ck_assert_int_eq(matched(1, false, "sip:o@x", "sip:o@x"), 0);
	/* the token goes before the user, and is all that counts outside */
	ck_assert_str_ne(trunk_token(table, 0), trunk_token(table, 1));
	snprintf(uri, sizeof(uri), "sip:+49711345678@x;line=%s",
		 trunk_token(table, 0));
	ck_assert_int_eq(matched(both, false, uri, "sip:o@x"), 0);
	ck_assert_int_eq(matched(both, true, uri, "sip:o@x"), 0);
	snprintf(uri, sizeof(uri), "sip:%s@x", trunk_token(table, 1));
	ck_assert_int_eq(matched(both, true, uri, "sip:o@x"), 1);
	ck_assert_int_eq(matched(1, true, uri, "sip:o@x"), -1);
	ck_assert_int_eq(matched(both, true, "sip:acc1@x", "sip:o@x"), -1);
	ck_assert_int_eq(matched(1, true, "sip:acc1@x", "sip:acc1@x"), -1);
	ck_assert_int_eq(matched(both, true, "sip:a@x;line=", "sip:o@x"), -1);
}
END_TEST

static unsigned n_requests_of[2];

static void on_request_of(struct sip_stack_user *u, txn_id id,
			  const struct sip_msg *m)
{
	(void)u;
	ck_assert_uint_lt(m->path.trunk, 2);
	n_requests_of[m->path.trunk]++;
	txn_reply(sip_stack_txns(net.stack), id, 200, NULL);
}

/* A provider that calls from addresses that are not in its DNS: what bears our
 * token is served, everything else gets nothing, and little of it is read. */
START_TEST(test_accept_registration)
{
	static const struct sip_stack_user_ops ops = {
		.on_request = on_request_of, .on_ack = on_ack};
	struct sip_stack_user user = {&ops};
	struct net_addr anywhere;
	char text[512];
	uint64_t read;

	memset(n_requests_of, 0, sizeof(n_requests_of));
	sipnet_open(&user, 64);
	net.conf->trunks[1].match.accept = CONF_ACCEPT_REGISTRATION;
	strcpy(net.conf->trunks[1].auth_user, "acc");
	strcpy(net.conf->trunks[1].auth_password, "secret");
	ck_assert_int_eq(sip_stack_reload(net.stack, net.conf), 0);
	net_parse(&anywhere, "100.64.7.7:5060");
	snprintf(text, sizeof(text),
		 "OPTIONS sip:acc@h;line=%s SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:2@h>;tag=f"
		 "\r\nTo: <sip:acc@h>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n"
		 "Content-Length: 0\r\n\r\n",
		 trunk_token(sip_stack_trunks(net.stack), 1));
	sip_transport_inject(sip_stack_transport(net.stack), 0, &anywhere, text,
			     strlen(text));
	ck_assert_uint_eq(n_requests_of[1], 1);
	ck_assert_uint_eq(net.n_sent, 1);
	for (int i = 0; i < 1000; i++) {
		sip_transport_inject(sip_stack_transport(net.stack), 0,
				     &anywhere, options, strlen(options));
		sip_transport_inject(sip_stack_transport(net.stack), 0,
				     &anywhere, "BYE nonsense", 12);
	}
	ck_assert_uint_eq(net.n_sent, 1); /* silence */
	ck_assert_uint_eq(n_requests_of[0] + n_requests_of[1], 1);
	read = sip_stack_stats(net.stack)->gate.seen;
	ck_assert_uint_le(read, 1 + SIP_STACK_OUTSIDE_PER_S);
	ck_assert_uint_eq(sip_stack_stats(net.stack)->outside_dropped,
			  2001 - read);
	/* the flood has passed: the provider is heard again */
	loop_advance(net.loop, 1000);
	memcpy(strstr(text, "branch=") + 7, "z9hG4bKb", 8);
	memcpy(strstr(text, "Call-ID: c"), "Call-ID: d", 10);
	sip_transport_inject(sip_stack_transport(net.stack), 0, &anywhere, text,
			     strlen(text));
	ck_assert_uint_eq(n_requests_of[1], 2);
	sipnet_close();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sipmatch");
	TCase *t = tcase_create("sipmatch");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_match);
	tcase_add_test(t, test_accept_registration);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
