/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sim core sip isdn media conf base */
/*
 * Roles that die while a call is up, links that are lost, lines that fail:
 * whatever goes, both ends of the call are released, its CDR is written, and
 * when the role is back the next call works. Also what only the real media
 * role can show: digits between line and RTP.
 */
#include <check.h>
#include <string.h>

#include "tests/sim/look.h"
#include "tests/sim/peer_line.h"
#include "tests/sim/peer_media.h"
#include "tests/sim/scene.h"
#include "tests/sim/sim.h"
#include "tests/suite.h"

static const enum role_id mortals[] = {ROLE_CORE, ROLE_SIP, ROLE_ISDN,
				       ROLE_MEDIA};

/* The line hears of it at the latest by RESTART; a SIP peer, as it would
 * after a while without sound, hangs up by itself. */
static void peers_give_up(struct scene *c)
{
	sim_advance(30000);
	ck_assert(c->x->released);
	if (c->p->state < SP_ENDING) {
		sip_peer_hangup(c->p);
	}
	if (!c->x->over) {
		xch_release(c->x, CAUSE_NORMAL);
	}
	sim_advance(40000);
	ck_assert_int_eq(c->p->state, SP_OVER);
	ck_assert(c->x->over);
}

static void next_call_works(bool from_line)
{
	struct scene c = scene_up(from_line);

	xch_release(c.x, CAUSE_NORMAL);
	scene_expect_over(&c);
}

/* Bits of _i: role, who called, in order or not, up or still ringing. */
START_TEST(test_death)
{
	enum role_id id = mortals[_i & 3];
	bool from_line = _i & 4, in_order = _i & 8, ringing = _i & 16;
	struct scene c;

	scene_open(NULL, false);
	c = ringing ? (from_line ? scene_from_line() : scene_from_sip())
		    : scene_up(from_line);
	if (in_order) {
		sim_leave(id, 0);
	} else {
		sim_kill(id, 0);
	}
	/* Beyond alarm_hold, and the wait for a new role. */
	sim_advance(id == ROLE_SIP || id == ROLE_CORE ? 11000 : 4000);
	/* The far end behind a living role knows at once. */
	if (id != ROLE_SIP && (id != ROLE_CORE || in_order)) {
		ck_assert_int_eq(c.p->state, SP_OVER);
	}
	if (id != ROLE_ISDN && id != ROLE_MEDIA) {
		ck_assert(c.x->released);
	}
	if (id != ROLE_CORE) {
		ck_assert_uint_eq(sim_cdrs(), 1);
	}
	sim_revive(id, 0);
	sim_advance(5000);
	ck_assert_uint_eq(sim_cdrs(), 1);
	ck_assert(xch_of(0)->state.up);
	next_call_works(!from_line);
	peers_give_up(&c);
	next_call_works(from_line);
	scene_close(3);
}
END_TEST

/* A link is made anew without its end having been noticed. */
static const struct {
	enum role_id a, b;
} bounced[] = {
	{ROLE_CORE, ROLE_SIP},
	{ROLE_CORE, ROLE_ISDN},
	{ROLE_CORE, ROLE_MEDIA},
};

START_TEST(test_bounce)
{
	bool from_line = _i & 1, ringing = _i & 2;
	unsigned which = (unsigned)_i >> 2;
	struct scene c;

	scene_open(NULL, false);
	c = ringing ? (from_line ? scene_from_line() : scene_from_sip())
		    : scene_up(from_line);
	sim_bounce(bounced[which].a, bounced[which].b, 0);
	sim_advance(2000);
	if (bounced[which].b == ROLE_SIP && !ringing) {
		ck_assert_int_eq(c.p->state, SP_UP); /* both go on */
		ck_assert(!c.x->released);
		sip_peer_hangup(c.p);
		sim_advance(1000);
	}
	ck_assert_int_eq(c.p->state, SP_OVER);
	ck_assert(c.x->released);
	ck_assert_uint_eq(sim_cdrs(), 1);
	if (!c.x->over) {
		xch_release(c.x, CAUSE_NORMAL);
	}
	next_call_works(!from_line);
	scene_close(2);
}
END_TEST

/* A killed sip or core role loses no answered call. Bits of _i: who called,
 * who hangs up, before or after the new role is there. */
START_TEST(test_killed)
{
	bool from_line = _i & 1, peer_ends = _i & 2, early = _i & 4;
	enum role_id id = _i & 8 ? ROLE_CORE : ROLE_SIP;
	struct scene c;

	scene_open(NULL, false);
	c = scene_up(from_line);
	sim_kill(id, 0);
	sim_advance(300);
	ck_assert(!c.x->released);
	if (early) {
		peer_ends ? sip_peer_hangup(c.p)
			  : xch_release(c.x, CAUSE_NORMAL);
		sim_advance(300);
	}
	sim_revive(id, 0);
	sim_advance(60000);
	if (!early) {
		ck_assert_int_eq(c.p->state, SP_UP);
		ck_assert(!c.x->released);
		peer_ends ? sip_peer_hangup(c.p)
			  : xch_release(c.x, CAUSE_NORMAL);
	}
	scene_expect_over(&c);
	scene_expect_cdr(early && id == ROLE_CORE ? "\"q850\":41"
						  : "\"q850\":16");
	next_call_works(!from_line);
	scene_close(2);
}
END_TEST

/* The same with the media role that is shipped. */
START_TEST(test_bounce_media)
{
	struct scene c;

	scene_open(NULL, true);
	c = scene_up(true);
	sim_bounce(ROLE_CORE, ROLE_MEDIA, 0);
	scene_expect_over(&c);
	next_call_works(false);
	scene_close(2);
}
END_TEST

/* The link between media and isdn: frames only, no call is lost. */
START_TEST(test_bounce_frames)
{
	struct scene c;

	scene_open(NULL, false);
	c = scene_up(_i);
	sim_bounce(ROLE_MEDIA, ROLE_ISDN, 0);
	sim_advance(2000);
	ck_assert_int_eq(c.p->state, SP_UP);
	sip_peer_hangup(c.p);
	scene_expect_over(&c);
	scene_close(1);
}
END_TEST

START_TEST(test_line_fails)
{
	struct scene c;

	scene_open(NULL, false);
	c = scene_up(_i);
	fake_media_line(sim_role(ROLE_MEDIA, 0), 0, false);
	sim.wire[0].cut = true;
	sim_advance(1000);
	ck_assert_int_eq(c.p->state, SP_UP);
	sim_advance(4000);
	ck_assert_int_eq(c.p->state, SP_OVER);
	ck_assert_uint_eq(sim_cdrs(), 1);
	sim.wire[0].cut = false;
	fake_media_line(sim_role(ROLE_MEDIA, 0), 0, true);
	sim_advance(100000);
	xch_release(c.x, CAUSE_NORMAL);
	sim_advance(5000);
	next_call_works(_i);
	scene_close(2);
}
END_TEST

/* A short break of the line or the D channel ends no call. */
START_TEST(test_short_break)
{
	struct scene c;

	scene_open(NULL, false);
	c = scene_up(_i & 1);
	if (_i & 2) {
		fake_media_line(sim_role(ROLE_MEDIA, 0), 0, false);
	}
	sim.wire[0].cut = true;
	sim_advance(2000);
	sim.wire[0].cut = false;
	fake_media_line(sim_role(ROLE_MEDIA, 0), 0, true);
	sim_advance(60000);
	ck_assert_int_eq(c.p->state, SP_UP);
	ck_assert(!c.x->released);
	xch_release(c.x, CAUSE_NORMAL);
	scene_expect_over(&c);
	scene_close(1);
}
END_TEST

/* One-way audio for too long: media asks for the release. */
START_TEST(test_dead_media)
{
	struct scene c;

	scene_open(NULL, false);
	c = scene_up(_i);
	ck_assert(fake_media_event(sim_role(ROLE_MEDIA, 0), 0, c.slot,
				   MEDIA_EV_DEAD, 0));
	scene_expect_over(&c);
	scene_close(1);
}
END_TEST

/* Calls go on while the gateway drains; new ones are refused. */
START_TEST(test_drain)
{
	struct role *sip, *core;
	struct sip_peer_call *p;
	struct scene c;

	scene_open(NULL, false);
	c = scene_up(_i);
	sip = sim_role(ROLE_SIP, 0);
	core = sim_role(ROLE_CORE, 0);
	sip->ops->drain(sip);
	core->ops->drain(core);
	p = sip_peer_call(SCENE_LINE_NUMBER, NULL);
	sim_advance(500);
	ck_assert_int_eq(p->status, 503);
	ck_assert_int_eq(c.p->state, SP_UP);
	ck_assert(!core->ops->is_idle(core));
	xch_release(c.x, CAUSE_NORMAL);
	scene_expect_over(&c);
	ck_assert(core->ops->is_idle(core));
	ck_assert(sip->ops->is_idle(sip));
	scene_close(2); /* that of the refused one too */
}
END_TEST

/* --- with samples --- */

START_TEST(test_digits)
{
	struct scene c;

	scene_open(NULL, true);
	c = scene_up(_i);
	sim_advance(500);
	peer_line_listen(c.slot);
	for (const char *d = "7#A"; *d != '\0'; d++) {
		sip_peer_info(c.p, *d);
		sim_advance(400);
		ck_assert_int_eq(c.p->info_status, 200);
	}
	ck_assert_str_eq(peer_line_digits(), "7#A");
	for (const char *d = "1*9"; *d != '\0'; d++) {
		peer_line_dial(c.slot, *d);
		sim_advance(400);
	}
	ck_assert_str_eq(peer_line_rtp_digits(), "1*9");
	ck_assert_uint_gt(peer_line_rtp_packets(), 50);
	sip_peer_hangup(c.p);
	scene_expect_over(&c);
	scene_expect_cdr("\"dtmf\":6");
	scene_close(1);
}
END_TEST

/* The cable is pulled: alarm, release, and all is well when it is back. */
START_TEST(test_cable)
{
	struct scene c;

	scene_open(NULL, true);
	c = scene_up(_i);
	peer_line_unplug(true);
	sim_advance(10000);
	ck_assert_int_eq(c.p->state, SP_OVER);
	ck_assert_uint_eq(sim_cdrs(), 1);
	peer_line_unplug(false);
	sim_advance(30000);
	xch_release(c.x, CAUSE_NORMAL);
	sim_advance(5000);
	next_call_works(_i);
	scene_close(2);
}
END_TEST

START_TEST(test_media_dies)
{
	struct scene c;

	scene_open(NULL, true);
	c = scene_up(_i);
	sim_kill(ROLE_MEDIA, 0);
	sim_advance(2000);
	ck_assert_int_eq(c.p->state, SP_OVER);
	sim_revive(ROLE_MEDIA, 0);
	sim_advance(15000);
	ck_assert(c.x->released);
	next_call_works(_i);
	scene_close(2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("roles");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_death, 0, 32);
	tcase_add_loop_test(t, test_bounce, 0, 12);
	tcase_add_loop_test(t, test_killed, 0, 16);
	tcase_add_test(t, test_bounce_media);
	tcase_add_loop_test(t, test_bounce_frames, 0, 2);
	tcase_add_loop_test(t, test_line_fails, 0, 2);
	tcase_add_loop_test(t, test_short_break, 0, 4);
	tcase_add_loop_test(t, test_dead_media, 0, 2);
	tcase_add_loop_test(t, test_drain, 0, 2);
	tcase_add_loop_test(t, test_digits, 0, 2);
	tcase_add_test(t, test_cable);
	tcase_add_test(t, test_media_dies);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
