/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn core base */
/* Calls between our isdn role and a bare libpri, both sides, both ways. */
#include "tests/stack/isdn_rig.c"

START_TEST(test_link_comes_up)
{
	rig_open(RIG_BARE, _i);
	rig_advance(1500);
	ck_assert(rig->a.state.up);
	ck_assert(rig->bare.up);
	ck_assert_uint_eq(rig->a.state.channels, 30);
	ck_assert_uint_eq(rig->a.state.free, 30);
	ck_assert_str_eq(rig->a.state.text, "in service");
	rig_close();
}
END_TEST

START_TEST(test_call_out)
{
	const struct bare_event *e;
	const struct cc_msg *m;
	leg_id leg;

	rig_up(RIG_BARE, _i);
	leg = core_call(&rig->a, "+4930123456");
	rig_advance(10);
	e = bare_expect(PRI_EVENT_RING);
	ck_assert_str_eq(e->called, "4930123456");
	ck_assert_int_eq(e->calledplan, 0x11);
	ck_assert_str_eq(e->calling, "49711999");
	ck_assert_int_eq(e->ctype, PRI_TRANS_CAP_3_1K_AUDIO);
	ck_assert(e->complete);
	ck_assert_int_eq(e->channel & 0xff, _i ? 1 : 31);
	pri_proceeding(rig->bare.pri, e->call, e->channel, 0);
	rig_advance(10);
	m = core_expect(&rig->a, CC_PROCEEDING);
	ck_assert_uint_eq(m->leg, leg);
	ck_assert_uint_eq(m->channel, _i ? 1 : 31);
	pri_acknowledge(rig->bare.pri, e->call, 0, 1);
	rig_advance(10);
	m = core_expect(&rig->a, CC_ALERTING);
	ck_assert_uint_eq(m->progress, CC_PROG_INBAND);
	pri_answer(rig->bare.pri, e->call, 0, 0);
	rig_advance(10);
	m = core_expect(&rig->a, CC_ANSWER);
	ck_assert_uint_eq(m->channel, _i ? 1 : 31);
	EXPECT_SENT("CONNECT ACK cref 0x0001 orig");
	rig_advance(60000);
	ck_assert_uint_eq(rig->a.state.free, 29);
	core_release(&rig->a, leg, 16);
	rig_advance(100);
	m = core_expect(&rig->a, CC_RELEASED);
	ck_assert_uint_eq(m->cause.value, 16);
	ck_assert_int_eq(bare_expect(PRI_EVENT_HANGUP_REQ)->cause, 16);
	bare_expect(PRI_EVENT_HANGUP_ACK);
	expect_idle(&rig->a, 30);
	core_expect_nothing(&rig->a);
	rig_close();
}
END_TEST

START_TEST(test_call_in)
{
	const struct cc_msg *m;
	q931_call *call;
	leg_id leg;
	struct cc_msg answer = { 0 };

	rig_up(RIG_BARE, _i);
	call = bare_call("30123", 7);
	rig_advance(10);
	m = core_expect(&rig->a, CC_SETUP);
	leg = m->leg;
	ck_assert_uint_eq(leg & CC_LEG_CORE, 0);
	ck_assert_str_eq(m->called.digits, "30123");
	ck_assert_uint_eq(m->called.type, CC_TON_NATIONAL);
	ck_assert_str_eq(m->calling.digits, "711123456");
	ck_assert_uint_eq(m->calling.presentation, CC_PRES_RESTRICTED);
	ck_assert_uint_eq(m->calling.screening, CC_SCREEN_PASSED);
	ck_assert_uint_eq(m->bearer, CC_BEARER_SPEECH);
	ck_assert_uint_eq(m->channel, 7);
	ck_assert(m->complete);
	ck_assert_str_eq(m->ref, _i ? "net 0x0001" : "carrier 0x0001");
	EXPECT_SENT("CALL PROCEEDING cref 0x0001 dest, chan 7 excl");
	bare_expect(PRI_EVENT_PROCEEDING);
	core_say(&rig->a, CC_PROCEEDING, leg);
	core_say(&rig->a, CC_ALERTING, leg);
	rig_advance(10);
	ck_assert_int_eq(bare_expect(PRI_EVENT_RINGING)->progressmask, 0);
	ck_assert_int_eq(cc_number_set(&answer.connected, "+49711555"), 0);
	core_send(&rig->a, CC_ANSWER, leg, &answer);
	rig_advance(10);
	ck_assert_str_eq(bare_expect(PRI_EVENT_ANSWER)->connected,
			 "49711555");
	rig_advance(30000);
	pri_hangup(rig->bare.pri, call, 16);
	bare_arm(&rig->bare);
	rig_advance(10);
	m = core_expect(&rig->a, CC_RELEASE);
	ck_assert_uint_eq(m->cause.value, 16);
	ck_assert_uint_eq(m->cause.location, CC_LOC_PRIVATE_LOCAL);
	core_expect(&rig->a, CC_RELEASED);
	core_expect_nothing(&rig->a);
	expect_idle(&rig->a, 30);
	rig_close();
}
END_TEST

/* The call goes on to somebody else: said by NOTIFY, both ways. */
START_TEST(test_diverting)
{
	struct cc_msg m = { .progress = CC_PROG_DIVERTED };
	const struct bare_event *e;
	leg_id leg;

	rig_up(RIG_BARE, _i);
	leg = core_call(&rig->a, "+4930123456");
	rig_advance(10);
	e = bare_expect(PRI_EVENT_RING);
	pri_proceeding(rig->bare.pri, e->call, e->channel, 0);
	rig_advance(10);
	core_expect(&rig->a, CC_PROCEEDING);
	pri_notify(rig->bare.pri, e->call, 0, PRI_NOTIFY_CALL_DIVERTING);
	rig_advance(10);
	ck_assert_uint_eq(core_expect(&rig->a, CC_PROGRESS)->progress,
			  CC_PROG_DIVERTED);
	core_release(&rig->a, leg, 16);
	rig_advance(100);
	core_expect(&rig->a, CC_RELEASED);
	bare_expect(PRI_EVENT_HANGUP_REQ);
	bare_expect(PRI_EVENT_HANGUP_ACK);
	(void)bare_call("30123", 7);
	rig_advance(10);
	leg = core_expect(&rig->a, CC_SETUP)->leg;
	bare_expect(PRI_EVENT_PROCEEDING);
	core_say(&rig->a, CC_PROCEEDING, leg);
	core_send(&rig->a, CC_PROGRESS, leg, &m);
	rig_advance(10);
	EXPECT_SENT("NOTIFY cref 0x0001 dest, notify 123");
	core_release(&rig->a, leg, 17);
	rig_advance(100);
	core_expect(&rig->a, CC_RELEASED);
	rig_close();
}
END_TEST

/* Our role at both ends. */
START_TEST(test_call_between_two_of_us)
{
	const struct cc_msg *m;
	leg_id here, there;
	struct cc_msg progress = { .progress = CC_PROG_INBAND };

	rig_up(RIG_OUR, _i);
	here = core_call(&rig->a, "123");
	rig_advance(10);
	m = core_expect(&rig->b, CC_SETUP);
	there = m->leg;
	ck_assert_str_eq(m->called.digits, "123");
	ck_assert_str_eq(m->calling.digits, "49711999");
	ck_assert_uint_eq(m->calling.type, CC_TON_INTERNATIONAL);
	core_expect(&rig->a, CC_PROCEEDING);
	core_send(&rig->b, CC_PROGRESS, there, &progress);
	rig_advance(10);
	ck_assert_uint_eq(core_expect(&rig->a, CC_PROGRESS)->progress,
			  CC_PROG_INBAND);
	core_say(&rig->b, CC_ALERTING, there);
	core_say(&rig->b, CC_ANSWER, there);
	rig_advance(10);
	core_expect(&rig->a, CC_ALERTING);
	core_expect(&rig->a, CC_ANSWER);
	core_release(&rig->a, here, 16);
	rig_advance(100);
	m = core_expect(&rig->b, CC_RELEASE);
	ck_assert_uint_eq(m->cause.value, 16);
	ck_assert_uint_eq(m->cause.location, _i ? CC_LOC_PUBLIC_LOCAL
						: CC_LOC_PRIVATE_LOCAL);
	core_expect(&rig->b, CC_RELEASED);
	core_expect(&rig->a, CC_RELEASED);
	expect_idle(&rig->a, 30);
	expect_idle(&rig->b, 30);
	rig_close();
}
END_TEST

/* A SETUP in the first second, before the data link is up, is not lost. */
START_TEST(test_setup_before_link)
{
	leg_id leg;

	rig_open(RIG_BARE, _i);
	rig->cut = true;
	rig_advance(10);
	leg = core_call(&rig->a, "123");
	rig_advance(800);
	rig->cut = false;
	rig_advance(2500);
	ck_assert_str_eq(bare_expect(PRI_EVENT_RING)->called, "123");
	core_release(&rig->a, leg, 16);
	rig_advance(1000);
	expect_idle(&rig->a, 30);
	rig_close();
}
END_TEST

/* The far end was there first: it waits for the answer to a SABME that nobody
 * heard, and begins again when its T200 is over. The SETUP must not fall into
 * that. */
START_TEST(test_setup_to_a_far_end_that_began_earlier)
{
	struct conf_for_isdn conf;
	const struct rig_frame *f;
	leg_id leg;

	rig_conf(&conf, _i & 1);
	log_set_sink(no_log);
	rig = calloc(1, sizeof(*rig));
	rig->kind = RIG_BARE;
	rig->next_leg = CC_LEG_CORE;
	rig->loop = loop_new_sim(0);
	rig->cut = true;
	bare_open(&rig->bare, rig->loop, !(_i & 1), bare_to_wire);
	rig_advance(100 + _i / 2 * 100);
	rig->cut = false;
	our_open(&rig->a, &conf);
	leg = core_call(&rig->a, "123");
	rig_advance(1200);
	ck_assert_str_eq(bare_expect(PRI_EVENT_RING)->called, "123");
	ck_assert(rig->a.state.up);
	rig_advance(2000);
	f = rig_frame(true, "SETUP");
	ck_assert_ptr_nonnull(f);
	rig->mark = (unsigned)(f - rig->frames) + 1;
	EXPECT_NOT_SENT("SETUP"); /* once was enough */
	EXPECT_NOT_SENT("STATUS");
	core_release(&rig->a, leg, 16);
	rig_advance(1000);
	core_expect(&rig->a, CC_RELEASED);
	expect_idle(&rig->a, 30);
	rig_close();
}
END_TEST

/* A far end whose link was up already (we were restarted) is believed at
 * once; that it still holds a call of ours is no obstacle. */
START_TEST(test_setup_after_our_restart)
{
	struct conf_for_isdn conf;

	rig_conf(&conf, _i);
	rig_up(RIG_BARE, _i);
	core_call(&rig->a, "123");
	rig_advance(10);
	bare_expect(PRI_EVENT_RING);
	rig->cut = true; /* it hears nothing of our end */
	our_close(&rig->a);
	rig->cut = false;
	rig_advance(900);
	our_open(&rig->a, &conf);
	core_call(&rig->a, "123");
	rig_advance(20);
	EXPECT_SENT("SETUP cref 0x0003 orig");
	ck_assert_str_eq(bare_expect(PRI_EVENT_RING)->called, "123");
	ck_assert(rig->a.state.up);
	rig_close();
}
END_TEST

START_TEST(test_setup_while_link_is_down)
{
	const struct cc_msg *m;

	rig_open(RIG_BARE, _i);
	rig->cut = true;
	rig_advance(10);
	core_call(&rig->a, "123");
	rig_advance(4900);
	core_expect_nothing(&rig->a);
	rig_advance(200);
	m = core_expect(&rig->a, CC_RELEASED);
	ck_assert_uint_eq(m->cause.value, 38);
	/* later ones need not wait */
	core_call(&rig->a, "123");
	rig_advance(0);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 38);
	expect_idle(&rig->a, 30);
	rig_close();
}
END_TEST

/* Numbers as the network may send them: two callers, a diverting party. */
START_TEST(test_numbers_out)
{
	struct cc_msg m = a_call("123");
	const struct rig_frame *f;
	char text[600];

	rig_up(RIG_OUR, true);
	ck_assert_int_eq(cc_number_set(&m.asserted, "7110"), 0);
	m.asserted.type = CC_TON_NATIONAL;
	m.asserted.screening = CC_SCREEN_NETWORK;
	ck_assert_int_eq(cc_number_set(&m.redirecting, "+4971177"), 0);
	m.redirecting.presentation = CC_PRES_RESTRICTED;
	strcpy(m.name, "B\xc3\xb8hm \xe2\x82\xac");
	core_send(&rig->a, CC_SETUP, ++rig->next_leg, &m);
	rig_advance(10);
	f = rig_frame(true, "SETUP");
	ck_assert_ptr_nonnull(f);
	rig_text(f, text, sizeof(text));
	ck_assert_str_eq(text,
			 "SETUP cref 0x0001 orig, called 123, calling "
			 "49711999 international, calling 7110 national "
			 "network-provided, redirecting 4971177 international "
			 "restricted, chan 1 pref, bc 3.1 kHz alaw, display "
			 "\"B?hm ?\", complete");
	m = *core_expect(&rig->b, CC_SETUP);
	ck_assert_str_eq(m.calling.digits, "49711999");
	ck_assert_str_eq(m.asserted.digits, "7110");
	ck_assert_uint_eq(m.asserted.screening, CC_SCREEN_NETWORK);
	ck_assert_str_eq(m.redirecting.digits, "4971177");
	ck_assert_uint_eq(m.redirecting.presentation, CC_PRES_RESTRICTED);
	ck_assert_str_eq(m.name, "B\xc3\xb8hm ?");
	rig_close();
}
END_TEST

START_TEST(test_bearers)
{
	static const struct {
		uint8_t bearer;
		int ctype;
	} rows[] = { { CC_BEARER_SPEECH, PRI_TRANS_CAP_SPEECH },
		     { CC_BEARER_AUDIO_31, PRI_TRANS_CAP_3_1K_AUDIO },
		     { CC_BEARER_UNRESTRICTED, PRI_TRANS_CAP_DIGITAL },
		     { CC_BEARER_RESTRICTED,
		       PRI_TRANS_CAP_RESTRICTED_DIGITAL } };
	struct cc_msg m;
	size_t i;

	rig_up(RIG_BARE, _i);
	for (i = 0; i < 4; i++) {
		m = a_call("123");
		m.bearer = rows[i].bearer;
		core_send(&rig->a, CC_SETUP, ++rig->next_leg, &m);
		rig_advance(10);
		ck_assert_int_eq(bare_expect(PRI_EVENT_RING)->ctype,
				 rows[i].ctype);
		bare_call_opts("5", 20 + (int)i, 0, 1, rows[i].ctype);
		rig_advance(10);
		ck_assert_uint_eq(core_expect(&rig->a, CC_SETUP)->bearer,
				  rows[i].bearer);
		bare_expect(PRI_EVENT_PROCEEDING);
	}
	rig_close();
}
END_TEST

START_TEST(test_bearer_refused)
{
	struct cc_msg m = a_call("123");

	rig_up(RIG_BARE, _i);
	bare_call_opts("5", 3, 0, 1, PRI_TRANS_CAP_VIDEO);
	rig_advance(10);
	ck_assert_int_eq(bare_expect(PRI_EVENT_HANGUP)->cause, 65);
	EXPECT_SENT(_i ? "RELEASE COMPLETE cref 0x0001 dest, cause 65 (Bearer "
			 "capability not implemented) loc public-local"
		       : "RELEASE COMPLETE cref 0x0001 dest, cause 65 (Bearer "
			 "capability not implemented) loc private-local");
	bare_call_opts("5", 3, 0, 1, PRI_TRANS_CAP_7K_AUDIO);
	rig_advance(10);
	ck_assert_int_eq(bare_expect(PRI_EVENT_HANGUP)->cause, 65);
	core_expect_nothing(&rig->a);
	m.bearer = CC_BEARER_VIDEO;
	core_send(&rig->a, CC_SETUP, ++rig->next_leg, &m);
	rig_advance(10);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 65);
	expect_idle(&rig->a, 30);
	rig_close();
}
END_TEST

/* Overlap receiving: SETUP without all digits, then INFORMATION. */
START_TEST(test_overlap_in)
{
	const struct cc_msg *m;
	q931_call *call;
	leg_id leg;

	rig_up(RIG_BARE, _i);
	call = bare_call_opts("30", 7, 0, 0, PRI_TRANS_CAP_SPEECH);
	rig_advance(10);
	m = core_expect(&rig->a, CC_SETUP);
	leg = m->leg;
	ck_assert(!m->complete);
	ck_assert_str_eq(m->called.digits, "30");
	ck_assert_int_eq(bare_expect(PRI_EVENT_SETUP_ACK)->channel & 0xff, 7);
	core_say(&rig->a, CC_MORE, leg);
	pri_information(rig->bare.pri, call, '1');
	pri_information(rig->bare.pri, call, '2');
	rig_advance(10);
	ck_assert_str_eq(core_expect(&rig->a, CC_DIGITS)->called.digits, "1");
	ck_assert_str_eq(core_expect(&rig->a, CC_DIGITS)->called.digits, "2");
	core_say(&rig->a, CC_PROCEEDING, leg);
	rig_advance(10);
	bare_expect(PRI_EVENT_PROCEEDING);
	core_say(&rig->a, CC_ALERTING, leg);
	core_say(&rig->a, CC_ANSWER, leg);
	rig_advance(10);
	bare_expect(PRI_EVENT_RINGING);
	bare_expect(PRI_EVENT_ANSWER);
	core_release(&rig->a, leg, 16);
	rig_advance(100);
	core_expect(&rig->a, CC_RELEASED);
	expect_idle(&rig->a, 30);
	rig_close();
}
END_TEST

START_TEST(test_overlap_out)
{
	struct cc_msg m = a_call("30"), more = { 0 };
	const struct bare_event *e;
	leg_id leg = CC_LEG_CORE | 77;

	rig_up(RIG_BARE, _i);
	m.complete = 0;
	core_send(&rig->a, CC_SETUP, leg, &m);
	ck_assert_int_eq(cc_number_set(&more.called, "1"), 0);
	core_send(&rig->a, CC_DIGITS, leg, &more); /* too early: kept */
	rig_advance(10);
	e = bare_expect(PRI_EVENT_RING);
	ck_assert(!e->complete);
	pri_setup_ack(rig->bare.pri, e->call, e->channel, 0, 0);
	rig_advance(10);
	core_expect(&rig->a, CC_MORE);
	ck_assert_str_eq(bare_expect(PRI_EVENT_INFO_RECEIVED)->called, "1");
	ck_assert_int_eq(cc_number_set(&more.called, "23"), 0);
	core_send(&rig->a, CC_DIGITS, leg, &more);
	rig_advance(10);
	ck_assert_str_eq(bare_expect(PRI_EVENT_INFO_RECEIVED)->called, "2");
	ck_assert_str_eq(bare_expect(PRI_EVENT_INFO_RECEIVED)->called, "3");
	/* T304 */
	rig_advance(31000);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASE)->cause.value, 102);
	core_expect(&rig->a, CC_RELEASED);
	expect_idle(&rig->a, 30);
	rig_close();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("isdn call");
	TCase *tc = tcase_create("both sides");

	tcase_add_loop_test(tc, test_link_comes_up, 0, 2);
	tcase_add_loop_test(tc, test_call_out, 0, 2);
	tcase_add_loop_test(tc, test_call_in, 0, 2);
	tcase_add_loop_test(tc, test_diverting, 0, 2);
	tcase_add_loop_test(tc, test_call_between_two_of_us, 0, 2);
	tcase_add_loop_test(tc, test_setup_before_link, 0, 2);
	tcase_add_loop_test(tc, test_setup_to_a_far_end_that_began_earlier, 0,
			    18);
	tcase_add_loop_test(tc, test_setup_after_our_restart, 0, 2);
	tcase_add_loop_test(tc, test_setup_while_link_is_down, 0, 2);
	tcase_add_test(tc, test_numbers_out);
	tcase_add_loop_test(tc, test_bearers, 0, 2);
	tcase_add_loop_test(tc, test_bearer_refused, 0, 2);
	tcase_add_loop_test(tc, test_overlap_in, 0, 2);
	tcase_add_loop_test(tc, test_overlap_out, 0, 2);
	suite_add_tcase(s, tc);
	return rig_run_suite(s);
}
