/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What another process than the one that made a leg needs to go on with it,
 * or to clear it, as octets for the core to keep (cc.h, SNAPSHOT). Form,
 * numbers big endian, an address as family[1] address[16] port[2], a string as
 * its length in two octets and then its characters:
 *
 *   version kind trunk bind proto address cseq[4] remote_cseq[4]
 *   call_id local remote local_tag remote_tag target session remote_session
 *   n_routes[1] and that many strings
 * and of an answered leg
 *   of the session timer interval_s[4], ours, peer_update
 *   of a transfer that the peer is told of: going, count[4] cseq[4]
 *   has_session[1], our address for RTP, direction wanted, o= id[4] version[4]
 *   and when it has one
 *   codec event_tx event_rx ptime direction
 *   the peer's address for RTP as told the core, codec event ptime direction
 *   profile suite, and of a suite of SRTP
 *     tag[4] name, our key and the peer's: key[32] salt[14] mki_len mki[8]
 *   audio n_media and of that many m= lines: type proto formats
 * and where our 2xx has no ACK yet
 *   cseq[4] of the INVITE, that 2xx as it was sent: length[2] octets
 *
 * It may hold keys: it goes over the link to the core and nowhere else.
 * Pure functions. Thread: any.
 */
#ifndef SIP_SNAPSHOT_H
#define SIP_SNAPSHOT_H

#include "sip/dialog.h"
#include "sip/offer.h"
#include "sip/transaction.h"

#define SIP_SNAPSHOT_VERSION 6

enum sip_snapshot_kind {
	/* Answered: lives on, or takes BYE. */
	SIP_SNAPSHOT_DIALOG = 1,
	/* An INVITE of the peer, not answered: takes a final response. Of the
	 * dialog: routes are the Via values of the INVITE, cseq is its, path
	 * its source; no target. */
	SIP_SNAPSHOT_OFFERED,
	/* An INVITE of ours, not answered: takes CANCEL. routes is our Via,
	 * target the Request-URI, remote the To, cseq its; no remote_tag. */
	SIP_SNAPSHOT_CALLING,
	/* As DIALOG, and our 2xx must be sent until its ACK comes. */
	SIP_SNAPSHOT_ANSWERED,
	SIP_SNAPSHOT_KINDS
};

/* RFC 4028, as in struct leg_se. */
struct sip_snapshot_se {
	uint32_t interval_s;
	bool ours, peer_update;
};

/* As in struct leg_refer. */
struct sip_snapshot_refer {
	bool going;
	uint32_t count, cseq; /* of the peer's REFERs; of the last */
};

/* Our 2xx: owned by the transaction, or octets of what is read. */
struct sip_snapshot_2xx {
	uint32_t cseq; /* of the INVITE */
	struct txn_octets wire;
};

struct sip_snapshot {
	enum sip_snapshot_kind kind;
	struct sip_dialog dialog; /* without contact */
	/* ANSWERED only. */
	struct sip_snapshot_2xx ok;
	/* DIALOG and ANSWERED only. */
	struct sip_snapshot_se se;
	struct sip_snapshot_refer refer;
	/* The codecs we can do are the file's, not kept. */
	struct sdp_local local;
	struct sdp_session sdp; /* of remote: what an answer must repeat */
	struct cc_media media;	/* the peer's end, as last told the core; not
				 * valid: the session has no answer yet */
};

bool sip_snapshot_is_answered(const struct sip_snapshot *);

/* Length, or -E2BIG. */
int sip_snapshot_write(const struct sip_snapshot *, uint8_t *buf, size_t size);
/* 0; -EBADMSG for anything that _write cannot have written: another version,
 * a string too long, with control characters or missing, octets left over.
 * What is meant by the strings is not looked at. */
int sip_snapshot_read(struct sip_snapshot *, const uint8_t *data, size_t len);

#endif
