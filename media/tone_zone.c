/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/tone_zone.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "media/tone_zone_priv.h"

static const struct tone_row fallback = {
	.ring = "425/1000,0/4000",
	.busy = "425/500,0/500",
	.congestion = "425/250,0/250",
	.dial = "425",
	.info = "950/330,1400/330,1800/330,0/1000",
};

static const struct tone_row *find(const char *country)
{
	const struct tone_row *r;

	if (strcasecmp(country, "gb") == 0)
		country = "uk";
	for (r = tone_rows; r->iso; r++)
		if (strcasecmp(r->iso, country) == 0)
			return r;
	return NULL;
}

static void set(struct tone_pattern *p, const char *text, const char *other)
{
	if (!text[0] || tone_parse(p, text) < 0)
		(void)tone_parse(p, other);
}

int tone_zone_init(struct tone_zone *z, const char *country)
{
	const struct tone_row *r = find(country), *f = &fallback;
	int err = r ? 0 : -ENOENT;

	if (!r)
		r = f;
	memset(&z->kinds[TONE_NONE], 0, sizeof(z->kinds[TONE_NONE]));
	set(&z->kinds[TONE_RINGBACK], r->ring, f->ring);
	set(&z->kinds[TONE_BUSY], r->busy, f->busy);
	set(&z->kinds[TONE_CONGESTION], r->congestion, f->congestion);
	set(&z->kinds[TONE_DIAL], r->dial, f->dial);
	set(&z->kinds[TONE_INFO], r->info, f->info);
	return err;
}
