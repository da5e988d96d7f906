/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the role tells of its lines: JSON and Prometheus text. */
#include "media/role_priv.h"

#include <string.h>

#include "gateway/base/json.h"

static const char *const service_names[] = {
	[SERVICE_FULL] = "in service",
	[SERVICE_RECOVERING] = "recovering",
	[SERVICE_FAULT] = "fault",
	[SERVICE_LOST] = "out of service",
};

static void put_bits(struct json *j, const char *key, unsigned bits)
{
	json_arr(j, key);
	for (unsigned i = 0; i < LINE_ALARMS; i++)
		if (bits >> i & 1)
			json_str(j, NULL, line_alarm_name(1u << i));
	json_close(j);
}

static void put_slots(struct json *j, const char *key, uint32_t slots)
{
	json_arr(j, key);
	for (unsigned s = 0; s < LINE_SLOTS; s++)
		if (slots >> s & 1)
			json_int(j, NULL, s);
	json_close(j);
}

static void put_state(struct media_role *m, struct json *j, unsigned i)
{
	const struct span_view *v = &m->spans[i];
	int64_t ms = mono_diff_ms(loop_now(m->role.loop), v->since);

	json_str(j, "span", m->conf.spans[i].name);
	json_int(j, "index", i);
	json_bool(j, "up", media_line_is_up(m, i));
	json_str(j, "state", v->known ? service_names[v->state.service & 3] :
					"not started");
	json_int(j, "seconds", v->known ? ms / 1000 : 0);
	json_str(j, "text", media_line_text(m, i));
	put_bits(j, "alarms", v->state.alarms);
	put_bits(j, "faults_now", v->state.defects);
	put_slots(j, "silent_channels", v->state.line.rx.silent_slots);
}

static void put_line_rx(struct json *j, const struct line_rx_stats *s)
{
	json_obj(j, "rx");
	json_int(j, "packets", (int64_t)s->packets);
	json_int(j, "lost", (int64_t)s->lost);
	json_int(j, "late", (int64_t)s->late);
	json_int(j, "reordered", (int64_t)s->reordered);
	json_int(j, "duplicate", (int64_t)s->duplicate);
	json_int(j, "malformed", (int64_t)s->malformed);
	json_int(j, "stray", (int64_t)s->stray);
	json_int(j, "invalid", (int64_t)s->invalid);
	json_int(j, "excess", (int64_t)s->excess);
	json_int(j, "filler_frames", (int64_t)s->filler_frames);
	json_bool(j, "batched", s->batched);
	json_close(j);
}

static void put_line_clock(struct json *j, const struct line_clock_stats *s)
{
	json_obj(j, "clock");
	json_int(j, "slips", (int64_t)s->slips);
	json_int(j, "slip_frames", (int64_t)s->slip_frames);
	json_int(j, "stalls", (int64_t)s->stalls);
	json_int(j, "rate_ppb", s->rate_ppb);
	json_int(j, "phase_us", s->phase_us);
	json_int(j, "depth_frames", s->depth_frames);
	json_bool(j, "locked", s->locked);
	json_close(j);
}

static void put_line(struct media_role *m, struct json *j, unsigned i)
{
	const struct engine_span_state *s = &m->spans[i].state;

	json_obj(j, NULL);
	put_state(m, j, i);
	put_line_rx(j, &s->line.rx);
	json_obj(j, "tx");
	json_int(j, "packets", (int64_t)s->line.tx.packets);
	json_int(j, "errors", (int64_t)s->line.tx.errors);
	json_int(j, "idle_frames", (int64_t)s->line.tx.idle_frames);
	json_int(j, "dropped_frames", (int64_t)s->line.tx.dropped_frames);
	json_bool(j, "batched", s->line.tx.batched);
	json_close(j);
	put_line_clock(j, &s->line.clock);
	media_put_line_drift(m, j, i);
	json_obj(j, "blocks");
	json_int(j, "stalls", (int64_t)s->clock.stalls);
	json_int(j, "bridged", (int64_t)s->clock.bridged);
	json_int(j, "dropped", (int64_t)s->clock.dropped);
	json_close(j);
	media_put_perf_sums(m, j, i);
	json_obj(j, "d_channel");
	json_int(j, "received", s->d_rx);
	json_int(j, "sent", s->d_tx);
	json_int(j, "errors", s->d_errors);
	json_int(j, "refused", (int64_t)s->d_refused);
	json_close(j);
	json_close(j);
}

int media_put_lines(struct media_role *m, char *buf, size_t size)
{
	struct json j;

	json_init(&j, buf, size);
	json_arr(&j, NULL);
	for (unsigned i = 0; i < m->conf.n_spans; i++)
		if (media_has_span(m, i))
			put_line(m, &j, i);
	json_close(&j);
	return json_end(&j);
}

/* --- Prometheus text --- */

struct span_metric {
	const char *name, *type, *help;
	size_t offset; /* of a uint64_t in struct engine_span_state */
};

#define LINE_AT(member) offsetof(struct engine_span_state, line.member)

static const struct span_metric span_metrics[] = {
	{ "line_packets_received_total", "counter", "packets of the line",
	  LINE_AT(rx.packets) },
	{ "line_packets_lost_total", "counter", "packets replaced by filler",
	  LINE_AT(rx.lost) },
	{ "line_packets_malformed_total", "counter", "packets not understood",
	  LINE_AT(rx.malformed) },
	{ "line_packets_stray_total", "counter", "packets of other senders",
	  LINE_AT(rx.stray) },
	{ "line_invalid_total", "counter",
	  "packets that say they are invalid; times a channel failed",
	  LINE_AT(rx.invalid) },
	{ "line_slips_total", "counter", "slips of the line",
	  LINE_AT(clock.slips) },
	{ "line_filler_frames_total", "counter", "frames that were replaced",
	  LINE_AT(rx.filler_frames) },
	{ "line_stalls_total", "counter",
	  "times the driver stopped bringing frames",
	  offsetof(struct engine_span_state, clock.stalls) },
	{ "line_bridged_blocks_total", "counter",
	  "blocks of 10 ms that the line did not bring in time",
	  offsetof(struct engine_span_state, clock.bridged) },
	{ "line_dropped_blocks_total", "counter",
	  "blocks of 10 ms that came too late for their calls",
	  offsetof(struct engine_span_state, clock.dropped) },
};

static void put_head(struct text *t, const char *name, const char *type,
		     const char *help)
{
	media_put(t, "# HELP trunkgate_media_%s %s\n"
		     "# TYPE trunkgate_media_%s %s\n", name, help, name, type);
}

static void put_up(const struct media_role *m, struct text *t)
{
	put_head(t, "line_up", "gauge", "line that takes calls");
	for (unsigned i = 0; i < m->conf.n_spans; i++)
		if (media_has_span(m, i))
			media_put(t, "trunkgate_media_line_up{span=\"%s\"} "
				     "%d\n", m->conf.spans[i].name,
				  media_line_is_up(m, i));
}

/* Of a span that is gone there are none. */
static unsigned alarms_of(const struct media_role *m, unsigned span)
{
	return media_has_span(m, span) ? LINE_ALARMS : 0;
}

static void put_alarms(const struct media_role *m, struct text *t)
{
	put_head(t, "line_alarm", "gauge", "1: the alarm is raised");
	for (unsigned i = 0; i < m->conf.n_spans; i++)
		for (unsigned a = 0; a < alarms_of(m, i); a++)
			media_put(t, "trunkgate_media_line_alarm{span=\"%s\","
				     "alarm=\"%s\"} %u\n",
				  m->conf.spans[i].name,
				  line_alarm_name(1u << a),
				  m->spans[i].state.alarms >> a & 1u);
	put_head(t, "line_alarm_seconds_total", "counter",
		 "seconds in that alarm");
	for (unsigned i = 0; i < m->conf.n_spans; i++)
		for (unsigned a = 0; a < alarms_of(m, i); a++)
			media_put(t, "trunkgate_media_line_alarm_seconds_total"
				     "{span=\"%s\",alarm=\"%s\"} %u\n",
				  m->conf.spans[i].name,
				  line_alarm_name(1u << a),
				  m->spans[i].state.line.errors.alarm_s[a]);
}

void media_put_line_metrics(struct media_role *m, struct text *t)
{
	size_t n = sizeof(span_metrics) / sizeof(*span_metrics);

	for (size_t k = 0; k < n; k++) {
		const struct span_metric *s = &span_metrics[k];

		put_head(t, s->name, s->type, s->help);
		for (unsigned i = 0; i < m->conf.n_spans; i++) {
			uint64_t v;

			if (!media_has_span(m, i))
				continue;
			memcpy(&v, (const char *)&m->spans[i].state + s->offset,
			       sizeof(v));
			media_put(t, "trunkgate_media_%s{span=\"%s\"} %llu\n",
				  s->name, m->conf.spans[i].name,
				  (unsigned long long)v);
		}
	}
	put_up(m, t);
	put_alarms(m, t);
	media_put_perf_metrics(m, t);
	media_put_clock_metrics(m, t);
}
