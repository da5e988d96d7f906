/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Server transactions: every state and timer on the virtual clock; which
 * request belongs to which; where answers go; bounds. */
#include "tests/unit/txn_rig.h"
#include "tests/suite.h"

/* --- INVITE server --- */
START_TEST(test_invite_server_100_1xx)
{
	static const int at[] = {600, 1200};
	struct req q = {.method = "INVITE"};

	receive_req(q);
	ck_assert_uint_eq(requests, 1);
	loop_advance(net.loop, 199);
	ck_assert_uint_eq(net.n_sent, 0);
	loop_advance(net.loop, 1);
	ck_assert_uint_eq(net.n_sent, 1);
	ck_assert_int_eq(sipnet_status(0), 100);
	receive_req(q);
	ck_assert_uint_eq(requests, 1);
	ck_assert_str_eq(net.sent[1], net.sent[0]);
	ck_assert_int_eq(txn_reply(layer(), last_id, 180, NULL), 0);
	receive_req(q);
	ck_assert_uint_eq(net.n_sent, 4);
	ck_assert_str_eq(net.sent[3], net.sent[2]);
	expect_sent_at(at, 2, 1250);
	ck_assert_int_eq(sipnet_status(5), 180);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_PROCEEDING);
	expect_told("");
}
END_TEST

START_TEST(test_invite_server_repeat_before_100)
{
	struct req q = {.method = "INVITE"};

	receive_req(q);
	receive_req(q);
	ck_assert_uint_eq(net.n_sent, 1);
	ck_assert_int_eq(sipnet_status(0), 100);
	loop_advance(net.loop, 1000);
	ck_assert_uint_eq(net.n_sent, 1);
}
END_TEST

START_TEST(test_invite_server_2xx_l)
{
	static const int at[] = {5, 15, 35, 75, 115, 155, 195, 235, 275, 315};
	struct req q = {.method = "INVITE"};

	receive_req(q);
	ck_assert_int_eq(txn_reply(layer(), last_id, 200, NULL), 0);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_ACCEPTED);
	ck_assert_int_eq(txn_reply(layer(), last_id, 180, NULL), -EALREADY);
	receive_req(q); /* RFC 6026: absorbed */
	ck_assert_uint_eq(net.n_sent, 1);
	expect_sent_at(at, 10, 319);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("no_ack");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
}
END_TEST

START_TEST(test_invite_server_acked)
{
	struct req q = {.method = "INVITE"};
	struct req ack = {.method = "ACK", .branch = "z9hG4bKb",
			  .to_tag = "x"};

	receive_req(q);
	ck_assert_int_eq(txn_reply(layer(), last_id, 200, NULL), 0);
	loop_advance(net.loop, 600);
	ck_assert_uint_eq(net.n_sent, 2);
	receive_req(ack);
	ck_assert_uint_eq(acks, 1);
	txn_acked(layer(), last_id);
	receive_req(q);
	loop_advance(net.loop, 31300);
	ck_assert_uint_eq(net.n_sent, 2);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("end");
}
END_TEST

START_TEST(test_invite_server_g_h)
{
	static const int at[] = {5, 15, 35, 75, 115, 155, 195, 235, 275, 315};
	struct req q = {.method = "INVITE"};

	receive_req(q);
	ck_assert_int_eq(txn_reply(layer(), last_id, 486, NULL), 0);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_COMPLETED);
	receive_req(q);
	ck_assert_uint_eq(net.n_sent, 2);
	expect_sent_at(at, 10, 319);
	loop_advance(net.loop, 100);
	expect_told("no_ack");
}
END_TEST

START_TEST(test_invite_server_confirmed_i)
{
	struct req q = {.method = "INVITE"};
	struct req ack = {.method = "ACK", .to_tag = "x"};

	receive_req(q);
	ck_assert_int_eq(txn_reply(layer(), last_id, 486, NULL), 0);
	receive_req(ack);
	ck_assert_uint_eq(acks, 0);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_CONFIRMED);
	receive_req(ack);
	receive_req(q);
	loop_advance(net.loop, 4900);
	ck_assert_uint_eq(net.n_sent, 1);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("end");
	ck_assert_uint_eq(acks, 0);
}
END_TEST

/* --- non-INVITE server --- */
START_TEST(test_server_j)
{
	struct req q = {.method = "BYE", .to_tag = "x"};

	receive_req(q);
	receive_req(q); /* trying: absorbed */
	ck_assert_uint_eq(net.n_sent, 0);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_TRYING);
	ck_assert_int_eq(txn_reply(layer(), last_id, 200, NULL), 0);
	receive_req(q);
	receive_req(q);
	ck_assert_uint_eq(net.n_sent, 3);
	ck_assert_uint_eq(requests, 1);
	loop_advance(net.loop, 31900);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("end");
	receive_req(q); /* a new one now */
	ck_assert_uint_eq(requests, 2);
}
END_TEST

START_TEST(test_server_user_silent)
{
	struct req q = {.method = "OPTIONS"};

	receive_req(q);
	loop_advance(net.loop, 32000);
	ck_assert_uint_eq(net.n_sent, 1);
	ck_assert_int_eq(sipnet_status(0), 500);
	ck_assert_uint_eq(txn_layer_stats(layer())->unanswered, 1);
	loop_advance(net.loop, 32000);
	expect_told("end");
}
END_TEST

/* --- CANCEL by the peer --- */
START_TEST(test_server_cancel)
{
	struct req q = {.method = "INVITE"}, c = {.method = "CANCEL"};

	receive_req(q);
	ck_assert_int_eq(txn_reply(layer(), last_id, 180, NULL), 0);
	receive_req(c);
	expect_told("cancel");
	ck_assert_uint_eq(net.n_sent, 3);
	ck_assert_int_eq(sipnet_status(1), 200);
	ck_assert(strstr(net.sent[1], "CSeq: 1 CANCEL"));
	ck_assert(strstr(net.sent[1], txn_local_tag(layer(), last_id)));
	ck_assert_int_eq(sipnet_status(2), 487);
	receive_req(c); /* repeated: answered again, no second effect */
	ck_assert_int_eq(sipnet_status(3), 200);
	expect_told("");
}
END_TEST

START_TEST(test_server_cancel_late_and_stray)
{
	struct req q = {.method = "INVITE"}, c = {.method = "CANCEL"};

	receive_req(c);
	ck_assert_int_eq(sipnet_status(0), 481);
	receive_req(q);
	ck_assert_int_eq(txn_reply(layer(), last_id, 200, NULL), 0);
	receive_req(c);
	ck_assert_int_eq(sipnet_status(2), 200);
	expect_told("");
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_ACCEPTED);
	c.branch = "z9hG4bKother";
	receive_req(c);
	ck_assert_int_eq(sipnet_status(3), 481);
	ck_assert_uint_eq(txn_layer_stats(layer())->stray_cancels, 2);
}
END_TEST

/* --- matching --- */
static const char foreign_cancel[] =
	"CANCEL sip:1@198.51.100.1 SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKa\r\n"
	"From: <sip:2@192.0.2.1>;tag=f\r\nTo: <sip:1@198.51.100.1>\r\n"
	"Call-ID: c1\r\nCSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n";

START_TEST(test_other_trunk_matches_nothing)
{
	struct req q = {.method = "INVITE"};
	txn_id id;

	receive_req(q);
	sip_transport_inject(sip_stack_transport(net.stack), 0, &net.other,
			     foreign_cancel, strlen(foreign_cancel));
	ck_assert_int_eq(sipnet_status(0), 481);
	expect_told("");
	id = request("INVITE");
	respond_from(1, 200, "t", &net.other);
	expect_told("");
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_CALLING);
	ck_assert_uint_eq(txn_layer_stats(layer())->stray_responses, 1);
}
END_TEST

START_TEST(test_merged)
{
	struct req q = {.method = "INVITE"};

	receive_req(q);
	q.branch = "z9hG4bKb";
	receive_req(q);
	ck_assert_uint_eq(requests, 1);
	ck_assert_int_eq(sipnet_status(0), 482);
	ck_assert_int_eq(txn_reply(layer(), last_id, 503, NULL), 0);
	q.branch = "z9hG4bKc"; /* a retry after the refusal is none */
	receive_req(q);
	ck_assert_uint_eq(requests, 2);
	q.branch = "z9hG4bKd"; /* inside a dialog: no such thing */
	q.to_tag = "x";
	receive_req(q);
	ck_assert_uint_eq(requests, 3);
	ck_assert_uint_eq(txn_layer_stats(layer())->merged, 1);
}
END_TEST

START_TEST(test_rfc2543)
{
	struct req q = {.method = "INVITE", .branch = "1"};
	struct req c = {.method = "CANCEL", .branch = "1"};
	struct req ack = {.method = "ACK", .branch = "1"};
	char tag[32];

	receive_req(q);
	receive_req(q);
	ck_assert_uint_eq(requests, 1);
	q.cseq = 2; /* same branch, another request */
	receive_req(q);
	ck_assert_uint_eq(requests, 2);
	c.cseq = 2;
	receive_req(c);
	expect_told("cancel");
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_COMPLETED);
	ack.cseq = 2;
	ack.to_tag = "foreign"; /* not the tag of our 487 */
	receive_req(ack);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_COMPLETED);
	ck_assert_uint_eq(acks, 1);
	snprintf(tag, sizeof(tag), "%s", txn_local_tag(layer(), last_id));
	ack.to_tag = tag;
	receive_req(ack);
	ck_assert_int_eq(txn_state_of(layer(), last_id), TXN_CONFIRMED);
}
END_TEST

/* The cookie alone is no branch of RFC 3261 (RFC 4475 3.2.1). */
START_TEST(test_cookie_alone)
{
	struct req q = {.method = "OPTIONS", .branch = "z9hG4bK"};

	receive_req(q);
	q.call_id = "c2";
	receive_req(q);
	ck_assert_uint_eq(requests, 2);
}
END_TEST

/* --- where answers go --- */
START_TEST(test_response_route)
{
	struct req q = {.method = "OPTIONS"};

	answer_at_once = true;
	receive_req(q);
	ck_assert_uint_eq(net.sent_to[0].port, 5070); /* sent-by */
	ck_assert(!strstr(net.sent[0], "received")); /* same address */
	q.branch = "z9hG4bKb";
	q.call_id = "c2";
	q.via_extra = ";rport";
	receive_req(q);
	ck_assert_uint_eq(net.sent_to[1].port, 5060); /* source */
	ck_assert(strstr(net.sent[1], "rport=5060"));
	ck_assert(strstr(net.sent[1], "received=192.0.2.1"));
	net_parse(&net.peer, "192.0.2.77:4444");
	q.branch = "z9hG4bKc";
	q.call_id = "c3";
	q.via_extra = NULL;
	receive_req(q);
	ck_assert(net_ip_eq(&net.sent_to[2], &net.peer));
	ck_assert_uint_eq(net.sent_to[2].port, 5070);
	ck_assert(strstr(net.sent[2], "received=192.0.2.77"));
}
END_TEST

/* --- bounds --- */
START_TEST(test_full)
{
	struct req q = {.method = "OPTIONS"};
	struct sip_path path = {.remote = net.peer};
	char branch[32], call_id[32];
	txn_id id;

	teardown();
	setup_with(16);
	q.branch = branch;
	q.call_id = call_id;
	for (int i = 0; i < 15; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bK%d", i);
		snprintf(call_id, sizeof(call_id), "c%d", i);
		receive_req(q);
	}
	/* three quarters for new requests of one trunk */
	ck_assert_uint_eq(requests, 12);
	ck_assert_int_eq(sipnet_status(0), 503);
	ck_assert_uint_eq(net.n_sent, 3);
	q.to_tag = "x";
	for (int i = 20; i < 25; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bK%d", i);
		receive_req(q);
	}
	ck_assert_uint_eq(requests, 16);
	ck_assert_int_eq(sipnet_status(3), 503);
	ck_assert_int_eq(
		txn_request(layer(), &user, make("BYE"), &path, &id), -ENOBUFS);
	ck_assert_uint_eq(id, 0);
	ck_assert_uint_eq(txn_layer_stats(layer())->refused_full, 5);
	loop_advance(net.loop, 64000);
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
}
END_TEST

/* What is answered only absorbs repeats: it gives way after a second. */
START_TEST(test_room_is_made)
{
	struct req q = {.method = "OPTIONS"};
	char branch[32], call_id[32];

	teardown();
	setup_with(16);
	answer_at_once = true;
	q.branch = branch;
	q.call_id = call_id;
	for (int i = 0; i < 40; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bK%d", i);
		snprintf(call_id, sizeof(call_id), "c%d", i);
		receive_req(q);
		loop_advance(net.loop, 200);
	}
	ck_assert_uint_eq(requests, 40);
	ck_assert_uint_eq(txn_layer_stats(layer())->refused_full, 0);
	ck_assert_uint_gt(txn_layer_stats(layer())->made_room, 20);
	/* the last ones still absorb theirs */
	receive_req(q);
	ck_assert_uint_eq(requests, 40);
	answer_at_once = false;
	loop_advance(net.loop, 64000);
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
}
END_TEST

/* A new call that is not even parsed makes room for the next one, too. */
START_TEST(test_room_is_made_when_crowded)
{
	struct req q = {.method = "OPTIONS"};
	char branch[32], call_id[32];

	teardown();
	setup_with(16);
	answer_at_once = true;
	q.branch = branch;
	q.call_id = call_id;
	for (int i = 0; i < 12; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bK%d", i);
		snprintf(call_id, sizeof(call_id), "c%d", i);
		receive_req(q);
	}
	answer_at_once = false;
	ck_assert(txn_is_crowded(layer(), 0));
	ck_assert_uint_eq(txn_layer_used(layer()), 12);
	loop_advance(net.loop, 1100);
	ck_assert(!txn_is_crowded(layer(), 0));
	ck_assert_uint_eq(txn_layer_used(layer()), 8);
	loop_advance(net.loop, 64000);
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
}
END_TEST

START_TEST(test_detach_and_stale)
{
	struct req q = {.method = "INVITE"};
	txn_id id;

	receive_req(q);
	txn_detach(layer(), last_id); /* the leg is gone: the peer is told */
	ck_assert_int_eq(sipnet_status(0), 500);
	loop_advance(net.loop, 32000);
	expect_told("");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
	ck_assert_int_eq(txn_reply(layer(), last_id, 200, NULL), -ESTALE);
	ck_assert_int_eq(txn_attach(layer(), last_id, &user), -ESTALE);
	ck_assert_ptr_null(txn_request_of(layer(), last_id));
	ck_assert_str_eq(txn_local_tag(layer(), last_id), "");
	txn_detach(layer(), last_id);
	txn_acked(layer(), last_id);
	txn_kill(layer(), last_id);
	id = request("BYE");
	txn_detach(layer(), id);
	respond(net.n_sent - 1, 200, "t");
	expect_told("");
	id = request("INVITE");
	respond(net.n_sent - 1, 180, "t");
	expect_told("180");
	txn_detach(layer(), id);
	ck_assert(sent_is(net.n_sent - 1, "CANCEL "));
	id = request("BYE");
	txn_kill(layer(), id);
	loop_advance(net.loop, 64000);
	expect_told("");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("txnserver");
	TCase *t = tcase_create("txnserver");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_invite_server_100_1xx);
	tcase_add_test(t, test_invite_server_repeat_before_100);
	tcase_add_test(t, test_invite_server_2xx_l);
	tcase_add_test(t, test_invite_server_acked);
	tcase_add_test(t, test_invite_server_g_h);
	tcase_add_test(t, test_invite_server_confirmed_i);
	tcase_add_test(t, test_server_j);
	tcase_add_test(t, test_server_user_silent);
	tcase_add_test(t, test_server_cancel);
	tcase_add_test(t, test_server_cancel_late_and_stray);
	tcase_add_test(t, test_other_trunk_matches_nothing);
	tcase_add_test(t, test_merged);
	tcase_add_test(t, test_rfc2543);
	tcase_add_test(t, test_cookie_alone);
	tcase_add_test(t, test_response_route);
	tcase_add_test(t, test_full);
	tcase_add_test(t, test_room_is_made_when_crowded);
	tcase_add_test(t, test_room_is_made);
	tcase_add_test(t, test_detach_and_stale);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite(), CK_NOFORK);
}
