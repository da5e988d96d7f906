/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What known sources may send, each address by itself and all together, by the
 * limits of conf: messages and octets a second, which are counted here, and
 * connections, handshakes and transactions, which are counted where they are.
 *
 * A quarter of a second's worth is for what belongs to calls there are: new
 * calls are refused before it is touched. Emergency calls are counted but never
 * refused; a source has that privilege GUARD_URGENT_PER_S times a second (all
 * together GUARD_URGENT_OF_ALL times), then its emergency calls are as others: a
 * flood of them is a flood.
 *
 * Sources are kept in a table; in a bucket of it that is full the one that has
 * been silent longest gives way. Strangers have a table of their own (stack.h).
 *
 * Owner: the stack. Thread: its loop.
 */
#ifndef SIP_GUARD_H
#define SIP_GUARD_H

#include "conf/conf.h"
#include "gateway/base/clock.h"
#include "gateway/base/net.h"

#define GUARD_SOURCES	    1024
#define GUARD_URGENT_PER_S  50
#define GUARD_URGENT_OF_ALL 500

enum guard_limit {
	GUARD_MESSAGES,
	GUARD_OCTETS,
	GUARD_TRANSACTIONS,
	GUARD_CONNECTIONS,
	GUARD_HANDSHAKES,
	GUARD_LIMITS
};

/* What it is that has come. */
enum guard_kind { GUARD_OF_A_CALL, GUARD_NEW_CALL, GUARD_EMERGENCY };

struct guard;

/* A message, or a refusal to be told of. */
struct guard_event {
	mono_t now;
	const struct net_addr *source;
	const struct conf_limits *of_source, *of_all; /* 0: no limit */
	size_t octets;
	enum guard_kind kind;
};

/* Whose limit it was. */
struct guard_breach {
	enum guard_limit limit;
	bool total;
	unsigned n; /* refused since the last one that was to be told; 0: this
		       one is not to be told */
};

/* tell_ms: so often a source's refusals are to be told. NULL + errno. */
struct guard *guard_new(unsigned tell_ms);
void guard_free(struct guard *);

/* May it be looked at? No: *breach says why. */
bool guard_message(struct guard *, const struct guard_event *,
		   struct guard_breach *breach);
/* May an emergency call of that source be preferred now? guard_urge(): this one
 * is, if so. */
bool guard_may_urge(struct guard *, const struct guard_event *);
bool guard_urge(struct guard *, const struct guard_event *);
/* Something else was refused, by breach->limit and ->total: fills in n, which is
 * not 0 once in tell_ms for each source and limit. */
void guard_refused(struct guard *, const struct guard_event *,
		   struct guard_breach *breach);
/* How often that limit has refused something. */
uint64_t guard_count(const struct guard *, enum guard_limit);

/* "messages", as in its metric. */
const char *guard_name(enum guard_limit);
/* "limits.messages_per_second", as in the file. */
const char *guard_setting(enum guard_limit);
unsigned guard_value(const struct conf_limits *, enum guard_limit);

#endif
