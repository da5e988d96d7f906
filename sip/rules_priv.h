/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules.c (which rule, and whether what it made stands), rules_text.c (the
 * message as lines, and what a rule makes of them) and rules_sdp.c (the same of
 * the lines of its body). */
#ifndef SIP_RULES_PRIV_H
#define SIP_RULES_PRIV_H

#include "gateway/base/pattern.h"
#include "sip/gate.h"
#include "sip/rules.h"

#define RULES_ARENA 65536

struct rule {
	struct conf_rule conf;
	struct pattern *pattern, *when; /* NULL: none given */
	struct rules_stats stats;
	bool told; /* that it broke a message */
};

/* A run of octets: of the message, or of the arena. */
struct rules_run {
	const char *at;
	size_t len;
};

struct rules_line {
	struct rules_run name, value;
};

struct rules_text {
	struct rules_run start, body;
	bool is_request;
	unsigned n;
	struct rules_line line[SIP_GATE_HEADERS];
};

/* New text lives here until the next message. */
struct rules_arena {
	size_t used;
	char octets[RULES_ARENA];
};

/* What when.pattern matched, for $0 to $9. */
struct rules_when {
	struct rules_run text;
	struct pattern_match match;
};

void rules_take(struct rules_text *, const char *data,
		const struct sip_gate_result *);
/* malloc()ed, with a right Content-Length. NULL: no memory. */
char *rules_print(const struct rules_text *, size_t *len);
/* The n-th (0...) line of that long name; false: no more. */
bool rules_line_is(const struct rules_line *, const char *name);
/* The value without line ends inside. at NULL: the arena is full. */
struct rules_run rules_unfold(struct rules_arena *, struct rules_run);
struct rules_run rules_uri(const struct rules_text *);
struct rules_run rules_status(const struct rules_text *);

enum rules_change {
	RULES_SAME,
	RULES_CHANGED,
	RULES_TOO_LONG,
	RULES_SLOW,
	RULES_NO_SDP /* no line of SDP, or one that is protected */
};

/* Does the rule's action. */
enum rules_change rules_change(struct rules_arena *, const struct rule *,
			       const struct rules_when *, struct rules_text *);
/* text with the rule's first match replaced, into *out. */
enum rules_change rules_replaced(struct rules_arena *, const struct rule *,
				 const struct rules_when *,
				 struct rules_run text, struct rules_run *out);
/* What the rule adds. */
enum rules_change rules_added(struct rules_arena *, const struct rule *,
			      const struct rules_when *,
			      struct rules_run *out);
bool rules_is_blank(struct rules_run);

/* --- rules_sdp.c --- */
#define RULES_SDP "SDP" /* stands for a header's name */
/* The next line of the body, without its end, if that is SDP; line->at NULL:
 * the first. False: there are no more. */
bool rules_sdp_next(const struct rules_text *, struct rules_run *line);
enum rules_change rules_change_sdp(struct rules_arena *, const struct rule *,
				   const struct rules_when *,
				   struct rules_text *);

#endif
