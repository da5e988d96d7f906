/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trunks as the sip role sees them: who a datagram is from, whether a
 * call may begin, and which server is next.
 *
 * Who a message is from is said by, in this order, and each step only chooses
 * among what those before have left:
 *
 *   its source     the socket it came in on and its address: address and port
 *                  of a server, address of a server, the longest network of
 *                  sources:. Ports of sources: do not count
 *   certificate    with TLS: the names in it (trunk_tls.h)
 *   token          in the Request-URI: ;line=TOKEN or user TOKEN, as our
 *                  registered Contact has it
 *   called user    in the Request-URI, else in To: users:, or auth.user and
 *                  number
 *
 * More than one left is as bad as none: refused. What comes from no source we
 * know is dropped unread, unless a trunk there has accept: registration; then
 * the first three must say which, the source being nobody's.
 *
 * Server names are resolved as RFC 3263 has it (dns.h), at start and when the
 * answer ends (30 s to an hour; TRUNK_RETRY_S after a failure); an answer is
 * kept until a better one comes (served stale). Addresses need no resolving.
 * Only addresses of families that the trunk has a bind for count.
 *
 * Calls: at most max_calls at a time, at most max_calls_per_s begun in a
 * second (token bucket as deep as one second). Emergency calls are counted but
 * not refused for that; beyond max_calls the peer may have as many again of them,
 * TRUNK_EMERGENCIES at least, so that a flood of them does not take all there is.
 *
 * Owner: the role. Thread: the role's loop.
 */
#ifndef SIP_TRUNK_H
#define SIP_TRUNK_H

#include "conf/conf.h"
#include "gateway/base/loop.h"
#include "gateway/cc.h"
#include "sip/msg.h"

#define TRUNK_REFRESH_S	   300
#define TRUNK_RETRY_S	   30
#define TRUNK_DOWN_MS	   30000 /* a server that failed is tried last */
#define SIP_BINDS	   (2 * CONF_TRUNKS + 4)
#define TRUNK_ADDRS	   8 /* tried for one call */
#define TRUNK_KEEP_UDP_S   29 /* RFC 5626 4.4.2, with register.outbound */
#define TRUNK_KEEP_CONN_S  120 /* RFC 5626 4.4.1 */
#define TRUNK_PROBE_DEAD_S 30 /* OPTIONS to what is dead, at most so seldom */
#define TRUNK_EMERGENCIES  10 /* beyond max_calls, at least */
#define SIP_PORT	   5060
#define SIP_TLS_PORT	   5061

struct trunk_table;

struct trunk_stats {
	uint64_t calls;		/* begun */
	uint64_t refused_calls; /* max_calls */
	uint64_t refused_rate;	/* max_calls_per_s */
	uint64_t resolve_failed;
	uint32_t active;
};

/* An address we have SIP on: UDP and TCP, or TLS. */
struct sip_bind {
	struct net_addr addr;
	bool tls;
};

/* The SIP sockets: sip.bind, sip.bind6, the same two with sip.tls_port for TLS
 * when a trunk wants that there, then those of the trunks in the order of the
 * file; each once. Index = bind = ROLE_SOCK_SIP index (gateway/sockets.c counts
 * alike). Returns their count. Port 0 means 5060, with TLS 5061. */
unsigned sip_binds(const struct conf_sip *, const struct conf_trunk *,
		   unsigned n_trunks, struct sip_bind out[SIP_BINDS]);

/* Copies what it needs. Resolving begins at once. NULL + errno. */
struct trunk_table *trunk_table_new(struct loop *,
				    const struct conf_for_sip *);
void trunk_table_free(struct trunk_table *);
/* The new configuration: limits, sources and servers change, calls stay
 * counted. Trunks keep their index (the caller checked it). */
int trunk_table_reload(struct trunk_table *, const struct conf_for_sip *);

/* All trunks that it can come from, a bit each; 0: nobody we know. */
uint64_t trunk_sources(const struct trunk_table *, unsigned bind,
		       const struct net_addr *source);
/* Trunks that may be called from anywhere, at that bind. */
uint64_t trunk_open_to_all(const struct trunk_table *, unsigned bind);
/* The one of those that a request is for; outside: its source is nobody's, so
 * that only the token can tell. -1: none, or several. */
int trunk_match(const struct trunk_table *, uint64_t among, bool outside,
		const struct sip_msg *);
/* What our registered Contact is to bear as ;line=TOKEN, so that what the
 * provider sends to it is known as this trunk's. Depends on the trunk's
 * credentials alone, and cannot be guessed. "" when idx is none of ours. */
const char *trunk_token(const struct trunk_table *, unsigned idx);
unsigned trunk_count(const struct trunk_table *);
/* NULL when idx is none of ours. Borrowed until free or reload. */
const struct conf_trunk *trunk_conf(const struct trunk_table *, unsigned idx);
const struct trunk_stats *trunk_stats(const struct trunk_table *, unsigned idx);
/* The file that its settings are from, for log lines. */
const char *trunk_file(const struct trunk_table *);
bool trunk_has_bind(const struct trunk_table *, unsigned idx, unsigned bind);
/* From us to that address by that transport, on no particular flow. 0,
 * -ENOENT, -EAFNOSUPPORT (we have no address of that kind for it). */
int trunk_path(const struct trunk_table *, unsigned idx,
	       const struct net_addr *to, enum sip_proto, struct sip_path *out);
/* Some address of a server is known. */
bool trunk_is_resolved(const struct trunk_table *, unsigned idx);

/* resolve_keep.c: what DNS has said outlives the process (cc.h, SERVERS). The
 * next answer that has not been told; false: none. After again() all are. */
bool trunk_servers_next(struct trunk_table *, struct cc_servers *out);
void trunk_servers_again(struct trunk_table *);
/* An earlier process's, for a server that is not known yet and still is what
 * the file says; DNS is asked all the same. */
void trunk_servers_restore(struct trunk_table *, const struct cc_servers *);

/* The attempt-th (0...) choice of server: those not down first, in the order
 * of the file, of SRV priorities and, among equals, by chance and weight, then
 * those that are down. Attempt 0 draws anew; the others follow what it drew. 0,
 * -ENOENT when there are no more. */
int trunk_pick(const struct trunk_table *, unsigned idx, unsigned attempt,
	       struct sip_path *out);
/* Where a server with the host and transport of that path listens: the port of
 * the path when one does there, else that of the first; 0: there is none. */
uint16_t trunk_port(const struct trunk_table *, unsigned idx,
		    const struct sip_path *);
/* Timeout, ICMP error or 503 from this server: tried last for ms. */
void trunk_server_down(struct trunk_table *, unsigned idx,
		       const struct net_addr *, int64_t ms);
/* Its 503 to a call has a Retry-After (RFC 3261 21.5.4): likewise, with no calls
 * meanwhile, and no sign of life ends it sooner. */
void trunk_server_wait(struct trunk_table *, unsigned idx,
		       const struct net_addr *, int64_t ms);
/* It has asked for no calls now. */
bool trunk_server_waits(struct trunk_table *, unsigned idx,
			const struct net_addr *);
/* It serves a call: no longer tried last, unless it has asked for that. */
void trunk_server_up(struct trunk_table *, unsigned idx,
		     const struct net_addr *);

/* Nothing sent there arrives: tried last, and with options: dead until it is
 * heard of. */
void trunk_unreachable(struct trunk_table *, unsigned idx,
		       const struct net_addr *, const char *why);
/* A sound message came from there. */
void trunk_heard(struct trunk_table *, unsigned idx, const struct net_addr *);
/* Some address is not dead (trunk_health.c). */
bool trunk_is_up(const struct trunk_table *, unsigned idx);
/* "resolved", "no server address", "no server answers", "no calls wanted
 * (Retry-After)". */
const char *trunk_state_text(const struct trunk_table *, unsigned idx);
/* Whom to send OPTIONS to now; it will not be said again before its time.
 * -ENOENT: nobody. */
int trunk_probe_next(struct trunk_table *, unsigned idx, struct sip_path *out);
/* An answer to OPTIONS that means that nobody is there. */
bool trunk_is_miss(int status);
/* What became of it. */
void trunk_probed(struct trunk_table *, unsigned idx, const struct net_addr *,
		  bool answered);
/* The host of URIs at the peer: domain, by an outbound proxy the server, else
 * that address. */
void trunk_domain(const struct trunk_table *, unsigned idx,
		  const struct net_addr *, char out[CONF_HOST]);
/* To whom a keep-alive by UDP is due (0), or who has answered them and does so
 * no longer (1: the flow has failed); likewise. */
int trunk_keep_next(struct trunk_table *, unsigned idx, struct sip_path *out);
/* An answer to one: that peer sees us so. */
enum trunk_mapping { TRUNK_MAPPED_SAME, TRUNK_MAPPED_FIRST, TRUNK_MAPPED_OTHER };
enum trunk_mapping trunk_kept(struct trunk_table *, unsigned idx,
			      const struct net_addr *from,
			      const struct net_addr *us);
/* Some trunk's outbound proxy, as a Route value ("<sip:...;lr>"); "" none. */
const char *trunk_route(const struct trunk_table *, unsigned idx,
			char *buf, size_t size);

enum trunk_call {
	TRUNK_CALL,	   /* within the limits */
	TRUNK_CALL_URGENT, /* an emergency call of the peer's */
	TRUNK_CALL_ALWAYS  /* ours, or one that takes another's place */
};
/* 0; -EDQUOT: max_calls reached; -EAGAIN: too many in this second. On 0 the
 * call is counted until trunk_call_end(). */
int trunk_call_begin(struct trunk_table *, unsigned idx, enum trunk_call);
void trunk_call_end(struct trunk_table *, unsigned idx);
/* One of an earlier process: counted as active, whatever the limits. */
void trunk_call_kept(struct trunk_table *, unsigned idx);

#endif
