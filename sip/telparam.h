/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameters of a telephone number in a URI: subaddress (RFC 4715), carrier
 * and routing number (RFC 4694), trunk group (RFC 4904), for what the trunk's
 * settings allow. Written in the order of RFC 3966 3.
 *
 * Pure functions. Thread: any.
 */
#ifndef SIP_TELPARAM_H
#define SIP_TELPARAM_H

#include "conf/conf.h"
#include "sip/uri.h"

/* isub: 0, also without one; -EBADMSG, and *sub is as it was. */
int sip_tel_sub(const struct sip_uri *, struct cc_sub *sub);

/* A Request-URI: called (the routing number where that counts), called_sub,
 * carrier, group. 0 or as sip_uri_number(); *bad is raised by each parameter
 * that was malformed and ignored. */
int sip_tel_read(const struct sip_uri *, const struct conf_trunk_identity *,
		 struct cc_msg *setup, unsigned *bad);

/* What stands behind the number: ";isub=1234;cic=+1-0288". NULL: none. */
struct sip_tel_params {
	const struct cc_sub *sub;
	const char *context;	   /* of a number that is not global */
	const char *carrier, *carrier_context;
};

/* A URI for that number with them, tel: where it can be. Length or -E2BIG. */
int sip_tel_uri(char *buf, size_t size, const struct cc_number *,
		const struct sip_tel_params *, const char *host, bool tel);

#endif
