/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/bound.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>

/* share: SO_REUSEADDR, SO_REUSEPORT, or 0. */
static int bound_to(const struct net_addr *a, int type, enum bound_family v6,
		    int share)
{
	struct sockaddr_storage ss;
	socklen_t len = net_to_sockaddr(a, &ss);
	int on = 1;
	int fd, err;

	fd = socket(ss.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -errno;
	}
	if (share) {
		setsockopt(fd, SOL_SOCKET, share, &on, sizeof(on));
	}
	if (a->family == 6 && v6 == BOUND_V6_ALONE) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	}
	if (bind(fd, (const struct sockaddr *)&ss, len) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int bound_socket(const struct net_addr *a, int type, enum bound_family v6)
{
	return bound_to(a, type, v6, type == SOCK_STREAM ? SO_REUSEADDR : 0);
}

/* --- a pair for SIP --- */

#define SIP_BUFFER	(4 << 20) /* octets, of what goes first: never full */
#define SIP_INVITES	(1 << 19) /* a third of a second of what we can take */

/* More than net.core.rmem_max if we may. */
static void set_buffer(int fd, int size)
{
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size))) {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
}

/* Index of the socket for a datagram; the first octets of its text decide. */
static int split_invites(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x494e5649, 0, 1), /* INVI */
		BPF_STMT(BPF_RET | BPF_K, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
			  sizeof(program));
}

/* The first one is bound alone: so another program's claim is still seen. */
int bound_sip_pair(const struct net_addr *a, int fd[2])
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct net_addr have;
	int on = 1;

	fd[1] = -1;
	fd[0] = bound_socket(a, SOCK_DGRAM, BOUND_V6_ALONE);
	if (fd[0] < 0) {
		return fd[0];
	}
	set_buffer(fd[0], SIP_BUFFER);
	if (getsockname(fd[0], (struct sockaddr *)&ss, &len) ||
	    setsockopt(fd[0], SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on))) {
		return 0;
	}
	net_from_sockaddr(&have, (const struct sockaddr *)&ss);
	fd[1] = bound_to(&have, SOCK_DGRAM, BOUND_V6_ALONE, SO_REUSEPORT);
	if (fd[1] < 0) {
		fd[1] = -1;
	} else if (split_invites(fd[1])) {
		close(fd[1]);
		fd[1] = -1;
	} else {
		set_buffer(fd[1], SIP_INVITES);
	}
	return 0;
}
