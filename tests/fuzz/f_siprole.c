/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * The sip role between a core and a peer that say anything at any time: the
 * input is a row of steps of two octets. The peer's messages belong to the
 * dialogs that there are, more or less; what they ask for (100rel, timers,
 * keys, Session-ID) comes from lists with good and bad values. In the end
 * the core clears what it knows, time passes, and nothing may be left.
 */
#include "tests/stack/sip_rig.h"

#include "gateway/base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define STEPS 60
#define LEGS  STEPS /* at most one begins with each step */

static char first[RIG_TEXT];   /* our INVITE, or our response to theirs */
static char request[RIG_TEXT]; /* our last request */
static leg_id legs[LEGS];
static unsigned n_legs, n_calls;

static const char *const extras[] = {
	NULL,
	"Supported: 100rel, timer\r\n",
	"Require: 100rel\r\nRSeq: 1\r\n",
	"Require: 100rel\r\nRSeq: 2\r\nSupported: timer\r\n",
	"Require: 100rel\r\nRSeq: 4294967295\r\n",
	"Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n",
	"Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n"
	"Allow: UPDATE\r\n",
	"Session-Expires: 1\r\nMin-SE: 99999999999\r\n",
	"Session-ID: aaaabbbbccccddddeeeeffff00001111;remote=x\r\n",
	"Contact: <sip:1@" PEER_IP ":5090>, <tel:+49711>;q=0.5\r\n",
	"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", "
	"algorithm=SHA-512-256\r\n",
	"Record-Route: <sip:" PEER_IP ":5080;lr>\r\nAllow: INVITE\r\n",
	"Min-SE: 200\r\nRetry-After: 1\r\n",
	"P-Asserted-Identity: <sip:+491@x>\r\nPrivacy: id\r\n",
	"RAck: 1 1 INVITE\r\nEvent: refer\r\n"
	"Subscription-State: terminated\r\n",
	"RAck: 4294967296 -1 INVITE INVITE\r\n",
	"Refer-To: <sip:+49711999@x>\r\nReferred-By: <sip:1@y>\r\n",
	"Refer-To: <sip:a@x?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>\r\n"
	"Refer-Sub: false\r\n",
	"Event: refer\r\nReplaces: a;to-tag=b;from-tag=c\r\n",
	NULL, /* Replaces: of the dialog that there is */
};

#define EXTRAS	 (sizeof(extras) / sizeof(extras[0]))
#define REPLACES (EXTRAS - 1)

/* The header that names the dialog that there is. */
static const char *replacing(void)
{
	static char text[1024];
	bool ours = first[0] && strncmp(first, "SIP/2.0", 7) != 0;
	const char *tag = first[0] ? strstr(value_of(first, ours ? "From" : "To"),
					    ";tag=")
				   : NULL;

	if (!tag)
		return NULL;
	tag += 5;
	snprintf(text, sizeof(text),
		 "Require: replaces\r\nReplaces: %.200s;to-tag=%.*s;"
		 "from-tag=%s\r\n",
		 value_of(first, "Call-ID"), (int)strcspn(tag, ";>"), tag,
		 ours ? "t" : "ft");
	return text;
}

static const char *extra_of(unsigned n)
{
	return n % EXTRAS == REPLACES ? replacing() : extras[n % EXTRAS];
}

#define CRYPTO "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"
static const char *const bodies[] = {
	NULL,
	NULL,
	PEER_SDP,
	SDP(PEER_IP, "7002", "a=sendonly\r\n"),
	SDP(PEER_IP, "7004", CRYPTO "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
				    "|2^31|1:4\r\n"),
	SDP(PEER_IP, "7006",
	    CRYPTO "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\r\n"),
	SDP(PEER_IP, "0", ""),
	"nonsense",
};

static const char *const statuses[] = {
	"100 Trying",	 "180 Ringing", "183 Session Progress", "199 x",
	"200 OK",	 "200 OK",	"202 x",		"302 Moved",
	"401 x",	 "407 x",	"408 x",		"422 x",
	"481 x",	 "486 Busy",	"491 x",		"503 x",
};

static const char *const methods[] = {"INVITE", "UPDATE", "PRACK", "BYE",
				      "INFO", "REFER", "NOTIFY", "ACK"};

/* The rig's assertions without the library that counts tests. */
void _mark_point(const char *file, int line)
{
	(void)file;
	(void)line;
}

void _ck_assert_failed(const char *file, int line, const char *expr,
		       const char *msg, ...)
{
	fprintf(stderr, "%s:%d: %s %s\n", file, line, expr, msg ? msg : "");
	abort();
}

static void quiet(enum log_level level, const char *text)
{
	(void)level;
	(void)text;
}

static void on_sent(struct rig *r, const struct rig_wire *m)
{
	if (strncmp(m->text, "SIP/2.0 ", 8) != 0) {
		memcpy(request, m->text, sizeof(request));
		if (strncmp(m->text, "INVITE ", 7) == 0 && !first[0])
			memcpy(first, m->text, sizeof(first));
	} else if (strstr(m->text, ";tag=") && strstr(m->text, " INVITE\r\n") &&
		   has_header(m->text, "Contact")) {
		memcpy(first, m->text, sizeof(first));
	}
	if (r->n_sent > RIG_MESSAGES / 2)
		r->n_sent = 0;
}

static void on_cc(struct rig *r, const struct cc_msg *m)
{
	if (m->head.type == CC_SETUP && !m->cause.value && n_legs < LEGS)
		legs[n_legs++] = m->leg;
	if (r->n_cc > RIG_MESSAGES / 2)
		r->n_cc = 0;
}

static void peer_calls(unsigned b)
{
	char call_id[16];

	snprintf(call_id, sizeof(call_id), "c%u", ++n_calls);
	invite_from_peer(PEER_URI, call_id, extra_of(b & 31), bodies[b >> 5]);
}

/* Some are the target of a transfer. */
static void we_call(unsigned b)
{
	struct cc_msg m = setup_msg();

	m.other = n_legs && b & 1 ? legs[b / 2 % n_legs] : 0;

	if (n_legs == LEGS)
		return;
	legs[n_legs++] = m.leg;
	first[0] = '\0';
	core_sends(CC_SETUP, m);
}

static void core_transfers(leg_id leg, unsigned b)
{
	struct cc_msg m = {.leg = leg, .end = {CC_END_TRUNK, 0},
			   .transfer = (uint8_t)(1 + b % (CC_TRANSFERS - 1)),
			   .cause = {(uint8_t)(b * 3), CC_LOC_NONE}};

	cc_number_set(&m.called, "+49711999");
	core_sends(CC_TRANSFER, m);
}

static void core_says(unsigned b)
{
	static const enum cc_type types[] = {CC_PROGRESS, CC_ALERTING,
					     CC_ANSWER,	  CC_HOLD,
					     CC_RETRIEVE, CC_UPDATE,
					     CC_TRANSFER, CC_RELEASE};
	leg_id leg = n_legs ? legs[b / 8 % n_legs] : 0;

	if (!leg)
		return;
	if (types[b & 7] == CC_RELEASE)
		core_releases(leg, 1 + b % 100);
	else if (types[b & 7] == CC_TRANSFER)
		core_transfers(leg, b / 8);
	else
		core_tells(leg, types[b & 7]);
}

static void step(unsigned a, unsigned b)
{
	static const int ms[] = {1, 20, 500, 2000, 10000, 33000, 100000,
				 1000000};
	static const char *const tags[] = {"t", "u", "t", NULL};

	switch (a & 7) {
	case 0:
		peer_calls(b);
		break;
	case 1:
		we_call(b);
		break;
	case 2:
		core_says(b);
		break;
	case 3:
	case 4:
		if (request[0])
			answer(request, statuses[b & 15], tags[a >> 6],
			       extra_of(a >> 3), bodies[b >> 5]);
		break;
	case 5:
		if (first[0])
			request_in(methods[b & 7], first, tags[a >> 6 & 1],
				   extra_of(b >> 3),
				   bodies[(a >> 3 & 3) | (b >> 7) << 2]);
		break;
	case 6:
		if (strncmp(first, "SIP/2.0", 7) == 0)
			ack_from_peer(first, bodies[b >> 5]);
		break;
	default:
		wait_ms(ms[b & 7]);
		return;
	}
	wait_ms(2);
}

/* The role stays open, which takes long, from one input to the next: each
 * leaves nothing behind. */
static void begin(unsigned how)
{
	struct conf_trunk *t = &rig.conf.trunks[0];

	rig_conf();
	t->srtp.mode = (enum conf_srtp)(how % 3);
	t->srtp.n_suites = 2;
	t->srtp.suites[0] = CC_SRTP_AES_128_80;
	t->srtp.suites[1] = CC_SRTP_GCM_256;
	t->dialog.prack = (enum conf_prack)(how / 3 % 3);
	t->dialog.session_expires_s = how & 64 ? 1800 : 0;
	t->dialog.min_se_s = 90;
	t->dialog.late_offer = how & 128;
	t->dialog.early = (enum conf_early)(how % 3);
	t->dialog.session_id = t->dialog.follow_3xx = true;
	t->refer.mode = (enum conf_refer)(how / 9 % 3);
	t->refer.replaces = true;
	strcpy(t->auth_user, "u");
	strcpy(t->auth_password, "p");
	if (!rig.role)
		rig_open();
	else if (sip_role_ops.reload(rig.role, &rig.conf, sizeof(rig.conf)))
		abort();
	rig.n_sent = rig.n_cc = rig.n_state = 0;
	rig.on_sent = on_sent;
	rig.on_cc = on_cc;
	first[0] = request[0] = '\0';
	n_legs = n_calls = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned i;

	log_set_sink(quiet);
	if (size < 1)
		return 0;
	begin(data[0]);
	for (i = 1; i + 1 < size && i < 2 * STEPS; i += 2)
		step(data[i], data[i + 1]);
	rig.on_sent = NULL;
	rig.n_sent = 0;
	for (i = 0; i < n_legs; i++)
		core_releases(legs[i], 16);
	wait_ms(200000);
	if (!sip_role_ops.is_idle(rig.role) || txn_layer_used(rig_txns()) ||
	    trunk_stats(sip_stack_trunks(sip_role_stack(rig.role)), 0)->active)
		abort();
	return 0;
}
