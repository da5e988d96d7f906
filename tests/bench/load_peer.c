/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/load_peer.h"

#include <errno.h>
#include <signal.h>
#include <spandsp.h>
#include <speex/speex_echo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "media/rtp.h"

enum {
	TAPS = 1024,
	EVENTS = 64,
	PRIORITY = 20, /* as the engine's */
	DATAGRAM = 512,
	PORT = 18000,
	ECHO_DELAY = 20, /* samples; 12 dB */
	PAUSE_MS = 200,
};

struct peer_channel {
	int fd;
	SpeexEchoState *echo;
	dtmf_rx_state_t *dtmf;
	modem_connect_tones_rx_state_t *tones;
	const float *near; /* LOAD_PERIOD samples */
	unsigned at;
	int16_t far[ECHO_DELAY + LOAD_PACKET]; /* and what came before */
	uint8_t packet[RTP_HEADER + LOAD_PACKET];
	uint16_t seq;
};

struct peer {
	struct peer_channel channel[LOAD_PEER_CHANNELS];
	struct sockaddr_in to;
	int poll;
};

static int socket_on(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	do {
		a.sin_port = htons((*port)++);
		if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
			return fd;
	} while (errno == EADDRINUSE && *port < 32000);
	close(fd);
	return -1;
}

static int channel_init(struct peer_channel *c, uint16_t *port)
{
	c->echo = speex_echo_state_init(LOAD_PACKET, TAPS);
	c->dtmf = dtmf_rx_init(NULL, NULL, NULL);
	c->tones = modem_connect_tones_rx_init(
		NULL, MODEM_CONNECT_TONES_FAX_CED_OR_PREAMBLE, NULL, NULL);
	c->fd = socket_on(port);
	return c->echo && c->dtmf && c->tones && c->fd >= 0 ? 0 : -1;
}

static int peer_init(struct peer *p, struct load_ends *e,
		     const struct load_voices *v)
{
	struct sockaddr_storage ss;
	uint16_t port = PORT;

	e->rtp_fd = socket_on(&port);
	e->rtp = (struct net_addr){ .family = 4, .port = (uint16_t)(port - 1),
				    .ip = { 127, 0, 0, 1 } };
	e->rtcp_fd = socket_on(&port);
	net_to_sockaddr(&e->rtp, &ss);
	memcpy(&p->to, &ss, sizeof(p->to));
	p->poll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < LOAD_PEER_CHANNELS; i++) {
		struct peer_channel *c = &p->channel[i];
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

		if (channel_init(c, &port) < 0)
			return -1;
		c->near = v->near[i % LOAD_VOICES];
		c->at = i * 1000 % LOAD_PERIOD;
		e->gw_rtp[i] = e->rtp;
		e->gw_rtp[i].port = (uint16_t)(port - 1);
		epoll_ctl(p->poll, EPOLL_CTL_ADD, c->fd, &ev);
	}
	return 0;
}

/* What the line brings: near end, and the far end once more. */
static void line_in(struct peer_channel *c, int16_t *mic)
{
	for (unsigned i = 0; i < LOAD_PACKET; i++) {
		float x = c->near[c->at] + 0.25f * c->far[i];

		mic[i] = alaw_to_linear(linear_to_alaw((int)x));
		c->at = c->at + 1 < LOAD_PERIOD ? c->at + 1 : 0;
	}
}

/* A packet came: 20 ms of the channel, both ways. */
static void work(struct peer *p, struct peer_channel *c, const uint8_t *codes)
{
	int16_t mic[LOAD_PACKET], out[LOAD_PACKET];
	struct rtp_packet r = { .pt = 8, .seq = c->seq, .ssrc = 7,
				.ts = (uint32_t)c->seq * LOAD_PACKET };

	memmove(c->far, c->far + LOAD_PACKET, ECHO_DELAY * sizeof(c->far[0]));
	for (unsigned i = 0; i < LOAD_PACKET; i++)
		c->far[ECHO_DELAY + i] = alaw_to_linear(codes[i]);
	line_in(c, mic);
	speex_echo_cancellation(c->echo, mic, c->far + ECHO_DELAY, out);
	dtmf_rx(c->dtmf, out, LOAD_PACKET);
	modem_connect_tones_rx(c->tones, out, LOAD_PACKET);
	rtp_header(c->packet, &r);
	for (unsigned i = 0; i < LOAD_PACKET; i++)
		c->packet[RTP_HEADER + i] = linear_to_alaw(out[i]);
	c->seq++;
	sendto(c->fd, c->packet, sizeof(c->packet), MSG_DONTWAIT,
	       (struct sockaddr *)&p->to, sizeof(p->to));
}

/* Busy share of the time from from_ns to to_ns. */
static double serve(struct peer *p, int64_t from_ns, int64_t to_ns)
{
	struct epoll_event ev[EVENTS];
	uint8_t data[DATAGRAM];
	int64_t busy = 0, woken;

	do {
		int n = epoll_wait(p->poll, ev, EVENTS, PAUSE_MS);

		woken = load_now();
		for (int i = 0; i < n; i++) {
			struct peer_channel *c = ev[i].data.ptr;

			if (recv(c->fd, data, sizeof(data), 0) ==
			    RTP_HEADER + LOAD_PACKET)
				work(p, c, data + RTP_HEADER);
		}
		if (woken >= from_ns)
			busy += load_now() - woken;
	} while (woken < to_ns);
	return (double)busy / (double)(to_ns - from_ns);
}

static pid_t start_chain(struct peer *p, const struct load_shared *s, int cpu,
			 double *share)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	load_pin(cpu);
	load_priority(PRIORITY);
	*share = serve(p, s->from_ns, s->to_ns);
	_exit(0);
}

static pid_t start_stream(const struct load_plan *plan,
			  const struct load_voices *v,
			  const struct load_ends *e, struct load_shared *s)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	load_priority(PRIORITY);
	load_rtp_run(plan, v, e, s);
	_exit(0);
}

static void peer_fini(struct peer *p, struct load_ends *e)
{
	for (unsigned i = 0; i < LOAD_PEER_CHANNELS; i++) {
		struct peer_channel *c = &p->channel[i];

		if (c->echo)
			speex_echo_state_destroy(c->echo);
		if (c->dtmf)
			dtmf_rx_free(c->dtmf);
		if (c->tones)
			modem_connect_tones_rx_free(c->tones);
		if (c->fd > 0)
			close(c->fd);
	}
	close(p->poll);
	close(e->rtp_fd);
	close(e->rtcp_fd);
	free(p);
	free(e);
}

double load_peer_percent(const struct load_voices *v, uint32_t seed, int cpu,
			 unsigned seconds)
{
	struct load_plan plan = {
		.spans = 2, .channels = LOAD_PEER_CHANNELS,
		.calls = LOAD_CALLS, .warm_ms = 1000, .seconds = seconds,
		.seed = seed,
	};
	struct peer *p = calloc(1, sizeof(*p));
	struct load_ends *e = calloc(1, sizeof(*e));
	struct load_shared *s = load_share(&plan);
	double *share = (double *)(void *)s->track[0].to_line;
	pid_t chain = -1, stream = -1;

	if (!p || !e || !s || peer_init(p, e, v) < 0) {
		fprintf(stderr, "load: no peer: %s\n", strerror(errno));
		return -1;
	}
	s->from_ns = load_now() + (plan.warm_ms + 100) * NS_PER_MS;
	s->to_ns = s->from_ns + seconds * NS_PER_S;
	chain = start_chain(p, s, cpu, share);
	stream = start_stream(&plan, v, e, s);
	atomic_store(&s->start_ns, s->from_ns - plan.warm_ms * NS_PER_MS);
	if (chain > 0)
		waitpid(chain, NULL, 0);
	if (stream > 0)
		waitpid(stream, NULL, 0);
	peer_fini(p, e);
	if (s->rtp.received < 45ull * LOAD_PEER_CHANNELS * seconds) {
		fprintf(stderr, "load: the peer sent %llu packets only\n",
			(unsigned long long)s->rtp.received);
		return -1;
	}
	return 100 * *share;
}
