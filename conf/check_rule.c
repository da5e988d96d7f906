/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Header rules: what they may not touch, and whether their parts fit together.
 * What a rule makes of a message is looked at again when it is applied
 * (sip/rules.h); here it is refused as far as the file alone shows it.
 */
#include "conf/check_priv.h"

#include "gateway/base/pattern.h"
#include "gateway/base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Transactions, dialogs, routing, framing and credentials live by these. */
static const char *const protected_headers[] = {
	"Via", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Route",
	"Record-Route", "Content-Type", "Content-Encoding", "MIME-Version",
	"RSeq", "RAck", "Authorization", "Proxy-Authorization",
	"WWW-Authenticate", "Proxy-Authenticate", "Authentication-Info",
	"Proxy-Authentication-Info", NULL
};
/* There must be one, so these can only be replaced. */
static const char *const kept_headers[] = { "From", "To", "Contact",
					    "Request-URI", "Status", NULL };

struct rule_check {
	const struct conf_rule *rule;
	const struct node *node;
	struct report *report;
	struct pattern *pattern, *when;
};

static struct problem *fault(const struct rule_check *c, const char *key,
			     const char *sub, const char *text)
{
	return report_error(c->report, check_place(c->node, key, sub), "%s",
			    text);
}

static bool among(const char *name, const char *const *names)
{
	for (; *names; names++) {
		if (!strcasecmp(name, *names)) {
			return true;
		}
	}
	return false;
}

static bool is_name(const char *name)
{
	for (const char *c = name; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("-.!%*_+`'~", *c)) {
			return false;
		}
	}
	return *name;
}

static bool check_name(const struct rule_check *c, const char *name,
		       const char *key, const char *sub)
{
	if (!is_name(name)) {
		fault(c, key, sub, "this is no name of a header");
		return false;
	}
	if (!name[1]) {
		problem_fix(fault(c, key, sub,
				  "a header is named by its long name"),
			    "From, not f; rules see both");
		return false;
	}
	return true;
}

static void check_header(const struct rule_check *c)
{
	const struct conf_rule *r = c->rule;

	if (!check_name(c, r->header, "header", NULL)) {
		return;
	}
	if (among(r->header, protected_headers)) {
		report_error(c->report, check_place(c->node, "header", NULL),
			     "%s is protected: calls would break",
			     r->header);
	} else if (r->action != CONF_RULE_REPLACE &&
		   among(r->header, kept_headers)) {
		problem_fix(report_error(c->report,
					 check_place(c->node, "action", NULL),
					 "%s can only be replaced", r->header),
			    "action: replace");
	}
}

/* --- patterns --- */

static struct pattern *compile(const struct rule_check *c, const char *text,
			       const char *key, const char *sub)
{
	char why[160];
	struct pattern *p = pattern_new(text, why, sizeof(why));

	if (!p) {
		report_error(c->report, check_place(c->node, key, sub),
			     "pattern: %s", why);
	} else if (pattern_is_slow(p, text)) {
		problem_fix(fault(c, key, sub,
				  "pattern: a repetition within another takes "
				  "too long"),
			    "repeat once: a+ for (a+)+");
	}
	return p;
}

static bool mentions(const char *pattern, const char *word)
{
	for (; *pattern; pattern++) {
		if (!strncasecmp(pattern, word, strlen(word))) {
			return true;
		}
	}
	return false;
}

static void check_tag(const struct rule_check *c)
{
	const struct conf_rule *r = c->rule;
	bool party = !strcasecmp(r->header, "From") ||
		     !strcasecmp(r->header, "To");

	if (party && (mentions(r->pattern, "tag=") ||
		      mentions(r->value, "tag="))) {
		problem_fix(fault(c, mentions(r->value, "tag=") ? "value" :
								  "pattern",
				  NULL, "the tag is protected"),
			    "leave it out: rules do not see it, it stays");
	}
}

/* --- values --- */

/* \0 to \9 of pattern, $0 to $9 of when.pattern, \\ and $$. */
static void check_value(const struct rule_check *c)
{
	const char *v = c->rule->value;
	unsigned groups = c->pattern ? pattern_groups(c->pattern) : 0;
	bool has_when = c->when && !c->rule->when.absent;
	unsigned when_groups = has_when ? pattern_groups(c->when) : 0;

	for (; *v; v++) {
		bool own = *v == '\\';

		if (!own && *v != '$') {
			continue;
		}
		v++;
		if (*v == v[-1]) {
			continue;
		}
		if (!isdigit((unsigned char)*v)) {
			fault(c, "value", NULL,
			      own ? "\\ stands before 0-9, or write \\\\" :
				    "$ stands before 0-9, or write $$");
			return;
		}
		if (own && c->rule->action == CONF_RULE_ADD) {
			problem_fix(fault(c, "value", NULL,
					  "nothing is matched where a header "
					  "is added"),
				    "$%c is group %c of when.pattern", *v, *v);
			return;
		}
		if (!own && !has_when) {
			fault(c, "value", NULL,
			      "$ names groups of when.pattern, and there is "
			      "none");
			return;
		}
		if ((unsigned)(*v - '0') > (own ? groups : when_groups)) {
			report_error(c->report,
				     check_place(c->node, "value", NULL),
				     "%c%c: the pattern has %u groups", v[-1],
				     *v, own ? groups : when_groups);
			return;
		}
	}
}

static void check_parts(const struct rule_check *c)
{
	const struct conf_rule *r = c->rule;

	if (r->action == CONF_RULE_ADD && !r->value[0]) {
		fault(c, "action", NULL, "what is added? \"value\" is missing");
	}
	if (r->action == CONF_RULE_ADD && r->pattern[0]) {
		problem_fix(fault(c, "pattern", NULL,
				  "nothing is matched where a header is added"),
			    "when: {header: ..., pattern: ...}");
	}
	if (r->action == CONF_RULE_REMOVE && r->value[0]) {
		problem_fix(fault(c, "value", NULL,
				  "a header that is removed has no value"),
			    "action: replace");
	}
	if (r->action == CONF_RULE_REPLACE && !r->value[0] &&
	    (!r->pattern[0] || !tree_get(c->node, "value"))) {
		fault(c, "action", NULL,
		      "what stands for it? \"value\" is missing");
	}
	if (!strcasecmp(r->header, "Contact") && !r->pattern[0]) {
		fault(c, "action", NULL,
		      "Contact: its host is protected, a pattern is needed");
	}
}

/* The lines that rules see (sip/rules.h). */
static bool is_sdp_line(const char *text, const char *letters)
{
	return text[0] && strchr(letters, text[0]) && text[1] == '=';
}

static void check_sdp(const struct rule_check *c)
{
	const struct conf_rule *r = c->rule;
	bool add = r->action == CONF_RULE_ADD;

	if (strcasecmp(r->header, "SDP")) {
		return;
	}
	if (!add && !r->pattern[0]) {
		problem_fix(fault(c, "action", NULL,
				  "SDP: of which line? \"pattern\" is missing"),
			    "pattern: \"^b=AS:\"");
	}
	if (mentions(r->pattern, "crypto") || mentions(r->value, "crypto")) {
		fault(c, mentions(r->value, "crypto") ? "value" : "pattern",
		      NULL, "SDP: the keys of SRTP are protected");
	} else if (add && !is_sdp_line(r->value, "ab")) {
		problem_fix(fault(c, "value", NULL,
				  "SDP: a line that is added begins with a= or "
				  "b="),
			    "value: \"a=ptime:20\"");
	} else if (r->pattern[0] == '^' && r->pattern[1] &&
		   r->pattern[2] == '=' &&
		   !is_sdp_line(r->pattern + 1, "abeipsu")) {
		report_error(c->report, check_place(c->node, "pattern", NULL),
			     "SDP: %c= is protected: calls would break",
			     r->pattern[1]);
	}
}

static void check_number(const struct rule_check *c, const char *key,
			 const char *text)
{
	if (text[0] && !str_pattern_ok(text)) {
		report_error(c->report, check_place(c->node, "when", key),
			     "when.%s: \"%.30s\" is no number pattern, such "
			     "as \"0*\"", key, text);
	}
}

static void check_when(const struct rule_check *c)
{
	const struct conf_rule_when *w = &c->rule->when;

	if (w->header[0]) {
		check_name(c, w->header, "when", "header");
	} else if (w->pattern[0] || w->absent) {
		fault(c, "when", w->pattern[0] ? "pattern" : "absent",
		      "of which header? when.header is missing");
	}
	check_number(c, "called", w->called);
	check_number(c, "calling", w->calling);
}

/* --- what is protected within a Contact --- */

/* What a value makes of a Contact as we write it. */
static void expand(const struct conf_rule *r, const char *text,
		   const struct pattern_match *m, char *out, size_t size)
{
	size_t n = 0;

	n += (size_t)snprintf(out, size, "%.*s", (int)m->group[0].at, text);
	for (const char *v = r->value; *v && n + 1 < size; v++) {
		const struct pattern_group *g;

		if (*v != '\\' || !isdigit((unsigned char)v[1])) {
			out[n++] = *v;
			out[n] = '\0';
			continue;
		}
		g = &m->group[*++v - '0'];
		if (n + g->len < size) {
			memcpy(out + n, text + g->at, g->len);
			n += g->len;
			out[n] = '\0';
		}
	}
	snprintf(out + n, size - n, "%s",
		 text + m->group[0].at + m->group[0].len);
}

static void check_contact(const struct rule_check *c)
{
	static const char *const samples[][2] = {
		{ "<sip:+49711123456@192.0.2.17:5060>", "192.0.2.17:5060" },
		{ "<sip:100@gw.site.example:5061;transport=tls>",
		  "gw.site.example:5061;transport=tls" },
		{ "\"A\" <sip:0711@[2001:db8::17]:5060;transport=tcp>",
		  "[2001:db8::17]:5060;transport=tcp" },
		{ "<sip:192.0.2.17:5060;bnc>", "192.0.2.17:5060" },
	};
	struct pattern_match m;
	char made[512];

	if (!c->pattern || strcasecmp(c->rule->header, "Contact")) {
		return;
	}
	for (unsigned i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const char *text = samples[i][0];

		if (pattern_find(c->pattern, text, strlen(text), &m) !=
		    PATTERN_YES) {
			continue;
		}
		expand(c->rule, text, &m, made, sizeof(made));
		if (!strstr(made, samples[i][1])) {
			problem_fix(fault(c, "pattern", NULL,
					  "Contact: its host is protected"),
				    "it would make %.60s", made);
			return;
		}
	}
}

void check_rule(const struct conf_rule *r, const struct node *n,
		struct report *report)
{
	struct rule_check c = { .rule = r, .node = n, .report = report };
	unsigned errors = report->errors;

	check_header(&c);
	check_parts(&c);
	check_when(&c);
	check_tag(&c);
	check_sdp(&c);
	if (r->pattern[0]) {
		c.pattern = compile(&c, r->pattern, "pattern", NULL);
	}
	if (r->when.pattern[0]) {
		c.when = compile(&c, r->when.pattern, "when", "pattern");
	}
	if (report->errors == errors) {
		check_value(&c);
	}
	if (report->errors == errors) {
		check_contact(&c);
	}
	pattern_free(c.pattern);
	pattern_free(c.when);
}

/* --- what a STIR token vouches for (RFC 8224 4.1, 8.3) --- */

static bool is_for_invite(const struct conf_rule *r)
{
	for (unsigned i = 0; i < r->n_messages; i++) {
		if (!strcmp(r->messages[i], "INVITE") ||
		    !strcmp(r->messages[i], "requests")) {
			return true;
		}
	}
	return !r->n_messages;
}

static const struct node *node_of(const struct node *trunk, unsigned line)
{
	const struct node *list = trunk ? tree_get(trunk, "header_rules") : NULL;
	const struct node *n = list ? list->child : NULL;

	while (n && n->at.line != line) {
		n = n->next;
	}
	return n ? n : trunk;
}

void check_rules_stir(const struct checker *c, unsigned i)
{
	static const char *const vouched[] = { "From", "P-Asserted-Identity",
					       "To", "Date", "Identity", NULL };
	const struct conf_stir *s = &c->conf->trunks[i].who.stir;

	for (unsigned k = 0; k < c->conf->n_rules; k++) {
		const struct conf_rule *r = &c->conf->rules[k];
		bool out = r->way == CONF_RULE_OUT;

		if (r->trunk != i || !is_for_invite(r) ||
		    !among(r->header, vouched) ||
		    (out ? !s->sign : s->verify == CONF_STIR_OFF)) {
			continue;
		}
		report_warning(c->report,
			       check_place(node_of(check_item(c, "trunks", i),
						   r->line),
					   "header", NULL),
			       out ? "%s is changed after it was signed: the "
				     "token may be of no use"
				   : "%s is changed before it is verified: the "
				     "token may be found wrong",
			       r->header);
	}
}
