/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lsrtp2 */
/*
 * What SRTP costs a packet of 172 octets (20 ms of G.711): the mean of sealing
 * one and of opening one. 16 channels take turns, so that all of it is in the
 * nearest cache; then the 1,890 of 63 spans. libsrtp2 does the same in the
 * same run. Medians.
 */
#include "media/srtp.h"

#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	FEW = 16,
	MANY = 1890,
	RUNS = 301,
	RUNS_MANY = 21,
	HIS_MANY = 3, /* it takes its time */
	LEN = 172,
	WIRE = LEN + 64,
};

struct channel {
	struct srtp tx, rx;
	srtp_t his_tx, his_rx;
	uint8_t wire[WIRE], plain[WIRE];
};

static struct channel *channels;
static unsigned n_channels;
static uint16_t seq;

static void fail(const char *what)
{
	fprintf(stderr, "b_srtp: %s\n", what);
	exit(EXIT_FAILURE);
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void open_channel(struct channel *c, unsigned suite, unsigned i)
{
	struct srtp_master m = { .key = { (uint8_t)i, (uint8_t)(i >> 8) } };
	uint8_t key[SRTP_KEY + SRTP_SALT] = { 0 };
	srtp_policy_t p;

	memset(&p, 0, sizeof(p));
	if (suite == SRTP_AEAD_AES_128_GCM) {
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p.rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p.rtcp);
	} else {
		srtp_crypto_policy_set_rtp_default(&p.rtp);
		srtp_crypto_policy_set_rtcp_default(&p.rtcp);
	}
	memcpy(key, m.key, 16);
	p.key = key;
	p.ssrc.type = ssrc_any_outbound;
	if (srtp_create(&c->his_tx, &p) != srtp_err_status_ok)
		fail("libsrtp2 does not know the suite");
	p.ssrc.type = ssrc_any_inbound;
	if (srtp_create(&c->his_rx, &p) != srtp_err_status_ok)
		fail("libsrtp2 does not know the suite");
	srtp_set(&c->tx, suite, &m);
	srtp_set(&c->rx, suite, &m);
}

static void close_channel(struct channel *c)
{
	srtp_dealloc(c->his_tx);
	srtp_dealloc(c->his_rx);
	srtp_wipe(&c->tx);
	srtp_wipe(&c->rx);
}

static void fill(void)
{
	seq++;
	for (unsigned i = 0; i < n_channels; i++) {
		uint8_t *p = channels[i].wire;

		memset(p, 0xd5, LEN);
		p[0] = 0x80;
		p[1] = 8;
		p[2] = (uint8_t)(seq >> 8);
		p[3] = (uint8_t)seq;
	}
}

/* A packet of each channel out and in; ns a packet. */
static double ours(void)
{
	double start;

	fill();
	start = now_ns();
	for (unsigned i = 0; i < n_channels; i++) {
		struct channel *c = &channels[i];

		if (srtp_seal(&c->tx, c->wire, LEN) < 0)
			fail("not sealed");
	}
	for (unsigned i = 0; i < n_channels; i++) {
		struct channel *c = &channels[i];
		size_t tag = c->rx.suite == SRTP_AEAD_AES_128_GCM ? 16 : 10;

		if (srtp_open(&c->rx, c->wire, LEN + tag, c->plain) != LEN)
			fail("not opened");
	}
	return (now_ns() - start) / (2 * n_channels);
}

static double his(void)
{
	double start;

	fill();
	start = now_ns();
	for (unsigned i = 0; i < n_channels; i++) {
		int n = LEN;

		if (srtp_protect(channels[i].his_tx, channels[i].wire, &n))
			fail("not sealed by libsrtp2");
	}
	for (unsigned i = 0; i < n_channels; i++) {
		struct channel *c = &channels[i];
		int n = LEN + (c->rx.suite == SRTP_AEAD_AES_128_GCM ? 16 : 10);

		if (srtp_unprotect(c->his_rx, c->wire, &n) || n != LEN)
			fail("not opened by libsrtp2");
	}
	return (now_ns() - start) / (2 * n_channels);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *x, unsigned n)
{
	qsort(x, n, sizeof(*x), compare);
	return x[n / 2];
}

static void bench(const char *name, unsigned suite, unsigned n)
{
	unsigned runs = n == FEW ? RUNS : RUNS_MANY;
	unsigned his_runs = n == FEW ? RUNS : HIS_MANY;
	double a[RUNS], b[RUNS];

	n_channels = n;
	for (unsigned i = 0; i < n; i++)
		open_channel(&channels[i], suite, i);
	for (unsigned i = 0; i < runs; i++)
		a[i] = ours();
	for (unsigned i = 0; i < his_runs; i++)
		b[i] = his();
	for (unsigned i = 0; i < n; i++)
		close_channel(&channels[i]);
	printf("srtp_ns_per_packet_%s\t%.0f\tns\n", name, median(a, runs));
	printf("srtp_ns_per_packet_%s_peer_libsrtp2\t%.0f\tns\n", name,
	       median(b, his_runs));
}

int main(void)
{
	channels = calloc(MANY, sizeof(*channels));
	if (!channels || srtp_init() != srtp_err_status_ok)
		fail("no memory");
	bench("gcm", SRTP_AEAD_AES_128_GCM, FEW);
	bench("cm", SRTP_AES_CM_128_SHA1_80, FEW);
	bench("gcm_1890", SRTP_AEAD_AES_128_GCM, MANY);
	bench("cm_1890", SRTP_AES_CM_128_SHA1_80, MANY);
	free(channels);
	return EXIT_SUCCESS;
}
