/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor's inside, for its two files: life and commands of the whole
 * (supervisor.c), spans one by one (supervisor_span.c). There is one in a
 * process; thread: its loop.
 */
#ifndef GATEWAY_SUPERVISOR_PRIV_H
#define GATEWAY_SUPERVISOR_PRIV_H

#include "gateway/base/notify.h"
#include "gateway/child.h"
#include "gateway/sockets.h"

#define FIXED_CHILDREN 4
#define MAX_CHILDREN   (FIXED_CHILDREN + CONF_SPANS)

enum phase { PHASE_RUN, PHASE_DRAIN, PHASE_CLEAR, PHASE_STOP };

struct supervisor {
	struct loop *loop;
	const char *conf_path, *dir;
	struct conf *conf;
	struct conf *next_conf; /* after a restart; NULL: none */
	struct sockets *sockets;
	struct child children[MAX_CHILDREN];
	unsigned n_children;
	enum phase phase;
	bool announced;	  /* READY=1 said */
	int exit_status;
	struct timer phase_timer, notify_timer, renew_timer;
	timer_fn *renew; /* looks for cards: of renew_timer */
	struct sigwatch sig_term, sig_int, sig_hup, sig_chld;
	struct link console; /* commands of trunkctl */
	struct notify notify;
	unsigned room;		  /* for spans, since the start */
	bool off[CONF_SPANS];	  /* spans that the operator took out */
	bool restart[CONF_SPANS]; /* back as soon as they are out */
	bool stays_off[CONF_SPANS]; /* off before it began anew */
};

struct child *supervisor_child(struct supervisor *, enum role_id);
/* A child that has ended is started again: for its timer. */
void supervisor_restart(struct timer *);

/* The role of a span, or of the group that it leads; NULL: another span leads
 * it. It is not started. */
struct child *supervisor_add_isdn(struct supervisor *, unsigned span);

/* --- supervisor_span.c --- */
/* The D channel of a span that is off: it is not to run. */
bool supervisor_is_off(const struct supervisor *, const struct child *);
void supervisor_switch(struct supervisor *, unsigned span, bool on);
/* The child in the place of that span; NULL: there never was one. */
struct child *supervisor_isdn(struct supervisor *, unsigned span);
/* The command "span", its words; 0 or -errno, and text for the operator. */
int supervisor_span(struct supervisor *, const char *arg, char *text,
		    size_t size);
/* What the new configuration says of each span. */
void supervisor_apply(struct supervisor *, const struct conf *was);

#endif
