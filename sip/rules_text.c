/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/rules_priv.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- the message as lines --- */

static struct rules_run run_of(const char *data, struct sip_slice s)
{
	return (struct rules_run){data + s.at, s.len};
}

void rules_take(struct rules_text *t, const char *data,
		const struct sip_gate_result *r)
{
	t->start = run_of(data, r->start);
	t->body = run_of(data, r->body);
	t->is_request = r->is_request;
	t->n = 0;
	for (unsigned i = 0; i < r->n_lines; i++) {
		if (r->line[i].id == SIP_H_CONTENT_LENGTH) {
			continue;
		}
		t->line[t->n].name = run_of(data, r->line[i].name);
		t->line[t->n++].value = run_of(data, r->line[i].value);
	}
}

static char *put(char *p, struct rules_run r)
{
	if (r.len) {
		memcpy(p, r.at, r.len);
	}
	return p + r.len;
}

char *rules_print(const struct rules_text *t, size_t *len)
{
	size_t room = t->start.len + t->body.len + 64;
	char *out, *p;

	for (unsigned i = 0; i < t->n; i++) {
		room += t->line[i].name.len + t->line[i].value.len + 4;
	}
	out = malloc(room);
	if (!out) {
		return NULL;
	}
	p = put(out, t->start);
	p = put(p, (struct rules_run){"\r\n", 2});
	for (unsigned i = 0; i < t->n; i++) {
		p = put(p, t->line[i].name);
		p = put(p, (struct rules_run){": ", 2});
		p = put(p, t->line[i].value);
		p = put(p, (struct rules_run){"\r\n", 2});
	}
	p += sprintf(p, "Content-Length: %zu\r\n\r\n", t->body.len);
	p = put(p, t->body);
	*p = '\0';
	*len = (size_t)(p - out);
	return out;
}

bool rules_line_is(const struct rules_line *l, const char *name)
{
	const char *full =
		l->name.len == 1 ? sip_msg_long_name(*l->name.at) : NULL;

	if (full) {
		return !strcasecmp(full, name);
	}
	return strlen(name) == l->name.len &&
	       !strncasecmp(name, l->name.at, l->name.len);
}

struct rules_run rules_unfold(struct rules_arena *a, struct rules_run r)
{
	char *to = a->octets + a->used;

	if (!memchr(r.at, '\n', r.len) && !memchr(r.at, '\r', r.len)) {
		return r;
	}
	if (r.len > sizeof(a->octets) - a->used) {
		return (struct rules_run){NULL, 0};
	}
	for (size_t i = 0; i < r.len; i++) {
		to[i] = r.at[i] == '\r' || r.at[i] == '\n' ? ' ' : r.at[i];
	}
	a->used += r.len;
	return (struct rules_run){to, r.len};
}

/* Between the first blank and the last one of a request line. */
struct rules_run rules_uri(const struct rules_text *t)
{
	const char *from = memchr(t->start.at, ' ', t->start.len);
	const char *to = memrchr(t->start.at, ' ', t->start.len);

	if (!t->is_request || !from || from == to) {
		return (struct rules_run){t->start.at, 0};
	}
	return (struct rules_run){from + 1, (size_t)(to - from - 1)};
}

/* "183 Session Progress" */
struct rules_run rules_status(const struct rules_text *t)
{
	const char *from = memchr(t->start.at, ' ', t->start.len);

	if (t->is_request || !from) {
		return (struct rules_run){t->start.at, 0};
	}
	from++;
	return (struct rules_run){
		from, (size_t)(t->start.at + t->start.len - from)};
}

/* --- new text --- */

/* Grows at the end of the arena; bad: it was full. */
struct build {
	struct rules_arena *arena;
	size_t from;
	bool bad;
};

static void build_put(struct build *b, const char *at, size_t len)
{
	struct rules_arena *a = b->arena;

	if (b->bad || len > sizeof(a->octets) - a->used) {
		b->bad = true;
		return;
	}
	if (len) {
		memcpy(a->octets + a->used, at, len);
	}
	a->used += len;
}

static struct rules_run build_end(const struct build *b)
{
	return (struct rules_run){b->arena->octets + b->from,
				  b->arena->used - b->from};
}

/* The rule's value, with the groups of both patterns. */
static void build_value(struct build *b, const char *value,
			struct rules_run text, const struct pattern_match *m,
			const struct rules_when *w)
{
	for (const char *v = value; *v; v++) {
		const struct pattern_match *from = *v == '\\' ? m : &w->match;
		const char *base = *v == '\\' ? text.at : w->text.at;

		if ((*v == '\\' || *v == '$') && v[1] == *v) {
			build_put(b, v++, 1);
		} else if ((*v == '\\' || *v == '$') &&
			   isdigit((unsigned char)v[1])) {
			const struct pattern_group *g =
				&from->group[*++v - '0'];

			build_put(b, base + g->at, g->len);
		} else {
			build_put(b, v, 1);
		}
	}
}

enum rules_change rules_replaced(struct rules_arena *a, const struct rule *r,
				 const struct rules_when *w,
				 struct rules_run text, struct rules_run *out)
{
	struct pattern_match m = {.group[0] = {0, text.len}};
	struct build b = {.arena = a, .from = a->used};
	size_t end;

	if (r->pattern) {
		switch (pattern_find(r->pattern, text.at, text.len, &m)) {
		case PATTERN_NO:
			return RULES_SAME;
		case PATTERN_LIMIT:
			return RULES_SLOW;
		default:
			break;
		}
	}
	end = m.group[0].at + m.group[0].len;
	build_put(&b, text.at, m.group[0].at);
	build_value(&b, r->conf.value, text, &m, w);
	build_put(&b, text.at + end, text.len - end);
	if (b.bad) {
		return RULES_TOO_LONG;
	}
	*out = build_end(&b);
	return out->len == text.len && !memcmp(out->at, text.at, text.len)
		       ? RULES_SAME
		       : RULES_CHANGED;
}

/* --- From and To: without their tag --- */

/* Behind the URI, where the header's parameters begin. */
static size_t params_at(struct rules_run v)
{
	bool quoted = false;
	size_t semi = v.len;

	for (size_t i = 0; i < v.len; i++) {
		if (quoted && v.at[i] == '\\') {
			i++;
		} else if (v.at[i] == '"') {
			quoted = !quoted;
		} else if (!quoted && v.at[i] == '<') {
			const char *end = memchr(v.at + i, '>', v.len - i);

			return end ? (size_t)(end - v.at) + 1 : v.len;
		} else if (!quoted && v.at[i] == ';' && semi == v.len) {
			semi = i;
		}
	}
	return semi;
}

/* The tag with its ';' and up to the next one; len 0: there is none. */
static struct rules_run find_tag(struct rules_run v)
{
	size_t i = params_at(v);

	while (i < v.len) {
		const char *next, *p = v.at + i + 1;
		size_t len;

		if (v.at[i] != ';') {
			i++;
			continue;
		}
		next = memchr(p, ';', v.len - i - 1);
		len = next ? (size_t)(next - (v.at + i)) : v.len - i;
		while (p < v.at + i + len && (*p == ' ' || *p == '\t')) {
			p++;
		}
		if ((size_t)(v.at + i + len - p) > 3 &&
		    !strncasecmp(p, "tag", 3) &&
		    (p[3] == '=' || p[3] == ' ' || p[3] == '\t')) {
			return (struct rules_run){v.at + i, len};
		}
		i += len;
	}
	return (struct rules_run){v.at, 0};
}

static enum rules_change replace_party(struct rules_arena *a,
				       const struct rule *r,
				       const struct rules_when *w,
				       struct rules_run *value)
{
	struct rules_run tag = find_tag(*value), text, made;
	struct build b = {.arena = a, .from = a->used};
	size_t before = (size_t)(tag.at - value->at);
	enum rules_change c;

	build_put(&b, value->at, before);
	build_put(&b, tag.at + tag.len, value->len - before - tag.len);
	if (b.bad) {
		return RULES_TOO_LONG;
	}
	text = build_end(&b);
	c = rules_replaced(a, r, w, text, &made);
	if (c != RULES_CHANGED) {
		return c;
	}
	b = (struct build){.arena = a, .from = a->used};
	build_put(&b, made.at, made.len);
	build_put(&b, tag.at, tag.len);
	if (b.bad) {
		return RULES_TOO_LONG;
	}
	*value = build_end(&b);
	return RULES_CHANGED;
}

/* --- the actions --- */

static void drop_line(struct rules_text *t, unsigned i)
{
	memmove(&t->line[i], &t->line[i + 1],
		(--t->n - i) * sizeof(t->line[0]));
}

static enum rules_change remove_lines(struct rules_arena *a,
				      const struct rule *r,
				      struct rules_text *t)
{
	enum rules_change c = RULES_SAME;
	struct pattern_match m;
	unsigned i = 0;

	while (i < t->n) {
		enum pattern_result match = PATTERN_YES;
		struct rules_run value;

		if (!rules_line_is(&t->line[i], r->conf.header)) {
			i++;
			continue;
		}
		value = rules_unfold(a, t->line[i].value);
		if (!value.at) {
			return RULES_TOO_LONG;
		}
		if (r->pattern) {
			match = pattern_find(r->pattern, value.at, value.len,
					     &m);
		}
		if (match == PATTERN_LIMIT) {
			return RULES_SLOW;
		}
		if (match == PATTERN_YES) {
			drop_line(t, i);
			c = RULES_CHANGED;
		} else {
			i++;
		}
	}
	return c;
}

bool rules_is_blank(struct rules_run r)
{
	while (r.len && (*r.at == ' ' || *r.at == '\t')) {
		r.at++;
		r.len--;
	}
	return !r.len;
}

static enum rules_change replace_lines(struct rules_arena *a,
				       const struct rule *r,
				       const struct rules_when *w,
				       struct rules_text *t)
{
	bool party = !strcasecmp(r->conf.header, "From") ||
		     !strcasecmp(r->conf.header, "To");
	enum rules_change all = RULES_SAME;

	for (unsigned i = 0; i < t->n; i++) {
		struct rules_run value, made;
		enum rules_change c;

		if (!rules_line_is(&t->line[i], r->conf.header)) {
			continue;
		}
		value = rules_unfold(a, t->line[i].value);
		if (!value.at) {
			return RULES_TOO_LONG;
		}
		made = value;
		c = party ? replace_party(a, r, w, &made)
			  : rules_replaced(a, r, w, value, &made);
		if (c > RULES_CHANGED) {
			return c;
		}
		if (c == RULES_SAME) {
			continue;
		}
		t->line[i].value = made;
		all = RULES_CHANGED;
		if (rules_is_blank(made)) {
			drop_line(t, i--);
		}
	}
	return all;
}

/* Request-URI, Status: a part of the first line. */
static enum rules_change replace_start(struct rules_arena *a,
				       const struct rule *r,
				       const struct rules_when *w,
				       struct rules_text *t,
				       struct rules_run part)
{
	size_t before = (size_t)(part.at - t->start.at);
	enum rules_change c;
	struct rules_run made;
	struct build b;

	if (!part.len) {
		return RULES_SAME;
	}
	c = rules_replaced(a, r, w, part, &made);
	if (c != RULES_CHANGED) {
		return c;
	}
	b = (struct build){.arena = a, .from = a->used};
	build_put(&b, t->start.at, before);
	build_put(&b, made.at, made.len);
	build_put(&b, part.at + part.len, t->start.len - before - part.len);
	if (b.bad) {
		return RULES_TOO_LONG;
	}
	t->start = build_end(&b);
	return RULES_CHANGED;
}

enum rules_change rules_added(struct rules_arena *a, const struct rule *r,
			      const struct rules_when *w,
			      struct rules_run *out)
{
	static const struct pattern_match none;
	struct build b = {.arena = a, .from = a->used};

	build_value(&b, r->conf.value, (struct rules_run){"", 0}, &none, w);
	*out = build_end(&b);
	return b.bad ? RULES_TOO_LONG : RULES_CHANGED;
}

static enum rules_change add_line(struct rules_arena *a, const struct rule *r,
				  const struct rules_when *w,
				  struct rules_text *t)
{
	struct rules_run value;

	if (t->n == SIP_GATE_HEADERS ||
	    rules_added(a, r, w, &value) != RULES_CHANGED) {
		return RULES_TOO_LONG;
	}
	t->line[t->n++] = (struct rules_line){
		{r->conf.header, strlen(r->conf.header)}, value};
	return RULES_CHANGED;
}

enum rules_change rules_change(struct rules_arena *a, const struct rule *r,
			       const struct rules_when *w,
			       struct rules_text *t)
{
	if (!strcasecmp(r->conf.header, RULES_SDP)) {
		return rules_change_sdp(a, r, w, t);
	}
	switch (r->conf.action) {
	case CONF_RULE_ADD:
		return add_line(a, r, w, t);
	case CONF_RULE_REMOVE:
		return remove_lines(a, r, t);
	default:
		break;
	}
	if (!strcasecmp(r->conf.header, "Request-URI")) {
		return replace_start(a, r, w, t, rules_uri(t));
	}
	if (!strcasecmp(r->conf.header, "Status")) {
		return replace_start(a, r, w, t, rules_status(t));
	}
	return replace_lines(a, r, w, t);
}
