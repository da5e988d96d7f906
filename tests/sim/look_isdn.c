/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/look.h"

#include "isdn/isdn_priv.h"

void look_isdn(const struct role *role, struct look_isdn *out)
{
	const struct isdn *isdn = (const struct isdn *)(const void *)role;
	const struct channels *c = &isdn->channels;
	bool seen[CHANNELS_MAX] = {false};

	*out = (struct look_isdn){
		.up = isdn_is_up(isdn),
		.legs = leg_count(isdn),
		.idle = channel_count(c, CHANNEL_IDLE),
		.busy = channel_count(c, CHANNEL_BUSY),
		.other = channel_count(c, CHANNEL_RESTARTING) +
			 channel_count(c, CHANNEL_OUT),
		.channels = c->n - channel_count(c, CHANNEL_NONE),
		.bad_messages = isdn->stats.bad_messages,
		.restarts = isdn->stats.restarts_in,
	};
	health_asterisk(isdn->active, out->state);
	for (unsigned i = 0; i < isdn->n_legs; i++) {
		const struct leg *l = &isdn->legs[i];

		out->active += l->s.phase == LEG_ACTIVE;
		if (l->s.phase == LEG_FREE || l->s.number == 0 ||
		    channel_owner(c, l->s.number) != l) {
			continue;
		}
		out->shared += seen[l->s.number];
		seen[l->s.number] = true;
	}
}
