/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core role from inside: its links, the ends they lead to, its calls and
 * its counters. One thread: the role's loop.
 */
#ifndef GATEWAY_CORE_PRIV_H
#define GATEWAY_CORE_PRIV_H

#include "conf/conf.h"
#include "gateway/base/obs.h"
#include "gateway/base/pool.h"
#include "gateway/base/role.h"
#include "gateway/call_table.h"
#include "gateway/cdr_log.h"
#include "gateway/journal.h"
#include "gateway/leg.h"
#include "gateway/route.h"

#define CORE_SLOTS 32 /* time slots of a span */

struct core;

/* A span: the link to its signalling (of an NFAS group: the first one's), and
 * what roles told of it. */
struct core_span {
	struct core *core;
	struct link link;
	bool up;		   /* calls can be placed there */
	uint8_t channels, free;	   /* as isdn told */
	char text[61];
	bool line_up;		   /* as media told */
	bool full;		   /* media has no time for more calls */
	char line_text[MEDIA_SPAN_TEXT];
	pool_id owner[CORE_SLOTS]; /* call on each B channel; 0 = none */
	uint32_t barred;	   /* slots, as bits: out, by the operator */
	struct timer busy_out;	   /* no trunk takes its calls, so long */
	enum { REACH_UNTOLD, REACH_SERVED, REACH_OUT } reach; /* isdn knows */
};

struct core_trunk {
	bool up;
	char text[61];
	unsigned calls; /* legs there now */
	bool served;   /* a line took its calls once */
	bool unserved; /* sip was told that none does now */
	struct cc_servers *servers[CC_SERVERS_MAX]; /* NULL: not told; owned */
};

/* Everything that is dropped or goes wrong has a counter. */
struct core_drops {
	uint64_t bad_cc, bad_media, bad_obs; /* malformed, or not for us */
	uint64_t unknown_leg;	  /* message for a leg that is not there */
	uint64_t double_leg;	  /* SETUP with the id of a living leg */
	uint64_t impossible;	  /* event a state does not allow */
	uint64_t ignored;	  /* event without meaning in its state */
	uint64_t stale_media;	  /* late message of an earlier media */
	uint64_t unsent;	  /* a link was full or down */
	uint64_t refused_full;	  /* no call record free */
	uint64_t legs_lost;	  /* RELEASED never came */
	uint64_t media_lost;	  /* OPENED or CLOSED never came */
	uint64_t channel_taken;	  /* two calls on one B channel */
	uint64_t no_timer;	  /* the heap could not grow */
	uint64_t snapshots_full;  /* no room to keep one */
};

struct core_counts {
	uint64_t calls[2], answered[2]; /* by enum cc_end_kind of the caller */
	uint64_t ended[128];		/* by cause */
	uint64_t ended_by[5];		/* by enum cdr_by */
	uint64_t silent, dead_media;	/* one-way audio, released for it */
	uint64_t hunted;		/* further routes tried */
	uint64_t preempted;		/* gave way to an emergency call */
	uint64_t crashed, resumed;	/* calls of an earlier life: lost, not */
	uint64_t cleared;		/* CLEARs sent for legs lost */
	uint64_t kept;			/* KEEPs sent: calls that went on */
};

/* Lines that others can cause. */
struct core_say {
	struct log_limit bad, refused;
};

/* Snapshots of the legs that a killed sip role left, the oldest first. */
struct core_lost {
	struct pool *pool; /* of these, and of the living legs' */
	pool_id first, last;
	struct timer timer; /* the next few */
	struct timer guard; /* legs that wait; core_keep.c */
};

struct core {
	struct role role; /* first */
	struct conf *conf;
	unsigned epoch;	 /* of conf; routes of an older one are void */
	struct link sip, media, console;
	struct core_span *spans; /* CONF_SPANS */
	struct core_trunk trunks[CONF_TRUNKS];
	struct pool *calls;
	struct leg_table legs;
	struct core_lost lost;
	struct cdr_log cdr;
	struct journal journal;
	int state_dir; /* -1 = none */
	bool started, draining, tracing;
	uint64_t id_seed; /* second half of the ids of calls */
	uint32_t id_count;
	leg_id last_leg;
	struct core_counts n;
	struct core_drops drops;
	struct core_say say;
	struct nfas_verify *verify; /* NULL: never asked for */
	/* How often each cell of the call tables was entered. */
	uint32_t visited[LEG_SIDES][LEG_STATES][CALL_EVENTS];
};

static inline struct core *core_of(const struct role *r)
{
	return container_of(r, struct core, role);
}

/* The link an end is reached by. */
struct link *core_link(struct core *, struct cc_end);
const char *core_end_name(const struct core *, struct cc_end);
bool core_end_up(struct core *, struct cc_end);
/* A span, or all of its NFAS group: media has no time for more calls there. */
bool core_end_full(const struct core *, struct cc_end);
/* The span that stands for an NFAS group; without one, itself. */
unsigned core_leader(const struct core *, unsigned span);
bool core_same_group(const struct core *, unsigned, unsigned);
/* Idle B channels of the span's group. */
unsigned core_free(const struct core *, unsigned span);

/* For people: to the log and, when tracing, to the console. Call NULL: it is of
 * none. */
struct call;
void core_note(struct core *, const struct call *, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* core_obs.c: queries of the console; trace switches. */
void core_on_obs(struct core *, const struct link_head *);
void core_trace(struct core *, const struct call *, const char *text);
/* core_status.c, core_metrics.c: answers to the verbs. Length, or -ENOSPC. */
int core_status(struct core *, char *buf, size_t size);
int core_spans(struct core *, char *buf, size_t size);
int core_trunks(struct core *, char *buf, size_t size);
int core_channels(struct core *, char *buf, size_t size);
int core_calls(struct core *, char *buf, size_t size);
int core_metrics(struct core *, char *buf, size_t size);
/* core_media.c: whatever the media link delivers. */
void core_on_media(struct core *, const struct link_head *);
/* core_lost.c: legs of a sip role that was killed. */
int core_lost_open(struct core *, unsigned calls); /* 0, -ENOMEM */
void core_lost_close(struct core *);
/* Keeps it, instead of an earlier one, as long as the leg lives. */
void core_snapshot_keep(struct core *, struct leg *,
			const struct cc_snapshot *);
void core_snapshot_drop(struct core *, struct leg *);
/* The latest of a leg that has one. */
const struct cc_snapshot *core_snapshot_of(const struct core *,
					   const struct leg *);
/* The leg is lost with its link: the snapshot waits for the next one. */
void core_snapshot_lose(struct core *, struct leg *, struct cc_cause);
/* The link to sip is up: what waits is sent, a few at a time. */
void core_lost_clear(struct core *);
/* core_servers.c: where the trunks' servers are. Keeps it, instead of what that
 * server had; the link to sip is up: it hears all of it. */
void core_servers_keep(struct core *, const struct cc_servers *);
void core_servers_tell(struct core *);
void core_servers_close(struct core *);
/* core_keep.c: what waits for its other end after a death. */
/* The link of an answered leg is gone. true: it waits, and its call goes on. */
bool core_keep_leg(struct core *, struct leg *);
/* There is something that waits: for CC_KEEP_S at most. 0 or -errno. */
int core_keep_guard(struct core *);
/* A link is up: what waits is told; calls of ours are asked for. */
void core_keep_sip(struct core *);
void core_keep_isdn(struct core *, unsigned span);
void core_keep_media(struct core *);
/* KEPT, SETTLED. from: the link. */
void core_on_kept(struct core *, const struct cc_kept *, struct cc_end from);
void core_on_settled(struct core *, struct cc_end from);
/* Does this leg belong to that link? */
bool core_is_on_link(const struct leg *, struct cc_end);
/* core_reach.c: when a span or a trunk has come or gone. */
void core_tell_reach(struct core *);
/* What the isdn role of that link knows is not known. */
void core_reach_forget(struct core *, unsigned span);
/* core_recover.c: the calls of an earlier life: answered ones go on, the others
 * get their CDRs. */
void core_recover(struct core *);

#endif
