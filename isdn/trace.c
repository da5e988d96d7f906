/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isdn/trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "gateway/cc.h"
#include "isdn/ie.h"
#include "isdn/lapd.h"

struct text {
	char *buf;
	size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t,
						      const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n > 0) {
		t->len += (size_t)n;
	}
	if (t->len >= t->size) {
		t->len = t->size - 1;
	}
}

static void put_digits(struct text *t, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		put(t, "%c", p[i] > 0x20 && p[i] < 0x7f ? p[i] : '?');
	}
}

static void put_hex(struct text *t, const struct ie *ie)
{
	size_t i;

	for (i = 0; i < ie->len; i++) {
		put(t, "%02x", ie->data[i]);
	}
}

static const char *word(const char *const *names, size_t n, unsigned value)
{
	return value < n && names[value] ? names[value] : "?";
}
#define WORD(names, value) word(names, sizeof(names) / sizeof(*(names)), value)

static const char *const locations[] = {
	"user",		  "private-local",  "public-local",
	"transit",	  "public-remote",  "private-remote",
	NULL,		  "international",  NULL,
	NULL,		  "beyond",
};

static bool put_number(struct text *t, const struct ie *ie)
{
	static const char *const types[] = { "",	    " international",
					     " national",   " network",
					     " subscriber", " type5",
					     " abbreviated", " type7" };
	static const char *const pres[] = { "", " restricted", " unavailable",
					    " pres3" };
	static const char *const screen[] = { "", " verified", " failed",
					      " network" };
	struct ie_number n;

	if (!ie_number(ie, &n)) {
		return false;
	}
	put(t, " ");
	put_digits(t, n.digits, n.n);
	put(t, "%s", WORD(types, n.type));
	if (n.plan > 1) {
		put(t, n.plan == 9 ? " private" : " plan%u", n.plan);
	}
	put(t, "%s", WORD(pres, n.presentation));
	if (n.screening) {
		put(t, "%s%s", WORD(screen, n.screening),
		    n.screening == 3 ? "-provided" : "");
	}
	if (n.reason) {
		put(t, " reason %u", n.reason);
	}
	return true;
}

static bool put_channel(struct text *t, const struct ie *ie)
{
	struct ie_channel c;
	unsigned i, n = 0;

	if (!ie_channel(ie, &c)) {
		return false;
	}
	if (c.other_interface) {
		put(t, " if %u", c.interface);
	}
	if (c.d_channel) {
		put(t, " D");
	}
	if (c.any || c.none) {
		put(t, c.any ? " any" : c.d_channel ? "" : " none");
	} else if (!c.first) {
		put(t, " all");
	} else if (!c.slots) {
		put(t, " %u", c.first);
	}
	for (i = 0; i < 32; i++) {
		if (c.slots & (1u << i)) {
			put(t, n++ ? ",%u" : " %u", i);
		}
	}
	put(t, c.exclusive ? " excl" : " pref");
	return true;
}

static bool put_bearer(struct text *t, const struct ie *ie)
{
	static const char *const names[] = {
		[0x00] = "speech",     [0x08] = "unrestricted",
		[0x09] = "restricted", [0x10] = "3.1 kHz",
		[0x11] = "tones",      [0x18] = "video",
	};
	static const char *const law[] = { [2] = " ulaw", [3] = " alaw" };
	struct ie_bearer b;

	if (!ie_bearer(ie, &b)) {
		return false;
	}
	put(t, " %s", WORD(names, b.capability));
	if (b.mode != 0x10) {
		put(t, " mode 0x%02x", b.mode);
	}
	if (b.layer1) {
		put(t, b.layer1 == 2 || b.layer1 == 3 ? "%s" : " layer1",
		    WORD(law, b.layer1));
	}
	return true;
}

static bool put_cause(struct text *t, const struct ie *ie)
{
	struct ie_cause c;
	unsigned i;

	if (!ie_cause(ie, &c)) {
		return false;
	}
	put(t, " %u", c.value);
	if (cause_name(c.value)[0]) {
		put(t, " (%s)", cause_name(c.value));
	}
	put(t, " loc %s", WORD(locations, c.location));
	if (c.diag_len) {
		put(t, " diag ");
	}
	for (i = 0; i < c.diag_len; i++) {
		put(t, "%02x", c.diag[i]);
	}
	return true;
}

static bool put_progress(struct text *t, const struct ie *ie)
{
	struct ie_progress p;

	if (!ie_progress(ie, &p)) {
		return false;
	}
	put(t, " %u loc %s", p.value, WORD(locations, p.location));
	return true;
}

static bool put_value(struct text *t, const struct ie *ie)
{
	if (!ie->len) {
		return false;
	}
	put(t, " %u", ie->data[0] & 0x7f);
	return true;
}

static bool put_change(struct text *t, const struct ie *ie)
{
	static const char *const words[] = { "in service", "maintenance",
					     "out of service" };

	if (!ie->len) {
		return false;
	}
	put(t, " %s", WORD(words, ie->data[0] & 0x0fu));
	return true;
}

static bool put_state(struct text *t, const struct ie *ie)
{
	if (!ie->len) {
		return false;
	}
	put(t, " %u", ie->data[0] & 0x3f);
	return true;
}

static bool put_string(struct text *t, const struct ie *ie)
{
	size_t at = ie->len && (ie->data[0] & 0x80) ? 1 : 0, i;

	put(t, " \"");
	for (i = at; i < ie->len; i++) {
		put(t, "%c",
		    ie->data[i] >= 0x20 && ie->data[i] < 0x7f ? ie->data[i]
							      : '?');
	}
	put(t, "\"");
	return true;
}

static bool put_octets(struct text *t, const struct ie *ie)
{
	put(t, " ");
	put_hex(t, ie);
	return true;
}

static bool put_nothing(struct text *t, const struct ie *ie)
{
	(void)t;
	(void)ie;
	return true;
}

/* In the order in which they are shown. */
static const struct shown {
	uint8_t id;
	const char *name;
	bool (*put)(struct text *, const struct ie *);
} shown[] = {
	{ IE_CALLED, "called", put_number },
	{ IE_CALLED_SUB, "called sub", put_octets },
	{ IE_CALLING, "calling", put_number },
	{ IE_CALLING_SUB, "calling sub", put_octets },
	{ IE_CONNECTED, "connected", put_number },
	{ IE_CONNECTED_OLD, "connected", put_number },
	{ IE_REDIRECTING, "redirecting", put_number },
	{ IE_ORIG_CALLED, "originally called", put_number },
	{ IE_REDIRECTION, "redirection", put_number },
	{ IE_TRANSIT, "transit", put_octets },
	{ 0x01, "status", put_change },
	{ IE_CHANNEL, "chan", put_channel },
	{ IE_BEARER, "bc", put_bearer },
	{ IE_HLC, "hlc", put_octets },
	{ IE_LLC, "llc", put_octets },
	{ IE_CAUSE, "cause", put_cause },
	{ IE_PROGRESS, "progress", put_progress },
	{ IE_CALL_STATE, "state", put_state },
	{ IE_NOTIFY, "notify", put_value },
	{ IE_RESTART, "restart", put_value },
	{ IE_KEYPAD, "keypad", put_string },
	{ IE_DISPLAY, "display", put_string },
	{ IE_USER_USER, "user-user", put_octets },
	{ IE_FACILITY, "facility", put_octets },
	{ IE_SENDING_COMPLETE, "complete", put_nothing },
};

static bool is_shown(const struct ie *ie)
{
	size_t i;

	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		if (ie->codeset == 0 && shown[i].id == ie->id) {
			return true;
		}
	}
	return false;
}

static void put_ies(struct text *t, const struct ie_msg *m)
{
	struct ie_walk w;
	struct ie ie;
	unsigned nth;
	size_t i;
	int r;

	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		for (nth = 0; ie_find(m, shown[i].id, nth, &ie); nth++) {
			put(t, ", %s", shown[i].name);
			if (!shown[i].put(t, &ie)) {
				put(t, " broken ");
				put_hex(t, &ie);
			}
		}
	}
	ie_walk(&w, m);
	while ((r = ie_next(&w, &ie)) > 0) {
		if (!is_shown(&ie)) {
			put(t, ", ie %u/0x%02x ", ie.codeset, ie.id);
			put_hex(t, &ie);
		}
	}
	if (r < 0) {
		put(t, ", broken after %zu octets", w.at);
	}
}

static const struct {
	uint8_t type;
	const char *name;
} messages[] = {
	{ Q931_ALERTING, "ALERTING" },
	{ Q931_CALL_PROCEEDING, "CALL PROCEEDING" },
	{ Q931_PROGRESS, "PROGRESS" },
	{ Q931_SETUP, "SETUP" },
	{ Q931_CONNECT, "CONNECT" },
	{ Q931_SETUP_ACK, "SETUP ACK" },
	{ Q931_CONNECT_ACK, "CONNECT ACK" },
	{ Q931_DISCONNECT, "DISCONNECT" },
	{ Q931_RESTART, "RESTART" },
	{ Q931_RELEASE, "RELEASE" },
	{ Q931_RESTART_ACK, "RESTART ACK" },
	{ Q931_RELEASE_COMPLETE, "RELEASE COMPLETE" },
	{ Q931_FACILITY, "FACILITY" },
	{ Q931_REGISTER, "REGISTER" },
	{ Q931_NOTIFY, "NOTIFY" },
	{ Q931_STATUS_ENQUIRY, "STATUS ENQUIRY" },
	{ Q931_INFORMATION, "INFORMATION" },
	{ Q931_STATUS, "STATUS" },
	{ 0x20, "USER INFORMATION" },
	{ 0x24, "HOLD" },
	{ 0x28, "HOLD ACK" },
	{ 0x30, "HOLD REJECT" },
	{ 0x31, "RETRIEVE" },
	{ 0x33, "RETRIEVE ACK" },
	{ 0x37, "RETRIEVE REJECT" },
	{ 0x25, "SUSPEND" },
	{ 0x26, "RESUME" },
	{ 0x60, "SEGMENT" },
	{ 0x79, "CONGESTION CONTROL" },
};

#define MESSAGE_NAME 24

/* "SETUP", "RELEASE COMPLETE" ... "message 0x7c" into buf. Returns it. */
static const char *message_name(uint8_t type, char buf[MESSAGE_NAME])
{
	size_t i;

	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (messages[i].type == type) {
			snprintf(buf, MESSAGE_NAME, "%s", messages[i].name);
			return buf;
		}
	}
	snprintf(buf, MESSAGE_NAME, "message 0x%02x", type);
	return buf;
}

/* "SERVICE cref global orig, ..."; 0x43 has the two types the other way. */
static bool put_service(struct text *t, const struct lapd *f)
{
	struct ie_msg m;

	if (ie_service_parse(&m, f->info, f->info_len) < 0 ||
	    (m.type != 0x07 && m.type != 0x0f)) {
		return false;
	}
	put(t, "SERVICE%s cref %s %s",
	    (m.type == 0x07) == (m.pd == 0x03) ? " ACK" : "",
	    m.cref ? "?" : "global", m.flag ? "dest" : "orig");
	put_ies(t, &m);
	return true;
}

static void put_message(struct text *t, const struct lapd *f)
{
	char name[MESSAGE_NAME];
	struct ie_msg m;
	int r = ie_msg_parse(&m, f->info, f->info_len);

	if (r == 0) {
		put(t, "%s", message_name(m.type, name));
		if (m.cref) {
			put(t, " cref 0x%04x", m.cref);
		} else {
			put(t, " cref global");
		}
		put(t, m.flag ? " dest" : " orig");
		put_ies(t, &m);
		return;
	}
	if (put_service(t, f)) {
		return;
	}
	put(t, "%s: ", lapd_kind_name(f->kind));
	if (!f->info_len) {
		put(t, "empty");
	} else if (f->info[0] != 0x08) {
		put(t, "protocol 0x%02x, %zu octets", f->info[0], f->info_len);
	} else if (m.ies) {
		put(t, "%s with a call reference of %u octets",
		    message_name(m.type, name), m.cref_len);
	} else {
		put(t, "cut message of %zu octets", f->info_len);
	}
}

/* Of a response, where the bit is F, not P (Q.921 3.3.2, table 1: the C/R bit
 * of a command is 1 from the network's side and 0 from the user's). */
static bool is_response(const struct lapd *f, bool network)
{
	switch (f->kind) {
	case LAPD_UA:
	case LAPD_DM:
	case LAPD_FRMR:
		return true;
	case LAPD_RR:
	case LAPD_RNR:
	case LAPD_REJ:
	case LAPD_XID:
		return f->cr != network;
	default:
		return false;
	}
}

void trace_text(char *dst, size_t size, const uint8_t *frame, size_t len,
		bool network)
{
	struct text t = { .buf = dst, .size = size };
	struct lapd f;
	int r = lapd_parse(&f, frame, len);

	dst[0] = '\0';
	if (r == -EMSGSIZE || r == -EBADMSG) {
		put(&t, r == -EMSGSIZE ? "cut frame of %zu octets"
				       : "frame with a broken address, "
					 "%zu octets", len);
		return;
	}
	if (f.sapi || f.tei) {
		put(&t, "sapi %u tei %u ", f.sapi, f.tei);
	}
	if (f.kind == LAPD_I || f.kind == LAPD_UI) {
		put_message(&t, &f);
		return;
	}
	put(&t, "%s", lapd_kind_name(f.kind));
	if (f.kind == LAPD_OTHER) {
		put(&t, " control 0x%02x", frame[2]);
	}
	if (f.kind == LAPD_RR || f.kind == LAPD_RNR || f.kind == LAPD_REJ) {
		put(&t, " nr %u", f.nr);
	}
	if (f.pf) {
		put(&t, is_response(&f, network) ? " F" : " P");
	}
	if (r < 0 && f.kind != LAPD_OTHER) {
		put(&t, ", %zu octets too many",
		    len - (f.kind <= LAPD_REJ ? 4u : 3u));
	}
}

bool trace_cref(const uint8_t *frame, size_t len, uint16_t *cref, bool *orig)
{
	struct ie_msg m;
	struct lapd f;

	if (lapd_parse(&f, frame, len) < 0 || f.kind != LAPD_I ||
	    ie_msg_parse(&m, f.info, f.info_len) < 0 || !m.cref) {
		return false;
	}
	*cref = m.cref;
	*orig = !m.flag;
	return true;
}
