/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* STIR in the sip role: the Identity header of calls that we place, what
 * becomes of calls that come in with one, and verstat of the provider. */
#include "tests/stack/sip_rig.h"

#include "gateway/base/memfd.h"
#include "tests/unit/pki.h"
#include "tests/suite.h"

#include <stdio.h>

#define WALL INT64_C(1700000000)
#define URL  "https://cert.example.org/a.pem"

static struct pki ca, own;
static leg_id leg;

static void hand_bundle(const char *text)
{
	static uint8_t data[8 * PKI_PEM];
	const char *const part[4] = {own.pem, own.key_pem, ca.pem, text};
	size_t len = pki_bundle(data, part);

	sip_role_ops.socket(rig.role, ROLE_SOCK_STIR, 0,
			    memfd_create_sealed("t", data, len));
}

static struct conf_stir *settings(void)
{
	return &rig.conf.trunks[0].who.stir;
}

static void begin(enum conf_stir_verify verify, enum conf_stir_failed failed)
{
	struct pki_want w = {.from = WALL - 86400, .until = WALL + 86400 * 90};
	char text[PKI_PEM + 100];

	pki_make(&ca, &w);
	w.issuer = &ca;
	w.tnauth = PKI_SPC;
	w.tnauth_len = PKI_SPC_LEN;
	pki_make(&own, &w);
	rig_conf();
	settings()->sign = true;
	settings()->others = CONF_ATTEST_C;
	settings()->n_numbers = 1;
	strcpy(settings()->numbers[0], "+4930*");
	strcpy(settings()->x5u, URL);
	settings()->verify = verify;
	settings()->failed = failed;
	rig_open();
	snprintf(text, sizeof(text), URL "\n%s", own.pem);
	hand_bundle(text);
}

static void finish(void)
{
	rig_settle();
	rig_close();
	pki_free(&ca);
	pki_free(&own);
}

static char identity[3000];

/* A call of ours to +49711123, whose token is kept; then it ends. */
static const char *place(const char *calling)
{
	struct cc_msg m = setup_msg();
	const char *invite;

	cc_number_set(&m.calling, calling);
	m.calling.screening = CC_SCREEN_NETWORK;
	core_sends(CC_SETUP, m);
	invite = expect_sent("INVITE ");
	identity[0] = '\0';
	(void)header(invite, "Identity", 0, identity, sizeof(identity));
	ck_assert_int_eq(has_header(invite, "Date"), identity[0] != '\0');
	answer(invite, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	return invite;
}

START_TEST(signs)
{
	begin(CONF_STIR_OFF, CONF_STIR_PASS);
	ck_assert_str_eq(value_of(place("+4930555"), "Date"),
			 "Tue, 14 Nov 2023 22:13:20 GMT");
	ck_assert_ptr_nonnull(
		strstr(identity, ";info=<" URL ">;alg=ES256;ppt=shaken"));
	ck_assert_int_eq(strncmp(identity, "Identity: ey", 12), 0);
	place("+4989555");
	ck_assert_ptr_nonnull(strstr(identity, ";ppt=shaken"));
	place("030555"); /* nobody's in particular */
	ck_assert_str_eq(identity, "");
	finish();
}
END_TEST

/* The core is told how far we vouch, for the CDR. */
START_TEST(tells_attest)
{
	struct cc_msg m;
	const char *invite;

	begin(CONF_STIR_OFF, CONF_STIR_PASS);
	m = setup_msg();
	core_sends(CC_SETUP, m);
	invite = expect_sent("INVITE ");
	answer(invite, "180 Ringing", "t", NULL, NULL);
	ck_assert_int_eq(expect_cc(CC_PROCEEDING)->extra.verified.attest, 'A');
	ck_assert_int_eq(expect_cc(CC_ALERTING)->extra.verified.attest, 'A');
	answer(invite, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

/* A hidden number is not signed for a trunk that must not know it. */
START_TEST(hidden)
{
	struct cc_msg m;
	const char *invite;

	begin(CONF_STIR_OFF, CONF_STIR_PASS);
	m = setup_msg();
	m.calling.presentation = CC_PRES_RESTRICTED;
	core_sends(CC_SETUP, m);
	invite = expect_sent("INVITE ");
	ck_assert(!has_header(invite, "Identity"));
	answer(invite, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

#define CALLER "From: <sip:+4930555@" PEER_IP ";user=phone>;tag=ft\r\n"

static void comes(const char *call_id, const char *headers)
{
	char extra[RIG_TEXT];

	snprintf(extra, sizeof(extra), CALLER "%s%s", headers,
		 *headers ? "\r\n" : "");
	invite_from_peer(PEER_URI, call_id, extra, PEER_SDP);
}

static const struct cc_msg *goes_on(void)
{
	const struct cc_msg *m = expect_cc(CC_SETUP);

	leg = m->leg;
	expect_sent("SIP/2.0 100");
	return m;
}

/* It ends, and what the core's 180 said is returned. */
static const char *ends(void)
{
	const char *ringing;

	core_tells(leg, CC_ALERTING);
	ringing = expect_sent("SIP/2.0 180");
	core_releases(leg, 17);
	ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
	expect_released(17, "486 Busy Here");
	return ringing;
}

START_TEST(passes)
{
	const struct cc_msg *m;

	begin(CONF_STIR_ON, CONF_STIR_REJECT);
	place("+4930555");
	comes("c1", identity);
	m = goes_on();
	ck_assert_uint_eq(m->extra.verified.verdict, CC_VERDICT_PASSED);
	ck_assert_int_eq(m->extra.verified.attest, 'A');
	ck_assert_uint_eq(m->calling.screening, CC_SCREEN_PASSED);
	ck_assert(!has_header(ends(), "Reason"));
	/* B and C say nothing of the number */
	place("+4989555");
	invite_from_peer(PEER_URI, "c2", "", PEER_SDP);
	m = goes_on();
	ck_assert_uint_eq(m->extra.verified.verdict, CC_VERDICT_UNSIGNED);
	ck_assert_uint_eq(m->calling.screening, CC_SCREEN_NONE);
	(void)ends();
	finish();
}
END_TEST

static void refused(const char *call_id, const char *headers,
		    const char *status, const char *reason)
{
	const struct cc_msg *m;
	const char *no;

	comes(call_id, headers);
	no = expect_sent(status);
	ck_assert_str_eq(value_of(no, "Reason"), reason);
	ack_from_peer(no, NULL);
	m = expect_cc(CC_SETUP); /* for the CDR alone */
	ck_assert_uint_eq(m->cause.value, 21);
	ck_assert_uint_eq(m->extra.verified.verdict,
			  *headers ? CC_VERDICT_FAILED : CC_VERDICT_UNSIGNED);
}

START_TEST(rejects)
{
	begin(CONF_STIR_ON, CONF_STIR_REJECT);
	refused("c0", "Identity: garbage", "SIP/2.0 438 Invalid Identity Header",
		"STIR;cause=438;text=\"Invalid Identity Header\"");
	place("+4989555");
	refused("c1", identity, "SIP/2.0 438 Invalid Identity Header",
		"STIR;cause=438;text=\"Invalid Identity Header\"");
	place("+4930555");
	loop_advance(rig.loop, 61000);
	refused("c2", identity, "SIP/2.0 403 Stale Date",
		"STIR;cause=403;text=\"Stale Date\"");
	strcpy(settings()->x5u, "https://nowhere.example/");
	ck_assert_int_eq(sip_role_ops.reload(rig.role, &rig.conf,
					     sizeof(rig.conf)),
			 0);
	place("+4930555");
	refused("c3", identity, "SIP/2.0 436 Bad Identity Info",
		"STIR;cause=436;text=\"Bad Identity Info\"");
	/* without one it goes on */
	comes("c4", "");
	ck_assert_uint_eq(goes_on()->extra.verified.verdict,
			  CC_VERDICT_UNSIGNED);
	(void)ends();
	finish();
}
END_TEST

START_TEST(required)
{
	begin(CONF_STIR_REQUIRED, CONF_STIR_PASS);
	refused("c1", "", "SIP/2.0 428 Use Identity Header",
		"STIR;cause=428;text=\"Use Identity Header\"");
	finish();
}
END_TEST

/* Emergency calls are never refused. */
START_TEST(emergency)
{
	begin(CONF_STIR_REQUIRED, CONF_STIR_REJECT);
	rig.conf.n_emergency = 1;
	strcpy(rig.conf.emergency[0], "112");
	ck_assert_int_eq(sip_role_ops.reload(rig.role, &rig.conf,
					     sizeof(rig.conf)),
			 0);
	invite_from_peer("sip:112@" OUR_IP, "c1", "Identity: x\r\n", PEER_SDP);
	ck_assert_uint_eq(goes_on()->extra.verified.verdict,
			  CC_VERDICT_FAILED);
	(void)ends();
	finish();
}
END_TEST

/* A call that goes on: the peer is told all the same what was wrong. */
START_TEST(failed_goes_on)
{
	const struct cc_msg *m;
	const char *ringing;

	begin(CONF_STIR_ON, CONF_STIR_PASS);
	comes("c1", "y: garbage");
	m = goes_on();
	ck_assert_uint_eq(m->extra.verified.verdict, CC_VERDICT_FAILED);
	ck_assert_uint_eq(m->calling.screening, CC_SCREEN_NONE);
	ringing = ends();
	ck_assert_str_eq(value_of(ringing, "Reason"),
			 "STIR;cause=438;text=\"Invalid Identity Header\"");
	settings()->failed = CONF_STIR_MARK;
	ck_assert_int_eq(sip_role_ops.reload(rig.role, &rig.conf,
					     sizeof(rig.conf)),
			 0);
	comes("c2", "Identity: garbage");
	m = goes_on();
	ck_assert_uint_eq(m->calling.screening, CC_SCREEN_FAILED);
	(void)ends();
	finish();
}
END_TEST

#define VERSTAT_FROM(v) \
	"From: <sip:+4930555;verstat=" v "@h;user=phone>;tag=ft\r\n"

START_TEST(verstat)
{
	const struct cc_msg *m;

	begin(CONF_STIR_OFF, CONF_STIR_MARK);
	/* of a provider that is not trusted it is nothing */
	invite_from_peer(PEER_URI, "c1", VERSTAT_FROM("TN-Validation-Passed"),
			 PEER_SDP);
	m = goes_on();
	ck_assert_uint_eq(m->extra.verified.verdict, CC_VERDICT_NONE);
	ck_assert_uint_eq(m->calling.screening, CC_SCREEN_NONE);
	ck_assert_str_eq(m->calling.digits, "4930555");
	(void)ends();
	rig.conf.trunks[0].who.trusted = true;
	ck_assert_int_eq(sip_role_ops.reload(rig.role, &rig.conf,
					     sizeof(rig.conf)),
			 0);
	invite_from_peer(PEER_URI, "c2", VERSTAT_FROM("TN-Validation-Passed"),
			 PEER_SDP);
	m = goes_on();
	ck_assert_uint_eq(m->extra.verified.verdict, CC_VERDICT_PASSED);
	ck_assert_uint_eq(m->calling.screening, CC_SCREEN_PASSED);
	(void)ends();
	invite_from_peer(PEER_URI, "c3",
			 VERSTAT_FROM("TN-Validation-Passed")
			 "P-Asserted-Identity: "
			 "<tel:+4930777;verstat=TN-Validation-Failed-B>\r\n",
			 PEER_SDP);
	m = goes_on();
	ck_assert_uint_eq(m->extra.verified.verdict, CC_VERDICT_FAILED);
	ck_assert_int_eq(m->extra.verified.attest, 'B');
	ck_assert_str_eq(m->asserted.digits, "4930777");
	ck_assert_uint_eq(m->asserted.screening, CC_SCREEN_FAILED);
	(void)ends();
	invite_from_peer(PEER_URI, "c4", VERSTAT_FROM("nonsense"), PEER_SDP);
	ck_assert_uint_eq(goes_on()->extra.verified.verdict, CC_VERDICT_NONE);
	(void)ends();
	finish();
}
END_TEST

/* A new bundle takes the place of the former; a bad one does not. */
START_TEST(bundle_again)
{
	begin(CONF_STIR_ON, CONF_STIR_REJECT);
	place("+4930555");
	hand_bundle("no URL\n");
	comes("c1", identity);
	ck_assert_uint_eq(goes_on()->extra.verified.verdict,
			  CC_VERDICT_PASSED);
	(void)ends();
	hand_bundle("");
	place("+4930555");
	refused("c2", identity, "SIP/2.0 436 Bad Identity Info",
		"STIR;cause=436;text=\"Bad Identity Info\"");
	finish();
}
END_TEST

/* A call that our numbers have diverted: the token of the call to the first of
 * them, one of each diversion; and whoever verifies it finds the way. */
START_TEST(diverts)
{
	char tokens[3][3000], extra[RIG_TEXT] = CALLER;
	const struct cc_msg *got;
	const char *invite;
	struct cc_msg m;
	unsigned i, n;

	begin(CONF_STIR_ON, CONF_STIR_PASS);
	m = setup_msg();
	cc_number_set(&m.calling, "+4930555");
	m.calling.screening = CC_SCREEN_NETWORK;
	cc_number_set(&m.redirecting, "+493077");
	cc_number_set(&m.extra.divert.original, "+493088");
	m.extra.divert.count = 2;
	for (i = 0; i < 3; i++) {
		settings()->div = i > 0;
		if (i == 2) /* not ours: nobody signs for it */
			cc_number_set(&m.redirecting, "+498999");
		ck_assert_int_eq(sip_role_ops.reload(rig.role, &rig.conf,
						     sizeof(rig.conf)), 0);
		m.leg = CC_LEG_CORE | ++rig.next_leg;
		core_sends(CC_SETUP, m);
		invite = expect_sent("INVITE ");
		for (n = 0; n < 3 && header(invite, "Identity", n, tokens[n],
					    sizeof(tokens[n])); n++)
			;
		ck_assert_uint_eq(n, i == 1 ? 3 : 1);
		for (n = 0; i == 1 && n < 3; n++) {
			append(extra, "%s\r\n", tokens[n]);
			ck_assert_ptr_nonnull(strstr(tokens[n],
						     n ? ";ppt=div"
						       : ";ppt=shaken"));
		}
		answer(invite, "486 Busy Here", "t", NULL, NULL);
		expect_sent("ACK ");
		expect_released(17, "486 Busy Here");
	}
	invite_from_peer(PEER_URI, "c1", extra, PEER_SDP);
	got = expect_cc(CC_SETUP);
	ck_assert_uint_eq(got->extra.verified.verdict, CC_VERDICT_PASSED);
	core_releases(got->leg, 17);
	expect_released(17, "486 Busy Here");
	ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
	finish();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sip_stir");
	TCase *tc = tcase_create("stir");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, signs);
	tcase_add_test(tc, tells_attest);
	tcase_add_test(tc, hidden);
	tcase_add_test(tc, passes);
	tcase_add_test(tc, rejects);
	tcase_add_test(tc, required);
	tcase_add_test(tc, emergency);
	tcase_add_test(tc, failed_goes_on);
	tcase_add_test(tc, verstat);
	tcase_add_test(tc, diverts);
	tcase_add_test(tc, bundle_again);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
