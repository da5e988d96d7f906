/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/cert.h"

#include <string.h>
#include <time.h>

#include "gateway/base/log.h"

#define DAY_S 86400

bool cert_split(const void *bundle, size_t len,
		gnutls_datum_t part[CERT_PARTS])
{
	const uint8_t *p = bundle, *end = p + len;

	for (int i = 0; i < CERT_PARTS; i++) {
		uint32_t n;

		if (end - p < (ptrdiff_t)sizeof(n)) {
			return false;
		}
		memcpy(&n, p, sizeof(n));
		p += sizeof(n);
		if (n > (size_t)(end - p)) {
			return false;
		}
		part[i] = (gnutls_datum_t){(unsigned char *)(uintptr_t)p, n};
		p += n;
	}
	return p == end;
}

const char *cert_date(int64_t s, char text[CERT_DATE_MAX])
{
	time_t t = (time_t)s;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, CERT_DATE_MAX, "%Y-%m-%d", &tm);
	return text;
}

enum cert_end cert_end(int64_t end_s, int64_t now_s)
{
	int64_t left = end_s - now_s;

	if (end_s == 0 || left > CERT_WARN_DAYS * DAY_S) {
		return CERT_END_FAR;
	}
	if (left < 0) {
		return CERT_END_PAST;
	}
	return left > CERT_ERR_DAYS * DAY_S ? CERT_END_NEAR : CERT_END_URGENT;
}

void cert_warn_of_end(const struct cert_place *p, int64_t end_s, int64_t now_s)
{
	char date[CERT_DATE_MAX];

	cert_date(end_s, date);
	switch (cert_end(end_s, now_s)) {
	case CERT_END_FAR:
		break;
	case CERT_END_NEAR:
		log_warn("trunk %s: %s:%u: %s ends on %s", p->trunk, p->file,
			 p->line, p->setting, date);
		break;
	case CERT_END_URGENT:
		log_err("trunk %s: %s:%u: %s ends on %s", p->trunk, p->file,
			p->line, p->setting, date);
		break;
	case CERT_END_PAST:
		log_err("trunk %s: %s:%u: %s ended on %s: %s", p->trunk,
			p->file, p->line, p->setting, date, p->cost);
		break;
	}
}
