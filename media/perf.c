/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/perf.h"

#include <string.h>

enum {
	RING = PERF_INTERVALS + 1,
	/* What makes a second severe. G.826: 30 % of the blocks; T1.231: 320
	 * CRC-6 errors; errors of the framing word, and of the line code, of a
	 * bit error ratio of 1e-3. */
	SEVERE_PERCENT = 30,
	SEVERE_CRC4 = 300,
	SEVERE_CRC6 = 320,
	SEVERE_FE_E1 = 28,
	SEVERE_FE_T1 = 8,
	SEVERE_CV_E1 = 2048,
	SEVERE_CV_T1 = 1544,
	/* Of available time, end to end; per mille. */
	ALLOWED_ES = 40,
	ALLOWED_SES = 2,
	ENOUGH_S = 600, /* to say anything */
};

void perf_init(struct perf *p, enum perf_kind kind, uint32_t offset_s)
{
	memset(p, 0, sizeof(*p));
	p->kind = kind;
	p->now_s = offset_s % PERF_INTERVAL_S;
}

static bool is_errored(const struct perf_second *s)
{
	return s->defect || s->crc || s->fe || s->cv;
}

static bool is_severe(const struct perf *p, const struct perf_second *s)
{
	if (s->defect)
		return true;
	switch (p->kind) {
	case PERF_E1:
		return s->crc >= SEVERE_CRC4 || s->fe >= SEVERE_FE_E1 ||
		       s->cv >= SEVERE_CV_E1;
	case PERF_T1:
		return s->crc >= SEVERE_CRC6 || s->fe >= SEVERE_FE_T1 ||
		       s->cv >= SEVERE_CV_T1;
	case PERF_PACKETS:
		return s->blocks &&
		       (uint64_t)s->crc * 100 >=
			       (uint64_t)s->blocks * SEVERE_PERCENT;
	}
	return false;
}

static void count(struct perf_sum *to, const struct perf_second *s,
		  bool available, bool severe)
{
	to->seconds++;
	to->slips += s->slips;
	if (!available) {
		to->uas++;
		return;
	}
	to->es += is_errored(s);
	to->ses += severe;
	to->bbe += severe ? 0 : s->crc;
	to->far_es += s->ebit > 0;
	to->slip_s += s->slips > 0;
	to->crc += s->crc;
	to->fe += s->fe;
	to->cv += s->cv;
	to->ebit += s->ebit;
}

/* The seconds that waited are of the time that is now. */
static void decide(struct perf *p)
{
	for (unsigned i = 0; i < p->waiting; i++) {
		const struct perf_second *s = &p->undecided[i];
		uint32_t at = p->now_s - p->waiting + i;
		bool severe = is_severe(p, s);

		count(&p->ring[at / PERF_INTERVAL_S % RING], s,
		      !p->unavailable, severe);
		count(&p->all, s, !p->unavailable, severe);
	}
	p->waiting = 0;
}

void perf_add(struct perf *p, const struct perf_second *s)
{
	/* Does it speak for a change? */
	bool against = is_severe(p, s) != p->unavailable;

	if (p->now_s % PERF_INTERVAL_S == 0)
		memset(&p->ring[p->now_s / PERF_INTERVAL_S % RING], 0,
		       sizeof(p->ring[0]));
	if (!against)
		decide(p);
	p->undecided[p->waiting++] = *s;
	p->now_s++;
	if (against && p->waiting == PERF_DECIDE_S) {
		p->unavailable = !p->unavailable;
		decide(p);
	} else if (!against) {
		decide(p);
	}
}

static uint32_t present(const struct perf *p)
{
	return p->now_s ? (p->now_s - 1) / PERF_INTERVAL_S : 0;
}

const struct perf_sum *perf_interval(const struct perf *p, unsigned ago)
{
	uint32_t n = present(p);

	if (ago > PERF_INTERVALS || ago > n)
		return NULL;
	return &p->ring[(n - ago) % RING];
}

static void add(struct perf_sum *to, const struct perf_sum *s)
{
	to->seconds += s->seconds;
	to->es += s->es;
	to->ses += s->ses;
	to->uas += s->uas;
	to->bbe += s->bbe;
	to->far_es += s->far_es;
	to->slip_s += s->slip_s;
	to->crc += s->crc;
	to->fe += s->fe;
	to->cv += s->cv;
	to->ebit += s->ebit;
	to->slips += s->slips;
}

void perf_day(const struct perf *p, struct perf_sum *day)
{
	memset(day, 0, sizeof(*day));
	for (unsigned i = 1; i <= PERF_INTERVALS; i++) {
		const struct perf_sum *s = perf_interval(p, i);

		if (s)
			add(day, s);
	}
}

uint32_t perf_elapsed(const struct perf *p)
{
	return p->now_s ? (p->now_s - 1) % PERF_INTERVAL_S + 1 : 0;
}

const char *perf_verdict(const struct perf_sum *s)
{
	uint64_t available = s->seconds - s->uas;

	if (s->seconds < ENOUGH_S)
		return "not measured long enough";
	if (s->uas * 10 >= s->seconds)
		return "out of service for a tenth of the time or more";
	if (s->ses * 1000ull > available * ALLOWED_SES)
		return "severely errored for more than G.826 allows: have the "
		       "line measured by the carrier";
	if (s->es * 1000ull > available * ALLOWED_ES)
		return "errored for more than G.826 allows: look at the cable, "
		       "the clock (slips), then call the carrier";
	return "as good as G.826 asks";
}
