/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does the driver's configuration fit ours? */
#include "conf/system_conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

struct judge {
	const struct system_conf *sys;
	const struct conf *conf;
	struct report *report;
	const struct conf_span *span; /* ours, at work on */
	const struct system_span *theirs;
};

static const char *framing(const struct conf_span *s)
{
	return s->line.last_slot == 24 ? "esf,b8zs" : "ccs,hdb3,crc4";
}

/* Of channels from..to of the span, as the lists of the file say it. */
static void list_of(const struct judge *j, bool b, char *text, size_t size)
{
	unsigned first = j->theirs->first, d = j->span->line.d_slot;
	unsigned last = first + j->span->line.last_slot - 1;

	d += first - 1;
	if (!b) {
		snprintf(text, size, "dchan=%u", d);
	} else if (!j->span->line.d_slot) { /* its D channel is on another */
		snprintf(text, size, "bchan=%u-%u", first, last);
	} else if (d == last) {
		snprintf(text, size, "bchan=%u-%u", first, last - 1);
	} else {
		snprintf(text, size, "bchan=%u-%u,%u-%u", first, d - 1, d + 1,
			 last);
	}
}

/* NULL: none of DAHDI, or it is not configured. */
static const struct system_span *span_of(const struct judge *j,
					 const struct conf_span *s)
{
	unsigned n = s->line.dahdi_span;

	return s->line.driver == CONF_DAHDI && n && n <= j->sys->n_spans &&
	       j->sys->spans[n - 1].number ? &j->sys->spans[n - 1] : NULL;
}

static struct place line_at(unsigned line)
{
	return (struct place){ .line = line, .column = line ? 1 : 0,
			       .width = line ? 6 : 0 };
}

static const char *kind_of(const struct system_span *s)
{
	switch (s->channels) {
	case 3:
		return "a basic access";
	case 24:
		return "a T1";
	case 31:
		return "an E1";
	default:
		return "a span of another size";
	}
}

static void check_kind(const struct judge *j)
{
	static const char *const of_t1 =
		"in our file: law: ulaw, line: {last_slot: 24, d_slot: 24}; "
		"or here: span=%u,%u,0,ccs,hdb3,crc4";
	static const char *const of_e1 =
		"in our file leave last_slot and d_slot away; or here: "
		"span=%u,%u,0,esf,b8zs";
	const struct conf_line *l = &j->span->line;
	struct problem *p;

	if (j->theirs->channels == l->last_slot) {
		return;
	}
	p = report_error(j->report, j->theirs->at, "span %s: %s here, but "
			 "last_slot: %u in our file", j->span->name,
			 kind_of(j->theirs), l->last_slot);
	if (j->theirs->channels == 24 || j->theirs->channels == 31) {
		problem_fix(p, j->theirs->channels == 24 ? of_t1 : of_e1,
			    j->theirs->number, j->theirs->timing);
	} else {
		problem_fix(p, "another span: in our file, which is for E1 and "
			    "T1");
	}
}

/* The first channel of that kind that has another use. */
static void check_use(const struct judge *j, bool b)
{
	const struct conf_line *l = &j->span->line;
	char want[64];

	list_of(j, b, want, sizeof(want));
	for (unsigned s = l->first_slot; s <= l->last_slot; s++) {
		unsigned n = j->theirs->first + s - 1u;
		const struct system_channel *c;

		if (n > SYSTEM_CHANNELS || (s != l->d_slot) != b) {
			continue;
		}
		c = &j->sys->channels[n];
		if (c->use == (b ? SYSTEM_B : SYSTEM_D)) {
			continue;
		}
		problem_fix(report_error(j->report, line_at(c->use_line),
					 "span %s: channel %u (slot %u) %s, "
					 "but is a %s channel in our file",
					 j->span->name, n, s,
					 c->use == SYSTEM_NONE
						 ? "has no use here"
						 : c->use == SYSTEM_B
						 ? "is a B channel here"
						 : c->use == SYSTEM_D
						 ? "is a D channel here"
						 : "has another use here",
					 b ? "B" : "D"),
			    c->use_line ? "the line should be: %s"
					: "add the line: %s", want);
		return;
	}
}

static void check_law(const struct judge *j)
{
	static const char *const names[] = { "alaw", "mulaw" };
	unsigned first = j->theirs->first, law = j->span->law;

	for (unsigned n = first; n < first + j->span->line.last_slot &&
				 n <= SYSTEM_CHANNELS; n++) {
		const struct system_channel *c = &j->sys->channels[n];

		if (!c->law || c->law == 1 + law) {
			continue;
		}
		problem_fix(report_warning(j->report, line_at(c->law_line),
					   "span %s: channel %u has %s here, "
					   "but law: %s in our file, which "
					   "holds", j->span->name, n,
					   names[!law], law ? "ulaw" : "alaw"),
			    "%s=%u-%u, unless the carrier uses %s", names[law],
			    first, first + j->span->line.last_slot - 1u,
			    names[!law]);
		return;
	}
}

/* --- who gives the clock --- */

enum { UNRANKED = UINT8_MAX }; /* behind all that our file puts in order */

/* The place of the span's clock among those that may be taken; 0: it may not.
 * A carrier's may, whether our file ranks it or not. */
static unsigned rank_of(const struct conf_span *s)
{
	if (s->clock_source) {
		return s->clock_source;
	}
	return s->isdn.side == CONF_SIDE_USER ? UNRANKED : 0;
}

/* A source by our file, but not there, be it configured or not. */
static bool is_missing(const struct judge *j, const struct conf_span *s)
{
	const struct system_span *theirs = span_of(j, s);

	return s->line.driver == CONF_DAHDI && s->line.dahdi_span &&
	       rank_of(s) && (!theirs || (!theirs->dynamic && !theirs->timing));
}

/* Of a source that is not one there yet: behind those that are, in the order of
 * those that are missing. */
static unsigned wanted_timing(const struct judge *j)
{
	unsigned rank = rank_of(j->span), wanted = 0;

	if (!rank) {
		return 0;
	}
	for (unsigned i = 0; i < j->sys->n_spans; i++) {
		if (j->sys->spans[i].timing > wanted) {
			wanted = j->sys->spans[i].timing;
		}
	}
	for (unsigned i = 0; i < j->conf->n_spans; i++) {
		const struct conf_span *s = &j->conf->spans[i];

		wanted += is_missing(j, s) &&
			  (rank_of(s) < rank ||
			   (rank_of(s) == rank && s <= j->span));
	}
	return wanted;
}

/* Its line, but for the clock as it stands. */
static void fix_timing(struct problem *p, const struct system_span *s,
		       unsigned timing)
{
	problem_fix(p, "span=%u,%u,%s", s->number, timing, s->form);
}

static void check_timing(const struct judge *j)
{
	const struct conf_span *s = j->span;
	unsigned rank = rank_of(s);
	struct problem *p;

	if (j->theirs->dynamic || (rank > 0) == (j->theirs->timing > 0)) {
		return;
	}
	if (!rank) {
		p = report_warning(j->report, j->theirs->at,
				   "span %s: the far end is a PBX, but the "
				   "clock is taken from it: slips when a "
				   "carrier is connected, too", s->name);
	} else if (s->clock_source) {
		p = report_warning(j->report, j->theirs->at,
				   "span %s: clock_source: %u in our file, but "
				   "its clock is not taken", s->name, rank);
	} else {
		p = report_warning(j->report, j->theirs->at,
				   "span %s: the far end is the carrier, but "
				   "its clock is not taken: slips", s->name);
	}
	fix_timing(p, j->theirs, wanted_timing(j));
}

/* A span whose clock may be taken, by both files. */
struct source {
	unsigned rank; /* in ours */
	const struct conf_span *span;
	const struct system_span *theirs;
};

static int by_timing(const void *a, const void *b)
{
	const struct source *x = a, *y = b;

	return (int)x->theirs->timing - (int)y->theirs->timing;
}

static int by_rank(const void *a, const void *b)
{
	const struct source *x = a, *y = b;

	return x->rank != y->rank ? (int)x->rank - (int)y->rank
				  : by_timing(a, b);
}

static unsigned find_sources(const struct judge *j, struct source *found)
{
	unsigned n = 0;

	for (unsigned i = 0; i < j->conf->n_spans; i++) {
		struct source s = { .span = &j->conf->spans[i] };

		s.rank = rank_of(s.span);
		s.theirs = span_of(j, s.span);
		if (s.rank && s.theirs && s.theirs->timing) {
			found[n++] = s;
		}
	}
	return n;
}

/* The clock that the card takes first is to be the first of our file: the
 * driver's numbers stay, each goes to where our order has it. */
static void check_order(const struct judge *j)
{
	struct source there[CONF_SPANS], ours[CONF_SPANS];
	unsigned n = find_sources(j, there);

	memcpy(ours, there, n * sizeof(*ours));
	qsort(there, n, sizeof(*there), by_timing);
	qsort(ours, n, sizeof(*ours), by_rank);
	for (unsigned i = 0; i < n; i++) {
		const struct system_span *s = ours[i].theirs;
		unsigned timing = there[i].theirs->timing;

		if (s->timing == timing) {
			continue;
		}
		fix_timing(report_warning(j->report, s->at, "span %s: its "
					  "clock is number %u here, but would "
					  "be %u by clock_source in our file",
					  ours[i].span->name, s->timing,
					  timing),
			   s, timing);
	}
}

static void check_span(const struct judge *j)
{
	check_kind(j);
	if (j->theirs->channels != j->span->line.last_slot) {
		return; /* all else would follow from that */
	}
	check_use(j, false);
	check_use(j, true);
	check_law(j);
	check_timing(j);
	if (!j->theirs->clear) {
		problem_fix(report_warning(j->report, j->theirs->at,
					   j->theirs->channels == 24
						   ? "span %s: a PRI needs ESF "
						     "and B8ZS for 64 kbit/s "
						     "channels"
						   : "span %s: a PRI needs ccs: "
						     "with cas slot 16 is no D "
						     "channel", j->span->name),
			    "span=%u,%u,0,%s", j->theirs->number,
			    j->theirs->timing, framing(j->span));
	}
}

/* Two spans of the same rank: the driver takes the last one. */
static void check_ranks(const struct judge *j)
{
	for (unsigned i = 0; i < j->sys->n_spans; i++) {
		const struct system_span *a = &j->sys->spans[i];

		for (unsigned k = 0; k < i && a->timing; k++) {
			if (j->sys->spans[k].timing != a->timing) {
				continue;
			}
			problem_fix(report_warning(j->report, a->at,
						   "spans %u and %u are both "
						   "clock source number %u",
						   j->sys->spans[k].number,
						   a->number, a->timing),
				    "number them 1, 2, ... in the order in "
				    "which their clocks are to be taken");
		}
	}
}

void system_conf_check(const struct system_conf *sys, const struct conf *conf,
		       struct report *report)
{
	struct judge j = { .sys = sys, .conf = conf, .report = report };

	for (unsigned i = 0; i < conf->n_spans; i++) {
		unsigned n = conf->spans[i].line.dahdi_span;

		j.span = &conf->spans[i];
		if (j.span->line.driver != CONF_DAHDI || !n) {
			continue;
		}
		j.theirs = span_of(&j, j.span);
		if (!j.theirs) {
			problem_fix(report_error(report, (struct place){ 0 },
						 "span %s: DAHDI span %u is not "
						 "configured", j.span->name, n),
				    "add the line: span=%u,%u,0,%s", n,
				    wanted_timing(&j), framing(j.span));
			continue;
		}
		check_span(&j);
	}
	check_order(&j);
	check_ranks(&j);
}

static bool has_dahdi(const struct conf *conf)
{
	for (unsigned i = 0; i < conf->n_spans; i++) {
		if (conf->spans[i].line.driver == CONF_DAHDI) {
			return true;
		}
	}
	return false;
}

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(FILE_MAX) : NULL;
	int err = errno;

	*len = text ? fread(text, 1, FILE_MAX, f) : 0;
	if (f) {
		fclose(f);
	}
	errno = err;
	return text;
}

int system_conf_judge(const char *path, const struct conf *conf, char **text)
{
	struct system_conf *sys;
	struct report *report;
	char *file = NULL;
	size_t len;
	int n = 0;

	*text = NULL;
	if (!has_dahdi(conf)) {
		*text = strdup("");
		return *text ? 0 : -ENOMEM;
	}
	sys = malloc(sizeof(*sys));
	report = malloc(sizeof(*report));
	file = read_file(path, &len);
	if (!file) {
		n = -errno;
		if (asprintf(text, "%s: %s: DAHDI spans are configured there "
			     "(dahdi_genconf makes a first one)\n", path,
			     strerror(errno)) < 0) {
			*text = NULL;
		}
	} else if (sys && report) {
		report_init(report, path, file, len);
		system_conf_read(sys, report);
		system_conf_check(sys, conf, report);
		*text = report_text(report);
		n = (int)report->n;
	}
	free(file);
	free(sys);
	free(report);
	return *text ? n : -ENOMEM;
}
