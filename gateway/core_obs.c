/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console's questions and their answers, and the trace of call events. */
#include "gateway/call.h"
#include "gateway/nfas_verify.h"

#include "gateway/base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MIN (64u << 10)
#define ANSWER_MAX (16u << 20)

typedef int verb_fn(struct core *, char *buf, size_t size);

static const struct {
	const char *verb;
	verb_fn *fn;
} verbs[] = {
	{"status", core_status},     {"spans", core_spans},
	{"trunks", core_trunks},     {"channels", core_channels},
	{"calls", core_calls},	     {"metrics", core_metrics},
};

static void send_piece(struct core *core, struct obs_reply *r, uint32_t id,
		       const char *text, size_t len, bool more)
{
	r->id = id;
	r->more = more;
	r->len = (uint16_t)len;
	memcpy(r->text, text, len);
	if (link_send(&core->console, &r->head, OBS_REPLY,
		      offsetof(struct obs_reply, text) + len) != 0) {
		core->drops.unsent++;
	}
}

static void answer(struct core *core, uint32_t id, const char *text,
		   size_t len, bool error)
{
	struct obs_reply r = {.error = error};

	while (len > OBS_TEXT) {
		send_piece(core, &r, id, text, OBS_TEXT, true);
		text += OBS_TEXT;
		len -= OBS_TEXT;
	}
	send_piece(core, &r, id, text, len, false);
}

static void fail(struct core *core, uint32_t id, const char *why)
{
	answer(core, id, why, strlen(why), true);
}

/* "FROM NUMBER": numbers hold no blank, names of ends may. */
static int explain(struct core *core, const char *arg, char *buf, size_t size)
{
	struct route_ends ends = {0};
	char from[CONF_NAME];
	const char *blank = strrchr(arg, ' ');

	if (blank == NULL ||
	    !str_copy_n(from, sizeof(from), arg, (size_t)(blank - arg))) {
		return -ENOENT;
	}
	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		ends.span_up[i] = core_end_up(
			core, (struct cc_end){CC_END_SPAN, (uint8_t)i});
	}
	for (unsigned i = 0; i < core->conf->n_trunks; i++) {
		ends.trunk_up[i] = core_end_up(
			core, (struct cc_end){CC_END_TRUNK, (uint8_t)i});
	}
	return route_explain(core->conf, &ends, from, blank + 1, buf, size);
}

/* "CALL NUMBER" */
static int transfer(struct core *core, const char *arg, char *buf, size_t size)
{
	char id[CDR_ID];
	const char *blank = strchr(arg, ' ');
	int err = -ENXIO;

	if (blank != NULL &&
	    str_copy_n(id, sizeof(id), arg, (size_t)(blank - arg))) {
		err = call_transfer_out(core, id, blank + 1);
	}
	if (err != 0) {
		return err == -ENOENT ? -ENXIO : err == -EBUSY ? -EALREADY : err;
	}
	return snprintf(buf, size, "{\"asked\": true}");
}

static int run_verb(struct core *core, const struct obs_query *q, char *buf,
		    size_t size)
{
	if (strcmp(q->verb, "explain") == 0) {
		return explain(core, q->arg, buf, size);
	}
	if (strcmp(q->verb, "transfer") == 0) {
		return transfer(core, q->arg, buf, size);
	}
	if (strcmp(q->verb, "nfas") == 0) {
		return nfas_verify_query(core, q->arg, buf, size);
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(q->verb, verbs[i].verb) == 0) {
			return verbs[i].fn(core, buf, size);
		}
	}
	return -EOPNOTSUPP;
}

static void on_query(struct core *core, const struct obs_query *q)
{
	int n = -ENOSPC;

	for (size_t size = ANSWER_MIN; n == -ENOSPC && size <= ANSWER_MAX;
	     size *= 4) {
		char *buf = malloc(size);

		if (buf == NULL) {
			break;
		}
		n = run_verb(core, q, buf, size);
		if (n >= 0) {
			answer(core, q->id, buf, (size_t)n, false);
		}
		free(buf);
	}
	if (n == -EOPNOTSUPP) {
		fail(core, q->id, "core does not know this question");
	} else if (n == -ENOENT) {
		fail(core, q->id, "usage: explain FROM NUMBER; FROM is the "
				  "name of a span or trunk");
	} else if (n == -EINVAL) {
		fail(core, q->id, strcmp(q->verb, "nfas") == 0
					  ? "usage: nfas verify GROUP NUMBER; "
					    "GROUP is an NFAS group, NUMBER "
					    "one that comes back to it"
					  : "not a number");
	} else if (n == -ENXIO) {
		fail(core, q->id, "no such answered call; its id is shown by "
				  "\"calls\"");
	} else if (n == -EALREADY) {
		fail(core, q->id, "the call cannot be transferred now");
	} else if (n == -EBUSY) {
		fail(core, q->id, "a verification is under way");
	} else if (n < 0) {
		fail(core, q->id, "no memory for the answer");
	}
}

void core_on_obs(struct core *core, const struct link_head *head)
{
	const struct obs_query *q = (const void *)head;
	const struct obs_switch *s = (const void *)head;

	if (head->type == OBS_QUERY && head->len == sizeof(*q) &&
	    memchr(q->verb, '\0', sizeof(q->verb)) != NULL &&
	    memchr(q->arg, '\0', sizeof(q->arg)) != NULL) {
		on_query(core, q);
	} else if (head->type == OBS_TRACE_ON && head->len == sizeof(*s)) {
		core->tracing = s->on != 0;
	} else {
		core->drops.bad_obs++;
	}
}

void core_trace(struct core *core, const struct call *call, const char *text)
{
	struct obs_trace t = {.kind = OBS_CALL, .index = 255};

	if (!core->tracing) {
		return;
	}
	t.wall_us = loop_wall_ms(core->role.loop) * 1000;
	if (call != NULL) {
		t.index = call->cdr.a.end.index;
		str_copy(t.call, sizeof(t.call), call->cdr.id);
	}
	str_copy(t.text, sizeof(t.text), text);
	if (link_send(&core->console, &t.head, OBS_TRACE,
		      offsetof(struct obs_trace, bytes)) != 0) {
		core->drops.unsent++;
	}
}
