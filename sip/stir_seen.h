/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tokens that were good, for as long as they are fresh: one that comes again
 * with another Call-ID was copied. An INVITE that is sent again (challenged,
 * or to our other address) bears the same token with the same Call-ID.
 *
 * A fixed table; when it is full for a while, the oldest are forgotten.
 * Thread: one.
 */
#ifndef SIP_STIR_SEEN_H
#define SIP_STIR_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stir_seen;

struct stir_seen *stir_seen_new(void); /* NULL: no memory */
void stir_seen_free(struct stir_seen *);
/* A token: what is signed, and the first half of the signature. The same
 * signed anew has another one; the second has a twin, n - s. */
struct stir_token {
	const char *input;
	size_t len;
	const uint8_t *sig; /* JWS_SIG / 2 octets count */
};

/* Notes a token until that second. False: it is known with another Call-ID. */
bool stir_seen_add(struct stir_seen *, const struct stir_token *,
		   const char *call_id, int64_t now_s, int64_t until_s);

#endif
