/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Client transactions: every state and timer on the virtual clock; and both
 * kinds at random. */
#include "tests/unit/rnd.h"
#include "tests/unit/txn_rig.h"
#include "tests/suite.h"

/* --- the table --- */
START_TEST(test_timer_table)
{
	static const struct {
		enum txn_timer timer;
		const char *name;
		int64_t ms; /* T1 = 500 */
	} want[] = {
		{TXN_TIMER_A, "A", 500},     {TXN_TIMER_B, "B", 32000},
		{TXN_TIMER_D, "D", 32000},   {TXN_TIMER_E, "E", 500},
		{TXN_TIMER_F, "F", 32000},   {TXN_TIMER_G, "G", 500},
		{TXN_TIMER_H, "H", 32000},   {TXN_TIMER_I, "I", 5000},
		{TXN_TIMER_J, "J", 32000},   {TXN_TIMER_K, "K", 5000},
		{TXN_TIMER_L, "L", 32000},   {TXN_TIMER_M, "M", 32000},
		{TXN_TIMER_100, "100", 200}, {TXN_TIMER_1XX, "1xx", 60000},
		{TXN_TIMER_2XX, "2xx", 500}, {TXN_TIMER_CANCEL, "CANCEL", 32000},
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		ck_assert_str_eq(txn_timer_name(want[i].timer), want[i].name);
		ck_assert_int_eq(txn_timer_ms(want[i].timer, 500), want[i].ms);
	}
	ck_assert_str_eq(txn_timer_name(TXN_TIMERS), "?");
}
END_TEST

/* --- INVITE client --- */
START_TEST(test_invite_client_a_b)
{
	static const int at[] = {5, 15, 35, 75, 155, 315};
	txn_id id = request("INVITE");

	ck_assert_uint_eq(net.n_sent, 1);
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_CALLING);
	expect_sent_at(at, 6, 319);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("timeout");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_TERMINATED);
	for (unsigned i = 1; i < net.n_sent; i++) {
		ck_assert_str_eq(net.sent[i], net.sent[0]);
	}
}
END_TEST

START_TEST(test_invite_client_2xx_m)
{
	txn_id id = request("INVITE");
	struct sip_path path = {.remote = net.peer};

	loop_advance(net.loop, 300);
	respond(0, 100, NULL);
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_PROCEEDING);
	loop_advance(net.loop, 200000); /* rings for ever: nothing is sent */
	ck_assert_uint_eq(net.n_sent, 1);
	respond(0, 180, "t1");
	respond(0, 200, "t1");
	expect_told("100 180 200");
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_ACCEPTED);
	respond(0, 200, "t1"); /* before our ACK: told again */
	expect_told("200");
	{
		struct sip_request q = {
			.method = "ACK",
			.uri = "sip:9@192.0.2.1",
			.from = "<sip:1@198.51.100.1>;tag=us",
			.to = "<sip:9@192.0.2.1>;tag=t1",
			.call_id = "ours@198.51.100.1",
			.cseq = 7,
		};
		ck_assert_int_eq(
			txn_ack(layer(), id, sip_request_new(&q), &path), 0);
	}
	ck_assert(sent_is(1, "ACK "));
	ck_assert(!strstr(net.sent[1], strstr(net.sent[0], "branch=")));
	respond(0, 200, "t1");
	ck_assert_uint_eq(net.n_sent, 3);
	ck_assert_str_eq(net.sent[2], net.sent[1]);
	expect_told("");
	respond(0, 200, "t2"); /* another fork */
	expect_told("200");
	respond(0, 180, "t3"); /* late */
	respond(0, 486, "t3");
	expect_told("");
	loop_advance(net.loop, 31900);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("end");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
}
END_TEST

START_TEST(test_invite_client_refused_d)
{
	txn_id id = request("INVITE");
	const struct txn_stats *s = txn_layer_stats(layer());

	respond(0, 486, "t1");
	expect_told("486");
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_COMPLETED);
	ck_assert_uint_eq(net.n_sent, 2);
	ck_assert(sent_is(1, "ACK sip:9@192.0.2.1 SIP/2.0\r\n"));
	ck_assert(strstr(net.sent[1], ";tag=t1"));
	ck_assert(strstr(net.sent[1], "CSeq: 7 ACK"));
	{ /* the very Via of the INVITE */
		char via[256];

		snprintf(via, sizeof(via), "%.*s",
			 (int)strcspn(strstr(net.sent[0], "Via:"), "\r"),
			 strstr(net.sent[0], "Via:"));
		ck_assert_ptr_nonnull(strstr(net.sent[1], via));
	}
	respond(0, 486, "t1");
	respond(0, 200, "t1"); /* after a refusal: nothing */
	ck_assert_uint_eq(net.n_sent, 3);
	ck_assert_str_eq(net.sent[2], net.sent[1]);
	ck_assert_uint_eq(s->absorbed[TXN_INVITE_CLIENT], 2);
	loop_advance(net.loop, 31900);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("end");
	respond(0, 486, "t1");
	ck_assert_uint_eq(s->stray_responses, 1);
}
END_TEST

/* --- non-INVITE client --- */
START_TEST(test_client_e_f)
{
	static const int at[] = {5, 15, 35, 75, 115, 155, 195, 235, 275, 315};

	request("OPTIONS");
	expect_sent_at(at, 10, 319);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("timeout");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
}
END_TEST

START_TEST(test_client_proceeding_k)
{
	static const int at[] = {2, 42, 82};
	txn_id id = request("BYE");

	loop_advance(net.loop, 300);
	respond(0, 100, NULL);
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_PROCEEDING);
	expect_sent_at(at, 3, 85);
	respond(0, 200, "t");
	expect_told("100 200");
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_COMPLETED);
	respond(0, 200, "t");
	expect_told("");
	loop_advance(net.loop, 4900);
	expect_told("");
	loop_advance(net.loop, 100);
	expect_told("end");
}
END_TEST

START_TEST(test_client_transport_error)
{
	struct sip_path path = {.remote = net.peer};
	txn_id id;

	net.send_error = -EHOSTUNREACH;
	ck_assert_int_eq(
		txn_request(layer(), &user, make("INVITE"), &path, &id), 0);
	expect_told(""); /* never from inside the call */
	loop_poll(net.loop);
	expect_told("transport");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
	ck_assert_int_eq(
		txn_request(layer(), &user, make("ACK"), &path, &id), -EINVAL);
}
END_TEST

/* --- CANCEL by us --- */
START_TEST(test_cancel_held)
{
	txn_id id = request("INVITE");

	ck_assert_int_eq(txn_cancel(layer(), id, "Q.850;cause=16"), 0);
	ck_assert_uint_eq(net.n_sent, 1);
	respond(0, 100, NULL);
	ck_assert_uint_eq(net.n_sent, 2);
	ck_assert(sent_is(1, "CANCEL sip:9@192.0.2.1 SIP/2.0\r\n"));
	ck_assert(strstr(net.sent[1], "CSeq: 7 CANCEL\r\n"));
	ck_assert(strstr(net.sent[1], "Reason: Q.850;cause=16\r\n"));
	ck_assert(strstr(net.sent[1], "To: <sip:9@192.0.2.1>\r\n"));
	ck_assert_int_eq(txn_cancel(layer(), id, NULL), 0); /* once */
	ck_assert_uint_eq(net.n_sent, 2);
	respond(1, 200, "t");
	loop_advance(net.loop, 3000);
	ck_assert_uint_eq(net.n_sent, 2); /* answered: not repeated */
	ck_assert_uint_eq(txn_layer_stats(layer())->bad, 0);
	expect_told("100");
	respond(0, 487, "t");
	expect_told("487");
	ck_assert(sent_is(2, "ACK "));
	ck_assert_int_eq(txn_cancel(layer(), id, NULL), -EALREADY);
	loop_advance(net.loop, 40000);
	expect_told("end");
	ck_assert_uint_eq(txn_layer_used(layer()), 0);
	ck_assert_int_eq(txn_cancel(layer(), id, NULL), -ESTALE);
}
END_TEST

START_TEST(test_cancel_unanswered)
{
	txn_id id = request("INVITE");

	respond(0, 180, "t");
	ck_assert_int_eq(txn_cancel(layer(), id, NULL), 0);
	respond(1, 200, "t");
	loop_advance(net.loop, 31900);
	expect_told("180");
	loop_advance(net.loop, 100);
	expect_told("timeout");
}
END_TEST

START_TEST(test_cancel_crosses_200)
{
	txn_id id = request("INVITE");

	respond(0, 180, "t");
	ck_assert_int_eq(txn_cancel(layer(), id, NULL), 0);
	respond(0, 200, "t");
	expect_told("180 200");
	ck_assert_int_eq(txn_state_of(layer(), id), TXN_ACCEPTED);
	loop_advance(net.loop, 32000);
	expect_told("end");
}
END_TEST

/* --- not for us --- */
START_TEST(test_forged_responses)
{
	const struct txn_stats *s = txn_layer_stats(layer());
	char *text, *tag;

	request("INVITE");
	text = strdup(net.sent[0]);
	tag = strstr(text, "tag=us");
	ck_assert_ptr_nonnull(tag);
	memcpy(tag, "tag=xx", 6);
	free(net.sent[0]);
	net.sent[0] = text;
	respond(0, 200, "t");
	expect_told("");
	ck_assert_uint_eq(s->bad, 1);
}
END_TEST

START_TEST(test_two_vias_in_response)
{
	char text[2048];
	const char *via;

	request("INVITE");
	via = strstr(net.sent[0], "Via: ");
	snprintf(text, sizeof(text),
		 "SIP/2.0 200 OK\r\n%.*s\r\nVia: SIP/2.0/UDP 1.2.3.4;branch="
		 "z9hG4bKx\r\nFrom: <sip:1@198.51.100.1>;tag=us\r\n"
		 "To: <sip:9@192.0.2.1>;tag=t\r\nCall-ID: ours@198.51.100.1\r\n"
		 "CSeq: 7 INVITE\r\n\r\n",
		 (int)strcspn(via, "\r"), via);
	sipnet_receive(text, strlen(text));
	expect_told("");
	ck_assert_uint_eq(txn_layer_stats(layer())->bad, 1);
}
END_TEST

/* --- at random: nothing lasts, nothing leaks --- */
static txn_id all[512];
static unsigned n_all;

static void remember(txn_id id)
{
	if (id && n_all < 512) {
		all[n_all++] = id;
	}
}

static void random_step(struct rnd *r)
{
	static const char *const methods[] = {"INVITE", "ACK", "BYE", "CANCEL",
					      "OPTIONS", "INFO"};
	static const int codes[] = {100, 180, 183, 200, 202, 302, 404,
				    486, 487, 503, 600};
	char branch[16], call_id[16];
	struct req q = {.branch = branch, .call_id = call_id};
	txn_id id = n_all ? all[rnd_below(r, n_all)] : 0;

	snprintf(branch, sizeof(branch), "z9hG4bK%u", rnd_below(r, 8));
	snprintf(call_id, sizeof(call_id), "c%u", rnd_below(r, 3));
	q.method = methods[rnd_below(r, 6)];
	q.cseq = 1 + rnd_below(r, 3);
	q.to_tag = rnd_below(r, 2) ? "x" : NULL;
	switch (rnd_below(r, 8)) {
	case 0:
	case 1:
		receive_req(q);
		remember(last_id);
		break;
	case 2:
		txn_reply(layer(), id, codes[rnd_below(r, 11)], NULL);
		break;
	case 3:
		if (strcmp(q.method, "ACK")) {
			struct sip_path path = {.remote = net.peer};

			txn_request(layer(), &user, make(q.method), &path, &id);
			remember(id);
		}
		break;
	case 4:
		if (net.n_sent && !sipnet_status(net.n_sent - 1)) {
			respond(net.n_sent - 1, codes[rnd_below(r, 11)], "t");
		}
		break;
	case 5:
		txn_cancel(layer(), id, NULL);
		break;
	case 6:
		txn_detach(layer(), id);
		break;
	default:
		loop_advance(net.loop, rnd_below(r, 3000));
		break;
	}
	told[0] = '\0';
	if (net.n_sent > SIPNET_SENT / 2) {
		sipnet_clear();
	}
}

START_TEST(test_random)
{
	struct rnd r;

	rnd_init(&r, "transaction");
	for (int run = 0; run < 200; run++) {
		teardown();
		setup();
		n_all = 0;
		for (int i = 0; i < 60; i++) {
			random_step(&r);
		}
		for (unsigned i = 0; i < n_all; i++) {
			txn_detach(layer(), all[i]);
		}
		for (int i = 0; i < 140; i++) {
			sipnet_clear();
			loop_advance(net.loop, 1000);
		}
		ck_assert_uint_eq(txn_layer_used(layer()), 0);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transaction");
	TCase *t = tcase_create("transaction");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_timer_table);
	tcase_add_test(t, test_invite_client_a_b);
	tcase_add_test(t, test_invite_client_2xx_m);
	tcase_add_test(t, test_invite_client_refused_d);
	tcase_add_test(t, test_client_e_f);
	tcase_add_test(t, test_client_proceeding_k);
	tcase_add_test(t, test_client_transport_error);
	tcase_add_test(t, test_cancel_held);
	tcase_add_test(t, test_cancel_unanswered);
	tcase_add_test(t, test_cancel_crosses_200);
	tcase_add_test(t, test_forged_responses);
	tcase_add_test(t, test_two_vias_in_response);
	tcase_add_test(t, test_random);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite(), CK_NOFORK);
}
