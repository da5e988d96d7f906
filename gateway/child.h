/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One role's process as the supervisor sees it: started, watched by a ping
 * each second, restarted with a growing pause. Thread: the supervisor's loop.
 *
 *	down -> starting -> up -> down (died: restart after the pause)
 *	                    up -> stopping -> down (told to stop)
 */
#ifndef GATEWAY_CHILD_H
#define GATEWAY_CHILD_H

#include "gateway/base/ctl.h"

#include <sys/types.h>

enum child_state { CHILD_DOWN, CHILD_STARTING, CHILD_UP, CHILD_STOPPING };

struct child;

struct child_ops {
	/* The process runs and its control link is open: hand it everything,
	 * then CTL_START. */
	void (*on_spawned)(struct child *);
	/* CTL_READY; status is 0 or -errno (the process then ends). */
	void (*on_ready)(struct child *, int status);
	/* CTL_RELOADED, CTL_IDLE. */
	void (*on_message)(struct child *, const struct ctl_msg *);
	/* The process has ended; called after the state is CHILD_DOWN. */
	void (*on_exit)(struct child *, int wait_status);
};

struct child {
	const struct child_ops *ops;
	struct loop *loop;
	enum role_id role;
	unsigned index; /* span, for isdn */
	char name[48];	/* for logs: "isdn carrier" */
	pid_t pid;	/* 0: none */
	enum child_state state;
	struct link ctl;
	struct timer restart, ping;
	unsigned failures; /* restarts without a quiet minute between them */
	unsigned unanswered; /* pings since it was last heard */
	mono_t started;
	uint32_t ping_seq;
};

/* Starts the process: `dir`/trunkgate-isdn or `dir`/trunkgate. 0 or -errno.
 * on_spawned is called before this returns. */
int child_start(struct child *, const char *dir);
/* Plans the next start: after 0, 0.1, 0.5, 1, then each 5 s. The callback of
 * the timer is the owner's. */
void child_plan_restart(struct child *, timer_fn *);
/* what, index and fd as ctl.h says; fd -1: none. It stays the caller's. */
void child_tell(struct child *, enum ctl_type, unsigned what, unsigned index,
		int fd);
/* Asks it to leave; on_exit follows. Does nothing when down. */
void child_stop(struct child *);
void child_kill(struct child *);
/* For SIGCHLD: looks whether this one has ended. */
void child_reap(struct child *);
bool child_is_running(const struct child *); /* starting or up */

#endif
