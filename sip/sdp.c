/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/sdp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/base/str.h"

#define CLOCK_RATE  8000
#define SDP_DYNAMIC 96 /* the first payload type without a meaning of its own */

/* A piece of a line. */
struct text {
	const char *p, *end;
};

struct reader {
	struct sdp *sdp;
	struct sdp_media *media; /* NULL: session level */
	struct net_addr rtp;	 /* of the session */
	uint8_t dir;
	unsigned lines;
};

static size_t left(const struct text *t)
{
	return (size_t)(t->end - t->p);
}

static bool is_text(const struct text *t, const char *word)
{
	return left(t) == strlen(word) && strncasecmp(t->p, word, left(t)) == 0;
}

/* Takes what stands before the next c (or all) off the front. */
static struct text cut(struct text *t, char c)
{
	struct text head = *t;

	while (t->p < t->end && *t->p != c)
		t->p++;
	head.end = t->p;
	if (t->p < t->end)
		t->p++;
	return head;
}

/* Words are separated by blanks, in practice sometimes several. */
static struct text cut_word(struct text *t)
{
	while (t->p < t->end && *t->p == ' ')
		t->p++;
	return cut(t, ' ');
}

/* Decimal digits only, at most max; -1 otherwise. */
static long number(const struct text *t, long max)
{
	const char *p;
	long n = 0;

	if (t->p == t->end)
		return -1;
	for (p = t->p; p < t->end; p++) {
		if (*p < '0' || *p > '9')
			return -1;
		n = n * 10 + (*p - '0');
		if (n > max)
			return -1;
	}
	return n;
}

static enum sdp_kind static_kind(long pt)
{
	return pt == 0 ? SDP_PCMU : pt == 8 ? SDP_PCMA : SDP_OTHER;
}

/* Others have numbers of codecs that we never have. */
static bool may_be_ours(long pt)
{
	return static_kind(pt) != SDP_OTHER || pt >= SDP_DYNAMIC;
}

static void add_format(struct sdp_media *m, long pt)
{
	if (!may_be_ours(pt) || m->n_formats == SDP_FORMATS)
		return;
	m->format[m->n_formats].pt = (uint8_t)pt;
	m->format[m->n_formats++].kind = (uint8_t)static_kind(pt);
}

static void on_formats(struct sdp_media *m, struct text t)
{
	size_t used = 0;

	for (;;) {
		struct text word = cut_word(&t);
		size_t n = left(&word);

		if (n == 0)
			break;
		if (used + n + 1 < sizeof(m->formats)) {
			if (used)
				m->formats[used++] = ' ';
			memcpy(m->formats + used, word.p, n);
			used += n;
		}
		add_format(m, number(&word, 127));
	}
	m->formats[used] = '\0';
}

/* A refused line is echoed in the answer: nothing odd may be in it. */
static bool is_printable(const struct text *t)
{
	const char *p;

	for (p = t->p; p < t->end; p++) {
		if (*p < 0x20 || *p > 0x7e)
			return false;
	}
	return true;
}

/* m=audio 49170[/2] RTP/AVP 8 0 101 */
static int on_media(struct reader *r, struct text t)
{
	bool printable = is_printable(&t);
	struct text type = cut_word(&t), port = cut_word(&t),
		    proto = cut_word(&t), base = cut(&port, '/');
	struct sdp_media *m;
	long n;

	n = number(&base, 65535);
	if (!printable || n < 0 || left(&type) == 0 || left(&proto) == 0)
		return -EBADMSG;
	if (r->sdp->n_media == SDP_MEDIA)
		return -E2BIG;
	m = &r->sdp->media[r->sdp->n_media++];
	r->media = m;
	if (!str_copy_n(m->type, sizeof(m->type), type.p, left(&type)) ||
	    !str_copy_n(m->proto, sizeof(m->proto), proto.p, left(&proto)))
		return -E2BIG;
	m->rtp = r->rtp;
	m->rtp.port = (uint16_t)n;
	m->dir = r->dir;
	on_formats(m, t);
	return m->formats[0] ? 0 : -EBADMSG;
}

/* c=IN IP4 192.0.2.1; a name or a multicast address leaves none. */
static int on_connection(struct reader *r, struct text t)
{
	struct text net = cut_word(&t), type = cut_word(&t),
		    addr = cut_word(&t);
	struct net_addr *to = r->media ? &r->media->rtp : &r->rtp;
	uint16_t port = to->port;
	char buf[NET_STR_MAX];
	uint8_t family;

	if (!is_text(&net, "IN") || left(&addr) == 0)
		return -EBADMSG;
	family = is_text(&type, "IP4") ? 4 : is_text(&type, "IP6") ? 6 : 0;
	memset(to, 0, sizeof(*to));
	if (str_copy_n(buf, sizeof(buf), addr.p, left(&addr)) &&
	    (net_parse(to, buf) < 0 || to->family != family || to->port))
		memset(to, 0, sizeof(*to));
	to->port = port;
	return 0;
}

/* RFC 4040, and what it was called before. */
static bool is_clear(const struct text *name)
{
	static const char *const names[] = {"CLEARMODE", "X-CCD", "CCD",
					    "G.Clear", "X-CLEAR-CHANNEL"};
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_text(name, names[i]))
			return true;
	}
	return false;
}

/* a=rtpmap:101 telephone-event/8000 */
static void on_rtpmap(struct sdp_media *m, struct text t)
{
	struct text word = cut_word(&t), coding = cut_word(&t),
		    name = cut(&coding, '/'), clock = cut(&coding, '/');
	enum sdp_kind kind = SDP_OTHER;
	long pt = number(&word, 127);
	unsigned i;

	if (is_text(&name, "PCMU"))
		kind = SDP_PCMU;
	else if (is_text(&name, "PCMA"))
		kind = SDP_PCMA;
	else if (is_text(&name, "telephone-event"))
		kind = SDP_EVENT;
	else if (is_clear(&name))
		kind = SDP_CLEAR;
	if (number(&clock, 1000000) != CLOCK_RATE)
		kind = SDP_OTHER;
	for (i = 0; i < m->n_formats; i++) {
		if (m->format[i].pt == pt)
			m->format[i].kind = (uint8_t)kind;
	}
}

static uint16_t milliseconds(struct text t)
{
	struct text whole = cut(&t, '.');
	long n = number(&whole, 10000);

	return n > 0 ? (uint16_t)n : 0;
}

static void on_attribute(struct reader *r, struct text t)
{
	static const struct {
		const char *name;
		uint8_t dir;
	} dirs[] = {{"sendrecv", SDP_BOTH},
		    {"sendonly", SDP_SEND},
		    {"recvonly", SDP_RECV},
		    {"inactive", 0}};
	struct text name = cut(&t, ':');
	unsigned i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (is_text(&name, dirs[i].name))
			*(r->media ? &r->media->dir : &r->dir) = dirs[i].dir;
	}
	if (!r->media)
		return;
	if (is_text(&name, "rtpmap"))
		on_rtpmap(r->media, t);
	else if (is_text(&name, "ptime"))
		r->media->ptime_ms = milliseconds(t);
	else if (is_text(&name, "maxptime"))
		r->media->maxptime_ms = milliseconds(t);
}

static int on_line(struct reader *r, struct text t)
{
	char type;

	if (left(&t) == 0)
		return 0;
	if (++r->lines > SDP_LINES)
		return -E2BIG;
	if (left(&t) < 2 || t.p[1] != '=' || *t.p < 'a' || *t.p > 'z')
		return -EBADMSG;
	type = *t.p;
	t.p += 2;
	if (r->lines == 1)
		return type == 'v' && is_text(&t, "0") ? 0 : -EBADMSG;
	switch (type) {
	case 'm':
		return on_media(r, t);
	case 'c':
		return on_connection(r, t);
	case 'a':
		on_attribute(r, t);
		return 0;
	case 'v': /* only once, first */
		return -EBADMSG;
	default:
		return 0;
	}
}

int sdp_parse(struct sdp *sdp, const char *text, size_t len)
{
	struct reader r = {.sdp = sdp, .dir = SDP_BOTH};
	struct text t = {text, text + len};
	int err;

	memset(sdp, 0, sizeof(*sdp));
	if (len > SDP_IN_MAX)
		return -E2BIG;
	if (memchr(text, '\0', len))
		return -EBADMSG;
	while (t.p < t.end) {
		struct text line = cut(&t, '\n');

		if (line.end > line.p && line.end[-1] == '\r')
			line.end--;
		err = on_line(&r, line);
		if (err)
			return err;
	}
	return r.lines ? 0 : -EBADMSG;
}

void sdp_out_init(struct sdp_out *o, char *buf, size_t size)
{
	*o = (struct sdp_out){.buf = buf, .size = size};
	buf[0] = '\0';
}

void sdp_line(struct sdp_out *o, const char *fmt, ...)
{
	size_t room = o->size - o->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->buf + o->len, room, fmt, ap);
	va_end(ap);
	if (o->overflow || n < 0 || (size_t)n + 3 > room) {
		o->overflow = true;
		o->buf[o->len] = '\0';
		return;
	}
	o->len += (size_t)n;
	memcpy(o->buf + o->len, "\r\n", 3);
	o->len += 2;
}

void sdp_line_connection(struct sdp_out *o, const struct net_addr *a)
{
	char ip[NET_STR_MAX];

	sdp_line(o, "c=IN IP%c %s", a->family == 6 ? '6' : '4',
		 net_ip_str(a, ip));
}
