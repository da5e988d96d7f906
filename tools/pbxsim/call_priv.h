/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a call: call.c (its life), call_in.c (how received ones are
 * answered), call_report.c (what is printed of it).
 */
#ifndef PBXSIM_CALL_PRIV_H
#define PBXSIM_CALL_PRIV_H

#include "tools/pbxsim/call.h"

/* --- call.c --- */
struct call *call_new(struct calls *, bool made); /* NULL: too many */
/* The channel is known, or another one than before; 0 = not yet. */
void call_set_channel(struct call *, const struct cc_msg *);
int call_send(struct call *, struct cc_msg *, enum cc_type);
void call_release(struct call *, uint8_t cause);
void call_after(struct call *, timer_fn *, double seconds); /* the timer */
void call_answered(struct call *); /* by either side: talking begins */

/* --- call_in.c --- */
void call_received(struct calls *, const struct cc_msg *setup);

/* --- call_report.c --- */
/* Begins an event about the call; the caller adds to it and ends it. */
void call_state_event(struct call *, const char *state);
void call_report_progress(struct call *, uint8_t progress); /* its members */
/* Whole events. */
void call_report_setup(struct call *, const struct cc_msg *);
void call_report_heard(struct call *);
void call_report_digit(struct call *, char digit, bool inband);
void call_report_tone(struct call *, enum tone_kind);
void call_report_state(struct call *, const char *state);

#endif
