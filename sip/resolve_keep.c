/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What DNS has said, for the process that comes after this one (cc.h,
 * SERVERS): until it has asked DNS itself, that is as good as any answer. */
#include "sip/trunk_priv.h"

#include "gateway/base/log.h"
#include "gateway/base/str.h"

#include <string.h>

_Static_assert((int)CC_ADDRESSES == (int)DNS_TARGETS, "cc.h and dns.h disagree");

enum records { HAD_NAPTR = 1, HAD_SRV = 2 };

/* --- ours --- */

void trunk_servers_again(struct trunk_table *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		for (unsigned s = 0; s < t->trunk[i].n_servers; s++) {
			t->trunk[i].server[s].untold = true;
		}
	}
}

/* Of a server with a name whose addresses are known. */
static bool describe(const struct trunk *k, unsigned server,
		     struct cc_servers *out)
{
	const struct trunk_server *s = &k->server[server];
	struct net_addr literal;

	memset(out, 0, sizeof(*out));
	out->end = (struct cc_end){CC_END_TRUNK,
				   (uint8_t)(k - k->table->trunk)};
	out->server = (uint8_t)server;
	out->wanted = (uint8_t)k->conf.transport;
	out->records = (uint8_t)((s->lookup.had_naptr ? HAD_NAPTR : 0) |
				 (s->lookup.had_srv ? HAD_SRV : 0));
	str_copy(out->host, sizeof(out->host), s->host);
	for (unsigned i = 0; i < k->n_targets && out->n < CC_ADDRESSES; i++) {
		const struct dns_target *at = &k->target[i].at;

		if (k->target[i].server == server) {
			out->at[out->n++] = (struct cc_address){
				.addr = at->addr,
				.priority = at->priority,
				.weight = at->weight,
				.transport = at->proto};
		}
	}
	return out->n && net_parse(&literal, s->host) < 0;
}

bool trunk_servers_next(struct trunk_table *t, struct cc_servers *out)
{
	for (unsigned i = 0; i < t->n; i++) {
		struct trunk *k = &t->trunk[i];

		for (unsigned s = 0; s < k->n_servers; s++) {
			bool untold = k->server[s].untold;

			k->server[s].untold = false;
			if (untold && describe(k, s, out)) {
				return true;
			}
		}
	}
	return false;
}

/* --- an earlier process's --- */

static bool is_known(const struct trunk *k, unsigned server)
{
	unsigned i = 0;

	while (i < k->n_targets && k->target[i].server != server) {
		i++;
	}
	return i < k->n_targets;
}

/* Those that we have an address for to send from. */
static unsigned usable(const struct trunk_table *t, const struct cc_servers *m,
		       struct dns_target at[DNS_TARGETS])
{
	struct sip_path path;
	unsigned n = 0;

	for (unsigned i = 0; i < m->n; i++) {
		const struct cc_address *a = &m->at[i];

		if (a->transport <= SIP_TLS &&
		    !trunk_path(t, m->end.index, &a->addr, a->transport,
				&path)) {
			at[n++] = (struct dns_target){.addr = a->addr,
						      .proto = a->transport,
						      .priority = a->priority,
						      .weight = a->weight};
		}
	}
	return n;
}

void trunk_servers_restore(struct trunk_table *t, const struct cc_servers *m)
{
	struct trunk *k = m->end.index < t->n ? &t->trunk[m->end.index] : NULL;
	struct trunk_server *s = k && m->server < k->n_servers
					 ? &k->server[m->server]
					 : NULL;
	struct dns_target at[DNS_TARGETS];
	unsigned n;

	if (!s || strcmp(s->host, m->host) != 0 ||
	    m->wanted != k->conf.transport || is_known(k, m->server)) {
		return;
	}
	n = usable(t, m, at);
	if (!n) {
		return;
	}
	s->lookup.had_naptr = s->lookup.had_naptr || m->records & HAD_NAPTR;
	s->lookup.had_srv = s->lookup.had_srv || m->records & HAD_SRV;
	(void)resolve_put(k, m->server, at, n);
	trunk_shuffle(k);
	trunk_index(t);
	log_info("trunk %s: %s has %u addresses, as the role before knew",
		 k->conf.name, s->host, n);
}
