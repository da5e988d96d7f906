/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/look.h"

#include "sip/sip.h"
#include "sip/stack.h"

void look_sip(struct role *role, struct look_sip *out)
{
	struct sip_stack *stack = sip_role_stack(role);
	const struct trunk_table *t = sip_stack_trunks(stack);

	*out = (struct look_sip){
		.idle = sip_role_ops.is_idle(role),
		.txns = txn_layer_used(sip_stack_txns(stack)),
	};
	for (unsigned i = 0; i < trunk_count(t); i++) {
		out->counted += trunk_stats(t, i)->active;
	}
}
