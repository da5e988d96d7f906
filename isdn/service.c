/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SERVICE and SERVICE ACKNOWLEDGE (ANSI T1.607, NI2): B channels and D
 * channels in and out of service. libpri takes what speaks of a D channel for
 * news of its layer 2, and can name no interface 0; so it neither sees these
 * messages nor chooses what they say. It only sends them: it is given one
 * with our wishes in fields that are ours to use, and service_make() writes
 * the message from these, again each time that layer 2 repeats it.
 *
 *   change status  bits 1-3 status, 4 D channel, 5 acknowledge
 *   interface      0 = none named, else 1 + its number
 *   channel        bits 1-5 slot, 6 always set, 7 protocol 0x03, not 0x43
 *
 * The same way go two messages of Q.931 that libpri does not send when asked:
 * STATUS with the global call reference (bit 6 of the status; the channel is
 * the cause), and STATUS ENQUIRY (bits 6 and 5; the call reference is spread
 * over all three fields).
 */
#include <string.h>

#include "isdn/isdn_priv.h"

#define PD_ATT	    0x03 /* SERVICE 0x0f, acknowledge 0x07 */
#define PD_NATIONAL 0x43 /* the other way round */
#define IE_STATUS   0x01

#define WISH_D	    0x08
#define WISH_ACK    0x10
#define WISH_STATUS 0x20
#define WISH_ENQUIRY (WISH_STATUS | WISH_ACK)
#define CREF_BITS   6 /* in each of interface and channel, 0x40 with them */
#define CREF_MASK   0x3fu
#define SLOT_SET    0x20
#define SLOT_ATT    0x40

struct wish {
	uint8_t flags;	/* WISH_ and the status */
	int interface;	/* -1: not named */
	uint8_t slot;	/* 0: the interface; WISH_STATUS: the cause */
	bool att;
};

static void send_wish(struct isdn_d *d, const struct wish *w)
{
	int channel = w->slot | SLOT_SET | (w->att ? SLOT_ATT : 0);

	if (w->flags & WISH_STATUS) {
		channel = w->slot;
	}
	d->isdn->stats.services_out += !(w->flags & WISH_STATUS);
	pri_maintenance_service(d->chan.pri, w->interface + 1, channel,
				w->flags);
}

/* The interface as we name it: in a group always. */
static int interface_of(const struct isdn *isdn, unsigned span)
{
	return isdn_is_group(isdn) ? isdn->spans[span].conf->interface : -1;
}

void service_send_d(struct isdn_d *about, uint8_t status)
{
	struct isdn *isdn = about->isdn;
	struct wish w = { .flags = (uint8_t)(status | WISH_D) };

	w.interface = interface_of(isdn, (unsigned)(about->span -
						    isdn->spans));
	send_wish(about, &w);
}

void service_send_b(struct isdn *isdn, unsigned number, uint8_t status)
{
	struct wish w = { .flags = status };

	w.interface = interface_of(isdn, channel_span(number));
	w.slot = (uint8_t)channel_slot(number);
	send_wish(isdn->active, &w);
}

void service_status(struct isdn_d *d, uint8_t cause)
{
	struct wish w = { .flags = WISH_STATUS, .slot = cause };

	w.interface = 0; /* libpri then writes each field */
	send_wish(d, &w);
}

void service_enquiry(struct isdn *isdn, uint16_t cref, bool ours)
{
	unsigned high = cref >> 2 * CREF_BITS | (ours ? 0 : 8);

	pri_maintenance_service(isdn_pri(isdn),
				(int)(0x40 | (cref >> CREF_BITS & CREF_MASK)),
				(int)(0x40 | (cref & CREF_MASK)),
				(int)(WISH_ENQUIRY | high));
}

/* --- writing --- */

/* i: libpri's message */
static size_t put_enquiry(uint8_t *p, const uint8_t *i)
{
	unsigned high = i[7] & 0x0f;
	unsigned cref = (high & 7) << 2 * CREF_BITS |
			(i[11] & CREF_MASK) << CREF_BITS |
			(i[13] & CREF_MASK);

	p[0] = 0x08;
	p[1] = 2;
	p[2] = (uint8_t)(cref >> 8 | (high & 8) << 4);
	p[3] = (uint8_t)cref;
	p[4] = Q931_STATUS_ENQUIRY;
	return 5;
}

static size_t put_channel(uint8_t *p, const struct wish *w)
{
	size_t n = 2;

	p[0] = IE_CHANNEL;
	p[n++] = (uint8_t)(0xa8 | (w->interface >= 0 ? 0x40 : 0) |
			   (w->flags & WISH_D ? 0x04 : 0x01));
	if (w->interface >= 0) {
		p[n++] = (uint8_t)(0x80 | w->interface);
	}
	if (w->slot && !(w->flags & WISH_D)) {
		p[n++] = 0x83;
		p[n++] = 0x80 | w->slot;
	}
	p[1] = (uint8_t)(n - 2);
	return n;
}

static size_t put_service(uint8_t *p, const struct wish *w)
{
	bool ack = w->flags & WISH_ACK;

	p[0] = w->att ? PD_ATT : PD_NATIONAL;
	p[1] = 2;
	p[2] = ack ? 0x80 : 0;
	p[3] = 0;
	p[4] = ack == w->att ? 0x07 : 0x0f;
	p[5] = IE_STATUS;
	p[6] = 1;
	p[7] = (uint8_t)(0xc0 | (w->flags & 7));
	return 8 + put_channel(p + 8, w);
}

static size_t put_status(const struct isdn *isdn, uint8_t *p, uint8_t cause)
{
	const uint8_t text[] = { 0x08, 2, 0x80, 0, Q931_STATUS,
				 IE_CAUSE, 2,
				 (uint8_t)(0x80 | isdn_location(isdn)),
				 (uint8_t)(0x80 | cause),
				 IE_CALL_STATE, 1, 0 };

	memcpy(p, text, sizeof(text));
	return sizeof(text);
}

size_t service_make(const struct isdn *isdn, const struct lapd *f,
		    const uint8_t *frame, uint8_t *out)
{
	const uint8_t *i = f->info;
	size_t head = (size_t)(i - frame);
	struct wish w;

	/* pd cref cref type, 01 01 status, 18 04 e9 interface 83 channel;
	 * without interface 18 03 a9 83 channel */
	if (f->info_len < 13 || (i[0] != PD_ATT && i[0] != PD_NATIONAL)) {
		return 0;
	}
	w.flags = i[7] & 0x3f;
	w.interface = i[10] & 0x40 ? (i[11] & 0x7f) - 1 : -1;
	w.slot = i[f->info_len - 1] & 0x7f;
	memcpy(out, frame, head);
	if ((w.flags & WISH_ENQUIRY) == WISH_ENQUIRY) {
		return head + put_enquiry(out + head, i);
	}
	if (w.flags & WISH_STATUS) {
		return head + put_status(isdn, out + head, w.slot);
	}
	w.att = w.slot & SLOT_ATT;
	w.slot &= SLOT_SET - 1;
	return head + put_service(out + head, &w);
}

/* --- reading --- */

struct service {
	struct ie_msg m;
	struct ie_channel channel;
	uint8_t status;
	bool ack;
};

/* 0 or the cause for what is wrong. */
static uint8_t read_service(struct service *s, const uint8_t *info, size_t len)
{
	struct ie ie;

	if (ie_service_parse(&s->m, info, len) < 0) {
		return PRI_CAUSE_PROTOCOL_ERROR;
	}
	if (s->m.cref || (s->m.type != 0x07 && s->m.type != 0x0f)) {
		return PRI_CAUSE_MESSAGE_TYPE_NONEXIST;
	}
	s->ack = (s->m.type == 0x07) == (s->m.pd == PD_ATT);
	if (!ie_find(&s->m, IE_STATUS, 0, &ie) || !ie.len) {
		return PRI_CAUSE_MANDATORY_IE_MISSING;
	}
	s->status = ie.data[0] & 0x0f;
	if (!ie_find(&s->m, IE_CHANNEL, 0, &ie)) {
		return PRI_CAUSE_MANDATORY_IE_MISSING;
	}
	if (!ie_channel(&ie, &s->channel) ||
	    s->status > CHANNEL_OUT_OF_SERVICE) {
		return PRI_CAUSE_INVALID_IE_CONTENTS;
	}
	return 0;
}

static void acknowledge(struct isdn_d *d, const struct service *s,
			unsigned slot, uint8_t status)
{
	struct wish w = { .flags = (uint8_t)(status | WISH_ACK),
			  .slot = (uint8_t)slot };

	w.flags |= s->channel.d_channel ? WISH_D : 0;
	w.att = s->m.pd == PD_ATT;
	w.interface = s->channel.other_interface ? s->channel.interface : -1;
	if (w.interface > 126) {
		w.interface = -1; /* there is no such interface */
	}
	send_wish(d, &w);
}

/* The D channel it speaks of, NULL: none. A channel number may stand for it,
 * too, and so may the interface alone where it has one. */
static struct isdn_d *d_named(struct isdn *isdn, const struct service *s,
			      int span)
{
	struct isdn_d *d = span < 0 ? NULL : isdn->spans[span].d;

	if (!d || s->channel.d_channel || s->channel.first == 0) {
		return d;
	}
	return s->channel.first == d->span->conf->d_slot ? d : NULL;
}

/* A channel out of service at the far end is not used by us; what is going on
 * there ends by itself. */
static void set_channel(struct isdn *isdn, unsigned number, uint8_t status)
{
	char name[60];

	if (isdn->channels.at[number].far_end != status) {
		number_text(isdn, number, name, sizeof(name));
		log_info("channel %s: %s at the far end", name,
			 channel_service_name(status));
	}
	isdn->channels.at[number].far_end = status;
	isdn_state_changed(isdn);
}

static void on_channels(struct isdn_d *d, const struct service *s, int span)
{
	struct isdn *isdn = d->isdn;
	unsigned slot, number;

	for (slot = 1; slot < CHANNEL_SLOTS; slot++) {
		bool named = s->channel.slots & (1u << slot);

		number = (unsigned)span * CHANNEL_SLOTS + slot;
		if (span >= 0 && channel_exists(&isdn->channels, number) &&
		    (named || !s->channel.first)) {
			set_channel(isdn, number, s->status);
			named &= !s->ack;
		}
		if (named && !s->ack) {
			bool ours = span >= 0 &&
				    channel_exists(&isdn->channels, number);

			acknowledge(d, s, slot, ours ? s->status
						     : CHANNEL_OUT_OF_SERVICE);
		}
	}
	if (!s->channel.first && !s->ack) {
		acknowledge(d, s, 0, span >= 0 ? s->status
					       : CHANNEL_OUT_OF_SERVICE);
	}
}

static void refuse(struct isdn_d *d, uint8_t cause)
{
	struct isdn *isdn = d->isdn;
	unsigned n = log_allow(&isdn->bad, loop_now(isdn_loop(isdn)).ns);

	isdn->stats.services_bad++;
	if (n) {
		log_warn("%s: SERVICE not understood, cause %u (%u since the "
			 "last line)", d->span->conf->name, cause, n);
	}
	service_status(d, cause);
}

void service_received(struct isdn_d *d, const uint8_t *info, size_t len)
{
	struct isdn *isdn = d->isdn;
	struct service s = { .status = 0 };
	uint8_t cause = read_service(&s, info, len);
	struct isdn_d *about;
	int span;

	isdn->stats.services_in++;
	if (cause) {
		refuse(d, cause);
		return;
	}
	isdn->hearing = d;
	span = number_span(isdn, &s.channel);
	isdn->hearing = NULL;
	about = d_named(isdn, &s, span);
	if (about && s.ack) {
		nfas_service_ack(about, s.status);
	} else if (about) {
		acknowledge(d, &s, s.channel.first,
			    nfas_service(about, s.status));
	} else {
		on_channels(d, &s, span);
	}
}

/* --- RESTART --- */

uint8_t service_restart_ok(const struct isdn *isdn, const struct ie_msg *m)
{
	struct ie_channel c = { 0 };
	unsigned slot, base;
	struct ie ie;
	int span;

	if (!ie_find(m, IE_RESTART, 0, &ie) || !ie.len) {
		return PRI_CAUSE_MANDATORY_IE_MISSING;
	}
	switch (ie.data[0] & 7) {
	case 0:
	case 5: /* libpri: some switches mean an interface by it */
	case 6:
	case 7:
		break;
	default:
		return PRI_CAUSE_INVALID_IE_CONTENTS;
	}
	if (!ie_find(m, IE_CHANNEL, 0, &ie)) {
		/* channels must be named */
		return ie_find(m, IE_RESTART, 0, &ie) && (ie.data[0] & 7)
			       ? 0
			       : PRI_CAUSE_MANDATORY_IE_MISSING;
	}
	if (!ie_channel(&ie, &c)) {
		return PRI_CAUSE_INVALID_IE_CONTENTS;
	}
	span = number_span(isdn, &c);
	if (span < 0) {
		return PRI_CAUSE_IDENTIFIED_CHANNEL_NOTEXIST;
	}
	base = (unsigned)span * CHANNEL_SLOTS;
	for (slot = 1; slot < CHANNEL_SLOTS; slot++) {
		if (c.slots & (1u << slot) &&
		    channel_exists(&isdn->channels, base + slot)) {
			return 0;
		}
	}
	return c.slots ? PRI_CAUSE_IDENTIFIED_CHANNEL_NOTEXIST : 0;
}
