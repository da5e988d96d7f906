/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What TLS and STIR have in common: the bundle in which the files of a trunk
 * arrive, and the warning before our own certificate ends.
 *
 * A bundle is the octets of CERT_PARTS PEM files, each behind its length
 * (uint32_t of this machine), as the supervisor has read them
 * (gateway/certs.h); a part that the trunk has not is empty. Thread: any.
 */
#ifndef SIP_CERT_H
#define SIP_CERT_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CERT_BUNDLE_MAX (5u << 20) /* octets */
#define CERT_WARN_DAYS	30
#define CERT_ERR_DAYS	7
#define CERT_DATE_MAX	16

/* CERT_MORE: the revocation lists of TLS, the others' certificates of STIR. */
enum cert_part { CERT_OWN, CERT_KEY, CERT_CAS, CERT_MORE, CERT_PARTS };

enum cert_end { CERT_END_FAR, CERT_END_NEAR, CERT_END_URGENT, CERT_END_PAST };

/* Where the file names a certificate, and what its end costs, in words. */
struct cert_place {
	const char *trunk, *file;
	unsigned line;
	const char *setting, *cost;
};

/* Points into the bundle, which stays the caller's; false: it is none. */
bool cert_split(const void *bundle, size_t len,
		gnutls_datum_t part[CERT_PARTS]);
/* Seconds since the epoch as YYYY-MM-DD (UTC). */
const char *cert_date(int64_t s, char text[CERT_DATE_MAX]);
/* How near is the end of a certificate? Seconds since the epoch; 0: there is
 * none, which is far. */
enum cert_end cert_end(int64_t end_s, int64_t now_s);
/* Logs an end that is not far, as a warning and in the last days as an error. */
void cert_warn_of_end(const struct cert_place *, int64_t end_s, int64_t now_s);

#endif
