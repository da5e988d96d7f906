/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS handshakes of connections, and who may go on after them. */
#include "sip/transport_priv.h"

#include <errno.h>

static void fail(struct conn *c, int err, const char *why)
{
	struct sip_transport *t = c->transport;

	t->stats.tls_failed++;
	if (t->user->ops->on_insecure) {
		t->user->ops->on_insecure(t->user, &c->path, c->inbound, why);
	}
	conn_close(c, err);
}

static struct sip_tls *choose(void *arg, const char *name)
{
	struct conn *c = arg;
	struct sip_transport_user *u = c->transport->user;

	return u->ops->tls_for(u, &c->path, name);
}

static struct sip_tls_session *begin_client(struct conn *c)
{
	struct sip_conn_conf conf = {0};
	struct sip_transport_user *u = c->transport->user;

	if (u->ops->conf_of) {
		u->ops->conf_of(u, &c->path, &conf);
	}
	return conf.tls ? sip_tls_client(conf.tls, c->fd, conf.server_name)
			: NULL;
}

static struct sip_tls_session *begin_server(struct conn *c)
{
	struct sip_transport_user *u = c->transport->user;
	struct sip_tls *tls =
		u->ops->tls_for ? u->ops->tls_for(u, &c->path, "") : NULL;

	return tls ? sip_tls_server(tls, c->fd, choose, c) : NULL;
}

void conn_secure(struct conn *c)
{
	c->state = CONN_HANDSHAKE;
	c->tls = c->inbound ? begin_server(c) : begin_client(c);
	if (!c->tls) {
		fail(c, -ENOKEY, c->inbound ? "no certificate to show"
					    : "not set up");
		return;
	}
	conn_on_handshake(c);
}

void conn_on_handshake(struct conn *c)
{
	struct sip_transport_user *u = c->transport->user;
	int err = sip_tls_handshake(c->tls);

	if (err == -EAGAIN) {
		conn_watch(c, sip_tls_wants_write(c->tls) ? WATCH_WRITE
							  : WATCH_READ);
		return;
	}
	if (err) {
		fail(c, err, sip_tls_why(c->tls));
		return;
	}
	if (u->ops->on_secured) {
		c->trunks &= u->ops->on_secured(u, &c->path, c->inbound,
						c->tls, &c->named);
	}
	if (!c->trunks) {
		c->transport->stats.tls_failed++;
		conn_close(c, -EACCES);
		return;
	}
	conn_opened(c);
}
