/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * impair: a bad network between ports of this machine, the same one in each
 * run. Kernel emulation (netem) differs from machine to machine and needs
 * privileges; this needs neither.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "tools/impair/relay.h"

enum { SECONDS_MAX = 86400, EXIT_USAGE = 2 };

struct args {
	struct relay_env env;
	double seconds;
	bool there, back; /* directions that are impaired */
	sigset_t waiting; /* signals are let in only while we wait */
	unsigned n_paths;
	struct path paths[RELAYS];
};

static volatile sig_atomic_t stop_asked, hole_asked;

static const char help[] =
"usage: impair --udp LISTEN:TARGET[:LOCAL[:CLIENT]]... --tcp LISTEN:TARGET...\n"
"              [impairments] [--seed N] [--seconds S]\n"
"\n"
"Relays between UDP or TCP ports of 127.0.0.1 and impairs what passes, both\n"
"ways unless --direction says otherwise. The client sends to LISTEN, we pass\n"
"it on to TARGET from the port LOCAL (any if 0), and answers the other way\n"
"round. CLIENT is the client's port; if 0 it is who last sent to LISTEN.\n"
"TCP streams stay whole: only delay, jitter, rate and holes apply to them.\n"
"\n"
"  --loss PCT          packets lost\n"
"  --burst N           mean length of a loss in packets (default 1)\n"
"  --delay MS          fixed delay\n"
"  --jitter MS         mean of a random delay on top\n"
"  --dist NAME         of the jitter: uniform, normal, exponential (default)\n"
"  --free              jitter may change the order of packets\n"
"  --reorder PCT       packets held back for --reorder-by MS (default 3)\n"
"  --duplicate PCT     packets sent twice\n"
"  --rate KBIT         limited rate; what waits longer than --queue MS\n"
"                      (default 200) is dropped\n"
"  --hole AT:FOR       black hole, FOR seconds long from second AT; up to 8\n"
"  --direction WHICH   there (to TARGET), back, both (default)\n"
"  --seed N            of all chances (default 1); same seed and ports, same\n"
"                      fate of the n-th packet\n"
"  --seconds S         ends by itself after S (default 600)\n"
"\n"
"SIGUSR1 turns a black hole on or off. At the end (also on SIGTERM, SIGINT)\n"
"counters are printed, one line a path and direction. Exit status: 0, 1 if a\n"
"port cannot be had, 2 if the command line is wrong.\n"
"\n"
"example, a pseudowire between ports 49152 and 49153 whose ends have each\n"
"other configured as 50000 and 50001:\n"
"  impair --udp 50000:49153:50001:49152 --loss 1 --burst 3 --jitter 2\n";

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		hole_asked = !hole_asked;
	else
		stop_asked = 1;
}

/* Strict numbers: the whole text, within the range. */
static bool parse_number(const char *text, double low, double high, double *v)
{
	char *end;

	errno = 0;
	*v = strtod(text, &end);
	return !errno && end != text && !*end && *v >= low && *v <= high;
}

static bool parse_share(const char *text, double *share)
{
	if (!parse_number(text, 0, 100, share))
		return false;
	*share /= 100;
	return true;
}

static bool parse_hole(const char *text, struct model_config *c)
{
	struct hole *h = &c->holes[c->n_holes];
	char copy[64];
	char *colon;

	if (c->n_holes == HOLES || strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	colon = strchr(copy, ':');
	if (!colon)
		return false;
	*colon = '\0';
	if (!parse_number(copy, 0, SECONDS_MAX, &h->at_s) ||
	    !parse_number(colon + 1, 0, SECONDS_MAX, &h->for_s))
		return false;
	c->n_holes++;
	return true;
}

static bool parse_path(const char *text, bool tcp, struct args *a)
{
	struct path *p = &a->paths[a->n_paths];
	uint16_t *ports[] = {&p->listen, &p->target, &p->local, &p->client};
	unsigned n = 0, most = tcp ? 2 : 4;

	if (a->n_paths == RELAYS)
		return false;
	memset(p, 0, sizeof(*p));
	p->tcp = tcp;
	for (; n < most; n++) {
		char *end;
		unsigned long port = strtoul(text, &end, 10);

		if (end == text || *text < '0' || *text > '9' || port > 65535)
			return false;
		*ports[n] = (uint16_t)port;
		text = end;
		if (*text != ':')
			break;
		text++;
	}
	a->n_paths++;
	return !*text && n >= 1 && p->listen && p->target;
}

static bool parse_dist(const char *text, enum model_dist *dist)
{
	static const char *const names[] = {"uniform", "normal", "exponential"};

	for (unsigned i = 0; i < 3; i++) {
		if (!strcmp(text, names[i])) {
			*dist = (enum model_dist)i;
			return true;
		}
	}
	return false;
}

static bool parse_direction(const char *text, struct args *a)
{
	a->there = !strcmp(text, "there") || !strcmp(text, "both");
	a->back = !strcmp(text, "back") || !strcmp(text, "both");
	return a->there || a->back;
}

static bool parse_seed(const char *text, uint64_t *seed)
{
	char *end;

	errno = 0;
	*seed = strtoull(text, &end, 10);
	return !errno && end != text && !*end && *text != '-';
}

static const struct option options[] = {
	{"udp", 1, NULL, 'u'},	     {"tcp", 1, NULL, 't'},
	{"loss", 1, NULL, 'l'},	     {"burst", 1, NULL, 'b'},
	{"delay", 1, NULL, 'd'},     {"jitter", 1, NULL, 'j'},
	{"dist", 1, NULL, 'D'},	     {"free", 0, NULL, 'f'},
	{"reorder", 1, NULL, 'r'},   {"reorder-by", 1, NULL, 'R'},
	{"duplicate", 1, NULL, '2'}, {"rate", 1, NULL, 'k'},
	{"queue", 1, NULL, 'q'},     {"hole", 1, NULL, 'H'},
	{"direction", 1, NULL, 'w'}, {"seed", 1, NULL, 's'},
	{"seconds", 1, NULL, 'S'},   {"help", 0, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static bool parse_impairment(int c, const char *v, struct model_config *m)
{
	switch (c) {
	case 'l':
		return parse_share(v, &m->loss);
	case 'b':
		return parse_number(v, 1, 10000, &m->burst);
	case 'd':
		return parse_number(v, 0, 60000, &m->delay_ms);
	case 'j':
		return parse_number(v, 0, 60000, &m->jitter_ms);
	case 'D':
		return parse_dist(v, &m->dist);
	case 'f':
		m->free = true;
		return true;
	case 'r':
		return parse_share(v, &m->reorder);
	case 'R':
		return parse_number(v, 0, 60000, &m->reorder_ms);
	case '2':
		return parse_share(v, &m->duplicate);
	case 'k':
		return parse_number(v, 1, 1e7, &m->rate_kbit);
	case 'q':
		return parse_number(v, 0, 60000, &m->queue_ms);
	case 'H':
		return parse_hole(v, m);
	}
	return false;
}

static bool parse_option(int c, struct args *a, struct model_config *m)
{
	switch (c) {
	case 'u':
	case 't':
		return parse_path(optarg, c == 't', a);
	case 'w':
		return parse_direction(optarg, a);
	case 's':
		return parse_seed(optarg, &a->env.seed);
	case 'S':
		return parse_number(optarg, 0, SECONDS_MAX, &a->seconds);
	}
	return parse_impairment(c, optarg, m);
}

/* 0; -1: wrong, and said so; 1: help was asked for. */
static int parse_args(int argc, char **argv, struct args *a)
{
	struct model_config bad = {
		.burst = 1,
		.dist = DIST_EXPONENTIAL,
		.reorder_ms = 3,
		.queue_ms = 200,
	};
	struct model_config good = bad;
	int c;

	memset(a, 0, sizeof(*a));
	a->seconds = 600;
	a->env.seed = 1;
	a->there = a->back = true;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'h')
			return 1;
		if (c == '?')
			return -1;
		if (!parse_option(c, a, &bad)) {
			fprintf(stderr, "impair: bad value: %s\n",
				optarg ? optarg : "");
			return -1;
		}
	}
	if (optind < argc || !a->n_paths) {
		fprintf(stderr, "impair: give --udp or --tcp, see --help\n");
		return -1;
	}
	a->env.there = a->there ? bad : good;
	a->env.back = a->back ? bad : good;
	return 0;
}

struct sockaddr_in relay_address(uint16_t port)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return sa;
}

void relay_print(const struct path *p, const char *direction,
		 const struct model_counters *c)
{
	printf("%s %u %s received=%lu lost=%lu hole=%lu overflow=%lu "
	       "reordered=%lu duplicated=%lu sent=%lu octets=%lu\n",
	       p->tcp ? "tcp" : "udp", p->listen, direction,
	       (unsigned long)c->received, (unsigned long)c->lost,
	       (unsigned long)c->hole, (unsigned long)c->overflow,
	       (unsigned long)c->reordered, (unsigned long)c->duplicated,
	       (unsigned long)c->sent, (unsigned long)c->octets);
}

static void catch_signals(struct args *a)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGUSR1};
	struct sigaction sa = {.sa_handler = on_signal};
	sigset_t block;

	sigemptyset(&block);
	for (unsigned i = 0; i < 3; i++) {
		sigaction(signals[i], &sa, NULL);
		sigaddset(&block, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &block, &a->waiting);
}

/* One relay of either kind; the other pointer is NULL. */
struct relay {
	struct udp_relay *udp;
	struct tcp_relay *tcp;
};

static bool open_all(struct args *a, struct relay *relays)
{
	for (unsigned i = 0; i < a->n_paths; i++) {
		const struct path *p = &a->paths[i];

		if (p->tcp)
			relays[i].tcp = tcp_relay_open(p, &a->env);
		else
			relays[i].udp = udp_relay_open(p, &a->env);
		if (!relays[i].tcp && !relays[i].udp) {
			fprintf(stderr, "impair: port %u or %u: %s\n",
				p->listen, p->local, strerror(errno));
			return false;
		}
	}
	return true;
}

static int64_t run_relay(struct relay *r, int64_t now_ns)
{
	return r->udp ? udp_relay_run(r->udp, now_ns)
		      : tcp_relay_run(r->tcp, now_ns);
}

static void wait_for(struct args *a, struct relay *relays, int64_t until_ns)
{
	static struct pollfd fds[RELAY_FDS];
	int64_t ns = until_ns - clock_mono().ns;
	struct timespec ts;
	unsigned n = 0;

	if (ns < 0)
		ns = 0;
	ts.tv_sec = ns / NS_PER_S;
	ts.tv_nsec = ns % NS_PER_S;
	for (unsigned i = 0; i < a->n_paths; i++)
		n += relays[i].udp ? udp_relay_fds(relays[i].udp, fds + n)
				   : tcp_relay_fds(relays[i].tcp, fds + n);
	ppoll(fds, n, &ts, &a->waiting);
}

static void run_all(struct args *a, struct relay *relays)
{
	int64_t end = a->env.start_ns + (int64_t)(a->seconds * 1e9);

	for (;;) {
		int64_t now = clock_mono().ns;
		int64_t next = end;

		if (now >= end || stop_asked)
			break;
		a->env.hole = hole_asked;
		for (unsigned i = 0; i < a->n_paths; i++) {
			int64_t t = run_relay(&relays[i], now);

			if (t < next)
				next = t;
		}
		wait_for(a, relays, next);
	}
}

static void close_all(struct args *a, struct relay *relays, bool print)
{
	for (unsigned i = 0; i < a->n_paths; i++) {
		if (print && relays[i].udp)
			udp_relay_print(relays[i].udp);
		if (print && relays[i].tcp)
			tcp_relay_print(relays[i].tcp);
		udp_relay_close(relays[i].udp);
		tcp_relay_close(relays[i].tcp);
	}
}

int main(int argc, char **argv)
{
	static struct args args;
	static struct relay relays[RELAYS];
	int err = parse_args(argc, argv, &args);

	if (err > 0) {
		fputs(help, stdout);
		return EXIT_SUCCESS;
	}
	if (err < 0)
		return EXIT_USAGE;
	catch_signals(&args);
	if (!open_all(&args, relays)) {
		close_all(&args, relays, false);
		return EXIT_FAILURE;
	}
	args.env.start_ns = clock_mono().ns;
	run_all(&args, relays);
	close_all(&args, relays, true);
	return EXIT_SUCCESS;
}
