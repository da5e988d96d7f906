/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/jitter.h"

#include <string.h>

enum {
	WINDOW = 16000,	 /* samples of play: 2 s */
	/* Packets are fetched once a block: with less slack than a block the
	 * next step of a drift would make one late. */
	RESERVE = 80,
	CUT_FROM = 80,	 /* less than that is not worth a cut */
	STOPPED = 8000,	 /* nothing for so long: the sender has stopped */
	LATE_RUN = 5,	 /* so many late ones: the timestamps went back */
};

#define MASK ((uint32_t)JITTER_RING - 1)

static bool has(const struct jitter *j, uint32_t ts)
{
	uint32_t i = ts & MASK;

	if ((int32_t)(ts - j->whole) >= 0)
		return (int32_t)(ts - j->high) < 0;
	return j->have[i / 64] >> (i % 64) & 1;
}

static void mark(struct jitter *j, uint32_t ts, uint32_t n, bool present)
{
	for (uint32_t end = ts + n; ts != end;) {
		uint32_t i = ts & MASK, bit = i % 64;
		uint32_t run = 64 - bit < end - ts ? 64 - bit : end - ts;
		uint64_t bits = (run == 64 ? ~0ull : (1ull << run) - 1) << bit;

		if (present)
			j->have[i / 64] |= bits;
		else
			j->have[i / 64] &= ~bits;
		ts += run;
	}
}

static void window_open(struct jitter *j)
{
	j->win = (struct jitter_window){
		.least = INT32_MAX,
		.most = INT32_MIN,
		.left = WINDOW,
	};
}

/* Decide, from the slack of two windows, about the delay to come. */
static void window_close(struct jitter *j)
{
	struct jitter_window *w = &j->win;
	int32_t least, mean, can;

	if (w->packets) {
		mean = (int32_t)(w->sum / w->packets);
		least = w->least < j->least_before ? w->least
						   : j->least_before;
		can = least - RESERVE;
		if (can > mean - j->min)
			can = mean - j->min;
		j->excess = can >= CUT_FROM ? (uint32_t)can : 0;
		can = RESERVE - w->least;
		if (can > 0 && w->most + can <= j->max)
			j->hold += (uint32_t)can;
		j->least_before = w->least;
		j->most_before = w->most;
	}
	window_open(j);
}

void jitter_init(struct jitter *j, unsigned min, unsigned max)
{
	memset(j, 0, sizeof(*j));
	if (max > JITTER_LIMIT)
		max = JITTER_LIMIT;
	j->max = (int32_t)max;
	j->min = (int32_t)(min < max ? min : max);
	jitter_reset(j);
}

/* tick */
void jitter_reset(struct jitter *j)
{
	j->running = false;
	j->hold = 0;
	j->excess = 0;
	j->late_run = 0;
	j->least_before = INT32_MAX;
	j->most_before = j->min;
	window_open(j);
}

static void start(struct jitter *j, uint32_t ts)
{
	bool again = j->running;

	jitter_reset(j);
	memset(j->have, 0, sizeof(j->have));
	j->running = true;
	j->play = ts - (uint32_t)j->min;
	j->high = j->whole = ts;
	j->first = again ? j->play : ts;
}

/* A gap of n opens behind the newest packet: what was whole up to there is
 * noted sample by sample. */
static void open_gap(struct jitter *j, uint32_t n)
{
	mark(j, j->whole, j->high - j->whole, true);
	mark(j, j->high, n, false);
	j->whole = j->high + n;
}

/* Copies the codes, and remembers that they came. */
static void store(struct jitter *j, uint32_t ts, const uint8_t *codes,
		  uint32_t n)
{
	int32_t gap = (int32_t)(ts - j->high);
	uint32_t end = ts + n, first = ts & MASK;
	uint32_t run = n < JITTER_RING - first ? n : JITTER_RING - first;

	memcpy(j->codes + first, codes, run);
	memcpy(j->codes, codes + run, n - run);
	if (gap > 0)
		open_gap(j, (uint32_t)gap);
	if ((int32_t)(ts - j->whole) < 0) {
		if ((int32_t)(end - j->whole) < 0)
			mark(j, ts, n, true);
		else
			j->whole = ts;
	}
	if ((int32_t)(end - j->high) > 0)
		j->high = end;
	if (j->high - j->whole > JITTER_RING)
		j->whole = j->high - JITTER_RING;
}

/* A packet newer than all before, but after its time. */
static void too_late(struct jitter *j, int32_t slack)
{
	int32_t most = j->win.most > j->most_before ? j->win.most
						    : j->most_before;
	int32_t room = j->max - most, back = -slack;

	j->stats.late++;
	if (room <= 0)
		return;
	if (back > room)
		back = room;
	j->play -= (uint32_t)back;
	j->first = j->play;
	j->stats.held += (uint32_t)back;
	if (back + RESERVE <= room) {
		j->hold += RESERVE;
		back += RESERVE;
	}
	/* What was seen so far was seen with less delay. */
	j->least_before = INT32_MAX;
	j->most_before = most + back;
	window_open(j);
	j->excess = 0;
}

static void observe(struct jitter *j, int32_t slack)
{
	struct jitter_window *w = &j->win;

	slack += (int32_t)j->hold;
	w->least = slack < w->least ? slack : w->least;
	w->most = slack > w->most ? slack : w->most;
	w->sum += slack;
	w->packets++;
}

/* tick */
void jitter_put(struct jitter *j, uint32_t ts, const uint8_t *codes, size_t n)
{
	int32_t slack;

	if (n == 0 || n > JITTER_PACKET)
		return;
	if (!j->running)
		start(j, ts);
	slack = (int32_t)(ts - j->play);
	if (slack > j->max + 2 * JITTER_PACKET) {
		j->stats.restarts++;
		start(j, ts);
		slack = j->min;
	} else if ((int32_t)(ts + (uint32_t)n - j->high) <= 0) {
		/* Not newer: filling a hole, a repetition, or too late. */
		if ((int32_t)(j->high - ts) < JITTER_RING - JITTER_PACKET &&
		    has(j, ts)) {
			j->stats.duplicate++;
			return;
		}
		if (slack < 0) {
			j->stats.late++;
			if (++j->late_run >= LATE_RUN) {
				j->stats.restarts++;
				start(j, ts);
			} else if (slack + (int32_t)n <= 0) {
				return;
			}
		}
	} else if (-slack > j->max) {
		j->stats.restarts++;
		start(j, ts);
		slack = j->min;
	} else if (slack < 0) {
		too_late(j, slack);
	}
	if (slack >= 0) {
		j->late_run = 0;
		observe(j, slack);
	}
	store(j, ts, codes, (uint32_t)n);
}

/* tick */
void jitter_fill(struct jitter *j, uint32_t ts, const uint8_t *codes, size_t n)
{
	if (n == 0 || n > JITTER_PACKET || !j->running ||
	    (int32_t)(ts - j->play) < 0 ||
	    (int32_t)(ts + (uint32_t)n - j->high) > 0)
		return;
	store(j, ts, codes, (uint32_t)n);
	if ((int32_t)(j->first - ts) > 0)
		j->first = ts;
}

static void advance(struct jitter *j, size_t n)
{
	j->play += (uint32_t)n;
	if (j->win.left > n) {
		j->win.left -= (uint32_t)n;
	} else {
		window_close(j);
	}
}

/* From play on, before `whole`: how many, at most n >= 1, are like the
 * first? */
static size_t run_of_bits(const struct jitter *j, size_t n, bool there)
{
	size_t run = 0;

	while (run < n) {
		uint32_t i = (j->play + (uint32_t)run) & MASK;
		uint64_t bits = j->have[i / 64] >> (i % 64);
		uint64_t other = there ? ~bits : bits;
		size_t word = 64 - i % 64, same;

		/* Bits shifted in above `word` do not count. */
		same = other ? (size_t)__builtin_ctzll(other) : 64;
		run += same < word ? same : word;
		if (same < word)
			break;
	}
	return run < n ? run : n;
}

/* From play on: how many, at most n >= 1, are alike, there or not? */
static size_t run_of(const struct jitter *j, size_t n, bool *there)
{
	int32_t left = (int32_t)(j->high - j->play);
	int32_t ragged = (int32_t)(j->whole - j->play);
	size_t run = 0;

	*there = left > 0 && has(j, j->play);
	if (left <= 0)
		return n;
	if (ragged > 0) {
		run = (size_t)ragged < n ? (size_t)ragged : n;
		run = run_of_bits(j, run, *there);
		if (run < (size_t)ragged || !*there)
			return run;
	}
	return n < (size_t)left ? n : (size_t)left;
}

static void copy_out(const struct jitter *j, uint8_t *codes, size_t n)
{
	uint32_t first = j->play & MASK;
	size_t run = n < JITTER_RING - first ? n : JITTER_RING - first;

	memcpy(codes, j->codes + first, run);
	memcpy(codes + run, j->codes, n - run);
}

/* tick */
size_t jitter_get(struct jitter *j, uint8_t *codes, size_t n,
		  enum jitter_kind *kind)
{
	size_t run = 0;
	bool there;

	if (!j->running || (int32_t)(j->play - j->high) > STOPPED) {
		jitter_reset(j);
		*kind = JITTER_IDLE;
		return n;
	}
	if (j->hold) {
		run = j->hold < n ? j->hold : n;
		j->hold -= (uint32_t)run;
		j->stats.held += (uint32_t)run;
		*kind = JITTER_HOLD;
		return run;
	}
	if ((int32_t)(j->first - j->play) > 0) {
		run = j->first - j->play;
		run = run < n ? run : n;
		advance(j, run);
		*kind = JITTER_IDLE;
		return run;
	}
	j->first = j->play;
	run = run_of(j, n, &there);
	if (there)
		copy_out(j, codes, run);
	*kind = there ? JITTER_AUDIO : JITTER_MISSING;
	advance(j, run);
	return run;
}

/* tick */
bool jitter_peek(const struct jitter *j, uint8_t *codes, size_t n)
{
	bool there;

	if (!j->running || j->hold || run_of(j, n, &there) < n || !there)
		return false;
	copy_out(j, codes, n);
	return true;
}

/* tick */
void jitter_skip(struct jitter *j, size_t n, size_t cut)
{
	j->excess = j->excess > cut ? j->excess - (uint32_t)cut : 0;
	if (j->excess < CUT_FROM)
		j->excess = 0;
	j->stats.cut += (uint32_t)cut;
	j->least_before = INT32_MAX;
	advance(j, n);
}

/* tick */
unsigned jitter_delay(const struct jitter *j)
{
	if (!j->win.packets)
		return j->running ? (unsigned)j->min : 0;
	if (j->win.sum <= 0)
		return 0;
	return (unsigned)(j->win.sum / j->win.packets);
}
