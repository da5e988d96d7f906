/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/leg_stir.h"

#include "sip/identity.h"
#include "sip/legs.h"
#include "sip/stir.h"

#include <osipparser2/osip_parser.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct stir *stir_of(const struct leg *l)
{
	return sip_legs_env(l->legs)->stir;
}

/* The number in a header's value; false: none. */
static bool number_of(const char *value, struct cc_number *out)
{
	struct sip_name_addr a;
	struct sip_uri u;

	memset(out, 0, sizeof(*out));
	return value && *value && sip_name_addr_parse(&a, value) &&
	       sip_uri_parse(&u, a.uri) == 0 && sip_uri_number(&u, out) == 0;
}

/* What the INVITE says of its parties; text lives as long as they. */
struct parties {
	struct cc_number from, asserted, to;
	char from_text[SIP_URI_MAX], to_text[2 * SIP_URI_MAX];
};

static void read_parties(const struct sip_msg *m, struct parties *p)
{
	memset(p, 0, sizeof(*p));
	if (sip_msg_header(m, "from", 0, p->from_text, SIP_URI_MAX) > 0) {
		(void)number_of(p->from_text, &p->from);
	}
	if (sip_msg_header(m, "to", 0, p->to_text, sizeof(p->to_text)) > 0) {
		(void)number_of(p->to_text, &p->to);
	}
	for (unsigned i = 0; i < SIP_PAI_MAX; i++) {
		if (number_of(sip_msg_plain(m, "P-Asserted-Identity", i),
			      &p->asserted)) {
			break;
		}
	}
}

/* --- calls that we place --- */

/* RFC 3261 20.17 */
static void put_date(const struct leg *l, struct sip_msg *m)
{
	time_t now = (time_t)(loop_wall_ms(sip_legs_env(l->legs)->loop) / 1000);
	struct tm tm;
	char text[40];

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	(void)sip_msg_add(m, "Date", text);
}

/* How the call came from who was called first to where it goes now, as far as
 * the numbers between are ours. */
struct way {
	unsigned n; /* at least 1 */
	const struct cc_number *at[3];
};

static struct way way_of(const struct leg *l)
{
	const struct cc_number *last = &l->setup.redirecting;
	const struct cc_number *first = &l->setup.extra.divert.original;
	struct way w = {0};
	bool ours = sip_leg_conf(l)->who.stir.div &&
		    stir_is_ours(stir_of(l), l->trunk, last);

	if (ours && stir_is_ours(stir_of(l), l->trunk, first) &&
	    strcmp(first->digits, last->digits) != 0) {
		w.at[w.n++] = first;
	}
	if (ours) {
		w.at[w.n++] = last;
	}
	w.at[w.n++] = &l->setup.called;
	return w;
}

static void put_divs(struct leg *l, const struct cc_number *orig,
		     const struct way *w, struct sip_msg *m)
{
	char value[PASSPORT_MAX];

	for (unsigned i = 0; i + 1 < w->n; i++) {
		struct stir_div d = {orig, w->at[i], w->at[i + 1]};

		if (stir_sign_div(stir_of(l), l->trunk, &d, value)) {
			(void)sip_msg_add(m, "Identity", value);
		}
	}
}

void sip_stir_put(struct leg *l, struct sip_msg *m)
{
	const struct cc_msg *s = &l->setup;
	char value[PASSPORT_MAX];
	struct way w;
	struct cc_number orig;
	struct parties p;
	char attest;

	if (!stir_of(l) || !sip_leg_conf(l)->who.stir.sign) {
		return;
	}
	read_parties(m, &p);
	orig = p.asserted.valid ? p.asserted : p.from;
	if (!strcmp(orig.digits, s->calling.digits)) {
		orig.screening = s->calling.screening;
	}
	w = way_of(l);
	attest = stir_sign(stir_of(l), l->trunk, &orig, w.at[0], value);
	l->setup.extra.verified.attest = attest;
	if (attest && sip_msg_add(m, "Identity", value) == 0) {
		put_divs(l, &orig, &w, m);
		put_date(l, m);
	}
}

/* --- calls that come in --- */

static int64_t date_of(const struct sip_msg *m)
{
	char text[64];
	struct tm tm = {0};
	const char *end;

	if (sip_msg_header(m, "date", 0, text, sizeof(text)) <= 0) {
		return -1;
	}
	end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return end && !*end ? (int64_t)timegm(&tm) : -1;
}

/* verstat of a number in a URI: a parameter of the number, or of the URI. */
static bool verstat_of(struct stir *s, const char *value,
		       struct stir_answer *out)
{
	struct sip_name_addr a;
	char text[40];

	if (!value || !sip_name_addr_parse(&a, value) ||
	    !sip_param(a.uri, "verstat", text, sizeof(text))) {
		return false;
	}
	text[strcspn(text, "@?>")] = '\0';
	return stir_verstat(s, text, out);
}

static bool provider_says(const struct leg *l, const struct sip_msg *m,
			  const struct parties *p, struct stir_answer *out)
{
	if (!sip_leg_conf(l)->who.trusted) {
		return false;
	}
	for (unsigned i = 0; i < SIP_PAI_MAX; i++) {
		if (verstat_of(stir_of(l),
			       sip_msg_plain(m, "P-Asserted-Identity", i),
			       out)) {
			out->asserted = true;
			return true;
		}
	}
	return verstat_of(stir_of(l), p->from_text, out);
}

static void ask(const struct leg *l, const struct sip_msg *m,
		const struct parties *p, const struct cc_msg *setup,
		struct stir_answer *out)
{
	struct stir_question q = {
		.trunk = l->trunk,
		.from = &p->from,
		.asserted = &p->asserted,
		.called = &setup->called,
		.to = &p->to,
		.call_id = sip_msg_call_id(m),
		.date_s = date_of(m),
	};
	const char *value;

	while (q.n <= STIR_IDENTITIES &&
	       (value = sip_msg_plain(m, "Identity", q.n)) != NULL) {
		if (q.n < STIR_IDENTITIES) {
			q.identity[q.n] = value;
		}
		q.n++;
	}
	stir_verify(stir_of(l), &q, out);
}

/* The screening that a line is told (policy.h). B and C say nothing of the
 * number itself. */
static void mark(const struct conf_stir *c, const struct stir_answer *a,
		 struct cc_msg *setup)
{
	if (a->verdict == CC_VERDICT_PASSED && !a->asserted &&
	    (!a->attest || a->attest == 'A') && setup->calling.valid) {
		setup->calling.screening = CC_SCREEN_PASSED;
	}
	if (a->verdict != CC_VERDICT_FAILED || c->failed == CONF_STIR_PASS) {
		return;
	}
	if (setup->calling.valid) {
		setup->calling.screening = CC_SCREEN_FAILED;
	}
	if (setup->asserted.valid) {
		setup->asserted.screening = CC_SCREEN_FAILED;
	}
}

int sip_stir_check(struct leg *l, const struct sip_msg *m,
		   struct cc_msg *setup)
{
	const struct conf_stir *c = &sip_leg_conf(l)->who.stir;
	struct stir_answer a = {0}, theirs = {0};
	struct parties p;
	int status;

	if (!stir_of(l)) {
		return 0;
	}
	read_parties(m, &p);
	if (c->verify != CONF_STIR_OFF) {
		ask(l, m, &p, setup, &a);
	}
	if ((a.verdict == CC_VERDICT_NONE || a.fault == STIR_MISSING) &&
	    provider_says(l, m, &p, &theirs)) {
		a = theirs;
	}
	setup->extra.verified.verdict = (uint8_t)a.verdict;
	setup->extra.verified.attest = a.attest;
	l->setup.extra.verified = setup->extra.verified; /* if refused */
	mark(c, &a, setup);
	status = setup->emergency ? 0 : stir_refusal(stir_of(l), l->trunk, &a);
	l->inv.stir_fault = (uint8_t)a.fault;
	return status;
}

/* --- responses --- */

static void put_reason(struct sip_msg *m, int status)
{
	char text[80];

	snprintf(text, sizeof(text), "STIR;cause=%d;text=\"%s\"", status,
		 stir_phrase(status));
	(void)sip_msg_add(m, "Reason", text);
}

void sip_stir_tell(const struct leg *l, struct sip_msg *m)
{
	unsigned f = l->inv.stir_fault;

	if (f && f != STIR_MISSING && f != STIR_VERSTAT) {
		put_reason(m, stir_status(f));
	}
}

const char *sip_stir_phrase(int status)
{
	return status == 403 ? stir_phrase(status) : NULL;
}

void sip_stir_reason(struct sip_msg *m, int status)
{
	if (status == 403 || status == 428 ||
	    (status >= 436 && status <= 438)) {
		put_reason(m, status);
	}
}
