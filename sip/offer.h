/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offer and answer (RFC 3264) for one call: G.711 and telephone-event, or data
 * (CLEARMODE, RFC 4040), over RTP or SRTP (secure.h).
 *
 *    sdp_on_offer() then sdp_write_answer()    the peer offers
 *    sdp_write_offer() then sdp_on_answer()    we offer
 *
 * Of an offer the first usable audio line (an RTP profile that the trunk
 * allows, an address, PCMA or PCMU) is taken, one with keys of SRTP before one
 * without; all others are answered with port 0. The answer names one codec,
 * by our preference, and telephone-event by the number offered.
 *
 * The caller keeps the exchanges apart (one at a time). Storage is the
 * caller's. Thread: the role's loop.
 */
#ifndef SIP_OFFER_H
#define SIP_OFFER_H

#include "conf/conf.h"
#include "gateway/cc.h"
#include "sip/sdp.h"

#define SDP_PTIME_MIN 10
#define SDP_PTIME_MAX 60

/* Data calls: a session is of speech or of data to its end. */
enum sdp_clear {
	SDP_CLEAR_NEVER,
	SDP_CLEAR_TOO, /* if an offer names it before G.711 */
	SDP_CLEAR_ONLY
};

/* What our end can do now. */
struct sdp_local {
	struct net_addr rtp;	     /* where we receive */
	uint8_t n_codecs, codecs[4]; /* enum cc_codec, by preference */
	uint8_t clear;		     /* enum sdp_clear */
	bool events;		     /* RFC 4733 */
	uint8_t ptime_ms;	     /* sent unless the peer asks otherwise */
	uint8_t dir;		     /* enum sdp_dir bits: what we want */
	uint8_t srtp;		     /* enum conf_srtp */
	uint8_t n_suites, suites[CC_SRTP_SUITES]; /* enum cc_srtp */
};

enum sdp_profile { SDP_AVP, SDP_AVPF, SDP_SAVP, SDP_SAVPF, SDP_PROFILES };

/* Of a crypto line. */
struct sdp_suite {
	uint32_t tag;
	uint8_t suite, name; /* as in struct sdes */
};

/* SRTP of a session; holds secrets. */
struct sdp_secure {
	uint8_t profile;	 /* of our line; enum sdp_profile */
	bool may_plain;		 /* the answer to our offer need have no key */
	bool has_keys;		 /* ours are made */
	uint8_t n_offered;	 /* in our last offer */
	struct sdp_suite offered[CC_SRTP_SUITES];
	struct sdp_suite agreed; /* suite CC_RTP_PLAIN: RTP */
	struct cc_key ours[CC_SRTP_SUITES], rx;
};

struct sdp_session {
	uint32_t id, version;	    /* o= */
	struct sdp remote;	    /* the last description that was accepted */
	uint8_t audio;		    /* index of the line in use */
	uint8_t n_media;	    /* lines so far; never fewer again */
	uint8_t codec;		    /* enum cc_codec, of what we send */
	uint8_t event_tx, event_rx; /* payload types; 0 = none */
	uint8_t ptime_ms;
	uint8_t dir;		/* what we may do; enum sdp_dir bits */
	struct sdp_secure secure;
	char sent[SDP_OUT_MAX]; /* our last description behind its o= line */
};

void sdp_session_init(struct sdp_session *, uint32_t id);
/* One that another process began, with the key in use alone. */
void sdp_session_resume(struct sdp_session *);

/* Takes an offer. On failure nothing has changed. 0; -ENOTSUP: nothing in it
 * that we can do (488); -ENOKEY: nothing, for SRTP is required and there is no
 * usable key, or it is off (488); -EBADMSG, -E2BIG: sdp_parse(), or m= lines of the
 * last description are missing (RFC 3264 8). media may be NULL. */
int sdp_on_offer(struct sdp_session *, const struct sdp_local *,
		 const char *text, size_t len, struct cc_media *media);
/* The answer to the offer taken last. The same answer may be written again.
 * Length, or -ENOSPC. */
int sdp_write_answer(struct sdp_session *, const struct sdp_local *,
		     char buf[SDP_OUT_MAX]);

/* Our offer; in an established session with all its lines. Length, -ENOSPC. */
int sdp_write_offer(struct sdp_session *, const struct sdp_local *,
		    char buf[SDP_OUT_MAX]);
/* Our last description once more, as an offer (RFC 4028 7.4). */
int sdp_write_same(struct sdp_session *, const struct sdp_local *,
		   char buf[SDP_OUT_MAX]);
/* The peer's answer to it. Errors as sdp_on_offer(). */
int sdp_on_answer(struct sdp_session *, const struct sdp_local *,
		  const char *text, size_t len, struct cc_media *media);

/* The peer does not want to hear us now (hold). */
bool sdp_is_held(const struct sdp_session *);

#endif
