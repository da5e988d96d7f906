/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by stir.c (bundles, signing, what is counted and told) and
 * stir_verify.c. */
#ifndef SIP_STIR_PRIV_H
#define SIP_STIR_PRIV_H

#include "sip/stir.h"
#include "sip/stir_seen.h"
#include "sip/stir_store.h"

struct stir_trunk {
	gnutls_privkey_t key;	   /* NULL: we do not sign */
	int64_t expires;
	struct stir_store *store;  /* NULL: we do not verify */
	mono_t told[STIR_FAULTS];  /* a failure of that kind, until then */
};

struct stir {
	struct loop *loop;
	const struct trunk_table *trunks;
	char file[CONF_PATH];
	struct timer daily;
	struct stir_seen *seen; /* NULL: not needed yet */
	struct stir_stats stats;
	struct stir_trunk trunk[CONF_TRUNKS];
};

/* A number in canonical form, with the trunk's country code where it has none;
 * "" when there is none. */
void stir_tn(const struct stir *, unsigned trunk, const struct cc_number *,
	     char out[PASSPORT_TN]);

#endif
