/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A far end that is libpri and nothing else: no gate, no legs, no decoder of
 * ours, so that a fault of ours does not hide by being at both ends. Included
 * by tests; runs on their loop and virtual clock.
 */
#include <libpri.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "gateway/base/loop.h"

#define BARE_EVENTS 256

struct bare_event {
	int e, cause, channel, complete, ctype, progressmask;
	q931_call *call;
	char called[64], calling[64], ani[64], redirecting[64];
	int calledplan, callingplan, callingpres;
	char connected[64];
};

struct bare {
	struct pri *pri;
	struct loop *loop;
	struct timer timer;
	void (*send)(struct bare *, const uint8_t *, size_t);
	const uint8_t *rx;
	size_t rx_len;
	struct bare_event events[BARE_EVENTS];
	unsigned n, taken;
	bool up;
	bool hangs_up; /* answers each clearing event at once */
};

static void bare_quiet(struct pri *pri, char *line)
{
	(void)pri;
	(void)line;
}

static int bare_read(struct pri *pri, void *buf, int size)
{
	struct bare *b = pri_get_userdata(pri);
	int len = (int)b->rx_len;

	if (!len || len + 2 > size) {
		return 0;
	}
	b->rx_len = 0;
	memcpy(buf, b->rx, (size_t)len);
	memset((char *)buf + len, 0, 2);
	return len + 2;
}

static int bare_write(struct pri *pri, void *buf, int len)
{
	struct bare *b = pri_get_userdata(pri);

	b->send(b, buf, (size_t)len - 2);
	return len;
}

static void bare_copy(char dst[64], const char *src)
{
	snprintf(dst, 64, "%.63s", src);
}

static void bare_fill(struct bare_event *r, const pri_event *e)
{
	int i;

	switch (e->e) {
	case PRI_EVENT_RING:
	case PRI_EVENT_INFO_RECEIVED:
		r->call = e->ring.call;
		r->channel = e->ring.channel;
		bare_copy(r->called, e->ring.callednum);
		if (e->e == PRI_EVENT_INFO_RECEIVED) {
			break;
		}
		r->complete = e->ring.complete;
		r->ctype = e->ring.ctype;
		r->progressmask = e->ring.progressmask;
		bare_copy(r->calling, e->ring.callingnum);
		bare_copy(r->ani, e->ring.callingani);
		bare_copy(r->redirecting, e->ring.redirectingnum);
		r->calledplan = e->ring.calledplan;
		r->callingplan = e->ring.callingplan;
		r->callingpres = e->ring.callingpres;
		break;
	case PRI_EVENT_HANGUP:
	case PRI_EVENT_HANGUP_REQ:
	case PRI_EVENT_HANGUP_ACK:
		r->call = e->hangup.call;
		r->cause = e->hangup.cause;
		r->channel = e->hangup.channel;
		break;
	case PRI_EVENT_PROCEEDING:
	case PRI_EVENT_PROGRESS:
		r->call = e->proceeding.call;
		r->channel = e->proceeding.channel;
		r->progressmask = e->proceeding.progressmask;
		break;
	case PRI_EVENT_RINGING:
		r->call = e->ringing.call;
		r->progressmask = e->ringing.progressmask;
		break;
	case PRI_EVENT_SETUP_ACK:
		r->call = e->setup_ack.call;
		r->channel = e->setup_ack.channel;
		break;
	case PRI_EVENT_ANSWER:
		r->call = e->answer.call;
		r->progressmask = e->answer.progressmask;
		for (i = 0; i < e->answer.subcmds->counter_subcmd; i++) {
			const struct pri_subcommand *s =
				&e->answer.subcmds->subcmd[i];

			if (s->cmd == PRI_SUBCMD_CONNECTED_LINE) {
				bare_copy(r->connected, s->u.connected_line.id
								.number.str);
			}
		}
		break;
	case PRI_EVENT_RESTART:
		r->channel = e->restart.channel;
		break;
	case PRI_EVENT_RESTART_ACK:
		r->channel = e->restartack.channel;
		break;
	default:
		break;
	}
}

static void bare_event(struct bare *b, const pri_event *e)
{
	struct bare_event *r = &b->events[b->n % BARE_EVENTS];

	memset(r, 0, sizeof(*r));
	r->e = e->e;
	bare_fill(r, e);
	b->n++;
	if (e->e == PRI_EVENT_DCHAN_UP) {
		b->up = true;
	} else if (e->e == PRI_EVENT_DCHAN_DOWN) {
		b->up = false;
	} else if (b->hangs_up && (e->e == PRI_EVENT_HANGUP ||
				   e->e == PRI_EVENT_HANGUP_REQ)) {
		pri_hangup(b->pri, e->hangup.call, e->hangup.cause);
	}
}

static void bare_arm(struct bare *b);

static void bare_on_timer(struct timer *t)
{
	struct bare *b = container_of(t, struct bare, timer);
	pri_event *e;

	while ((e = pri_schedule_run(b->pri))) {
		bare_event(b, e);
	}
	bare_arm(b);
}

/* After each call into libpri. */
static void bare_arm(struct bare *b)
{
	struct timeval *next = pri_schedule_next(b->pri), now;
	int64_t us;

	if (!next) {
		timer_stop(b->loop, &b->timer);
		return;
	}
	gettimeofday(&now, NULL);
	us = (int64_t)(next->tv_sec - now.tv_sec) * 1000000 + next->tv_usec -
	     now.tv_usec;
	timer_start_at(b->loop, &b->timer, bare_on_timer,
		       mono_add_ns(loop_now(b->loop), us > 0 ? us * 1000 : 0));
}

static void bare_receive(struct bare *b, const uint8_t *frame, size_t len)
{
	pri_event *e;

	b->rx = frame;
	b->rx_len = len;
	e = pri_check_event(b->pri);
	if (e) {
		bare_event(b, e);
	}
	bare_arm(b);
}

static void bare_open_as(struct bare *b, struct loop *loop, bool network,
			 bool ni2,
			 void (*send)(struct bare *, const uint8_t *, size_t))
{
	memset(b, 0, sizeof(*b));
	b->loop = loop;
	b->send = send;
	b->hangs_up = true;
	pri_set_message(bare_quiet);
	pri_set_error(bare_quiet);
	b->pri = pri_new_cb(-1, network ? PRI_NETWORK : PRI_CPE,
			    ni2 ? PRI_SWITCH_NI2 : PRI_SWITCH_EUROISDN_E1,
			    bare_read, bare_write, b);
	pri_hangup_fix_enable(b->pri, 1);
	pri_set_service_message_support(b->pri, ni2);
	pri_set_timer(b->pri, PRI_TIMER_T309, 90000);
	bare_arm(b);
}

static inline void bare_open(struct bare *b, struct loop *loop, bool network,
			     void (*send)(struct bare *, const uint8_t *,
					  size_t))
{
	bare_open_as(b, loop, network, false, send);
}

/* libpri has no destructor; here a leak checker finds them. */
static struct pri *bare_graves[512];
static unsigned bare_buried;

static void bare_close(struct bare *b)
{
	bare_graves[bare_buried++ % 512] = b->pri;
	timer_stop(b->loop, &b->timer);
	pri_set_userdata(b->pri, NULL);
}

/* The next event that was not taken yet; NULL: none. D-channel events are
 * passed over. */
static const struct bare_event *bare_take(struct bare *b)
{
	while (b->taken < b->n) {
		const struct bare_event *e =
			&b->events[b->taken++ % BARE_EVENTS];

		if (e->e != PRI_EVENT_DCHAN_UP &&
		    e->e != PRI_EVENT_DCHAN_DOWN) {
			return e;
		}
	}
	return NULL;
}
