/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/snapshot.h"

#include <errno.h>
#include <string.h>

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
	put_number(&o, d->path.remote.family, 1);
	put_octets(&o, d->path.remote.ip, sizeof(d->path.remote.ip));
	put_number(&o, d->path.remote.port, 2);
	put_number(&o, d->cseq, 4);
	put_text(&o, d->call_id);
	put_text(&o, d->local);
	put_text(&o, d->remote);
	put_text(&o, d->local_tag);
	put_text(&o, d->remote_tag);
	put_text(&o, d->target);
	put_number(&o, d->n_routes, 1);
	for (i = 0; i < d->n_routes; i++, route += strlen(route) + 1)
		put_text(&o, route);
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

static void get_path(struct in *in, struct sip_path *path)
{
	const uint8_t *ip;

	path->trunk = (uint8_t)get_number(in, 1);
	path->bind = (uint8_t)get_number(in, 1);
	path->proto = (uint8_t)get_number(in, 1);
	path->flow = 0; /* a connection does not outlive its process */
	path->remote.family = (uint8_t)get_number(in, 1);
	ip = get_octets(in, sizeof(path->remote.ip));
	if (ip)
		memcpy(path->remote.ip, ip, sizeof(path->remote.ip));
	path->remote.port = (uint16_t)get_number(in, 2);
	if ((path->remote.family != 4 && path->remote.family != 6) ||
	    path->proto > SIP_TLS || path->remote.port == 0)
		in->bad = true;
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

static bool fits_kind(const struct sip_snapshot *s)
{
	switch (s->kind) {
	case SIP_SNAPSHOT_DIALOG:
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
	get_path(&in, &d->path);
	d->cseq = get_number(&in, 4);
	(void)get_text(&in, d->call_id, sizeof(d->call_id), true);
	(void)get_text(&in, d->local, sizeof(d->local), true);
	(void)get_text(&in, d->remote, sizeof(d->remote), true);
	(void)get_text(&in, d->local_tag, sizeof(d->local_tag), true);
	(void)get_text(&in, d->remote_tag, sizeof(d->remote_tag), false);
	(void)get_text(&in, d->target, sizeof(d->target), false);
	get_routes(&in, d);
	return in.bad || in.left || !fits_kind(s) ? -EBADMSG : 0;
}
