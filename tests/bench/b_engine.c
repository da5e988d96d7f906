/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * The engine's arithmetic for 63 E1: 1,890 channels through G.711, canceller
 * (128 ms) with NLP, tone detection, jitter buffer, concealment and packets,
 * without sockets, on lines without a wire; what is left of it with two calls
 * a span, in packs and not; and how late the engine thread wakes.
 */
#include "media/engine_priv.h"
#include "media/isa.h"
#include "tests/media/line_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	SPANS = 63,
	CHANNELS = 30,
	BLOCKS = 100, /* a run: 1 s */
	RUNS = 5,
	NOISE = 1 << 16,
	LATE_MS = 3000,
};

static uint8_t noise[NOISE + 4096];
static const struct net_addr peer = { .family = 4, .port = 4000,
				      .ip = { 127, 0, 0, 1 } };

static double cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* Low-passed noise at about -20 dBm0 with pauses, as speech has. */
static void make_noise(void)
{
	uint32_t seed = 1;
	float y = 0;

	for (size_t i = 0; i < sizeof(noise); i++) {
		float x;

		seed = seed * 1664525 + 1013904223;
		x = (float)(int32_t)seed / 2147483648.0f;
		y += 0.4f * (x - y);
		noise[i] = law_encode(LAW_A, (int)(i / 4000 % 3 == 2
							   ? y * 20
							   : y * 6000));
	}
}

/* packed: all lines are of one clock domain, else each of its own. */
static struct engine *make_engine(bool packed)
{
	struct engine_config cfg = {
		.spans = SPANS, .sessions = SPANS * CHANNELS,
		.jitter_min_ms = 20, .jitter_max_ms = 200,
	};
	struct engine_span_config span = {
		.law = LAW_A, .d_slot = 16, .idle = LAW_A_SILENCE,
		.echo_tail_ms = 128, .country = "de", .align = true,
	};
	struct engine *e = engine_new(&cfg);

	if (!e)
		exit(1);
	for (unsigned i = 0; i < SPANS; i++) {
		struct fake_line *l = fake_line_new();

		if (!l || engine_set_span(e, i, &span) < 0)
			exit(1);
		l->line.cfg.clock = packed ? LINE_CLOCK_MASTER
					   : LINE_CLOCK_SLAVE;
		engine_set_line(e, i, &l->line);
	}
	if (engine_prepare(e) < 0)
		exit(1);
	return e;
}

static bool with_echo = true;

static void place_calls(struct engine *e, struct tick *t, unsigned a_span)
{
	struct media_modify m = { .rtp = peer, .codec = 8, .dtmf_pt = 101,
				  .ptime_ms = 20, .answered = 1,
				  .echo = with_echo, .nlp = 1 };

	for (unsigned i = 0; i < SPANS * a_span; i++) {
		unsigned slot = i % a_span + 1;
		struct engine_command c = { .op = ENGINE_OPEN, .id = i + 1,
					    .session = (uint16_t)i };

		session_open(&e->sessions[i], t, &c);
		session_modify(&e->sessions[i], t, &m);
		if (span_connect(&e->spans[i / a_span], slot + (slot >= 16),
				 &e->sessions[i], false))
			exit(1);
	}
}

static void feed(struct engine *e, struct tick *t, unsigned i, unsigned k)
{
	uint8_t data[RTP_HEADER + 160];
	struct rtp_packet p = { .pt = 8, .seq = (uint16_t)k, .ts = 160 * k,
				.ssrc = i };
	struct udp_datagram d = { data, sizeof(data), peer, t->now };

	rtp_header(data, &p);
	memcpy(data + RTP_HEADER, noise + (i * 1031 + k * 160) % NOISE, 160);
	session_packet(&e->sessions[i], t, &d);
}

/* What the lines say: noise of their own. */
static void fill_lines(struct engine *e, unsigned k)
{
	for (unsigned span = 0; span < SPANS; span++) {
		struct line_fifo *f = &e->spans[span].line->rx;

		for (unsigned i = 0; i < LINE_BLOCK; i++) {
			uint8_t *frame = line_fifo_slot(f, 0);

			for (unsigned s = 1; s < LINE_SLOTS; s++)
				frame[s] = noise[(span * 977 + s * 3001 +
						  k * 80 + i) % NOISE];
			line_fifo_push(f, false);
		}
		f = &e->spans[span].line->tx;
		f->tail = f->head;
	}
}

static void run_packs(struct engine *e, struct tick *t, unsigned k,
		      unsigned a_span)
{
	for (unsigned i = 0; i < SPANS * a_span; i++)
		if ((k + i / a_span) % 2)
			feed(e, t, i, k / 2);
	for (unsigned i = 0; i < e->workers[0].n_packs; i++)
		pack_run(e->workers[0].packs[i], t, e->workers[0].block);
}

static double one_run(struct engine *e, struct tick *t, unsigned *k,
		      unsigned a_span)
{
	double busy = 0, from;

	for (unsigned n = 0; n < BLOCKS; n++, (*k)++) {
		t->now = mono_add_ms(t->now, 10);
		fill_lines(e, *k);
		from = cpu_s();
		run_packs(e, t, *k, a_span);
		busy += cpu_s() - from;
	}
	return 100 * busy / (BLOCKS * 0.010);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const char *name, const char *what, double percent)
{
	printf("engine_loop_percent_%s%s\t%.1f\tpercent\n", name, what,
	       percent);
}

/* The line's queues are filled by hand, outside of the time that counts. */
static void loop_percent(const char *name, unsigned a_span, bool packed)
{
	struct engine *e = make_engine(packed);
	struct tick t = worker_tick_at(&e->workers[0], (mono_t){ NS_PER_S });
	struct engine_event ev;
	double runs[RUNS];
	unsigned k = 0;

	for (unsigned i = 0; i < SPANS; i++)
		e->spans[i].align = 0;
	place_calls(e, &t, a_span);
	one_run(e, &t, &k, a_span);
	for (unsigned i = 0; i < RUNS; i++) {
		runs[i] = one_run(e, &t, &k, a_span);
		while (engine_event(e, &ev))
			;
	}
	qsort(runs, RUNS, sizeof(*runs), by_value);
	print(name, "", runs[RUNS / 2]);
	print(name, "_best", runs[0]);
	engine_free(e);
}

static void tick_late(void)
{
	struct engine_config cfg = { .sessions = 1 };
	struct engine *e = engine_new(&cfg);
	const struct lateness *l;
	unsigned refused;

	if (!e || engine_prepare(e) < 0 || engine_start(e, &refused) < 0)
		exit(1);
	l = &e->workers[0].gauges.late;
	usleep(LATE_MS * 1000);
	engine_stop(e);
	printf("engine_idle_tick_late_ms_p99\t%.3f\tms\n",
	       lateness_quantile_us(l, 9900) / 1e3);
	printf("engine_idle_tick_late_ms_p999\t%.3f\tms\n",
	       lateness_quantile_us(l, 9990) / 1e3);
	engine_free(e);
}

int main(void)
{
	make_noise();
	loop_percent("1890", CHANNELS, true);
	with_echo = false;
	loop_percent("1890_no_echo", CHANNELS, true);
	with_echo = true;
	isa_limit(ISA_AVX2);
	if (isa_now() == ISA_AVX2)
		loop_percent("1890_avx2", CHANNELS, true);
	else
		printf("engine_loop_percent_1890_avx2\tn/a\tpercent\n");
	isa_limit(ISA_AVX512);
	loop_percent("126_packed", 2, true);
	loop_percent("126_spread", 2, false);
	tick_late();
	return 0;
}
