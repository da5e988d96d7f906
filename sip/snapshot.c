/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/snapshot.h"

#include <errno.h>
#include <string.h>

#include "sip/leg_se.h"
#include "sip/sdes.h"

#define ROUTES_MAX 16

/* --- writing: too much is noted and comes out at the end --- */

struct out {
	uint8_t *buf;
	size_t size, len;
};

static void put_octets(struct out *o, const void *data, size_t n)
{
	if (o->len + n <= o->size)
		memcpy(o->buf + o->len, data, n);
	o->len += n;
}

static void put_number(struct out *o, uint32_t value, unsigned octets)
{
	uint8_t b[4];
	unsigned i;

	for (i = 0; i < octets; i++)
		b[i] = (uint8_t)(value >> 8 * (octets - 1 - i));
	put_octets(o, b, octets);
}

static void put_text(struct out *o, const char *text)
{
	size_t n = strlen(text);

	put_number(o, (uint32_t)n, 2);
	put_octets(o, text, n);
}

static void put_addr(struct out *o, const struct net_addr *a)
{
	put_number(o, a->family, 1);
	put_octets(o, a->ip, sizeof(a->ip));
	put_number(o, a->port, 2);
}

static void put_key(struct out *o, const struct cc_key *k)
{
	put_octets(o, k->key, sizeof(k->key));
	put_octets(o, k->salt, sizeof(k->salt));
	put_number(o, k->mki_len, 1);
	put_octets(o, k->mki, sizeof(k->mki));
}

static void put_secure(struct out *o, const struct sdp_secure *s)
{
	put_number(o, s->profile, 1);
	put_number(o, s->agreed.suite, 1);
	if (s->agreed.suite == CC_RTP_PLAIN)
		return;
	put_number(o, s->agreed.tag, 4);
	put_number(o, s->agreed.name, 1);
	put_key(o, &s->ours[s->agreed.suite]);
	put_key(o, &s->rx);
}

static void put_session(struct out *o, const struct sip_snapshot *s)
{
	const struct sdp_session *sdp = &s->sdp;
	const struct cc_media *m = &s->media;
	unsigned i;

	put_number(o, s->se.interval_s, 4);
	put_number(o, s->se.ours, 1);
	put_number(o, s->se.peer_update, 1);
	put_number(o, s->refer.going, 1);
	put_number(o, s->refer.count, 4);
	put_number(o, s->refer.cseq, 4);
	put_number(o, m->valid, 1);
	put_addr(o, &s->local.rtp);
	put_number(o, s->local.dir, 1);
	put_number(o, sdp->id, 4);
	put_number(o, sdp->version, 4);
	if (!m->valid)
		return;
	put_number(o, sdp->codec, 1);
	put_number(o, sdp->event_tx, 1);
	put_number(o, sdp->event_rx, 1);
	put_number(o, sdp->ptime_ms, 1);
	put_number(o, sdp->dir, 1);
	put_addr(o, &m->rtp);
	put_number(o, m->codec, 1);
	put_number(o, m->dtmf_pt, 1);
	put_number(o, m->ptime_ms, 1);
	put_number(o, m->direction, 1);
	put_secure(o, &sdp->secure);
	put_number(o, sdp->audio, 1);
	put_number(o, sdp->n_media, 1);
	for (i = 0; i < sdp->n_media; i++) {
		put_text(o, sdp->remote.media[i].type);
		put_text(o, sdp->remote.media[i].proto);
		put_text(o, sdp->remote.media[i].formats);
	}
}

static void put_2xx(struct out *o, const struct sip_snapshot_2xx *ok)
{
	put_number(o, ok->cseq, 4);
	put_number(o, (uint32_t)ok->wire.len, 2);
	put_octets(o, ok->wire.text, ok->wire.len);
}

bool sip_snapshot_is_answered(const struct sip_snapshot *s)
{
	return s->kind == SIP_SNAPSHOT_DIALOG ||
	       s->kind == SIP_SNAPSHOT_ANSWERED;
}

int sip_snapshot_write(const struct sip_snapshot *s, uint8_t *buf, size_t size)
{
	const struct sip_dialog *d = &s->dialog;
	struct out o = {buf, size, 0};
	const char *route = d->routes;
	unsigned i;

	put_number(&o, SIP_SNAPSHOT_VERSION, 1);
	put_number(&o, s->kind, 1);
	put_number(&o, d->path.trunk, 1);
	put_number(&o, d->path.bind, 1);
	put_number(&o, d->path.proto, 1);
	put_addr(&o, &d->path.remote);
	put_number(&o, d->cseq, 4);
	put_number(&o, d->remote_cseq, 4);
	put_text(&o, d->call_id);
	put_text(&o, d->local);
	put_text(&o, d->remote);
	put_text(&o, d->local_tag);
	put_text(&o, d->remote_tag);
	put_text(&o, d->target);
	put_text(&o, d->session);
	put_text(&o, d->remote_session);
	put_number(&o, d->n_routes, 1);
	for (i = 0; i < d->n_routes; i++, route += strlen(route) + 1)
		put_text(&o, route);
	if (sip_snapshot_is_answered(s))
		put_session(&o, s);
	if (s->kind == SIP_SNAPSHOT_ANSWERED)
		put_2xx(&o, &s->ok);
	return o.len <= size ? (int)o.len : -E2BIG;
}

/* --- reading: what is wrong is noted and comes out at the end --- */

struct in {
	const uint8_t *data;
	size_t left;
	bool bad;
};

static const uint8_t *get_octets(struct in *in, size_t n)
{
	const uint8_t *p = in->data;

	if (in->bad || n > in->left) {
		in->bad = true;
		return NULL;
	}
	in->data += n;
	in->left -= n;
	return p;
}

static uint32_t get_number(struct in *in, unsigned octets)
{
	const uint8_t *p = get_octets(in, octets);
	uint32_t value = 0;
	unsigned i;

	for (i = 0; p && i < octets; i++)
		value = value << 8 | p[i];
	return value;
}

static bool is_clean(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if ((p[i] < ' ' && p[i] != '\t') || p[i] == 0x7f)
			return false;
	}
	return true;
}

/* Into size octets at buf, with NUL. Returns what it took of them. */
static size_t get_text(struct in *in, char *buf, size_t size, bool must)
{
	size_t n = get_number(in, 2);
	const uint8_t *p;

	if (n >= size || (must && n == 0))
		in->bad = true;
	p = get_octets(in, n);
	if (!p || !is_clean(p, n)) {
		in->bad = true;
		return 0;
	}
	memcpy(buf, p, n);
	buf[n] = '\0';
	return n + 1;
}

static void get_addr(struct in *in, struct net_addr *a)
{
	const uint8_t *ip;

	a->family = (uint8_t)get_number(in, 1);
	ip = get_octets(in, sizeof(a->ip));
	if (ip)
		memcpy(a->ip, ip, sizeof(a->ip));
	a->port = (uint16_t)get_number(in, 2);
	if ((a->family != 4 && a->family != 6) || a->port == 0)
		in->bad = true;
}

/* A number that is at most max; 0 when it is more. */
static uint8_t get_small(struct in *in, uint8_t max)
{
	uint32_t value = get_number(in, 1);

	if (value <= max)
		return (uint8_t)value;
	in->bad = true;
	return 0;
}

static uint8_t get_codec(struct in *in)
{
	uint8_t codec = get_small(in, 127);

	if (codec != CC_PCMU && codec != CC_PCMA && codec < CC_CLEARMODE)
		in->bad = true;
	return codec;
}

static void get_routes(struct in *in, struct sip_dialog *d)
{
	size_t used = 0;
	unsigned i;

	d->n_routes = (uint8_t)get_number(in, 1);
	if (d->n_routes > ROUTES_MAX)
		in->bad = true;
	for (i = 0; i < d->n_routes && !in->bad; i++)
		used += get_text(in, d->routes + used,
				 sizeof(d->routes) - used, true);
}

static void get_lines(struct in *in, struct sdp_session *s)
{
	unsigned i;

	s->audio = get_small(in, SDP_MEDIA - 1);
	s->n_media = get_small(in, SDP_MEDIA);
	if (s->audio >= s->n_media)
		in->bad = true;
	for (i = 0; i < s->n_media && !in->bad; i++) {
		struct sdp_media *m = &s->remote.media[i];

		(void)get_text(in, m->type, sizeof(m->type), true);
		(void)get_text(in, m->proto, sizeof(m->proto), true);
		(void)get_text(in, m->formats, sizeof(m->formats), true);
	}
	s->remote.n_media = s->n_media;
}

static void get_key(struct in *in, struct cc_key *k)
{
	const uint8_t *p = get_octets(in, sizeof(k->key) + sizeof(k->salt));

	if (p) {
		memcpy(k->key, p, sizeof(k->key));
		memcpy(k->salt, p + sizeof(k->key), sizeof(k->salt));
	}
	k->mki_len = get_small(in, CC_MKI_MAX);
	p = get_octets(in, sizeof(k->mki));
	if (p)
		memcpy(k->mki, p, sizeof(k->mki));
}

static void get_secure(struct in *in, struct sdp_secure *s,
		       struct cc_crypto *out)
{
	uint8_t suite;

	s->profile = get_small(in, SDP_PROFILES - 1);
	suite = get_small(in, CC_SRTP_SUITES - 1);
	s->agreed.suite = suite;
	if (suite == CC_RTP_PLAIN)
		return;
	s->agreed.tag = get_number(in, 4);
	s->agreed.name = (uint8_t)get_number(in, 1);
	if (!sdes_is_name_of(s->agreed.name, suite))
		in->bad = true;
	get_key(in, &s->ours[suite]);
	get_key(in, &s->rx);
	out->suite = suite;
	out->tx = s->ours[suite];
	out->rx = s->rx;
}

static void get_session(struct in *in, struct sip_snapshot *s)
{
	struct sdp_session *sdp = &s->sdp;
	struct cc_media *m = &s->media;

	s->se.interval_s = get_number(in, 4);
	if (s->se.interval_s > SIP_SE_MAX)
		in->bad = true;
	s->se.ours = get_small(in, 1);
	s->se.peer_update = get_small(in, 1);
	s->refer.going = get_small(in, 1);
	s->refer.count = get_number(in, 4);
	s->refer.cseq = get_number(in, 4);
	m->valid = get_small(in, 1);
	get_addr(in, &s->local.rtp);
	s->local.dir = get_small(in, SDP_BOTH);
	sdp->id = get_number(in, 4);
	sdp->version = get_number(in, 4);
	if (!m->valid)
		return;
	sdp->codec = get_codec(in);
	sdp->event_tx = get_small(in, 127);
	sdp->event_rx = get_small(in, 127);
	sdp->ptime_ms = get_small(in, SDP_PTIME_MAX);
	sdp->dir = get_small(in, SDP_BOTH);
	get_addr(in, &m->rtp);
	m->codec = get_codec(in);
	m->dtmf_pt = get_small(in, 127);
	m->ptime_ms = get_small(in, SDP_PTIME_MAX);
	m->direction = get_small(in, CC_INACTIVE);
	get_secure(in, &sdp->secure, &m->crypto);
	get_lines(in, sdp);
}

static void get_2xx(struct in *in, struct sip_snapshot_2xx *ok)
{
	ok->cseq = get_number(in, 4);
	ok->wire.len = get_number(in, 2);
	ok->wire.text = (const char *)get_octets(in, ok->wire.len);
	if (ok->wire.len == 0)
		in->bad = true;
}

static bool fits_kind(const struct sip_snapshot *s)
{
	switch (s->kind) {
	case SIP_SNAPSHOT_DIALOG:
	case SIP_SNAPSHOT_ANSWERED:
		return s->dialog.target[0] != '\0';
	case SIP_SNAPSHOT_OFFERED:
		return s->dialog.n_routes > 0;
	case SIP_SNAPSHOT_CALLING:
		return s->dialog.n_routes == 1 && s->dialog.target[0] != '\0';
	default:
		return false;
	}
}

int sip_snapshot_read(struct sip_snapshot *s, const uint8_t *data, size_t len)
{
	struct in in = {data, len, false};
	struct sip_dialog *d = &s->dialog;

	memset(s, 0, sizeof(*s));
	if (get_number(&in, 1) != SIP_SNAPSHOT_VERSION)
		return -EBADMSG;
	s->kind = (enum sip_snapshot_kind)get_number(&in, 1);
	d->path.trunk = (uint8_t)get_number(&in, 1);
	d->path.bind = (uint8_t)get_number(&in, 1);
	d->path.proto = get_small(&in, SIP_TLS);
	get_addr(&in, &d->path.remote);
	d->cseq = get_number(&in, 4);
	d->remote_cseq = get_number(&in, 4);
	(void)get_text(&in, d->call_id, sizeof(d->call_id), true);
	(void)get_text(&in, d->local, sizeof(d->local), true);
	(void)get_text(&in, d->remote, sizeof(d->remote), true);
	(void)get_text(&in, d->local_tag, sizeof(d->local_tag), true);
	(void)get_text(&in, d->remote_tag, sizeof(d->remote_tag), false);
	(void)get_text(&in, d->target, sizeof(d->target), false);
	(void)get_text(&in, d->session, sizeof(d->session), false);
	(void)get_text(&in, d->remote_session, sizeof(d->remote_session),
		       false);
	get_routes(&in, d);
	if (sip_snapshot_is_answered(s))
		get_session(&in, s);
	if (s->kind == SIP_SNAPSHOT_ANSWERED)
		get_2xx(&in, &s->ok);
	return in.bad || in.left || !fits_kind(s) ? -EBADMSG : 0;
}
