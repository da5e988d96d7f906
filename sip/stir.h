/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STIR: who vouches for calling numbers (RFC 8224, RFC 8588 SHAKEN).
 *
 * Calls that we place, with stir.sign: an Identity header with a SHAKEN
 * PASSporT. orig is the number that the INVITE asserts, else that of From; a
 * call without a global number there, or whose number is hidden, is not
 * signed. A for those in stir.numbers, stir.others for the rest.
 *
 * Calls that come in, with stir.verify: of up to STIR_IDENTITIES tokens the
 * first that is good in all of this counts, else the first one's fault:
 *
 *   form, ES256     certificate by its x5u (stir_store.h)    iat within 60 s
 *   signature       orig = P-Asserted-Identity or From       dest = called
 *   not seen before with another Call-ID
 *
 * dest is what the Request-URI names or, when that is no global number, To. A
 * call that was diverted needs div tokens (RFC 8946) from dest to there; one
 * without is counted as retargeted, and as not verified rather than failed.
 * ppt other than shaken and div are passed over.
 *
 * What we sign and verify with comes as a bundle (sip/cert.h), at the start
 * and again at each reload; one that is no good leaves what there was.
 *
 * Owner: the role. Thread: its loop.
 */
#ifndef SIP_STIR_H
#define SIP_STIR_H

#include "gateway/cc.h"
#include "sip/passport.h"
#include "sip/trunk.h"

#define STIR_FRESH_S	60
#define STIR_IDENTITIES 8

/* The faults of a call. Those below PASSPORT_FAULTS are passport_fault. */
enum stir_fault {
	STIR_OK = PASSPORT_OK,
	STIR_MISSING = PASSPORT_FAULTS, /* no Identity header */
	STIR_MANY,
	STIR_UNKNOWN, /* from here as enum stir_cert */
	STIR_CERT,
	STIR_KEY,
	STIR_CHAIN,
	STIR_DATES,
	STIR_SCOPE,
	STIR_STALE,
	STIR_FUTURE,
	STIR_SIGNATURE,
	STIR_ORIG,
	STIR_DEST,
	STIR_RETARGETED,
	STIR_REPLAY,
	STIR_VERSTAT, /* the provider says that it failed */
	STIR_FAULTS
};

const char *stir_fault_name(unsigned fault); /* a word, for metrics */
const char *stir_fault_text(unsigned fault);
/* The status that refuses such a call, and its phrase. */
int stir_status(unsigned fault);
const char *stir_phrase(int status);

struct stir_stats {
	uint64_t signed_as[3]; /* A, B, C */
	uint64_t not_signed;   /* though stir.sign */
	uint64_t passed, unsigned_calls;
	uint64_t failed[STIR_FAULTS];
	uint64_t loose; /* of those passed: not in canonical form */
	uint64_t verstat; /* taken over from providers */
};

struct stir;

/* trunks lives longer. file: of the configuration. NULL: no memory. */
struct stir *stir_new(struct loop *, const struct trunk_table *,
		      const char *file);
void stir_free(struct stir *);
/* A bundle for that trunk. Takes fd. 0, -EINVAL (told), -errno. */
int stir_bundle(struct stir *, unsigned trunk, int fd);
/* Wall-clock second of the end of what we sign with; 0: nothing. */
int64_t stir_expires(const struct stir *, unsigned trunk);
const struct stir_stats *stir_stats(const struct stir *);

/* The Identity header of a call from orig to dest; "" when it has none.
 * Returns how far we vouch: 'A', 'B', 'C', or 0. */
char stir_sign(struct stir *, unsigned trunk, const struct cc_number *orig,
	       const struct cc_number *dest, char out[PASSPORT_MAX]);

/* May we sign what that number does? */
bool stir_is_ours(const struct stir *, unsigned trunk,
		  const struct cc_number *);
/* One diversion of such a call. */
struct stir_div {
	const struct cc_number *orig, *from, *to;
};
/* Its token (RFC 8946). False: none. */
bool stir_sign_div(struct stir *, unsigned trunk, const struct stir_div *,
		   char out[PASSPORT_MAX]);

/* A call that comes in. Numbers and texts are borrowed for the call. */
struct stir_question {
	unsigned trunk;
	unsigned n; /* Identity headers; more than STIR_IDENTITIES: a fault */
	const char *identity[STIR_IDENTITIES];
	const struct cc_number *from, *asserted, *called, *to;
	const char *call_id;
	int64_t date_s; /* the Date header, for compact tokens; -1: none */
};

struct stir_answer {
	enum cc_verdict verdict;
	char attest;	/* 0 = not said */
	unsigned fault; /* enum stir_fault */
	bool asserted;	/* it is about that number, not From's */
};

/* Counts, and tells a failure. With stir.verify only. */
void stir_verify(struct stir *, const struct stir_question *,
		 struct stir_answer *);
/* The value of verstat (3GPP TS 24.229 7.2A.20), of a provider that is
 * trusted. False: not such a value. */
bool stir_verstat(struct stir *, const char *value, struct stir_answer *);
/* What the trunk's stir.verify and stir.failed make of it: 0: the call goes
 * on, else the status. */
int stir_refusal(const struct stir *, unsigned trunk,
		 const struct stir_answer *);

#endif
