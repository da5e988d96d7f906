/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Busy-out: while no trunk can take calls of the line, the PBX is to see that
 * it must call elsewhere. Calls that are there stay, so whatever is busy is
 * left alone until it is idle.
 *
 *   service    SERVICE, out of service, for each B channel that is idle; in
 *              service again when a trunk is back, or the D channel was lost
 *   d_channel  with the last call gone DISC, and then silence: the far end
 *              finds its D channel down. Its SABMEs are answered again when a
 *              trunk is back.
 */
#include "isdn/isdn_priv.h"

/* --- B channels --- */

static void set_channels(struct isdn *isdn)
{
	bool up = isdn_is_up(isdn), out = isdn->health.no_trunk;
	uint8_t want = up && out ? CHANNEL_OUT_OF_SERVICE : CHANNEL_IN_SERVICE;
	unsigned n = 0;

	for (unsigned i = 1; i < isdn->channels.n; i++) {
		struct channel *c = &isdn->channels.at[i];

		if (c->near_end == want || !channel_exists(&isdn->channels, i) ||
		    (out && up &&
		     (c->due || !channel_is_idle(&isdn->channels, i)))) {
			continue; /* after its call, and after RESTART */
		}
		c->near_end = want;
		n++;
		if (up) {
			service_send_b(isdn, i, want);
		}
	}
	if (n && up) {
		isdn_note(isdn, LOG_LVL_INFO, "%u B channels %s", n,
			  channel_service_name(want));
		isdn_settle(isdn);
	}
}

/* --- the D channel --- */

#define U_DISC 0x53 /* with P */

static void disconnect(struct isdn *isdn)
{
	/* SAPI 0 and TEI 0; commands of the network have C/R set */
	const uint8_t disc[] = { isdn_network(isdn) ? 0x02 : 0x00, 0x01,
				 U_DISC };

	for (unsigned i = 0; i < isdn->n_d; i++) {
		if (isdn->d[i].up) {
			isdn_send_frame(&isdn->d[i], disc, sizeof(disc));
		}
	}
}

static void set_layer2(struct isdn *isdn)
{
	struct health *h = &isdn->health;

	if (h->muted == h->no_trunk || (h->no_trunk && leg_count(isdn))) {
		return;
	}
	if (h->no_trunk) {
		disconnect(isdn);
	}
	h->muted = h->no_trunk;
	isdn_note(isdn, LOG_LVL_INFO, "D channel %s",
		  h->muted ? "taken down: no trunk is up" : "may come up again");
}

/* --- both --- */

void busy_look(struct isdn *isdn)
{
	switch (isdn->conf.span.busy_out) {
	case CONF_BUSY_SERVICE:
		set_channels(isdn);
		break;
	case CONF_BUSY_D_CHANNEL:
		set_layer2(isdn);
		break;
	case CONF_BUSY_REJECT:
		break;
	}
}

void busy_told(struct isdn *isdn, bool no_trunk)
{
	isdn->health.no_trunk = no_trunk;
	isdn_state_changed(isdn);
}
