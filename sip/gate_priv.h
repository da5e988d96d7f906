/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grammar of the header values that the gate insists on (RFC 3261 25.1). Each
 * function looks at data[slice] only; folded line ends count as white space.
 * They say whether the whole value is well formed; no other effect unless
 * stated.
 */
#ifndef SIP_GATE_PRIV_H
#define SIP_GATE_PRIV_H

#include "sip/gate.h"

/* What an octet may be part of; gate_class[] has the bits of each. */
enum {
	GATE_TOKEN = 1,	  /* token */
	GATE_HOST = 2,	  /* host name or IPv4 address */
	GATE_VALUE = 4,	  /* parameter value without quotes */
	GATE_CALL_ID = 8, /* word, RFC 3261 25.1 */
	GATE_URI = 16,	  /* visible, and not <, >, " */
	GATE_WS = 32,	  /* white space, line ends of folds included */
	GATE_TEXT = 64	  /* anywhere in a header: no control but HTAB */
};

extern const uint8_t gate_class[256];

static inline bool gate_is(char c, unsigned bits)
{
	return gate_class[(unsigned char)c] & bits;
}

/* Appends each single value to r->via; on a fault the faulty rest too. */
bool gate_value_via(const char *data, struct sip_slice,
		    struct sip_gate_result *r);
/* One name-addr or addr-spec with at most one tag, not empty. */
bool gate_value_party(const char *data, struct sip_slice);
/* "*" or a list of them. */
bool gate_value_contact(const char *data, struct sip_slice);
/* A list of name-addr. */
bool gate_value_route(const char *data, struct sip_slice);
bool gate_value_call_id(const char *data, struct sip_slice);
/* Number below 2**31 and a method, which is put into *method. */
bool gate_value_cseq(const char *data, struct sip_slice,
		     struct sip_slice *method);
bool gate_value_type(const char *data, struct sip_slice);
bool gate_value_number(const char *data, struct sip_slice, uint64_t max,
		       uint64_t *out);
/* A Request-URI: SIP_GATE_OK, SIP_GATE_URI or SIP_GATE_SCHEME. */
enum sip_gate_reason gate_value_uri(const char *data, struct sip_slice);

#endif
