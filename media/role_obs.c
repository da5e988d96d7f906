/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console's questions: status, channels, metrics; lines: role_lines.c. */
#include "media/role_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/json.h"

#define NO_SPAN "there is no such span: trunkctl spans"

enum { ANSWER_MAX = 4 << 20 };

/* One at least, which is pinned nowhere. */
static unsigned threads_of(const struct media_role *m)
{
	return m->conf.media.n_cpus ? m->conf.media.n_cpus : 1;
}

static struct engine_gauges sum_of(const struct media_role *m)
{
	struct engine_gauges sum = { 0 };

	for (unsigned i = 0; i < threads_of(m); i++)
		engine_gauges_add(&sum, &m->threads[i].gauges);
	return sum;
}

static void put_lateness(struct json *j, const char *key,
			 const struct lateness *l)
{
	json_obj(j, key);
	json_int(j, "p50", lateness_quantile_us(l, 5000));
	json_int(j, "p99", lateness_quantile_us(l, 9900));
	json_int(j, "p999", lateness_quantile_us(l, 9990));
	json_int(j, "max", l->max_us);
	json_close(j);
}

static unsigned count_full(const struct media_role *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < threads_of(m); i++)
		n += m->threads[i].load.full;
	return n;
}

static void put_threads(const struct media_role *m, struct json *j)
{
	json_arr(j, "threads");
	for (unsigned i = 0; i < threads_of(m); i++) {
		const struct engine_gauges *g = &m->threads[i].gauges;

		json_obj(j, NULL);
		if (m->conf.media.n_cpus)
			json_int(j, "cpu", m->conf.media.cpus[i]);
		else
			json_nil(j, "cpu");
		json_int(j, "spans", g->spans);
		json_int(j, "open", g->sessions);
		json_num(j, "busy_percent", g->busy_permille / 10.0, 1);
		json_bool(j, "full", m->threads[i].load.full);
		put_lateness(j, "late_us", &g->late);
		json_close(j);
	}
	json_close(j);
}

static void put_gauges(struct media_role *m, struct json *j)
{
	struct engine_gauges sum = sum_of(m), *g = &sum;

	json_obj(j, "engine");
	json_int(j, "ticks", (int64_t)g->ticks);
	json_int(j, "blocks", (int64_t)g->blocks);
	json_int(j, "late_ticks", (int64_t)g->late_ticks);
	put_lateness(j, "late_us", &g->late);
	put_lateness(j, "line_late_us", &g->line_late);
	json_int(j, "skipped_ms", (int64_t)g->skipped_ms);
	json_int(j, "catch_up_blocks", (int64_t)g->catch_up);
	json_int(j, "rested_blocks", (int64_t)g->rested);
	json_num(j, "busy_percent", g->busy_permille / 10.0, 1);
	json_int(j, "events_lost", (int64_t)g->events_lost);
	json_int(j, "commands_stale", (int64_t)g->commands_stale);
	json_bool(j, "realtime", !(m->refused & ENGINE_NO_PRIORITY));
	json_bool(j, "memory_locked", !(m->refused & ENGINE_NO_MEMLOCK));
	json_bool(j, "pinned", m->conf.media.n_cpus &&
				       !(m->refused & ENGINE_NO_AFFINITY));
	json_bool(j, "io_uring", !(m->refused & ENGINE_NO_URING));
	put_threads(m, j);
	json_close(j);
}

static void put_drops(const struct media_role *m, struct json *j)
{
	const struct role_drops *d = &m->drops;

	json_obj(j, "dropped");
	json_int(j, "core_bad", (int64_t)d->core_bad);
	json_int(j, "core_stale", (int64_t)d->core_stale);
	json_int(j, "isdn_bad", (int64_t)d->isdn_bad);
	json_int(j, "console_bad", (int64_t)d->console_bad);
	json_int(j, "frames", (int64_t)d->frames);
	json_int(j, "no_port", (int64_t)d->no_port);
	json_int(j, "unsent", (int64_t)d->unsent);
	json_int(j, "commands", (int64_t)d->commands);
	json_close(j);
}

static int put_status(struct media_role *m, char *buf, size_t size)
{
	struct json j;

	json_init(&j, buf, size);
	json_obj(&j, NULL);
	json_int(&j, "open", pool_used(m->users));
	json_int(&j, "port_pairs", m->ports.size);
	json_int(&j, "port_pairs_free", m->ports.free);
	json_int(&j, "port_pairs_early", (int64_t)m->ports.early);
	json_bool(&j, "draining", m->draining);
	media_put_clock(m, &j);
	put_gauges(m, &j);
	put_drops(m, &j);
	json_close(&j);
	return json_end(&j);
}

static void put_db(struct json *j, const char *key, int16_t centi)
{
	if (centi == INT16_MIN)
		json_nil(j, key);
	else
		json_num(j, key, centi / 100.0, 1);
}

static void put_figures(struct json *j, const struct media_figures *f)
{
	json_int(j, "rtp_sent", f->rtp_tx);
	json_int(j, "rtp_received", f->rtp_rx);
	json_int(j, "lost", f->rtp_lost);
	json_int(j, "late", f->rtp_late);
	json_int(j, "duplicate", f->rtp_dup);
	json_int(j, "bad", f->rtp_bad);
	json_int(j, "forged", f->srtp_forged);
	json_int(j, "replayed", f->srtp_replayed);
	json_num(j, "jitter_ms", f->jitter_us / 1000.0, 1);
	json_num(j, "round_trip_ms", f->rtt_us / 1000.0, 1);
	json_int(j, "concealed_ms", f->concealed_ms);
	json_int(j, "peer_lost", f->peer_lost);
	put_db(j, "erl_db", f->erl_cdb);
	put_db(j, "erle_db", f->erle_cdb);
	json_num(j, "mos", f->mos_c / 100.0, 2);
	json_int(j, "dtmf", f->dtmf);
}

static int put_channels(struct media_role *m, char *buf, size_t size)
{
	static const char *const directions[] = { "sendrecv", "sendonly",
						  "recvonly", "inactive" };
	static const char *const suites[SRTP_SUITES] = {
		"none", /* the others as in RFC 4568, 6188, 7714 */
		"AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32",
		"AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32",
		"AEAD_AES_128_GCM", "AEAD_AES_256_GCM",
	};
	char text[NET_STR_MAX];
	struct json j;
	pool_id id = 0;

	json_init(&j, buf, size);
	json_arr(&j, NULL);
	while ((id = pool_next(m->users, id))) {
		const struct media_user *u = pool_get(m->users, id);

		json_obj(&j, NULL);
		json_int(&j, "id", u->id);
		if (u->slot) {
			json_str(&j, "span", m->conf.spans[u->span].name);
			json_int(&j, "channel", u->slot);
		}
		json_str(&j, "local",
			 net_str(&m->ports.pairs[u->pair].local, text));
		json_str(&j, "remote",
			 u->far.family ? net_str(&u->far, text) : "");
		json_int(&j, "payload_type", u->codec);
		json_str(&j, "direction", directions[u->direction & 3]);
		json_str(&j, "srtp", suites[u->suite]);
		json_bool(&j, "silent", u->silent);
		put_figures(&j, &u->figures);
		json_close(&j);
	}
	json_close(&j);
	return json_end(&j);
}

/* --- Prometheus text --- */

void media_put(struct text *t, const char *fmt, ...)
{
	size_t room = t->len < t->size ? t->size - t->len : 0;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(room ? t->buf + t->len : NULL, room, fmt, ap);
	va_end(ap);
	t->len += n > 0 ? (size_t)n : 0;
}

void media_put_one(struct text *t, const char *name, const char *type,
		   const char *help, uint64_t value)
{
	media_put(t, "# HELP trunkgate_media_%s %s\n# TYPE trunkgate_media_%s %s\n",
	    name, help, name, type);
	media_put(t, "trunkgate_media_%s %llu\n", name, (unsigned long long)value);
}

/* A Prometheus histogram, a bucket an octave. */
static void put_late(struct text *t, const char *name, const char *help,
		     const struct lateness *l)
{
	unsigned long long n = 0;

	media_put(t, "# HELP trunkgate_media_%s_seconds %s\n"
	       "# TYPE trunkgate_media_%s_seconds histogram\n",
	    name, help, name);
	for (unsigned i = 0; i < LATENESS_BUCKETS; i++) {
		n += l->bucket[i];
		if (i % LATENESS_SPLIT == LATENESS_SPLIT - 1 &&
		    i < LATENESS_BUCKETS - 1)
			media_put(t, "trunkgate_media_%s_seconds_bucket{le=\"%g\"} "
			       "%llu\n", name, lateness_edge_us(i) / 1e6, n);
	}
	media_put(t, "trunkgate_media_%s_seconds_bucket{le=\"+Inf\"} %llu\n"
	       "trunkgate_media_%s_seconds_sum %g\n"
	       "trunkgate_media_%s_seconds_count %llu\n",
	    name, n, name, (double)l->sum_us / 1e6, name, n);
}

static int put_metrics(struct media_role *m, char *buf, size_t size)
{
	struct engine_gauges sum = sum_of(m), *g = &sum;
	struct text t = { buf, size, 0 };

	media_put_one(&t, "open", "gauge", "RTP port pairs in use",
		pool_used(m->users));
	media_put_one(&t, "ports_free", "gauge", "RTP port pairs free",
		m->ports.free);
	media_put_one(&t, "ticks_total", "counter", "wake-ups of the engine",
		g->ticks);
	media_put_one(&t, "late_ticks_total", "counter", "wake-ups 1 ms late or more",
		g->late_ticks);
	media_put_one(&t, "rested_blocks_total", "counter",
		"blocks most of whose echo cancellers learnt nothing, for want of time",
		g->rested);
	media_put_one(&t, "skipped_ms_total", "counter", "ticks left out after stalls",
		g->skipped_ms);
	media_put_one(&t, "busy_permille", "gauge", "engine's share of a core",
		g->busy_permille);
	media_put_one(&t, "full_threads", "gauge",
		"engine threads that take no more calls, for want of time",
		count_full(m));
	put_late(&t, "late", "wake-ups of the engine after their time",
		 &g->late);
	put_late(&t, "line_late",
		 "packets of the lines sent after their time", &g->line_late);
	media_put_one(&t, "events_lost_total", "counter", "events that found no room",
		g->events_lost);
	media_put_one(&t, "refused", "gauge",
		"bits: 1 real-time priority, 2 locked memory, 4 affinity, "
		"8 io_uring",
		m->refused);
	media_put_one(&t, "no_port_total", "counter", "calls without a port pair",
		m->drops.no_port);
	media_put_one(&t, "messages_bad_total", "counter", "messages not understood",
		m->drops.core_bad + m->drops.isdn_bad + m->drops.console_bad);
	media_put_one(&t, "messages_stale_total", "counter",
		"messages about media that are gone", m->drops.core_stale);
	media_put_one(&t, "frames_dropped_total", "counter",
		"D-channel frames without room", m->drops.frames);
	media_put_rtp_metrics(m, &t);
	media_put_line_metrics(m, &t);
	return t.len < size ? (int)t.len : -ENOSPC;
}

/* --- answering --- */

static void reply(struct media_role *m, uint32_t id, const char *text,
		  size_t len, bool error)
{
	struct obs_reply r = { .id = id, .error = error };

	do {
		size_t n = len < OBS_TEXT ? len : OBS_TEXT;

		r.len = (uint16_t)n;
		r.more = len > n;
		memcpy(r.text, text, n);
		if (link_send(&m->console, &r.head, OBS_REPLY,
			      offsetof(struct obs_reply, text) + n) < 0)
			m->drops.unsent++;
		text += n;
		len -= n;
	} while (len);
}

typedef int answer_fn(struct media_role *, char *, size_t);

static void answer(struct media_role *m, const struct obs_query *q,
		   answer_fn *fn)
{
	char *buf = malloc(ANSWER_MAX);
	int n;

	if (!buf)
		n = -ENOMEM;
	else if (fn)
		n = fn(m, buf, ANSWER_MAX);
	else
		n = media_put_perf(m, q->arg, buf, ANSWER_MAX);
	if (n == -ENOENT)
		reply(m, q->id, NO_SPAN, sizeof(NO_SPAN) - 1, true);
	else if (n < 0)
		reply(m, q->id, strerror(-n), strlen(strerror(-n)), true);
	else
		reply(m, q->id, buf, (size_t)n, false);
	free(buf);
}

void media_on_console(struct media_role *m, const struct link_head *h)
{
	static const struct {
		const char *verb;
		answer_fn *fn;
	} verbs[] = {
		{ "status", put_status },
		{ "lines", media_put_lines },
		{ "channels", put_channels },
		{ "metrics", put_metrics },
		{ "performance", NULL }, /* of the span in the argument */
	};
	const struct obs_query *q = (const void *)h;

	if (h->type == OBS_TRACE_ON) /* nothing of ours is traced */
		return;
	if (h->type != OBS_QUERY || h->len != sizeof(*q) ||
	    strnlen(q->verb, sizeof(q->verb)) == sizeof(q->verb) ||
	    strnlen(q->arg, sizeof(q->arg)) == sizeof(q->arg) ||
	    !m->engine) {
		m->drops.console_bad++;
		return;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verbs[i].verb, q->verb) == 0) {
			answer(m, q, verbs[i].fn);
			return;
		}
	}
	reply(m, q->id, "unknown verb", sizeof("unknown verb") - 1, true);
}
