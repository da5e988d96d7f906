/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/system_conf.h"

#include "gateway/base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	FIELDS = 10, /* one more than dahdi_cfg takes */
	FIELD = 32,
	E1_CHANNELS = 31,
	T1_CHANNELS = 24,
	BRI_CHANNELS = 3,
};

struct reading {
	struct system_conf *conf;
	struct report *report;
	struct place at; /* the line at work on */
	const char *value;
	bool bundled;	 /* this line has had its first channel */
	bool told_twice; /* it has had its message about channels */
	unsigned n_dynamic;
	uint16_t dynamic[SYSTEM_SPANS]; /* their channels */
	struct place dynamic_at[SYSTEM_SPANS];
};

static void bad(struct reading *r, const char *what)
{
	report_error(r->report, r->at, "%s", what);
}

/* The comma-separated fields of the value, without blanks. */
static unsigned split(const char *value, char fields[FIELDS][FIELD])
{
	unsigned n = 0;

	while (n < FIELDS) {
		size_t len = strcspn(value, ",");
		const char *end = value + len;

		while (len && isspace((unsigned char)*value)) {
			value++;
			len--;
		}
		while (len && isspace((unsigned char)value[len - 1])) {
			len--;
		}
		snprintf(fields[n++], FIELD, "%.*s", (int)len, value);
		if (*end != ',') {
			break;
		}
		value = end + 1;
	}
	return n;
}

static bool is_one_of(const char *field, const char *const *words)
{
	while (*words && strcasecmp(field, *words)) {
		words++;
	}
	return *words != NULL;
}

/* What the driver's own program takes in the fields behind LBO. */
static bool are_known(char fields[FIELDS][FIELD], unsigned n)
{
	static const char *const framing[] = { "d4", "esf", "ccs", "cas", 0 };
	static const char *const coding[] = { "ami", "b8zs", "hdb3", 0 };
	static const char *const more[] = { "crc4", "yellow", "nt",
					    "te",   "term",   0 };

	for (unsigned i = 3; i < n; i++) {
		if (!is_one_of(fields[i], i == 3   ? framing
					  : i == 4 ? coding
						   : more)) {
			return false;
		}
	}
	return n < FIELDS;
}

static void join(char *to, size_t size, char fields[][FIELD], unsigned n)
{
	size_t len = 0;

	for (unsigned i = 0; i < n && len < size; i++) {
		len += (size_t)snprintf(to + len, size - len, "%s%s",
					i ? "," : "", fields[i]);
	}
}

/* span=NUMBER,TIMING,LBO,FRAMING,CODING[,crc4][,yellow] */
static void on_span(struct reading *r)
{
	char f[FIELDS][FIELD];
	unsigned n = split(r->value, f);
	struct system_span *s;
	uint32_t number, timing;

	if (n < 5 || str_to_u32(f[0], SYSTEM_SPANS, &number) < 0 || !number ||
	    str_to_u32(f[1], 255, &timing) < 0) {
		bad(r, "span=NUMBER,TIMING,LBO,FRAMING,CODING is expected");
		return;
	}
	s = &r->conf->spans[number - 1];
	if (s->number) {
		bad(r, "this span stands there twice");
		return;
	}
	if (!are_known(f, n)) {
		problem_fix(report_error(r->report, r->at, "no such framing, "
					 "coding or option"),
			    "d4 or esf, ami or b8zs for a T1; ccs or cas, ami "
			    "or hdb3 for an E1; then crc4, yellow");
		return;
	}
	s->number = (uint16_t)number;
	s->timing = (uint8_t)timing;
	s->at = r->at;
	s->channels = strcasecmp(f[3], "esf") && strcasecmp(f[3], "d4") ?
			      E1_CHANNELS : T1_CHANNELS;
	s->clear = s->channels == E1_CHANNELS ? strcasecmp(f[3], "cas") != 0
		   : !strcasecmp(f[3], "esf") && !strcasecmp(f[4], "b8zs");
	s->ami = !strcasecmp(f[4], "ami");
	join(s->form, sizeof(s->form), f + 2, n - 2);
}

/* dynamic=DRIVER,ADDRESS,CHANNELS,TIMING: numbered after the others. */
static void on_dynamic(struct reading *r)
{
	char f[FIELDS][FIELD];
	unsigned n = split(r->value, f);
	uint32_t channels;

	if (n < 4 || str_to_u32(f[n - 2], 256, &channels) < 0 || !channels ||
	    r->n_dynamic == SYSTEM_SPANS) {
		bad(r, "dynamic=DRIVER,ADDRESS,CHANNELS,TIMING is expected");
		return;
	}
	r->dynamic[r->n_dynamic] = (uint16_t)channels;
	r->dynamic_at[r->n_dynamic++] = r->at;
}

static bool channel_of(const char *text, size_t len, uint32_t *channel)
{
	char number[FIELD];

	while (len && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len && isspace((unsigned char)text[len - 1])) {
		len--;
	}
	if (len >= sizeof(number)) {
		return false;
	}
	memcpy(number, text, len);
	number[len] = '\0';
	return str_to_u32(number, SYSTEM_CHANNELS, channel) == 0 && *channel;
}

/* "7", "1-15" or "1 - 15"; false: neither. */
static bool range_of(const char *text, size_t len, uint32_t *from,
		     uint32_t *to)
{
	const char *dash = memchr(text, '-', len);
	size_t first = dash ? (size_t)(dash - text) : len;

	if (!channel_of(text, first, from)) {
		return false;
	}
	*to = *from;
	return !dash || (channel_of(dash + 1, len - first - 1, to) &&
			 *to >= *from);
}

typedef void channel_fn(struct reading *, unsigned channel, unsigned what);

/* Calls fn for each channel of the list, which ends at a colon: what follows
 * belongs to the use. A comma may be its last. */
static void each_channel(struct reading *r, channel_fn *fn, unsigned what)
{
	const char *p = r->value, *end = p + strcspn(p, ":");
	uint32_t from, to;

	do {
		size_t len = strcspn(p, ",:");

		if (!range_of(p, len, &from, &to)) {
			bad(r, "a list of channels is expected: 1-15,17-31");
			return;
		}
		for (uint32_t c = from; c <= to; c++) {
			fn(r, c, what);
		}
		p += len;
		p += strspn(p, ", \t");
	} while (p < end);
}

/* The first line that names a channel holds; the driver's own program refuses
 * the whole file for the second. */
static void set_use(struct reading *r, unsigned channel, unsigned what)
{
	struct system_channel *c = &r->conf->channels[channel];

	if (!c->use_line) {
		c->use = (uint8_t)what;
		c->use_line = (uint16_t)r->at.line;
	} else if (!r->told_twice) {
		r->told_twice = true;
		problem_fix(report_error(r->report, r->at, "channel %u has its "
					 "use from line %u already", channel,
					 c->use_line),
			    "take it out of one of the two");
	}
}

/* One channel of them all: only the first is there for programs. */
static void set_bundle(struct reading *r, unsigned channel, unsigned what)
{
	set_use(r, channel, r->bundled ? (unsigned)SYSTEM_OTHER : what);
	r->bundled = true;
}

/* what: 0: as the span has it; else 1 + enum conf_law. */
static void set_law(struct reading *r, unsigned channel, unsigned what)
{
	struct system_channel *c = &r->conf->channels[channel];

	c->law = (uint8_t)what;
	c->law_line = (uint16_t)r->at.line;
}

static void on_line(struct reading *r, const char *key)
{
	static const struct {
		const char *key;
		channel_fn *fn;
		unsigned what;
	} lists[] = {
		{ "bchan", set_use, SYSTEM_B },
		{ "indclear", set_use, SYSTEM_B },
		{ "clear", set_bundle, SYSTEM_B },
		{ "dchan", set_use, SYSTEM_D },
		{ "hardhdlc", set_use, SYSTEM_D },
		{ "fcshdlc", set_bundle, SYSTEM_D },
		{ "unused", set_use, SYSTEM_NONE },
		{ "nethdlc", set_use, SYSTEM_OTHER },
		{ "rawhdlc", set_use, SYSTEM_OTHER },
		{ "mtp2", set_use, SYSTEM_OTHER },
		{ "cas", set_use, SYSTEM_OTHER },
		{ "user", set_use, SYSTEM_OTHER },
		{ "dacs", set_use, SYSTEM_OTHER },
		{ "dacsrbs", set_use, SYSTEM_OTHER },
		{ "e&m", set_use, SYSTEM_OTHER },
		{ "e&me1", set_use, SYSTEM_OTHER },
		{ "fxsls", set_use, SYSTEM_OTHER },
		{ "fxsgs", set_use, SYSTEM_OTHER },
		{ "fxsks", set_use, SYSTEM_OTHER },
		{ "fxols", set_use, SYSTEM_OTHER },
		{ "fxogs", set_use, SYSTEM_OTHER },
		{ "fxoks", set_use, SYSTEM_OTHER },
		{ "alaw", set_law, 1 + CONF_ALAW },
		{ "mulaw", set_law, 1 + CONF_ULAW },
		{ "deflaw", set_law, 0 },
	};

	r->bundled = r->told_twice = false;
	if (!strcasecmp(key, "span")) {
		on_span(r);
	} else if (!strcasecmp(key, "dynamic")) {
		on_dynamic(r);
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (!strcasecmp(key, lists[i].key)) {
			each_channel(r, lists[i].fn, lists[i].what);
		}
	}
}

/* One line, without its end: key = value, # begins a comment. */
static void read_line(struct reading *r, char *line)
{
	char *value, *end;

	line[strcspn(line, "#;")] = '\0';
	value = strchr(line, '=');
	if (!value) {
		return;
	}
	for (end = value; end > line && isspace((unsigned char)end[-1]); end--) {
	}
	*end = '\0';
	value++;
	while (isspace((unsigned char)*line)) {
		line++;
	}
	while (isspace((unsigned char)*value)) {
		value++;
	}
	r->value = value;
	on_line(r, line);
}

/* An ISDN basic access is written as an E1, too. */
static bool is_basic(const struct system_conf *c, const struct system_span *s,
		     unsigned first)
{
	return s->ami && s->channels == E1_CHANNELS &&
	       first + 2 <= SYSTEM_CHANNELS &&
	       c->channels[first].use == SYSTEM_B &&
	       c->channels[first + 1].use == SYSTEM_B &&
	       c->channels[first + 2].use == SYSTEM_D;
}

/* Behind spans that have no line (of telephones, or not used) the next one
 * begins where channels of an ISDN line do. */
static unsigned next_isdn(const struct system_conf *c, unsigned first)
{
	for (unsigned n = first; n <= SYSTEM_CHANNELS; n++) {
		if (c->channels[n].use == SYSTEM_B ||
		    c->channels[n].use == SYSTEM_D) {
			return n;
		}
	}
	return first;
}

/* Spans follow each other; so do their channels. */
static void number_channels(struct system_conf *c)
{
	unsigned first = 1;

	for (unsigned i = 0; i < c->n_spans; i++) {
		struct system_span *s = &c->spans[i];

		if (!s->number) {
			first = next_isdn(c, first);
			continue;
		}
		if (is_basic(c, s, first)) {
			s->channels = BRI_CHANNELS;
		}
		s->first = (uint16_t)first;
		first += s->channels;
	}
}

/* The dynamic ones behind the others. */
static void number_spans(struct reading *r)
{
	struct system_conf *c = r->conf;
	unsigned n = 0;

	for (unsigned i = 0; i < SYSTEM_SPANS; i++) {
		if (c->spans[i].number) {
			n = i + 1;
		}
	}
	for (unsigned i = 0; i < r->n_dynamic && n < SYSTEM_SPANS; i++, n++) {
		c->spans[n] = (struct system_span){
			.number = (uint16_t)(n + 1), .dynamic = true,
			.channels = r->dynamic[i], .clear = true,
			.at = r->dynamic_at[i],
		};
	}
	c->n_spans = n;
	number_channels(c);
}

void system_conf_read(struct system_conf *c, struct report *report)
{
	struct reading r = { .conf = c, .report = report };
	const char *p = report->text, *end = p + report->len;
	char line[SYSTEM_LINE + 1];

	memset(c, 0, sizeof(*c));
	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((eol ? eol : end) - p);

		r.at.line++;
		r.at.column = 1;
		r.at.width = (unsigned)(len < SYSTEM_LINE ? len : SYSTEM_LINE);
		if (len > SYSTEM_LINE || memchr(p, 0, len)) {
			bad(&r, "too long, or no text: passed over");
		} else {
			memcpy(line, p, len);
			line[len] = '\0';
			read_line(&r, line);
		}
		p += len + 1;
	}
	number_spans(&r);
}
