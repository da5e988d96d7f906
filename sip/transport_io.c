/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection: octets in and out, its times, its end.
 *
 *   connecting, handshake --(8 s together)--> fails
 *   open  --message begun, 30 s--> closed   --nothing for 5 min--> closed
 *         --ours not read, 30 s--> closed
 *         --keep-alive: CRLF CRLF ->, <- CRLF within 10 s, else closed
 */
#include "sip/transport_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BATCH 2 /* buffers full, before others have their turn */

/* --- its end --- */

static void on_end(struct defer *d)
{
	struct conn *c = container_of(d, struct conn, end);

	pool_free(c->transport->conns, c->path.flow);
}

static void tell_end(struct conn *c, bool was_open, int err)
{
	struct sip_transport *t = c->transport;
	struct sip_transport_user *u = t->user;

	if (!u) {
		return; /* being freed */
	}
	if (!was_open) {
		t->stats.conn_failed++;
		if (!c->inbound && u->ops->on_unreachable) {
			u->ops->on_unreachable(u, &c->path, -err);
		}
	}
	if (u->ops->on_flow_down) {
		u->ops->on_flow_down(u, &c->path, err);
	}
}

/* A failure of the very first send is its caller's to handle: on_unreachable
 * comes from the loop, never from within sip_transport_send(). */
static void on_end_told(struct defer *d)
{
	struct conn *c = container_of(d, struct conn, end);

	tell_end(c, false, c->err);
	on_end(d);
}

static size_t unwritten(const struct conn *c)
{
	return c->out.len - c->out.at;
}

void conn_close(struct conn *c, int err)
{
	struct sip_transport *t = c->transport;
	bool was_open = c->state == CONN_OPEN;

	if (c->state == CONN_CLOSED) {
		return;
	}
	if (c->tls) {
		if (was_open) {
			sip_tls_bye(c->tls);
		}
		sip_tls_session_free(c->tls);
		c->tls = NULL;
	}
	if (c->fd >= 0) {
		watch_stop(t->loop, &c->watch);
		close(c->fd);
		c->fd = -1;
	} else if (t->wire && t->wire->ops->stream && was_open) {
		t->wire->ops->stream(t->wire, &c->path, NULL, 0);
	}
	timer_stop(t->loop, &c->timer);
	conn_unlink(c);
	sip_stream_fini(&c->in);
	t->unwritten -= unwritten(c);
	free(c->out.buf);
	c->out = (struct conn_out){0};
	t->half_open -= !was_open;
	c->state = CONN_CLOSED;
	c->err = err;
	if (was_open) {
		tell_end(c, true, err);
		loop_defer(t->loop, &c->end, on_end);
	} else {
		loop_defer(t->loop, &c->end, on_end_told);
	}
}

/* --- time --- */

static mono_t earlier(mono_t a, mono_t b)
{
	return a.ns < b.ns ? a : b;
}

static void on_time(struct timer *);

/* When it has not done what it must; false: it need do nothing. */
static bool limit_of(const struct conn *c, mono_t *at)
{
	bool part = c->part_since.ns != 0, out = unwritten(c) != 0;

	if (part) {
		*at = mono_add_ms(c->part_since, TRANSPORT_PART_MS);
	}
	if (out) {
		mono_t stuck = mono_add_ms(c->out.since, TRANSPORT_STUCK_MS);

		*at = part ? earlier(*at, stuck) : stuck;
	}
	return part || out;
}

void conn_rearm(struct conn *c)
{
	mono_t at, limit;

	if (c->state == CONN_CLOSED) {
		return;
	}
	at = mono_add_ms(c->since, c->state == CONN_OPEN ? TRANSPORT_IDLE_MS
							 : TRANSPORT_OPEN_MS);
	if (c->state == CONN_OPEN && limit_of(c, &limit)) {
		at = earlier(at, limit);
	}
	if (c->state == CONN_OPEN && c->keep.ms) {
		at = earlier(at, c->keep.at);
	}
	timer_start_at(c->transport->loop, &c->timer, on_time, at);
}

/* RFC 5626 4.4.1: not all at the same time. */
static void plan_ping(struct conn *c)
{
	int64_t fifth = c->keep.ms / 5;
	uint16_t r;

	if (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r)) {
		r = 0;
	}
	c->keep.asked = false;
	c->keep.at = mono_add_ms(loop_now(c->transport->loop),
				 c->keep.ms - fifth * r / 65536);
}

static void ping(struct conn *c)
{
	struct conn_keep *k = &c->keep;

	c->transport->stats.pings++;
	plan_ping(c);
	k->asked = true;
	if (k->must_answer) {
		k->at = mono_add_ms(loop_now(c->transport->loop),
				    TRANSPORT_PONG_MS);
	}
	(void)conn_send(c, "\r\n\r\n", 4);
}

static void keep_due(struct conn *c)
{
	if (c->keep.asked && c->keep.must_answer) {
		c->transport->stats.dead_flows++;
		conn_close(c, -ETIMEDOUT);
	} else {
		ping(c);
		conn_rearm(c);
	}
}

static bool is_due(const struct conn *c, mono_t at)
{
	return at.ns <= loop_now(c->transport->loop).ns;
}

static void on_time(struct timer *timer)
{
	struct conn *c = container_of(timer, struct conn, timer);
	struct sip_transport_stats *s = &c->transport->stats;
	mono_t limit;

	if (c->state != CONN_OPEN || (limit_of(c, &limit) && is_due(c, limit))) {
		s->conn_slow++;
		conn_close(c, -ETIMEDOUT);
	} else if (is_due(c, mono_add_ms(c->since, TRANSPORT_IDLE_MS))) {
		conn_close(c, -ETIME);
	} else if (c->keep.ms && is_due(c, c->keep.at)) {
		keep_due(c);
	} else {
		conn_rearm(c);
	}
}

static void pong(struct conn *c)
{
	c->transport->stats.pongs++;
	c->keep.must_answer = true; /* it can: so it shall */
	plan_ping(c);
}

/* One line end of the peer: the answer to ours, or half of its question. */
static void on_crlf(struct conn *c)
{
	if (c->keep.asked) {
		pong(c);
		return;
	}
	if (++c->keep.crlf == 2) {
		c->keep.crlf = 0;
		(void)conn_send(c, "\r\n", 2);
	}
}

/* --- in --- */

static void hand_up(struct conn *c, bool framed, const char *data, size_t len)
{
	struct sip_transport *t = c->transport;

	c->keep.crlf = 0;
	t->stats.rx++;
	t->user->ops->on_message(t->user, &c->path, framed, data, len);
}

/* After sip_stream_fill(). */
static void conn_on_octets(struct conn *c)
{
	enum sip_stream_event e;
	const char *data;
	size_t len;

	c->since = loop_now(c->transport->loop);
	do {
		e = sip_stream_next(&c->in, &data, &len);
		switch (e) {
		case STREAM_MESSAGE:
			c->part_since.ns = 0;
			hand_up(c, true, data, len);
			break;
		case STREAM_CRLF:
			on_crlf(c);
			break;
		case STREAM_BAD:
			c->transport->stats.conn_bad++;
			if (len) {
				hand_up(c, false, data, len);
			}
			conn_close(c, -EPROTO);
			break;
		case STREAM_MORE:
			break;
		}
	} while (e != STREAM_MORE && c->state == CONN_OPEN);
	if (c->state != CONN_OPEN) {
		return;
	}
	if (!sip_stream_is_partial(&c->in)) {
		c->part_since.ns = 0;
	} else if (!c->part_since.ns) {
		c->part_since = c->since;
	}
	conn_rearm(c);
}

static ssize_t recv_plain(const struct conn *c, char *to, size_t room)
{
	ssize_t n = recv(c->fd, to, room, 0);

	if (n >= 0) {
		return n;
	}
	return errno == EINTR ? -EAGAIN : -errno;
}

/* False: nothing more to read now. */
static bool read_some(struct conn *c)
{
	size_t room;
	char *to = sip_stream_space(&c->in, &room);
	ssize_t n;

	if (!to || !room) {
		conn_close(c, -ENOMEM);
		return false;
	}
	n = c->tls ? sip_tls_recv(c->tls, to, room) : recv_plain(c, to, room);
	if (n > 0) {
		c->transport->stats.rx_octets += (uint64_t)n;
		sip_stream_fill(&c->in, (size_t)n);
		conn_on_octets(c);
		return c->state == CONN_OPEN;
	}
	if (n == 0) {
		conn_close(c, 0);
	} else if (n != -EAGAIN) {
		conn_close(c, (int)n);
	}
	return false;
}

static void read_all(struct conn *c)
{
	for (int i = 0; i < READ_BATCH && c->state == CONN_OPEN; i++) {
		if (!read_some(c)) {
			return;
		}
	}
	/* What TLS holds back wakes nobody. */
	while (c->state == CONN_OPEN && c->tls && sip_tls_has_more(c->tls) &&
	       read_some(c)) {
	}
}

/* --- out --- */

void conn_watch(struct conn *c, int events)
{
	if (c->fd >= 0 && c->state != CONN_CLOSED &&
	    watch_start(c->transport->loop, &c->watch, c->fd, events,
			conn_on_watch)) {
		conn_close(c, -ENOMEM);
	}
}

/* What the kernel takes of it now; or -errno. */
static ssize_t write_some(struct conn *c, const char *data, size_t len)
{
	struct sip_transport *t = c->transport;
	ssize_t n;

	if (c->fd < 0) {
		if (t->wire && t->wire->ops->stream &&
		    t->wire->ops->stream(t->wire, &c->path, data, len) ==
			    -EAGAIN) {
			return 0;
		}
		return (ssize_t)len;
	}
	if (c->tls) {
		n = sip_tls_send(c->tls, data, len);
		return n == -EAGAIN ? 0 : n;
	}
	n = send(c->fd, data, len, MSG_NOSIGNAL);
	if (n < 0) {
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	}
	return n;
}

static int queue(struct conn *c, const char *data, size_t len)
{
	struct conn_out *o = &c->out;
	size_t room = o->room ? o->room : 4096;
	char *buf;

	if (unwritten(c) + len > TRANSPORT_UNWRITTEN ||
	    c->transport->unwritten + len > TRANSPORT_UNWRITTEN_ALL) {
		return -ENOBUFS;
	}
	if (!unwritten(c)) {
		o->since = loop_now(c->transport->loop);
	}
	if (o->at) {
		memmove(o->buf, o->buf + o->at, o->len - o->at);
		o->len -= o->at;
		o->at = 0;
	}
	while (room < o->len + len) {
		room *= 2;
	}
	if (room != o->room) {
		buf = realloc(o->buf, room);
		if (!buf) {
			return -ENOBUFS;
		}
		o->buf = buf;
		o->room = room;
	}
	memcpy(o->buf + o->len, data, len);
	o->len += len;
	c->transport->unwritten += len;
	return 0;
}

static void flush(struct conn *c)
{
	struct conn_out *o = &c->out;
	ssize_t n = o->len > o->at
			    ? write_some(c, o->buf + o->at, o->len - o->at)
			    : 0;

	if (n < 0) {
		conn_close(c, (int)n);
		return;
	}
	o->at += (size_t)n;
	c->transport->unwritten -= (size_t)n;
	if (n) {
		o->since = loop_now(c->transport->loop);
	}
	if (o->at == o->len) {
		free(o->buf);
		*o = (struct conn_out){0};
		conn_watch(c, WATCH_READ);
	} else {
		conn_watch(c, WATCH_READ | WATCH_WRITE);
	}
}

int conn_send(struct conn *c, const char *data, size_t len)
{
	ssize_t n = 0;
	int err;

	if (c->state == CONN_OPEN && c->out.len == c->out.at) {
		n = write_some(c, data, len);
		if (n < 0) {
			conn_close(c, (int)n);
			return (int)n;
		}
	}
	if ((size_t)n == len) {
		return 0;
	}
	err = queue(c, data + n, len - (size_t)n);
	if (err && n > 0) { /* half a message is of no use */
		conn_close(c, err);
	} else if (!err && c->state == CONN_OPEN) {
		conn_watch(c, WATCH_READ | WATCH_WRITE);
		conn_rearm(c);
	}
	return err;
}

void conn_opened(struct conn *c)
{
	struct sip_transport *t = c->transport;

	t->half_open--;
	c->state = CONN_OPEN;
	c->since = loop_now(t->loop);
	if (c->keep.ms) {
		plan_ping(c);
	}
	conn_rearm(c);
	flush(c);
	/* Octets may have come with the end of the handshake. */
	if (c->state == CONN_OPEN && c->tls) {
		read_all(c);
	}
}

/* --- events --- */

static void on_connected(struct conn *c)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len)) {
		err = errno;
	}
	if (err) {
		conn_close(c, -err);
	} else if (c->path.proto == SIP_TLS) {
		conn_secure(c);
	} else {
		conn_opened(c);
	}
}

void conn_on_watch(struct watch *w, int events)
{
	struct conn *c = container_of(w, struct conn, watch);

	if (c->state == CONN_CONNECTING) {
		on_connected(c);
		return;
	}
	if (c->state == CONN_HANDSHAKE) {
		conn_on_handshake(c);
		return;
	}
	if ((events & WATCH_WRITE) && c->state == CONN_OPEN) {
		flush(c);
	}
	if (events & WATCH_READ) {
		read_all(c);
	}
}

void sip_transport_stream(struct sip_transport *t, uint32_t flow,
			  const char *data, size_t len)
{
	struct conn *c = conn_get(t, flow);

	if (c && !len) {
		conn_close(c, 0);
		return;
	}
	while (c && len) {
		size_t room, n;
		char *to = sip_stream_space(&c->in, &room);

		if (!to || !room) {
			conn_close(c, -ENOMEM);
			return;
		}
		n = len < room ? len : room;
		memcpy(to, data, n);
		sip_stream_fill(&c->in, n);
		t->stats.rx_octets += n;
		data += n;
		len -= n;
		conn_on_octets(c);
		c = conn_get(t, flow);
	}
}

/* --- flows --- */

bool sip_transport_flow_up(const struct sip_transport *t, uint32_t flow)
{
	return conn_get(t, flow) != NULL;
}

void sip_transport_flow_keep(struct sip_transport *t, uint32_t flow,
			     unsigned ms, bool must_answer)
{
	struct conn *c = conn_get(t, flow);

	if (!c) {
		return;
	}
	c->keep.ms = ms;
	c->keep.must_answer = c->keep.must_answer || must_answer;
	if (ms) {
		plan_ping(c);
	}
	conn_rearm(c);
}
