/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/number.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How a number of unknown type is dialled in a country. */
struct plan {
	const char *country;  /* country code */
	const char *abroad;   /* prefix of international numbers */
	const char *national; /* prefix of national numbers; "" = none */
	size_t length;	      /* of a national number; 0 = open */
};

static const struct plan plans[] = {
	{"1", "011", "1", 10}, {"7", "810", "8", 10}, {"27", "00", "0", 9},
	{"31", "00", "0", 0},  {"33", "00", "0", 9},  {"34", "00", "", 9},
	{"36", "00", "06", 0}, {"39", "00", "", 0},   {"41", "00", "0", 9},
	{"43", "00", "0", 0},  {"44", "00", "0", 0},  {"49", "00", "0", 0},
	{"52", "00", "", 10},  {"61", "0011", "0", 9}, {"81", "010", "0", 0},
	{"86", "00", "0", 0},  {"91", "00", "0", 10},
};

static const struct plan *plan_of(const char *country)
{
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		if (strcmp(plans[i].country, country) == 0) {
			return &plans[i];
		}
	}
	return NULL;
}

static const char *country_of(const struct conf_span *span)
{
	const char *cc = span->country_code;

	return *cc == '+' ? cc + 1 : cc;
}

static void make_international(struct cc_number *n, const char *country,
			       const char *area, const char *rest)
{
	char digits[3 * CC_DIGITS_MAX];
	int len = snprintf(digits, sizeof(digits), "%s%s%s", country, area,
			   rest);

	if (len < 0 || (size_t)len >= sizeof(n->digits)) {
		return;
	}
	memset(n->digits, 0, sizeof(n->digits));
	memcpy(n->digits, digits, (size_t)len);
	n->type = CC_TON_INTERNATIONAL;
	n->plan = CC_PLAN_E164;
}

/* Longest prefix first: where both are digits, "00" is tried before "0". */
static void from_dialled(const char *country, struct cc_number *n)
{
	const struct plan *p = plan_of(country);
	const char *d = n->digits;
	size_t len = strlen(d), skip;

	if (p == NULL) {
		return;
	}
	skip = strlen(p->abroad);
	if (strncmp(d, p->abroad, skip) == 0) {
		if (len > skip) {
			make_international(n, "", "", d + skip);
		}
		return;
	}
	skip = strlen(p->national);
	if (skip > 0 && strncmp(d, p->national, skip) == 0 && len > skip &&
	    (p->length == 0 || len - skip == p->length)) {
		make_international(n, country, "", d + skip);
	} else if (p->length != 0 && len == p->length && d[0] != '0') {
		make_international(n, country, "", d);
	}
}

static bool is_plain(const struct cc_number *n)
{
	return n->valid && n->digits[0] != '\0' &&
	       n->plan != CC_PLAN_PRIVATE && strpbrk(n->digits, "*#") == NULL;
}

void number_from_line(const struct conf_span *span, struct cc_number *n)
{
	const char *country = country_of(span);

	if (!is_plain(n) || *country == '\0') {
		return;
	}
	switch (n->type) {
	case CC_TON_NATIONAL:
		make_international(n, country, "", n->digits);
		break;
	case CC_TON_SUBSCRIBER:
		if (span->area_code[0] != '\0') {
			make_international(n, country, span->area_code,
					   n->digits);
		}
		break;
	case CC_TON_UNKNOWN:
		from_dialled(country, n);
		break;
	default:
		break;
	}
}

void number_to_line(const struct conf_span *span, struct cc_number *n)
{
	const char *country = country_of(span);
	size_t skip = strlen(country);
	char rest[CC_DIGITS_MAX] = "";

	if (!is_plain(n) || skip == 0 || n->type != CC_TON_INTERNATIONAL ||
	    strncmp(n->digits, country, skip) != 0 ||
	    n->digits[skip] == '\0') {
		return;
	}
	memcpy(rest, n->digits + skip, strlen(n->digits) - skip);
	memcpy(n->digits, rest, sizeof(rest));
	n->type = CC_TON_NATIONAL;
	n->plan = CC_PLAN_E164;
}

int number_rewrite(struct cc_number *n, unsigned strip, const char *prefix)
{
	char text[2 * CC_DIGITS_MAX];
	const char *p = text;
	size_t len = strlen(n->digits);

	if (strip == 0 && *prefix == '\0') {
		return 0;
	}
	if (len <= strip) {
		return -EINVAL;
	}
	if ((size_t)snprintf(text, sizeof(text), "%s%s", prefix,
			     n->digits + strip) >= sizeof(text)) {
		return -ERANGE;
	}
	if (*p == '+') {
		p++;
	}
	len = strlen(p);
	if (len >= sizeof(n->digits)) {
		return -ERANGE;
	}
	n->type = p == text ? CC_TON_UNKNOWN : CC_TON_INTERNATIONAL;
	if (n->type == CC_TON_INTERNATIONAL) {
		n->plan = CC_PLAN_E164;
	}
	memset(n->digits, 0, sizeof(n->digits));
	memcpy(n->digits, p, len);
	return 0;
}
