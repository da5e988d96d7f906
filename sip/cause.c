/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/cause.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* A row with a qualifier stands after the plain one of its key. */
static const struct to_sip {
	uint8_t cause;
	uint8_t qual;
	uint16_t status;
	uint16_t flags;
} to_sip[] = {
	{0, 0, 480, 0},
	{1, 0, 404, 0},
	{2, 0, 404, 0},
	{3, 0, 404, 0},
	{4, 0, 404, 0},
	{5, 0, 404, 0},
	{6, 0, 503, SIP_F_RETRY_CHAN},
	{7, 0, 500, SIP_F_LOCAL},
	{8, 0, 480, 0},
	{9, 0, 480, 0},
	{14, 0, 404, 0},
	{16, 0, 480, 0},
	{17, 0, 486, 0},
	{18, 0, 480, 0},
	{19, 0, 480, 0},
	{20, 0, 480, 0},
	{21, 0, 403, 0},
	{21, SIP_Q_USER, 603, SIP_F_CFG},
	{22, 0, 410, 0},
	{22, SIP_Q_DIAG, 301, SIP_F_CFG},
	{23, 0, 410, 0},
	{24, 0, 433, 0},
	{25, 0, 483, 0},
	{26, 0, 404, 0},
	{27, 0, 502, 0},
	{28, 0, 484, 0},
	{29, 0, 501, 0},
	{30, 0, 500, SIP_F_LOCAL},
	{31, 0, 480, 0},
	{34, 0, 503, SIP_F_FAILOVER},
	{35, 0, 503, SIP_F_FAILOVER},
	{38, 0, 503, SIP_F_FAILOVER},
	{39, 0, 503, SIP_F_FAILOVER},
	{40, 0, 500, 0},
	{41, 0, 503, SIP_F_FAILOVER},
	{42, 0, 503, SIP_F_FAILOVER},
	{43, 0, 500, 0},
	{44, 0, 503, SIP_F_RETRY_CHAN},
	{46, 0, 503, 0},
	{47, 0, 503, SIP_F_FAILOVER},
	{49, 0, 500, 0},
	{50, 0, 403, 0},
	{52, 0, 403, 0},
	{53, 0, 403, 0},
	{54, 0, 403, 0},
	{55, 0, 403, 0},
	{57, 0, 403, 0},
	{58, 0, 503, SIP_F_FAILOVER},
	{62, 0, 403, 0},
	{63, 0, 500, 0},
	{65, 0, 488, 0},
	{66, 0, 500, 0},
	{69, 0, 501, 0},
	{70, 0, 488, 0},
	{79, 0, 501, 0},
	{81, 0, 500, SIP_F_LOCAL},
	{82, 0, 503, SIP_F_RETRY_CHAN},
	{83, 0, 500, SIP_F_LOCAL},
	{84, 0, 500, SIP_F_LOCAL},
	{85, 0, 500, SIP_F_LOCAL},
	{86, 0, 500, SIP_F_LOCAL},
	{87, 0, 403, 0},
	{88, 0, 488, 0},
	{90, 0, 403, 0},
	{91, 0, 404, 0},
	{95, 0, 500, 0},
	{96, 0, 500, SIP_F_LOCAL},
	{97, 0, 500, SIP_F_LOCAL},
	{98, 0, 500, SIP_F_LOCAL},
	{99, 0, 500, SIP_F_LOCAL},
	{100, 0, 500, SIP_F_LOCAL},
	{101, 0, 500, SIP_F_LOCAL},
	{102, 0, 504, 0},
	{103, 0, 500, SIP_F_LOCAL},
	{110, 0, 500, 0},
	{111, 0, 500, 0},
	{127, 0, 500, 0},
};

static const struct from_sip {
	uint16_t key; /* status or enum sip_by */
	uint8_t qual;
	uint8_t cause; /* 0: none */
	uint8_t location;
	uint16_t flags;
} from_sip[] = {
	{SIP_BY_BYE, 0, 16, CC_LOC_USER, 0},
	{SIP_BY_CANCEL, 0, 16, CC_LOC_USER, 0},
	{300, 0, 31, CC_LOC_PRIVATE_LOCAL, SIP_F_FOLLOW},
	{301, 0, 22, CC_LOC_PRIVATE_LOCAL, SIP_F_FOLLOW},
	{302, 0, 31, CC_LOC_PRIVATE_LOCAL, SIP_F_FOLLOW},
	{305, 0, 31, CC_LOC_PRIVATE_LOCAL, 0},
	{380, 0, 31, CC_LOC_PRIVATE_LOCAL, 0},
	{400, 0, 41, CC_LOC_PRIVATE_LOCAL, 0},
	{401, 0, 21, CC_LOC_PRIVATE_LOCAL, SIP_F_AUTH},
	{402, 0, 21, CC_LOC_PRIVATE_LOCAL, 0},
	{403, 0, 21, CC_LOC_PRIVATE_LOCAL, 0},
	{404, 0, 1, CC_LOC_PRIVATE_LOCAL, 0},
	{405, 0, 63, CC_LOC_PRIVATE_LOCAL, 0},
	{406, 0, 79, CC_LOC_PRIVATE_LOCAL, 0},
	{407, 0, 21, CC_LOC_PRIVATE_LOCAL, SIP_F_AUTH},
	{408, 0, 102, CC_LOC_PRIVATE_LOCAL, SIP_F_FAILOVER},
	{409, 0, 41, CC_LOC_PRIVATE_LOCAL, 0},
	{410, 0, 22, CC_LOC_PRIVATE_LOCAL, 0},
	{411, 0, 127, CC_LOC_PRIVATE_LOCAL, 0},
	{412, 0, 31, CC_LOC_PRIVATE_LOCAL, 0},
	{413, 0, 127, CC_LOC_PRIVATE_LOCAL, SIP_F_REPAIR},
	{414, 0, 127, CC_LOC_PRIVATE_LOCAL, SIP_F_REPAIR},
	{415, 0, 79, CC_LOC_PRIVATE_LOCAL, SIP_F_REPAIR},
	{416, 0, 127, CC_LOC_PRIVATE_LOCAL, SIP_F_REPAIR},
	{417, 0, 31, CC_LOC_PRIVATE_LOCAL, SIP_F_REPAIR},
	{420, 0, 127, CC_LOC_PRIVATE_LOCAL, SIP_F_REPAIR},
	{421, 0, 127, CC_LOC_PRIVATE_LOCAL, SIP_F_REPAIR},
	{422, 0, 31, CC_LOC_PRIVATE_LOCAL, SIP_F_REPAIR},
	{423, 0, 127, CC_LOC_PRIVATE_LOCAL, 0},
	{424, 0, 31, CC_LOC_PRIVATE_LOCAL, 0},
	{425, 0, 31, CC_LOC_PRIVATE_LOCAL, 0},
	{428, 0, 21, CC_LOC_PRIVATE_LOCAL, 0},
	{429, 0, 31, CC_LOC_PRIVATE_LOCAL, 0},
	{430, 0, 41, CC_LOC_PRIVATE_LOCAL, SIP_F_FAILOVER},
	{433, 0, 24, CC_LOC_PRIVATE_LOCAL, 0},
	{436, 0, 21, CC_LOC_PRIVATE_LOCAL, 0},
	{437, 0, 21, CC_LOC_PRIVATE_LOCAL, 0},
	{438, 0, 21, CC_LOC_PRIVATE_LOCAL, 0},
	{439, 0, 41, CC_LOC_PRIVATE_LOCAL, 0},
	{440, 0, 25, CC_LOC_PRIVATE_LOCAL, 0},
	{469, 0, 0, CC_LOC_NONE, 0},
	{470, 0, 21, CC_LOC_PRIVATE_LOCAL, 0},
	{480, 0, 18, CC_LOC_PRIVATE_LOCAL, 0},
	{480, SIP_Q_ALERTED, 19, CC_LOC_PRIVATE_LOCAL, 0},
	{481, 0, 41, CC_LOC_PRIVATE_LOCAL, 0},
	{482, 0, 25, CC_LOC_PRIVATE_LOCAL, 0},
	{483, 0, 25, CC_LOC_PRIVATE_LOCAL, 0},
	{484, 0, 28, CC_LOC_PRIVATE_LOCAL, SIP_F_OVERLAP},
	{485, 0, 1, CC_LOC_PRIVATE_LOCAL, 0},
	{486, 0, 17, CC_LOC_PRIVATE_LOCAL, 0},
	{487, 0, 0, CC_LOC_NONE, 0},
	{488, 0, 31, CC_LOC_PRIVATE_LOCAL, 0},
	{488, SIP_Q_WARN_MEDIA, 65, CC_LOC_PRIVATE_LOCAL, 0},
	{489, 0, 31, CC_LOC_PRIVATE_LOCAL, 0},
	{491, 0, 0, CC_LOC_NONE, SIP_F_GLARE},
	{493, 0, 127, CC_LOC_PRIVATE_LOCAL, 0},
	{494, 0, 127, CC_LOC_PRIVATE_LOCAL, 0},
	{500, 0, 41, CC_LOC_PRIVATE_LOCAL, SIP_F_FAILOVER},
	{501, 0, 79, CC_LOC_PRIVATE_LOCAL, 0},
	{502, 0, 38, CC_LOC_PRIVATE_LOCAL, SIP_F_FAILOVER},
	{503, 0, 41, CC_LOC_PRIVATE_LOCAL, SIP_F_FAILOVER},
	{503, SIP_Q_RETRY_AFTER, 42, CC_LOC_PRIVATE_LOCAL, SIP_F_FAILOVER},
	{504, 0, 102, CC_LOC_PRIVATE_LOCAL, SIP_F_FAILOVER},
	{505, 0, 127, CC_LOC_PRIVATE_LOCAL, 0},
	{513, 0, 127, CC_LOC_PRIVATE_LOCAL, SIP_F_REPAIR},
	{555, 0, 31, CC_LOC_PRIVATE_LOCAL, 0},
	{580, 0, 47, CC_LOC_PRIVATE_LOCAL, SIP_F_REPAIR},
	{600, 0, 17, CC_LOC_USER, 0},
	{603, 0, 21, CC_LOC_USER, 0},
	{604, 0, 1, CC_LOC_USER, 0},
	{606, 0, 31, CC_LOC_USER, 0},
	{606, SIP_Q_WARN_MEDIA, 65, CC_LOC_USER, 0},
	{607, 0, 21, CC_LOC_USER, 0},
	{608, 0, 21, CC_LOC_PRIVATE_LOCAL, 0},
	{SIP_BY_OTHER, 0, 31, CC_LOC_PRIVATE_LOCAL, 0},
	{SIP_BY_TIMEOUT, 0, 102, CC_LOC_PRIVATE_LOCAL, SIP_F_FAILOVER},
	{SIP_BY_ERROR, 0, 41, CC_LOC_PRIVATE_LOCAL, 0},
};

/* Classes of Q.850: 0-15, 16-31, ... */
static const uint16_t class_status[8] = {480, 480, 503, 500,
					 501, 500, 500, 500};

unsigned sip_cause_status(unsigned cause, unsigned quals)
{
	unsigned status = class_status[(cause & 127) >> 4];
	size_t i;

	for (i = 0; i < LEN(to_sip); i++) {
		if (to_sip[i].cause != cause)
			continue;
		if (to_sip[i].qual == 0 || (to_sip[i].qual & quals))
			status = to_sip[i].status;
	}
	return status;
}

struct cc_cause sip_cause_of(unsigned key, unsigned quals, unsigned *flags)
{
	const struct from_sip *hit = NULL;
	size_t i;

	for (i = 0; i < LEN(from_sip); i++) {
		if (from_sip[i].key == key &&
		    (from_sip[i].qual == 0 || (from_sip[i].qual & quals)))
			hit = &from_sip[i];
	}
	if (!hit)
		return sip_cause_of(SIP_BY_OTHER, 0, flags);
	if (flags)
		*flags = hit->flags;
	return (struct cc_cause){hit->cause, hit->location};
}

bool sip_cause_is_local(unsigned cause)
{
	return cause == 6 || cause == 7 || cause == 30 || cause == 43 ||
	       cause == 44 || (cause >= 81 && cause <= 86) ||
	       (cause >= 96 && cause <= 101) || cause == 103;
}

/* RFC 8606 4; the spare and national values are LOC-n. */
static const char *const location_names[] = {
	"U",	  "LPN",    "LN",     "TN",	"RLN", "RPN",
	"LOC-6",  "INTL",   "LOC-8",  "LOC-9",	"BI",  "LOC-11",
	"LOC-12", "LOC-13", "LOC-14", "LOC-15",
};

static uint8_t location_of(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < LEN(location_names); i++) {
		if (strlen(location_names[i]) == len &&
		    strncasecmp(location_names[i], s, len) == 0)
			return (uint8_t)i;
	}
	return CC_LOC_NONE;
}

static const char *skip_space(const char *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n')
		s++;
	return s;
}

/* A token, or "" when none stands here. */
static const char *token_end(const char *s)
{
	while (isalnum((unsigned char)*s) || (*s && strchr("-.!%*_+`'~", *s)))
		s++;
	return s;
}

/* Past a quoted string; NULL when it does not end. */
static const char *quoted_end(const char *s)
{
	for (s++; *s && *s != '"'; s++) {
		if (*s == '\\' && s[1])
			s++;
	}
	return *s ? s + 1 : NULL;
}

/* Decimal number of at most three digits, else 0. */
static unsigned small_number(const char *s, size_t len)
{
	unsigned n = 0;
	size_t i;

	if (len == 0 || len > 3)
		return 0;
	for (i = 0; i < len; i++) {
		if (!isdigit((unsigned char)s[i]))
			return 0;
		n = n * 10 + (unsigned)(s[i] - '0');
	}
	return n;
}

struct reason_value {
	unsigned cause;
	uint8_t location;
};

static bool is_word(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(s, word, len) == 0;
}

/* One `;name[=value]`, s behind the semicolon. NULL: bad syntax. */
static const char *reason_param(const char *s, struct reason_value *v)
{
	const char *name = skip_space(s), *end = token_end(name), *val;

	if (end == name)
		return NULL;
	s = skip_space(end);
	if (*s != '=')
		return s;
	val = skip_space(s + 1);
	if (*val == '"')
		return quoted_end(val);
	s = token_end(val);
	if (s == val)
		return NULL;
	if (is_word(name, (size_t)(end - name), "cause"))
		v->cause = small_number(val, (size_t)(s - val));
	else if (is_word(name, (size_t)(end - name), "location"))
		v->location = location_of(val, (size_t)(s - val));
	return s;
}

static void reason_take(struct sip_reason *r, const char *proto, size_t len,
			const struct reason_value *v)
{
	if (is_word(proto, len, "Q.850") && r->q850 == 0 && v->cause >= 1 &&
	    v->cause <= 127) {
		r->q850 = (uint8_t)v->cause;
		r->location = v->location;
	} else if (is_word(proto, len, "SIP") && r->sip == 0 &&
		   v->cause >= 100 && v->cause <= 699) {
		r->sip = (uint16_t)v->cause;
	}
}

bool sip_reason_parse(struct sip_reason *r, const char *s)
{
	for (;;) {
		struct reason_value v = {0, CC_LOC_NONE};
		const char *proto = skip_space(s), *end = token_end(proto);

		if (end == proto)
			return false;
		s = skip_space(end);
		while (*s == ';') {
			s = reason_param(s + 1, &v);
			if (!s)
				return false;
			s = skip_space(s);
		}
		reason_take(r, proto, (size_t)(end - proto), &v);
		if (*s != ',')
			return *s == '\0';
		s++;
	}
}

const char *sip_reason_write(char buf[SIP_REASON_MAX], struct cc_cause c)
{
	unsigned value = c.value ? c.value & 127u : CAUSE_UNSPECIFIED;
	const char *text = cause_name(value);
	int n;

	n = snprintf(buf, SIP_REASON_MAX, "Q.850;cause=%u", value);
	if (*text && n > 0 && n < SIP_REASON_MAX)
		n += snprintf(buf + n, SIP_REASON_MAX - (size_t)n,
			      ";text=\"%.64s\"", text);
	if (c.location < LEN(location_names) && n > 0 && n < SIP_REASON_MAX)
		snprintf(buf + n, SIP_REASON_MAX - (size_t)n, ";location=%s",
			 location_names[c.location]);
	return buf;
}

/* "Call completed elsewhere" in a CANCEL: non-selected user clearing. */
#define CAUSE_ELSEWHERE 26

struct cc_cause sip_cause_in(unsigned key, unsigned quals,
			     const struct sip_reason *r)
{
	struct cc_cause c = sip_cause_of(key, quals, NULL);
	bool request = key == SIP_BY_BYE || key == SIP_BY_CANCEL;

	if (r && r->q850 && !sip_cause_is_local(r->q850)) {
		if (r->location != CC_LOC_NONE)
			c.location = r->location;
		c.value = r->q850;
	} else if (r && request && key == SIP_BY_CANCEL && r->sip == 200) {
		c.value = CAUSE_ELSEWHERE;
	} else if (r && request && r->sip >= 300) {
		c = sip_cause_of(r->sip, quals, NULL);
	}
	if (c.value == 0)
		c = sip_cause_of(SIP_BY_OTHER, 0, NULL);
	return c;
}
