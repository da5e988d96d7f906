/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* RFC 5626 on the virtual clock: what REGISTER says, who grants it or has not
 * heard of it, and a way that fails: no STUN answers, another mapped address. */
#include "tests/stack/sip_rig.h"

#include <errno.h>

#include "gateway/base/net.h"
#include "sip/outbound.h"
#include "sip/stun.h"

static struct conf_trunk *trunk;

/* The peer's STUN. */
static struct {
	bool silent;
	const char *mapped;
	unsigned asked;
	struct timer timer;
	uint8_t text[STUN_MAX];
	size_t len;
} stun;

static void conf(void)
{
	rig_conf();
	strcpy(rig.conf.node, "gw-a");
	trunk = &rig.conf.trunks[0];
	trunk->reg.mode = CONF_REGISTER_PLAIN;
	trunk->reg.expires_s = 3600;
	trunk->reg.outbound = true;
	strcpy(trunk->domain, "provider.example");
	strcpy(trunk->auth_user, "gw1");
	strcpy(trunk->auth_password, "s3cret");
	memset(&stun, 0, sizeof(stun));
	stun.mapped = "203.0.113.5:40001";
}

static void finish(void)
{
	wait_ms(10);
	rig_close();
}

static void stun_says(struct timer *t)
{
	struct net_addr from = address(PEER_IP ":5060");

	(void)t;
	sip_transport_inject(sip_stack_transport(sip_role_stack(rig.role)), 0,
			     &from, (const char *)stun.text, stun.len);
}

/* Keep-alives are not seen by the tests; they are answered, or not. */
static void on_sent(struct rig *r, const struct rig_wire *m)
{
	struct net_addr mapped = address(stun.mapped);

	if (stun_kind_of(m->text, 20) != STUN_REQUEST) {
		return;
	}
	stun.asked++;
	if (!stun.silent) {
		stun.len = stun_answer(m->text, &mapped, stun.text);
		ck_assert_int_eq(timer_start(r->loop, &stun.timer, stun_says, 5),
				 0);
	}
	r->n_sent--;
}

static const char *next_register(int64_t least_ms, int64_t most_ms)
{
	int64_t t = 0;

	while (rig.seen == rig.n_sent && t <= most_ms) {
		wait_ms(100);
		t += 100;
	}
	ck_assert_msg(rig.seen < rig.n_sent, "no REGISTER in %lld ms",
		      (long long)most_ms);
	ck_assert_msg(t >= least_ms, "REGISTER after %lld ms", (long long)t);
	return expect_sent("REGISTER ");
}

static void granted(const char *request, const char *more)
{
	char extra[1024];

	snprintf(extra, sizeof(extra), "Contact: %s\r\n%s",
		 value_of(request, "Contact"), more);
	answer(request, "200 OK", "r", extra, NULL);
	wait_ms(10);
}

#define OUTBOUND "Require: outbound\r\nPath: <sip:edge.example;lr;ob>\r\n"

static void open_granted(const char *more)
{
	rig_open();
	rig.on_sent = on_sent;
	granted(next_register(0, 1000), more);
}

/* The value of +sip.instance, with its quotes. */
static const char *instance(const char *r)
{
	const char *p = strstr(value_of(r, "Contact"), "+sip.instance=");

	ck_assert_ptr_nonnull(p);
	return p + strlen("+sip.instance=");
}

/* RFC 5626 4.2; and 4.1: the same for ever. */
START_TEST(contact_says_it)
{
	const char *r;
	char first[64];

	conf();
	rig_open();
	rig.on_sent = on_sent;
	r = next_register(0, 1000);
	ck_assert_str_eq(value_of(r, "Supported"), "path, outbound");
	ck_assert_ptr_nonnull(strstr(value_of(r, "Contact"), ";reg-id=1;"));
	ck_assert_int_eq(strncmp(instance(r), "\"<urn:uuid:", 11), 0);
	ck_assert_uint_eq(strlen(instance(r)), 11 + 36 + 2);
	snprintf(first, sizeof(first), "%s", instance(r));
	granted(r, OUTBOUND);
	r = next_register(2800 * 1000, 3300 * 1000);
	ck_assert_str_eq(instance(r), first);
	finish();
	conf();
	rig_open();
	ck_assert_str_eq(instance(next_register(0, 1000)), first);
	finish();
	/* another gateway with the same account */
	conf();
	strcpy(rig.conf.node, "gw-b");
	rig_open();
	ck_assert_str_ne(instance(next_register(0, 1000)), first);
	finish();
}
END_TEST

START_TEST(off_says_nothing)
{
	const char *r;

	conf();
	trunk->reg.outbound = false;
	rig_open();
	r = next_register(0, 1000);
	ck_assert_str_eq(value_of(r, "Supported"), "path");
	ck_assert_ptr_null(strstr(value_of(r, "Contact"), "reg-id"));
	finish();
}
END_TEST

/* RFC 5626 4.2: one flow for each server, each with its reg-id. */
START_TEST(one_flow_for_each_server)
{
	const char *r;
	bool first, second;

	conf();
	strcpy(trunk->servers[1], PEER2_IP);
	trunk->n_servers = 2;
	trunk->reg.all = true;
	rig_open();
	r = next_register(0, 1000);
	first = strstr(value_of(r, "Contact"), ";reg-id=1;");
	second = strstr(value_of(r, "Contact"), ";reg-id=2;");
	ck_assert(first != second);
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.ip[3], first ? 9 : 10);
	r = next_register(0, 1000);
	ck_assert(strstr(value_of(r, "Contact"),
			 first ? ";reg-id=2;" : ";reg-id=1;"));
	finish();
}
END_TEST

/* RFC 5626 11.6 */
START_TEST(first_hop_lacks_it)
{
	const char *r;

	conf();
	rig_open();
	rig.on_sent = on_sent;
	r = next_register(0, 1000);
	answer(r, "439 First Hop Lacks Outbound Support", "r", NULL, NULL);
	r = next_register(0, 1000);
	ck_assert_str_eq(value_of(r, "Supported"), "path");
	ck_assert_ptr_null(strstr(value_of(r, "Contact"), "reg-id"));
	/* and no other refusal for that: it is not asked again and again */
	answer(r, "439 First Hop Lacks Outbound Support", "r", NULL, NULL);
	next_register(14000, 31000);
	finish();
}
END_TEST

/* RFC 5626 4.3: our Contact in dialogs. */
START_TEST(dialogs_bear_ob)
{
	const char *invite;
	leg_id leg;

	conf();
	open_granted(OUTBOUND);
	invite = place_call(&leg);
	ck_assert_ptr_nonnull(strstr(value_of(invite, "Contact"), ";ob>"));
	core_releases(leg, 16);
	finish();
}
END_TEST

/* Without keepalive: of the trunk, STUN each 24-29 s (RFC 5626 4.4.2). */
START_TEST(keeps_it_open)
{
	conf();
	open_granted(OUTBOUND);
	wait_ms(1100);
	stun.asked = 0;
	wait_ms(290 * 1000);
	ck_assert_uint_ge(stun.asked, 10);
	ck_assert_uint_le(stun.asked, 13);
	ck_assert_uint_eq(rig.seen, rig.n_sent);
	finish();
}
END_TEST

/* The peer has answered, and then does so no longer: anew, at once; the same
 * when it sees us at another address. */
START_TEST(a_way_that_fails)
{
	const char *r;

	conf();
	open_granted(OUTBOUND);
	wait_ms(60000);
	stun.silent = true;
	r = next_register(8000, 45000);
	stun.silent = false;
	granted(r, OUTBOUND);
	wait_ms(60000);
	ck_assert_uint_eq(rig.seen, rig.n_sent);
	stun.mapped = "203.0.113.5:40002";
	r = next_register(0, 31000);
	granted(r, OUTBOUND);
	wait_ms(60000);
	ck_assert_uint_eq(rig.seen, rig.n_sent);
	finish();
}
END_TEST

/* RFC 5626 4.5: a way that fails again and again is no storm. */
START_TEST(no_storm)
{
	unsigned n = 0;

	conf();
	open_granted(OUTBOUND);
	for (int64_t t = 0; t < 600 * 1000; t += 1000) {
		static char other[32];

		/* each answer another address */
		snprintf(other, sizeof(other), "203.0.113.5:%d",
			 40000 + (int)(t / 1000));
		stun.mapped = other;
		wait_ms(1000);
		while (rig.seen < rig.n_sent) {
			granted(expect_sent("REGISTER "), OUTBOUND);
			n++;
		}
	}
	ck_assert_uint_ge(n, 10);
	ck_assert_uint_le(n, 60);
	finish();
}
END_TEST

static void connection_ends(int err)
{
	struct sip_path path = {.remote = address(PEER_IP ":5060"),
				.proto = SIP_UDP};

	sip_stack_flow_failed(sip_role_stack(rig.role), &path, err);
}

/* A registrar may close what it was sent by; without RFC 5626 and keep-alives
 * nobody misses that. A connection that is lost is another thing. */
START_TEST(closed_in_good_order)
{
	conf();
	trunk->reg.outbound = false;
	open_granted("");
	wait_ms(60000);
	connection_ends(0);
	connection_ends(-ETIME);
	wait_ms(60000);
	ck_assert_uint_eq(rig.seen, rig.n_sent);
	connection_ends(-ECONNRESET);
	granted(next_register(0, 1000), "");
	finish();
	conf();
	trunk->reg.outbound = false;
	trunk->wire.keepalive_s = 25;
	open_granted("");
	wait_ms(60000);
	connection_ends(0);
	next_register(0, 1000);
	finish();
}
END_TEST

/* A peer without STUN is none that has failed. */
START_TEST(silence_of_one_who_never_answered)
{
	conf();
	stun.silent = true;
	open_granted(OUTBOUND);
	wait_ms(600 * 1000);
	ck_assert_uint_eq(rig.seen, rig.n_sent);
	finish();
}
END_TEST

static struct sip_msg *response(const char *lines)
{
	char text[512];
	int n = snprintf(text, sizeof(text),
			 "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1"
			 "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
			 "Call-ID: x\r\nCSeq: 1 REGISTER\r\n%s"
			 "Content-Length: 0\r\n\r\n", lines);

	return sip_msg_from_text(text, (size_t)n);
}

START_TEST(what_a_registrar_says)
{
	static const struct {
		const char *lines;
		bool granted;
		unsigned flow_s;
	} row[] = {
		{"", false, 0},
		{"Require: outbound\r\n", true, 0},
		{"Require: path,Outbound\r\nFlow-Timer: 110\r\n", true, 110},
		{"Require: path\r\nRequire: outbound\r\n", true, 0},
		{"Require: outbounds\r\n", false, 0},
		{"Require: noutbound , x\r\n", false, 0},
		{"Supported: outbound\r\nFlow-Timer: 0\r\n", false, 0},
		{"Flow-Timer: -1\r\n", false, 0},
		{"Flow-Timer: 12x\r\n", false, 0},
		{"Flow-Timer: 99999999999999999999\r\n", false,
		 SIP_FLOW_TIMER_S},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct sip_msg *m = response(row[i].lines);

		ck_assert_ptr_nonnull(m);
		ck_assert_msg(sip_outbound_granted(m) == row[i].granted, "%s",
			      row[i].lines);
		ck_assert_msg(sip_outbound_flow_s(m) == row[i].flow_s,
			      "%s: %u", row[i].lines, sip_outbound_flow_s(m));
		sip_msg_free(m);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {contact_says_it,
				      off_says_nothing,
				      one_flow_for_each_server,
				      first_hop_lacks_it,
				      dialogs_bear_ob,
				      keeps_it_open,
				      a_way_that_fails,
				      no_storm,
				      closed_in_good_order,
				      silence_of_one_who_never_answered,
				      what_a_registrar_says,
				      NULL};

	return rig_run("sip_outbound", tests);
}
