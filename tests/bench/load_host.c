/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/load_host.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/ctl.h"
#include "gateway/base/log.h"
#include "gateway/base/memfd.h"
#include "gateway/base/obs.h"
#include "media/isa.h"
#include "media/line.h"
#include "tests/bench/load_srtp.h"

enum {
	WAIT_MS = 15000,
	GENERATOR_BUFFER = 32 << 20,
	RTP_BUFFER = 65536, /* as gateway/sockets.c */
	EF = 46 << 2,
	FDS = 20000,
	BURST = 200, /* calls set up before their answers are read */
};

/* --- messages of the role --- */

static void on_ctl(struct link *l, const struct link_head *head, int fd)
{
	struct load_host *h = container_of(l, struct load_host, ctl);
	const struct ctl_msg *m = (const void *)head;

	(void)fd;
	if (head->len != sizeof(*m) || head->type != CTL_READY)
		return;
	h->ready = true;
	h->status = m->status;
}

static void on_down(struct link *l)
{
	link_close(l);
}

static void on_ctl_down(struct link *l)
{
	container_of(l, struct load_host, ctl)->down = true;
	link_close(l);
}

static void on_opened(struct load_host *h, const struct media_opened *m)
{
	if (m->ref >= h->plan->channels || !m->id) {
		h->refused++;
		return;
	}
	h->id[m->ref] = m->id;
	h->ends->gw_rtp[m->ref] = m->rtp;
	h->opened++;
}

static void on_core(struct link *l, const struct link_head *head, int fd)
{
	struct load_host *h = container_of(l, struct load_host, core);
	const struct media_closed *c = (const void *)head;

	(void)fd;
	if (head->type == MEDIA_OPENED)
		on_opened(h, (const void *)head);
	if (head->type == MEDIA_CLOSED && c->ref < h->plan->channels) {
		h->figures[c->ref] = c->figures;
		h->closed++;
	}
}

static void on_console(struct link *l, const struct link_head *head, int fd)
{
	struct load_host *h = container_of(l, struct load_host, console);
	const struct obs_reply *r = (const void *)head;

	(void)fd;
	if (head->type != OBS_REPLY || r->id != h->asked ||
	    h->len + r->len >= LOAD_TEXT)
		return;
	memcpy(h->text + h->len, r->text, r->len);
	h->len += r->len;
	h->text[h->len] = '\0';
	h->replied = !r->more;
}

static const struct link_ops ctl_ops = { on_ctl, on_ctl_down };
static const struct link_ops core_ops = { on_core, on_down };
static const struct link_ops console_ops = { on_console, on_down };

void load_host_serve(struct load_host *h, int64_t until_ns)
{
	do {
		loop_poll(h->loop);
		load_sleep_until(load_now() + NS_PER_MS);
	} while (load_now() < until_ns);
}

/* Until a count of answers is there, or the role is gone. */
static int await(struct load_host *h, const unsigned *count, unsigned wanted)
{
	int64_t end = load_now() + WAIT_MS * NS_PER_MS;

	while (*count < wanted && !h->down && load_now() < end)
		load_host_serve(h, 0);
	return *count < wanted ? -1 : 0;
}

/* --- sockets --- */

static struct net_addr local_port(uint16_t port)
{
	return (struct net_addr){ .family = 4, .port = port,
				  .ip = { 127, 0, 0, 1 } };
}

/* A UDP socket on that port of loopback; -errno. */
static int bound(uint16_t port, int buffer)
{
	struct net_addr a = local_port(port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage ss;
	socklen_t n = net_to_sockaddr(&a, &ss);
	int tos = EF;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&ss, n) < 0) {
		close(fd);
		return -EADDRINUSE;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer,
		       sizeof(buffer)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	return fd;
}

/* The next pair of free ports from *port on. */
static int bound_pair(uint16_t *port, int buffer, int fds[2])
{
	for (; *port < 32000; *port = (uint16_t)(*port + 2)) {
		fds[0] = bound(*port, buffer);
		if (fds[0] < 0)
			continue;
		fds[1] = bound((uint16_t)(*port + 1), RTP_BUFFER);
		if (fds[1] >= 0) {
			*port = (uint16_t)(*port + 2);
			return 0;
		}
		close(fds[0]);
	}
	fprintf(stderr, "load: no pair of ports is free below 32000\n");
	return -1;
}

static int open_ends(struct load_ends *e, uint16_t *port)
{
	int fds[2], on = 1;

	if (bound_pair(port, GENERATOR_BUFFER, fds) < 0)
		return -1;
	e->line_fd = fds[0];
	close(fds[1]);
	e->line = local_port((uint16_t)(*port - 2));
	setsockopt(e->line_fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	if (bound_pair(port, GENERATOR_BUFFER, fds) < 0)
		return -1;
	e->rtp_fd = fds[0];
	e->rtcp_fd = fds[1];
	e->rtp = local_port((uint16_t)(*port - 2));
	return 0;
}

/* --- handing over --- */

static void tell(struct load_host *h, enum ctl_type type, unsigned what,
		 unsigned index, int fd)
{
	struct ctl_msg m = { .what = (uint16_t)what,
			     .index = (uint16_t)index };

	if (fd < 0) {
		link_send(&h->ctl, &m.head, (uint16_t)type, sizeof(m));
		return;
	}
	link_send_fd(&h->ctl, &m.head, (uint16_t)type, sizeof(m), fd);
	close(fd);
}

static struct conf_for_media *make_conf(const struct load_host *h)
{
	const struct load_plan *p = h->plan;
	struct conf_for_media *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->media.jitter_min_ms = 20;
	c->media.jitter_max_ms = 200;
	c->media.silent_alarm_s = 10;
	c->media.max_load = 100;
	c->media.n_cpus = p->engine_cpu >= 0;
	c->media.cpus[0] = (uint8_t)p->engine_cpu;
	c->n_spans = (uint16_t)p->spans;
	for (unsigned i = 0; i < p->spans; i++) {
		struct conf_span *s = &c->spans[i];

		snprintf(s->name, sizeof(s->name), "e1-%u", i);
		snprintf(s->country, sizeof(s->country), "de");
		s->line.clock = p->slave ? CONF_CLOCK_SLAVE
					 : CONF_CLOCK_MASTER;
		s->line.peer = h->ends->line;
		s->line.frames = LOAD_FRAMES;
		s->line.jitter_ms = 5;
		s->line.d_slot = 16;
		s->line.first_slot = 1;
		s->line.last_slot = 31;
		s->line.idle = 0xd5;
		s->echo = s->nlp = true;
		s->echo_tail_ms = 128;
		s->alarm_hold_ms = 3000;
	}
	return c;
}

static int hand_conf(struct load_host *h)
{
	struct conf_for_media *c = make_conf(h);
	int fd = c ? memfd_create_sealed("load", c, sizeof(*c)) : -ENOMEM;

	free(c);
	if (fd < 0) {
		fprintf(stderr, "load: no configuration: %s\n", strerror(-fd));
		return -1;
	}
	tell(h, CTL_CONF, 0, 0, fd);
	return 0;
}

static int hand_link(struct load_host *h, enum role_id peer, struct link *l,
		     const struct link_ops *ops)
{
	int fds[2];

	if (link_socketpair(fds) < 0) {
		perror("load: link");
		return -1;
	}
	tell(h, CTL_LINK, peer, 0, fds[1]);
	return link_open_fd(l, h->loop, fds[0], ops);
}

static int hand_lines(struct load_host *h, uint16_t *port)
{
	int fd;

	for (unsigned i = 0; i < h->plan->spans; i++) {
		struct net_addr *a = &h->ends->gw_line[i];

		do {
			*a = local_port((*port)++);
		} while (pseudowire_socket(a, &h->ends->line, &fd) < 0 &&
			 *port < 32000);
		if (*port >= 32000)
			return -1;
		tell(h, CTL_SOCKET, ROLE_SOCK_LINE, i, fd);
	}
	return 0;
}

/* 1.2 pairs a channel, as the supervisor opens. */
static int hand_rtp(struct load_host *h, uint16_t port)
{
	int fds[2];

	port = (uint16_t)((port + 1) & ~1);
	for (unsigned i = 0; i < h->plan->channels * 12 / 10 + 1; i++) {
		if (bound_pair(&port, RTP_BUFFER, fds) < 0)
			return -1;
		tell(h, CTL_SOCKET, ROLE_SOCK_RTP, 2 * i, fds[0]);
		tell(h, CTL_SOCKET, ROLE_SOCK_RTP, 2 * i + 1, fds[1]);
		if (i % BURST == 0)
			load_host_serve(h, 0);
	}
	return 0;
}

/* --- life --- */

static int start_role(struct load_host *h)
{
	int fds[2];

	if (link_socketpair(fds) < 0)
		return -1;
	h->pid = fork();
	if (h->pid == 0) {
		close(fds[0]);
		log_init("media", LOG_LVL_WARN);
		if (h->plan->isa < ISA_COUNT)
			isa_limit((enum isa)h->plan->isa);
		_exit(role_main(&media_role_ops, fds[1]));
	}
	close(fds[1]);
	if (h->pid < 0) {
		close(fds[0]);
		return -1;
	}
	h->loop = loop_new_uv();
	if (!h->loop) {
		close(fds[0]);
		return -1;
	}
	return link_open_fd(&h->ctl, h->loop, fds[0], &ctl_ops);
}

static void raise_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_cur >= FDS)
		return;
	l.rlim_cur = FDS;
	if (l.rlim_max < FDS)
		l.rlim_max = FDS;
	setrlimit(RLIMIT_NOFILE, &l);
}

static int hand_all(struct load_host *h)
{
	uint16_t port = h->plan->port;

	if (open_ends(h->ends, &port) < 0 || hand_conf(h) < 0 ||
	    hand_link(h, ROLE_CORE, &h->core, &core_ops) < 0 ||
	    hand_link(h, ROLE_CONSOLE, &h->console, &console_ops) < 0 ||
	    hand_lines(h, &port) < 0 || hand_rtp(h, port) < 0)
		return -1;
	tell(h, CTL_START, 0, 0, -1);
	return 0;
}

int load_host_open(struct load_host *h, const struct load_plan *p,
		   struct load_ends *e)
{
	int64_t end = load_now() + WAIT_MS * NS_PER_MS;

	memset(h, 0, sizeof(*h));
	h->plan = p;
	h->ends = e;
	h->text = malloc(LOAD_TEXT);
	raise_limit();
	if (!h->text || start_role(h) < 0 || hand_all(h) < 0)
		return -1;
	while (!h->ready && !h->down && load_now() < end)
		load_host_serve(h, 0);
	if (h->ready && h->status == 0)
		return 0;
	fprintf(stderr, "load: the media role does not start: %s\n",
		h->ready ? strerror(-h->status) : "no answer");
	return -1;
}

static void give_keys(struct load_host *h, unsigned c)
{
	struct media_crypto m = { .id = h->id[c], .suite = h->plan->suite };

	load_srtp_keys(h->plan, c, false, &m.tx);
	load_srtp_keys(h->plan, c, true, &m.rx);
	link_send(&h->core, &m.head, MEDIA_CRYPTO, sizeof(m));
}

static void place(struct load_host *h, unsigned c,
		  const struct load_call *call)
{
	struct media_connect con = {
		.id = h->id[c],
		.span = (uint16_t)load_span_of(h->plan, c),
		.slot = (uint8_t)load_slot_of(h->plan, c),
	};
	struct media_modify mod = {
		.id = h->id[c], .rtp = h->ends->rtp, .codec = 8,
		.dtmf_pt = 101, .ptime_ms = call->ptime_ms, .answered = 1,
		.echo = call->echo, .nlp = call->echo,
	};

	link_send(&h->core, &con.head, MEDIA_CONNECT, sizeof(con));
	if (h->plan->suite)
		give_keys(h, c);
	link_send(&h->core, &mod.head, MEDIA_MODIFY, sizeof(mod));
}

int load_host_call(struct load_host *h, const struct load_call *call)
{
	unsigned n = h->plan->channels;

	for (unsigned c = 0; c < n; c++) {
		struct media_open o = { .ref = c };

		link_send(&h->core, &o.head, MEDIA_OPEN, sizeof(o));
		if (c % BURST == BURST - 1 && await(h, &h->opened, c + 1) < 0)
			break;
	}
	if (await(h, &h->opened, n) < 0) {
		fprintf(stderr, "load: %u of %u calls opened\n", h->opened, n);
		return -1;
	}
	for (unsigned c = 0; c < n; c++) {
		place(h, c, call);
		if (c % BURST == BURST - 1)
			load_host_serve(h, 0);
	}
	load_host_serve(h, 0);
	return 0;
}

const char *load_host_ask(struct load_host *h, const char *verb)
{
	struct obs_query q = { .id = ++h->asked };
	int64_t end = load_now() + WAIT_MS * NS_PER_MS;

	snprintf(q.verb, sizeof(q.verb), "%s", verb);
	h->len = 0;
	h->replied = false;
	link_send(&h->console, &q.head, OBS_QUERY, sizeof(q));
	while (!h->replied && !h->down && load_now() < end)
		load_host_serve(h, 0);
	return h->replied ? h->text : NULL;
}

void load_host_hist(struct load_host *h, const char *name,
		    struct load_hist *out)
{
	const char *at = load_host_ask(h, "metrics");
	char start[96];

	memset(out, 0, sizeof(*out));
	snprintf(start, sizeof(start), "trunkgate_media_%s_bucket{le=\"", name);
	while (at && (at = strstr(at, start)) && out->n < LOAD_BUCKETS) {
		char *end;

		out->edge[out->n] = strtod(at + strlen(start), &end);
		out->below[out->n++] = strtod(end + strlen("\"} "), &end);
		at = end;
	}
}

double load_hist_quantile_ms(const struct load_hist *from,
			     const struct load_hist *to, double share)
{
	double last = 0, all, wanted;
	unsigned i = 0;

	if (to->n < 2 || from->n != to->n)
		return 0;
	all = to->below[to->n - 1] - from->below[to->n - 1];
	wanted = share * all;
	while (i < to->n - 2 && to->below[i] - from->below[i] < wanted) {
		last = to->below[i] - from->below[i];
		i++;
	}
	all = to->below[i] - from->below[i] - last;
	wanted = all > 0 ? (wanted - last) / all : 1;
	last = i ? to->edge[i - 1] : 0;
	return 1000 * (last + (to->edge[i] - last) * (wanted < 1 ? wanted : 1));
}

static int reap(struct load_host *h)
{
	int status;

	for (unsigned i = 0; i < WAIT_MS; i++) {
		if (waitpid(h->pid, &status, WNOHANG) == h->pid) {
			h->pid = 0;
			return status;
		}
		load_host_serve(h, 0);
	}
	kill(h->pid, SIGKILL);
	waitpid(h->pid, &status, 0);
	h->pid = 0;
	return -1;
}

int load_host_close(struct load_host *h)
{
	int status = 0;

	for (unsigned c = 0; c < h->opened; c++) {
		struct media_close m = { .id = h->id[c] };

		link_send(&h->core, &m.head, MEDIA_CLOSE, sizeof(m));
		if (c % BURST == BURST - 1)
			load_host_serve(h, 0);
	}
	if (await(h, &h->closed, h->opened) < 0)
		status = -1;
	if (h->pid > 0) {
		tell(h, CTL_STOP, 0, 0, -1);
		status = reap(h) ? -1 : status;
	}
	link_close(&h->core);
	link_close(&h->console);
	link_close(&h->ctl);
	if (h->loop)
		loop_free(h->loop);
	free(h->text);
	return status;
}

double load_json_sum(const char *text, const char *key)
{
	char quoted[64];
	double sum = 0;

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	while (text && (text = strstr(text, quoted))) {
		text += strlen(quoted);
		sum += strtod(text, NULL);
	}
	return sum;
}

double load_json_first(const char *text, const char *in, const char *key)
{
	char quoted[64];

	snprintf(quoted, sizeof(quoted), "\"%s\":", in);
	text = text ? strstr(text, quoted) : NULL;
	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	text = text ? strstr(text, quoted) : NULL;
	return text ? strtod(text + strlen(quoted), NULL) : 0;
}
