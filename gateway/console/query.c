/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/console/query.h"

#include "gateway/base/json.h"
#include "gateway/base/str.h"
#include "gateway/console/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PART_MAX  (4u << 20) /* octets of one role's answer */
#define OF(role)  (1u << (role))
#define ALL_ROLES (OF(ROLE_CORE) | OF(ROLE_SIP) | OF(ROLE_ISDN) | OF(ROLE_MEDIA))

/* Who answers a verb. A verb of one role gives that role's JSON as it is;
 * one of several gives an object with a member for each. */
static const struct {
	const char *verb;
	unsigned roles;
	bool command; /* for the supervisor */
} verbs[] = {
	{ "status", ALL_ROLES, false },
	{ "spans", OF(ROLE_CORE) | OF(ROLE_ISDN) | OF(ROLE_MEDIA), false },
	{ "channels", OF(ROLE_ISDN), false },
	{ "calls", OF(ROLE_CORE), false },
	{ "trunks", OF(ROLE_CORE) | OF(ROLE_SIP), false },
	{ "explain", OF(ROLE_CORE), false },
	{ "transfer", OF(ROLE_CORE), false },
	{ "nfas", OF(ROLE_CORE), false },
	{ "nfas-switch", OF(ROLE_ISDN), false },
	{ "channel", OF(ROLE_ISDN), false },
	{ "performance", OF(ROLE_MEDIA), false },
	{ "metrics", ALL_ROLES, false },
	{ "reload", 0, true },
	{ "drain", 0, true },
	{ "span", 0, true },
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* What a role is asked for when the client says "spans" or "trunks". */
static const struct {
	const char *verb;
	enum role_id role;
	const char *ask;
} translations[] = {
	{ "spans", ROLE_ISDN, "status" },
	{ "spans", ROLE_MEDIA, "lines" },
};

struct part {
	uint32_t id; /* of the OBS_QUERY; 0: not asked or answered */
	enum role_id role;
	unsigned index;
	char *text;
	size_t len;
	bool error;
};

struct query {
	struct query *next;
	struct asker *asker;
	size_t verb;
	query_fn *fn;
	void *client;
	struct timer timer;
	unsigned n, waiting;
	struct part parts[4 + CONF_SPANS];
};

static const char *const role_keys[ROLE_COUNT] = {
	[ROLE_SUPERVISOR] = "gateway", [ROLE_CORE] = "core",
	[ROLE_SIP] = "sip",	       [ROLE_ISDN] = "isdn",
	[ROLE_MEDIA] = "media",	       [ROLE_CONSOLE] = "console",
};

void asker_init(struct asker *a, struct loop *loop, const struct conf *conf)
{
	static const enum role_id single[] = { ROLE_CORE, ROLE_SIP,
					       ROLE_MEDIA };

	memset(a, 0, sizeof(*a));
	a->loop = loop;
	a->supervisor = (struct observed){ .asker = a };
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
		a->roles[a->n++] = (struct observed){ .asker = a,
						      .role = single[i] };
	}
	asker_reload(a, conf);
}

static struct observed *isdn_of(struct asker *a, unsigned index)
{
	struct observed *x = a->roles;

	while (x < a->roles + a->n &&
	       (x->role != ROLE_ISDN || x->index != index)) {
		x++;
	}
	if (x == a->roles + a->n) {
		a->n++;
		*x = (struct observed){ .asker = a,
					.role = ROLE_ISDN,
					.index = index };
	}
	return x;
}

void asker_reload(struct asker *a, const struct conf *conf)
{
	for (unsigned i = 0; i < conf->n_spans && i < CONF_SPANS; i++) {
		/* An NFAS group has one role. */
		if (conf_leader(conf->spans, i) == i) {
			isdn_of(a, i)->gone = conf->spans[i].gone;
		}
	}
}

static void query_free(struct query *q)
{
	for (unsigned i = 0; i < q->n; i++) {
		free(q->parts[i].text);
	}
	timer_stop(q->asker->loop, &q->timer);
	free(q);
}

static void unlink_query(struct asker *a, struct query *q)
{
	struct query **p = &a->pending;

	while (*p && *p != q) {
		p = &(*p)->next;
	}
	if (*p) {
		*p = q->next;
	}
}

void asker_fini(struct asker *a)
{
	while (a->pending) {
		query_cancel(a, a->pending);
	}
	for (unsigned i = 0; i < a->n; i++) {
		link_close(&a->roles[i].link);
	}
	link_close(&a->supervisor.link);
}

void query_cancel(struct asker *a, struct query *q)
{
	unlink_query(a, q);
	query_free(q);
}

/* --- putting the parts together --- */

static void write_part(struct json *j, const char *key, const struct part *p)
{
	if (p->id || p->error || !p->text) {
		json_obj(j, key);
		json_str(j, "error", p->text && p->error ? p->text :
							   "no answer");
		json_close(j);
	} else {
		json_raw(j, key, p->text);
	}
}

static void write_object(struct json *j, const struct query *q)
{
	bool isdn = false;

	json_obj(j, NULL);
	for (unsigned i = 0; i < q->n; i++) {
		if (q->parts[i].role != ROLE_ISDN) {
			write_part(j, role_keys[q->parts[i].role],
				   &q->parts[i]);
		} else {
			isdn = true;
		}
	}
	if (isdn) {
		json_arr(j, "isdn");
		for (unsigned i = 0; i < q->n; i++) {
			if (q->parts[i].role == ROLE_ISDN) {
				write_part(j, NULL, &q->parts[i]);
			}
		}
		json_close(j);
	}
	json_close(j);
}

static size_t parts_size(const struct query *q)
{
	size_t size = 1024;

	for (unsigned i = 0; i < q->n; i++) {
		size += q->parts[i].len + 128;
	}
	return size;
}

static char *merge_metrics(const struct query *q, size_t size)
{
	char *all = calloc(1, size), *merged;
	size_t len = 0;

	for (unsigned i = 0; all && i < q->n; i++) {
		const struct part *p = &q->parts[i];

		if (p->text && !p->error && !p->id) {
			memcpy(all + len, p->text, p->len);
			len += p->len;
			all[len++] = '\n';
		}
	}
	merged = all ? metrics_merge(all, len) : NULL;
	free(all);
	return merged;
}

static char *merge_json(const struct query *q, size_t size)
{
	char *all = malloc(size);
	struct json j;

	if (all) {
		json_init(&j, all, size);
		write_object(&j, q);
		if (json_end(&j) < 0) {
			free(all);
			all = NULL;
		}
	}
	return all;
}

static void give_one(struct query *q)
{
	const struct part *p = &q->parts[0];

	if (p->id || !p->text) {
		q->fn(q->client, false, "no answer: the role is not there");
	} else {
		q->fn(q->client, !p->error, p->text);
	}
}

static void finish(struct query *q)
{
	bool metrics = !strcmp(verbs[q->verb].verb, "metrics");
	char *text;

	unlink_query(q->asker, q);
	if (!metrics && (q->n == 1 || verbs[q->verb].command) &&
	    verbs[q->verb].roles != OF(ROLE_ISDN)) {
		give_one(q);
		query_free(q);
		return;
	}
	text = metrics ? merge_metrics(q, parts_size(q)) :
			 merge_json(q, parts_size(q));
	q->fn(q->client, text != NULL, text ? text : "out of memory");
	free(text);
	query_free(q);
}

static void on_timeout(struct timer *t)
{
	finish(container_of(t, struct query, timer));
}

/* --- asking --- */

static const char *translate(const char *verb, enum role_id role)
{
	for (size_t i = 0; i < sizeof(translations) / sizeof(translations[0]);
	     i++) {
		if (translations[i].role == role &&
		    !strcmp(translations[i].verb, verb)) {
			return translations[i].ask;
		}
	}
	return verb;
}

static void ask_part(struct query *q, struct observed *who, const char *arg)
{
	struct part *p = &q->parts[q->n++];
	struct obs_query m = { .id = ++q->asker->next_id };
	const char *verb = verbs[q->verb].verb;
	uint16_t type = verbs[q->verb].command ? OBS_COMMAND : OBS_QUERY;

	p->role = who->role;
	p->index = who->index;
	str_copy(m.verb, sizeof(m.verb), translate(verb, who->role));
	str_copy(m.arg, sizeof(m.arg), arg);
	p->id = m.id;
	if (link_is_up(&who->link) &&
	    link_send(&who->link, &m.head, type, sizeof(m)) == 0) {
		q->waiting++;
	}
}

static size_t find_verb(const char *verb)
{
	size_t i = 0;

	while (i < N_VERBS && strcmp(verbs[i].verb, verb)) {
		i++;
	}
	return i;
}

struct query *query_ask(struct asker *a, const char *verb, const char *arg,
			query_fn *fn, void *client)
{
	size_t v = find_verb(verb);
	struct query *q = v < N_VERBS ? calloc(1, sizeof(*q)) : NULL;

	if (!q) {
		fn(client, false, v < N_VERBS ? "out of memory" :
						"no such command");
		return NULL;
	}
	q->asker = a;
	q->verb = v;
	q->fn = fn;
	q->client = client;
	q->next = a->pending;
	a->pending = q;
	if (verbs[v].command) {
		ask_part(q, &a->supervisor, arg);
	}
	for (unsigned i = 0; i < a->n; i++) {
		if (verbs[v].roles & OF(a->roles[i].role) &&
		    !a->roles[i].gone) {
			ask_part(q, &a->roles[i], arg);
		}
	}
	if (!q->waiting) {
		finish(q);
		return NULL;
	}
	timer_start(a->loop, &q->timer, on_timeout, QUERY_MS);
	return q;
}

static struct part *find_part(struct asker *a, uint32_t id, struct query **q)
{
	for (*q = a->pending; *q; *q = (*q)->next) {
		for (unsigned i = 0; i < (*q)->n; i++) {
			if ((*q)->parts[i].id == id) {
				return &(*q)->parts[i];
			}
		}
	}
	return NULL;
}

static bool append(struct part *p, const char *text, size_t len)
{
	char *grown = p->len + len < PART_MAX ?
		realloc(p->text, p->len + len + 1) : NULL;

	if (!grown) {
		return false;
	}
	p->text = grown;
	memcpy(p->text + p->len, text, len);
	p->len += len;
	p->text[p->len] = '\0';
	return true;
}

void query_reply(struct asker *a, const struct link_head *head)
{
	const struct obs_reply *r = (const void *)head;
	struct query *q;
	struct part *p;

	if (head->len < offsetof(struct obs_reply, text) ||
	    r->len != head->len - offsetof(struct obs_reply, text) ||
	    r->id == 0 || !(p = find_part(a, r->id, &q))) {
		a->stray++;
		return;
	}
	if (!append(p, r->text, r->len)) {
		p->error = true;
	}
	p->error |= r->error != 0;
	if (!r->more) {
		p->id = 0;
		if (--q->waiting == 0) {
			finish(q);
		}
	}
}
