/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Observing a role: messages between the console and every other role.
 *
 * The console asks (OBS_QUERY, a verb and an argument), the role answers with
 * JSON (or Prometheus text for the verb "metrics") in one or more OBS_REPLY,
 * the last one with more = 0. Unknown verb: one reply, error = 1, text = why.
 * Roles send OBS_TRACE by themselves: each D-channel frame, each SIP message
 * and call events, in both directions, when the trace is on (OBS_TRACE_ON; it
 * is off when the link opens). The console may die at any time: a role just
 * stops answering.
 */
#ifndef BASE_OBS_H
#define BASE_OBS_H

#include "gateway/base/link.h"

#define OBS_TEXT  8000
#define OBS_BYTES 8000

enum obs_type {
	OBS_QUERY = 1, /* console -> role: struct obs_query */
	OBS_REPLY,     /* role -> console: struct obs_reply, sent short */
	OBS_TRACE_ON,  /* console -> role: struct obs_switch */
	OBS_TRACE,     /* role -> console: struct obs_trace, sent short */
	OBS_COMMAND    /* console -> supervisor: struct obs_query ("reload",
			  "drain"); answered by OBS_REPLY */
};

struct obs_query {
	struct link_head head;
	uint32_t id; /* comes back */
	char verb[32];
	char arg[256];
};

struct obs_reply {
	struct link_head head;
	uint32_t id;
	uint8_t more;  /* 1: further pieces of the same text follow */
	uint8_t error; /* 1: text says what is wrong, in words */
	uint16_t len;
	char text[OBS_TEXT];
};

struct obs_switch {
	struct link_head head;
	uint32_t on;
};

enum obs_kind {
	OBS_FRAME = 1, /* D-channel frame, bytes = LAPD without FCS */
	OBS_SIP,       /* SIP message, bytes = the datagram */
	OBS_CALL,      /* call event, text only */
	OBS_SPAN       /* event of a span or its D channel, text only */
};

struct obs_trace {
	struct link_head head;
	int64_t wall_us;
	uint8_t kind;	 /* enum obs_kind */
	uint8_t sent;	 /* 1: we sent it */
	uint8_t index;	 /* span or trunk; 255 = unknown */
	uint8_t slot;	 /* FRAME: time slot of the D channel */
	uint8_t local[20], remote[20]; /* SIP: struct net_addr */
	char call[64];	 /* for grouping: Call-ID, "carrier 0x0012", "" */
	char text[256];	 /* one line: "SETUP cref 0x0001 called 123" */
	uint32_t len;
	uint8_t bytes[OBS_BYTES];
};

#endif
