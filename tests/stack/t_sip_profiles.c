/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core conf base */
/*
 * Each profile in a scenario that a public document asks for: the clause stands
 * beside it. A scenario passes with its profile, and must fail when the same
 * trunk has none; both are tried. TLS itself is tried elsewhere (tests/system):
 * here the transport is UDP, what is said over it counts.
 */
#include "tests/stack/sip_rig.h"

#include "conf/load.h"
#include "conf/profile.h"

/* What the trunk says itself, with its profile and without. */
#define OWN                                                                 \
	"name: provider, server: " PEER_IP ", transport: udp, "             \
	"domain: provider.example, auth: {user: pbx1, password: s}, "       \
	"number: \"+441632960000\""

/* --- soft steps: a scenario tells what is wrong, it does not end the test --- */

/* The next message from us that begins so, within 3 s of what was seen; others
 * are passed over. NULL: none. */
static const char *sent(const char *start)
{
	for (int i = 0; i < 300; i++) {
		for (; rig.seen < rig.n_sent; rig.seen++) {
			const char *text = rig.sent[rig.seen].text;

			if (!strncmp(text, start, strlen(start))) {
				rig.seen++;
				return text;
			}
		}
		wait_ms(10);
	}
	return NULL;
}

static const struct cc_msg *told(enum cc_type type)
{
	for (int i = 0; i < 300; i++) {
		for (; rig.cc_seen < rig.n_cc; rig.cc_seen++) {
			if (rig.cc[rig.cc_seen].head.type == type) {
				return &rig.cc[rig.cc_seen++];
			}
		}
		wait_ms(10);
	}
	return NULL;
}

/* "" when it is not there. */
static const char *value(const char *text, const char *name)
{
	return has_header(text, name) ? value_of(text, name) : "";
}

static bool has(const char *text, const char *piece)
{
	return strstr(text, piece) != NULL;
}

static const char *call(struct cc_msg m)
{
	core_sends(CC_SETUP, m);
	return sent("INVITE ");
}

static struct cc_msg screened(void)
{
	struct cc_msg m = setup_msg();

	m.calling.screening = CC_SCREEN_PASSED;
	return m;
}

/* --- scenarios: NULL, or what is wrong --- */

/* RFC 6140 5.2: "Require: gin", and a Contact with "bnc" and without user. */
static const char *registers_in_bulk(void)
{
	const char *r = sent("REGISTER ");
	const char *contact = r ? value(r, "Contact") : "";

	if (!r || !has(value(r, "Require"), "gin")) {
		return "no REGISTER that requires gin";
	}
	if (!has(contact, ";bnc") || has(contact, "@")) {
		return "its Contact is no bulk number contact";
	}
	answer(r, "200 OK", "r", "Service-Route: <sip:sr@" PEER_IP ";lr>\r\n",
	       NULL);
	wait_ms(10);
	return NULL;
}

/* ... and RFC 3325 9.2: a user agent that is not trusted itself says by
 * P-Preferred-Identity whom it wants asserted. */
static const char *bulk_and_preferred(void)
{
	const char *wrong = registers_in_bulk(), *invite;

	if (wrong) {
		return wrong;
	}
	invite = call(screened());
	if (!invite || !has(value(invite, "P-Preferred-Identity"), "+4930555")) {
		return "no P-Preferred-Identity";
	}
	return has_header(invite, "P-Asserted-Identity") ? "asserts by itself"
							 : NULL;
}

/* RFC 3323 4.1.1.3, RFC 3325 9.3: From is anonymous, the number is asserted,
 * "Privacy: id" says for whom it is not. */
static const char *asserts_the_anonymous(void)
{
	struct cc_msg m = screened();
	const char *invite;

	m.calling.presentation = CC_PRES_RESTRICTED;
	invite = call(m);
	if (!invite || has(value(invite, "From"), "30555")) {
		return "the number stands in From";
	}
	if (!has(value(invite, "Privacy"), "id")) {
		return "no Privacy: id";
	}
	return has(value(invite, "P-Asserted-Identity"), "+4930555")
		       ? NULL
		       : "the provider is not told who calls";
}

static const char *offers_keys(const char *invite)
{
	const char *sdp = invite ? body_of(invite) : "";

	return has(sdp, "RTP/SAVP ") && has(sdp, "a=crypto:1 ") &&
			       !has(sdp, "RTP/AVP ")
		       ? NULL
		       : "plain RTP is offered";
}

/* RFC 4568 5.1 and RFC 3711: RTP/SAVP alone, with its keys. */
static const char *bulk_and_srtp(void)
{
	const char *wrong = registers_in_bulk();

	return wrong ? wrong : offers_keys(call(screened()));
}

/* RFC 3264 6, RFC 4568 5.1.2: plain RTP is no offer that can be answered where
 * keys are required: 488. */
static const char *refuses_plain_rtp(void)
{
	const char *r;

	invite_from_peer(PEER_URI, "c1", NULL, PEER_SDP);
	r = sent("SIP/2.0 488");
	if (!r) {
		return "a call without SRTP is taken";
	}
	ack_from_peer(r, NULL);
	return NULL;
}

/* RFC 3261 10.2: the main number registers by itself; RFC 3551 4.5.14: PCMA is
 * all that is offered; RFC 5009 5: P-Early-Media is said to be understood;
 * RFC 3325 9.2: P-Preferred-Identity. */
static const char *german(void)
{
	const char *r = sent("REGISTER "), *invite;

	if (!r || !has(value(r, "To"), "pbx1@provider.example")) {
		return "the account does not register";
	}
	if (has(value(r, "Contact"), ";bnc")) {
		return "in bulk";
	}
	answer(r, "200 OK", "r", NULL, NULL);
	wait_ms(10);
	invite = call(screened());
	if (!invite || !has(body_of(invite), " RTP/AVP 8 101\r\n")) {
		return "other codecs than PCMA are offered";
	}
	if (!has(value(invite, "P-Early-Media"), "supported")) {
		return "no P-Early-Media";
	}
	return has(value(invite, "P-Preferred-Identity"), "+4930555")
		       ? NULL
		       : "no P-Preferred-Identity";
}

/* The presentation number, which nobody has screened, stands in From, the
 * network number is asserted (RFC 3325 9.1); A-law. */
static const char *british(void)
{
	struct cc_msg m = setup_msg();
	const char *invite;

	cc_number_set(&m.calling, "+441632960123");
	m.calling.screening = CC_SCREEN_NONE;
	invite = call(m);
	if (!invite || !has(value(invite, "From"), "+441632960123")) {
		return "no presentation number in From";
	}
	if (!has(value(invite, "P-Asserted-Identity"), "+441632960000")) {
		return "the network number is not asserted";
	}
	return has(body_of(invite), " RTP/AVP 8 101\r\n") ? NULL : "no A-law";
}

/* RFC 8224 8.1: the number that is signed is that of P-Asserted-Identity; so
 * the caller must stand there, as E.164. TS 24.229 7.2A.20: verstat there is
 * the provider's verdict on a call that comes in. */
static const char *american(void)
{
	struct cc_msg m = setup_msg();
	const struct cc_msg *in;
	const char *invite;

	cc_number_set(&m.calling, "+12155551212");
	m.calling.screening = CC_SCREEN_PASSED;
	invite = call(m);
	if (!invite ||
	    !has(value(invite, "P-Asserted-Identity"), "sip:+12155551212@")) {
		return "nothing that could be signed";
	}
	if (!has(body_of(invite), " RTP/AVP 0 101\r\n")) {
		return "not mu-law alone";
	}
	invite_from_peer(PEER_URI, "c3",
			 "P-Asserted-Identity: <sip:+12155551213;verstat="
			 "TN-Validation-Failed@" PEER_IP ";user=phone>\r\n",
			 PEER_SDP);
	in = told(CC_SETUP);
	return in && (in->asserted.screening == CC_SCREEN_FAILED ||
		      in->calling.screening == CC_SCREEN_FAILED)
		       ? NULL
		       : "a number that failed is not marked";
}

/* pjsip.conf, send_pai: what Asterisk asserts is believed; qualify_frequency
 * as ours: OPTIONS (RFC 3261 11). */
static const char *believes_asterisk(void)
{
	const struct cc_msg *m;

	if (!sent("OPTIONS ")) {
		return "no OPTIONS";
	}
	invite_from_peer(PEER_URI, "c1",
			 "P-Asserted-Identity: <sip:+4930777@" PEER_IP ">\r\n",
			 PEER_SDP);
	m = told(CC_SETUP);
	return m && !strcmp(m->asserted.digits, "4930777")
		       ? NULL
		       : "its P-Asserted-Identity is not believed";
}

/* mod_sofia, sip_cid_type: Remote-Party-ID names the caller, both ways
 * (draft-ietf-sip-privacy-04 5.1). */
static const char *by_remote_party_id(void)
{
	const char *invite = call(screened());
	const struct cc_msg *m;

	if (!invite || !has(value(invite, "Remote-Party-ID"), "+4930555")) {
		return "no Remote-Party-ID";
	}
	if (has(value(invite, "Supported"), "100rel")) {
		return "100rel is offered";
	}
	invite_from_peer(PEER_URI, "c2",
			 "Remote-Party-ID: <sip:+4930777@" PEER_IP
			 ">;party=calling;screen=yes;privacy=off\r\n",
			 PEER_SDP);
	m = told(CC_SETUP);
	return m && !strcmp(m->asserted.digits, "4930777")
		       ? NULL
		       : "its Remote-Party-ID is not believed";
}

/* RFC 3261 8.1.3.4: a redirect server's 302 is followed. */
static const char *follows(void)
{
	const char *invite = call(screened());

	if (!invite) {
		return "no call";
	}
	answer(invite, "302 Moved Temporarily", "t",
	       "Contact: <sip:+49711999@" PEER2_IP ">\r\n", NULL);
	if (!sent("ACK ")) {
		return "no ACK";
	}
	invite = sent("INVITE ");
	return invite && has(invite, "INVITE sip:+49711999@") ? NULL
							      : "302 ends it";
}

/* Direct Routing, SIP protocol: the SBC sends OPTIONS first, whose Contact (and
 * that of an INVITE) is its name, not its address; media is SRTP alone. */
static const char *as_teams_wants(void)
{
	const char *options = sent("OPTIONS "), *invite;

	if (!options ||
	    !has(value(options, "Contact"), "<sip:sbc1.site.example")) {
		return "no OPTIONS from the SBC's name";
	}
	invite = call(screened());
	if (!invite ||
	    !has(value(invite, "Contact"), "<sip:sbc1.site.example")) {
		return "the Contact of the INVITE is an address";
	}
	if (has(body_of(invite), "AEAD_AES_256_GCM")) {
		return "suites that it does not know";
	}
	return offers_keys(invite);
}

static const struct scenario {
	const char *profile, *own; /* more of the trunk, in both runs */
	const char *(*run)(void);
	const char *generic; /* what is wrong without the profile */
	enum conf_transport transport; /* of the profile itself */
} scenarios[] = {
	{"sipconnect-1.1-registration", "", bulk_and_preferred,
	 "no REGISTER that requires gin", CONF_UDP},
	{"sipconnect-1.1-static", "", asserts_the_anonymous,
	 "the provider is not told who calls", CONF_UDP},
	{"sipconnect-2.0-registration", "", bulk_and_srtp,
	 "no REGISTER that requires gin", CONF_TLS},
	{"sipconnect-2.0-static", "", refuses_plain_rtp,
	 "a call without SRTP is taken", CONF_TLS},
	{"de-1tr118", "", german, "the account does not register", CONF_UDP},
	{"uk-nd1034", "", british, "the network number is not asserted",
	 CONF_UDP},
	{"us-shaken", "", american, "nothing that could be signed", CONF_UDP},
	{"asterisk", "", believes_asterisk, "no OPTIONS", CONF_UDP},
	{"freeswitch", "", by_remote_party_id, "no Remote-Party-ID", CONF_UDP},
	{"kamailio", "", follows, "302 ends it", CONF_UDP},
	{"teams", ", contact_host: sbc1.site.example", as_teams_wants,
	 "no OPTIONS from the SBC's name", CONF_TLS},
};

#define N_SCENARIOS (sizeof(scenarios) / sizeof(*scenarios))

/* A file whose one trunk says that. */
static struct conf *load(const char *trunk)
{
	char text[2048], *report;
	int n = snprintf(text, sizeof(text),
			 "spans: [{name: s, isdn: {side: user}, line: {driver: "
			 "pseudowire, local: \"192.0.2.1:1\", peer: "
			 "\"192.0.2.1:2\"}}]\n"
			 "trunks: [{%s}]\n"
			 "routes: [{from: s, to: provider}]\n", trunk);
	struct conf *c = conf_load_text("t", text, (size_t)n, NULL, &report);

	ck_assert_msg(c != NULL, "%s", report);
	free(report);
	return c;
}

/* The scenario's verdict with that profile ("" = none). */
static const char *verdict(const struct scenario *s, const char *profile)
{
	char trunk[1024];
	const char *wrong;
	struct conf *c;

	snprintf(trunk, sizeof(trunk), "%s%s%s%s", OWN, s->own,
		 *profile ? ", profile: " : "", profile);
	c = load(trunk);
	rig_conf();
	rig.conf.trunks[0] = c->trunks[0];
	rig.conf.n_rules = c->n_rules;
	memcpy(rig.conf.rules, c->rules, sizeof(rig.conf.rules));
	free(c);
	rig_open();
	wrong = s->run();
	wait_ms(10); /* what the peer has still said */
	rig_close();
	return wrong;
}

START_TEST(each_profile_passes_its_scenario)
{
	for (size_t i = 0; i < N_SCENARIOS; i++) {
		const char *wrong =
			verdict(&scenarios[i], scenarios[i].profile);

		ck_assert_msg(!wrong, "%s: %s", scenarios[i].profile, wrong);
	}
}
END_TEST

/* For the reason that the clause is about, and for no other. */
START_TEST(without_it_the_scenario_fails)
{
	for (size_t i = 0; i < N_SCENARIOS; i++) {
		const struct scenario *s = &scenarios[i];
		const char *wrong = verdict(s, "");

		ck_assert_msg(wrong && !strcmp(wrong, s->generic),
			      "%s: %s, want %s", s->profile,
			      wrong ? wrong : "it passes", s->generic);
	}
}
END_TEST

START_TEST(each_profile_has_a_scenario)
{
	unsigned n = 0;

	for (; profile_names[n]; n++) {
		size_t k = 0;

		while (k < N_SCENARIOS &&
		       strcmp(scenarios[k].profile, profile_names[n]) != 0) {
			k++;
		}
		ck_assert_msg(k < N_SCENARIOS, "%s", profile_names[n]);
	}
	ck_assert_uint_eq(n, N_SCENARIOS);
}
END_TEST

START_TEST(the_transport_is_the_profile_s)
{
	for (size_t i = 0; i < N_SCENARIOS; i++) {
		char trunk[256];
		struct conf *c;

		snprintf(trunk, sizeof(trunk),
			 "name: provider, server: " PEER_IP ", domain: x.example"
			 ", auth: {user: u, password: s}, profile: %s",
			 scenarios[i].profile);
		c = load(trunk);
		ck_assert_msg(c->trunks[0].transport == scenarios[i].transport,
			      "%s", scenarios[i].profile);
		/* Keys in SDP are for an encrypted way. */
		ck_assert((c->trunks[0].srtp.mode == CONF_SRTP_REQUIRED) ==
			  (c->trunks[0].transport == CONF_TLS));
		free(c);
	}
}
END_TEST

START_TEST(the_trunk_s_own_word_counts)
{
	struct conf *c = load("name: provider, server: x.example, "
			      "profile: us-shaken, codecs: [PCMA], options: 0");

	ck_assert_uint_eq(c->trunks[0].n_codecs, 1);
	ck_assert_uint_eq(c->trunks[0].codecs[0], CC_PCMA);
	ck_assert_uint_eq(c->trunks[0].wire.options_s, 0);
	ck_assert(c->trunks[0].who.trusted);
	ck_assert_str_eq(c->trunks[0].profile, "us-shaken");
	free(c);
}
END_TEST

/* What is shown is what is. */
START_TEST(the_settings_are_shown)
{
	struct conf *c = load("name: provider, server: x.example, "
			      "profile: us-shaken, options: 0, header_rules: "
			      "[{direction: out, action: remove, header: X-A}]");
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	conf_show_trunk(f, c, 0);
	fclose(f);
	ck_assert_msg(strstr(text, "codecs: [PCMU] ") != NULL, "%s", text);
	ck_assert(strstr(strstr(text, "codecs: "), "# profile us-shaken"));
	ck_assert(strstr(strstr(text, "options: 0 "), "# its own"));
	ck_assert(strstr(text, "trusted: true "));
	ck_assert(strstr(text, "header: \"X-A\""));
	ck_assert(strstr(text, "  keepalive: 0\n"));
	free(text);
	free(c);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {each_profile_passes_its_scenario,
				      without_it_the_scenario_fails,
				      each_profile_has_a_scenario,
				      the_transport_is_the_profile_s,
				      the_trunk_s_own_word_counts,
				      the_settings_are_shown,
				      NULL};

	return rig_run("sip_profiles", tests);
}
