/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn core base */
/* Which channel a call gets: hunting, glare, retries, RESTART. */
#include "tests/stack/isdn_rig.c"

/* Both sides begin a call on the same channel in the same instant. */
START_TEST(test_glare)
{
	bool network = _i & 1, we_insist = _i & 2, they_insist = _i & 4;
	bool theirs = channel_glare(we_insist, they_insist, network);
	struct conf_for_isdn conf;
	const struct cc_msg *m;
	unsigned slot = network ? 1 : 31;
	leg_id leg;

	rig_conf(&conf, network);
	conf.span.isdn.exclusive = we_insist;
	rig_open_conf(RIG_OUR, &conf);
	container_of(rig->b.role, struct isdn, role)
		->conf.span.isdn.exclusive = they_insist;
	/* both take the same one */
	container_of(rig->b.role, struct isdn, role)->channels.hunt =
		network ? CONF_HUNT_UP : CONF_HUNT_DOWN;
	rig_advance(1500);
	leg = core_call(&rig->a, "111");
	core_call(&rig->b, "222");
	rig_advance(100);
	ck_assert_uint_eq(isdn_a()->stats.glare, 1);
	/* both calls are there, on two channels */
	m = core_take(&rig->a);
	while (m && m->head.type != CC_SETUP) {
		m = core_take(&rig->a);
	}
	ck_assert_ptr_nonnull(m);
	ck_assert_str_eq(m->called.digits, "222");
	ck_assert_int_eq(m->channel == slot, theirs);
	ck_assert_ptr_nonnull(leg_by_id(isdn_a(), leg));
	ck_assert_uint_eq(leg_by_id(isdn_a(), leg)->s.number == slot, !theirs);
	ck_assert_uint_eq(rig->a.state.free, 28);
	ck_assert_uint_eq(rig->b.state.free, 28);
	core_release(&rig->a, leg, 16);
	core_release(&rig->a, m->leg, 16);
	rig_advance(1000);
	expect_idle(&rig->a, 30);
	expect_idle(&rig->b, 30);
	rig_close();
}
END_TEST

START_TEST(test_glare_rule)
{
	/* Q.931 annex D.3, from the network's and the user's end */
	ck_assert(!channel_glare(false, false, true));
	ck_assert(!channel_glare(true, true, true));
	ck_assert(channel_glare(false, true, true));
	ck_assert(!channel_glare(true, false, true));
	ck_assert(channel_glare(false, false, false));
	ck_assert(channel_glare(true, true, false));
	ck_assert(channel_glare(false, true, false));
	ck_assert(!channel_glare(true, false, false));
}
END_TEST

/* Thirty calls, then no channel: 34 both ways; then all end. */
START_TEST(test_full_group)
{
	const struct bare_event *e;
	leg_id legs[30];
	unsigned i;

	rig_up(RIG_BARE, _i);
	for (i = 0; i < 30; i++) {
		legs[i] = core_call(&rig->a, "123");
	}
	rig_advance(100);
	ck_assert_uint_eq(rig->a.state.free, 0);
	for (i = 0; i < 30; i++) {
		e = bare_expect(PRI_EVENT_RING);
		pri_proceeding(rig->bare.pri, e->call, e->channel, 0);
	}
	rig_advance(100);
	for (i = 0; i < 30; i++) {
		core_expect(&rig->a, CC_PROCEEDING);
	}
	core_call(&rig->a, "123");
	rig_advance(10);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 34);
	bare_call("5", 3);
	rig_advance(10);
	ck_assert_int_eq(bare_expect(PRI_EVENT_HANGUP)->cause, 34);
	ck_assert_uint_eq(rig->a.refusals, 1); /* for the CDR */
	ck_assert_uint_eq(rig->a.refused.cause.value, 34);
	ck_assert_str_eq(rig->a.refused.called.digits, "5");
	bare_call_opts("5", 3, 1, 1, PRI_TRANS_CAP_SPEECH);
	rig_advance(10);
	ck_assert_int_eq(bare_expect(PRI_EVENT_HANGUP)->cause, 44);
	core_expect_nothing(&rig->a);
	for (i = 0; i < 30; i++) {
		core_release(&rig->a, legs[i], 16);
	}
	rig_advance(1000);
	for (i = 0; i < 30; i++) {
		core_expect(&rig->a, CC_RELEASED);
	}
	expect_idle(&rig->a, 30);
	rig_close();
}
END_TEST

/* What SETUP asks for and what it gets while channel 7 is in a call. */
START_TEST(test_requested_channel)
{
	static const struct {
		int channel, exclusive;
		int got, cause;
	} rows[] = {
		{ 7, 0, 1, 0 },	  { 7, 1, 0, 44 },  { 9, 1, 9, 0 },
		{ 16, 0, 1, 0 },  { 16, 1, 0, 82 }, { 40, 1, 0, 82 },
		{ 40, 0, 1, 0 },  { 255, 0, 1, 0 }, /* any */
	};
	const struct cc_msg *m;
	leg_id leg;

	rig_up(RIG_BARE, true);
	bare_call("30", 7);
	rig_advance(10);
	leg = core_expect(&rig->a, CC_SETUP)->leg;
	core_say(&rig->a, CC_ANSWER, leg);
	rig_advance(10);
	bare_expect(PRI_EVENT_PROCEEDING);
	bare_expect(PRI_EVENT_ANSWER);
	bare_call_opts("31", rows[_i].channel, rows[_i].exclusive, 1,
		       PRI_TRANS_CAP_SPEECH);
	rig_advance(10);
	m = core_take(&rig->a);
	if (rows[_i].cause) {
		ck_assert_ptr_null(m);
		ck_assert_int_eq(bare_expect(PRI_EVENT_HANGUP)->cause,
				 rows[_i].cause);
		ck_assert_uint_eq(rig->a.state.free, 29);
	} else {
		ck_assert_ptr_nonnull(m);
		ck_assert_int_eq(m->channel, rows[_i].got);
		ck_assert_int_eq(bare_expect(PRI_EVENT_PROCEEDING)->channel &
					 0xff,
				 rows[_i].got);
	}
	rig_close();
}
END_TEST

/* The far end refuses the channel: another one, three at most. */
START_TEST(test_retry)
{
	static const int causes[] = { 44, 34, 82 };
	const struct bare_event *e;
	unsigned i;

	rig_up(RIG_BARE, _i & 1);
	core_call(&rig->a, "123");
	for (i = 0; i < 3; i++) {
		rig_advance(10);
		e = bare_expect(PRI_EVENT_RING);
		ck_assert_str_eq(e->called, "123");
		ck_assert_int_eq(e->channel & 0xff,
				 (int)(_i & 1 ? 1 + i : 31 - i));
		if (_i & 2 && i == 1) {
			break;
		}
		pri_hangup(rig->bare.pri, e->call, causes[i]);
		bare_arm(&rig->bare);
	}
	if (_i & 2) { /* the second one is taken */
		pri_answer(rig->bare.pri, e->call, e->channel, 0);
		rig_advance(10);
		core_expect(&rig->a, CC_PROCEEDING);
		core_expect(&rig->a, CC_ANSWER);
		ck_assert_uint_eq(rig->a.state.free, 29);
	} else {
		rig_advance(10);
		ck_assert_uint_eq(
			core_expect(&rig->a, CC_RELEASED)->cause.value, 34);
		expect_idle(&rig->a, 30);
	}
	ck_assert_uint_eq(isdn_a()->stats.retried, _i & 2 ? 1 : 2);
	rig_close();
}
END_TEST

/* The first answer may name another channel. */
START_TEST(test_other_channel_in_answer)
{
	const struct bare_event *e;
	struct conf_for_isdn conf;

	rig_conf(&conf, _i & 1);
	conf.span.isdn.exclusive = _i & 2;
	rig_open_conf(RIG_BARE, &conf);
	rig_advance(1500);
	core_call(&rig->a, "123");
	rig_advance(10);
	e = bare_expect(PRI_EVENT_RING);
	pri_proceeding(rig->bare.pri, e->call, 12, 0);
	rig_advance(10);
	if (_i & 2) { /* we had insisted */
		ck_assert_uint_eq(
			core_expect(&rig->a, CC_RELEASE)->cause.value, 6);
		EXPECT_SENT("RELEASE cref 0x0001 orig, cause 6");
		core_expect(&rig->a, CC_RELEASED);
		expect_idle(&rig->a, 30);
	} else {
		ck_assert_uint_eq(core_expect(&rig->a, CC_PROCEEDING)->channel,
				  12);
		ck_assert_uint_eq(rig->a.state.free, 29);
		ck_assert_ptr_nonnull(channel_owner(&isdn_a()->channels, 12));
	}
	rig_close();
}
END_TEST

START_TEST(test_hunt)
{
	static const unsigned want[3][4] = {
		[CONF_HUNT_UP] = { 1, 1, 2, 3 },
		[CONF_HUNT_DOWN] = { 31, 31, 30, 29 },
		[CONF_HUNT_ROUND] = { 1, 2, 3, 4 },
	};
	struct conf_for_isdn conf;
	struct channels c;
	unsigned i, slot;

	rig_conf(&conf, false);
	conf.span.isdn.hunt = (enum conf_hunt)_i;
	channel_init(&c, &conf);
	for (i = 0; i < 4; i++) {
		slot = channel_hunt(&c, NULL);
		ck_assert_uint_eq(slot, want[_i][i]);
		if (i) {
			channel_take(&c, slot, &c);
		}
	}
	for (i = 3; i < 30; i++) {
		slot = channel_hunt(&c, NULL);
		ck_assert(slot && slot != 16);
		channel_take(&c, slot, &c);
	}
	ck_assert_uint_eq(channel_hunt(&c, NULL), 0);
}
END_TEST

/* --- RESTART --- */

static void two_calls(q931_call **in, leg_id *leg_in, leg_id *leg_out)
{
	const struct bare_event *e;

	*in = bare_call("30", 7);
	*leg_out = core_call(&rig->a, "123");
	rig_advance(10);
	*leg_in = core_expect(&rig->a, CC_SETUP)->leg;
	core_say(&rig->a, CC_ANSWER, *leg_in);
	while ((e = bare_take(&rig->bare)) && e->e != PRI_EVENT_RING) {
	}
	ck_assert_ptr_nonnull(e);
	pri_answer(rig->bare.pri, e->call, e->channel, 0);
	rig_advance(10);
	core_expect(&rig->a, CC_PROCEEDING);
	core_expect(&rig->a, CC_ANSWER);
	rig->bare.taken = rig->bare.n;
}

START_TEST(test_restart_received)
{
	leg_id leg_in, leg_out;
	const struct cc_msg *m;
	q931_call *in;

	rig_up(RIG_BARE, _i);
	two_calls(&in, &leg_in, &leg_out);
	pri_reset(rig->bare.pri, 7);
	rig_advance(10);
	EXPECT_SENT("RESTART ACK cref global dest, chan 7 excl, restart 0");
	m = core_expect(&rig->a, CC_RELEASED);
	ck_assert_uint_eq(m->leg, leg_in);
	ck_assert_uint_eq(m->cause.value, 41);
	core_expect_nothing(&rig->a);
	ck_assert_uint_eq(rig->a.state.free, 29);
	/* the other one is untouched and ends as usual */
	core_release(&rig->a, leg_out, 16);
	rig_advance(100);
	core_expect(&rig->a, CC_RELEASED);
	expect_idle(&rig->a, 30);
	rig_close();
}
END_TEST

/* The whole interface. */
START_TEST(test_restart_interface)
{
	static const uint8_t frame[] = { 0x00, 0x01, 0, 0,  8,	  2,
					 0,    0,    0x46, 0x79, 1, 0x86 };
	uint8_t f[sizeof(frame)];
	leg_id leg_in, leg_out;
	q931_call *in;
	unsigned i;

	rig_up(RIG_BARE, true);
	two_calls(&in, &leg_in, &leg_out);
	/* in the far end's name, with its sequence numbers */
	memcpy(f, frame, sizeof(f));
	for (i = rig->mark; i < rig->n_frames; i++) {
		const struct rig_frame *r = &rig->frames[i];

		if (!(r->octets[2] & 1)) {
			f[r->from_a ? 3 : 2] =
				(uint8_t)(r->octets[2] + 2);
		}
	}
	wire(false, f, sizeof(f));
	rig_advance(1);
	EXPECT_SENT("RESTART ACK cref global dest, restart 6");
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 41);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 41);
	expect_idle(&rig->a, 30);
	rig_close();
}
END_TEST

START_TEST(test_restart_on_link_up)
{
	struct conf_for_isdn conf;
	unsigned slot;

	rig_conf(&conf, _i);
	conf.span.isdn.restart = true;
	rig_open_conf(RIG_BARE, &conf);
	core_call(&rig->a, "123"); /* its channel is left alone */
	rig_advance(3000);
	bare_expect(PRI_EVENT_RING);
	for (slot = 1; slot < 32; slot++) {
		if (slot != 16 && slot != (_i ? 1u : 31u)) {
			ck_assert_int_eq(
				bare_expect(PRI_EVENT_RESTART)->channel &
					0xff,
				(int)slot);
		}
	}
	ck_assert_ptr_null(bare_take(&rig->bare));
	ck_assert_uint_eq(rig->a.state.free, 29);
	rig_close();
}
END_TEST

/* Nobody answers RESTART: one channel is lost, the rest works. */
START_TEST(test_restart_unanswered)
{
	struct conf_for_isdn conf;
	char *text;
	int i;

	rig_conf(&conf, false);
	conf.span.isdn.restart = true;
	rig_open_conf(RIG_RAW, &conf);
	rig_advance(1);
	wire(false, (const uint8_t[]){ 0, 1, 0x73 }, 3);
	rig_advance(1);
	wire(false, (const uint8_t[]){ 0, 1, 1, 1 }, 4);
	rig_advance(1);
	EXPECT_SENT("RESTART cref global orig, chan 1 excl, restart 0");
	for (i = 0; i < 250; i++) { /* RR: the link stays, nothing else */
		wire(false, (const uint8_t[]){ 2, 1, 1, i < 120 ? 2 : 4 }, 4);
		rig_advance(1000);
	}
	ck_assert_uint_eq(channel_count(&isdn_a()->channels, CHANNEL_OUT), 1);
	ck_assert_uint_eq(rig->a.state.free, 29);
	text = rig->a.state.text;
	ck_assert_str_eq(text, "in service");
	rig_close();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("isdn channel");
	TCase *tc = tcase_create("channels");

	tcase_add_loop_test(tc, test_glare, 0, 8);
	tcase_add_test(tc, test_glare_rule);
	tcase_add_loop_test(tc, test_full_group, 0, 2);
	tcase_add_loop_test(tc, test_requested_channel, 0, 8);
	tcase_add_loop_test(tc, test_retry, 0, 4);
	tcase_add_loop_test(tc, test_other_channel_in_answer, 0, 4);
	tcase_add_loop_test(tc, test_hunt, 0, 3);
	tcase_add_loop_test(tc, test_restart_received, 0, 2);
	tcase_add_test(tc, test_restart_interface);
	tcase_add_loop_test(tc, test_restart_on_link_up, 0, 2);
	tcase_add_test(tc, test_restart_unanswered);
	suite_add_tcase(s, tc);
	return rig_run_suite(s);
}
