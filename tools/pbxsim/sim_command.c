/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carrying out commands. */
#include "tools/pbxsim/sim_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void complain(struct sim *sim, const struct command *c,
		     const char *why)
{
	sim->errors++;
	if (sim->preparing) {
		fprintf(stderr, "pbxsim: %s %s: %s\n", verb_name(c->verb),
			c->word[0], why);
		return;
	}
	report_error(&sim->report, "%s %s: %s", verb_name(c->verb), c->word[0],
		     why);
}

/* --- the line --- */

static void on_cable_back(struct timer *t)
{
	line_unplug(container_of(t, struct sim_outage, cable)->line, false);
}

static void on_service_back(struct timer *t)
{
	line_set_down(container_of(t, struct sim_outage, service)->line, false);
}

/* Argument n, if there is one, is a line of the group; NULL: there is no such. */
static struct span_wire *wire_of(struct sim *sim, const struct command *c,
				 unsigned n)
{
	unsigned i = c->numbers > n ? (unsigned)c->number[n] : 0;

	if (i >= sim->span.n_wires) {
		complain(sim, c, "no such line");
		return NULL;
	}
	sim->outage[i].line = sim->span.wire[i].line;
	return &sim->span.wire[i];
}

static void do_drop(struct sim *sim, const struct command *c)
{
	struct span_wire *w = wire_of(sim, c, 1);

	if (!sim->limits.wall) {
		complain(sim, c, "a line in lockstep would stand still");
	} else if (w) {
		line_unplug(w->line, true);
		timer_start(sim->loop, &sim->outage[w->index].cable,
			    on_cable_back, (int64_t)(c->number[0] * 1000));
	}
}

static void do_down(struct sim *sim, const struct command *c)
{
	struct span_wire *w = wire_of(sim, c, 1);

	if (w) {
		line_set_down(w->line, true);
		timer_start(sim->loop, &sim->outage[w->index].service,
			    on_service_back, (int64_t)(c->number[0] * 1000));
	}
}

static void do_flip(struct sim *sim, const struct command *c)
{
	unsigned slot = c->numbers > 2 ? (unsigned)c->number[2] : 0;
	struct span_wire *w = wire_of(sim, c, 3);

	if (c->number[0] > 1 || slot >= LINE_SLOTS) {
		complain(sim, c, "rate 0 to 1, slot 1 to 31");
	} else if (w) {
		span_flip(w, c->number[0], c->number[1], slot);
	}
}

/* --- calls --- */

static void do_call(struct sim *sim, const struct command *c)
{
	int r = offers_add(&sim->offers, c->word[0], &sim->profile,
			   report_time(&sim->report));

	if (r < 0) {
		complain(sim, c, r == -ENOSPC ? "too many series at once" :
						"not a number");
	}
}

/* "all" is 0. */
static int call_number(const char *word, unsigned *number)
{
	char end;

	*number = 0;
	if (!strcmp(word, "all")) {
		return 0;
	}
	return sscanf(word, "%9u%c", number, &end) == 1 && *number ? 0 :
								     -EINVAL;
}

static void do_hangup(struct sim *sim, const struct command *c)
{
	double cause = c->numbers ? c->number[0] : 0;
	unsigned number;

	if (call_number(c->word[0], &number) < 0 || cause > 127) {
		complain(sim, c, "hangup all|CALL [CAUSE]");
	} else if (!calls_hang_up(&sim->calls, number, (uint8_t)cause)) {
		complain(sim, c, "no such call");
	}
}

static void do_dial(struct sim *sim, const struct command *c)
{
	unsigned number;

	if (call_number(c->word[0], &number) < 0) {
		complain(sim, c, "dial all|CALL DIGITS");
	} else if (!calls_dial(&sim->calls, number, c->word[1])) {
		complain(sim, c, "no such call, or not digits");
	}
}

/* --- flow --- */

static void do_wait(struct sim *sim, const struct command *c)
{
	char *end;
	double s = strtod(c->word[0], &end);

	if (*end || !(s >= 0 && s <= 1e6)) {
		complain(sim, c, "seconds, up or idle");
		return;
	}
	sim->wait_s = report_time(&sim->report) + s;
}

static void do_expect(struct sim *sim, const struct command *c)
{
	if (tally_expect(&sim->tally, c->word[0]) < 0) {
		complain(sim, c, "KEY=N,... with keys of the summary");
	}
}

static void do_action(struct sim *sim, const struct command *c)
{
	switch (c->verb) {
	case VERB_CALL:
		do_call(sim, c);
		break;
	case VERB_HANGUP:
		do_hangup(sim, c);
		break;
	case VERB_DIAL:
		do_dial(sim, c);
		break;
	case VERB_DROP:
		do_drop(sim, c);
		break;
	case VERB_DOWN:
		do_down(sim, c);
		break;
	case VERB_FLIP:
		do_flip(sim, c);
		break;
	case VERB_WAIT:
		do_wait(sim, c);
		break;
	case VERB_UNTIL:
		sim->until = (unsigned)c->number[0];
		break;
	case VERB_EXPECT:
		do_expect(sim, c);
		break;
	case VERB_QUIT:
		sim_stop(sim);
		break;
	default:
		break;
	}
}

static void do_command(struct sim *sim, const struct command *c)
{
	const char *why;
	int r = 0;

	if (verb_is_action(c->verb)) {
		do_action(sim, c);
	} else if (c->verb >= VERB_ON) {
		r = rules_add(&sim->rules, c, &sim->profile, &why);
	} else {
		r = profile_set(&sim->profile, c, &sim->shelf, &why);
		rules_set_rest(&sim->rules, &sim->profile);
	}
	if (r < 0) {
		complain(sim, c, why);
	}
}

/* Must this command wait? */
static bool is_held(const struct sim *sim, const struct command *c,
		    double now_s)
{
	bool up = sim->state.up;

	if (now_s < sim->wait_s) {
		return true;
	}
	if (c->verb == VERB_WAIT && !strcmp(c->word[0], "idle")) {
		return sim->calls.alive || offers_pending(&sim->offers);
	}
	return !up && (c->verb == VERB_CALL ||
		       (c->verb == VERB_WAIT && !strcmp(c->word[0], "up")));
}

static bool is_plain_wait(const struct command *c)
{
	return c->verb == VERB_WAIT &&
	       (!strcmp(c->word[0], "idle") || !strcmp(c->word[0], "up"));
}

void sim_run_agenda(struct sim *sim, double now_s)
{
	const struct command *c;
	struct command due;

	while (sim->up_s >= 0 &&
	       agenda_due(&sim->agenda, now_s - sim->up_s, &due)) {
		do_command(sim, &due);
	}
	while ((c = agenda_peek(&sim->agenda)) && !is_held(sim, c, now_s)) {
		if (!is_plain_wait(c)) {
			do_command(sim, c);
		}
		agenda_pop(&sim->agenda);
	}
}

bool sim_prepare(struct sim *sim)
{
	const struct command *c;

	sim->preparing = true;
	while ((c = agenda_peek(&sim->agenda)) &&
	       (!verb_is_action(c->verb) || c->verb == VERB_EXPECT ||
		c->verb == VERB_UNTIL)) {
		do_command(sim, c);
		agenda_pop(&sim->agenda);
	}
	sim->preparing = false;
	return !sim->errors;
}
