/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/base/role.h"

#include "gateway/base/ctl.h"
#include "gateway/base/log.h"
#include "gateway/base/memfd.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>

#define CONF_MAX     (4u << 20) /* octets of a role's configuration */
#define IDLE_POLL_MS 50		/* drained: is the last call gone? */

/* The process around a role. */
struct host {
	const struct role_ops *ops;
	struct role *role;
	struct loop *loop;
	struct link ctl;
	struct timer idle;
	bool draining;
	int exit_status;
};

static void reply(struct host *h, uint16_t type, int status, uint32_t seq)
{
	struct ctl_msg m = { .status = status, .seq = seq };

	link_send(&h->ctl, &m.head, type, sizeof(m));
}

static void leave(struct host *h, int status)
{
	h->exit_status = status;
	loop_stop(h->loop);
}

/* Hands the mapped octets of a configuration to open or reload. */
static int with_conf(struct host *h, int fd, bool reload)
{
	const void *data;
	size_t len;
	int r;

	r = memfd_map_sealed(fd, 1, CONF_MAX, &data, &len);
	if (r < 0) {
		return r;
	}
	if (reload) {
		r = h->ops->reload(h->role, data, len);
	} else {
		errno = EINVAL;
		h->role = h->ops->open(h->loop, data, len);
		r = h->role ? 0 : -errno;
	}
	memfd_unmap(data, len);
	return r;
}

static void on_conf(struct host *h, int fd)
{
	int r = h->role ? -EBUSY : with_conf(h, fd, false);

	if (r < 0) {
		log_err("%s: configuration refused: %s", h->ops->name,
			strerror(-r));
		leave(h, 2);
	}
}

/* Takes the descriptor: a fresh link to that peer. */
static void on_link(struct host *h, const struct ctl_msg *m, int fd)
{
	const struct link_ops *ops;
	struct link *slot;
	int r;

	slot = h->role && m->what < ROLE_COUNT ?
		h->ops->slot(h->role, m->what, m->index, &ops) : NULL;
	if (!slot) {
		log_warn("%s: no link to role %u here", h->ops->name, m->what);
		close(fd);
		return;
	}
	link_close(slot);
	r = link_open_fd(slot, h->loop, fd, ops);
	if (r < 0) {
		log_err("%s: link to role %u: %s", h->ops->name, m->what,
			strerror(-r));
		return;
	}
	h->ops->link_up(h->role, m->what, m->index);
}

static void on_socket(struct host *h, const struct ctl_msg *m, int fd)
{
	int r = h->role ? h->ops->socket(h->role, m->what, m->index, fd) :
			  -EINVAL;

	if (r < 0) {
		log_warn("%s: descriptor %u/%u refused: %s", h->ops->name,
			 m->what, m->index, strerror(-r));
		if (!h->role) {
			close(fd);
		}
	}
}

static void on_idle_poll(struct timer *t)
{
	struct host *h = container_of(t, struct host, idle);

	if (h->ops->is_idle(h->role)) {
		reply(h, CTL_IDLE, 0, 0);
		return;
	}
	timer_start(h->loop, &h->idle, on_idle_poll, IDLE_POLL_MS);
}

static void on_drain(struct host *h)
{
	if (!h->draining) {
		h->draining = true;
		h->ops->drain(h->role);
	}
	on_idle_poll(&h->idle);
}

static void on_command(struct host *h, const struct ctl_msg *m)
{
	switch (m->head.type) {
	case CTL_START:
		reply(h, CTL_READY, h->role ? h->ops->start(h->role) : -EINVAL,
		      0);
		break;
	case CTL_DRAIN:
		if (h->role) {
			on_drain(h);
		}
		break;
	case CTL_STOP:
		leave(h, 0);
		break;
	case CTL_SPAN:
		if (h->role && h->ops->span) {
			h->ops->span(h->role, m->index, m->what);
		}
		break;
	case CTL_PING:
		reply(h, CTL_PONG, 0, m->seq);
		break;
	default:
		log_warn("%s: control message %u", h->ops->name, m->head.type);
	}
}

static void on_ctl(struct link *l, const struct link_head *head, int fd)
{
	struct host *h = container_of(l, struct host, ctl);
	const struct ctl_msg *m = (const void *)head;

	if (head->len != sizeof(*m)) {
		log_warn("%s: control message of %u octets", h->ops->name,
			 head->len);
	} else if (fd < 0) {
		on_command(h, m);
	} else if (head->type == CTL_LINK) {
		on_link(h, m, fd);
		return;
	} else if (head->type == CTL_SOCKET) {
		on_socket(h, m, fd);
		return;
	} else if (head->type == CTL_CONF) {
		on_conf(h, fd);
	} else if (head->type == CTL_RELOAD) {
		reply(h, CTL_RELOADED,
		      h->role ? with_conf(h, fd, true) : -EINVAL, m->seq);
	}
	if (fd >= 0) {
		close(fd);
	}
}

/* The supervisor is gone: nobody can reach us any more. */
static void on_ctl_down(struct link *l)
{
	leave(container_of(l, struct host, ctl), 1);
}

static const struct link_ops ctl_ops = { on_ctl, on_ctl_down };

/* The terminal's signals go to the whole group; the supervisor decides. */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
		signal(ignored[i], SIG_IGN);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0); /* passwords stay out of core files */
}

int role_main(const struct role_ops *ops, int ctl_fd)
{
	struct host h = { .ops = ops };

	ignore_signals();
	h.loop = loop_new_uv();
	if (!h.loop) {
		log_err("%s: no event loop: %s", ops->name, strerror(errno));
		return 2;
	}
	h.exit_status = 2;
	if (link_open_fd(&h.ctl, h.loop, ctl_fd, &ctl_ops) == 0) {
		loop_run(h.loop);
	} else {
		log_err("%s: started by trunkgate, not by hand", ops->name);
	}
	timer_stop(h.loop, &h.idle);
	if (h.role) {
		ops->close(h.role);
	}
	link_close(&h.ctl);
	loop_free(h.loop);
	return h.exit_status;
}
