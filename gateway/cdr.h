/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call detail record: a value that grows with the call, lies in the
 * journal meanwhile (so no pointers), and ends as one line of JSON.
 *
 *  id          time-ordered, unique;  seq: without a gap on this node
 *  node, dir ("pstn>sip", "sip>pstn"), emergency, bearer
 *  from, to, redirected_from, name, presentation, screening: as received
 *  redirect_reason (words), redirect_count: how it came to redirected_from
 *  stir: "passed", "failed" or "unsigned", when somebody has looked whether
 *  the caller's number is what it says; attest: "A" "B" "C", how far its signer
 *  vouches; of a call to a trunk, how far we did
 *  from_out, to_out: as sent;  connected: who answered
 *  span, slot, call_ref;  trunk, call_id, remote_rtp
 *  t_setup t_alert t_answer t_end: UTC, ms since 1970 (absent: never)
 *  dur_ms bill_ms pdd_ms: by the monotonic clock
 *  q850, location, cause (words), isdn_detail, sip_detail,
 *  ended_by ("pstn" "sip" "gw" "operator" "crash"), reason (words)
 *  transfer ("going", "done", "failed"), transferred_by (the trunk, or
 *  "operator"), transferred_to, transfer_q850 (when it failed), joined_with (the
 *  id of the call that has the other party): of the last transfer
 *  route (1 = first of the file), tries: earlier ends with their causes
 *  codec, srtp (the suite; absent when the media was not encrypted at the
 *  end) and the media figures (absent when the call had no media)
 *
 * Thread: the core's loop.
 */
#ifndef GATEWAY_CDR_H
#define GATEWAY_CDR_H

#include "conf/conf.h"
#include "gateway/cc.h"
#include "media/media.h"

#define CDR_ID	     27 /* 26 characters, as ULID */
#define CDR_REASON   96
#define CDR_TRIES    8
#define CDR_LINE_MAX 6144

enum cdr_by { CDR_BY_PSTN, CDR_BY_SIP, CDR_BY_GW, CDR_BY_OPERATOR,
	      CDR_BY_CRASH };

/* One side: an end and what the leg there said of itself. */
struct cdr_side {
	uint8_t used;
	struct cc_end end;
	uint8_t slot;		/* span: B channel; 0 = none yet */
	char name[CONF_NAME];	/* of the span or trunk, at the time */
	char ref[CC_REF_MAX];
	char detail[CC_DETAIL_MAX];
	struct net_addr rtp;	/* trunk: the far end's */
};

struct cdr_numbers {
	struct cc_verified verified;
	struct cc_number from, to, redirecting; /* as received */
	struct cc_number from_out, to_out, connected;
	uint8_t divert_reason, divert_count; /* struct cc_divert */
	char name[CC_NAME_MAX];
};

struct cdr_times {
	int64_t setup, alert, answer, end; /* wall, ms; 0 = never */
	int64_t dur_ms, bill_ms, pdd_ms;   /* monotonic */
};

struct cdr_end {
	uint8_t ended; /* 0: the call is still up */
	uint8_t by;    /* enum cdr_by */
	struct cc_cause cause;
	char reason[CDR_REASON];
};

struct cdr_try {
	uint8_t cause;
	uint16_t route; /* 1 = first of the file */
};

enum cdr_transfer_result {
	CDR_TRANSFER_NONE,
	CDR_TRANSFER_GOING,
	CDR_TRANSFER_DONE,
	CDR_TRANSFER_FAILED,
	CDR_TRANSFERS
};

/* The last one of the call. */
struct cdr_transfer {
	uint8_t result;	      /* enum cdr_transfer_result */
	struct cc_cause cause; /* FAILED */
	char by[CONF_NAME];   /* the trunk that asked; "operator" */
	struct cc_number to;  /* not valid: to a call that was there */
	char call[CDR_ID];    /* the one with the other party; "" = this */
};

struct cdr {
	char id[CDR_ID];
	uint8_t emergency;
	uint8_t bearer;
	uint8_t codec;
	uint8_t srtp; /* enum cc_srtp */
	uint8_t has_figures;
	uint8_t n_tries;
	uint16_t route; /* 1 = first of the file; 0 = none found */
	uint64_t seq;	/* 0 = none given yet */
	struct cdr_side a, b; /* caller's and callee's */
	struct cdr_numbers num;
	struct cdr_times t;
	struct cdr_transfer transfer;
	struct cdr_end end;
	struct cdr_try tries[CDR_TRIES];
	struct media_figures figures;
};

const char *cdr_by_name(unsigned by);
/* stir and attest, if there is anything to say. */
struct json;
void cdr_put_verified(struct json *, const struct cc_verified *);

/* The line with its newline. Length, or -ENOSPC. */
int cdr_line(const struct cdr *, const char *node, char *buf, size_t size);

#endif
