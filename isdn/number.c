/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A B channel has three names: our number (channel.h), interface and slot on
 * the wire (Q.931 4.5.13), and libpri's, which packs the latter into an int.
 */
#include <stdio.h>

#include "isdn/isdn_priv.h"

#define PRI_EXPLICIT 0x10000 /* libpri: the interface is named */

void number_text(const struct isdn *isdn, unsigned number, char *text,
		 size_t size)
{
	snprintf(text, size, "%s %u",
		 isdn->spans[channel_span(number)].conf->name,
		 channel_slot(number));
}

unsigned number_wanted(struct isdn *isdn, const struct cc_msg *m)
{
	const struct isdn_span *s = isdn_span(isdn, m->end.index);

	return s ? (unsigned)(s - isdn->spans) * CHANNEL_SLOTS + m->channel
		 : 0;
}

int number_for_pri(const struct isdn *isdn, unsigned number)
{
	int slot = (int)channel_slot(number);

	if (!isdn_is_group(isdn)) {
		return slot;
	}
	return PRI_EXPLICIT | slot |
	       isdn->spans[channel_span(number)].conf->interface << 8;
}

static int span_of_interface(const struct isdn *isdn, unsigned interface)
{
	unsigned i;

	for (i = 0; i < isdn->n_spans; i++) {
		if (isdn->spans[i].conf->interface == interface) {
			return (int)i;
		}
	}
	return -1;
}

static int own_span(const struct isdn *isdn)
{
	const struct isdn_d *d = isdn->hearing ? isdn->hearing : isdn->active;

	return (int)(d->span - isdn->spans);
}

static unsigned number_at(const struct isdn *isdn, int span, unsigned slot)
{
	unsigned number = (unsigned)span * CHANNEL_SLOTS + slot;

	return span >= 0 && slot > 0 && slot < CHANNEL_SLOTS &&
			       channel_exists(&isdn->channels, number)
		       ? number
		       : 0;
}

unsigned number_from_pri(const struct isdn *isdn, int channel)
{
	int span = own_span(isdn);

	if (channel < 0) {
		return 0;
	}
	if (isdn_is_group(isdn) && channel & PRI_EXPLICIT) {
		span = span_of_interface(isdn, (unsigned)channel >> 8 & 0xff);
	}
	return number_at(isdn, span, (unsigned)channel & 0xff);
}

int number_span(const struct isdn *isdn, const struct ie_channel *c)
{
	/* some switches name the interface where there is only one */
	return isdn_is_group(isdn) && c->other_interface
		       ? span_of_interface(isdn, c->interface)
		       : own_span(isdn);
}

unsigned number_first(const struct isdn *isdn, const struct ie_channel *c)
{
	return number_at(isdn, number_span(isdn, c), c->first);
}
