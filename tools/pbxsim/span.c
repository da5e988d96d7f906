/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/span.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/frame.h"

enum {
	BLOCK_MS = 10,
	BLOCKS_PER_S = 100,
	D_SLOT = 16,
	JITTER_MS = 20, /* we share the machine with those we test */
};

void span_config_init(struct span_config *c)
{
	struct conf_span *s = &c->isdn.span;

	memset(c, 0, sizeof(*c));
	line_config_init(&c->line);
	c->line.pw.jitter_ms = JITTER_MS;
	strcpy(s->name, "span");
	strcpy(s->country, "de");
	s->line.d_slot = D_SLOT;
	s->line.first_slot = 1;
	s->line.last_slot = LINE_SLOTS - 1;
	s->line.idle = c->line.idle;
	s->isdn.side = CONF_SIDE_NETWORK;
	s->isdn.t301_s = 180;
	s->isdn.t309_s = 90;
	s->isdn.t310_s = 60;
	s->isdn.t200_ms = 1000;
	s->isdn.t203_ms = 10000;
	s->alarm_hold_ms = 500;
	c->seed = 1;
}

/* --- the role's frame link: we are its media --- */

void span_frame_stats(const struct span *s, struct dslot_stats *d)
{
	if (line_has_frames(s->line)) {
		line_frame_stats(s->line, d);
	} else {
		dslot_stats(s->d, d);
	}
}

static int send_frame(struct span *s, const struct frame_data *m)
{
	return line_has_frames(s->line) ?
		       line_frame_put(s->line, m->octets, m->len) :
		       dslot_send(s->d, m->octets, m->len);
}

static void tell_line(struct span *s)
{
	struct frame_line m = { .up = !(s->alarms & LINE_OUT) };
	struct dslot_stats d;

	span_frame_stats(s, &d);
	m.alarms = (uint16_t)s->alarms;
	m.errors = (uint32_t)(d.rx_bad_fcs + d.rx_aborts + d.rx_too_long);
	link_send(&s->media, &m.head, FRAME_LINE, sizeof(m));
}

static void on_frame(struct link *l, const struct link_head *head, int fd)
{
	struct span *s = container_of(l, struct span, media);
	const struct frame_data *m = (const void *)head;

	if (fd >= 0) {
		close(fd);
	}
	if (head->type == FRAME_HELLO) {
		tell_line(s);
	} else if (head->type == FRAME_DATA && head->len >= FRAME_DATA_LEN(0) &&
		   m->len <= FRAME_MAX && head->len >= FRAME_DATA_LEN(m->len)) {
		s->refused += send_frame(s, m) < 0;
	} else {
		s->bad++;
	}
}

static void on_down(struct link *l)
{
	(void)l; /* the role lives in this process */
}

static const struct link_ops frame_ops = { on_frame, on_down };

/* --- the role's core link: we are its core --- */

static void on_cc(struct link *l, const struct link_head *head, int fd)
{
	struct span *s = container_of(l, struct span, core);

	if (fd >= 0) {
		close(fd);
	}
	if (!cc_msg_ok(head)) {
		s->bad++;
	} else if (head->type == CC_END_STATE) {
		s->ops->state(s->owner, (const void *)head);
	} else {
		s->ops->cc(s->owner, (const void *)head);
	}
}

static const struct link_ops core_ops = { on_cc, on_down };

static void on_obs(struct link *l, const struct link_head *head, int fd)
{
	struct span *s = container_of(l, struct span, console);

	if (fd >= 0) {
		close(fd);
	}
	if (head->type == OBS_TRACE &&
	    head->len >= offsetof(struct obs_trace, bytes)) {
		s->ops->trace(s->owner, (const void *)head);
	}
}

static const struct link_ops obs_ops = { on_obs, on_down };

int span_send(struct span *s, struct cc_msg *m, enum cc_type type)
{
	return link_send(&s->core, &m->head, (uint16_t)type, sizeof(*m));
}

/* --- life --- */

static int join(struct span *s, struct link *ours, const struct link_ops *ops,
		enum role_id as)
{
	const struct link_ops *their_ops;
	struct link *theirs =
		isdn_role_ops.slot(s->role, as, 0, &their_ops);

	if (!theirs) {
		return -ENOTSUP;
	}
	return link_open_mem(ours, ops, theirs, their_ops, s->loop);
}

static int open_role(struct span *s)
{
	int r;

	errno = EINVAL;
	s->role = isdn_role_ops.open(s->loop, &s->conf.isdn,
				     sizeof(s->conf.isdn));
	if (!s->role) {
		return -errno;
	}
	r = join(s, &s->core, &core_ops, ROLE_CORE);
	if (r == 0) {
		r = join(s, &s->media, &frame_ops, ROLE_MEDIA);
	}
	if (r == 0 && s->conf.trace) {
		r = join(s, &s->console, &obs_ops, ROLE_CONSOLE);
	}
	return r;
}

/* All channels of a DAHDI span; what is wrong goes to stderr. */
static int open_dahdi(struct span *s)
{
	const struct conf_span *c = &s->conf.isdn.span;
	struct dahdi_span d = {
		.span = s->conf.dahdi_span,
		.d_slot = c->line.d_slot,
		.first_slot = c->line.first_slot,
		.last_slot = c->line.last_slot,
		.ulaw = c->law == CONF_ULAW,
	};
	int fds[LINE_SLOTS], r;
	unsigned n, taken = 0;
	char why[200];

	r = dahdi_open(&d, fds, &n, why, sizeof(why));
	if (r < 0) {
		fprintf(stderr, "pbxsim: %s\n", why);
		return r;
	}
	s->line = line_open(&s->conf.line, fds[0]);
	r = s->line ? 0 : -errno;
	taken = s->line != NULL;
	while (r == 0 && taken < n) {
		r = line_add(s->line, fds[taken]);
		taken += r == 0;
	}
	for (unsigned i = taken; i < n; i++) {
		close(fds[i]);
	}
	return r;
}

static int open_pseudowire(struct span *s)
{
	int fd, r;

	r = pseudowire_socket(&s->conf.local, &s->conf.peer, &fd);
	if (r < 0) {
		return r;
	}
	s->line = line_open(&s->conf.line, fd);
	if (!s->line) {
		r = -errno;
		close(fd);
	}
	return r;
}

static int open_line(struct span *s)
{
	return s->conf.line.driver == LINE_DAHDI ? open_dahdi(s) :
						   open_pseudowire(s);
}

int span_open(struct span *s, struct loop *loop, const struct span_config *c,
	      const char **why)
{
	int r;

	memset(s, 0, sizeof(*s));
	s->loop = loop;
	s->conf = *c;
	s->flip.random = c->seed;
	*why = "line";
	r = open_line(s);
	if (r < 0) {
		span_close(s);
		return r;
	}
	*why = "d channel";
	s->d = dslot_new();
	r = s->d ? open_role(s) : -ENOMEM;
	if (r < 0) {
		span_close(s);
	}
	return r;
}

void span_start(struct span *s, const struct span_ops *ops, void *owner,
		mono_t now)
{
	struct obs_switch on = { .on = 1 };

	s->ops = ops;
	s->owner = owner;
	line_start(s->line, now);
	isdn_role_ops.link_up(s->role, ROLE_CORE, 0);
	isdn_role_ops.link_up(s->role, ROLE_MEDIA, 0);
	if (s->conf.trace) {
		isdn_role_ops.link_up(s->role, ROLE_CONSOLE, 0);
		link_send(&s->console, &on.head, OBS_TRACE_ON, sizeof(on));
	}
	isdn_role_ops.start(s->role);
	loop_poll(s->loop);
}

void span_close(struct span *s)
{
	if (s->role) {
		isdn_role_ops.close(s->role);
		s->role = NULL;
	}
	link_close(&s->core);
	link_close(&s->media);
	link_close(&s->console);
	dslot_free(s->d);
	s->d = NULL;
	line_close(s->line);
	s->line = NULL;
}

/* --- each block --- */

static void check_alarms(struct span *s)
{
	unsigned alarms = line_alarms(s->line);
	struct line_stats stats;
	bool heard, was_up = s->up;

	line_stats(s->line, &stats);
	heard = stats.rx.packets > 0;
	if (s->told && alarms == s->alarms && heard == s->heard) {
		return;
	}
	s->told = true;
	s->alarms = alarms;
	s->heard = heard;
	s->up = !(alarms & LINE_OUT);
	if (was_up && !s->up) {
		dslot_reset(s->d);
	}
	tell_line(s);
	s->ops->line(s->owner, alarms, heard);
}

static size_t next_frame(struct span *s, uint8_t *octets)
{
	return line_has_frames(s->line) ? line_frame_get(s->line, octets) :
					  dslot_take(s->d, octets);
}

static void take_frames(struct span *s)
{
	struct frame_data m = { .span = 0 };
	size_t n;

	while ((n = next_frame(s, m.octets)) > 0) {
		m.len = (uint16_t)n;
		link_send(&s->media, &m.head, FRAME_DATA, FRAME_DATA_LEN(n));
	}
}

void span_flip(struct span *s, double rate, double seconds, unsigned slot)
{
	s->flip.rate = rate < 1 ? rate : 1;
	s->flip.blocks = (unsigned)(seconds * BLOCKS_PER_S);
	s->flip.slot = slot;
}

static double chance(struct span_flip *f) /* in [0, 1) */
{
	f->random = f->random * 6364136223846793005u + 1442695040888963407u;
	return (double)(f->random >> 33) / 2147483648.0;
}

static void flip_bits(struct span *s, uint8_t (*tx)[LINE_BLOCK])
{
	struct span_flip *f = &s->flip;
	unsigned first = f->slot ? f->slot : 1;
	unsigned last = f->slot ? f->slot : LINE_SLOTS - 1;

	f->blocks--;
	for (unsigned slot = first; slot <= last; slot++) {
		for (unsigned bit = 0; bit < LINE_BLOCK * 8; bit++) {
			if (chance(f) < f->rate) {
				tx[slot][bit / 8] ^= (uint8_t)(1u << bit % 8);
				f->count++;
			}
		}
	}
}

static void serve_block(struct span *s)
{
	static uint8_t rx[LINE_SLOTS][LINE_BLOCK], tx[LINE_SLOTS][LINE_BLOCK];
	unsigned d = s->conf.line.d_slot;

	line_read(s->line, rx, LINE_BLOCK);
	s->blocks++;
	check_alarms(s);
	if (s->up) {
		if (!line_has_frames(s->line)) {
			dslot_rx(s->d, rx[d], LINE_BLOCK);
		}
		take_frames(s);
	}
	loop_advance(s->loop, BLOCK_MS);
	memset(tx, s->conf.line.idle, sizeof(tx));
	s->ops->audio(s->owner, rx, tx);
	if (!line_has_frames(s->line)) {
		dslot_tx(s->d, tx[d], LINE_BLOCK);
	}
	if (s->flip.blocks) {
		flip_bits(s, tx);
	}
	line_write(s->line, (const uint8_t (*)[LINE_BLOCK])tx, LINE_BLOCK);
}

unsigned span_serve(struct span *s, mono_t now)
{
	unsigned n = 0;

	line_tick(s->line, now);
	while (line_avail(s->line) >= LINE_BLOCK) {
		serve_block(s);
		n++;
	}
	if (n) {
		line_tick(s->line, now); /* what was written may leave now */
	} else {
		check_alarms(s);
	}
	return n;
}
