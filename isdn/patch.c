/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames on their way out. libpri always writes location 1 into causes and
 * progress indicators, sends one calling number at most, no user-to-user
 * information but text, and lets the cause choose the message; what is really
 * meant is written here. Changes of equal
 * length are made in place, in libpri's own copy, and so are there when the
 * frame is sent again; what changes the length is made anew each time.
 */
#include <string.h>

#include "isdn/extra.h"

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

/* SETUP: what libpri leaves out. Only a network sends two calling numbers
 * (EN 300 089). */
static void add_to_setup(struct isdn *isdn, const struct cc_msg *m,
			 uint8_t *frame, size_t *len)
{
	if (isdn_network(isdn) && m->calling.valid && m->asserted.valid) {
		extra_put_number(frame, len, IE_CALLING, &m->asserted);
	}
	extra_put(frame, len, &m->extra, isdn_ni2(isdn));
}

static bool is_clearing(uint8_t type)
{
	return type == Q931_DISCONNECT || type == Q931_RELEASE ||
	       type == Q931_RELEASE_COMPLETE;
}

/* The first clearing message has it, no matter which one libpri chooses. */
static bool carries_uui(struct leg *l, uint8_t type)
{
	if (is_clearing(l->uui_in) && is_clearing(type) && !l->uui_sent) {
		l->uui_in = type;
		l->uui_sent = true;
	}
	return l->uui.len && l->uui_in == type;
}

/* Changes the length, so it works on a copy. */
static void add_elements(struct isdn *isdn, const struct sent *s,
			 uint8_t *frame, size_t *len)
{
	struct leg *l = s->leg;

	if (l && s->m.type == Q931_SETUP && l->setup) {
		add_to_setup(isdn, l->setup, frame, len);
	} else if (l && carries_uui(l, s->m.type)) {
		extra_put_uui(frame, len, &l->uui);
	}
}

/* libpri clears an answered call by itself when CONNECT is not acknowledged
 * (T313), and tells nobody. Q.931 5.2.8 gives cause 102. A CONNECT ACK that
 * comes after all would stop its T305; our own supervision stays. */
static void note_clearing(const struct sent *s)
{
	if (s->m.type == Q931_DISCONNECT && s->leg &&
	    s->leg->s.phase == LEG_ACTIVE) {
		leg_on_t313(s->leg);
	}
}

static void patch_in_place(struct isdn *isdn, struct sent *s, uint8_t *frame,
			   size_t len)
{
	switch (s->m.type) {
	case Q931_DISCONNECT:
	case Q931_RELEASE:
	case Q931_RELEASE_COMPLETE:
		note_clearing(s);
		patch_cause(isdn, s, frame);
		break;
	case Q931_PROGRESS:
		patch_cause(isdn, s, frame);
		patch_progress(isdn, s, frame);
		break;
	case Q931_SETUP:
		if (s->leg && s->leg->setup) {
			extra_patch_reason(frame, len,
					   s->leg->setup->extra.divert.reason);
		}
		patch_progress(isdn, s, frame);
		break;
	case Q931_SETUP_ACK:
	case Q931_CALL_PROCEEDING:
	case Q931_ALERTING:
	case Q931_CONNECT:
		patch_progress(isdn, s, frame);
		break;
	default:
		break;
	}
}

const uint8_t *patch_frame(struct isdn *isdn, uint8_t *frame, size_t *len,
			   uint8_t out[FRAME_MAX])
{
	struct sent s;
	size_t n;

	if (!read_sent(isdn, &s, frame, *len)) {
		n = s.f.kind == LAPD_I ? service_make(isdn, &s.f, frame, out)
				       : 0;
		*len = n ? n : *len;
		return n ? out : frame;
	}
	patch_in_place(isdn, &s, frame, *len);
	if (!s.leg || *len > FRAME_MAX) {
		return frame;
	}
	memcpy(out, frame, *len);
	add_elements(isdn, &s, out, len);
	return out;
}
