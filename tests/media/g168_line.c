/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/media/g168_line.h"

#include <math.h>
#include <string.h>

enum {
	CLIPPED = 32124,	/* the largest code of u-law, A-law is near */
	SECOND_APART = 400,	/* samples at least between reflections */
};

/* The places of the tail, 0 to lanes - 1, in an order that the seed tells. */
static void places_deal(unsigned place[G168_LANES], uint32_t seed)
{
	for (unsigned i = 0; i < G168_LANES; i++)
		place[i] = i;
	for (unsigned i = G168_LANES - 1; i > 0; i--) {
		unsigned k, keep = place[i];

		seed = seed * 1664525u + 1013904223u;
		k = (seed >> 8) % (i + 1);
		place[i] = place[k];
		place[k] = keep;
	}
}

static void reflection_set(struct g168_hybrid *h, unsigned lane,
			   unsigned model, size_t delay, double erl_db)
{
	struct hybrid one;

	hybrid_annex_d(&one, model % HYBRID_MODELS, erl_db);
	h->delay[lane] = delay;
	for (size_t k = 0; k < G168_PATH_TAPS; k++)
		h->tap[k][lane] = k < one.len ? one.tap[k] : 0;
}

void g168_line_init(struct g168_line *l, const struct g168_condition *c)
{
	/* the model and what the law's block needs end within the tail */
	size_t room = c->tail_ms * 8 - G168_PATH_TAPS - 8;
	unsigned place[G168_LANES];

	memset(l, 0, sizeof(*l));
	places_deal(place, c->seed);
	l->law = c->law;
	l->has_second = c->second_db > 0;
	for (unsigned lane = 0; lane < G168_LANES; lane++) {
		for (unsigned p = 0; p < 2; p++) {
			unsigned at = p ? (place[lane] + 5) % G168_LANES
					: place[lane];
			size_t delay = room * at / (G168_LANES - 1);
			size_t second = (delay + SECOND_APART) % room;

			reflection_set(&l->main[p], lane, lane + 3 * p, delay,
				       c->erl_db);
			if (l->has_second)
				reflection_set(&l->second[p], lane,
					       lane + 2 + 3 * p, second,
					       c->second_db);
		}
	}
}

static void reflection_run(const struct g168_hybrid *h,
			   float (*past)[G168_LANES],
			   float (*echo)[G168_LANES])
{
	enum { SPAN = G168_PATH_TAPS - 1 + G168_BLOCK };
	_Alignas(64) float late[SPAN][G168_LANES];

	for (unsigned lane = 0; lane < G168_LANES; lane++)
		for (size_t i = 0; i < SPAN; i++)
			late[i][lane] = past[1 + G168_PAST + i -
					     h->delay[lane]][lane];
	for (size_t i = 0; i < G168_BLOCK; i++)
		for (size_t k = 0; k < G168_PATH_TAPS; k++)
			for (size_t lane = 0; lane < G168_LANES; lane++)
				echo[i][lane] += h->tap[k][lane] *
					late[G168_PATH_TAPS - 1 + i - k][lane];
}

static void echo_run(struct g168_line *l, enum g168_path path,
		     float (*far)[G168_LANES], float (*echo)[G168_LANES])
{
	memmove(l->past, l->past + G168_BLOCK,
		(G168_PAST + G168_PATH_TAPS) * sizeof(*l->past));
	memcpy(l->past + G168_PAST + G168_PATH_TAPS, far,
	       G168_BLOCK * sizeof(*far));
	memset(echo, 0, G168_BLOCK * sizeof(*echo));
	if (path == G168_PATH_OPEN)
		return;
	reflection_run(&l->main[path], l->past, echo);
	if (l->has_second)
		reflection_run(&l->second[path], l->past, echo);
}

static void law_run(float (*x)[G168_LANES], enum signal_law law)
{
	signal_law(&x[0][0], G168_BLOCK * G168_LANES, law);
}

void g168_line_block(struct g168_line *l, enum g168_path path,
		     struct g168_block *b)
{
	law_run(b->far, l->law);
	echo_run(l, path, b->far, b->echo);
	for (size_t i = 0; i < G168_BLOCK; i++)
		for (size_t n = 0; n < G168_LANES; n++) {
			if (fabsf(b->echo[i][n]) > CLIPPED)
				l->overloaded[n] = true;
			b->near[i][n] = b->echo[i][n] + b->gen[i][n] +
					l->offset[n];
		}
	law_run(b->near, l->law);
}
