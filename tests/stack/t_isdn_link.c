/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn core base */
/* What the loss of a link does to calls: the D channel, the line, a role;
 * and that a step of the wall clock does nothing. */
#include "tests/stack/isdn_rig.c"

static leg_id answered_call(void)
{
	leg_id leg = core_call(&rig->a, "123");
	const struct bare_event *e;

	rig_advance(10);
	e = bare_expect(PRI_EVENT_RING);
	pri_answer(rig->bare.pri, e->call, e->channel, 0);
	rig_advance(10);
	core_expect(&rig->a, CC_PROCEEDING);
	core_expect(&rig->a, CC_ANSWER);
	return leg;
}

/* The wire is cut for so long with one call answered and one in setup. */
START_TEST(test_t309)
{
	static const struct {
		int64_t ms;
		bool setup_lives, answered_lives;
	} rows[] = { { 500, true, true },
		     { 2000, true, true },
		     { 5000, true, true },
		     { 30000, false, true },
		     { 120000, false, false } };
	const struct cc_msg *m;
	leg_id leg, young;
	int row = _i % 5;

	rig_up(RIG_BARE, _i / 5);
	leg = answered_call();
	young = core_call(&rig->a, "456");
	rig_advance(10);
	pri_proceeding(rig->bare.pri, bare_expect(PRI_EVENT_RING)->call, 0, 0);
	rig_advance(10);
	core_expect(&rig->a, CC_PROCEEDING);
	rig->cut = true;
	rig_advance(rows[row].ms);
	rig->cut = false;
	rig_advance(5000);
	m = core_take(&rig->a);
	if (rows[row].setup_lives) {
		ck_assert_ptr_null(m);
		core_release(&rig->a, young, 16);
		rig_advance(1000);
		m = core_expect(&rig->a, CC_RELEASED);
		ck_assert_uint_eq(m->cause.value, 16);
	} else {
		ck_assert_ptr_nonnull(m);
		ck_assert_uint_eq(m->head.type, CC_RELEASED);
		ck_assert_uint_eq(m->leg, young);
		ck_assert_uint_eq(m->cause.value, 27);
	}
	if (rows[row].answered_lives) {
		ck_assert_ptr_nonnull(leg_by_id(isdn_a(), leg));
		core_release(&rig->a, leg, 16);
		rig_advance(1000);
		ck_assert_uint_eq(
			core_expect(&rig->a, CC_RELEASED)->cause.value, 16);
	} else {
		m = core_expect(&rig->a, CC_RELEASED);
		ck_assert_uint_eq(m->leg, leg);
		ck_assert_uint_eq(m->cause.value, 27);
	}
	ck_assert(rig->a.state.up);
	expect_idle(&rig->a, 30);
	/* and the next call works */
	rig->bare.taken = rig->bare.n;
	answered_call();
	rig_close();
}
END_TEST

/* The state the core is told meanwhile. */
START_TEST(test_state_while_down)
{
	rig_up(RIG_BARE, _i);
	rig->cut = true;
	rig_advance(30000);
	ck_assert(!rig->a.state.up);
	ck_assert_str_eq(rig->a.state.text, "layer 2 down");
	core_call(&rig->a, "123");
	rig_advance(10);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 38);
	rig->cut = false;
	rig_advance(5000);
	ck_assert(rig->a.state.up);
	rig_close();
}
END_TEST

START_TEST(test_same_side)
{
	struct conf_for_isdn conf;
	struct bare other;

	rig_conf(&conf, _i);
	rig_open_conf(RIG_BARE, &conf);
	/* a far end that is what we are */
	bare_close(&rig->bare);
	bare_open(&other, rig->loop, _i, bare_to_wire);
	rig->bare = other;
	timer_stop(rig->loop, &other.timer);
	pri_set_userdata(rig->bare.pri, &rig->bare);
	memset(&rig->bare.timer, 0, sizeof(rig->bare.timer));
	bare_arm(&rig->bare);
	rig_advance(5000);
	ck_assert(!rig->a.state.up);
	ck_assert_str_eq(rig->a.state.text, _i ? "both ends are the network "
						 "side"
					       : "both ends are the user side");
	rig_close();
}
END_TEST

static void line_with(bool up, enum frame_calls calls)
{
	struct frame_line l = { .up = up, .calls = (uint8_t)calls };

	link_send(&rig->a.media, &l.head, FRAME_LINE, sizeof(l));
	rig_advance(1);
}

static void line(bool up)
{
	line_with(up, FRAME_CALLS_HOLD);
}

/* Media has the hold-off: its word alone ends calls. */
START_TEST(test_line_held_by_media)
{
	leg_id leg;

	rig_up(RIG_BARE, _i);
	leg = answered_call();
	line_with(false, FRAME_CALLS_KEEP);
	ck_assert(!rig->a.state.up);
	rig_advance(9000);
	core_expect_nothing(&rig->a);
	line_with(false, FRAME_CALLS_RELEASE);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->leg, leg);
	line_with(false, FRAME_CALLS_KEEP);
	ck_assert(!rig->a.state.up);
	line(true);
	rig_advance(1000);
	expect_idle(&rig->a, 30);
	/* a word that there is none of is not obeyed */
	line_with(false, FRAME_CALLS_RELEASE + 1);
	ck_assert(rig->a.state.up);
	rig_close();
}
END_TEST

START_TEST(test_line_alarm)
{
	const struct cc_msg *m;
	leg_id leg;

	rig_up(RIG_BARE, _i);
	leg = answered_call();
	line(false);
	ck_assert(!rig->a.state.up);
	ck_assert_str_eq(rig->a.state.text, "line down");
	rig_advance(2000);
	line(true); /* shorter than the hold time: nothing happens */
	ck_assert(rig->a.state.up);
	rig_advance(5000);
	core_expect_nothing(&rig->a);
	line(false);
	rig_advance(3000);
	m = core_expect(&rig->a, CC_RELEASED);
	ck_assert_uint_eq(m->leg, leg);
	ck_assert_uint_eq(m->cause.value, 27);
	/* Layer 2 has outlived that: the far end, which may have seen nothing,
	 * is told. */
	rig->bare.taken = rig->bare.n;
	line(true);
	rig_advance(1000);
	bare_expect(PRI_EVENT_RESTART);
	expect_idle(&rig->a, 30);
	rig_close();
}
END_TEST

static int hangups_41(void)
{
	const struct bare_event *e;
	int n = 0;

	while ((e = bare_take(&rig->bare))) {
		if (e->e == PRI_EVENT_HANGUP_REQ) {
			ck_assert_int_eq(e->cause, 41);
			n++;
		}
	}
	return n;
}

static void core_settles(void)
{
	struct link_head settled;

	link_send(&rig->a.core, &settled, CC_SETTLED, sizeof(settled));
	rig_advance(10);
}

/* The core dies and is back: an answered call goes on and is told; the other
 * one is cleared. */
START_TEST(test_core_is_back)
{
	leg_id leg;

	rig_up(RIG_BARE, _i);
	leg = answered_call();
	bare_call("30", 7);
	rig_advance(10);
	core_expect(&rig->a, CC_SETUP);
	rig->bare.taken = rig->bare.n;
	link_close(&rig->a.core);
	rig_advance(5000);
	ck_assert_int_eq(hangups_41(), 1);
	rig->a.n = rig->a.taken = rig->a.states = 0;
	our_link(&rig->a, ROLE_CORE, &rig->a.core, &core_side);
	core_settles();
	ck_assert_uint_eq(rig->a.kept, 1);
	ck_assert_uint_eq(rig->a.settled, 1);
	ck_assert_uint_eq(rig->a.last_kept.leg, leg);
	ck_assert_uint_ne(rig->a.last_kept.channel, 0);
	rig_advance(20000);
	ck_assert_int_eq(hangups_41(), 0);
	core_expect_nothing(&rig->a);
	line(false);
	rig_advance(3000);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->leg, leg);
	rig_close();
}
END_TEST

/* What the operator took out is told by the core, which knows it from an
 * earlier process; and told to a core that is new. */
START_TEST(test_barred_channels)
{
	struct cc_barred m = { .end = { CC_END_SPAN, 0 },
			       .slots = 1u << 7 | 1u << 9 | 1u << 16 };

	rig_up(RIG_BARE, _i);
	link_send(&rig->a.core, &m.head, CC_BARRED, sizeof(m));
	rig_advance(10);
	ck_assert_uint_eq(rig->a.state.free, 28);
	ck_assert_uint_eq(rig->a.barred.slots, 0);
	m.end.index = 3; /* not one of ours */
	link_send(&rig->a.core, &m.head, CC_BARRED, sizeof(m));
	rig_advance(10);
	ck_assert_uint_eq(rig->a.state.free, 28);
	link_close(&rig->a.core);
	our_link(&rig->a, ROLE_CORE, &rig->a.core, &core_side);
	core_settles();
	ck_assert_uint_eq(rig->a.barred.slots, 1u << 7 | 1u << 9);
	m = (struct cc_barred){ .end = { CC_END_SPAN, 0 } };
	link_send(&rig->a.core, &m.head, CC_BARRED, sizeof(m));
	rig_advance(10);
	ck_assert_uint_eq(rig->a.state.free, 30);
	rig_close();
}
END_TEST

/* A channel of which the card's driver has no samples is left alone by calls
 * either way, until it has some again; a call that has it stays. */
START_TEST(test_silent_channels)
{
	struct frame_line l = { .up = 1, .silent = 1u << 3 | 1u << 16 };
	leg_id leg;

	rig_up(RIG_BARE, _i);
	leg = answered_call();
	l.silent |= 1u << 1 | 1u << 31;
	link_send(&rig->a.media, &l.head, FRAME_LINE, sizeof(l));
	rig_advance(10);
	core_expect_nothing(&rig->a);
	ck_assert_uint_eq(rig->a.state.free, 27);
	bare_call_opts("30", 3, 1, 1, PRI_TRANS_CAP_SPEECH);
	rig_advance(10);
	ck_assert_int_eq(bare_expect(PRI_EVENT_HANGUP)->cause,
			 CAUSE_CHANNEL_BUSY);
	core_expect_nothing(&rig->a);
	l.silent = 0;
	link_send(&rig->a.media, &l.head, FRAME_LINE, sizeof(l));
	rig_advance(10);
	ck_assert_uint_eq(rig->a.state.free, 29);
	bare_call_opts("30", 3, 1, 1, PRI_TRANS_CAP_SPEECH);
	rig_advance(10);
	ck_assert_uint_ne(core_expect(&rig->a, CC_SETUP)->leg, leg);
	rig_close();
}
END_TEST

/* The core dies: calls are cleared with cause 41, an answered one when no new
 * core has come; a new one is told the state first, and works. */
START_TEST(test_core_dies)
{
	q931_call *in;

	rig_up(RIG_BARE, _i);
	answered_call();
	in = bare_call("30", 7);
	rig_advance(10);
	core_expect(&rig->a, CC_SETUP);
	(void)in;
	rig->bare.taken = rig->bare.n;
	link_close(&rig->a.core);
	rig_advance(1000);
	ck_assert_int_eq(hangups_41(), 1);
	rig_advance(1000 * CC_KEEP_S);
	ck_assert_int_eq(hangups_41(), 1);
	ck_assert(isdn_role_ops.is_idle(rig->a.role));
	/* without a core a call is refused, not left alone */
	bare_call("30", 8);
	rig_advance(10);
	ck_assert_int_eq(bare_expect(PRI_EVENT_HANGUP)->cause, 41);
	rig->a.n = rig->a.taken = rig->a.states = 0;
	our_link(&rig->a, ROLE_CORE, &rig->a.core, &core_side);
	rig_advance(10);
	ck_assert_uint_eq(rig->a.states, 1);
	ck_assert(rig->a.state.up);
	core_expect_nothing(&rig->a);
	answered_call();
	rig_close();
}
END_TEST

START_TEST(test_media_dies)
{
	leg_id leg;

	rig_up(RIG_BARE, _i);
	leg = answered_call();
	link_close(&rig->a.media);
	rig_advance(1000);
	ck_assert(!rig->a.state.up);
	ck_assert_str_eq(rig->a.state.text, "no line: media role is down");
	our_link(&rig->a, ROLE_MEDIA, &rig->a.media, &media_side);
	rig_advance(10);
	ck_assert(rig->a.state.up); /* back within the hold time */
	core_expect_nothing(&rig->a);
	link_close(&rig->a.media);
	rig_advance(4000);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->leg, leg);
	rig_close();
}
END_TEST

START_TEST(test_drain)
{
	struct cc_msg m = a_call("112");
	leg_id leg;

	rig_up(RIG_BARE, _i);
	leg = answered_call();
	isdn_role_ops.drain(rig->a.role);
	rig_advance(10);
	ck_assert(!rig->a.state.up);
	ck_assert(!isdn_role_ops.is_idle(rig->a.role));
	bare_call("30", 7);
	core_call(&rig->a, "123");
	rig_advance(10);
	ck_assert_int_eq(bare_expect(PRI_EVENT_HANGUP)->cause, 41);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 41);
	m.emergency = 1;
	core_send(&rig->a, CC_SETUP, ++rig->next_leg, &m);
	rig_advance(10);
	ck_assert_str_eq(bare_expect(PRI_EVENT_RING)->called, "112");
	core_release(&rig->a, rig->next_leg, 16);
	core_release(&rig->a, leg, 16);
	rig_advance(1000);
	ck_assert(isdn_role_ops.is_idle(rig->a.role));
	rig_close();
}
END_TEST

/* --- the wall clock --- */

/* Two minutes with calls both ways; the clock steps by so much on the way.
 * Returns what was on the wire, with its times. */
static size_t scenario(int64_t step_ms, struct rig_frame *frames)
{
	q931_call *in;
	leg_id leg;
	size_t n;

	rig_up(RIG_BARE, false);
	leg = answered_call();
	loop_wall_step(rig->loop, step_ms);
	in = bare_call("30", 7);
	rig_advance(10);
	core_say(&rig->a, CC_ALERTING, core_expect(&rig->a, CC_SETUP)->leg);
	rig_advance(45000);
	loop_wall_step(rig->loop, -2 * step_ms);
	core_call(&rig->a, "789"); /* unanswered: T303 */
	rig_advance(30000);
	loop_wall_step(rig->loop, step_ms);
	core_release(&rig->a, leg, 16);
	pri_hangup(rig->bare.pri, in, 16);
	bare_arm(&rig->bare);
	rig_advance(45000);
	n = rig->n_frames;
	memcpy(frames, rig->frames, n * sizeof(*frames));
	rig_close();
	return n;
}

START_TEST(test_wall_clock)
{
	static struct rig_frame still[RIG_FRAMES], stepped[RIG_FRAMES];
	size_t n = scenario(0, still), i;

	ck_assert_uint_gt(n, 40);
	ck_assert_uint_eq(scenario(_i ? 3600000 : -3600000, stepped), n);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(still[i].ms, stepped[i].ms);
		ck_assert_uint_eq(still[i].from_a, stepped[i].from_a);
		ck_assert_uint_eq(still[i].len, stepped[i].len);
		ck_assert_mem_eq(still[i].octets, stepped[i].octets,
				 still[i].len);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("isdn link");
	TCase *tc = tcase_create("links");

	tcase_add_loop_test(tc, test_t309, 0, 10);
	tcase_add_loop_test(tc, test_state_while_down, 0, 2);
	tcase_add_loop_test(tc, test_same_side, 0, 2);
	tcase_add_loop_test(tc, test_line_alarm, 0, 2);
	tcase_add_loop_test(tc, test_line_held_by_media, 0, 2);
	tcase_add_loop_test(tc, test_core_dies, 0, 2);
	tcase_add_loop_test(tc, test_core_is_back, 0, 2);
	tcase_add_loop_test(tc, test_barred_channels, 0, 2);
	tcase_add_loop_test(tc, test_silent_channels, 0, 2);
	tcase_add_loop_test(tc, test_media_dies, 0, 2);
	tcase_add_loop_test(tc, test_drain, 0, 2);
	tcase_add_loop_test(tc, test_wall_clock, 0, 2);
	suite_add_tcase(s, tc);
	return rig_run_suite(s);
}
