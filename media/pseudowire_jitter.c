/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/pseudowire_jitter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Packet times in a row with nothing but late packets: the path has become
 * longer, and waiting for n_out would only lose more. */
enum { LATE_LIMIT = 3 };

static int32_t before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static struct pw_slot *slot_of(struct pw_jitter *j, uint32_t number)
{
	return &j->slots[number % PW_RING];
}

static uint8_t *data_of(const struct pw_jitter *j, uint32_t number)
{
	return j->data + (number % PW_RING) * j->cfg.payload;
}

static uint8_t *held_data(const struct pw_jitter *j)
{
	return j->data + PW_RING * j->cfg.payload;
}

int pw_jitter_init(struct pw_jitter *j, const struct pw_jitter_config *cfg)
{
	memset(j, 0, sizeof(*j));
	j->cfg = *cfg;
	j->empty = true;
	j->data = calloc(PW_RING + 1, cfg->payload);
	return j->data ? 0 : -ENOMEM;
}

void pw_jitter_fini(struct pw_jitter *j)
{
	free(j->data);
	j->data = NULL;
}

/* tick */
unsigned pw_jitter_depth(const struct pw_jitter *j)
{
	int32_t n = before(j->next, j->play);

	return j->empty || n < 0 ? 0 : (unsigned)n;
}

/* tick */
static bool is_full(const struct pw_jitter *j, uint32_t number)
{
	const struct pw_slot *s = &j->slots[number % PW_RING];

	return s->use == PW_FULL && s->number == number;
}

/* tick */
bool pw_jitter_has(const struct pw_jitter *j, unsigned n)
{
	for (unsigned i = 0; i < n && i < PW_RING; i++) {
		if (!is_full(j, j->play + i))
			return false;
	}
	return !j->empty;
}

/* tick */
void pw_jitter_begin(struct pw_jitter *j)
{
	j->playing = true;
	j->state = PW_NORMAL;
	j->missing = 0;
}

/* tick: start from an empty buffer at the next packet. */
static void gather(struct pw_jitter *j)
{
	j->playing = false;
	j->empty = true;
	j->floor = j->play;
	j->run = 0;
	j->late_ticks = 0;
}

/* tick */
static void store(struct pw_jitter *j, uint32_t number, const uint8_t *payload)
{
	struct pw_slot *s = slot_of(j, number);

	s->number = number;
	s->use = PW_FULL;
	s->idle = !payload;
	if (payload)
		memcpy(data_of(j, number), payload, j->cfg.payload);
	if (j->empty) {
		j->play = number;
		j->empty = false;
	}
}

/* tick: while gathering: has enough come to leave LOSS, or to play? */
static void check_start(struct pw_jitter *j)
{
	unsigned need = j->cfg.n_in < j->cfg.depth ? j->cfg.n_in : j->cfg.depth;

	j->missing = 0;
	if (j->state == PW_LOSS && j->run >= j->cfg.n_in)
		j->state = PW_NORMAL;
	if (j->state == PW_LOSS || j->run < need ||
	    pw_jitter_depth(j) < j->cfg.depth || j->cfg.lockstep)
		return;
	pw_jitter_begin(j);
	j->started = true;
}

/* tick: a packet whose time has passed. If nothing else has come for some
 * packet times, let the line wait for it and those behind it. */
static enum pw_put put_late(struct pw_jitter *j, uint32_t number,
			    const uint8_t *payload)
{
	j->late = true;
	if (j->late_ticks < LATE_LIMIT || before(j->next, j->play) > 0)
		return PW_PUT_LATE;
	j->slips++;
	j->slip_packets += j->play - number;
	gather(j);
	j->floor = number;
	store(j, number, payload);
	j->run = 1;
	check_start(j);
	return PW_PUT_LATE;
}

/* tick: number lies before `next`. */
static enum pw_put put_behind(struct pw_jitter *j, uint32_t number,
			      const uint8_t *payload)
{
	const struct pw_slot *s = slot_of(j, number);

	if (s->use != PW_EMPTY && s->number == number)
		return PW_PUT_DUPLICATE;
	if (j->playing && before(number, j->play) < 0)
		return put_late(j, number, payload);
	if (!j->playing && before(number, j->floor) < 0)
		return PW_PUT_LATE;
	store(j, number, payload);
	if (before(number, j->play) < 0)
		j->play = number;
	j->run++;
	if (!j->playing)
		check_start(j);
	return PW_PUT_REORDERED;
}

/* tick: number is `next` or lies gap packets after it. */
static enum pw_put put_ahead(struct pw_jitter *j, unsigned gap,
			     const uint8_t *payload)
{
	uint32_t number = j->next + gap;

	if (!j->empty && before(number, j->play) >= PW_RING)
		return PW_PUT_FAR;
	j->next = number + 1;
	j->next_seq = (uint16_t)(j->next_seq + gap + 1);
	j->run = gap ? 1 : j->run + 1;
	if (j->playing && before(number, j->play) < 0)
		return put_late(j, number, payload);
	store(j, number, payload);
	if (!j->playing)
		check_start(j);
	return gap ? PW_PUT_GAP : PW_PUT_OK;
}

/*
 * tick: take up the sequence of the held packet. It continues the running
 * numbers, so what is buffered of the old sequence is still played. If
 * nothing is, leave a gap: packets from before the held one may yet come.
 */
static void resync(struct pw_jitter *j)
{
	j->next_seq = j->held.seq;
	if (before(j->next, j->play) < 0)
		j->next = j->play;
	if (j->cfg.lockstep)
		gather(j);
	if (j->empty)
		j->next += PW_WINDOW;
	j->floor = j->next - PW_WINDOW;
	j->run = 0;
	j->held.valid = false;
	put_ahead(j, 0, j->held.idle ? NULL : held_data(j));
}

/* tick: a sequence number out of the window: either a stray packet or a
 * peer that has started again; the next one tells. */
static enum pw_put put_jump(struct pw_jitter *j, uint16_t seq,
			    const uint8_t *payload, int64_t now_ns)
{
	bool follows = j->held.valid && seq == (uint16_t)(j->held.seq + 1);

	if (follows && now_ns - j->heard_ns >= j->cfg.restart_ns) {
		resync(j);
		put_ahead(j, 0, payload);
		j->heard_ns = now_ns;
		return PW_PUT_RESYNC;
	}
	j->held.valid = true;
	j->held.idle = !payload;
	j->held.seq = seq;
	if (payload)
		memcpy(held_data(j), payload, j->cfg.payload);
	return PW_PUT_HELD;
}

/* tick */
enum pw_put pw_jitter_put(struct pw_jitter *j, uint16_t seq,
			  const uint8_t *payload, int64_t now_ns)
{
	int16_t d;

	if (!j->synced) {
		j->synced = true;
		j->next_seq = seq;
		j->next = j->play = PW_RING;
		j->floor = j->next - PW_WINDOW;
	}
	d = (int16_t)(seq - j->next_seq);
	if (d > PW_WINDOW || d < -PW_WINDOW)
		return put_jump(j, seq, payload, now_ns);
	j->held.valid = false;
	j->heard_ns = now_ns;
	if (d < 0)
		return put_behind(j, j->next - (unsigned)-d, payload);
	return put_ahead(j, (unsigned)d, payload);
}

/* tick */
static void enter_loss(struct pw_jitter *j)
{
	j->state = PW_LOSS;
	j->good = 0;
	j->loss_events++;
}

/* tick: a packet time without a packet to play. */
static void play_nothing(struct pw_jitter *j)
{
	j->good = 0;
	j->missing++;
	if (j->late && j->playing)
		j->late_ticks++;
	j->late = false;
	if (j->state == PW_NORMAL && j->missing >= j->cfg.n_out)
		enter_loss(j);
	if (j->state == PW_FILL && ++j->fill_ticks >= j->cfg.fill_limit)
		enter_loss(j);
	if (j->state == PW_LOSS && j->playing && before(j->next, j->play) <= 0)
		gather(j);
}

/* tick */
void pw_jitter_play(struct pw_jitter *j, struct pw_played *out)
{
	uint32_t number = j->play;

	out->lost = !j->playing || !is_full(j, number);
	out->payload = NULL;
	if (j->playing)
		j->play++;
	if (j->low_ticks)
		j->low_ticks++;
	if (out->lost) {
		play_nothing(j);
		return;
	}
	slot_of(j, number)->use = PW_PLAYED;
	if (!slot_of(j, number)->idle)
		out->payload = data_of(j, number);
	j->missing = 0;
	j->late_ticks = 0;
	j->late = false;
	if (++j->good >= j->cfg.n_in)
		j->state = PW_NORMAL;
}

/* tick */
void pw_jitter_skip(struct pw_jitter *j, unsigned n)
{
	if (j->playing)
		j->play += n;
}

/* tick */
static void watch_low(struct pw_jitter *j, unsigned depth)
{
	if (!j->low_ticks || depth < j->low)
		j->low = depth;
	if (!j->low_ticks)
		j->low_ticks = 1;
}

/* tick: packets to drop so that the delay does not stay larger than wanted:
 * after a burst, or with a peer whose clock is fast. */
static unsigned excess(struct pw_jitter *j, unsigned depth)
{
	unsigned want = j->cfg.depth;

	if (depth > 2 * want + PW_BURST)
		return depth - want;
	if (j->low_ticks < j->cfg.settle)
		return 0;
	j->low_ticks = 0;
	return j->low > want + PW_EXCESS;
}

/* tick */
void pw_jitter_trim(struct pw_jitter *j)
{
	unsigned depth = pw_jitter_depth(j);
	unsigned n;

	if (!j->playing) {
		j->low_ticks = 0;
		return;
	}
	if (j->started && depth > j->cfg.depth + PW_EXCESS)
		j->play = j->next - j->cfg.depth;
	else if (!j->started)
		watch_low(j, depth);
	j->started = false;
	n = excess(j, pw_jitter_depth(j));
	if (!n)
		return;
	j->play += n;
	j->slips++;
	j->slip_packets += n;
}
