/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A role: a library with an open ... close life that speaks only through
 * links. In production each runs in a process of its own under role_main();
 * in tests several run in one process on one (virtual) loop, their links
 * joined by link_open_mem().
 *
 * Order: open (configuration only) -> link slots opened by the host, each
 * followed by link_up -> sockets handed in -> start -> ... -> drain -> close.
 * When the peer of a link is restarted, the host closes and reopens the same
 * slot and calls link_up again.
 */
#ifndef BASE_ROLE_H
#define BASE_ROLE_H

#include "gateway/base/link.h"

enum role_id {
	ROLE_SUPERVISOR,
	ROLE_CORE,
	ROLE_SIP,
	ROLE_ISDN, /* one per span or NFAS group; index = (first) span */
	ROLE_MEDIA,
	ROLE_CONSOLE,
	ROLE_COUNT
};

enum role_socket { /* what a descriptor handed in is for */
	ROLE_SOCK_SIP,	    /* index = bind: see sip/trunk.h */
	ROLE_SOCK_RTP,	    /* index = port pair * 2 + (0 RTP, 1 RTCP) */
	ROLE_SOCK_LINE,	    /* index = span; UDP, or each channel's device */
	ROLE_SOCK_CONTROL,  /* console: listening local socket */
	ROLE_SOCK_METRICS,  /* console: listening TCP socket */
	ROLE_SOCK_CDR_DIR,  /* core: directory descriptor */
	ROLE_SOCK_STATE_DIR, /* core: directory descriptor */
	ROLE_SOCK_TLS,	     /* sip: sealed memory file, index = trunk; also
				later, when it has changed (sip/tls.h) */
	ROLE_SOCK_STIR	     /* the same for sip/stir.h */
};

struct role;

struct role_ops {
	enum role_id id;
	const char *name;
	/* conf is the role's part of the configuration (conf/conf.h),
	 * borrowed for the call. NULL + errno. */
	struct role *(*open)(struct loop *, const void *conf, size_t len);
	/* The slot and handlers for the link to that peer; NULL: none. */
	struct link *(*slot)(struct role *, enum role_id peer, unsigned index,
			     const struct link_ops **ops);
	void (*link_up)(struct role *, enum role_id peer, unsigned index);
	/* fd is the role's from here on. 0 or -errno. */
	int (*socket)(struct role *, enum role_socket, unsigned index, int fd);
	int (*start)(struct role *);
	/* A new, checked configuration whose lasting parts are unchanged.
	 * 0 or -errno; on failure the old one stays. */
	int (*reload)(struct role *, const void *conf, size_t len);
	/* A span is switched off or on again by the operator. NULL: that is
	 * nothing to it. */
	void (*span)(struct role *, unsigned index, bool on);
	void (*drain)(struct role *); /* take no new calls */
	bool (*is_idle)(const struct role *); /* no call left */
	void (*close)(struct role *); /* clears what is left, frees all */
};

/* Embedded first in each role's own struct. */
struct role {
	const struct role_ops *ops;
	struct loop *loop;
};

/* Runs one role in this process, driven by the supervisor over ctl_fd
 * (gateway/base/ctl.h). Returns the exit status. */
int role_main(const struct role_ops *, int ctl_fd);

/* The ops of the roles, each defined in its room. */
extern const struct role_ops core_role_ops;
extern const struct role_ops sip_role_ops;
extern const struct role_ops isdn_role_ops;
extern const struct role_ops media_role_ops;
extern const struct role_ops console_role_ops;

#endif
