/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LAPD frames (Q.921) read into values: for the gate and the trace. The
 * procedures are libpri's. Frames are without flags and FCS. Thread: any.
 */
#ifndef ISDN_LAPD_H
#define ISDN_LAPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAPD_N201 260 /* octets of an information field (Q.921 5.9.3) */

enum lapd_kind {
	LAPD_I,
	LAPD_RR,
	LAPD_RNR,
	LAPD_REJ,
	LAPD_SABME,
	LAPD_DM,
	LAPD_UI,
	LAPD_DISC,
	LAPD_UA,
	LAPD_FRMR,
	LAPD_XID,
	LAPD_OTHER, /* no control field of Q.921 */
	LAPD_KINDS
};

struct lapd {
	enum lapd_kind kind;
	uint8_t sapi, tei;
	bool cr;	/* command/response bit as sent */
	bool pf;	/* poll or final */
	uint8_t ns, nr; /* I; I and supervisory */
	const uint8_t *info; /* borrowed from the frame; I, UI, FRMR, XID */
	size_t info_len;
};

/* 0; -EMSGSIZE: shorter than its kind needs; -EBADMSG: the address does not
 * end after two octets; -EINVAL: no known control field (kind is OTHER), or
 * octets after a frame that has no information field. */
int lapd_parse(struct lapd *, const uint8_t *frame, size_t len);
/* "I", "SABME", ... "?" */
const char *lapd_kind_name(enum lapd_kind);

#endif
