/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/impair/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS = 16, /* of a relay at a time */
	CHUNKS = 64,	  /* under way in one direction */
	CHUNK = 1460,	  /* octets */
	RETRY_NS = 1000000,
	BACKLOG = 16,
};

struct chunk {
	int64_t due_ns; /* INT64_MAX: came in a hole, waits for its end */
	size_t len, done;
	uint8_t octets[CHUNK];
};

/* A fifo: count chunks from head; end: the source has closed. */
struct stream {
	int in, out;
	struct model *model;
	bool end;
	unsigned head, count;
	struct chunk chunks[CHUNKS];
};

struct connection {
	bool used;
	int near, far;
	struct stream there, back;
};

struct tcp_relay {
	struct path path;
	const struct relay_env *env;
	int fd;
	struct model there, back;
	uint64_t accepted, refused;
	struct connection connections[CONNECTIONS];
};

struct tcp_relay *tcp_relay_open(const struct path *p,
				 const struct relay_env *env)
{
	struct sockaddr_in sa = relay_address(p->listen);
	struct tcp_relay *r = calloc(1, sizeof(*r));
	int on = 1;

	if (!r)
		return NULL;
	r->path = *p;
	r->env = env;
	model_init(&r->there, &env->there, env->seed * 2 + p->listen);
	model_init(&r->back, &env->back, env->seed * 2 + 1 + p->listen);
	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (r->fd < 0)
		goto free_relay;
	setsockopt(r->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(r->fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(r->fd, BACKLOG) < 0)
		goto close_socket;
	return r;

close_socket:
	close(r->fd);
free_relay:
	free(r);
	return NULL;
}

static void drop(struct connection *c)
{
	close(c->near);
	close(c->far);
	memset(c, 0, sizeof(*c));
}

void tcp_relay_close(struct tcp_relay *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		if (r->connections[i].used)
			drop(&r->connections[i]);
	}
	close(r->fd);
	free(r);
}

unsigned tcp_relay_fds(const struct tcp_relay *r, struct pollfd *fds)
{
	unsigned n = 0;

	fds[n++] = (struct pollfd){.fd = r->fd, .events = POLLIN};
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		const struct connection *c = &r->connections[i];

		if (c->used && !c->there.end && c->there.count < CHUNKS)
			fds[n++] = (struct pollfd){c->near, POLLIN, 0};
		if (c->used && !c->back.end && c->back.count < CHUNKS)
			fds[n++] = (struct pollfd){c->far, POLLIN, 0};
	}
	return n;
}

static void start(struct tcp_relay *r, struct connection *c, int near)
{
	struct sockaddr_in sa = relay_address(r->path.target);
	int far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* on loopback connect() answers at once */
	if (far < 0 || connect(far, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		r->refused++;
		close(near);
		if (far >= 0)
			close(far);
		return;
	}
	r->accepted++;
	c->used = true;
	c->near = near;
	c->far = far;
	c->there.in = c->back.out = near;
	c->there.out = c->back.in = far;
	c->there.model = &r->there;
	c->back.model = &r->back;
}

static void accept_one(struct tcp_relay *r)
{
	int fd = accept4(r->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		if (!r->connections[i].used) {
			start(r, &r->connections[i], fd);
			return;
		}
	}
	r->refused++;
	close(fd);
}

/* Read one chunk if there is room. */
static void fill(const struct relay_env *env, struct stream *s, int64_t now_ns)
{
	struct chunk *c = &s->chunks[(s->head + s->count) % CHUNKS];
	ssize_t n;

	if (s->end || s->count == CHUNKS)
		return;
	n = recv(s->in, c->octets, CHUNK, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (n <= 0) {
		s->end = true;
		return;
	}
	c->len = (size_t)n;
	c->done = 0;
	c->due_ns = model_chunk(s->model, c->len, now_ns, env->start_ns,
				env->hole);
	s->count++;
}

/* Pass on what is due; the instant to come again. */
static int64_t drain(const struct relay_env *env, struct stream *s,
		     int64_t now_ns)
{
	while (s->count) {
		struct chunk *c = &s->chunks[s->head];
		ssize_t n;

		if (c->due_ns == INT64_MAX) {
			/* asks again whether the hole has ended */
			s->model->count.received--;
			s->model->count.hole--;
			c->due_ns = model_chunk(s->model, c->len, now_ns,
						env->start_ns, env->hole);
			if (c->due_ns == INT64_MAX)
				return now_ns + RETRY_NS;
		}
		if (c->due_ns > now_ns)
			return c->due_ns;
		n = send(s->out, c->octets + c->done, c->len - c->done,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
			s->end = true; /* nobody reads any more */
			s->count = 0;
			break;
		}
		if (n < 0)
			return now_ns + RETRY_NS;
		c->done += (size_t)n;
		s->model->count.octets += (uint64_t)n;
		if (c->done < c->len)
			return now_ns + RETRY_NS;
		s->model->count.sent++;
		s->head = (s->head + 1) % CHUNKS;
		s->count--;
	}
	return INT64_MAX;
}

/* One connection; its end when both sides have closed or one has failed. */
static int64_t run_one(struct tcp_relay *r, struct connection *c,
		       int64_t now_ns)
{
	int64_t a, b;

	fill(r->env, &c->there, now_ns);
	fill(r->env, &c->back, now_ns);
	a = drain(r->env, &c->there, now_ns);
	b = drain(r->env, &c->back, now_ns);
	if (c->there.end && !c->there.count)
		shutdown(c->far, SHUT_WR);
	if (c->back.end && !c->back.count)
		shutdown(c->near, SHUT_WR);
	if (c->there.end && c->back.end && !c->there.count && !c->back.count) {
		drop(c);
		return INT64_MAX;
	}
	return a < b ? a : b;
}

int64_t tcp_relay_run(struct tcp_relay *r, int64_t now_ns)
{
	int64_t next = INT64_MAX;

	accept_one(r);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		int64_t t = INT64_MAX;

		if (r->connections[i].used)
			t = run_one(r, &r->connections[i], now_ns);
		if (t < next)
			next = t;
	}
	return next;
}

void tcp_relay_print(const struct tcp_relay *r)
{
	relay_print(&r->path, "there", &r->there.count);
	relay_print(&r->path, "back", &r->back.count);
	printf("tcp %u connections accepted=%lu refused=%lu\n", r->path.listen,
	       (unsigned long)r->accepted, (unsigned long)r->refused);
}
