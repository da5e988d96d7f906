/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Script lines for the rig:
 *
 *	# a comment
 *	conf ringback|t301|t310|country|number|side SPAN-OR-TRUNK VALUE
 *	routes none | route SPAN|TRUNK to=N [match=] [allow=] [strip=] [prefix=]
 *	> WHO TYPE LEG key=value ...    WHO: span0 span1 sip
 *	> WHO SNAPSHOT LEG octets-as-text | CLEAR LEG octets-as-text
 *	> WHO SERVERS end= server= HOST ADDRESS
 *	> WHO KEPT LEG [ch=] [media=] [held] | SETTLED
 *	> media EVENT id=N kind=N | SPAN id=N kind=UP [full=1] |
 *	        OPENED ref= id= | CLOSED ref= id=
 *	media manual|auto
 *	advance MS
 *	down|up span0|span1|sip|media|console
 *	full / unfull                   no call record is free
 *	drain | reload | trace | ask VERB [ARG] | stop
 */
#ifndef TESTS_CORE_SCRIPT_H
#define TESTS_CORE_SCRIPT_H

#include "tests/core/rig.h"

static inline char *word(char **p)
{
	char *w = strsep(p, " ");

	return w == NULL ? (char *)"" : w;
}

static inline unsigned script_type(const char *name)
{
	for (unsigned t = 1; t < CC_TYPES; t++) {
		if (strcmp(cc_type_name(t), name) == 0) {
			return t;
		}
	}
	ck_abort_msg("no message type %s", name);
	return 0;
}

static inline leg_id script_leg(const char *text)
{
	return *text == 'c' ? CC_LEG_CORE | (leg_id)atoi(text + 1)
			    : (leg_id)atoi(text);
}

static inline void set_media(struct cc_media *m, char *v)
{
	static const char *const dirs[] = {"sendrecv", "sendonly",
					   "recvonly", "inactive"};
	char *opt = strchr(v, '/');

	if (opt != NULL) {
		*opt++ = '\0';
	}
	m->valid = 1;
	m->codec = CC_PCMA;
	m->ptime_ms = 20;
	m->dtmf_pt = 101;
	ck_assert_int_eq(net_parse(&m->rtp, v), 0);
	for (uint8_t i = 0; opt != NULL && i < 4; i++) {
		if (strcmp(opt, dirs[i]) == 0) {
			m->direction = i;
		}
	}
}

/* Suite and number of the keys, which are those of nobody: "1/7". */
static inline void set_crypto(struct cc_crypto *c, const char *v)
{
	unsigned suite, n;

	ck_assert_int_eq(sscanf(v, "%u/%u", &suite, &n), 2);
	c->suite = (uint8_t)suite;
	memset(c->tx.key, (int)n, sizeof(c->tx.key));
	memset(c->rx.key, (int)n + 100, sizeof(c->rx.key));
	c->rx.mki_len = 1;
	c->rx.mki[0] = (uint8_t)n;
}

static inline struct cc_number *number_of(struct cc_msg *m, const char *key)
{
	struct {
		const char *key;
		struct cc_number *n;
	} rows[] = {
		{"called", &m->called},	      {"calling", &m->calling},
		{"asserted", &m->asserted},   {"connected", &m->connected},
		{"redirecting", &m->redirecting},
		{"original", &m->extra.divert.original},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].key, key) == 0) {
			return rows[i].n;
		}
	}
	return NULL;
}

static inline void set_field(struct cc_msg *m, const char *key, char *v)
{
	struct {
		const char *key;
		uint8_t *at;
	} rows[] = {
		{"ch", &m->channel},	     {"progress", &m->progress},
		{"bearer", &m->bearer},	     {"complete", &m->complete},
		{"cause", &m->cause.value},  {"end", &m->end.index},
		{"loc", &m->cause.location},
		{"reason", &m->extra.divert.reason},
		{"diverted", &m->extra.divert.count},
		{"uui", &m->extra.uui.len},
		{"transfer", &m->transfer},
		{"pt", &m->media.codec},   {"dtmf", &m->media.dtmf_pt},
	};
	struct cc_number *n = number_of(m, key);

	if (n != NULL) {
		set_number(n, v);
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].key, key) == 0) {
			*rows[i].at = (uint8_t)atoi(v);
			return;
		}
	}
	if (strcmp(key, "media") == 0) {
		set_media(&m->media, v);
	} else if (strcmp(key, "crypto") == 0) {
		set_crypto(&m->media.crypto, v);
	} else if (strcmp(key, "other") == 0) {
		m->other = script_leg(v);
	} else if (strcmp(key, "digit") == 0) {
		m->digit = (uint8_t)*v;
	} else if (strcmp(key, "name") == 0) {
		str_copy(m->name, sizeof(m->name), v);
	} else if (strcmp(key, "group") == 0) {
		str_copy(m->extra.group, sizeof(m->extra.group), v);
	} else if (strcmp(key, "ref") == 0) {
		str_copy(m->ref, sizeof(m->ref), v);
	} else if (strcmp(key, "detail") == 0) {
		str_copy(m->detail, sizeof(m->detail), v);
	} else {
		ck_abort_msg("no field %s", key);
	}
}

static inline void script_end_state(struct link *l, struct cc_end end,
				    char *rest)
{
	struct cc_end_state e = {.end = end, .channels = 30, .free = 30};
	char *w;

	while ((w = strsep(&rest, " ")) != NULL) {
		e.up = strcmp(w, "up") == 0 ? 1 : e.up;
		e.end.index = strncmp(w, "end=", 4) == 0 ? (uint8_t)atoi(w + 4)
							 : e.end.index;
		e.free = strncmp(w, "free=", 5) == 0 ? (uint8_t)atoi(w + 5)
						     : e.free;
	}
	link_send(l, &e.head, CC_END_STATE, sizeof(e));
}

static inline void script_snapshot(struct link *l, unsigned type, char *rest)
{
	struct cc_snapshot s = {.leg = script_leg(word(&rest))};

	s.len = (uint16_t)strlen(rest);
	memcpy(s.bytes, rest, s.len);
	link_send(l, &s.head, (uint16_t)type, sizeof(s));
}

static inline void script_kept(struct link *l, struct cc_end end, char *rest)
{
	struct cc_kept k = {.leg = script_leg(word(&rest)), .end = end};
	char *w;

	while ((w = strsep(&rest, " ")) != NULL) {
		if (strncmp(w, "media=", 6) == 0) {
			k.media.valid = 1;
			k.media.codec = CC_PCMA;
			ck_assert_int_eq(net_parse(&k.media.rtp, w + 6), 0);
		} else if (strncmp(w, "ch=", 3) == 0) {
			k.channel = (uint8_t)atoi(w + 3);
		} else if (strcmp(w, "held") == 0) {
			k.held = 1;
		}
	}
	link_send(l, &k.head, CC_KEPT, sizeof(k));
}

static inline void script_servers(struct link *l, struct cc_end end,
				  char *rest)
{
	struct cc_servers s = {.end = end, .n = 1};

	s.end.index = (uint8_t)atoi(strchr(word(&rest), '=') + 1);
	s.server = (uint8_t)atoi(strchr(word(&rest), '=') + 1);
	str_copy(s.host, sizeof(s.host), word(&rest));
	ck_assert_int_eq(net_parse(&s.at[0].addr, rest), 0);
	link_send(l, &s.head, CC_SERVERS, sizeof(s));
}

static inline void script_cc(struct link *l, struct cc_end end, char *rest)
{
	struct cc_msg m = {.end = end};
	unsigned type = script_type(word(&rest));
	char *w, *v;

	if (type == CC_END_STATE) {
		script_end_state(l, end, rest);
		return;
	}
	if (type == CC_SETTLED) {
		struct link_head settled;

		link_send(l, &settled, CC_SETTLED, sizeof(settled));
		return;
	}
	if (type == CC_SERVERS) {
		script_servers(l, end, rest);
		return;
	}
	if (type == CC_KEPT) {
		script_kept(l, end, rest);
		return;
	}
	if (type == CC_SNAPSHOT || type == CC_CLEAR) {
		script_snapshot(l, type, rest);
		return;
	}
	m.leg = script_leg(word(&rest));
	m.complete = type == CC_SETUP;
	m.cause.location = CC_LOC_NONE;
	while ((w = strsep(&rest, " ")) != NULL) {
		v = strchr(w, '=');
		ck_assert_msg(v != NULL, "no value: %s", w);
		*v++ = '\0';
		set_field(&m, w, v);
	}
	link_send(l, &m.head, (uint16_t)type, sizeof(m));
}

static inline void script_media(char *rest)
{
	const char *type = word(&rest);
	struct media_event e = {0};
	struct media_span s = {0};
	char *w;

	while ((w = strsep(&rest, " ")) != NULL) {
		uint32_t n = (uint32_t)strtoul(strchr(w, '=') + 1, NULL, 0);

		if (strncmp(w, "ref=", 4) == 0) {
			e.ref = n;
		} else if (strncmp(w, "kind=", 5) == 0) {
			e.kind = (uint8_t)n;
		} else if (strncmp(w, "full=", 5) == 0) {
			s.full = (uint8_t)n;
		} else {
			e.id = n;
		}
	}
	if (strcmp(type, "OPENED") == 0) {
		send_opened(e.ref, e.id);
	} else if (strcmp(type, "CLOSED") == 0) {
		send_closed(e.ref, e.id);
	} else if (strcmp(type, "SPAN") == 0) {
		s.span = (uint16_t)e.id;
		s.up = e.kind;
		link_send(&rig.media, &s.head, MEDIA_SPAN, sizeof(s));
	} else {
		e.ref = e.ref != 0 ? e.ref : rig_refs[e.id & 65535];
		link_send(&rig.media, &e.head, MEDIA_EVENT, sizeof(e));
	}
}

static pool_id script_held[8192];
static unsigned script_n_held;

static inline void script_full(bool full)
{
	pool_id id;

	while (full && pool_alloc(rig.core->calls, &id) != NULL) {
		script_held[script_n_held++] = id;
	}
	while (!full && script_n_held > 0) {
		pool_free(rig.core->calls, script_held[--script_n_held]);
	}
}

static inline void script_send_to(const char *who, char *rest)
{
	if (strcmp(who, "sip") == 0) {
		script_cc(&rig.sip, (struct cc_end){CC_END_TRUNK, 0}, rest);
	} else if (strcmp(who, "media") == 0) {
		script_media(rest);
	} else {
		uint8_t i = (uint8_t)atoi(who + 4);

		script_cc(&rig.span[i], (struct cc_end){CC_END_SPAN, i}, rest);
	}
}

static unsigned script_setups, script_fail_at;

static inline void script_send(char *rest)
{
	const char *who = word(&rest);
	bool fail = strncmp(rest, "SETUP ", 6) == 0 &&
		    ++script_setups == script_fail_at;

	if (fail) {
		script_full(true);
	}
	script_send_to(who, rest);
	if (fail) {
		rig_settle();
		script_full(false);
	}
}

static inline void script_route(char *rest)
{
	unsigned kind = *rest == 's' ? CC_END_SPAN : CC_END_TRUNK;
	struct conf_route *r = rig_route(kind, (unsigned)atoi(rest + 1), 0);
	char *w;

	strsep(&rest, " ");
	while ((w = strsep(&rest, " ")) != NULL) {
		const char *v = strchr(w, '=') + 1;

		switch (*w) {
		case 't': r->to = (uint8_t)atoi(v); break;
		case 'm':
			str_copy(r->match[r->n_match++], CONF_NUMBER, v);
			break;
		case 'a': rig_allow(r, v); break;
		case 's': r->strip = (uint8_t)atoi(v); break;
		default: str_copy(r->prefix, CONF_NUMBER, v);
		}
	}
}

static inline void script_conf(char *rest)
{
	const char *key = word(&rest);
	unsigned i = (unsigned)atoi(word(&rest));
	struct conf_span *s = &rig.conf->conf.spans[i];

	if (strcmp(key, "ringback") == 0) {
		s->ringback = *rest == 'a' ? CONF_RINGBACK_AUTO
			      : strcmp(rest, "on") == 0 ? CONF_RINGBACK_ON
							: CONF_RINGBACK_OFF;
	} else if (strcmp(key, "t301") == 0) {
		s->isdn.t301_s = (uint16_t)atoi(rest);
	} else if (strcmp(key, "t310") == 0) {
		s->isdn.t310_s = (uint16_t)atoi(rest);
	} else if (strcmp(key, "country") == 0) {
		str_copy(s->country_code, 8, rest);
	} else if (strcmp(key, "refer") == 0) {
		rig.conf->conf.trunks[i].refer.mode =
			(enum conf_refer)atoi(rest);
	} else if (strcmp(key, "clear_mode") == 0) {
		rig.conf->conf.trunks[i].wire.clear_mode = *rest == '1';
	} else if (strcmp(key, "number") == 0) {
		str_copy(rig.conf->conf.trunks[i].who.number, CONF_NUMBER, rest);
	} else {
		ck_abort_msg("no setting %s", key);
	}
}

static inline void script_link(const char *who, bool up)
{
	if (strcmp(who, "sip") == 0) {
		up ? rig_up_sip() : link_close(&rig.sip);
	} else if (strcmp(who, "media") == 0) {
		up ? rig_join(ROLE_MEDIA, 0, &rig.media, &media_peer)
		   : link_close(&rig.media);
	} else if (strcmp(who, "console") == 0) {
		up ? rig_join(ROLE_CONSOLE, 0, &rig.console, &console_peer)
		   : link_close(&rig.console);
	} else if (up) {
		rig_up_span((unsigned)atoi(who + 4));
	} else {
		link_close(&rig.span[atoi(who + 4)]);
	}
}

static inline void script_ask(char *rest)
{
	struct obs_query q = {.id = 1};

	str_copy(q.verb, sizeof(q.verb), word(&rest));
	str_copy(q.arg, sizeof(q.arg), rest == NULL ? "" : rest);
	link_send(&rig.console, &q.head, OBS_QUERY, sizeof(q));
}

static inline void script_line(char *line)
{
	char *rest = line;
	const char *verb = word(&rest);
	struct obs_switch on = {.on = 1};

	if (rest == NULL) {
		rest = line + strlen(line);
	}
	if (*verb == '#' || *verb == '\0') {
		return;
	} else if (strcmp(verb, "conf") == 0) {
		script_conf(rest);
		return;
	} else if (strcmp(verb, "routes") == 0) {
		rig.conf->conf.n_routes = 0;
		return;
	} else if (strcmp(verb, "route") == 0) {
		script_route(rest);
		return;
	}
	if (rig.role == NULL) {
		rig_start();
		rig_settle();
	}
	if (strcmp(verb, ">") == 0) {
		script_send(rest);
	} else if (strcmp(verb, "advance") == 0) {
		loop_advance(rig.loop, atoi(rest));
	} else if (strcmp(verb, "media") == 0) {
		rig.media_auto = strcmp(rest, "auto") == 0;
	} else if (strcmp(verb, "down") == 0 || strcmp(verb, "up") == 0) {
		script_link(rest, *verb == 'u');
	} else if (strcmp(verb, "full") == 0) {
		script_full(true);
	} else if (strcmp(verb, "unfull") == 0) {
		script_full(false);
	} else if (strcmp(verb, "drain") == 0) {
		core_role_ops.drain(rig.role);
	} else if (strcmp(verb, "reload") == 0) {
		rig_out("# reload %d\n",
			core_role_ops.reload(rig.role, rig.conf,
					     sizeof(*rig.conf)));
	} else if (strcmp(verb, "trace") == 0) {
		link_send(&rig.console, &on.head, OBS_TRACE_ON, sizeof(on));
	} else if (strcmp(verb, "ask") == 0) {
		script_ask(rest);
	} else if (strcmp(verb, "stop") == 0) {
		rig_stop();
	} else {
		ck_abort_msg("no such line: %s", verb);
	}
	rig_settle();
}

/* Ends whatever is left, as roles would: each leg RELEASED, media closed. */
static inline void script_clean(void)
{
	if (rig.role == NULL) {
		rig_start();
	}
	script_full(false);
	rig.media_auto = true;
	loop_advance(rig.loop, 70000);
	for (unsigned i = 0; i < LEG_BUCKETS; i++) {
		struct leg *leg;

		while ((leg = rig.core->legs.buckets[i]) != NULL) {
			struct cc_msg m = {.leg = leg->id, .end = leg->end,
					   .cause = {16, CC_LOC_NONE}};
			struct link *l = leg->end.kind == CC_END_SPAN
						 ? &rig.span[leg->end.index]
						 : &rig.sip;

			link_send(l, &m.head, CC_RELEASED, sizeof(m));
			rig_settle();
		}
	}
	loop_advance(rig.loop, 70000);
}

/* After script_clean: nothing is left, and each call has its record. */
static inline void script_check(unsigned cdrs)
{
	const struct core_counts *n = &rig.core->n;
	unsigned owners = 0;

	ck_assert_uint_eq(pool_used(rig.core->calls), 0);
	ck_assert_uint_eq(rig.core->legs.used, 0);
	ck_assert_uint_eq(rig.core->journal.used, 0);
	ck_assert_uint_eq(rig.core->cdr.queued, 0);
	for (unsigned i = 0; i < RIG_SPANS; i++) {
		for (unsigned k = 0; k < CORE_SLOTS; k++) {
			owners += rig.core->spans[i].owner[k] != 0;
		}
	}
	ck_assert_uint_eq(owners, 0);
	ck_assert_uint_eq(rig.core->trunks[0].calls, 0);
	ck_assert_uint_eq(rig.core->trunks[1].calls, 0);
	ck_assert(!rig_has_timer());
	ck_assert_uint_eq(cdrs, n->calls[0] + n->calls[1] + n->crashed);
}

/* Runs a whole script; each of its lines comes before its effects. */
static inline void script_run(const char *text)
{
	char *copy = strdup(text), *p = copy, *line;

	while ((line = strsep(&p, "\n")) != NULL) {
		if (*line != '\0' && *line != '#') {
			rig_out("%s\n", line);
		}
		script_line(line);
	}
	free(copy);
}

#endif
