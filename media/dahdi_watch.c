/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "media/dahdi_priv.h"

enum {
	LOOK_MS = 100,
	SECOND_MS = 1000,
	/* Errored blocks of a second that make it severe: 30 % of the 1,000
	 * CRC-4 blocks of an E1 (G.826), 320 of a T1 in ESF (T1.231). */
	SEVERE = 300,
};

/* tick */
void dahdi_on_event(struct dahdi *p, int event)
{
	switch (event) {
	case DAHDI_ABI_EV_ALARM:
	case DAHDI_ABI_EV_NOALARM:
		p->watch.news = true;
		break;
	case DAHDI_ABI_EV_ABORT:
		p->frames.rx_aborts++;
		break;
	case DAHDI_ABI_EV_BADFCS:
		p->frames.rx_bad_fcs++;
		break;
	case DAHDI_ABI_EV_OVERRUN:
		p->frames.rx_too_long++;
		break;
	case DAHDI_ABI_EV_READ_OVERRUN:
	case DAHDI_ABI_EV_WRITE_UNDERRUN:
		p->slipped = true;
		break;
	case DAHDI_ABI_EV_REMOVED:
		p->watch.gone = true;
		break;
	default: /* of analogue channels */
		break;
	}
}

/* tick */
ssize_t dahdi_verdict(struct dahdi *p, unsigned slot, ssize_t n)
{
	if (n == -ENODEV || n == -ENXIO)
		p->watch.gone = true;
	if (n == -DAHDI_ABI_ELAST)
		p->orders.eventful |= 1u << slot;
	p->guard.interrupted |= n == -EINTR;
	return n == -DAHDI_ABI_ELAST || n == -EINTR ? -EAGAIN : n;
}

/* tick */
bool dahdi_waits(const struct dahdi *p, unsigned slot)
{
	return p->orders.eventful >> slot & 1;
}

/* tick */
ssize_t dahdi_read(struct dahdi *p, unsigned slot, void *to, size_t n)
{
	ssize_t got;

	if (dahdi_waits(p, slot))
		return -EAGAIN;
	dahdi_step(p);
	got = p->sys->read(p->fds[slot], to, n);
	dahdi_step(p);
	return dahdi_verdict(p, slot, got);
}

/* tick */
ssize_t dahdi_write(struct dahdi *p, unsigned slot, const void *from, size_t n)
{
	ssize_t put;

	if (dahdi_waits(p, slot))
		return -EAGAIN;
	dahdi_step(p);
	put = p->sys->write(p->fds[slot], from, n);
	dahdi_step(p);
	return dahdi_verdict(p, slot, put);
}

/* A counter that is less than before has begun anew. */
static uint32_t more(uint32_t is, uint32_t was)
{
	return is >= was ? is - was : is;
}

/* tick: the card's counters since the last status. */
static void count_errors(struct dahdi *p, const struct dahdi_abi_span *is)
{
	struct line_error_stats *e = &p->line.stats.errors;
	const struct dahdi_abi_span *was = &p->watch.span;

	e->crc += more((uint32_t)is->crc4, (uint32_t)was->crc4);
	e->fe += more((uint32_t)is->fas, (uint32_t)was->fas) +
		 more(is->fe, was->fe);
	e->cv += more((uint32_t)is->bpv, (uint32_t)was->bpv) +
		 more(is->cv, was->cv);
	e->ebit += more((uint32_t)is->ebit, (uint32_t)was->ebit);
}

/* tick: FNV-1a, of where it is and what it is. */
static uint32_t place_of(const struct dahdi_abi_span *span)
{
	uint32_t hash = 2166136261u;

	for (unsigned i = 0; i < sizeof(span->card); i++)
		hash = (hash ^ (uint8_t)span->card[i]) * 16777619u;
	return hash;
}

/* tick: spans over Ethernet, or from one to the other, say nothing. */
static void note_clock(struct dahdi *p, const struct dahdi_abi_span *span)
{
	p->line.stats.card = (struct line_card_clock){
		.known = strncmp(span->name, DAHDI_ABI_DYNAMIC,
				 strlen(DAHDI_ABI_DYNAMIC)) != 0 &&
			 span->sync_source >= 0,
		.source = (uint16_t)span->sync_source,
		.place = place_of(span),
	};
}

/* tick */
void dahdi_on_status(struct dahdi *p, const struct dahdi_abi_span *span)
{
	/* What it counted before it was ours is not of this time. */
	if (p->watch.known)
		count_errors(p, span);
	p->watch.known = true;
	p->watch.span = *span;
	p->watch.alarms = (unsigned)span->alarms;
	note_clock(p, span);
}

/* tick */
bool dahdi_status_is_due(const struct dahdi *p, mono_t now)
{
	return p->watch.news || mono_diff_ms(now, p->watch.asked) >= LOOK_MS;
}

/* tick */
static void close_second(struct dahdi *p, mono_t now)
{
	struct line_error_stats *e = &p->line.stats.errors;
	uint64_t errors = e->crc + e->fe + e->cv;
	uint64_t new = errors - p->watch.errors;
	bool dead = p->line.alarms.defects & LINE_OUT_NEAR;

	e->es += new > 0 || dead;
	e->ses += new >= SEVERE || dead;
	for (unsigned i = 0; i < LINE_ALARMS; i++)
		e->alarm_s[i] += p->line.alarms.raised >> i & 1;
	p->line.stats.rx.batched = dahdi_batch_is_uring(p->batch, false);
	p->line.stats.tx.batched = dahdi_batch_is_uring(p->batch, true);
	p->watch.errors = errors;
	p->watch.second = now;
}

/* tick: the driver's words in ours. */
static unsigned defects(const struct dahdi *p)
{
	static const struct {
		unsigned theirs, ours;
	} all[] = {
		{ DAHDI_ABI_RECOVER, LINE_RECOVERING },
		{ DAHDI_ABI_LOOPBACK, LINE_LOOPBACK },
		{ DAHDI_ABI_YELLOW, LINE_RAI },
		{ DAHDI_ABI_RED, LINE_RED },
		{ DAHDI_ABI_BLUE, LINE_AIS },
		{ DAHDI_ABI_NOTOPEN, LINE_NOT_OPEN },
		{ DAHDI_ABI_LOS, LINE_LOS },
		{ DAHDI_ABI_LFA, LINE_LFA },
		{ DAHDI_ABI_LMFA, LINE_LMFA },
	};
	unsigned d = p->line.down ? LINE_DOWN : 0;

	if (p->guard.aside)
		d |= LINE_STALLED;
	if (p->watch.gone)
		return d | LINE_GONE;
	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (p->watch.alarms & all[i].theirs)
			d |= all[i].ours;
	return p->line.out ? d | LINE_LOS : d;
}

/* tick */
void dahdi_look(struct dahdi *p, mono_t now)
{
	bool was_out = p->line.alarms.defects & LINE_OUT_NEAR;
	unsigned d = defects(p);

	p->line.stats.errors.loss_events += d & LINE_OUT_NEAR && !was_out;
	line_alarm_update(&p->line.alarms, d, now);
	if (mono_diff_ms(now, p->watch.second) >= SECOND_MS)
		close_second(p, now);
}
