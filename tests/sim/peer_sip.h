/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SIP peer: a small user agent on the in-memory wire, with its own timers
 * (RFC 3261 17), so that lost and late datagrams do it no harm. What it says
 * is text, written without any code of sip/.
 *
 *   our INVITE   CALLING -1xx-> EARLY -2xx-> UP          (caller)
 *   theirs       INCOMING -sip_peer_answer-> ANSWERED -ACK-> UP
 *   both         ENDING (BYE, CANCEL, refusal under way) -> OVER
 *
 * A call is remembered for a while after its end, to answer repeats.
 */
#ifndef TESTS_SIM_PEER_SIP_H
#define TESTS_SIM_PEER_SIP_H

#include "gateway/base/net.h"
#include "gateway/base/role.h"
#include "tests/sim/peer_text.h"

enum sip_peer_state {
	SP_CALLING,
	SP_EARLY,
	SP_INCOMING,
	SP_ANSWERED,
	SP_UP,
	SP_ENDING,
	SP_OVER
};

struct sip_peer_txn;

struct sip_peer_call {
	struct sip_peer_call *next; /* of all, newest first */
	enum sip_peer_state state;
	bool in;	 /* the gateway's INVITE */
	bool cancel_due; /* as soon as a provisional response is there */
	bool answered, sends_bye;
	int status;	 /* final of our INVITE; 0 = none; 408: timeout */
	int last_1xx;
	char id[64];
	char local[TEXT_LINE], remote[TEXT_LINE]; /* From, To with tags */
	char target[TEXT_LINE];			   /* their Contact */
	unsigned cseq, branch, tag;
	char *invite;	/* the first, sent or received */
	char *response; /* our last one to an INVITE */
	unsigned response_cseq;
	bool response_acked;
	char *other;	/* our last one to another request */
	unsigned other_cseq;
	char *ack;	/* to a 2xx */
	struct timer repeat, gone;
	int64_t interval_ms, until_ms;
	struct sip_peer_txn *txns;
	char direction[16]; /* what the gateway's last SDP says */
	struct net_addr rtp; /* and where it wants it; family 0: never said */
	unsigned n_info, n_reinvite; /* requests of the gateway */
	int info_status;    /* of our INFO or re-INVITE */
	void *user;
};

struct sip_peer_stats {
	uint64_t rx, tx, lost;
	uint64_t rx_invite, unknown; /* INVITEs; requests without a call */
	uint64_t out, in;	     /* calls */
	unsigned active;	     /* not OVER */
};

struct sip_peer {
	struct net_addr addr, rtp; /* its own */
	struct role *role;	   /* of the gateway; NULL: detached */
	unsigned loss;		   /* of 1000 datagrams, each way */
	int64_t delay_ms, jitter_ms;
	int64_t gone_ms;	   /* calls are remembered so long */
	const char *says; /* header lines of its responses; NULL: none */
	bool silent;		   /* hears nothing, answers nothing */
	bool unreachable;	   /* nor does the wire take anything */
	struct sip_peer_stats stats;
	struct sip_peer_call *calls;
	unsigned last_id, last_tag;
	/* A new INVITE: the test answers, now or later. */
	void (*on_invite)(struct sip_peer_call *);
	/* Something changed: status, state, an in-dialog request. */
	void (*on_change)(struct sip_peer_call *);
	/* Each datagram as the gateway hands it over, and as it gets it. */
	void (*on_wire)(bool to_gateway, const char *text);
};

extern struct sip_peer sip_peer;

void sip_peer_open(void);
void sip_peer_close(void);
void sip_peer_attach(struct role *);
/* What that role sends from now on is lost. */
void sip_peer_detach(struct role *);

/* An INVITE to that user at the gateway. extra: header lines or NULL. */
struct sip_peer_call *sip_peer_call(const char *user, const char *extra);
/* A response to their INVITE: 180, 183 (with SDP), 486 ...; not 200. */
void sip_peer_say(struct sip_peer_call *, const char *status, bool sdp);
void sip_peer_answer(struct sip_peer_call *);
/* CANCEL, BYE or 603, whatever fits the state. */
void sip_peer_hangup(struct sip_peer_call *);
/* A re-INVITE with that direction: "sendonly", "sendrecv". */
void sip_peer_reinvite(struct sip_peer_call *, const char *direction);
void sip_peer_info(struct sip_peer_call *, char digit);
/* An UPDATE with these header lines. */
void sip_peer_update(struct sip_peer_call *, const char *extra);
/* The newest call, NULL: none. */
struct sip_peer_call *sip_peer_last(void);

#endif
