/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/system_conf.h"

#include "gateway/base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FIELDS = 8, FIELD = 32, E1_CHANNELS = 31, T1_CHANNELS = 24 };

struct reading {
	struct system_conf *conf;
	struct report *report;
	struct place at; /* the line at work on */
	const char *value;
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

static bool has_field(char fields[FIELDS][FIELD], unsigned n, const char *word)
{
	for (unsigned i = 0; i < n; i++) {
		if (!strcasecmp(fields[i], word)) {
			return true;
		}
	}
	return false;
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
	s->number = (uint16_t)number;
	s->timing = (uint8_t)timing;
	s->at = r->at;
	s->channels = has_field(f, n, "esf") || has_field(f, n, "d4") ?
			      T1_CHANNELS : E1_CHANNELS;
	s->clear = s->channels == E1_CHANNELS ||
		   (has_field(f, n, "esf") && has_field(f, n, "b8zs"));
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

/* "7" or "1-15"; false: neither. */
static bool range_of(char *text, uint32_t *from, uint32_t *to)
{
	char *dash = strchr(text, '-');

	if (dash) {
		*dash = '\0';
	}
	if (str_to_u32(text, SYSTEM_CHANNELS, from) < 0 || !*from) {
		return false;
	}
	*to = *from;
	return !dash || (str_to_u32(dash + 1, SYSTEM_CHANNELS, to) == 0 &&
			 *to >= *from);
}

/* Calls fn for each channel of the list. */
static void each_channel(struct reading *r,
			 void (*fn)(struct reading *, struct system_channel *,
				    unsigned what), unsigned what)
{
	const char *p = r->value;
	char item[FIELD];
	uint32_t from, to;

	for (;;) {
		size_t len = strcspn(p, ",");

		while (len && isspace((unsigned char)*p)) {
			p++;
			len--;
		}
		while (len && isspace((unsigned char)p[len - 1])) {
			len--;
		}
		snprintf(item, sizeof(item), "%.*s", (int)len, p);
		if (len >= sizeof(item) || !range_of(item, &from, &to)) {
			bad(r, "a list of channels is expected: 1-15,17-31");
			return;
		}
		for (uint32_t c = from; c <= to; c++) {
			fn(r, &r->conf->channels[c], what);
		}
		p += strcspn(p, ",");
		if (*p++ != ',') {
			return;
		}
	}
}

static void set_use(struct reading *r, struct system_channel *c,
		    unsigned what)
{
	c->use = (uint8_t)what;
	c->use_line = (uint16_t)r->at.line;
}

static void set_law(struct reading *r, struct system_channel *c,
		    unsigned what)
{
	c->law = (uint8_t)(1 + what);
	c->law_line = (uint16_t)r->at.line;
}

static void on_line(struct reading *r, const char *key)
{
	static const struct {
		const char *key;
		enum system_use use;
	} uses[] = {
		{ "bchan", SYSTEM_B },	     { "dchan", SYSTEM_D },
		{ "hardhdlc", SYSTEM_D },    { "fcshdlc", SYSTEM_D },
		{ "nethdlc", SYSTEM_OTHER }, { "clear", SYSTEM_OTHER },
		{ "rawhdlc", SYSTEM_OTHER }, { "mtp2", SYSTEM_OTHER },
		{ "e&m", SYSTEM_OTHER },     { "fxols", SYSTEM_OTHER },
		{ "fxoks", SYSTEM_OTHER },   { "fxsks", SYSTEM_OTHER },
		{ "cas", SYSTEM_OTHER },     { "unused", SYSTEM_NONE },
	};

	if (!strcasecmp(key, "span")) {
		on_span(r);
	} else if (!strcasecmp(key, "dynamic")) {
		on_dynamic(r);
	} else if (!strcasecmp(key, "alaw")) {
		each_channel(r, set_law, CONF_ALAW);
	} else if (!strcasecmp(key, "mulaw")) {
		each_channel(r, set_law, CONF_ULAW);
	}
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (!strcasecmp(key, uses[i].key)) {
			each_channel(r, set_use, uses[i].use);
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

/* Spans follow each other; so do their channels. */
static void number_channels(struct reading *r)
{
	struct system_conf *c = r->conf;
	unsigned first = 1, n = 0;

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
	for (unsigned i = 0; i < n; i++) {
		c->spans[i].first = (uint16_t)first;
		first += c->spans[i].channels;
	}
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
	number_channels(&r);
}
