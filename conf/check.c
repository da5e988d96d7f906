/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/check.h"

#include "conf/check_priv.h"
#include "conf/value.h"

#include <stdio.h>
#include <string.h>

enum { ULAW_SILENCE = 0xff };

const struct node *check_item(const struct checker *c, const char *list,
			      unsigned i)
{
	const struct node *n = tree_get(c->root, list);

	for (n = n && n->kind == NODE_LIST ? n->child : NULL; n && i; i--) {
		n = n->next;
	}
	return n && n->kind == NODE_MAP ? n : NULL;
}

struct place check_place(const struct node *map, const char *key,
			 const char *sub)
{
	const struct node *n = map ? tree_get(map, key) : NULL;

	if (n && sub && n->kind == NODE_MAP && tree_get(n, sub)) {
		n = tree_get(n, sub);
	}
	if (n) {
		return n->at;
	}
	return map ? map->at : (struct place){ 0 };
}

/* --- names --- */

static const char *end_name(const struct conf *c, unsigned i)
{
	return i < c->n_spans ? c->spans[i].name :
				c->trunks[i - c->n_spans].name;
}

static void check_names(const struct checker *c)
{
	unsigned n = c->conf->n_spans + c->conf->n_trunks;

	for (unsigned i = 1; i < n; i++) {
		bool span = i < c->conf->n_spans;
		const struct node *map =
			check_item(c, span ? "spans" : "trunks",
			     span ? i : i - c->conf->n_spans);

		for (unsigned k = 0; k < i; k++) {
			const char *name = end_name(c->conf, i);

			if (*name && !strcmp(name, end_name(c->conf, k))) {
				report_error(c->report,
					     check_place(map, "name", NULL),
					     "the name \"%s\" is taken", name);
				break;
			}
		}
	}
}

/* --- spans --- */

/* Is that setting of the line in the file? */
static bool has_line_key(const struct node *map, const char *key)
{
	const struct node *line = map ? tree_get(map, "line") : NULL;

	return line && line->kind == NODE_MAP && tree_get(line, key);
}

static void check_pseudowire(const struct checker *c, unsigned i)
{
	const struct conf_line *l = &c->conf->spans[i].line;
	const struct node *map = check_item(c, "spans", i);
	static const char *const needed[] = { "local", "peer" };

	for (unsigned k = 0; k < 2 && map; k++) {
		if (!has_line_key(map, needed[k])) {
			report_error(c->report, map->at,
				     "spans: \"line.%s\" is missing",
				     needed[k]);
		}
	}
	if (has_line_key(map, "span")) {
		report_error(c->report, check_place(map, "line", "span"),
			     "line.span is for driver: dahdi");
	}
	if (l->peer.family && net_is_any(&l->peer)) {
		report_error(c->report, check_place(map, "line", "peer"),
			     "the far end has an address of its own");
	}
	if (l->local.family && l->peer.family &&
	    l->local.family != l->peer.family) {
		report_error(c->report, check_place(map, "line", "peer"),
			     "local and peer are of different kinds (IPv4, "
			     "IPv6)");
	} else if (l->local.family && net_addr_eq(&l->local, &l->peer)) {
		report_error(c->report, check_place(map, "line", "peer"),
			     "the line's two ends are the same address");
	}
	for (unsigned k = 0; k < i; k++) {
		if (l->local.family &&
		    net_addr_eq(&l->local, &c->conf->spans[k].line.local)) {
			report_error(c->report, check_place(map, "line", "local"),
				     "span %s has this address already",
				     c->conf->spans[k].name);
		}
	}
}

/* Is that setting of the span in the file? */
static bool has_key(const struct node *map, const char *key)
{
	return map && tree_get(map, key);
}

/* Is there a SERVICE to say it with? */
static void check_busy_out(const struct checker *c, unsigned i)
{
	const struct conf_span *s = &c->conf->spans[i];

	if (s->busy_out == CONF_BUSY_SERVICE && s->isdn.exchange != CONF_NI2) {
		problem_fix(report_error(c->report,
					 check_place(check_item(c, "spans", i),
						     "busy_out", NULL),
					 "busy_out: service is for switch: ni2; "
					 "EuroISDN has no SERVICE message"),
			    "busy_out: d_channel");
	}
}

/* The kinds of span that a card has. */
static void check_dahdi_kind(const struct checker *c, unsigned i)
{
	const struct conf_span *s = &c->conf->spans[i];
	const struct node *map = check_item(c, "spans", i);
	bool e1 = s->line.last_slot == 31 && s->line.d_slot == 16;
	bool t1 = s->line.last_slot == 24 &&
		  (s->line.d_slot == 24 || s->isdn.nfas.d == CONF_D_NONE);

	if (s->line.first_slot != 1 || (!e1 && !t1)) {
		problem_fix(report_error(c->report,
					 check_place(map, "line", "last_slot"),
					 "neither an E1 nor a T1"),
			    "E1: leave first_slot, last_slot and d_slot away; "
			    "T1: last_slot: 24, d_slot: 24");
	} else if (t1 && s->law == CONF_ALAW) {
		problem_fix(report_warning(c->report, check_place(map, "law",
							       NULL),
					   "a T1 has u-law nearly everywhere"),
			    "law: ulaw");
	}
}

static void check_dahdi(const struct checker *c, unsigned i)
{
	static const char *const foreign[] = { "local", "peer", "frames",
					       "jitter", "rtp", "clock" };
	struct conf_span *s = &c->conf->spans[i];
	const struct conf_line *l = &s->line;
	const struct node *map = check_item(c, "spans", i);

	if (!has_key(map, "alarm_raise")) {
		s->alarm_raise_ms = 0;
	}
	for (unsigned k = 0; k < sizeof(foreign) / sizeof(*foreign); k++) {
		if (has_line_key(map, foreign[k])) {
			report_error(c->report,
				     check_place(map, "line", foreign[k]),
				     "line.%s is for driver: pseudowire",
				     foreign[k]);
		}
	}
	if (!l->dahdi_span) {
		problem_fix(report_error(c->report,
					 check_place(map, "line", "driver"),
					 "which DAHDI span?"),
			    "span: 1 (dahdi_scan tells the numbers)");
	}
	if (l->time == CONF_TIME_LOCKSTEP) {
		report_error(c->report, check_place(map, "line", "time"),
			     "a card has its own time: no lockstep");
	}
	for (unsigned k = 0; k < i; k++) {
		const struct conf_span *other = &c->conf->spans[k];

		if (l->dahdi_span && other->line.driver == CONF_DAHDI &&
		    other->line.dahdi_span == l->dahdi_span) {
			report_error(c->report, check_place(map, "line", "span"),
				     "span %s has this DAHDI span already",
				     other->name);
		}
	}
	check_dahdi_kind(c, i);
}

static void check_line(const struct checker *c, unsigned i)
{
	struct conf_span *s = &c->conf->spans[i];
	const struct conf_line *l = &s->line;
	const struct node *map = check_item(c, "spans", i);

	if (s->law == CONF_ULAW && !has_line_key(map, "idle")) {
		s->line.idle = ULAW_SILENCE;
	}
	if (l->first_slot > l->last_slot) {
		report_error(c->report, check_place(map, "line", "last_slot"),
			     "first_slot lies behind last_slot");
	} else if (s->isdn.nfas.d != CONF_D_NONE &&
		   (l->d_slot < l->first_slot || l->d_slot > l->last_slot)) {
		report_error(c->report, check_place(map, "line", "d_slot"),
			     "the D channel is not among the slots carried");
	}
	if (l->driver == CONF_DAHDI) {
		check_dahdi(c, i);
	} else {
		check_pseudowire(c, i);
	}
}

/*
 * Each line has one master of its clock: the carrier, or we towards a PBX. Two,
 * or none, are slips. (With dahdi it stands in system.conf: the doctor looks.)
 */
static void check_clock(const struct checker *c, unsigned i)
{
	const struct conf_span *s = &c->conf->spans[i];
	const struct node *map = check_item(c, "spans", i);
	bool user = s->isdn.side == CONF_SIDE_USER;
	bool master = s->line.clock == CONF_CLOCK_MASTER;

	if (s->line.driver == CONF_PSEUDOWIRE &&
	    s->line.time == CONF_TIME_WALL && user == master) {
		problem_fix(report_warning(c->report,
					   check_place(map, "line", "clock"),
					   user ? "two masters: the far end is "
						  "the carrier, who gives the "
						  "clock"
						: "no master: the far end is a "
						  "PBX, which takes the clock "
						  "from us"),
			    user ? "clock: slave" : "clock: master");
	}
	if (s->clock_source && s->line.driver == CONF_PSEUDOWIRE && master) {
		problem_fix(report_error(c->report,
					 check_place(map, "clock_source", NULL),
					 "the clock of this line is ours: it "
					 "is no source"),
			    "line: {clock: slave}, or no clock_source");
	}
	for (unsigned k = 0; k < i && s->clock_source; k++) {
		if (c->conf->spans[k].clock_source == s->clock_source) {
			report_error(c->report,
				     check_place(map, "clock_source", NULL),
				     "span %s is source %u already: two "
				     "masters", c->conf->spans[k].name,
				     s->clock_source);
		}
	}
}

static void check_spans(const struct checker *c)
{
	for (unsigned i = 0; i < c->conf->n_spans; i++) {
		const struct conf_span *s = &c->conf->spans[i];
		const struct node *map = check_item(c, "spans", i);

		check_line(c, i);
		check_clock(c, i);
		check_busy_out(c, i);
		if (s->echo_tail_ms != 32 && s->echo_tail_ms != 64 &&
		    s->echo_tail_ms != 128) {
			report_error(c->report,
				     check_place(map, "echo_tail", NULL),
				     "echo_tail: 32, 64 or 128 ms");
		}
		if (s->area_code[0] && !s->country_code[0]) {
			report_error(c->report,
				     check_place(map, "area_code", NULL),
				     "area_code needs country_code");
		}
	}
}

/* --- trunks --- */

/* A peer that may transfer to every number may call them at our cost. */
static void check_refer(const struct checker *c, const struct node *map,
			const struct conf_trunk_refer *r)
{
	if ((r->mode == CONF_REFER_ON) != (r->n_allow > 0)) {
		problem_fix(report_error(c->report,
					 check_place(map, r->n_allow
								  ? "refer_allow"
								  : "refer",
						     NULL),
					 "refer: on and refer_allow belong "
					 "together"),
			    "refer: on, and refer_allow: [\"2*\"]");
	}
	for (unsigned i = 0; i < r->n_allow; i++) {
		if (!strcmp(r->allow[i], "*")) {
			report_warning(c->report,
				       check_place(map, "refer_allow", NULL),
				       "the peer may transfer to every "
				       "number");
		}
	}
}

static void check_register(const struct checker *c, const struct conf_trunk *t,
			   const struct node *map)
{
	struct place mode = check_place(map, "register", "mode");

	if (t->reg.mode == CONF_REGISTER_PLAIN && !t->reg.n_users &&
	    !t->auth_user[0]) {
		problem_fix(report_error(c->report, mode,
					 "who is to be registered?"),
			    "register: {users: [\"...\"]}, or auth");
	}
	if (t->reg.mode == CONF_REGISTER_GIN && !t->domain[0]) {
		problem_fix(report_error(c->report, mode,
					 "gin needs the domain"),
			    "domain: provider.example");
	}
	if (t->reg.mode == CONF_REGISTER_OFF && t->reg.outbound) {
		problem_fix(report_error(c->report,
					 check_place(map, "register",
						     "outbound"),
					 "outbound: nothing is registered"),
			    "register: {mode: plain, outbound: true}");
	}
}

/* A file that holds no password has been told when it was read. */
static bool is_told(const struct node *trunk, const struct conf_trunk *t)
{
	const struct node *auth = trunk ? tree_get(trunk, "auth") : NULL;
	const struct node *n = auth && auth->kind == NODE_MAP
				       ? tree_get(auth, "password") : NULL;

	return t->auth_user[0] && n && n->kind == NODE_MAP;
}

static void check_trunks(const struct checker *c)
{
	for (unsigned i = 0; i < c->conf->n_trunks; i++) {
		const struct conf_trunk *t = &c->conf->trunks[i];
		const struct node *map = check_item(c, "trunks", i);

		check_trunk_wire(c, i);
		check_refer(c, map, &t->refer);
		if (t->ptime_ms % 10) {
			report_error(c->report, check_place(map, "ptime", NULL),
				     "ptime: a multiple of 10 ms");
		}
		check_register(c, t, map);
		if (!t->auth_user[0] != !t->auth_password[0] &&
		    !is_told(map, t)) {
			report_error(c->report, check_place(map, "auth", NULL),
				     "auth needs both user and password");
		}
		if (t->dialog.session_expires_s &&
		    t->dialog.session_expires_s < t->dialog.min_se_s) {
			report_error(c->report,
				     check_place(map, "session_expires", NULL),
				     "session_expires is below min_se");
		}
		if (t->srtp.mode != CONF_SRTP_OFF && t->transport != CONF_TLS) {
			problem_fix(report_warning(c->report,
						   check_place(map, "srtp", NULL),
						   "the keys of SRTP can be "
						   "read on the way"),
				    "transport: tls");
		}
	}
}

/* --- routes --- */

/* One end of a route by its name; false and a report when there is none. */
static bool find_end(const struct checker *c, const struct node *route,
		     const char *key, enum conf_end *end, uint8_t *index)
{
	const struct node *n = route ? tree_get(route, key) : NULL;
	const char *names[CONF_SPANS + CONF_TRUNKS + 1];
	unsigned count = c->conf->n_spans + c->conf->n_trunks;
	struct problem *p;
	const char *near;

	if (!n || n->kind != NODE_SCALAR) {
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		names[i] = end_name(c->conf, i);
		if (!strcmp(names[i], n->text)) {
			bool span = i < c->conf->n_spans;

			*end = span ? CONF_END_SPAN : CONF_END_TRUNK;
			*index = (uint8_t)(span ? i : i - c->conf->n_spans);
			return !span || check_nfas_route(c, n, index);
		}
	}
	names[count] = NULL;
	if (check_nfas_group(c, n->text, index)) {
		*end = CONF_END_SPAN;
		return true;
	}
	p = report_error(c->report, n->at,
			 "%s: there is no span or trunk \"%.60s\"", key,
			 n->text);
	near = value_suggest(n->text, names);
	if (near) {
		problem_fix(p, "did you mean \"%s\"?", near);
	}
	return false;
}

static void check_allow(const struct checker *c, const struct node *map,
			const struct conf_route *r)
{
	if (r->to_end != CONF_END_SPAN) {
		return;
	}
	if (!r->n_allow) {
		problem_fix(report_error(c->report, map->at,
					 "a route to a span needs \"allow\": "
					 "which numbers may reach the line"),
			    "allow: [\"0*\"]");
	}
	for (unsigned i = 0; i < r->n_allow; i++) {
		if (!strcmp(r->allow[i], "*")) {
			report_warning(c->report, check_place(map, "allow", NULL),
				       "any caller may ring any number at "
				       "your cost");
		}
	}
}

static void check_routes(const struct checker *c)
{
	for (unsigned i = 0; i < c->conf->n_routes; i++) {
		struct conf_route *r = &c->conf->routes[i];
		const struct node *map = check_item(c, "routes", i);
		bool from = find_end(c, map, "from", &r->from_end, &r->from);
		bool to = find_end(c, map, "to", &r->to_end, &r->to);

		if (from && to && r->from_end == r->to_end) {
			report_error(c->report, check_place(map, "to", NULL),
				     "a route joins a span and a trunk; this "
				     "one joins two %s",
				     to && r->to_end == CONF_END_SPAN ?
					     "spans" : "trunks");
		} else if (to && map) {
			check_allow(c, map, r);
		}
	}
}

static void check_whole(const struct checker *c)
{
	const struct conf *conf = c->conf;
	struct place top = { 0 };

	if (!conf->n_spans) {
		report_error(c->report, top, "there is no span");
	}
	if (!conf->n_trunks) {
		report_error(c->report, top, "there is no trunk");
	}
	if (!conf->n_routes) {
		report_error(c->report, top, "there is no route");
	}
	if (!conf->n_emergency) {
		problem_fix(report_warning(c->report, top,
					   "there are no emergency numbers"),
			    "emergency: [\"110\", \"112\"]");
	}
}

/* --- media --- */

static void check_media(const struct checker *c)
{
	const struct conf_media *m = &c->conf->media;
	const struct node *map = tree_get(c->root, "media");

	if (m->jitter_min_ms > m->jitter_max_ms) {
		report_error(c->report, check_place(map, "jitter_min", NULL),
			     "jitter_min is above jitter_max");
	}
	for (unsigned i = 0; i < m->n_cpus; i++) {
		if (memchr(m->cpus, m->cpus[i], i)) {
			report_error(c->report, check_place(map, "cpus", NULL),
				     "cpus: core %u stands there twice",
				     m->cpus[i]);
		}
	}
}

void conf_check(struct conf *conf, const struct node *root,
		struct report *report)
{
	struct checker c = { conf, root, report };

	check_names(&c);
	check_nfas(&c);
	check_spans(&c);
	check_trunks(&c);
	check_routes(&c);
	check_media(&c);
	check_ports(&c);
	check_whole(&c);
}
