/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a Q.931 message: its header and its information elements, checked
 * for length, without copying. For the gate, the trace, and everything that
 * libpri does not report (location and diagnostics of a cause, both calling
 * numbers, progress location). Thread: any.
 */
#ifndef ISDN_IE_H
#define ISDN_IE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Information elements of codeset 0 (Q.931 table 4-3). */
enum {
	IE_BEARER = 0x04,
	IE_CAUSE = 0x08,
	IE_CONNECTED_OLD = 0x0c,
	IE_CALL_IDENTITY = 0x10,
	IE_CALL_STATE = 0x14,
	IE_CHANNEL = 0x18,
	IE_FACILITY = 0x1c,
	IE_PROGRESS = 0x1e,
	IE_NOTIFY = 0x27,
	IE_DISPLAY = 0x28,
	IE_DATE = 0x29,
	IE_KEYPAD = 0x2c,
	IE_SIGNAL = 0x34,
	IE_REVERSE_CHARGE = 0x4a,
	IE_CONNECTED = 0x4c,
	IE_CONNECTED_SUB = 0x4d,
	IE_CALLING = 0x6c,
	IE_CALLING_SUB = 0x6d,
	IE_CALLED = 0x70,
	IE_CALLED_SUB = 0x71,
	IE_ORIG_CALLED = 0x73,
	IE_REDIRECTING = 0x74,
	IE_REDIRECTION = 0x76,
	IE_TRANSIT = 0x78, /* transit network selection */
	IE_RESTART = 0x79,
	IE_LLC = 0x7c,
	IE_HLC = 0x7d,
	IE_USER_USER = 0x7e,
	IE_MORE_DATA = 0xa0,
	IE_SENDING_COMPLETE = 0xa1
};

/* Message types (Q.931 table 4-2). */
enum {
	Q931_ALERTING = 0x01,
	Q931_CALL_PROCEEDING = 0x02,
	Q931_PROGRESS = 0x03,
	Q931_SETUP = 0x05,
	Q931_CONNECT = 0x07,
	Q931_SETUP_ACK = 0x0d,
	Q931_CONNECT_ACK = 0x0f,
	Q931_DISCONNECT = 0x45,
	Q931_RESTART = 0x46,
	Q931_RELEASE = 0x4d,
	Q931_RESTART_ACK = 0x4e,
	Q931_RELEASE_COMPLETE = 0x5a,
	Q931_FACILITY = 0x62,
	Q931_REGISTER = 0x64,
	Q931_NOTIFY = 0x6e,
	Q931_STATUS_ENQUIRY = 0x75,
	Q931_INFORMATION = 0x7b,
	Q931_STATUS = 0x7d
};

struct ie_msg {
	uint8_t pd;	  /* protocol discriminator, 0x08 */
	uint8_t cref_len; /* octets of the call reference, 0-15 */
	uint16_t cref;	  /* 15 bits; 0 = global */
	bool flag;	  /* 1: sent to the side that chose the reference */
	uint8_t type;
	const uint8_t *ies; /* borrowed */
	size_t len;
};

struct ie {
	uint8_t codeset;
	uint8_t id;	  /* single-octet elements: the whole octet */
	uint8_t len;	  /* of data; 0 for single-octet elements */
	const uint8_t *data;
	size_t at, size;  /* its octets in msg.ies, with a shift before it */
};

struct ie_walk {
	const struct ie_msg *msg;
	size_t at;
	uint8_t locked; /* active codeset */
};

/* 0; -EMSGSIZE: ends before the message type; -EPROTO: other protocol
 * discriminator; -EINVAL: call reference of a length that is not used on a
 * primary rate access (pd, cref_len and, if it is there, type are set). */
int ie_msg_parse(struct ie_msg *, const uint8_t *info, size_t len);

/* SERVICE and SERVICE ACKNOWLEDGE have protocol discriminators of their own,
 * 0x03 and 0x43; else all is the same. */
bool ie_is_maintenance(uint8_t pd);
int ie_service_parse(struct ie_msg *, const uint8_t *info, size_t len);

void ie_walk(struct ie_walk *, const struct ie_msg *);
/* 1 = *ie is the next element; 0 = end; -EMSGSIZE: it runs past the end of
 * the message; -EPROTO: a codeset shift that Q.931 4.5.2-4 does not allow. */
int ie_next(struct ie_walk *, struct ie *);
/* The nth (from 0) element of that id in codeset 0; false: there is none. */
bool ie_find(const struct ie_msg *, uint8_t id, unsigned nth, struct ie *);

/* Index of the octet after a group that starts at data[at] and goes on while
 * bit 8 is 0 (Q.931 4.5.1); 0 when the group does not end inside. */
size_t ie_group_end(const struct ie *, size_t at);

/* The readers below return false when the element is too short. */
struct ie_number {
	uint8_t type, plan;
	uint8_t presentation, screening; /* 0, 0 when octet 3a is absent */
	uint8_t reason; /* redirecting: octet 3b; else 0 */
	uint8_t n;
	const uint8_t *digits;
};
bool ie_number(const struct ie *, struct ie_number *);

struct ie_cause {
	uint8_t coding, location, value;
	uint8_t diag_len;
	const uint8_t *diag;
};
bool ie_cause(const struct ie *, struct ie_cause *);

struct ie_channel {
	bool exclusive;
	bool any;	/* any channel */
	bool none;	/* no channel */
	bool d_channel; /* signalling only */
	bool other_interface; /* explicitly identified (NFAS) */
	uint8_t interface;
	uint32_t slots; /* bit n: time slot n named; 0: none named */
	uint8_t first;	/* the first one named */
};
bool ie_channel(const struct ie *, struct ie_channel *);

struct ie_bearer {
	uint8_t coding, capability; /* octet 3 */
	uint8_t mode;		    /* octet 4: mode and rate, 7 bits */
	uint8_t layer1;		    /* octet 5, 5 bits; 0 = absent */
};
bool ie_bearer(const struct ie *, struct ie_bearer *);

struct ie_progress {
	uint8_t coding, location, value;
};
bool ie_progress(const struct ie *, struct ie_progress *);

#endif
