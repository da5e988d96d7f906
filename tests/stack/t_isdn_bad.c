/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn core base */
/* Octets from a far end that is broken or hostile: each is counted, traced,
 * and no call notices. And what the console gets to see. */
#include "tests/stack/isdn_rig.c"

static uint8_t vs; /* N(S) of the far end's next I frame */

static void from_b(const char *hex)
{
	uint8_t f[600];
	size_t n = 0;
	char *end;

	while (*hex) {
		f[n++] = (uint8_t)strtoul(hex, &end, 16);
		hex = end + strspn(end, " ");
	}
	wire(false, f, n);
	rig_advance(1);
}

/* A message in an I frame with the right numbers; we acknowledge all. */
static void say(const char *hex)
{
	char text[2000];
	unsigned i, nr = 0;

	for (i = 0; i < rig->n_frames; i++) {
		const struct rig_frame *f = &rig->frames[i % RIG_FRAMES];

		if (f->from_a && !(f->octets[2] & 1)) {
			nr = (unsigned)(f->octets[2] / 2 + 1) & 0x7f;
		}
	}
	snprintf(text, sizeof(text), "02 01 %02x %02x %s", vs * 2u & 0xff,
		 nr * 2, hex);
	vs = (vs + 1) & 0x7f;
	from_b(text);
}

static void trace_on(void)
{
	struct obs_switch s = { .on = 1 };

	link_send(&rig->a.console, &s.head, OBS_TRACE_ON, sizeof(s));
	rig_advance(0);
}

/* We are the user; the far end is octets. One answered call, trace on. */
static leg_id raw_call(void)
{
	leg_id leg;

	vs = 0;
	rig_open(RIG_RAW, false);
	rig_advance(1);
	from_b("00 01 73");
	from_b("00 01 01 01");
	leg = core_call(&rig->a, "123");
	rig_advance(1);
	say("08 02 80 01 07 18 03 a9 83 9f");
	core_expect(&rig->a, CC_PROCEEDING);
	core_expect(&rig->a, CC_ANSWER);
	trace_on();
	return leg;
}

/* Still there, and cleared as usual. */
static void end_call(leg_id leg)
{
	core_expect_nothing(&rig->a);
	core_release(&rig->a, leg, 16);
	rig_advance(1);
	EXPECT_SENT("DISCONNECT cref 0x0001 orig, cause 16");
	say("08 02 80 01 4d");
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 16);
	expect_idle(&rig->a, 30);
	rig_close();
}

static const struct {
	const char *frame; /* NULL start: whole frame; else after I header */
	bool whole;
	enum gate_fault fault;
	const char *trace;
} bad[] = {
	{ "00", true, GATE_SHORT, "frame dropped: frame ends" },
	{ "02 01", true, GATE_SHORT, "frame dropped" },
	{ "03 01 00 00", true, GATE_ADDRESS, "frame dropped" },
	{ "fe ff 03 0f 12 34 01 ff", true, GATE_ADDRESS, "frame dropped" },
	{ "02 01 03 08 02 00 05 05 04 03 80 90 a3", true, GATE_CONTROL,
	  "frame dropped" },
	{ "02 01 af 82 80", true, GATE_CONTROL, "frame dropped" },
	{ "", false, GATE_HEADER, "message left out" },
	{ "08", false, GATE_HEADER, "message left out" },
	{ "08 02 80", false, GATE_HEADER, "message left out" },
	{ "43 02 80 01 0f", false, GATE_PROTOCOL, "message left out" },
	{ "08 01 81 45 08 02 80 90", false, GATE_CREF_LENGTH,
	  "message left out" },
	{ "08 03 80 00 01 45 08 02 80 90", false, GATE_CREF_LENGTH,
	  "message left out" },
	{ "08 02 80 01 45 08 09 80 90", false, GATE_IE_END,
	  "message left out: element runs past the message, ie 0x08" },
	{ "08 02 80 01 4d 96 90", false, GATE_SHIFT, "message left out" },
	{ "08 02 80 01 46 79 01 80", false, GATE_CREF_GLOBAL,
	  "message left out" },
	{ "08 02 00 00 45 08 02 80 90", false, GATE_CREF_GLOBAL,
	  "message left out" },
	{ "08 02 80 00 46 79 01 87", false, GATE_CREF_FLAG,
	  "message left out" },
	{ "08 02 80 01 05 04 03 80 90 a3", false, GATE_CREF_FLAG,
	  "message left out" },
	{ "08 02 80 01 62 4c 02 21 03", false, GATE_IE_GROUP,
	  "element left out: element has a broken octet group, ie 0x4c" },
	{ "08 02 80 01 62 28 00", false, GATE_IE_SHORT,
	  "element left out: element is too short, ie 0x28" },
};

START_TEST(test_bad_frame)
{
	leg_id leg = raw_call();
	uint64_t before = isdn_a()->d[0].chan.gate.faults[bad[_i].fault];

	if (bad[_i].whole) {
		from_b(bad[_i].frame);
	} else {
		say(bad[_i].frame);
	}
	ck_assert_uint_eq(isdn_a()->d[0].chan.gate.faults[bad[_i].fault], before + 1);
	if (!strstr(rig->a.trace, bad[_i].trace)) {
		ck_abort_msg("trace: %s", rig->a.trace);
	}
	end_call(leg);
}
END_TEST

START_TEST(test_too_long)
{
	leg_id leg = raw_call();
	char text[3 * 300 + 60] = "08 02 80 01 62 7e fb ";
	int i;

	for (i = 0; i < 270; i++) {
		strcat(text, "04 ");
	}
	text[strlen(text) - 1] = '\0';
	say(text);
	ck_assert_uint_eq(isdn_a()->d[0].chan.gate.faults[GATE_LONG], 1);
	end_call(leg);
}
END_TEST

/* A line asks for what it cannot have: a transfer (ETS 300 369; two B channels,
 * NI2), a deflection, an operation of nobody. libpri refuses the first by an
 * error component and passes over the others; the call goes on as it was. */
static const struct {
	const char *message, *answer; /* NULL: none */
} asks[] = {
	/* EctExecute: notSubscribed */
	{ "08 02 80 01 62 1c 09 91 a1 06 02 01 01 02 01 06",
	  "FACILITY cref 0x0001 orig, facility 91a306020101020100" },
	/* EctLinkIdRequest, ExplicitEctExecute */
	{ "08 02 80 01 62 1c 09 91 a1 06 02 01 03 02 01 08", NULL },
	{ "08 02 80 01 62 1c 0c 91 a1 09 02 01 02 02 01 07 02 01 05", NULL },
	{ "08 02 80 01 62 1c 18 9f 8b 01 00 a1 12 02 01 04 06 07 2a 86 48 ce "
	  "15 00 08 30 04 02 02 00 02", NULL },
	{ "08 02 80 01 62 1c 10 91 a1 0d 02 01 06 02 01 0d 30 05 80 03 31 32 "
	  "33", NULL },
	{ "08 02 80 01 62 1c 09 91 a1 06 02 01 05 02 01 7e", NULL },
	{ "08 02 80 01 24", "HOLD REJECT cref 0x0001 orig, cause 69" },
};

START_TEST(test_service_asked)
{
	leg_id leg = raw_call();

	rig->mark = rig->n_frames;
	say(asks[_i].message);
	if (asks[_i].answer) {
		EXPECT_SENT(asks[_i].answer);
	}
	EXPECT_NOT_SENT("STATUS");
	EXPECT_NOT_SENT("RELEASE");
	end_call(leg);
}
END_TEST

/* Messages for calls that do not exist (Q.931 5.8.3.2). */
START_TEST(test_unknown_reference)
{
	static const struct {
		const char *message, *answer;
	} rows[] = {
		{ "08 02 12 34 01", "RELEASE COMPLETE cref 0x1234 dest, cause "
				    "81" },
		{ "08 02 92 34 07 18 03 a9 83 81",
		  "RELEASE COMPLETE cref 0x1234 orig, cause 81" },
		{ "08 02 12 34 45 08 02 80 90",
		  "RELEASE COMPLETE cref 0x1234 dest, cause 81" },
		{ "08 02 12 34 4d 08 02 80 90",
		  "RELEASE COMPLETE cref 0x1234 dest, cause 81" },
		{ "08 02 12 34 6e 27 01 f9",
		  "RELEASE COMPLETE cref 0x1234 dest, cause 81" },
		{ "08 02 12 34 24", /* HOLD */
		  "RELEASE COMPLETE cref 0x1234 dest, cause 81" },
		{ "08 02 12 34 62 1c 03 91 a1 00",
		  "RELEASE COMPLETE cref 0x1234 dest, cause 81" },
		{ "08 02 12 34 75",
		  "RELEASE COMPLETE cref 0x1234 dest, cause 81" },
		{ "08 02 12 34 7d 08 02 80 90 14 01 0a",
		  "RELEASE COMPLETE cref 0x1234 dest, cause 101" },
		{ "08 02 12 34 7d 08 02 80 90 14 01 00", NULL },
		{ "08 02 12 34 5a 08 02 80 90", NULL },
	};
	leg_id leg = raw_call();

	rig->mark = rig->n_frames;
	say(rows[_i].message);
	if (rows[_i].answer) {
		EXPECT_SENT(rows[_i].answer);
	} else {
		EXPECT_NOT_SENT("RELEASE COMPLETE");
		EXPECT_NOT_SENT("STATUS");
	}
	end_call(leg);
}
END_TEST

/* SETUPs with faults, and what the far end is told. */
START_TEST(test_setup_faults)
{
	static const struct {
		const char *message, *answer;
		const char *called; /* of the call that goes on */
		const char *calling;
	} rows[] = {
		/* no bearer; broken bearer: missing for libpri */
		{ "05 18 03 a9 83 82 70 04 a1 31 32 33 a1",
		  "RELEASE COMPLETE cref 0x0009 dest, cause 96", NULL, NULL },
		{ "05 04 01 80 18 03 a9 83 82 70 04 a1 31 32 33 a1",
		  "RELEASE COMPLETE cref 0x0009 dest, cause 96", NULL, NULL },
		/* no channel, network to user: mandatory */
		{ "05 04 03 80 90 a3 70 04 a1 31 32 33 a1",
		  "RELEASE COMPLETE cref 0x0009 dest, cause 96", NULL, NULL },
		/* broken calling number: ignored */
		{ "05 04 03 80 90 a3 18 03 a9 83 82 6c 03 21 03 37 70 04 a1 31 "
		  "32 33 a1",
		  "CALL PROCEEDING cref 0x0009 dest, chan 2 excl", "123", "" },
		/* letters in numbers */
		{ "05 04 03 80 90 a3 18 03 a9 83 82 6c 04 21 83 41 42 70 04 a1 "
		  "31 32 33 a1",
		  "CALL PROCEEDING cref 0x0009 dest, chan 2 excl", "123", "" },
		{ "05 04 03 80 90 a3 18 03 a9 83 82 70 04 a1 41 32 33 a1",
		  "RELEASE COMPLETE cref 0x0009 dest, cause 28", NULL, NULL },
		/* unknown element that must be understood */
		{ "05 02 01 00 04 03 80 90 a3 18 03 a9 83 82 70 04 a1 31 32 33 "
		  "a1",
		  "RELEASE COMPLETE cref 0x0009 dest, cause 96", NULL, NULL },
		/* unknown element that need not */
		{ "05 04 03 80 90 a3 18 03 a9 83 82 5d 01 00 70 04 a1 31 32 33 "
		  "a1",
		  "CALL PROCEEDING cref 0x0009 dest, chan 2 excl", "123", "" },
		/* two calling numbers, network's first */
		{ "05 04 03 80 90 a3 18 03 a9 83 82 6c 04 21 83 37 31 6c 04 21 "
		  "80 37 32 70 04 a1 31 32 33 a1",
		  "CALL PROCEEDING cref 0x0009 dest, chan 2 excl", "123",
		  "72" },
		/* 56 kbit/s multirate, packet mode: refused by the bearer */
		{ "05 04 02 88 91 18 03 a9 83 82 70 04 a1 31 32 33 a1",
		  "RELEASE COMPLETE cref 0x0009 dest, cause 65", NULL, NULL },
		{ "05 04 02 88 c0 18 03 a9 83 82 70 04 a1 31 32 33 a1",
		  "RELEASE COMPLETE cref 0x0009 dest, cause 65", NULL, NULL },
		/* national coding of the bearer */
		{ "05 04 02 c0 90 18 03 a9 83 82 70 04 a1 31 32 33 a1",
		  "RELEASE COMPLETE cref 0x0009 dest, cause ", NULL, NULL },
	};
	const struct cc_msg *m;
	leg_id leg = raw_call();
	char text[400];

	snprintf(text, sizeof(text), "08 02 00 09 %s", rows[_i].message);
	say(text);
	EXPECT_SENT(rows[_i].answer);
	if (rows[_i].called) {
		m = core_expect(&rig->a, CC_SETUP);
		ck_assert_str_eq(m->called.digits, rows[_i].called);
		ck_assert_str_eq(m->calling.digits, rows[_i].calling);
		ck_assert_uint_eq(m->channel, 2);
		core_release(&rig->a, m->leg, 21);
		rig_advance(1);
		say("08 02 00 09 4d");
		core_expect(&rig->a, CC_RELEASED);
	}
	end_call(leg);
}
END_TEST

/* The same SETUP again (T303 there): nothing changes for the call. */
START_TEST(test_setup_again)
{
	static const char setup[] = "08 02 00 09 05 04 03 80 90 a3 18 03 a9 83 "
				    "82 70 04 a1 31 32 33 a1";
	leg_id leg = raw_call(), second;

	say(setup);
	second = core_expect(&rig->a, CC_SETUP)->leg;
	say(setup);
	say("08 02 00 09 05 70 01 81"); /* and one without a bearer */
	core_expect_nothing(&rig->a);
	ck_assert_uint_eq(isdn_a()->d[0].chan.gate.faults[GATE_CREF_USED], 2);
	core_say(&rig->a, CC_ANSWER, second);
	rig_advance(1);
	EXPECT_SENT("CONNECT cref 0x0009 dest, chan 2 excl");
	core_release(&rig->a, second, 16);
	rig_advance(1);
	say("08 02 00 09 4d");
	core_expect(&rig->a, CC_RELEASED);
	end_call(leg);
}
END_TEST

/* Sizes and types that no core or media role would send. */
START_TEST(test_bad_links)
{
	leg_id leg = raw_call();
	struct cc_msg m = a_call("123");
	struct frame_data f = { .len = 200 };
	uint64_t before = isdn_a()->stats.bad_messages;

	link_send(&rig->a.core, &m.head, CC_SETUP, sizeof(m) - 1);
	link_send(&rig->a.core, &m.head, 999, sizeof(m));
	link_send(&rig->a.media, &f.head, FRAME_DATA, FRAME_DATA_LEN(199));
	link_send(&rig->a.media, &f.head, FRAME_DATA, sizeof(f.head));
	link_send(&rig->a.media, &f.head, 77, sizeof(f.head));
	f.len = 0xffff;
	link_send(&rig->a.media, &f.head, FRAME_DATA, sizeof(f));
	link_send(&rig->a.console, &f.head, OBS_QUERY, sizeof(f.head));
	rig_advance(1);
	ck_assert_uint_eq(isdn_a()->stats.bad_messages, before + 7);
	/* a number longer than libpri can send */
	memset(m.called.digits, '1', 35);
	core_send(&rig->a, CC_SETUP, ++rig->next_leg, &m);
	rig_advance(1);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 28);
	/* for another span; for a leg that is not there */
	m = a_call("123");
	m.end.index = 3;
	core_send(&rig->a, CC_SETUP, ++rig->next_leg, &m);
	core_say(&rig->a, CC_ANSWER, 12345);
	rig_advance(1);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 3);
	end_call(leg);
}
END_TEST

static const char *query(const char *verb)
{
	struct obs_query q = { .id = 5 };

	rig->a.reply[0] = '\0';
	rig->a.replied = false;
	strcpy(q.verb, verb);
	link_send(&rig->a.console, &q.head, OBS_QUERY, sizeof(q));
	rig_advance(1);
	ck_assert(rig->a.replied);
	return rig->a.reply;
}

START_TEST(test_console)
{
	leg_id leg = raw_call();
	const char *text;
	unsigned i, traces = rig->a.traces;

	from_b("02 01 01 02");
	ck_assert_uint_eq(rig->a.traces, traces + 1);
	from_b("ff");
	text = query("status");
	ck_assert(!rig->a.reply_error);
	ck_assert_ptr_nonnull(strstr(text, "\"span\":\"carrier\""));
	ck_assert_ptr_nonnull(strstr(text, "MULTIPLE_FRAME_ESTABLISHED"));
	ck_assert_ptr_nonnull(strstr(text, "\"short\":1"));
	text = query("metrics");
	ck_assert_ptr_nonnull(
		strstr(text, "trunkgate_isdn_up{span=\"carrier\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(text, "channels{span=\"carrier\","
					   "state=\"busy\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(text, "reason=\"short\"} 1\n"));
	text = query("nonsense");
	ck_assert(rig->a.reply_error);
	/* all channels busy: the answer comes in pieces */
	for (i = 0; i < 29; i++) {
		core_call(&rig->a, "12345678901234567890");
	}
	rig_advance(1);
	text = query("channels");
	ck_assert(!rig->a.reply_error);
	ck_assert_uint_gt(strlen(text), OBS_TEXT / 2);
	ck_assert_int_eq(text[strlen(text) - 1], '}');
	ck_assert_ptr_nonnull(strstr(text, "\"channel\":31"));
	(void)leg;
	rig_close();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("isdn bad");
	TCase *tc = tcase_create("bad input");

	tcase_add_loop_test(tc, test_service_asked, 0,
			    (int)(sizeof(asks) / sizeof(asks[0])));
	tcase_add_loop_test(tc, test_bad_frame, 0,
			    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tc, test_too_long);
	tcase_add_loop_test(tc, test_unknown_reference, 0, 11);
	tcase_add_loop_test(tc, test_setup_faults, 0, 12);
	tcase_add_test(tc, test_setup_again);
	tcase_add_test(tc, test_bad_links);
	tcase_add_test(tc, test_console);
	suite_add_tcase(s, tc);
	return rig_run_suite(s);
}
