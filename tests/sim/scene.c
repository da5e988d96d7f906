/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/scene.h"

#include <check.h>
#include <string.h>

#include "tests/sim/look.h"
#include "tests/sim/peer_media.h"
#include "tests/sim/sim.h"

#define SETTLE_MS 40000 /* beyond timers B, H and J */

void scene_open(const char *yaml, bool real_media)
{
	sim_open(&(struct sim_options){
		.yaml = yaml, .real_media = real_media, .seed = 1});
	sim_advance(2000);
	ck_assert(xch_of(0)->state.up);
}

static void expect_core_idle(unsigned cdrs)
{
	struct look_core c;

	look_core(sim_role(ROLE_CORE, 0), &c);
	ck_assert_uint_eq(c.calls, 0);
	ck_assert_uint_eq(c.legs, 0);
	ck_assert_uint_eq(c.owned, 0);
	ck_assert_uint_eq(c.trunk_calls, 0);
	ck_assert_uint_eq(c.queued, 0);
	ck_assert_uint_eq(c.written, c.seen + c.earlier);
	ck_assert_uint_eq(c.failed, 0);
	ck_assert_uint_eq(c.bad, 0);
	ck_assert_uint_eq(c.impossible, 0);
	ck_assert_uint_eq(c.double_leg, 0);
	ck_assert_uint_eq(c.channel_taken, 0);
	ck_assert_uint_eq(c.legs_lost, 0);
	ck_assert_uint_eq(c.media_lost, 0);
	ck_assert_uint_eq(sim_cdrs(), cdrs);
}

static void expect_isdn_idle(const struct role *role)
{
	struct look_isdn i;

	look_isdn(role, &i);
	ck_assert_uint_eq(i.legs, 0);
	ck_assert_uint_eq(i.idle, i.channels);
	ck_assert_uint_eq(i.busy, 0);
	ck_assert_uint_eq(i.other, 0);
	ck_assert_uint_eq(i.bad_messages, 0);
}

void scene_expect_idle(unsigned cdrs)
{
	struct look_sip s;

	sim_advance(SETTLE_MS);
	expect_core_idle(cdrs);
	for (unsigned i = 0; i < sim.conf->n_spans; i++) {
		if (conf_leader(sim.conf->spans, i) != i) {
			continue;
		}
		expect_isdn_idle(sim_role(ROLE_ISDN, i));
		expect_isdn_idle(xch_of(i)->role);
		ck_assert_uint_eq(xch_active(i), 0);
		ck_assert_uint_eq(xch_of(i)->violations, 0);
	}
	look_sip(sim_role(ROLE_SIP, 0), &s);
	ck_assert(s.idle);
	ck_assert_uint_eq(s.txns, 0);
	ck_assert_uint_eq(s.counted, 0);
	ck_assert_uint_eq(sip_peer.stats.active, 0);
	ck_assert(sim.children[1].ops->is_idle(sim_role(ROLE_MEDIA, 0)));
	if (!sim.real_media) {
		const struct fake_media_stats *m =
			fake_media_stats(sim_role(ROLE_MEDIA, 0));

		ck_assert_uint_eq(m->connected, 0);
		ck_assert_uint_eq(m->bad, 0);
		ck_assert_uint_eq(m->clashes, 0);
		ck_assert_uint_eq(m->stale, 0);
	}
}

void scene_close(unsigned cdrs)
{
	scene_expect_idle(cdrs);
	sim_close();
}

struct scene scene_from_line(void)
{
	struct cc_msg s = xch_setup(SCENE_SIP_NUMBER, "+49711999");
	struct sip_peer_call *before = sip_peer_last();
	struct scene c = {.x = xch_call(0, &s)};

	sim_advance(300);
	c.p = sip_peer_last();
	ck_assert(c.p != NULL && c.p != before);
	ck_assert_int_eq(c.p->state, SP_INCOMING);
	c.slot = c.x->channel;
	return c;
}

struct scene scene_from_sip(void)
{
	struct xch_leg *before = xch_last(0);
	struct scene c = {.p = sip_peer_call(SCENE_LINE_NUMBER, NULL)};

	sim_advance(300);
	c.x = xch_last(0);
	ck_assert(c.x != NULL && c.x != before);
	ck_assert(c.x->in && !c.x->over);
	c.slot = c.x->channel;
	ck_assert_uint_ne(c.slot, 0);
	return c;
}

void scene_ring(struct scene *c, bool from_line)
{
	if (from_line) {
		sip_peer_say(c->p, "180 Ringing", false);
		sim_advance(300);
		ck_assert(c->x->alerting);
	} else {
		xch_say(c->x, CC_ALERTING);
		sim_advance(300);
		ck_assert(c->p->last_1xx == 180 || c->p->last_1xx == 183);
	}
}

struct scene scene_up(bool from_line)
{
	struct scene c = from_line ? scene_from_line() : scene_from_sip();

	scene_ring(&c, from_line);
	if (from_line) {
		sip_peer_answer(c.p);
	} else {
		xch_say(c.x, CC_ANSWER);
	}
	sim_advance(300);
	ck_assert(c.x->answered);
	ck_assert_int_eq(c.p->state, SP_UP);
	c.slot = c.x->channel;
	ck_assert_uint_ne(c.slot, 0);
	return c;
}

void scene_expect_over(const struct scene *c)
{
	sim_advance(500);
	ck_assert(c->x->over);
	ck_assert_int_eq(c->p->state, SP_OVER);
}

void scene_expect_cdr(const char *text)
{
	const char *cdr = sim_last_cdr();

	ck_assert_msg(strstr(cdr, text) != NULL, "no %s in %s", text, cdr);
}
