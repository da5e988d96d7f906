/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the addresses of a trunk do.
 *
 *   tried last   for a while: it failed a request, or said 503
 *   waiting      no calls but emergencies: its 503 has a Retry-After
 *   dead         it cannot be reached, or it answered OPTIONS once and three
 *                in a row brought nothing; until it is heard of again
 *
 * Whoever has never answered OPTIONS is not dead for saying nothing to them,
 * and whatever is heard from there counts (a peer that carries calls is up).
 */
#include "sip/trunk_priv.h"

#include "gateway/base/log.h"

#include <errno.h>
#include <sys/random.h>

#define MISSES 3
#define KEEP_ASKED    5	 /* and no answer: the flow has failed */
#define KEEP_AGAIN_MS 2000

/* NULL: no such trunk, or that address is none of its servers. */
static struct trunk_target *target_of(struct trunk_table *t, unsigned idx,
				      const struct net_addr *addr)
{
	struct trunk *k = idx < t->n ? &t->trunk[idx] : NULL;

	for (unsigned i = 0; k && i < k->n_targets; i++) {
		if (net_addr_eq(&k->target[i].at.addr, addr)) {
			return &k->target[i];
		}
	}
	return NULL;
}

bool trunk_target_is_down(const struct trunk *k, const struct trunk_target *t)
{
	return t->dead || t->down_until.ns > loop_now(k->table->loop).ns;
}

static void set_dead(struct trunk *k, struct trunk_target *t, const char *why)
{
	char text[NET_STR_MAX];

	if (!t->dead) {
		t->dead = true;
		log_warn("trunk %s: %s is down: %s", k->conf.name,
			 net_str(&t->at.addr, text), why);
	}
}

static void set_alive(struct trunk *k, struct trunk_target *t)
{
	char text[NET_STR_MAX];

	t->misses = 0;
	t->heard = loop_now(k->table->loop);
	if (t->dead) {
		t->dead = false;
		t->down_until = t->asked_until;
		log_info("trunk %s: %s is up", k->conf.name,
			 net_str(&t->at.addr, text));
	}
}

void trunk_server_down(struct trunk_table *t, unsigned idx,
		       const struct net_addr *addr, int64_t ms)
{
	struct trunk_target *g = target_of(t, idx, addr);
	mono_t until = mono_add_ms(loop_now(t->loop), ms);

	/* What the server itself has asked for stands. */
	if (g && g->down_until.ns < until.ns) {
		g->down_until = until;
	}
}

static bool is_waiting(const struct trunk_table *t,
		       const struct trunk_target *g)
{
	return g->asked_until.ns > loop_now(t->loop).ns;
}

void trunk_server_wait(struct trunk_table *t, unsigned idx,
		       const struct net_addr *addr, int64_t ms)
{
	struct trunk_target *g = target_of(t, idx, addr);
	char text[NET_STR_MAX];

	if (!g) {
		return;
	}
	if (!is_waiting(t, g)) {
		log_info("trunk %s: %s wants no calls for %lld s (Retry-After)",
			 t->trunk[idx].conf.name, net_str(addr, text),
			 (long long)(ms / 1000));
	}
	g->asked_until = mono_add_ms(loop_now(t->loop), ms);
	trunk_server_down(t, idx, addr, ms);
}

bool trunk_server_waits(struct trunk_table *t, unsigned idx,
			const struct net_addr *addr)
{
	const struct trunk_target *g = target_of(t, idx, addr);

	return g && is_waiting(t, g);
}

void trunk_server_up(struct trunk_table *t, unsigned idx,
		     const struct net_addr *addr)
{
	struct trunk_target *g = target_of(t, idx, addr);

	if (g) {
		g->down_until = g->asked_until;
		set_alive(&t->trunk[idx], g);
	}
}

void trunk_unreachable(struct trunk_table *t, unsigned idx,
		       const struct net_addr *addr, const char *why)
{
	struct trunk_target *g = target_of(t, idx, addr);

	if (!g) {
		return;
	}
	g->down_until = mono_add_ms(loop_now(t->loop), TRUNK_DOWN_MS);
	/* Only where somebody asks will it be found alive again. */
	if (t->trunk[idx].conf.wire.options_s) {
		set_dead(&t->trunk[idx], g, why);
	}
}

void trunk_heard(struct trunk_table *t, unsigned idx,
		 const struct net_addr *addr)
{
	struct trunk *k = &t->trunk[idx];

	for (unsigned i = 0; idx < t->n && i < k->n_targets; i++) {
		/* With a connection its port is any. */
		if (k->target[i].at.proto == SIP_UDP
			    ? net_addr_eq(&k->target[i].at.addr, addr)
			    : net_ip_eq(&k->target[i].at.addr, addr)) {
			set_alive(k, &k->target[i]);
		}
	}
}

bool trunk_is_miss(int status)
{
	return status == 408 || status == 503 || status == 504;
}

void trunk_probed(struct trunk_table *t, unsigned idx,
		  const struct net_addr *addr, bool answered)
{
	struct trunk_target *g = target_of(t, idx, addr);

	if (!g) {
		return;
	}
	if (answered) {
		g->answers = true;
		set_alive(&t->trunk[idx], g);
	} else if (g->misses < MISSES && ++g->misses == MISSES && g->answers) {
		set_dead(&t->trunk[idx], g, "no answer to OPTIONS");
	}
}

bool trunk_is_up(const struct trunk_table *t, unsigned idx)
{
	for (unsigned i = 0; idx < t->n && i < t->trunk[idx].n_targets; i++) {
		if (!t->trunk[idx].target[i].dead) {
			return true;
		}
	}
	return false;
}

/* There is nobody to call but for an emergency. */
static bool all_wait(const struct trunk_table *t, const struct trunk *k)
{
	unsigned i = 0;

	while (i < k->n_targets && is_waiting(t, &k->target[i])) {
		i++;
	}
	return i == k->n_targets;
}

const char *trunk_state_text(const struct trunk_table *t, unsigned idx)
{
	return !trunk_is_resolved(t, idx)	? "no server address"
	       : !trunk_is_up(t, idx)		? "no server answers"
	       : all_wait(t, &t->trunk[idx]) ? "no calls wanted (Retry-After)"
						: "resolved";
}

/* --- whom to ask now --- */

static int64_t probe_ms(const struct trunk *k, const struct trunk_target *g)
{
	int64_t s = k->conf.wire.options_s;

	return 1000 * (g->dead && s > TRUNK_PROBE_DEAD_S ? TRUNK_PROBE_DEAD_S
							 : s);
}

int trunk_probe_next(struct trunk_table *t, unsigned idx, struct sip_path *out)
{
	struct trunk *k = &t->trunk[idx];
	mono_t now = loop_now(t->loop);

	if (idx >= t->n || !k->conf.wire.options_s) {
		return -ENOENT;
	}
	for (unsigned i = 0; i < k->n_targets; i++) {
		struct trunk_target *g = &k->target[i];

		if (g->probe_at.ns > now.ns ||
		    trunk_path(t, idx, &g->at.addr, g->at.proto, out)) {
			continue;
		}
		g->probe_at = mono_add_ms(now, probe_ms(k, g));
		return 0;
	}
	return -ENOENT;
}

/* So often in seconds; 0: never. */
static unsigned keep_s(const struct conf_trunk *c)
{
	return c->wire.keepalive_s || !c->reg.outbound ? c->wire.keepalive_s
						       : TRUNK_KEEP_UDP_S;
}

/* RFC 5626 4.4.2: after 80-100 % of the time, not all at once. */
static void plan_keep(const struct trunk *k, struct trunk_keep *g)
{
	int64_t ms = 1000 * (int64_t)keep_s(&k->conf);
	uint16_t r = 0;

	(void)!getrandom(&r, sizeof(r), 0);
	g->at = mono_add_ms(loop_now(k->table->loop), ms - ms / 5 * r / 65536);
}

/* Whoever has answered is asked again soon; true: it was asked in vain. */
static bool ask_again(const struct trunk *k, struct trunk_keep *g)
{
	if (!g->answers) {
		plan_keep(k, g);
		return false;
	}
	if (g->asked == KEEP_ASKED) {
		g->asked = 0;
		g->answers = false;
		plan_keep(k, g);
		return true;
	}
	g->asked++;
	g->at = mono_add_ms(loop_now(k->table->loop), KEEP_AGAIN_MS);
	return false;
}

int trunk_keep_next(struct trunk_table *t, unsigned idx, struct sip_path *out)
{
	struct trunk *k = &t->trunk[idx];
	mono_t now = loop_now(t->loop);

	if (idx >= t->n || !keep_s(&k->conf)) {
		return -ENOENT;
	}
	for (unsigned i = 0; i < k->n_targets; i++) {
		struct trunk_target *g = &k->target[i];

		if (g->at.proto == SIP_UDP && g->keep.at.ns <= now.ns &&
		    !trunk_path(t, idx, &g->at.addr, g->at.proto, out)) {
			return ask_again(k, &g->keep);
		}
	}
	return -ENOENT;
}

enum trunk_mapping trunk_kept(struct trunk_table *t, unsigned idx,
			      const struct net_addr *from,
			      const struct net_addr *us)
{
	struct trunk_target *g = target_of(t, idx, from);
	enum trunk_mapping is;

	if (!g) {
		return TRUNK_MAPPED_SAME;
	}
	is = !g->keep.mapped.family		 ? TRUNK_MAPPED_FIRST
	     : net_addr_eq(&g->keep.mapped, us) ? TRUNK_MAPPED_SAME
						 : TRUNK_MAPPED_OTHER;
	g->keep.mapped = *us;
	g->keep.asked = 0;
	g->keep.answers = true;
	plan_keep(&t->trunk[idx], &g->keep);
	return is;
}
