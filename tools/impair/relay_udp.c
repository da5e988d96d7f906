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
	HELD = 8192,	/* packets under way */
	OCTETS = 2048,	/* of a packet; longer ones are dropped */
	AT_ONCE = 256,	/* packets of one call and direction */
	BUFFER = 4 << 20,
};

struct held {
	int64_t due_ns;
	uint64_t order; /* breaks ties: first come, first served */
	bool back;
	uint16_t len;
	uint8_t octets[OCTETS];
};

/*
 * slots[0 .. n - 1] is a binary heap of indices into pool by (due, order);
 * the indices from n on are free.
 */
struct udp_relay {
	struct path path;
	const struct relay_env *env;
	int near, far;
	struct sockaddr_in client, target;
	struct model there, back;
	uint64_t order, too_long, full;
	unsigned n;
	uint16_t slots[HELD];
	struct held pool[HELD];
};

static int bound(uint16_t port)
{
	struct sockaddr_in sa = relay_address(port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int size = BUFFER;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

struct udp_relay *udp_relay_open(const struct path *p,
				 const struct relay_env *env)
{
	struct udp_relay *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->path = *p;
	r->env = env;
	r->target = relay_address(p->target);
	if (p->client)
		r->client = relay_address(p->client);
	for (unsigned i = 0; i < HELD; i++)
		r->slots[i] = (uint16_t)i;
	model_init(&r->there, &env->there, env->seed * 2 + p->listen);
	model_init(&r->back, &env->back, env->seed * 2 + 1 + p->listen);
	r->near = bound(p->listen);
	if (r->near < 0)
		goto free_relay;
	r->far = bound(p->local);
	if (r->far < 0)
		goto close_near;
	return r;

close_near:
	close(r->near);
free_relay:
	free(r);
	return NULL;
}

void udp_relay_close(struct udp_relay *r)
{
	if (!r)
		return;
	close(r->near);
	close(r->far);
	free(r);
}

unsigned udp_relay_fds(const struct udp_relay *r, struct pollfd *fds)
{
	fds[0] = (struct pollfd){.fd = r->near, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = r->far, .events = POLLIN};
	return 2;
}

static bool earlier(const struct udp_relay *r, unsigned a, unsigned b)
{
	const struct held *x = &r->pool[r->slots[a]];
	const struct held *y = &r->pool[r->slots[b]];

	if (x->due_ns != y->due_ns)
		return x->due_ns < y->due_ns;
	return x->order < y->order;
}

static void swap(struct udp_relay *r, unsigned a, unsigned b)
{
	uint16_t t = r->slots[a];

	r->slots[a] = r->slots[b];
	r->slots[b] = t;
}

static void hold(struct udp_relay *r, bool back, int64_t due_ns,
		 const uint8_t *octets, size_t len)
{
	struct held *h = &r->pool[r->slots[r->n]];
	unsigned i = r->n;

	if (r->n == HELD) {
		r->full++;
		return;
	}
	h->due_ns = due_ns;
	h->order = r->order++;
	h->back = back;
	h->len = (uint16_t)len;
	memcpy(h->octets, octets, len);
	for (r->n++; i > 0 && earlier(r, i, (i - 1) / 2); i = (i - 1) / 2)
		swap(r, i, (i - 1) / 2);
}

/* The first packet leaves the heap; good until the next hold(). */
static const struct held *release(struct udp_relay *r)
{
	unsigned i = 0;

	swap(r, 0, --r->n);
	for (;;) {
		unsigned child = 2 * i + 1;

		if (child >= r->n)
			break;
		if (child + 1 < r->n && earlier(r, child + 1, child))
			child++;
		if (!earlier(r, child, i))
			break;
		swap(r, i, child);
		i = child;
	}
	return &r->pool[r->slots[r->n]];
}

/* A packet has come on a side; the client is who sent last to the near one. */
static bool take(struct udp_relay *r, bool back, int64_t now_ns)
{
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	uint8_t octets[OCTETS + 1];
	struct fate fate;
	ssize_t n = recvfrom(back ? r->far : r->near, octets, sizeof(octets), 0,
			     (struct sockaddr *)&from, &from_len);

	if (n < 0)
		return errno != EAGAIN && errno != EWOULDBLOCK;
	if (n > OCTETS) {
		r->too_long++;
		return true;
	}
	if (!back && !r->path.client)
		r->client = from;
	model_packet(back ? &r->back : &r->there, (size_t)n, now_ns,
		     r->env->start_ns, r->env->hole, &fate);
	for (unsigned i = 0; i < fate.copies; i++)
		hold(r, back, fate.due_ns[i], octets, (size_t)n);
	return true;
}

static void pass_on(struct udp_relay *r)
{
	const struct held *h = release(r);
	const struct sockaddr_in *to = h->back ? &r->client : &r->target;
	struct model *m = h->back ? &r->back : &r->there;

	if (!to->sin_port)
		return;
	m->count.sent++;
	m->count.octets += h->len;
	/* nobody there is what the sender would see without us, too */
	(void)!sendto(h->back ? r->near : r->far, h->octets, h->len, 0,
		      (const struct sockaddr *)to, sizeof(*to));
}

int64_t udp_relay_run(struct udp_relay *r, int64_t now_ns)
{
	for (unsigned i = 0; i < AT_ONCE && take(r, false, now_ns); i++)
		;
	for (unsigned i = 0; i < AT_ONCE && take(r, true, now_ns); i++)
		;
	while (r->n && r->pool[r->slots[0]].due_ns <= now_ns)
		pass_on(r);
	return r->n ? r->pool[r->slots[0]].due_ns : INT64_MAX;
}

void udp_relay_print(const struct udp_relay *r)
{
	relay_print(&r->path, "there", &r->there.count);
	relay_print(&r->path, "back", &r->back.count);
	if (r->too_long || r->full)
		printf("udp %u dropped too_long=%lu full=%lu\n", r->path.listen,
		       (unsigned long)r->too_long, (unsigned long)r->full);
}
