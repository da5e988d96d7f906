/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/dns.h"

#include "gateway/base/str.h"
#include "sip/trunk.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DNS_SOCKETS 16
#define TYPE_NAPTR  35
#define TRY_MS	    1500 /* a server that is silent: the next */
#define TRIES	    2

struct dns_socket {
	struct watch watch;
	struct dns *dns;
	int fd; /* -1: free */
};

struct dns {
	struct loop *loop;
	ares_channel channel;
	struct timer timer;
	bool closing;
	struct dns_socket socket[DNS_SOCKETS];
};

/* --- c-ares in our loop --- */

static void arm(struct dns *);

static void on_timer(struct timer *t)
{
	struct dns *d = container_of(t, struct dns, timer);

	ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm(d);
}

static void arm(struct dns *d)
{
	struct timeval tv;

	if (ares_timeout(d->channel, NULL, &tv)) {
		timer_start(d->loop, &d->timer, on_timer,
			    (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1);
	} else {
		timer_stop(d->loop, &d->timer);
	}
}

static void on_socket(struct watch *w, int events)
{
	struct dns_socket *s = container_of(w, struct dns_socket, watch);
	struct dns *d = s->dns;

	ares_process_fd(d->channel,
			events & WATCH_READ ? s->fd : ARES_SOCKET_BAD,
			events & WATCH_WRITE ? s->fd : ARES_SOCKET_BAD);
	arm(d);
}

static struct dns_socket *socket_of(struct dns *d, int fd)
{
	for (unsigned i = 0; i < DNS_SOCKETS; i++) {
		if (d->socket[i].fd == fd) {
			return &d->socket[i];
		}
	}
	return NULL;
}

/* c-ares opens and closes them; we only watch. Without a place the query ends
 * by its time. */
static void on_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct dns *d = arg;
	struct dns_socket *s = socket_of(d, fd);

	if (!readable && !writable) {
		if (s) {
			watch_stop(d->loop, &s->watch);
			s->fd = -1;
		}
		return;
	}
	s = s ? s : socket_of(d, -1);
	if (s && !watch_start(d->loop, &s->watch, fd,
			      (readable ? WATCH_READ : 0) |
				      (writable ? WATCH_WRITE : 0),
			      on_socket)) {
		s->fd = fd;
	}
}

struct dns *dns_new(struct loop *loop, const char *servers)
{
	struct ares_options o = {.timeout = TRY_MS,
				 .tries = TRIES,
				 .sock_state_cb = on_state};
	struct dns *d = calloc(1, sizeof(*d));

	if (!d) {
		return NULL;
	}
	d->loop = loop;
	for (unsigned i = 0; i < DNS_SOCKETS; i++) {
		d->socket[i] = (struct dns_socket){.dns = d, .fd = -1};
	}
	o.sock_state_cb_data = d;
	if (ares_library_init(ARES_LIB_INIT_ALL) ||
	    ares_init_options(&d->channel, &o,
			      ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
				      ARES_OPT_SOCK_STATE_CB)) {
		free(d);
		errno = ENOMEM;
		return NULL;
	}
	if (*servers && ares_set_servers_ports_csv(d->channel, servers)) {
		dns_free(d);
		errno = EINVAL;
		return NULL;
	}
	return d;
}

void dns_free(struct dns *d)
{
	if (!d) {
		return;
	}
	d->closing = true;
	ares_destroy(d->channel);
	ares_library_cleanup();
	timer_stop(d->loop, &d->timer);
	free(d);
}

/* --- a lookup --- */

static void on_finished(struct defer *d)
{
	struct dns_lookup *l = container_of(d, struct dns_lookup, defer);

	l->dns = NULL;
	if (l->n) {
		l->error = NULL;
	} else if (!l->error) {
		l->error = "no address";
	}
	l->done(l);
}

static void begin(struct dns_lookup *l)
{
	l->pending++;
}

/* A query has come back. True: its answer counts. */
static bool end(struct dns_lookup *l, int status)
{
	if (status == ARES_EDESTRUCTION || l->dns->closing) {
		return false;
	}
	l->pending--;
	if (l->canceled) {
		if (!l->pending) {
			l->dns = NULL;
		}
		return false;
	}
	if (status != ARES_SUCCESS && status != ARES_ENODATA &&
	    status != ARES_ENOTFOUND) {
		l->failed = true;
	}
	if (status != ARES_SUCCESS && !l->error) {
		l->error = ares_strerror(status);
	}
	return true;
}

static void finish_if_last(struct dns_lookup *l)
{
	if (!l->pending) {
		loop_defer(l->dns->loop, &l->defer, on_finished);
	}
}

static void take_ttl(struct dns_lookup *l, int ttl)
{
	if (ttl >= 0 && (uint32_t)ttl < l->ttl_s) {
		l->ttl_s = (uint32_t)ttl;
	}
}

/* --- A, AAAA --- */

/* One name of the lookup; lives until its answer. */
struct dns_name {
	struct dns_lookup *lookup;
	struct dns_srv srv;
};

static void add_target(struct dns_lookup *l, const struct dns_srv *s,
		       const struct sockaddr *sa)
{
	struct dns_target t = {.proto = s->proto,
			       .priority = s->priority,
			       .weight = s->weight};

	net_from_sockaddr(&t.addr, sa);
	t.addr.port = s->port;
	for (unsigned i = 0; i < l->n; i++) {
		if (l->target[i].proto == t.proto &&
		    net_addr_eq(&l->target[i].addr, &t.addr)) {
			return;
		}
	}
	if (l->n < DNS_TARGETS && t.addr.family) {
		l->target[l->n++] = t;
	}
}

static void on_addresses(void *arg, int status, int timeouts,
			 struct ares_addrinfo *answer)
{
	struct dns_name *name = arg;
	struct dns_lookup *l = name->lookup;

	(void)timeouts;
	if (end(l, status)) {
		for (const struct ares_addrinfo_node *n =
			     answer ? answer->nodes : NULL;
		     n; n = n->ai_next) {
			add_target(l, &name->srv, n->ai_addr);
			take_ttl(l, n->ai_ttl);
		}
		finish_if_last(l);
	}
	if (answer) {
		ares_freeaddrinfo(answer);
	}
	free(name);
}

static void look_up_name(struct dns_lookup *l, const struct dns_srv *s)
{
	struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT,
		.ai_family = l->family == 4   ? AF_INET
			     : l->family == 6 ? AF_INET6
					      : AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
	};
	struct dns_name *name = calloc(1, sizeof(*name));

	if (!name) {
		return;
	}
	name->lookup = l;
	name->srv = *s;
	begin(l);
	ares_getaddrinfo(l->dns->channel, s->host, NULL, &hints, on_addresses,
			 name);
}

static uint16_t usual_port(uint8_t proto)
{
	return proto == SIP_TLS ? SIP_TLS_PORT : SIP_PORT;
}

static uint8_t proto_of(enum conf_transport t)
{
	return t == CONF_TLS ? SIP_TLS : t == CONF_TCP ? SIP_TCP : SIP_UDP;
}

static void look_up_host(struct dns_lookup *l)
{
	struct dns_srv s = {.proto = proto_of(l->transport)};

	str_copy(s.host, sizeof(s.host), l->host);
	s.port = l->port ? l->port : usual_port(s.proto);
	look_up_name(l, &s);
}

/* --- SRV --- */

struct dns_service {
	struct dns_lookup *lookup;
	uint8_t proto, rank; /* among those that NAPTR gave */
};

static void add_srvs(struct dns_lookup *l, const struct dns_service *s,
		     const struct ares_srv_reply *r)
{
	for (; r && l->n_srv < DNS_SRVS; r = r->next) {
		struct dns_srv *to = &l->srv[l->n_srv];

		/* "." says that there is no such service (RFC 2782). */
		if (!r->host[0] || !strcmp(r->host, ".") || !r->port ||
		    !str_copy(to->host, sizeof(to->host), r->host)) {
			continue;
		}
		to->port = r->port;
		/* What NAPTR prefers goes first. */
		to->priority = (uint16_t)((s->rank << 12) |
					  (r->priority > 4095 ? 4095
							      : r->priority));
		to->weight = r->weight;
		to->proto = s->proto;
		l->n_srv++;
	}
}

/* All SRV answers are there: their names, or that of the file, but not for the
 * reason that no name server could say what had been there: then there is no
 * answer, and what is known already is better. */
static void after_srv(struct dns_lookup *l)
{
	if (l->pending) {
		return;
	}
	begin(l);
	for (unsigned i = 0; i < l->n_srv; i++) {
		look_up_name(l, &l->srv[i]);
	}
	l->had_srv = l->had_srv || l->n_srv;
	if (!l->n_srv && !(l->failed && l->had_srv)) {
		l->error = NULL;
		look_up_host(l);
	}
	l->pending--;
	finish_if_last(l);
}

static void on_srv(void *arg, int status, int timeouts, unsigned char *data,
		   int len)
{
	struct dns_service *s = arg;
	struct dns_lookup *l = s->lookup;
	struct ares_srv_reply *list = NULL;

	(void)timeouts;
	if (end(l, status)) {
		if (status == ARES_SUCCESS &&
		    ares_parse_srv_reply(data, len, &list) == ARES_SUCCESS) {
			add_srvs(l, s, list);
			ares_free_data(list);
		}
		after_srv(l);
	}
	free(s);
}

static void look_up_srv(struct dns_lookup *l, const char *name, uint8_t proto,
			unsigned rank)
{
	struct dns_service *s = calloc(1, sizeof(*s));

	if (!s) {
		return;
	}
	*s = (struct dns_service){l, proto, (uint8_t)(rank > 15 ? 15 : rank)};
	begin(l);
	ares_query(l->dns->channel, name, ns_c_in, ns_t_srv, on_srv, s);
}

/* By the name of the file: "_sip._udp.example.net". */
static void look_up_services(struct dns_lookup *l)
{
	static const struct {
		const char *prefix;
		enum conf_transport transport;
		uint8_t proto;
	} rows[] = {
		{"_sip._udp", CONF_UDP, SIP_UDP},
		{"_sip._tcp", CONF_TCP, SIP_TCP},
		{"_sips._tcp", CONF_TLS, SIP_TLS},
	};
	char name[CONF_HOST + 16];

	begin(l); /* none is the last before all are asked */
	for (unsigned i = 0; i < 3; i++) {
		if (l->transport == CONF_AUTO ||
		    l->transport == rows[i].transport) {
			snprintf(name, sizeof(name), "%s.%s", rows[i].prefix,
				 l->host);
			look_up_srv(l, name, rows[i].proto, i);
		}
	}
	l->pending--;
	after_srv(l);
}

/* --- NAPTR --- */

static int service_of(const unsigned char *text)
{
	static const char *const names[] = {"SIP+D2U", "SIP+D2T", "SIPS+D2T"};

	for (int i = 0; i < 3; i++) {
		if (!strcasecmp((const char *)text, names[i])) {
			return i; /* = enum sip_proto */
		}
	}
	return -1;
}

static const struct ares_naptr_reply *
next_best(const struct ares_naptr_reply *list,
	  const struct ares_naptr_reply *after)
{
	const struct ares_naptr_reply *best = NULL;

	for (; list; list = list->next) {
		uint32_t rank = (uint32_t)list->order << 16 | list->preference;

		if (service_of(list->service) < 0 ||
		    strcasecmp((const char *)list->flags, "s") != 0 ||
		    (after && rank <= ((uint32_t)after->order << 16 |
				       after->preference))) {
			continue;
		}
		if (!best || rank < ((uint32_t)best->order << 16 |
				     best->preference)) {
			best = list;
		}
	}
	return best;
}

static void on_naptr(void *arg, int status, int timeouts, unsigned char *data,
		     int len)
{
	struct dns_lookup *l = arg;
	struct ares_naptr_reply *list = NULL;
	const struct ares_naptr_reply *r = NULL;
	unsigned rank = 0;

	(void)timeouts;
	if (!end(l, status)) {
		return;
	}
	begin(l);
	if (status == ARES_SUCCESS &&
	    ares_parse_naptr_reply(data, len, &list) == ARES_SUCCESS) {
		while ((r = next_best(list, r)) != NULL) {
			look_up_srv(l, r->replacement,
				    (uint8_t)service_of(r->service), rank++);
		}
		ares_free_data(list);
	}
	l->pending--;
	l->had_naptr = l->had_naptr || rank;
	if (!rank && !(l->failed && l->had_naptr)) {
		l->failed = false; /* some resolvers know no NAPTR at all */
		look_up_services(l);
	} else {
		after_srv(l);
	}
}

/* --- all of it --- */

void dns_start(struct dns *d, struct dns_lookup *l)
{
	l->dns = d;
	l->n = l->n_srv = 0;
	l->pending = 0;
	l->error = NULL;
	l->canceled = l->failed = false;
	l->ttl_s = UINT32_MAX;
	if (l->port) {
		look_up_host(l);
		finish_if_last(l);
	} else if (l->transport == CONF_AUTO) {
		begin(l);
		ares_query(d->channel, l->host, ns_c_in, TYPE_NAPTR, on_naptr,
			   l);
	} else {
		look_up_services(l);
	}
	arm(d);
}

bool dns_is_busy(const struct dns_lookup *l)
{
	return l->dns != NULL;
}

void dns_cancel(struct dns_lookup *l)
{
	if (l->dns) {
		loop_defer_cancel(l->dns->loop, &l->defer);
		l->canceled = true;
		if (!l->pending) {
			l->dns = NULL;
		}
	}
}
