/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pbxsim: an exchange or PBX at the far end of a span. One thread: it waits
 * for the line's next packet time or for input, and serves the line.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "tools/pbxsim/options.h"

enum {
	LOCKSTEP_WAIT_MS = 5,
	PEER_FIRST_S = 120, /* lockstep: for the peer to come */
	PEER_GONE_S = 15,   /* and for its next block */
	ENDING_S = 3,	    /* the same once we are ending */
	INPUT_MAX = 1024,
	PRIORITY = 2, /* of SCHED_RR */
};

enum { EXIT_UNEXPECTED = 1, EXIT_USAGE = 2, EXIT_LIMIT = 3 };

static volatile sig_atomic_t stopped;

static void on_signal(int signum)
{
	(void)signum;
	stopped = 1;
}

/* Commands from standard input, line by line. */
struct input {
	bool open;
	size_t len;
	char text[INPUT_MAX];
};

static void take_line(struct sim *sim, char *line)
{
	const char *why;

	if (agenda_add(&sim->agenda, line, &why) < 0) {
		report_error(&sim->report, "%s: %s", line, why);
		sim->errors++;
	}
}

static void take_lines(struct sim *sim, struct input *in)
{
	char *start = in->text, *nl;

	while ((nl = strchr(start, '\n'))) {
		*nl = '\0';
		take_line(sim, start);
		start = nl + 1;
	}
	in->len = strlen(start);
	memmove(in->text, start, in->len + 1);
	if (in->len == INPUT_MAX - 1) {
		report_error(&sim->report, "input: line too long");
		in->len = 0;
	}
}

/* The end of input ends a program that was told to stay for it. */
static void read_input(struct sim *sim, struct input *in)
{
	ssize_t n = read(STDIN_FILENO, in->text + in->len,
			 INPUT_MAX - 1 - in->len);

	if (n > 0) {
		in->text[in->len + (size_t)n] = '\0';
		take_lines(sim, in);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		in->open = false;
		sim->limits.stay = false;
	}
}

static void wait_for(struct sim *sim, struct input *in)
{
	struct pollfd fds[2] = {
		{ .fd = in->open ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = sim->limits.wall ? -1 : sim_fd(sim),
		  .events = POLLIN },
	};
	struct timespec ts = { 0, LOCKSTEP_WAIT_MS * NS_PER_MS };
	int64_t left;

	if (sim->limits.wall) {
		left = mono_diff_ns(line_due(sim->span.wire[0].line), clock_mono());
		left = left < 0 ? 0 : left > NS_PER_MS ? NS_PER_MS : left;
		ts.tv_nsec = left;
	}
	if (ppoll(fds, 2, &ts, NULL) > 0 && fds[0].revents) {
		read_input(sim, in);
	}
}

/* Wall seconds without a block after which the peer is gone. */
static int patience_s(const struct sim *sim)
{
	if (sim->stage != SIM_RUNNING) {
		return ENDING_S;
	}
	return sim->span.wire[0].blocks ? PEER_GONE_S : PEER_FIRST_S;
}

/* In wall time we are a clock, for the line and for what is heard on it:
 * before other programs, where that is allowed. */
static void hurry(void)
{
	struct sched_param p = { .sched_priority = PRIORITY };

	sched_setscheduler(0, SCHED_RR, &p);
}

/* Until all is done; the exit status so far. */
static int run(struct sim *sim, const struct options *o)
{
	struct input in = { .open = o->read_stdin };
	mono_t now = clock_mono(), start = now, heard = now;

	if (sim->limits.wall) {
		hurry();
	}
	sim_start(sim, now);
	while (!sim_is_done(sim)) {
		wait_for(sim, &in);
		now = clock_mono();
		if (sim_serve(sim, now) || sim->limits.wall) {
			heard = now;
		}
		if (stopped) {
			sim_stop(sim);
		}
		if (o->limit_s > 0 &&
		    (double)mono_diff_ms(now, start) > o->limit_s * 1000) {
			report_error(&sim->report, "limit of wall time");
			return EXIT_LIMIT;
		}
		if (mono_diff_ms(now, heard) > patience_s(sim) * 1000) {
			report_error(&sim->report, "the peer is gone");
			return 0;
		}
	}
	return 0;
}

static int load(struct sim *sim, struct options *o)
{
	const char *why;
	unsigned line;

	sim->agenda = o->agenda;
	o->agenda = (struct agenda){ 0 };
	if (o->script &&
	    agenda_load(&sim->agenda, o->script, &line, &why) < 0) {
		fprintf(stderr, "pbxsim: %s:%u: %s\n", o->script, line, why);
		return -EINVAL;
	}
	return sim_prepare(sim) ? 0 : -EINVAL;
}

static int simulate(struct sim *sim, struct options *o)
{
	const char *why;
	int status, r;

	r = sim_open(sim, &o->sim, &why);
	if (r < 0) {
		fprintf(stderr, "pbxsim: %s: %s\n", why, strerror(-r));
		return EXIT_USAGE;
	}
	if (load(sim, o) < 0) {
		return EXIT_USAGE;
	}
	status = run(sim, o);
	if (!sim_verdict(sim) && !status) {
		status = EXIT_UNEXPECTED;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct options o;
	struct sim *sim;
	int status;

	log_init("pbxsim", LOG_LVL_WARN);
	if (options_parse(&o, argc, argv) < 0) {
		return EXIT_USAGE;
	}
	if (o.help) {
		options_help(stdout);
		options_free(&o);
		return 0;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);
	sim = calloc(1, sizeof(*sim));
	if (!sim) {
		options_free(&o);
		return EXIT_USAGE;
	}
	status = simulate(sim, &o);
	sim_close(sim);
	options_free(&o);
	free(sim);
	return status;
}
