/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the console sees: status, channels and metrics of the span, and the
 * trace of the D channel.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/json.h"
#include "gateway/base/obs.h"
#include "gateway/base/str.h"
#include "isdn/isdn_priv.h"
#include "isdn/trace.h"

#define TEXT_SPAN 32768 /* all channels busy: 31 x about 350 octets */

static void put_layer1(const struct isdn_span *span, struct json *j)
{
	json_obj(j, "layer1");
	json_str(j, "state", health_layer1(span));
	json_int(j, "alarms", span->line.alarms);
	json_int(j, "frame_errors", span->line.errors);
	json_close(j);
}

static void put_layer2(const struct isdn_d *d, struct json *j)
{
	json_obj(j, "layer2");
	json_str(j, "state", health_layer2(d));
	json_int(j, "seconds",
		 mono_diff_ms(loop_now(isdn_loop(d->isdn)), d->since) / 1000);
	json_int(j, "sapi", 0);
	json_int(j, "tei", 0);
	json_int(j, "downs", (int64_t)d->downs);
	json_close(j);
}

static void put_layer3(struct isdn *isdn, struct json *j)
{
	const struct isdn_stats *s = &isdn->stats;

	json_obj(j, "layer3");
	json_str(j, "state", isdn_is_up(isdn) ? "ACTIVE" : "DEACTIVATED");
	json_int(j, "calls", leg_count(isdn));
	json_int(j, "t309_left_s", health_t309_left_s(isdn));
	json_int(j, "t309_expired", (int64_t)s->t309_expired);
	json_int(j, "calls_in", (int64_t)s->calls_in);
	json_int(j, "calls_out", (int64_t)s->calls_out);
	json_int(j, "answered", (int64_t)s->answered);
	json_int(j, "refused", (int64_t)s->refused);
	json_int(j, "glare", (int64_t)s->glare);
	json_int(j, "retried", (int64_t)s->retried);
	json_int(j, "restarting", restart_pending(isdn));
	json_int(j, "restarts_received", (int64_t)s->restarts_in);
	json_int(j, "services_received", (int64_t)s->services_in);
	json_int(j, "services_bad", (int64_t)s->services_bad);
	json_int(j, "enquiries", (int64_t)s->audited);
	json_int(j, "enquiries_lost", (int64_t)s->audit_lost);
	json_close(j);
}

/* Each D channel of an NFAS group, and each span. */
static void put_group(struct isdn *isdn, struct json *j)
{
	static const char *const words[] = { "primary", "backup", "none" };
	char text[40];
	unsigned i;

	if (!isdn_is_group(isdn)) {
		return;
	}
	json_obj(j, "nfas");
	json_int(j, "switch_overs", (int64_t)isdn->stats.switches);
	json_int(j, "left_out_on_standby", (int64_t)isdn->stats.on_standby);
	json_close(j);
	json_arr(j, "spans");
	for (i = 0; i < isdn->n_spans; i++) {
		const struct isdn_span *s = &isdn->spans[i];

		json_obj(j, NULL);
		json_str(j, "span", s->conf->name);
		json_int(j, "interface", s->conf->interface);
		json_str(j, "d_channel", words[s->conf->d]);
		json_str(j, "layer1", health_layer1(s));
		json_str(j, "layer2", s->d ? health_layer2(s->d) : "-");
		json_str(j, "d_state", s->d ? health_d_state(s->d) : "-");
		json_str(j, "status",
			 s->d ? health_asterisk(s->d, text) : "-");
		json_int(j, "free", channel_count_free(&isdn->channels, i));
		json_int(j, "busy", channel_count_on(&isdn->channels, i,
						     CHANNEL_BUSY));
		json_close(j);
	}
	json_close(j);
}

static void put_frames(struct isdn *isdn, struct json *j)
{
	uint64_t rx = 0, tx = 0;
	unsigned i;

	for (i = 0; i < isdn->n_d; i++) {
		rx += isdn->d[i].chan.stats.rx;
		tx += isdn->d[i].chan.stats.tx;
	}
	json_obj(j, "frames");
	json_int(j, "received", (int64_t)rx);
	json_int(j, "sent", (int64_t)tx);
	json_int(j, "lost", (int64_t)isdn->stats.frames_lost);
	json_close(j);
}

static uint64_t gate_faults(const struct isdn *isdn, unsigned fault)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < isdn->n_d; i++) {
		n += isdn->d[i].chan.gate.faults[fault];
	}
	return n;
}

static void put_gate(struct isdn *isdn, struct json *j)
{
	uint64_t dropped = 0, emptied = 0, trimmed = 0;
	unsigned i;

	for (i = 0; i < isdn->n_d; i++) {
		dropped += isdn->d[i].chan.gate.dropped;
		emptied += isdn->d[i].chan.gate.emptied;
		trimmed += isdn->d[i].chan.gate.trimmed;
	}
	json_obj(j, "gate");
	json_int(j, "dropped", (int64_t)dropped);
	json_int(j, "emptied", (int64_t)emptied);
	json_int(j, "trimmed", (int64_t)trimmed);
	for (i = GATE_OK + 1; i < GATE_FAULTS; i++) {
		if (gate_faults(isdn, i)) {
			json_int(j, gate_fault_name(i),
				 (int64_t)gate_faults(isdn, i));
		}
	}
	json_close(j);
}

/* The status is Asterisk's word for it, the layers are Cisco's. */
static int query_status(struct isdn *isdn, char *buf, size_t size)
{
	const struct channels *c = &isdn->channels;
	const struct isdn_d *d = isdn->active;
	struct json j;
	char text[40];

	json_init(&j, buf, size);
	json_obj(&j, NULL);
	json_str(&j, isdn_is_group(isdn) ? "group" : "span", isdn_name(isdn));
	json_int(&j, "index", isdn->conf.index);
	json_str(&j, "switch", isdn_ni2(isdn) ? "ni2" : "euroisdn");
	json_str(&j, "side", isdn_network(isdn) ? "network" : "user");
	json_str(&j, "status", health_asterisk(d, text));
	json_bool(&j, "up", isdn_is_up(isdn));
	json_bool(&j, "draining", isdn->draining);
	json_str(&j, "text", health_text(d->span));
	put_layer1(d->span, &j);
	put_layer2(d, &j);
	put_layer3(isdn, &j);
	put_group(isdn, &j);
	json_obj(&j, "channels");
	json_int(&j, "idle", channel_count(c, CHANNEL_IDLE));
	json_int(&j, "busy", channel_count(c, CHANNEL_BUSY));
	json_int(&j, "restarting", channel_count(c, CHANNEL_RESTARTING));
	json_int(&j, "out_of_service", channel_count(c, CHANNEL_OUT));
	json_close(&j);
	put_frames(isdn, &j);
	put_gate(isdn, &j);
	json_int(&j, "libpri_complaints", (int64_t)d->chan.stats.complaints);
	json_str(&j, "libpri_last", d->chan.complaint);
	json_int(&j, "bad_messages", (int64_t)isdn->stats.bad_messages);
	json_close(&j);
	return json_end(&j);
}

static const char *bearer_name(unsigned bearer)
{
	static const char *const names[] = { "speech",	     "3.1 kHz audio",
					     "unrestricted", "restricted",
					     "video",	     "other" };

	return bearer < sizeof(names) / sizeof(names[0]) ? names[bearer]
							 : "?";
}

static void put_leg(const struct leg *l, struct json *j)
{
	char ref[CC_REF_MAX];

	leg_ref(l, ref);
	json_str(j, "call", ref);
	json_str(j, "direction", l->s.ours ? "out" : "in");
	json_str(j, "phase", leg_phase_name(l->s.phase));
	json_int(j, "q931_state", leg_q931_state(l));
	json_str(j, "bearer", bearer_name(l->s.bearer));
	json_str(j, "called", l->s.called);
	json_str(j, "calling", l->s.calling);
	json_int(j, "since_ms", l->s.since_wall_ms);
}

static void put_channel(struct isdn *isdn, unsigned number, struct json *j)
{
	const struct channel *c = &isdn->channels.at[number];
	const struct leg *l = channel_owner(&isdn->channels, number);

	json_obj(j, NULL);
	if (isdn_is_group(isdn)) {
		json_str(j, "span",
			 isdn->spans[channel_span(number)].conf->name);
	}
	json_int(j, "channel", channel_slot(number));
	json_str(j, "state", channel_state_name(c->state));
	json_str(j, "operator", c->barred ? "out" : "in");
	json_bool(j, "silent", c->silent);
	if (isdn_ni2(isdn)) {
		json_str(j, "near_end", channel_service_name(c->near_end));
		json_str(j, "far_end", channel_service_name(c->far_end));
	}
	if (l) {
		put_leg(l, j);
	}
	json_close(j);
}

static int query_channels(struct isdn *isdn, char *buf, size_t size)
{
	struct json j;
	unsigned i;

	json_init(&j, buf, size);
	json_obj(&j, NULL);
	json_str(&j, isdn_is_group(isdn) ? "group" : "span", isdn_name(isdn));
	json_arr(&j, "channels");
	for (i = 1; i < isdn->channels.n; i++) {
		if (channel_exists(&isdn->channels, i)) {
			put_channel(isdn, i, &j);
		}
	}
	json_close(&j);
	json_close(&j);
	return json_end(&j);
}

struct lines {
	char *buf;
	size_t size, len;
	const char *span;
	const char *family; /* whose HELP and TYPE stand already */
};

static const char *metric_help(const char *name)
{
	static const struct {
		const char *name, *help;
	} table[] = {
		{ "up", "span can carry calls" },
		{ "layer2_up", "LAPD is established" },
		{ "d_channel", "state of the D channel: 1 at the true one" },
		{ "line_up", "line without alarm" },
		{ "t309_left_seconds", "D channel lost: until calls end" },
		{ "t309_expired_total", "calls that did not outlive it" },
		{ "enquiries_total", "calls asked for by STATUS ENQUIRY" },
		{ "enquiries_lost_total", "of these, not known any more" },
		{ "services_total", "SERVICE messages" },
		{ "services_bad_total", "SERVICE messages not understood" },
		{ "switch_overs_total", "from one D channel to the other" },
		{ "left_out_on_standby_total",
		  "messages on the D channel not in use" },
		{ "channels", "B channels by state" },
		{ "calls", "calls on the span now" },
		{ "calls_total", "calls by direction, as the line sees it" },
		{ "answered_total", "calls answered" },
		{ "refused_total", "calls refused by us" },
		{ "glare_total", "channels both sides wanted" },
		{ "channel_retries_total", "calls tried on a further channel" },
		{ "restarts_received_total", "RESTART of the peer" },
		{ "layer2_downs_total", "times that LAPD was lost" },
		{ "frames_total", "D-channel frames" },
		{ "frames_lost_total", "D-channel frames without room" },
		{ "frame_errors_total", "D-channel frames damaged on the line" },
		{ "gate_faults_total", "frames and elements refused" },
		{ "bad_messages_total", "messages of roles not understood" },
	};
	size_t i = 0, n = sizeof(table) / sizeof(table[0]);

	while (i < n && strcmp(table[i].name, name)) {
		i++;
	}
	return i < n ? table[i].help : "";
}

static void add_text(struct lines *t, int n)
{
	if (n > 0 && t->len + (size_t)n < t->size) {
		t->len += (size_t)n;
	}
}

static void begin_family(struct lines *t, const char *name)
{
	size_t n = strlen(name);
	bool counter = n > 6 && !strcmp(name + n - 6, "_total");

	if (t->family && !strcmp(t->family, name)) {
		return;
	}
	t->family = name;
	add_text(t, snprintf(t->buf + t->len, t->size - t->len,
			     "# HELP trunkgate_isdn_%s %s\n"
			     "# TYPE trunkgate_isdn_%s %s\n",
			     name, metric_help(name), name,
			     counter ? "counter" : "gauge"));
}

__attribute__((format(printf, 4, 5))) static void
metric(struct lines *t, const char *name, uint64_t value, const char *labels,
       ...)
{
	char extra[80] = "";
	va_list ap;

	va_start(ap, labels);
	vsnprintf(extra, sizeof(extra), labels, ap);
	va_end(ap);
	begin_family(t, name);
	add_text(t, snprintf(t->buf + t->len, t->size - t->len,
			     "trunkgate_isdn_%s{span=\"%s\"%s} %llu\n", name,
			     t->span, extra, (unsigned long long)value));
}

static void metrics_of_layers(struct lines *t, struct isdn *isdn)
{
	static const char *const names[D_STATES] = { "out", "standby", "wait",
						     "in_service" };
	unsigned i, k;

	metric(t, "up", isdn_is_up(isdn), "%s", "");
	for (i = 0; i < isdn->n_spans; i++) {
		t->span = isdn->spans[i].conf->name;
		metric(t, "line_up", isdn->spans[i].line.up, "%s", "");
	}
	for (i = 0; i < isdn->n_d; i++) {
		const struct isdn_d *d = &isdn->d[i];

		t->span = d->span->conf->name;
		metric(t, "layer2_up", d->up, "%s", "");
		metric(t, "layer2_downs_total", d->downs, "%s", "");
		for (k = 0; k < D_STATES; k++) {
			metric(t, "d_channel", d->state == k,
			       ",state=\"%s\"", names[k]);
		}
	}
	t->span = isdn_name(isdn);
	metric(t, "t309_left_seconds", health_t309_left_s(isdn), "%s", "");
	metric(t, "t309_expired_total", isdn->stats.t309_expired, "%s", "");
}

static void metrics_of_channels(struct lines *t, struct isdn *isdn)
{
	static const char *const states[CHANNEL_STATES] = {
		NULL, "idle", "busy", "restarting", "out_of_service"
	};
	unsigned i, k;

	for (k = 0; k < isdn->n_spans; k++) {
		t->span = isdn->spans[k].conf->name;
		for (i = CHANNEL_IDLE; i < CHANNEL_STATES; i++) {
			metric(t, "channels",
			       channel_count_on(&isdn->channels, k, i),
			       ",state=\"%s\"", states[i]);
		}
	}
	t->span = isdn_name(isdn);
}

static void metrics_of_messages(struct lines *t, struct isdn *isdn)
{
	const struct isdn_stats *s = &isdn->stats;
	uint64_t rx = 0, tx = 0, errors = 0;
	unsigned i;

	for (i = 0; i < isdn->n_d; i++) {
		rx += isdn->d[i].chan.stats.rx;
		tx += isdn->d[i].chan.stats.tx;
		errors += isdn->d[i].span->line.errors;
	}
	metric(t, "restarts_received_total", s->restarts_in, "%s", "");
	metric(t, "enquiries_total", s->audited, "%s", "");
	metric(t, "enquiries_lost_total", s->audit_lost, "%s", "");
	metric(t, "services_total", s->services_in, ",direction=\"rx\"");
	metric(t, "services_total", s->services_out, ",direction=\"tx\"");
	metric(t, "services_bad_total", s->services_bad, "%s", "");
	metric(t, "switch_overs_total", s->switches, "%s", "");
	metric(t, "left_out_on_standby_total", s->on_standby, "%s", "");
	metric(t, "frames_total", rx, ",direction=\"rx\"");
	metric(t, "frames_total", tx, ",direction=\"tx\"");
	metric(t, "frames_lost_total", s->frames_lost, "%s", "");
	metric(t, "frame_errors_total", errors, "%s", "");
	for (i = GATE_OK + 1; i < GATE_FAULTS; i++) {
		metric(t, "gate_faults_total", gate_faults(isdn, i),
		       ",reason=\"%s\"", gate_fault_name(i));
	}
	metric(t, "bad_messages_total", s->bad_messages, "%s", "");
}

static int query_metrics(struct isdn *isdn, char *buf, size_t size)
{
	struct lines t = { buf, size, 0, isdn_name(isdn), NULL };
	const struct isdn_stats *s = &isdn->stats;

	buf[0] = '\0';
	metrics_of_layers(&t, isdn);
	metrics_of_channels(&t, isdn);
	metric(&t, "calls", leg_count(isdn), "%s", "");
	metric(&t, "calls_total", s->calls_in, ",direction=\"in\"");
	metric(&t, "calls_total", s->calls_out, ",direction=\"out\"");
	metric(&t, "answered_total", s->answered, "%s", "");
	metric(&t, "refused_total", s->refused, "%s", "");
	metric(&t, "glare_total", s->glare, "%s", "");
	metric(&t, "channel_retries_total", s->retried, "%s", "");
	metrics_of_messages(&t, isdn);
	return (int)t.len;
}

/* The operator's wish; each role is asked, the one of the group does it. */
static int query_switch(struct isdn *isdn, char *buf, size_t size)
{
	const struct isdn_d *d = isdn->active;
	struct json j;
	int r = nfas_switch(isdn);

	json_init(&j, buf, size);
	json_obj(&j, NULL);
	json_str(&j, "group", isdn_name(isdn));
	json_str(&j, "from", d->span->conf->name);
	json_str(&j, "result", r < 0 ? "the other D channel is not in standby"
				     : "asked the far end");
	json_close(&j);
	return json_end(&j);
}

/* "SPAN/CHANNEL out|in": as above. */
static int query_channel(struct isdn *isdn, const char *order, char *buf,
			 size_t size)
{
	bool out = false;
	unsigned number = busy_ordered(isdn, order, &out);

	return number ? busy_order(isdn, number, out, buf, size)
		      : snprintf(buf, size, "{}");
}

static bool is_meant(const struct isdn *isdn, const struct obs_query *q)
{
	return strcmp(q->verb, "nfas-switch") ||
	       (isdn_is_group(isdn) && !strcmp(q->arg, isdn_name(isdn)));
}

static void reply(struct isdn *isdn, uint32_t id, bool error, const char *text,
		  size_t len)
{
	struct obs_reply r = { .id = id, .error = error };
	size_t n;

	do {
		n = len < OBS_TEXT ? len : OBS_TEXT;
		memcpy(r.text, text, n);
		r.len = (uint16_t)n;
		r.more = len > n;
		link_send(&isdn->console, &r.head, OBS_REPLY,
			  offsetof(struct obs_reply, text) + n);
		text += n;
		len -= n;
	} while (len);
}

static int run_verb(struct isdn *isdn, const struct obs_query *q, char *text,
		    size_t size)
{
	static const struct {
		const char *verb;
		int (*fn)(struct isdn *, char *, size_t);
	} verbs[] = { { "status", query_status },
		      { "channels", query_channels },
		      { "metrics", query_metrics },
		      { "nfas-switch", query_switch } };

	if (!memchr(q->arg, '\0', sizeof(q->arg))) {
		return -EINVAL;
	}
	if (!strncmp(q->verb, "channel", sizeof(q->verb))) {
		return query_channel(isdn, q->arg, text, size);
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!strncmp(q->verb, verbs[i].verb, sizeof(q->verb))) {
			return is_meant(isdn, q)
				       ? verbs[i].fn(isdn, text, size)
				       : snprintf(text, size, "{}");
		}
	}
	return -EOPNOTSUPP;
}

void status_query(struct isdn *isdn, const struct link_head *head)
{
	const struct obs_query *q = (const struct obs_query *)(const void *)head;
	size_t size = (size_t)TEXT_SPAN * isdn->n_spans;
	char *text = malloc(size);
	int n = text ? run_verb(isdn, q, text, size) : -ENOMEM;
	const char *why = n == -EOPNOTSUPP ? "unknown verb" : strerror(-n);

	if (n < 0) {
		reply(isdn, q->id, true, why, strlen(why));
	} else {
		reply(isdn, q->id, false, text, (size_t)n);
	}
	free(text);
}

static void describe_fault(char *text, size_t size, size_t len,
			   const struct gate_result *r)
{
	static const char *const actions[] = { "", "element left out",
					       "message left out",
					       "frame dropped", "" };

	if (!r || r->fault == GATE_OK || len >= size) {
		return;
	}
	if (r->ie) {
		snprintf(text + len, size - len, " [%s: %s, ie 0x%02x]",
			 actions[r->action], gate_fault_text(r->fault), r->ie);
	} else {
		snprintf(text + len, size - len, " [%s: %s]",
			 actions[r->action], gate_fault_text(r->fault));
	}
}

static int64_t wall_us(struct loop *loop)
{
	return loop_wall_ms(loop) * 1000 + loop_now(loop).ns / 1000 % 1000;
}

void status_trace(struct isdn_d *d, bool sent, const uint8_t *frame,
		  size_t len, const struct gate_result *r)
{
	struct isdn *isdn = d->isdn;
	struct obs_trace t;
	uint16_t cref;
	bool orig;

	if (!isdn->tracing) {
		return;
	}
	memset(&t, 0, offsetof(struct obs_trace, bytes));
	t.wall_us = wall_us(isdn_loop(isdn));
	t.kind = OBS_FRAME;
	t.sent = sent;
	t.index = (uint8_t)d->span->conf->index;
	t.slot = d->span->conf->d_slot;
	if (trace_cref(frame, len, &cref, &orig)) {
		snprintf(t.call, sizeof(t.call), "%s 0x%04x", isdn_name(isdn),
			 cref | (sent == orig ? 0x8000u : 0u));
	}
	trace_text(t.text, sizeof(t.text) - 80, frame, len,
		   sent == isdn_network(isdn));
	describe_fault(t.text, sizeof(t.text), strlen(t.text), r);
	t.len = (uint32_t)(len < OBS_BYTES ? len : OBS_BYTES);
	memcpy(t.bytes, frame, t.len);
	link_send(&isdn->console, &t.head, OBS_TRACE,
		  offsetof(struct obs_trace, bytes) + t.len);
}

void status_trace_note(struct isdn *isdn, const char *text)
{
	struct obs_trace t;

	if (!isdn->tracing) {
		return;
	}
	memset(&t, 0, offsetof(struct obs_trace, bytes));
	t.wall_us = wall_us(isdn_loop(isdn));
	t.kind = OBS_SPAN;
	t.index = (uint8_t)isdn->conf.index;
	str_copy(t.text, sizeof(t.text), text);
	link_send(&isdn->console, &t.head, OBS_TRACE,
		  offsetof(struct obs_trace, bytes));
}
