/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checked configuration as plain values: no pointers, so that a part of
 * it can be handed to a role as the octets of a sealed memory file. Strings
 * are NUL-terminated. Order of spans and trunks is the file's; their index is
 * their identity in all messages between roles.
 *
 * What a setting means, its range and default stand once, in conf/schema.c.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "gateway/base/net.h"

#include <stdbool.h>
#include <stdint.h>

#define CONF_NAME      32
#define CONF_NUMBER    32 /* digits of a number or pattern, with '+' */
#define CONF_PATH      256
#define CONF_HOST      128
#define CONF_SPANS     64
#define CONF_CHANNELS  30u /* B channels of a span, at most */
#define CONF_CPUS      16
#define CONF_TRUNKS    64
#define CONF_ROUTES    256
#define CONF_PATTERNS  32
#define CONF_EMERGENCY 32
#define CONF_SERVERS   8
#define CONF_SOURCES   16
#define CONF_USERS     16
#define CONF_DNS       4
#define CONF_RULES     512 /* header rules of all trunks */
#define CONF_TRUNK_RULES 64
#define CONF_RULE_MESSAGES 6
#define CONF_RULE_TEXT 160 /* a pattern, a value */
#define CONF_HEADER    48
#define CONF_SUITES    6
#define CONF_NFAS_SPANS 20 /* T1s of one group (ANSI T1.607) */
#define CONF_ORIGID	40 /* a UUID */
#define CONF_NFAS_IDS	127 /* interface identifiers: 0-126 */

enum conf_driver { CONF_PSEUDOWIRE, CONF_DAHDI };
enum conf_law { CONF_ALAW, CONF_ULAW };
enum conf_clock { CONF_CLOCK_MASTER, CONF_CLOCK_SLAVE };
enum conf_time_mode { CONF_TIME_WALL, CONF_TIME_LOCKSTEP };
enum conf_side { CONF_SIDE_USER, CONF_SIDE_NETWORK };
enum conf_switch { CONF_EUROISDN, CONF_NI2 };
enum conf_d { CONF_D_PRIMARY, CONF_D_BACKUP, CONF_D_NONE };
enum conf_hunt {
	CONF_HUNT_UP,
	CONF_HUNT_DOWN,
	CONF_HUNT_ROUND,
	CONF_HUNT_AUTO /* network side up, user side down: they seldom meet */
};
enum conf_ringback { CONF_RINGBACK_AUTO, CONF_RINGBACK_ON, CONF_RINGBACK_OFF };
/* What a line sees when no trunk can take its calls. */
enum conf_busy_out {
	CONF_BUSY_REJECT,    /* each call is refused with busy_out_cause */
	CONF_BUSY_SERVICE,   /* B channels taken out of service, too (NI2) */
	CONF_BUSY_D_CHANNEL  /* layer 2 taken down, once its calls have ended */
};
enum conf_transport { CONF_UDP, CONF_TCP, CONF_TLS, CONF_AUTO };
enum conf_srtp { CONF_SRTP_OFF, CONF_SRTP_PREFERRED, CONF_SRTP_REQUIRED };
/* Whom a trunk's peer may have connected to the other party of a call: nobody,
 * those that it talks to already, the numbers of refer_allow as well. */
enum conf_refer { CONF_REFER_OFF, CONF_REFER_ATTENDED, CONF_REFER_ON };
/* P-Early-Media (RFC 5009): a peer's counts, and ours is said where that is
 * understood; not so; ours is said to everybody. */
enum conf_early { CONF_EARLY_HONOUR, CONF_EARLY_IGNORE, CONF_EARLY_SEND };
enum conf_prack { CONF_PRACK_OFF, CONF_PRACK_ON, CONF_PRACK_REQUIRED };
enum conf_identity { CONF_IDENTITY_PAI, CONF_IDENTITY_PPI, CONF_IDENTITY_RPID };
enum conf_privacy {
	CONF_PRIVACY_ID,
	CONF_PRIVACY_FULL,
	CONF_PRIVACY_CRITICAL
};
enum conf_divert {
	CONF_DIVERT_DIVERSION,
	CONF_DIVERT_HISTORY,
	CONF_DIVERT_BOTH,
	CONF_DIVERT_OFF
};
enum conf_end { CONF_END_SPAN, CONF_END_TRUNK };

/* The line of a span: where its TDM samples come from. */
struct conf_line {
	enum conf_driver driver;
	enum conf_time_mode time;
	enum conf_clock clock;
	struct net_addr local, peer; /* pseudowire */
	uint16_t frames;	     /* per packet, 8 = 1 ms */
	uint16_t jitter_ms;	     /* target depth of the jitter buffer */
	bool rtp;		     /* RTP header before the control word */
	uint8_t d_slot;		     /* time slot of the D channel, 16 */
	uint8_t first_slot, last_slot; /* carried: 1, 31 */
	uint8_t idle;		     /* octet on idle B channels */
	uint16_t dahdi_span;	     /* as the driver numbers them, from 1 */
	uint16_t buffer_ms;	     /* DAHDI: queued towards the line */
};

/* Several T1s that share a D channel and perhaps its backup. */
struct conf_nfas {
	char group[CONF_NAME]; /* "" = none: the span has its own */
	uint8_t interface;     /* its number at the carrier */
	enum conf_d d;
	uint8_t leader; /* 1 + index of the group's first span; 0 = none */
};

struct conf_isdn {
	enum conf_side side;
	enum conf_switch exchange;
	struct conf_nfas nfas;
	enum conf_hunt hunt;
	bool exclusive;	   /* our channel is exclusive in SETUP */
	bool restart;	   /* RESTART each B channel on link-up */
	bool own_numbers;  /* callers' own, unscreened numbers may be sent */
	bool divert_info;  /* supplementary service of diversion is sent */
	uint16_t t301_s, t309_s, t310_s;
	uint16_t t200_ms, t203_ms;
};

struct conf_span {
	char name[CONF_NAME];
	char country[4];	/* tone zone, "de" */
	enum conf_law law;
	struct conf_line line;
	struct conf_isdn isdn;
	enum conf_ringback ringback; /* auto: when we are the network side */
	bool echo, nlp;
	uint16_t echo_tail_ms;	/* 32, 64, 128 */
	char country_code[8];	/* "49": national numbers become +49... */
	char area_code[8];	/* "711": subscriber numbers become +49711... */
	enum conf_busy_out busy_out;
	uint8_t busy_out_cause; /* Q.850 */
	bool shutdown;		/* planned, but not in service */
	bool gone;		/* no more in the file: see conf_arrange() */
	uint8_t clock_source;	/* rank; all 0: carriers' lines, as they stand */
	uint16_t alarm_raise_ms, alarm_clear_ms; /* integration */
	uint16_t alarm_hold_ms; /* line fault to release of calls */
	uint16_t rai_hold_ms;	/* the same when the far end reports it */
};

/* Whose certificate must be there and valid. */
enum conf_verify { CONF_VERIFY_BOTH, CONF_VERIFY_SERVER, CONF_VERIFY_NONE };

/* TLS of a trunk. The files are read by the supervisor, the sip role gets
 * their octets (gateway/certs.h). */
struct conf_tls {
	char certificate[CONF_PATH], key[CONF_PATH]; /* "" = none */
	char ca[CONF_PATH];   /* "" = the system's */
	char crl[CONF_PATH];  /* "" = none */
	char name[CONF_HOST]; /* in the peer's certificate; "" = domain, server */
	enum conf_verify verify;
	uint32_t line; /* of the file, for log lines */
};

/* From where a trunk's peer may call. */
enum conf_accept { CONF_ACCEPT_SOURCES, CONF_ACCEPT_REGISTRATION };

/* Which requests are a trunk's, where their source alone does not say. */
struct conf_match {
	enum conf_accept accept;
	uint8_t n_users; /* none: auth.user, number, register.users */
	char users[CONF_USERS][CONF_NUMBER];
};

/* From where RTP is taken besides the place that SDP names. */
enum conf_learn { CONF_LEARN_OFF, CONF_LEARN_PORT, CONF_LEARN_ADDRESS };

/* How a trunk's messages travel. */
/* What comes in, of a source or of all together; 0 = no limit but what there is
 * room for. */
struct conf_limits {
	uint32_t messages_per_s, octets_per_s;
	uint16_t transactions; /* of the trunk, not of each source */
	uint16_t connections, handshakes;
};

struct conf_wire {
	enum conf_learn rtp_learn;
	bool clear_mode;	  /* data calls, RFC 4040 */
	struct net_addr bind6;	  /* besides bind */
	struct net_addr external; /* ours as the peer sees it (NAT); no port:
				     that of the bind */
	uint16_t keepalive_s;	  /* RFC 5626; 0 = none */
	uint16_t options_s;	  /* OPTIONS so often; 0 = none */
	char contact[CONF_HOST];  /* in Contact; "" = the address */
	char proxy[CONF_HOST];	  /* outbound: all requests go there; "" = none */
	uint8_t dscp;		  /* of SIP messages */
	struct conf_limits limits; /* of each source */
	uint16_t tcp_above;	  /* octets: longer requests go by TCP; 0 = never */
	uint32_t server_line;	  /* of the file, for log lines; or proxy's */
};

struct conf_trunk_srtp {
	enum conf_srtp mode;
	uint8_t n_suites, suites[CONF_SUITES]; /* enum srtp_suite of media */
};

/* Transfer (RFC 3515) and taking over calls (RFC 3891). */
struct conf_trunk_refer {
	enum conf_refer mode;
	bool replaces;
	uint8_t n_allow;
	char allow[CONF_PATTERNS][CONF_NUMBER];
};

/* What a trunk's dialogs do beyond RFC 3261. */
struct conf_trunk_dialog {
	enum conf_prack prack;
	uint32_t session_expires_s, min_se_s; /* RFC 4028; 0 = no timers */
	bool session_id;		      /* RFC 7989 */
	bool follow_3xx;
	bool late_offer; /* our first INVITE has no SDP */
	enum conf_early early;
};

enum conf_register_mode {
	CONF_REGISTER_OFF,
	CONF_REGISTER_PLAIN,
	CONF_REGISTER_GIN /* RFC 6140: all numbers of the trunk at once */
};

/* --- header rules: changes to messages of a trunk (sip/rules.h) --- */

enum conf_rule_way { CONF_RULE_IN, CONF_RULE_OUT };
enum conf_rule_action { CONF_RULE_ADD, CONF_RULE_REMOVE, CONF_RULE_REPLACE };

/* All that is given must hold. */
struct conf_rule_when {
	char header[CONF_HEADER];     /* is there; "" = no condition */
	char pattern[CONF_RULE_TEXT]; /* and matches; "" = whatever it says */
	bool absent;		      /* the opposite of these two */
	char called[CONF_NUMBER], calling[CONF_NUMBER]; /* number patterns */
};

struct conf_rule {
	uint8_t trunk;
	enum conf_rule_way way;
	enum conf_rule_action action;
	uint8_t n_messages; /* none: all */
	char messages[CONF_RULE_MESSAGES][16]; /* "INVITE", "18x INVITE" */
	char header[CONF_HEADER];
	char pattern[CONF_RULE_TEXT], value[CONF_RULE_TEXT];
	struct conf_rule_when when;
	uint32_t line; /* of the file, for log lines */
};

#define CONF_REGISTER_USERS 16

struct conf_register {
	enum conf_register_mode mode;
	uint8_t n_users;
	char users[CONF_REGISTER_USERS][48]; /* each is registered by itself */
	bool all;	     /* at every server, not at one of them */
	bool outbound;	     /* RFC 5626: calls come by the way of REGISTER */
	uint32_t expires_s;
	char realm[64];	     /* that our password is for; "" = any */
	uint32_t auth_line;  /* of the file, for log lines */
};

enum conf_stir_verify { CONF_STIR_OFF, CONF_STIR_ON, CONF_STIR_REQUIRED };
enum conf_stir_failed { CONF_STIR_PASS, CONF_STIR_MARK, CONF_STIR_REJECT };
enum conf_attest { CONF_ATTEST_NONE, CONF_ATTEST_A, CONF_ATTEST_B,
		   CONF_ATTEST_C };

/* Who vouches for calling numbers (RFC 8224, SHAKEN). The files are read by
 * the supervisor, as those of TLS. */
struct conf_stir {
	bool sign;
	bool div; /* diversions by our numbers are signed, too (RFC 8946) */
	enum conf_attest others; /* for numbers not in the list */
	enum conf_stir_verify verify;
	enum conf_stir_failed failed;
	uint8_t n_numbers; /* attested fully: A */
	char numbers[CONF_PATTERNS][CONF_NUMBER];
	char certificate[CONF_PATH], key[CONF_PATH]; /* "" = none */
	char x5u[CONF_PATH];	/* where others find the certificate */
	char origid[CONF_ORIGID]; /* "" = a new one for each call */
	char ca[CONF_PATH];
	char certificates[CONF_PATH]; /* of others, by URL */
	char country_code[8];	/* of numbers without '+'; "" = none */
	uint32_t line; /* of the file, for log lines */
};

struct conf_trunk_identity {
	bool trusted; /* P-Asserted-Identity both ways */
	char number[CONF_NUMBER]; /* the trunk's own, asserted for unscreened
				     callers; "" = none */
	enum conf_identity header;
	bool tel;		 /* P-Asserted-Identity also as tel: */
	enum conf_privacy privacy;
	enum conf_divert divert; /* header of diverted calls */
	bool uui;		 /* User-to-User both ways */
	bool updates;		 /* RFC 4916 */
	bool tel_uri;		 /* Request-URI and To */
	bool routing_number;	 /* rn= is dialled */
	char context[64];	  /* phone-context of our local numbers */
	char group_context[64];	  /* trunk-context; "" = no trunk groups */
	char carrier_context[8]; /* "+1"; "" = no cic */
	struct conf_stir stir;
};

struct conf_trunk {
	char name[CONF_NAME];
	char profile[CONF_NAME]; /* what it begins with; "" = the defaults */
	char servers[CONF_SERVERS][CONF_HOST]; /* host or address [:port] */
	uint8_t n_servers, n_sources;
	uint8_t n_codecs, codecs[4]; /* payload types 8 and 0, in preference */
	struct net_prefix sources[CONF_SOURCES];
	enum conf_transport transport;
	struct conf_trunk_identity who;
	bool dtmf_events;     /* RFC 4733 offered and accepted */
	struct conf_trunk_srtp srtp;
	struct conf_trunk_dialog dialog;
	struct conf_trunk_refer refer;
	struct conf_register reg;
	uint8_t ptime_ms;     /* we send, unless the peer asks otherwise */
	uint16_t max_calls;   /* 0 = no limit */
	uint16_t max_calls_per_s; /* 0 = no limit */
	struct net_addr bind; /* and wire.bind6; neither = the gateway's */
	struct conf_wire wire;
	struct conf_tls tls;
	struct conf_match match;
	char domain[CONF_HOST]; /* in From and To; "" = our, their address */
	char auth_user[64];
	char auth_password[64]; /* secret: only in the sip role's part */
};

struct conf_route {
	enum conf_end from_end, to_end;
	uint8_t from, to;      /* index of span or trunk */
	uint8_t n_match, n_allow;
	uint8_t strip;	       /* leading digits removed */
	char match[CONF_PATTERNS][CONF_NUMBER]; /* none = every number */
	char allow[CONF_PATTERNS][CONF_NUMBER]; /* towards a span: needed */
	char prefix[CONF_NUMBER]; /* put before, after strip */
};

struct conf_gateway {
	char node[CONF_NAME];
	char run_dir[CONF_PATH];   /* control socket "ctl" lives here */
	char cdr_dir[CONF_PATH];
	char state_dir[CONF_PATH]; /* CDR sequence, journal */
	struct net_addr metrics;   /* HTTP; family 0 = off */
	uint8_t log_level;	   /* enum log_level */
	uint16_t drain_s;	   /* SIGTERM: wait so long for calls to end */
	uint8_t spare_spans;	   /* that a reload may add */
};

struct conf_sip {
	struct net_addr bind;	/* default of the trunks */
	struct net_addr bind6;	/* the same for IPv6; 0 = none */
	uint16_t tls_port;	/* TLS: at those addresses */
	uint8_t n_dns;		/* none = the system's */
	char dns[CONF_DNS][CONF_HOST];
	char user_agent[CONF_NAME];
	uint16_t t1_ms;		/* RFC 3261 T1, 500 */
	uint16_t ring_s;	/* no answer: released with cause 19 */
	struct conf_limits limits; /* of all trunks together */
};

struct conf_media {
	struct net_addr rtp;	/* local address, no port */
	uint16_t port_min, port_max;
	uint8_t dscp;
	uint16_t jitter_min_ms, jitter_max_ms;
	uint16_t silent_alarm_s; /* no RTP so long: alarm */
	uint16_t silent_release_s; /* then release; 0 = never */
	uint8_t n_cpus;		 /* an engine thread on each; 0 = one, not */
	uint8_t cpus[CONF_CPUS]; /* pinned */
	uint8_t max_load;	 /* percent of a thread's time; 100: no limit */
};

/* The whole file. About 1 MiB: allocate it, never on the stack. */
struct conf {
	char file[CONF_PATH]; /* its name; cut when longer */
	struct conf_gateway gateway;
	struct conf_sip sip;
	struct conf_media media;
	uint16_t n_spans, n_trunks, n_routes, n_emergency, n_rules;
	struct conf_span spans[CONF_SPANS];
	struct conf_trunk trunks[CONF_TRUNKS];
	struct conf_rule rules[CONF_RULES]; /* trunk by trunk */
	struct conf_route routes[CONF_ROUTES];
	char emergency[CONF_EMERGENCY][CONF_NUMBER];
};

/* --- the parts handed to the roles --- */
struct conf_for_media {
	struct conf_media media;
	uint16_t n_spans;
	uint8_t spare_spans;
	struct conf_span spans[CONF_SPANS];
};

/* A span of the D channel's group, as far as it is not like the others. */
struct conf_member {
	uint16_t index;
	char name[CONF_NAME];
	uint8_t d_slot; /* 0: no D channel */
	uint8_t first_slot, last_slot;
	uint8_t interface;
	enum conf_d d;
};

struct conf_for_isdn {
	uint16_t index; /* of the span, or of the group's first */
	uint16_t n_members; /* 0: the span is alone */
	struct conf_span span;
	struct conf_member members[CONF_NFAS_SPANS];
};

struct conf_for_sip { /* the only part with passwords */
	char file[CONF_PATH];
	char node[CONF_NAME];
	struct conf_sip sip;
	uint16_t n_trunks, n_emergency, n_rules;
	struct conf_trunk trunks[CONF_TRUNKS];
	struct conf_rule rules[CONF_RULES];
	char emergency[CONF_EMERGENCY][CONF_NUMBER]; /* not refused by limits */
};

/* Spans that there is room for from the start on. */
static inline unsigned conf_room(unsigned n_spans, unsigned spare)
{
	return n_spans + spare < CONF_SPANS ? n_spans + spare : CONF_SPANS;
}

/* The span that stands for those of its NFAS group; itself without one. */
static inline unsigned conf_leader(const struct conf_span *spans, unsigned i)
{
	return spans[i].isdn.nfas.leader ? spans[i].isdn.nfas.leader - 1u : i;
}

/* core and console: everything, passwords blanked. */
struct conf_for_core {
	struct conf conf;
};

#endif
