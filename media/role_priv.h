/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The media role's inside: the control thread. It turns the core's messages
 * into commands of the engine, the engine's events into messages, carries
 * D-channel frames, and answers the console. Everything here is touched by
 * the role's loop only.
 */
#ifndef MEDIA_ROLE_PRIV_H
#define MEDIA_ROLE_PRIV_H

#include "conf/conf.h"
#include "gateway/base/json.h"
#include "gateway/base/log.h"
#include "gateway/base/obs.h"
#include "gateway/base/role.h"
#include "media/drift.h"
#include "media/engine.h"
#include "media/load.h"
#include "media/perf.h"
#include "media/ports.h"
#include "media/service.h"

enum {
	ROLE_PAIRS = 4096,
	MEDIA_LOOK_MS = 100, /* real time: what is owed, and who is held? */
};

enum { ROLE_RTP_COUNTERS = 9 };

/* A media of the core. */
struct media_user {
	media_id id;
	uint32_t ref;
	uint16_t pair;
	bool closing;	  /* the core has closed it, or is gone */
	bool close_owed;  /* the engine could not be told yet */
	bool orphan;	  /* its core is gone; nobody is told of its end */
	uint16_t span;	  /* where it is connected */
	uint8_t slot;	  /* 0 = nowhere */
	struct net_addr far;
	uint8_t codec, direction, silent;
	uint8_t suite; /* enum srtp_suite */
	struct media_figures figures;
	uint32_t counted[ROLE_RTP_COUNTERS]; /* of these, in the sums */
};

struct span_held { /* is its thread held by its driver? */
	unsigned calls; /* line_calls() at the last look */
	unsigned looks; /* at the same call */
	struct log_limit limit;
};

struct span_view { /* what the engine last said of a span */
	bool known;
	bool off; /* by the operator, be its line there yet or not */
	mono_t since; /* its service state */
	struct engine_span_state state;
	const char *told; /* the alarm of which the log knows; NULL: none */
	struct perf perf;
	struct line_stats counted; /* what perf has had of it */
	struct drift drift;
	uint64_t breaks;    /* slips and the like when it was last measured */
	int64_t counted_ns; /* the count that drift has had */
	unsigned good_s;    /* as a source of the clock */
	struct span_held held;
};

struct media_clock {
	int source;	 /* span that it is taken from; -1: none is good */
	bool held;	 /* the last one's rate is kept */
	int32_t ppb;	 /* against CLOCK_MONOTONIC */
	int32_t steered; /* what the lines where we give it were told */
	unsigned apart_s; /* the source's card has taken another one so long */
};

struct role_drops { /* messages that were not obeyed */
	uint64_t core_bad, core_stale, isdn_bad, console_bad;
	uint64_t frames;   /* no room, either way */
	uint64_t no_port;  /* MEDIA_OPEN refused */
	uint64_t unsent;   /* the peer's link was full or gone */
	uint64_t commands; /* the engine's ring was full */
};

struct isdn_link {
	struct link link;
	struct media_role *role;
	uint16_t span;
};

/* An engine thread, as it last told. */
struct role_thread {
	struct engine_gauges gauges;
	struct load load;
};

/* For the lines' error performance. */
struct role_second {
	struct timer timer;
	mono_t at; /* the last one that was counted ended */
};

struct role_wake {
	struct watch watch; /* the engine's wake-ups, real time */
	bool stepping;	    /* virtual time instead */
};

struct media_role {
	struct role role;
	struct conf_for_media conf;
	struct link core, console;
	struct isdn_link isdn[CONF_SPANS];
	struct engine *engine; /* from start to close */
	unsigned refused;      /* enum engine_refused */
	bool draining;
	/* Until the start: what was handed in. */
	int socket[ROLE_PAIRS * 2];
	struct line *line[CONF_SPANS];
	/* The engine's from the start on; cards may be offered to them. */
	struct line *running[CONF_SPANS];
	struct pool *users;
	media_id *by_pair; /* who has the pair; 0 = none */
	struct ports ports;
	struct span_view spans[CONF_SPANS];
	struct role_thread threads[ENGINE_THREADS];
	struct role_drops drops;
	uint64_t rtp[ROLE_RTP_COUNTERS]; /* sums, see role_rtp.c */
	struct role_wake wake;
	struct timer timer;  /* virtual time: the tick; else what is owed */
	struct media_clock clock;
	struct timer keep;   /* the core is gone */
	struct role_second second;
	struct log_limit limit;
};

static inline struct media_role *media_role_of(struct role *r)
{
	return container_of(r, struct media_role, role);
}

struct text { /* being written: the octets may not all have found room */
	char *buf;
	size_t size, len;
};

/* --- role_core.c --- */
void media_on_core(struct media_role *, const struct link_head *);
/* The core is gone: close every media. */
void media_core_down(struct media_role *);
void media_core_up(struct media_role *);
void media_on_event(struct media_role *, const struct engine_event *);
/* Closes that the engine could not be told of. */
void media_pay_debts(struct media_role *);
void media_tell_isdn(struct media_role *, unsigned span);
/* The link to the role of that span, or of its NFAS group. */
struct link *media_isdn_of(struct media_role *, unsigned span);
/* Does the line of a span take calls, and in words, why not? */
bool media_line_is_up(const struct media_role *, unsigned span);
const char *media_line_text(const struct media_role *, unsigned span);

/* --- role_span.c --- */
enum line_driver media_driver(const struct conf_line *);
/* False of one that is gone. */
bool media_has_span(const struct media_role *, unsigned span);
/* A line that there is before its card; that of a pseudowire comes with its
 * socket. */
bool media_awaits_card(const struct media_role *, unsigned span);
/* Before the engine is prepared. 0 or -errno. */
int media_set_span(struct media_role *, unsigned span);
/* Out of service by the operator, or back. */
void media_switch_span(struct media_role *, unsigned span, bool on);
/* The socket of a line, or a channel of a card: ours from here on. */
int media_take_line(struct media_role *, unsigned span, int fd);
/* Its new line comes to the engine, now or when that has room for it. 0 or
 * -errno. */
int media_settle_span(struct media_role *, unsigned span);
/* The new configuration; spans come and go with it. */
int media_take_spans(struct media_role *, const struct conf_for_media *);

/* --- role_held.c --- */
/* Each MEDIA_LOOK_MS, while the engine has threads. */
void media_look_for_held(struct media_role *);

/* --- role_obs.c --- */
void media_on_console(struct media_role *, const struct link_head *);

void media_put(struct text *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A metric without labels; its name without trunkgate_media_. */
void media_put_one(struct text *, const char *name, const char *type,
		   const char *help, uint64_t value);

/* --- role_rtp.c --- */
/* The figures of a call are these now. */
void media_count_rtp(struct media_role *, struct media_user *,
		     const struct media_figures *);
void media_put_rtp_metrics(struct media_role *, struct text *);

/* --- role_perf.c --- */
void media_start_perf(struct media_role *);
/* The counts of one span begin. */
void media_start_perf_of(struct media_role *, unsigned span);
/* JSON: its length or -errno; -ENOENT: no such span. */
int media_put_perf(struct media_role *, const char *span, char *buf,
		   size_t size);
/* Within an object: sums of the present interval and the last day. */
void media_put_perf_sums(struct media_role *, struct json *, unsigned span);
void media_put_perf_metrics(struct media_role *, struct text *);

/* --- role_clock.c --- */
void media_clock_second(struct media_role *);
/* A line has come: it runs as the others do. */
void media_clock_line(struct media_role *, unsigned span);
void media_put_clock(struct media_role *, struct json *);
/* Within an object. */
void media_put_line_drift(struct media_role *, struct json *, unsigned span);
void media_put_clock_metrics(struct media_role *, struct text *);

/* --- role_card.c --- */
/* What the card of that span does: "takes the clock of span NAME". False: it
 * has none, or that is not known. */
bool media_card_text(const struct media_role *, unsigned span, char *to,
		     size_t size);
/* Does the card of our source surely take another clock? */
bool media_card_is_apart(const struct media_role *);
/* Once a second, when the source is known. */
void media_card_second(struct media_role *);

/* --- role_lines.c --- */
/* JSON of all lines: its length or -errno. */
int media_put_lines(struct media_role *, char *buf, size_t size);
/* Prometheus text of all lines. */
void media_put_line_metrics(struct media_role *, struct text *);

#endif
