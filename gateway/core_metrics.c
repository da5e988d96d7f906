/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters of the core as Prometheus text. */
#include "gateway/call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct text {
	char *buf;
	size_t size, len; /* len >= size: overflow */
};

static void put(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *fmt, ...)
{
	size_t room = t->len < t->size ? t->size - t->len : 0;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(room > 0 ? t->buf + t->len : NULL, room, fmt, ap);
	va_end(ap);
	t->len += n > 0 ? (size_t)n : 0;
}

static void head(struct text *t, const char *name, const char *type,
		 const char *help)
{
	put(t, "# HELP trunkgate_%s %s\n# TYPE trunkgate_%s %s\n", name, help,
	    name, type);
}

static void put_one(struct text *t, const char *name, const char *help,
		    uint64_t value)
{
	head(t, name, "counter", help);
	put(t, "trunkgate_%s %" PRIu64 "\n", name, value);
}

static void put_gauge(struct text *t, const char *name, const char *help,
		      uint64_t value)
{
	head(t, name, "gauge", help);
	put(t, "trunkgate_%s %" PRIu64 "\n", name, value);
}

static void put_calls(struct text *t, const struct core *core)
{
	static const char *const dir[2] = {
		[CC_END_SPAN] = "pstn>sip", [CC_END_TRUNK] = "sip>pstn"};

	put_gauge(t, "calls_active", "calls up now", pool_used(core->calls));
	head(t, "calls_total", "counter", "calls offered");
	for (int i = 0; i < 2; i++) {
		put(t, "trunkgate_calls_total{dir=\"%s\"} %" PRIu64 "\n",
		    dir[i], core->n.calls[i]);
	}
	head(t, "calls_answered_total", "counter", "calls answered");
	for (int i = 0; i < 2; i++) {
		put(t, "trunkgate_calls_answered_total{dir=\"%s\"} %" PRIu64
		    "\n", dir[i], core->n.answered[i]);
	}
	head(t, "calls_ended_total", "counter", "calls ended, by Q.850 cause");
	for (unsigned i = 0; i < 128; i++) {
		if (core->n.ended[i] != 0) {
			put(t, "trunkgate_calls_ended_total{q850=\"%u\"} %"
			    PRIu64 "\n", i, core->n.ended[i]);
		}
	}
	head(t, "calls_ended_by_total", "counter", "calls ended, by whom");
	for (unsigned i = 0; i < 5; i++) {
		put(t, "trunkgate_calls_ended_by_total{by=\"%s\"} %" PRIu64
		    "\n", cdr_by_name(i), core->n.ended_by[i]);
	}
	put_one(t, "calls_hunted_total", "further routes tried",
		core->n.hunted);
	put_one(t, "calls_preempted_total", "gave way to an emergency call",
		core->n.preempted);
	put_one(t, "calls_kept_total", "went on after a death of the sip role "
		"or of the core", core->n.kept);
	put_one(t, "one_way_audio_total", "alarms for one-way audio",
		core->n.silent);
	put_one(t, "dead_media_total", "calls released for dead media",
		core->n.dead_media);
}

static void put_ends(struct text *t, struct core *core)
{
	head(t, "span_up", "gauge", "calls can be placed on the span");
	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		if (!core->conf->spans[i].gone) {
			put(t, "trunkgate_span_up{span=\"%s\"} %d\n",
			    core->conf->spans[i].name, core->spans[i].up);
		}
	}
	head(t, "channels_free", "gauge", "idle B channels");
	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		if (!core->conf->spans[i].gone) {
			put(t, "trunkgate_channels_free{span=\"%s\"} %u\n",
			    core->conf->spans[i].name, core->spans[i].free);
		}
	}
}

static void put_drops(struct text *t, const struct core_drops *d)
{
	const struct {
		const char *reason;
		uint64_t n;
	} rows[] = {
		{"bad_cc", d->bad_cc},
		{"bad_media", d->bad_media},
		{"bad_obs", d->bad_obs},
		{"unknown_leg", d->unknown_leg},
		{"double_leg", d->double_leg},
		{"impossible", d->impossible},
		{"ignored", d->ignored},
		{"stale_media", d->stale_media},
		{"unsent", d->unsent},
		{"refused_full", d->refused_full},
		{"legs_lost", d->legs_lost},
		{"media_lost", d->media_lost},
		{"channel_taken", d->channel_taken},
		{"no_timer", d->no_timer},
		{"snapshots_full", d->snapshots_full},
	};

	head(t, "core_dropped_total", "counter",
	     "messages and legs dropped by the core");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(t, "trunkgate_core_dropped_total{reason=\"%s\"} %" PRIu64
		    "\n", rows[i].reason, rows[i].n);
	}
}

int core_metrics(struct core *core, char *buf, size_t size)
{
	struct text t = {buf, size, 0};

	put_calls(&t, core);
	put_ends(&t, core);
	put_one(&t, "cdr_written_total", "records safe on disk",
		core->cdr.stats.written);
	put_gauge(&t, "cdr_pending", "records waiting in memory",
		  core->cdr.queued);
	put_one(&t, "cdr_retries_total", "writes that had to be repeated",
		core->cdr.stats.failures);
	put_one(&t, "cdr_lost_total", "records given up",
		core->cdr.stats.lost);
	put_gauge(&t, "journal_used", "slots of the journal in use",
		  core->journal.used);
	put_drops(&t, &core->drops);
	return t.len < t.size ? (int)t.len : -ENOSPC;
}
