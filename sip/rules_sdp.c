/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule makes of the lines of a session description (RFC 8866). */
#include "sip/rules_priv.h"

#include <string.h>
#include <strings.h>

#include "sip/sdp.h"

struct lines {
	unsigned n;
	struct rules_run line[SDP_LINES];
};

static bool is_sdp(const struct rules_text *t)
{
	static const char type[] = "application/sdp";
	size_t n = sizeof(type) - 1;

	for (unsigned i = 0; i < t->n; i++) {
		struct rules_run v = t->line[i].value;

		if (rules_line_is(&t->line[i], "Content-Type")) {
			return v.len >= n && !strncasecmp(v.at, type, n) &&
			       (v.len == n || strchr("; \t\r\n", v.at[n]));
		}
	}
	return false;
}

bool rules_sdp_next(const struct rules_text *t, struct rules_run *line)
{
	const char *end = t->body.at + t->body.len, *p = t->body.at, *eol;

	if (line->at) {
		eol = memchr(line->at, '\n', (size_t)(end - line->at));
		p = eol ? eol + 1 : end;
	} else if (!is_sdp(t)) {
		return false;
	}
	if (p >= end) {
		return false;
	}
	eol = memchr(p, '\n', (size_t)(end - p));
	eol = eol ? eol : end;
	line->at = p;
	line->len = (size_t)(eol - p);
	if (line->len && p[line->len - 1] == '\r') {
		line->len--;
	}
	return true;
}

/* By its first letters: "b=AS:64". */
static bool may_change(struct rules_run l)
{
	static const char key[] = "a=crypto";

	return l.len > 2 && l.at[1] == '=' && strchr("abeipsu", l.at[0]) &&
	       !memchr(l.at, '\r', l.len) && !memchr(l.at, '\n', l.len) &&
	       (l.len < sizeof(key) - 1 ||
		strncasecmp(l.at, key, sizeof(key) - 1) != 0);
}

/* *line is what shall stand for it; len 0: nothing. */
static enum rules_change change_line(struct rules_arena *a,
				     const struct rule *r,
				     const struct rules_when *w,
				     struct rules_run *line)
{
	enum rules_change c;

	if (!may_change(*line)) {
		return RULES_SAME;
	}
	c = rules_replaced(a, r, w, *line, line);
	if (c != RULES_CHANGED) {
		return c;
	}
	if (r->conf.action == CONF_RULE_REMOVE || rules_is_blank(*line)) {
		line->len = 0;
		return RULES_CHANGED;
	}
	return may_change(*line) ? RULES_CHANGED : RULES_NO_SDP;
}

static enum rules_change change_lines(struct rules_arena *a,
				      const struct rule *r,
				      const struct rules_when *w,
				      struct lines *l)
{
	enum rules_change all = RULES_SAME;
	unsigned left = 0;

	for (unsigned i = 0; i < l->n; i++) {
		enum rules_change c = change_line(a, r, w, &l->line[i]);

		if (c > RULES_CHANGED) {
			return c;
		}
		if (c == RULES_CHANGED) {
			all = c;
		}
		if (l->line[i].len) {
			l->line[left++] = l->line[i];
		}
	}
	l->n = left;
	return all;
}

/* RFC 8866 5: attributes come last, bandwidth before them. */
static unsigned place_of(const struct lines *l, struct rules_run line)
{
	unsigned media = 0, i;

	for (i = 0; i < l->n; i++) {
		if (l->line[i].at[0] == 'm') {
			media = i;
		}
	}
	if (line.at[0] == 'a') {
		return l->n;
	}
	for (i = media; i < l->n && l->line[i].at[0] != 'a'; i++) {
	}
	return i;
}

static enum rules_change add_sdp(struct rules_arena *a, const struct rule *r,
				 const struct rules_when *w, struct lines *l)
{
	struct rules_run line;
	enum rules_change c = rules_added(a, r, w, &line);
	unsigned i;

	if (c != RULES_CHANGED) {
		return c;
	}
	if (!may_change(line) || !strchr("ab", line.at[0])) {
		return RULES_NO_SDP;
	}
	if (l->n == SDP_LINES) {
		return RULES_TOO_LONG;
	}
	i = place_of(l, line);
	memmove(&l->line[i + 1], &l->line[i],
		(l->n++ - i) * sizeof(l->line[0]));
	l->line[i] = line;
	return RULES_CHANGED;
}

static enum rules_change join(struct rules_arena *a, const struct lines *l,
			      struct rules_run *body)
{
	char *to = a->octets + a->used;
	size_t room = sizeof(a->octets) - a->used, n = 0;

	for (unsigned i = 0; i < l->n; i++) {
		if (l->line[i].len + 2 > room - n) {
			return RULES_TOO_LONG;
		}
		memcpy(to + n, l->line[i].at, l->line[i].len);
		n += l->line[i].len;
		memcpy(to + n, "\r\n", 2);
		n += 2;
	}
	a->used += n;
	*body = (struct rules_run){to, n};
	return RULES_CHANGED;
}

enum rules_change rules_change_sdp(struct rules_arena *a, const struct rule *r,
				   const struct rules_when *w,
				   struct rules_text *t)
{
	struct rules_run line = {NULL, 0};
	enum rules_change c;
	struct lines l;

	for (l.n = 0; rules_sdp_next(t, &line); l.n += line.len > 0) {
		if (l.n == SDP_LINES) {
			return RULES_TOO_LONG;
		}
		l.line[l.n] = line;
	}
	if (!l.n) {
		return RULES_SAME;
	}
	c = r->conf.action == CONF_RULE_ADD ? add_sdp(a, r, w, &l)
					    : change_lines(a, r, w, &l);
	return c == RULES_CHANGED ? join(a, &l, &t->body) : c;
}
