/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Two accounts at one provider's address: what comes back to the second is the
 * second's, though the address alone would say the first. */
#include "tests/stack/sip_rig.h"

static leg_id leg;

static void account(unsigned i, const char *name)
{
	struct conf_trunk *t = &rig.conf.trunks[i];

	if (i)
		*t = rig.conf.trunks[0];
	strcpy(t->name, name);
	strcpy(t->domain, "provider.example");
	strcpy(t->auth_user, name);
	snprintf(t->auth_password, sizeof(t->auth_password), "secret-%s", name);
	t->reg.expires_s = 3600;
}

static void begin(enum conf_register_mode mode)
{
	rig_conf();
	account(0, "first");
	account(1, "second");
	rig.conf.n_trunks = 2;
	rig.conf.trunks[1].reg.mode = mode;
	rig.conf.trunks[1].dialog.prack = CONF_PRACK_ON;
	rig_open();
}

static void finish(void)
{
	wait_ms(10);
	rig_close();
}

static const char *place_by_second(void)
{
	struct cc_msg m = setup_msg();

	m.end.index = 1;
	leg = m.leg;
	core_sends(CC_SETUP, m);
	return expect_sent("INVITE ");
}

#define CHALLENGE(scheme)                                                     \
	scheme ": Digest realm=\"provider.example\", nonce=\"n1\", "          \
	       "qop=\"auth\"\r\n"

START_TEST(registers)
{
	const char *r;

	begin(CONF_REGISTER_PLAIN);
	r = expect_sent("REGISTER ");
	answer(r, "401 Unauthorized", "r", CHALLENGE("WWW-Authenticate"), NULL);
	r = expect_sent("REGISTER ");
	ck_assert_ptr_nonnull(
		strstr(value_of(r, "Authorization"), "username=\"second\""));
	finish();
}
END_TEST

START_TEST(calls_with_digest)
{
	const char *r;

	begin(CONF_REGISTER_OFF);
	r = place_by_second();
	answer(r, "407 Proxy Authentication Required", "a",
	       CHALLENGE("Proxy-Authenticate"), NULL);
	expect_sent("ACK ");
	r = expect_sent("INVITE ");
	ck_assert_ptr_nonnull(strstr(value_of(r, "Proxy-Authorization"),
				     "username=\"second\""));
	answer(r, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

/* Requests of an early dialog find it. */
START_TEST(early_update)
{
	const char *r;

	begin(CONF_REGISTER_OFF);
	r = place_by_second();
	answer(r, "183 Session Progress", "t",
	       "Require: 100rel\r\nRSeq: 1\r\n", PEER_SDP);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_PROGRESS);
	answer(expect_sent("PRACK "), "200 OK", NULL, NULL, NULL);
	rig.cseq = 10;
	request_in("UPDATE", r, "t", NULL, SDP(PEER_IP, "7004", ""));
	expect_sent("SIP/2.0 200");
	ck_assert_uint_eq(expect_cc(CC_UPDATE)->media.rtp.port, 7004);
	answer(r, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

/* Within a dialog it goes to where the route set says. */
START_TEST(routed)
{
	const char *r;

	begin(CONF_REGISTER_OFF);
	r = place_by_second();
	answer(r, "200 OK", "t",
	       "Record-Route: <sip:" PEER_IP ":5070;lr>\r\n", PEER_SDP);
	expect_sent("ACK ");
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.port, 5070);
	expect_cc(CC_ANSWER);
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	ck_assert_uint_eq(rig.sent[rig.seen - 1].to.port, 5070);
	expect_released(16, "BYE");
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {registers, calls_with_digest,
				      early_update, routed, NULL};

	return rig_run("sip_accounts", tests);
}
