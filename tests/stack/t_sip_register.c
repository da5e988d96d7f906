/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Registration on the virtual clock: refresh, challenges, refusals, servers,
 * RFC 6140, Service-Route, reload, and to whom credentials are given. */
#include "tests/stack/sip_rig.h"

static struct conf_trunk *trunk;

static void conf(void)
{
	rig_conf();
	trunk = &rig.conf.trunks[0];
	trunk->reg.mode = CONF_REGISTER_PLAIN;
	trunk->reg.expires_s = 3600;
	trunk->reg.n_users = 1;
	strcpy(trunk->reg.users[0], "+4971112340");
	strcpy(trunk->domain, "provider.example");
	strcpy(trunk->auth_user, "gw1");
	strcpy(trunk->auth_password, "s3cret");
}

static void finish(void)
{
	wait_ms(10); /* what the peer has still said */
	rig_close();
}

/* 200 that keeps our Contact; after others in the list. */
static void granted(const char *request, const char *expires, const char *more)
{
	char extra[1024];

	snprintf(extra, sizeof(extra),
		 "Contact: <sip:other@192.0.2.77>;expires=7, %s%s\r\n%s",
		 value_of(request, "Contact"), expires, more ? more : "");
	answer(request, "200 OK", "r", extra, NULL);
	wait_ms(10);
}

/* The request's Contact with other parameters. */
static void granted_s(const char *request, unsigned s)
{
	char extra[1024], contact[512];
	char *p;

	snprintf(contact, sizeof(contact), "%s", value_of(request, "Contact"));
	p = strstr(contact, ";expires=");
	if (p)
		*p = '\0';
	snprintf(extra, sizeof(extra),
		 "Contact: <sip:other@192.0.2.77>;expires=7\r\n"
		 "Contact: %s;expires=%u\r\n",
		 contact, s);
	answer(request, "200 OK", "r", extra, NULL);
	wait_ms(10);
}

/* The next request, and when it came. */
static const char *next_register(int64_t least_s, int64_t most_s)
{
	int64_t t = 0;

	while (rig.seen == rig.n_sent && t < (most_s + 1) * 1000) {
		wait_ms(100);
		t += 100;
	}
	ck_assert_msg(rig.seen < rig.n_sent, "no REGISTER in %lld s",
		      (long long)most_s);
	ck_assert_msg(t >= least_s * 1000, "REGISTER after %lld ms",
		      (long long)t);
	return expect_sent("REGISTER sip:provider.example SIP/2.0");
}

static bool is_up(void)
{
	wait_ms(1100);
	rig.seen = rig.n_sent; /* repeats of what was not answered yet */
	return rig.state[rig.n_state - 1].up;
}

/* What comes by this registration has the trunk's token. */
static void check_contact(const char *request, const char *start, unsigned s)
{
	const char *contact = value_of(request, "Contact");
	char want[512];

	snprintf(want, sizeof(want), "%s;line=%s>;expires=%u", start,
		 trunk_token(sip_stack_trunks(sip_role_stack(rig.role)), 0), s);
	ck_assert_str_eq(contact, want);
}

START_TEST(refresh)
{
	const char *r;
	char call_id[128];
	int i;

	conf();
	rig_open();
	r = next_register(0, 1);
	ck_assert_str_eq(value_of(r, "To"), "<sip:+4971112340@provider.example>");
	check_contact(r, "<sip:+4971112340@" OUR_IP ":5060", 3600);
	ck_assert_str_eq(value_of(r, "Supported"), "path");
	ck_assert(!has_header(r, "Require"));
	snprintf(call_id, sizeof(call_id), "%s", value_of(r, "Call-ID"));
	ck_assert(!is_up());
	granted_s(r, 1000);
	ck_assert(is_up());
	for (i = 2; i < 5; i++) {
		char cseq[32];

		r = next_register(795, 905);
		ck_assert_str_eq(value_of(r, "Call-ID"), call_id);
		snprintf(cseq, sizeof(cseq), "%d REGISTER", i);
		ck_assert_str_eq(value_of(r, "CSeq"), cseq);
		granted_s(r, 1000);
	}
	/* a short one */
	r = next_register(795, 905);
	granted_s(r, 60);
	r = next_register(29, 31);
	/* nobody answers: still in force, then over */
	wait_ms(20000);
	ck_assert(is_up());
	wait_ms(20000);
	ck_assert(!is_up());
	ck_assert_str_eq(rig.state[rig.n_state - 1].text, "not registered");
	finish();
}
END_TEST

/* The Expires header, or what we asked for, when the Contact says nothing. */
START_TEST(other_grants)
{
	conf();
	rig_open();
	answer(next_register(0, 1), "200 OK", "r",
	       "Expires: 600\r\nContact: <sip:+4971112340@" OUR_IP ">\r\n",
	       NULL);
	answer(next_register(475, 545), "200 OK", "r", "X: y\r\n", NULL);
	answer(next_register(2870, 3250), "200 OK", "r", "Expires: 0\r\n", NULL);
	next_register(14, 31); /* not kept: as a failure */
	finish();
}
END_TEST

/* A registrar that sees us elsewhere, and names other devices, too. */
START_TEST(contact_rewritten)
{
	static const struct {
		const char *contacts;
		int least_s, most_s;
	} rows[] = {
		{"Contact: <sip:+4971112340@203.0.113.7:61000>;expires=60\r\n",
		 29, 31},
		{"Contact: <sip:+4971112340@203.0.113.7:60001>;expires=5\r\n"
		 "Contact: <sip:+4971112340@203.0.113.7:61000>;expires=120\r\n",
		 95, 109},
		{"Contact: <sip:x7f@sbc.example>;expires=100\r\n", 49, 51},
		{"Contact: <sip:phone@192.0.2.77>;expires=3600,"
		 " <sip:+4971112340@203.0.113.7>;expires=30,"
		 " <sip:+4971112340@" OUR_IP ">;expires=600\r\n", 475, 545},
	};

	conf();
	rig_open();
	answer(next_register(0, 1), "200 OK", "r", rows[0].contacts, NULL);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *next = i + 1 < sizeof(rows) / sizeof(rows[0])
					   ? rows[i + 1].contacts
					   : "Expires: 600\r\n";

		answer(next_register(rows[i].least_s, rows[i].most_s),
		       "200 OK", "r", next, NULL);
	}
	finish();
}
END_TEST

#define CHALLENGE(realm, nonce, more)                                  \
	"WWW-Authenticate: Digest realm=\"" realm "\", nonce=\"" nonce \
	"\", qop=\"auth\"" more "\r\n"

START_TEST(digest)
{
	const char *r, *auth;

	conf();
	rig_open();
	r = next_register(0, 1);
	ck_assert(!has_header(r, "Authorization"));
	answer(r, "401 Unauthorized", "r",
	       CHALLENGE("p", "n1", ", algorithm=MD5")
		       CHALLENGE("p", "n1", ", algorithm=SHA-512-256"),
	       NULL);
	r = expect_sent("REGISTER ");
	auth = value_of(r, "Authorization");
	ck_assert_ptr_nonnull(strstr(auth, "algorithm=SHA-512-256"));
	ck_assert_ptr_nonnull(strstr(auth, "nc=00000001"));
	ck_assert_str_eq(value_of(r, "CSeq"), "2 REGISTER");
	granted_s(r, 600);
	/* the next under the same nonce, counted; then it is stale */
	r = next_register(475, 545);
	ck_assert_ptr_nonnull(
		strstr(value_of(r, "Authorization"), "nc=00000002"));
	answer(r, "401 Unauthorized", "r",
	       CHALLENGE("p", "n2", ", stale=true"), NULL);
	r = expect_sent("REGISTER ");
	ck_assert_ptr_nonnull(
		strstr(value_of(r, "Authorization"), "nonce=\"n2\""));
	granted_s(r, 600);
	/* its registrar has begun anew, and does not say stale */
	r = next_register(475, 545);
	answer(r, "401 Unauthorized", "r", CHALLENGE("p", "n3", ""), NULL);
	r = expect_sent("REGISTER ");
	ck_assert_ptr_nonnull(
		strstr(value_of(r, "Authorization"), "nonce=\"n3\""));
	/* wrong: told once, tried again after a long time */
	answer(r, "401 Unauthorized", "r", CHALLENGE("p", "n4", ""), NULL);
	next_register(895, 1801);
	finish();
}
END_TEST

/* RFC 7616 3.5: the next request is made with that nonce, counted anew. */
START_TEST(nextnonce)
{
	const char *r, *auth;

	conf();
	rig_open();
	answer(next_register(0, 1), "401 Unauthorized", "r",
	       CHALLENGE("p", "n1", ", algorithm=SHA-256"), NULL);
	r = expect_sent("REGISTER ");
	granted(r, "", "Authentication-Info: nextnonce=\"n2\"\r\n");
	r = next_register(2870, 3250);
	auth = value_of(r, "Authorization");
	ck_assert_ptr_nonnull(strstr(auth, "nonce=\"n2\""));
	ck_assert_ptr_nonnull(strstr(auth, "nc=00000001"));
	/* one that cannot be taken changes nothing */
	granted(r, "", "Authentication-Info: qop=auth, nextnonce=\"\""
				  "\r\n");
	r = next_register(2870, 3250);
	auth = value_of(r, "Authorization");
	ck_assert_ptr_nonnull(strstr(auth, "nonce=\"n2\""));
	ck_assert_ptr_nonnull(strstr(auth, "nc=00000002"));
	finish();
}
END_TEST

/* RFC 3261 22, RFC 7616: an answer is for our own servers and realm. */
START_TEST(password_is_not_for_everybody)
{
	const char *invite, *bye;
	leg_id leg;

	conf();
	strcpy(trunk->reg.realm, "p");
	rig_open();
	answer(next_register(0, 1), "401 Unauthorized", "r",
	       CHALLENGE("evil", "n1", ""), NULL);
	next_register(895, 1801);
	finish();
	/* another host of the same trunk, that a Contact has named */
	conf();
	trunk->reg.mode = CONF_REGISTER_OFF;
	ck_assert_int_eq(net_prefix_parse(&trunk->sources[0], "192.0.2.0/24"),
			 0);
	trunk->n_sources = 1;
	rig_open();
	invite = place_call(&leg);
	answer(invite, "200 OK", "t", "Contact: <sip:" PEER2_IP ">\r\n",
	       PEER_SDP);
	expect_sent("ACK ");
	expect_cc(CC_ANSWER);
	core_releases(leg, 16);
	bye = expect_sent("BYE ");
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.ip[3], 10);
	{
		char out[RIG_TEXT] = "";

		append(out, "SIP/2.0 401 Unauthorized\r\n");
		copy_headers(out, bye, "Via");
		copy_headers(out, bye, "From");
		copy_headers(out, bye, "To");
		copy_headers(out, bye, "Call-ID");
		copy_headers(out, bye, "CSeq");
		end_message(out, CHALLENGE("p", "n", ""), NULL);
		peer_says_from(PEER2_IP ":5060", out);
	}
	expect_released(16, "BYE");
	expect_silence();
	finish();
}
END_TEST

START_TEST(refusals)
{
	const char *r;

	conf();
	rig_open();
	r = next_register(0, 1);
	answer(r, "423 Interval Too Brief", "r", "Min-Expires: 7200\r\n", NULL);
	r = expect_sent("REGISTER ");
	ck_assert_ptr_nonnull(strstr(value_of(r, "Contact"), ";expires=7200"));
	answer(r, "503 Service Unavailable", "r", "Retry-After: 300\r\n", NULL);
	r = next_register(299, 301);
	answer(r, "500 x", "r", NULL, NULL); /* the second: 30...60 s */
	r = next_register(29, 61);
	answer(r, "500 x", "r", NULL, NULL);
	r = next_register(59, 121);
	answer(r, "403 Forbidden", "r", NULL, NULL);
	r = next_register(895, 1801);
	granted_s(r, 600);
	ck_assert(is_up());
	r = next_register(475, 545);
	answer(r, "500 x", "r", NULL, NULL); /* counted anew */
	next_register(14, 31);
	finish();
}
END_TEST

/* One second more each time is refused after five. */
START_TEST(never_long_enough)
{
	char more[64];
	const char *r;
	unsigned i;

	conf();
	rig_open();
	r = next_register(0, 1);
	for (i = 1; i <= 6; i++) {
		snprintf(more, sizeof(more), "Min-Expires: %u\r\n", 3600 + i);
		answer(r, "423 Interval Too Brief", "r", more, NULL);
		r = next_register(i < 6 ? 0 : 14, i < 6 ? 1 : 31);
	}
	/* a new round begins as configured, and may be told so again */
	ck_assert_ptr_nonnull(strstr(value_of(r, "Contact"), ";expires=3600"));
	answer(r, "423 Interval Too Brief", "r", "Min-Expires: 7200\r\n", NULL);
	r = next_register(0, 1);
	ck_assert_ptr_nonnull(strstr(value_of(r, "Contact"), ";expires=7200"));
	granted_s(r, 7200);
	ck_assert(is_up());
	finish();
}
END_TEST

/* Failures in a row never wait longer than half an hour. */
START_TEST(backoff)
{
	unsigned i;

	conf();
	rig_open();
	for (i = 0; i < 12; i++)
		answer(next_register(0, 1801), "500 x", "r", NULL, NULL);
	next_register(895, 1801);
	finish();
}
END_TEST

START_TEST(second_server)
{
	const char *r;

	conf();
	strcpy(trunk->servers[1], PEER2_IP);
	trunk->n_servers = 2;
	rig_open();
	r = next_register(0, 1);
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.ip[3], 9);
	answer(r, "500 x", "r", NULL, NULL);
	r = next_register(0, 1);
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.ip[3], 10);
	finish();
	/* both at a time */
	conf();
	strcpy(trunk->servers[1], PEER2_IP);
	trunk->n_servers = 2;
	trunk->reg.all = true;
	rig_open();
	next_register(0, 1);
	next_register(0, 1);
	ck_assert_uint_ne(rig.sent[rig.seen - 2].to.ip[3],
			  rig.sent[rig.seen - 1].to.ip[3]);
	ck_assert_str_ne(value_of(rig.sent[rig.seen - 2].text, "Call-ID"),
			 value_of(rig.sent[rig.seen - 1].text, "Call-ID"));
	finish();
}
END_TEST

static void granted_by(unsigned nth, const char *route)
{
	const char *r = rig.sent[nth].text;
	char out[RIG_TEXT] = "", ip[NET_STR_MAX];

	append(out, "SIP/2.0 200 OK\r\n");
	copy_headers(out, r, "Via");
	copy_headers(out, r, "From");
	append(out, "To: %s;tag=r\r\n", value_of(r, "To"));
	copy_headers(out, r, "Call-ID");
	copy_headers(out, r, "CSeq");
	copy_headers(out, r, "Contact");
	append(out, "Service-Route: %s\r\n", route);
	end_message(out, NULL, NULL);
	peer_says_from(net_str(&rig.sent[nth].to, ip), out);
}

/* Each registrar's Service-Route is for calls to it alone. */
START_TEST(routes_of_each)
{
	const char *invite;
	leg_id leg;

	conf();
	strcpy(trunk->servers[1], PEER2_IP);
	trunk->n_servers = 2;
	trunk->reg.all = true;
	rig_open();
	next_register(0, 1);
	next_register(0, 1);
	for (unsigned i = rig.seen - 2; i < rig.seen; i++)
		granted_by(i, rig.sent[i].to.ip[3] == 9 ? "<sip:p9.example;lr>"
							: "<sip:p10.example;lr>");
	ck_assert(is_up());
	invite = place_call(&leg);
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.ip[3], 9);
	ck_assert_str_eq(value_of(invite, "Route"), "<sip:p9.example;lr>");
	answer(invite, "503 Service Unavailable", "t", NULL, NULL);
	expect_sent("ACK ");
	invite = expect_sent("INVITE ");
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.ip[3], 10);
	ck_assert_str_eq(value_of(invite, "Route"), "<sip:p10.example;lr>");
	core_releases(leg, 16);
	finish();
}
END_TEST

START_TEST(several_users)
{
	const char *r, *s;

	conf();
	strcpy(trunk->reg.users[1], "+4971112341");
	trunk->reg.n_users = 2;
	rig_open();
	r = next_register(0, 1);
	s = next_register(0, 1);
	ck_assert_str_ne(value_of(r, "To"), value_of(s, "To"));
	answer(r, "403 Forbidden", "r", NULL, NULL);
	ck_assert(!is_up());
	granted_s(s, 600);
	ck_assert(is_up()); /* one is enough for calls */
	finish();
}
END_TEST

START_TEST(gin)
{
	const char *r;

	conf();
	trunk->reg.mode = CONF_REGISTER_GIN;
	trunk->reg.n_users = 0;
	rig_open();
	r = next_register(0, 1);
	ck_assert_str_eq(value_of(r, "To"), "<sip:provider.example>");
	check_contact(r, "<sip:" OUR_IP ":5060;bnc", 3600);
	ck_assert_str_eq(value_of(r, "Require"), "gin");
	ck_assert_str_eq(value_of(r, "Proxy-Require"), "gin");
	granted_s(r, 600);
	ck_assert(is_up());
	r = next_register(475, 545);
	/* a registrar without */
	answer(r, "420 Bad Extension", "r", "Unsupported: gin\r\n", NULL);
	r = expect_sent("REGISTER ");
	ck_assert(!has_header(r, "Require"));
	check_contact(r, "<sip:gw1@" OUR_IP ":5060", 3600);
	finish();
}
END_TEST

/* RFC 3608; and the number is in To when the Request-URI is our Contact. */
START_TEST(calls)
{
	const struct cc_msg *m;
	const char *r, *invite;
	leg_id leg;

	conf();
	rig_open();
	r = next_register(0, 1);
	granted(r, "",
		"Service-Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\n");
	ck_assert(is_up());
	invite = place_call(&leg);
	ck_assert_ptr_nonnull(strstr(invite, "Route: <sip:p1.example;lr>\r\n"
					     "Route: <sip:p2.example;lr>\r\n"));
	answer(invite, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	{
		char out[RIG_TEXT] = "";

		append(out,
		       "INVITE sip:+4971112340@" OUR_IP " SIP/2.0\r\n"
		       "Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bKx\r\n"
		       "From: <sip:+4930123@provider.example>;tag=ft\r\n"
		       "To: <sip:+4971112399@provider.example>\r\n"
		       "Call-ID: did\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
		       "Contact: <sip:peer@" PEER_IP ">\r\n");
		end_message(out, NULL, PEER_SDP);
		peer_says(out);
	}
	m = expect_cc(CC_SETUP);
	ck_assert_str_eq(m->called.digits, "4971112399");
	core_releases(m->leg, 17);
	ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

/* By an outbound proxy: it is in Route, the server names the domain. */
START_TEST(by_proxy)
{
	const char *r;

	conf();
	trunk->domain[0] = '\0';
	strcpy(trunk->servers[0], "provider.example");
	strcpy(trunk->wire.proxy, PEER_IP ":5090");
	rig_open();
	r = next_register(0, 1);
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.port, 5090);
	ck_assert_str_eq(value_of(r, "Route"), "<sip:" PEER_IP ":5090;lr>");
	ck_assert_str_eq(value_of(r, "To"), "<sip:+4971112340@provider.example>");
	granted_s(r, 600);
	ck_assert(is_up());
	finish();
}
END_TEST

/* Who has put the password right need not wait for the next attempt, which is
 * far away. */
START_TEST(put_right)
{
	const char *r;

	conf();
	rig_open();
	r = next_register(0, 1);
	answer(r, "401 Unauthorized", "r", CHALLENGE("p", "n1", ""), NULL);
	r = next_register(0, 1);
	answer(r, "401 Unauthorized", "r", CHALLENGE("p", "n2", ""), NULL);
	wait_ms(60000);
	expect_silence();
	strcpy(rig.conf.trunks[0].auth_password, "s3cret, really");
	ck_assert_int_eq(sip_role_ops.reload(rig.role, &rig.conf,
					     sizeof(rig.conf)), 0);
	r = next_register(0, 1);
	answer(r, "401 Unauthorized", "r", CHALLENGE("p", "n3", ""), NULL);
	granted_s(next_register(0, 1), 3600);
	ck_assert(is_up());
	finish();
}
END_TEST

/* The registrar has said when; a reload is no reason to come before. */
START_TEST(put_off)
{
	conf();
	rig_open();
	answer(next_register(0, 1), "503 Busy", "r", "Retry-After: 300\r\n",
	       NULL);
	wait_ms(1000);
	ck_assert_int_eq(sip_role_ops.reload(rig.role, &rig.conf,
					     sizeof(rig.conf)), 0);
	granted_s(next_register(298, 300), 3600);
	ck_assert(is_up());
	finish();
}
END_TEST

/* The provider has moved: calls would come to nobody until the next refresh. */
START_TEST(server_of_another_file)
{
	struct net_addr there = address(PEER2_IP ":5060");

	conf();
	rig_open();
	granted_s(next_register(0, 1), 3600);
	ck_assert(is_up());
	strcpy(rig.conf.trunks[0].servers[0], PEER2_IP);
	ck_assert_int_eq(sip_role_ops.reload(rig.role, &rig.conf,
					     sizeof(rig.conf)), 0);
	(void)next_register(0, 1);
	ck_assert(net_addr_eq(&rig.sent[rig.seen - 1].to, &there));
	rig_close();
}
END_TEST

/* The last that was sent for that user, whatever for others came after it. */
static const char *register_of(const char *user)
{
	unsigned i = rig.n_sent;

	rig.seen = rig.n_sent;
	while (i-- > 0) {
		const char *text = rig.sent[i].text;

		if (strncmp(text, "REGISTER ", 9) == 0 &&
		    strstr(value_of(text, "Contact"), user))
			return text;
	}
	ck_abort_msg("no REGISTER of %s", user);
	return NULL;
}

START_TEST(taken_back)
{
	const char *r;
	static struct conf_for_sip other;

	conf();
	rig_open();
	r = next_register(0, 1);
	granted_s(r, 3600);
	/* the same again changes nothing */
	ck_assert_int_eq(sip_role_ops.reload(rig.role, &rig.conf,
					     sizeof(rig.conf)),
			 0);
	expect_silence();
	other = rig.conf;
	strcpy(other.trunks[0].reg.users[0], "+4971112350");
	ck_assert_int_eq(sip_role_ops.reload(rig.role, &other, sizeof(other)),
			 0);
	r = expect_sent("REGISTER ");
	ck_assert_ptr_nonnull(strstr(value_of(r, "Contact"), "2340@"));
	ck_assert_ptr_nonnull(strstr(value_of(r, "Contact"), ";expires=0"));
	answer(r, "401 Unauthorized", "r", CHALLENGE("p", "n1", ""), NULL);
	wait_ms(200);
	granted_s(register_of("2350@"), 3600);
	sip_role_ops.drain(rig.role);
	wait_ms(10);
	ck_assert_ptr_nonnull(
		strstr(value_of(skip_to("REGISTER "), "Contact"), ";expires=0"));
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {refresh,
				      other_grants, contact_rewritten,
				      digest,
				      nextnonce,
				      password_is_not_for_everybody,
				      refusals,
				      never_long_enough,
				      backoff,
				      second_server,
				      routes_of_each,
				      several_users,
				      gin,
				      calls,
				      by_proxy,
				      put_right,
				      put_off,
				      server_of_another_file,
				      taken_back,
				      NULL};

	return rig_run("sip_register", tests);
}
