/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exchange at the far end of a span: an isdn role of the other side, its
 * core played by the test. A leg is remembered until its slot in the table is
 * needed again, so a test can look at how it ended.
 */
#ifndef TESTS_SIM_PEER_XCH_H
#define TESTS_SIM_PEER_XCH_H

#include "gateway/cc.h"
#include "gateway/base/role.h"

#define XCH_LEGS 512

struct xch_leg {
	leg_id id;	  /* 0 = never used */
	unsigned span;
	bool in;	  /* the gateway's call */
	bool proceeding, alerting, answered;
	bool released;	  /* RELEASE went one way or the other */
	bool over;	  /* RELEASED came, or the exchange is gone */
	uint8_t channel, on;  /* time slot, and the span it is of */
	unsigned progress; /* number of PROGRESS */
	unsigned held, retrieved;
	struct cc_cause cause; /* first RELEASE or RELEASED */
	struct cc_msg setup;   /* as sent, or as received */
	struct cc_msg last;    /* received */
	void *user;	       /* the test's */
};

struct xch {
	struct role *role;
	struct link core, media;
	unsigned span;
	struct xch_leg legs[XCH_LEGS];
	unsigned next;
	leg_id last_id;
	struct cc_end_state state;
	unsigned violations; /* of cc.h: after RELEASED, twice released */
	/* After the leg was brought up to date; may be NULL. */
	void (*on_msg)(struct xch_leg *, const struct cc_msg *);
};

/* Spans of a group whose interface numbers are exchanged there; -1: none. */
extern int xch_swapped[2];
void xch_open(unsigned span);
void xch_close(unsigned span);
struct xch *xch_of(unsigned span);
/* A frame from the gateway. */
void xch_hear(unsigned span, const uint8_t *, size_t len);

/* A SETUP with speech, complete, to be changed and sent. */
struct cc_msg xch_setup(const char *called, const char *calling);
struct xch_leg *xch_call(unsigned span, const struct cc_msg *setup);
void xch_say(struct xch_leg *, enum cc_type);
/* Somebody else is at its end now. */
void xch_connect(struct xch_leg *, const char *number);
void xch_release(struct xch_leg *, unsigned cause);
void xch_digits(struct xch_leg *, const char *digits);
/* What its end of the line looks like. */
void xch_line(unsigned span, bool up);
/* Its core is gone and comes back: all its calls are cleared. */
void xch_restart_core(unsigned span);
/* The newest leg, NULL: none. */
struct xch_leg *xch_last(unsigned span);
/* Legs that are not over. */
unsigned xch_active(unsigned span);

#endif
