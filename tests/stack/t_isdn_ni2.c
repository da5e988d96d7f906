/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn core base */
/*
 * National ISDN 2: calls with numbers and names, SERVICE of B channels, and
 * what a far end can send that is wrong. The far end is libpri as NI2 (both
 * sides), or octets.
 */
#include "tests/stack/isdn_rig.c"

static void ni2_conf(struct conf_for_isdn *c, bool network)
{
	rig_conf(c, network);
	c->span.isdn.exchange = CONF_NI2;
	c->span.law = CONF_ULAW;
	c->span.line.d_slot = c->span.line.last_slot = 24;
}

static void ni2_up(enum rig_kind kind, bool network)
{
	struct conf_for_isdn conf;

	ni2_conf(&conf, network);
	rig_open_conf(kind, &conf);
	rig_advance(1500);
	if (kind != RIG_RAW) {
		ck_assert(rig->a.state.up);
	}
	rig->mark = rig->n_frames;
}

static struct cc_msg ni2_setup(void)
{
	struct cc_msg m = a_call("4155551212");

	m.called.type = CC_TON_NATIONAL;
	m.called.plan = CC_PLAN_E164;
	m.calling = m.called;
	strcpy(m.calling.digits, "2125550100");
	m.progress = CC_PROG_NON_ISDN_ORIG;
	strcpy(m.name, "J\xc3\xbcrgen Doe");
	return m;
}

static const struct ie_msg *message(const struct rig_frame *f)
{
	static struct ie_msg m;
	struct lapd l;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(lapd_parse(&l, f->octets, f->len), 0);
	ck_assert_int_eq(ie_msg_parse(&m, l.info, l.info_len), 0);
	return &m;
}

static void expect_octets(const struct ie_msg *m, uint8_t id,
			  const char *octets, size_t len)
{
	struct ie ie;

	ck_assert(ie_find(m, id, 0, &ie));
	ck_assert_uint_eq(ie.len, len);
	ck_assert_mem_eq(ie.data, octets, len);
}

/* What NI2 asks of a SETUP, octet for octet. */
START_TEST(test_setup_octets)
{
	struct cc_msg m = ni2_setup();
	const struct ie_msg *s;
	struct ie ie;

	ni2_up(RIG_BARE, _i);
	core_send(&rig->a, CC_SETUP, ++rig->next_leg, &m);
	rig_advance(10);
	s = message(rig_frame(true, "SETUP"));
	expect_octets(s, IE_BEARER, "\x90\x90\xa2", 3);
	expect_octets(s, IE_CALLED, "\xa1" "4155551212", 11);
	expect_octets(s, IE_CALLING, "\x21\x80" "2125550100", 12);
	expect_octets(s, IE_CHANNEL, _i ? "\xa1\x83\x81" : "\xa1\x83\x97", 3);
	/* progress 3 with our own location */
	expect_octets(s, IE_PROGRESS, _i ? "\x82\x83" : "\x81\x83", 2);
	ck_assert(!ie_find(s, IE_SENDING_COMPLETE, 0, &ie));
	/* a user's Display would mean nothing */
	ck_assert(ie_find(s, IE_DISPLAY, 0, &ie) == !!_i);
	ck_assert(ie_find(s, IE_FACILITY, 0, &ie));
	core_release(&rig->a, rig->next_leg, 16);
	rig_advance(1000);
	expect_idle(&rig->a, 23);
	rig_close();
}
END_TEST

/* A call each way, and the name with it: in the SETUP from a PBX, after it in
 * a FACILITY from the network. */
START_TEST(test_calls_and_names)
{
	struct cc_msg m = ni2_setup(), *got;

	ni2_up(RIG_OUR, _i & 1);
	core_send(&rig->a, CC_SETUP, ++rig->next_leg, &m);
	rig_advance(50);
	got = (struct cc_msg *)(uintptr_t)core_expect(&rig->b, CC_SETUP);
	ck_assert_str_eq(got->called.digits, "4155551212");
	ck_assert_uint_eq(got->called.type, CC_TON_NATIONAL);
	ck_assert_str_eq(got->calling.digits, "2125550100");
	ck_assert_str_eq(got->name, "J\xc3\xbcrgen Doe");
	ck_assert_uint_eq(got->progress, CC_PROG_NON_ISDN_ORIG);
	ck_assert_uint_eq(got->complete, 1);
	core_say(&rig->b, CC_ALERTING, got->leg);
	core_say(&rig->b, CC_ANSWER, got->leg);
	rig_advance(10);
	core_expect(&rig->a, CC_PROCEEDING);
	core_expect(&rig->a, CC_ALERTING);
	core_expect(&rig->a, CC_ANSWER);
	core_release(&rig->a, rig->next_leg, 17);
	rig_advance(1000);
	ck_assert_uint_eq(core_expect(&rig->b, CC_RELEASE)->cause.value, 17);
	expect_idle(&rig->a, 23);
	expect_idle(&rig->b, 23);
	rig_close();
}
END_TEST

/* --- libpri at the far end --- */

START_TEST(test_bare_calls)
{
	const struct bare_event *e;
	struct cc_msg m = ni2_setup();
	const struct cc_msg *got;
	q931_call *call;

	ni2_up(RIG_BARE, _i);
	core_send(&rig->a, CC_SETUP, ++rig->next_leg, &m);
	rig_advance(10);
	e = bare_expect(PRI_EVENT_RING);
	ck_assert_str_eq(e->called, "4155551212");
	ck_assert_int_eq(e->calledplan, 0x21);
	ck_assert_str_eq(e->calling, "2125550100");
	pri_answer(rig->bare.pri, e->call, e->channel, 0);
	rig_advance(10);
	core_expect(&rig->a, CC_PROCEEDING);
	core_expect(&rig->a, CC_ANSWER);
	call = bare_call_opts("4155551212", 3, 0, 0, PRI_TRANS_CAP_SPEECH);
	rig_advance(10);
	got = core_expect(&rig->a, CC_SETUP);
	ck_assert_uint_eq(got->channel, 3);
	ck_assert_uint_eq(got->complete, 1);
	core_say(&rig->a, CC_ANSWER, got->leg);
	rig_advance(10);
	bare_expect(PRI_EVENT_PROCEEDING);
	bare_expect(PRI_EVENT_ANSWER);
	pri_hangup(rig->bare.pri, call, 16);
	bare_arm(&rig->bare);
	core_release(&rig->a, rig->next_leg, 16);
	rig_advance(1000);
	expect_idle(&rig->a, 23);
	rig_close();
}
END_TEST

/* RESTART of each channel as the link comes up. */
START_TEST(test_restart)
{
	struct conf_for_isdn conf;
	unsigned n = 0;
	const struct bare_event *e;

	ni2_conf(&conf, _i);
	conf.span.isdn.restart = true;
	rig_open_conf(RIG_BARE, &conf);
	rig_advance(2000);
	while ((e = bare_take(&rig->bare))) {
		n += e->e == PRI_EVENT_RESTART;
	}
	ck_assert_uint_eq(n, 23);
	pri_reset(rig->bare.pri, 5);
	bare_arm(&rig->bare);
	rig_advance(10);
	bare_expect(PRI_EVENT_RESTART_ACK);
	expect_idle(&rig->a, 23);
	rig_close();
}
END_TEST

static const struct channel *channel(unsigned n)
{
	return &isdn_a()->channels.at[n];
}

/* A channel out of service there is not used by us, until it is back. */
START_TEST(test_service_of_channel)
{
	unsigned first = _i ? 1 : 23, second = _i ? 2 : 22;
	const struct cc_msg *m;

	ni2_up(RIG_BARE, _i);
	pri_maintenance_service(rig->bare.pri, 0, (int)first, 2);
	rig_advance(10);
	ck_assert_uint_eq(channel(first)->far_end, CHANNEL_OUT_OF_SERVICE);
	EXPECT_SENT("SERVICE ACK cref global dest, status out of service");
	ck_assert_uint_eq(rig->a.state.free, 22);
	core_call(&rig->a, "4155551212");
	rig_advance(10);
	ck_assert_uint_eq((unsigned)bare_expect(PRI_EVENT_SERVICE_ACK)->e,
			  PRI_EVENT_SERVICE_ACK);
	ck_assert_int_eq(bare_expect(PRI_EVENT_RING)->channel & 0xff,
			 (int)second);
	core_release(&rig->a, rig->next_leg, 16);
	rig_advance(100);
	while ((m = core_take(&rig->a)) && m->head.type != CC_RELEASED) {
	}
	pri_maintenance_service(rig->bare.pri, 0, (int)first, 0);
	rig_advance(10);
	ck_assert_uint_eq(channel(first)->far_end, CHANNEL_IN_SERVICE);
	expect_idle(&rig->a, 23);
	/* the far end may take it back by using it */
	pri_maintenance_service(rig->bare.pri, 0, (int)first, 2);
	rig_advance(10);
	bare_call("4155551212", (int)first);
	rig_advance(10);
	ck_assert_uint_eq(core_expect(&rig->a, CC_SETUP)->channel, first);
	ck_assert_uint_eq(channel(first)->far_end, CHANNEL_IN_SERVICE);
	rig_close();
}
END_TEST

/* --- octets --- */

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
	rig->mark = rig->n_frames;
	from_b(text);
}

static void raw_up(void)
{
	vs = 0;
	ni2_up(RIG_RAW, false);
	from_b("00 01 73");
	from_b("00 01 01 01");
	rig_advance(10);
	ck_assert(rig->a.state.up);
}

static const struct {
	const char *message, *answer;
	bool bad;
} services[] = {
	/* both protocol discriminators, answered in kind */
	{ "43 02 00 00 07 01 01 c0 18 03 a9 83 85",
	  "SERVICE ACK cref global dest, status in service, chan 5 excl", 0 },
	{ "03 02 00 00 0f 01 01 c2 18 03 a9 83 85",
	  "SERVICE ACK cref global dest, status out of service, chan 5 excl",
	  0 },
	{ "43 02 00 00 07 01 01 c1 18 03 a9 83 85",
	  "SERVICE ACK cref global dest, status maintenance, chan 5 excl", 0 },
	/* several in a list, one answer for each */
	{ "43 02 00 00 07 01 01 c0 18 04 a9 83 06 87",
	  "SERVICE ACK cref global dest, status in service, chan 7 excl", 0 },
	/* a channel that there is not: it is out of service here */
	{ "43 02 00 00 07 01 01 c0 18 03 a9 83 9e",
	  "SERVICE ACK cref global dest, status out of service, chan 30 excl",
	  0 },
	/* the D channel itself, by its number and by its mark */
	{ "43 02 00 00 07 01 01 c0 18 03 a9 83 98",
	  "SERVICE ACK cref global dest, status in service, chan 24 excl", 0 },
	{ "43 02 00 00 07 01 01 c0 18 01 ac",
	  "SERVICE ACK cref global dest, status in service, chan D excl", 0 },
	/* wrong: status missing, of no meaning; channel missing, broken; type,
	 * reference, length */
	{ "43 02 00 00 07 18 03 a9 83 85", "STATUS cref global dest, cause 96",
	  1 },
	{ "43 02 00 00 07 01 00 18 03 a9 83 85",
	  "STATUS cref global dest, cause 96", 1 },
	{ "43 02 00 00 07 01 01 c7 18 03 a9 83 85",
	  "STATUS cref global dest, cause 100", 1 },
	{ "43 02 00 00 07 01 01 c0", "STATUS cref global dest, cause 96", 1 },
	{ "43 02 00 00 07 01 01 c0 18 02 a9 83",
	  "STATUS cref global dest, cause 100", 1 },
	{ "43 02 00 00 07 01 01 c0 18 02 e9 01",
	  "STATUS cref global dest, cause 100", 1 },
	{ "43 02 00 00 33 01 01 c0 18 03 a9 83 85",
	  "STATUS cref global dest, cause 97", 1 },
	{ "43 02 00 05 07 01 01 c0 18 03 a9 83 85",
	  "STATUS cref global dest, cause 97", 1 },
	{ "43 01 00 07 01 01 c0", "STATUS cref global dest, cause 111", 1 },
	{ "43 02", "STATUS cref global dest, cause 111", 1 },
	{ "03", "STATUS cref global dest, cause 111", 1 },
	{ "43 02 00 00 07 01 7f c0 18 03 a9 83 85",
	  "STATUS cref global dest, cause 96", 1 },
};

START_TEST(test_service_octets)
{
	uint64_t bad;

	raw_up();
	bad = isdn_a()->stats.services_bad;
	say(services[_i].message);
	EXPECT_SENT(services[_i].answer);
	ck_assert_uint_eq(isdn_a()->stats.services_bad, bad + services[_i].bad);
	ck_assert_uint_eq(isdn_a()->stats.services_in, 1);
	/* repeated by layer 2, it is the same message */
	rig->mark = rig->n_frames;
	from_b("00 01 09 00");
	EXPECT_SENT(services[_i].answer);
	say("43 02 00 00 07 01 01 c0 18 03 a9 83 85");
	expect_idle(&rig->a, 23);
	rig_close();
}
END_TEST

/* SERVICE where it does not belong: EuroISDN leaves it out. */
START_TEST(test_service_on_euroisdn)
{
	vs = 0;
	rig_open(RIG_RAW, false);
	rig_advance(1);
	from_b("00 01 73");
	from_b("00 01 01 01");
	rig_advance(1);
	say("03 02 00 00 0f 01 01 c2 18 03 a9 83 85");
	ck_assert_uint_eq(isdn_a()->d[0].chan.gate.faults[GATE_PROTOCOL], 1);
	ck_assert_ptr_null(rig_frame(true, "SERVICE"));
	expect_idle(&rig->a, 30);
	rig_close();
}
END_TEST

static const struct {
	const char *message, *answer;
} restarts[] = {
	{ "08 02 00 00 46 79 01 81", "STATUS cref global dest, cause 100" },
	{ "08 02 00 00 46 18 03 a9 83 85 79 01 83",
	  "STATUS cref global dest, cause 100" },
	{ "08 02 00 00 46 79 01 80", "STATUS cref global dest, cause 96" },
	{ "08 02 00 00 46 18 03 a9 83 9e 79 01 80",
	  "STATUS cref global dest, cause 82" },
	{ "08 02 00 00 46 18 03 a9 83 85", "STATUS cref global dest, cause 96" },
	{ "08 02 00 00 46 18 03 a9 83 85 79 01 80",
	  "RESTART ACK cref global dest, chan 5 excl, restart 0" },
	{ "08 02 00 00 46 79 01 87", "RESTART ACK cref global dest" },
};

START_TEST(test_restart_octets)
{
	bool bad = !strncmp(restarts[_i].answer, "STATUS", 6);

	raw_up();
	say(restarts[_i].message);
	EXPECT_SENT(restarts[_i].answer);
	ck_assert_uint_eq(isdn_a()->d[0].chan.gate.faults[GATE_RESTART], bad);
	ck_assert_uint_eq(isdn_a()->stats.restarts_in, !bad);
	expect_idle(&rig->a, 23);
	rig_close();
}
END_TEST

/* The name announced does not come: the call goes on without. It is broken:
 * the same. */
static const char *const follows =
	"08 02 00 01 05 04 03 80 90 a2 18 03 a9 83 85 "
	"1c 12 9f 8b 01 00 a1 0c 02 01 01 06 07 2a 86 48 ce 15 00 04 "
	"70 05 a1 31 32 33 34";

static const struct {
	const char *facility, *name;
} names[] = {
	{ "08 02 00 01 62 1c 12 9f 8b 01 00 a1 0c 02 01 01 02 01 00 "
	  "80 04 4a 4f 48 4e", "JOHN" },
	{ "08 02 00 01 62 1c 17 9f 8b 01 00 a1 11 02 01 01 02 01 00 "
	  "a1 09 04 04 4a 4f 48 4e 02 01 01", "JOHN" },
	{ "08 02 00 01 62 1c 0e 91 a1 0b 02 01 01 02 01 00 30 03 80 01 4a",
	  "J" },
	/* restricted; not available; another operation */
	{ "08 02 00 01 62 1c 12 9f 8b 01 00 a1 0c 02 01 01 02 01 00 "
	  "82 04 4a 4f 48 4e", "" },
	{ "08 02 00 01 62 1c 0c 9f 8b 01 00 a1 06 02 01 01 02 01 00 84 00",
	  "" },
	{ "08 02 00 01 62 1c 12 9f 8b 01 00 a1 0c 02 01 01 02 01 09 "
	  "80 04 4a 4f 48 4e", "" },
	/* lengths that go too far, at each level */
	{ "08 02 00 01 62 1c 12 9f 8b 01 00 a1 0d 02 01 01 02 01 00 "
	  "80 04 4a 4f 48 4e", "" },
	{ "08 02 00 01 62 1c 12 9f 8b 01 00 a1 0c 02 01 01 02 01 00 "
	  "80 05 4a 4f 48 4e", "" },
	{ "08 02 00 01 62 1c 0b 9f a1 08 02 01 01 02 01 00 a1 84", "" },
	{ "08 02 00 01 62 1c 02 9f a1", "" },
	{ NULL, "" },
};

START_TEST(test_name_follows)
{
	const struct cc_msg *m;

	raw_up();
	say(follows);
	EXPECT_SENT("CALL PROCEEDING cref 0x0001 dest, chan 5 excl");
	core_expect_nothing(&rig->a);
	if (names[_i].facility) {
		say(names[_i].facility);
	}
	if (!names[_i].name[0]) {
		core_expect_nothing(&rig->a);
		rig_advance(500);
	}
	m = core_expect(&rig->a, CC_SETUP);
	ck_assert_str_eq(m->name, names[_i].name);
	say("08 02 00 01 4d 08 02 82 90");
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 16);
	expect_idle(&rig->a, 23);
	rig_close();
}
END_TEST

/* The caller gives up before his name is there: one call, begun and ended. */
START_TEST(test_gone_before_name)
{
	raw_up();
	say(follows);
	core_expect_nothing(&rig->a);
	say("08 02 00 01 4d 08 02 82 90");
	core_expect(&rig->a, CC_SETUP);
	core_expect(&rig->a, CC_RELEASED);
	core_expect_nothing(&rig->a);
	expect_idle(&rig->a, 23);
	rig_close();
}
END_TEST

#define N(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
	Suite *s = suite_create("isdn ni2");
	TCase *tc = tcase_create("ni2");

	tcase_add_loop_test(tc, test_setup_octets, 0, 2);
	tcase_add_loop_test(tc, test_calls_and_names, 0, 2);
	tcase_add_loop_test(tc, test_bare_calls, 0, 2);
	tcase_add_loop_test(tc, test_restart, 0, 2);
	tcase_add_loop_test(tc, test_service_of_channel, 0, 2);
	tcase_add_loop_test(tc, test_service_octets, 0, N(services));
	tcase_add_test(tc, test_service_on_euroisdn);
	tcase_add_loop_test(tc, test_restart_octets, 0, N(restarts));
	tcase_add_loop_test(tc, test_name_follows, 0, N(names));
	tcase_add_test(tc, test_gone_before_name);
	suite_add_tcase(s, tc);
	return rig_run_suite(s);
}
