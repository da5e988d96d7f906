/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * The parts of the pseudowire driver without sockets: packets and sequence
 * numbers against tests/vectors/pseudowire.txt, the receiver states, the
 * clock recovery on made-up arrival times, the integration of alarms.
 */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/media.h"
#include "media/line_alarm.h"
#include "media/pseudowire_jitter.h"
#include "media/pseudowire_packet.h"
#include "media/pseudowire_servo.h"
#include "tests/suite.h"

enum { OCTETS = 2048 };

/* One record of the file; texts point into it. */
struct vector {
	char name[64];
	char config[128];
	char expect[512];
	uint8_t octets[OCTETS];
	size_t len;
};

static char *file_text(void)
{
	const char *path = "tests/vectors/pseudowire.txt";
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 65536);

	ck_assert_msg(f && text, "cannot read %s: run in the top folder", path);
	ck_assert_uint_gt(fread(text, 1, 65535, f), 1000);
	fclose(f);
	return text;
}

static void add_hex(struct vector *v, const char *s)
{
	unsigned octet;

	for (s += strspn(s, " "); sscanf(s, "%2x", &octet) == 1; s += 2) {
		ck_assert_uint_lt(v->len, OCTETS);
		v->octets[v->len++] = (uint8_t)octet;
	}
}

/* Find a record; false if there is none of that name. */
static bool find_vector(const char *name, struct vector *v)
{
	char *text = file_text();
	char *line, *save = NULL;
	char header[80];
	bool in = false, found = false;

	memset(v, 0, sizeof(*v));
	snprintf(v->name, sizeof(v->name), "%s", name);
	snprintf(header, sizeof(header), "[%s]", name);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (*line == '[')
			in = strcmp(line, header) == 0;
		found |= in;
		if (in && !strncmp(line, "hex: ", 5))
			add_hex(v, line + 5);
		else if (in && !strncmp(line, "  ", 2))
			add_hex(v, line);
		else if (in && !strncmp(line, "config: ", 8))
			snprintf(v->config, sizeof(v->config), "%s", line + 8);
		else if (in && !strncmp(line, "expect: ", 8))
			snprintf(v->expect, sizeof(v->expect), "%s", line + 8);
	}
	free(text);
	return found;
}

/* The number behind a key, or -1. */
static long number(const char *text, const char *key)
{
	const char *s = strstr(text, key);

	return s ? strtol(s + strlen(key), NULL, 0) : -1;
}

/* Octets agreed for a record. */
static size_t agreed(const struct vector *v)
{
	long n = number(v->config, "n=");
	long frames = number(v->config, "frames=");

	return n > 0 && frames > 0 ? (size_t)(n * frames) : 8;
}

static void check_fields(const struct vector *v, const struct pw_packet *p)
{
	long ts = number(v->expect, "ts=");

	ck_assert_int_eq(p->l, number(v->expect, "L="));
	ck_assert_int_eq(p->r, number(v->expect, "R="));
	ck_assert_int_eq(p->m, number(v->expect, "M="));
	ck_assert_int_eq(p->frg, number(v->expect, "FRG="));
	ck_assert_int_eq(p->len, number(v->expect, "LEN="));
	ck_assert_int_eq(p->seq, number(v->expect, "SEQ="));
	ck_assert_int_eq((long)p->payload_len, number(v->expect, "payload="));
	ck_assert_int_eq(p->has_rtp, ts >= 0);
	if (ts < 0)
		return;
	ck_assert_int_eq(p->rtp.pt, number(v->expect, "pt="));
	ck_assert_int_eq(p->rtp.seq, number(v->expect, "RTP pt=97 seq="));
	ck_assert_int_eq(p->rtp.timestamp, ts);
	ck_assert_int_eq(p->rtp.ssrc, number(v->expect, "ssrc="));
}

static void check_content(const struct vector *v, const struct pw_packet *p)
{
	size_t n = (size_t)number(v->config, "n=");

	size_t first = p->payload[0]; /* frame: the records go on, 8 each */

	ck_assert(first == 0 || first == 8);
	for (size_t i = 0; i < p->payload_len; i++)
		ck_assert_uint_eq(p->payload[i],
				  (uint8_t)(8 * (i % n) + first + i / n));
}

static const struct {
	const char *name;
	enum pw_verdict verdict;
	bool content; /* payload follows the rule of the file */
	bool same;    /* we would send the same octets */
} packets[] = {
	{"ces-n5", PW_PLAY, true, true},
	{"ces-n5-len0", PW_PLAY, true, false},
	{"ces-n31-last", PW_PLAY, true, true},
	{"ces-n31-wrap", PW_PLAY, true, true},
	{"ces-n24-rtp", PW_PLAY, true, true},
	{"ces-n24-rtp-next", PW_PLAY, true, true},
	{"ces-L-omit", PW_IDLE, false, true},
	{"ces-L-omit-rtp", PW_IDLE, false, true},
	{"ces-L-full", PW_IDLE, false, true},
	{"ces-rdi", PW_PLAY, true, true},
	{"ces-R", PW_PLAY, true, true},
	{"ces-sig", PW_SIGNAL, false, true},
};

START_TEST(packet_vectors)
{
	struct vector v;
	struct pw_packet p;
	uint8_t again[OCTETS];

	ck_assert(find_vector(packets[_i].name, &v));
	ck_assert_int_eq(pw_judge(&p, v.octets, v.len, agreed(&v)),
			 packets[_i].verdict);
	check_fields(&v, &p);
	if (packets[_i].content)
		check_content(&v, &p);
	if (packets[_i].same) {
		ck_assert_uint_eq(pw_build(again, sizeof(again), &p), v.len);
		ck_assert_mem_eq(again, v.octets, v.len);
	}
}
END_TEST

START_TEST(packet_vectors_refused)
{
	struct vector v;
	struct pw_packet p;

	ck_assert(find_vector("ces-L-R", &v));
	ck_assert_int_eq(pw_judge(&p, v.octets, v.len, 248), PW_IDLE);
	ck_assert(p.l && p.r && p.seq == 20);
	ck_assert(find_vector("ces-ach", &v));
	ck_assert_int_eq(pw_judge(&p, v.octets, v.len, 40), PW_CHANNEL);
	ck_assert(find_vector("ces-reserved", &v));
	ck_assert_int_eq(pw_judge(&p, v.octets, v.len, 40), PW_DISCARD);
	ck_assert(find_vector("ces-short", &v));
	ck_assert_int_eq(pw_judge(&p, v.octets, v.len, 248), PW_MALFORMED);
	ck_assert_uint_eq(p.payload_len, 247);
	ck_assert(find_vector("ces-cas-e1", &v));
	ck_assert_int_eq(pw_judge(&p, v.octets, v.len, 50), PW_PLAY);
	ck_assert_int_eq(p.len, 54);
	ck_assert_int_eq(pw_judge(&p, v.octets, v.len, 48), PW_MALFORMED);
	ck_assert(find_vector("ces-cas-first", &v));
	ck_assert_int_eq(pw_judge(&p, v.octets, v.len, 32), PW_MALFORMED);
	ck_assert_int_eq(p.frg, 1);
	ck_assert(find_vector("ces-cas-last", &v));
	ck_assert_int_eq(pw_judge(&p, v.octets, v.len, 34), PW_MALFORMED);
	ck_assert_int_eq(p.frg, 2);
}
END_TEST

START_TEST(packet_odd_ones)
{
	struct pw_packet p;
	struct vector v;
	uint8_t o[OCTETS] = {0};

	/* too short, unknown first nibble, wrong RTP fixed fields */
	ck_assert_int_eq(pw_parse(&p, o, 0), -EBADMSG);
	ck_assert_int_eq(pw_parse(&p, o, 3), -EBADMSG);
	for (unsigned first = 0x20; first < 0x100; first++) {
		o[0] = (uint8_t)first;
		ck_assert_int_eq(pw_parse(&p, o, 40),
				 first == 0x80 ? 0 : -EBADMSG);
	}
	o[0] = 0x80;
	ck_assert_int_eq(pw_parse(&p, o, 15), -EBADMSG);
	ck_assert_int_eq(pw_parse(&p, o, 16), 0);
	o[1] = 0x80; /* the marker */
	ck_assert_int_eq(pw_parse(&p, o, 16), -EBADMSG);
	o[1] = 0;
	o[12] = 0x10; /* a channel header behind RTP */
	ck_assert_int_eq(pw_parse(&p, o, 16), -ENOMSG);
	/* RTP and control word must count alike */
	ck_assert(find_vector("ces-n24-rtp", &v));
	v.octets[3]++;
	ck_assert_int_eq(pw_judge(&p, v.octets, v.len, 192), PW_MALFORMED);
	/* LEN below the header, beyond the end, and before padding */
	ck_assert(find_vector("ces-n5", &v));
	v.octets[1] = 3;
	ck_assert_int_eq(pw_parse(&p, v.octets, v.len), -EBADMSG);
	v.octets[1] = 45;
	ck_assert_int_eq(pw_parse(&p, v.octets, v.len), -EBADMSG);
	v.octets[1] = 44;
	ck_assert_int_eq(pw_judge(&p, v.octets, 60, 40), PW_PLAY);
	/* L with any M is reserved, L with half a payload malformed */
	ck_assert(find_vector("ces-L-full", &v));
	for (unsigned m = 1; m < 4; m++) {
		v.octets[0] = (uint8_t)(8 | m);
		ck_assert_int_eq(pw_judge(&p, v.octets, v.len, 40),
				 PW_DISCARD);
	}
	v.octets[0] = 8;
	v.octets[1] = 24;
	ck_assert_int_eq(pw_judge(&p, v.octets, 24, 40), PW_MALFORMED);
	/* no room to build */
	p = (struct pw_packet){.payload = o, .payload_len = 248};
	ck_assert_uint_eq(pw_build(v.octets, 251, &p), 0);
	ck_assert_uint_eq(pw_build(v.octets, 252, &p), 252);
}
END_TEST

static void jitter_init(struct pw_jitter *j, unsigned depth)
{
	struct pw_jitter_config cfg = {
		.depth = depth,
		.n_out = 10,
		.n_in = 2,
		.fill_limit = 5000,
		.settle = 1000,
		.payload = 2,
		.restart_ns = 1500000,
	};

	ck_assert_int_eq(pw_jitter_init(j, &cfg), 0);
}

/* A scenario's run: what came out, and how often each thing happened. */
struct run {
	struct pw_jitter j;
	int64_t now_ns;
	int out[64]; /* -1: replaced */
	unsigned n_out;
	unsigned count[PW_PUT_FAR + 1];
};

static void play_to(struct run *r)
{
	bool playing = r->j.playing;
	struct pw_played played;

	pw_jitter_play(&r->j, &played);
	if (playing && r->n_out < 64)
		r->out[r->n_out++] = played.lost ? -1
						 : played.payload[0] << 8 |
							   played.payload[1];
}

static void arrive(struct run *r, unsigned seq)
{
	uint8_t payload[2] = {(uint8_t)(seq >> 8), (uint8_t)seq};

	r->now_ns += 1000000;
	r->count[pw_jitter_put(&r->j, (uint16_t)seq, payload, r->now_ns)]++;
	play_to(r);
	pw_jitter_trim(&r->j);
}

/* "in 10 11 13 14 ; out 10 11 - 13 14 ; lost 1": numbers, words skipped. */
static unsigned numbers(const char *text, const char *key, int *list)
{
	const char *s = strstr(text, key) + strlen(key);
	unsigned n = 0;

	while (*s && *s != ';' && n < 64) {
		size_t len = strcspn(s, " ;");

		if (*s >= '0' && *s <= '9')
			list[n++] = atoi(s);
		else if (len == 1 && *s == '-')
			list[n++] = -1;
		s += len;
		s += strspn(s, " ");
	}
	return n;
}

static const char *const scenarios[] = {
	"seq-plain",   "seq-loss",	  "seq-loss-wrap",
	"seq-reorder", "seq-reorder-wrap", "seq-too-late",
	"seq-duplicate", "seq-restart",
};

/* A packet a millisecond, then some more of the same to flush it out. A
 * buffer of four packets starts at two (half) or at four. */
static void run_scenario(const struct vector *v, unsigned depth)
{
	int in[64], out[64];
	unsigned n_in = numbers(v->expect, "in ", in);
	unsigned n_out = numbers(v->expect, "out ", out);
	struct run r = {0};
	unsigned lost = 0;
	long want;

	jitter_init(&r.j, depth);
	for (unsigned i = 0; i < n_in; i++)
		arrive(&r, (unsigned)in[i]);
	for (unsigned i = 0; i < 8; i++)
		arrive(&r, (unsigned)(in[n_in - 1] + 1) + i);
	for (unsigned i = 0; i < n_out; i++) {
		ck_assert_msg(r.out[i] == out[i],
			      "%s, depth %u: place %u is %d, not %d", v->name,
			      depth, i, r.out[i], out[i]);
		lost += out[i] < 0;
	}
	want = number(v->expect, "; lost ");
	ck_assert_int_eq(lost, want < 0 ? 0 : want);
	want = number(v->expect, "reordered ");
	ck_assert_int_eq(r.count[PW_PUT_REORDERED], want < 0 ? 0 : want);
	want = number(v->expect, "late ");
	ck_assert_int_eq(r.count[PW_PUT_LATE], want < 0 ? 0 : want);
	want = number(v->expect, "duplicate ");
	ck_assert_int_eq(r.count[PW_PUT_DUPLICATE], want < 0 ? 0 : want);
	want = number(v->expect, "resync ");
	ck_assert_int_eq(r.count[PW_PUT_RESYNC], want < 0 ? 0 : want);
	pw_jitter_fini(&r.j);
}

START_TEST(sequence_vectors)
{
	struct vector v;

	ck_assert(find_vector(scenarios[_i], &v));
	run_scenario(&v, 2);
	run_scenario(&v, 4);
}
END_TEST

/* seq-lops */
START_TEST(sequence_loss_state)
{
	struct run r = {0};
	unsigned seq = 65500, in_loss = 0;

	jitter_init(&r.j, 4);
	for (unsigned i = 0; i < 30; i++)
		arrive(&r, seq++);
	ck_assert_int_eq(r.j.state, PW_NORMAL);
	seq += 9; /* nine in a row: not yet */
	for (unsigned i = 0; i < 30; i++) {
		if (i < 9)
			play_to(&r);
		else
			arrive(&r, seq++);
		ck_assert_int_eq(r.j.state, PW_NORMAL);
	}
	seq += 10;
	for (unsigned i = 0; i < 30; i++) {
		if (i < 10)
			play_to(&r);
		else
			arrive(&r, seq++);
		in_loss += r.j.state == PW_LOSS;
	}
	ck_assert_uint_ge(in_loss, 1);
	ck_assert_uint_le(in_loss, 3);
	ck_assert_int_eq(r.j.state, PW_NORMAL);
	/* a long gap: loss, and one packet alone does not end it */
	for (unsigned i = 0; i < 40; i++)
		play_to(&r);
	ck_assert_int_eq(r.j.state, PW_LOSS);
	seq += 40;
	arrive(&r, seq++);
	ck_assert_int_eq(r.j.state, PW_LOSS);
	arrive(&r, seq++);
	ck_assert_int_eq(r.j.state, PW_NORMAL);
	ck_assert_uint_eq(r.j.loss_events, 2);
	pw_jitter_fini(&r.j);
}
END_TEST

START_TEST(sequence_fill_gives_up)
{
	struct run r = {0};

	jitter_init(&r.j, 4);
	for (unsigned i = 0; i < 4999; i++)
		play_to(&r);
	ck_assert_int_eq(r.j.state, PW_FILL);
	play_to(&r);
	ck_assert_int_eq(r.j.state, PW_LOSS);
	pw_jitter_fini(&r.j);
}
END_TEST

/* A second sequence between the packets of the first is ignored. */
START_TEST(sequence_intruder)
{
	struct run r = {0};
	uint8_t bad[2] = {0xee, 0xee};

	jitter_init(&r.j, 4);
	for (unsigned i = 0; i < 200; i++) {
		arrive(&r, i);
		for (unsigned k = 0; i > 20 && k < 5; k++)
			pw_jitter_put(&r.j, (uint16_t)(30000 + 5 * i + k), bad,
				      r.now_ns);
	}
	ck_assert_int_eq(r.j.state, PW_NORMAL);
	for (unsigned i = 0; i < r.n_out; i++)
		ck_assert_int_eq(r.out[i], (int)i);
	ck_assert_uint_eq(r.count[PW_PUT_RESYNC], 0);
	pw_jitter_fini(&r.j);
}
END_TEST

/* The path becomes 6 ms longer: some are lost, then the buffer follows. */
START_TEST(sequence_longer_path)
{
	struct run r = {0};
	unsigned lost = 0;

	jitter_init(&r.j, 4);
	for (unsigned i = 0; i < 30; i++)
		arrive(&r, i);
	for (unsigned i = 0; i < 6; i++)
		play_to(&r);
	for (unsigned i = 30; i < 60; i++)
		arrive(&r, i);
	for (unsigned i = 0; i < r.n_out; i++)
		lost += r.out[i] < 0;
	ck_assert_uint_le(lost, 8);
	ck_assert_uint_eq(r.j.slips, 1);
	ck_assert_int_eq(r.j.state, PW_NORMAL);
	ck_assert_uint_ge(pw_jitter_depth(&r.j), 3);
	/* and shorter again by far: dropped to the depth, once */
	for (unsigned i = 60; i < 80; i++) {
		uint8_t payload[2] = {0};

		pw_jitter_put(&r.j, (uint16_t)i, payload, r.now_ns);
	}
	pw_jitter_trim(&r.j);
	ck_assert_uint_eq(pw_jitter_depth(&r.j), 4);
	ck_assert_uint_eq(r.j.slips, 2);
	pw_jitter_fini(&r.j);
}
END_TEST

/* A delay that is always larger than wanted goes down, a packet a second,
 * and stops near the depth. */
START_TEST(sequence_settles)
{
	struct run r = {0};
	uint8_t payload[2] = {0};
	unsigned seq = 0;

	jitter_init(&r.j, 4);
	for (unsigned i = 0; i < 30; i++)
		arrive(&r, seq++);
	for (unsigned i = 0; i < 8; i++)
		pw_jitter_put(&r.j, (uint16_t)seq++, payload, r.now_ns);
	ck_assert_uint_eq(pw_jitter_depth(&r.j), 11);
	for (unsigned i = 0; i < 2200; i++)
		arrive(&r, seq++);
	ck_assert_uint_eq(pw_jitter_depth(&r.j), 10);
	for (unsigned i = 0; i < 10000; i++)
		arrive(&r, seq++);
	ck_assert_uint_eq(pw_jitter_depth(&r.j), 6);
	ck_assert_uint_eq(r.j.slips, 5);
	ck_assert_uint_eq(r.j.slip_packets, 5);
	pw_jitter_fini(&r.j);
}
END_TEST

static uint32_t chance(uint64_t *rng)
{
	*rng = *rng * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*rng >> 33);
}

/* Whatever comes, in whatever order: the buffer stays within its ring, and
 * the place of play goes back only with a slip or after a pause. */
START_TEST(sequence_random)
{
	for (uint64_t seed = 1; seed < 200; seed++) {
		struct run r = {0};
		uint64_t rng = seed;
		unsigned seq = chance(&rng);
		struct pw_played played;
		uint8_t payload[2] = {0};
		uint32_t play = 0;
		uint64_t slips = 0;
		bool playing = false;

		jitter_init(&r.j, 1 + chance(&rng) % 8);
		for (unsigned i = 0; i < 3000; i++) {
			unsigned s = seq + i + chance(&rng) % 12;

			if (chance(&rng) % 500 == 0)
				seq = chance(&rng);
			if (chance(&rng) % 3)
				pw_jitter_put(&r.j, (uint16_t)s,
					      chance(&rng) % 9 ? payload : NULL,
					      i * 1000000);
			pw_jitter_play(&r.j, &played);
			if (chance(&rng) % 100 == 0)
				pw_jitter_skip(&r.j, chance(&rng) % 70);
			pw_jitter_trim(&r.j);
			if (pw_jitter_depth(&r.j) > PW_RING ||
			    (playing && r.j.playing && r.j.slips == slips &&
			     (int32_t)(r.j.play - play) < 1))
				ck_abort_msg("seed %lu, step %u", seed, i);
			play = r.j.play;
			slips = r.j.slips;
			playing = r.j.playing;
		}
		pw_jitter_fini(&r.j);
	}
}
END_TEST

/* Arrival times from a generator, a packet each 1 ms of the peer's clock. */
struct path {
	double ppm;	  /* peer fast by that much */
	double floor_ns;  /* least delay */
	double jitter_ns; /* mean of an exponential tail */
	unsigned loss;	  /* of 1000 */
	unsigned spikes;  /* of 1000: up to 20 ms more */
	uint64_t rng;
	uint32_t n;
};

static double uniform(uint64_t *rng)
{
	return (chance(rng) % 1000000 + 1) / 1000001.0;
}

/* Feed some seconds; returns the worst error of the predicted floor. */
static double feed(struct pw_servo *s, struct path *p, unsigned seconds)
{
	double worst = 0;

	for (unsigned i = 0; i < seconds * 1000; i++, p->n++) {
		double sent = p->n * 1e6 / (1 + p->ppm * 1e-6);
		double t = sent + p->floor_ns -
			   p->jitter_ns * log(uniform(&p->rng));
		double error;

		if (chance(&p->rng) % 1000 < p->spikes)
			t += 20e6 * uniform(&p->rng);
		if (chance(&p->rng) % 1000 < p->loss)
			continue;
		pw_servo_packet(s, p->n, 1000000000 + (int64_t)t);
		error = (double)s->origin_ns + s->pred_ns -
			(1e9 + s->base * 1e6 / (1 + p->ppm * 1e-6) +
			 p->floor_ns);
		worst = fmax(worst, fabs(error));
	}
	return worst;
}

static const struct path paths[] = {
	{.ppm = 50, .floor_ns = 1e5, .jitter_ns = 2e4},
	{.ppm = -50, .floor_ns = 1e5, .jitter_ns = 2e4},
	{.ppm = 30, .floor_ns = 1e5, .jitter_ns = 2e5, .loss = 10},
	{.ppm = -100, .floor_ns = 1e5, .jitter_ns = 2e5, .spikes = 5},
	{.ppm = 10, .floor_ns = 5e6, .jitter_ns = 1.5e6, .spikes = 5},
};

START_TEST(servo_locks)
{
	struct path path = paths[_i];
	struct pw_servo s;
	double want = 1 / (1 + path.ppm * 1e-6) - 1;

	path.rng = (uint64_t)_i + 1;
	pw_servo_init(&s, 1e6);
	feed(&s, &path, 20);
	ck_assert_double_le(fabs(s.rate - want), 1e-6);
	feed(&s, &path, 10);
	ck_assert(pw_servo_locked(&s));
	ck_assert_double_le(feed(&s, &path, 300), 1e5);
	ck_assert_double_le(fabs(s.rate - want), 0.5e-6);
	ck_assert_uint_eq(s.steps, 0);
}
END_TEST

START_TEST(servo_path_step)
{
	struct path path = paths[0];
	struct pw_servo s;
	double rate;

	path.rng = 7;
	pw_servo_init(&s, 1e6);
	feed(&s, &path, 60);
	rate = s.rate;
	path.floor_ns += 5e6;
	feed(&s, &path, 3);
	ck_assert_uint_eq(s.steps, 1);
	ck_assert_double_le(fabs(s.rate - rate), 0.1e-6);
	ck_assert_double_le(feed(&s, &path, 60), 1e5);
	ck_assert_uint_eq(s.steps, 1);
}
END_TEST

START_TEST(servo_holds_over)
{
	struct path path = paths[1];
	struct pw_servo s;
	double want = 1 / (1 + path.ppm * 1e-6) - 1;

	path.rng = 9;
	pw_servo_init(&s, 1e6);
	feed(&s, &path, 60);
	/* a minute of nothing: the next packet comes as predicted */
	path.n += 60000;
	pw_servo_hold(&s);
	ck_assert_double_le(fabs(s.rate - want), 0.5e-6);
	ck_assert_double_le(feed(&s, &path, 10), 1e5);
	ck_assert_uint_eq(s.steps, 0);
}
END_TEST

/* A peer that follows us lets the rate run to its limit. */
START_TEST(servo_finds_loop)
{
	struct path path = {.ppm = 400, .floor_ns = 1e5, .jitter_ns = 2e4};
	struct pw_servo s;

	path.rng = 11;
	pw_servo_init(&s, 1e6);
	for (unsigned i = 0; i < 60 && !s.loop; i++)
		feed(&s, &path, 1);
	ck_assert(s.loop);
	ck_assert(!pw_servo_locked(&s));
	ck_assert_double_eq(s.rate, 0);
	/* still so after a minute and another try */
	feed(&s, &path, 120);
	ck_assert(s.loop);
	/* somebody has put it right */
	path.ppm = 20;
	feed(&s, &path, 150);
	ck_assert(!s.loop);
	ck_assert(pw_servo_locked(&s));
	ck_assert_double_le(fabs(s.rate + 20e-6), 1e-6);
}
END_TEST

START_TEST(alarm_integration)
{
	struct line_alarm_state a;
	mono_t t = {5 * NS_PER_S};

	line_alarm_init(&a, 2500, 10000, t);
	line_alarm_update(&a, LINE_LOS, t);
	line_alarm_update(&a, LINE_LOS, mono_add_ms(t, 2499));
	ck_assert_uint_eq(a.raised, 0);
	line_alarm_update(&a, LINE_LOS, mono_add_ms(t, 2500));
	ck_assert_uint_eq(a.raised, LINE_LOS);
	t = mono_add_ms(t, 3000);
	line_alarm_update(&a, LINE_AIS, t);
	ck_assert_uint_eq(a.defects, LINE_AIS);
	line_alarm_update(&a, LINE_AIS, mono_add_ms(t, 2500));
	ck_assert_uint_eq(a.raised, LINE_LOS | LINE_AIS);
	line_alarm_update(&a, LINE_AIS, mono_add_ms(t, 9999));
	ck_assert_uint_eq(a.raised, LINE_LOS | LINE_AIS);
	line_alarm_update(&a, LINE_AIS, mono_add_ms(t, 10000));
	ck_assert_uint_eq(a.raised, LINE_AIS);
	/* a break starts the time anew */
	t = mono_add_ms(t, 20000);
	line_alarm_update(&a, 0, t);
	line_alarm_update(&a, LINE_AIS, mono_add_ms(t, 9000));
	line_alarm_update(&a, 0, mono_add_ms(t, 9001));
	line_alarm_update(&a, 0, mono_add_ms(t, 19000));
	ck_assert_uint_eq(a.raised, LINE_AIS);
	line_alarm_update(&a, 0, mono_add_ms(t, 19001));
	ck_assert_uint_eq(a.raised, 0);
	/* our own doing is at once */
	line_alarm_update(&a, LINE_DOWN, mono_add_ms(t, 19002));
	ck_assert_uint_eq(a.raised, LINE_DOWN);
	line_alarm_update(&a, 0, mono_add_ms(t, 19003));
	ck_assert_uint_eq(a.raised, 0);
}
END_TEST

START_TEST(alarm_words)
{
	for (unsigned i = 0; i < LINE_ALARMS; i++) {
		ck_assert_ptr_nonnull(line_alarm_name(1u << i));
		for (unsigned d = LINE_PSEUDOWIRE; d <= LINE_DAHDI; d++) {
			const char *why = line_alarm_why(d, 1u << i);

			ck_assert_uint_gt(strlen(why), 20);
			ck_assert_uint_lt(strlen(why), MEDIA_SPAN_TEXT);
		}
	}
	ck_assert_ptr_null(line_alarm_name(0));
	ck_assert_ptr_null(line_alarm_name(1u << LINE_ALARMS));
	ck_assert_str_eq(line_alarm_name(LINE_LOS), "los");
	ck_assert_str_eq(line_alarm_why(LINE_PSEUDOWIRE, LINE_LOS | LINE_RAI),
			 line_alarm_why(LINE_PSEUDOWIRE, LINE_LOS));
	ck_assert_str_ne(line_alarm_why(LINE_DAHDI, LINE_LOS),
			 line_alarm_why(LINE_PSEUDOWIRE, LINE_LOS));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("pseudowire");
	TCase *t = tcase_create("packet");

	tcase_add_loop_test(t, packet_vectors, 0,
			    sizeof(packets) / sizeof(packets[0]));
	tcase_add_test(t, packet_vectors_refused);
	tcase_add_test(t, packet_odd_ones);
	suite_add_tcase(s, t);
	t = tcase_create("sequence");
	tcase_add_loop_test(t, sequence_vectors, 0,
			    sizeof(scenarios) / sizeof(scenarios[0]));
	tcase_add_test(t, sequence_loss_state);
	tcase_add_test(t, sequence_fill_gives_up);
	tcase_add_test(t, sequence_intruder);
	tcase_add_test(t, sequence_longer_path);
	tcase_add_test(t, sequence_settles);
	tcase_add_test(t, sequence_random);
	suite_add_tcase(s, t);
	t = tcase_create("servo");
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, servo_locks, 0,
			    sizeof(paths) / sizeof(paths[0]));
	tcase_add_test(t, servo_path_step);
	tcase_add_test(t, servo_holds_over);
	tcase_add_test(t, servo_finds_loop);
	suite_add_tcase(s, t);
	t = tcase_create("alarm");
	tcase_add_test(t, alarm_integration);
	tcase_add_test(t, alarm_words);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite(), CK_NOFORK);
}
