/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Test 14: low-speed modems that send both ways at once through a canceller
 * that stays on. The modem behind the gateway hears Sout, the one on the
 * line what was sent to it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp.h>

#include "tests/media/g168_bits.h"
#include "tests/media/g168_scene.h"

enum {
	TRAIN = 1000,	/* blocks until bits count */
	JUDGE = 1000,	/* blocks that they count */
	ANSWERS = 2,	/* ends of a line: 0 is behind the gateway */
};

/* A modem; tx and rx are one object with V.22bis. */
struct modem_end {
	v22bis_state_t *v22bis;
	fsk_tx_state_t *tx;
	fsk_rx_state_t *rx;
	struct g168_bits bits;
};

struct modems {
	struct modem_end end[G168_LANES][ANSWERS];
	struct g168_line line;
	struct g168_block b;
	long bits_per_s;
};

static void end_open(struct modem_end *e, bool calls, bool v21, float dbm0)
{
	const fsk_spec_t *spec = preset_fsk_specs;

	if (!v21) {
		e->v22bis = v22bis_init(NULL, 2400, 0, calls, g168_bits_get,
					&e->bits, g168_bits_put, &e->bits);
		v22bis_tx_power(e->v22bis, dbm0);
		return;
	}
	e->tx = fsk_tx_init(NULL, &spec[calls ? FSK_V21CH1 : FSK_V21CH2],
			    g168_bits_get, &e->bits);
	fsk_tx_power(e->tx, dbm0);
	e->rx = fsk_rx_init(NULL, &spec[calls ? FSK_V21CH2 : FSK_V21CH1],
			    FSK_FRAME_MODE_SYNC, g168_bits_put, &e->bits);
}

static void end_close(struct modem_end *e)
{
	if (e->v22bis)
		v22bis_free(e->v22bis);
	if (e->tx)
		fsk_tx_free(e->tx);
	if (e->rx)
		fsk_rx_free(e->rx);
}

static void end_send(struct modem_end *e, float (*x)[G168_LANES],
		     unsigned lane)
{
	int16_t amp[G168_BLOCK] = { 0 };

	if (e->v22bis)
		v22bis_tx(e->v22bis, amp, G168_BLOCK);
	else
		fsk_tx(e->tx, amp, G168_BLOCK);
	for (unsigned i = 0; i < G168_BLOCK; i++)
		x[i][lane] = amp[i];
}

static void end_hear(struct modem_end *e, float (*x)[G168_LANES],
		     unsigned lane)
{
	int16_t amp[G168_BLOCK];

	for (unsigned i = 0; i < G168_BLOCK; i++)
		amp[i] = (int16_t)lrintf(x[i][lane]);
	if (e->v22bis)
		v22bis_rx(e->v22bis, amp, G168_BLOCK);
	else
		fsk_rx(e->rx, amp, G168_BLOCK);
}

static void block_run(struct modems *m, struct g168_canceller *ec)
{
	for (unsigned n = 0; n < G168_LANES; n++) {
		end_send(&m->end[n][0], m->b.far, n);
		end_send(&m->end[n][1], m->b.gen, n);
	}
	g168_line_block(&m->line, G168_PATH_FIRST, &m->b);
	g168_run(ec, &m->b);
	for (unsigned n = 0; n < G168_LANES; n++) {
		end_hear(&m->end[n][0], m->b.out, n);
		end_hear(&m->end[n][1], m->b.far, n);
	}
}

static void missed(const struct modems *m, struct g168_measured *r)
{
	/* a modem's clock and filters hold some bits back */
	long due = m->bits_per_s * JUDGE / 100 - m->bits_per_s / 10;

	memset(r, 0, sizeof(*r));
	for (unsigned n = 0; n < G168_LANES; n++)
		r->figure[n] = g168_bits_missed(&m->end[n][0].bits, due);
}

static struct modems *modems_open(const struct g168_job *job, bool v21)
{
	struct modems *m = aligned_alloc(64, (sizeof(*m) + 63) / 64 * 64);
	/* what such modems are built for */
	float dbm0 = (float)fmin(fmax(job->condition->far_dbm0, -20), -9);

	if (!m)
		return NULL;
	memset(m, 0, sizeof(*m));
	m->bits_per_s = v21 ? 300 : 2400;
	g168_line_init(&m->line, job->condition);
	for (unsigned n = 0; n < G168_LANES; n++) {
		/* either may be the one that calls */
		end_open(&m->end[n][0], n % 2, v21, dbm0);
		end_open(&m->end[n][1], !(n % 2), v21, dbm0);
	}
	return m;
}

static int modems_run(const struct g168_job *job, struct g168_verdict *v,
		      bool v21)
{
	struct g168_canceller *ec =
		g168_open(job->who, job->condition->tail_ms, 0);
	struct modems *m = ec ? modems_open(job, v21) : NULL;
	struct g168_measured r;

	if (!m) {
		g168_close(ec);
		return -1;
	}
	for (unsigned i = 0; i < TRAIN; i++)
		block_run(m, ec);
	for (unsigned n = 0; n < G168_LANES; n++)
		g168_bits_start(&m->end[n][0].bits);
	for (unsigned i = 0; i < JUDGE; i++)
		block_run(m, ec);
	missed(m, &r);
	v[0] = g168_judge(&job->test->check[0], &r);
	for (unsigned n = 0; n < G168_LANES; n++) {
		end_close(&m->end[n][0]);
		end_close(&m->end[n][1]);
	}
	free(m);
	g168_close(ec);
	return 0;
}

int g168_modem_v22bis(const struct g168_job *job, struct g168_verdict *v)
{
	return modems_run(job, v, false);
}

int g168_modem_v21(const struct g168_job *job, struct g168_verdict *v)
{
	return modems_run(job, v, true);
}
