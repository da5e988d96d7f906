/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core's messages and what becomes of them. */
#include "media/role_priv.h"

#include <string.h>
#include <sys/random.h>

#include "gateway/base/frame.h"
#include "gateway/base/str.h"
#include "media/dtmf.h"

#define KEEP_MS 10000 /* a new core is back in a tenth of a second */

static void send_core(struct media_role *m, struct link_head *h, uint16_t type,
		      size_t len)
{
	if (!link_is_up(&m->core) || link_send(&m->core, h, type, len) < 0)
		m->drops.unsent++;
}

static bool command(struct media_role *m, const struct media_user *u,
		    enum engine_op op, struct engine_command *c)
{
	c->op = (uint8_t)op;
	c->session = u->pair;
	c->id = u->id;
	if (engine_command(m->engine, c))
		return true;
	m->drops.commands++;
	return false;
}

static void close_user(struct media_role *m, struct media_user *u)
{
	struct engine_command c = { 0 };

	if (u->closing && !u->close_owed)
		return;
	u->closing = true;
	u->close_owed = !command(m, u, ENGINE_CLOSE, &c);
}

/* A call that the engine did not get all of would be silent, or in the clear:
 * rather none. */
static void must_command(struct media_role *m, struct media_user *u,
			 enum engine_op op, struct engine_command *c)
{
	if (!command(m, u, op, c))
		close_user(m, u);
}

void media_pay_debts(struct media_role *m)
{
	pool_id id = 0;

	while ((id = pool_next(m->users, id))) {
		struct media_user *u = pool_get(m->users, id);

		if (u->close_owed)
			close_user(m, u);
	}
}

static struct media_user *new_user(struct media_role *m, uint32_t ref)
{
	struct media_user *u;
	pool_id id;
	int pair = ports_take(&m->ports, loop_now(m->role.loop));

	if (pair == PORTS_NONE)
		return NULL;
	u = pool_alloc(m->users, &id);
	if (!u) {
		ports_give(&m->ports, (unsigned)pair,
			   loop_now(m->role.loop));
		return NULL;
	}
	u->id = id;
	u->ref = ref;
	u->pair = (uint16_t)pair;
	m->by_pair[pair] = id;
	return u;
}

static void free_user(struct media_role *m, struct media_user *u)
{
	m->by_pair[u->pair] = 0;
	ports_give(&m->ports, u->pair, loop_now(m->role.loop));
	pool_free(m->users, u->id);
}

static void on_open(struct media_role *m, const struct link_head *h)
{
	const struct media_open *o = (const void *)h;
	struct media_opened reply = { .ref = o->ref };
	struct engine_command c = { 0 };
	struct media_user *u = m->draining ? NULL : new_user(m, o->ref);

	if (u) {
		c.u.open.local = m->ports.pairs[u->pair].local;
		bool ok = getrandom(&c.u.open, 3 * sizeof(uint32_t), 0) >= 0;

		/* Far from a wrap that SRTP could miss (RFC 4568 6.4). */
		c.u.open.seq &= 0x7fff;
		if (!ok || !command(m, u, ENGINE_OPEN, &c)) {
			free_user(m, u);
			u = NULL;
		}
	}
	if (u) {
		reply.id = u->id;
		reply.rtp = m->ports.pairs[u->pair].local;
	} else {
		m->drops.no_port++;
	}
	send_core(m, &reply.head, MEDIA_OPENED, sizeof(reply));
}

/* The user a message is about; NULL: stale, counted. */
static struct media_user *user_of(struct media_role *m, media_id id)
{
	struct media_user *u = pool_get(m->users, id);

	if (u && !u->closing)
		return u;
	m->drops.core_stale++;
	return NULL;
}

static void on_connect(struct media_role *m, const struct link_head *h)
{
	const struct media_connect *msg = (const void *)h;
	struct engine_command c = { 0 };
	struct media_user *u;

	if (msg->span >= m->conf.n_spans || msg->slot > 31 ||
	    (msg->slot && (!media_has_span(m, msg->span) ||
			   msg->slot == m->conf.spans[msg->span].line.d_slot))) {
		m->drops.core_bad++;
		return;
	}
	u = user_of(m, msg->id);
	if (!u)
		return;
	u->span = msg->span;
	u->slot = msg->slot;
	c.u.connect.span = msg->span;
	c.u.connect.slot = msg->slot;
	c.u.connect.clear = msg->clear != 0;
	must_command(m, u, ENGINE_CONNECT, &c);
}

static void on_modify(struct media_role *m, const struct link_head *h)
{
	const struct media_modify *msg = (const void *)h;
	struct engine_command c = { .u.modify = *msg };
	struct media_user *u;

	if ((msg->rtp.family != 0 && msg->rtp.family != 4 &&
	     msg->rtp.family != 6) ||
	    msg->direction > MEDIA_INACTIVE || msg->codec > 127 ||
	    msg->learn > MEDIA_LEARN_ADDRESS ||
	    msg->dtmf_pt > 127) {
		m->drops.core_bad++;
		return;
	}
	u = user_of(m, msg->id);
	if (!u)
		return;
	u->far = msg->rtp;
	u->codec = msg->codec;
	u->direction = msg->direction;
	must_command(m, u, ENGINE_MODIFY, &c);
}

static void on_tone(struct media_role *m, const struct link_head *h)
{
	const struct media_tone *msg = (const void *)h;
	struct engine_command c = {
		.u.tone = { msg->kind, msg->to_rtp != 0 },
	};
	struct media_user *u;

	if (msg->kind > MEDIA_TONE_INFO) {
		m->drops.core_bad++;
		return;
	}
	u = user_of(m, msg->id);
	if (u)
		command(m, u, ENGINE_TONE, &c);
}

static void on_dtmf(struct media_role *m, const struct link_head *h)
{
	const struct media_dtmf *msg = (const void *)h;
	struct engine_command c = {
		.u.dtmf = { dtmf_code((char)msg->digit), msg->to_rtp != 0,
			    msg->ms },
	};
	struct media_user *u;

	if (c.u.dtmf.code == DTMF_NONE) {
		m->drops.core_bad++;
		return;
	}
	u = user_of(m, msg->id);
	if (u)
		command(m, u, ENGINE_DTMF, &c);
}

/* Keys that get lost may not leave a call in the clear. */
static void on_crypto(struct media_role *m, const struct link_head *h)
{
	const struct media_crypto *msg = (const void *)h;
	struct engine_command c = { 0 };
	struct media_user *u;

	if (msg->suite >= SRTP_SUITES) {
		m->drops.core_bad++;
		return;
	}
	u = user_of(m, msg->id);
	if (!u)
		return;
	c.u.crypto.suite = msg->suite;
	c.u.crypto.tx = msg->tx;
	c.u.crypto.rx = msg->rx;
	if (getrandom(&c.u.crypto.ssrc, sizeof(c.u.crypto.ssrc), 0) < 0)
		c.u.crypto.ssrc = ~(uint32_t)msg->id;
	u->suite = msg->suite;
	must_command(m, u, ENGINE_CRYPTO, &c);
	explicit_bzero(&c, sizeof(c));
}

static void on_close(struct media_role *m, const struct link_head *h)
{
	const struct media_close *msg = (const void *)h;
	struct media_user *u = user_of(m, msg->id);

	if (u)
		close_user(m, u);
}

/* Of those that an earlier core had, none is wanted any more. */
static void close_orphans(struct media_role *m)
{
	pool_id id = 0;

	while (m->users && (id = pool_next(m->users, id))) {
		struct media_user *u = pool_get(m->users, id);

		if (u->orphan)
			close_user(m, u);
	}
}

static void on_keep(struct timer *t)
{
	close_orphans(container_of(t, struct media_role, keep));
}

void media_core_down(struct media_role *m)
{
	pool_id id = 0;
	unsigned n = 0;

	while (m->users && (id = pool_next(m->users, id))) {
		struct media_user *u = pool_get(m->users, id);

		u->orphan = true;
		n++;
	}
	if (n && timer_start(m->role.loop, &m->keep, on_keep, KEEP_MS) < 0)
		close_orphans(m);
}

static void on_claim(struct media_role *m, const struct link_head *h)
{
	const struct media_claim *c = (const void *)h;
	struct media_opened reply = { .ref = c->ref };
	struct media_user *u = pool_get(m->users, c->id);

	if (u && u->orphan && !u->closing) {
		u->orphan = false;
		u->ref = c->ref;
		reply.id = u->id;
		reply.rtp = m->ports.pairs[u->pair].local;
	} else {
		m->drops.core_stale++;
	}
	send_core(m, &reply.head, MEDIA_OPENED, sizeof(reply));
}

static void on_settled(struct media_role *m, const struct link_head *h)
{
	(void)h;
	timer_stop(m->role.loop, &m->keep);
	close_orphans(m);
}

void media_on_core(struct media_role *m, const struct link_head *h)
{
	static const struct {
		uint16_t type;
		size_t len;
		void (*fn)(struct media_role *, const struct link_head *);
	} handlers[] = {
		{ MEDIA_OPEN, sizeof(struct media_open), on_open },
		{ MEDIA_CONNECT, sizeof(struct media_connect), on_connect },
		{ MEDIA_MODIFY, sizeof(struct media_modify), on_modify },
		{ MEDIA_TONE, sizeof(struct media_tone), on_tone },
		{ MEDIA_DTMF, sizeof(struct media_dtmf), on_dtmf },
		{ MEDIA_CLOSE, sizeof(struct media_close), on_close },
		{ MEDIA_CRYPTO, sizeof(struct media_crypto), on_crypto },
		{ MEDIA_CLAIM, sizeof(struct media_claim), on_claim },
		{ MEDIA_SETTLED, sizeof(struct link_head), on_settled },
	};

	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++) {
		if (handlers[i].type != h->type)
			continue;
		if (handlers[i].len == h->len && m->engine)
			handlers[i].fn(m, h);
		else
			m->drops.core_bad++;
		return;
	}
	m->drops.core_bad++;
}

bool media_line_is_up(const struct media_role *m, unsigned span)
{
	const struct span_view *v = &m->spans[span];

	return v->known && v->state.service == SERVICE_FULL;
}

const char *media_line_text(const struct media_role *m, unsigned span)
{
	const struct span_view *v = &m->spans[span];
	unsigned alarms = v->state.alarms | v->state.defects;

	if (!v->known)
		return "not started";
	if (v->state.service == SERVICE_RECOVERING)
		alarms = LINE_RECOVERING;
	return line_alarm_why(media_driver(&m->conf.spans[span].line), alarms);
}

/* Its thread has no time for more calls. */
static bool is_full(const struct media_role *m, unsigned span)
{
	return m->engine &&
	       m->threads[engine_thread_of(m->engine, span)].load.full;
}

static void tell_core_span(struct media_role *m, unsigned span)
{
	struct media_span msg = {
		.span = (uint16_t)span,
		.up = media_line_is_up(m, span),
		.full = is_full(m, span),
		.alarms = m->spans[span].state.alarms,
	};

	str_copy(msg.text, sizeof(msg.text), media_line_text(m, span));
	send_core(m, &msg.head, MEDIA_SPAN, sizeof(msg));
}

/* The end of an earlier link may not have been seen. */
void media_core_up(struct media_role *m)
{
	media_core_down(m);
	for (unsigned i = 0; i < m->conf.n_spans; i++)
		if (media_has_span(m, i))
			tell_core_span(m, i);
}

struct link *media_isdn_of(struct media_role *m, unsigned span)
{
	return &m->isdn[conf_leader(m->conf.spans, span)].link;
}

void media_tell_isdn(struct media_role *m, unsigned span)
{
	const struct span_view *v = &m->spans[span];
	struct frame_line msg = {
		.span = (uint16_t)span,
		.up = media_line_is_up(m, span),
		.calls = v->state.service == SERVICE_LOST ?
				 FRAME_CALLS_RELEASE :
				 FRAME_CALLS_KEEP,
		.alarms = v->state.alarms,
		.errors = v->state.d_errors,
		.silent = v->state.line.rx.silent_slots,
	};

	struct link *l = media_isdn_of(m, span);

	if (link_is_up(l) &&
	    link_send(l, &msg.head, FRAME_LINE, sizeof(msg)) < 0)
		m->drops.unsent++;
}

/* What somebody sends to a line and is dropped shows in the log, too, and what
 * a card's driver does wrong; the engine's figures come once a second. */
static void tell_dropped(const struct media_role *m,
			 const struct engine_span_state *s)
{
	const struct line_rx_stats *old = &m->spans[s->span].state.line.rx;
	const struct line_rx_stats *now = &s->line.rx;
	uint64_t malformed = now->malformed - old->malformed;
	uint64_t stray = now->stray - old->stray;

	if (media_awaits_card(m, s->span)) {
		if (malformed)
			log_warn("span %s: %llu reads of a wrong length from "
				 "the driver: see dmesg",
				 m->conf.spans[s->span].name,
				 (unsigned long long)malformed);
	} else if (malformed || stray) {
		log_warn("span %s: packets dropped: %llu malformed, %llu not "
			 "from the peer", m->conf.spans[s->span].name,
			 (unsigned long long)malformed,
			 (unsigned long long)stray);
	}
}

/* A line that flaps between fault and recovery is told of once, and an alarm in
 * the same words once until it is in service again. */
static void log_line(struct media_role *m, unsigned span,
		     const struct engine_span_state *was)
{
	struct span_view *v = &m->spans[span];
	const struct engine_span_state *is = &v->state;
	const char *name = m->conf.spans[span].name;
	const char *text = media_line_text(m, span);
	bool alarm = is->alarms & ~(unsigned)was->alarms;

	if (is->service == SERVICE_LOST && was->service != SERVICE_LOST) {
		log_warn("span %s: its calls are released: %s", name, text);
	} else if (is->service == SERVICE_FULL &&
		   was->service != SERVICE_FULL) {
		log_info("span %s: %s", name, text);
		v->told = NULL;
	} else if (alarm && text != v->told) {
		log_warn("span %s: alarm: %s", name, text);
		v->told = text;
	} else if (was->service == SERVICE_FULL &&
		   is->service == SERVICE_FAULT) {
		log_info("span %s: fault, no new calls: %s", name, text);
	}
}

/* Channels that the driver refuses or has nothing for, and that are good
 * again: not with a card that is gone, which has none. */
static void log_channels(const struct media_role *m, unsigned span,
			 uint32_t was)
{
	uint32_t is = m->spans[span].state.line.rx.silent_slots;
	uint32_t d = 1u << m->conf.spans[span].line.d_slot;
	const char *name = m->conf.spans[span].name;

	if (is & ~was & d)
		log_warn("span %s: the driver brings no frames of its D "
			 "channel, but errors; tried again each second: see "
			 "dmesg", name);
	if (is & ~was & ~d)
		log_warn("span %s: the driver refuses %d of its B channels or "
			 "brings no blocks of them; they are silent and tried "
			 "again each second: see dmesg", name,
			 __builtin_popcount(is & ~d));
	if (was && !is && !(m->spans[span].state.defects & LINE_GONE))
		log_info("span %s: the driver serves all channels again", name);
}

/* Of a line that has just come the log says what is bad, if it has a card: who
 * is to open that tells the rest. */
static bool is_worth_a_line(const struct engine_span_state *s, bool first)
{
	return !first || (s->alarms && !(s->defects & LINE_GONE));
}

static void on_span(struct media_role *m, const struct engine_span_state *s)
{
	struct span_view *v = &m->spans[s->span];
	struct engine_span_state was = v->state;
	uint32_t silent = was.line.rx.silent_slots;
	bool first = !v->known;

	tell_dropped(m, s);
	v->state = *s;
	v->known = true;
	log_channels(m, s->span, silent);
	if (first || was.service != s->service)
		v->since = loop_now(m->role.loop);
	else if (was.alarms == s->alarms && was.defects == s->defects &&
		 silent == s->line.rx.silent_slots)
		return;
	if (is_worth_a_line(s, first))
		log_line(m, s->span, &was);
	tell_core_span(m, s->span);
	media_tell_isdn(m, s->span);
}

static void on_figures(struct media_role *m, struct media_user *u,
		       const struct media_figures *f)
{
	u->figures = *f;
	media_count_rtp(m, u, f);
}

static void on_closed(struct media_role *m, struct media_user *u,
		      const struct media_figures *f)
{
	struct media_closed msg = {
		.id = u->id,
		.ref = u->ref,
		.figures = *f,
	};

	media_count_rtp(m, u, f);
	if (!u->orphan)
		send_core(m, &msg.head, MEDIA_CLOSED, sizeof(msg));
	free_user(m, u);
}

static void on_media(struct media_role *m, struct media_user *u, uint8_t kind,
		     uint8_t digit)
{
	struct media_event msg = {
		.id = u->id,
		.ref = u->ref,
		.kind = kind,
		.digit = digit,
	};
	unsigned n;

	if (kind == MEDIA_EV_SILENT) {
		u->silent = 1;
		n = log_allow(&m->limit, loop_now(m->role.loop).ns);
		if (n)
			log_warn("media %08x: no RTP for %u s: one-way audio? "
				 "(%u times)", u->id,
				 m->conf.media.silent_alarm_s, n);
	}
	if (kind == MEDIA_EV_HEARD)
		u->silent = 0;
	if (!u->closing)
		send_core(m, &msg.head, MEDIA_EVENT, sizeof(msg));
}

static void log_load(const struct role_thread *t)
{
	const struct engine_gauges *g = &t->gauges;

	if (t->load.full)
		log_warn("engine thread %u: busy for %u.%u %% of its time, takes no "
			 "more calls but emergencies: media.cpus gives the "
			 "engine more cores, media.max_load says how far it "
			 "may be loaded", g->thread, g->busy_permille / 10,
			 g->busy_permille % 10);
	else
		log_info("engine thread %u: has time for calls again",
			 g->thread);
}

static void on_gauges(struct media_role *m, const struct engine_gauges *g)
{
	struct role_thread *t = &m->threads[g->thread];
	bool rested = g->rested > t->gauges.rested;

	t->gauges = *g;
	if (!load_note(&t->load, g->busy_permille,
		       10u * m->conf.media.max_load, rested))
		return;
	log_load(t);
	for (unsigned i = 0; i < m->conf.n_spans; i++)
		if (media_has_span(m, i) &&
		    engine_thread_of(m->engine, i) == g->thread)
			tell_core_span(m, i);
}

void media_on_event(struct media_role *m, const struct engine_event *ev)
{
	struct media_user *u;

	if (ev->kind == ENGINE_EV_SPAN) {
		if (media_has_span(m, ev->u.span.span))
			on_span(m, &ev->u.span);
		return;
	}
	if (ev->kind == ENGINE_EV_GONE) {
		if (media_settle_span(m, ev->u.span.span) < 0)
			m->drops.commands++;
		return;
	}
	if (ev->kind == ENGINE_EV_GAUGES) {
		on_gauges(m, &ev->u.gauges);
		return;
	}
	u = pool_get(m->users, ev->id);
	if (!u)
		return;
	if (ev->kind == ENGINE_EV_CLOSED)
		on_closed(m, u, &ev->u.figures);
	else if (ev->kind == ENGINE_EV_FIGURES)
		on_figures(m, u, &ev->u.figures);
	else if (ev->kind == ENGINE_EV_MEDIA)
		on_media(m, u, ev->u.media.kind, ev->u.media.digit);
}
