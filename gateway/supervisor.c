/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Life of a gateway:
 *
 *   start all roles -> each READY -> serving -> SIGTERM
 *   DRAINING  core and sip take no new calls; wait for the last call to end
 *   CLEARING  core is stopped (its CDRs are written); sip and isdn, having
 *             lost it, release what is left towards their networks
 *   STOPPING  everything else is told to leave
 *
 * A second SIGTERM or SIGINT goes on to the next phase at once.
 */
#include "gateway/supervisor.h"

#include "conf/load.h"
#include "conf/system_conf.h"
#include "gateway/base/log.h"
#include "gateway/base/notify.h"
#include "gateway/base/obs.h"
#include "gateway/base/str.h"
#include "gateway/certs.h"
#include "gateway/child.h"
#include "gateway/parts.h"
#include "gateway/sockets.h"
#include "gateway/supervisor_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define CLEAR_MS       3000 /* for releases to reach the networks */
#define LEAVE_MS       3000 /* then what has not left is ended */
#define NOTIFY_MS      1000
#define RENEW_MS       3000 /* cards that have come or gone */

/* There is one supervisor in a process; its children find it here. */
static struct supervisor sup;

/* Who has a link with whom; spans' isdn roles each have their own. */
static const struct {
	enum role_id a, b;
} joints[] = {
	{ ROLE_CORE, ROLE_SIP },     { ROLE_CORE, ROLE_ISDN },
	{ ROLE_CORE, ROLE_MEDIA },   { ROLE_CORE, ROLE_CONSOLE },
	{ ROLE_MEDIA, ROLE_ISDN },   { ROLE_MEDIA, ROLE_CONSOLE },
	{ ROLE_ISDN, ROLE_CONSOLE }, { ROLE_SIP, ROLE_CONSOLE },
};

static void next_phase(void);
static int start_all(void);

static struct child *find(enum role_id role)
{
	return supervisor_child(&sup, role);
}

/* --- joining the roles --- */

static bool are_joined(enum role_id a, enum role_id b)
{
	for (size_t i = 0; i < sizeof(joints) / sizeof(joints[0]); i++) {
		if ((joints[i].a == a && joints[i].b == b) ||
		    (joints[i].a == b && joints[i].b == a)) {
			return true;
		}
	}
	return false;
}

/* A link is known to each end by the peer's role and the span it is about. */
static void join(struct child *a, struct child *b)
{
	unsigned span = a->role == ROLE_ISDN ? a->index : b->index;
	int fds[2];

	if (link_socketpair(fds) < 0) {
		log_err("%s: no link to %s: %s", a->name, b->name,
			strerror(errno));
		return;
	}
	child_tell(a, CTL_LINK, b->role, span, fds[0]);
	child_tell(b, CTL_LINK, a->role, span, fds[1]);
	close(fds[0]);
	close(fds[1]);
}

static void on_command(struct link *, const struct link_head *, int fd);

static void on_console_down(struct link *l)
{
	link_close(l);
}

static const struct link_ops console_ops = { on_command, on_console_down };

static void join_console(struct child *c)
{
	int fds[2];

	link_close(&sup.console);
	if (link_socketpair(fds) < 0) {
		return;
	}
	child_tell(c, CTL_LINK, ROLE_SUPERVISOR, 0, fds[1]);
	close(fds[1]);
	link_open_fd(&sup.console, sup.loop, fds[0], &console_ops);
}

static void hand_socket(void *arg, enum role_socket what, unsigned index,
			int fd)
{
	child_tell(arg, CTL_SOCKET, what, index, fd);
}

static void hand_conf(struct child *c, enum ctl_type type)
{
	int fd = parts_memfd(sup.conf, c->role, c->index);

	if (fd < 0) {
		log_err("%s: no configuration: %s", c->name, strerror(-fd));
		return;
	}
	child_tell(c, type, 0, 0, fd);
	close(fd);
}

static void hand_bundle(struct child *sip, unsigned trunk, enum certs what,
			enum role_socket as)
{
	const struct conf_trunk *t = &sup.conf->trunks[trunk];
	int fd = certs_wanted(t, what)
			 ? certs_memfd(t, what, sup.conf->file)
			 : -1;

	if (fd >= 0) {
		child_tell(sip, CTL_SOCKET, as, trunk, fd);
		close(fd);
	}
}

/* The files may have been replaced since: they are read anew. */
static void hand_certs(struct child *sip)
{
	for (unsigned i = 0; i < sup.conf->n_trunks; i++) {
		hand_bundle(sip, i, CERTS_TLS, ROLE_SOCK_TLS);
		hand_bundle(sip, i, CERTS_STIR, ROLE_SOCK_STIR);
	}
}

static void on_spawned(struct child *c)
{
	hand_conf(c, CTL_CONF);
	for (unsigned i = 0; i < sup.n_children; i++) {
		struct child *peer = &sup.children[i];

		if (peer != c && child_is_running(peer) &&
		    are_joined(c->role, peer->role)) {
			join(c, peer);
		}
	}
	if (c->role == ROLE_CONSOLE) {
		join_console(c);
	}
	sockets_each(sup.sockets, c->role, hand_socket, c);
	if (c->role == ROLE_SIP) {
		hand_certs(c);
	}
	child_tell(c, CTL_START, 0, 0, -1);
	for (unsigned i = 0; c->role == ROLE_MEDIA && i < sup.conf->n_spans;
	     i++) {
		if (sup.off[i] && !sup.conf->spans[i].gone) {
			child_tell(c, CTL_SPAN, 0, i, -1);
		}
	}
	if (sup.phase == PHASE_DRAIN && (c->role == ROLE_CORE ||
					 c->role == ROLE_SIP)) {
		child_tell(c, CTL_DRAIN, 0, 0, -1);
	}
}

/* --- starting and watching --- */

static void announce(void)
{
	for (unsigned i = 0; i < sup.n_children; i++) {
		if (sup.children[i].state != CHILD_UP &&
		    !supervisor_is_off(&sup, &sup.children[i])) {
			return;
		}
	}
	if (!sup.announced) {
		sup.announced = true;
		log_info("%s: all %u roles are up",
			 sup.conf->gateway.node, sup.n_children);
	}
	notify_ready(&sup.notify);
}

static void on_ready(struct child *c, int status)
{
	if (status < 0) {
		log_err("%s: cannot start: %s", c->name, strerror(-status));
		if (!sup.announced) {
			sup.exit_status = 2;
			sup.phase = PHASE_CLEAR;
			next_phase();
		}
		return;
	}
	log_info("%s: up, process %d", c->name, (int)c->pid);
	announce();
}

static bool all_idle_or_down(void);

static void on_message(struct child *c, const struct ctl_msg *m)
{
	if (m->head.type == CTL_RELOADED && m->status < 0) {
		log_err("%s: reload refused: %s", c->name,
			strerror(-m->status));
	} else if (m->head.type == CTL_IDLE) {
		c->failures = 0;
		if (sup.phase == PHASE_DRAIN && c->role == ROLE_CORE) {
			next_phase();
		} else if (sup.phase == PHASE_CLEAR &&
			   c->role != ROLE_CORE) {
			child_stop(c);
		}
	}
}

void supervisor_restart(struct timer *t)
{
	struct child *c = container_of(t, struct child, restart);

	if (child_start(c, sup.dir) < 0) {
		child_plan_restart(c, supervisor_restart);
	}
}

static void on_exit_of(struct child *c, int status)
{
	(void)status;
	if (sup.phase == PHASE_RUN && supervisor_is_off(&sup, c)) {
		if (sup.restart[c->index]) {
			supervisor_switch(&sup, c->index, true);
		}
	} else if (sup.phase == PHASE_RUN) {
		child_plan_restart(c, supervisor_restart);
	} else if (sup.phase == PHASE_DRAIN && c->role == ROLE_CORE) {
		next_phase();
	} else if (all_idle_or_down()) {
		next_phase();
	}
}

static const struct child_ops child_ops = { on_spawned, on_ready, on_message,
					    on_exit_of };

/* Of a span, or of its NFAS group. */
static void name_isdn(struct child *c)
{
	const struct conf_span *s = &sup.conf->spans[c->index];

	snprintf(c->name, sizeof(c->name), "isdn %s",
		 s->isdn.nfas.leader ? s->isdn.nfas.group : s->name);
}

static struct child *add_child(enum role_id role, unsigned index,
			       const char *name)
{
	struct child *c = &sup.children[sup.n_children++];

	memset(c, 0, sizeof(*c));
	c->ops = &child_ops;
	c->loop = sup.loop;
	c->role = role;
	c->index = index;
	str_copy(c->name, sizeof(c->name), name);
	return c;
}

/* In the place of an earlier one, that has left or is about to. */
struct child *supervisor_add_isdn(struct supervisor *s, unsigned span)
{
	struct child *c = supervisor_isdn(s, span);

	if (conf_leader(s->conf->spans, span) != span) {
		return NULL;
	}
	if (!c) {
		c = add_child(ROLE_ISDN, span, "");
	}
	name_isdn(c);
	return c;
}

static int start_all(void)
{
	for (unsigned i = 0; i < sup.conf->n_spans; i++) {
		sup.off[i] = sup.conf->spans[i].shutdown;
		sup.restart[i] = false;
	}
	sup.room = conf_room(sup.conf->n_spans, sup.conf->gateway.spare_spans);
	sup.n_children = 0;
	sup.phase = PHASE_RUN;
	sup.announced = false;
	add_child(ROLE_CONSOLE, 0, "console");
	add_child(ROLE_CORE, 0, "core");
	add_child(ROLE_MEDIA, 0, "media");
	for (unsigned i = 0; i < sup.conf->n_spans; i++) {
		supervisor_add_isdn(&sup, i);
	}
	add_child(ROLE_SIP, 0, "sip");
	for (unsigned i = 0; i < sup.n_children; i++) {
		int r = supervisor_is_off(&sup, &sup.children[i])
				? 0
				: child_start(&sup.children[i], sup.dir);

		if (r < 0) {
			return r;
		}
	}
	return 0;
}

/* --- stopping --- */

/* In PHASE_CLEAR: the legs' roles are gone; in PHASE_STOP: everybody. */
static bool all_idle_or_down(void)
{
	for (unsigned i = 0; i < sup.n_children; i++) {
		const struct child *c = &sup.children[i];

		if (c->pid && (sup.phase == PHASE_STOP || c->role == ROLE_SIP ||
			       c->role == ROLE_ISDN)) {
			return false;
		}
	}
	return sup.phase >= PHASE_CLEAR;
}

static void on_phase_timer(struct timer *t)
{
	(void)t;
	next_phase();
}

static void begin_drain(void)
{
	log_info("draining, at most %u s", sup.conf->gateway.drain_s);
	if (!sup.next_conf) {
		notify_stopping(&sup.notify);
	}
	child_tell(find(ROLE_SIP), CTL_DRAIN, 0, 0, -1);
	child_tell(find(ROLE_CORE), CTL_DRAIN, 0, 0, -1);
	timer_start(sup.loop, &sup.phase_timer, on_phase_timer,
		    sup.conf->gateway.drain_s * 1000 + 1);
}

static void begin_clear(void)
{
	child_stop(find(ROLE_CORE));
	for (unsigned i = 0; i < sup.n_children; i++) {
		struct child *c = &sup.children[i];

		if (c->role == ROLE_SIP || c->role == ROLE_ISDN) {
			child_tell(c, CTL_DRAIN, 0, 0, -1);
		}
	}
	timer_start(sup.loop, &sup.phase_timer, on_phase_timer, CLEAR_MS);
}

static void begin_stop(void)
{
	for (unsigned i = 0; i < sup.n_children; i++) {
		child_stop(&sup.children[i]);
	}
	timer_start(sup.loop, &sup.phase_timer, on_phase_timer, LEAVE_MS);
}

/* Only now that all roles are gone are the former ports free. When one of the
 * new ones is not, what was before goes on. */
static int start_anew(void)
{
	struct conf *former = sup.conf;

	sockets_close(sup.sockets);
	sup.conf = sup.next_conf;
	sup.next_conf = NULL;
	sup.sockets = sockets_open(sup.conf);
	if (!sup.sockets) {
		log_err("the new configuration cannot be used, the former one "
			"goes on");
		free(sup.conf);
		sup.conf = former;
		sup.sockets = sockets_open(sup.conf);
	} else {
		free(former);
	}
	return sup.sockets ? start_all() : -EADDRINUSE;
}

static void all_gone(void)
{
	timer_stop(sup.loop, &sup.phase_timer);
	if (sup.next_conf) {
		if (start_anew() == 0) {
			return;
		}
		sup.exit_status = 2;
	}
	loop_stop(sup.loop);
}

static void next_phase(void)
{
	timer_stop(sup.loop, &sup.phase_timer);
	switch (sup.phase) {
	case PHASE_RUN:
		sup.phase = PHASE_DRAIN;
		begin_drain();
		break;
	case PHASE_DRAIN:
		sup.phase = PHASE_CLEAR;
		begin_clear();
		break;
	case PHASE_CLEAR:
		sup.phase = PHASE_STOP;
		begin_stop();
		if (all_idle_or_down()) {
			all_gone();
		}
		break;
	case PHASE_STOP:
		if (all_idle_or_down()) {
			all_gone();
			return;
		}
		for (unsigned i = 0; i < sup.n_children; i++) {
			child_kill(&sup.children[i]);
		}
		break;
	}
}

/* --- reload --- */

static void apply_spans(const struct conf *was)
{
	hand_conf(find(ROLE_MEDIA), CTL_RELOAD);
	supervisor_apply(&sup, was);
}

/* Those that begin anew leave first: media and their D channels free what they
 * have of them; for the others they are restarted. */
static int remove_anew(const struct conf *fresh)
{
	struct conf *was = sup.conf;
	bool anew[CONF_SPANS];

	conf_find_anew(was, fresh, anew);
	if (!memchr(anew, true, sizeof(anew))) {
		return 0;
	}
	sup.conf = conf_without(was, fresh, anew);
	if (!sup.conf) {
		sup.conf = was;
		return -ENOMEM;
	}
	for (unsigned i = 0; i < CONF_SPANS; i++) {
		sup.stays_off[i] = anew[i] && sup.off[i] &&
				   !was->spans[i].shutdown;
	}
	apply_spans(was);
	free(was);
	return 0;
}

/* All that can be done while calls run. */
static int apply(struct conf *fresh)
{
	int r = remove_anew(fresh);
	struct conf *was = sup.conf;

	if (r < 0) {
		free(fresh);
		return r;
	}
	notify_reloading(&sup.notify);
	sup.conf = fresh;
	hand_conf(find(ROLE_CORE), CTL_RELOAD);
	hand_conf(find(ROLE_SIP), CTL_RELOAD);
	hand_certs(find(ROLE_SIP));
	hand_conf(find(ROLE_CONSOLE), CTL_RELOAD);
	apply_spans(was);
	free(was);
	notify_ready(&sup.notify);
	return 0;
}

/* What it costs and, in text, why. */
static enum conf_cost judge(const struct conf *fresh, bool fits, char *text,
			    size_t size)
{
	char *changes;
	enum conf_cost cost = conf_diff(sup.conf, fresh, &changes);

	snprintf(text, size, "%s%s", *changes || !fits ? changes : "no changes",
		 fits ? "" : "spans: more than gateway.spare_spans new ones: "
			     "ends all calls\n");
	free(changes);
	return fits ? cost : CONF_COST_ALL;
}

/* Says in text what was done, for the operator; 0 or -errno. */
static int reload(bool may_restart, char *text, size_t size)
{
	struct conf *fresh, *arranged;
	enum conf_cost cost;
	char *report;
	size_t len;

	if (sup.phase != PHASE_RUN) {
		snprintf(text, size, "draining; nothing was changed");
		return -EBUSY;
	}
	fresh = conf_load(sup.conf_path, &report);
	if (!fresh) {
		snprintf(text, size, "%s\nnothing was changed", report);
		free(report);
		return -EINVAL;
	}
	free(report);
	sockets_fill_address(fresh);
	arranged = conf_arrange(sup.conf, fresh, sup.room);
	cost = judge(arranged ? arranged : fresh, arranged, text, size);
	if (cost != CONF_COST_NONE && !may_restart) {
		len = strlen(text);
		snprintf(text + len, size - len, "\nthese changes end calls; "
			 "nothing was changed; to apply them: trunkctl reload "
			 "--restart");
		free(arranged);
		free(fresh);
		return -EBUSY;
	}
	if (cost != CONF_COST_ALL) {
		free(fresh);
		return apply(arranged);
	}
	free(arranged);
	notify_reloading(&sup.notify);
	sup.next_conf = fresh;
	next_phase();
	return 0;
}

static void answer(uint32_t id, int error, const char *text)
{
	static struct obs_reply r;

	r.id = id;
	r.more = 0;
	r.error = error != 0;
	str_copy(r.text, sizeof(r.text), text);
	r.len = (uint16_t)strlen(r.text);
	link_send(&sup.console, &r.head, OBS_REPLY,
		  offsetof(struct obs_reply, text) + r.len);
}

static void on_command(struct link *l, const struct link_head *head, int fd)
{
	const struct obs_query *q = (const void *)head;
	char text[4000] = "draining";
	int r = 0;

	(void)l;
	if (fd >= 0) {
		close(fd);
	}
	if (head->type != OBS_COMMAND || head->len != sizeof(*q) ||
	    !memchr(q->verb, 0, sizeof(q->verb)) ||
	    !memchr(q->arg, 0, sizeof(q->arg))) {
		log_warn("bad command message");
		return;
	}
	log_info("command %s %s", q->verb, q->arg);
	if (!strcmp(q->verb, "reload") && *q->arg &&
	    strcmp(q->arg, "--restart")) {
		snprintf(text, sizeof(text), "usage: reload [--restart]");
		r = -EINVAL;
	} else if (!strcmp(q->verb, "reload")) {
		r = reload(*q->arg, text, sizeof(text));
	} else if (!strcmp(q->verb, "span")) {
		r = supervisor_span(&sup, q->arg, text, sizeof(text));
	} else if (!strcmp(q->verb, "drain") || !strcmp(q->verb, "stop")) {
		if (sup.phase == PHASE_RUN) {
			next_phase();
		}
	} else {
		snprintf(text, sizeof(text), "no such command: %s", q->verb);
		r = -EINVAL;
	}
	answer(q->id, r, text);
}

/* --- signals --- */

static void on_term(struct sigwatch *s, int signum)
{
	(void)s;
	(void)signum;
	if (sup.next_conf) {
		notify_stopping(&sup.notify);
	}
	free(sup.next_conf);
	sup.next_conf = NULL;
	next_phase();
}

/* Each line of the report is one of the log's. */
static void on_hup(struct sigwatch *s, int signum)
{
	char text[4000], *save = NULL;
	int r = reload(false, text, sizeof(text));

	(void)s;
	(void)signum;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (r < 0) {
			log_err("reload: %s", line);
		} else {
			log_info("reload: %s", line);
		}
	}
}

static void on_chld(struct sigwatch *s, int signum)
{
	(void)s;
	(void)signum;
	for (unsigned i = 0; i < sup.n_children; i++) {
		child_reap(&sup.children[i]);
	}
	if (sup.phase == PHASE_STOP && all_idle_or_down()) {
		all_gone();
	}
}

/* What `systemctl status` shows. */
static void tell_status(void)
{
	static const char *const doing[] = {
		[PHASE_RUN] = "in service",
		[PHASE_DRAIN] = "waiting for the calls to end",
		[PHASE_CLEAR] = "clearing the calls",
		[PHASE_STOP] = "stopping",
	};
	unsigned up = 0;
	char text[96];

	for (unsigned i = 0; i < sup.n_children; i++) {
		up += sup.children[i].state == CHILD_UP;
	}
	snprintf(text, sizeof(text), "%s; %u of %u roles up",
		 doing[sup.phase], up, sup.n_children);
	notify_status(&sup.notify, text);
}

static void on_notify_timer(struct timer *t)
{
	timer_start(sup.loop, t, on_notify_timer, NOTIFY_MS);
	notify_watchdog(&sup.notify);
	tell_status();
}

/* A role that is not running gets all of them when it starts. */
static void on_renew_timer(struct timer *t)
{
	struct child *media = find(ROLE_MEDIA);

	timer_start(sup.loop, t, on_renew_timer, RENEW_MS);
	if (sup.phase == PHASE_RUN && media && media->state == CHILD_UP) {
		sockets_renew(sup.sockets, sup.conf, hand_socket, media);
	}
}

/* 64 spans need some 6,600 descriptors; a shell begins with 1,024. */
static void raise_file_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

static int start_watching(void)
{
	sup.loop = loop_new_uv();
	if (!sup.loop) {
		return -errno;
	}
	signal(SIGPIPE, SIG_IGN);
	notify_open(&sup.notify);
	sig_start(sup.loop, &sup.sig_term, SIGTERM, on_term);
	sig_start(sup.loop, &sup.sig_int, SIGINT, on_term);
	sig_start(sup.loop, &sup.sig_hup, SIGHUP, on_hup);
	sig_start(sup.loop, &sup.sig_chld, SIGCHLD, on_chld);
	on_notify_timer(&sup.notify_timer);
	sup.renew = on_renew_timer;
	timer_start(sup.loop, &sup.renew_timer, on_renew_timer, RENEW_MS);
	return 0;
}

static void stop_watching(void)
{
	for (unsigned i = 0; i < sup.n_children; i++) {
		timer_stop(sup.loop, &sup.children[i].restart);
		timer_stop(sup.loop, &sup.children[i].ping);
		link_close(&sup.children[i].ctl);
	}
	timer_stop(sup.loop, &sup.phase_timer);
	timer_stop(sup.loop, &sup.notify_timer);
	timer_stop(sup.loop, &sup.renew_timer);
	sig_stop(sup.loop, &sup.sig_term);
	sig_stop(sup.loop, &sup.sig_int);
	sig_stop(sup.loop, &sup.sig_hup);
	sig_stop(sup.loop, &sup.sig_chld);
	link_close(&sup.console);
	notify_close(&sup.notify);
	loop_free(sup.loop);
}

/* What does not fit stands in the log at the start, and may be meant. */
static void tell_system_conf(void)
{
	char *text;

	if (system_conf_judge(SYSTEM_CONF, sup.conf, &text) != 0 && text) {
		fputs(text, stderr);
	}
	free(text);
}

int supervisor_run(const char *conf_path, const char *dir)
{
	char *report;

	prctl(PR_SET_DUMPABLE, 0); /* passwords stay out of core files */
	sup.conf_path = conf_path;
	sup.dir = dir;
	sup.conf = conf_load(conf_path, &report);
	fputs(report, stderr);
	free(report);
	if (!sup.conf) {
		return 2;
	}
	sockets_fill_address(sup.conf);
	tell_system_conf();
	log_init("gateway", sup.conf->gateway.log_level);
	raise_file_limit();
	sup.sockets = sockets_open(sup.conf);
	if (!sup.sockets) {
		free(sup.conf);
		return 2;
	}
	if (start_watching() == 0) {
		sup.exit_status = start_all() < 0 ? 2 : 0;
		if (sup.exit_status) {
			sup.phase = PHASE_CLEAR;
			next_phase();
		}
		loop_run(sup.loop);
		stop_watching();
	}
	sockets_close(sup.sockets);
	free(sup.next_conf);
	explicit_bzero(sup.conf, sizeof(*sup.conf));
	free(sup.conf);
	return sup.exit_status;
}
