/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/rules_priv.h"

#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "sip/uri.h"

#include <ctype.h>
#include <errno.h>
#include <osipparser2/osip_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct rules {
	char file[CONF_PATH];
	char names[CONF_TRUNKS][CONF_NAME];
	uint16_t first[CONF_TRUNKS + 1]; /* of each trunk */
	bool any[CONF_TRUNKS][2];
	unsigned n;
	struct rule *rule;
	struct rules_arena arena;
};

/* --- life --- */

static struct pattern *compile(const struct rules *s, const struct conf_rule *c,
			       const char *text)
{
	char why[160];
	struct pattern *p = pattern_new(text, why, sizeof(why));

	if (!p) {
		log_err("%s:%u: pattern: %s", s->file, c->line, why);
	}
	return p;
}

static bool rule_init(const struct rules *s, struct rule *r,
		      const struct conf_rule *c)
{
	r->conf = *c;
	if (c->pattern[0]) {
		r->pattern = compile(s, c, c->pattern);
	}
	if (c->when.pattern[0]) {
		r->when = compile(s, c, c->when.pattern);
	}
	return !c->pattern[0] == !r->pattern &&
	       !c->when.pattern[0] == !r->when;
}

static void rule_fini(struct rule *r)
{
	pattern_free(r->pattern);
	pattern_free(r->when);
	r->pattern = r->when = NULL;
}

static void take_rules(struct rules *s, const struct conf_for_sip *conf)
{
	for (unsigned t = 0; t < CONF_TRUNKS; t++) {
		s->first[t] = (uint16_t)s->n;
		for (unsigned i = 0; i < conf->n_rules && i < CONF_RULES; i++) {
			const struct conf_rule *c = &conf->rules[i];

			if (c->trunk != t || t >= conf->n_trunks) {
				continue;
			}
			if (rule_init(s, &s->rule[s->n], c)) {
				s->any[t][c->way == CONF_RULE_OUT] = true;
				s->n++;
			} else {
				rule_fini(&s->rule[s->n]);
			}
		}
	}
	s->first[CONF_TRUNKS] = (uint16_t)s->n;
}

struct rules *rules_new(const struct conf_for_sip *conf)
{
	struct rules *s = calloc(1, sizeof(*s));

	if (!s) {
		return NULL;
	}
	str_copy(s->file, sizeof(s->file), conf->file);
	for (unsigned i = 0; i < conf->n_trunks && i < CONF_TRUNKS; i++) {
		str_copy(s->names[i], sizeof(s->names[i]),
			 conf->trunks[i].name);
	}
	s->rule = calloc(conf->n_rules + 1u, sizeof(*s->rule));
	if (!s->rule) {
		free(s);
		errno = ENOMEM;
		return NULL;
	}
	take_rules(s, conf);
	return s;
}

void rules_free(struct rules *s)
{
	if (!s) {
		return;
	}
	for (unsigned i = 0; i < s->n; i++) {
		rule_fini(&s->rule[i]);
	}
	free(s->rule);
	free(s);
}

bool rules_any(const struct rules *s, unsigned trunk, enum conf_rule_way way)
{
	return trunk < CONF_TRUNKS && s->any[trunk][way == CONF_RULE_OUT];
}

void rules_count(const struct rules *s, unsigned trunk, struct rules_stats *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned i = s->first[trunk]; i < s->first[trunk + 1]; i++) {
		out->applied += s->rule[i].stats.applied;
		out->broken += s->rule[i].stats.broken;
	}
}

/* --- is the rule for this message? --- */

/* "18x INVITE" of 183 to an INVITE. */
static bool status_fits(const char *want, int status, const char *method)
{
	int digits[3] = {status / 100, status / 10 % 10, status % 10};

	for (unsigned i = 0; i < 3; i++) {
		if (want[i] != 'x' && want[i] - '0' != digits[i]) {
			return false;
		}
	}
	return !want[3] || !strcmp(want + 4, method);
}

static bool kind_fits(const char *want, const struct sip_msg *m)
{
	bool request = sip_msg_is_request(m);

	if (!strcmp(want, "requests")) {
		return request;
	}
	if (!strcmp(want, "responses")) {
		return !request;
	}
	if (isdigit((unsigned char)want[0])) {
		return !request && status_fits(want, sip_msg_status(m),
					       sip_msg_method(m));
	}
	return request && !strcmp(want, sip_msg_method(m));
}

static bool is_for(const struct rule *r, const struct rules_job *job,
		   const struct sip_msg *m)
{
	const struct conf_rule *c = &r->conf;

	if (c->way != job->way) {
		return false;
	}
	if (job->derived && (!strcasecmp(c->header, "Request-URI") ||
			     !strcasecmp(c->header, "From") ||
			     !strcasecmp(c->header, "To"))) {
		return false;
	}
	for (unsigned i = 0; i < c->n_messages; i++) {
		if (kind_fits(c->messages[i], m)) {
			return true;
		}
	}
	return !c->n_messages;
}

/* --- its conditions --- */

static void user_of(struct rules_run r, char *out, size_t size)
{
	char text[SIP_URI_MAX];
	struct sip_name_addr a;
	struct sip_uri u;

	out[0] = '\0';
	if (str_copy_n(text, sizeof(text), r.at, r.len) &&
	    sip_name_addr_parse(&a, text) && !sip_uri_parse(&u, a.uri)) {
		str_copy(out, size, u.user);
	}
}

static struct rules_run value_of(struct rules_arena *a,
				 const struct rules_text *t, const char *name)
{
	for (unsigned i = 0; i < t->n; i++) {
		if (rules_line_is(&t->line[i], name)) {
			return rules_unfold(a, t->line[i].value);
		}
	}
	return (struct rules_run){NULL, 0};
}

/* Called: Request-URI, of a response To. Calling: P-Asserted-Identity, From. */
static bool numbers_fit(struct rules_arena *a, const struct conf_rule_when *w,
			const struct rules_text *t)
{
	char number[128];
	struct rules_run r;

	if (w->called[0]) {
		r = t->is_request ? rules_uri(t) : value_of(a, t, "To");
		user_of(r, number, sizeof(number));
		if (!str_pattern_match(w->called, number)) {
			return false;
		}
	}
	if (w->calling[0]) {
		r = value_of(a, t, "P-Asserted-Identity");
		if (!r.at) {
			r = value_of(a, t, "From");
		}
		user_of(r, number, sizeof(number));
		return str_pattern_match(w->calling, number);
	}
	return true;
}

/* One value, or the header's being there. */
static bool value_fits(const struct rule *r, struct rules_run text,
		       struct rules_when *w)
{
	if (!text.at || !text.len) {
		return false;
	}
	w->text = text;
	if (!r->when) {
		w->match.group[0] = (struct pattern_group){0, text.len};
		return true;
	}
	return pattern_find(r->when, text.at, text.len, &w->match) ==
	       PATTERN_YES;
}

static bool sdp_fits(const struct rule *r, const struct rules_text *t,
		     struct rules_when *w)
{
	struct rules_run line = {NULL, 0};

	while (rules_sdp_next(t, &line)) {
		if (value_fits(r, line, w)) {
			return true;
		}
	}
	return false;
}

static bool header_fits(struct rules_arena *a, const struct rule *r,
			const struct rules_text *t, struct rules_when *w)
{
	const char *name = r->conf.when.header;

	if (!strcasecmp(name, "Request-URI")) {
		return value_fits(r, rules_uri(t), w);
	}
	if (!strcasecmp(name, "Status")) {
		return value_fits(r, rules_status(t), w);
	}
	if (!strcasecmp(name, RULES_SDP)) {
		return sdp_fits(r, t, w);
	}
	for (unsigned i = 0; i < t->n; i++) {
		if (rules_line_is(&t->line[i], name) &&
		    value_fits(r, rules_unfold(a, t->line[i].value), w)) {
			return true;
		}
	}
	return false;
}

static bool holds(struct rules_arena *a, const struct rule *r,
		  const struct rules_text *t, struct rules_when *w)
{
	const struct conf_rule_when *c = &r->conf.when;

	memset(w, 0, sizeof(*w));
	w->text.at = "";
	if (c->header[0] && header_fits(a, r, t, w) == c->absent) {
		return false;
	}
	return numbers_fit(a, c, t);
}

/* --- does what it made stand? --- */

static const char *uri_param(osip_uri_t *u, const char *name)
{
	osip_uri_param_t *p = NULL;

	if (osip_uri_uparam_get_byname(u, (char *)name, &p) < 0 || !p) {
		return "";
	}
	return p->gvalue ? p->gvalue : "";
}

static bool same_text(const char *a, const char *b)
{
	return !strcasecmp(a ? a : "", b ? b : "");
}

/* The address that requests will go to. */
static bool same_address(osip_uri_t *a, osip_uri_t *b)
{
	if (!a || !b) {
		return a == b;
	}
	return same_text(a->scheme, b->scheme) && same_text(a->host, b->host) &&
	       same_text(a->port, b->port) &&
	       same_text(uri_param(a, "transport"),
			 uri_param(b, "transport")) &&
	       same_text(uri_param(a, "maddr"), uri_param(b, "maddr"));
}

static bool same_contacts(const osip_message_t *a, const osip_message_t *b)
{
	int n = osip_list_size(&a->contacts);

	if (osip_list_size(&b->contacts) != n) {
		return false;
	}
	for (int i = 0; i < n; i++) {
		osip_contact_t *x = osip_list_get(&a->contacts, i);
		osip_contact_t *y = osip_list_get(&b->contacts, i);

		if (!same_address(x->url, y->url)) {
			return false;
		}
	}
	return true;
}

/* 183 may become 180, but no 200; 100 and 2xx are what they are. */
static bool same_class(int a, int b)
{
	if (a == 100 || (a >= 200 && a < 300)) {
		return a == b;
	}
	return a < 200 ? b > 100 && b < 200 : b >= 300 && b < 700;
}

/* NULL: nothing that must not has changed. */
static const char *what_broke(const struct sip_msg *a, const struct sip_msg *b)
{
	if (sip_msg_is_request(a) != sip_msg_is_request(b) ||
	    strcmp(sip_msg_method(a), sip_msg_method(b)) != 0) {
		return "it would be another request";
	}
	if (!sip_msg_is_request(a) &&
	    !same_class(sip_msg_status(a), sip_msg_status(b))) {
		return "it would be a response of another class";
	}
	if (strcmp(sip_msg_from_tag(a), sip_msg_from_tag(b)) != 0 ||
	    strcmp(sip_msg_to_tag(a), sip_msg_to_tag(b)) != 0 ||
	    strcmp(sip_msg_call_id(a), sip_msg_call_id(b)) != 0 ||
	    strcmp(sip_msg_branch(a), sip_msg_branch(b)) != 0 ||
	    sip_msg_cseq(a) != sip_msg_cseq(b)) {
		return "tag, Call-ID, CSeq or branch would change";
	}
	if (!same_contacts(a->osip, b->osip)) {
		return "the host of a Contact would change";
	}
	return NULL;
}

/* NULL + why, or the message. */
static struct sip_msg *judge(const char *text, size_t len,
			     const struct sip_msg *before, const char **why)
{
	struct sip_gate_result g;
	struct sip_msg *m;

	sip_gate_check(text, len, &g, NULL);
	if (g.verdict != SIP_GATE_PASS) {
		*why = sip_gate_reason_name(g.reason);
		return NULL;
	}
	m = sip_msg_parse(text, &g);
	if (!m) {
		*why = sip_gate_reason_name(SIP_GATE_PARSER);
		return NULL;
	}
	*why = what_broke(before, m);
	if (*why) {
		sip_msg_free(m);
		return NULL;
	}
	return m;
}

/* --- all of them --- */

/* A message on its way through the rules. */
struct pass {
	struct rules *rules;
	const struct rules_job *job;
	const struct sip_msg *before;
	struct rules_text text;
	struct rules_made made; /* text NULL: nothing has changed yet */
};

static void drop_made(struct rules_made *m)
{
	free(m->text);
	sip_msg_free(m->msg);
	memset(m, 0, sizeof(*m));
}

static enum rule_outcome broke(struct pass *p, struct rule *r, const char *why)
{
	const struct rules *s = p->rules;

	r->stats.broken++;
	if (!r->told && !p->job->told) {
		r->told = true;
		log_warn("trunk %s: %s:%u: the rule for %s leaves a message as "
			 "it was: %s", s->names[r->conf.trunk], s->file,
			 r->conf.line, r->conf.header, why);
	}
	return RULE_BROKEN;
}

/* On trial: t becomes p's text if it stands. */
static enum rule_outcome settle(struct pass *p, struct rule *r,
				const struct rules_text *t, const char **why)
{
	struct rules_made made = {0};

	made.text = rules_print(t, &made.len);
	*why = "no memory";
	made.msg = made.text ? judge(made.text, made.len, p->before, why)
			     : NULL;
	if (!made.msg) {
		drop_made(&made);
		return broke(p, r, *why);
	}
	drop_made(&p->made);
	p->made = made;
	p->text = *t;
	r->stats.applied++;
	return RULE_DONE;
}

static enum rule_outcome try_rule(struct pass *p, struct rule *r,
				  const char **why)
{
	struct rules_arena *a = &p->rules->arena;
	const struct sip_msg *m = p->made.msg ? p->made.msg : p->before;
	struct rules_text t;
	struct rules_when w;

	if (!is_for(r, p->job, m)) {
		return RULE_OTHER;
	}
	if (!holds(a, r, &p->text, &w)) {
		return RULE_IDLE;
	}
	t = p->text;
	switch (rules_change(a, r, &w, &t)) {
	case RULES_SAME:
		return RULE_IDLE;
	case RULES_CHANGED:
		return settle(p, r, &t, why);
	case RULES_NO_SDP:
		*why = "it would be no line of SDP that may change";
		break;
	case RULES_SLOW:
		*why = "its pattern takes too many steps";
		break;
	default:
		*why = "too long";
		break;
	}
	return broke(p, r, *why);
}

bool rules_apply(struct rules *s, const struct rules_job *job,
		 const struct sip_msg *m, const char *text, size_t len,
		 struct rules_made *made)
{
	struct pass p = {.rules = s, .job = job, .before = m};
	struct sip_gate_result g;

	sip_gate_check(text, len, &g, NULL);
	if (g.verdict != SIP_GATE_PASS || job->trunk >= CONF_TRUNKS) {
		return false;
	}
	rules_take(&p.text, text, &g);
	s->arena.used = 0;
	for (unsigned i = s->first[job->trunk]; i < s->first[job->trunk + 1];
	     i++) {
		const char *why = "";
		enum rule_outcome o = try_rule(&p, &s->rule[i], &why);

		if (job->told) {
			job->told(job->arg, &s->rule[i].conf, o,
				  o == RULE_BROKEN ? why : "");
		}
	}
	*made = p.made;
	return made->text != NULL;
}
