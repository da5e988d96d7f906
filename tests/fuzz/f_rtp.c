/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * RTP, RTP events and RTCP as a peer of a call may send them: the input is a
 * row of datagrams (one octet of kind and time, two of length), given to a
 * session in place; its audio is played on.
 */
#include "media/engine_priv.h"
#include "tests/media/line_fake.h"

#include <stdlib.h>
#include <string.h>

static struct engine *engine;
static mono_t instant = { NS_PER_S };
static struct net_addr peer = { .family = 4, .port = 4000,
				.ip = { 127, 0, 0, 1 } };

static void set_up(void)
{
	struct engine_config cfg = {
		.spans = 1, .sessions = 1, .jitter_min_ms = 20,
		.jitter_max_ms = 200, .silent_alarm_s = 1,
		.silent_release_s = 2,
	};
	struct engine_span_config span = {
		.law = LAW_A, .idle = 0xd5, .country = "de",
	};

	struct fake_line *line = fake_line_new();

	engine = engine_new(&cfg);
	if (!engine || !line || engine_set_span(engine, 0, &span) < 0 ||
	    engine_set_line(engine, 0, &line->line) < 0 ||
	    engine_prepare(engine) < 0)
		abort();
	pack_start(engine->workers[0].packs[0], instant);
}

static void begin_call(struct session *s, struct tick *t)
{
	struct engine_command c = { .op = ENGINE_OPEN, .id = 1 };
	struct media_modify m = { .rtp = peer, .codec = 8, .dtmf_pt = 101,
				  .ptime_ms = 20, .answered = 1 };

	session_open(s, t, &c);
	s->id = 1;
	session_modify(s, t, &m);
	if (span_connect(&engine->spans[0], 1, s, false) < 0)
		abort();
}

static void rtcp(const struct session *s, const uint8_t *data, size_t len)
{
	struct rtcp_report r;

	if (rtcp_parse(&r, data, len, s->tx.ssrc) == 0 && r.has_block)
		(void)rtcp_round_trip(&r.block, 0x12345678);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t size)
{
	struct engine_event ev;
	struct session *s;
	struct worker *w;
	struct tick t;
	struct media_figures f;

	if (!engine)
		set_up();
	w = &engine->workers[0];
	t = worker_tick_at(w, instant);
	s = &engine->sessions[0];
	begin_call(s, &t);
	while (size >= 3) {
		size_t len = (size_t)in[1] << 8 | in[2];
		struct udp_datagram d = { in + 3, 0, peer, t.now };
		uint8_t kind = in[0];

		d.len = len < size - 3 ? len : size - 3;
		if (kind & 0x80)
			rtcp(s, d.data, d.len);
		else
			session_packet(s, &t, &d);
		for (unsigned i = 0; i < (kind & 7u); i++) {
			t.now = mono_add_ms(t.now, 10);
			span_io(&engine->spans[0], t.now);
			pack_run(w->packs[0], &t, w->block);
			session_watch(s, &t);
		}
		in += 3 + d.len;
		size -= 3 + d.len;
	}
	instant = t.now; /* the line's time does not go back */
	session_figures(s, &f);
	span_disconnect(&engine->spans[0], s);
	s->open = false;
	while (engine_event(engine, &ev))
		;
	return 0;
}
