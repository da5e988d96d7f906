/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/guard.h"

#include "sip/bucket.h"

#include <stdlib.h>

#define WAYS	 4 /* sources that share a place of the table */
#define PLACES	 (GUARD_SOURCES / WAYS)
#define RESERVED (NS_PER_S / 4)

/* What has been told of. */
struct told {
	mono_t next;
	unsigned held;
};

struct source {
	struct net_addr addr; /* family 0: none */
	mono_t seen;
	struct bucket messages, octets, urgent;
	struct told told[GUARD_LIMITS];
};

struct guard {
	unsigned tell_ms;
	struct source all; /* together */
	struct source source[PLACES][WAYS];
	uint64_t count[GUARD_LIMITS];
};

struct limit_row {
	const char *name, *setting;
};

static const struct limit_row limit_rows[GUARD_LIMITS] = {
	[GUARD_MESSAGES] = {"messages", "limits.messages_per_second"},
	[GUARD_OCTETS] = {"octets", "limits.octets_per_second"},
	[GUARD_TRANSACTIONS] = {"transactions", "limits.transactions"},
	[GUARD_CONNECTIONS] = {"connections", "limits.connections"},
	[GUARD_HANDSHAKES] = {"handshakes", "limits.handshakes"},
};

const char *guard_name(enum guard_limit l)
{
	return (unsigned)l < GUARD_LIMITS ? limit_rows[l].name : "?";
}

const char *guard_setting(enum guard_limit l)
{
	return (unsigned)l < GUARD_LIMITS ? limit_rows[l].setting : "?";
}

unsigned guard_value(const struct conf_limits *c, enum guard_limit l)
{
	const unsigned values[GUARD_LIMITS] = {
		[GUARD_MESSAGES] = c->messages_per_s,
		[GUARD_OCTETS] = c->octets_per_s,
		[GUARD_TRANSACTIONS] = c->transactions,
		[GUARD_CONNECTIONS] = c->connections,
		[GUARD_HANDSHAKES] = c->handshakes,
	};

	return (unsigned)l < GUARD_LIMITS ? values[l] : 0;
}

struct guard *guard_new(unsigned tell_ms)
{
	struct guard *g = calloc(1, sizeof(*g));

	if (g) {
		g->tell_ms = tell_ms;
	}
	return g;
}

void guard_free(struct guard *g)
{
	free(g);
}

uint64_t guard_count(const struct guard *g, enum guard_limit l)
{
	return (unsigned)l < GUARD_LIMITS ? g->count[l] : 0;
}

static unsigned place_of(const struct net_addr *a)
{
	uint32_t h = 2166136261u;

	for (unsigned i = 0; i < sizeof(a->ip); i++) {
		h = (h ^ a->ip[i]) * 16777619u;
	}
	return (h ^ h >> 16) % PLACES;
}

static struct source *source_of(struct guard *g, const struct guard_event *e)
{
	struct source *at = g->source[place_of(e->source)], *oldest = at;

	for (unsigned i = 0; i < WAYS; i++) {
		if (at[i].addr.family && net_ip_eq(&at[i].addr, e->source)) {
			at[i].seen = e->now;
			return &at[i];
		}
		if (at[i].seen.ns < oldest->seen.ns) {
			oldest = &at[i];
		}
	}
	*oldest = (struct source){.addr = *e->source, .seen = e->now};
	return oldest;
}

static bool has(struct bucket *b, mono_t now, unsigned per_s, int64_t least)
{
	if (!per_s) {
		return true;
	}
	bucket_fill(b, now);
	return b->ns > least;
}

/* Down to a second's worth of debt, so that a long message is paid for. */
static void charge(struct bucket *b, unsigned per_s, uint64_t n)
{
	if (!per_s) {
		return;
	}
	b->ns -= (int64_t)(n * NS_PER_S / per_s);
	if (b->ns < -NS_PER_S) {
		b->ns = -NS_PER_S;
	}
}

static bool may(struct source *s, const struct conf_limits *c,
		const struct guard_event *e, enum guard_limit *why)
{
	int64_t least = e->kind == GUARD_NEW_CALL ? RESERVED : 0;

	if (e->kind == GUARD_EMERGENCY) {
		return true;
	}
	*why = GUARD_MESSAGES;
	if (!has(&s->messages, e->now, c->messages_per_s, least)) {
		return false;
	}
	*why = GUARD_OCTETS;
	return has(&s->octets, e->now, c->octets_per_s, least);
}

static void pay(struct source *s, const struct conf_limits *c,
		const struct guard_event *e)
{
	charge(&s->messages, c->messages_per_s, 1);
	charge(&s->octets, c->octets_per_s, e->octets);
}

static void refused(struct guard *g, struct source *s, mono_t now,
		    struct guard_breach *b)
{
	struct told *t = &s->told[b->limit];

	g->count[b->limit]++;
	t->held++;
	b->n = 0;
	if (t->next.ns <= now.ns) {
		b->n = t->held;
		t->held = 0;
		t->next = mono_add_ms(now, g->tell_ms);
	}
}

void guard_refused(struct guard *g, const struct guard_event *e,
		   struct guard_breach *b)
{
	refused(g, b->total ? &g->all : source_of(g, e), e->now, b);
}

bool guard_message(struct guard *g, const struct guard_event *e,
		   struct guard_breach *b)
{
	struct source *s = source_of(g, e);

	b->total = false;
	if (!may(s, e->of_source, e, &b->limit)) {
		refused(g, s, e->now, b);
		return false;
	}
	b->total = true;
	if (!may(&g->all, e->of_all, e, &b->limit)) {
		refused(g, &g->all, e->now, b);
		return false;
	}
	pay(s, e->of_source, e);
	pay(&g->all, e->of_all, e);
	return true;
}

bool guard_may_urge(struct guard *g, const struct guard_event *e)
{
	return has(&source_of(g, e)->urgent, e->now, GUARD_URGENT_PER_S, 0) &&
	       has(&g->all.urgent, e->now, GUARD_URGENT_OF_ALL, 0);
}

bool guard_urge(struct guard *g, const struct guard_event *e)
{
	if (!guard_may_urge(g, e)) {
		return false;
	}
	charge(&source_of(g, e)->urgent, GUARD_URGENT_PER_S, 1);
	charge(&g->all.urgent, GUARD_URGENT_OF_ALL, 1);
	return true;
}
