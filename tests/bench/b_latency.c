/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: load media base */
/* libs: -lspandsp -lspeexdsp -lsrtp2 */
/*
 * Delay through the real media role, by marker pulses, at low load: a call on
 * each of ten lines, so that all phases of the engine's blocks have one.
 *
 *   line to RTP: from the arrival of a packet's first sample at the line
 *       driver to the sending of the packet; what the line's jitter buffer
 *       holds is not counted, and printed beside
 *   RTP to line: from the arrival of a packet to the sending of its first
 *       sample, jitter buffer and all; the far end is on a LAN
 *
 * A pulse every 211 ms a channel and way; its place in the packet says where
 * the packet's first sample is. Sent and received on one machine: instants
 * are its kernel's. The wait for the engine's wake-up is in all figures.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "media/law.h"
#include "media/pseudowire_packet.h"
#include "media/rtp.h"
#include "tests/bench/load_host.h"

enum {
	CHANNELS = 10, /* = lines */
	SECONDS = 30,
	WARM_MS = 2000,
	EVERY_MS = 211,
	LIVES_MS = 200, /* what comes later is not believed */
	MARKS = 2000,
	CARRIED = LOAD_SLOTS - 1,
	PAYLOAD = CARRIED * LOAD_FRAMES,
	PEAK = 12000,
	SEEN = 5000, /* a sample beyond that is the pulse */
	PORT = 12000,
	PRIORITY = 10,
	PORTS = 65536,
};

/* A way through the gateway. */
struct way {
	unsigned n;
	double ms[MARKS];
};

struct result {
	_Atomic bool go, over;
	struct way to_rtp, to_line;
};

struct channel {
	int64_t line_at, rtp_at; /* when the packet with the pulse left; 0:
				  * none is under way */
	unsigned line_place;	 /* of the pulse: sample of its packet */
	unsigned rtp_place;
	uint16_t seq;
	uint32_t ts;
};

struct probe {
	const struct load_plan *plan;
	const struct load_ends *ends;
	struct result *result;
	unsigned ptime_ms;
	int64_t wall_ns; /* real time less monotonic */
	uint32_t seed;
	uint8_t by_port[PORTS]; /* + 1 */
	struct channel channel[CHANNELS];
};

static int64_t wall_offset(void)
{
	struct timespec a, b;

	clock_gettime(CLOCK_REALTIME, &a);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (a.tv_sec - b.tv_sec) * NS_PER_S + a.tv_nsec - b.tv_nsec;
}

/* A datagram, the port it is from, and when the kernel got it. */
static int get(struct probe *p, int fd, uint8_t *data, size_t size,
	       uint16_t *port, int64_t *at)
{
	struct sockaddr_in from;
	char control[64];
	struct iovec iov = { data, size };
	struct msghdr h = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &h, MSG_DONTWAIT);
	struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&h);
	struct timespec ts;

	*at = load_now();
	if (c && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_TIMESTAMPNS) {
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		*at = ts.tv_sec * NS_PER_S + ts.tv_nsec - p->wall_ns;
	}
	*port = n < 0 ? 0 : ntohs(from.sin_port);
	return (int)n;
}

static void put(int fd, const struct net_addr *to, const void *data, size_t n)
{
	struct sockaddr_storage ss;
	socklen_t len = net_to_sockaddr(to, &ss);

	sendto(fd, data, n, 0, (struct sockaddr *)&ss, len);
}

static bool is_pulse(uint8_t code)
{
	return abs(law_decode(LAW_A, code)) > SEEN;
}

/* The pulse that left at *left came; first: its packet's first sample. */
static void note(struct way *w, int64_t *left, int64_t ns)
{
	if (*left && w->n < MARKS && ns < LIVES_MS * NS_PER_MS)
		w->ms[w->n++] = (double)ns / 1e6;
	*left = 0;
}

/* The pulse is sample k of an RTP packet and frame f of a line packet: so
 * many line packets earlier is the first sample of the RTP packet. */
static int packets_before(unsigned k, unsigned f)
{
	return k < f ? 0 : (int)((k - f + LOAD_FRAMES - 1) / LOAD_FRAMES);
}

/* --- line to RTP --- */

/* A millisecond of a line, with a pulse when one is due. */
static void send_line(struct probe *p, unsigned i, uint32_t ms)
{
	struct channel *c = &p->channel[i];
	unsigned slot = load_slot_of(p->plan, i);
	uint8_t data[PW_CONTROL_WORD + PAYLOAD];
	struct pw_packet pw = { .seq = (uint16_t)ms, .payload_len = PAYLOAD };
	uint8_t *codes = data + PW_CONTROL_WORD;

	memset(codes, LAW_A_SILENCE, PAYLOAD);
	if ((ms + i * 17) % EVERY_MS == 0) {
		c->line_place = p->seed >> 16 & 7;
		p->seed = p->seed * 1664525u + 1013904223u;
		codes[c->line_place * CARRIED + slot - 1] =
			law_encode(LAW_A, PEAK);
		c->line_at = load_now();
	}
	pw_build(data, sizeof(data), &pw);
	put(p->ends->line_fd, &p->ends->gw_line[i], data, sizeof(data));
}

static void take_rtp(struct probe *p)
{
	uint8_t data[1024];
	struct rtp_packet r;
	uint16_t port;
	int64_t at;
	int n;

	while ((n = get(p, p->ends->rtp_fd, data, sizeof(data), &port,
			&at)) >= 0) {
		unsigned i = p->by_port[port];
		struct channel *c;

		if (!i || rtp_parse(&r, data, (size_t)n) < 0)
			continue;
		c = &p->channel[i - 1];
		for (unsigned k = 0; k < r.len; k++) {
			if (!is_pulse(r.payload[k]))
				continue;
			note(&p->result->to_rtp, &c->line_at,
			     at - c->line_at +
			     packets_before(k, c->line_place) * NS_PER_MS);
			break;
		}
	}
}

/* --- RTP to line --- */

static void send_rtp(struct probe *p, unsigned i, uint32_t ms)
{
	struct channel *c = &p->channel[i];
	unsigned samples = p->ptime_ms * 8;
	uint8_t data[RTP_HEADER + LOAD_PACKET];
	struct rtp_packet r = { .pt = 8, .seq = c->seq++, .ts = c->ts,
				.ssrc = 1000 + i };

	c->ts += samples;
	rtp_header(data, &r);
	memset(data + RTP_HEADER, LAW_A_SILENCE, samples);
	if (!c->rtp_at && (ms + i * 31) % EVERY_MS < p->ptime_ms) {
		c->rtp_place = (p->seed >> 8) % samples;
		p->seed = p->seed * 1664525u + 1013904223u;
		data[RTP_HEADER + c->rtp_place] = law_encode(LAW_A, PEAK);
		c->rtp_at = load_now();
	}
	put(p->ends->rtp_fd, &p->ends->gw_rtp[i], data, RTP_HEADER + samples);
}

static void take_line(struct probe *p)
{
	uint8_t data[1024];
	struct pw_packet pw;
	uint16_t port;
	int64_t at;
	int n;

	while ((n = get(p, p->ends->line_fd, data, sizeof(data), &port,
			&at)) >= 0) {
		unsigned i = p->by_port[port], slot;
		struct channel *c;

		if (!i || pw_parse(&pw, data, (size_t)n) < 0 ||
		    pw.payload_len != PAYLOAD)
			continue;
		c = &p->channel[i - 1];
		slot = load_slot_of(p->plan, i - 1);
		for (unsigned f = 0; f < LOAD_FRAMES; f++)
			if (is_pulse(pw.payload[f * CARRIED + slot - 1]))
				note(&p->result->to_line, &c->rtp_at,
				     at - c->rtp_at -
				     packets_before(c->rtp_place, f) *
				     NS_PER_MS);
	}
}

static void probe_run(struct probe *p)
{
	int64_t start;

	while (!atomic_load(&p->result->go))
		load_sleep_until(load_now() + NS_PER_MS);
	start = load_now();
	for (uint32_t ms = 0; ms < WARM_MS + SECONDS * 1000; ms++) {
		load_sleep_until(start + ms * NS_PER_MS);
		if (ms % 1000 == 0)
			p->wall_ns = wall_offset();
		if (ms == WARM_MS)
			p->result->to_rtp.n = p->result->to_line.n = 0;
		take_line(p);
		take_rtp(p);
		for (unsigned i = 0; i < CHANNELS; i++) {
			send_line(p, i, ms);
			if (ms % p->ptime_ms == i * 2 % p->ptime_ms)
				send_rtp(p, i, ms);
		}
	}
	atomic_store(&p->result->over, true);
}

/* --- runs --- */

static pid_t start_probe(const struct load_plan *plan,
			 const struct load_ends *ends, struct result *result,
			 unsigned ptime_ms)
{
	pid_t pid = fork();
	struct probe *p;
	int on = 1;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	load_priority(PRIORITY);
	setsockopt(ends->rtp_fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	p = calloc(1, sizeof(*p));
	if (!p)
		_exit(1);
	p->plan = plan;
	p->ends = ends;
	p->result = result;
	p->ptime_ms = ptime_ms;
	p->seed = plan->seed;
	for (unsigned i = 0; i < CHANNELS; i++) {
		p->by_port[ends->gw_rtp[i].port] = (uint8_t)(i + 1);
		p->by_port[ends->gw_line[i].port] = (uint8_t)(i + 1);
	}
	probe_run(p);
	_exit(0);
}

/* Depth of the lines' jitter buffers, mean over a run. */
static double watch_buffers(struct load_host *h, const struct result *r)
{
	double sum = 0;
	unsigned n = 0;

	for (unsigned s = 0; !atomic_load(&r->over) && s < 2 * SECONDS; s++) {
		load_host_serve(h, load_now() + NS_PER_S);
		if (s < WARM_MS / 1000 || !load_host_ask(h, "lines"))
			continue;
		sum += load_json_sum(h->text, "depth_frames") / 8 / CHANNELS;
		n++;
	}
	return n ? sum / n : 0;
}

/* 0 and the line buffer's depth, or -1. */
static int one_run(const struct load_plan *plan, unsigned ptime_ms,
		   struct result *r, double *buffer_ms)
{
	struct load_call call = { (uint8_t)ptime_ms, true };
	static struct load_host host;
	static struct load_ends ends;
	pid_t pid;
	int status = -1;

	if (load_host_open(&host, plan, &ends) < 0 ||
	    load_host_call(&host, &call) < 0)
		goto close_host;
	pid = start_probe(plan, &ends, r, ptime_ms);
	if (pid < 0)
		goto close_host;
	atomic_store(&r->go, true);
	*buffer_ms = watch_buffers(&host, r);
	waitpid(pid, &status, 0);
close_host:
	if (load_host_close(&host) < 0)
		status = -1;
	close(ends.line_fd);
	close(ends.rtp_fd);
	close(ends.rtcp_fd);
	return status ? -1 : 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(struct way *w, double q)
{
	qsort(w->ms, w->n, sizeof(*w->ms), by_value);
	return w->ms[(unsigned)(q * (w->n - 1))];
}

int main(void)
{
	struct load_plan plan = {
		.spans = CHANNELS, .channels = CHANNELS, .calls = 1,
		.seed = (uint32_t)getpid(), .engine_cpu = 1, .port = PORT,
		.isa = UINT8_MAX,
	};
	struct result *r = mmap(NULL, 2 * sizeof(*r), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double buffer_ms[2];

	if (r == MAP_FAILED)
		return 1;
	load_pin(0);
	for (unsigned i = 0; i < 2; i++) {
		if (one_run(&plan, i ? 10 : 20, &r[i], &buffer_ms[i]) < 0)
			return 1;
		fprintf(stderr, "%u and %u markers\n", r[i].to_rtp.n,
			r[i].to_line.n);
		if (r[i].to_rtp.n < 500 || r[i].to_line.n < 500)
			return 1;
	}
	printf("line_to_rtp_ms_20_p50\t%.1f\tms\n",
	       quantile(&r[0].to_rtp, 0.5) - buffer_ms[0]);
	printf("line_to_rtp_ms_20_p99\t%.1f\tms\n",
	       quantile(&r[0].to_rtp, 0.99) - buffer_ms[0]);
	printf("line_to_rtp_ms_10_p50\t%.1f\tms\n",
	       quantile(&r[1].to_rtp, 0.5) - buffer_ms[1]);
	printf("line_buffer_ms\t%.1f\tms\n", buffer_ms[0]);
	printf("rtp_to_line_ms_lan_p50\t%.1f\tms\n",
	       quantile(&r[0].to_line, 0.5));
	return 0;
}
