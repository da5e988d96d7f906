/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One SIP message. The header part is an osip_message_t (libosip2 as parser
 * and printer only; its headers stay in sip/), the body is ours: osip never
 * sees a body, so neither its MIME nor its SDP parser meets the wire.
 *
 * Ownership: a message has one owner, who calls sip_msg_free() or hands it
 * over to a function that says so (txn_request(), txn_respond(), ...). What
 * comes up in a callback is borrowed for the call: sip_msg_clone() to keep.
 * Text returned by a getter lives as long as the message is not changed.
 *
 * Errors: NULL or -errno; -EBADMSG for text that does not parse. Thread: the
 * role's loop.
 */
#ifndef SIP_MSG_H
#define SIP_MSG_H

#include "gateway/base/net.h"

#include <osipparser2/osip_message.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIP_BODY_PAD   8	 /* zero octets behind each body */
#define SIP_MSG_MAX    16384 /* octets we accept and send */
#define SIP_BRANCH_MAX 256
#define SIP_TAG_LEN    16 /* of tags we make, with the NUL */
#define SIP_COOKIE     "z9hG4bK"

enum sip_proto { SIP_UDP, SIP_TCP, SIP_TLS };

/* Where a message came from or goes to. Trunk and bind are indices (the
 * configuration's trunk; sip_binds() in trunk.h). flow: the connection it came
 * on or shall go on (transport.h), 0 = whichever leads to remote. */
struct sip_path {
	struct net_addr remote;
	uint8_t trunk;
	uint8_t bind;
	uint8_t proto; /* enum sip_proto */
	uint32_t flow;
};

struct sip_msg {
	osip_message_t *osip;
	char *body; /* NULL or len octets and SIP_BODY_PAD zeros; owned */
	size_t body_len;
	char *call_id; /* whole; owned */
	struct sip_path path; /* received: source */
	uint64_t trunks; /* received: whose it can be, by its source; a bit
			    each */
	/* Received and changed by header rules: as they came, for the answers
	 * (RFC 3261 8.2.6.2). NULL: as in osip. Owned. */
	osip_from_t *from_was;
	osip_to_t *to_was;
	bool urgent; /* received: an INVITE to an emergency number */
};

/* --- whole messages --- */

/* data has passed the gate with that result (gate.h). On the way to osip
 * folded lines are joined, compact header names become long ones, a control
 * character (only possible in a quoted-pair) becomes '?', and the escape %00
 * in the user part of a URI, where it would cut osip's string, becomes '_'.
 * NULL + errno. */
struct sip_gate_result;
struct sip_msg *sip_msg_parse(const char *data, const struct sip_gate_result *);
/* Gate and parser in one, for tests and tools. */
struct sip_msg *sip_msg_from_text(const char *data, size_t len);
struct sip_msg *sip_msg_clone(const struct sip_msg *);
/* It is was, rewritten: has its path and trunks, and its From and To are those
 * of the answers. 0 or -ENOMEM. */
int sip_msg_succeeds(struct sip_msg *, const struct sip_msg *was);
void sip_msg_free(struct sip_msg *); /* NULL does nothing */
/* Prints with a right Content-Length. *out is malloc()ed, the caller's, NUL
 * behind its *len octets. 0 or -errno (-EMSGSIZE above SIP_MSG_MAX). */
int sip_msg_print(const struct sip_msg *, char **out, size_t *len);

/* --- making them --- */

/* A request without Via (the transaction layer adds it) and body. from, to,
 * contact and route are header values as text; NULL contact: none. */
struct sip_request {
	const char *method, *uri;
	const char *from, *to; /* "\"n\" <sip:a@b>;tag=x" */
	const char *call_id;
	uint32_t cseq;
	const char *contact;
	uint8_t max_forwards; /* 0 = 70 */
};

struct sip_msg *sip_request_new(const struct sip_request *);
/* Copies Via, From, To, Call-ID, CSeq (and Record-Route into 101-299 as RFC
 * 3261 12.1.1 has it). reason NULL = the usual phrase. to_tag is added when To
 * has none and status > 100; NULL = a random one. path is the request's. */
struct sip_msg *sip_response_new(const struct sip_msg *request, int status,
				 const char *reason, const char *to_tag);
const char *sip_reason_phrase(int status); /* "Busy Here"; never NULL */
/* A tag, branch tail or Call-ID part of SIP_TAG_LEN - 1 random characters. */
void sip_token(char out[SIP_TAG_LEN]);

/* --- questions --- */
bool sip_msg_is_request(const struct sip_msg *);
int sip_msg_status(const struct sip_msg *); /* 0 for a request */
/* A request's method, a response's CSeq method. Never NULL. */
const char *sip_msg_method(const struct sip_msg *);
bool sip_msg_is(const struct sip_msg *, const char *method);
/* "" when absent. */
const char *sip_msg_call_id(const struct sip_msg *); /* whole, "a@b" */
const char *sip_msg_from_tag(const struct sip_msg *);
const char *sip_msg_to_tag(const struct sip_msg *);
const char *sip_msg_branch(const struct sip_msg *); /* topmost Via */
uint32_t sip_msg_cseq(const struct sip_msg *);

/* --- headers --- */

/* The n-th header (0...) of that name as text into buf; its length, or
 * -ENOENT, -EMSGSIZE. Works for every header, those osip keeps structured
 * included; name is the long form. */
int sip_msg_header(const struct sip_msg *, const char *name, unsigned n,
		   char *buf, size_t size);
/* Only headers which osip does not keep structured (Reason, Supported,
 * Require, Privacy, P-Asserted-Identity...). A received comma list comes as
 * one value for each of its elements. NULL = none. No copy. */
const char *sip_msg_plain(const struct sip_msg *, const char *name,
			  unsigned n);
/* Seconds of Retry-After, at most a day; -ENOENT: none, or no number. */
int sip_msg_retry_after(const struct sip_msg *);
/* Is token in one of these comma lists (Supported, Require, Allow, Accept:
 * compared without case, parameters cut)? */
bool sip_msg_has_token(const struct sip_msg *, const char *name,
		       const char *token);
/* Adds behind those that exist; any name. value is refused (-EINVAL) when it
 * holds CR, LF or NUL: nothing from a wire can add a header line. */
int sip_msg_add(struct sip_msg *, const char *name, const char *value);
/* "From" of 'f' (RFC 3261 7.3.3); NULL: no compact form. */
const char *sip_msg_long_name(char compact);
/* Removes all of that name. */
void sip_msg_remove(struct sip_msg *, const char *name);
int sip_msg_set_cseq(struct sip_msg *, uint32_t cseq);
/* type NULL removes the body. Copies. */
int sip_msg_set_body(struct sip_msg *, const char *type, const void *body,
		     size_t len);

/* --- bodies --- */

/* A piece of a body, not terminated, inside the message. When it is the last
 * octets of the body SIP_BODY_PAD zeros follow. */
struct sip_part {
	const char *data;
	size_t len;
};

/* Finds the body or, in multipart/..., the first part of that type, for
 * example "application/sdp" (no body type at all counts as unfound). 0,
 * -ENOENT, -EBADMSG (broken multipart, more than 8 parts, or a part with
 * two Content-Type). */
int sip_msg_body(const struct sip_msg *, const char *type, struct sip_part *);

#endif
