/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What most tests of the whole gateway begin and end with: a call, up, and
 * the proof that nothing is left of it. Span 0, trunk 0.
 */
#ifndef TESTS_SIM_SCENE_H
#define TESTS_SIM_SCENE_H

#include "tests/sim/peer_sip.h"
#include "tests/sim/peer_xch.h"

/* The two ends of a call. */
struct scene {
	struct xch_leg *x;
	struct sip_peer_call *p;
	unsigned slot; /* B channel, as the exchange knows it */
};

#define SCENE_LINE_NUMBER "+49711555" /* of the line's subscribers */
#define SCENE_SIP_NUMBER  "030123456" /* as dialled on the line */

/* Layer 2 is up. yaml NULL: sim_yaml. */
void scene_open(const char *yaml, bool real_media);
/* Waits until all timers of finished calls are over, then looks everywhere:
 * nothing is left, and there are that many CDRs. Closes the simulation. */
void scene_close(unsigned cdrs);
/* The same without closing. */
void scene_expect_idle(unsigned cdrs);

/* A call from the line is with the SIP peer (100 sent); from SIP: with the
 * exchange. */
struct scene scene_from_line(void);
struct scene scene_from_sip(void);
/* It rings; it is up. */
void scene_ring(struct scene *, bool from_line);
struct scene scene_up(bool from_line);
void scene_expect_over(const struct scene *);
/* The newest CDR contains that text. */
void scene_expect_cdr(const char *text);

#endif
