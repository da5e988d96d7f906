/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/via.h"

#include "sip/trunk.h"

#include <errno.h>
#include <osipparser2/osip_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static osip_generic_param_t *find(osip_via_t *via, const char *name)
{
	osip_generic_param_t *p = NULL;
	char key[16];

	snprintf(key, sizeof(key), "%s", name);
	return osip_via_param_get_byname(via, key, &p) < 0 ? NULL : p;
}

static int set_param(osip_via_t *via, const char *name, const char *value)
{
	osip_generic_param_t *p = find(via, name);
	char *copy = osip_strdup(value), *key;

	if (!copy) {
		return -ENOMEM;
	}
	if (p) {
		osip_free(p->gvalue);
		p->gvalue = copy;
		return 0;
	}
	key = osip_strdup(name);
	if (!key || osip_via_param_add(via, key, copy)) {
		osip_free(key);
		osip_free(copy);
		return -ENOMEM;
	}
	return 0;
}

int via_stamp(struct sip_msg *m)
{
	osip_via_t *via = osip_list_get(&m->osip->vias, 0);
	char ip[NET_STR_MAX], port[8];
	bool rport;
	int err = 0;

	if (!via) {
		return -EBADMSG;
	}
	net_ip_str(&m->path.remote, ip);
	rport = find(via, "rport") != NULL;
	if (rport) {
		snprintf(port, sizeof(port), "%u", m->path.remote.port);
		err = set_param(via, "rport", port);
	}
	if (!err && (rport || find(via, "received") || !via->host ||
		     strcmp(via->host, ip))) {
		err = set_param(via, "received", ip);
	}
	return err;
}

void via_route(const struct sip_msg *m, struct net_addr *out)
{
	osip_via_t *via = osip_list_get(&m->osip->vias, 0);
	uint16_t usual = m->path.proto == SIP_TLS ? SIP_TLS_PORT : SIP_PORT;
	unsigned long port = usual;

	*out = m->path.remote;
	if (!via || (m->path.proto == SIP_UDP && find(via, "rport"))) {
		return;
	}
	if (via->port) {
		port = strtoul(via->port, NULL, 10);
	}
	out->port = port && port <= 65535 ? (uint16_t)port : usual;
}

uint16_t via_alias(const struct sip_msg *m)
{
	osip_via_t *via = osip_list_get(&m->osip->vias, 0);
	unsigned long port;

	if (!via || !find(via, "alias")) {
		return 0;
	}
	port = via->port ? strtoul(via->port, NULL, 10) : SIP_TLS_PORT;
	return port <= 65535 ? (uint16_t)port : 0;
}

int via_set(struct sip_msg *m, enum sip_proto proto,
	    const struct net_addr *local, const char *branch)
{
	static const char *const names[] = {"UDP", "TCP", "TLS"};
	char addr[NET_STR_MAX], text[NET_STR_MAX + SIP_BRANCH_MAX + 40];

	sip_msg_remove(m, "Via");
	/* The connection may be used in both directions (RFC 5923). */
	snprintf(text, sizeof(text), "SIP/2.0/%s %s;rport%s;branch=%s",
		 names[proto], net_str(local, addr),
		 proto == SIP_TLS ? ";alias" : "", branch);
	return osip_message_append_via(m->osip, text) ? -ENOMEM : 0;
}
