/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* Several engine threads: who gets which span, and sessions on their way from
 * one to another: stepped, to see each order of things; and with real threads
 * under a random load, for the thread sanitizer. */
#include "rig.c"
#include "line_fake.h"
#include "tests/suite.h"

#include <poll.h>
#include <time.h>

enum {
	SESSIONS = 64,
	TALKING = 16, /* sessions that have sockets */
	SPANS = 6,
	SLOTS = 30,
	ROUNDS = 50000,
};

static struct engine *e;
static mono_t now;
static unsigned closed, last_id;
static struct net_addr ours[TALKING], theirs;
static int peer;

static void setup(unsigned threads, unsigned spans)
{
	struct engine_config cfg = {
		.spans = spans, .sessions = SESSIONS, .jitter_min_ms = 20,
		.jitter_max_ms = 200, .threads = threads,
	};
	struct engine_span_config c = { .law = LAW_A, .idle = 0xd5,
					.country = "de", .align = true,
					.echo_tail_ms = 32, .d_slot = 16 };

	for (unsigned i = 0; i < ENGINE_THREADS; i++)
		cfg.cpus[i] = -1;
	e = engine_new(&cfg);
	ck_assert_ptr_nonnull(e);
	for (unsigned i = 0; i < spans; i++) {
		ck_assert_int_eq(engine_set_span(e, i, &c), 0);
		engine_set_line(e, i, &fake_line_new()->line);
	}
	for (unsigned i = 0; i < TALKING; i++) {
		int fd[2];

		rig_pair(&ours[i], fd);
		engine_set_sockets(e, i, fd[0], fd[1]);
	}
	peer = rig_socket(&theirs);
	ck_assert_int_eq(engine_prepare(e), 0);
	now.ns = NS_PER_S;
	closed = 0;
}

static void teardown(void)
{
	engine_free(e);
	close(peer);
}

static bool command(unsigned session, media_id id, unsigned op)
{
	struct engine_command c = { .op = (uint8_t)op, .id = id,
				    .session = (uint16_t)session };

	if (op == ENGINE_MODIFY)
		c.u.modify = (struct media_modify){ .rtp = theirs, .codec = 8,
						    .ptime_ms = 20,
						    .answered = 1 };
	return engine_command(e, &c);
}

static bool connect_to(unsigned session, media_id id, unsigned span,
		       unsigned slot)
{
	struct engine_command c = { .op = ENGINE_CONNECT, .id = id,
				    .session = (uint16_t)session };

	c.u.connect.span = (uint16_t)span;
	c.u.connect.slot = (uint8_t)slot;
	return engine_command(e, &c);
}

static void modify_to(unsigned session, media_id id, unsigned codec)
{
	struct engine_command c = { .op = ENGINE_MODIFY, .id = id,
				    .session = (uint16_t)session };

	c.u.modify.codec = (uint8_t)codec;
	ck_assert(engine_command(e, &c));
}

static void steps(unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		now = mono_add_ms(now, 1);
		engine_step(e, now);
	}
}

static void events(void)
{
	struct engine_event ev;

	while (engine_event(e, &ev)) {
		if (ev.kind != ENGINE_EV_CLOSED)
			continue;
		closed++;
		last_id = ev.id;
	}
}

static uint64_t stale(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < e->n_workers; i++)
		n += e->workers[i].gauges.commands_stale;
	return n;
}

START_TEST(test_plan)
{
	static const uint8_t expected[SPANS] = { 0, 1, 2, 0, 1, 2 };

	setup(3, SPANS);
	ck_assert_int_eq(memcmp(e->span_worker, expected, SPANS), 0);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(e->workers[i].n_spans, 2);
		/* Phases are the thread's own. */
		ck_assert_uint_eq(e->workers[i].spans[0]->align, 0);
		ck_assert_uint_eq(e->workers[i].spans[1]->align, 8);
	}
	teardown();
	/* More threads than spans: some have nothing to do. */
	setup(4, 2);
	ck_assert_uint_eq(e->workers[3].n_spans, 0);
	steps(100);
	teardown();
}
END_TEST

START_TEST(test_move)
{
	struct session *s;

	setup(2, 2);
	s = &e->sessions[0];
	ck_assert(command(0, 1, ENGINE_OPEN));
	modify_to(0, 1, 8);
	ck_assert(connect_to(0, 1, 1, 5));
	steps(2);
	/* It has been given back, and waits for its owner to look. */
	ck_assert_uint_eq(e->workers[0].used, 0);
	ck_assert_uint_eq(e->workers[1].used, 0);
	modify_to(0, 1, 0);
	steps(1);
	ck_assert_uint_eq(s->far.codec, 8);
	events();
	steps(1);
	ck_assert_uint_eq(e->workers[1].used, 1);
	ck_assert_ptr_eq(e->spans[1].slots[5], s);
	ck_assert_uint_eq(s->far.codec, 0);
	/* Back, while it is connected: the slot is free at once. */
	ck_assert(connect_to(0, 1, 0, 7));
	steps(1);
	ck_assert_ptr_null(e->spans[1].slots[5]);
	events();
	steps(1);
	ck_assert_ptr_eq(e->spans[0].slots[7], s);
	/* Within a thread nothing is asked. */
	ck_assert(connect_to(0, 1, 0, 8));
	steps(1);
	ck_assert_ptr_eq(e->spans[0].slots[8], s);
	ck_assert_uint_eq(e->moves, 2);
	ck_assert(command(0, 1, ENGINE_CLOSE));
	steps(1);
	events();
	ck_assert_uint_eq(closed, 1);
	ck_assert_uint_eq(stale(), 0);
	teardown();
}
END_TEST

/* Closed, opened for another, and connected, all while it moves. */
START_TEST(test_new_user_while_it_moves)
{
	setup(2, 2);
	ck_assert(command(0, 1, ENGINE_OPEN));
	ck_assert(connect_to(0, 1, 1, 5));
	ck_assert(command(0, 1, ENGINE_CLOSE));
	ck_assert(command(0, 2, ENGINE_OPEN));
	ck_assert(connect_to(0, 2, 0, 9));
	ck_assert(command(0, 2, ENGINE_MODIFY));
	for (unsigned i = 0; i < 6; i++) {
		steps(1);
		events();
	}
	ck_assert_uint_eq(closed, 1);
	ck_assert_uint_eq(last_id, 1);
	ck_assert_ptr_null(e->spans[1].slots[5]);
	ck_assert_ptr_eq(e->spans[0].slots[9], &e->sessions[0]);
	ck_assert_uint_eq(e->sessions[0].id, 2);
	ck_assert_uint_eq(e->moves, 2);
	ck_assert_uint_eq(e->owners[0].state, OWNER_AT_REST);
	ck_assert_uint_eq(stale(), 0);
	teardown();
}
END_TEST

/* The new thread has no room for commands; the old one none for events. */
START_TEST(test_full_rings)
{
	struct engine_event ev = { .kind = 99 };

	setup(2, 2);
	ck_assert(command(0, 1, ENGINE_OPEN));
	steps(1);
	while (command(1, 7, ENGINE_MODIFY))
		; /* session 1 is the other thread's */
	while (ring_put(&e->workers[0].rings.events, &ev))
		;
	ck_assert(connect_to(0, 1, 1, 5));
	modify_to(0, 1, 0);
	/* Only the first thread runs. */
	worker_tick(&e->workers[0], now);
	events();
	ck_assert_uint_eq(e->arrivals, 1);
	ck_assert_uint_eq(e->workers[0].used, 0);
	ck_assert(!connect_to(1, 7, 0, 5));
	ck_assert_uint_eq(e->owners[1].state, OWNER_AT_REST);
	for (unsigned i = 0; i < 20; i++) {
		steps(1);
		events();
	}
	ck_assert_uint_eq(e->arrivals, 0);
	ck_assert_ptr_eq(e->spans[1].slots[5], &e->sessions[0]);
	teardown();
}
END_TEST

/* What is held back when everything ends is not lost memory. */
START_TEST(test_end_in_the_middle)
{
	setup(2, 2);
	ck_assert(command(0, 1, ENGINE_OPEN));
	ck_assert(connect_to(0, 1, 1, 5));
	ck_assert(command(0, 1, ENGINE_MODIFY));
	teardown();
}
END_TEST

/* --- real threads --- */

struct user {
	media_id id; /* 0: none */
	bool closing;
	unsigned span, slot; /* slot 0: nowhere */
};

static struct user users[SESSIONS];
static bool taken[SPANS][LINE_SLOTS];
static uint32_t seed;
static unsigned opened, heard, figures_rx;

static unsigned chance(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void leave_slot(struct user *u)
{
	if (u->slot)
		taken[u->span][u->slot] = false;
	u->slot = 0;
}

/* To any span, from wherever it is. */
static void move_user(unsigned i)
{
	struct user *u = &users[i];
	unsigned span = chance(SPANS), slot = 1 + chance(SLOTS);

	slot += slot >= 16;
	if (taken[span][slot] || !connect_to(i, u->id, span, slot))
		return;
	leave_slot(u);
	u->span = span;
	u->slot = slot;
	taken[span][slot] = true;
}

static void act(unsigned i)
{
	struct user *u = &users[i];

	if (!u->id) {
		if (command(i, ++opened, ENGINE_OPEN))
			u->id = opened;
	} else if (!u->closing) {
		switch (chance(6)) {
		case 0:
			u->closing = command(i, u->id, ENGINE_CLOSE);
			break;
		case 1:
			ck_assert(command(i, u->id, ENGINE_MODIFY));
			break;
		case 2:
			ck_assert(command(i, u->id, ENGINE_TONE));
			break;
		default:
			move_user(i);
		}
	}
}

static void take_events(void)
{
	struct engine_event ev;

	while (engine_event(e, &ev)) {
		struct user *u = &users[ev.session];

		if (ev.kind != ENGINE_EV_CLOSED)
			continue;
		ck_assert_uint_eq(ev.id, u->id);
		ck_assert(u->closing);
		figures_rx += ev.u.figures.rtp_rx;
		leave_slot(u);
		memset(u, 0, sizeof(*u));
		closed++;
	}
}

static void wait_a_moment(void)
{
	struct pollfd p = { .fd = engine_event_fd(e), .events = POLLIN };
	char octets[64];

	if (poll(&p, 1, 5) > 0)
		while (recv(p.fd, octets, sizeof(octets), MSG_DONTWAIT) > 0)
			;
}

/* A packet for each session that has a socket. */
static void talk(unsigned round)
{
	uint8_t out[RTP_HEADER + 160] = { 0 };
	struct rtp_packet k = { .pt = 8, .seq = (uint16_t)round,
				.ts = 160 * round, .ssrc = 7 };
	char octets[64];

	rtp_header(out, &k);
	for (unsigned i = 0; i < TALKING; i++)
		udp_send(peer, &ours[i], out, sizeof(out));
	while (recv(peer, octets, sizeof(octets), MSG_DONTWAIT) > 0)
		heard++;
}

static void close_all(void)
{
	for (unsigned i = 0; i < SESSIONS; i++)
		if (users[i].id && !users[i].closing)
			users[i].closing = command(i, users[i].id,
						   ENGINE_CLOSE);
}

static bool has_seen_enough(void)
{
	return e->moves >= 300 && heard >= 100 && figures_rx >= 100;
}

START_TEST(test_threads_under_load)
{
	unsigned refused;

	seed = (uint32_t)time(NULL);
	printf("seed %u\n", seed);
	setup(3, SPANS);
	ck_assert_int_eq(engine_start(e, &refused), 0);
	for (unsigned round = 0; !has_seen_enough() && round < ROUNDS;
	     round++) {
		for (unsigned k = 0; k < 4; k++)
			act(chance(SESSIONS));
		talk(round);
		wait_a_moment();
		take_events();
	}
	while (closed < opened) {
		close_all();
		wait_a_moment();
		take_events();
	}
	engine_stop(e);
	ck_assert(has_seen_enough());
	ck_assert_uint_eq(e->arrivals, 0);
	for (unsigned i = 0; i < SESSIONS; i++) {
		ck_assert(!e->sessions[i].open);
		ck_assert_uint_eq(e->owners[i].state, OWNER_AT_REST);
	}
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(e->workers[i].used, 0);
		ck_assert_uint_eq(e->workers[i].gauges.events_lost, 0);
	}
	for (unsigned i = 0; i < SPANS; i++)
		for (unsigned slot = 0; slot < LINE_SLOTS; slot++)
			ck_assert_ptr_null(e->spans[i].slots[slot]);
	teardown();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("engine_threads");
	TCase *tc = tcase_create("engine_threads");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_plan);
	tcase_add_test(tc, test_move);
	tcase_add_test(tc, test_new_user_while_it_moves);
	tcase_add_test(tc, test_full_rings);
	tcase_add_test(tc, test_end_in_the_middle);
	tcase_add_test(tc, test_threads_under_load);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
