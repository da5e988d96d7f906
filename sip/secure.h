/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of RTP and SRTP a call gets, and its keys: the part of offer and
 * answer (offer.h) that RFC 4568 is about. The trunk's setting decides:
 *
 *   off        RTP/AVP alone; crypto attributes are not looked at
 *   preferred  we offer RTP/AVP with crypto lines (the one form that a peer
 *              without SRTP answers); of an offer the line that has keys
 *   required   we offer RTP/SAVP; what has no usable key is refused (-ENOKEY)
 *
 * Both kinds of profile are taken with crypto lines, as providers send them.
 * A call that has keys never loses them by an answer of the peer.
 *
 * Our key for a suite stays the same through a session, so that descriptions
 * without change are the same octets. When the peer comes with another key,
 * what it then receives with may be another device that has no count of our
 * packets: it gets another key, too, and the media role another source.
 *
 * Only for offer*.c. Thread: any.
 */
#ifndef SIP_SECURE_H
#define SIP_SECURE_H

#include "sip/offer.h"
#include "sip/sdes.h"

/* The profile of that name of an m= line; SDP_PROFILES: not RTP. */
enum sdp_profile sdp_profile_of(const char *proto);
const char *sdp_profile_name(enum sdp_profile);

/* What a line of the peer comes to. */
struct sdp_pick {
	enum sdp_profile profile;
	struct sdes sdes; /* suite CC_RTP_PLAIN: RTP */
};

/* A description as it came. */
struct sdp_text {
	const char *p;
	size_t len;
};

/* An offered line: with keys (srtp), or as RTP. 0; -ENOKEY: not so. */
int sdp_secure_offered(struct sdp_secure *, struct sdp_pick *,
		       const struct sdp_local *, const struct sdp_text *,
		       unsigned line, bool srtp);
/* The line of an answer to our last offer. 0; -ENOKEY. */
int sdp_secure_answered(const struct sdp_secure *, struct sdp_pick *,
			const struct sdp_text *, unsigned line);
/* It holds from now on, and is wiped. */
void sdp_secure_agree(struct sdp_secure *, struct sdp_pick *, bool offered);

/* Only the key in use is known: others are made, should the suite change. */
void sdp_secure_resume(struct sdp_secure *);

/* What our next offer says; established: something was agreed before. */
void sdp_secure_begin(struct sdp_secure *, const struct sdp_local *,
		      bool established);
/* The crypto lines of our offer, of our answer. */
void sdp_secure_write_offer(const struct sdp_secure *, struct sdp_out *);
void sdp_secure_write_answer(const struct sdp_secure *, struct sdp_out *);

#endif
