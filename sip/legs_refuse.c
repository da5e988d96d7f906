/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What does not become a call: SETUPs of the core, and INVITEs of peers, their
 * response, and what the core is told of them. */
#include "sip/legs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/str.h"
#include "sip/check.h"
#include "sip/leg_stir.h"

/* --- SETUPs --- */

void sip_legs_refuse(struct legs *t, leg_id id, unsigned cause,
		     const char *detail)
{
	struct legs_env *env = sip_legs_env(t);
	struct cc_msg m = {.leg = id, .end.kind = CC_END_TRUNK};

	m.cause = (struct cc_cause){(uint8_t)cause, CC_LOC_PRIVATE_LOCAL};
	str_copy(m.detail, sizeof(m.detail), detail);
	if (link_send(env->core, &m.head, CC_RELEASED, sizeof(m)) != 0)
		env->stats.send_failed++;
}

struct fault {
	int err; /* of sip_uac_begin() */
	uint8_t cause;
	const char *detail; /* NULL: what err says */
};

void sip_legs_not_begun(struct legs *t, struct leg *l, int err)
{
	static const struct fault faults[] = {
		{-ENOENT, CAUSE_NET_OUT_OF_ORDER, "no server address"},
		{-EBUSY, CAUSE_CONGESTION, "no calls wanted (Retry-After)"},
		{-EDESTADDRREQ, CAUSE_RESOURCE, NULL},
		{0, CAUSE_TEMPORARY, NULL},
	};
	const struct fault *f = faults;

	while (f->err && f->err != err)
		f++;
	sip_leg_enter(l, LEG_OVER);
	sip_leg_released(l, (struct cc_cause){f->cause, CC_LOC_PRIVATE_LOCAL},
			 f->detail ? f->detail : strerror(-err));
	sip_legs_end(t, l);
}

/* --- INVITEs --- */

/* What would have been accepted. */
static void add_extension(struct legs *t, struct sip_msg *r,
			  const struct sip_msg *m, int status)
{
	const struct conf_trunk *c =
		trunk_conf(sip_stack_trunks(sip_legs_env(t)->stack),
			   m->path.trunk);
	char text[16];

	if (status == 420) {
		(void)sip_msg_add(r, "Unsupported",
				  c->dialog.prack == CONF_PRACK_OFF &&
						  sip_msg_has_token(m, "Require",
								    "100rel")
					  ? "100rel"
					  : "replaces");
	} else if (status == 421) {
		(void)sip_msg_add(r, "Require", "100rel");
	} else if (status == 422) {
		snprintf(text, sizeof(text), "%u",
			 c->dialog.min_se_s > SIP_SE_MIN ? c->dialog.min_se_s
							 : SIP_SE_MIN);
		(void)sip_msg_add(r, "Min-SE", text);
	}
}

static void refuse(struct legs *t, txn_id id, const struct sip_msg *m,
		   int status, unsigned cause)
{
	struct legs_env *env = sip_legs_env(t);
	struct txn_layer *txns = sip_stack_txns(env->stack);
	struct sip_msg *r = sip_response_new(m, status,
					     sip_stir_phrase(status),
					     txn_local_tag(txns, id));

	if (!r)
		return;
	if (cause)
		sip_leg_reason(r, (struct cc_cause){(uint8_t)cause,
						    CC_LOC_PRIVATE_LOCAL});
	if (status == 488)
		(void)sip_msg_add(r, "Warning",
				  "304 trunkgate \"no usable audio\"");
	if (status == 415)
		(void)sip_msg_add(r, "Accept", SIP_ACCEPT);
	add_extension(t, r, m, status);
	sip_stir_reason(r, status);
	if (env->conf.user_agent[0])
		(void)sip_msg_add(r, "Server", env->conf.user_agent);
	(void)txn_respond(txns, id, r);
}

/* The core knows of no leg, but its CDRs are to be complete. */
static void tell_refused(struct legs *t, const struct sip_msg *m,
			 const struct cc_verified *verified,
			 struct cc_cause cause, const char *detail)
{
	struct legs_env *env = sip_legs_env(t);
	const struct conf_trunk *c =
		trunk_conf(sip_stack_trunks(env->stack), m->path.trunk);
	struct cc_msg out = {.leg = sip_legs_new_id(t)};

	if (!c || !link_is_up(env->core))
		return;
	out.end = (struct cc_end){CC_END_TRUNK, m->path.trunk};
	sip_uas_describe(t, m, c, &out);
	out.cause = cause;
	out.extra.verified = *verified;
	str_copy(out.detail, sizeof(out.detail), detail);
	if (link_send(env->core, &out.head, CC_SETUP, sizeof(out)) != 0)
		env->stats.send_failed++;
}

/* A 503; a flood beyond the rate is counted, not told. */
void sip_legs_refuse_busy(struct legs *t, txn_id id, const struct sip_msg *m,
			  unsigned cause)
{
	refuse(t, id, m, 503, cause);
	if (cause != CAUSE_CONGESTION)
		tell_refused(t, m, &(struct cc_verified){0},
			     (struct cc_cause){(uint8_t)cause,
					       CC_LOC_PRIVATE_LOCAL},
			     cause == CAUSE_NO_CHANNEL	? "max_calls"
			     : cause == CAUSE_TEMPORARY ? "shutting down"
							: "too many calls");
}

void sip_legs_refuse_bad(struct legs *t, txn_id id, const struct sip_msg *m,
			 const struct cc_verified *verified, int status)
{
	char detail[CC_DETAIL_MAX];

	refuse(t, id, m, status, 0);
	snprintf(detail, sizeof(detail), "%d %s", status,
		 sip_reason_phrase(status));
	tell_refused(t, m, verified,
		     sip_cause_in((unsigned)status,
				  status == 488 ? SIP_Q_WARN_MEDIA : 0, NULL),
		     detail);
}
