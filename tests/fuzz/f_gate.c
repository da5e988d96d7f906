/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn core base */
/*
 * A D channel with a hostile far end: frames through the gate into the real
 * libpri and our legs, as user and as network, with a core that answers.
 *
 * Input: records. First octet, low 3 bits: what; rest: length or number.
 *   0, 1  a message, put into an I frame with right numbers
 *   2     a whole frame
 *   3     SABME, UA, RR, DISC, DM: one octet chooses
 *   4     the clock goes on, n x 250 ms
 *   5     the core acts on a call it knows, one octet says how
 *   6     the core begins a call, one octet says which
 *   7     the line goes down or up; bit 2: of the other span, from now on
 * The first octet of all chooses side, switch (bit 2: NI2) and whether there
 * are two spans with a D channel each (bit 3: an NFAS group).
 *
 * Besides crashing there is one more way to fail: when the far end is silent
 * and the core gone, no call may be left after a minute.
 *
 * libpri has no destructor, so a role serves many inputs; it starts each with
 * no call and the link down.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "gateway/base/log.h"
#include "gateway/base/obs.h"
#include "isdn/isdn_priv.h"

#define INPUTS_PER_ROLE 64
#define LEGS		32

static struct loop *loop;
static struct role *role;
static struct link core, media, console;
static bool network;
static uint8_t mode; /* of the input: its first octet */
static unsigned inputs, span;
static uint8_t vs[2], vr[2]; /* the far end's next N(S), and N(R) */
static leg_id legs[LEGS];
static unsigned n_legs;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0"; /* libpri's controllers stay */
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	int64_t us = loop ? loop_now(loop).ns / 1000 : 0;

	(void)tz;
	tv->tv_sec = us / 1000000;
	tv->tv_usec = us % 1000000;
	return 0;
}

static void core_on_msg(struct link *l, const struct link_head *head, int fd)
{
	const struct cc_msg *m = (const void *)head;

	(void)l;
	(void)fd;
	if (!cc_msg_ok(head)) {
		abort();
	}
	if (head->type == CC_SETUP) {
		legs[n_legs++ % LEGS] = m->leg;
	}
}

static void media_on_msg(struct link *l, const struct link_head *head, int fd)
{
	const struct frame_data *f = (const void *)head;

	(void)l;
	(void)fd;
	if (head->type == FRAME_DATA && f->len >= 4 && f->span < 2 &&
	    !(f->octets[2] & 1)) {
		vr[f->span] = (uint8_t)((f->octets[2] >> 1) + 1) & 0x7f;
	}
}

static void ignore_msg(struct link *l, const struct link_head *head, int fd)
{
	(void)l;
	(void)head;
	(void)fd;
}

static void ignore_down(struct link *l)
{
	(void)l;
}

static const struct link_ops core_side = { core_on_msg, ignore_down };
static const struct link_ops media_side = { media_on_msg, ignore_down };
static const struct link_ops console_side = { ignore_msg, ignore_down };

static void no_log(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static void join(enum role_id peer, struct link *end,
		 const struct link_ops *ops)
{
	const struct link_ops *role_side;
	struct link *slot = isdn_role_ops.slot(role, peer, 0, &role_side);

	link_close(slot);
	link_close(end);
	link_open_mem(slot, role_side, end, ops, loop);
	isdn_role_ops.link_up(role, peer, 0);
}

static void set_line(bool up)
{
	struct frame_line l = { .span = (uint16_t)span, .up = up };

	link_send(&media, &l.head, FRAME_LINE, sizeof(l));
	loop_advance(loop, 0);
}

static void close_role(void)
{
	isdn_role_ops.close(role);
	link_close(&core);
	link_close(&media);
	link_close(&console);
	loop_free(loop);
	loop = NULL;
}

/* Two T1s, each with a D channel. */
static void add_group(struct conf_for_isdn *c)
{
	strcpy(c->span.isdn.nfas.group, "group");
	for (unsigned i = 0; i < 2; i++) {
		c->members[i] = (struct conf_member){
			.index = (uint16_t)i,
			.d_slot = 24,
			.first_slot = 1,
			.last_slot = 24,
			.interface = (uint8_t)i,
			.d = i ? CONF_D_BACKUP : CONF_D_PRIMARY,
		};
		c->members[i].name[0] = (char)('a' + i);
	}
	c->n_members = 2;
}

static void open_role(uint8_t with)
{
	bool as_network = with & 1;

	struct obs_switch s = { .on = 1 };
	struct conf_for_isdn c;

	memset(&c, 0, sizeof(c));
	strcpy(c.span.name, "fuzz");
	c.span.line.d_slot = 16;
	c.span.line.first_slot = 1;
	c.span.line.last_slot = 31;
	c.span.alarm_hold_ms = 2500;
	c.span.isdn = (struct conf_isdn){
		.side = as_network ? CONF_SIDE_NETWORK : CONF_SIDE_USER,
		.t301_s = 180, .t309_s = 90, .t310_s = 30,
		.t200_ms = 1000, .t203_ms = 10000,
	};
	if (with & 2) {
		c.span.isdn.exchange = CONF_NI2;
	}
	if (with & 4) {
		add_group(&c);
	}
	network = as_network;
	mode = with;
	log_set_sink(no_log);
	loop = loop_new_sim(0);
	role = isdn_role_ops.open(loop, &c, sizeof(c));
	join(ROLE_CORE, &core, &core_side);
	join(ROLE_MEDIA, &media, &media_side);
	join(ROLE_CONSOLE, &console, &console_side);
	isdn_role_ops.start(role);
	link_send(&console, &s.head, OBS_TRACE_ON, sizeof(s));
	loop_advance(loop, 0);
}

static void frame(const uint8_t *octets, size_t len)
{
	struct frame_data f = { .span = (uint16_t)span, .len = (uint16_t)len };

	memcpy(f.octets, octets, len);
	link_send(&media, &f.head, FRAME_DATA, FRAME_DATA_LEN(len));
	loop_advance(loop, 1);
}

static void message(const uint8_t *octets, size_t len)
{
	uint8_t f[FRAME_MAX] = { network ? 0 : 2, 1, (uint8_t)(vs[span] << 1),
				 (uint8_t)(vr[span] << 1) };

	memcpy(f + 4, octets, len);
	frame(f, len + 4);
	vs[span] = (vs[span] + 1) & 0x7f;
}

static void supervise(uint8_t what)
{
	static const uint8_t controls[] = { 0x7f, 0x73, 0x01, 0x53, 0x1f,
					    0x05, 0x09, 0x0f };
	uint8_t control = controls[what & 7];
	bool answer = control == 0x73 || control == 0x1f || what & 8;
	uint8_t f[4] = { network == answer ? 2 : 0, 1, control,
			 (uint8_t)(vr[span] << 1 | (what >> 4 & 1)) };

	frame(f, (control & 3) == 3 ? 3 : 4);
	if (control == 0x7f || control == 0x73) {
		vs[span] = vr[span] = 0;
	}
}

static void core_acts(uint8_t what)
{
	static const enum cc_type types[] = {
		CC_PROCEEDING, CC_ALERTING, CC_ANSWER, CC_RELEASE,
		CC_PROGRESS,   CC_DIGITS,   CC_HOLD,   CC_RELEASE,
	};
	struct cc_msg m = { .leg = legs[what >> 3] };

	m.progress = what >> 3 & 1;
	m.cause.value = (uint8_t)(what % 128);
	m.cause.location = CC_LOC_NONE;
	cc_number_set(&m.called, "7");
	link_send(&core, &m.head, types[what & 7], sizeof(m));
	loop_advance(loop, 1);
}

static void core_calls(uint8_t what)
{
	struct cc_msg m = { .bearer = what & 3, .complete = what >> 2 & 1 };

	m.leg = CC_LEG_CORE | (n_legs + 1);
	legs[n_legs++ % LEGS] = m.leg;
	cc_number_set(&m.called, "+4971112345");
	cc_number_set(&m.calling, "123");
	if (what & 8) {
		m.asserted = m.calling;
		m.redirecting = m.calling;
		strcpy(m.name, "name");
	}
	link_send(&core, &m.head, CC_SETUP, sizeof(m));
	loop_advance(loop, 1);
}

static void act(uint8_t what, const uint8_t *data, size_t len)
{
	switch (what) {
	case 0:
	case 1:
		message(data, len);
		break;
	case 2:
		frame(data, len);
		break;
	case 3:
		supervise(len ? data[0] : 0);
		break;
	case 5:
		core_acts(len ? data[0] : 0);
		break;
	case 6:
		core_calls(len ? data[0] : 0);
		break;
	default:
		break;
	}
}

static void run(const uint8_t *data, size_t size)
{
	size_t len, at = 0;

	while (at < size) {
		uint8_t what = data[at] & 7, n = data[at] >> 3;

		at++;
		if (what == 4) {
			loop_advance(loop, n * 250);
			continue;
		}
		if (what == 7) {
			span = mode & 4 ? n >> 1 & 1 : 0;
			set_line(n & 1);
			continue;
		}
		len = what < 3 ? n * 9u : 1; /* up to 279 octets */
		if (what < 2 && at < size) {
			len = data[at++];
		}
		len = len > size - at ? size - at : len;
		act(what, data + at, len > 280 ? 280 : len);
		at += len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 4096) {
		return 0;
	}
	if (role && (inputs++ % INPUTS_PER_ROLE == 0 ||
		     mode != (data[0] & 7))) {
		close_role();
		role = NULL;
	}
	if (!role) {
		open_role(data[0] & 7);
	}
	n_legs = 0;
	memset(legs, 0, sizeof(legs));
	for (span = mode & 4 ? 2 : 1; span-- > 0;) {
		set_line(true);
		supervise(1); /* UA: the link is up, most of the time */
		supervise(0);
		supervise(0x1a); /* RR: there, too */
	}
	span = 0;
	run(data + 1, size - 1);
	link_close(&core);
	loop_advance(loop, 60000);
	if (!isdn_role_ops.is_idle(role)) {
		abort(); /* a call is stuck */
	}
	join(ROLE_CORE, &core, &core_side);
	loop_advance(loop, 0);
	return 0;
}
