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
	DAHDI_STEP = 2, /* between them are the other ends, of pairs */
	JITTER_MS = 20, /* we share the machine with those we test */
};

void span_config_init(struct span_config *c)
{
	struct conf_span *s = &c->isdn.span;

	memset(c, 0, sizeof(*c));
	c->wires = 1;
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

void span_config_nfas(struct span_config *c, unsigned wires)
{
	struct conf_for_isdn *isdn = &c->isdn;
	struct conf_nfas *nfas = &isdn->span.isdn.nfas;

	c->wires = isdn->n_members = (uint16_t)wires;
	isdn->span.isdn.exchange = CONF_NI2;
	strcpy(nfas->group, "group");
	nfas->leader = 1;
	for (unsigned i = 0; i < wires; i++) {
		struct conf_member *m = &isdn->members[i];

		*m = (struct conf_member){
			.index = (uint16_t)i,
			.d_slot = i < 2 ? isdn->span.line.d_slot : 0,
			.first_slot = isdn->span.line.first_slot,
			.last_slot = isdn->span.line.last_slot,
			.interface = (uint8_t)i,
			.d = i == 0   ? CONF_D_PRIMARY
			     : i == 1 ? CONF_D_BACKUP
				      : CONF_D_NONE,
		};
		snprintf(m->name, sizeof(m->name), "t1-%u", i);
	}
}

/* --- the role's frame link: we are its media --- */

static bool has_d(const struct span_wire *w)
{
	return w->d || line_has_frames(w->line);
}

void span_frame_stats(const struct span_wire *w, struct dslot_stats *d)
{
	memset(d, 0, sizeof(*d));
	if (line_has_frames(w->line)) {
		line_frame_stats(w->line, d);
	} else if (w->d) {
		dslot_stats(w->d, d);
	}
}

static int send_frame(struct span_wire *w, const struct frame_data *m)
{
	if (!has_d(w)) {
		return -ENODEV;
	}
	return line_has_frames(w->line) ?
		       line_frame_put(w->line, m->octets, m->len) :
		       dslot_send(w->d, m->octets, m->len);
}

static void tell_line(const struct span_wire *w)
{
	struct frame_line m = { .span = (uint16_t)w->index,
				.up = !(w->alarms & LINE_OUT) };
	struct dslot_stats d;

	span_frame_stats(w, &d);
	m.alarms = (uint16_t)w->alarms;
	m.errors = (uint32_t)(d.rx_bad_fcs + d.rx_aborts + d.rx_too_long);
	link_send(&w->span->media, &m.head, FRAME_LINE, sizeof(m));
}

static void on_frame(struct link *l, const struct link_head *head, int fd)
{
	struct span *s = container_of(l, struct span, media);
	const struct frame_data *m = (const void *)head;
	const struct frame_line *hello = (const void *)head;

	if (fd >= 0) {
		close(fd);
	}
	if (head->type == FRAME_HELLO && hello->span < s->n_wires) {
		tell_line(&s->wire[hello->span]);
	} else if (head->type == FRAME_DATA && head->len >= FRAME_DATA_LEN(0) &&
		   m->len <= FRAME_MAX &&
		   head->len >= FRAME_DATA_LEN(m->len) &&
		   m->span < s->n_wires) {
		s->refused += send_frame(&s->wire[m->span], m) < 0;
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
static int open_dahdi(struct span_wire *w, const struct line_config *line)
{
	const struct span_config *sc = &w->span->conf;
	const struct conf_span *c = &sc->isdn.span;
	struct dahdi_span d = {
		.span = (uint16_t)(sc->dahdi_span + DAHDI_STEP * w->index),
		.d_slot = line->d_slot,
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
	w->line = line_open(line, fds[0]);
	r = w->line ? 0 : -errno;
	taken = w->line != NULL;
	while (r == 0 && taken < n) {
		r = line_add(w->line, fds[taken]);
		taken += r == 0;
	}
	for (unsigned i = taken; i < n; i++) {
		close(fds[i]);
	}
	return r;
}

static int open_pseudowire(struct span_wire *w, const struct line_config *line)
{
	struct net_addr local = w->span->conf.local, peer = w->span->conf.peer;
	int fd, r;

	local.port = (uint16_t)(local.port + w->index);
	peer.port = (uint16_t)(peer.port + w->index);
	r = pseudowire_socket(&local, &peer, &fd);
	if (r < 0) {
		return r;
	}
	w->line = line_open(line, fd);
	if (!w->line) {
		r = -errno;
		close(fd);
	}
	return r;
}

/* Of a group only two have a D channel. */
static int open_wire(struct span *s, unsigned index)
{
	struct span_wire *w = &s->wire[index];
	struct line_config line = s->conf.line;
	int r;

	*w = (struct span_wire){ .span = s, .index = index };
	w->flip.random = s->conf.seed + index;
	if (s->conf.isdn.n_members) {
		line.d_slot = s->conf.isdn.members[index].d_slot;
	}
	r = line.driver == LINE_DAHDI ? open_dahdi(w, &line)
				      : open_pseudowire(w, &line);
	if (r == 0 && line.d_slot && !line_has_frames(w->line)) {
		w->d = dslot_new();
		r = w->d ? 0 : -ENOMEM;
	}
	return r;
}

static int open_wires(struct span *s)
{
	int r = 0;

	for (unsigned i = 0; i < s->conf.wires && r == 0; i++) {
		r = open_wire(s, i);
		s->n_wires = i + 1;
	}
	return r;
}

int span_open(struct span *s, struct loop *loop, const struct span_config *c,
	      const char **why)
{
	int r;

	memset(s, 0, sizeof(*s));
	s->loop = loop;
	s->conf = *c;
	*why = "line";
	r = open_wires(s);
	if (r == 0) {
		*why = "d channel";
		r = open_role(s);
	}
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
	for (unsigned i = 0; i < s->n_wires; i++) {
		line_start(s->wire[i].line, now);
	}
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
	for (unsigned i = 0; i < s->n_wires; i++) {
		dslot_free(s->wire[i].d);
		line_close(s->wire[i].line);
	}
	s->n_wires = 0;
}

/* --- each block --- */

static void check_alarms(struct span_wire *w)
{
	unsigned alarms = line_alarms(w->line);
	struct line_stats stats;
	bool heard, was_up = w->up;

	line_stats(w->line, &stats);
	heard = stats.rx.packets > 0;
	if (w->told && alarms == w->alarms && heard == w->heard) {
		return;
	}
	w->told = true;
	w->alarms = alarms;
	w->heard = heard;
	w->up = !(alarms & LINE_OUT);
	if (was_up && !w->up && w->d) {
		dslot_reset(w->d);
	}
	tell_line(w);
	w->span->ops->line(w->span->owner, w->index, heard);
}

static size_t next_frame(struct span_wire *w, uint8_t *octets)
{
	return line_has_frames(w->line) ? line_frame_get(w->line, octets) :
					  dslot_take(w->d, octets);
}

static void take_frames(struct span_wire *w)
{
	struct frame_data m = { .span = (uint16_t)w->index };
	size_t n;

	while (has_d(w) && (n = next_frame(w, m.octets)) > 0) {
		m.len = (uint16_t)n;
		link_send(&w->span->media, &m.head, FRAME_DATA,
			  FRAME_DATA_LEN(n));
	}
}

void span_flip(struct span_wire *w, double rate, double seconds, unsigned slot)
{
	w->flip.rate = rate < 1 ? rate : 1;
	w->flip.blocks = (unsigned)(seconds * BLOCKS_PER_S);
	w->flip.slot = slot;
}

static double chance(struct span_flip *f) /* in [0, 1) */
{
	f->random = f->random * 6364136223846793005u + 1442695040888963407u;
	return (double)(f->random >> 33) / 2147483648.0;
}

static void flip_bits(struct span_flip *f, uint8_t (*tx)[LINE_BLOCK])
{
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

static void serve_block(struct span_wire *w)
{
	static uint8_t rx[LINE_SLOTS][LINE_BLOCK], tx[LINE_SLOTS][LINE_BLOCK];
	struct span *s = w->span;
	unsigned d = s->conf.line.d_slot;

	line_read(w->line, rx, LINE_BLOCK);
	w->blocks++;
	check_alarms(w);
	if (w->up) {
		if (w->d) {
			dslot_rx(w->d, rx[d], LINE_BLOCK);
		}
		take_frames(w);
	}
	if (w->index == 0) {
		loop_advance(s->loop, BLOCK_MS);
	}
	memset(tx, s->conf.line.idle, sizeof(tx));
	s->ops->audio(s->owner, w->index, rx, tx);
	if (w->d) {
		dslot_tx(w->d, tx[d], LINE_BLOCK);
	}
	if (w->flip.blocks) {
		flip_bits(&w->flip, tx);
	}
	line_write(w->line, (const uint8_t (*)[LINE_BLOCK])tx, LINE_BLOCK);
}

static unsigned serve_wire(struct span_wire *w, mono_t now)
{
	unsigned n = 0;

	line_tick(w->line, now);
	while (line_avail(w->line) >= LINE_BLOCK) {
		serve_block(w);
		n++;
	}
	if (n) {
		line_tick(w->line, now); /* what was written may leave now */
	} else {
		check_alarms(w);
	}
	return n;
}

unsigned span_serve(struct span *s, mono_t now)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_wires; i++) {
		n += serve_wire(&s->wire[i], now);
	}
	return n;
}
