/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isdn/gate.h"

#include <errno.h>
#include <string.h>

enum group { G_NONE, G_FIRST, G_CAUSE, G_CHANNEL, G_BEARER };

/* What libpri takes for granted. Elements that are not here it either does
 * not read or reads by their length. */
static const struct rule {
	uint8_t codeset, id;
	uint8_t min; /* octets of contents */
	uint8_t group;
} rules[] = {
	{ 0, 0x01, 1, G_NONE },	 { 0, IE_BEARER, 2, G_BEARER },
	{ 0, IE_CAUSE, 2, G_CAUSE },
	{ 0, IE_CONNECTED_OLD, 1, G_FIRST },
	{ 0, IE_CALL_STATE, 1, G_NONE },
	{ 0, IE_CHANNEL, 1, G_CHANNEL },
	{ 0, IE_FACILITY, 2, G_NONE },
	{ 0, IE_PROGRESS, 2, G_NONE },
	{ 0, IE_NOTIFY, 1, G_NONE },
	{ 0, IE_DISPLAY, 1, G_NONE },
	{ 0, IE_DATE, 1, G_NONE },
	{ 0, IE_KEYPAD, 1, G_NONE },
	{ 0, IE_SIGNAL, 1, G_NONE },
	{ 0, IE_REVERSE_CHARGE, 1, G_NONE },
	{ 0, IE_CONNECTED, 1, G_FIRST },
	{ 0, IE_CONNECTED_SUB, 1, G_FIRST },
	{ 0, IE_CALLING, 1, G_FIRST },
	{ 0, IE_CALLING_SUB, 1, G_FIRST },
	{ 0, IE_CALLED, 1, G_FIRST },
	{ 0, IE_CALLED_SUB, 1, G_FIRST },
	{ 0, IE_ORIG_CALLED, 1, G_FIRST },
	{ 0, IE_REDIRECTING, 1, G_FIRST },
	{ 0, 0x75, 1, G_FIRST }, { 0, IE_REDIRECTION, 1, G_FIRST },
	{ 0, 0x77, 1, G_FIRST }, { 0, IE_TRANSIT, 1, G_FIRST },
	{ 0, IE_RESTART, 1, G_NONE },
	{ 0, IE_LLC, 2, G_NONE },
	{ 0, IE_HLC, 2, G_NONE },
	{ 0, IE_USER_USER, 1, G_NONE },
	{ 6, 0x01, 1, G_NONE },	 { 6, IE_FACILITY, 2, G_NONE },
	{ 6, IE_DISPLAY, 1, G_NONE },
	{ 6, 0x37, 1, G_NONE },
};

static enum gate_fault check_group(const struct ie *ie, enum group group)
{
	struct ie_channel channel;
	struct ie_bearer bearer;
	struct ie_cause cause;
	bool ok = true;

	switch (group) {
	case G_NONE:
		break;
	case G_FIRST:
		ok = ie_group_end(ie, 0) != 0;
		break;
	case G_CAUSE:
		/* libpri knows at most one octet 3a */
		ok = ie_cause(ie, &cause) && ie_group_end(ie, 0) <= 2;
		break;
	case G_CHANNEL:
		ok = ie_channel(ie, &channel);
		break;
	case G_BEARER:
		/* libpri takes the second octet for octet 4 */
		ok = ie_bearer(ie, &bearer) && ie_group_end(ie, 0) == 1;
		break;
	}
	return ok ? GATE_OK : GATE_IE_GROUP;
}

static enum gate_fault check_ie(const struct ie *ie)
{
	size_t i;

	if (ie->id & 0x80) {
		return GATE_OK;
	}
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *r = &rules[i];

		if (r->codeset == ie->codeset && r->id == ie->id) {
			return ie->len < r->min ? GATE_IE_SHORT
						: check_group(ie, r->group);
		}
	}
	return GATE_OK;
}

/* The message with its faulty elements cut out, to dst; its new length. */
static size_t copy_ies(const struct ie_msg *m, uint8_t *dst,
		       struct gate_result *r)
{
	enum gate_fault fault;
	struct ie_walk w;
	size_t n = 0, from = 0;
	struct ie ie;
	int more;

	ie_walk(&w, m);
	while ((more = ie_next(&w, &ie)) > 0) {
		fault = check_ie(&ie);
		if (!fault) {
			continue;
		}
		memcpy(dst + n, m->ies + from, ie.at - from);
		n += ie.at - from;
		from = ie.at + ie.size;
		if (r->action == GATE_PASS) {
			*r = (struct gate_result){ GATE_TRIM, fault, ie.id, 0 };
		}
	}
	if (more < 0) {
		r->action = GATE_EMPTY;
		r->fault = more == -EPROTO ? GATE_SHIFT : GATE_IE_END;
		r->ie = ie.id;
		return 0;
	}
	memcpy(dst + n, m->ies + from, m->len - from);
	return n + m->len - from;
}

/* STATUS with call state null tells that nothing is left to clear. */
static bool is_null_status(const struct ie_msg *m)
{
	struct ie ie;

	return m->type == Q931_STATUS && ie_find(m, IE_CALL_STATE, 0, &ie) &&
	       ie.len >= 1 && (ie.data[0] & 0x3f) == 0;
}

/* Q.931 5.8.3: do message and call reference go together? */
static enum gate_fault check_cref(const struct gate *g, const struct ie_msg *m)
{
	bool restart = m->type == Q931_RESTART || m->type == Q931_RESTART_ACK;

	if (m->cref == 0) {
		if (!restart && m->type != Q931_STATUS) {
			return GATE_CREF_GLOBAL;
		}
		return restart && m->flag != (m->type == Q931_RESTART_ACK)
			       ? GATE_CREF_FLAG
			       : GATE_OK;
	}
	if (restart) {
		return GATE_CREF_GLOBAL;
	}
	if ((m->type == Q931_SETUP || m->type == Q931_REGISTER) && m->flag) {
		return GATE_CREF_FLAG;
	}
	if (!g->is_known) {
		return GATE_OK;
	}
	if (g->is_known(g, m->cref, m->flag)) {
		return m->type == Q931_SETUP || m->type == Q931_REGISTER
			       ? GATE_CREF_USED
			       : GATE_OK;
	}
	switch (m->type) {
	case Q931_SETUP:
	case Q931_REGISTER:
	case Q931_RELEASE:
	case Q931_RELEASE_COMPLETE:
	case Q931_STATUS_ENQUIRY:
		return GATE_OK;
	case Q931_STATUS:
		return is_null_status(m) ? GATE_CREF_UNKNOWN : GATE_OK;
	default:
		return GATE_CREF_UNKNOWN;
	}
}

static enum gate_fault header_fault(int r)
{
	return r == -EPROTO ? GATE_PROTOCOL
			    : r == -EINVAL ? GATE_CREF_LENGTH : GATE_HEADER;
}

/* Layer 3 of an I frame to out; its length. */
static size_t check_message(const struct gate *g, const struct lapd *f,
			    uint8_t *out, struct gate_result *r)
{
	struct ie_msg m;
	int parse = ie_msg_parse(&m, f->info, f->info_len);
	size_t head, n;

	if (g->maintenance && f->info_len && ie_is_maintenance(f->info[0])) {
		r->action = GATE_TAKE;
		return 0;
	}
	if (parse < 0) {
		r->action = GATE_EMPTY;
		r->fault = header_fault(parse);
		return 0;
	}
	r->fault = g->standby && g->standby(g) ? GATE_STANDBY
					       : check_cref(g, &m);
	if (!r->fault && g->restart && m.type == Q931_RESTART) {
		r->cause = g->restart(g, &m);
		r->fault = r->cause ? GATE_RESTART : GATE_OK;
	}
	head = (size_t)(m.ies - f->info);
	memcpy(out, f->info, head);
	if (r->fault) {
		r->action = GATE_EMPTY;
		if (r->fault == GATE_CREF_UNKNOWN && m.type != Q931_STATUS) {
			out[head - 1] = Q931_INFORMATION;
			return head;
		}
		return 0;
	}
	n = copy_ies(&m, out + head, r);
	return r->action == GATE_EMPTY ? 0 : head + n;
}

static struct gate_result check_frame(const struct gate *g,
				      const uint8_t *frame, size_t len,
				      uint8_t *out, size_t *out_len)
{
	struct gate_result r = { GATE_DROP, GATE_OK, 0, 0 };
	struct lapd f;
	int parse = lapd_parse(&f, frame, len);
	size_t head, n;

	*out_len = 0;
	if (parse == -EMSGSIZE || parse == -EBADMSG || f.sapi || f.tei) {
		r.fault = parse == -EMSGSIZE ? GATE_SHORT : GATE_ADDRESS;
		return r;
	}
	if (parse < 0 || f.kind == LAPD_UI || f.kind == LAPD_XID) {
		r.fault = GATE_CONTROL;
		return r;
	}
	if (len > GATE_FRAME) {
		r.fault = GATE_LONG;
		return r;
	}
	r.action = GATE_PASS;
	head = f.info ? (size_t)(f.info - frame) : len;
	memcpy(out, frame, head);
	if (f.kind != LAPD_I) {
		memcpy(out + head, frame + head, len - head);
		*out_len = len;
		return r;
	}
	if (f.info_len > LAPD_N201) {
		r = (struct gate_result){ GATE_EMPTY, GATE_LONG, 0, 0 };
		n = 0;
	} else {
		n = check_message(g, &f, out + head, &r);
	}
	*out_len = head + n;
	return r;
}

struct gate_result gate_frame(struct gate *g, const uint8_t *frame, size_t len,
			      uint8_t out[GATE_FRAME], size_t *out_len)
{
	struct gate_result r = check_frame(g, frame, len, out, out_len);

	g->faults[r.fault]++;
	g->dropped += r.action == GATE_DROP;
	g->emptied += r.action == GATE_EMPTY;
	g->trimmed += r.action == GATE_TRIM;
	return r;
}

static const char *const texts[GATE_FAULTS][2] = {
	[GATE_OK] = { "ok", "no fault" },
	[GATE_SHORT] = { "short", "frame ends inside its header" },
	[GATE_LONG] = { "long", "information field over 260 octets" },
	[GATE_ADDRESS] = { "address", "address is not SAPI 0, TEI 0" },
	[GATE_CONTROL] = { "control", "control field not used on a PRI" },
	[GATE_PROTOCOL] = { "protocol", "protocol discriminator is not 0x08" },
	[GATE_CREF_LENGTH] = { "cref_length",
			       "call reference is not two octets long" },
	[GATE_CREF_GLOBAL] = { "cref_global",
			       "message does not fit the call reference" },
	[GATE_CREF_FLAG] = { "cref_flag", "call reference flag is wrong" },
	[GATE_CREF_USED] = { "cref_used", "call reference is in use" },
	[GATE_CREF_UNKNOWN] = { "cref_unknown", "no such call" },
	[GATE_HEADER] = { "header", "message ends before its type" },
	[GATE_SHIFT] = { "shift", "codeset shift is not allowed" },
	[GATE_IE_END] = { "ie_end", "element runs past the message" },
	[GATE_IE_SHORT] = { "ie_short", "element is too short" },
	[GATE_IE_GROUP] = { "ie_group", "element has a broken octet group" },
	[GATE_RESTART] = { "restart", "there is nothing of that to restart" },
	[GATE_STANDBY] = { "standby", "this D channel is in standby" },
};

const char *gate_fault_text(enum gate_fault fault)
{
	return fault < GATE_FAULTS ? texts[fault][1] : "?";
}

const char *gate_fault_name(enum gate_fault fault)
{
	return fault < GATE_FAULTS ? texts[fault][0] : "?";
}
