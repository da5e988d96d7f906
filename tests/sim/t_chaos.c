/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sim core sip isdn media conf base */
/*
 * Thousands of calls at random through the whole gateway in virtual time: two
 * spans, a trunk, callers and callees of every mood, lost and late datagrams
 * and frames, glare, hold, hang-ups at any instant, links made anew, roles
 * that die, lines that fail. After each step:
 *
 *   no B channel has two owners, in any role, at either end of a line
 *   calls seen = CDRs written or waiting + calls that live
 *   no role holds a call that the core does not know
 *   nobody sent what the contract forbids
 *
 * and at the end nothing is left of anything: no call, leg, transaction,
 * media, busy channel or timer; and one CDR on disk for each call.
 *
 * SEED=n runs that seed only, CHAOS_SEEDS=n tries 1 ... n, CHAOS_CALLS=n sets
 * how many calls each offers.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/look.h"
#include "tests/sim/peer_media.h"
#include "tests/sim/peer_sip.h"
#include "tests/sim/peer_xch.h"
#include "tests/sim/sim.h"
#include "tests/suite.h"

#define SPANS	    2
#define SEEDS	    6
#define CALLS	    800
#define CALM_MS	    60000
#define QUIET_MS    200000 /* longer than T309, T301, ring */
#define AFTER_MS    200000 /* longer than T308 twice, timer H */

static const char yaml[] =
	"sip: {bind: \"192.0.2.1:5060\", ring: 60}\n"
	"media: {address: \"127.0.0.1\", ports: 20000-20127}\n"
	"spans:\n"
	"  - name: carrier\n"
	"    line: {driver: pseudowire, local: \"127.0.0.1:5000\","
	" peer: \"127.0.0.1:5001\"}\n"
	"    isdn: {side: user, switch: euroisdn, t301: 60}\n"
	"    country_code: \"49\"\n"
	"    area_code: \"711\"\n"
	"  - name: pbx\n"
	"    line: {driver: pseudowire, local: \"127.0.0.1:5002\","
	" peer: \"127.0.0.1:5003\"}\n"
	"    isdn: {side: network, switch: euroisdn, t301: 60,"
	" exclusive: false, hunt: up}\n"
	"trunks:\n"
	"  - name: provider\n"
	"    server: 192.0.2.9:5060\n"
	"    max_calls: 50\n"
	"emergency: [\"112\"]\n"
	"routes:\n"
	"  - {from: carrier, to: provider}\n"
	"  - {from: pbx, to: provider}\n"
	"  - {from: provider, to: pbx, match: [\"7*\"], allow: [\"7*\"]}\n"
	"  - {from: provider, to: carrier, allow: [\"+49*\"]}\n"
	"  - {from: provider, to: pbx, match: [\"+49*\"], allow: [\"+49*\"]}\n";

static struct {
	unsigned offered;
	uint64_t seen; /* by cores that are gone */
	enum role_id dead;
	unsigned dead_index;
	bool has_dead;
	int64_t revive_at, calm_at;
	unsigned kills, bounces, answered, standing;
} chaos;

/* --- invariants --- */

static void check_core(void)
{
	struct look_core c;

	look_core(sim_role(ROLE_CORE, 0), &c);
	ck_assert_uint_eq(c.seen + c.earlier, c.written + c.queued + c.calls);
	ck_assert_uint_eq(c.failed, 0);
	ck_assert_uint_eq(c.channel_taken, 0);
	ck_assert_uint_eq(c.double_leg, 0);
	ck_assert_uint_eq(c.impossible, 0);
	ck_assert_uint_eq(c.bad, 0);
	ck_assert_uint_eq(c.no_timer, 0);
	ck_assert_uint_eq(c.legs_lost, 0);
	ck_assert_uint_eq(c.media_lost, 0);
	ck_assert_uint_le(c.owned, c.calls);
	ck_assert_uint_le(c.trunk_calls, c.calls);
}

static void check_isdn(const struct role *role)
{
	struct look_isdn i;

	look_isdn(role, &i);
	ck_assert_uint_eq(i.shared, 0);
	ck_assert_uint_eq(i.bad_messages, 0);
	ck_assert_uint_eq(i.idle + i.busy + i.other, 30);
	ck_assert_uint_le(i.busy, i.legs);
}

/* Nobody holds a call that the core does not know. */
static void check_unknown(void)
{
	struct look_core c;
	struct look_isdn i;
	unsigned active = 0;

	look_core(sim_role(ROLE_CORE, 0), &c);
	for (unsigned k = 0; k < SPANS; k++) {
		if (sim_role(ROLE_ISDN, k) != NULL) {
			look_isdn(sim_role(ROLE_ISDN, k), &i);
			active += i.active;
		}
	}
	ck_assert_uint_le(active, c.calls);
	if (sim_role(ROLE_MEDIA, 0) != NULL) {
		ck_assert_uint_le(
			fake_media_stats(sim_role(ROLE_MEDIA, 0))->used,
			c.calls);
	}
}

static void check(void)
{
	if (sim_role(ROLE_CORE, 0) != NULL) {
		check_core();
		check_unknown();
	}
	for (unsigned i = 0; i < SPANS; i++) {
		if (sim_role(ROLE_ISDN, i) != NULL) {
			check_isdn(sim_role(ROLE_ISDN, i));
		}
		check_isdn(xch_of(i)->role);
		ck_assert_uint_eq(xch_of(i)->violations, 0);
	}
	if (sim_role(ROLE_MEDIA, 0) != NULL) {
		const struct fake_media_stats *m =
			fake_media_stats(sim_role(ROLE_MEDIA, 0));

		ck_assert_uint_eq(m->clashes, 0);
		ck_assert_uint_eq(m->bad, 0);
	}
}

/* --- those who call --- */

static void call_from_line(void)
{
	static const char *const numbers[] = {"030123456", "112", "999",
					      "0711", "+33123456"};
	struct cc_msg s = xch_setup(numbers[sim_random(5)],
				    sim_random(4) ? "+49711999" : NULL);
	unsigned span = sim_random(SPANS);

	if (xch_active(span) > 60) {
		return;
	}
	if (sim_random(10) == 0) {
		s.calling.presentation = CC_PRES_RESTRICTED;
	}
	if (sim_random(20) == 0) {
		s.bearer = CC_BEARER_UNRESTRICTED;
	}
	if (sim_random(4) == 0) {
		s.complete = 0;
		s.called.digits[sim_random(4)] = '\0';
	}
	xch_call(span, &s);
	chaos.offered++;
}

static void call_from_sip(void)
{
	static const char *const numbers[] = {"+49711123", "+49711456",
					      "7123", "+1555", "x y"};

	if (sip_peer.stats.active < 120) {
		sip_peer_call(numbers[sim_random(sim_random(4) ? 3 : 4)],
			      sim_random(10) ? NULL : "Privacy: id\r\n");
		chaos.offered++;
	}
}

/* --- and those who are called --- */

static void act_line(struct xch_leg *l)
{
	static const uint8_t causes[] = {16, 17, 1, 18, 21, 27, 34, 41, 127};
	unsigned what = sim_random(100);

	if (l->released) {
		return;
	}
	if (what < (l->answered ? 1 : 4)) {
		xch_release(l, causes[sim_random(sizeof(causes))]);
	} else if (l->in && !l->answered && what < 14 && !l->alerting) {
		xch_say(l, CC_ALERTING);
	} else if (l->in && !l->answered && what < 20) {
		xch_say(l, CC_ANSWER);
		chaos.answered++;
	} else if (l->in && !l->answered && what < 22) {
		xch_say(l, CC_PROGRESS);
	} else if (!l->in && !l->setup.complete && what < 40 &&
		   !l->proceeding) {
		xch_digits(l, "12");
	}
}

static void act_incoming(struct sip_peer_call *c, unsigned what)
{
	static const char *const statuses[] = {
		"486 Busy Here", "404 Not Found", "480 Gone Fishing",
		"503 Service Unavailable", "500 Error", "603 Decline",
		"302 Moved Temporarily", "488 Not Acceptable Here",
	};

	if (what < 10) {
		sip_peer_say(c, sim_random(3) ? "180 Ringing"
					      : "183 Session Progress",
			     sim_random(2));
	} else if (what < 22) {
		sip_peer_answer(c);
		chaos.answered++;
	} else if (what < 26) {
		sip_peer_say(c, statuses[sim_random(8)], false);
	}
}

static void act_sip(struct sip_peer_call *c)
{
	static const char *const directions[] = {"sendonly", "sendrecv",
						 "inactive", "sendrecv"};
	unsigned what = sim_random(100);

	if (c->state == SP_INCOMING) {
		act_incoming(c, what);
	} else if (c->state == SP_UP && what < 6) {
		sip_peer_reinvite(c, directions[sim_random(4)]);
	} else if (c->state == SP_UP && what < 8) {
		sip_peer_info(c, '5');
	} else if (c->state < SP_ENDING &&
		   what > (c->state == SP_UP ? 98 : 95)) {
		sip_peer_hangup(c);
	}
}

static void act(void)
{
	struct sip_peer_call *c, *next;

	for (unsigned i = 0; i < SPANS; i++) {
		for (unsigned k = 0; k < XCH_LEGS; k++) {
			struct xch_leg *l = &xch_of(i)->legs[k];

			if (l->id != 0 && !l->over) {
				act_line(l);
			}
		}
	}
	for (c = sip_peer.calls; c != NULL; c = next) {
		next = c->next;
		act_sip(c);
	}
}

/* --- what goes wrong --- */

static void calm_down(void)
{
	chaos.calm_at = 0;
	sip_peer.loss = 0;
	sip_peer.silent = sip_peer.unreachable = false;
	for (unsigned i = 0; i < SPANS; i++) {
		sim.wire[i].loss = 0;
		sim.wire[i].cut = false;
		if (sim_role(ROLE_MEDIA, 0) != NULL) {
			fake_media_line(sim_role(ROLE_MEDIA, 0), i, true);
		}
	}
}

static void revive(void)
{
	sim_revive(chaos.dead, chaos.dead_index);
	chaos.has_dead = false;
}

static void kill_one(void)
{
	static const enum role_id ids[] = {ROLE_CORE, ROLE_SIP, ROLE_ISDN,
					   ROLE_MEDIA};
	struct look_core c;

	if (chaos.has_dead) {
		return;
	}
	chaos.kills++;
	chaos.dead = ids[sim_random(4)];
	chaos.dead_index = chaos.dead == ROLE_ISDN ? sim_random(SPANS) : 0;
	chaos.has_dead = true;
	chaos.revive_at = sim_ms() + sim_random(20000);
	if (chaos.dead == ROLE_CORE) {
		look_core(sim_role(ROLE_CORE, 0), &c);
		chaos.seen += c.seen;
	}
	if (sim_random(2)) {
		sim_kill(chaos.dead, chaos.dead_index);
		return; /* what was up has its CDR in the next life */
	}
	sim_leave(chaos.dead, chaos.dead_index);
	if (chaos.dead == ROLE_CORE) {
		ck_assert_uint_eq(sim_cdrs(), chaos.seen);
	}
}

static void bounce_one(void)
{
	static const struct {
		enum role_id a, b;
	} joints[] = {{ROLE_CORE, ROLE_SIP},
		      {ROLE_CORE, ROLE_ISDN},
		      {ROLE_CORE, ROLE_MEDIA},
		      {ROLE_MEDIA, ROLE_ISDN}};
	unsigned i = sim_random(4), span = sim_random(SPANS);

	if (!chaos.has_dead) {
		chaos.bounces++;
		sim_bounce(joints[i].a, joints[i].b, span);
	}
}

static void disaster(void)
{
	unsigned span = sim_random(SPANS);
	struct role *media = sim_role(ROLE_MEDIA, 0);

	if (chaos.calm_at == 0) {
		chaos.calm_at = sim_ms() + sim_random(CALM_MS);
	}
	switch (sim_random(14)) {
	case 0:
	case 1:
		kill_one();
		break;
	case 2:
	case 3:
	case 4:
		bounce_one();
		break;
	case 5:
		xch_restart_core(span);
		break;
	case 6:
		sim.wire[span].cut = true;
		break;
	case 7:
		sim.wire[span].loss = sim_random(200);
		break;
	case 8:
		sip_peer.silent = true;
		break;
	case 9:
		if (media != NULL) {
			fake_media_line(media, span, false);
		}
		break;
	case 10:
		sip_peer.unreachable = true;
		break;
	default:
		sip_peer.loss = sim_random(300);
		break;
	}
}

static void step(void)
{
	for (unsigned i = sim_random(4); i > 0; i--) {
		if (sim_random(2)) {
			call_from_line();
		} else {
			call_from_sip();
		}
	}
	act();
	if (sim_random(20) == 0) {
		disaster();
	}
	sim_advance(sim_random(3) ? sim_random(1000) : 0);
	loop_poll(sim.loop);
	if (chaos.has_dead && sim_ms() >= chaos.revive_at) {
		revive();
		loop_poll(sim.loop); /* what outlived it is told */
	}
	if (chaos.calm_at != 0 && sim_ms() >= chaos.calm_at) {
		calm_down();
	}
	check();
}

/* --- the end --- */

/* All is well again and nobody does anything: what was ringing has timed out,
 * what is up is known to everybody. */
static void check_books(void)
{
	struct look_core c;
	struct look_sip s;
	struct look_isdn i;
	unsigned line_legs = 0, far_legs = 0, up = 0;
	struct sip_peer_call *p;

	look_core(sim_role(ROLE_CORE, 0), &c);
	look_sip(sim_role(ROLE_SIP, 0), &s);
	for (unsigned k = 0; k < SPANS; k++) {
		look_isdn(sim_role(ROLE_ISDN, k), &i);
		line_legs += i.legs;
		far_legs += xch_active(k);
	}
	for (p = sip_peer.calls; p != NULL; p = p->next) {
		up += p->state == SP_UP;
	}
	ck_assert_uint_eq(line_legs, c.calls);
	ck_assert_uint_eq(far_legs, c.calls);
	ck_assert_uint_eq(c.owned, c.calls);
	ck_assert_uint_eq(c.trunk_calls, c.calls);
	ck_assert_uint_eq(s.counted, c.calls);
	ck_assert_uint_ge(up, c.calls);
	ck_assert_uint_eq(
		fake_media_stats(sim_role(ROLE_MEDIA, 0))->used, c.calls);
	ck_assert_uint_eq(
		fake_media_stats(sim_role(ROLE_MEDIA, 0))->connected, c.calls);
	chaos.standing = c.calls;
}

static void everybody_hangs_up(void)
{
	struct sip_peer_call *c, *next;

	for (unsigned i = 0; i < SPANS; i++) {
		for (unsigned k = 0; k < XCH_LEGS; k++) {
			struct xch_leg *l = &xch_of(i)->legs[k];

			if (l->id != 0 && !l->over && !l->released) {
				xch_release(l, CAUSE_NORMAL);
			}
		}
	}
	for (c = sip_peer.calls; c != NULL; c = next) {
		next = c->next;
		sip_peer_hangup(c);
	}
}

static void check_isdn_idle(const struct role *role)
{
	struct look_isdn i;

	look_isdn(role, &i);
	ck_assert(i.up);
	ck_assert_uint_eq(i.legs, 0);
	ck_assert_uint_eq(i.idle, 30);
}

static void check_all_idle(void)
{
	struct look_core c;
	struct look_sip s;

	look_core(sim_role(ROLE_CORE, 0), &c);
	ck_assert_uint_eq(c.calls, 0);
	ck_assert_uint_eq(c.legs, 0);
	ck_assert_uint_eq(c.owned, 0);
	ck_assert_uint_eq(c.trunk_calls, 0);
	ck_assert_uint_eq(c.queued, 0);
	ck_assert_uint_eq(chaos.seen + c.seen, sim_cdrs());
	look_sip(sim_role(ROLE_SIP, 0), &s);
	ck_assert(s.idle);
	ck_assert_uint_eq(s.txns, 0);
	ck_assert_uint_eq(s.counted, 0);
	ck_assert_uint_eq(sip_peer.stats.active, 0);
	for (unsigned i = 0; i < SPANS; i++) {
		check_isdn_idle(sim_role(ROLE_ISDN, i));
		check_isdn_idle(xch_of(i)->role);
		ck_assert_uint_eq(xch_active(i), 0);
	}
	ck_assert_uint_eq(
		fake_media_stats(sim_role(ROLE_MEDIA, 0))->used, 0);
	ck_assert_uint_eq(
		fake_media_stats(sim_role(ROLE_MEDIA, 0))->connected, 0);
}

static unsigned number(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* A switch does not let a phone ring for ever, whatever was lost. */
static void ringing_ends(void)
{
	for (unsigned i = 0; i < SPANS; i++) {
		for (unsigned k = 0; k < XCH_LEGS; k++) {
			struct xch_leg *l = &xch_of(i)->legs[k];

			if (l->id != 0 && !l->over && !l->released &&
			    l->in && !l->answered) {
				xch_release(l, CAUSE_NO_ANSWER);
			}
		}
	}
}

static void run(unsigned seed)
{
	unsigned calls = number("CHAOS_CALLS", CALLS);

	chaos.offered = chaos.kills = chaos.bounces = chaos.answered = 0;
	chaos.seen = 0;
	chaos.has_dead = false;
	chaos.calm_at = 0;
	fprintf(stderr, "chaos: SEED=%u\n", seed);
	sim_open(&(struct sim_options){.yaml = yaml, .seed = seed});
	sip_peer.delay_ms = sim_random(40);
	sip_peer.jitter_ms = sim_random(4) ? sim_random(200) : 0;
	for (unsigned i = 0; i < SPANS; i++) {
		sim.wire[i].delay_ms = sim_random(3) ? sim_random(30) : 0;
	}
	sim_advance(2000);
	while (chaos.offered < calls) {
		step();
	}
	calm_down();
	if (chaos.has_dead) {
		revive();
	}
	calm_down();
	sim_advance(QUIET_MS / 2);
	ringing_ends();
	sim_advance(QUIET_MS / 2);
	check();
	check_books();
	everybody_hangs_up();
	sim_advance(AFTER_MS / 2);
	everybody_hangs_up();
	sim_advance(AFTER_MS / 2);
	check();
	check_all_idle();
	fprintf(stderr, "chaos: SEED=%u: %u calls, %u CDRs, %u answers, "
		"%u left standing, %u roles killed, %u links made anew\n",
		seed, chaos.offered, sim_cdrs(), chaos.answered,
		chaos.standing, chaos.kills, chaos.bounces);
	sim_close();
}

START_TEST(test_chaos)
{
	if (getenv("SEED") == NULL) {
		run((unsigned)_i + 1);
	} else if (_i == 0) {
		run(number("SEED", 1));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("chaos");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 600);
	tcase_add_loop_test(t, test_chaos, 0,
			    (int)number("CHAOS_SEEDS", SEEDS));
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
