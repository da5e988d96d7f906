/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core alone on a virtual clock: its peers are this test. What they send
 * comes from script lines, what they get is written to a trace.
 *
 *	> span0 SETUP 1 called=0711 ch=3     a message to the core
 *	< sip SETUP c1 end=0 called=+49...   a message from the core
 *	! info call ...: rings               a log line
 *	= {"id":...}                         a CDR
 *
 * Legs of roles are numbers, legs of the core are c1, c2, ... Numbers carry
 * their attributes: 711/n national, /s subscriber, /i international;
 * /r restricted, /x unavailable; /p passed, /w network. "+49" is international.
 */
#ifndef TESTS_CORE_RIG_H
#define TESTS_CORE_RIG_H

#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "gateway/call.h"
#include "gateway/cdr_file.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RIG_SPANS  2
#define RIG_WALL   1700000000000
#define RIG_TRACE  (1 << 20)

struct rig {
	struct loop *loop;
	struct role *role;
	struct core *core;
	struct conf_for_core *conf;
	struct link span[RIG_SPANS], sip, media, console;
	char dir[32];
	int dir_fd;
	bool media_auto; /* OPENED and CLOSED come by themselves */
	bool quiet;	 /* no trace */
	uint32_t medias; /* opened so far */
	char *trace;
	size_t len;
	void (*hook)(struct rig *, struct cc_end, const struct cc_msg *);
};

static struct rig rig;

static inline void rig_out(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

static inline void rig_out(const char *fmt, ...)
{
	va_list ap;
	int n;

	if (rig.quiet) {
		return;
	}
	va_start(ap, fmt);
	n = vsnprintf(rig.trace + rig.len, RIG_TRACE - rig.len, fmt, ap);
	va_end(ap);
	rig.len += (size_t)n;
	ck_assert(rig.len < RIG_TRACE);
}

static inline void rig_sink(enum log_level level, const char *line)
{
	static const char *const names[] = {"err", "warn", "info", "debug"};

	if (level < LOG_LVL_DEBUG) {
		rig_out("! %s %s\n", names[level], line);
	}
}

/* --- values as text --- */

static inline void out_number(const char *key, const struct cc_number *n)
{
	static const char types[] = "?in?s?a?";
	char text[CC_DIGITS_MAX + 2];

	if (!n->valid) {
		return;
	}
	rig_out(" %s=%s", key, cc_number_str(n, text));
	if (n->type != CC_TON_UNKNOWN && n->type != CC_TON_INTERNATIONAL) {
		rig_out("/%c", types[n->type]);
	}
	if (n->presentation != 0) {
		rig_out("/%c", "?rx"[n->presentation]);
	}
	if (n->screening != 0) {
		rig_out("/%c", "?pfw"[n->screening]);
	}
}

static inline void set_number(struct cc_number *n, char *text)
{
	char *p = strchr(text, '/');

	if (p != NULL) {
		*p++ = '\0';
	}
	if (*text == '\0') {
		n->valid = 1;
	} else {
		ck_assert_int_eq(cc_number_set(n, text), 0);
	}
	for (; p != NULL && *p != '\0'; p++) {
		switch (*p) {
		case 'n': n->type = CC_TON_NATIONAL; break;
		case 's': n->type = CC_TON_SUBSCRIBER; break;
		case 'i': n->type = CC_TON_INTERNATIONAL; break;
		case 'r': n->presentation = CC_PRES_RESTRICTED; break;
		case 'x': n->presentation = CC_PRES_UNAVAILABLE; break;
		case 'p': n->screening = CC_SCREEN_PASSED; break;
		case 'f': n->screening = CC_SCREEN_FAILED; break;
		case 'w': n->screening = CC_SCREEN_NETWORK; break;
		default: ck_assert_int_eq(*p, '/');
		}
	}
}

static inline const char *addr_text(const struct net_addr *a)
{
	static char buf[NET_STR_MAX];

	return a->family == 0 ? "none" : net_str(a, buf);
}

static inline void out_int(const char *key, int value)
{
	if (value != 0) {
		rig_out(" %s=%d", key, value);
	}
}

static inline void out_msg(const char *who, const struct cc_msg *m)
{
	rig_out("< %s %s %s%u", who, cc_type_name(m->head.type),
		(m->leg & CC_LEG_CORE) != 0 ? "c" : "",
		m->leg & ~CC_LEG_CORE);
	if (m->head.type == CC_SETUP) {
		rig_out(" end=%u", m->end.index);
	}
	out_number("called", &m->called);
	out_number("calling", &m->calling);
	out_number("asserted", &m->asserted);
	out_number("redirecting", &m->redirecting);
	if (m->redirecting.valid && m->extra.divert.count) {
		rig_out(" divert=%u/%u", m->extra.divert.reason,
			m->extra.divert.count);
	}
	out_number("original", &m->extra.divert.original);
	out_number("connected", &m->connected);
	out_int("uui", m->extra.uui.len);
	out_int("ch", m->channel);
	out_int("progress", m->progress);
	out_int("bearer", m->bearer);
	out_int("emergency", m->emergency);
	out_int("transfer", m->transfer);
	if (m->other != 0) {
		rig_out(" other=%s%u", m->other & CC_LEG_CORE ? "c" : "",
			m->other & ~CC_LEG_CORE);
	}
	if (m->cause.value != 0) {
		rig_out(" cause=%u", m->cause.value);
	}
	if (m->media.valid) {
		rig_out(" media=%s", addr_text(&m->media.rtp));
	}
	if (m->name[0] != '\0') {
		rig_out(" name=%s", m->name);
	}
	rig_out("\n");
}

/* --- the peers --- */

static inline void span_msg(struct link *l, const struct link_head *h, int fd)
{
	unsigned i = (unsigned)(l - rig.span);
	char who[8];

	(void)fd;
	ck_assert(cc_msg_ok(h));
	snprintf(who, sizeof(who), "span%u", i);
	if (h->type == CC_SETTLED) {
		rig_out("< %s SETTLED\n", who);
		return;
	}
	out_msg(who, (const struct cc_msg *)h);
	if (rig.hook != NULL) {
		rig.hook(&rig, (struct cc_end){CC_END_SPAN, (uint8_t)i},
			 (const struct cc_msg *)h);
	}
}

static inline void out_snapshot(const struct cc_snapshot *s)
{
	rig_out("< sip %s %s%u cause=%u %.*s\n",
		cc_type_name(s->head.type),
		(s->leg & CC_LEG_CORE) != 0 ? "c" : "", s->leg & ~CC_LEG_CORE,
		s->cause.value, s->len, (const char *)s->bytes);
}

static inline void out_servers(const struct cc_servers *s)
{
	char text[NET_STR_MAX];

	rig_out("< sip SERVERS end=%u server=%u %s %s\n", s->end.index,
		s->server, s->host, net_str(&s->at[0].addr, text));
}

static inline void sip_msg(struct link *l, const struct link_head *h, int fd)
{
	(void)l;
	(void)fd;
	ck_assert(cc_msg_ok(h));
	if (h->type == CC_CLEAR || h->type == CC_KEEP) {
		out_snapshot((const void *)h);
		return;
	}
	if (h->type == CC_SERVERS) {
		out_servers((const void *)h);
		return;
	}
	if (h->type == CC_SETTLED) {
		rig_out("< sip SETTLED\n");
		return;
	}
	if (h->type == CC_END_STATE) {
		const struct cc_end_state *e = (const void *)h;

		rig_out("< sip END_STATE end=%u %s\n", e->end.index,
			e->up ? "up" : "down");
		return;
	}
	out_msg("sip", (const struct cc_msg *)h);
	if (rig.hook != NULL) {
		rig.hook(&rig, (struct cc_end){CC_END_TRUNK, 0},
			 (const struct cc_msg *)h);
	}
}

static inline void send_opened(uint32_t ref, uint32_t id)
{
	struct media_opened o = {.ref = ref, .id = id};

	if (id != 0) {
		net_parse(&o.rtp, "192.0.2.1:20000");
		o.rtp.port = (uint16_t)(20000 + 2 * id);
	}
	link_send(&rig.media, &o.head, MEDIA_OPENED, sizeof(o));
}

static inline void send_closed(uint32_t ref, uint32_t id)
{
	struct media_closed c = {.ref = ref, .id = id,
				 .figures = {.rtp_tx = 50, .rtp_rx = 49,
					     .erl_cdb = INT16_MIN,
					     .erle_cdb = INT16_MIN}};

	link_send(&rig.media, &c.head, MEDIA_CLOSED, sizeof(c));
}

static uint32_t rig_refs[65536]; /* ref of each media id */

static inline void on_modify(const struct media_modify *m)
{
	static const char *const dirs[] = {"sendrecv", "sendonly",
					   "recvonly", "inactive"};

	rig_out("< media MODIFY %u rtp=%s pt=%u dtmf=%u ptime=%u %s%s%s%s\n",
		m->id, addr_text(&m->rtp), m->codec, m->dtmf_pt, m->ptime_ms,
		dirs[m->direction], m->answered ? " answered" : "",
		m->echo ? " echo" : "", m->nlp ? " nlp" : "");
}

static inline void media_msg(struct link *l, const struct link_head *h, int fd)
{
	const struct media_open *o = (const void *)h;
	const struct media_connect *c = (const void *)h;
	const struct media_tone *t = (const void *)h;
	const struct media_dtmf *d = (const void *)h;
	const struct media_close *x = (const void *)h;
	const struct media_crypto *k = (const void *)h;
	const struct media_claim *q = (const void *)h;

	(void)l;
	(void)fd;
	switch (h->type) {
	case MEDIA_OPEN:
		rig_out("< media OPEN ref=%x\n", o->ref);
		rig_refs[++rig.medias & 65535] = o->ref;
		if (rig.media_auto) {
			send_opened(o->ref, rig.medias);
		}
		break;
	case MEDIA_CONNECT:
		rig_out("< media CONNECT %u span=%u slot=%u%s\n", c->id,
			c->span, c->slot, c->clear ? " clear" : "");
		break;
	case MEDIA_MODIFY:
		on_modify((const void *)h);
		break;
	case MEDIA_CRYPTO:
		rig_out("< media CRYPTO %u suite=%u tx=%u rx=%u mki=%u/%u\n",
			k->id, k->suite, k->tx.key[31], k->rx.key[31],
			k->tx.mki_len, k->rx.mki_len);
		break;
	case MEDIA_TONE:
		rig_out("< media TONE %u kind=%u\n", t->id, t->kind);
		break;
	case MEDIA_DTMF:
		rig_out("< media DTMF %u digit=%c%s\n", d->id, d->digit,
			d->to_rtp ? " rtp" : "");
		break;
	case MEDIA_CLOSE:
		rig_out("< media CLOSE %u\n", x->id);
		if (rig.media_auto) {
			send_closed(rig_refs[x->id & 65535], x->id);
		}
		break;
	case MEDIA_CLAIM:
		rig_out("< media CLAIM %u\n", q->id);
		if (rig.media_auto) {
			send_opened(q->ref, q->id);
		}
		rig_refs[q->id & 65535] = q->ref;
		break;
	case MEDIA_SETTLED:
		rig_out("< media SETTLED\n");
		break;
	default:
		ck_abort_msg("media message %u", h->type);
	}
}

static inline void console_msg(struct link *l, const struct link_head *h,
			       int fd)
{
	const struct obs_reply *r = (const void *)h;
	const struct obs_trace *t = (const void *)h;

	(void)l;
	(void)fd;
	if (h->type == OBS_REPLY) {
		rig_out("< console %s%.*s\n", r->error ? "ERROR " : "",
			r->len, r->text);
	} else if (h->type == OBS_TRACE) {
		rig_out("< console TRACE %s %s\n", t->call, t->text);
	}
}

static inline void peer_down(struct link *l)
{
	link_close(l);
}

static const struct link_ops span_peer = {span_msg, peer_down};
static const struct link_ops sip_peer = {sip_msg, peer_down};
static const struct link_ops media_peer = {media_msg, peer_down};
static const struct link_ops console_peer = {console_msg, peer_down};

static inline void rig_join(enum role_id peer, unsigned index, struct link *l,
			    const struct link_ops *ops)
{
	const struct link_ops *core_ops;
	struct link *slot = core_role_ops.slot(rig.role, peer, index,
					       &core_ops);

	ck_assert_ptr_nonnull(slot);
	link_close(slot);
	link_close(l);
	ck_assert_int_eq(link_open_mem(slot, core_ops, l, ops, rig.loop), 0);
	core_role_ops.link_up(rig.role, peer, index);
}

static inline void rig_end_state(struct cc_end end, bool up)
{
	struct cc_end_state e = {.end = end, .up = up,
				 .channels = end.kind == CC_END_SPAN ? 30 : 0,
				 .free = end.kind == CC_END_SPAN ? 30 : 0};

	link_send(end.kind == CC_END_SPAN ? &rig.span[end.index] : &rig.sip,
		  &e.head, CC_END_STATE, sizeof(e));
}

static inline void rig_up_span(unsigned i)
{
	rig_join(ROLE_ISDN, i, &rig.span[i], &span_peer);
	rig_end_state((struct cc_end){CC_END_SPAN, (uint8_t)i}, true);
}

static inline void rig_up_sip(void)
{
	rig_join(ROLE_SIP, 0, &rig.sip, &sip_peer);
	rig_end_state((struct cc_end){CC_END_TRUNK, 0}, true);
	rig_end_state((struct cc_end){CC_END_TRUNK, 1}, true);
}

/* --- configuration --- */

static inline struct conf_route *rig_route(unsigned from_kind, unsigned from,
					   unsigned to)
{
	struct conf *c = &rig.conf->conf;
	struct conf_route *r = &c->routes[c->n_routes++];

	memset(r, 0, sizeof(*r));
	r->from_end = from_kind == CC_END_SPAN ? CONF_END_SPAN
					       : CONF_END_TRUNK;
	r->to_end = from_kind == CC_END_SPAN ? CONF_END_TRUNK : CONF_END_SPAN;
	r->from = (uint8_t)from;
	r->to = (uint8_t)to;
	return r;
}

static inline void rig_allow(struct conf_route *r, const char *pattern)
{
	str_copy(r->allow[r->n_allow++], CONF_NUMBER, pattern);
}

/* carrier: user side in Germany; pbx: network side. */
static inline void rig_conf(void)
{
	struct conf *c = &rig.conf->conf;
	static const char *const spans[] = {"carrier", "pbx"};
	static const char *const trunks[] = {"provider", "backup"};

	str_copy(c->gateway.node, CONF_NAME, "gw1");
	c->n_spans = RIG_SPANS;
	c->n_trunks = 2;
	for (int i = 0; i < 2; i++) {
		struct conf_span *s = &c->spans[i];

		str_copy(s->name, CONF_NAME, spans[i]);
		str_copy(c->trunks[i].name, CONF_NAME, trunks[i]);
		c->trunks[i].ptime_ms = 20;
		c->trunks[i].refer.mode = CONF_REFER_ON;
		c->trunks[i].refer.n_allow = 1;
		str_copy(c->trunks[i].refer.allow[0], CONF_NUMBER, "+49711*");
		s->line.d_slot = 16;
		s->isdn.t301_s = 180;
		s->busy_out_cause = CAUSE_NET_OUT_OF_ORDER;
		s->isdn.t310_s = 30;
		s->echo = s->nlp = true;
	}
	str_copy(c->spans[0].country_code, 8, "49");
	str_copy(c->spans[0].area_code, 8, "711");
	c->spans[1].isdn.side = CONF_SIDE_NETWORK;
	str_copy(c->emergency[0], CONF_NUMBER, "112");
	c->n_emergency = 1;
	c->sip.ring_s = 180;
	c->media.silent_alarm_s = 5;
	c->media.silent_release_s = 60;
	rig_route(CC_END_SPAN, 0, 0);
	rig_route(CC_END_SPAN, 0, 1);
	rig_route(CC_END_SPAN, 1, 0);
	rig_allow(rig_route(CC_END_TRUNK, 0, 0), "0*");
	rig_allow(&c->routes[3], "+49*");
	rig_allow(rig_route(CC_END_TRUNK, 0, 1), "7*");
}

/* --- life --- */

static inline void rig_init(void)
{
	memset(&rig, 0, sizeof(rig));
	rig.trace = malloc(RIG_TRACE);
	rig.conf = calloc(1, sizeof(*rig.conf));
	ck_assert(rig.trace != NULL && rig.conf != NULL);
	rig.trace[0] = '\0';
	rig.media_auto = true;
	str_copy(rig.dir, sizeof(rig.dir), "/tmp/t_core.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(rig.dir));
	rig.dir_fd = open(rig.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	log_set_sink(rig_sink);
	rig_conf();
	rig.loop = loop_new_sim(RIG_WALL);
}

static inline int no_sync(int fd)
{
	(void)fd;
	return 0;
}

static struct cdr_io rig_io; /* the kernel's, but nothing is synced */

/* Opens the core with the configuration as it is now. */
static inline void rig_start(void)
{
	rig.role = core_role_ops.open(rig.loop, rig.conf, sizeof(*rig.conf));
	ck_assert_ptr_nonnull(rig.role);
	rig.core = core_of(rig.role);
	rig.core->id_seed = 0;
	rig.core->last_leg = 0;
	rig_io = cdr_file_io;
	rig_io.fsync = no_sync;
	rig.core->cdr.io = &rig_io;
	ck_assert_int_eq(core_role_ops.socket(rig.role, ROLE_SOCK_CDR_DIR, 0,
					      dup(rig.dir_fd)), 0);
	ck_assert_int_eq(core_role_ops.socket(rig.role, ROLE_SOCK_STATE_DIR,
					      0, dup(rig.dir_fd)), 0);
	ck_assert_int_eq(core_role_ops.start(rig.role), 0);
	rig_up_span(0);
	rig_up_span(1);
	rig_up_sip();
	rig_join(ROLE_MEDIA, 0, &rig.media, &media_peer);
	rig_join(ROLE_CONSOLE, 0, &rig.console, &console_peer);
	loop_poll(rig.loop);
}

/* Everything that waits is handled; the clock stands. */
static inline void rig_settle(void)
{
	for (int i = 0; i < 20; i++) {
		loop_poll(rig.loop);
	}
}

static inline void rig_unlink(void)
{
	for (unsigned i = 0; i < RIG_SPANS; i++) {
		link_close(&rig.span[i]);
	}
	link_close(&rig.sip);
	link_close(&rig.media);
	link_close(&rig.console);
}

static inline void rig_stop(void)
{
	core_role_ops.close(rig.role);
	rig.role = NULL;
	rig.core = NULL;
	rig_settle();
	rig_unlink();
}

/* The lines of all CDR files into the trace; returns how many. */
static inline unsigned rig_cdrs(void)
{
	struct dirent **names;
	int n = scandir(rig.dir, &names, NULL, alphasort);
	char path[320], line[8192];
	unsigned lines = 0;

	for (int i = 0; i < n; i++) {
		FILE *f = NULL;

		snprintf(path, sizeof(path), "%s/%s", rig.dir,
			 names[i]->d_name);
		if (strstr(path, ".jsonl") != NULL) {
			f = fopen(path, "r");
		}
		while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
			rig_out("= %s", line);
			lines++;
		}
		if (f != NULL) {
			fclose(f);
		}
		if (names[i]->d_name[0] != '.') {
			unlink(path);
		}
		free(names[i]);
	}
	free(names);
	return lines;
}

static inline void rig_fini(void)
{
	if (rig.role != NULL) {
		rig_stop();
	}
	rig_cdrs();
	loop_free(rig.loop);
	close(rig.dir_fd);
	rmdir(rig.dir);
	log_set_sink(NULL);
	free(rig.conf);
	free(rig.trace);
}

/* Is any timer running? The clock of a sim loop with one cannot stand. */
static inline bool rig_has_timer(void)
{
	mono_t before = loop_now(rig.loop);

	loop_run(rig.loop);
	return mono_diff_ns(loop_now(rig.loop), before) != 0;
}

#endif
