/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Line echo canceller (ITU-T G.168). A *group* cancels ECHO_LANES channels
 * in lockstep, one per SIMD lane, in blocks of ECHO_BLOCK samples (10 ms at
 * 8 kHz). Samples are floats on the linear 16-bit scale (+-32768), what
 * G.711 decodes to.
 *
 *    RTP -> ... -> far (the very codes sent to the line) -> line -> hybrid
 *    RTP <- ... <- residual <- canceller <- near <-------- line <----+
 *
 * far must be aligned with near by the caller: far[n] is the sample that
 * left on the line when near[n] arrived. What delay is left is the network's
 * and must fit into the tail.
 *
 * Lanes are independent: nothing that happens in one lane (NaN included)
 * changes a bit of another one.
 *
 * Ownership and thread: one thread owns a group. All memory is taken by
 * echo_group_new(); nothing else here allocates, locks or prints.
 */
#ifndef MEDIA_ECHO_H
#define MEDIA_ECHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ECHO_LANES = 16,	/* channels of a group */
	ECHO_BLOCK = 80,	/* samples a call */
};

/* What a lane does; flags of echo_group_set_lane(). */
enum echo_flag {
	ECHO_ON = 1,	/* cancel; without it near passes unchanged */
	ECHO_NLP = 2,	/* residual echo gives way to comfort noise */
	ECHO_HOLD = 4,	/* the taps stand still: for measurements */
};

/* The instruction set a group runs on. */
enum echo_isa {
	ECHO_ISA_BEST,	/* the best this machine has */
	ECHO_ISA_C,	/* plain C, any machine */
	ECHO_ISA_AVX2,
	ECHO_ISA_AVX512,
};

/*
 * Figures of one lane. Levels in dBm0 (a full-scale A-law sine is
 * +3.14 dBm0), means over about half a second of far-end activity.
 */
struct echo_stats {
	float far_dbm0;		/* level sent to the line */
	float near_dbm0;	/* level received from the line */
	float residual_dbm0;	/* after the linear filter */
	float out_dbm0;		/* after the NLP */
	float erl_db;		/* far / near, while the far end speaks */
	float erle_db;		/* near / residual, likewise */
	float acom_db;		/* far / out: ERL + ERLE + NLP */
	unsigned tail_samples;	/* delay of the strongest echo, to 80 */
	unsigned path_changes;	/* times the echo path was found changed */
	unsigned divergences;	/* times the filter was worse than none */
	unsigned bad_samples;	/* NaN, infinite or beyond the scale */
	bool converged;		/* the filter has found the path */
	bool double_talk;	/* both ends speak (last block) */
	bool narrow_band;	/* far end is a tone: taps are held */
};

struct echo_group;

/*
 * A group for a tail of 32, 64 or 128 ms, all lanes off. The caller owns
 * it. isa is for tests and benches; pass ECHO_ISA_BEST. Returns NULL and
 * errno EINVAL (no such tail), ENOTSUP (no such instruction set) or ENOMEM.
 */
struct echo_group *echo_group_new(unsigned tail_ms, enum echo_isa isa);
/* The same with a state in memory of the caller, who has many groups and wants
 * them together: echo_group_size() octets (0: no such group), aligned to 64,
 * there until the group is freed. */
struct echo_group *echo_group_new_at(unsigned tail_ms, enum echo_isa isa,
				     void *state);
size_t echo_group_size(unsigned tail_ms, enum echo_isa isa);
void echo_group_free(struct echo_group *g);

/* Name of the instruction set in use: "avx512", "avx2" or "c". */
const char *echo_group_isa(const struct echo_group *g);

/*
 * Run all lanes by one block. near is replaced by the residual in the lanes
 * that are on and in active_mask (bit n = lane n). The other lanes keep
 * near as it is, to the bit; their taps are held, but the recent far end is
 * forgotten: take a lane out of the mask only while its call has no audio,
 * and reset it before the next call.
 */
void echo_group_run(struct echo_group *g, const float (*far)[ECHO_LANES],
		    float (*near)[ECHO_LANES], unsigned active_mask);

/*
 * From the next block on all lanes go on cancelling with what they know and
 * learn nothing, which takes a third of the time; until they are told to work
 * again. For an engine that has fallen behind.
 */
void echo_group_rest(struct echo_group *g, bool rest);

/* Forget all of a lane's past (echo path, noise, figures); flags stay. */
void echo_group_reset_lane(struct echo_group *g, unsigned lane);

/*
 * A lane becomes what one of another group was, with all of its past and its
 * flags, and goes on where that one stood; that one is off and reset. Both
 * groups are of one tail and instruction set, and between two blocks.
 */
void echo_group_move_lane(struct echo_group *to, unsigned lane,
			  struct echo_group *from, unsigned from_lane);

/*
 * Set a lane's flags (enum echo_flag). A lane that goes from off to on
 * starts from reset. Use 0 while a modem owns the line (2,100 Hz with
 * phase reversals, G.168 7), ECHO_ON alone for plain 2,100 Hz.
 */
void echo_group_set_lane(struct echo_group *g, unsigned lane, unsigned flags);

/* The figures of a lane so far. Cheap, but computes logarithms. */
void echo_group_stats(const struct echo_group *g, unsigned lane,
		      struct echo_stats *stats);

#endif
