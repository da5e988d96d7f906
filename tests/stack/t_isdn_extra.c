/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn core base */
/* Diversion, subaddresses, user-to-user information and transit network, on
 * the wire and through both ends. */
#include "tests/stack/isdn_rig.c"

#include "isdn/extra.h"

static struct cc_uui uui_of(unsigned len)
{
	struct cc_uui u = { .len = (uint8_t)len };
	unsigned i;

	for (i = 0; i < len; i++) {
		u.octets[i] = (uint8_t)i; /* NUL and all */
	}
	return u;
}

static void expect_uui(const struct cc_msg *m, unsigned len)
{
	struct cc_uui want = uui_of(len);

	ck_assert_uint_eq(m->extra.uui.len, len);
	ck_assert_mem_eq(m->extra.uui.octets, want.octets, len);
}

static struct cc_msg diverted_call(uint8_t reason)
{
	struct cc_msg m = a_call("123");

	ck_assert_int_eq(cc_number_set(&m.redirecting, "+4971177"), 0);
	m.extra.divert.reason = reason;
	m.extra.divert.count = 1;
	return m;
}

static const struct cc_msg *sent_over(struct cc_msg *m)
{
	core_send(&rig->a, CC_SETUP, ++rig->next_leg, m);
	rig_advance(10);
	return core_expect(&rig->b, CC_SETUP);
}

/* Each reason of Q.952; libpri has a value of its own for deflection. */
START_TEST(test_reasons)
{
	static const uint8_t reasons[] = { CC_DIVERT_UNKNOWN, CC_DIVERT_BUSY,
					   CC_DIVERT_NO_REPLY,
					   CC_DIVERT_DEFLECTION,
					   CC_DIVERT_OUT_OF_ORDER,
					   CC_DIVERT_UNCONDITIONAL };
	struct cc_msg m;
	const struct cc_msg *got;
	char text[600], want[40];
	size_t i;

	for (i = 0; i < sizeof(reasons); i++) {
		rig_up(RIG_OUR, _i);
		m = diverted_call(reasons[i]);
		got = sent_over(&m);
		ck_assert_str_eq(got->redirecting.digits, "4971177");
		ck_assert_uint_eq(got->extra.divert.reason, reasons[i]);
		ck_assert_uint_eq(got->extra.divert.count, 1);
		rig_text(rig_frame(true, "SETUP"), text, sizeof(text));
		snprintf(want, sizeof(want), "reason %u,", reasons[i]);
		ck_assert_msg(!reasons[i] || strstr(text, want), "%s", text);
		rig_close();
	}
}
END_TEST

/* To libpri, and from it: what both sides write is what both read. */
START_TEST(test_bare_reads_all)
{
	struct cc_msg m;
	const struct bare_event *e;

	rig_up(RIG_BARE, _i);
	m = diverted_call(CC_DIVERT_BUSY);
	m.extra.uui = uui_of(20);
	m.extra.called_sub = (struct cc_sub){ 2, 1, 3, { 0x12, 0x34, 0x5f } };
	m.extra.calling_sub = (struct cc_sub){ 0, 0, 2, { 0x50, '7' } };
	strcpy(m.extra.carrier, "10288");
	core_send(&rig->a, CC_SETUP, ++rig->next_leg, &m);
	rig_advance(10);
	e = bare_expect(PRI_EVENT_RING);
	ck_assert_str_eq(e->called, "123");
	ck_assert_str_eq(e->redirecting, "4971177");
	EXPECT_SENT("SETUP cref 0x0001 orig, called 123, called sub "
		    "a812345f, calling 49711999 international, calling sub "
		    "805037, redirecting 4971177 international reason 1, "
		    "transit a13130323838, ");
	rig_close();
}
END_TEST

START_TEST(test_setup)
{
	struct cc_msg m;
	const struct cc_msg *got;

	rig_up(RIG_OUR, _i);
	m = a_call("123");
	m.extra.uui = uui_of(CC_UUI_MAX);
	m.extra.called_sub = (struct cc_sub){ 2, 1, 3, { 0x12, 0x34, 0x5f } };
	m.extra.calling_sub = (struct cc_sub){ 0, 0, 2, { 0x50, '7' } };
	strcpy(m.extra.carrier, "0288");
	got = sent_over(&m);
	expect_uui(got, CC_UUI_MAX);
	ck_assert_mem_eq(&got->extra.called_sub, &m.extra.called_sub,
			 sizeof(m.extra.called_sub));
	ck_assert_mem_eq(&got->extra.calling_sub, &m.extra.calling_sub,
			 sizeof(m.extra.calling_sub));
	ck_assert_str_eq(got->extra.carrier, "0288");
	rig_close();
}
END_TEST

/* Much in one frame (260 octets): what does not fit is left out, the call
 * goes on. */
START_TEST(test_frame_is_full)
{
	struct cc_msg m;
	const struct cc_msg *got;

	rig_up(RIG_OUR, _i);
	m = diverted_call(CC_DIVERT_BUSY);
	memset(m.called.digits, '1', 31);
	memset(m.calling.digits, '2', 31);
	memset(m.redirecting.digits, '3', 31);
	m.extra.called_sub = (struct cc_sub){ 2, 1, 20, { 1 } };
	m.extra.calling_sub = (struct cc_sub){ 2, 1, 20, { 2 } };
	strcpy(m.extra.carrier, "1234567");
	m.extra.uui = uui_of(CC_UUI_MAX);
	got = sent_over(&m);
	ck_assert_uint_eq(strlen(got->redirecting.digits), 31);
	ck_assert_uint_eq(got->extra.called_sub.len, 20);
	ck_assert_uint_eq(got->extra.calling_sub.len, 20);
	ck_assert_str_eq(got->extra.carrier, "1234567");
	ck_assert_uint_eq(got->extra.uui.len, 0);
	rig_close();
}
END_TEST

/* User-to-user information in each message that may have it, once. */
START_TEST(test_uui_of_a_call)
{
	struct cc_msg m;
	leg_id here, there;

	rig_up(RIG_OUR, _i);
	m = a_call("123");
	there = sent_over(&m)->leg;
	here = rig->next_leg;
	m = (struct cc_msg){ .extra.uui = uui_of(3) };
	core_send(&rig->b, CC_ALERTING, there, &m);
	rig_advance(10);
	core_expect(&rig->a, CC_PROCEEDING);
	expect_uui(core_expect(&rig->a, CC_ALERTING), 3);
	m = (struct cc_msg){ .extra.uui = uui_of(40) };
	core_send(&rig->b, CC_ANSWER, there, &m);
	rig_advance(10);
	expect_uui(core_expect(&rig->a, CC_ANSWER), 40);
	m = (struct cc_msg){ .cause = { 16, CC_LOC_USER },
			     .extra.uui = uui_of(9) };
	core_send(&rig->a, CC_RELEASE, here, &m);
	rig_advance(10);
	expect_uui(core_expect(&rig->b, CC_RELEASE), 9);
	EXPECT_SENT("DISCONNECT cref 0x0001 orig, cause 16 (Normal call clearing) loc user, user-user "
		    "000102030405060708");
	rig_advance(100);
	expect_idle(&rig->a, 30);
	expect_idle(&rig->b, 30);
	rig_close();
}
END_TEST

/* A refusal has it, too, whatever message says so. */
START_TEST(test_uui_of_a_refusal)
{
	struct cc_msg m;
	const struct cc_msg *got;

	rig_up(RIG_OUR, _i);
	m = a_call("123");
	m.leg = sent_over(&m)->leg;
	m = (struct cc_msg){ .leg = m.leg, .cause = { 17, CC_LOC_USER },
			     .extra.uui = uui_of(CC_UUI_MAX) };
	core_send(&rig->b, CC_RELEASE, m.leg, &m);
	rig_advance(50);
	core_expect(&rig->a, CC_PROCEEDING);
	got = core_expect(&rig->a, CC_RELEASE);
	ck_assert_uint_eq(got->cause.value, 17);
	expect_uui(got, CC_UUI_MAX);
	rig_close();
}
END_TEST

/* Somebody else is connected: told over the line in a call that is up. */
START_TEST(test_connected_changes)
{
	struct cc_msg m;
	const struct cc_msg *got;
	leg_id here, there;

	rig_up(RIG_OUR, _i);
	m = a_call("123");
	there = sent_over(&m)->leg;
	here = rig->next_leg;
	core_say(&rig->b, CC_ANSWER, there);
	rig_advance(10);
	core_expect(&rig->a, CC_PROCEEDING);
	core_expect(&rig->a, CC_ANSWER);
	m = (struct cc_msg){ 0 };
	ck_assert_int_eq(cc_number_set(&m.connected, "+4971142"), 0);
	m.connected.screening = CC_SCREEN_PASSED;
	core_send(&rig->b, CC_UPDATE, there, &m);
	rig_advance(10);
	got = core_expect(&rig->a, CC_UPDATE);
	ck_assert_uint_eq(got->leg, here);
	ck_assert_str_eq(got->connected.digits, "4971142");
	ck_assert_uint_eq(got->connected.type, CC_TON_INTERNATIONAL);
	ck_assert_uint_eq(got->connected.presentation, CC_PRES_ALLOWED);
	core_release(&rig->a, here, 16);
	rig_advance(100);
	expect_idle(&rig->a, 30);
	rig_close();
}
END_TEST

/* Without the elements of a diversion, which a supplementary service names,
 * too: as exchanges with it do, that send them for its sake alone. */
static size_t cut_redirecting(uint8_t *octets, size_t len)
{
	size_t at = 4 + 4 + 1; /* of a frame with a call reference of 2 octets */

	if (len < at + 2 || octets[4] != 8 || octets[8] != Q931_SETUP) {
		return len;
	}
	while (at + 1 < len) {
		size_t n = octets[at] & 0x80 ? 1 : 2u + octets[at + 1];

		if (octets[at] != IE_REDIRECTING && octets[at] != IE_ORIG_CALLED) {
			at += n;
			continue;
		}
		memmove(octets + at, octets + at + n, len - at - n);
		len -= n;
	}
	return len;
}

static void bare_diverted_call(void)
{
	struct pri_sr *sr = pri_sr_new();
	struct pri_party_redirecting r = { .count = 3, .orig_reason =
					   PRI_REDIR_UNCONDITIONAL, .reason =
					   PRI_REDIR_FORWARD_ON_BUSY };
	q931_call *call = pri_new_call(rig->bare.pri);

	r.from.number = (struct pri_party_number){ .valid = 1, .plan = 0x11 };
	strcpy(r.from.number.str, "4971177");
	r.orig_called.number = r.from.number;
	strcpy(r.orig_called.number.str, "4971188");
	pri_sr_set_channel(sr, 1, 0, 0);
	pri_sr_set_bearer(sr, PRI_TRANS_CAP_SPEECH, PRI_LAYER_1_ALAW);
	pri_sr_set_called(sr, (char *)(uintptr_t)"123", 0x21, 1);
	pri_sr_set_redirecting_parties(sr, &r);
	ck_assert_int_eq(pri_setup(rig->bare.pri, call, sr), 0);
	pri_sr_free(sr);
	bare_arm(&rig->bare);
}

START_TEST(test_by_service)
{
	const struct cc_msg *got;

	rig_up(RIG_BARE, _i);
	pri_facility_enable(rig->bare.pri);
	rig->mangle = cut_redirecting;
	bare_diverted_call();
	rig_advance(10);
	got = core_expect(&rig->a, CC_SETUP);
	ck_assert_str_eq(got->redirecting.digits, "4971177");
	ck_assert_uint_eq(got->redirecting.type, CC_TON_INTERNATIONAL);
	ck_assert_uint_eq(got->extra.divert.reason, CC_DIVERT_BUSY);
	ck_assert_uint_eq(got->extra.divert.count, 3);
	ck_assert_str_eq(got->extra.divert.original.digits, "4971188");
	rig_close();
}
END_TEST

/* From us to us: what the elements cannot say, the service does. */
START_TEST(test_count)
{
	struct conf_for_isdn conf;
	bool says = _i & 2;
	struct cc_msg m;
	const struct cc_msg *got;

	rig_conf(&conf, _i & 1);
	conf.span.isdn.divert_info = says;
	rig_open_conf(RIG_OUR, &conf);
	rig_advance(1500);
	m = diverted_call(CC_DIVERT_NO_REPLY);
	m.extra.divert.count = 4;
	ck_assert_int_eq(cc_number_set(&m.extra.divert.original, "+4971188"), 0);
	got = sent_over(&m);
	ck_assert_uint_eq(got->extra.divert.reason, CC_DIVERT_NO_REPLY);
	ck_assert_uint_eq(got->extra.divert.count, says ? 4 : 1);
	ck_assert_str_eq(got->extra.divert.original.digits,
			 says ? "4971188" : "");
	core_say(&rig->b, CC_ALERTING, got->leg);
	core_say(&rig->b, CC_ANSWER, got->leg);
	rig_advance(100);
	core_release(&rig->a, rig->next_leg, 16);
	rig_advance(100);
	rig_close();
}
END_TEST

/* Elements that are too short, too long or no digits count as not there; what
 * is read is always fit for the core. */
START_TEST(test_malformed)
{
	static const uint8_t ies[][26] = {
		{ IE_CALLED_SUB, 1, 0x80 },	  /* no contents */
		{ IE_CALLED_SUB, 3, 0x00, 1, 2 }, /* octet 3 goes on */
		{ IE_CALLED_SUB, 22, 0x80, 1 },	  /* 21 octets */
		{ IE_TRANSIT, 3, 0xa1, '1', 'x' },
		{ IE_TRANSIT, 2, 0x21, 0x01 },
		{ IE_TRANSIT, 9, 0xa1, '1', '2', '3', '4', '5', '6', '7',
		  '8' },
		{ IE_USER_USER, 0 },
		{ IE_REDIRECTING, 3, 0x21, 0x00, 0x01 },
	};
	size_t i;

	for (i = 0; i < sizeof(ies) / sizeof(ies[0]); i++) {
		struct ie_msg raw = { .type = Q931_SETUP, .ies = ies[i],
				      .len = ies[i][1] + 2u };
		struct cc_msg m = { .leg = 1 };

		setup_number(&raw, IE_REDIRECTING, 0, &m.redirecting);
		extra_read(&raw, &m);
		ck_assert_uint_eq(m.redirecting.valid, 0);
		ck_assert_uint_eq(m.extra.divert.count, 0);
		ck_assert_uint_eq(m.extra.called_sub.len, 0);
		ck_assert_str_eq(m.extra.carrier, "");
		ck_assert_uint_eq(m.extra.uui.len, 0);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("isdn_extra");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, test_reasons, 0, 2);
	tcase_add_loop_test(t, test_bare_reads_all, 0, 2);
	tcase_add_loop_test(t, test_by_service, 0, 2);
	tcase_add_loop_test(t, test_count, 0, 4);
	tcase_add_loop_test(t, test_setup, 0, 2);
	tcase_add_loop_test(t, test_frame_is_full, 0, 2);
	tcase_add_loop_test(t, test_uui_of_a_call, 0, 2);
	tcase_add_loop_test(t, test_uui_of_a_refusal, 0, 2);
	tcase_add_loop_test(t, test_connected_changes, 0, 2);
	tcase_add_test(t, test_malformed);
	suite_add_tcase(s, t);
	return rig_run_suite(s);
}
