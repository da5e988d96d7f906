/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/outbound.h"

#include <ctype.h>
#include <nettle/sha1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 4122 4.3, with a name space of its own. */
static void name_based(const char *const part[], uint8_t id[16])
{
	static const uint8_t space[16] = {0x8d, 0x1f, 0x62, 0x0c, 0x39, 0x5a,
					  0x4e, 0x0b, 0x93, 0x77, 0x5c, 0x40,
					  0xe1, 0x2a, 0xb6, 0x09};
	struct sha1_ctx c;

	sha1_init(&c);
	sha1_update(&c, sizeof(space), space);
	for (unsigned i = 0; part[i]; i++) {
		/* with its NUL: "a", "bc" is not "ab", "c" */
		sha1_update(&c, strlen(part[i]) + 1, (const uint8_t *)part[i]);
	}
	sha1_digest(&c, 16, id);
	id[6] = (uint8_t)(0x50 | (id[6] & 0x0f));
	id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
}

void sip_outbound_instance(const char *node, const struct conf_trunk *c,
			   char out[SIP_INSTANCE])
{
	const char *const part[] = {node, c->name, c->auth_user, c->domain,
				    NULL};
	uint8_t id[16];
	int n;

	name_based(part, id);
	n = snprintf(out, SIP_INSTANCE, "urn:uuid:");
	for (unsigned i = 0; i < sizeof(id); i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;

		n += snprintf(out + n, SIP_INSTANCE - (size_t)n, "%s%02x",
			      dash ? "-" : "", id[i]);
	}
}

bool sip_outbound_granted(const struct sip_msg *m)
{
	return sip_msg_has_token(m, "Require", "outbound");
}

unsigned sip_outbound_flow_s(const struct sip_msg *m)
{
	const char *text = sip_msg_plain(m, "Flow-Timer", 0);
	unsigned long s;
	char *end;

	if (!text || !isdigit((unsigned char)*text)) {
		return 0;
	}
	s = strtoul(text, &end, 10);
	if (*end) {
		return 0;
	}
	return s > SIP_FLOW_TIMER_S ? SIP_FLOW_TIMER_S : (unsigned)s;
}
