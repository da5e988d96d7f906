/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A span on a virtual clock, included by the isdn stack tests: at one end
 * our role; at the other a second one, a bare libpri, or nothing but frames
 * given as octets. Between them a wire that can be cut and keeps what passed.
 * The test plays core, media and console.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/frame.h"
#include "gateway/base/log.h"
#include "gateway/base/obs.h"
#include "gateway/base/role.h"
#include "gateway/cc.h"
#include "conf/conf.h"
#include "isdn/isdn_priv.h"
#include "isdn/trace.h"
#include "tests/stack/bare_pri.c"
#include "tests/suite.h"

/* not each test needs each helper */
#pragma GCC diagnostic ignored "-Wunused-function"

#define RIG_FRAMES 4096
#define RIG_MSGS   512
/* call references begin at 1 when the second is a multiple of 16384 */
#define RIG_WALL_MS 1700003840000

struct rig;

struct rig_frame {
	int64_t ms;
	bool from_a;
	uint8_t span;
	uint16_t len;
	uint8_t octets[GATE_FRAME];
};

/* One of our roles, and what its neighbours heard. */
struct our {
	struct rig *rig;
	struct role *role;
	struct link core, media, console;
	struct cc_msg msgs[RIG_MSGS];
	unsigned n, taken;
	struct cc_msg refused; /* the last SETUP told for its CDR alone */
	unsigned refusals;
	void (*on_msg)(struct our *, const struct cc_msg *); /* or NULL */
	void (*on_kept)(struct our *, const struct cc_kept *); /* or NULL */
	struct cc_end_state state; /* of span 0 */
	struct cc_end_state span_state[CONF_NFAS_SPANS];
	unsigned states, traces;
	struct cc_kept last_kept;
	struct cc_barred barred; /* the last one told */
	unsigned kept, settled;
	char trace[300]; /* last one with a gate fault */
	char reply[40000];
	bool replied, reply_error;
};

enum rig_kind { RIG_BARE, RIG_OUR, RIG_RAW };

struct rig {
	struct loop *loop;
	enum rig_kind kind;
	struct our a, b; /* b: RIG_OUR */
	struct bare bare, backup; /* backup: of an NFAS group */
	struct rig_frame frames[RIG_FRAMES];
	unsigned n_frames, mark;
	bool cut;
	uint32_t cut_spans; /* as bits */
	unsigned loss; /* of 1000 frames so many are lost */
	uint32_t random;
	leg_id next_leg;
	/* what the far end sends may be changed; the new length */
	size_t (*mangle)(uint8_t *octets, size_t len);
};

static struct rig *rig; /* the one of the running test */

/* libpri's clock is the virtual one. */
int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	int64_t us = rig && rig->loop ? loop_now(rig->loop).ns / 1000 : 0;

	(void)tz;
	tv->tv_sec = us / 1000000;
	tv->tv_usec = us % 1000000;
	return 0;
}

static int64_t rig_ms(void)
{
	return loop_now(rig->loop).ns / NS_PER_MS;
}

/* 0 <= result < n; repeatable, from rig->random. */
static unsigned rig_random(unsigned n)
{
	rig->random ^= rig->random << 13;
	rig->random ^= rig->random >> 17;
	rig->random ^= rig->random << 5;
	return rig->random % n;
}

/* --- the wire --- */

static void our_receive_on(struct our *o, unsigned span, const uint8_t *octets,
			   size_t len)
{
	struct frame_data f = { .span = (uint16_t)span,
				.len = (uint16_t)len };

	memcpy(f.octets, octets, len);
	link_send(&o->media, &f.head, FRAME_DATA, FRAME_DATA_LEN(len));
}

static void our_receive(struct our *o, const uint8_t *octets, size_t len)
{
	our_receive_on(o, 0, octets, len);
}

/* With RIG_PCAP=file: what our roles send, for tshark (link type 177,
 * LAPD with a 16-octet header that says which side sends). */
static void dump_frame(bool network, const uint8_t *octets, size_t len)
{
	static const uint32_t file_head[] = { 0xa1b2c3d4, 0x00040002, 0, 0,
					      65535, 177 };
	uint8_t head[16] = { 0, 4, 0x20, 0xfd, 0, 1, network, [15] = 0x30 };
	uint32_t record[4] = { (uint32_t)(rig_ms() / 1000),
			       (uint32_t)(rig_ms() % 1000 * 1000),
			       (uint32_t)(len + sizeof(head)),
			       (uint32_t)(len + sizeof(head)) };
	static FILE *file;

	if (!getenv("RIG_PCAP")) {
		return;
	}
	if (!file) {
		file = fopen(getenv("RIG_PCAP"), "wb");
		ck_assert_ptr_nonnull(file);
		fwrite(file_head, sizeof(file_head), 1, file);
	}
	fwrite(record, sizeof(record), 1, file);
	fwrite(head, sizeof(head), 1, file);
	fwrite(octets, len, 1, file);
}

static bool our_is_network(const struct our *o)
{
	return isdn_network(container_of(o->role, struct isdn, role));
}

static void wire_on(unsigned span, bool from_a, const uint8_t *octets,
		    size_t len)
{
	struct rig_frame *f;

	if (from_a || rig->kind == RIG_OUR) {
		dump_frame(our_is_network(from_a ? &rig->a : &rig->b), octets,
			   len);
	}

	if (rig->cut || rig->cut_spans & (1u << span) ||
	    (rig->loss && rig_random(1000) < rig->loss)) {
		return;
	}
	f = &rig->frames[rig->n_frames++ % RIG_FRAMES];
	f->ms = rig_ms();
	f->from_a = from_a;
	f->span = (uint8_t)span;
	f->len = (uint16_t)len;
	memcpy(f->octets, octets, len);
	if (!from_a && rig->mangle) {
		f->len = (uint16_t)rig->mangle(f->octets, len);
		our_receive_on(&rig->a, span, f->octets, f->len);
	} else if (!from_a) {
		our_receive_on(&rig->a, span, octets, len);
	} else if (rig->kind == RIG_OUR) {
		our_receive_on(&rig->b, span, octets, len);
	} else if (rig->kind == RIG_BARE) {
		bare_receive(span ? &rig->backup : &rig->bare, octets, len);
	}
}

static void wire(bool from_a, const uint8_t *octets, size_t len)
{
	wire_on(0, from_a, octets, len);
}

static void bare_to_wire(struct bare *b, const uint8_t *octets, size_t len)
{
	wire_on(b == &rig->backup, false, octets, len);
}

/* --- core, media, console --- */

static void core_on_msg(struct link *l, const struct link_head *head, int fd)
{
	struct our *o = container_of(l, struct our, core);

	(void)fd;
	ck_assert(cc_msg_ok(head));
	if (head->type == CC_SETUP &&
	    ((const struct cc_msg *)(const void *)head)->cause.value) {
		memcpy(&o->refused, head, sizeof(o->refused));
		o->refusals++;
	} else if (head->type == CC_KEPT || head->type == CC_SETTLED) {
		o->kept += head->type == CC_KEPT;
		o->settled += head->type == CC_SETTLED;
		if (head->type == CC_KEPT) {
			memcpy(&o->last_kept, head, sizeof(o->last_kept));
			if (o->on_kept) {
				o->on_kept(o, &o->last_kept);
			}
		}
	} else if (head->type == CC_BARRED) {
		memcpy(&o->barred, head, sizeof(o->barred));
	} else if (head->type == CC_END_STATE) {
		const struct cc_end_state *e = (const void *)head;

		ck_assert_uint_lt(e->end.index, CONF_NFAS_SPANS);
		o->span_state[e->end.index] = *e;
		o->state = o->span_state[0];
		o->states++;
	} else {
		memcpy(&o->msgs[o->n++ % RIG_MSGS], head, sizeof(o->msgs[0]));
		if (o->on_msg) {
			o->on_msg(o, (const struct cc_msg *)(const void *)head);
		}
	}
}

static void media_on_msg(struct link *l, const struct link_head *head, int fd)
{
	struct our *o = container_of(l, struct our, media);
	const struct frame_data *f = (const void *)head;
	const struct frame_line *hello = (const void *)head;
	struct frame_line line = { .up = 1 };

	(void)fd;
	if (head->type == FRAME_HELLO) {
		line.span = hello->span;
		link_send(l, &line.head, FRAME_LINE, sizeof(line));
	} else {
		ck_assert_uint_eq(head->type, FRAME_DATA);
		ck_assert_uint_eq(head->len, FRAME_DATA_LEN(f->len));
		wire_on(f->span, o == &rig->a, f->octets, f->len);
	}
}

static void console_on_msg(struct link *l, const struct link_head *head,
			   int fd)
{
	struct our *o = container_of(l, struct our, console);
	const struct obs_trace *t = (const void *)head;
	const struct obs_reply *r = (const void *)head;
	size_t have = strlen(o->reply);

	(void)fd;
	if (head->type == OBS_TRACE) {
		o->traces++;
		if (strchr(t->text, '[')) {
			snprintf(o->trace, sizeof(o->trace), "%s", t->text);
		}
	} else {
		memcpy(o->reply + have, r->text, r->len);
		o->reply[have + r->len] = '\0';
		o->replied = !r->more;
		o->reply_error = r->error;
	}
}

static void on_down(struct link *l)
{
	(void)l;
}

static const struct link_ops core_side = { core_on_msg, on_down };
static const struct link_ops media_side = { media_on_msg, on_down };
static const struct link_ops console_side = { console_on_msg, on_down };

/* --- building and taking down --- */

static void rig_conf(struct conf_for_isdn *c, bool network)
{
	memset(c, 0, sizeof(*c));
	strcpy(c->span.name, network ? "net" : "carrier");
	c->span.line.d_slot = 16;
	c->span.line.first_slot = 1;
	c->span.line.last_slot = 31;
	c->span.alarm_hold_ms = 2500;
	c->span.isdn = (struct conf_isdn){
		.side = network ? CONF_SIDE_NETWORK : CONF_SIDE_USER,
		.hunt = network ? CONF_HUNT_UP : CONF_HUNT_DOWN,
		.t301_s = 180,
		.t309_s = 90,
		.t310_s = 30,
		.t200_ms = 1000,
		.t203_ms = 10000,
	};
}

/* An NFAS group of T1s: span 0 has the primary, span 1 the backup. */
static void rig_group_conf(struct conf_for_isdn *c, bool network,
			   unsigned spans, bool backup)
{
	unsigned i;

	rig_conf(c, network);
	c->span.isdn.exchange = CONF_NI2;
	c->span.law = CONF_ULAW;
	strcpy(c->span.isdn.nfas.group, network ? "east" : "west");
	c->span.line.d_slot = c->span.line.last_slot = 24;
	c->n_members = (uint16_t)spans;
	for (i = 0; i < spans; i++) {
		struct conf_member *m = &c->members[i];

		*m = (struct conf_member){ .index = (uint16_t)i,
					   .first_slot = 1,
					   .last_slot = 24,
					   .d = CONF_D_NONE };
		m->interface = (uint8_t)i;
		snprintf(m->name, sizeof(m->name), "%.8s%u",
			 c->span.isdn.nfas.group, i);
		if (i == 0 || (i == 1 && backup)) {
			m->d = i ? CONF_D_BACKUP : CONF_D_PRIMARY;
			m->d_slot = 24;
		}
	}
}

static void our_link(struct our *o, enum role_id peer, struct link *end,
		     const struct link_ops *ops)
{
	const struct link_ops *role_side;
	struct link *slot;

	slot = isdn_role_ops.slot(o->role, peer, 0, &role_side);
	link_close(slot);
	link_close(end);
	ck_assert_int_eq(link_open_mem(slot, role_side, end, ops, rig->loop),
			 0);
	isdn_role_ops.link_up(o->role, peer, 0);
}

static void our_open(struct our *o, const struct conf_for_isdn *conf)
{
	memset(o, 0, sizeof(*o));
	o->rig = rig;
	o->role = isdn_role_ops.open(rig->loop, conf, sizeof(*conf));
	ck_assert_ptr_nonnull(o->role);
	our_link(o, ROLE_CORE, &o->core, &core_side);
	our_link(o, ROLE_MEDIA, &o->media, &media_side);
	our_link(o, ROLE_CONSOLE, &o->console, &console_side);
	ck_assert_int_eq(isdn_role_ops.start(o->role), 0);
}

static void our_close(struct our *o)
{
	isdn_role_ops.close(o->role);
	link_close(&o->core);
	link_close(&o->media);
	link_close(&o->console);
}

static struct isdn *isdn_a(void)
{
	return container_of(rig->a.role, struct isdn, role);
}

static void rig_advance(int64_t ms)
{
	loop_advance(rig->loop, ms);
}

static void no_log(enum log_level level, const char *line)
{
	if (getenv("RIG_LOG")) {
		fprintf(stderr, "%lld %d %s\n", (long long)rig_ms(), level,
			line);
	}
}

/* Our end is the given side; the far end the other one. */
static void rig_open_conf(enum rig_kind kind, const struct conf_for_isdn *a)
{
	struct conf_for_isdn b;
	bool network = a->span.isdn.side == CONF_SIDE_NETWORK;

	log_set_sink(no_log);
	rig = calloc(1, sizeof(*rig));
	rig->kind = kind;
	rig->next_leg = CC_LEG_CORE;
	rig->loop = loop_new_sim(RIG_WALL_MS);
	our_open(&rig->a, a);
	if (kind == RIG_OUR) {
		rig_conf(&b, !network);
		if (a->n_members) {
			rig_group_conf(&b, !network, a->n_members,
				       a->members[1].d == CONF_D_BACKUP);
		}
		b.span.isdn.exchange = a->span.isdn.exchange;
		b.span.line = a->span.line;
		b.span.isdn.exclusive = a->span.isdn.exclusive;
		b.span.isdn.restart = a->span.isdn.restart;
		our_open(&rig->b, &b);
	} else if (kind == RIG_BARE) {
		bool ni2 = a->span.isdn.exchange == CONF_NI2;

		bare_open_as(&rig->bare, rig->loop, !network, ni2,
			     bare_to_wire);
		if (a->n_members) {
			bare_open_as(&rig->backup, rig->loop, !network, ni2,
				     bare_to_wire);
			pri_enslave(rig->bare.pri, rig->backup.pri);
		}
	}
}

static void rig_open(enum rig_kind kind, bool network)
{
	struct conf_for_isdn conf;

	rig_conf(&conf, network);
	rig_open_conf(kind, &conf);
}

/* Opens and waits until the data link is there. */
static void rig_up(enum rig_kind kind, bool network)
{
	rig_open(kind, network);
	rig_advance(1500);
	ck_assert(rig->a.state.up);
	rig->mark = rig->n_frames;
}

static void rig_close(void)
{
	our_close(&rig->a);
	if (rig->kind == RIG_OUR) {
		our_close(&rig->b);
	} else if (rig->kind == RIG_BARE) {
		bare_close(&rig->bare);
		if (rig->backup.pri) {
			bare_close(&rig->backup);
		}
	}
	loop_free(rig->loop);
	free(rig);
	rig = NULL;
}

/* --- looking at the wire --- */

static void rig_text(const struct rig_frame *f, char *text, size_t size)
{
	trace_text(text, size, f->octets, f->len,
		   f->from_a == our_is_network(&rig->a));
}

/* A frame since rig->mark whose text begins so; NULL: none. */
static const struct rig_frame *rig_frame(bool from_a, const char *text)
{
	char got[600];
	unsigned i;

	for (i = rig->mark; i < rig->n_frames; i++) {
		const struct rig_frame *f = &rig->frames[i % RIG_FRAMES];

		rig_text(f, got, sizeof(got));
		if (f->from_a == from_a &&
		    strncmp(got, text, strlen(text)) == 0) {
			return f;
		}
	}
	return NULL;
}

static void rig_dump(void)
{
	char got[600];
	unsigned i;

	for (i = rig->mark; i < rig->n_frames; i++) {
		const struct rig_frame *f = &rig->frames[i % RIG_FRAMES];

		rig_text(f, got, sizeof(got));
		fprintf(stderr, "%8lld %s %s\n", (long long)f->ms,
			f->from_a ? "->" : "<-", got);
	}
}

#define EXPECT_SENT(text)                               \
	do {                                            \
		if (!rig_frame(true, text)) {           \
			rig_dump();                     \
			ck_abort_msg("not sent: %s", text); \
		}                                       \
	} while (0)
#define EXPECT_NOT_SENT(text)                           \
	do {                                            \
		if (rig_frame(true, text)) {            \
			rig_dump();                     \
			ck_abort_msg("sent: %s", text); \
		}                                       \
	} while (0)

/* --- playing the core --- */

static void core_send(struct our *o, enum cc_type type, leg_id leg,
		      struct cc_msg *m)
{
	m->leg = leg;
	link_send(&o->core, &m->head, (uint16_t)type, sizeof(*m));
}

static void core_say(struct our *o, enum cc_type type, leg_id leg)
{
	struct cc_msg m = { 0 };

	core_send(o, type, leg, &m);
}

static void core_release(struct our *o, leg_id leg, uint8_t cause)
{
	struct cc_msg m = { .cause = { cause, CC_LOC_NONE } };

	core_send(o, CC_RELEASE, leg, &m);
}

static struct cc_msg a_call(const char *called)
{
	struct cc_msg m = { .end = { CC_END_SPAN, 0 }, .complete = 1 };

	m.bearer = CC_BEARER_AUDIO_31;
	ck_assert_int_eq(cc_number_set(&m.called, called), 0);
	ck_assert_int_eq(cc_number_set(&m.calling, "+49711999"), 0);
	return m;
}

static leg_id core_call(struct our *o, const char *called)
{
	struct cc_msg m = a_call(called);
	leg_id leg = ++rig->next_leg;

	core_send(o, CC_SETUP, leg, &m);
	return leg;
}

/* The next message to the core; NULL: none. */
static const struct cc_msg *core_take(struct our *o)
{
	return o->taken < o->n ? &o->msgs[o->taken++ % RIG_MSGS] : NULL;
}

static const struct cc_msg *core_expect(struct our *o, enum cc_type type)
{
	const struct cc_msg *m = core_take(o);

	if (!m || m->head.type != type) {
		rig_dump();
		ck_abort_msg("%s expected, not %s", cc_type_name(type),
			     m ? cc_type_name(m->head.type) : "nothing");
	}
	return m;
}

static void core_expect_nothing(struct our *o)
{
	const struct cc_msg *m = core_take(o);

	if (m) {
		rig_dump();
		ck_abort_msg("%s not expected", cc_type_name(m->head.type));
	}
}

/* Nothing is left of any call at our end. */
static void expect_idle(struct our *o, unsigned channels)
{
	struct isdn *isdn = container_of(o->role, struct isdn, role);

	ck_assert(isdn_role_ops.is_idle(o->role));
	ck_assert_uint_eq(channel_count(&isdn->channels, CHANNEL_IDLE),
			  channels);
	ck_assert_uint_eq(o->state.free, channels);
}

static const struct bare_event *bare_expect(int e)
{
	const struct bare_event *got = bare_take(&rig->bare);

	if (!got || got->e != e) {
		rig_dump();
		ck_abort_msg("%s expected, not %s", pri_event2str(e),
			     got ? pri_event2str(got->e) : "nothing");
	}
	return got;
}

static q931_call *bare_call_opts(const char *called, int channel,
				 int exclusive, int complete, int ctype)
{
	struct pri_sr *sr = pri_sr_new();
	q931_call *call = pri_new_call(rig->bare.pri);
	struct pri_party_id id = { 0 };

	pri_set_overlapdial(rig->bare.pri, 1);
	pri_sr_set_channel(sr, channel, exclusive, 0);
	pri_sr_set_bearer(sr, ctype, PRI_LAYER_1_ALAW);
	pri_sr_set_called(sr, (char *)(uintptr_t)called, 0x21, complete);
	id.number.valid = 1;
	id.number.plan = 0x21;
	id.number.presentation = 0x21;
	strcpy(id.number.str, "711123456");
	pri_sr_set_caller_party(sr, &id);
	ck_assert_int_eq(pri_setup(rig->bare.pri, call, sr), 0);
	pri_sr_free(sr);
	bare_arm(&rig->bare);
	return call;
}

static q931_call *bare_call(const char *called, int channel)
{
	return bare_call_opts(called, channel, 0, 1, PRI_TRANS_CAP_SPEECH);
}

static int rig_run_suite(Suite *s)
{
	return suite_run(s, CK_NOFORK);
}
