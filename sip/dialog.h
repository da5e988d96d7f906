/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dialog (RFC 3261 12): who the two ends are, how a request within it is
 * addressed and routed. A value inside its leg; no timers, no I/O.
 *
 * With a connection, requests go by the one that the peer's latest request has
 * come by: after a loss the peer opens a new one, and often we could not.
 *
 * Requests go to the first Route, else to the peer's Contact, when that is an
 * address (not a name) of the same trunk; else to where the dialog was made
 * with: a peer behind NAT writes addresses nobody can reach, and an answer
 * from a source that is none of the trunk's would be dropped anyway.
 *
 * Thread: the role's loop.
 */
#ifndef SIP_DIALOG_H
#define SIP_DIALOG_H

#include "sip/msg.h"
#include "sip/trunk.h"
#include "sip/uri.h"

#define SIP_CALL_ID_MAX 256
#define SIP_TAG_MAX	128
#define SIP_SESSION_MAX 33 /* 32 hexadecimal digits */
#define SIP_ROUTES_MAX	2048 /* octets of all Route values */

struct sip_dialog {
	char call_id[SIP_CALL_ID_MAX];
	char local[SIP_URI_MAX];  /* From value of our requests, with tag */
	char remote[SIP_URI_MAX]; /* To value, with tag when there is one */
	char local_tag[SIP_TAG_MAX], remote_tag[SIP_TAG_MAX];
	char target[SIP_URI_MAX];	/* the peer's Contact URI, see below */
	char contact[CONF_HOST + 32]; /* ours, in <> */
	char routes[SIP_ROUTES_MAX];	/* n_routes values, each ended by NUL */
	uint8_t n_routes;
	uint32_t cseq;	      /* last we used */
	uint32_t remote_cseq; /* last the peer used; 0 = none yet */
	struct sip_path path; /* where the dialog was made with */
	/* RFC 7989: ours, "" = we send none; the peer's, "" = it sent none */
	char session[SIP_SESSION_MAX], remote_session[SIP_SESSION_MAX];
};

/* Makes our half of the Session-ID. */
void sip_dialog_session_new(struct sip_dialog *);
/* Adds the header; remembers what the peer's says. */
void sip_dialog_session_id(const struct sip_dialog *, struct sip_msg *);
void sip_dialog_session_learn(struct sip_dialog *, const struct sip_msg *);

/* Of an INVITE that came in, answered under that tag. Without Contact, as RFC
 * 2543 knew it, From is the target. 0, -EBADMSG (no usable one), -E2BIG. */
int sip_dialog_uas(struct sip_dialog *, const struct sip_msg *invite,
		   const char *local_tag);
/* Fills in what the peer's response to our INVITE says: tag, target, route
 * set; each response anew, since forks differ. call_id, local, cseq, contact
 * and path stand there already. Without Contact To is the target. Errors as
 * above. */
int sip_dialog_uac(struct sip_dialog *, const struct sip_msg *response);
/* Our Contact: contact_host of the trunk, or the address; with ;ob where
 * requests are to come by the way of its registration (RFC 5626 4.3). */
void sip_dialog_contact(struct sip_dialog *, const struct net_addr *local,
			const struct conf_trunk *);
/* A new Contact of the peer (target refresh); none leaves the old. */
void sip_dialog_refresh(struct sip_dialog *, const struct sip_msg *);

/* Where a request of the peer has come by another connection than before, from
 * the same host, ours go by that, too. */
void sip_dialog_follow(struct sip_dialog *, const struct sip_msg *request);

/* Does this request of the peer belong here? */
bool sip_dialog_has(const struct sip_dialog *, const struct sip_msg *request);
/* Does this response? */
bool sip_dialog_is_answered(const struct sip_dialog *,
			    const struct sip_msg *response);
/* Is its CSeq in order (RFC 3261 12.2.2)? Remembers it. */
bool sip_dialog_in_order(struct sip_dialog *, const struct sip_msg *request);

/* A request within the dialog; raises cseq, but for ACK, which takes that of
 * its INVITE (invite_cseq). NULL + errno. */
struct sip_msg *sip_dialog_request(struct sip_dialog *, const char *method);
struct sip_msg *sip_dialog_ack(const struct sip_dialog *, uint32_t invite_cseq);
/* Where it goes. */
struct sip_path sip_dialog_hop(const struct sip_dialog *,
			       const struct trunk_table *);

#endif
