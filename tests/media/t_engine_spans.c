/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* Spans that come and go while the engine runs: what the calls of the others
 * hear of it (nothing), what is left of them (nothing), what is refused; and
 * with real threads, sockets and io_uring, for the sanitizers. */
#include "rig.c"
#include "line_fake.h"
#include "tests/suite.h"

#include <errno.h>
#include <poll.h>

enum { SAMPLES = 8000 * 4, ROUNDS = 40, WAIT_MS = 5000 };

static const struct engine_span_config span_config = {
	.law = LAW_A, .idle = 0xd5, .country = "de", .align = true,
	.echo_tail_ms = 32, .d_slot = 16
};

static bool is_gone; /* ENGINE_EV_GONE was seen */

static void comes_and_goes(struct rig *r, void *arg)
{
	const mono_t *begin = arg;
	unsigned ms = (unsigned)(mono_diff_ms(r->now, *begin) % 400);

	if (ms == 50)
		ck_assert_int_eq(engine_add_span(r->e, 1, &span_config,
						 &fake_line_new()->line), 0);
	if (ms == 250)
		ck_assert(engine_remove_span(r->e, 1));
}

/* Octet for octet, all the time: a data call on a span, while another one
 * comes and goes ten times. */
START_TEST(test_neighbour_hears_nothing)
{
	struct rig r;
	uint8_t *said = malloc(SAMPLES);
	size_t at = 0, run = 0;
	mono_t begin;

	rig_init(&r, &(struct rig_config){ .spans = 3, .echo_tail_ms = 64 });
	for (size_t i = 0; i < SAMPLES; i++)
		said[i] = (uint8_t)(i * 7 + i / 251);
	rig_open(&r);
	rig_connect(&r, true);
	rig_modify(&r, &(struct media_modify){ .rtp = r.theirs, .codec = 8,
		.ptime_ms = 10, .answered = 1 });
	rig_run(&r, 100);
	r.n_packets = 0;
	r.said = said;
	r.n_said = SAMPLES;
	begin = r.now;
	r.on_ms = comes_and_goes;
	r.on_ms_arg = &begin;
	rig_run(&r, SAMPLES / 8 + 200);
	for (unsigned i = 0; i < r.n_packets; i++)
		for (size_t k = RTP_HEADER; k < r.packets[i].len; k++) {
			bool as_said = at < SAMPLES &&
				       r.packets[i].data[k] == said[at];

			run += as_said;
			at += as_said;
			/* Once it has begun there is no gap. */
			ck_assert(as_said || at == 0 || at == SAMPLES);
		}
	ck_assert_uint_eq(run, SAMPLES);
	free(said);
	rig_fini(&r);
}
END_TEST

static void take_events(struct engine *e, unsigned span)
{
	struct engine_event ev;

	while (engine_event(e, &ev))
		is_gone |= ev.kind == ENGINE_EV_GONE &&
			   ev.u.span.span == span;
}

static struct engine *new_engine(unsigned spans, unsigned threads)
{
	struct engine_config cfg = {
		.spans = spans, .sessions = 4, .jitter_min_ms = 20,
		.jitter_max_ms = 200, .threads = threads,
	};
	struct engine *e;

	for (unsigned i = 0; i < ENGINE_THREADS; i++)
		cfg.cpus[i] = -1;
	e = engine_new(&cfg);
	ck_assert_ptr_nonnull(e);
	return e;
}

static void command(struct engine *e, enum engine_op op, unsigned span)
{
	struct engine_command c = { .op = (uint8_t)op, .id = 1 };

	if (op == ENGINE_CONNECT) {
		c.u.connect.span = (uint16_t)span;
		c.u.connect.slot = 1;
	}
	ck_assert(engine_command(e, &c));
}

/* Nothing is told of a span before its line has been looked at: one without a
 * card would be in service for a moment. */
START_TEST(test_first_word)
{
	struct engine *e = new_engine(2, 0);
	struct fake_line *f = fake_line_new();
	struct engine_event ev = { .kind = ENGINE_EV_GAUGES };
	mono_t now = { NS_PER_S };

	f->alarms = LINE_GONE;
	ck_assert_int_eq(engine_prepare(e), 0);
	engine_step(e, now);
	ck_assert_int_eq(engine_add_span(e, 1, &span_config, &f->line), 0);
	for (unsigned i = 1; i < 4; i++)
		engine_step(e, mono_add_ms(now, i));
	while (ev.kind != ENGINE_EV_SPAN || ev.u.span.span != 1)
		ck_assert(engine_event(e, &ev));
	ck_assert_uint_eq(ev.u.span.alarms, LINE_GONE);
	engine_free(e);
}
END_TEST

/* A call that is there when its span goes has no place any more, and may get
 * one on the next. */
START_TEST(test_its_calls)
{
	struct engine *e = new_engine(2, 0);
	struct session *s = &e->sessions[0];
	mono_t now = { NS_PER_S };

	ck_assert_int_eq(engine_prepare(e), 0);
	command(e, ENGINE_OPEN, 0);
	command(e, ENGINE_CONNECT, 1); /* there is none */
	ck_assert_int_eq(engine_add_span(e, 1, &span_config,
					 &fake_line_new()->line), 0);
	engine_step(e, now);
	ck_assert(!s->place.connected);
	ck_assert_uint_eq(e->workers[0].gauges.commands_stale, 1);
	command(e, ENGINE_CONNECT, 1);
	engine_step(e, now);
	ck_assert_ptr_eq(e->spans[1].slots[1], s);
	ck_assert(engine_remove_span(e, 1));
	ck_assert(!engine_remove_span(e, 1));
	ck_assert(!engine_set_down(e, 1, true));
	ck_assert(!engine_frame_put(e, &(struct engine_frame){ 1, 4, { 0 } }));
	command(e, ENGINE_CONNECT, 1);
	for (unsigned i = 0; i < 3; i++)
		engine_step(e, now = mono_add_ms(now, 1));
	ck_assert(!s->place.connected);
	ck_assert_int_eq(engine_add_span(e, 1, &span_config,
					 &fake_line_new()->line), -EBUSY);
	take_events(e, 1);
	ck_assert(is_gone);
	ck_assert_ptr_null(e->spans[1].line);
	ck_assert_uint_eq(e->workers[0].n_packs, 0);
	ck_assert_int_eq(engine_add_span(e, 1, &span_config,
					 &fake_line_new()->line), 0);
	command(e, ENGINE_CONNECT, 1);
	engine_step(e, now = mono_add_ms(now, 1));
	ck_assert_ptr_eq(e->spans[1].slots[1], s);
	engine_free(e);
}
END_TEST

/* One of several spans whose calls share lanes: those of the others stay. */
START_TEST(test_leaves_a_pack)
{
	struct engine *e = new_engine(3, 0);
	mono_t now = { NS_PER_S };
	struct pack *p;

	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(engine_set_span(e, i, &span_config), 0);
	ck_assert_int_eq(engine_prepare(e), 0);
	p = e->spans[0].pack;
	for (unsigned i = 0; i < 3; i++)
		pack_fini(e->spans[i].pack);
	free(e->spans[1].pack);
	free(e->spans[2].pack);
	ck_assert_int_eq(pack_init(p, (struct span *[]){
		&e->spans[0], &e->spans[1], &e->spans[2] }, 3), 0);
	e->workers[0].n_packs = 1;
	free(e->workers[0].block);
	e->workers[0].block = pack_block_new(3);
	command(e, ENGINE_OPEN, 0);
	command(e, ENGINE_CONNECT, 2);
	engine_step(e, now);
	ck_assert(engine_remove_span(e, 1));
	for (unsigned i = 0; i < 30; i++)
		engine_step(e, now = mono_add_ms(now, 1));
	take_events(e, 1);
	ck_assert(is_gone);
	ck_assert_uint_eq(p->n_spans, 2);
	ck_assert_ptr_eq(p->spans[e->spans[2].seat], &e->spans[2]);
	ck_assert_ptr_eq(p->lanes[e->sessions[0].place.lane],
			 &e->sessions[0]);
	engine_free(e);
}
END_TEST

/* Whatever is refused, or comes too late, is closed all the same. */
START_TEST(test_refusals)
{
	struct engine_span_config bad = span_config;
	struct engine *e = new_engine(2, 0);
	struct engine_command full = { .op = ENGINE_STEER };

	bad.echo_tail_ms = 50;
	ck_assert_int_eq(engine_add_span(e, 0, &span_config,
					 &fake_line_new()->line), -EINVAL);
	ck_assert(!engine_remove_span(e, 0));
	ck_assert_int_eq(engine_set_span(e, 0, &span_config), 0);
	ck_assert_int_eq(engine_prepare(e), 0);
	ck_assert_int_eq(engine_add_span(e, 0, &span_config,
					 &fake_line_new()->line), -EBUSY);
	ck_assert_int_eq(engine_add_span(e, 2, &span_config,
					 &fake_line_new()->line), -EINVAL);
	ck_assert_int_eq(engine_add_span(e, 1, &bad,
					 &fake_line_new()->line), -EINVAL);
	while (engine_span_command(e, &full))
		;
	ck_assert_int_eq(engine_add_span(e, 1, &span_config,
					 &fake_line_new()->line), -EAGAIN);
	ck_assert(!engine_remove_span(e, 0));
	for (unsigned i = 0; i < 20; i++)
		engine_step(e, (mono_t){ NS_PER_S + i * NS_PER_MS });
	/* The engine ends with one that is coming and one that is going. */
	ck_assert_int_eq(engine_add_span(e, 1, &span_config,
					 &fake_line_new()->line), 0);
	ck_assert(engine_remove_span(e, 0));
	worker_tick(&e->workers[0], (mono_t){ 2 * NS_PER_S });
	engine_free(e);
}
END_TEST

/* --- real threads --- */

struct wire { /* the far end of a pseudowire, as sockets */
	int far;
	struct net_addr near, far_addr;
};

static struct line *open_line(const struct wire *w)
{
	struct line_config cfg;
	struct sockaddr_storage ss;
	socklen_t n = net_to_sockaddr(&w->near, &ss);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	/* The port must be free: the line before has been closed. */
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, n), 0);
	rig_connect_to(fd, &w->far_addr);
	line_config_init(&cfg);
	return line_open(&cfg, fd);
}

static bool hears(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, WAIT_MS) > 0;
}

static void drain(int fd)
{
	char octets[2048];

	while (recv(fd, octets, sizeof(octets), MSG_DONTWAIT) > 0)
		;
}

static void wait_gone(struct engine *e, unsigned span)
{
	struct pollfd p = { .fd = engine_event_fd(e), .events = POLLIN };

	is_gone = false;
	for (unsigned i = 0; !is_gone && i < WAIT_MS; i++) {
		poll(&p, 1, 1);
		drain(p.fd);
		take_events(e, span);
	}
	ck_assert(is_gone);
}

/* A line comes, is heard, goes, and lets go of its port; on two threads by
 * turns, for another span has come in between. */
START_TEST(test_threads)
{
	struct engine *e = new_engine(3, 2);
	struct wire w[3];
	unsigned refused;

	for (unsigned i = 0; i < 3; i++) {
		w[i].far = rig_socket(&w[i].far_addr);
		close(rig_socket(&w[i].near));
	}
	ck_assert_int_eq(engine_set_span(e, 0, &span_config), 0);
	engine_set_line(e, 0, open_line(&w[0]));
	ck_assert_int_eq(engine_prepare(e), 0);
	ck_assert_int_eq(engine_start(e, &refused), 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned i = 1 + round % 2, other = 3 - i;

		ck_assert_int_eq(engine_add_span(e, i, &span_config,
						 open_line(&w[i])), 0);
		ck_assert(hears(w[i].far));
		ck_assert(hears(w[0].far));
		if (round) {
			ck_assert(engine_remove_span(e, other));
			wait_gone(e, other);
			drain(w[other].far);
		}
		drain(w[0].far);
	}
	engine_free(e);
	for (unsigned i = 0; i < 3; i++)
		close(w[i].far);
}
END_TEST

static void forget(void)
{
	is_gone = false;
}

int main(void)
{
	Suite *s = suite_create("engine_spans");
	TCase *tc = tcase_create("engine_spans");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, forget, NULL);
	tcase_add_test(tc, test_neighbour_hears_nothing);
	tcase_add_test(tc, test_first_word);
	tcase_add_test(tc, test_its_calls);
	tcase_add_test(tc, test_leaves_a_pack);
	tcase_add_test(tc, test_refusals);
	tcase_add_test(tc, test_threads);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
