/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames on their way out. libpri always writes location 1 into causes and
 * progress indicators, sends one calling number at most, and lets the cause
 * choose the message; what is really meant is written here. Changes of equal
 * length are made in place, in libpri's own copy, and so are there when the
 * frame is sent again; what changes the length is made anew each time.
 */
#include <string.h>

#include "isdn/isdn_priv.h"

struct sent {
	struct lapd f;
	struct ie_msg m;
	struct leg *leg; /* NULL: none */
};

static bool read_sent(struct isdn *isdn, struct sent *s, const uint8_t *frame,
		      size_t len)
{
	if (lapd_parse(&s->f, frame, len) < 0 || s->f.kind != LAPD_I ||
	    ie_msg_parse(&s->m, s->f.info, s->f.info_len) < 0) {
		return false;
	}
	s->leg = s->m.cref ? leg_by_cref(isdn, s->m.cref, !s->m.flag) : NULL;
	return true;
}

void patch_refuse(struct isdn *isdn, uint16_t cref, struct cc_cause cause)
{
	struct refusals *r = &isdn->refused;

	r->at[r->next] = (struct refused){ cref, cause };
	r->next = (r->next + 1) % ISDN_REFUSED;
}

/* The cause that must stand in this message; value 0: libpri's stays. */
static struct cc_cause wanted_cause(struct isdn *isdn, const struct sent *s)
{
	struct cc_cause none = { 0, CC_LOC_NONE };
	unsigned i;

	if (s->leg) {
		return s->m.type == Q931_PROGRESS ? none : s->leg->s.out;
	}
	for (i = 0; s->m.flag && i < ISDN_REFUSED; i++) {
		struct refused *r = &isdn->refused.at[i];

		if (r->cref == s->m.cref) {
			none = r->cause;
			r->cref = 0;
			break;
		}
	}
	return none;
}

static void patch_location(struct isdn *isdn, uint8_t *octet, uint8_t location)
{
	if (location == CC_LOC_NONE) {
		location = isdn_location(isdn);
	}
	*octet = (uint8_t)((*octet & 0xf0) | (location & 0x0f));
}

static void patch_cause(struct isdn *isdn, struct sent *s, uint8_t *frame)
{
	struct cc_cause cause;
	struct ie_cause read;
	struct ie ie;
	uint8_t *data;

	if (!ie_find(&s->m, IE_CAUSE, 0, &ie) || !ie_cause(&ie, &read) ||
	    read.coding || ie.len < 2) {
		return;
	}
	cause = wanted_cause(isdn, s);
	data = frame + (ie.data - frame);
	patch_location(isdn, data, cause.value ? cause.location : CC_LOC_NONE);
	if (cause.value) {
		data[1] = (uint8_t)(0x80 | cause.value);
	}
}

static void patch_progress(struct isdn *isdn, struct sent *s, uint8_t *frame)
{
	struct ie ie;

	if (ie_find(&s->m, IE_PROGRESS, 0, &ie) && ie.len >= 2) {
		patch_location(isdn, frame + (ie.data - frame), CC_LOC_NONE);
	}
}

/* Puts the network-provided number after the caller's own. */
static size_t add_asserted(const struct sent *s, const uint8_t *frame,
			   size_t len, uint8_t *out)
{
	const struct cc_number *n = &s->leg->setup->asserted;
	size_t digits = strlen(n->digits), at;
	struct ie ie;
	uint8_t *p;

	if (!ie_find(&s->m, IE_CALLING, 0, &ie) ||
	    s->f.info_len + digits + 4 > LAPD_N201) {
		return 0;
	}
	at = (size_t)(s->m.ies - frame) + ie.at + ie.size;
	memcpy(out, frame, at);
	p = out + at;
	p[0] = IE_CALLING;
	p[1] = (uint8_t)(digits + 2);
	p[2] = (uint8_t)(n->type << 4 | n->plan);
	p[3] = (uint8_t)(0x80 | n->presentation << 5 | n->screening);
	memcpy(p + 4, n->digits, digits);
	memcpy(p + 4 + digits, frame + at, len - at);
	return len + 4 + digits;
}

/* libpri clears an answered call by itself when CONNECT is not acknowledged
 * (T313), and tells nobody. Q.931 5.2.8 gives cause 102. A CONNECT ACK that
 * comes after all would stop its T305; our own supervision stays. */
static void note_clearing(struct isdn *isdn, const struct sent *s)
{
	struct cc_cause cause = { CAUSE_TIMER, isdn_location(isdn) };

	if (s->m.type == Q931_DISCONNECT && s->leg &&
	    s->leg->s.phase == LEG_ACTIVE) {
		s->leg->s.out = cause;
		leg_tell_release(s->leg, cause);
		leg_enter(s->leg, LEG_CLEARING);
	}
}

const uint8_t *patch_frame(struct isdn *isdn, uint8_t *frame, size_t *len,
			   uint8_t out[FRAME_MAX])
{
	const struct cc_msg *setup;
	struct sent s;
	size_t n = 0;

	if (!read_sent(isdn, &s, frame, *len)) {
		n = s.f.kind == LAPD_I ? service_make(isdn, &s.f, frame, out)
				       : 0;
		*len = n ? n : *len;
		return n ? out : frame;
	}
	switch (s.m.type) {
	case Q931_DISCONNECT:
	case Q931_RELEASE:
	case Q931_RELEASE_COMPLETE:
		note_clearing(isdn, &s);
		patch_cause(isdn, &s, frame);
		break;
	case Q931_PROGRESS:
		patch_cause(isdn, &s, frame);
		patch_progress(isdn, &s, frame);
		break;
	case Q931_SETUP_ACK:
	case Q931_CALL_PROCEEDING:
	case Q931_ALERTING:
	case Q931_CONNECT:
		patch_progress(isdn, &s, frame);
		break;
	case Q931_SETUP:
		patch_progress(isdn, &s, frame);
		/* only a network sends two (EN 300 089) */
		setup = s.leg ? s.leg->setup : NULL;
		if (setup && isdn_network(isdn) && setup->calling.valid &&
		    setup->asserted.valid) {
			n = add_asserted(&s, frame, *len, out);
		}
		break;
	default:
		break;
	}
	if (n) {
		*len = n;
		return out;
	}
	return frame;
}
