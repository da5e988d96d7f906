/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn core base */
/*
 * NFAS: spans that share a D channel and its backup, both ends ours or the far
 * end libpri. What is lost when a D channel goes, and what is not.
 */
#include <errno.h>

#include "tests/stack/isdn_rig.c"

#define SPANS 4

static unsigned spans = SPANS;

static struct isdn *isdn_of_our(struct our *o)
{
	return container_of(o->role, struct isdn, role);
}

static void open_group(enum rig_kind kind, bool network, unsigned n,
		       bool backup)
{
	struct conf_for_isdn conf;

	spans = n;
	rig_group_conf(&conf, network, n, backup);
	conf.span.isdn.restart = true;
	rig_open_conf(kind, &conf);
	rig_advance(3000);
	rig->mark = rig->n_frames;
}

static const char *d_state(struct our *o, unsigned i)
{
	return health_d_state(&isdn_of_our(o)->d[i]);
}

static void expect_d(const char *primary, const char *backup)
{
	struct our *both[] = { &rig->a, &rig->b };
	unsigned i, n = rig->kind == RIG_OUR ? 2 : 1;

	for (i = 0; i < n; i++) {
		ck_assert_str_eq(d_state(both[i], 0), primary);
		ck_assert_str_eq(d_state(both[i], 1), backup);
	}
}

/* B channels of the group: each T1 has 24, less the D channels. */
static unsigned channels_of_group(const struct isdn *isdn)
{
	return isdn->n_spans * 24 - isdn->n_d;
}

static void expect_group_idle(struct our *o)
{
	struct isdn *isdn = isdn_of_our(o);

	ck_assert_uint_eq(leg_count(isdn), 0);
	ck_assert_uint_eq(channel_count(&isdn->channels, CHANNEL_IDLE),
			  channels_of_group(isdn));
	ck_assert_uint_eq(isdn->stats.bad_messages, 0);
}

/* --- calls from A to B, answered --- */

struct pair {
	leg_id a, b;
	struct cc_end end_a, end_b;
	uint8_t slot;
};

static struct pair call_up(void)
{
	const struct cc_msg *m;
	struct pair p;

	p.a = core_call(&rig->a, "4155551212");
	rig_advance(5);
	m = core_expect(&rig->b, CC_SETUP);
	p.b = m->leg;
	p.end_b = m->end;
	p.slot = m->channel;
	core_say(&rig->b, CC_ANSWER, p.b);
	rig_advance(5);
	m = core_expect(&rig->a, CC_PROCEEDING);
	p.end_a = m->end;
	ck_assert_uint_eq(m->channel, p.slot);
	core_expect(&rig->a, CC_ANSWER);
	ck_assert_uint_eq(p.end_a.index, p.end_b.index);
	return p;
}

static void clear(const struct pair *p, bool by_a)
{
	core_release(by_a ? &rig->a : &rig->b, by_a ? p->a : p->b, 16);
	rig_advance(20);
	core_expect(by_a ? &rig->b : &rig->a, CC_RELEASE);
	ck_assert_uint_eq(core_expect(&rig->b, CC_RELEASED)->cause.value, 16);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->cause.value, 16);
}

static struct pair pairs[128];

/* One call on each B channel of the group. */
static unsigned fill(void)
{
	unsigned i, n = channels_of_group(isdn_a()), seen[SPANS] = { 0 };

	for (i = 0; i < n; i++) {
		pairs[i] = call_up();
		seen[pairs[i].end_a.index]++;
	}
	ck_assert_uint_eq(seen[0], 23);
	ck_assert_uint_eq(seen[spans - 1], spans > 2 ? 24 : 23);
	return n;
}

static void clear_all(unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		clear(&pairs[i], i & 1);
	}
	core_expect_nothing(&rig->a);
	core_expect_nothing(&rig->b);
	rig_advance(60000);
	expect_group_idle(&rig->a);
	expect_group_idle(&rig->b);
}

START_TEST(test_up)
{
	open_group(RIG_OUR, _i & 1, _i & 2 ? 2 : 4, true);
	expect_d("IN SERVICE", "STANDBY");
	ck_assert(rig->a.state.up);
	ck_assert_uint_eq(rig->a.span_state[0].channels, 23);
	ck_assert_uint_eq(rig->a.span_state[1].channels, 23);
	ck_assert_uint_eq(rig->b.span_state[spans - 1].free,
			  spans > 2 ? 24 : 23);
	rig->mark = 0;
	EXPECT_SENT("SERVICE cref global orig, status in service, chan if 0 "
		    "D excl");
	clear_all(fill());
	rig_close();
}
END_TEST

/* The interface is named in each channel; one that is full is passed over. */
START_TEST(test_octets)
{
	const struct rig_frame *f;
	struct ie_msg m;
	struct lapd l;
	struct ie ie;
	unsigned i;

	open_group(RIG_OUR, _i, 4, true);
	for (i = 0; i < 30; i++) {
		pairs[i] = call_up();
	}
	f = rig_frame(true, _i ? "SETUP cref 0x001e" : "SETUP cref 0x001e");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(lapd_parse(&l, f->octets, f->len), 0);
	ck_assert_int_eq(ie_msg_parse(&m, l.info, l.info_len), 0);
	ck_assert(ie_find(&m, IE_CHANNEL, 0, &ie));
	/* network: up from 0/1, 23 on the first; user: down from 3/24 */
	ck_assert_uint_eq(ie.len, 4);
	ck_assert_mem_eq(ie.data,
			 _i ? "\xe1\x81\x83\x87" : "\xe1\x82\x83\x93", 4);
	/* national number, plan E.164; no sending complete on NI2 */
	ck_assert(!ie_find(&m, IE_SENDING_COMPLETE, 0, &ie));
	clear_all(30);
	rig_close();
}
END_TEST

/* --- switch-over --- */

static void line_of(struct our *o, unsigned span, bool up)
{
	struct frame_line l = { .span = (uint16_t)span, .up = up,
				.calls = FRAME_CALLS_HOLD };

	link_send(&o->media, &l.head, FRAME_LINE, sizeof(l));
	rig_advance(1);
}

static void lose(unsigned span, bool line)
{
	rig->cut_spans |= 1u << span;
	if (line) {
		line_of(&rig->a, span, false);
		line_of(&rig->b, span, false);
	}
}

static void give_back(unsigned span, bool line)
{
	rig->cut_spans &= ~(1u << span);
	if (line) {
		line_of(&rig->a, span, true);
		line_of(&rig->b, span, true);
	}
}

/* Layer 2 of the primary is lost with a call on every channel: not one call
 * is. The primary comes back as standby, and the backup is lost in turn. */
START_TEST(test_switch_over)
{
	bool network = _i & 1;
	unsigned n;

	open_group(RIG_OUR, network, _i & 2 ? 2 : 4, true);
	n = fill();
	lose(0, false);
	rig_advance(25000);
	expect_d("OUT OF SERVICE", "IN SERVICE");
	core_expect_nothing(&rig->a);
	core_expect_nothing(&rig->b);
	ck_assert_uint_eq(isdn_a()->stats.switches, 1);
	ck_assert_uint_ge(isdn_a()->stats.audited, n);
	ck_assert_uint_eq(isdn_a()->stats.audit_lost, 0);
	ck_assert(rig->a.state.up);
	ck_assert_uint_eq(health_t309_left_s(isdn_a()), 0);
	/* a call is cleared and another made on the backup */
	clear(&pairs[0], network);
	pairs[0] = call_up();
	give_back(0, false);
	rig_advance(10000);
	expect_d("STANDBY", "IN SERVICE");
	lose(1, false);
	rig_advance(25000);
	expect_d("IN SERVICE", "OUT OF SERVICE");
	core_expect_nothing(&rig->a);
	core_expect_nothing(&rig->b);
	give_back(1, false);
	rig_advance(10000);
	expect_d("IN SERVICE", "STANDBY");
	clear_all(n);
	rig_close();
}
END_TEST

/* The line of the primary is lost: its own calls end after the hold-off, as
 * nobody hears anything on them, the others go on. */
START_TEST(test_line_of_primary)
{
	const struct cc_msg *m;
	unsigned i, ended = 0, n;

	open_group(RIG_OUR, _i, 4, true);
	n = fill();
	lose(0, true);
	rig_advance(1000);
	expect_d("OUT OF SERVICE", "IN SERVICE"); /* at once */
	core_expect_nothing(&rig->a);
	rig_advance(20000);
	while ((m = core_take(&rig->a))) {
		ended += m->head.type == CC_RELEASED;
		ck_assert_uint_eq(m->cause.value, 27);
		ck_assert_uint_eq(m->end.index, 0);
	}
	ck_assert_uint_eq(ended, 23);
	while (core_take(&rig->b)) {
	}
	for (i = 0; i < n; i++) {
		if (pairs[i].end_a.index != 0) {
			clear(&pairs[i], i & 1);
		}
	}
	/* no call goes there meanwhile */
	ck_assert(!rig->a.span_state[0].up);
	ck_assert_uint_eq(rig->a.span_state[0].free, 0);
	pairs[0] = call_up();
	ck_assert_uint_ne(pairs[0].end_a.index, 0);
	clear(&pairs[0], true);
	give_back(0, true);
	rig_advance(30000);
	expect_d("STANDBY", "IN SERVICE");
	ck_assert_uint_eq(rig->a.span_state[0].free, 23);
	clear_all(0);
	rig_close();
}
END_TEST

/* Calls in setup end when their D channel does, at both ends. */
START_TEST(test_setup_ends)
{
	leg_id a, b, old;
	struct pair p;

	open_group(RIG_OUR, _i, 2, true);
	p = call_up();
	old = p.a;
	a = core_call(&rig->a, "4155551212");
	rig_advance(5);
	b = core_expect(&rig->b, CC_SETUP)->leg;
	core_say(&rig->b, CC_ALERTING, b);
	rig_advance(5);
	core_expect(&rig->a, CC_PROCEEDING);
	core_expect(&rig->a, CC_ALERTING);
	lose(0, false);
	rig_advance(25000);
	ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)->leg, a);
	ck_assert_uint_eq(core_expect(&rig->b, CC_RELEASED)->leg, b);
	core_expect_nothing(&rig->a);
	ck_assert_ptr_nonnull(leg_by_id(isdn_a(), old));
	/* its channel is restarted on the backup */
	EXPECT_SENT(_i ? "RESTART cref global orig, chan if 0 2 excl"
		       : "RESTART cref global orig, chan if 1 22 excl");
	pairs[0] = p;
	clear_all(1);
	rig_close();
}
END_TEST

/* Calls that are answered when the D channel is just gone: nobody acknowledges
 * CONNECT, and libpri's DISCONNECT of T313 waits behind frames that nobody
 * acknowledges either, until all of them are lost. */
START_TEST(test_connect_on_a_lost_link)
{
	leg_id legs[12];
	unsigned i, n = 12, told = 0, ended = 0;
	struct conf_for_isdn conf;
	const struct cc_msg *m;

	rig_group_conf(&conf, false, 4, true);
	conf.span.isdn.t200_ms = 2000; /* layer 2 finds out after T313 */
	rig_open_conf(RIG_OUR, &conf);
	rig_advance(3000);
	for (i = 0; i < n; i++) {
		core_call(&rig->b, "4155551212");
		rig_advance(5);
		legs[i] = core_expect(&rig->a, CC_SETUP)->leg;
		core_say(&rig->a, CC_ALERTING, legs[i]);
		rig_advance(5);
	}
	lose(0, false);
	for (i = 0; i < n; i++) {
		core_say(&rig->a, CC_ANSWER, legs[i]);
		rig_advance(1);
	}
	rig_advance(4200);
	while ((m = core_take(&rig->a))) {
		ck_assert_uint_eq(m->head.type, CC_RELEASE);
		ck_assert_uint_eq(m->cause.value, 102);
		told++;
	}
	ck_assert_uint_eq(told, n);
	rig_advance(120000);
	while ((m = core_take(&rig->a))) {
		ck_assert_uint_eq(m->head.type, CC_RELEASED);
		ck_assert_uint_eq(m->cause.value, 102);
		ended++;
	}
	ck_assert_uint_eq(ended, n);
	while (core_take(&rig->b)) {
	}
	give_back(0, false);
	rig_advance(30000);
	clear_all(0);
	rig_close();
}
END_TEST

/* Both are lost: T309 decides. */
START_TEST(test_both_lost)
{
	bool lives = _i & 2;
	unsigned i, n = 10;

	open_group(RIG_OUR, _i & 1, 4, true);
	for (i = 0; i < n; i++) {
		pairs[i] = call_up();
	}
	rig->cut = true;
	rig_advance(lives ? 60000 : 115000);
	ck_assert(!rig->a.state.up);
	ck_assert_str_eq(rig->a.state.text, "no D channel in service");
	if (lives) {
		ck_assert_uint_gt(health_t309_left_s(isdn_a()), 10);
	}
	rig->cut = false;
	rig_advance(15000);
	expect_d("IN SERVICE", "STANDBY");
	ck_assert(rig->a.state.up);
	if (lives) {
		core_expect_nothing(&rig->a);
		core_expect_nothing(&rig->b);
		ck_assert_uint_eq(isdn_a()->stats.audit_lost, 0);
		clear_all(n);
	} else {
		for (i = 0; i < n; i++) {
			ck_assert_uint_eq(core_expect(&rig->a, CC_RELEASED)
						  ->cause.value, 27);
			ck_assert_uint_eq(core_expect(&rig->b, CC_RELEASED)
						  ->cause.value, 27);
		}
		clear_all(0);
	}
	rig_close();
}
END_TEST

/* The backup alone is there at the start; then the primary, as standby. */
START_TEST(test_starts_with_backup)
{
	struct conf_for_isdn conf;

	spans = 2;
	rig_group_conf(&conf, _i, 2, true);
	rig_open_conf(RIG_OUR, &conf);
	rig->cut_spans = 1;
	rig_advance(4000);
	ck_assert(!rig->a.state.up);
	rig_advance(8000);
	expect_d("OUT OF SERVICE", "IN SERVICE");
	ck_assert(rig->a.state.up);
	ck_assert_uint_eq(isdn_a()->stats.switches, 0);
	rig->cut_spans = 0;
	rig_advance(8000);
	expect_d("STANDBY", "IN SERVICE");
	pairs[0] = call_up();
	clear_all(1);
	rig_close();
}
END_TEST

/* The operator wants the other one. */
START_TEST(test_switch_by_hand)
{
	open_group(RIG_OUR, _i, 4, true);
	pairs[0] = call_up();
	ck_assert_int_eq(nfas_switch(isdn_a()), 0);
	rig_advance(100);
	expect_d("STANDBY", "IN SERVICE");
	rig_advance(3000);
	core_expect_nothing(&rig->a);
	lose(0, false);
	rig_advance(25000);
	ck_assert_int_eq(nfas_switch(isdn_a()), -EAGAIN);
	give_back(0, false);
	rig_advance(15000);
	ck_assert_int_eq(nfas_switch(isdn_of_our(&rig->b)), 0);
	rig_advance(100);
	expect_d("IN SERVICE", "STANDBY");
	clear_all(1);
	rig_close();
}
END_TEST

/* One D channel for all, no backup. */
START_TEST(test_no_backup)
{
	unsigned n;

	open_group(RIG_OUR, _i, 4, false);
	ck_assert_uint_eq(isdn_a()->n_d, 1);
	n = 23 + 3 * 24;
	ck_assert_uint_eq(channels_of_group(isdn_a()), n);
	fill();
	lose(0, false);
	rig_advance(40000);
	ck_assert_str_eq(d_state(&rig->a, 0), "OUT OF SERVICE");
	give_back(0, false);
	rig_advance(15000);
	core_expect_nothing(&rig->a);
	core_expect_nothing(&rig->b);
	clear_all(n);
	rig_close();
}
END_TEST

/* --- the far end is libpri --- */

static q931_call *bare_called(void)
{
	core_call(&rig->a, "4155551212");
	rig_advance(5);
	return bare_expect(PRI_EVENT_RING)->call;
}

/* As Asterisk does it: messages of calls go where the last one came from. */
START_TEST(test_bare_switch_over)
{
	const struct bare_event *e;
	q931_call *in;

	open_group(RIG_BARE, _i, 2, true);
	rig->bare.taken = rig->bare.n;
	expect_d("IN SERVICE", "STANDBY");
	in = bare_called();
	pri_answer(rig->bare.pri, in, rig->bare.events[0].channel, 0);
	bare_arm(&rig->bare);
	rig_advance(10);
	core_expect(&rig->a, CC_PROCEEDING);
	core_expect(&rig->a, CC_ANSWER);
	lose(0, false);
	rig_advance(30000);
	expect_d("OUT OF SERVICE", "IN SERVICE");
	core_expect_nothing(&rig->a);
	/* our STATUS ENQUIRY was answered there */
	ck_assert_ptr_nonnull(rig_frame(false, "STATUS cref"));
	ck_assert_uint_eq(isdn_a()->stats.audit_lost, 0);
	core_release(&rig->a, rig->next_leg, 16);
	rig->backup.taken = 0;
	rig_advance(1000);
	while ((e = bare_take(&rig->backup)) &&
	       e->e != PRI_EVENT_HANGUP_REQ) {
	}
	ck_assert_ptr_nonnull(e);
	ck_assert_int_eq(e->cause, 16);
	core_expect(&rig->a, CC_RELEASED);
	expect_group_idle(&rig->a);
	rig_close();
}
END_TEST

/* The D channel of that span is heard again and again for a moment. */
START_TEST(test_flapping)
{
	unsigned i;

	rig = NULL;
	open_group(RIG_OUR, _i & 1, 4, true);
	rig->random = (uint32_t)_i + 1;
	for (i = 0; i < 20; i++) {
		pairs[i] = call_up();
	}
	for (i = 0; i < 150; i++) {
		unsigned span = rig_random(2);
		bool line = rig_random(2);

		lose(span, line);
		rig_advance(rig_random(1500));
		give_back(span, line);
		rig_advance(rig_random(3000));
	}
	rig->cut_spans = 0;
	rig_advance(120000);
	ck_assert(rig->a.state.up && rig->b.state.up);
	/* both ends agree, and what one has the other has */
	ck_assert_str_eq(d_state(&rig->a, 0), d_state(&rig->b, 0));
	ck_assert_uint_eq(leg_count(isdn_a()),
			  leg_count(isdn_of_our(&rig->b)));
	ck_assert_uint_eq(leg_count(isdn_a()), 20);
	while (core_take(&rig->a) || core_take(&rig->b)) {
	}
	clear_all(20);
	rig_close();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("isdn nfas");
	TCase *tc = tcase_create("nfas");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_up, 0, 4);
	tcase_add_loop_test(tc, test_octets, 0, 2);
	tcase_add_loop_test(tc, test_switch_over, 0, 4);
	tcase_add_loop_test(tc, test_line_of_primary, 0, 2);
	tcase_add_loop_test(tc, test_setup_ends, 0, 2);
	tcase_add_test(tc, test_connect_on_a_lost_link);
	tcase_add_loop_test(tc, test_both_lost, 0, 4);
	tcase_add_loop_test(tc, test_starts_with_backup, 0, 2);
	tcase_add_loop_test(tc, test_switch_by_hand, 0, 2);
	tcase_add_loop_test(tc, test_no_backup, 0, 2);
	tcase_add_loop_test(tc, test_bare_switch_over, 0, 2);
	tcase_add_loop_test(tc, test_flapping, 0, 6);
	suite_add_tcase(s, tc);
	return rig_run_suite(s);
}
