/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/outage.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/peer_media.h"
#include "tests/sim/sim.h"

static const char head[] =
	"sip: {bind: \"192.0.2.1:5060\"}\n"
	"media: {address: \"127.0.0.1\", ports: 20000-20511}\n"
	"trunks:\n"
	"  - name: provider\n"
	"    server: 192.0.2.9:5060\n"
	"emergency: [\"110\", \"112\"]\n"
	"routes:\n"
	"  - {from: carrier, to: provider}\n"
	"  - {from: provider, to: carrier, allow: [\"0*\", \"+49*\"]}\n"
	"spans:\n";

static char yaml[8192];

__attribute__((format(printf, 1, 2))) static void add(const char *fmt, ...)
{
	size_t len = strlen(yaml);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(yaml + len, sizeof(yaml) - len, fmt, ap);
	va_end(ap);
}

static void add_span(const char *name, unsigned i, const char *slots)
{
	add("  - name: %s\n"
	    "    country_code: \"49\"\n"
	    "    area_code: \"711\"\n"
	    "    line: {driver: pseudowire, local: \"127.0.0.1:%u\","
	    " peer: \"127.0.0.1:%u\"%s}\n",
	    name, 5000 + 2 * i, 5001 + 2 * i, slots);
}

const char *outage_yaml(bool network, unsigned alarm_hold_ms)
{
	strcpy(yaml, head);
	add_span("carrier", 0, "");
	add("    alarm_hold: %u\n", alarm_hold_ms);
	add("    isdn: {side: %s}\n", network ? "network" : "user");
	return yaml;
}

const char *outage_nfas_yaml(bool network, unsigned spans)
{
	static const char *const d[] = {"primary", "backup", "none"};
	char name[16];

	strcpy(yaml, head);
	for (unsigned i = 0; i < spans; i++) {
		snprintf(name, sizeof(name), "t1-%u", i);
		add_span(name, i, ", d_slot: 24, last_slot: 24");
		add("    isdn: {side: %s, switch: ni2, nfas: carrier,"
		    " interface: %u, d_channel: %s}\n",
		    network ? "network" : "user", i, d[i < 2 ? i : 2]);
	}
	return yaml;
}

void outage_calls(struct scene *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		c[i] = scene_up(i & 1);
	}
}

static void line(unsigned span, bool up)
{
	fake_media_line(sim_role(ROLE_MEDIA, 0), span, up);
	xch_line(span, up);
}

void outage_begin(unsigned span, bool by_line)
{
	sim.wire[span].cut = true;
	if (by_line) {
		line(span, false);
	}
}

void outage_end(unsigned span, bool by_line)
{
	sim.wire[span].cut = false;
	if (by_line) {
		line(span, true);
	}
}

unsigned outage_lost(const struct scene *c, unsigned n)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < n; i++) {
		lost += c[i].x->released || c[i].x->over ||
			c[i].p->state != SP_UP;
	}
	return lost;
}

void outage_clear(struct scene *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (c[i].p->state != SP_UP) {
			continue;
		}
		if (i & 2) {
			sip_peer_hangup(c[i].p);
		} else {
			xch_release(c[i].x, CAUSE_NORMAL);
		}
		scene_expect_over(&c[i]);
	}
}
