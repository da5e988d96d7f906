/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS of the trunks: what each shows and believes, whom it expects, and the
 * one line that says what is wrong and where in the file.
 *
 * A bundle comes at the start and again at each reload; one that is no good
 * leaves what there was. A certificate that ends within 30 days is warned of
 * once a day, within 7 days as an error.
 *
 * Owner: the stack. Thread: the role's loop.
 */
#ifndef SIP_TRUNK_TLS_H
#define SIP_TRUNK_TLS_H

#include "sip/tls.h"
#include "sip/trunk.h"

struct trunk_tls;

/* trunks lives longer. file: of the configuration. NULL: no memory. */
struct trunk_tls *trunk_tls_new(struct loop *, const struct trunk_table *,
				  const char *file);
void trunk_tls_free(struct trunk_tls *);
/* A bundle for that trunk. Takes fd. 0, -EINVAL (told), -errno. */
int trunk_tls_bundle(struct trunk_tls *, unsigned trunk, int fd);

/* NULL: none. */
struct sip_tls *trunk_tls_of(const struct trunk_tls *, unsigned trunk);
/* For one of these trunks (a bit each): the one whose name of ours that is,
 * else the first that has a certificate. */
struct sip_tls *trunk_tls_choose(const struct trunk_tls *, uint64_t trunks,
				  const char *name);
/* The name to ask a trunk's peer for (SNI); "" none. */
void trunk_tls_server_name(const struct trunk_tls *, unsigned trunk,
			    char out[CONF_HOST]);
/* Those of the trunks that the peer may be: with a name they expect (*named),
 * else those that verify nothing. */
uint64_t trunk_tls_peer(const struct trunk_tls *, uint64_t trunks, bool inbound,
			const struct sip_tls_session *, bool *named);
/* Tells why there is no connection, once for the same reason. */
void trunk_tls_failed(struct trunk_tls *, uint64_t trunks,
		       const struct net_addr *peer, const char *why);
/* A peer whose certificate is good, but not for these. */
void trunk_tls_misnamed(struct trunk_tls *, uint64_t trunks,
			 const struct net_addr *peer,
			 const struct sip_tls_session *);
/* Wall-clock second; 0: no certificate. */
int64_t trunk_tls_expires(const struct trunk_tls *, unsigned trunk);

#endif
