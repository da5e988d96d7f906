/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/early.h"

#include <string.h>
#include <strings.h>

#define VALUES_MAX 32 /* of a message; more are not read */

static enum sip_early value_of(const char *text)
{
	static const char *const names[] = {
		[SIP_EARLY_SENDRECV] = "sendrecv",
		[SIP_EARLY_SENDONLY] = "sendonly",
		[SIP_EARLY_RECVONLY] = "recvonly",
		[SIP_EARLY_INACTIVE] = "inactive",
	};
	size_t len = strcspn(text, "; \t");
	unsigned i;

	for (i = SIP_EARLY_SENDRECV; i <= SIP_EARLY_INACTIVE; i++) {
		if (strlen(names[i]) == len &&
		    strncasecmp(text, names[i], len) == 0)
			return (enum sip_early)i;
	}
	return SIP_EARLY_NONE;
}

enum sip_early sip_early_read(const struct sip_msg *m, unsigned line)
{
	enum sip_early found = SIP_EARLY_NONE, value;
	const char *text;
	unsigned i, n = 0;

	for (i = 0; i < VALUES_MAX && n <= line; i++) {
		text = sip_msg_plain(m, "P-Early-Media", i);
		if (!text)
			break;
		value = value_of(text + strspn(text, " \t"));
		if (value != SIP_EARLY_NONE) {
			found = value;
			n++;
		}
	}
	return found;
}

bool sip_early_is_heard(enum sip_early e)
{
	return e != SIP_EARLY_RECVONLY && e != SIP_EARLY_INACTIVE;
}
