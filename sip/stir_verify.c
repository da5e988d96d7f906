/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tokens of a call that comes in. */
#include "sip/stir_priv.h"

#include "gateway/base/log.h"

#include <string.h>
#include <strings.h>

#define REPEAT_MS 60000 /* the same fault of a trunk is told again */

/* The call, as tokens speak of it; "" = none. */
struct call {
	const struct stir_question *q;
	struct stir *s;
	int64_t now_s;
	char from[PASSPORT_TN], asserted[PASSPORT_TN];
	char called[PASSPORT_TN], to[PASSPORT_TN];
	bool called_is_global;
	unsigned n_div;
	struct passport div[STIR_IDENTITIES]; /* good ones */
};

static void describe(struct call *k, struct stir *s,
		     const struct stir_question *q)
{
	memset(k, 0, sizeof(*k));
	k->q = q;
	k->s = s;
	k->now_s = loop_wall_ms(s->loop) / 1000;
	stir_tn(s, q->trunk, q->from, k->from);
	stir_tn(s, q->trunk, q->asserted, k->asserted);
	stir_tn(s, q->trunk, q->called, k->called);
	stir_tn(s, q->trunk, q->to, k->to);
	k->called_is_global =
		q->called->type == CC_TON_INTERNATIONAL ||
		trunk_conf(s->trunks, q->trunk)->who.stir.country_code[0];
}

static bool has(const struct passport *p, const char *tn)
{
	for (unsigned i = 0; *tn && i < p->n_dest; i++) {
		if (!strcmp(p->dest[i], tn)) {
			return true;
		}
	}
	return false;
}

/* By the diversions that were signed, back from the called number. */
static bool leads_to(const struct call *k, const struct passport *p,
		     const char *tn, unsigned left)
{
	for (unsigned i = 0; left && i < k->n_div; i++) {
		const struct passport *d = &k->div[i];

		if (has(d, tn) && !strcmp(d->orig, p->orig) &&
		    (has(p, d->div) || leads_to(k, p, d->div, left - 1))) {
			return true;
		}
	}
	return false;
}

static unsigned check_dest(const struct call *k, const struct passport *p)
{
	if (has(p, k->called) || leads_to(k, p, k->called, k->n_div)) {
		return STIR_OK;
	}
	if (!has(p, k->to)) {
		return STIR_DEST;
	}
	return k->called_is_global ? STIR_RETARGETED : STIR_OK;
}

static unsigned check_orig(const struct call *k, const struct passport *p,
			   struct stir_answer *a)
{
	a->asserted = k->asserted[0] && !strcmp(p->orig, k->asserted);
	return a->asserted || (k->from[0] && !strcmp(p->orig, k->from))
		       ? STIR_OK
		       : STIR_ORIG;
}

static unsigned check_time(const struct call *k, int64_t iat)
{
	if (iat < k->now_s - STIR_FRESH_S) {
		return STIR_STALE;
	}
	return iat > k->now_s + STIR_FRESH_S ? STIR_FUTURE : STIR_OK;
}

/* RFC 8224 6.2: header and claims of a compact token are what we have. */
static bool complete(const struct call *k, struct passport_token *t)
{
	struct passport p = {.iat = k->q->date_s, .n_dest = 1};

	strcpy(p.orig, k->asserted[0] ? k->asserted : k->from);
	strcpy(p.dest[0], k->to[0] ? k->to : k->called);
	return k->q->date_s >= 0 && p.orig[0] && p.dest[0][0] &&
	       passport_complete(t, &p);
}

/* Who signed, when, and did he? */
static unsigned check_signature(const struct call *k,
				struct passport_token *t)
{
	struct stir_store *store = k->s->trunk[k->q->trunk].store;
	enum stir_cert cert;
	gnutls_pubkey_t key;
	unsigned f;

	if (t->compact && (t->says.ppt[0] || !complete(k, t))) {
		return PASSPORT_CLAIMS;
	}
	f = check_time(k, t->says.iat);
	if (f) {
		return f;
	}
	cert = stir_store_find(store, t->says.x5u, k->now_s,
			       t->says.div[0] ? t->says.div : t->says.orig,
			       &key);
	if (cert) {
		return STIR_UNKNOWN + (unsigned)cert - STIR_CERT_UNKNOWN;
	}
	return jws_verify(key, t->input, t->input_len, t->sig)
		       ? STIR_OK
		       : STIR_SIGNATURE;
}

static bool is_div(const struct passport *p)
{
	return !strcasecmp(p->ppt, "div");
}

static bool is_main(const struct passport *p)
{
	return !p->ppt[0] || !strcasecmp(p->ppt, "shaken");
}

static void take_diversions(struct call *k)
{
	struct passport_token t;

	for (unsigned i = 0; i < k->q->n; i++) {
		if (passport_read(&t, k->q->identity[i]) == PASSPORT_OK &&
		    is_div(&t.says) && t.says.div[0] &&
		    check_signature(k, &t) == STIR_OK) {
			k->div[k->n_div++] = t.says;
		}
	}
}

/* One token that is about who calls. What is cheap to look at comes first. */
static unsigned check(struct call *k, struct passport_token *t,
		      struct stir_answer *a)
{
	unsigned f;

	if (!t->compact) {
		f = check_orig(k, &t->says, a);
		f = f ? f : check_time(k, t->says.iat);
		f = f ? f : check_dest(k, &t->says);
		if (f) {
			return f;
		}
	}
	f = check_signature(k, t);
	if (f) {
		return f;
	}
	(void)check_orig(k, &t->says, a);
	a->attest = t->says.attest;
	return stir_seen_add(k->s->seen,
			     &(struct stir_token){t->input, t->input_len,
						  t->sig},
			     k->q->call_id, k->now_s,
			     t->says.iat + STIR_FRESH_S)
		       ? STIR_OK
		       : STIR_REPLAY;
}

static void look(struct call *k, struct stir_answer *out)
{
	unsigned first = STIR_MISSING;
	struct passport_token t;

	take_diversions(k);
	for (unsigned i = 0; i < k->q->n; i++) {
		struct stir_answer a = {CC_VERDICT_PASSED, 0, STIR_OK, false};

		a.fault = passport_read(&t, k->q->identity[i]);
		if (!is_main(&t.says)) {
			continue;
		}
		if (!a.fault) {
			a.fault = check(k, &t, &a);
		}
		if (!a.fault) {
			k->s->stats.loose += t.says.loose;
			*out = a;
			return;
		}
		first = first == STIR_MISSING ? a.fault : first;
	}
	out->fault = first;
}

static void tell(struct stir *s, const struct call *k, unsigned fault)
{
	struct stir_trunk *t = &s->trunk[k->q->trunk];
	mono_t now = loop_now(s->loop);

	if (now.ns < t->told[fault].ns) {
		return;
	}
	t->told[fault] = mono_add_ms(now, REPEAT_MS);
	log_warn("trunk %s: caller %s%s of a call to %s is not verified: %s",
		 trunk_conf(s->trunks, k->q->trunk)->name,
		 k->asserted[0] || k->from[0] ? "+" : "without number",
		 k->asserted[0] ? k->asserted : k->from,
		 k->called[0] ? k->called : k->to, stir_fault_text(fault));
}

void stir_verify(struct stir *s, const struct stir_question *q,
		 struct stir_answer *out)
{
	struct call k;

	*out = (struct stir_answer){.verdict = CC_VERDICT_NONE};
	if (q->trunk >= CONF_TRUNKS || !s->trunk[q->trunk].store) {
		return;
	}
	describe(&k, s, q);
	if (q->n > STIR_IDENTITIES) {
		out->fault = STIR_MANY;
	} else {
		look(&k, out);
	}
	switch (out->fault) {
	case STIR_OK:
		s->stats.passed++;
		return;
	case STIR_MISSING:
		out->verdict = CC_VERDICT_UNSIGNED;
		s->stats.unsigned_calls++;
		return;
	default:
		/* Nobody lied when a call was diverted by who cannot sign. */
		out->verdict = out->fault == STIR_RETARGETED
				       ? CC_VERDICT_UNSIGNED
				       : CC_VERDICT_FAILED;
		s->stats.failed[out->fault]++;
		tell(s, &k, out->fault);
	}
}

bool stir_verstat(struct stir *s, const char *value, struct stir_answer *out)
{
	static const struct {
		const char *name;
		enum cc_verdict verdict;
		unsigned fault;
	} rows[] = {
		{"TN-Validation-Passed", CC_VERDICT_PASSED, STIR_OK},
		{"TN-Validation-Failed", CC_VERDICT_FAILED, STIR_VERSTAT},
		{"No-TN-Validation", CC_VERDICT_UNSIGNED, STIR_OK},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].name);
		const char *tail = value + n;

		if (strncasecmp(value, rows[i].name, n) ||
		    (*tail && (tail[0] != '-' || !tail[1] || tail[2] ||
			       !strchr("ABCabc", tail[1])))) {
			continue;
		}
		*out = (struct stir_answer){
			.verdict = rows[i].verdict,
			.fault = rows[i].fault,
			.attest = *tail ? (char)(tail[1] & ~0x20) : '\0',
		};
		s->stats.verstat++;
		return true;
	}
	return false;
}

int stir_refusal(const struct stir *s, unsigned trunk,
		 const struct stir_answer *a)
{
	const struct conf_trunk *c = trunk_conf(s->trunks, trunk);

	if (a->fault == STIR_MISSING) {
		return c->who.stir.verify == CONF_STIR_REQUIRED
			       ? stir_status(a->fault)
			       : 0;
	}
	return a->verdict == CC_VERDICT_FAILED &&
			       c->who.stir.failed == CONF_STIR_REJECT
		       ? stir_status(a->fault)
		       : 0;
}
