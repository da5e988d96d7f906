/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sip:, sips: and tel: URIs, the name-addr of From, Contact, Diversion and
 * the like, and telephone numbers in them (RFC 3261 19.1, 19.1.6, RFC 3966).
 * All text is copied out: no pointer into a message is kept.
 *
 * Errors: -EBADMSG for text that is no URI, -E2BIG when a part is longer than
 * its field. Pure functions. Thread: any.
 */
#ifndef SIP_URI_H
#define SIP_URI_H

#include "gateway/cc.h"

#include <stdbool.h>
#include <stddef.h>

#define SIP_URI_MAX 512 /* octets of a URI or a name-addr we write */
#define SIP_PARAMS  256

enum sip_scheme {
	SIP_SCHEME_SIP,
	SIP_SCHEME_SIPS,
	SIP_SCHEME_TEL,
	SIP_SCHEME_OTHER
};

struct sip_uri {
	enum sip_scheme scheme;
	char user[128];	   /* %HEX decoded; parameters and password cut off */
	char context[128]; /* phone-context= */
	char params[SIP_PARAMS]; /* behind the number, as they stand, with the
				    first ';'; "" also when too long */
	char host[128];	   /* IPv6 without brackets; empty for tel: */
	uint16_t port;	   /* 0 = not said */
};

int sip_uri_parse(struct sip_uri *, const char *text);

/* The number a URI names: '+' makes it international, a phone-context that
 * is a prefix is put in front, another one makes the plan private. 0;
 * -ENOTSUP: a scheme without numbers (416); -ENODATA: no user part (484);
 * -EINVAL: not a number (404); -ERANGE: too many digits (484). */
int sip_uri_number(const struct sip_uri *, struct cc_number *);

/* "sip:+49711123@host;user=phone"; a number that is not global gets no
 * user=phone, which would need a phone-context. host as it is to stand there
 * ("[2001:db8::1]:5060"). Length or -E2BIG. */
int sip_uri_write(char *buf, size_t size, const struct cc_number *,
		  const char *host);

/* [display-name] <uri>;params, or a bare URI, whose parameters are then the
 * header's. */
struct sip_name_addr {
	char name[128]; /* quotes and escapes taken off; cut when longer */
	char uri[SIP_URI_MAX];
	char params[SIP_PARAMS]; /* behind the URI, with the first ';' */
};

/* The first of a comma-separated list. Returns what follows it: the place
 * behind its comma, the end, or NULL when the syntax broke. */
const char *sip_name_addr_parse(struct sip_name_addr *, const char *text);

/* The value of ;name=value (quotes taken off) in a list of parameters; ""
 * for a parameter without one. False: not there, or too long. */
bool sip_param(const char *params, const char *name, char *buf, size_t size);

/* Puts a display name in quotes, '"' and '\' escaped, control characters
 * left out. Length or -E2BIG. */
int sip_quote(char *buf, size_t size, const char *name);

#endif
