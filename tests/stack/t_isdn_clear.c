/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn core base */
/* Every way in which a call between our role and a bare libpri can end. */
#include "tests/stack/isdn_rig.c"

/* A call to the far end, as far as it has got. */
enum upto { SENT, PROCEEDING, ALERTING, ANSWERED };

static q931_call *call_out(enum upto upto, leg_id *leg)
{
	q931_call *call;

	*leg = core_call(&rig->a, "123");
	rig_advance(10);
	call = bare_expect(PRI_EVENT_RING)->call;
	if (upto >= PROCEEDING) {
		pri_proceeding(rig->bare.pri, call, 0, 0);
		rig_advance(10);
		core_expect(&rig->a, CC_PROCEEDING);
	}
	if (upto >= ALERTING) {
		pri_acknowledge(rig->bare.pri, call, 0, 0);
		rig_advance(10);
		core_expect(&rig->a, CC_ALERTING);
	}
	if (upto >= ANSWERED) {
		pri_answer(rig->bare.pri, call, 0, 0);
		rig_advance(10);
		core_expect(&rig->a, CC_ANSWER);
	}
	return call;
}

static leg_id call_in(enum upto upto, q931_call **call)
{
	leg_id leg;

	*call = bare_call("30123", 7);
	rig_advance(10);
	leg = core_expect(&rig->a, CC_SETUP)->leg;
	bare_expect(PRI_EVENT_PROCEEDING);
	if (upto >= ALERTING) {
		core_say(&rig->a, CC_ALERTING, leg);
		rig_advance(10);
		bare_expect(PRI_EVENT_RINGING);
	}
	if (upto >= ANSWERED) {
		core_say(&rig->a, CC_ANSWER, leg);
		rig_advance(10);
		bare_expect(PRI_EVENT_ANSWER);
	}
	return leg;
}

static void end_well(void)
{
	core_expect_nothing(&rig->a);
	expect_idle(&rig->a, 30);
	rig_close();
}

/* We clear a call in each of its states, with causes that libpri would
 * answer by other messages if it were asked. */
START_TEST(test_we_clear)
{
	static const uint8_t causes[] = { 16, 34, 44, 82, 1, 88, 6, 26, 17,
					  81, 127 };
	uint8_t cause = causes[_i % 11];
	enum upto upto = (enum upto)(_i / 11 % 4);
	bool out = _i / 44 % 2, network = _i / 88;
	const struct rig_frame *f;
	const struct cc_msg *m;
	char want[100];
	q931_call *call;
	leg_id leg;

	rig_up(RIG_BARE, network);
	if (out) {
		call_out(upto, &leg);
	} else {
		leg = call_in(upto, &call);
	}
	core_release(&rig->a, leg, cause);
	rig_advance(100);
	snprintf(want, sizeof(want), "DISCONNECT cref 0x0001 %s, cause %u (",
		 out ? "orig" : "dest", cause);
	EXPECT_SENT(want);
	f = rig_frame(true, want);
	ck_assert_uint_eq(f->octets[11] & 0x0f, network ? 2 : 1);
	m = core_expect(&rig->a, CC_RELEASED);
	ck_assert_uint_eq(m->cause.value, cause);
	if (!out || upto > SENT) { /* libpri answers the other by itself */
		ck_assert_int_eq(bare_expect(PRI_EVENT_HANGUP_REQ)->cause,
				 cause);
	}
	end_well();
}
END_TEST

/* They clear: location and cause arrive; RELEASE, then RELEASED. */
START_TEST(test_they_clear)
{
	static const uint8_t causes[] = { 16, 17, 1, 31, 21 };
	uint8_t cause = causes[_i % 5];
	enum upto upto = (enum upto)(PROCEEDING + _i / 5 % 3);
	const struct cc_msg *m;
	q931_call *call;
	leg_id leg;

	rig_up(RIG_BARE, _i / 15 % 2);
	if (_i / 30) {
		call = call_out(upto, &leg);
	} else {
		call_in(upto, &call);
	}
	pri_hangup(rig->bare.pri, call, cause);
	bare_arm(&rig->bare);
	rig_advance(100);
	m = core_expect(&rig->a, CC_RELEASE);
	ck_assert_uint_eq(m->cause.value, cause);
	ck_assert_uint_eq(m->cause.location, CC_LOC_PRIVATE_LOCAL);
	m = core_expect(&rig->a, CC_RELEASED);
	ck_assert_uint_eq(m->cause.value, cause);
	end_well();
}
END_TEST

/* RELEASE COMPLETE as the first answer. */
START_TEST(test_refused_at_once)
{
	const struct cc_msg *m;
	q931_call *call;
	leg_id leg;

	rig_up(RIG_BARE, _i);
	call = call_out(SENT, &leg);
	pri_hangup(rig->bare.pri, call, 1);
	bare_arm(&rig->bare);
	rig_advance(10);
	m = core_expect(&rig->a, CC_RELEASED);
	ck_assert_uint_eq(m->cause.value, 1);
	ck_assert_str_eq(m->detail, "cause 1 Unallocated (unassigned) number");
	end_well();
}
END_TEST

START_TEST(test_both_disconnect)
{
	q931_call *call;
	leg_id leg;

	rig_up(RIG_BARE, _i);
	call = call_out(ANSWERED, &leg);
	core_release(&rig->a, leg, 16);
	pri_hangup(rig->bare.pri, call, 31); /* before ours arrives */
	bare_arm(&rig->bare);
	rig_advance(1000);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 16);
	end_well();
}
END_TEST

/* Timers that end a call nobody answers. */
START_TEST(test_no_answer_t301)
{
	leg_id leg;

	rig_up(RIG_BARE, _i);
	call_out(ALERTING, &leg);
	rig_advance(179000);
	core_expect_nothing(&rig->a);
	rig_advance(2000);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASE)->cause.value, 19);
	EXPECT_SENT("DISCONNECT cref 0x0001 orig, cause 19");
	core_expect(&rig->a, CC_RELEASED);
	end_well();
}
END_TEST

START_TEST(test_proceeding_t310)
{
	leg_id leg;

	rig_up(RIG_BARE, _i);
	call_out(PROCEEDING, &leg);
	rig_advance(29000);
	core_expect_nothing(&rig->a);
	rig_advance(2000);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASE)->cause.value, 102);
	EXPECT_SENT("DISCONNECT cref 0x0001 orig, cause 102");
	core_expect(&rig->a, CC_RELEASED);
	end_well();
}
END_TEST

START_TEST(test_progress_stops_t310)
{
	q931_call *call;
	leg_id leg;

	rig_up(RIG_BARE, _i);
	call = call_out(PROCEEDING, &leg);
	pri_progress(rig->bare.pri, call, 0, 1);
	rig_advance(60000);
	ck_assert_uint_eq(core_expect(&rig->a, CC_PROGRESS)->progress,
			  CC_PROG_INBAND);
	core_expect_nothing(&rig->a);
	core_release(&rig->a, leg, 16);
	rig_advance(1000);
	core_expect(&rig->a, CC_RELEASED);
	end_well();
}
END_TEST

/* Our CONNECT is not acknowledged (T313, user side only). */
START_TEST(test_connect_unanswered_t313)
{
	leg_id leg;

	rig_open(RIG_RAW, false);
	rig_advance(1);
	wire(false, (const uint8_t[]){ 0, 1, 0x73 }, 3);
	rig_advance(1);
	wire(false, (const uint8_t[]){ 0, 1, 1, 1 }, 4);
	rig_advance(1);
	wire(false, (const uint8_t[]){ 2, 1, 0, 0, 8, 2, 0, 1, 5, 4, 3, 0x80,
				       0x90, 0xa3, 0x18, 3, 0xa9, 0x83, 0x82,
				       0x70, 2, 0x81, 0x31, 0xa1 }, 24);
	rig_advance(1);
	leg = core_expect(&rig->a, CC_SETUP)->leg;
	core_say(&rig->a, CC_ANSWER, leg);
	rig_advance(1);
	wire(false, (const uint8_t[]){ 2, 1, 1, 4 }, 4);
	rig_advance(3900);
	core_expect_nothing(&rig->a);
	rig_advance(200);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASE)->cause.value, 102);
	EXPECT_SENT("DISCONNECT cref 0x0001 dest, cause 102");
	/* now it comes, and stops libpri's T305; then nothing more */
	wire(false, (const uint8_t[]){ 2, 1, 2, 6, 8, 2, 0, 1, 0x0f }, 9);
	rig_advance(1);
	wire(false, (const uint8_t[]){ 2, 1, 1, 8 }, 4);
	rig_advance(9000);
	wire(false, (const uint8_t[]){ 2, 1, 1, 8 }, 4);
	rig_advance(40000);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 102);
	end_well();
}
END_TEST

/* Nobody answers SETUP at all: sent twice, then given up (T303). */
START_TEST(test_setup_unanswered_t303)
{
	leg_id leg;

	rig_up(RIG_BARE, _i);
	call_out(SENT, &leg);
	rig_advance(9000);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value,
			  _i ? 18 : 102);
	end_well();
}
END_TEST

/* The far end answers neither DISCONNECT (T305) nor RELEASE (T308 twice);
 * the channel is then restarted. */
START_TEST(test_clearing_unanswered)
{
	leg_id leg;

	rig_up(RIG_BARE, _i);
	call_out(ANSWERED, &leg);
	rig->bare.hangs_up = false;
	core_release(&rig->a, leg, 17);
	rig_advance(29000);
	core_expect_nothing(&rig->a);
	rig_advance(12000);
	EXPECT_SENT("RELEASE cref 0x0001 orig, cause 17");
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 17);
	EXPECT_SENT(_i ? "RESTART cref global orig, chan 1 excl"
		       : "RESTART cref global orig, chan 31 excl");
	rig_advance(1000);
	end_well();
}
END_TEST

/* --- octets: what libpri never sends --- */

static void from_b(const char *hex)
{
	uint8_t f[GATE_FRAME];
	size_t n = 0;
	char *end;

	while (*hex) {
		f[n++] = (uint8_t)strtoul(hex, &end, 16);
		hex = end + strspn(end, " ");
	}
	wire(false, f, n);
	rig_advance(1);
}

/* Data link with a far end that is only octets; we are the user. */
static leg_id raw_call(void)
{
	leg_id leg;

	rig_open(RIG_RAW, false);
	rig_advance(1);
	from_b("00 01 73"); /* UA to our SABME */
	from_b("00 01 01 01"); /* RR: up here, too */
	ck_assert(rig->a.state.up);
	leg = core_call(&rig->a, "123");
	rig_advance(1);
	EXPECT_SENT("SETUP cref 0x0001 orig, called 123, calling 49711999 "
		    "international, chan 31 pref, bc 3.1 kHz alaw, complete");
	from_b("02 01 00 02 08 02 80 01 02 18 03 a9 83 9f");
	ck_assert_uint_eq(core_expect(&rig->a, CC_PROCEEDING)->channel, 31);
	return leg;
}

/* DISCONNECT with tones before the answer: the caller hears them. */
START_TEST(test_tones)
{
	const struct cc_msg *m;

	raw_call();
	from_b("02 01 02 02 08 02 80 01 45 08 02 84 91 1e 02 84 88");
	m = core_expect(&rig->a, CC_PROGRESS);
	ck_assert_uint_eq(m->progress, CC_PROG_INBAND);
	ck_assert_uint_eq(m->cause.value, 17);
	ck_assert_uint_eq(m->cause.location, CC_LOC_PUBLIC_REMOTE);
	EXPECT_NOT_SENT("RELEASE");
	if (_i == 0) { /* until the network releases */
		from_b("02 01 04 02 08 02 80 01 4d");
		EXPECT_SENT("RELEASE COMPLETE cref 0x0001 orig");
	} else { /* or 20 s, answered by RELEASE COMPLETE */
		from_b("02 01 01 03"); /* keep the link */
		rig_advance(9000);
		from_b("02 01 01 03");
		rig_advance(9000);
		from_b("02 01 01 03");
		EXPECT_NOT_SENT("RELEASE");
		rig_advance(2100);
		EXPECT_SENT("RELEASE cref 0x0001 orig, cause 17");
		from_b("02 01 04 04 08 02 80 01 5a");
	}
	m = core_expect(&rig->a, CC_RELEASED);
	ck_assert_uint_eq(m->cause.value, 17);
	ck_assert_uint_eq(m->cause.location, CC_LOC_PUBLIC_REMOTE);
	end_well();
}
END_TEST

/* First clearing messages of other shapes. */
START_TEST(test_clearing_octets)
{
	static const struct {
		const char *frame;
		uint8_t value, location;
		const char *answer;
	} rows[] = {
		{ "02 01 02 02 08 02 80 01 4d 08 02 82 91", 17, 2,
		  "RELEASE COMPLETE cref 0x0001 orig" },
		{ "02 01 02 02 08 02 80 01 4d", 0, CC_LOC_NONE,
		  "RELEASE COMPLETE cref 0x0001 orig" },
		{ "02 01 02 02 08 02 80 01 5a 08 02 8a a9", 41, 10, NULL },
		{ "02 01 02 02 08 02 80 01 5a", 0, CC_LOC_NONE, NULL },
		{ "02 01 02 02 08 02 80 01 45 08 03 02 80 95", 21, 2,
		  "RELEASE cref 0x0001 orig" },
		/* STATUS with call state null: nothing is left there */
		{ "02 01 02 02 08 02 80 01 7d 08 02 80 e5 14 01 00", 101, 0,
		  NULL },
	};
	const struct cc_msg *m;

	raw_call();
	from_b(rows[_i].frame);
	m = core_take(&rig->a);
	ck_assert_ptr_nonnull(m);
	if (rows[_i].answer) {
		EXPECT_SENT(rows[_i].answer);
	}
	if (m->head.type == CC_RELEASE) {
		from_b("02 01 04 04 08 02 80 01 5a");
		ck_assert_uint_eq(m->cause.value, rows[_i].value);
		m = core_take(&rig->a);
		ck_assert_ptr_nonnull(m);
	}
	ck_assert_uint_eq(m->head.type, CC_RELEASED);
	ck_assert_uint_eq(m->cause.value, rows[_i].value);
	ck_assert_uint_eq(m->cause.location, rows[_i].location);
	end_well();
}
END_TEST

/* STATUS with another state and a complaint: the call goes on. */
START_TEST(test_status_is_no_clearing)
{
	leg_id leg = raw_call();

	from_b("02 01 02 02 08 02 80 01 7d 08 02 80 e0 14 01 09");
	core_expect_nothing(&rig->a);
	from_b("02 01 04 02 08 02 80 01 07");
	core_expect(&rig->a, CC_ANSWER);
	from_b("02 01 06 04 08 02 80 01 75"); /* STATUS ENQUIRY */
	EXPECT_SENT("STATUS cref 0x0001 orig, cause 30 (Response to STATUS "
		    "ENQUIRY) loc user, state 10");
	core_release(&rig->a, leg, 16);
	rig_advance(1);
	from_b("02 01 08 08 08 02 80 01 4d");
	core_expect(&rig->a, CC_RELEASED);
	end_well();
}
END_TEST

/* The far end begins layer 2 anew in the middle of a call: does it still know
 * it? STATUS: it goes on. RELEASE COMPLETE: it is over. */
START_TEST(test_far_end_restarts)
{
	leg_id leg = raw_call();

	from_b("02 01 02 02 08 02 80 01 07");
	core_expect(&rig->a, CC_ANSWER);
	from_b("02 01 01 04");
	rig->mark = rig->n_frames;
	from_b("02 01 7f");
	EXPECT_SENT("UA F");
	rig_advance(1100);
	EXPECT_SENT("STATUS ENQUIRY cref 0x0001 orig");
	EXPECT_NOT_SENT("NOTIFY");
	core_expect_nothing(&rig->a);
	if (_i) {
		from_b("02 01 00 02 08 02 80 01 5a 08 02 82 d1");
		ck_assert_uint_eq(
			core_expect(&rig->a, CC_RELEASED)->cause.value, 81);
	} else {
		from_b("02 01 00 02 08 02 80 01 7d 08 02 82 9e 14 01 0a");
		core_expect_nothing(&rig->a);
		core_release(&rig->a, leg, 16);
		rig_advance(1);
		from_b("02 01 02 04 08 02 80 01 4d");
		core_expect(&rig->a, CC_RELEASED);
	}
	end_well();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("isdn clear");
	TCase *tc = tcase_create("clearing");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_we_clear, 0, 176);
	tcase_add_loop_test(tc, test_they_clear, 0, 60);
	tcase_add_loop_test(tc, test_refused_at_once, 0, 2);
	tcase_add_loop_test(tc, test_both_disconnect, 0, 2);
	tcase_add_loop_test(tc, test_no_answer_t301, 0, 2);
	tcase_add_loop_test(tc, test_proceeding_t310, 0, 2);
	tcase_add_loop_test(tc, test_progress_stops_t310, 0, 2);
	tcase_add_loop_test(tc, test_setup_unanswered_t303, 0, 2);
	tcase_add_test(tc, test_connect_unanswered_t313);
	tcase_add_loop_test(tc, test_clearing_unanswered, 0, 2);
	tcase_add_loop_test(tc, test_tones, 0, 2);
	tcase_add_loop_test(tc, test_clearing_octets, 0, 6);
	tcase_add_test(tc, test_status_is_no_clearing);
	tcase_add_loop_test(tc, test_far_end_restarts, 0, 2);
	suite_add_tcase(s, tc);
	return rig_run_suite(s);
}
