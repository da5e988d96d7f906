/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Q.850 causes <-> SIP status codes, and the Reason header (RFC 3326, RFC
 * 6432, location of RFC 8606). One const table per direction; both follow
 * tests/vectors/causes.tsv row by row (a test compares them). The only place
 * of the program where a cause meets a status.
 *
 * Pure functions. Thread: any.
 */
#ifndef SIP_CAUSE_H
#define SIP_CAUSE_H

#include "gateway/cc.h"

#include <stdbool.h>
#include <stddef.h>

/* Keys of the SIP -> Q.850 table that are no status code. */
enum sip_by {
	SIP_BY_BYE = 1,
	SIP_BY_CANCEL,
	SIP_BY_TIMEOUT, /* no response at all, or no transport */
	SIP_BY_ERROR,	/* the peer broke the protocol */
	SIP_BY_OTHER	/* a final status without a row */
};

/* Circumstances that choose a qualified row. */
enum sip_cause_qual {
	SIP_Q_USER = 1,	       /* Q.850 location is the user */
	SIP_Q_DIAG = 2,	       /* a new number came as diagnostic */
	SIP_Q_ALERTED = 4,     /* a 180 came before */
	SIP_Q_RETRY_AFTER = 8, /* the response has Retry-After */
	SIP_Q_WARN_MEDIA = 16  /* Warning 304, 305 or 306 */
};

/* What the row means for the one who hunts. */
enum sip_cause_flag {
	SIP_F_FAILOVER = 1,
	SIP_F_RETRY_CHAN = 2,
	SIP_F_LOCAL = 4,
	SIP_F_CFG = 8,
	SIP_F_FOLLOW = 16,
	SIP_F_AUTH = 32,
	SIP_F_REPAIR = 64,
	SIP_F_OVERLAP = 128,
	SIP_F_GLARE = 256
};

/* The final status for an INVITE that ends with this cause; 0 counts as 31.
 * A value without a row goes by its class. */
unsigned sip_cause_status(unsigned cause, unsigned quals);

/* Cause of a status 300-699 or an enum sip_by. value 0: this event has no
 * cause of its own (487 to our CANCEL, 491). *flags may be NULL. */
struct cc_cause sip_cause_of(unsigned key, unsigned quals, unsigned *flags);

/* Is the value meaningful only on the interface where it arose, so that a
 * Reason header with it is passed over (causes 6, 7, 30, 43, 44, 81-86,
 * 96-101, 103)? */
bool sip_cause_is_local(unsigned cause);

/* The values of Reason that we read. 0 = not there. */
struct sip_reason {
	uint16_t sip;	  /* protocol SIP: status */
	uint8_t q850;	  /* 1-127 */
	uint8_t location; /* enum cc_location, CC_LOC_NONE when not said */
};

/* Reads one Reason header value (perhaps several, comma-separated) on top of
 * what *r has already: the first value of a protocol counts. Unknown
 * protocols and parameters are skipped, a value out of range is ignored;
 * false when the syntax broke (what stood before it still counts). */
bool sip_reason_parse(struct sip_reason *r, const char *value);
#define SIP_REASON_NONE ((struct sip_reason){.location = CC_LOC_NONE})

#define SIP_REASON_MAX 128
/* `Q.850;cause=17;text="User busy";location=U`. Returns buf. */
const char *sip_reason_write(char buf[SIP_REASON_MAX], struct cc_cause);

/* How a call ended, as a message of the peer says it: Reason Q.850 first,
 * then Reason SIP (BYE and CANCEL only), then the status or event. Never
 * value 0. */
struct cc_cause sip_cause_in(unsigned key, unsigned quals,
			     const struct sip_reason *);

#endif
