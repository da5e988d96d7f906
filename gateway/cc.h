/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call control between a leg (isdn/, sip/) and the core: one neutral set of
 * messages both ways. A message is a value (struct cc_msg) on a link. No SIP
 * status, no Q.931 octet: causes are Q.850 with location, numbers are digits
 * with type, plan, presentation and screening, media is what RTP needs.
 *
 *   caller's role      core             callee's role
 *    SETUP ------------->  SETUP ----------->
 *    <--- PROCEEDING       <------ PROCEEDING   (with channel, once known)
 *    <----- ALERTING       <-------- ALERTING
 *    <------- ANSWER       <---------- ANSWER
 *    RELEASED ---------->  RELEASE --------->
 *                          <-------- RELEASED
 *
 * Life of a leg: it begins with SETUP, from whichever side. It ends with
 * RELEASED, sent by the role exactly once and last; the id is free afterwards.
 * The core ends a leg by RELEASE and waits for RELEASED. A role whose far end
 * clears may send RELEASE first (clearing has begun, cause known: the other
 * leg can be cleared already) and goes on by itself; RELEASED must follow. A
 * role refuses a SETUP by RELEASED with the cause. A call that a role has
 * refused by itself (no channel free, say) is told to the core by a SETUP that
 * carries the cause and, if there is more to say, a detail: for the CDR alone;
 * there is no such leg, and nothing comes back. After RELEASE, in either
 * direction, everything but RELEASED is ignored.
 *
 * Ids: legs begun by a role have CC_LEG_CORE clear, legs begun by the core
 * have it set; each side makes its own unique while they live, and does not
 * reuse one soon. Scope: one link.
 *
 * Transfer: the far end of an answered leg of a trunk asks that the other
 * party be connected to somebody else. The leg stays as it is until the core
 * releases it or its far end clears:
 *
 *    role                     core
 *     TRANSFER BLIND ----------->  called: policy decides; ATTENDED: to one
 *                                  that the far end talks to already, over
 *                                  the same trunk (called may be missing);
 *                                  other: by that leg of the core's, so two
 *                                  parties of the core talk to each other then
 *      <-------- TRANSFER TRYING   it may; a SETUP goes out, with other = this
 *      <------- TRANSFER RINGING   leg; what belongs to it the role knows
 *      <---- TRANSFER DONE/FAILED  answered; or not, with the cause, and all
 *                                  is as it was
 *
 * A far end that clears before that may still want to know: then its role sends
 * RELEASE, hears the rest, and sends RELEASED after DONE or FAILED.
 *
 * The other way round the core asks a trunk (BLIND alone), and gets TRYING and
 * then DONE or FAILED. A SETUP of a role with other takes the place of that
 * leg, answered or ringing: it is answered at once, the old leg is released.
 *
 * Loss of a link, by the death of one end: answered calls go on, the others
 * are cleared with cause 41, by the core towards its other leg, by a role
 * towards its network. Whoever lives on keeps its answered legs for up to
 * CC_KEEP_S. When the link is up again the core begins:
 *
 *    core                    role
 *     KEEP ------------------->  an answered leg of a sip role that died, by
 *      <------- RELEASED         its latest SNAPSHOT; only if it cannot be kept
 *     SETTLED ---------------->  those were all: a dialog not known now is
 *                                not ours
 *      <----------- KEPT         each answered leg there is, as it stands now;
 *     RELEASE ---------------->  the core may know nothing of it
 *      <-------- SETTLED         those were all: the core gives up the others
 *     CLEAR ------------------>  a leg that did not live on
 *
 * (SERVERS, which come before all this, let it know the trunk's servers.)
 *
 * A SNAPSHOT is what the successor of a killed role needs to go on with a leg
 * or to clear it: opaque to the core, sent at each change; the latest counts.
 * The sip role does so; a new isdn role has no calls and begins with RESTART.
 * A core that was killed has its answered calls from its journal.
 *
 * Thread: the role's loop. Messages are handled one at a time, in order.
 */
#ifndef GATEWAY_CC_H
#define GATEWAY_CC_H

#include "gateway/base/link.h"
#include "gateway/base/net.h"

typedef uint32_t leg_id; /* 0 = none */
#define CC_LEG_CORE 0x80000000u

enum cc_type {
	CC_SETUP = 1,  /* called calling asserted redirecting name bearer
			  media channel end ref emergency progress extra */
	CC_MORE,       /* callee -> caller: more digits wanted (SETUP ACK) */
	CC_DIGITS,     /* called: further digits; complete flag */
	CC_PROCEEDING, /* no more digits wanted; channel */
	CC_PROGRESS,   /* progress, media, cause (tone phase before clearing) */
	CC_ALERTING,   /* progress, media */
	CC_ANSWER,     /* connected, media */
	CC_UPDATE,     /* media and/or connected changed; see below */
	CC_HOLD,
	CC_RETRIEVE,
	CC_TRANSFER,   /* transfer; called or cause; see below */
	CC_DTMF,       /* digit; signalled outside the media path */
	CC_INFO,
	CC_RELEASE,    /* cause */
	CC_RELEASED,   /* cause, detail */
	/* Not about a leg: */
	CC_END_STATE,  /* role -> core: end, up, channels (see cc_end_state) */
	CC_RELOAD,     /* supervisor's news: reserved for the roles */
	/* struct cc_snapshot: */
	CC_SNAPSHOT,   /* role -> core: of a living leg */
	CC_CLEAR,      /* core -> role: a leg of an earlier process of this
			  role: clear it towards the network with that cause;
			  nothing comes back */
	CC_KEEP,       /* core -> role: a leg of an earlier process of this
			  role that the core still has; go on with it */
	CC_KEPT,       /* struct cc_kept, role -> core */
	CC_SETTLED,    /* only a link_head: every leg to be kept has been told,
			  by the core to the role, then the other way */
	CC_BARRED,     /* struct cc_barred: isdn -> core at each change, and
			  to a new core; core -> a new isdn role */
	CC_SERVERS,    /* struct cc_servers: sip -> core at each answer of
			  DNS, and to a new core; core -> a new sip role,
			  before KEEP */
	CC_TYPES
};

/* Q.850. value 0 = no cause known: to be treated as 31. */
enum cc_location {
	CC_LOC_USER = 0,
	CC_LOC_PRIVATE_LOCAL = 1,
	CC_LOC_PUBLIC_LOCAL = 2,
	CC_LOC_TRANSIT = 3,
	CC_LOC_PUBLIC_REMOTE = 4,
	CC_LOC_PRIVATE_REMOTE = 5,
	CC_LOC_INTERNATIONAL = 7,
	CC_LOC_BEYOND = 10,
	CC_LOC_NONE = 255 /* not known */
};

struct cc_cause {
	uint8_t value;	  /* 0-127 */
	uint8_t location; /* enum cc_location */
};

/* Names of the Q.850 values the gateway itself makes. */
enum {
	CAUSE_UNALLOCATED = 1,
	CAUSE_NO_ROUTE = 3,
	CAUSE_CHANNEL_UNACCEPTABLE = 6,
	CAUSE_PREEMPTION = 8,
	CAUSE_NORMAL = 16,
	CAUSE_USER_BUSY = 17,
	CAUSE_NO_ANSWER = 19,
	CAUSE_REJECTED = 21,
	CAUSE_NOT_SELECTED = 26,
	CAUSE_OUT_OF_ORDER = 27,
	CAUSE_INVALID_NUMBER = 28,
	CAUSE_UNSPECIFIED = 31,
	CAUSE_NO_CHANNEL = 34,
	CAUSE_NET_OUT_OF_ORDER = 38,
	CAUSE_TEMPORARY = 41,
	CAUSE_CONGESTION = 42,
	CAUSE_CHANNEL_BUSY = 44,
	CAUSE_RESOURCE = 47,
	CAUSE_BARRED = 57,
	CAUSE_BEARER_UNAVAILABLE = 58,
	CAUSE_BEARER_NOT_IMPLEMENTED = 65,
	CAUSE_INCOMPATIBLE = 88,
	CAUSE_TIMER = 102,
	CAUSE_INTERWORKING = 127
};

/* Values are those of Q.931 4.5.10 (they are neutral enough). */
enum cc_ton {
	CC_TON_UNKNOWN = 0,
	CC_TON_INTERNATIONAL = 1,
	CC_TON_NATIONAL = 2,
	CC_TON_NETWORK = 3,
	CC_TON_SUBSCRIBER = 4,
	CC_TON_ABBREVIATED = 6
};
enum cc_plan { CC_PLAN_UNKNOWN = 0, CC_PLAN_E164 = 1, CC_PLAN_PRIVATE = 9 };
enum cc_presentation {
	CC_PRES_ALLOWED = 0,
	CC_PRES_RESTRICTED = 1,
	CC_PRES_UNAVAILABLE = 2
};
enum cc_screening {
	CC_SCREEN_NONE = 0, /* user provided, not screened */
	CC_SCREEN_PASSED = 1,
	CC_SCREEN_FAILED = 2,
	CC_SCREEN_NETWORK = 3
};

#define CC_DIGITS_MAX 36

/* A number. valid = 0: there is none (the rest is zero). Digits end with a NUL
 * and are 0-9 * # and, only for plan E.164 + type unknown coming from SIP, a leading
 * '+' never: "+49..." is type international, digits "49...". */
struct cc_number {
	uint8_t valid;
	uint8_t type;	      /* enum cc_ton */
	uint8_t plan;	      /* enum cc_plan */
	uint8_t presentation; /* enum cc_presentation */
	uint8_t screening;    /* enum cc_screening */
	char digits[CC_DIGITS_MAX];
};

/* Why a call was diverted; values are those of Q.952 (octet 3b). */
enum cc_divert_reason {
	CC_DIVERT_UNKNOWN = 0,
	CC_DIVERT_BUSY = 1,
	CC_DIVERT_NO_REPLY = 2,
	CC_DIVERT_DEFLECTION = 4,
	CC_DIVERT_OUT_OF_ORDER = 9,
	CC_DIVERT_UNCONDITIONAL = 15
};

#define CC_DIVERT_MAX 15 /* diversions that are counted (Q.952) */

/* How the call came to the redirecting party, and from there to us. */
struct cc_divert {
	uint8_t reason, original_reason; /* last, first: enum cc_divert_reason */
	uint8_t count;		   /* 1 = once; 0 = not diverted, or unknown */
	struct cc_number original; /* first called; valid = 0: the same */
};

#define CC_SUB_MAX     20
#define CC_UUI_MAX     129
#define CC_CARRIER_MAX 8
#define CC_GROUP_MAX   32

/* A subaddress: octets as in Q.931 4.5.9. len = 0: there is none. */
struct cc_sub {
	uint8_t type; /* 0 NSAP, 2 user specified */
	uint8_t odd;  /* BCD of an odd number of digits */
	uint8_t len;
	uint8_t octets[CC_SUB_MAX];
};

/* User-to-user information: protocol discriminator and contents, not looked
 * into. len = 0: there is none. */
struct cc_uui {
	uint8_t len;
	uint8_t octets[CC_UUI_MAX];
};

/* Is the caller's number what it says (STIR)? */
enum cc_verdict {
	CC_VERDICT_NONE, /* nobody has looked */
	CC_VERDICT_PASSED,
	CC_VERDICT_FAILED,
	CC_VERDICT_UNSIGNED /* looked, but there was nothing to verify */
};

struct cc_verified {
	uint8_t verdict; /* enum cc_verdict; SETUP */
	char attest;	 /* how far the signer vouches: 'A' 'B' 'C'; 0 = not
			    said. From the callee's role: as we signed */
};

/* What few calls carry. */
struct cc_extra {
	struct cc_verified verified;
	struct cc_divert divert;	  /* SETUP; goes with redirecting */
	struct cc_sub called_sub, calling_sub; /* SETUP */
	struct cc_uui uui;		  /* SETUP ALERTING ANSWER RELEASE(D) */
	char carrier[CC_CARRIER_MAX];	  /* SETUP: transit network wanted */
	char group[CC_GROUP_MAX]; /* SETUP: span where the call is to go (from
				     a role), comes from (to a role) */
};

enum cc_bearer {
	CC_BEARER_SPEECH = 0,
	CC_BEARER_AUDIO_31,	/* 3.1 kHz audio: fax, modem, most calls */
	CC_BEARER_UNRESTRICTED, /* 64 kbit/s data */
	CC_BEARER_RESTRICTED,	/* 56 kbit/s data */
	CC_BEARER_VIDEO,
	CC_BEARER_OTHER
};

enum cc_direction { /* as seen by the gateway's RTP end */
	CC_SENDRECV = 0,
	CC_SENDONLY,
	CC_RECVONLY,
	CC_INACTIVE
};

/* Payload types. From CC_CLEARMODE on: a data call as CLEARMODE (RFC 4040), which
 * has no number of its own. */
enum cc_codec { CC_PCMU = 0, CC_PCMA = 8, CC_CLEARMODE = 96 };

/* Suites of SRTP; values are those of the media role (srtp_suite.h). */
enum cc_srtp {
	CC_RTP_PLAIN = 0,
	CC_SRTP_AES_128_80,
	CC_SRTP_AES_128_32,
	CC_SRTP_AES_256_80,
	CC_SRTP_AES_256_32,
	CC_SRTP_GCM_128,
	CC_SRTP_GCM_256,
	CC_SRTP_SUITES
};

enum { CC_KEY_MAX = 32, CC_SALT_MAX = 14, CC_MKI_MAX = 8 };

/* Of one direction. Secret: in no log, trace or file. */
struct cc_key {
	uint8_t key[CC_KEY_MAX], salt[CC_SALT_MAX];
	uint8_t mki_len, mki[CC_MKI_MAX]; /* in each packet; len 0: none */
};

struct cc_crypto {
	uint8_t suite; /* enum cc_srtp; CC_RTP_PLAIN: the rest is zero */
	struct cc_key tx, rx;
};

/* From a SIP leg: the negotiated far end. To a SIP leg: our own RTP address
 * (only .rtp counts). valid = 0: no media said. */
struct cc_media {
	struct net_addr rtp;
	uint8_t valid;
	uint8_t codec;	   /* enum cc_codec */
	uint8_t dtmf_pt;   /* telephone-event to send with; 0 = none */
	uint8_t ptime_ms;  /* to send with */
	uint8_t direction; /* enum cc_direction, what we may do */
	struct cc_crypto crypto;
};

enum cc_progress { /* bits */
	CC_PROG_INBAND = 1,	    /* PI 1 or 8: tones or speech on the media */
	CC_PROG_NON_ISDN_DEST = 2,  /* PI 2 */
	CC_PROG_NON_ISDN_ORIG = 4,  /* PI 3 */
	CC_PROG_DIVERTED = 8	    /* PROGRESS: goes on to somebody else */
};

enum cc_end_kind { CC_END_SPAN = 0, CC_END_TRUNK = 1 };

/* A span or a trunk by index in the configuration. */
struct cc_end {
	uint8_t kind; /* enum cc_end_kind */
	uint8_t index;
};

enum cc_transfer {
	CC_TRANSFER_NONE,
	CC_TRANSFER_BLIND,
	CC_TRANSFER_ATTENDED,
	CC_TRANSFER_TRYING,
	CC_TRANSFER_RINGING,
	CC_TRANSFER_DONE,
	CC_TRANSFER_FAILED,
	CC_TRANSFERS
};

#define CC_REF_MAX    128
#define CC_DETAIL_MAX 96
#define CC_NAME_MAX   64

struct cc_msg {
	struct link_head head; /* type: enum cc_type */
	leg_id leg;
	struct cc_end end;	/* SETUP: where from (role) or to (core); from
				   a line always: the span of the channel */
	struct cc_cause cause;
	uint8_t bearer;		/* enum cc_bearer */
	uint8_t progress;	/* enum cc_progress bits */
	uint8_t channel;	/* B channel time slot; 0 = none yet. SETUP to
				   a role: this one of that span and no other */
	uint8_t complete;	/* SETUP, DIGITS: number is complete */
	uint8_t emergency;	/* SETUP to a role: never refuse for limits */
	uint8_t digit;		/* DTMF: '0'-'9' '*' '#' 'A'-'D' */
	uint8_t transfer;	/* TRANSFER: enum cc_transfer */
	leg_id other;		/* SETUP: whose place it takes, or who has
				   asked for it; TRANSFER ATTENDED: see above;
				   0 = nobody */
	struct cc_media media;
	struct cc_number called, calling;
	struct cc_number asserted;    /* network-provided second caller */
	struct cc_number connected;
	struct cc_number redirecting; /* last diverting party */
	struct cc_extra extra;
	char name[CC_NAME_MAX];	      /* caller's or connected name, UTF-8 */
	char ref[CC_REF_MAX];	/* for people: Call-ID; "carrier 0x0012" */
	char detail[CC_DETAIL_MAX]; /* RELEASED: "486 Busy Here", "cause 17" */
};

/* CC_END_STATE: the first message of a role on a new link is one for each of
 * its ends; then at each change. */
struct cc_end_state {
	struct link_head head;
	struct cc_end end;
	uint8_t up;	  /* calls can be placed there now */
	uint8_t channels; /* span: B channels in service */
	uint8_t free;	  /* span: of those, idle */
	char text[61];	  /* "layer 2 down", in words */
};

/* B channels that the operator has taken out of service: what the one role
 * knows when the other one begins anew. */
struct cc_barred {
	struct link_head head;
	struct cc_end end; /* a span */
	uint32_t slots;	   /* time slots, as bits */
};

#define CC_SERVERS_MAX 8 /* of a trunk */
#define CC_HOST_MAX    128
#define CC_ADDRESSES   16

struct cc_address {
	struct net_addr addr;
	uint16_t priority, weight; /* as in SRV */
	uint8_t transport;	   /* as the role counts them */
};

/* Where a server that the file names is, as DNS has said: for the role's
 * successor, which otherwise can call nobody, and knows nobody who calls, until
 * DNS has answered it, too. The core looks at end and server alone. */
struct cc_servers {
	struct link_head head;
	struct cc_end end; /* a trunk */
	uint8_t server;	   /* which of it, in the order of the file */
	uint8_t n;	   /* of at, at least 1 */
	uint8_t wanted;	   /* what was asked for, in the role's terms */
	uint8_t records;   /* kinds there were, likewise */
	char host[CC_HOST_MAX];
	struct cc_address at[CC_ADDRESSES];
};

#define CC_SNAPSHOT_MAX 3072

/* What a role needs to go on with a leg that it knows nothing else of, or to
 * clear it. leg of a CC_CLEAR is the lost one's, for people: it may have a
 * namesake by now. */
struct cc_snapshot {
	struct link_head head;
	leg_id leg;
	struct cc_cause cause; /* CLEAR */
	uint16_t len;	       /* of bytes, at least 1; the rest is 0 */
	uint8_t bytes[CC_SNAPSHOT_MAX];
};

#define CC_KEEP_S 10

/* An answered leg after the link was lost. */
struct cc_kept {
	struct link_head head;
	leg_id leg;
	struct cc_end end;     /* as in its SETUP */
	uint8_t channel;       /* span: B channel time slot */
	uint8_t held;	       /* its far end has put us on hold */
	struct cc_media media; /* trunk: the far end */
};

/* For logs and traces: "SETUP", ... "?" */
const char *cc_type_name(unsigned type);
/* "User busy"; "" when not named in Q.850. */
const char *cause_name(unsigned value);
/* Sets *n to the digits, dropping visual separators and turning a leading
 * '+' into type international. 0, -EINVAL (a foreign character), -ERANGE. */
int cc_number_set(struct cc_number *n, const char *text);
/* "+4971112345" for international, else the digits. Returns buf. */
const char *cc_number_str(const struct cc_number *n,
			  char buf[CC_DIGITS_MAX + 2]);
/* Is this message well formed for its type (length, enums, terminated
 * strings)? Everything that a link delivers passes through this first. */
bool cc_msg_ok(const struct link_head *head);

#endif
