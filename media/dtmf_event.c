/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/dtmf_event.h"

#include <errno.h>
#include <string.h>

#include "media/dtmf.h"

enum {
	BLOCK = 80,
	SEGMENT = 0xffff, /* longest duration (RFC 4733 2.5.1.3) */
	FINALS = 3,	  /* 2.5.1.4 */
	TONE_MIN = 640,	  /* 80 ms on the line; Q.24 asks for 40 */
	GAP = 400,	  /* 50 ms between digits */
	LOST = 1200,	  /* three packets of 50 ms: the end was lost */
};

int dtmf_event_parse(struct dtmf_event *e, const uint8_t *p, size_t len)
{
	if (len < DTMF_EVENT_LEN)
		return -EINVAL;
	e->code = p[0];
	e->end = p[1] >> 7;
	e->volume = p[1] & 0x3f;
	e->duration = (uint16_t)(p[2] << 8 | p[3]);
	return 0;
}

void dtmf_event_write(uint8_t out[DTMF_EVENT_LEN], const struct dtmf_event *e)
{
	out[0] = e->code;
	out[1] = (uint8_t)(e->end << 7 | (e->volume & 0x3f));
	out[2] = (uint8_t)(e->duration >> 8);
	out[3] = (uint8_t)e->duration;
}

static void tx_begin(struct dtmf_send *t, uint8_t code, uint32_t ts)
{
	t->active = true;
	t->first = true;
	t->code = code;
	t->ends = 0;
	t->begin = ts;
	t->now = ts;
}

bool dtmf_send_press(struct dtmf_send *t, uint8_t code, uint32_t ts)
{
	if (t->active && !t->ends)
		return false;
	tx_begin(t, code, ts);
	t->held = true;
	return true;
}

void dtmf_send_release(struct dtmf_send *t)
{
	if (!t->active || !t->held)
		return;
	t->held = false;
	t->length = t->now + BLOCK - t->begin;
}

bool dtmf_send_put(struct dtmf_send *t, uint8_t code, uint16_t ms)
{
	unsigned at = (t->head + t->count) % DTMF_EVENT_QUEUE;

	if (t->count == DTMF_EVENT_QUEUE)
		return false;
	t->queue[at] = code;
	t->queue_ms[at] = ms;
	t->count++;
	return true;
}

/* tick */
bool dtmf_send_is_idle(const struct dtmf_send *t)
{
	return !t->active && !t->count;
}

static bool tx_next(struct dtmf_send *t, uint32_t ts)
{
	if (t->pausing && (int32_t)(ts - t->idle_to) < 0)
		return false;
	t->pausing = false;
	if (!t->count)
		return false;
	tx_begin(t, t->queue[t->head], ts);
	t->held = false;
	t->length = 8u * t->queue_ms[t->head];
	t->head = (uint8_t)((t->head + 1) % DTMF_EVENT_QUEUE);
	t->count--;
	return true;
}

static void tx_packet(struct dtmf_send *t, bool end, uint32_t duration,
		      struct dtmf_send_packet *p)
{
	struct dtmf_event e = {
		.code = t->code,
		.end = end,
		.volume = DTMF_EVENT_VOLUME,
		.duration = (uint16_t)duration,
	};

	p->marker = t->first;
	p->ts = t->begin;
	dtmf_event_write(p->payload, &e);
	t->first = false;
}

/* A final packet. After the last of them there is a pause. */
static void tx_final(struct dtmf_send *t, uint32_t interval,
		     struct dtmf_send_packet *p)
{
	t->ends = t->ends ? t->ends : FINALS;
	tx_packet(t, true, t->length, p);
	t->next = t->now + interval;
	if (--t->ends == 0) {
		t->active = false;
		t->pausing = true;
		t->idle_to = t->now + GAP;
	}
}

/* tick */
bool dtmf_send_step(struct dtmf_send *t, uint32_t ts, uint32_t interval,
		  struct dtmf_send_packet *p)
{
	uint32_t length;
	bool due;

	if (!t->active && !tx_next(t, ts))
		return false;
	t->now = ts;
	due = t->first || (int32_t)(ts - t->next) >= 0;
	if (t->ends) {
		if (due)
			tx_final(t, interval, p);
		return due;
	}
	length = ts + BLOCK - t->begin;
	if (length > SEGMENT && (t->held || t->length > SEGMENT)) {
		/* The rest of a long press is a segment of its own. */
		tx_packet(t, false, SEGMENT, p);
		t->begin += SEGMENT;
		t->length -= t->held ? 0 : SEGMENT;
		t->next = ts + interval;
		return true;
	}
	if (!t->held && length >= t->length) {
		tx_final(t, interval, p);
		return true;
	}
	if (!due)
		return false;
	tx_packet(t, false, length, p);
	t->next = ts + interval;
	return true;
}

static struct dtmf_recv_digit *rx_queue(struct dtmf_recv *r, uint8_t code,
				      uint32_t length, bool local)
{
	struct dtmf_recv_digit *d;

	if (r->count == DTMF_EVENT_QUEUE)
		return NULL;
	d = &r->queue[(r->head + r->count) % DTMF_EVENT_QUEUE];
	d->code = code;
	d->length = length;
	d->local = local;
	r->count++;
	return d;
}

bool dtmf_recv_put(struct dtmf_recv *r, uint8_t code, uint16_t ms)
{
	return rx_queue(r, code, 8u * ms, true) != NULL;
}

static void rx_extend(struct dtmf_recv *r, const struct dtmf_event *e)
{
	uint32_t length = r->event.before + e->duration;
	struct dtmf_recv_digit *d = r->event.digit;

	r->event.quiet = 0;
	if (d && length > d->length)
		d->length = length;
	if ((int32_t)(r->event.ts + e->duration - r->mute[0].to) > 0)
		r->mute[0].to = r->event.ts + e->duration;
	if (e->end)
		r->event.open = false;
}

static enum dtmf_recv_verdict rx_open(struct dtmf_recv *r, uint32_t ts,
				    const struct dtmf_event *e)
{
	r->event.open = true;
	r->event.any = true;
	r->event.code = e->code;
	r->event.ts = ts;
	r->event.before = 0;
	r->event.digit = rx_queue(r, e->code, 0, false);
	r->mute[1] = r->mute[0];
	r->mute[0] = (struct dtmf_recv_span){ true, ts, ts };
	rx_extend(r, e);
	return r->event.digit ? DTMF_RECV_OK : DTMF_RECV_FULL;
}

/* tick */
enum dtmf_recv_verdict dtmf_recv_on(struct dtmf_recv *r, uint32_t ts,
				const uint8_t *payload, size_t len)
{
	struct dtmf_event e;

	if (dtmf_event_parse(&e, payload, len) < 0 || e.code >= DTMF_DIGITS)
		return DTMF_RECV_BAD;
	if (!r->event.any)
		return rx_open(r, ts, &e);
	if ((int32_t)(ts - r->event.ts) < 0)
		return DTMF_RECV_REPEAT;
	if (ts == r->event.ts) {
		if (!r->event.open)
			return DTMF_RECV_REPEAT;
		if (e.code != r->event.code)
			return DTMF_RECV_BAD;
		rx_extend(r, &e);
		return DTMF_RECV_OK;
	}
	if (r->event.open && e.code == r->event.code &&
	    ts - r->event.ts == SEGMENT) {
		r->event.before += SEGMENT;
		r->event.ts = ts;
		rx_extend(r, &e);
		return DTMF_RECV_OK;
	}
	/* The next event ends the one before it. */
	return rx_open(r, ts, &e);
}

static enum dtmf_recv_change rx_next(struct dtmf_recv *r)
{
	struct dtmf_recv_digit *d = &r->queue[r->head];

	if (!r->count)
		return DTMF_RECV_SAME;
	r->now = *d;
	if (r->event.digit == d)
		r->event.digit = &r->now;
	r->head = (uint8_t)((r->head + 1) % DTMF_EVENT_QUEUE);
	r->count--;
	r->playing = true;
	r->played = 0;
	return DTMF_RECV_BEGIN;
}

/* tick */
enum dtmf_recv_change dtmf_recv_step(struct dtmf_recv *r)
{
	bool open;

	if (r->event.open) {
		r->event.quiet += BLOCK;
		if (r->event.quiet > LOST)
			r->event.open = false;
	}
	if (!r->playing) {
		if (r->gap > BLOCK) {
			r->gap -= BLOCK;
			return DTMF_RECV_SAME;
		}
		r->gap = 0;
		return rx_next(r);
	}
	r->played += BLOCK;
	open = r->event.open && r->event.digit == &r->now;
	if (open || r->played < TONE_MIN || r->played < r->now.length)
		return DTMF_RECV_SAME;
	if (r->event.digit == &r->now)
		r->event.digit = NULL;
	r->playing = false;
	r->gap = GAP;
	return DTMF_RECV_END;
}

/* tick */
bool dtmf_recv_is_idle(const struct dtmf_recv *r, uint32_t ts)
{
	for (unsigned i = 0; i < 2; i++)
		if (r->mute[i].valid && (int32_t)(ts - r->mute[i].to) < 0)
			return false;
	return !r->event.open && !r->playing && !r->gap && !r->count;
}

/* tick */
bool dtmf_recv_mutes(const struct dtmf_recv *r, uint32_t ts)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct dtmf_recv_span *m = &r->mute[i];
		bool open = i == 0 && r->event.open;

		if (m->valid && (int32_t)(ts - m->from) >= 0 &&
		    (open || (int32_t)(ts - m->to) < 0))
			return true;
	}
	return false;
}
