/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Header rules of the trunks (conf: header_rules), applied to whole messages
 * as text:
 *
 *   wire -> gate -> parser -> trunk -> [in rules] -> transaction -> leg
 *   leg -> transaction -> printed -> [out rules] -> stored, sent, repeated
 *
 * The rules of a trunk are gone through in order, each sees what those before
 * it have made. A rule works on single header lines (folded ones joined), on
 * the Request-URI, on what follows "SIP/2.0 " of a response (Status), or on the
 * lines of a body that is SDP (SDP). Of From and To it does not see the tag,
 * which stays; of SDP only lines a, b, e, i, p, s and u, and no keys (a=crypto):
 * where media goes, and what it is, is not the rules' business.
 *
 * After each rule that changed something the message is judged anew: gate,
 * parser, and what must not change (method, class of a status, tags, branch,
 * host and transport of each Contact). What fails there leaves the message as
 * it was before that rule; it is counted, and logged once for each rule.
 *
 * CANCEL and the ACK of a non-2xx take Request-URI, From and To from their
 * INVITE as it was sent (RFC 3261 9.1, 17.1.1.3): rules leave those alone.
 *
 * Limits: those of the gate; the steps of a match (pattern.h); 64 KiB of new
 * text for one message. Owner: the stack. Thread: the role's loop.
 */
#ifndef SIP_RULES_H
#define SIP_RULES_H

#include "conf/conf.h"
#include "sip/msg.h"

struct rules;

enum rule_outcome {
	RULE_OTHER, /* not for messages of this kind */
	RULE_IDLE,  /* its condition or its pattern does not hold */
	RULE_DONE,
	RULE_BROKEN /* would have made something that is no message */
};

struct rules_job {
	uint8_t trunk;
	enum conf_rule_way way;
	bool derived; /* CANCEL, ACK of a non-2xx: made from the INVITE */
	/* For a dry run: told of each rule, in order. NULL: nobody. why: of
	 * RULE_BROKEN. */
	void (*told)(void *arg, const struct conf_rule *, enum rule_outcome,
		     const char *why);
	void *arg;
};

/* A message that rules have changed. */
struct rules_made {
	char *text; /* malloc()ed, a NUL behind len octets */
	size_t len;
	struct sip_msg *msg; /* the same, parsed; path and trunks not set */
};

struct rules_stats {
	uint64_t applied, broken;
};

/* Compiles all; a pattern that does not compile is logged and its rule left
 * out (the checker has refused it before). NULL + errno. */
struct rules *rules_new(const struct conf_for_sip *);
void rules_free(struct rules *); /* NULL does nothing */
bool rules_any(const struct rules *, unsigned trunk, enum conf_rule_way);
/* text is m as on the wire. True: *made is the caller's. False: it stays as it
 * is. */
bool rules_apply(struct rules *, const struct rules_job *,
		 const struct sip_msg *m, const char *text, size_t len,
		 struct rules_made *made);
void rules_count(const struct rules *, unsigned trunk, struct rules_stats *);

#endif
