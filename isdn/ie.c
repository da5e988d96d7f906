/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isdn/ie.h"

#include <errno.h>

bool ie_is_maintenance(uint8_t pd)
{
	return pd == 0x03 || pd == 0x43;
}

static int parse_msg(struct ie_msg *m, const uint8_t *info, size_t len,
		     bool maintenance)
{
	*m = (struct ie_msg){ 0 };
	if (len < 3) {
		return -EMSGSIZE;
	}
	m->pd = info[0];
	m->cref_len = info[1] & 0x0f;
	if (maintenance ? !ie_is_maintenance(m->pd) : m->pd != 0x08) {
		return -EPROTO;
	}
	if (len < 3u + m->cref_len) {
		return -EMSGSIZE;
	}
	m->type = info[2 + m->cref_len];
	m->ies = info + 3 + m->cref_len;
	m->len = len - 3 - m->cref_len;
	if (m->cref_len != 2 || (info[1] & 0xf0)) {
		return -EINVAL;
	}
	m->flag = info[2] & 0x80;
	m->cref = (uint16_t)((info[2] & 0x7f) << 8 | info[3]);
	return 0;
}

int ie_msg_parse(struct ie_msg *m, const uint8_t *info, size_t len)
{
	return parse_msg(m, info, len, false);
}

int ie_service_parse(struct ie_msg *m, const uint8_t *info, size_t len)
{
	return parse_msg(m, info, len, true);
}

void ie_walk(struct ie_walk *w, const struct ie_msg *m)
{
	*w = (struct ie_walk){ .msg = m };
}

/* Takes a shift before the next element; sets the element's codeset. */
static int take_shift(struct ie_walk *w, uint8_t *codeset)
{
	const uint8_t *p = w->msg->ies;
	uint8_t to;

	*codeset = w->locked;
	if (w->at == w->msg->len || (p[w->at] & 0xf0) != 0x90) {
		return 0;
	}
	to = p[w->at] & 7;
	*codeset = to;
	if (p[w->at++] & 8) {
		/* non-locking: must have its element */
		if (w->at == w->msg->len) {
			return -EPROTO;
		}
	} else if (to <= w->locked) {
		return -EPROTO; /* only upwards, Q.931 4.5.3 */
	} else {
		w->locked = to;
	}
	/* two in a row say nothing that one does not */
	if (w->at < w->msg->len && (p[w->at] & 0xf0) == 0x90) {
		return -EPROTO;
	}
	return 0;
}

int ie_next(struct ie_walk *w, struct ie *ie)
{
	const uint8_t *p = w->msg->ies;
	size_t left, start = w->at;
	int r;

	*ie = (struct ie){ 0 };
	r = take_shift(w, &ie->codeset);
	if (r) {
		return r;
	}
	left = w->msg->len - w->at;
	if (!left) {
		return 0;
	}
	/* A locking shift stays when its first element is taken out. */
	ie->at = ie->codeset == w->locked ? w->at : start;
	ie->id = p[w->at];
	ie->data = p + w->at;
	if (ie->id & 0x80) {
		w->at++;
	} else {
		if (left < 2 || left < 2u + p[w->at + 1]) {
			return -EMSGSIZE;
		}
		ie->len = p[w->at + 1];
		ie->data = p + w->at + 2;
		w->at += 2u + ie->len;
	}
	ie->size = w->at - ie->at;
	return 1;
}

bool ie_find(const struct ie_msg *m, uint8_t id, unsigned nth, struct ie *ie)
{
	struct ie_walk w;

	ie_walk(&w, m);
	while (ie_next(&w, ie) > 0) {
		if (ie->codeset == 0 && ie->id == id && nth-- == 0) {
			return true;
		}
	}
	return false;
}

size_t ie_group_end(const struct ie *ie, size_t at)
{
	while (at < ie->len) {
		if (ie->data[at++] & 0x80) {
			return at;
		}
	}
	return 0;
}

bool ie_number(const struct ie *ie, struct ie_number *n)
{
	size_t end = ie_group_end(ie, 0);

	*n = (struct ie_number){ 0 };
	if (!end) {
		return false;
	}
	n->type = (ie->data[0] >> 4) & 7;
	n->plan = ie->data[0] & 0x0f;
	if (end > 1) {
		n->presentation = (ie->data[1] >> 5) & 3;
		n->screening = ie->data[1] & 3;
	}
	if (end > 2) {
		n->reason = ie->data[2] & 0x0f;
	}
	n->digits = ie->data + end;
	n->n = (uint8_t)(ie->len - end);
	return true;
}

bool ie_cause(const struct ie *ie, struct ie_cause *c)
{
	size_t end = ie_group_end(ie, 0);

	*c = (struct ie_cause){ 0 };
	if (!end || end >= ie->len) {
		return false;
	}
	c->coding = (ie->data[0] >> 5) & 3;
	c->location = ie->data[0] & 0x0f;
	c->value = ie->data[end] & 0x7f;
	c->diag = ie->data + end + 1;
	c->diag_len = (uint8_t)(ie->len - end - 1);
	return true;
}

/* Octets 3.3 that name channels by number; the last one has bit 8 set. */
static void channel_list(const struct ie *ie, size_t at, struct ie_channel *c)
{
	for (; at < ie->len; at++) {
		uint8_t slot = ie->data[at] & 0x7f;

		if (!c->first) {
			c->first = slot;
		}
		if (slot < 32) {
			c->slots |= 1u << slot;
		}
		if (ie->data[at] & 0x80) {
			break;
		}
	}
}

/* Octets 3.3 as a slot map: four for E1 (slot 31 first), three for T1. */
static void channel_map(const struct ie *ie, size_t at, struct ie_channel *c)
{
	unsigned n = (unsigned)(ie->len - at), i;
	uint32_t map = 0;

	for (i = 0; i < n && i < 4; i++) {
		map = map << 8 | ie->data[at + i];
	}
	c->slots = n < 4 ? map << 1 : map;
	for (i = 1; i < 32 && !c->first; i++) {
		if (c->slots & (1u << i)) {
			c->first = (uint8_t)i;
		}
	}
}

bool ie_channel(const struct ie *ie, struct ie_channel *c)
{
	size_t at = 1;

	*c = (struct ie_channel){ 0 };
	if (ie->len < 1) {
		return false;
	}
	c->exclusive = ie->data[0] & 0x08;
	c->d_channel = ie->data[0] & 0x04;
	c->any = (ie->data[0] & 3) == 3;
	c->none = (ie->data[0] & 3) == 0;
	if (ie->data[0] & 0x40) {
		at = ie_group_end(ie, 1);
		if (!at) {
			return false;
		}
		c->other_interface = true;
		c->interface = ie->data[1] & 0x7f;
	}
	if (!(ie->data[0] & 0x20)) {
		/* basic rate: B1 or B2 stands in octet 3 */
		c->first = c->any ? 0 : ie->data[0] & 3;
		c->slots = c->first ? 1u << c->first : 0;
		return true;
	}
	if ((ie->data[0] & 3) != 1) {
		return (ie->data[0] & 3) != 2;
	}
	if (at >= ie->len) {
		return c->other_interface; /* the whole interface */
	}
	if (at + 2 > ie->len || (ie->data[at] & 0x6f) != 0x03) {
		return false; /* not B channels in ITU-T coding */
	}
	if (ie->data[at] & 0x10) {
		channel_map(ie, at + 1, c);
	} else {
		channel_list(ie, at + 1, c);
	}
	return true;
}

bool ie_bearer(const struct ie *ie, struct ie_bearer *b)
{
	size_t at, rate;

	*b = (struct ie_bearer){ 0 };
	at = ie_group_end(ie, 0);
	rate = at;
	if (!at || at >= ie->len) {
		return false;
	}
	b->coding = (ie->data[0] >> 5) & 3;
	b->capability = ie->data[0] & 0x1f;
	b->mode = ie->data[at] & 0x7f;
	at = ie_group_end(ie, rate);
	if (at && (b->mode & 0x1f) == 0x18) {
		at = at < ie->len ? at + 1 : 0; /* octet 4.1: multirate */
	}
	if (!at) {
		return false;
	}
	if (at < ie->len && (ie->data[at] & 0x60) == 0x20) {
		b->layer1 = ie->data[at] & 0x1f;
	}
	return true;
}

bool ie_progress(const struct ie *ie, struct ie_progress *p)
{
	*p = (struct ie_progress){ 0 };
	if (ie->len < 2) {
		return false;
	}
	p->coding = (ie->data[0] >> 5) & 3;
	p->location = ie->data[0] & 0x0f;
	p->value = ie->data[1] & 0x7f;
	return true;
}
