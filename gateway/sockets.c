/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/sockets.h"

#include "gateway/base/log.h"
#include "gateway/bound.h"
#include "gateway/cards.h"
#include "media/line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* RTP port pairs per B channel: 1.2, so that a pair can rest after a call. */
#define RTP_BUFFER	  65536
#define SIP_PLACES	  (2 * CONF_TRUNKS + 4)
#define MAX_FDS                                                 \
	(CONF_SPANS * (CONF_CHANNELS * 3 + LINE_SLOTS) +    \
	 3 * SIP_PLACES + 8)
#define CARD_START_MS	  2000 /* cards that answer later are taken later */
#define CARD_SOON_MS	  20
#define CARD_MUTE	  2 /* times without answer, then it is told */

struct held {
	enum role_id role;
	enum role_socket what;
	unsigned index;
	int fd;
};

struct sockets {
	struct cards *cards;
	bool card[CONF_SPANS];	 /* DAHDI */
	bool off[CONF_SPANS];	 /* by the operator: no card is wanted */
	bool absent[CONF_SPANS]; /* told that it cannot be opened ... */
	char why[CONF_SPANS][CARD_WHY]; /* ... for that reason: DAHDI */
	uint8_t mute[CONF_SPANS]; /* its driver has not answered so often */
	unsigned n;
	struct held fds[MAX_FDS];
};

static int hold(struct sockets *s, struct held h)
{
	if (h.fd < 0 || s->n == MAX_FDS) {
		if (h.fd >= 0) {
			close(h.fd);
		}
		return -EMFILE;
	}
	s->fds[s->n++] = h;
	return 0;
}

/* Where a packet to that address would leave from; nothing is sent. */
static int address_towards(const struct net_addr *to, struct net_addr *own)
{
	struct sockaddr_storage ss;
	socklen_t len = net_to_sockaddr(to, &ss);
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = -ENETUNREACH;

	if (fd >= 0 && connect(fd, (struct sockaddr *)&ss, len) == 0) {
		len = sizeof(ss);
		r = getsockname(fd, (struct sockaddr *)&ss, &len);
	}
	if (fd >= 0) {
		close(fd);
	}
	if (r == 0) {
		net_from_sockaddr(own, (struct sockaddr *)&ss);
		own->port = 0;
	}
	return r;
}

void sockets_fill_address(struct conf *c)
{
	struct net_addr to;

	if (!net_is_any(&c->media.rtp)) {
		return;
	}
	if (!net_is_any(&c->sip.bind)) {
		c->media.rtp = c->sip.bind;
		c->media.rtp.port = 0;
		return;
	}
	for (unsigned t = 0; t < c->n_trunks; t++) {
		if (net_parse(&to, c->trunks[t].servers[0]) == 0) {
			to.port = to.port ? to.port : 5060;
			if (address_towards(&to, &c->media.rtp) == 0) {
				return;
			}
		}
	}
	net_parse(&to, "192.0.2.1:5060");
	if (address_towards(&to, &c->media.rtp) < 0) {
		net_parse(&c->media.rtp, "127.0.0.1");
	}
}

static const char *advice(int err)
{
	switch (-err) {
	case EADDRINUSE:
		return "another program has it: stop that, or choose another";
	case EADDRNOTAVAIL:
		return "this machine has no such address";
	case EACCES:
		return "not permitted: use a port above 1023 or more rights";
	case EMFILE:
		return "too many open files: raise LimitNOFILE";
	default:
		return "check the setting";
	}
}

static int complain(const char *setting, const struct net_addr *a, int err)
{
	char text[NET_STR_MAX];

	log_err("%s: cannot use %s: %s; %s", setting, net_str(a, text),
		strerror(-err), advice(err));
	return err;
}

/* --- SIP: UDP and TCP, or TLS, on each of its addresses --- */

#define SIP_BACKLOG 256

struct sip_place {
	struct net_addr addr;
	bool tls;
	const char *setting;
};

struct sip_places {
	unsigned n;
	struct sip_place place[SIP_PLACES];
};

static void add_place(struct sip_places *p, struct net_addr addr, bool tls,
		      const char *setting)
{
	if (!addr.family) {
		return;
	}
	for (unsigned i = 0; i < p->n; i++) {
		if (p->place[i].tls == tls &&
		    net_addr_eq(&p->place[i].addr, &addr)) {
			return;
		}
	}
	p->place[p->n++] = (struct sip_place){ addr, tls, setting };
}

/* Those of one trunk: its own, else the gateway's. */
static void add_trunk_places(struct sip_places *p, const struct conf *c,
			     const struct conf_trunk *t)
{
	bool own = t->bind.family || t->wire.bind6.family;
	struct net_addr a[2] = { own ? t->bind : c->sip.bind,
				 own ? t->wire.bind6 : c->sip.bind6 };

	for (unsigned i = 0; i < 2; i++) {
		if (t->transport != CONF_TLS) {
			add_place(p, a[i], false, t->name);
		}
	}
	for (unsigned i = 0; i < 2; i++) {
		if (!own || t->transport != CONF_TLS) {
			a[i].port = c->sip.tls_port;
		}
		if (t->transport == CONF_TLS || t->transport == CONF_AUTO) {
			add_place(p, a[i], true, t->name);
		}
	}
}

static int hold_listener(struct sockets *s, const struct sip_place *p,
			 unsigned index)
{
	int fd = bound_socket(&p->addr, SOCK_STREAM, BOUND_V6_ALONE);

	if (fd >= 0 && listen(fd, SIP_BACKLOG) < 0) {
		int err = -errno;

		close(fd);
		fd = err;
	}
	if (fd < 0) {
		return complain(p->setting, &p->addr, fd);
	}
	return hold(s, (struct held){ ROLE_SIP, ROLE_SOCK_SIP, index, fd });
}

static int hold_datagrams(struct sockets *s, const struct sip_place *p,
			  unsigned index)
{
	int fd[2], r = bound_sip_pair(&p->addr, fd);

	if (r < 0) {
		return complain(p->setting, &p->addr, r);
	}
	r = hold(s, (struct held){ ROLE_SIP, ROLE_SOCK_SIP, index, fd[0] });
	if (fd[1] >= 0) {
		struct held h = { ROLE_SIP, ROLE_SOCK_SIP, index, fd[1] };
		int r2 = hold(s, h);

		r = r < 0 ? r : r2;
	}
	return r;
}

static int open_sip(struct sockets *s, const struct conf *c)
{
	struct sip_places p = { .n = 0 };
	int r = 0;

	add_place(&p, c->sip.bind, false, "sip.bind");
	add_place(&p, c->sip.bind6, false, "sip.bind6");
	for (unsigned t = 0; t < c->n_trunks; t++) {
		add_trunk_places(&p, c, &c->trunks[t]);
	}
	for (unsigned i = 0; i < p.n && r == 0; i++) {
		if (!p.place[i].tls) {
			r = hold_datagrams(s, &p.place[i], i);
		}
		if (r == 0) {
			r = hold_listener(s, &p.place[i], i);
		}
	}
	return r;
}

/* A pair whose two ports are both free; -EADDRINUSE to try the next. */
static int open_rtp_pair(struct sockets *s, const struct conf *c,
			 unsigned pair, uint16_t port)
{
	struct net_addr a = c->media.rtp;
	int fd[2], size = RTP_BUFFER, tos = c->media.dscp << 2;

	for (unsigned i = 0; i < 2; i++) {
		a.port = (uint16_t)(port + i);
		fd[i] = bound_socket(&a, SOCK_DGRAM, BOUND_DUAL);
		if (fd[i] < 0) {
			if (i) {
				close(fd[0]);
			}
			return fd[i];
		}
		setsockopt(fd[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		setsockopt(fd[i], a.family == 6 ? IPPROTO_IPV6 : IPPROTO_IP,
			   a.family == 6 ? IPV6_TCLASS : IP_TOS, &tos,
			   sizeof(tos));
	}
	hold(s, (struct held){ ROLE_MEDIA, ROLE_SOCK_RTP, pair * 2, fd[0] });
	return hold(s, (struct held){ ROLE_MEDIA, ROLE_SOCK_RTP, pair * 2 + 1,
				      fd[1] });
}

static int open_rtp(struct sockets *s, const struct conf *c)
{
	unsigned want = conf_room(c->n_spans, c->gateway.spare_spans) *
			CONF_CHANNELS * 12 / 10;
	unsigned pair = 0;
	int r = 0;

	for (unsigned p = (c->media.port_min + 1u) & ~1u;
	     pair < want && p + 1 <= c->media.port_max; p += 2) {
		r = open_rtp_pair(s, c, pair, (uint16_t)p);
		if (r == 0) {
			pair++;
		} else if (r != -EADDRINUSE) {
			return complain("media.rtp", &c->media.rtp, r);
		}
	}
	if (pair < c->n_spans * CONF_CHANNELS) {
		log_err("media.ports: only %u of %u port pairs free in %u-%u; "
			"widen the range", pair, want, c->media.port_min,
			c->media.port_max);
		return -EADDRINUSE;
	}
	return 0;
}

static int open_pseudowire(struct sockets *s, const struct conf_span *span,
			   unsigned index)
{
	int fd, r;

	r = pseudowire_socket(&span->line.local, &span->line.peer, &fd);
	if (r < 0) {
		return complain(span->name, &span->line.local, r);
	}
	return hold(s, (struct held){ ROLE_MEDIA, ROLE_SOCK_LINE, index, fd });
}

static void let_go(struct sockets *s, unsigned span)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->n; i++) {
		if (s->fds[i].what == ROLE_SOCK_LINE &&
		    s->fds[i].index == span) {
			close(s->fds[i].fd);
		} else {
			s->fds[kept++] = s->fds[i];
		}
	}
	s->n = kept;
}

static const struct held *line_of(const struct sockets *s, unsigned span)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (s->fds[i].what == ROLE_SOCK_LINE &&
		    s->fds[i].index == span) {
			return &s->fds[i];
		}
	}
	return NULL;
}

static void tell_mute(struct sockets *s, const struct conf_span *span,
		      unsigned index)
{
	if (s->mute[index] < CARD_MUTE && ++s->mute[index] == CARD_MUTE) {
		log_err("span %s: the DAHDI driver does not answer for span "
			"%u: see dmesg; it is taken when it does", span->name,
			span->line.dahdi_span);
	}
}

/* Told once as long as it stays the same: who has mended one reason is to hear
 * of the next. */
static void tell_absent(struct sockets *s, const struct conf_span *span,
			unsigned index, const char *why, bool known)
{
	if (!known && !(s->absent[index] && !strcmp(s->why[index], why))) {
		log_err("span %s: %s", span->name, why);
	}
	snprintf(s->why[index], sizeof(s->why[index]), "%s", why);
}

/* A card that is not there now must not keep the other spans from service:
 * only its own line is told, and missing. True: it has new channels. */
static bool take_card(struct sockets *s, const struct conf_span *span,
		      unsigned index, const struct card_found *f)
{
	bool had = line_of(s, index) != NULL;

	if (f->state == CARD_BUSY) {
		tell_mute(s, span, index);
		return false;
	}
	s->mute[index] = 0;
	if (s->off[index]) {
		for (unsigned i = 0; i < f->n; i++) {
			close(f->fds[i]);
		}
		return false;
	}
	if (f->state == CARD_STAYS) {
		return false;
	}
	if (had) {
		log_err("span %s: DAHDI span %u is gone: was the card pulled "
			"or its module unloaded?", span->name,
			span->line.dahdi_span);
		let_go(s, index);
	}
	if (f->state == CARD_ABSENT) {
		tell_absent(s, span, index, f->why, had);
	}
	s->absent[index] = f->state == CARD_ABSENT;
	for (unsigned i = 0; i < f->n; i++) {
		hold(s, (struct held){ ROLE_MEDIA, ROLE_SOCK_LINE, index,
				       f->fds[i] });
	}
	return f->state == CARD_OPENED;
}

/* All at once, so that a driver that does not answer costs its time once. */
static int open_cards(struct sockets *s, const struct conf *c)
{
	int left_ms = CARD_START_MS, r = 0;
	struct card_found f;

	s->cards = cards_new();
	for (unsigned i = 0; s->cards && i < c->n_spans; i++) {
		s->card[i] = c->spans[i].line.driver == CONF_DAHDI;
		s->off[i] = c->spans[i].shutdown;
		if (c->spans[i].line.driver == CONF_DAHDI && !s->off[i] && !r) {
			r = cards_look(s->cards, i, &c->spans[i], -1, NULL);
		}
	}
	for (unsigned i = 0; s->cards && i < c->n_spans && !r; i++) {
		if (c->spans[i].line.driver != CONF_DAHDI || s->off[i]) {
			continue;
		}
		cards_found(s->cards, i, left_ms, &f);
		if (f.state == CARD_BUSY) {
			left_ms = 0;
		}
		take_card(s, &c->spans[i], i, &f);
	}
	return s->cards ? r : -errno;
}

static int open_lines(struct sockets *s, const struct conf *c)
{
	int r = open_cards(s, c);

	for (unsigned i = 0; i < c->n_spans && r == 0; i++) {
		if (c->spans[i].line.driver != CONF_DAHDI) {
			r = open_pseudowire(s, &c->spans[i], i);
		}
	}
	return r;
}

/* Creates what is missing of the path, then opens it. */
static int open_dir(const char *path)
{
	char part[CONF_PATH];
	int fd;

	for (size_t i = 1; i < sizeof(part) && path[i - 1]; i++) {
		if (path[i] == '/' || path[i] == '\0') {
			snprintf(part, sizeof(part), "%.*s", (int)i, path);
			mkdir(part, 0750);
		}
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		fd = -errno;
		log_err("directory %s: %s; create it or choose another", path,
			strerror(-fd));
	}
	return fd;
}

static int open_dirs(struct sockets *s, const struct conf *c)
{
	int r = hold(s, (struct held){ ROLE_CORE, ROLE_SOCK_CDR_DIR, 0,
				       open_dir(c->gateway.cdr_dir) });

	return r ? r : hold(s, (struct held){ ROLE_CORE, ROLE_SOCK_STATE_DIR,
					      0, open_dir(c->gateway.state_dir) });
}

/* True when somebody answers on that local socket. */
static bool is_alive(const struct sockaddr_un *un)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive = fd >= 0 &&
		connect(fd, (const struct sockaddr *)un, sizeof(*un)) == 0;

	if (fd >= 0) {
		close(fd);
	}
	return alive;
}

static int open_control(struct sockets *s, const struct conf *c)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = open_dir(c->gateway.run_dir);

	if (fd < 0) {
		return fd;
	}
	close(fd);
	if ((size_t)snprintf(un.sun_path, sizeof(un.sun_path), "%s/ctl",
			     c->gateway.run_dir) >= sizeof(un.sun_path)) {
		log_err("gateway.run_dir: too long for a local socket; at "
			"most %zu characters", sizeof(un.sun_path) - 5);
		return -ENAMETOOLONG;
	}
	if (is_alive(&un)) {
		log_err("gateway.run_dir: a gateway already runs on %s; stop "
			"it, or choose another directory", un.sun_path);
		return -EADDRINUSE;
	}
	unlink(un.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0 ||
	    chmod(un.sun_path, 0660) < 0 || listen(fd, 16) < 0) {
		int err = -errno;

		log_err("control socket %s: %s", un.sun_path, strerror(-err));
		if (fd >= 0) {
			close(fd);
		}
		return err;
	}
	return hold(s, (struct held){ ROLE_CONSOLE, ROLE_SOCK_CONTROL, 0, fd });
}

static int open_metrics(struct sockets *s, const struct conf *c)
{
	int fd;

	if (!c->gateway.metrics.family) {
		return 0;
	}
	fd = bound_socket(&c->gateway.metrics, SOCK_STREAM, BOUND_DUAL);
	if (fd < 0 || listen(fd, 16) < 0) {
		return complain("gateway.metrics", &c->gateway.metrics,
				fd < 0 ? fd : -errno);
	}
	return hold(s, (struct held){ ROLE_CONSOLE, ROLE_SOCK_METRICS, 0, fd });
}

struct sockets *sockets_open(const struct conf *c)
{
	static int (*const steps[])(struct sockets *, const struct conf *) = {
		open_control, open_dirs, open_lines, open_sip, open_rtp,
		open_metrics,
	};
	struct sockets *s = calloc(1, sizeof(*s));

	for (size_t i = 0; s && i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i](s, c) < 0) {
			sockets_close(s);
			return NULL;
		}
	}
	return s;
}

void sockets_close(struct sockets *s)
{
	for (unsigned i = 0; s && i < s->n; i++) {
		close(s->fds[i].fd);
	}
	if (s) {
		cards_free(s->cards);
	}
	free(s);
}

void sockets_each(const struct sockets *s, enum role_id role, sockets_fn *fn,
		  void *arg)
{
	for (unsigned i = 0; i < s->n; i++) {
		const struct held *h = &s->fds[i];

		if (h->role == role) {
			fn(arg, h->what, h->index, h->fd);
		}
	}
}

/* --- cards that come and go --- */

static bool renew_card(struct sockets *s, const struct conf_span *span,
		       unsigned index)
{
	const struct held *line = line_of(s, index);
	struct card_found f;

	cards_look(s->cards, index, span, line ? line->fd : -1, NULL);
	cards_found(s->cards, index, CARD_SOON_MS, &f);
	if (!take_card(s, span, index, &f)) {
		return false;
	}
	log_info("span %s: DAHDI span %u is there", span->name,
		 span->line.dahdi_span);
	return true;
}

/* What is missing is told once. */
static bool renew_pseudowire(struct sockets *s, const struct conf_span *span,
			     unsigned index)
{
	const struct conf_line *l = &span->line;
	int fd, r;

	if (line_of(s, index)) {
		return false;
	}
	r = pseudowire_socket(&l->local, &l->peer, &fd);
	if (r == 0) {
		r = hold(s, (struct held){ ROLE_MEDIA, ROLE_SOCK_LINE, index,
					   fd });
	}
	if (r < 0 && !s->absent[index]) {
		complain(span->name, &l->local, r);
	}
	s->absent[index] = r < 0;
	return r == 0;
}

static void renew(struct sockets *s, const struct conf_span *span,
		  unsigned index, sockets_fn *fn, void *arg)
{
	if (!(s->card[index] ? renew_card(s, span, index)
			     : renew_pseudowire(s, span, index))) {
		return;
	}
	for (unsigned i = 0; i < s->n; i++) {
		if (s->fds[i].what == ROLE_SOCK_LINE &&
		    s->fds[i].index == index) {
			fn(arg, ROLE_SOCK_LINE, index, s->fds[i].fd);
		}
	}
}

void sockets_add(struct sockets *s, const struct conf *c, unsigned span)
{
	s->card[span] = c->spans[span].line.driver == CONF_DAHDI;
	s->off[span] = c->spans[span].shutdown;
	s->absent[span] = false;
	s->mute[span] = 0;
}

void sockets_remove(struct sockets *s, unsigned span)
{
	s->off[span] = true;
	let_go(s, span);
}

void sockets_switch(struct sockets *s, unsigned span, bool on)
{
	s->off[span] = !on;
	s->absent[span] = false;
	if (!on && s->card[span]) {
		let_go(s, span);
	}
}

void sockets_renew(struct sockets *s, const struct conf *c, sockets_fn *fn,
		   void *arg)
{
	for (unsigned i = 0; i < c->n_spans; i++) {
		if (!c->spans[i].gone && (!s->card[i] || !s->off[i])) {
			renew(s, &c->spans[i], i, fn, arg);
		}
	}
}
