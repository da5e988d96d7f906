/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/observe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/base/json.h"
#include "gateway/base/str.h"
#include "sip/guard.h"
#include "sip/register.h"
#include "sip/sdes.h"
#include "sip/stir.h"

#define TEXT_MAX 65536

/* --- answers --- */

static void reply(struct sip_observe *o, uint32_t id, bool error,
		  const char *text, size_t len)
{
	struct obs_reply r = {.id = id, .error = error};

	do {
		size_t n = len < OBS_TEXT ? len : OBS_TEXT;

		memcpy(r.text, text, n);
		text += n;
		len -= n;
		r.len = (uint16_t)n;
		r.more = len > 0;
		if (link_send(o->console, &r.head, OBS_REPLY,
			      offsetof(struct obs_reply, text) + n) != 0)
			return;
	} while (len > 0);
}

static struct trunk_table *trunks_of(const struct sip_observe *o)
{
	return sip_stack_trunks(o->stack);
}

static void put_trunk(struct json *j, const struct sip_observe *o, unsigned i)
{
	const struct trunk_table *t = trunks_of(o);
	unsigned registered, wanted =
		sip_registers_count(o->registers, i, &registered);
	const struct trunk_stats *s = trunk_stats(t, i);
	const struct conf_trunk *c = trunk_conf(t, i);
	bool up = trunk_is_up(t, i) && sip_registers_up(o->registers, i);
	struct rules_stats rules;

	json_obj(j, NULL);
	json_str(j, "name", c->name);
	json_str(j, "profile", c->profile);
	json_bool(j, "up", up);
	json_str(j, "text",
		 trunk_is_up(t, i) && !up ? "not registered"
					  : trunk_state_text(t, i));
	if (wanted) {
		json_int(j, "registered", registered);
		json_int(j, "registrations", wanted);
	}
	json_int(j, "calls", s->active);
	json_int(j, "max_calls", c->max_calls);
	json_int(j, "begun", (int64_t)s->calls);
	json_int(j, "refused_calls", (int64_t)s->refused_calls);
	json_int(j, "refused_rate", (int64_t)s->refused_rate);
	json_int(j, "resolve_failed", (int64_t)s->resolve_failed);
	rules_count(sip_stack_rules(o->stack), i, &rules);
	json_int(j, "rules_applied", (int64_t)rules.applied);
	json_int(j, "rules_broken", (int64_t)rules.broken);
	json_close(j);
}

static void put_trunks(struct json *j, const struct sip_observe *o)
{
	const struct trunk_table *t = trunks_of(o);
	unsigned i;

	json_arr(j, "trunks");
	for (i = 0; i < trunk_count(t); i++)
		put_trunk(j, o, i);
	json_close(j);
}

static int write_trunks(const struct sip_observe *o, char *buf)
{
	struct json j;

	json_init(&j, buf, TEXT_MAX);
	json_obj(&j, NULL);
	put_trunks(&j, o);
	json_close(&j);
	return json_end(&j);
}

static int write_status(const struct sip_observe *o, char *buf)
{
	const struct legs_stats *s = sip_legs_stats(o->legs);
	struct json j;

	json_init(&j, buf, TEXT_MAX);
	json_obj(&j, NULL);
	json_int(&j, "calls", sip_legs_active(o->legs));
	json_bool(&j, "draining", o->draining);
	json_int(&j, "begun_in", (int64_t)s->begun[0]);
	json_int(&j, "begun_out", (int64_t)s->begun[1]);
	json_int(&j, "answered", (int64_t)s->answered);
	put_trunks(&j, o);
	json_close(&j);
	return json_end(&j);
}

/* --- metrics --- */

struct text {
	char *buf;
	size_t len;
};

static void put(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, TEXT_MAX - t->len, fmt, ap);
	va_end(ap);
	if (n > 0 && t->len + (size_t)n < TEXT_MAX)
		t->len += (size_t)n;
	t->buf[t->len] = '\0';
}

static void counter(struct text *t, const char *name, const char *help,
		    uint64_t value)
{
	put(t,
	    "# HELP trunkgate_sip_%s_total %s\n"
	    "# TYPE trunkgate_sip_%s_total counter\n"
	    "trunkgate_sip_%s_total %llu\n",
	    name, help, name, name, (unsigned long long)value);
}

static void put_wire(struct text *t, const struct sip_observe *o)
{
	struct sip_stack *stack = o->stack;
	const struct sip_transport_stats *w =
		sip_transport_stats(sip_stack_transport(stack));
	const struct sip_stack_stats *s = sip_stack_stats(stack);

	counter(t, "received", "Messages received", w->rx);
	counter(t, "sent", "Messages sent", w->tx);
	counter(t, "send_failed", "Messages that could not be sent",
		w->tx_failed + w->tx_full);
	counter(t, "shed", "New INVITEs refused or dropped unread: overload",
		w->shed + s->shed_full);
	counter(t, "shed_answered", "Of them those that got 503",
		s->shed_answered);
	counter(t, "queue_full", "Datagrams that the kernel had no room for",
		w->queue_full);
	counter(t, "icmp_errors", "Errors reported by peers' hosts", w->icmp);
	counter(t, "unknown_source",
		"Messages and connections from nobody we know",
		s->unknown_source);
	counter(t, "outside_dropped",
		"Of them dropped unread for their number (accept)",
		s->outside_dropped);
	counter(t, "nobodys", "Requests for none, or several, of the trunks",
		s->nobodys);
	counter(t, "stun_sent", "Keep-alives by UDP (STUN)", s->stun_sent);
	counter(t, "stun_answers", "Answers to them", s->stun_answers);
	counter(t, "stun_asked", "The peers' keep-alives by UDP",
		s->stun_asked);
	put(t,
	    "# HELP trunkgate_sip_connections Connections now\n"
	    "# TYPE trunkgate_sip_connections gauge\n"
	    "trunkgate_sip_connections %u\n",
	    sip_transport_conns(sip_stack_transport(stack)));
	counter(t, "connections", "Connections begun", w->conn_in + w->conn_out);
	counter(t, "connections_refused",
		"Connections refused: unknown source, or a limit",
		w->conn_refused);
	counter(t, "connections_failed",
		"Connections that were never of use, slow or without framing",
		w->conn_failed + w->conn_slow + w->conn_bad);
	counter(t, "tls_failed", "TLS handshakes that failed", w->tls_failed);
	counter(t, "dead_flows", "Connections without an answer to keep-alive",
		w->dead_flows);
}

static void put_limits(struct text *t, const struct sip_observe *o)
{
	const struct guard *g = sip_stack_guard(o->stack);
	unsigned i;

	put(t, "# HELP trunkgate_sip_limited_total Messages, calls and "
	       "connections refused by the limits of their trunk, or of all\n"
	       "# TYPE trunkgate_sip_limited_total counter\n");
	for (i = 0; i < GUARD_LIMITS; i++)
		put(t, "trunkgate_sip_limited_total{limit=\"%s\"} %llu\n",
		    guard_name((enum guard_limit)i),
		    (unsigned long long)guard_count(g, (enum guard_limit)i));
}

static void put_stir(struct text *t, const struct sip_observe *o)
{
	const struct stir_stats *s;
	unsigned i;

	if (!o->stir)
		return;
	s = stir_stats(o->stir);
	put(t, "# HELP trunkgate_sip_stir_signed_total Calls placed with a "
	       "PASSporT\n# TYPE trunkgate_sip_stir_signed_total counter\n");
	for (i = 0; i < 3; i++)
		put(t, "trunkgate_sip_stir_signed_total{attest=\"%c\"} %llu\n",
		    "ABC"[i], (unsigned long long)s->signed_as[i]);
	counter(t, "stir_not_signed", "Calls placed without, though stir.sign",
		s->not_signed);
	counter(t, "stir_passed", "Callers that were verified", s->passed);
	counter(t, "stir_loose", "Of them by tokens not in canonical form",
		s->loose);
	counter(t, "stir_unsigned", "Calls without Identity header",
		s->unsigned_calls);
	counter(t, "stir_verstat", "Verdicts taken over from providers",
		s->verstat);
	put(t, "# HELP trunkgate_sip_stir_failed_total Callers that were not "
	       "verified, by the reason\n"
	       "# TYPE trunkgate_sip_stir_failed_total counter\n");
	for (i = STIR_OK + 1; i < STIR_FAULTS; i++) {
		if (i != STIR_MISSING && i != STIR_VERSTAT)
			put(t, "trunkgate_sip_stir_failed_total{reason=\"%s\"} "
			       "%llu\n",
			    stir_fault_name(i),
			    (unsigned long long)s->failed[i]);
	}
}

/* Of our own certificates, to be warned of before they end. */
static void put_certificates(struct text *t, const struct sip_observe *o)
{
	const struct trunk_tls *tls = sip_stack_tls(o->stack);
	const struct trunk_table *tt = trunks_of(o);
	unsigned i;

	put(t, "# HELP trunkgate_trunk_certificate_expires_seconds End of the "
	       "trunk's certificate, as Unix time\n"
	       "# TYPE trunkgate_trunk_certificate_expires_seconds gauge\n");
	for (i = 0; i < trunk_count(tt); i++) {
		int64_t end = trunk_tls_expires(tls, i);

		if (end)
			put(t,
			    "trunkgate_trunk_certificate_expires_seconds"
			    "{trunk=\"%s\"} %lld\n",
			    trunk_conf(tt, i)->name, (long long)end);
	}
	put(t, "# HELP trunkgate_trunk_stir_certificate_expires_seconds End of "
	       "the certificate that the trunk's calls are signed with\n"
	       "# TYPE trunkgate_trunk_stir_certificate_expires_seconds gauge\n");
	for (i = 0; o->stir && i < trunk_count(tt); i++) {
		int64_t end = stir_expires(o->stir, i);

		if (end)
			put(t,
			    "trunkgate_trunk_stir_certificate_expires_seconds"
			    "{trunk=\"%s\"} %lld\n",
			    trunk_conf(tt, i)->name, (long long)end);
	}
}

static void put_transactions(struct text *t, const struct sip_observe *o)
{
	struct txn_layer *txns = sip_stack_txns(o->stack);
	const struct txn_stats *s = txn_layer_stats(txns);
	uint64_t resent = 0, absorbed = 0, timeouts = 0;
	unsigned i;

	for (i = 0; i < TXN_KINDS; i++) {
		resent += s->resent[i];
		absorbed += s->absorbed[i];
		timeouts += s->timeouts[i];
	}
	put(t,
	    "# HELP trunkgate_sip_transactions SIP transactions now\n"
	    "# TYPE trunkgate_sip_transactions gauge\n"
	    "trunkgate_sip_transactions %u\n",
	    txn_layer_used(txns));
	counter(t, "resent", "Messages resent by our timers", resent);
	counter(t, "absorbed", "Repeated messages of peers", absorbed);
	counter(t, "timeouts", "Transactions without an answer", timeouts);
	counter(t, "merged", "Requests refused as merged", s->merged);
	counter(t, "stray", "Responses, ACKs and CANCELs for nothing",
		s->stray_responses + s->stray_acks + s->stray_cancels);
	counter(t, "refused_full", "Requests refused: transaction table full",
		s->refused_full);
	counter(t, "made_room", "Finished transactions that gave way",
		s->made_room);
}

static void put_registers(struct text *t, const struct sip_observe *o)
{
	const struct register_stats *s = sip_registers_stats(o->registers);

	counter(t, "register_sent", "REGISTER requests", s->sent);
	counter(t, "register_granted", "REGISTER requests answered by 2xx",
		s->ok);
	counter(t, "register_refused",
		"REGISTER requests answered otherwise, challenges included",
		s->refused);
	counter(t, "register_failed", "Registrations given up for a while",
		s->failed);
}

static void put_legs(struct text *t, const struct sip_observe *o)
{
	const struct legs_stats *s = sip_legs_stats(o->legs);

	put(t,
	    "# HELP trunkgate_sip_calls Calls on SIP trunks now\n"
	    "# TYPE trunkgate_sip_calls gauge\n"
	    "trunkgate_sip_calls %u\n",
	    sip_legs_active(o->legs));
	counter(t, "calls_in", "Calls that came in", s->begun[0]);
	counter(t, "calls_out", "Calls placed", s->begun[1]);
	counter(t, "answered", "Calls answered", s->answered);
	counter(t, "refused_limit", "Calls refused by a trunk's limits",
		s->refused_limit);
	counter(t, "refused_other", "Calls refused: full, draining, no core",
		s->refused_full + s->refused_drain + s->refused_down);
	counter(t, "bad_sdp", "Unusable session descriptions", s->bad_sdp);
	counter(t, "no_key", "Session descriptions refused for want of a key",
		s->no_key);
	counter(t, "srtp", "Calls answered with SRTP", s->srtp);
	counter(t, "srtp_plain", "Calls without SRTP where it is preferred",
		s->srtp_plain);
	counter(t, "bad_number", "Request-URIs that are no number",
		s->bad_number);
	counter(t, "bad_header", "Malformed header values that were ignored",
		s->bad_header);
	counter(t, "no_dialog", "Requests outside of any dialog", s->no_dialog);
	counter(t, "impossible", "Events in a state that has no use for them",
		s->impossible);
	counter(t, "core_lost", "Messages the core did not get",
		s->send_failed);
	counter(t, "core_bad", "Malformed messages of the core", s->core_bad);
	counter(t, "forks", "Answers of further branches, cleared", s->forks);
	counter(t, "refers", "Transfers asked for by peers, begun", s->moves.refers);
	counter(t, "refer_refused", "Transfers asked for by peers, refused",
		s->moves.refused);
	counter(t, "replaced", "Calls taken over by others (Replaces)",
		s->moves.replaced);
	counter(t, "snapshot_big", "Calls a new process could not clear",
		s->snapshot_big);
	counter(t, "kept", "Calls of a killed process that went on", s->kept);
	counter(t, "unsettled", "Requests not answered until the core had told "
		"of such calls", s->unsettled);
	counter(t, "restored", "Calls of a killed process, cleared",
		s->restored);
	counter(t, "not_restored", "Calls of a killed process, not cleared",
		s->not_restored);
	counter(t, "acked_again", "Answers acknowledged for a killed process",
		s->acked_again);
	counter(t, "trace_lost", "Trace records lost", o->trace_lost);
}

static void put_gate(struct text *t, const struct sip_observe *o)
{
	const struct sip_gate_stats *g = &sip_stack_stats(o->stack)->gate;
	unsigned i;

	put(t, "# HELP trunkgate_sip_gate_total Messages refused before the "
	       "parser\n# TYPE trunkgate_sip_gate_total counter\n");
	for (i = 0; i < SIP_GATE_REASONS; i++) {
		put(t, "trunkgate_sip_gate_total{reason=\"%s\"} %llu\n",
		    sip_gate_reason_name((enum sip_gate_reason)i),
		    (unsigned long long)g->reason[i]);
	}
}

static void put_rules(struct text *t, const struct sip_observe *o, bool broken)
{
	const char *name = broken ? "broken" : "applied";

	put(t, "# HELP trunkgate_trunk_header_rules_%s_total %s\n"
	       "# TYPE trunkgate_trunk_header_rules_%s_total counter\n", name,
	    broken ? "Messages left as they were: a rule would break them"
		   : "Changes that header rules made", name);
	for (unsigned i = 0; i < trunk_count(trunks_of(o)); i++) {
		struct rules_stats s;

		rules_count(sip_stack_rules(o->stack), i, &s);
		put(t, "trunkgate_trunk_header_rules_%s_total{trunk=\"%s\"} "
		       "%llu\n", name, trunk_conf(trunks_of(o), i)->name,
		    (unsigned long long)(broken ? s.broken : s.applied));
	}
}

static int write_metrics(const struct sip_observe *o, char *buf)
{
	const struct trunk_table *tt = trunks_of(o);
	struct text t = {.buf = buf};
	unsigned i;

	put_wire(&t, o);
	put_limits(&t, o);
	put_certificates(&t, o);
	put_stir(&t, o);
	put_transactions(&t, o);
	put_registers(&t, o);
	put_legs(&t, o);
	put_gate(&t, o);
	put_rules(&t, o, false);
	put_rules(&t, o, true);
	put(&t, "# HELP trunkgate_trunk_up Calls can be placed there\n"
		"# TYPE trunkgate_trunk_up gauge\n");
	for (i = 0; i < trunk_count(tt); i++)
		put(&t, "trunkgate_trunk_up{trunk=\"%s\"} %d\n",
		    trunk_conf(tt, i)->name,
		    trunk_is_up(tt, i) &&
			    sip_registers_up(o->registers, i));
	put(&t, "# HELP trunkgate_trunk_registered Registrations in force\n"
		"# TYPE trunkgate_trunk_registered gauge\n");
	for (i = 0; i < trunk_count(tt); i++) {
		unsigned up;

		if (sip_registers_count(o->registers, i, &up))
			put(&t, "trunkgate_trunk_registered{trunk=\"%s\"} %u\n",
			    trunk_conf(tt, i)->name, up);
	}
	put(&t, "# HELP trunkgate_trunk_calls Calls on the trunk now\n"
		"# TYPE trunkgate_trunk_calls gauge\n");
	for (i = 0; i < trunk_count(tt); i++)
		put(&t, "trunkgate_trunk_calls{trunk=\"%s\"} %u\n",
		    trunk_conf(tt, i)->name, trunk_stats(tt, i)->active);
	return (int)t.len;
}

static const struct verb {
	const char *name;
	int (*write)(const struct sip_observe *, char *buf);
} verbs[] = {
	{"status", write_status},
	{"trunks", write_trunks},
	{"metrics", write_metrics},
};

static void on_query(struct sip_observe *o, const struct obs_query *q)
{
	static char buf[TEXT_MAX];
	static const char unknown[] = "sip knows status, trunks, metrics";
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		int n;

		if (strncmp(verbs[i].name, q->verb, sizeof(q->verb)) != 0)
			continue;
		n = verbs[i].write(o, buf);
		if (n < 0)
			reply(o, q->id, true, "too long", 8);
		else
			reply(o, q->id, false, buf, (size_t)n);
		return;
	}
	reply(o, q->id, true, unknown, sizeof(unknown) - 1);
}

void sip_observe_msg(struct sip_observe *o, const struct link_head *h)
{
	const void *p = h;

	if (h->type == OBS_QUERY && h->len == sizeof(struct obs_query))
		on_query(o, p);
	else if (h->type == OBS_TRACE_ON && h->len == sizeof(struct obs_switch))
		o->tracing = ((const struct obs_switch *)p)->on != 0;
}

/* --- trace --- */

/* In place: response="..." of Authorization and Proxy-Authorization. */
static void mask_response(char *line, size_t len)
{
	static const char word[] = "response=";
	size_t n = sizeof(word) - 1, i, k;

	for (i = 0; i + n < len; i++) {
		if (strncasecmp(line + i, word, n) != 0)
			continue;
		k = i + n;
		if (line[k] == '"')
			k++;
		for (; k < len && line[k] != '"' && line[k] != ','; k++)
			line[k] = 'x';
	}
}

static size_t line_length(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return (size_t)((nl ? nl + 1 : end) - p);
}

/* The header's value when this line is that header. */
static bool header_value(const char *line, size_t len, const char *name,
			 struct text *value)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) != 0)
		return false;
	while (n < len && (line[n] == ' ' || line[n] == '\t'))
		n++;
	if (n == len || line[n] != ':')
		return false;
	for (n++; n < len && (line[n] == ' ' || line[n] == '\t'); n++)
		;
	while (len > n && strchr("\r\n \t", line[len - 1]))
		len--;
	*value = (struct text){(char *)line + n, len - n};
	return true;
}

/* Walks the header: masks secrets, finds the Call-ID. A folded line belongs
 * to the header before it. */
static void walk(struct obs_trace *t)
{
	char *p = (char *)t->bytes, *end = p + t->len;
	bool secret = false;
	struct text v;

	while (p < end) {
		size_t n = line_length(p, end);

		if (n <= 2 && (*p == '\r' || *p == '\n'))
			break;
		if (*p != ' ' && *p != '\t')
			secret = header_value(p, n, "Authorization", &v) ||
				 header_value(p, n, "Proxy-Authorization", &v);
		if (secret)
			mask_response(p, n);
		if (header_value(p, n, "Call-ID", &v) ||
		    header_value(p, n, "i", &v))
			(void)str_copy_n(t->call, sizeof(t->call), v.buf,
					 v.len);
		p += n;
	}
}

void sip_observe_wire(struct sip_observe *o, bool sent,
		      const struct sip_path *path, const char *data, size_t len)
{
	struct obs_trace t = {.kind = OBS_SIP, .sent = sent};
	struct net_addr local;
	size_t first;

	if (!o->tracing || !link_is_up(o->console))
		return;
	sip_stack_local(o->stack, path, &local);
	t.wall_us = loop_wall_ms(o->loop) * 1000;
	t.index = path->trunk;
	memcpy(t.local, &local, sizeof(local));
	memcpy(t.remote, &path->remote, sizeof(path->remote));
	t.len = (uint32_t)(len < OBS_BYTES ? len : OBS_BYTES);
	memcpy(t.bytes, data, t.len);
	walk(&t);
	sdes_mask((char *)t.bytes, t.len);
	first = line_length((const char *)t.bytes,
			    (const char *)t.bytes + t.len);
	while (first > 0 && strchr("\r\n", t.bytes[first - 1]))
		first--;
	(void)str_copy_n(t.text, sizeof(t.text), (const char *)t.bytes, first);
	if (link_send(o->console, &t.head, OBS_TRACE,
		      offsetof(struct obs_trace, bytes) + t.len) != 0)
		o->trace_lost++;
}
