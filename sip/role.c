/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sip role: trunks and their calls, between the core's link, the
 * console's link and the SIP sockets.
 */
#include "gateway/base/role.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "gateway/base/str.h"
#include "sip/check.h"
#include "sip/legs.h"
#include "sip/observe.h"
#include "sip/probe.h"
#include "sip/register.h"
#include "sip/sip.h"
#include "sip/stir.h"

#define CORE_BEHIND   512 /* messages, beside those in the socket */
#define STATE_POLL_MS 1000 /* are the trunks' servers resolved? */

struct sip_role {
	struct role role;
	struct sip_stack_user stack_user;
	struct sip_stack *stack;
	struct legs *legs;
	struct registers *registers;
	struct probes *probes;
	struct stir *stir;
	struct link core, console;
	struct sip_observe observe;
	struct timer poll;
	bool draining;
	char user_agent[CONF_NAME];
	uint8_t told_up[CONF_TRUNKS]; /* as in the last CC_END_STATE */
	bool unserved[CONF_TRUNKS]; /* the core has no line for its calls */
};

static struct sip_role *of_role(struct role *r)
{
	return container_of(r, struct sip_role, role);
}

/* --- the state of the trunks, to the core --- */

static bool trunk_up(const struct sip_role *r, unsigned i)
{
	return !r->draining &&
	       trunk_is_up(sip_stack_trunks(r->stack), i) &&
	       sip_registers_up(r->registers, i);
}

static void tell_state(struct sip_role *r, unsigned i)
{
	struct cc_end_state m = {
		.end = {CC_END_TRUNK, (uint8_t)i},
		.up = trunk_up(r, i),
	};

	str_copy(m.text, sizeof(m.text),
		 r->draining ? "draining"
		 : trunk_is_up(sip_stack_trunks(r->stack), i) && !m.up
			 ? "not registered"
			 : trunk_state_text(sip_stack_trunks(r->stack), i));
	r->told_up[i] = m.up;
	if (link_is_up(&r->core) &&
	    link_send(&r->core, &m.head, CC_END_STATE, sizeof(m)) != 0)
		log_warn("trunk %u: its state does not reach the core", i);
}

static void tell_servers(struct sip_role *r)
{
	struct cc_servers m;

	while (link_is_up(&r->core) &&
	       trunk_servers_next(sip_stack_trunks(r->stack), &m)) {
		if (link_send(&r->core, &m.head, CC_SERVERS, sizeof(m)) != 0)
			log_warn("trunk %u: where its servers are does not "
				 "reach the core", m.end.index);
	}
}

static void tell_changes(struct sip_role *r)
{
	const struct trunk_table *t = sip_stack_trunks(r->stack);
	unsigned i;

	for (i = 0; i < trunk_count(t); i++) {
		if (trunk_up(r, i) == r->told_up[i])
			continue;
		log_info("trunk %s: %s", trunk_conf(t, i)->name,
			 trunk_up(r, i) ? "up" : "down");
		tell_state(r, i);
	}
}

static void on_poll(struct timer *t)
{
	struct sip_role *r = container_of(t, struct sip_role, poll);

	probes_tick(r->probes);
	tell_changes(r);
	tell_servers(r);
	(void)timer_start(r->role.loop, &r->poll, on_poll, STATE_POLL_MS);
}

/* --- requests of the peers --- */

static void answer_options(struct sip_role *r, txn_id id,
			   const struct sip_msg *m)
{
	struct txn_layer *txns = sip_stack_txns(r->stack);
	bool in_service = !r->draining && link_is_up(&r->core) &&
			  !(m->path.trunk < CONF_TRUNKS &&
			    r->unserved[m->path.trunk]);
	struct sip_msg *ok = sip_response_new(m, in_service ? 200 : 503, NULL,
					      txn_local_tag(txns, id));

	if (!ok)
		return;
	(void)sip_msg_add(ok, "Allow", SIP_ALLOW);
	(void)sip_msg_add(ok, "Accept", SIP_ACCEPT);
	(void)sip_msg_add(ok, "Supported", SIP_SUPPORTED);
	if (r->user_agent[0])
		(void)sip_msg_add(ok, "Server", r->user_agent);
	(void)txn_respond(txns, id, ok);
}

static void on_request(struct sip_stack_user *u, txn_id id,
		       const struct sip_msg *m)
{
	struct sip_role *r = container_of(u, struct sip_role, stack_user);
	struct txn_layer *txns = sip_stack_txns(r->stack);
	struct sip_msg *no;

	/* The body of INFO is looked at where its dialog is. */
	no = sip_msg_is(m, "INFO") && sip_msg_to_tag(m)[0]
		     ? NULL
		     : sip_request_check(m, txn_local_tag(txns, id));
	if (no)
		(void)txn_respond(txns, id, no);
	else if (sip_msg_is(m, "OPTIONS") && !sip_msg_to_tag(m)[0])
		answer_options(r, id, m);
	else
		sip_legs_request(r->legs, id, m);
}

static void on_ack(struct sip_stack_user *u, const struct sip_msg *m)
{
	struct sip_role *r = container_of(u, struct sip_role, stack_user);

	sip_legs_ack(r->legs, m);
}

static void on_stray_2xx(struct sip_stack_user *u, const struct sip_msg *m)
{
	struct sip_role *r = container_of(u, struct sip_role, stack_user);

	sip_legs_stray_2xx(r->legs, m);
}

static void on_wire(struct sip_stack_user *u, bool sent,
		    const struct sip_path *path, const char *data, size_t len)
{
	struct sip_role *r = container_of(u, struct sip_role, stack_user);

	sip_observe_wire(&r->observe, sent, path, data, len);
}

static int dialog_trunk(struct sip_stack_user *u, const struct sip_msg *m)
{
	struct sip_role *r = container_of(u, struct sip_role, stack_user);

	return sip_legs_trunk_of(r->legs, m);
}

static void on_flow_down(struct sip_stack_user *u, const struct sip_path *path,
			 int err)
{
	struct sip_role *r = container_of(u, struct sip_role, stack_user);

	sip_registers_flow_down(r->registers, path, err);
}

/* Calls that the core has not even heard of are enough. */
static bool is_behind(struct sip_stack_user *u)
{
	struct sip_role *r = container_of(u, struct sip_role, stack_user);

	return link_waiting(&r->core) > CORE_BEHIND;
}

static const struct sip_stack_user_ops stack_ops = {
	.is_behind = is_behind,
	.on_request = on_request,
	.on_ack = on_ack,
	.on_stray_2xx = on_stray_2xx,
	.on_wire = on_wire,
	.dialog_trunk = dialog_trunk,
	.on_flow_down = on_flow_down,
};

/* --- links --- */

/* All lines that a trunk's calls could go to are out, or are back. */
static void on_end_state(struct sip_role *r, const struct cc_end_state *e)
{
	if (e->end.kind == CC_END_TRUNK && e->end.index < CONF_TRUNKS)
		r->unserved[e->end.index] = !e->up;
}

static void on_core_msg(struct link *l, const struct link_head *h, int fd)
{
	struct sip_role *r = container_of(l, struct sip_role, core);

	if (fd >= 0)
		close(fd);
	if (h->type == CC_END_STATE && cc_msg_ok(h))
		on_end_state(r, (const void *)h);
	else if (h->type == CC_SERVERS && cc_msg_ok(h))
		trunk_servers_restore(sip_stack_trunks(r->stack),
				      (const void *)h);
	else
		sip_legs_core(r->legs, h);
}

static void on_core_down(struct link *l)
{
	struct sip_role *r = container_of(l, struct sip_role, core);

	/* In an orderly end the core goes first (gateway/supervisor.c). */
	if (!r->draining)
		log_warn("core is gone");
	sip_legs_core_gone(r->legs);
}

static const struct link_ops core_ops = {on_core_msg, on_core_down};

static void on_console_msg(struct link *l, const struct link_head *h, int fd)
{
	struct sip_role *r = container_of(l, struct sip_role, console);

	if (fd >= 0)
		close(fd);
	sip_observe_msg(&r->observe, h);
}

static void on_console_down(struct link *l)
{
	struct sip_role *r = container_of(l, struct sip_role, console);

	r->observe.tracing = false;
}

static const struct link_ops console_ops = {on_console_msg, on_console_down};

static struct link *sip_slot(struct role *role, enum role_id peer,
			     unsigned index, const struct link_ops **ops)
{
	struct sip_role *r = of_role(role);

	(void)index;
	if (peer == ROLE_CORE) {
		*ops = &core_ops;
		return &r->core;
	}
	if (peer == ROLE_CONSOLE) {
		*ops = &console_ops;
		return &r->console;
	}
	return NULL;
}

static void sip_link_up(struct role *role, enum role_id peer, unsigned index)
{
	struct sip_role *r = of_role(role);
	unsigned i;

	(void)index;
	if (peer == ROLE_CONSOLE)
		r->observe.tracing = false;
	if (peer != ROLE_CORE)
		return;
	/* The end of the old link may not have been seen yet. */
	sip_legs_core_gone(r->legs);
	for (i = 0; i < trunk_count(sip_stack_trunks(r->stack)); i++)
		tell_state(r, i);
	trunk_servers_again(sip_stack_trunks(r->stack));
	tell_servers(r);
}

/* --- life --- */

#define HEAP_READY 4096 /* KiB */

/*
 * Transactions keep their messages for 32 s, those of ended calls included.
 * What 20 calls a second come to is touched now and not given back, so that
 * the memory in use shows the calls and nothing else.
 */
static void make_ready(void)
{
	void *block[HEAP_READY];
	unsigned i;

	(void)mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
	for (i = 0; i < HEAP_READY; i++) {
		block[i] = malloc(1000);
		if (block[i])
			memset(block[i], 1, 1000);
	}
	for (i = 0; i < HEAP_READY; i++)
		free(block[i]);
}

static bool conf_ok(const void *conf, size_t len)
{
	const struct conf_for_sip *c = conf;

	return len == sizeof(*c) && c->n_trunks <= CONF_TRUNKS &&
	       c->n_emergency <= CONF_EMERGENCY;
}

static struct role *sip_open(struct loop *loop, const void *conf, size_t len)
{
	const struct conf_for_sip *c = conf;
	struct sip_role *r;

	if (!conf_ok(conf, len)) {
		errno = EINVAL;
		return NULL;
	}
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	make_ready();
	r->role = (struct role){&sip_role_ops, loop};
	r->stack_user.ops = &stack_ops;
	r->stack = sip_stack_new(loop, c, &r->stack_user, 0);
	if (!r->stack)
		goto free_role;
	r->probes = probes_new(loop, r->stack, &c->sip);
	if (!r->probes)
		goto free_stack;
	r->legs = sip_legs_new(loop, r->stack, c, &r->core);
	if (!r->legs)
		goto free_probes;
	r->registers = sip_registers_new(loop, r->stack, c);
	if (!r->registers)
		goto free_legs;
	r->stir = stir_new(loop, sip_stack_trunks(r->stack), c->file);
	if (!r->stir)
		goto free_registers;
	sip_legs_env(r->legs)->registers = r->registers;
	sip_legs_env(r->legs)->stir = r->stir;
	str_copy(r->user_agent, sizeof(r->user_agent), c->sip.user_agent);
	r->observe = (struct sip_observe){
		.loop = loop,
		.console = &r->console,
		.stack = r->stack,
		.legs = r->legs,
		.registers = r->registers,
		.stir = r->stir,
	};
	return &r->role;
free_registers:
	sip_registers_free(r->registers);
free_legs:
	sip_legs_free(r->legs);
free_probes:
	probes_free(r->probes);
free_stack:
	sip_stack_free(r->stack);
free_role:
	free(r);
	errno = ENOMEM;
	return NULL;
}

static int sip_socket(struct role *role, enum role_socket what, unsigned index,
		      int fd)
{
	struct sip_role *r = of_role(role);

	if (what == ROLE_SOCK_SIP)
		return sip_transport_socket(sip_stack_transport(r->stack),
					    index, fd);
	if (what == ROLE_SOCK_STIR) {
		(void)stir_bundle(r->stir, index, fd);
		return 0;
	}
	if (what == ROLE_SOCK_TLS) {
		/* One that is no good has been told; the rest goes on. */
		(void)trunk_tls_bundle(sip_stack_tls(r->stack), index, fd);
		return 0;
	}
	close(fd);
	return -EINVAL;
}

static int sip_start(struct role *role)
{
	struct sip_role *r = of_role(role);

	return timer_start(r->role.loop, &r->poll, on_poll, STATE_POLL_MS);
}

static int sip_reload(struct role *role, const void *conf, size_t len)
{
	struct sip_role *r = of_role(role);
	const struct conf_for_sip *c = conf;
	int err;

	if (!conf_ok(conf, len) ||
	    c->n_trunks != trunk_count(sip_stack_trunks(r->stack)))
		return -EINVAL;
	err = sip_stack_reload(r->stack, c);
	if (err)
		return err;
	sip_legs_reload(r->legs, c);
	err = sip_registers_reload(r->registers, c);
	if (err)
		return err;
	probes_reload(r->probes, &c->sip);
	str_copy(r->user_agent, sizeof(r->user_agent), c->sip.user_agent);
	tell_changes(r);
	return 0;
}

static void sip_drain(struct role *role)
{
	struct sip_role *r = of_role(role);

	r->draining = r->observe.draining = true;
	sip_legs_drain(r->legs);
	sip_registers_drain(r->registers);
	tell_changes(r);
}

static bool sip_is_idle(const struct role *role)
{
	const struct sip_role *r =
		container_of((struct role *)role, struct sip_role, role);

	return sip_legs_is_idle(r->legs);
}

static void sip_close(struct role *role)
{
	struct sip_role *r = of_role(role);

	timer_stop(r->role.loop, &r->poll);
	sip_legs_clear(r->legs);
	sip_registers_drain(r->registers);
	sip_registers_free(r->registers);
	sip_legs_free(r->legs);
	probes_free(r->probes);
	stir_free(r->stir);
	sip_stack_free(r->stack);
	link_close(&r->core);
	link_close(&r->console);
	free(r);
}

struct sip_stack *sip_role_stack(struct role *role)
{
	return of_role(role)->stack;
}

struct legs *sip_role_legs(struct role *role)
{
	return of_role(role)->legs;
}

const struct role_ops sip_role_ops = {
	.id = ROLE_SIP,
	.name = "sip",
	.open = sip_open,
	.slot = sip_slot,
	.link_up = sip_link_up,
	.socket = sip_socket,
	.start = sip_start,
	.reload = sip_reload,
	.drain = sip_drain,
	.is_idle = sip_is_idle,
	.close = sip_close,
};
