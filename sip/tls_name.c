/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which SIP domains a certificate is for (RFC 5922 7). */
#include "sip/tls.h"

#include "gateway/base/str.h"

#include <string.h>
#include <strings.h>

/* 7.1: scheme sip, no user part; parameters and a port are no identity. */
bool tls_name_of_uri(const char *uri, char out[TLS_NAME_MAX])
{
	size_t n;

	if (strncasecmp(uri, "sip:", 4) != 0 || strchr(uri, '@')) {
		return false;
	}
	uri += 4;
	n = strcspn(uri, ";?");
	return n && !memchr(uri, ':', n) && !memchr(uri, '*', n) &&
	       str_copy_n(out, TLS_NAME_MAX, uri, n);
}

/* 7.2: by octets without regard to case; a wildcard is no name of anybody. */
bool tls_names_have(const struct tls_names *names, const char *name)
{
	for (unsigned i = 0; *name && i < names->n; i++) {
		if (!strcasecmp(names->name[i], name)) {
			return true;
		}
	}
	return false;
}
