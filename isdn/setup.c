/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SETUP and the other messages that carry numbers: from elements to cc_msg
 * (read by us from the frame: libpri keeps one calling number only, and no
 * presentation of the rest), and from cc_msg to libpri's request.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/str.h"
#include "isdn/extra.h"
#include "isdn/name.h"

#define LIBPRI_DIGITS 31 /* of a number that libpri sends */

/* Transfer capability and mode -> bearer; the values of Q.931 4.5.5. */
static uint8_t read_bearer(const struct ie_msg *raw, uint8_t *bearer)
{
	struct ie_bearer b;
	struct ie ie;

	*bearer = CC_BEARER_OTHER;
	if (!ie_find(raw, IE_BEARER, 0, &ie) || !ie_bearer(&ie, &b) ||
	    b.coding != 0) {
		return CAUSE_BEARER_NOT_IMPLEMENTED;
	}
	switch (b.capability) {
	case PRI_TRANS_CAP_SPEECH:
		*bearer = CC_BEARER_SPEECH;
		break;
	case PRI_TRANS_CAP_3_1K_AUDIO:
		*bearer = CC_BEARER_AUDIO_31;
		break;
	case PRI_TRANS_CAP_DIGITAL:
		*bearer = CC_BEARER_UNRESTRICTED;
		break;
	case PRI_TRANS_CAP_RESTRICTED_DIGITAL:
		*bearer = CC_BEARER_RESTRICTED;
		break;
	case PRI_TRANS_CAP_VIDEO:
		*bearer = CC_BEARER_VIDEO;
		return CAUSE_BEARER_NOT_IMPLEMENTED;
	default:
		return CAUSE_BEARER_NOT_IMPLEMENTED;
	}
	/* 64 kbit/s circuit mode; 2 x 64 and more need several channels */
	return b.mode == 0x10 ? 0 : CAUSE_BEARER_NOT_IMPLEMENTED;
}

static bool take_digits(char dst[CC_DIGITS_MAX], const uint8_t *src, size_t n)
{
	size_t i;

	if (n >= CC_DIGITS_MAX) {
		return false;
	}
	for (i = 0; i < n; i++) {
		char c = (char)(src[i] & 0x7f);

		if (!memchr("0123456789*#", c, 12)) {
			return false;
		}
		dst[i] = c;
	}
	dst[n] = '\0';
	return true;
}

void setup_number(const struct ie_msg *raw, uint8_t id, unsigned nth,
		  struct cc_number *n)
{
	struct ie_number number;
	struct ie ie;

	*n = (struct cc_number){ 0 };
	if (!ie_find(raw, id, nth, &ie) || !ie_number(&ie, &number)) {
		return;
	}
	if (!take_digits(n->digits, number.digits, number.n)) {
		*n = (struct cc_number){ 0 };
		return;
	}
	n->valid = 1;
	n->type = number.type;
	n->plan = number.plan;
	/* 3 is reserved: rather hide a number than show it */
	n->presentation = number.presentation == 3 ? CC_PRES_RESTRICTED
						   : number.presentation;
	n->screening = number.screening;
}

void setup_party(const struct pri_party_number *p, struct cc_number *n)
{
	size_t len = strnlen(p->str, sizeof(p->str));

	*n = (struct cc_number){ 0 };
	if (!p->valid || !take_digits(n->digits, (const uint8_t *)p->str, len)) {
		*n = (struct cc_number){ 0 };
		return;
	}
	n->valid = 1;
	n->type = p->plan >> 4 & 7;
	n->plan = p->plan & 0x0f;
	n->presentation = p->presentation >> 5 & 3;
	if (n->presentation == 3) {
		n->presentation = CC_PRES_RESTRICTED;
	}
	n->screening = p->presentation & 3;
}

/* Two calling numbers come in any order; the screening tells which is
 * which: 3 is the network's own, the other the caller's wish. */
static void read_callers(const struct ie_msg *raw, struct cc_msg *m)
{
	struct cc_number second;

	setup_number(raw, IE_CALLING, 0, &m->calling);
	setup_number(raw, IE_CALLING, 1, &second);
	if (!second.valid) {
		return;
	}
	if (!m->calling.valid) {
		m->calling = second;
	} else if (m->calling.screening == CC_SCREEN_NETWORK) {
		m->asserted = m->calling;
		m->calling = second;
	} else {
		m->asserted = second;
	}
}

uint8_t setup_progress(const struct ie_msg *raw)
{
	struct ie_progress p;
	uint8_t bits = 0;
	unsigned nth;
	struct ie ie;

	for (nth = 0; raw && ie_find(raw, IE_PROGRESS, nth, &ie); nth++) {
		if (!ie_progress(&ie, &p) || p.coding != 0) {
			continue;
		}
		if (p.value == 1 || p.value == 8) {
			bits |= CC_PROG_INBAND;
		} else if (p.value == 2) {
			bits |= CC_PROG_NON_ISDN_DEST;
		} else if (p.value == 3) {
			bits |= CC_PROG_NON_ISDN_ORIG;
		}
	}
	return bits;
}

uint8_t setup_read(const struct isdn *isdn, const struct ie_msg *raw,
		   struct cc_msg *m)
{
	uint8_t cause = read_bearer(raw, &m->bearer);
	struct ie ie;

	setup_number(raw, IE_CALLED, 0, &m->called);
	if (!cause && !m->called.valid && ie_find(raw, IE_CALLED, 0, &ie)) {
		cause = CAUSE_INVALID_NUMBER;
	}
	read_callers(raw, m);
	setup_number(raw, IE_REDIRECTING, 0, &m->redirecting);
	extra_read(raw, m);
	name_read(raw, m->name);
	m->progress = setup_progress(raw);
	/* NI2 knows no overlap sending */
	m->complete = isdn_ni2(isdn) ||
		      ie_find(raw, IE_SENDING_COMPLETE, 0, &ie);
	return cause;
}

static int pri_plan(const struct cc_number *n)
{
	return n->type << 4 | n->plan;
}

static void fill_number(struct pri_party_number *dst,
			const struct cc_number *src)
{
	dst->valid = 1;
	dst->plan = pri_plan(src);
	dst->presentation = src->presentation << 5 | src->screening;
	str_copy(dst->str, LIBPRI_DIGITS + 1, src->digits);
}

/* UTF-8 to ISO 8859-1; what is not in there becomes '?'. */
static void latin1(char *dst, size_t size, const char *utf8)
{
	const uint8_t *s = (const uint8_t *)utf8;
	size_t n = 0;

	while (*s && n + 1 < size) {
		if (*s < 0x80) {
			dst[n++] = (char)(*s >= 0x20 && *s < 0x7f ? *s : '?');
			s++;
			continue;
		}
		if ((*s == 0xc2 || *s == 0xc3) && (s[1] & 0xc0) == 0x80) {
			dst[n++] = (char)((*s & 3) << 6 | (s[1] & 0x3f));
		} else {
			dst[n++] = '?';
		}
		for (s++; (*s & 0xc0) == 0x80; s++) {
		}
	}
	dst[n] = '\0';
}

static void set_caller(struct pri_sr *sr, const struct cc_msg *m)
{
	const struct cc_number *n = m->calling.valid ? &m->calling
						     : &m->asserted;
	struct pri_party_id caller = { 0 };

	if (!n->valid) {
		return;
	}
	fill_number(&caller.number, n);
	if (m->name[0] && n->presentation == CC_PRES_ALLOWED) {
		caller.name.valid = 1;
		caller.name.presentation = PRI_PRES_ALLOWED;
		caller.name.char_set = PRI_CHAR_SET_ISO8859_1;
		latin1(caller.name.str, 35, m->name);
	}
	pri_sr_set_caller_party(sr, &caller);
}

static void set_redirecting(struct pri_sr *sr, const struct cc_msg *m)
{
	const struct cc_divert *d = &m->extra.divert;
	struct pri_party_redirecting r = { .count = d->count ? d->count : 1 };

	if (m->redirecting.valid) {
		fill_number(&r.from.number, &m->redirecting);
		r.reason = extra_pri_reason(d->reason);
		if (d->original.valid) {
			fill_number(&r.orig_called.number, &d->original);
			r.orig_reason = extra_pri_reason(d->original_reason);
		}
		pri_sr_set_redirecting_parties(sr, &r);
	}
}

static int capability(uint8_t bearer)
{
	switch (bearer) {
	case CC_BEARER_SPEECH:
		return PRI_TRANS_CAP_SPEECH;
	case CC_BEARER_UNRESTRICTED:
		return PRI_TRANS_CAP_DIGITAL;
	case CC_BEARER_RESTRICTED:
		return PRI_TRANS_CAP_RESTRICTED_DIGITAL;
	default:
		return PRI_TRANS_CAP_3_1K_AUDIO;
	}
}

int setup_send(struct isdn *isdn, struct leg *l)
{
	const struct conf_span *span = &isdn->conf.span;
	struct cc_msg *m = l->setup;
	struct pri_sr *sr;
	int r;

	if (strlen(m->called.digits) > LIBPRI_DIGITS) {
		return -EMSGSIZE;
	}
	sr = pri_sr_new();
	l->call = pri_new_call(isdn_pri(isdn));
	if (!sr || !l->call) {
		pri_sr_free(sr);
		return -ENOMEM;
	}
	l->s.cref = dchan_cref(&isdn->active->chan, l->call);
	l->s.ours = 1;
	l->s.exclusive = span->isdn.exclusive || m->channel;
	/* libpri: progress 3 goes out on NI2 only, as is usual */
	pri_sr_set_channel(sr, number_for_pri(isdn, l->s.number),
			   l->s.exclusive,
			   m->progress & CC_PROG_NON_ISDN_ORIG);
	pri_sr_set_bearer(sr, capability(m->bearer),
			  span->law == CONF_ULAW ? PRI_LAYER_1_ULAW
						 : PRI_LAYER_1_ALAW);
	pri_sr_set_called(sr, m->called.digits, pri_plan(&m->called),
			  m->complete);
	set_caller(sr, m);
	set_redirecting(sr, m);
	r = pri_setup(isdn_pri(isdn), l->call, sr);
	pri_sr_free(sr);
	return r ? -EIO : 0;
}

void setup_connected(struct isdn *isdn, struct leg *l, const struct cc_msg *m)
{
	struct pri_party_connected_line line = { 0 };

	if (m->connected.valid &&
	    strlen(m->connected.digits) <= LIBPRI_DIGITS) {
		fill_number(&line.id.number, &m->connected);
		pri_connected_line_update(isdn_pri(isdn), l->call, &line);
	}
}
