/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/impair/model.h"

#include <math.h>
#include <string.h>

#define NS_MS 1e6

void model_init(struct model *m, const struct model_config *cfg, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	m->cfg = cfg;
	m->rng = seed;
}

/* splitmix64; 0 < result < 1 */
static double uniform(struct model *m)
{
	uint64_t z = m->rng += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return ((double)(z >> 11) + 0.5) / 9007199254740992.0;
}

static double jitter_ms(struct model *m)
{
	double a = uniform(m), b = uniform(m);
	double scale = m->cfg->jitter_ms;

	switch (m->cfg->dist) {
	case DIST_UNIFORM:
		return 2 * scale * a;
	case DIST_NORMAL:
		return scale * fabs(sqrt(-2 * log(a)) *
				    cos(6.283185307179586 * b));
	case DIST_EXPONENTIAL:
		break;
	}
	return -scale * log(a);
}

/* Gilbert's two states: bursts of mean length b, loss in the long run. */
static bool is_lost(struct model *m)
{
	double loss = m->cfg->loss, burst = m->cfg->burst;
	double enter = loss < 1 ? loss / (burst * (1 - loss)) : 1;
	double dice = uniform(m);

	if (burst <= 1)
		return dice < loss;
	if (m->losing)
		m->losing = dice >= 1 / burst;
	else
		m->losing = dice < enter;
	return m->losing;
}

static bool in_some_hole(const struct model *m, int64_t now_ns,
			 int64_t start_ns)
{
	double t = (double)(now_ns - start_ns) / 1e9;

	for (unsigned i = 0; i < m->cfg->n_holes; i++) {
		const struct hole *h = &m->cfg->holes[i];

		if (t >= h->at_s && t < h->at_s + h->for_s)
			return true;
	}
	return false;
}

/* The instant the last bit has left a link of limited rate; -1: the queue
 * in front of it is full. */
static int64_t serialise(struct model *m, size_t len, int64_t now_ns)
{
	int64_t begin = m->busy_ns > now_ns ? m->busy_ns : now_ns;

	if (m->cfg->rate_kbit <= 0)
		return now_ns;
	if ((double)(begin - now_ns) > m->cfg->queue_ms * NS_MS)
		return -1;
	m->busy_ns =
		begin + (int64_t)((double)len * 8 / m->cfg->rate_kbit * NS_MS);
	return m->busy_ns;
}

/* Delay and jitter; in order unless the path is free. */
static int64_t due(struct model *m, int64_t sent_ns, double jitter)
{
	double ms = m->cfg->delay_ms + jitter;
	int64_t t = sent_ns + (int64_t)(ms * NS_MS);

	if (!m->cfg->free && t < m->last_ns)
		t = m->last_ns;
	return t;
}

void model_packet(struct model *m, size_t len, int64_t now_ns, int64_t start_ns,
		  bool in_hole, struct fate *fate)
{
	/* all dice of a packet are thrown, whatever becomes of it */
	bool lost = is_lost(m);
	bool twice = uniform(m) < m->cfg->duplicate;
	bool back = uniform(m) < m->cfg->reorder;
	double jitter = jitter_ms(m);
	int64_t sent_ns;

	memset(fate, 0, sizeof(*fate));
	m->count.received++;
	if (in_hole || in_some_hole(m, now_ns, start_ns)) {
		m->count.hole++;
		return;
	}
	if (lost) {
		m->count.lost++;
		return;
	}
	sent_ns = serialise(m, len, now_ns);
	if (sent_ns < 0) {
		m->count.overflow++;
		return;
	}
	fate->copies = twice ? 2 : 1;
	fate->due_ns[0] = due(m, sent_ns, jitter);
	if (back) {
		fate->due_ns[0] += (int64_t)(m->cfg->reorder_ms * NS_MS);
		m->count.reordered++;
	} else {
		m->last_ns = fate->due_ns[0];
	}
	fate->due_ns[1] = fate->due_ns[0];
	m->count.duplicated += twice;
}

int64_t model_chunk(struct model *m, size_t len, int64_t now_ns,
		    int64_t start_ns, bool in_hole)
{
	int64_t t, queue;

	m->count.received++;
	if (in_hole || in_some_hole(m, now_ns, start_ns)) {
		m->count.hole++;
		return INT64_MAX;
	}
	queue = m->busy_ns > now_ns ? m->busy_ns : now_ns;
	m->busy_ns = queue;
	if (m->cfg->rate_kbit > 0)
		m->busy_ns += (int64_t)((double)len * 8 / m->cfg->rate_kbit *
					NS_MS);
	t = m->busy_ns +
	    (int64_t)((m->cfg->delay_ms + jitter_ms(m)) * NS_MS);
	if (t < m->last_ns)
		t = m->last_ns;
	m->last_ns = t;
	return t;
}
