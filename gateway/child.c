/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/child.h"

#include "gateway/base/log.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PING_MS	     1000
/* So many without an answer: it hangs, end it. Counted, not measured, since
 * after a stall of the whole machine nobody has heard anybody. */
#define SILENT_PINGS 5
#define QUIET_MS     60000
#define CHILD_CTL    3 /* the control link's descriptor in the child */

extern char **environ;

static const char *const role_names[ROLE_COUNT] = {
	[ROLE_CORE] = "core",	[ROLE_SIP] = "sip",
	[ROLE_ISDN] = "isdn",	[ROLE_MEDIA] = "media",
	[ROLE_CONSOLE] = "console",
};

static void on_ping_timer(struct timer *t)
{
	struct child *c = container_of(t, struct child, ping);

	if (c->unanswered == SILENT_PINGS) {
		log_err("%s: no sign of life for %d s, ended", c->name,
			SILENT_PINGS * PING_MS / 1000);
		child_kill(c);
		return;
	}
	c->unanswered++;
	child_tell(c, CTL_PING, 0, 0, -1);
	timer_start(c->loop, &c->ping, on_ping_timer, PING_MS);
}

static void on_ctl(struct link *l, const struct link_head *head, int fd)
{
	struct child *c = container_of(l, struct child, ctl);
	const struct ctl_msg *m = (const void *)head;

	if (fd >= 0) {
		close(fd);
	}
	if (head->len != sizeof(*m)) {
		log_warn("%s: control message of %u octets", c->name,
			 head->len);
		return;
	}
	c->unanswered = 0;
	if (head->type == CTL_READY) {
		if (m->status == 0 && c->state == CHILD_STARTING) {
			c->state = CHILD_UP;
		}
		c->ops->on_ready(c, m->status);
	} else if (head->type != CTL_PONG) {
		c->ops->on_message(c, m);
	}
}

/* Its end follows by SIGCHLD. */
static void on_ctl_down(struct link *l)
{
	link_close(l);
}

static const struct link_ops ctl_ops = { on_ctl, on_ctl_down };

static int spawn(struct child *c, const char *dir, int ctl_fd)
{
	char path[4096], fd_text[8];
	char *argv[] = { path, "--role", (char *)role_names[c->role],
			 "--ctl-fd", fd_text, NULL };
	posix_spawn_file_actions_t fa;
	int r;

	snprintf(path, sizeof(path), "%s/%s", dir,
		 c->role == ROLE_ISDN ? "trunkgate-isdn" : "trunkgate");
	snprintf(fd_text, sizeof(fd_text), "%d", CHILD_CTL);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, ctl_fd, CHILD_CTL);
	r = posix_spawn(&c->pid, path, &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	if (r) {
		c->pid = 0;
		log_err("%s: cannot start %s: %s", c->name, path, strerror(r));
	}
	return -r;
}

int child_start(struct child *c, const char *dir)
{
	int fds[2];
	int r = link_socketpair(fds);

	if (r < 0) {
		return r;
	}
	r = spawn(c, dir, fds[1]);
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		return r;
	}
	r = link_open_fd(&c->ctl, c->loop, fds[0], &ctl_ops);
	if (r < 0) {
		child_kill(c);
		return r;
	}
	c->state = CHILD_STARTING;
	c->started = loop_now(c->loop);
	c->unanswered = 0;
	timer_start(c->loop, &c->ping, on_ping_timer, PING_MS);
	c->ops->on_spawned(c);
	return 0;
}

void child_plan_restart(struct child *c, timer_fn *fn)
{
	static const int pause_ms[] = { 0, 100, 500, 1000, 5000 };
	unsigned n = sizeof(pause_ms) / sizeof(pause_ms[0]);

	if (mono_diff_ms(loop_now(c->loop), c->started) > QUIET_MS) {
		c->failures = 0;
	}
	timer_start(c->loop, &c->restart, fn,
		    pause_ms[c->failures < n ? c->failures : n - 1]);
	c->failures++;
}

void child_tell(struct child *c, enum ctl_type type, unsigned what,
		unsigned index, int fd)
{
	struct ctl_msg m = { .what = (uint16_t)what,
			     .index = (uint16_t)index,
			     .seq = ++c->ping_seq };
	uint16_t t = (uint16_t)type;
	int r = fd < 0 ? link_send(&c->ctl, &m.head, t, sizeof(m)) :
			 link_send_fd(&c->ctl, &m.head, t, sizeof(m), fd);

	if (r < 0 && c->state != CHILD_STOPPING && r != -EPIPE) {
		/* Half told it is of no use: without the link it leaves. */
		log_err("%s: control message lost: %s", c->name,
			strerror(-r));
		link_close(&c->ctl);
	}
}

void child_stop(struct child *c)
{
	timer_stop(c->loop, &c->restart);
	if (c->state == CHILD_DOWN || c->state == CHILD_STOPPING) {
		return;
	}
	c->state = CHILD_STOPPING;
	child_tell(c, CTL_STOP, 0, 0, -1);
}

void child_kill(struct child *c)
{
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
	}
}

void child_reap(struct child *c)
{
	int status;

	if (c->pid <= 0 || waitpid(c->pid, &status, WNOHANG) != c->pid) {
		return;
	}
	timer_stop(c->loop, &c->ping);
	link_close(&c->ctl);
	if (c->state != CHILD_STOPPING) {
		if (WIFSIGNALED(status)) {
			log_err("%s: ended by signal %d", c->name,
				WTERMSIG(status));
		} else {
			log_err("%s: ended with status %d", c->name,
				WEXITSTATUS(status));
		}
	}
	c->pid = 0;
	c->state = CHILD_DOWN;
	c->ops->on_exit(c, status);
}

bool child_is_running(const struct child *c)
{
	return c->state == CHILD_STARTING || c->state == CHILD_UP;
}
