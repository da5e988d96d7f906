/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/uui.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/base/str.h"

#include "sip/uri.h"

#define PARAMS ";encoding=hex;purpose=isdn-uui;content=isdn-uui"

/* Absent means this one. */
static bool is_or_absent(const char *params, const char *name, const char *want)
{
	char value[32];

	if (!sip_param(params, name, value, sizeof(value)))
		return !strcasestr(params, name);
	return strcasecmp(value, want) == 0;
}

static bool is_ours(const char *params)
{
	return is_or_absent(params, "encoding", "hex") &&
	       is_or_absent(params, "content", "isdn-uui") &&
	       (is_or_absent(params, "purpose", "isdn-uui") ||
		is_or_absent(params, "purpose", "isdn-interwork"));
}

int sip_uui_parse(struct cc_uui *uui, const char *value)
{
	struct cc_uui got = {0};
	bool quoted;
	size_t i, n;

	value += strspn(value, " \t\r\n");
	quoted = *value == '"';
	value += quoted;
	n = strcspn(value, quoted ? "\"" : "; \t\r\n");
	if (!is_ours(value + n))
		return 0;
	if (n == 0 || n % 2 || (quoted && value[n] != '"'))
		return -EBADMSG;
	if (n / 2 > CC_UUI_MAX)
		return -E2BIG;
	for (i = 0; i < n; i += 2) {
		int octet = str_hex_octet(value + i);

		if (octet < 0)
			return -EBADMSG;
		got.octets[got.len++] = (uint8_t)octet;
	}
	*uui = got;
	return 1;
}

void sip_uui_write(char buf[SIP_UUI_TEXT], const struct cc_uui *uui)
{
	size_t i;

	buf[0] = '\0';
	for (i = 0; i < uui->len; i++)
		snprintf(buf + 2 * i, 3, "%02x", uui->octets[i]);
	if (uui->len)
		strcat(buf, PARAMS);
}
