/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: load media base */
/* libs: -lspandsp -lspeexdsp -lsrtp2 */
/*
 * 63 E1 on one processor core: the media role under load (load.h), its engine
 * on CPU 1, everything else on CPU 0. The figure of a run is the larger of
 * what CPU 1 was busy and what the engine says of its wake-ups.
 *
 *   b_trunk [--seconds N] [--runs N] [--channels N] [--seed N] [--slave]
 *           [--only plain|gcm|cm|avx2] [--short] [--quick]
 *
 * plain is the figure; then the same with SRTP, and without AVX-512. --short:
 * runs that are long enough for a look.
 *
 * Who is charged with what: load_net.h. The far ends, whose processor is CPU 0,
 * use loopback; so the engine pays for what they receive up to their queues,
 * some 0.15 us of the time that each packet it sends takes.
 *
 * A run in which the host stalled, or a generator was not what it should be,
 * is void and repeated; exit 3: too many were. Exit 1: the gateway failed, or
 * took more of its processor than it may. If the engine has more to do than its
 * processor can, the row says `overload`, and that of fewer channels follows,
 * which bears their number.
 * --quick: a short run of a few channels that judges content only.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "media/isa.h"
#include "media/srtp_suite.h"
#include "tests/bench/load_cpu.h"
#include "tests/bench/load_host.h"
#include "tests/bench/load_judge.h"
#include "tests/bench/load_net.h"
#include "tests/bench/load_peer.h"
#include "tests/bench/load_witness.h"

enum {
	RUNS_MAX = 15,
	PEER_S = 8,
	PRIORITY = 10, /* of the generators */
	PORT = 12000,
	ENGINE_CPU = 1,
	EXIT_VOID = 3,
	OVERLOAD = 4, /* of a run and of a variant */
	OVERLOADS = 2, /* runs: that is no accident */
	FEWER = 1260, /* channels, of 42 spans, for a processor that is slow */
	SETTLE_MS = 15000, /* until the cancellers know where their echoes are */
};

static const struct variant {
	const char *name, *suffix; /* of the rows */
	enum srtp_suite suite;
	enum isa isa;
	double most;	  /* percent of the processor, at 1,890 channels ... */
	double over_plain; /* ... or percent more than plain took; 0: neither */
} variants[] = {
	{ "plain", "", SRTP_PLAIN, ISA_COUNT, 75, 0 },
	{ "gcm", "_srtp_gcm", SRTP_AEAD_AES_128_GCM, ISA_COUNT, 0, 10 },
	{ "cm", "_srtp_cm", SRTP_AES_CM_128_SHA1_80, ISA_COUNT, 0, 20 },
	{ "avx2", "_avx2", SRTP_PLAIN, ISA_AVX2, 100, 0 },
};

enum { VARIANTS = sizeof(variants) / sizeof(*variants) };

struct options {
	struct load_plan plan;
	unsigned runs;
	bool quick;
	const char *only; /* NULL: all */
	double plain; /* percent it took; 0: not known */
};

struct second { /* what the role said after it */
	double busy; /* percent */
	double idle_frames, filler_frames, bridged;
	double blocks, rested; /* of spans: all, and with cancellers at rest */
};

struct run {
	struct load_shared *shared;
	struct load_host host;
	struct load_ends ends;
	struct load_watch watch[2];
	pid_t line, rtp;
	struct load_cpu from, to;
	unsigned seconds;
	double busy; /* sum over the seconds */
	double rested; /* blocks before the first */
	struct second last;
	struct load_hist late[2], line_late[2]; /* at its ends */
	double concealed_ms[2];			/* of all calls */
	unsigned underruns; /* seconds with one that no stall explains */
	struct load_verdict verdict[LOAD_CHECKED];
};

struct figures { /* of a good run */
	double percent, stat, wakeups, thread;
	double tx_late_ms, tick_late_ms;
	double peer; /* percent that the peer would take for as many */
};

static struct load_voices voices;

typedef void generator(const struct load_plan *, const struct load_voices *,
		       const struct load_ends *, struct load_shared *);

static pid_t start_generator(const struct load_plan *p, struct run *r,
			     generator *fn)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	load_priority(PRIORITY);
	fn(p, &voices, &r->ends, r->shared);
	_exit(0);
}

/* Channels by chance, each once. */
static void choose(const struct load_plan *p, struct load_shared *s)
{
	uint32_t seed = p->seed ^ 0x5eed;
	unsigned c, i;

	while (s->n_checked < LOAD_CHECKED && s->n_checked < p->channels) {
		seed = seed * 1664525u + 1013904223u;
		c = (unsigned)(((uint64_t)seed * p->channels) >> 32);
		for (i = 0; i < s->n_checked && s->checked[i] != c; i++)
			;
		if (i == s->n_checked)
			s->checked[s->n_checked++] = c;
	}
}

static int begin(const struct options *o, struct run *r)
{
	static const struct load_call call = { .ptime_ms = 20, .echo = true };
	const struct load_plan *p = &o->plan;

	memset(r, 0, sizeof(*r));
	r->shared = load_share(p);
	if (!r->shared)
		return -1;
	choose(p, r->shared);
	if (load_host_open(&r->host, p, &r->ends) < 0 ||
	    load_host_call(&r->host, &call) < 0)
		return -1;
	r->line = start_generator(p, r, load_line_run);
	r->rtp = start_generator(p, r, load_rtp_run);
	if (r->line < 0 || r->rtp < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		if (load_watch_start(&r->watch[i], i, r->shared) < 0)
			return -1;
	load_host_serve(&r->host, load_now() + 100 * NS_PER_MS);
	r->shared->from_ns = load_now() + (50 + p->warm_ms) * NS_PER_MS;
	r->shared->to_ns = r->shared->from_ns + p->seconds * NS_PER_S;
	atomic_store(&r->shared->start_ns,
		     r->shared->from_ns - p->warm_ms * NS_PER_MS);
	return 0;
}

/* Did the host stall in the last two seconds? */
static bool was_stalled(const struct load_shared *s)
{
	int64_t from = load_now() - 2 * NS_PER_S;

	for (unsigned w = 0; w < LOAD_TELLERS; w++) {
		unsigned n = s->witness[w].stalls;

		if (n && s->witness[w].stall[n - 1].to_ns > from)
			return true;
	}
	return false;
}

static void note_second(struct run *r)
{
	struct second now;

	load_host_ask(&r->host, "status");
	now.busy = load_json_first(r->host.text, "engine", "busy_percent");
	now.blocks = load_json_first(r->host.text, "engine", "blocks");
	now.rested = load_json_first(r->host.text, "engine", "rested_blocks");
	load_host_ask(&r->host, "lines");
	now.idle_frames = load_json_sum(r->host.text, "idle_frames");
	now.filler_frames = load_json_sum(r->host.text, "filler_frames");
	now.bridged = load_json_sum(r->host.text, "bridged") +
		      load_json_sum(r->host.text, "dropped");
	if (r->seconds) {
		bool under = now.idle_frames > r->last.idle_frames ||
			     now.filler_frames > r->last.filler_frames ||
			     now.bridged > r->last.bridged;

		r->underruns += under && !was_stalled(r->shared);
		r->busy += now.busy;
	} else {
		r->rested = now.rested;
	}
	r->seconds++;
	r->last = now;
}

static void note_end(struct run *r, unsigned end)
{
	r->concealed_ms[end] =
		load_json_sum(load_host_ask(&r->host, "channels"),
			      "concealed_ms");
	load_host_hist(&r->host, "late_seconds", &r->late[end]);
	load_host_hist(&r->host, "line_late_seconds", &r->line_late[end]);
}

static void measure(struct run *r)
{
	load_host_serve(&r->host, r->shared->from_ns);
	load_cpu_read(&r->from, ENGINE_CPU, r->host.pid);
	note_end(r, 0);
	for (int64_t at = r->shared->from_ns; at <= r->shared->to_ns;
	     at += NS_PER_S) {
		load_host_serve(&r->host, at);
		if (at == r->shared->to_ns)
			load_cpu_read(&r->to, ENGINE_CPU, r->host.pid);
		note_second(r);
	}
	note_end(r, 1);
}

static int end(const struct options *o, struct run *r)
{
	int status = 0, s;

	waitpid(r->line, &s, 0);
	status |= s;
	waitpid(r->rtp, &s, 0);
	status |= s;
	for (int i = 0; i < 2; i++)
		load_watch_stop(&r->watch[i]);
	for (unsigned i = 0; i < r->shared->n_checked; i++)
		load_judge(&o->plan, &voices, r->shared, i, &r->verdict[i]);
	status |= load_host_close(&r->host);
	close(r->ends.line_fd);
	close(r->ends.rtp_fd);
	close(r->ends.rtcp_fd);
	return status;
}

/* --- verdicts --- */

static bool generator_is_bad(const char *name, const struct load_account *a)
{
	bool bad = a->over_5ms || (double)a->sent < 0.999 * (double)a->due;

	if (bad)
		fprintf(stderr, "void: the %s generator sent %.3f %% of its "
			"packets, at worst %.1f ms late\n", name,
			100.0 * (double)a->sent / (double)a->due,
			(double)a->late_max_ns / 1e6);
	return bad;
}

/* Stalls have left too little of a channel. */
static bool is_unjudged(const struct run *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->shared->n_checked; i++)
		n += !load_is_judged(&r->verdict[i]);
	if (n)
		fprintf(stderr, "void: too little of %u channels without "
			"stalls\n", n);
	return n > 0;
}

static bool is_void(const struct options *o, const struct run *r)
{
	const struct load_shared *s = r->shared;
	bool bad = is_unjudged(r);

	if (o->quick)
		return bad;
	bad |= generator_is_bad("line", &s->line);
	bad |= generator_is_bad("RTP", &s->rtp);
	for (int i = 0; i < 2; i++) {
		double share = (double)s->witness[i].stalled_ns /
			       (double)(o->plan.seconds * NS_PER_S);

		if (share <= 0.01)
			continue;
		fprintf(stderr, "void: the host stalled CPU %d for %.1f %% of "
			"the time\n", i, 100 * share);
		bad = true;
	}
	return bad;
}

static double p999_ms(const uint32_t *bins, unsigned n)
{
	uint64_t all = 0, sum = 0;
	unsigned i = 0;

	for (unsigned k = 0; k < n; k++)
		all += bins[k];
	while (i < n - 1 && (sum += bins[i]) * 1000 < all * 999)
		i++;
	return i * 0.01;
}

static bool content_is_good(const struct options *o, const struct run *r)
{
	bool good = true;

	for (unsigned i = 0; i < r->shared->n_checked; i++) {
		const struct load_verdict *v = &r->verdict[i];

		if (load_is_good(v))
			continue;
		fprintf(stderr, "bad: channel %u (span %u, slot %u): RTP to "
			"line %.3f, line to RTP %.3f, ERLE %.1f dB; windows "
			"%u, %u, %u; lags %.1f and %.1f ms\n", v->channel,
			load_span_of(&o->plan, v->channel),
			load_slot_of(&o->plan, v->channel),
			v->to_line, v->to_rtp, v->erle_db, v->far, v->near,
			v->echo, v->line_ms, v->rtp_ms);
		good = false;
	}
	return good;
}

/*
 * Then it is not the host that stalls its processor: the kernel takes it away
 * from a thread of real-time priority for 50 ms of a second at 95 %, and does
 * not count soft interrupts as the thread's.
 */
static bool is_overloaded(const struct figures *f)
{
	if (f->thread < 90 && f->wakeups < 92 &&
	    (f->stat < 95 || f->tick_late_ms < 30))
		return false;
	fprintf(stderr, "bad: the engine has more to do than CPU %d can: busy "
		"%.1f %%, the thread %.1f %%, wake-ups %.1f %%\n", ENGINE_CPU,
		f->stat, f->thread, f->wakeups);
	return true;
}

/* Of all the time of all calls. */
static double concealed_share(const struct options *o, const struct run *r)
{
	return (r->concealed_ms[1] - r->concealed_ms[0]) /
	       (1000.0 * o->plan.seconds * o->plan.channels);
}

static bool is_good(const struct options *o, const struct run *r)
{
	uint64_t rtp_due = (uint64_t)o->plan.channels * 50 * o->plan.seconds;
	bool good = content_is_good(o, r);

	if ((double)r->shared->rtp.received < 0.999 * (double)rtp_due) {
		fprintf(stderr, "bad: %llu of %llu RTP packets came back\n",
			(unsigned long long)r->shared->rtp.received,
			(unsigned long long)rtp_due);
		good = o->quick && good;
	}
	if (concealed_share(o, r) > 0.001) {
		fprintf(stderr, "bad: %.2f %% of what went to the lines was "
			"concealment\n", 100 * concealed_share(o, r));
		good = o->quick && good;
	}
	if (r->last.rested > r->rested) {
		fprintf(stderr, "bad: cancellers were at rest in %.0f blocks"
			"\n", r->last.rested - r->rested);
		good = o->quick && good;
	}
	if (r->underruns) {
		fprintf(stderr, "bad: underruns in %u seconds without a stall"
			"\n", r->underruns);
		good = o->quick && good;
	}
	return good;
}

static void tell(const struct run *r, const struct figures *f)
{
	const struct load_shared *s = r->shared;
	const struct load_verdict *v = r->verdict;
	double worst[3] = { 1, 1, 100 };

	for (unsigned i = 0; i < s->n_checked; i++, v++) {
		worst[0] = v->to_line < worst[0] ? v->to_line : worst[0];
		worst[1] = v->to_rtp < worst[1] ? v->to_rtp : worst[1];
		worst[2] = v->erle_db < worst[2] ? v->erle_db : worst[2];
	}
	fprintf(stderr, "run: CPU %.1f %% (soft interrupts %.1f, steal %.1f), "
		"wake-ups %.1f %%, thread %.1f %%; worst of %u channels: RTP "
		"to line %.3f, line to RTP %.3f, ERLE %.1f dB\n",
		f->stat, (double)(r->to.softirq_ns - r->from.softirq_ns) /
		100.0 / (double)(r->to.at_ns - r->from.at_ns) * 1e4,
		(double)(r->to.steal_ns - r->from.steal_ns) / 100.0 /
		(double)(r->to.at_ns - r->from.at_ns) * 1e4, f->wakeups,
		f->thread, s->n_checked, worst[0], worst[1], worst[2]);
	fprintf(stderr, "     late, p999: wake-ups %.2f ms, lines' packets "
		"%.2f ms by the engine, %.2f ms as received; cancellers at "
		"rest in %.0f of %.0f blocks since the start\n",
		f->tick_late_ms,
		load_hist_quantile_ms(r->line_late, r->line_late + 1, 0.999),
		f->tx_late_ms, r->last.rested, r->last.blocks);
	fprintf(stderr, "     generators: line %.1f ms, RTP %.1f ms late at "
		"worst; stalls %.1f and %.1f ms; lines: %.0f filler, %.0f idle "
		"frames; echoes missed %llu; RTP lost %llu; concealed %.0f ms;"
		" odd %llu\n",
		(double)s->line.late_max_ns / 1e6,
		(double)s->rtp.late_max_ns / 1e6,
		(double)s->witness[0].stalled_ns / 1e6,
		(double)s->witness[1].stalled_ns / 1e6,
		r->last.filler_frames, r->last.idle_frames,
		(unsigned long long)s->echo_missed,
		(unsigned long long)s->rtp.lost,
		r->concealed_ms[1] - r->concealed_ms[0],
		(unsigned long long)(s->line.odd + s->rtp.odd +
				     s->rtp.forged));
}

/* 0, EXIT_VOID, OVERLOAD or 1. */
static int one_run(const struct options *o, struct figures *f)
{
	static struct run r;
	int status;

	if (begin(o, &r) < 0) {
		load_host_close(&r.host);
		return 1;
	}
	measure(&r);
	status = end(o, &r);
	f->stat = load_cpu_percent(&r.from, &r.to);
	f->thread = load_cpu_thread_percent(&r.from, &r.to);
	f->wakeups = r.seconds > 1 ? r.busy / (r.seconds - 1) : 0;
	f->percent = f->stat > f->wakeups ? f->stat : f->wakeups;
	f->tx_late_ms = p999_ms(r.shared->tx_late, LOAD_LATE_BINS);
	f->tick_late_ms = load_hist_quantile_ms(r.late, r.late + 1, 0.999);
	tell(&r, f);
	if (status) {
		fprintf(stderr, "bad: a process did not end well\n");
		return 1;
	}
	if (is_overloaded(f))
		return OVERLOAD;
	if (is_void(o, &r))
		return EXIT_VOID;
	return is_good(o, &r) ? 0 : 1;
}

static int by_percent(const void *a, const void *b)
{
	double x = ((const struct figures *)a)->percent;
	double y = ((const struct figures *)b)->percent;

	return (x > y) - (x < y);
}

/* The most that a variant may take; 0: nothing is said of that. */
static double most_of(const struct options *o, const struct variant *v)
{
	if (v->over_plain > 0)
		return o->plain * (1 + v->over_plain / 100);
	if (o->plan.channels != LOAD_CHANNELS)
		return 0;
	return v->most < 100 && !isa_has(ISA_AVX512) ? 100 : v->most;
}

static bool is_within(const struct options *o, const struct variant *v,
		      double percent)
{
	double most = most_of(o, v);

	if (most <= 0 || percent <= most)
		return true;
	fprintf(stderr, "failed: %s takes %.1f %% of the processor, it may "
		"take %.1f %%\n", v->name, percent, most);
	return false;
}

/* The median of the runs comes first. */
static void print_rows(const struct options *o, const struct variant *v,
		       const struct figures *f)
{
	unsigned c = o->plan.channels;

	printf("engine_core_percent_%u%s\t%.1f\t%%\n", c, v->suffix,
	       f->percent);
	if (v != variants)
		return;
	printf("engine_core_percent_%u_stat\t%.1f\t%%\n", c, f->stat);
	printf("engine_core_percent_%u_wakeups\t%.1f\t%%\n", c, f->wakeups);
	printf("engine_core_percent_%u_peer_speexdsp_spandsp\t%.0f\t%%\n", c,
	       f->peer);
	printf("engine_peer_chain_ratio\t%.2f\tx\n", f->peer / f->percent);
	printf("pw_tx_late_ms_p999\t%.2f\tms\n", f->tx_late_ms);
	printf("engine_tick_late_ms_p999\t%.2f\tms\n", f->tick_late_ms);
}

static unsigned number(const char *text, unsigned least, unsigned most)
{
	char *end;
	unsigned long v = strtoul(text, &end, 0);

	if (*end || v < least || v > most) {
		fprintf(stderr, "b_trunk: %s: a number from %u to %u is "
			"wanted\n", text, least, most);
		exit(2);
	}
	return (unsigned)v;
}

static void parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "runs", required_argument, NULL, 'r' },
		{ "channels", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 'i' },
		{ "slave", no_argument, NULL, 'l' },
		{ "only", required_argument, NULL, 'o' },
		{ "quick", no_argument, NULL, 'q' },
		{ "short", no_argument, NULL, 'S' },
		{ 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (opt) {
		case 's':
			o->plan.seconds = number(optarg, 1, 600);
			break;
		case 'r':
			o->runs = number(optarg, 1, RUNS_MAX / 2);
			break;
		case 'c':
			o->plan.channels = number(optarg, 1, LOAD_CHANNELS);
			break;
		case 'i':
			o->plan.seed = number(optarg, 0, UINT32_MAX);
			break;
		case 'l':
			o->plan.slave = true;
			break;
		case 'o':
			o->only = optarg;
			break;
		case 'S':
			o->runs = 3;
			o->plan.seconds = 15;
			break;
		case 'q':
			o->quick = true;
			o->only = "plain";
			o->runs = 1;
			o->plan.seconds = 12;
			o->plan.warm_ms = 9000;
			o->plan.channels = 45;
			break;
		default:
			exit(2);
		}
	}
}

/* What the peer would take for as many channels. */
static double peer_percent(const struct options *o)
{
	double percent = load_peer_percent(&voices, o->plan.seed, ENGINE_CPU,
					   PEER_S);

	fprintf(stderr, "peer: %.2f %% for %u channels\n", percent,
		LOAD_PEER_CHANNELS);
	return percent * o->plan.channels / LOAD_PEER_CHANNELS;
}

/* 0, EXIT_VOID, OVERLOAD or 1. */
static int run_all(const struct options *o, const struct variant *v,
		   struct figures *f)
{
	unsigned good = 0, overloads = 0;
	int status;

	for (unsigned i = 0; i < 2 * o->runs + 3 && good < o->runs; i++) {
		if (v == variants && !o->quick)
			f[good].peer = peer_percent(o);
		status = one_run(o, &f[good]);
		if (status == 1)
			return 1;
		overloads += status == OVERLOAD;
		if (overloads == OVERLOADS)
			return OVERLOAD;
		good += status == 0;
	}
	if (good < o->runs)
		return EXIT_VOID;
	qsort(f, good, sizeof(*f), by_percent);
	f[0] = f[good / 2];
	return 0;
}

static int measure_variant(struct options *o, const struct variant *v)
{
	struct figures f[RUNS_MAX];
	int status;

	o->plan.suite = (uint8_t)v->suite;
	o->plan.isa = (uint8_t)v->isa;
	status = run_all(o, v, f);
	if (status == 0 && o->quick)
		puts("ok content");
	else if (status == 0)
		print_rows(o, v, f);
	else if (status == OVERLOAD)
		printf("engine_core_percent_%u%s\toverload\t%%\n",
		       o->plan.channels, v->suffix);
	fflush(stdout);
	if (status)
		return status;
	if (v == variants)
		o->plain = f[0].percent;
	return o->quick || is_within(o, v, f[0].percent) ? 0 : 1;
}

static void set_channels(struct options *o, unsigned channels)
{
	o->plan.channels = channels;
	o->plan.spans = (channels + LOAD_CALLS - 1) / LOAD_CALLS;
}

static int measure_all(struct options *o)
{
	int worst = 0, status;

	for (unsigned i = 0; i < VARIANTS; i++) {
		const struct variant *v = &variants[i];

		if (o->only && strcmp(o->only, v->name) != 0)
			continue;
		if (v->isa < ISA_COUNT && !isa_has(v->isa)) {
			printf("engine_core_percent_%u%s\tn/a\t%%\n",
			       o->plan.channels, v->suffix);
			continue;
		}
		fprintf(stderr, "-- %s, %u channels\n", v->name,
			o->plan.channels);
		status = measure_variant(o, v);
		if (status == OVERLOAD && o->plan.channels > FEWER) {
			set_channels(o, FEWER);
			i--; /* the same once more */
		}
		if (status == OVERLOAD)
			status = 1;
		worst = worst ? worst : status;
	}
	return worst;
}

int main(int argc, char **argv)
{
	struct options o = {
		.plan = { .channels = LOAD_CHANNELS, .calls = LOAD_CALLS,
			  .warm_ms = SETTLE_MS,
			  .seconds = 60, .engine_cpu = ENGINE_CPU,
			  .port = PORT, .seed = (uint32_t)getpid() },
		.runs = 5,
	};
	int err;

	parse(&o, argc, argv);
	err = load_net_own();
	if (err < 0)
		fprintf(stderr, "b_trunk: no network of its own: %s; on the "
			"machine's it may be dearer\n", strerror(-err));
	set_channels(&o, o.plan.channels);
	fprintf(stderr, "seed %u\n", o.plan.seed);
	load_voices_make(&voices, o.plan.seed);
	load_pin(0);
	return measure_all(&o);
}
