/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/sim.h"

#include <errno.h>
#include <string.h>

#include "tools/pbxsim/clock.h"
#include "tools/pbxsim/sim_priv.h"

#define CLEAR_S	 10.0 /* for calls to end by themselves at the end */
#define LINGER_S 0.5  /* for the last frames to leave */

/* --- what the span tells --- */

static void on_cc(void *owner, const struct cc_msg *m)
{
	struct sim *sim = owner;

	calls_message(&sim->calls, m);
}

static void report_index(struct sim *sim, unsigned wire)
{
	if (sim->span.n_wires > 1) {
		report_int(&sim->report, "line", wire);
	}
}

/* One line of a group that is up is enough. */
static void sum_up(struct sim *sim)
{
	struct cc_end_state *all = &sim->state;

	*all = sim->states[0];
	for (unsigned i = 1; i < sim->span.n_wires; i++) {
		const struct cc_end_state *s = &sim->states[i];

		all->up |= s->up;
		all->channels = (uint8_t)(all->channels + s->channels);
		all->free = (uint8_t)(all->free + s->free);
	}
}

static void on_state(void *owner, const struct cc_end_state *s)
{
	struct sim *sim = owner;
	struct report *r = &sim->report;
	struct cc_end_state *was = &sim->states[s->end.index % SPAN_WIRES];
	bool changed = s->up != was->up || strcmp(s->text, was->text) != 0;

	*was = *s;
	sum_up(sim);
	if (s->up && sim->up_s < 0) {
		sim->up_s = report_time(r);
	}
	if (!changed) {
		return;
	}
	report_begin(r, "span");
	report_index(sim, s->end.index);
	report_bool(r, "up", s->up);
	report_int(r, "channels", s->channels);
	report_int(r, "free", s->free);
	report_str(r, "why", s->text);
	report_end(r);
}

static void report_alarms(struct report *r, unsigned alarms)
{
	char text[128] = "";
	size_t n = 0;

	for (unsigned bit = 0; bit < 32; bit++) {
		const char *name = line_alarm_name(1u << bit);

		if (name && (alarms >> bit & 1) && n < sizeof(text)) {
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "%s%s", n ? "," : "", name);
		}
	}
	report_str(r, "alarms", text);
}

static void on_line(void *owner, unsigned wire, bool heard)
{
	struct sim *sim = owner;
	struct report *r = &sim->report;
	unsigned alarms = sim->span.wire[wire].alarms;
	bool up = sim->span.wire[wire].up && heard;

	report_begin(r, "line");
	report_index(sim, wire);
	report_bool(r, "up", up);
	report_alarms(r, alarms);
	report_str(r, "why",
		   heard || alarms ?
			   line_alarm_why(sim->span.conf.line.driver, alarms) :
			   "nothing has arrived yet");
	report_end(r);
	sim->tally.count[TALLY_LINE_DOWNS] += heard && !up;
}

static void on_trace(void *owner, const struct obs_trace *t)
{
	struct sim *sim = owner;
	struct report *r = &sim->report;

	report_begin(r, "frame");
	report_str(r, "dir", t->sent ? "sent" : "received");
	report_str(r, "text", t->text);
	report_end(r);
}

/* --- the end --- */

static void enter(struct sim *sim, enum sim_stage stage)
{
	sim->stage = stage;
	sim->stage_s = report_time(&sim->report);
}

void sim_stop(struct sim *sim)
{
	if (sim->stage != SIM_RUNNING) {
		return;
	}
	offers_stop(&sim->offers);
	sim->calls.refusing = true;
	calls_hang_up(&sim->calls, 0, 0);
	enter(sim, SIM_CLEARING);
}

static bool is_idle(const struct sim *sim)
{
	return !sim->calls.alive && !offers_pending(&sim->offers);
}

static bool is_over(const struct sim *sim, double now_s)
{
	const unsigned *count = sim->tally.count;

	if (sim->limits.seconds > 0 && now_s >= sim->limits.seconds) {
		return true;
	}
	if (!is_idle(sim)) {
		return false;
	}
	if (sim->until) {
		return count[TALLY_ENDED] >= sim->until;
	}
	return count[TALLY_MADE] && !sim->limits.stay &&
	       agenda_is_empty(&sim->agenda) &&
	       now_s - sim->busy_s >= sim->limits.linger_s;
}

static void check_end(struct sim *sim, double now_s)
{
	double in_stage_s = now_s - sim->stage_s;

	if (!is_idle(sim)) {
		sim->busy_s = now_s;
	}
	switch (sim->stage) {
	case SIM_RUNNING:
		if (is_over(sim, now_s)) {
			sim_stop(sim);
		}
		break;
	case SIM_CLEARING:
		if (!sim->calls.alive || in_stage_s >= CLEAR_S) {
			enter(sim, SIM_LINGERING);
		}
		break;
	case SIM_LINGERING:
		if (in_stage_s >= LINGER_S) {
			enter(sim, SIM_DONE);
		}
		break;
	case SIM_DONE:
		break;
	}
}

/* --- each block --- */

static void on_audio(void *owner, unsigned wire, uint8_t (*rx)[LINE_BLOCK],
		     uint8_t (*tx)[LINE_BLOCK])
{
	struct sim *sim = owner;
	double now_s = report_time(&sim->report);
	unsigned lost;

	calls_audio(&sim->calls, wire, rx, tx);
	if (wire > 0) {
		return;
	}
	if (sim->stage == SIM_RUNNING) {
		sim_run_agenda(sim, now_s);
		lost = offers_run(&sim->offers, &sim->calls, now_s);
		if (lost) {
			report_error(&sim->report,
				     "%u calls not made: too many at once",
				     lost);
			sim->errors++;
		}
	}
	check_end(sim, now_s);
}

unsigned sim_serve(struct sim *sim, mono_t now)
{
	return span_serve(&sim->span, now);
}

/* --- life --- */

static const struct span_ops span_ops = {
	.cc = on_cc,
	.state = on_state,
	.line = on_line,
	.audio = on_audio,
	.trace = on_trace,
};

static void set_up_calls(struct sim *sim, const struct sim_config *c)
{
	sim->calls.span = &sim->span;
	sim->calls.report = &sim->report;
	sim->calls.tally = &sim->tally;
	sim->calls.rules = &sim->rules;
	sim->calls.zone = &sim->zone;
	sim->calls.law = c->span.isdn.span.law == CONF_ULAW ? LAW_U : LAW_A;
	sim->calls.random = c->seed;
}

int sim_open(struct sim *sim, const struct sim_config *c, const char **why)
{
	int r;

	memset(sim, 0, sizeof(*sim));
	*why = "no such country";
	r = tone_zone_init(&sim->zone, c->span.isdn.span.country);
	if (r < 0) {
		return r;
	}
	*why = "loop";
	sim->loop = loop_new_sim(clock_wall_ms());
	if (!sim->loop) {
		return -errno;
	}
	sim_clock_set(sim->loop);
	report_init(&sim->report, stdout, c->text, sim->loop);
	rules_init(&sim->rules);
	profile_init(&sim->profile);
	sim->limits = c->limits;
	sim->up_s = -1;
	set_up_calls(sim, c);
	r = span_open(&sim->span, sim->loop, &c->span, why);
	if (r < 0) {
		sim_close(sim);
	}
	return r;
}

int sim_fd(const struct sim *sim)
{
	return line_fd(sim->span.wire[0].line);
}

void sim_start(struct sim *sim, mono_t now)
{
	span_start(&sim->span, &span_ops, sim, now);
}

bool sim_is_done(const struct sim *sim)
{
	return sim->stage == SIM_DONE;
}

/* Of all lines of a group together; the clock is the first one's. */
static void add_line(const struct span_wire *w, struct line_stats *l,
		     struct dslot_stats *d)
{
	struct line_stats ls;
	struct dslot_stats ds;

	line_stats(w->line, &ls);
	span_frame_stats(w, &ds);
	l->tx.packets += ls.tx.packets;
	l->rx.packets += ls.rx.packets;
	l->rx.lost += ls.rx.lost;
	l->rx.late += ls.rx.late;
	l->rx.malformed += ls.rx.malformed;
	l->clock.slips += ls.clock.slips;
	l->clock.stalls += ls.clock.stalls;
	d->rx_frames += ds.rx_frames;
	d->rx_bad_fcs += ds.rx_bad_fcs;
	d->rx_aborts += ds.rx_aborts;
	d->tx_frames += ds.tx_frames;
}

static void report_line(struct sim *sim)
{
	struct report *r = &sim->report;
	struct line_stats l;
	struct dslot_stats d;
	uint64_t flipped = sim->span.wire[0].flip.count;

	line_stats(sim->span.wire[0].line, &l);
	span_frame_stats(&sim->span.wire[0], &d);
	for (unsigned i = 1; i < sim->span.n_wires; i++) {
		add_line(&sim->span.wire[i], &l, &d);
		flipped += sim->span.wire[i].flip.count;
	}
	report_obj(r, "line");
	report_int(r, "packets_sent", (int64_t)l.tx.packets);
	report_int(r, "packets_received", (int64_t)l.rx.packets);
	report_int(r, "lost", (int64_t)l.rx.lost);
	report_int(r, "late", (int64_t)l.rx.late);
	report_int(r, "malformed", (int64_t)l.rx.malformed);
	report_int(r, "slips", (int64_t)l.clock.slips);
	report_int(r, "stalls", (int64_t)l.clock.stalls);
	report_int(r, "rate_ppb", l.clock.rate_ppb);
	report_bool(r, "locked", l.clock.locked);
	report_int(r, "frames_received", (int64_t)d.rx_frames);
	report_int(r, "frames_bad", (int64_t)(d.rx_bad_fcs + d.rx_aborts));
	report_int(r, "frames_sent", (int64_t)d.tx_frames);
	report_int(r, "bits_flipped", (int64_t)flipped);
	report_close(r);
}

bool sim_verdict(struct sim *sim)
{
	struct report *r = &sim->report;
	bool good;

	sim->tally.count[TALLY_CHANNELS_BUSY] =
		(unsigned)(sim->state.channels - sim->state.free);
	good = tally_verdict(&sim->tally, r) && !sim->errors;
	report_begin(r, "summary");
	report_bool(r, "good", good);
	tally_report(&sim->tally, r);
	report_int(r, "errors", sim->errors);
	report_line(sim);
	report_end(r);
	return good;
}

void sim_close(struct sim *sim)
{
	if (!sim->loop) {
		return;
	}
	calls_free(&sim->calls);
	for (unsigned i = 0; i < SPAN_WIRES; i++) {
		timer_stop(sim->loop, &sim->outage[i].cable);
		timer_stop(sim->loop, &sim->outage[i].service);
	}
	span_close(&sim->span);
	sim_clock_set(NULL);
	loop_free(sim->loop);
	sim->loop = NULL;
	agenda_free(&sim->agenda);
	shelf_free(&sim->shelf);
}
