/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/line.h"

enum {
	RECEIVE_BUFFER = 1 << 20, /* survives stalls of some 0.4 s */
	TOS_EF = 46 << 2,	  /* RFC 5086 8: not the default class */
	PRIORITY = 6,
};

static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* What RFC 5086 4.2 asks for must succeed; the rest is tried. */
static int set_options(int fd, int family)
{
	int err;

	if (family == 4)
		err = set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO) ||
		      set(fd, IPPROTO_IP, IP_TOS, TOS_EF);
	else
		err = set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
			  IPV6_PMTUDISC_DO) ||
		      set(fd, IPPROTO_IPV6, IPV6_TCLASS, TOS_EF);
	if (err)
		return -errno;
	set(fd, SOL_SOCKET, SO_PRIORITY, PRIORITY);
	if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) < 0)
		set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	return 0;
}

static int bind_and_connect(int fd, const struct net_addr *local,
			    const struct net_addr *peer)
{
	struct sockaddr_storage sa;
	socklen_t len = net_to_sockaddr(local, &sa);

	if (bind(fd, (struct sockaddr *)&sa, len) < 0)
		return -errno;
	if (!peer->family || !peer->port)
		return 0;
	len = net_to_sockaddr(peer, &sa);
	if (connect(fd, (struct sockaddr *)&sa, len) < 0)
		return -errno;
	return 0;
}

int pseudowire_socket(const struct net_addr *local, const struct net_addr *peer,
		      int *fd)
{
	int family = local->family == 4 ? AF_INET : AF_INET6;
	int s = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (s < 0)
		return -errno;
	err = set_options(s, local->family);
	if (err < 0)
		goto close_socket;
	err = bind_and_connect(s, local, peer);
	if (err < 0)
		goto close_socket;
	*fd = s;
	return 0;

close_socket:
	close(s);
	return err;
}
