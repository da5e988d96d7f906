/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Supervisor <-> role: the control link of each role's process.
 */
#ifndef BASE_CTL_H
#define BASE_CTL_H

#include "gateway/base/role.h"

enum ctl_type {
	/* supervisor -> role */
	CTL_CONF = 1, /* + descriptor: sealed memory file; before anything */
	CTL_LINK,     /* + descriptor: link to peer; replaces an older one */
	CTL_SOCKET,   /* + descriptor: struct ctl_msg.what = enum role_socket */
	CTL_START,    /* all handed over */
	CTL_RELOAD,   /* + descriptor: sealed memory file */
	CTL_DRAIN,
	CTL_STOP,     /* close and exit 0 */
	CTL_PING,
	CTL_SPAN,     /* what: 1 on, 0 off; index: of the span */
	/* role -> supervisor */
	CTL_READY = 64, /* after START succeeded; status 0, else -errno */
	CTL_RELOADED,	/* status */
	CTL_IDLE,	/* drained: no call left */
	CTL_PONG
};

struct ctl_msg {
	struct link_head head;
	uint16_t what;	/* LINK: enum role_id of the peer; SOCKET: role_socket */
	uint16_t index; /* span, or as enum role_socket says */
	int32_t status;
	uint32_t seq;	/* PING -> PONG */
};

#endif
