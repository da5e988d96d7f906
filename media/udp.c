/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/udp.h"

#include <errno.h>
#include <string.h>
#include <time.h>

void udp_batch_init(struct udp_batch *b)
{
	memset(b, 0, sizeof(*b));
	for (unsigned i = 0; i < UDP_BATCH; i++) {
		b->iov[i].iov_base = b->data[i];
		b->iov[i].iov_len = UDP_MAX;
		b->msgs[i].msg_hdr.msg_iov = &b->iov[i];
		b->msgs[i].msg_hdr.msg_iovlen = 1;
		b->msgs[i].msg_hdr.msg_name = &b->from[i];
	}
}

int udp_stamp(int fd)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0)
		return -errno;
	return 0;
}

/* tick */
unsigned udp_receive(struct udp_batch *b, int fd)
{
	int n;

	b->count = 0;
	if (fd < 0)
		return 0;
	for (unsigned i = 0; i < UDP_BATCH; i++) {
		struct msghdr *h = &b->msgs[i].msg_hdr;

		h->msg_namelen = sizeof(b->from[i]);
		h->msg_control = b->control[i];
		h->msg_controllen = sizeof(b->control[i]);
		h->msg_flags = 0;
	}
	n = recvmmsg(fd, b->msgs, UDP_BATCH, MSG_DONTWAIT, NULL);
	if (n > 0)
		b->count = (unsigned)n;
	return b->count;
}

/* tick */
int64_t udp_wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* How long ago the kernel got it, by the wall clock; 0 = not known. */
static int64_t age(struct msghdr *h, int64_t wall_ns)
{
	struct timespec then;
	struct cmsghdr *c;
	int64_t ns;

	for (c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&then, CMSG_DATA(c), sizeof(then));
		if (!wall_ns)
			wall_ns = udp_wall_ns();
		ns = wall_ns - then.tv_sec * NS_PER_S - then.tv_nsec;
		/* A step of the wall clock is not an age. */
		return ns > 0 && ns < NS_PER_S ? ns : 0;
	}
	return 0;
}

/* tick */
void udp_datagram(const struct udp_batch *b, unsigned i, mono_t now,
		  struct udp_datagram *d)
{
	struct msghdr h = b->msgs[i].msg_hdr;

	d->data = b->data[i];
	d->len = h.msg_flags & MSG_TRUNC ? 0 : b->msgs[i].msg_len;
	d->at = mono_add_ns(now, -age(&h, b->wall_ns));
	net_from_sockaddr(&d->from,
			  (const struct sockaddr *)(const void *)&b->from[i]);
}

/* tick */
int udp_send(int fd, const struct net_addr *to, const void *data, size_t len)
{
	struct sockaddr_storage ss;
	socklen_t n;

	if (fd < 0)
		return 0;
	n = net_to_sockaddr(to, &ss);
	if (sendto(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (const struct sockaddr *)(const void *)&ss, n) < 0)
		return -errno;
	return 0;
}
