/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core base */
/*
 * Every cell of the call tables, and random sequences of events on two spans
 * and two trunks. Whatever comes, at the end nothing is left: no leg, no
 * channel, no timer, and each call has its CDR. SEED=n repeats a run.
 */
#include "tests/core/script.h"
#include "tests/suite.h"

#define SETUP_I2S "> span0 SETUP 1 called=0711123 ch=1\n"
#define SETUP_S2I "> sip SETUP 1 called=0711123 media=198.51.100.7:4000\n"

/* What brings a leg into each state. */
static const char *const a_prefix[A_STATES] = {
	[A_DIGITS] = "> span0 SETUP 1 complete=0 ch=1\n",
	[A_OPENING] = "media manual\n" SETUP_I2S,
	[A_CALLING] = SETUP_I2S,
	[A_ALERTED] = SETUP_I2S "> sip ALERTING c1\n",
	[A_ACTIVE] = SETUP_I2S "> sip ANSWER c1 media=198.51.100.7:4000\n",
	[A_RELEASING] = SETUP_I2S "> sip RELEASED c1 cause=17\n",
	[A_CLEARING] = SETUP_I2S "> span0 RELEASE 1 cause=16\n",
};

static const char *const b_prefix[B_STATES] = {
	[B_CALLED] = SETUP_S2I,
	[B_MORE] = SETUP_S2I "> span0 MORE c1 ch=1\n",
	[B_PROCEEDING] = SETUP_S2I "> span0 PROCEEDING c1 ch=1\n",
	[B_PROGRESSED] = SETUP_S2I "> span0 PROGRESS c1 ch=1\n",
	[B_ALERTING] = SETUP_S2I "> span0 ALERTING c1 ch=1\n",
	[B_TONE] = SETUP_S2I "> span0 PROGRESS c1 ch=1 cause=17\n",
	[B_ACTIVE] = SETUP_S2I "> span0 ANSWER c1 ch=1\n",
	[B_RELEASING] = SETUP_S2I "> sip RELEASED 1 cause=16\n",
	[B_CLEARING] = SETUP_S2I "> span0 RELEASE c1 cause=17\n",
};

#define TRANSFER                                               \
	SETUP_S2I "> span0 ANSWER c1 ch=1\n"                   \
		  "> sip TRANSFER 1 transfer=1 called=+49711999\n"

static const char *const x_prefix[X_STATES] = {
	[X_CALLED] = TRANSFER,
	[X_RINGING] = TRANSFER "> sip ALERTING c2\n",
	[X_LEAVING] = TRANSFER "> sip ANSWER c2\n",
	[X_RELEASING] = TRANSFER "> sip ANSWER c2\nadvance 3000\n",
	[X_CLEARING] = TRANSFER "> sip RELEASE c2 cause=17\n",
};

static const char *const *const prefixes[] = {a_prefix, b_prefix, x_prefix};
static const unsigned state_counts[] = {A_STATES, B_STATES, X_STATES};

static struct leg *find(unsigned side, unsigned state)
{
	pool_id id = pool_next(rig.core->calls, 0);
	struct call *call = id == 0 ? NULL : call_get(rig.core, id);

	ck_assert_ptr_nonnull(call);
	ck_assert_int_ne((int)call->leg[side].id, 0);
	ck_assert_uint_eq(call->leg[side].state, state);
	return &call->leg[side];
}

static timer_fn *leg_timer; /* as the core starts it */

static void inject(struct leg *leg, unsigned event)
{
	struct cc_msg m = {.leg = leg->id, .end = leg->end,
			   .cause = {0, CC_LOC_NONE}, .digit = '5'};
	struct link *l = leg->end.kind == CC_END_SPAN ? &rig.span[0]
						      : &rig.sip;

	if (event == EV_DOWN) {
		link_close(l);
	} else if (event == EV_TIMER) {
		timer_start(rig.loop, &leg->timer, leg_timer, 0);
		loop_advance(rig.loop, 0);
	} else if (event == CC_SETUP) {
		/* The role's link refuses a second one; so ask the table. */
		call_on_msg(leg, &(struct cc_msg){
					 .head = {1, CC_SETUP, sizeof(m)}});
	} else {
		m.cause.value = event == EV_TONE ? 17 : 0;
		m.called.valid = 1;
		str_copy(m.called.digits, sizeof(m.called.digits), "07");
		m.transfer = event == CC_TRANSFER ? CC_TRANSFER_BLIND : 0;
		link_send(l, &m.head,
			  event == EV_TONE ? CC_PROGRESS : (uint16_t)event,
			  sizeof(m));
	}
	rig_settle();
}

static uint32_t seen[LEG_SIDES][LEG_STATES][CALL_EVENTS];

static void add_seen(void)
{
	for (unsigned s = 0; s < LEG_SIDES; s++) {
		for (unsigned t = 0; t < LEG_STATES; t++) {
			for (unsigned e = 0; e < CALL_EVENTS; e++) {
				seen[s][t][e] += rig.core->visited[s][t][e];
			}
		}
	}
}

static unsigned close_books(void)
{
	struct core_counts n;
	unsigned cdrs;

	/* A lost link is made again by its supervisor. */
	for (unsigned i = 0; i < RIG_SPANS; i++) {
		if (!link_is_up(&rig.span[i])) {
			rig_up_span(i);
		}
	}
	if (!link_is_up(&rig.sip)) {
		rig_up_sip();
	}
	if (!link_is_up(&rig.media)) {
		rig_join(ROLE_MEDIA, 0, &rig.media, &media_peer);
	}
	rig_settle();
	script_clean();
	n = rig.core->n;
	script_check((unsigned)(n.calls[0] + n.calls[1]));
	add_seen();
	rig_stop();
	cdrs = rig_cdrs();
	ck_assert_uint_eq(cdrs, n.calls[0] + n.calls[1]);
	return cdrs;
}

static void try_cell(unsigned side, unsigned state, unsigned event)
{
	script_fail_at = 0;
	rig_init();
	rig.quiet = true;
	script_run(prefixes[side][state]);
	/* Any started timer of a leg knows the way in. */
	for (pool_id id = pool_next(rig.core->calls, 0); id != 0;
	     id = pool_next(rig.core->calls, id)) {
		struct call *call = call_get(rig.core, id);

		for (int i = 0; i < 2 && leg_timer == NULL; i++) {
			leg_timer = call->leg[i].timer.fn;
		}
	}
	inject(find(side, state), event);
	close_books();
	rig_fini();
}

START_TEST(test_every_cell)
{
	for (unsigned side = 0; side < LEG_SIDES; side++) {
		for (unsigned t = 0; t < state_counts[side]; t++) {
			for (unsigned e = 0; e < CALL_EVENTS; e++) {
				try_cell(side, t, e);
				ck_assert_msg(seen[side][t][e] > 0,
					      "%s never saw %s",
					      call_state_name(side, t),
					      call_event_name(e));
			}
		}
	}
}
END_TEST

/* --- random --- */

static uint64_t state;

static unsigned rnd(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

/* A peer's view of its legs: RELEASED once each, RELEASE answered. */
struct peer_leg {
	struct cc_end end;
	leg_id id; /* 0 = free */
	bool ours; /* the core called us */
	bool released_by_core;
	uint8_t channel;
};

#define LEGS 64
static struct peer_leg legs[LEGS];

static struct peer_leg *peer_leg(struct cc_end end, leg_id id)
{
	for (int i = 0; i < LEGS; i++) {
		if (legs[i].id == id && legs[i].end.kind == end.kind &&
		    (end.kind == CC_END_TRUNK ||
		     legs[i].end.index == end.index)) {
			return &legs[i];
		}
	}
	return NULL;
}

static struct peer_leg *new_leg(struct cc_end end, leg_id id)
{
	struct peer_leg *l = NULL;

	for (int i = 0; i < LEGS && l == NULL; i++) {
		l = legs[i].id == 0 ? &legs[i] : NULL;
	}
	ck_assert_ptr_nonnull(l);
	memset(l, 0, sizeof(*l));
	l->end = end;
	l->id = id;
	return l;
}

static uint8_t free_channel(uint8_t span)
{
	for (uint8_t ch = 1; ch < 31; ch++) {
		bool busy = ch == 16;

		for (int i = 0; i < LEGS; i++) {
			busy |= legs[i].id != 0 && legs[i].channel == ch &&
				legs[i].end.kind == CC_END_SPAN &&
				legs[i].end.index == span;
		}
		if (!busy) {
			return ch;
		}
	}
	return 0;
}

static void on_core_msg(struct rig *r, struct cc_end end,
			const struct cc_msg *m)
{
	struct peer_leg *l = peer_leg(end, m->leg);

	(void)r;
	if (m->head.type == CC_SETUP) {
		ck_assert_ptr_null(l);
		l = new_leg(m->end, m->leg);
		l->ours = true;
		return;
	}
	/* The leg may have gone with a RELEASED that crossed this. */
	if (l != NULL && m->head.type == CC_RELEASE) {
		ck_assert(!l->released_by_core); /* once */
		l->released_by_core = true;
	}
}

/* A leg of a trunk; 0: there is none. */
static leg_id some_leg(void)
{
	for (unsigned i = rnd(LEGS), n = 0; n < LEGS; i++, n++) {
		const struct peer_leg *l = &legs[i % LEGS];

		if (l->id != 0 && l->end.kind == CC_END_TRUNK) {
			return l->id;
		}
	}
	return 0;
}

/* One that is to take over another call; 0: a new one. */
static leg_id random_other(struct cc_end end)
{
	return end.kind == CC_END_TRUNK && rnd(3) == 0 ? some_leg() : 0;
}

static void send_as(struct peer_leg *l, unsigned type, unsigned cause)
{
	struct cc_msg m = {.leg = l->id, .end = l->end, .digit = '1',
			   .cause = {(uint8_t)cause, CC_LOC_NONE}};

	if (l->end.kind == CC_END_SPAN) {
		if (l->channel == 0 && type != CC_RELEASED) {
			l->channel = free_channel(l->end.index);
		}
		m.channel = l->channel;
	} else if (rnd(2) == 0) {
		m.media.valid = 1;
		m.media.direction = (uint8_t)rnd(4);
		net_parse(&m.media.rtp, "198.51.100.1:4000");
	}
	m.progress = rnd(4) == 0;
	m.complete = rnd(2) == 0;
	if (type == CC_DIGITS) {
		cc_number_set(&m.called, "7");
	}
	if (type == CC_TRANSFER) {
		m.transfer = (uint8_t)(1 + rnd(CC_TRANSFERS - 1));
		cc_number_set(&m.called, rnd(4) ? "+49711999" : "900");
		m.other = rnd(2) ? some_leg() : 0;
	}
	link_send(l->end.kind == CC_END_SPAN ? &rig.span[l->end.index]
					     : &rig.sip,
		  &m.head, (uint16_t)type, sizeof(m));
	if (type == CC_RELEASED) {
		l->id = 0;
	}
}

static leg_id next_id = 1;

static void random_setup(void)
{
	static const char *const numbers[] = {"0711123", "112", "7123", "07",
					      "900", "+4971155"};
	struct cc_end end = {(uint8_t)rnd(2), (uint8_t)rnd(2)};
	struct cc_msg m = {.leg = next_id, .end = end,
			   .complete = rnd(4) != 0,
			   .bearer = rnd(20) == 0 ? CC_BEARER_UNRESTRICTED
						  : CC_BEARER_SPEECH};
	struct peer_leg *l;
	unsigned used = 0;

	for (int i = 0; i < LEGS; i++) {
		used += legs[i].id != 0;
	}
	if (used > LEGS / 2) {
		return;
	}
	m.other = random_other(end);
	l = new_leg(end, next_id++);
	if (end.kind == CC_END_SPAN) {
		l->channel = m.channel = free_channel(end.index);
	}
	cc_number_set(&m.called, numbers[rnd(6)]);
	link_send(end.kind == CC_END_SPAN ? &rig.span[end.index] : &rig.sip,
		  &m.head, CC_SETUP, sizeof(m));
}

static void lose_link(void)
{
	unsigned which = rnd(4);

	for (int i = 0; i < LEGS; i++) {
		bool mine = which < 2 ? legs[i].end.kind == CC_END_SPAN &&
						legs[i].end.index == which
				      : which == 2 && legs[i].end.kind ==
							      CC_END_TRUNK;

		if (mine) {
			legs[i].id = 0;
		}
	}
	if (which < 2) {
		link_close(&rig.span[which]);
		rig_settle();
		rig_up_span(which);
	} else if (which == 2) {
		link_close(&rig.sip);
		rig_settle();
		rig_up_sip();
	} else {
		link_close(&rig.media);
		rig_settle();
		rig_join(ROLE_MEDIA, 0, &rig.media, &media_peer);
	}
	rig_settle();
}

static void random_event(void)
{
	static const uint8_t causes[] = {16, 17, 34, 41, 44, 102};
	struct peer_leg *l = &legs[rnd(LEGS)];
	unsigned type = 1 + rnd(CC_RELEASED);

	if (l->id == 0) {
		return;
	}
	if (l->released_by_core && rnd(2) == 0) {
		type = CC_RELEASED;
	}
	if (type != CC_SETUP) {
		send_as(l, type, type >= CC_RELEASE || rnd(10) == 0
				      ? causes[rnd(6)] : 0);
	}
}

/* The trunk's leg of a call that is up, or may still ring; 0: it has none. */
static leg_id trunk_leg(pool_id id, bool up)
{
	const struct call *call = call_get(rig.core, id);

	for (unsigned side = SIDE_A; side <= SIDE_B; side++) {
		const struct leg *leg = &call->leg[side];

		if (leg->id != 0 && !leg_is_line(leg) &&
		    (call->told.answered || !up)) {
			return leg->id;
		}
	}
	return 0;
}

/* A trunk connects the parties of two of its calls. */
static void random_join(void)
{
	struct cc_msg m = {.end = {CC_END_TRUNK, 0},
			   .transfer = CC_TRANSFER_ATTENDED,
			   .cause = {0, CC_LOC_NONE}};

	for (pool_id id = pool_next(rig.core->calls, 0); id != 0;
	     id = pool_next(rig.core->calls, id)) {
		leg_id leg = trunk_leg(id, m.leg == 0);

		if (m.leg == 0) {
			m.leg = leg;
		} else if (leg != 0 && (m.other == 0 || rnd(2) == 0)) {
			m.other = leg;
		}
	}
	if (m.leg != 0 && peer_leg(m.end, m.leg) != NULL) {
		link_send(&rig.sip, &m.head, CC_TRANSFER, sizeof(m));
	}
}

static void random_media(void)
{
	struct media_event e = {.id = 1 + rnd(rig.medias + 1),
				.kind = (uint8_t)(1 + rnd(6))};

	if (e.kind == MEDIA_EV_DEAD && rnd(4) != 0) {
		e.kind = MEDIA_EV_RTP;
	}
	e.ref = rig_refs[e.id & 65535];
	link_send(&rig.media, &e.head, MEDIA_EVENT, sizeof(e));
}

static void check_owners(void)
{
	pool_id all[RIG_SPANS * CORE_SLOTS];
	unsigned n = 0;

	for (unsigned i = 0; i < RIG_SPANS; i++) {
		for (unsigned k = 0; k < CORE_SLOTS; k++) {
			pool_id id = rig.core->spans[i].owner[k];
			const struct call *call;

			if (id == 0) {
				continue;
			}
			call = call_get(rig.core, id);
			ck_assert_ptr_nonnull(call);
			for (unsigned x = 0; x < n; x++) {
				ck_assert_uint_ne(all[x], id);
			}
			all[n++] = id;
		}
	}
}

static void random_run(uint64_t seed, unsigned steps)
{
	state = seed;
	memset(legs, 0, sizeof(legs));
	rig_init();
	rig.quiet = true;
	rig_start();
	rig.hook = on_core_msg;
	for (unsigned i = 0; i < steps; i++) {
		unsigned what = rnd(100);

		if (what < 15) {
			random_setup();
		} else if (what < 20) {
			random_join();
		} else if (what < 80) {
			random_event();
		} else if (what < 88) {
			random_media();
		} else if (what < 98) {
			loop_advance(rig.loop, rnd(3000));
		} else if (rnd(10) == 0) {
			lose_link();
		} else if (rnd(10) == 0) {
			loop_advance(rig.loop, 30000);
		}
		rig_settle();
		check_owners();
	}
	rig.hook = NULL;
	close_books();
	rig_fini();
}

START_TEST(test_random)
{
	const char *given = getenv("SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 0)
				      : (uint64_t)clock_wall_ms();
	unsigned runs = given != NULL ? 1 : 10;

	for (unsigned i = 0; i < runs; i++) {
		fprintf(stderr, "random calls: SEED=%llu\n",
			(unsigned long long)(seed + i));
		random_run(seed + i, 3000);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("calls");
	TCase *tc = tcase_create("calls");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_every_cell);
	tcase_add_test(tc, test_random);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
