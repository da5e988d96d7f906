/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of header values of calls share; included by one each. */
#ifndef TESTS_SIP_VALUES_H
#define TESTS_SIP_VALUES_H

#include "tests/stack/sip_rig.h"

static leg_id leg;
static const char *invite;

static inline struct conf_trunk_identity *who(void)
{
	return &rig.conf.trunks[0].who;
}

static inline void finish(void)
{
	expect_silence();
	rig_settle();
	rig_close();
}

static inline uint64_t bad_headers(void)
{
	return sip_legs_stats(sip_role_legs(rig.role))->bad_header;
}

static inline struct cc_uui uui_of(const char *text)
{
	struct cc_uui u = {.len = (uint8_t)strlen(text)};

	memcpy(u.octets, text, u.len);
	return u;
}

static inline void place(struct cc_msg m)
{
	leg = m.leg;
	core_sends(CC_SETUP, m);
	invite = expect_sent("INVITE ");
}

static inline void give_up(void)
{
	answer(invite, "486 Busy Here", "t", NULL, NULL);
	expect_sent("ACK ");
	expect_cc(CC_RELEASED);
}

static inline struct cc_msg diverted(void)
{
	struct cc_msg m = setup_msg();

	cc_number_set(&m.redirecting, "+4940");
	m.extra.divert.reason = CC_DIVERT_BUSY;
	m.extra.divert.count = 1;
	return m;
}

static inline const struct cc_msg *take(const char *extra)
{
	static unsigned n;
	const struct cc_msg *m;
	char id[16];

	snprintf(id, sizeof(id), "take%u", ++n);
	invite_from_peer(PEER_URI, id, extra, PEER_SDP);
	m = expect_cc(CC_SETUP);
	leg = m->leg;
	return m;
}

static inline void refuse_it(void)
{
	core_releases(leg, 17);
	ack_from_peer(expect_sent("SIP/2.0 486"), NULL);
	expect_cc(CC_RELEASED);
}

#endif
