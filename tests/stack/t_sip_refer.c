/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* Transfer (RFC 3515, 3892, 4488, 5589) and taking over (RFC 3891). */
#include "tests/stack/sip_rig.h"

static leg_id leg;
static const char *first; /* our INVITE, or our 200 */

static void open_with(enum conf_refer mode)
{
	rig_conf();
	rig.conf.trunks[0].refer.mode = mode;
	rig.conf.trunks[0].refer.replaces = true;
	rig_open();
}

/* The call is ours (UAC) or the peer's. */
static void begin(enum conf_refer mode, bool ours)
{
	open_with(mode);
	first = ours ? place_and_answer(&leg, "t")
		     : take_and_answer(&leg, "c1");
	rig.seen = rig.n_sent;
	rig.cc_seen = rig.n_cc;
}

static void in_call(const char *method, const char *extra)
{
	request_in(method, first, "t", extra, NULL);
}

static void clear(void)
{
	in_call("BYE", NULL);
	expect_sent("SIP/2.0 200");
	expect_released(16, "BYE");
}

static void core_transfer(leg_id id, enum cc_transfer what, unsigned cause)
{
	struct cc_msg m = {.leg = id,
			   .end = {CC_END_TRUNK, 0},
			   .transfer = (uint8_t)what,
			   .cause = {(uint8_t)cause, CC_LOC_NONE}};

	cc_number_set(&m.called, "+49711999");
	core_sends(CC_TRANSFER, m);
}

/* Its transfer fails after its BYE; then the core gets RELEASED. */
static void clear_and_fail(void)
{
	const char *text;

	in_call("BYE", NULL);
	expect_sent("SIP/2.0 200");
	expect_cc(CC_RELEASE);
	core_transfer(leg, CC_TRANSFER_FAILED, 17);
	text = expect_sent("NOTIFY ");
	ck_assert_str_eq(body_of(text), "SIP/2.0 486 Busy Here\r\n");
	answer(text, "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
}

static void finish(void)
{
	expect_silence();
	rig_settle();
	rig_close();
}

static const struct cc_msg *expect_transfer(enum cc_transfer what)
{
	const struct cc_msg *m = expect_cc(CC_TRANSFER);

	ck_assert_uint_eq(m->transfer, what);
	return m;
}

static const char *expect_notify(const char *state, const char *frag)
{
	const char *text = expect_sent("NOTIFY sip:peer@" PEER_IP " SIP/2.0");

	ck_assert_str_eq(value_of(text, "Subscription-State"), state);
	ck_assert_ptr_nonnull(
		strstr(value_of(text, "Content-Type"), "message/sipfrag"));
	ck_assert_str_eq(body_of(text), frag);
	return text;
}

#define ACTIVE	   "active;expires=300"
#define TERMINATED "terminated;reason=noresource"
#define REFER_TO   "Refer-To: <sip:+49711999@" PEER_IP ";user=phone>\r\n"

/* --- the peer transfers --- */

START_TEST(blind)
{
	int ours;

	for (ours = 0; ours < 2; ours++) {
		const struct cc_msg *m;
		const char *text;

		begin(CONF_REFER_ON, ours);
		in_call("REFER", REFER_TO);
		m = expect_transfer(CC_TRANSFER_BLIND);
		ck_assert_uint_eq(m->leg, leg);
		ck_assert_str_eq(m->called.digits, "49711999");
		expect_silence(); /* the core has the word */
		core_transfer(leg, CC_TRANSFER_TRYING, 0);
		text = expect_sent("SIP/2.0 202");
		ck_assert(has_header(text, "Contact"));
		text = expect_notify(ACTIVE, "SIP/2.0 100 Trying\r\n");
		ck_assert_str_eq(value_of(text, "Event"), "refer");
		/* One NOTIFY at a time: the latest follows. */
		core_transfer(leg, CC_TRANSFER_RINGING, 0);
		core_transfer(leg, CC_TRANSFER_DONE, 0);
		expect_silence();
		answer(text, "200 OK", NULL, NULL, NULL);
		text = expect_notify(TERMINATED, "SIP/2.0 200 OK\r\n");
		answer(text, "200 OK", NULL, NULL, NULL);
		clear();
		finish();
	}
}
END_TEST

/* Refused by the target: the call goes on, and may be transferred again. */
START_TEST(fails)
{
	const char *text;

	begin(CONF_REFER_ON, true);
	in_call("REFER", REFER_TO);
	expect_transfer(CC_TRANSFER_BLIND);
	core_transfer(leg, CC_TRANSFER_TRYING, 0);
	expect_sent("SIP/2.0 202");
	text = expect_notify(ACTIVE, "SIP/2.0 100 Trying\r\n");
	answer(text, "200 OK", NULL, NULL, NULL);
	core_transfer(leg, CC_TRANSFER_RINGING, 0);
	text = expect_notify(ACTIVE, "SIP/2.0 180 Ringing\r\n");
	answer(text, "200 OK", NULL, NULL, NULL);
	in_call("REFER", REFER_TO); /* one at a time */
	expect_sent("SIP/2.0 491");
	core_transfer(leg, CC_TRANSFER_FAILED, 17);
	text = expect_notify(TERMINATED, "SIP/2.0 486 Busy Here\r\n");
	answer(text, "481 x", NULL, NULL, NULL);
	core_transfer(leg, CC_TRANSFER_DONE, 0); /* of nothing */
	in_call("REFER", "r: sip:+49711998@x\r\n"); /* compact, no brackets */
	ck_assert_str_eq(expect_transfer(CC_TRANSFER_BLIND)->called.digits,
			 "49711998");
	core_transfer(leg, CC_TRANSFER_TRYING, 0);
	expect_sent("SIP/2.0 202");
	text = expect_notify(ACTIVE, "SIP/2.0 100 Trying\r\n");
	ck_assert_ptr_nonnull(strstr(value_of(text, "Event"), "refer;id="));
	answer(text, "200 OK", NULL, NULL, NULL);
	clear_and_fail();
	finish();
}
END_TEST

/* The core refuses: by the lists, for want of a route. */
START_TEST(refused)
{
	begin(CONF_REFER_ON, false);
	in_call("REFER", REFER_TO);
	expect_transfer(CC_TRANSFER_BLIND);
	core_transfer(leg, CC_TRANSFER_FAILED, CAUSE_BARRED);
	expect_sent("SIP/2.0 603");
	in_call("REFER", REFER_TO);
	expect_transfer(CC_TRANSFER_BLIND);
	core_transfer(leg, CC_TRANSFER_FAILED, CAUSE_UNALLOCATED);
	expect_sent("SIP/2.0 404");
	clear();
	finish();
}
END_TEST

/* RFC 4488 */
START_TEST(without_notify)
{
	const char *text;

	begin(CONF_REFER_ON, true);
	ck_assert_ptr_nonnull(strstr(value_of(first, "Supported"),
				     "norefersub"));
	in_call("REFER", REFER_TO "Require: norefersub\r\n"
				  "Refer-Sub: false\r\n");
	expect_transfer(CC_TRANSFER_BLIND);
	core_transfer(leg, CC_TRANSFER_TRYING, 0);
	text = expect_sent("SIP/2.0 202");
	ck_assert_str_eq(value_of(text, "Refer-Sub"), "false");
	core_transfer(leg, CC_TRANSFER_RINGING, 0);
	core_transfer(leg, CC_TRANSFER_DONE, 0);
	expect_silence();
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}
END_TEST

START_TEST(settings)
{
	static const struct {
		enum conf_refer mode;
		const char *extra, *status;
	} rows[] = {
		{CONF_REFER_OFF, REFER_TO, "603"},
		{CONF_REFER_OFF, "Refer-To: nonsense\r\n", "603"},
		{CONF_REFER_ATTENDED, REFER_TO, "603"},
		{CONF_REFER_ON, NULL, "400"},
		{CONF_REFER_ON, REFER_TO REFER_TO, "400"},
		{CONF_REFER_ON, "Refer-To: <>\r\n", "400"},
		{CONF_REFER_ON, "Refer-To: <sip:alice@x>\r\n", "404"},
		{CONF_REFER_ON, "Refer-To: <http://x/>\r\n", "603"},
		{CONF_REFER_ON, "Refer-To: <sip:1@x;method=BYE>\r\n", "603"},
		{CONF_REFER_ON, "Refer-To: <sip:1@x?Replaces=a>\r\n", "400"},
		{CONF_REFER_ON,
		 "Refer-To: <sip:1@x?Replaces=a%0d%0aX:y%3Bto-tag%3D1"
		 "%3Bfrom-tag%3D2>\r\n", "400"},
		{CONF_REFER_ON, REFER_TO "Require: multiple-refer\r\n", "420"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char want[16];

		begin(rows[i].mode, true);
		ck_assert_int_eq(strstr(value_of(first, "Allow"), "REFER") !=
					 NULL,
				 rows[i].mode != CONF_REFER_OFF);
		snprintf(want, sizeof(want), "SIP/2.0 %s", rows[i].status);
		in_call("REFER", rows[i].extra);
		expect_sent(want);
		clear();
		finish();
	}
}
END_TEST

/* Of a call that is not up, or that is none. */
START_TEST(no_call)
{
	char out[RIG_TEXT] = "";

	open_with(CONF_REFER_ON);
	append(out, "REFER " PEER_URI " SIP/2.0\r\n"
		    "Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bKr\r\n"
		    "From: <sip:x@" PEER_IP ">;tag=x\r\nTo: <" PEER_URI ">\r\n"
		    "Call-ID: r\r\nCSeq: 1 REFER\r\nMax-Forwards: 70\r\n"
		    "Contact: <sip:x@" PEER_IP ">\r\n" REFER_TO);
	end_message(out, NULL, NULL);
	peer_says(out);
	expect_sent("SIP/2.0 603");
	first = place_call(&leg);
	answer(first, "180 Ringing", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	rig.cseq = 10;
	in_call("REFER", REFER_TO);
	expect_sent("SIP/2.0 491");
	answer(first, "486 x", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

static const char *accepted(void)
{
	const char *text;

	begin(CONF_REFER_ON, true);
	in_call("REFER", REFER_TO);
	expect_transfer(CC_TRANSFER_BLIND);
	core_transfer(leg, CC_TRANSFER_TRYING, 0);
	expect_sent("SIP/2.0 202");
	text = expect_notify(ACTIVE, "SIP/2.0 100 Trying\r\n");
	answer(text, "200 OK", NULL, NULL, NULL);
	wait_ms(10);
	return text;
}

/* Who has asked hangs up at once, and still hears how it ends (RFC 5057 5.1).
 * The dialog is of no other use. */
START_TEST(after_bye)
{
	const char *text;
	unsigned cseq = (unsigned)atoi(value_of(accepted(), "CSeq"));

	in_call("BYE", NULL);
	expect_sent("SIP/2.0 200");
	ck_assert_uint_eq(expect_cc(CC_RELEASE)->cause.value, 16);
	core_transfer(leg, CC_TRANSFER_RINGING, 0);
	text = expect_notify(ACTIVE, "SIP/2.0 180 Ringing\r\n");
	ck_assert_int_eq(atoi(value_of(text, "CSeq")), (int)cseq + 1);
	core_transfer(leg, CC_TRANSFER_DONE, 0);
	in_call("INFO", NULL);
	expect_sent("SIP/2.0 481");
	in_call("INVITE", NULL);
	ack_from_peer(expect_sent("SIP/2.0 481"), NULL);
	answer(text, "200 OK", NULL, NULL, NULL);
	text = expect_notify(TERMINATED, "SIP/2.0 200 OK\r\n");
	answer(text, "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* It hangs up and wants to know no more; or the core ends it. */
START_TEST(after_bye_nobody)
{
	(void)accepted();
	in_call("BYE", NULL);
	expect_sent("SIP/2.0 200");
	expect_cc(CC_RELEASE);
	core_transfer(leg, CC_TRANSFER_RINGING, 0);
	answer(expect_sent("NOTIFY "), "481 x", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
	(void)accepted();
	in_call("BYE", NULL);
	expect_sent("SIP/2.0 200");
	expect_cc(CC_RELEASE);
	core_releases(leg, 41);
	expect_released(16, "BYE");
	finish();
	(void)accepted();
	in_call("BYE", NULL);
	expect_sent("SIP/2.0 200");
	expect_cc(CC_RELEASE);
	wait_ms(301000); /* no word of the core */
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* The NOTIFY is lost in the dialog of a peer that is gone, or the core is. */
START_TEST(after_bye_lost)
{
	(void)accepted();
	in_call("BYE", NULL);
	expect_sent("SIP/2.0 200");
	expect_cc(CC_RELEASE);
	core_transfer(leg, CC_TRANSFER_DONE, 0);
	wait_ms(33000);
	(void)skip_to("NOTIFY ");
	expect_released(16, "BYE");
	finish();
	(void)accepted();
	in_call("BYE", NULL);
	expect_sent("SIP/2.0 200");
	expect_cc(CC_RELEASE);
	link_close(&rig.core);
	wait_ms(10);
	finish();
}
END_TEST

/* Its other call is one of ours, too: the core joins the two parties. */
START_TEST(joins)
{
	static const char *const wrong[] = {"ft", "x"};
	char extra[512], call_id[64], to_tag[64];
	const char *ok;
	leg_id other;
	size_t i;

	begin(CONF_REFER_ATTENDED, true);
	invite_from_peer(PEER_URI, "c2", NULL, PEER_SDP);
	other = expect_cc(CC_SETUP)->leg;
	core_tells(other, CC_ALERTING);
	ok = expect_sent("SIP/2.0 180");
	snprintf(to_tag, sizeof(to_tag), "%s",
		 strstr(value_of(ok, "To"), ";tag=") + 5);
	snprintf(call_id, sizeof(call_id), "%s", value_of(ok, "Call-ID"));
	rig.cseq = 200;
	snprintf(extra, sizeof(extra),
		 "Refer-To: <sip:+49711999@" PEER_IP "?Replaces=%s%%3B"
		 "to-tag%%3D%s%%3Bfrom-tag%%3Dft>\r\n", call_id, to_tag);
	in_call("REFER", extra); /* it rings: when it answers */
	ck_assert_uint_eq(expect_transfer(CC_TRANSFER_ATTENDED)->other, other);
	core_transfer(leg, CC_TRANSFER_FAILED, 41);
	expect_sent("SIP/2.0 503");
	core_tells(other, CC_ANSWER);
	ok = expect_sent("SIP/2.0 200");
	for (i = 0; i < 2; i++) {
		snprintf(extra, sizeof(extra),
			 "Refer-To: <sip:+49711999@" PEER_IP "?Replaces=%s"
			 "%%3Bto-tag%%3D%s%%3Bfrom-tag%%3D%s>\r\n",
			 call_id, to_tag, wrong[i]);
		if (i == 0) { /* has no ACK yet */
			in_call("REFER", extra);
			expect_sent("SIP/2.0 603");
			ack_from_peer(ok, NULL);
			wait_ms(10);
		}
		in_call("REFER", extra);
		ck_assert_uint_eq(expect_transfer(CC_TRANSFER_ATTENDED)->other,
				  i == 0 ? other : 0);
		core_transfer(leg, CC_TRANSFER_FAILED, 41);
		expect_sent("SIP/2.0 503");
	}
	in_call("REFER", "Refer-To: <sip:a@b?Replaces=no>\r\n");
	expect_sent("SIP/2.0 400");
	core_releases(other, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	clear();
	finish();
}
END_TEST

/* The core dies meanwhile. */
START_TEST(core_dies)
{
	const char *text;

	begin(CONF_REFER_ON, true);
	in_call("REFER", REFER_TO);
	expect_transfer(CC_TRANSFER_BLIND);
	core_transfer(leg, CC_TRANSFER_TRYING, 0);
	expect_sent("SIP/2.0 202");
	answer(expect_sent("NOTIFY "), "200 OK", NULL, NULL, NULL);
	wait_ms(10);
	link_close(&rig.core);
	text = expect_notify(TERMINATED, "SIP/2.0 503 Service Unavailable\r\n");
	answer(text, "200 OK", NULL, NULL, NULL);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	finish();
}
END_TEST

/* --- the leg that is made for it --- */

static const char *place_target(leg_id other, bool number, leg_id *id)
{
	struct cc_msg m = setup_msg();

	*id = m.leg;
	m.other = other;
	if (!number)
		memset(&m.called, 0, sizeof(m.called));
	core_sends(CC_SETUP, m);
	return expect_sent("INVITE ");
}

START_TEST(target_blind)
{
	const char *text;
	leg_id id;

	begin(CONF_REFER_ON, true);
	in_call("REFER", "Refer-To: <sip:+49711123@far.example>\r\n"
			 "Referred-By: \"B\" <sip:bob@peer.example>;x=y\r\n");
	expect_transfer(CC_TRANSFER_BLIND);
	core_transfer(leg, CC_TRANSFER_TRYING, 0);
	expect_sent("SIP/2.0 202");
	answer(expect_sent("NOTIFY "), "200 OK", NULL, NULL, NULL);
	text = place_target(leg, true, &id);
	ck_assert_ptr_nonnull(strstr(text, "INVITE sip:+49711123@" PEER_IP));
	ck_assert_str_eq(value_of(text, "Referred-By"),
			 "<sip:bob@peer.example>");
	ck_assert(!has_header(text, "Replaces"));
	answer(text, "486 x", "u", NULL, NULL);
	expect_sent("ACK ");
	expect_released(17, "486 Busy Here");
	clear_and_fail();
	finish();
}
END_TEST

START_TEST(target_attended)
{
	const char *text;
	leg_id id;

	begin(CONF_REFER_ATTENDED, false);
	in_call("REFER",
		"Refer-To: <sip:carol@" PEER_IP ":5066?Replaces="
		"abc%40x%3Bto-tag%3D7%3Bfrom-tag%3D8&Subject=hi>\r\n");
	ck_assert_uint_eq(expect_transfer(CC_TRANSFER_ATTENDED)->called.valid,
			  0);
	core_transfer(leg, CC_TRANSFER_TRYING, 0);
	expect_sent("SIP/2.0 202");
	answer(expect_sent("NOTIFY "), "200 OK", NULL, NULL, NULL);
	text = place_target(leg, false, &id);
	ck_assert_ptr_nonnull(
		strstr(text, "INVITE sip:carol@" PEER_IP ":5066 SIP/2.0"));
	ck_assert_str_eq(value_of(text, "Replaces"),
			 "abc@x;to-tag=7;from-tag=8");
	ck_assert_str_eq(value_of(text, "Require"), "replaces");
	ck_assert(!has_header(text, "Subject"));
	ck_assert_str_eq(value_of(text, "To"), "<sip:carol@" PEER_IP ":5066>");
	answer(text, "200 OK", "u", NULL, PEER_SDP);
	expect_sent("ACK ");
	ck_assert_uint_eq(expect_cc(CC_ANSWER)->leg, id);
	core_transfer(leg, CC_TRANSFER_DONE, 0);
	answer(expect_notify(TERMINATED, "SIP/2.0 200 OK\r\n"), "200 OK", NULL,
	       NULL, NULL);
	clear();
	core_releases(id, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}
END_TEST

/* --- we transfer --- */

START_TEST(we_ask)
{
	static const struct {
		const char *frag;
		enum cc_transfer result;
		unsigned cause;
	} rows[] = {
		{"SIP/2.0 200 OK", CC_TRANSFER_DONE, 0},
		{"SIP/2.0 486 Busy Here\r\n", CC_TRANSFER_FAILED, 17},
		{"nonsense", CC_TRANSFER_FAILED, 102},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *refer;
		char out[RIG_TEXT] = "";

		begin(CONF_REFER_OFF, i & 1);
		core_transfer(leg, CC_TRANSFER_BLIND, 0);
		refer = expect_sent("REFER sip:peer@" PEER_IP " SIP/2.0");
		ck_assert_ptr_nonnull(strstr(value_of(refer, "Refer-To"),
					     "<sip:+49711999@" PEER_IP));
		ck_assert(has_header(refer, "Referred-By"));
		answer(refer, "202 Accepted", NULL, NULL, NULL);
		expect_transfer(CC_TRANSFER_TRYING);
		in_call("NOTIFY", "Event: presence\r\n");
		ck_assert_str_eq(value_of(expect_sent("SIP/2.0 489"),
					  "Allow-Events"), "refer");
		in_call("NOTIFY", "Event: refer;id=7\r\n"
				  "Subscription-State: active\r\n");
		expect_sent("SIP/2.0 200");
		expect_silence();
		rig.cseq++;
		append(out, "NOTIFY sip:" OUR_IP " SIP/2.0\r\n"
			    "Via: SIP/2.0/UDP " PEER_IP ";branch=z9hG4bKn\r\n");
		append(out, "From: %s%s\r\n",
		       value_of(first, i & 1 ? "To" : "From"),
		       i & 1 ? ";tag=t" : "");
		append(out, "To: %s\r\n", value_of(first, i & 1 ? "From" : "To"));
		copy_headers(out, first, "Call-ID");
		append(out, "CSeq: %u NOTIFY\r\nMax-Forwards: 70\r\n"
			    "Event: refer\r\nSubscription-State: "
			    "terminated;reason=noresource\r\n"
			    "Content-Type: message/sipfrag\r\n"
			    "Content-Length: %zu\r\n\r\n%s",
		       rig.cseq, strlen(rows[i].frag), rows[i].frag);
		peer_says(out);
		expect_sent("SIP/2.0 200");
		ck_assert_uint_eq(
			expect_transfer(rows[i].result)->cause.value,
			rows[i].cause);
		in_call("NOTIFY", "Event: refer\r\n");
		expect_sent("SIP/2.0 481");
		core_releases(leg, 16);
		answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
		expect_released(16, "BYE");
		finish();
	}
}
END_TEST

START_TEST(we_ask_in_vain)
{
	begin(CONF_REFER_OFF, true);
	core_transfer(leg, CC_TRANSFER_BLIND, 0);
	answer(expect_sent("REFER "), "603 Decline", NULL, NULL, NULL);
	ck_assert_uint_eq(expect_transfer(CC_TRANSFER_FAILED)->cause.value, 21);
	core_transfer(leg, CC_TRANSFER_BLIND, 0); /* no answer at all */
	expect_sent("REFER ");
	wait_ms(33000);
	rig.seen = rig.n_sent;
	expect_transfer(CC_TRANSFER_FAILED);
	core_transfer(leg, CC_TRANSFER_BLIND, 0); /* no NOTIFY */
	answer(expect_sent("REFER "), "202 Accepted", NULL, NULL, NULL);
	expect_transfer(CC_TRANSFER_TRYING);
	core_transfer(leg, CC_TRANSFER_BLIND, 0); /* another one meanwhile */
	expect_transfer(CC_TRANSFER_FAILED);
	wait_ms(301000);
	expect_transfer(CC_TRANSFER_FAILED);
	clear();
	finish();
}
END_TEST

/* --- Replaces --- */

static char old_tag[128], old_id[128];

/* The dialog's names, as somebody else of the peer's knows them. */
static void remember(void)
{
	const char *ours = value_of(first, strncmp(first, "SIP", 3) ? "From"
								    : "To");

	snprintf(old_tag, sizeof(old_tag), "%s", strstr(ours, ";tag=") + 5);
	old_tag[strcspn(old_tag, ";>")] = '\0';
	snprintf(old_id, sizeof(old_id), "%s", value_of(first, "Call-ID"));
}

static void invite_replacing(const char *call_id, const char *from_tag,
			     const char *more)
{
	char extra[1024];

	snprintf(extra, sizeof(extra),
		 "Require: replaces\r\n"
		 "Replaces: %s;to-tag=%s;from-tag=%s%s\r\n",
		 old_id, old_tag, from_tag, more);
	invite_from_peer("sip:" OUR_IP, call_id, extra,
			 SDP(PEER_IP, "7006", ""));
}

START_TEST(replaced)
{
	int ours;

	for (ours = 0; ours < 2; ours++) {
		const struct cc_msg *m;
		const char *ok;
		leg_id id;

		begin(CONF_REFER_OFF, ours);
		remember();
		invite_replacing("new", ours ? "t" : "ft", "");
		m = expect_cc(CC_SETUP);
		ck_assert_uint_eq(m->other, leg);
		ck_assert_uint_eq(m->called.valid, 0);
		id = m->leg;
		core_tells(id, CC_ANSWER);
		core_releases(leg, 16);
		ok = expect_sent("SIP/2.0 200");
		ack_from_peer(ok, NULL);
		answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
		expect_released(16, "BYE");
		wait_ms(10);
		/* the old one once more: it was declined, or ended */
		invite_replacing("late", ours ? "t" : "ft", "");
		wait_ms(10);
		ck_assert(strncmp(rig.sent[rig.seen].text, "SIP/2.0 603", 11) ==
				  0 ||
			  strncmp(rig.sent[rig.seen].text, "SIP/2.0 481", 11) ==
				  0);
		ack_from_peer(rig.sent[rig.seen++].text, NULL);
		expect_cc(CC_SETUP); /* for its CDR */
		first = ok;
		leg = id;
		core_releases(leg, 16);
		answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
		expect_released(16, "BYE");
		finish();
	}
}
END_TEST

START_TEST(replaces_refused)
{
	static const struct {
		const char *tag, *more, *status;
	} rows[] = {
		{"t", ";early-only", "SIP/2.0 486"},
		{"x", "", "SIP/2.0 481"},
		{"t", "\r\nReplaces: a;to-tag=b;from-tag=c", "SIP/2.0 400"},
		{"t", "\r\nJoin: a;to-tag=b;from-tag=c", "SIP/2.0 400"},
		{"", "", "SIP/2.0 400"},
	};
	size_t i;

	begin(CONF_REFER_OFF, true);
	remember();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char id[8];

		snprintf(id, sizeof(id), "n%zu", i);
		invite_replacing(id, rows[i].tag, rows[i].more);
		ack_from_peer(expect_sent(rows[i].status), NULL);
		expect_cc(CC_SETUP);
		wait_ms(10);
	}
	rig.cseq = 200;
	clear();
	finish();
}
END_TEST

/* RFC 3891 3: a ringing call is picked up when it is one that we have placed;
 * the caller's own is not. */
START_TEST(replaces_early)
{
	const struct cc_msg *m;
	const char *text, *invite;
	leg_id id;

	open_with(CONF_REFER_OFF);
	first = invite = place_call(&leg);
	answer(first, "180 Ringing", "t", NULL, NULL);
	expect_cc(CC_PROCEEDING);
	expect_cc(CC_ALERTING);
	remember();
	invite_replacing("pick", "t", ";early-only");
	m = expect_cc(CC_SETUP);
	ck_assert_uint_eq(m->other, leg);
	id = m->leg;
	core_tells(id, CC_ANSWER);
	core_releases(leg, 26);
	text = expect_sent("SIP/2.0 200");
	ack_from_peer(text, NULL);
	answer(expect_sent("CANCEL "), "200 OK", "t", NULL, NULL);
	answer(invite, "487 x", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_released(26, "CANCEL");
	core_releases(id, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();

	open_with(CONF_REFER_OFF);
	leg = take_call("c1");
	core_tells(leg, CC_ALERTING);
	first = expect_sent("SIP/2.0 180");
	remember();
	invite_replacing("pick", "ft", "");
	ack_from_peer(expect_sent("SIP/2.0 481"), NULL);
	expect_cc(CC_SETUP);
	core_releases(leg, 17);
	ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
	expect_released(17, "486 Busy Here");
	finish();
}
END_TEST

START_TEST(replaces_off)
{
	rig_conf();
	rig_open();
	first = place_and_answer(&leg, "t");
	rig.seen = rig.n_sent;
	rig.cc_seen = rig.n_cc;
	ck_assert(!has_header(first, "Supported"));
	remember();
	invite_replacing("new", "t", "");
	first = expect_sent("SIP/2.0 4");
	ack_from_peer(first, NULL);
	expect_cc(CC_SETUP);
	core_releases(leg, 16);
	answer(expect_sent("BYE "), "200 OK", NULL, NULL, NULL);
	expect_released(16, "BYE");
	finish();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {blind,
				      fails,
				      refused,
				      without_notify,
				      settings,
				      no_call,
				      core_dies,
				      after_bye,
				      after_bye_nobody,
				      after_bye_lost,
				      joins,
				      target_blind,
				      target_attended,
				      we_ask,
				      we_ask_in_vain,
				      replaced,
				      replaces_refused,
				      replaces_early,
				      replaces_off,
				      NULL};

	return rig_run("sip_refer", tests);
}
