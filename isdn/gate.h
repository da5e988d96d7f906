/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate in front of libpri: every received D-channel frame passes here
 * first. libpri trusts lengths and bit 8 of number elements, and keeps a call
 * record for each stray reference; what could hurt it never reaches it.
 *
 *  frame -> address, control, lengths (Q.921)      wrong: GATE_DROP
 *        -> header, reference, order (Q.931 5.8)   wrong: GATE_EMPTY
 *        -> each element: length, bit 8 chain      wrong: GATE_TRIM
 *
 * GATE_EMPTY: layer 2 goes on with an empty message, which libpri ignores.
 * If the whole frame were thrown away, the peer would send it again for ever
 * and every call of the span would wait behind it. GATE_TRIM: the faulty
 * element is taken out; Q.931 5.8.7.2 has an optional one ignored, and of a
 * mandatory one libpri then tells the peer that it is missing.
 *
 * Thread: the role's loop. No allocation.
 */
#ifndef ISDN_GATE_H
#define ISDN_GATE_H

#include "isdn/ie.h"
#include "isdn/lapd.h"

#define GATE_FRAME 300 /* octets of the longest frame looked at */

/* GATE_TAKE: a maintenance message, for us and not for libpri. */
enum gate_action { GATE_PASS, GATE_TRIM, GATE_EMPTY, GATE_DROP, GATE_TAKE };

enum gate_fault {
	GATE_OK,
	GATE_SHORT,	    /* frame ends inside its header */
	GATE_LONG,	    /* information field over N201 */
	GATE_ADDRESS,	    /* not SAPI 0, TEI 0 */
	GATE_CONTROL,	    /* unknown, or not used on a PRI (UI, XID) */
	GATE_PROTOCOL,	    /* protocol discriminator not 0x08 */
	GATE_CREF_LENGTH,   /* call reference not two octets */
	GATE_CREF_GLOBAL,   /* message and global reference do not go together */
	GATE_CREF_FLAG,	    /* SETUP or RESTART towards the originator */
	GATE_CREF_USED,	    /* SETUP for a reference in use */
	GATE_CREF_UNKNOWN,  /* message for no call of ours */
	GATE_HEADER,	    /* ends before the message type */
	GATE_SHIFT,	    /* codeset shift not allowed */
	GATE_IE_END,	    /* element runs past the message */
	GATE_IE_SHORT,	    /* element below its minimum */
	GATE_IE_GROUP,	    /* bit 8 never ends an octet group */
	GATE_RESTART,	    /* RESTART of what there is not */
	GATE_STANDBY,	    /* message on a D channel not in use */
	GATE_FAULTS
};

struct gate;
/* Is there a call with that reference? ours: chosen by us. */
typedef bool gate_known_fn(const struct gate *, uint16_t cref, bool ours);

/* 0, or the cause for a RESTART that names what there is not. */
typedef uint8_t gate_restart_fn(const struct gate *, const struct ie_msg *);
/* Call control is not looked at here: the D channel is in standby. */
typedef bool gate_standby_fn(const struct gate *);

struct gate {
	gate_known_fn *is_known; /* NULL: references are not checked */
	gate_restart_fn *restart; /* NULL: all pass */
	gate_standby_fn *standby; /* NULL: never */
	bool maintenance;	 /* SERVICE is known here (NI2) */
	uint64_t faults[GATE_FAULTS]; /* [GATE_OK]: frames without a fault */
	uint64_t dropped, emptied, trimmed;
};

struct gate_result {
	enum gate_action action;
	enum gate_fault fault; /* the first one found */
	uint8_t ie;	       /* of that element, else 0 */
	uint8_t cause;	       /* GATE_RESTART: to be answered with STATUS */
};

/* Looks at one frame without FCS and writes what libpri may see to out (at
 * most len octets and GATE_FRAME); *out_len = 0 when dropped. A message for
 * an unknown call becomes an empty INFORMATION, which libpri answers with
 * RELEASE COMPLETE, cause 81 (Q.931 5.8.3.2 a). */
struct gate_result gate_frame(struct gate *, const uint8_t *frame, size_t len,
			      uint8_t out[GATE_FRAME], size_t *out_len);

/* "element runs past the message"; for logs and traces */
const char *gate_fault_text(enum gate_fault);
/* "ie_end"; for counters */
const char *gate_fault_name(enum gate_fault);

#endif
