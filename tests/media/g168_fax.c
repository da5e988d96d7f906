/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Test 10: a fax call through the canceller. The stations send in turn, as
 * by T.30; the gateway's own watch for 2,100 Hz decides on its NLP.
 *
 *   called    CED  DIS                    CFR                  MCF
 *   calling             DCS  training...        page (V.29)...
 *
 * What the station on the line sends must arrive through the canceller; what
 * the other sends must not come back louder than without it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp.h>

#include "tests/media/g168_bits.h"
#include "tests/media/g168_scene.h"

enum what { PAUSE, CED, FRAME, PAGE };

enum {
	GAP = 21,	/* blocks: 75 ms of T.30, 128 there and back */
};

/* Who sends what for how long. */
struct turn {
	bool calling;
	enum what what;
	unsigned blocks;
};

static const struct turn turns[] = {
	{ false, CED, 300 },   { false, PAUSE, GAP },
	{ false, FRAME, 215 }, { false, PAUSE, GAP },
	{ true, FRAME, 215 },  { true, PAUSE, GAP },
	{ true, PAGE, 180 },   { true, PAUSE, GAP },
	{ false, FRAME, 215 }, { false, PAUSE, GAP },
	{ true, PAGE, 500 },   { true, PAUSE, GAP },
	{ false, FRAME, 215 }, { false, PAUSE, 30 },
};

enum {
	TURNS = sizeof(turns) / sizeof(turns[0]),
	FRAME_SIZE = 30,	/* octets: about a second at 300 bit/s */
	PREAMBLE = 38,		/* flags: T.30's second of them */
	PAGE_RATE = 9600,
	TRAINING = 60,		/* blocks of a page that carry no bits */
	LEARN = 100,		/* blocks that a canceller has for an echo */
};

/* A line's two stations; the one that sends has a transmitter. */
struct call {
	modem_connect_tones_tx_state_t *tone;
	fsk_tx_state_t *fsk;
	hdlc_tx_state_t *hdlc;
	v29_tx_state_t *v29;
	fsk_rx_state_t *fsk_rx;		/* of what comes through Sout */
	hdlc_rx_state_t *hdlc_rx;
	v29_rx_state_t *v29_rx;
	struct g168_bits bits;
	int frames;
	long missed;
	double gen, sent, near, out;	/* squares */
};

struct fax {
	struct call call[G168_LANES];
	struct g168_line line;
	struct g168_block b;
	struct g168_canceller *ec;
	bool line_calls;
	float dbm0;
};

static void on_frame(void *user_data, const uint8_t *frame, int len, int ok)
{
	(void)frame;
	if (ok && len >= FRAME_SIZE)
		((struct call *)user_data)->frames++;
}

static void on_underflow(void *user_data)
{
	(void)user_data; /* flags follow */
}

static int frame_bit(void *user_data)
{
	return hdlc_tx_get_bit(user_data);
}

static void frame_start(struct call *c, float dbm0)
{
	uint8_t frame[FRAME_SIZE] = { 0xff, 0xc8 };

	for (int i = 2; i < FRAME_SIZE; i++)
		frame[i] = (uint8_t)(i * 37);
	c->hdlc = hdlc_tx_init(NULL, false, 1, false, on_underflow, c);
	hdlc_tx_flags(c->hdlc, PREAMBLE);
	hdlc_tx_frame(c->hdlc, frame, FRAME_SIZE);
	c->fsk = fsk_tx_init(NULL, &preset_fsk_specs[FSK_V21CH2], frame_bit,
			     c->hdlc);
	fsk_tx_power(c->fsk, dbm0);
	c->hdlc_rx = hdlc_rx_init(NULL, false, false, 3, on_frame, c);
	c->fsk_rx = fsk_rx_init(NULL, &preset_fsk_specs[FSK_V21CH2],
				FSK_FRAME_MODE_SYNC,
				(put_bit_func_t)hdlc_rx_put_bit, c->hdlc_rx);
	c->frames = 0;
}

static void turn_start(struct fax *f, struct call *c, const struct turn *t)
{
	switch (t->what) {
	case PAUSE:
		break;
	case CED:
		c->tone = modem_connect_tones_tx_init(
			NULL, MODEM_CONNECT_TONES_FAX_CED);
		break;
	case FRAME:
		frame_start(c, f->dbm0);
		break;
	case PAGE:
		g168_bits_start(&c->bits);
		c->v29 = v29_tx_init(NULL, PAGE_RATE, false, g168_bits_get,
				     &c->bits);
		v29_tx_power(c->v29, f->dbm0);
		c->v29_rx = v29_rx_init(NULL, PAGE_RATE, g168_bits_put,
					&c->bits);
		break;
	}
}

/* What was missed of a turn of the station on the line. */
static long turn_missed(const struct call *c, const struct turn *t)
{
	if (t->what == FRAME)
		return c->frames ? 0 : FRAME_SIZE * 8;
	if (t->what == PAGE)
		return (long)g168_bits_missed(&c->bits,
			(long)(t->blocks - TRAINING) * PAGE_RATE / 100);
	return 0;
}

static void turn_end(struct call *c)
{
	if (c->tone)
		modem_connect_tones_tx_free(c->tone);
	if (c->fsk) {
		fsk_tx_free(c->fsk);
		hdlc_tx_free(c->hdlc);
		fsk_rx_free(c->fsk_rx);
		hdlc_rx_free(c->hdlc_rx);
	}
	if (c->v29) {
		v29_tx_free(c->v29);
		v29_rx_free(c->v29_rx);
	}
	c->tone = NULL;
	c->fsk = NULL;
	c->v29 = NULL;
}

static void call_send(struct call *c, float (*x)[G168_LANES], unsigned lane)
{
	int16_t amp[G168_BLOCK] = { 0 };

	if (c->tone)
		modem_connect_tones_tx(c->tone, amp, G168_BLOCK);
	else if (c->fsk)
		fsk_tx(c->fsk, amp, G168_BLOCK);
	else if (c->v29)
		v29_tx(c->v29, amp, G168_BLOCK);
	for (unsigned i = 0; i < G168_BLOCK; i++)
		x[i][lane] = amp[i];
}

static void call_hear(struct call *c, float (*x)[G168_LANES], unsigned lane)
{
	int16_t amp[G168_BLOCK];

	for (unsigned i = 0; i < G168_BLOCK; i++)
		amp[i] = (int16_t)lrintf(x[i][lane]);
	if (c->fsk)
		fsk_rx(c->fsk_rx, amp, G168_BLOCK);
	else if (c->v29)
		v29_rx(c->v29_rx, amp, G168_BLOCK);
}

static double square(float (*x)[G168_LANES], unsigned lane)
{
	double sum = 0;

	for (unsigned i = 0; i < G168_BLOCK; i++)
		sum += (double)x[i][lane] * (double)x[i][lane];
	return sum;
}

static void turn_block(struct fax *f, bool by_line, bool count)
{
	memset(f->b.far, 0, sizeof(f->b.far));
	memset(f->b.gen, 0, sizeof(f->b.gen));
	for (unsigned n = 0; n < G168_LANES; n++)
		call_send(&f->call[n], by_line ? f->b.gen : f->b.far, n);
	g168_line_block(&f->line, G168_PATH_FIRST, &f->b);
	g168_run(f->ec, &f->b);
	for (unsigned n = 0; n < G168_LANES; n++) {
		struct call *c = &f->call[n];

		if (by_line) {
			call_hear(c, f->b.out, n);
			c->gen += square(f->b.gen, n);
			c->sent += square(f->b.out, n);
		} else if (count) {
			c->near += square(f->b.near, n);
			c->out += square(f->b.out, n);
		}
	}
}

static void turn_run(struct fax *f, const struct turn *t)
{
	bool by_line = t->calling == f->line_calls;

	for (unsigned n = 0; n < G168_LANES; n++)
		turn_start(f, &f->call[n], t);
	for (unsigned i = 0; i < t->blocks; i++)
		turn_block(f, by_line, i >= LEARN);
	for (unsigned n = 0; n < G168_LANES; n++) {
		if (by_line)
			f->call[n].missed += turn_missed(&f->call[n], t);
		turn_end(&f->call[n]);
	}
}

static double ratio_db(double a, double b)
{
	return 10 * log10((a + 1) / (b + 1));
}

static void fax_judge(const struct fax *f, const struct g168_test *t,
		      struct g168_verdict *v)
{
	struct g168_measured m[3];

	memset(m, 0, sizeof(m));
	for (unsigned n = 0; n < G168_LANES; n++) {
		const struct call *c = &f->call[n];

		m[0].figure[n] = (double)c->missed;
		m[1].figure[n] = fabs(ratio_db(c->sent, c->gen));
		m[2].figure[n] = ratio_db(c->near, c->out);
	}
	for (unsigned k = 0; k < 3; k++)
		v[k] = g168_judge(&t->check[k], &m[k]);
}

static int fax_run(const struct g168_job *job, struct g168_verdict *v,
		   bool line_calls)
{
	struct fax *f = aligned_alloc(64, (sizeof(*f) + 63) / 64 * 64);

	if (!f)
		return -1;
	memset(f, 0, sizeof(*f));
	f->ec = g168_open(job->who, job->condition->tail_ms, G168_NLP);
	if (!f->ec) {
		free(f);
		return -1;
	}
	f->line_calls = line_calls;
	/* what such modems are built for */
	f->dbm0 = (float)fmin(fmax(job->condition->far_dbm0, -20), -9);
	g168_line_init(&f->line, job->condition);
	for (unsigned i = 0; i < TURNS; i++)
		turn_run(f, &turns[i]);
	fax_judge(f, job->test, v);
	g168_close(f->ec);
	free(f);
	return 0;
}

int g168_fax_called(const struct g168_job *job, struct g168_verdict *v)
{
	return fax_run(job, v, false);
}

int g168_fax_calling(const struct g168_job *job, struct g168_verdict *v)
{
	return fax_run(job, v, true);
}
