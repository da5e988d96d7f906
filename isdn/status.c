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

#define TEXT_MAX 32768 /* all channels busy: 31 x about 300 octets */

static void put_layers(struct isdn *isdn, struct json *j)
{
	json_obj(j, "layer1");
	json_str(j, "state", !isdn->media_up  ? "UNKNOWN"
			     : isdn->line.up ? "ACTIVE"
					     : "DEACTIVATED");
	json_int(j, "alarms", isdn->line.alarms);
	json_int(j, "frame_errors", isdn->line.errors);
	json_close(j);
	json_obj(j, "layer2");
	json_str(j, "state", isdn->layer2.up ? "MULTIPLE_FRAME_ESTABLISHED"
					     : "AWAITING_ESTABLISHMENT");
	json_int(j, "seconds",
		 mono_diff_ms(loop_now(isdn_loop(isdn)),
			      isdn->layer2.since) / 1000);
	json_int(j, "sapi", 0);
	json_int(j, "tei", 0);
	json_int(j, "ups", (int64_t)isdn->stats.link_ups);
	json_int(j, "downs", (int64_t)isdn->stats.link_downs);
	json_close(j);
	json_obj(j, "layer3");
	json_int(j, "calls", leg_count(isdn));
	json_int(j, "calls_in", (int64_t)isdn->stats.calls_in);
	json_int(j, "calls_out", (int64_t)isdn->stats.calls_out);
	json_int(j, "answered", (int64_t)isdn->stats.answered);
	json_int(j, "refused", (int64_t)isdn->stats.refused);
	json_int(j, "glare", (int64_t)isdn->stats.glare);
	json_int(j, "retried", (int64_t)isdn->stats.retried);
	json_int(j, "restarts_received", (int64_t)isdn->stats.restarts_in);
	json_close(j);
}

static void put_gate(struct isdn *isdn, struct json *j)
{
	const struct gate *g = &isdn->d.gate;
	unsigned i;

	json_obj(j, "gate");
	json_int(j, "dropped", (int64_t)g->dropped);
	json_int(j, "emptied", (int64_t)g->emptied);
	json_int(j, "trimmed", (int64_t)g->trimmed);
	for (i = GATE_OK + 1; i < GATE_FAULTS; i++) {
		if (g->faults[i]) {
			json_int(j, gate_fault_name(i), (int64_t)g->faults[i]);
		}
	}
	json_close(j);
}

/* "Status: Up, Active" is Asterisk's word for it, the layers are Cisco's. */
static int query_status(struct isdn *isdn, char *buf, size_t size)
{
	const struct channels *c = &isdn->channels;
	struct json j;

	json_init(&j, buf, size);
	json_obj(&j, NULL);
	json_str(&j, "span", isdn_name(isdn));
	json_int(&j, "index", isdn->conf.index);
	json_str(&j, "switch", "euroisdn");
	json_str(&j, "side", isdn_network(isdn) ? "network" : "user");
	json_str(&j, "status", isdn_is_up(isdn) ? "Up, Active"
						: "Down, Active");
	json_bool(&j, "up", isdn_is_up(isdn));
	json_bool(&j, "draining", isdn->draining);
	json_str(&j, "text", isdn_state_text(isdn));
	put_layers(isdn, &j);
	json_obj(&j, "channels");
	json_int(&j, "idle", channel_count(c, CHANNEL_IDLE));
	json_int(&j, "busy", channel_count(c, CHANNEL_BUSY));
	json_int(&j, "restarting", channel_count(c, CHANNEL_RESTARTING));
	json_int(&j, "out_of_service", channel_count(c, CHANNEL_OUT));
	json_close(&j);
	json_obj(&j, "frames");
	json_int(&j, "received", (int64_t)isdn->d.stats.rx);
	json_int(&j, "sent", (int64_t)isdn->d.stats.tx);
	json_int(&j, "lost", (int64_t)isdn->stats.frames_lost);
	json_close(&j);
	put_gate(isdn, &j);
	json_int(&j, "libpri_complaints", (int64_t)isdn->d.stats.complaints);
	json_str(&j, "libpri_last", isdn->d.complaint);
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

static int query_channels(struct isdn *isdn, char *buf, size_t size)
{
	const struct leg *l;
	struct json j;
	unsigned slot;

	json_init(&j, buf, size);
	json_obj(&j, NULL);
	json_str(&j, "span", isdn_name(isdn));
	json_arr(&j, "channels");
	for (slot = 1; slot < CHANNEL_SLOTS; slot++) {
		if (!channel_exists(&isdn->channels, slot)) {
			continue;
		}
		json_obj(&j, NULL);
		json_int(&j, "channel", slot);
		json_str(&j, "state",
			 channel_state_name(isdn->channels.at[slot].state));
		l = channel_owner(&isdn->channels, slot);
		if (l) {
			put_leg(l, &j);
		}
		json_close(&j);
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
		{ "line_up", "line without alarm" },
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

static int query_metrics(struct isdn *isdn, char *buf, size_t size)
{
	struct lines t = { buf, size, 0, isdn_name(isdn), NULL };
	const struct isdn_stats *s = &isdn->stats;
	static const char *const states[CHANNEL_STATES] = {
		NULL, "idle", "busy", "restarting", "out_of_service"
	};
	unsigned i;

	buf[0] = '\0';
	metric(&t, "up", isdn_is_up(isdn), "%s", "");
	metric(&t, "layer2_up", isdn->layer2.up, "%s", "");
	metric(&t, "line_up", isdn->line.up, "%s", "");
	for (i = CHANNEL_IDLE; i < CHANNEL_STATES; i++) {
		metric(&t, "channels", channel_count(&isdn->channels, i),
		       ",state=\"%s\"", states[i]);
	}
	metric(&t, "calls", leg_count(isdn), "%s", "");
	metric(&t, "calls_total", s->calls_in, ",direction=\"in\"");
	metric(&t, "calls_total", s->calls_out, ",direction=\"out\"");
	metric(&t, "answered_total", s->answered, "%s", "");
	metric(&t, "refused_total", s->refused, "%s", "");
	metric(&t, "glare_total", s->glare, "%s", "");
	metric(&t, "channel_retries_total", s->retried, "%s", "");
	metric(&t, "restarts_received_total", s->restarts_in, "%s", "");
	metric(&t, "layer2_downs_total", s->link_downs, "%s", "");
	metric(&t, "frames_total", isdn->d.stats.rx, ",direction=\"rx\"");
	metric(&t, "frames_total", isdn->d.stats.tx, ",direction=\"tx\"");
	metric(&t, "frames_lost_total", s->frames_lost, "%s", "");
	metric(&t, "frame_errors_total", isdn->line.errors, "%s", "");
	for (i = GATE_OK + 1; i < GATE_FAULTS; i++) {
		metric(&t, "gate_faults_total", isdn->d.gate.faults[i],
		       ",reason=\"%s\"", gate_fault_name(i));
	}
	metric(&t, "bad_messages_total", s->bad_messages, "%s", "");
	return (int)t.len;
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

void status_query(struct isdn *isdn, const struct link_head *head)
{
	static const struct {
		const char *verb;
		int (*fn)(struct isdn *, char *, size_t);
	} verbs[] = { { "status", query_status },
		      { "channels", query_channels },
		      { "metrics", query_metrics } };
	const struct obs_query *q = (const struct obs_query *)(const void *)head;
	static const char unknown[] = "unknown verb";
	char *text;
	size_t i;
	int n;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strncmp(q->verb, verbs[i].verb, sizeof(q->verb))) {
			continue;
		}
		text = malloc(TEXT_MAX);
		n = text ? verbs[i].fn(isdn, text, TEXT_MAX) : -ENOMEM;
		if (n < 0) {
			reply(isdn, q->id, true, strerror(-n),
			      strlen(strerror(-n)));
		} else {
			reply(isdn, q->id, false, text, (size_t)n);
		}
		free(text);
		return;
	}
	reply(isdn, q->id, true, unknown, sizeof(unknown) - 1);
}

static void describe_fault(char *text, size_t size, size_t len,
			   const struct gate_result *r)
{
	static const char *const actions[] = { "", "element left out",
					       "message left out",
					       "frame dropped" };

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

void status_trace(struct isdn *isdn, bool sent, const uint8_t *frame,
		  size_t len, const struct gate_result *r)
{
	struct loop *loop = isdn_loop(isdn);
	struct obs_trace t;
	uint16_t cref;
	bool orig;

	if (!isdn->tracing) {
		return;
	}
	memset(&t, 0, offsetof(struct obs_trace, bytes));
	t.wall_us = loop_wall_ms(loop) * 1000 +
		    loop_now(loop).ns / 1000 % 1000;
	t.kind = OBS_FRAME;
	t.sent = sent;
	t.index = (uint8_t)isdn->conf.index;
	t.slot = isdn->conf.span.line.d_slot;
	if (trace_cref(frame, len, &cref, &orig)) {
		snprintf(t.call, sizeof(t.call), "%s 0x%04x", isdn_name(isdn),
			 cref | (sent == orig ? 0x8000u : 0u));
	}
	trace_text(t.text, sizeof(t.text) - 80, frame, len);
	describe_fault(t.text, sizeof(t.text), strlen(t.text), r);
	t.len = (uint32_t)(len < OBS_BYTES ? len : OBS_BYTES);
	memcpy(t.bytes, frame, t.len);
	link_send(&isdn->console, &t.head, OBS_TRACE,
		  offsetof(struct obs_trace, bytes) + t.len);
}
