/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of a pair's sockets (gateway/bound.h) a datagram waits in, by what the
 * kernel sees of an INVITE's Request-URI before anybody has read it:
 *
 *   an emergency number as user part    first
 *   sip: or sips: without a user part   first: our Contact, so a re-INVITE
 *   anything else                       with the other new calls
 *
 * What the kernel drops of the latter in a flood costs us nothing. Classic BPF;
 * a load behind the end of the datagram ends it with 0, that is first.
 */
#include "sip/transport_priv.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>

#define FIRST	 0
#define NEW_CALL 1
#define HOST_MAX 64 /* octets of our Contact that are looked at */
#define METHOD	 7  /* octets of "INVITE " */
#define CODE_MAX BPF_MAXINSNS

struct program {
	struct sock_filter code[CODE_MAX];
	unsigned n; /* wanted; more than CODE_MAX: it does not fit */
};

static void put(struct program *p, struct sock_filter what)
{
	if (p->n < CODE_MAX) {
		p->code[p->n] = what;
	}
	p->n++;
}

static void load(struct program *p, unsigned mode, unsigned at)
{
	put(p, (struct sock_filter)BPF_STMT((uint16_t)(BPF_LD | mode), at));
}

static void give(struct program *p, unsigned which)
{
	put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, which));
}

/* Goes on at so many behind the next one. */
static void compare(struct program *p, uint32_t with, unsigned equal,
		    unsigned other)
{
	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, with,
					    (uint8_t)equal, (uint8_t)other));
}

static void give_unless(struct program *p, uint32_t is, unsigned which)
{
	compare(p, is, 1, 0);
	give(p, which);
}

static void give_if(struct program *p, uint32_t is, unsigned which)
{
	compare(p, is, 0, 1);
	give(p, which);
}

static void point(struct program *p, unsigned at)
{
	put(p, (struct sock_filter)BPF_STMT(BPF_LDX | BPF_IMM, at));
}

/* X: behind the colon of a scheme of three or four letters. */
static void put_scheme(struct program *p)
{
	load(p, BPF_W | BPF_ABS, 0);
	give_unless(p, 0x494e5649, FIRST); /* INVI */
	load(p, BPF_W | BPF_ABS, 3);
	give_unless(p, 0x49544520, FIRST); /* ITE and a space */
	point(p, METHOD + 4);
	load(p, BPF_B | BPF_ABS, METHOD + 3);
	compare(p, ':', 4, 0);
	point(p, METHOD + 5);
	load(p, BPF_B | BPF_ABS, METHOD + 4);
	give_unless(p, ':', NEW_CALL);
}

/* That number, and then what ends a user part or a number. */
static void put_number(struct program *p, const char *number)
{
	static const char ends[] = {';', ':', '@', ' ', '\r'};
	unsigned len = (unsigned)strnlen(number, CONF_NUMBER);
	unsigned n = sizeof(ends);

	for (unsigned i = 0; i < len; i++) {
		load(p, BPF_B | BPF_IND, i);
		compare(p, (uint8_t)number[i], 0, 2 * (len - i) + n);
	}
	load(p, BPF_B | BPF_IND, len);
	for (unsigned i = 0; i < n; i++) {
		compare(p, (uint8_t)ends[i], n - 1 - i, i + 1 == n);
	}
	give(p, FIRST);
}

static void put_contact(struct program *p)
{
	load(p, BPF_B | BPF_ABS, METHOD);
	put(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_OR | BPF_K, 0x20));
	give_unless(p, 's', NEW_CALL);
	for (unsigned i = 0; i < HOST_MAX; i++) {
		load(p, BPF_B | BPF_IND, i);
		give_if(p, '@', NEW_CALL);
		give_if(p, ' ', FIRST);
	}
	give(p, NEW_CALL);
}

int split_attach(int fd, const struct transport_urgent *urgent)
{
	struct program p = {.n = 0};
	struct sock_fprog prog = {.filter = p.code};

	put_scheme(&p);
	for (unsigned i = 0; i < urgent->n; i++) {
		put_number(&p, urgent->number[i]);
	}
	put_contact(&p);
	if (p.n > CODE_MAX) {
		return -E2BIG;
	}
	prog.len = (uint16_t)p.n;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog,
			  sizeof(prog))
		       ? -errno
		       : 0;
}
