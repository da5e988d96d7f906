/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sip role that is killed and opened anew, and the call that it left behind;
 * included by one test program each. */
#ifndef TESTS_SIP_HEIR_H
#define TESTS_SIP_HEIR_H

#include "tests/stack/sip_rig.h"

#include "sip/snapshot.h"

static leg_id leg;
static struct cc_snapshot kept;
static char said[RIG_TEXT]; /* by us, before the death */

static inline int say_nothing(struct sip_wire *w, const struct net_addr *local,
		       const struct net_addr *remote, const char *data,
		       size_t len)
{
	(void)w;
	(void)local;
	(void)remote;
	(void)data;
	(void)len;
	return 0;
}

static const struct sip_wire_ops dead_ops = {.send = say_nothing};
static struct sip_wire dead = {&dead_ops};

/* SIGKILL: no word to anybody. Then a new one, its sockets the same. */
static inline void kill_role(const char *text)
{
	if (text != said)
		snprintf(said, sizeof(said), "%s", text);
	kept = rig.snapshot;
	sip_transport_wire(sip_stack_transport(sip_role_stack(rig.role)),
			   &dead);
	rig_close();
	rig_open_unsettled();
}

static inline void core_clears(void)
{
	kept.cause = (struct cc_cause){41, CC_LOC_NONE};
	ck_assert_int_eq(link_send(&rig.core, &kept.head, CC_CLEAR,
				   sizeof(kept)),
			 0);
}

static inline void core_keeps(void)
{
	kept.cause = (struct cc_cause){0};
	ck_assert_int_eq(link_send(&rig.core, &kept.head, CC_KEEP,
				   sizeof(kept)),
			 0);
	core_settles();
}

static inline const struct trunk_stats *trunk(void)
{
	return trunk_stats(sip_stack_trunks(sip_role_stack(rig.role)), 0);
}

static inline void begin(void)
{
	rig_conf();
	rig_open();
}

static inline void finish(void)
{
	expect_silence();
	rig_settle();
	rig_close();
}

static inline void same(const char *a, const char *name_a, const char *b,
		 const char *name_b)
{
	ck_assert_str_eq(value_of(a, name_a), value_of(b, name_b));
}

static inline void cause_41(const char *text)
{
	ck_assert_ptr_nonnull(strstr(value_of(text, "Reason"), "cause=41"));
}

static inline void first_line(const char *text, const char *line)
{
	ck_assert_msg(strncmp(text, line, strlen(line)) == 0, "%s\n%s", line,
		      text);
}

static inline void check_dialog(const char *text)
{
	same(text, "Call-ID", said, "Call-ID");
}

/* Both ends may do again whatever they could, and then hang up. */
static inline void goes_on(const char *ours, const char *tag)
{
	const char *text;

	ck_assert_uint_eq(trunk()->active, 1);
	core_tells(leg, CC_HOLD);
	text = expect_sent("INVITE ");
	check_dialog(text);
	ck_assert_ptr_nonnull(strstr(text, "m=audio 40000 RTP/AVP 8"));
	ck_assert_ptr_nonnull(strstr(text, "a=sendonly"));
	answer(text, "200 OK", NULL, NULL, PEER_SDP);
	expect_sent("ACK ");
	ck_assert_uint_eq(expect_cc(CC_UPDATE)->media.direction, CC_SENDONLY);
	request_in("INVITE", ours, tag, NULL,
		   SDP(PEER_IP, "7002", "a=sendonly\r\n"));
	text = expect_sent("SIP/2.0 200");
	ck_assert_ptr_nonnull(strstr(text, "m=audio 40000 RTP/AVP 8"));
	ack_from_peer(text, NULL);
	ck_assert_uint_eq(expect_cc(CC_UPDATE)->media.rtp.port, 7002);
	expect_cc(CC_HOLD);
	request_in("OPTIONS", ours, tag, NULL, NULL);
	expect_sent("SIP/2.0 200");
}

#endif
