/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the trunks' servers are, kept for the next sip role (cc.h, SERVERS). */
#include "gateway/core_priv.h"

#include <stdlib.h>

_Static_assert(CC_SERVERS_MAX == CONF_SERVERS && CC_HOST_MAX == CONF_HOST,
	       "cc.h and conf.h disagree");

void core_servers_keep(struct core *core, const struct cc_servers *s)
{
	struct cc_servers **kept =
		&core->trunks[s->end.index].servers[s->server];

	if (*kept == NULL) {
		*kept = malloc(sizeof(**kept));
	}
	if (*kept != NULL) {
		**kept = *s;
	}
}

static void tell(struct core *core, const struct cc_servers *kept)
{
	struct cc_servers s;

	if (kept == NULL) {
		return;
	}
	s = *kept;
	if (link_send(&core->sip, &s.head, CC_SERVERS, sizeof(s)) != 0) {
		core->drops.unsent++;
	}
}

void core_servers_tell(struct core *core)
{
	for (unsigned i = 0; i < core->conf->n_trunks; i++) {
		for (unsigned k = 0; k < CC_SERVERS_MAX; k++) {
			tell(core, core->trunks[i].servers[k]);
		}
	}
}

void core_servers_close(struct core *core)
{
	for (unsigned i = 0; i < CONF_TRUNKS; i++) {
		for (unsigned k = 0; k < CC_SERVERS_MAX; k++) {
			free(core->trunks[i].servers[k]);
		}
	}
}
