/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * Snapshots of SIP legs: what is accepted is written again as the same
 * octets; and a role that gets any octets as CLEAR, or as KEEP and then the
 * end of that call, sends nothing with a line that was not there, and is done
 * with it after its timers.
 */
#include "gateway/base/log.h"
#include "sip/sip.h"
#include "sip/snapshot.h"
#include "sip/stack.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct loop *loop;
static struct role *role;
static struct link core;

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static bool is_first_line(const char *data, size_t len)
{
	return (len > 4 && !memcmp(data, "BYE ", 4)) ||
	       (len > 7 && !memcmp(data, "CANCEL ", 7)) ||
	       (len > 9 && !memcmp(data, "SIP/2.0 2", 9)) ||
	       (len > 11 && !memcmp(data, "SIP/2.0 503", 11));
}

static int on_send(struct sip_wire *w, const struct net_addr *local,
		   const struct net_addr *remote, const char *data, size_t len)
{
	(void)w;
	(void)local;
	(void)remote;
	if (!is_first_line(data, len))
		abort();
	return 0;
}

static const struct sip_wire_ops wire_ops = {.send = on_send};
static struct sip_wire wire = {&wire_ops};

static void on_msg(struct link *l, const struct link_head *h, int fd)
{
	(void)l;
	(void)fd;
	if (h->type != CC_END_STATE && h->type != CC_RELEASED)
		abort(); /* nothing else comes back */
}

static void on_down(struct link *l)
{
	(void)l;
}

static const struct link_ops core_ops = {on_msg, on_down};

static void check_form(const uint8_t *data, size_t size)
{
	static struct sip_snapshot s;
	uint8_t again[CC_SNAPSHOT_MAX];
	uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		return;
	memcpy(exact, data, size);
	if (sip_snapshot_read(&s, exact, size) == 0 &&
	    (sip_snapshot_write(&s, again, sizeof(again)) != (int)size ||
	     memcmp(again, data, size) != 0))
		abort();
	free(exact);
}

static void check_role(const uint8_t *data, size_t size, enum cc_type type)
{
	struct cc_snapshot m = {.leg = 1, .cause = {41, CC_LOC_NONE}};
	struct cc_msg end = {.leg = 1, .cause = {16, CC_LOC_NONE}};

	m.len = (uint16_t)size;
	memcpy(m.bytes, data, size);
	link_send(&core, &m.head, (uint16_t)type, sizeof(m));
	link_send(&core, &end.head, CC_RELEASE, sizeof(end));
	loop_advance(loop, 120000);
	if (txn_layer_used(sip_stack_txns(sip_role_stack(role))) ||
	    !sip_role_ops.is_idle(role))
		abort();
}

static void once(void)
{
	static struct conf_for_sip conf;
	const struct link_ops *ops;
	struct link *slot;

	log_set_sink(quiet);
	net_parse(&conf.sip.bind, "198.51.100.1:5060");
	conf.sip.t1_ms = 500;
	conf.sip.ring_s = 180;
	conf.n_trunks = 1;
	strcpy(conf.trunks[0].servers[0], "192.0.2.9");
	conf.trunks[0].n_servers = 1;
	loop = loop_new_sim(0);
	role = sip_role_ops.open(loop, &conf, sizeof(conf));
	slot = sip_role_ops.slot(role, ROLE_CORE, 0, &ops);
	sip_transport_wire(sip_stack_transport(sip_role_stack(role)), &wire);
	link_open_mem(slot, ops, &core, &core_ops, loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!role)
		once();
	if (size == 0 || size > CC_SNAPSHOT_MAX)
		return 0;
	check_form(data, size);
	check_role(data, size, CC_CLEAR);
	check_role(data, size, CC_KEEP);
	return 0;
}
