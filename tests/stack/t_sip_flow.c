/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Calls over connections: where their requests go when the connection that a
 * call came by is gone. */
#include "tests/stack/sip_rig.h"

#define FROM_PORT 40000 /* the peer's end of what it opens */

static uint32_t flow; /* what was last opened, by either */
static unsigned opens;

static int on_open(struct sip_wire *w, const struct sip_path *path)
{
	(void)w;
	opens++;
	flow = path->flow;
	return 0;
}

static int on_stream(struct sip_wire *w, const struct sip_path *path,
		     const char *data, size_t len)
{
	return len ? rig_send(w, NULL, &path->remote, data, len) : 0;
}

static const struct sip_wire_ops ops = {
	.send = rig_send, .open = on_open, .stream = on_stream};

static struct sip_transport *transport(void)
{
	return sip_stack_transport(sip_role_stack(rig.role));
}

static void begin(const char *server)
{
	struct conf_trunk *t = &rig.conf.trunks[0];

	rig_conf();
	strcpy(t->servers[0], server);
	ck_assert_int_eq(net_prefix_parse(&t->sources[0], "192.0.2.0/24"), 0);
	t->n_sources = 1;
	t->transport = CONF_TCP;
	rig_open();
	rig.wire.ops = &ops;
	opens = 0;
}

static void finish(void)
{
	expect_released(16, "BYE");
	expect_silence();
	rig_settle();
	rig_close();
}

static void say(const char *text)
{
	sip_transport_stream(transport(), flow, text, strlen(text));
	wait_ms(10);
}

static void hang_up_connection(void)
{
	sip_transport_stream(transport(), flow, "", 0);
	wait_ms(10);
}

static void say_200(const char *request, const char *contact, const char *sdp)
{
	char out[RIG_TEXT] = "SIP/2.0 200 OK\r\n", extra[256] = "";

	copy_headers(out, request, "Via");
	copy_headers(out, request, "From");
	append(out, "To: %s%s\r\n", value_of(request, "To"),
	       strstr(value_of(request, "To"), ";tag=") ? "" : ";tag=t");
	copy_headers(out, request, "Call-ID");
	copy_headers(out, request, "CSeq");
	if (contact)
		snprintf(extra, sizeof(extra), "Contact: %s\r\n", contact);
	end_message(out, extra, sdp);
	say(out);
}

static void say_request(const char *method, const char *to_tag,
			const char *contact, const char *sdp)
{
	char out[RIG_TEXT] = "", extra[256];

	append(out,
	       "%s " PEER_URI " SIP/2.0\r\n"
	       "Via: SIP/2.0/TCP " PEER_IP ":5070;branch=z9hG4bK%s\r\n"
	       "From: <sip:+4930123@" PEER_IP ">;tag=ft\r\n"
	       "To: %s\r\nCall-ID: c1\r\nCSeq: %d %s\r\n"
	       "Max-Forwards: 70\r\n",
	       method, method, to_tag,
	       strcmp(method, "INVITE") && strcmp(method, "ACK") ? 2 : 1,
	       method);
	snprintf(extra, sizeof(extra), "Contact: %s\r\n", contact);
	end_message(out, extra, sdp);
	say(out);
}

static void connect_from(const char *peer)
{
	struct net_addr from = address(peer);

	flow = sip_transport_accept(transport(), 0, &from);
	ck_assert_uint_ne(flow, 0);
}

/* To of what the peer says in its call. */
static char to_ours[256];

/* The peer calls over a connection of its own, and is answered. */
static leg_id call_in(const char *contact)
{
	const char *ok;
	leg_id leg;

	connect_from(PEER_IP ":40000");
	say_request("INVITE", "<" PEER_URI ">", contact, PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ANSWER);
	wait_ms(10);
	ok = skip_to("SIP/2.0 200");
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.port, FROM_PORT);
	snprintf(to_ours, sizeof(to_ours), "%s", value_of(ok, "To"));
	say_request("ACK", to_ours, contact, NULL);
	return leg;
}

static void we_clear(leg_id leg, unsigned port)
{
	const char *bye;

	core_releases(leg, 16);
	bye = expect_sent("BYE ");
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.port, port);
	say_200(bye, NULL, NULL);
	finish();
}

/* Nobody listens at the port that the peer connected from. */
START_TEST(gone_connection_of_peer)
{
	static const struct {
		const char *server, *contact;
		unsigned port;
	} rows[] = {
		{PEER_IP, "<sip:pbx.example;transport=tcp>", 5060},
		{PEER_IP ":5070", "<sip:pbx.example;transport=tcp>", 5070},
		{PEER_IP ":5070", "<sip:pbx.example:5080>", 5070},
		{PEER_IP ":5070", "<sip:x@10.1.1.1:5080;transport=tcp>", 5070},
		/* an address of the trunk is taken as it is */
		{PEER_IP ":5070", "<sip:x@" PEER_IP ":5080>", 5080},
		/* no server of the trunk, but of its networks */
		{PEER2_IP ":5070", "<sip:pbx.example:5080>", 5080},
		{PEER2_IP ":5070", "<sip:pbx.example>", 5060},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		leg_id leg;

		begin(rows[i].server);
		leg = call_in(rows[i].contact);
		hang_up_connection();
		we_clear(leg, rows[i].port);
		ck_assert_uint_eq(opens, 1);
	}
}
END_TEST

START_TEST(living_connection_of_peer)
{
	leg_id leg;

	begin(PEER_IP ":5070");
	leg = call_in("<sip:pbx.example;transport=tcp>");
	we_clear(leg, FROM_PORT);
	ck_assert_uint_eq(opens, 0);
}
END_TEST

/* The peer has lost its connection, has opened another one, and says something
 * in the call: ours go that way, not to where nobody may listen. */
START_TEST(another_connection_of_peer)
{
	static const char contact[] = "<sip:pbx.example;transport=tcp>";
	uint32_t first;
	leg_id leg;

	begin(PEER_IP ":5070");
	leg = call_in(contact);
	first = flow;
	connect_from(PEER_IP ":40001");
	say_request("OPTIONS", to_ours, contact, NULL);
	(void)expect_sent("SIP/2.0 200");
	sip_transport_stream(transport(), first, "", 0);
	we_clear(leg, 40001);
	ck_assert_uint_eq(opens, 0);
}
END_TEST

/* By the ACK, which may be the first that is said there. */
START_TEST(another_connection_for_ack)
{
	static const char contact[] = "<sip:pbx.example;transport=tcp>";
	leg_id leg;

	begin(PEER_IP ":5070");
	connect_from(PEER_IP ":40000");
	say_request("INVITE", "<" PEER_URI ">", contact, PEER_SDP);
	leg = expect_cc(CC_SETUP)->leg;
	core_tells(leg, CC_ANSWER);
	wait_ms(10);
	snprintf(to_ours, sizeof(to_ours), "%s",
		 value_of(skip_to("SIP/2.0 200"), "To"));
	hang_up_connection();
	connect_from(PEER_IP ":40001");
	say_request("ACK", to_ours, contact, NULL);
	we_clear(leg, 40001);
	ck_assert_uint_eq(opens, 0);
}
END_TEST

/* Another host of the trunk is not where the call is. */
START_TEST(connection_of_another_host)
{
	static const char contact[] = "<sip:pbx.example;transport=tcp>";
	uint32_t first;
	leg_id leg;

	begin(PEER_IP ":5070");
	leg = call_in(contact);
	first = flow;
	connect_from(PEER2_IP ":40001");
	say_request("OPTIONS", to_ours, contact, NULL);
	(void)expect_sent("SIP/2.0 200");
	flow = first;
	we_clear(leg, FROM_PORT);
}
END_TEST

/* What we opened went to the server's port, and goes there again. */
START_TEST(gone_connection_of_ours)
{
	leg_id leg;

	begin(PEER_IP ":5070");
	say_200(place_call(&leg), "<sip:pbx.example:5080>", PEER_SDP);
	expect_sent("ACK ");
	expect_cc(CC_ANSWER);
	hang_up_connection();
	we_clear(leg, 5070);
	ck_assert_uint_eq(opens, 2);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {gone_connection_of_peer,
				      living_connection_of_peer,
				      another_connection_of_peer,
				      another_connection_for_ack,
				      connection_of_another_host,
				      gone_connection_of_ours, NULL};

	return rig_run("sip_flow", tests);
}
