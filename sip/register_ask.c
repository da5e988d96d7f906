/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What calls, the console and the core want to know of the registrations. */
#include "sip/register_priv.h"

#include <string.h>

unsigned sip_registers_count(const struct registers *r, unsigned trunk,
			     unsigned *up)
{
	unsigned i, n = 0;

	*up = 0;
	for (i = 0; i < r->n; i++) {
		const struct binding *b = r->binding[i];

		if (b->trunk != trunk || !b->wanted)
			continue;
		n++;
		*up += binding_in_force(b);
	}
	return n;
}

bool sip_registers_up(const struct registers *r, unsigned trunk)
{
	unsigned up;

	return sip_registers_count(r, trunk, &up) == 0 || up > 0;
}

/* That of the server that the call goes to; where only one has the
 * registration, its way serves for all. */
void sip_registers_route(const struct registers *r, unsigned trunk,
			 const struct net_addr *to, struct sip_msg *m)
{
	const struct binding *found = NULL;
	unsigned i;

	for (i = 0; i < r->n; i++) {
		const struct binding *b = r->binding[i];
		bool same = net_addr_eq(&b->path.remote, to);

		if (b->trunk != trunk || !b->routes[0] || !binding_in_force(b))
			continue;
		if (same || (!found && !binding_conf(b)->reg.all))
			found = b;
		if (same)
			break;
	}
	if (found)
		(void)sip_msg_add(m, "Route", found->routes);
}

bool sip_registers_has_user(const struct registers *r, unsigned trunk,
			    const char *user)
{
	unsigned i;

	for (i = 0; i < r->n; i++) {
		const struct binding *b = r->binding[i];

		if (b->trunk == trunk && b->wanted && !b->gin &&
		    strcmp(b->name, user) == 0)
			return true;
	}
	return false;
}
