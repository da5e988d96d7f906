/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core base */
/*
 * The core against peers that send anything: well-formed messages in any
 * order, and octets. Each operation is eight octets (link, type, leg, four
 * fields, time), or raw ones. Afterwards all legs are RELEASED, and no call
 * may be left.
 */
#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "gateway/call.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct loop *loop;
static struct core *core;
static struct link span, sip, media, console;

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static uint32_t refs[4]; /* of the last media opened */

static void on_msg(struct link *l, const struct link_head *h, int fd)
{
	const struct media_open *o = (const void *)h;

	(void)fd;
	if (l == &media && h->type == MEDIA_OPEN) {
		memmove(refs + 1, refs, 3 * sizeof(refs[0]));
		refs[0] = o->ref;
	}
	if ((l == &span || l == &sip) && !cc_msg_ok(h)) {
		abort(); /* the core must keep its own contract */
	}
}

static void on_down(struct link *l)
{
	link_close(l);
}

static const struct link_ops ops = {on_msg, on_down};

static void join(enum role_id peer, struct link *l)
{
	const struct link_ops *core_ops;
	struct link *slot = core_role_ops.slot(&core->role, peer, 0,
					       &core_ops);

	link_close(slot);
	link_close(l);
	if (link_open_mem(slot, core_ops, l, &ops, loop) != 0) {
		abort();
	}
	core_role_ops.link_up(&core->role, peer, 0);
}

static void end_up(struct link *l, uint8_t kind)
{
	struct cc_end_state e = {.end = {kind, 0}, .up = 1, .channels = 30,
				 .free = 30};

	link_send(l, &e.head, CC_END_STATE, sizeof(e));
}

static void start(void)
{
	static struct conf_for_core conf;
	struct conf *c = &conf.conf;

	c->n_spans = c->n_trunks = 1;
	c->n_routes = 2;
	c->spans[0].isdn.t301_s = 180;
	c->spans[0].busy_out_cause = CAUSE_NET_OUT_OF_ORDER;
	c->spans[0].busy_out = CONF_BUSY_D_CHANNEL;
	c->spans[0].isdn.t310_s = 30;
	c->spans[0].isdn.side = CONF_SIDE_NETWORK;
	str_copy(c->spans[0].country_code, 8, "49");
	c->routes[0].to_end = CONF_END_TRUNK;
	c->routes[0].n_match = 1;
	str_copy(c->routes[0].match[0], CONF_NUMBER, "0*");
	c->routes[1].from_end = CONF_END_TRUNK;
	c->routes[1].n_allow = 1;
	str_copy(c->routes[1].allow[0], CONF_NUMBER, "0*");
	log_set_sink(quiet);
	loop = loop_new_sim(1700000000000);
	core = core_of(core_role_ops.open(loop, &conf, sizeof(conf)));
	core_role_ops.start(&core->role);
	join(ROLE_ISDN, &span);
	join(ROLE_SIP, &sip);
	join(ROLE_MEDIA, &media);
	join(ROLE_CONSOLE, &console);
	end_up(&span, CC_END_SPAN);
	end_up(&sip, CC_END_TRUNK);
	loop_poll(loop);
}

static void send_cc(const uint8_t *op)
{
	static const char *const digits[] = {"", "0", "0711", "112", "900"};
	bool line = op[0] % 8 < 3;
	struct cc_msg m = {.leg = 1u + (op[2] & 7),
			   .end = {line ? CC_END_SPAN : CC_END_TRUNK, 0}};

	if ((op[2] & 8) != 0) {
		m.leg |= CC_LEG_CORE;
	}
	m.cause.value = op[3] & 0x7f;
	m.progress = op[4] & 7;
	m.channel = op[5] & 31;
	m.complete = op[5] >> 7;
	m.digit = '5';
	m.media.valid = op[4] >> 7;
	m.media.rtp.family = 4;
	m.media.rtp.port = 4000;
	m.media.direction = op[6] & 3;
	m.bearer = (op[6] & 0x80) != 0 ? 2 : 0;
	m.called.valid = 1;
	str_copy(m.called.digits, CC_DIGITS_MAX, digits[op[6] / 4 % 5]);
	link_send(line ? &span : &sip, &m.head,
		  (uint16_t)(1 + op[1] % CC_RELEASED), sizeof(m));
}

static void send_media(const uint8_t *op)
{
	struct media_opened o = {.ref = refs[op[2] % 4], .id = op[4]};
	struct media_event e = {.ref = o.ref, .id = op[4],
				.kind = op[5] % 9};
	struct media_closed c = {.ref = o.ref, .id = op[4]};

	o.rtp.family = op[5] % 7;
	if (op[1] % 3 == 0) {
		link_send(&media, &o.head, MEDIA_OPENED, sizeof(o));
	} else if (op[1] % 3 == 1) {
		link_send(&media, &e.head, MEDIA_EVENT, sizeof(e));
	} else {
		link_send(&media, &c.head, MEDIA_CLOSED, sizeof(c));
	}
}

static size_t send_raw(const uint8_t *p, size_t n)
{
	static _Alignas(8) uint8_t buf[2048];
	struct link *links[] = {&span, &sip, &media, &console};
	size_t len = n < sizeof(buf) - 16 ? n : sizeof(buf) - 16;

	memset(buf, 0, sizeof(buf));
	memcpy(buf + sizeof(struct link_head), p, len);
	link_send(links[p[0] & 3], (struct link_head *)(void *)buf, p[1],
		  sizeof(struct link_head) + len);
	return len;
}

static void finish(void)
{
	loop_advance(loop, 400000);
	for (unsigned i = 0; i < LEG_BUCKETS; i++) {
		while (core->legs.buckets[i] != NULL) {
			struct leg *leg = core->legs.buckets[i];
			struct cc_msg m = {.leg = leg->id, .end = leg->end};

			link_send(leg->end.kind == CC_END_SPAN ? &span : &sip,
				  &m.head, CC_RELEASED, sizeof(m));
			loop_poll(loop);
			loop_poll(loop);
		}
	}
	loop_advance(loop, 100000);
	if (pool_used(core->calls) != 0 || core->legs.used != 0) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (core == NULL) {
		start();
	}
	core->last_leg = 0; /* an input means the same each time */
	memset(refs, 0, sizeof(refs));
	while (size >= 8) {
		size_t used = 8;

		if ((data[0] & 0xf0) == 0xf0) {
			used = send_raw(data, size);
		} else if (data[0] % 8 == 7) {
			send_media(data);
		} else {
			send_cc(data);
		}
		loop_advance(loop, data[7] * 40);
		data += used;
		size -= used;
	}
	finish();
	return 0;
}
