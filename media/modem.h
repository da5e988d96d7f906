/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tones by which fax machines and modems announce themselves (T.30, V.25,
 * G.168 7): CNG, 1,100 Hz for half a second; CED or ANS, 2,100 Hz, with
 * reversals of its phase (ANS/) where echo cancellers are to go out of the
 * way. They come out of the tone bank, a block of 10 ms at a time.
 *
 * Plain value; one thread; tick.
 */
#ifndef MEDIA_MODEM_H
#define MEDIA_MODEM_H

#include <stdbool.h>
#include <stdint.h>

#include "media/bank.h"

enum modem_state {
	MODEM_NONE,
	MODEM_ANSWER,	/* 2,100 Hz: NLP off */
	MODEM_REVERSED	/* with phase reversals: canceller off */
};

struct modem {
	enum modem_state state; /* kept until both directions are silent */
	bool cng;		/* has been heard */
	unsigned cng_blocks, ced_blocks; /* in a row */
	unsigned quiet_blocks;	/* in a row, at most what releases */
	unsigned holes;		/* CED blocks missed, a reversal perhaps */
	float phase, turn;	/* of 2,100 Hz; per block, radian */
};

/* Lanes of a bank that hold such a tone, and perhaps a few more. In the others
 * modem_run() does nothing as long as the modem is idle. */
unsigned modem_lanes(const struct bank *);
bool modem_is_idle(const struct modem *);

/*
 * True: cng or state has changed. A state ends once the other direction is
 * silent too; NULL if it is not watched. While one modem of a call is not
 * idle, both are to be run.
 */
bool modem_run(struct modem *, const struct modem *other,
	       const struct bank_block *);

#endif
