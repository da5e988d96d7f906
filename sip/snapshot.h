/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a leg needs to be cleared by another process than the one that made
 * it, as octets for the core to keep (cc.h, SNAPSHOT). Form, numbers big
 * endian, a string as its length in two octets and then its characters:
 *
 *   version kind trunk bind family address[16] port[2] cseq[4]
 *   call_id local remote local_tag remote_tag target
 *   n_routes[1] and that many strings
 *
 * Pure functions. Thread: any.
 */
#ifndef SIP_SNAPSHOT_H
#define SIP_SNAPSHOT_H

#include "sip/dialog.h"

#define SIP_SNAPSHOT_VERSION 2

enum sip_snapshot_kind {
	/* Answered: takes BYE. */
	SIP_SNAPSHOT_DIALOG = 1,
	/* An INVITE of the peer, not answered: takes a final response. Of the
	 * dialog: routes are the Via values of the INVITE, cseq is its, path
	 * its source; no target. */
	SIP_SNAPSHOT_OFFERED,
	/* An INVITE of ours, not answered: takes CANCEL. routes is our Via,
	 * target the Request-URI, remote the To, cseq its; no remote_tag. */
	SIP_SNAPSHOT_CALLING,
	SIP_SNAPSHOT_KINDS
};

struct sip_snapshot {
	enum sip_snapshot_kind kind;
	struct sip_dialog dialog; /* without contact and remote_cseq */
};

/* Length, or -E2BIG. */
int sip_snapshot_write(const struct sip_snapshot *, uint8_t *buf, size_t size);
/* 0; -EBADMSG for anything that _write cannot have written: another version,
 * a string too long, with control characters or missing, octets left over.
 * What is meant by the strings is not looked at. */
int sip_snapshot_read(struct sip_snapshot *, const uint8_t *data, size_t len);

#endif
