/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/str.h"

enum {
	FRAMES_PER_MS = 8,
	DAHDI_LEAD = 20 * FRAMES_PER_MS,
	T1_SLOTS = 24,
};

enum option {
	OPT_LINE,
	OPT_LOCAL,
	OPT_PEER,
	OPT_SPAN,
	OPT_T1,
	OPT_NFAS,
	OPT_BUFFER,
	OPT_SIDE,
	OPT_CLOCK,
	OPT_LOCKSTEP,
	OPT_PPM,
	OPT_JITTER,
	OPT_FRAMES,
	OPT_RTP,
	OPT_COUNTRY,
	OPT_LAW,
	OPT_RESTART,
	OPT_SECONDS,
	OPT_STAY,
	OPT_LINGER,
	OPT_LIMIT,
	OPT_SEED,
	OPT_TEXT,
	OPT_TRACE,
	OPT_SCRIPT,
	OPT_STDIN,
	OPT_HELP,
	OPTIONS
};

static const struct {
	const char *name;
	bool argument;
	const char *help;
} table[OPTIONS] = {
	[OPT_LINE] = { "line", true, "pseudowire|dahdi  pseudowire" },
	[OPT_LOCAL] = { "local", true, "IP:PORT  our end of the pseudowire" },
	[OPT_PEER] = { "peer", true, "IP:PORT  its other end" },
	[OPT_SPAN] = { "span", true, "N  the DAHDI span" },
	[OPT_T1] = { "t1", false, "24 slots, D channel in 24, u-law" },
	[OPT_NFAS] = { "nfas", true,
		"N  a group of N T1s (NI2), D channel on the first, its backup\n"
		"                 on the second; local and peer: N successive "
		"ports; span: every other" },
	[OPT_BUFFER] = { "buffer", true,
		"MS  queued towards the DAHDI span, 12-100; 20" },
	[OPT_SIDE] = { "side", true,
		"network|user  of the interface; network" },
	[OPT_CLOCK] = { "clock", true,
		"master|slave  who paces the line; master" },
	[OPT_LOCKSTEP] = { "lockstep", false,
		"block by block with the peer, however fast it is" },
	[OPT_PPM] = { "ppm", true, "N  clock that much fast (+) or slow (-)" },
	[OPT_JITTER] = { "jitter", true, "MS  depth of the jitter buffer; 20" },
	[OPT_FRAMES] = { "frames", true, "N  a packet, 8 = 1 ms; 8" },
	[OPT_RTP] = { "rtp", false, "an RTP header in each packet" },
	[OPT_COUNTRY] = { "country", true, "XX  of the tones; de" },
	[OPT_LAW] = { "law", true, "alaw|ulaw  alaw" },
	[OPT_RESTART] = { "restart", false,
		"RESTART each B channel when layer 2 comes up" },
	[OPT_SECONDS] = { "seconds", true, "N  end after so much line time" },
	[OPT_STAY] = { "stay", false, "do not end when all calls have ended" },
	[OPT_LINGER] = { "linger", true,
		"N  or only when no call came for N seconds" },
	[OPT_LIMIT] = { "limit", true,
		"N  give up after so much wall time, exit 3" },
	[OPT_SEED] = { "seed", true, "N  of everything random; 1" },
	[OPT_TEXT] = { "text", false, "events in words, not JSON" },
	[OPT_TRACE] = { "trace", false, "each D-channel frame as an event" },
	[OPT_SCRIPT] = { "script", true, "FILE  commands, one a line" },
	[OPT_STDIN] = { "stdin", false, "commands from standard input too" },
	[OPT_HELP] = { "help", false, "this text" },
};

void options_help(FILE *f)
{
	fprintf(f, "usage: pbxsim --local IP:PORT --peer IP:PORT "
		   "[OPTION | --COMMAND [ARGUMENTS]]...\n"
		   "       pbxsim --line dahdi --span N "
		   "[OPTION | --COMMAND [ARGUMENTS]]...\n\n"
		   "The far end of an E1 (or T1) over a pseudowire (CESoPSN, "
		   "UDP) or a DAHDI span: an\nexchange or a PBX. Events are "
		   "JSON lines on standard output. Exit status: 0 all\ncalls "
		   "ended as expected, 1 not, 2 wrong usage, 3 --limit.\n\n");
	for (unsigned i = 0; i < OPTIONS; i++) {
		fprintf(f, "  --%-12s %s\n", table[i].name, table[i].help);
	}
	fprintf(f, "\nCommands: --NAME \"ARGUMENTS\" here, or NAME ARGUMENTS "
		   "in a script, where each\nsetting holds for the calls and "
		   "rules after it. `at S ACTION` (here --at \"S\n"
		   "ACTION\") does an action S seconds after the span first "
		   "came into service.\n");
	verb_help(f);
	fprintf(f, "\nKeys of expect: made received answered made_answered "
		   "received_answered busy\nno_answer failed digits "
		   "line_downs channels_busy ended cause.N (unanswered)\n");
}

static int choose(const char *value, const char *first, const char *second,
		  bool *is_second)
{
	*is_second = !strcmp(value, second);
	return *is_second || !strcmp(value, first) ? 0 : -EINVAL;
}

static int number(const char *value, double low, double high, double *out)
{
	char *end;

	*out = strtod(value, &end);
	return *value && !*end && *out >= low && *out <= high ? 0 : -EINVAL;
}

static int address(const char *value, struct net_addr *a)
{
	return net_parse(a, value) == 0 && a->port ? 0 : -EINVAL;
}

/* What is the law's silence everywhere. */
static void set_law(struct options *o, bool ulaw)
{
	struct conf_span *s = &o->sim.span.isdn.span;

	s->law = ulaw ? CONF_ULAW : CONF_ALAW;
	s->line.idle = ulaw ? LAW_U_SILENCE : LAW_A_SILENCE;
	o->sim.span.line.idle = s->line.idle;
}

static void set_t1(struct options *o)
{
	struct conf_span *s = &o->sim.span.isdn.span;

	s->line.d_slot = s->line.last_slot = T1_SLOTS;
	o->sim.span.line.d_slot = T1_SLOTS;
	o->sim.span.line.slot_mask = (2u << T1_SLOTS) - 2;
	set_law(o, true);
}

static int set_dahdi(struct options *o, enum option opt, const char *value)
{
	struct line_config *line = &o->sim.span.line;
	bool second;
	double n = 0;
	int r;

	switch (opt) {
	case OPT_LINE:
		r = choose(value, "pseudowire", "dahdi", &second);
		line->driver = second ? LINE_DAHDI : LINE_PSEUDOWIRE;
		line->tx_lead = second ? DAHDI_LEAD : line->tx_lead;
		return r;
	case OPT_SPAN:
		r = number(value, 1, 128, &n);
		o->sim.span.dahdi_span = (uint16_t)n;
		return r;
	default:
		r = number(value, 12, 100, &n);
		line->tx_lead = (uint16_t)(n * FRAMES_PER_MS);
		return r;
	}
}

static int set_line(struct options *o, enum option opt, const char *value)
{
	struct line_config *line = &o->sim.span.line;
	double n = 0;
	bool second;
	int r;

	switch (opt) {
	case OPT_CLOCK:
		r = choose(value, "master", "slave", &second);
		line->clock = second ? LINE_CLOCK_SLAVE : LINE_CLOCK_MASTER;
		return r;
	case OPT_LOCKSTEP:
		line->time = LINE_LOCKSTEP;
		return 0;
	case OPT_PPM:
		r = number(value, -1000, 1000, &n);
		line->skew_ppm = (int32_t)n;
		return r;
	case OPT_JITTER:
		r = number(value, 1, 60, &n);
		line->pw.jitter_ms = (uint16_t)n;
		return r;
	case OPT_FRAMES:
		r = number(value, 1, 64, &n);
		line->pw.frames = (uint8_t)n;
		return r;
	default:
		line->pw.rtp = true;
		return 0;
	}
}

static int set_span(struct options *o, enum option opt, const char *value)
{
	struct conf_span *s = &o->sim.span.isdn.span;
	double n = 0;
	bool second;
	int r;

	switch (opt) {
	case OPT_LOCAL:
		return address(value, &o->sim.span.local);
	case OPT_PEER:
		return address(value, &o->sim.span.peer);
	case OPT_SIDE:
		r = choose(value, "network", "user", &second);
		s->isdn.side = second ? CONF_SIDE_USER : CONF_SIDE_NETWORK;
		return r;
	case OPT_COUNTRY:
		return str_copy(s->country, sizeof(s->country), value) ?
			       0 :
			       -EINVAL;
	case OPT_LAW:
		r = choose(value, "alaw", "ulaw", &second);
		set_law(o, second);
		return r;
	case OPT_T1:
		set_t1(o);
		return 0;
	case OPT_NFAS:
		set_t1(o);
		r = number(value, 2, SPAN_WIRES, &n);
		o->sim.span.wires = (unsigned)n;
		return r;
	case OPT_RESTART:
		s->isdn.restart = true;
		return 0;
	case OPT_TRACE:
		o->sim.span.trace = true;
		return 0;
	case OPT_LINE:
	case OPT_SPAN:
	case OPT_BUFFER:
		return set_dahdi(o, opt, value);
	default:
		return set_line(o, opt, value);
	}
}

static int set_program(struct options *o, enum option opt, const char *value)
{
	double n = 0;
	int r;

	switch (opt) {
	case OPT_SECONDS:
		return number(value, 0, 1e6, &o->sim.limits.seconds);
	case OPT_STAY:
		o->sim.limits.stay = true;
		return 0;
	case OPT_LINGER:
		return number(value, 0, 1e6, &o->sim.limits.linger_s);
	case OPT_LIMIT:
		return number(value, 0, 1e6, &o->limit_s);
	case OPT_SEED:
		r = number(value, 0, 4e9, &n);
		o->sim.seed = o->sim.span.seed = (uint64_t)n;
		return r;
	case OPT_TEXT:
		o->sim.text = true;
		return 0;
	case OPT_SCRIPT:
		o->script = value;
		return 0;
	case OPT_STDIN:
		o->read_stdin = true;
		return 0;
	case OPT_HELP:
		o->help = true;
		return 0;
	default:
		return set_span(o, opt, value);
	}
}

/* Settings, rules and actions of the command line, each in their turn. */
static unsigned rank(enum verb v)
{
	return v < VERB_ON ? 0 : verb_is_action(v) ? 2 : 1;
}

static int add_verb(struct options *o, enum verb v, const char *value)
{
	char line[1024];
	const char *why = "too long";

	if (snprintf(line, sizeof(line), "%s %s", verb_name(v), value) >=
		    (int)sizeof(line) ||
	    agenda_add(&o->agenda, line, &why) < 0) {
		fprintf(stderr, "pbxsim: --%s %s: %s\n", verb_name(v), value,
			why);
		return -EINVAL;
	}
	return 0;
}

static int add_at(struct options *o, const char *value)
{
	char line[1024];
	const char *why = "too long";

	if (snprintf(line, sizeof(line), "at %s", value) >=
		    (int)sizeof(line) ||
	    agenda_add(&o->agenda, line, &why) < 0) {
		fprintf(stderr, "pbxsim: --at %s: %s\n", value, why);
		return -EINVAL;
	}
	return 0;
}

static unsigned find_option(const char *name)
{
	unsigned i = 0;

	while (i < OPTIONS && strcmp(table[i].name, name) != 0) {
		i++;
	}
	return i;
}

/* One option or verb at argv[*i]; verbs only of this rank. */
static int take(struct options *o, char **argv, int argc, int *i,
		unsigned pass)
{
	const char *name = argv[*i] + 2, *value = "";
	unsigned opt = find_option(name);
	enum verb v = verb_find(name);
	bool at = !strcmp(name, "at");

	if (strncmp(argv[*i], "--", 2) != 0 ||
	    (opt == OPTIONS && v == VERBS && !at)) {
		fprintf(stderr, "pbxsim: %s: no such option, see --help\n",
			argv[*i]);
		return -EINVAL;
	}
	if (opt < OPTIONS ? table[opt].argument :
			    at || verb_has_arguments(v)) {
		if (++*i == argc) {
			fprintf(stderr, "pbxsim: --%s: argument missing\n",
				name);
			return -EINVAL;
		}
		value = argv[*i];
	}
	if (opt < OPTIONS) {
		if (pass == 0 && set_program(o, opt, value) < 0) {
			fprintf(stderr, "pbxsim: --%s %s: not a value of it\n",
				name, value);
			return -EINVAL;
		}
		return 0;
	}
	if (at) {
		return pass == 2 ? add_at(o, value) : 0;
	}
	return rank(v) == pass ? add_verb(o, v, value) : 0;
}

static int check(const struct options *o)
{
	const struct span_config *s = &o->sim.span;

	if (o->help) {
		return 0;
	}
	if (s->line.driver == LINE_DAHDI ? !s->dahdi_span :
					   !s->local.port || !s->peer.port) {
		fprintf(stderr, "pbxsim: --local and --peer, or --line dahdi "
				"and --span, are needed, see --help\n");
		return -EINVAL;
	}
	if (s->wires > 1 && s->line.time == LINE_LOCKSTEP) {
		fprintf(stderr, "pbxsim: --nfas: not in lockstep\n");
		return -EINVAL;
	}
	if (line_config_check(&s->line) < 0) {
		fprintf(stderr, "pbxsim: --frames, --jitter, --lockstep: do "
				"not fit each other or the line (lockstep: a "
				"divisor of 80)\n");
		return -EINVAL;
	}
	return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	memset(o, 0, sizeof(*o));
	span_config_init(&o->sim.span);
	o->sim.seed = 1;
	for (unsigned pass = 0; pass < 3; pass++) {
		for (int i = 1; i < argc; i++) {
			if (take(o, argv, argc, &i, pass) < 0) {
				options_free(o);
				return -EINVAL;
			}
		}
	}
	o->sim.limits.wall = o->sim.span.line.time == LINE_WALL;
	o->sim.limits.stay |= o->read_stdin;
	if (o->sim.span.wires > 1) {
		span_config_nfas(&o->sim.span, o->sim.span.wires);
	}
	if (check(o) < 0) {
		options_free(o);
		return -EINVAL;
	}
	return 0;
}

void options_free(struct options *o)
{
	agenda_free(&o->agenda);
}
