/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * B channels that the operator takes out of service: no new calls there; NI2
 * is told by SERVICE. And busy-out: while no trunk can take calls of the line,
 * the PBX is to see that it must call elsewhere. Calls that are there stay, so
 * whatever is busy is left alone until it is idle.
 *
 *   service    SERVICE, out of service, for each B channel that is idle; in
 *              service again when a trunk is back, or the D channel was lost
 *   d_channel  with the last call gone DISC, and then silence: the far end
 *              finds its D channel down. Its SABMEs are answered again when a
 *              trunk is back.
 */
#include "isdn/isdn_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/json.h"

/* --- B channels --- */

/* With the D channel what was said on it is forgotten, and said again. */
static uint8_t wanted(const struct isdn *isdn, unsigned number)
{
	bool busied = isdn->conf.span.busy_out == CONF_BUSY_SERVICE &&
		      isdn->health.no_trunk;

	return isdn_is_up(isdn) &&
			       (busied || isdn->channels.at[number].barred) ?
		       CHANNEL_OUT_OF_SERVICE : CHANNEL_IN_SERVICE;
}

static bool set_channel(struct isdn *isdn, unsigned number)
{
	struct channel *c = &isdn->channels.at[number];
	uint8_t want = wanted(isdn, number);

	if (c->near_end == want || (want && (c->due ||
	    !channel_is_idle(&isdn->channels, number)))) {
		return false; /* after its call, and after RESTART */
	}
	c->near_end = want;
	if (isdn_is_up(isdn) && isdn_ni2(isdn)) {
		service_send_b(isdn, number, want);
	}
	return true;
}

static void set_channels(struct isdn *isdn)
{
	unsigned n[2] = { 0 };

	for (unsigned i = 1; i < isdn->channels.n; i++) {
		if (channel_exists(&isdn->channels, i) &&
		    set_channel(isdn, i)) {
			n[isdn->channels.at[i].near_end != 0]++;
		}
	}
	for (unsigned out = 0; out < 2 && isdn_is_up(isdn); out++) {
		if (n[out]) {
			isdn_note(isdn, LOG_LVL_INFO, "%u B channels %s",
				  n[out],
				  channel_service_name(
					  out ? CHANNEL_OUT_OF_SERVICE
					      : CHANNEL_IN_SERVICE));
			isdn_settle(isdn);
		}
	}
}

/* --- the operator --- */

/* "carrier/7 out", of the span of that name */
unsigned busy_ordered(const struct isdn *isdn, const char *order, bool *out)
{
	const char *slash = strchr(order, '/'), *what = strchr(order, ' ');
	char *end;
	unsigned long slot;
	unsigned number;

	if (!slash || !what || (strcmp(what, " out") && strcmp(what, " in"))) {
		return 0;
	}
	*out = !strcmp(what, " out");
	slot = strtoul(slash + 1, &end, 10);
	for (unsigned i = 0; i < isdn->n_spans; i++) {
		const char *name = isdn->spans[i].conf->name;
		size_t len = (size_t)(slash - order);

		number = i * CHANNEL_SLOTS + (unsigned)slot;
		if (end == what && slot < CHANNEL_SLOTS &&
		    strlen(name) == len && !memcmp(name, order, len) &&
		    channel_exists(&isdn->channels, number)) {
			return number;
		}
	}
	return 0;
}

int busy_order(struct isdn *isdn, unsigned number, bool out, char *buf,
	       size_t size)
{
	struct channel *c = &isdn->channels.at[number];
	char name[60];
	struct json j;

	c->barred = out;
	busy_tell_core(isdn);
	number_text(isdn, number, name, sizeof(name));
	log_info("channel %s: %s by the operator", name,
		 out ? "out of service" : "in service");
	isdn_state_changed(isdn);
	json_init(&j, buf, size);
	json_obj(&j, NULL);
	json_str(&j, "channel", name);
	json_str(&j, "result",
		 !out ? "in service" :
		 c->state == CHANNEL_BUSY ?
			"out of service; the call that is there stays" :
			"out of service");
	json_close(&j);
	return json_end(&j);
}

void busy_tell_core(struct isdn *isdn)
{
	for (unsigned i = 0; i < isdn->n_spans; i++) {
		struct isdn_span *span = &isdn->spans[i];
		struct cc_barred m = { .end = { CC_END_SPAN, 0 } };

		m.end.index = (uint8_t)span->conf->index;
		for (unsigned slot = 1; slot < CHANNEL_SLOTS; slot++) {
			if (isdn->channels.at[i * CHANNEL_SLOTS + slot].barred) {
				m.slots |= 1u << slot;
			}
		}
		if (m.slots != span->barred_told &&
		    link_is_up(&isdn->core) &&
		    link_send(&isdn->core, &m.head, CC_BARRED, sizeof(m)) == 0) {
			span->barred_told = m.slots;
		}
	}
}

void busy_remember(struct isdn *isdn, const struct cc_barred *m)
{
	struct isdn_span *span = isdn_span(isdn, m->end.index);
	unsigned first = span ? (unsigned)(span - isdn->spans) * CHANNEL_SLOTS
			      : 0;

	for (unsigned slot = 1; span && slot < CHANNEL_SLOTS; slot++) {
		isdn->channels.at[first + slot].barred =
			m->slots >> slot & 1 &&
			channel_exists(&isdn->channels, first + slot);
	}
	if (!span) {
		isdn->stats.bad_messages++;
		return;
	}
	span->barred_told = m->slots;
	log_info("%s: %d B channels are out of service by the operator",
		 span->conf->name, __builtin_popcount(m->slots));
	isdn_state_changed(isdn);
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
	set_channels(isdn);
	if (isdn->conf.span.busy_out == CONF_BUSY_D_CHANNEL) {
		set_layer2(isdn);
	}
}

void busy_told(struct isdn *isdn, bool no_trunk)
{
	isdn->health.no_trunk = no_trunk;
	isdn_state_changed(isdn);
}
