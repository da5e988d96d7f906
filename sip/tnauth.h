/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TNAuthList (RFC 8226 9): whose numbers a certificate may sign for, as the
 * DER of that extension.
 *
 *   SEQUENCE OF  [0] service provider code | [1] range | [2] one number
 *
 * A service provider code stands for all numbers of that provider: which those
 * are nobody can tell from the certificate. Pure function. Thread: any.
 */
#ifndef SIP_TNAUTH_H
#define SIP_TNAUTH_H

#include <stddef.h>
#include <stdint.h>

#define TNAUTH_OID "1.3.6.1.5.5.7.1.26"

enum tnauth {
	TNAUTH_BAD, /* no such list, or an empty one */
	TNAUTH_NOT, /* good, but for other numbers */
	TNAUTH_COVERS
};

/* tn: in canonical form (passport.h). */
enum tnauth tnauth_covers(const uint8_t *der, size_t len, const char *tn);

#endif
