/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /etc/dahdi/system.conf, which configures the spans of DAHDI: read, never
 * written. We look at what must fit our own file: spans, use and law of their
 * channels. Lines that we do not know are passed over, since the driver's own
 * program judges them; what is malformed in ours is told.
 */
#ifndef CONF_SYSTEM_CONF_H
#define CONF_SYSTEM_CONF_H

#include "conf/conf.h"
#include "conf/report.h"

#define SYSTEM_CONF "/etc/dahdi/system.conf"

enum {
	SYSTEM_SPANS = 128,
	SYSTEM_CHANNELS = 2048,
	SYSTEM_LINE = 1024, /* octets; longer ones are told and passed over */
};

enum system_use { SYSTEM_NONE, SYSTEM_B, SYSTEM_D, SYSTEM_OTHER };

struct system_span {
	uint16_t number;   /* 0: there is none */
	uint16_t channels; /* 31, 24, 3; dynamic: what it says */
	uint16_t first;	   /* number of its first channel */
	uint8_t timing;	   /* 0: the clock is not taken from this span */
	bool dynamic;	   /* over Ethernet or cross-connected */
	bool clear;	   /* 64 kbit/s pass in all channels of a PRI: ESF
			    * with B8ZS, or an E1 that is not CAS */
	bool ami;	   /* the line code */
	char form[80];	   /* what stands behind the clock: LBO, framing ... */
	struct place at;
};

struct system_channel {
	uint8_t use; /* enum system_use */
	uint8_t law; /* 0: not said; 1 + enum conf_law */
	uint16_t use_line, law_line;
};

struct system_conf { /* some 30 KiB: not on the stack */
	unsigned n_spans;
	struct system_span spans[SYSTEM_SPANS]; /* by number, from 1 up */
	struct system_channel channels[SYSTEM_CHANNELS + 1];
};

/* Reads the text that the report is about. Problems go there. */
void system_conf_read(struct system_conf *, struct report *);
/* Does it fit our spans? Each mismatch with the line to change. */
void system_conf_check(const struct system_conf *, const struct conf *,
		       struct report *);
/*
 * Both, of the file at path, for people: what does not fit, "" when all does
 * or there is no DAHDI span; the caller's to free. Number of errors and
 * warnings; -errno: it cannot be read, and the text says so.
 */
int system_conf_judge(const char *path, const struct conf *, char **text);

#endif
