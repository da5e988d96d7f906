/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"

#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RIG_HEARD = 8000 * 120 };

/* A UDP socket on loopback, non-blocking; its address. */
static int rig_socket(struct net_addr *a)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t n;

	memset(a, 0, sizeof(*a));
	a->family = 4;
	a->ip[0] = 127;
	a->ip[3] = 1;
	n = net_to_sockaddr(a, &ss);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, n), 0);
	n = sizeof(ss);
	getsockname(fd, (struct sockaddr *)&ss, &n);
	net_from_sockaddr(a, (struct sockaddr *)&ss);
	return fd;
}

/* Two sockets on neighbouring ports. */
static void rig_pair(struct net_addr *rtp, int fd[2])
{
	struct sockaddr_storage ss;
	struct net_addr next;
	socklen_t n;

	for (;;) {
		fd[0] = rig_socket(rtp);
		next = *rtp;
		next.port++;
		fd[1] = socket(AF_INET,
			       SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		n = net_to_sockaddr(&next, &ss);
		if (rtp->port % 2 == 0 &&
		    bind(fd[1], (struct sockaddr *)&ss, n) == 0)
			return;
		close(fd[0]);
		close(fd[1]);
	}
}

static void rig_connect_to(int fd, const struct net_addr *to)
{
	struct sockaddr_storage ss;
	socklen_t n = net_to_sockaddr(to, &ss);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, n), 0);
}

static void rig_lines(struct rig *r)
{
	struct line_config cfg;
	struct net_addr a, b;
	int fa = rig_socket(&a), fb = rig_socket(&b);

	rig_connect_to(fa, &b);
	rig_connect_to(fb, &a);
	line_config_init(&cfg);
	r->far = line_open(&cfg, fa);
	ck_assert_ptr_nonnull(r->far);
	ck_assert_int_eq(engine_set_line(r->e, 0, line_open(&cfg, fb)), 0);
}

void rig_init(struct rig *r, const struct rig_config *c)
{
	struct engine_config cfg = {
		.spans = c->spans ? c->spans : 1,
		.sessions = 2,
		.jitter_min_ms = c->jitter_min_ms ? c->jitter_min_ms : 20,
		.jitter_max_ms = c->jitter_max_ms ? c->jitter_max_ms : 200,
		.silent_alarm_s = c->silent_alarm_s,
		.silent_release_s = c->silent_release_s,
	};
	struct engine_span_config span = {
		.law = c->law,
		.d_slot = 16,
		.idle = law_silence(c->law),
		.echo_tail_ms = c->echo_tail_ms,
		.country = "de",
	};
	int fd[2], far[2];

	memset(r, 0, sizeof(*r));
	r->heard = malloc(RIG_HEARD);
	r->max_heard = RIG_HEARD;
	r->packets = calloc(RIG_PACKETS, sizeof(*r->packets));
	r->e = engine_new(&cfg);
	ck_assert_ptr_nonnull(r->e);
	ck_assert_int_eq(engine_set_span(r->e, 0, &span), 0);
	rig_lines(r);
	rig_pair(&r->ours, fd);
	rig_pair(&r->theirs, far);
	ck_assert_int_eq(engine_set_sockets(r->e, 0, fd[0], fd[1]), 0);
	ck_assert_int_eq(engine_prepare(r->e), 0);
	r->rtp = far[0];
	r->rtcp = far[1];
	r->slot = RIG_SLOT;
	r->seq = 1000;
	r->ts = 5000;
	r->ssrc = 0xabcdef01;
	r->now.ns = 1000 * NS_PER_S;
	line_start(r->far, r->now);
}

void rig_fini(struct rig *r)
{
	engine_free(r->e);
	line_close(r->far);
	close(r->rtp);
	close(r->rtcp);
	free(r->heard);
	free(r->packets);
}

static void rig_far_line(struct rig *r)
{
	uint8_t rx[LINE_SLOTS][LINE_BLOCK], tx[LINE_SLOTS][LINE_BLOCK];

	line_tick(r->far, r->now);
	while (line_avail(r->far) >= LINE_BLOCK) {
		ck_assert_int_ge(line_read(r->far, rx, LINE_BLOCK), 0);
		if (r->n_heard + LINE_BLOCK <= r->max_heard) {
			memcpy(r->heard + r->n_heard, rx[r->slot], LINE_BLOCK);
			r->n_heard += LINE_BLOCK;
		}
		memset(tx, 0xd5, sizeof(tx));
		memset(tx[16], 0xff, LINE_BLOCK);
		if (r->at_said + LINE_BLOCK <= r->n_said) {
			memcpy(tx[r->slot], r->said + r->at_said, LINE_BLOCK);
			r->at_said += LINE_BLOCK;
		}
		line_write(r->far, (const uint8_t (*)[LINE_BLOCK])tx,
			   LINE_BLOCK);
	}
}

static void rig_collect(struct rig *r)
{
	struct engine_event ev;
	ssize_t n;

	while (r->n_packets < RIG_PACKETS) {
		struct rig_packet *p = &r->packets[r->n_packets];

		n = recv(r->rtp, p->data, sizeof(p->data), MSG_DONTWAIT);
		if (n < 0)
			break;
		p->len = (size_t)n;
		p->at_ms = r->now.ns / NS_PER_MS;
		r->n_packets++;
	}
	while (engine_event(r->e, &ev)) {
		if (ev.kind == ENGINE_EV_CLOSED && ev.id == RIG_ID) {
			r->closed = true;
			r->figures = ev.u.figures;
		}
		if (ev.kind == ENGINE_EV_FIGURES)
			r->figures = ev.u.figures;
		if (ev.kind == ENGINE_EV_MEDIA &&
		    r->n_events < sizeof(r->events) / sizeof(*r->events))
			r->events[r->n_events++] = ev;
	}
}

void rig_run(struct rig *r, unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		r->now = mono_add_ms(r->now, 1);
		if (r->on_ms)
			r->on_ms(r, r->on_ms_arg);
		rig_far_line(r);
		engine_step(r->e, r->now);
		rig_collect(r);
	}
}

void rig_command(struct rig *r, enum engine_op op, struct engine_command *c)
{
	c->op = (uint8_t)op;
	c->id = RIG_ID;
	ck_assert(engine_command(r->e, c));
}

void rig_open(struct rig *r)
{
	struct engine_command c = { .u.open = { 0x1234, 160, 65530,
						r->ours } };

	rig_command(r, ENGINE_OPEN, &c);
}

void rig_connect(struct rig *r, bool clear)
{
	struct engine_command c = { .u.connect = { 0, RIG_SLOT, clear } };

	rig_command(r, ENGINE_CONNECT, &c);
}

struct media_modify rig_modify_default(const struct rig *r)
{
	return (struct media_modify){
		.rtp = r->theirs,
		.codec = 8,
		.dtmf_pt = 101,
		.ptime_ms = 20,
		.direction = MEDIA_SENDRECV,
		.answered = 1,
	};
}

void rig_modify(struct rig *r, const struct media_modify *m)
{
	struct engine_command c = { .u.modify = *m };

	rig_command(r, ENGINE_MODIFY, &c);
}

void rig_send_raw(struct rig *r, const void *data, size_t len)
{
	ck_assert_int_ge(udp_send(r->rtp, &r->ours, data, len), 0);
}

void rig_send(struct rig *r, uint8_t pt, bool marker, const uint8_t *payload,
	      size_t len)
{
	uint8_t out[1500];
	struct rtp_packet p = {
		.pt = pt,
		.marker = marker,
		.seq = r->seq++,
		.ts = r->ts,
		.ssrc = r->ssrc,
	};

	rtp_header(out, &p);
	memcpy(out + RTP_HEADER, payload, len);
	rig_send_raw(r, out, RTP_HEADER + len);
}

unsigned rig_count(const struct rig *r, enum media_event_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_events; i++)
		n += r->events[i].u.media.kind == kind;
	return n;
}

void rig_digits(const struct rig *r, enum media_event_kind kind, char *out)
{
	for (unsigned i = 0; i < r->n_events; i++)
		if (r->events[i].u.media.kind == kind)
			*out++ = (char)r->events[i].u.media.digit;
	*out = '\0';
}

double rig_level(enum law law, const uint8_t *codes, size_t n)
{
	double e = 1e-9;

	for (size_t i = 0; i < n; i++)
		e += pow(law_decode(law, codes[i]), 2);
	return 10 * log10(e / (double)n) -
	       20 * log10((double)LAW_PEAK_0DBM0 / sqrt(2));
}

double rig_correlate(enum law law, const uint8_t *a, const uint8_t *b,
		     size_t n, size_t max, size_t *lag)
{
	const int16_t *t = law_table(law);
	double best = -1, bb = 1;

	for (size_t i = 0; i < n; i++)
		bb += (double)t[b[i]] * t[b[i]];
	for (size_t l = 0; l < max; l++) {
		double ab = 0, aa = 1;

		for (size_t i = 0; i < n; i++) {
			ab += (double)t[a[l + i]] * t[b[i]];
			aa += (double)t[a[l + i]] * t[a[l + i]];
		}
		if (ab / sqrt(aa * bb) > best) {
			best = ab / sqrt(aa * bb);
			*lag = l;
		}
	}
	return best;
}

size_t rig_wav(const char *path, enum law law, uint8_t *codes, size_t max)
{
	FILE *f = fopen(path, "rb");
	int16_t x[80];
	size_t n = 0, got;

	if (!f)
		return 0;
	fseek(f, 44, SEEK_SET);
	while (n + 80 <= max && (got = fread(x, 2, 80, f)) > 0) {
		law_encode_n(law, x, codes + n, got);
		n += got;
	}
	fclose(f);
	return n;
}
