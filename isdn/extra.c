/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What few calls carry: diversion, subaddresses, user-to-user information,
 * transit network. Read by us from the frame; of what libpri cannot write the
 * elements are put into its frames on their way out.
 */
#include <string.h>

#include "isdn/extra.h"
#include "isdn/lapd.h"

#define PLAN_CARRIER 1 /* Q.931 4.5.29: carrier identification code */
#define LIBPRI_DEFLECTION 3 /* Q.952 has 4 */
#define LIBPRI_DIGITS 31

/* --- reading --- */

static uint8_t reason_of(const struct ie_msg *raw, uint8_t id)
{
	struct ie_number n;
	struct ie ie;

	if (!ie_find(raw, id, 0, &ie) || !ie_number(&ie, &n)) {
		return CC_DIVERT_UNKNOWN;
	}
	return n.reason == LIBPRI_DEFLECTION ? CC_DIVERT_DEFLECTION
					     : n.reason;
}

/* The element says that there was one, or two when the number first called
 * is another one; how many there were it cannot say. */
static void read_divert(const struct ie_msg *raw, struct cc_msg *m)
{
	struct cc_divert *d = &m->extra.divert;

	if (!m->redirecting.valid) {
		return;
	}
	d->reason = reason_of(raw, IE_REDIRECTING);
	d->count = 1;
	setup_number(raw, IE_ORIG_CALLED, 0, &d->original);
	if (!d->original.valid ||
	    !strcmp(d->original.digits, m->redirecting.digits)) {
		d->original = (struct cc_number){ 0 };
		return;
	}
	d->original_reason = reason_of(raw, IE_ORIG_CALLED);
	d->count = 2;
}

static void read_sub(const struct ie_msg *raw, uint8_t id, struct cc_sub *s)
{
	struct ie ie;

	if (!ie_find(raw, id, 0, &ie) || ie.len < 2 ||
	    ie.len - 1 > CC_SUB_MAX || !(ie.data[0] & 0x80)) {
		return;
	}
	s->type = ie.data[0] >> 4 & 7;
	s->odd = ie.data[0] >> 3 & 1;
	s->len = (uint8_t)(ie.len - 1);
	memcpy(s->octets, ie.data + 1, s->len);
}

static void read_carrier(const struct ie_msg *raw, char carrier[CC_CARRIER_MAX])
{
	struct ie ie;
	size_t at, i;

	if (!ie_find(raw, IE_TRANSIT, 0, &ie)) {
		return;
	}
	at = ie_group_end(&ie, 0);
	if (!at || ie.len - at >= CC_CARRIER_MAX) {
		return;
	}
	for (i = at; i < ie.len; i++) {
		if (ie.data[i] < '0' || ie.data[i] > '9') {
			return;
		}
	}
	memcpy(carrier, ie.data + at, ie.len - at);
}

void extra_uui(const struct ie_msg *raw, struct cc_uui *uui)
{
	struct ie ie;

	if (raw && ie_find(raw, IE_USER_USER, 0, &ie) && ie.len >= 1 &&
	    ie.len <= CC_UUI_MAX) {
		uui->len = ie.len;
		memcpy(uui->octets, ie.data, ie.len);
	}
}

void extra_read(const struct ie_msg *raw, struct cc_msg *m)
{
	read_divert(raw, m);
	read_sub(raw, IE_CALLED_SUB, &m->extra.called_sub);
	read_sub(raw, IE_CALLING_SUB, &m->extra.calling_sub);
	read_carrier(raw, m->extra.carrier);
	extra_uui(raw, &m->extra.uui);
}

static uint8_t reason_from_pri(int reason)
{
	return reason == LIBPRI_DEFLECTION ? CC_DIVERT_DEFLECTION
	       : reason > 0 && reason <= 15 ? (uint8_t)reason
					    : CC_DIVERT_UNKNOWN;
}

/* divertingLegInformation2 (EN 300 207-1, ECMA-174) says what no element has
 * said, and how often it was. */
static void read_service(const struct pri_party_redirecting *r,
			 struct cc_msg *m)
{
	struct cc_divert *d = &m->extra.divert;

	if (!m->redirecting.valid) {
		setup_party(&r->from.number, &m->redirecting);
		d->reason = reason_from_pri(r->reason);
	}
	if (!m->redirecting.valid) {
		return;
	}
	if (!d->original.valid && r->count > 1) {
		setup_party(&r->orig_called.number, &d->original);
		d->original_reason = reason_from_pri(r->orig_reason);
	}
	if (r->count > d->count) {
		d->count = r->count < CC_DIVERT_MAX ? (uint8_t)r->count
						    : CC_DIVERT_MAX;
	}
}

void extra_service(const struct pri_subcommands *s, struct cc_msg *m)
{
	int i;

	for (i = 0; s && i < s->counter_subcmd; i++) {
		if (s->subcmd[i].cmd == PRI_SUBCMD_REDIRECTING) {
			read_service(&s->subcmd[i].u.redirecting, m);
		}
	}
}

/* --- writing --- */

/* An element on its way into a frame. */
struct element {
	uint8_t id;
	uint8_t len;
	uint8_t data[CC_UUI_MAX];
};

/* Elements stand in ascending order (Q.931 4.5.1), before those of another
 * codeset; of a single octet they may stand anywhere. */
static size_t place_of(const struct ie_msg *m, uint8_t id)
{
	struct ie_walk w;
	struct ie ie;

	ie_walk(&w, m);
	while (ie_next(&w, &ie) > 0) {
		if (ie.codeset || (!(ie.id & 0x80) && ie.id > id)) {
			return ie.at;
		}
	}
	return m->len;
}

/* What does not fit into the frame is left out. */
static void put(uint8_t *frame, size_t *len, const struct element *e)
{
	struct ie_msg m;
	struct lapd f;
	size_t at, n = (size_t)e->len + 2;

	if (lapd_parse(&f, frame, *len) < 0 ||
	    ie_msg_parse(&m, f.info, f.info_len) < 0 ||
	    f.info_len + n > LAPD_N201) {
		return;
	}
	at = (size_t)(m.ies - frame) + place_of(&m, e->id);
	memmove(frame + at + n, frame + at, *len - at);
	frame[at] = e->id;
	frame[at + 1] = e->len;
	memcpy(frame + at + 2, e->data, e->len);
	*len += n;
}

void extra_put_number(uint8_t *frame, size_t *len, uint8_t id,
		      const struct cc_number *n)
{
	struct element e = { .id = id };
	size_t digits = strlen(n->digits);

	if (!n->valid || digits > LIBPRI_DIGITS) {
		return;
	}
	e.data[0] = (uint8_t)(n->type << 4 | n->plan);
	e.data[1] = (uint8_t)(0x80 | n->presentation << 5 | n->screening);
	memcpy(e.data + 2, n->digits, digits);
	e.len = (uint8_t)(digits + 2);
	put(frame, len, &e);
}

static void put_sub(uint8_t *frame, size_t *len, uint8_t id,
		    const struct cc_sub *s)
{
	struct element e = { .id = id };

	if (!s->len) {
		return;
	}
	e.data[0] = (uint8_t)(0x80 | s->type << 4 | s->odd << 3);
	memcpy(e.data + 1, s->octets, s->len);
	e.len = s->len + 1;
	put(frame, len, &e);
}

static void put_carrier(uint8_t *frame, size_t *len, const char *carrier)
{
	struct element e = { .id = IE_TRANSIT };
	size_t n = strlen(carrier);

	if (!n) {
		return;
	}
	e.data[0] = 0x80 | CC_TON_NATIONAL << 4 | PLAN_CARRIER;
	memcpy(e.data + 1, carrier, n);
	e.len = (uint8_t)(n + 1);
	put(frame, len, &e);
}

void extra_put_uui(uint8_t *frame, size_t *len, const struct cc_uui *uui)
{
	struct element e = { .id = IE_USER_USER, .len = uui->len };

	if (uui->len) {
		memcpy(e.data, uui->octets, uui->len);
		put(frame, len, &e);
	}
}

void extra_put(uint8_t *frame, size_t *len, const struct cc_extra *x, bool ni2)
{
	put_sub(frame, len, IE_CALLING_SUB, &x->calling_sub);
	put_sub(frame, len, IE_CALLED_SUB, &x->called_sub);
	if (ni2) { /* EuroISDN does not know the element */
		extra_put_number(frame, len, IE_ORIG_CALLED,
				 &x->divert.original);
	}
	put_carrier(frame, len, x->carrier);
	extra_put_uui(frame, len, &x->uui);
}

int extra_pri_reason(uint8_t reason)
{
	return reason == CC_DIVERT_DEFLECTION ? LIBPRI_DEFLECTION : reason;
}

void extra_patch_reason(uint8_t *frame, size_t len, uint8_t reason)
{
	struct ie_msg m;
	struct lapd f;
	struct ie ie;

	if (lapd_parse(&f, frame, len) == 0 &&
	    ie_msg_parse(&m, f.info, f.info_len) == 0 &&
	    ie_find(&m, IE_REDIRECTING, 0, &ie) && ie_group_end(&ie, 0) == 3) {
		frame[ie.data - frame + 2] = 0x80 | reason;
	}
}
