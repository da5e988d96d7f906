/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the roles: one question of a client goes to each role that knows
 * part of the answer; the parts are put together when the last has come, or
 * after QUERY_MS with what is there.
 *
 * Thread: the console's loop. A query is freed by itself after its callback.
 */
#ifndef CONSOLE_QUERY_H
#define CONSOLE_QUERY_H

#include "gateway/base/obs.h"
#include "gateway/base/role.h"

#include "conf/conf.h"

#define QUERY_MS 2000

struct query;
struct asker;

/* text: JSON (Prometheus text for "metrics"), valid for the call. ok = false:
 * text says in words what is wrong. */
typedef void query_fn(void *client, bool ok, const char *text);

/* The links to the roles, shared with the role. */
struct observed {
	struct asker *asker;
	enum role_id role;
	unsigned index;
	bool gone; /* with its span: not asked */
	struct link link;
};

struct asker {
	struct loop *loop;
	unsigned n;
	struct observed roles[3 + CONF_SPANS]; /* core, sip, media, isdn... */
	struct observed supervisor;
	struct query *pending;
	uint32_t next_id;
	uint64_t stray; /* replies that nobody waited for */
};

void asker_init(struct asker *, struct loop *, const struct conf *);
/* Spans have come or gone. */
void asker_reload(struct asker *, const struct conf *);
void asker_fini(struct asker *);

/* The callback may come before this returns. Returns a handle for
 * query_cancel, valid until the callback; NULL when it has been answered. */
struct query *query_ask(struct asker *, const char *verb, const char *arg,
			query_fn *, void *client);
/* The client is gone: no callback. */
void query_cancel(struct asker *, struct query *);
/* From the links: OBS_REPLY. */
void query_reply(struct asker *, const struct link_head *);

#endif
