/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/keep.h"

#include <sys/random.h>

size_t sip_keep_request(struct sip_keep *k, mono_t now, uint8_t out[STUN_MAX])
{
	if (now.ns != k->round.ns && getrandom(k->id, STUN_ID, 0) != STUN_ID) {
		return 0;
	}
	k->round = now;
	return stun_request(k->id, out);
}

void sip_keep_seen(struct sip_keep *k, mono_t now, const char *trunk,
		   const struct net_addr *peer, const struct net_addr *us)
{
	char text[NET_STR_MAX], who[NET_STR_MAX];

	if (log_allow(&k->log, now.ns)) {
		log_info("trunk %s: %s sees us as %s", trunk, net_str(peer, who),
			 net_str(us, text));
	}
}
