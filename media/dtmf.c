/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/dtmf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp.h>

static const char digits[] = "0123456789*#ABCD";

/* Below this mean square (-50 dBm0) there is no digit to look for. */
#define QUIET (22828.0f * 22828.0f / 2 * 1e-5f)

struct dtmf_detect {
	dtmf_rx_state_t *rx;
	char sounding;
	unsigned quiet; /* samples in a row */
};

uint8_t dtmf_code(char digit)
{
	const char *p;

	if (digit >= 'a' && digit <= 'd')
		digit = (char)(digit - 'a' + 'A');
	p = digit ? strchr(digits, digit) : NULL;
	return p ? (uint8_t)(p - digits) : DTMF_NONE;
}

char dtmf_digit(uint8_t code)
{
	return code < DTMF_DIGITS ? digits[code] : 0;
}

const float *dtmf_hz(uint8_t code)
{
	static const float hz[DTMF_DIGITS][2] = {
		{ 941, 1336 }, { 697, 1209 }, { 697, 1336 }, { 697, 1477 },
		{ 770, 1209 }, { 770, 1336 }, { 770, 1477 }, { 852, 1209 },
		{ 852, 1336 }, { 852, 1477 }, { 941, 1209 }, { 941, 1477 },
		{ 697, 1633 }, { 770, 1633 }, { 852, 1633 }, { 941, 1633 },
	};

	return hz[code];
}

/* spandsp: a digit is confirmed, or (code 0) has ended. */
static void on_change(void *user, int code, int level, int delay)
{
	struct dtmf_detect *d = user;

	(void)level;
	(void)delay;
	d->sounding = (char)code;
}

static void set_up(struct dtmf_detect *d)
{
	dtmf_rx_set_realtime_callback(d->rx, on_change, d);
	dtmf_rx_parms(d->rx, FALSE, 8, 4, -42);
}

struct dtmf_detect *dtmf_detect_new(void)
{
	struct dtmf_detect *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->rx = dtmf_rx_init(NULL, NULL, NULL);
	if (!d->rx) {
		free(d);
		errno = ENOMEM;
		return NULL;
	}
	set_up(d);
	return d;
}

void dtmf_detect_free(struct dtmf_detect *d)
{
	if (!d)
		return;
	dtmf_rx_free(d->rx);
	free(d);
}

/* tick */
void dtmf_detect_reset(struct dtmf_detect *d)
{
	/* With memory given, this only clears it. */
	dtmf_rx_init(d->rx, NULL, NULL);
	set_up(d);
	d->sounding = 0;
	d->quiet = 0;
}

/* tick */
char dtmf_detect_run(struct dtmf_detect *d, const int16_t *samples, size_t n)
{
	float energy = 0;

	for (size_t i = 0; i < n; i++)
		energy += (float)samples[i] * (float)samples[i];
	if (energy > QUIET * (float)n)
		d->quiet = 0;
	else if (d->quiet < 8000)
		d->quiet += (unsigned)n;
	/* Silence that has lasted cannot change anything. */
	if (d->quiet < 800 || d->sounding)
		dtmf_rx(d->rx, samples, (int)n);
	return d->sounding;
}
