/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "media/pseudowire_priv.h"

static void init_rx(struct pseudowire *p)
{
	struct pw_rx_io *io = &p->rx_io;

	for (unsigned i = 0; i < PW_RX_BATCH; i++) {
		struct msghdr *h = &io->msgs[i].msg_hdr;

		io->iovs[i].iov_base = io->octets[i];
		io->iovs[i].iov_len = PW_OCTETS;
		h->msg_iov = &io->iovs[i];
		h->msg_iovlen = 1;
		h->msg_name = &io->names[i];
		h->msg_control = io->control[i];
	}
}

void pw_io_init(struct pseudowire *p)
{
	struct pw_tx_io *io = &p->tx_io;
	const struct net_addr *peer = &p->line.cfg.pw.peer;
	socklen_t len = 0;

	init_rx(p);
	if (peer->family)
		len = net_to_sockaddr(peer, &io->peer);
	for (unsigned i = 0; i < PW_TX_BATCH; i++) {
		struct msghdr *h = &io->msgs[i].msg_hdr;

		io->iovs[i].iov_base = io->octets[i];
		h->msg_iov = &io->iovs[i];
		h->msg_iovlen = 1;
		h->msg_name = len ? &io->peer : NULL;
		h->msg_namelen = len;
	}
}

/* tick: the kernel's arrival time (wall clock) on the line's clock. */
static int64_t arrival(struct msghdr *h, int64_t now_ns, int64_t wall_ns)
{
	int64_t t = now_ns;
	struct timespec ts;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		t = now_ns - (wall_ns - ts.tv_sec * NS_PER_S - ts.tv_nsec);
	}
	return t;
}

/* tick: it came between the last tick and this one, or the wall clock was
 * stepped. */
static int64_t plausible(const struct pseudowire *p, int64_t t, int64_t now_ns)
{
	if (t > now_ns)
		return now_ns;
	return t < p->clock.tick_ns ? p->clock.tick_ns : t;
}

/* tick: without connect() the kernel lets everybody through. */
static bool is_peer(const struct pseudowire *p, const struct net_addr *from)
{
	return !p->line.cfg.pw.peer.family ||
	       net_ip_eq(from, &p->line.cfg.pw.peer);
}

/* tick */
void pw_packet(struct pseudowire *p, mono_t now, const struct udp_datagram *d)
{
	struct line_rx_stats *stats = &p->line.stats.rx;

	if (p->line.out)
		return;
	stats->packets++;
	if (!is_peer(p, &d->from)) {
		stats->stray++;
		return;
	}
	if (p->rx.tokens < 1) {
		stats->excess++;
		return;
	}
	p->rx.tokens -= 1;
	pw_rx_packet(p, d->data, d->len, plausible(p, d->at.ns, now.ns));
}

/* tick */
static void take(struct pseudowire *p, unsigned i, mono_t now,
		 int64_t wall_ns)
{
	struct mmsghdr *m = &p->rx_io.msgs[i];
	struct udp_datagram d = {
		.data = p->rx_io.octets[i],
		.len = m->msg_len,
		.at = { arrival(&m->msg_hdr, now.ns, wall_ns) },
	};

	if (p->line.cfg.pw.peer.family)
		net_from_sockaddr(&d.from, m->msg_hdr.msg_name);
	pw_packet(p, now, &d);
}

/* tick: packets taken, fewer than PW_RX_BATCH if no more wait. An error that
 * an earlier packet left on the socket (port unreachable) is not the end of
 * what waits: -1. */
static int receive_batch(struct pseudowire *p)
{
	struct pw_rx_io *io = &p->rx_io;
	int n;

	for (unsigned i = 0; i < PW_RX_BATCH; i++) {
		io->msgs[i].msg_hdr.msg_namelen = sizeof(io->names[i]);
		io->msgs[i].msg_hdr.msg_controllen = PW_CONTROL;
	}
	n = recvmmsg(p->line.fd, io->msgs, PW_RX_BATCH, MSG_DONTWAIT, NULL);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return n;
}

/* tick */
void pw_receive(struct pseudowire *p, mono_t now)
{
	int64_t wall_ns = udp_wall_ns();

	for (unsigned round = 0; round < PW_RX_ROUNDS; round++) {
		int n = receive_batch(p);

		for (int i = 0; i < n; i++)
			take(p, (unsigned)i, now, wall_ns);
		if (n >= 0 && n < PW_RX_BATCH)
			return;
	}
}

/* tick */
static void send_batch(struct pseudowire *p)
{
	struct pw_tx_io *io = &p->tx_io;
	struct line_tx_stats *stats = &p->line.stats.tx;
	unsigned done = 0;
	bool retried = false;

	while (done < io->count) {
		int n = sendmmsg(p->line.fd, io->msgs + done, io->count - done,
				 MSG_DONTWAIT);

		if (n > 0) {
			done += (unsigned)n;
			stats->packets += (unsigned)n;
			retried = false;
		} else if (!retried && errno == ECONNREFUSED) {
			/* an earlier packet's fate, this one was not tried */
			retried = true;
		} else {
			stats->errors++;
			done++;
			retried = false;
		}
	}
}

/* tick */
static void send_by_port(struct pseudowire *p)
{
	const struct line_port *port = &p->line.port;
	const struct net_addr *peer = &p->line.cfg.pw.peer;
	struct line_tx_stats *stats = &p->line.stats.tx;

	for (unsigned i = 0; i < p->tx_io.count; i++) {
		const struct iovec *v = &p->tx_io.iovs[i];

		if (port->send(port->arg, peer->family ? peer : NULL,
			       v->iov_base, v->iov_len) < 0)
			stats->errors++;
		else
			stats->packets++;
	}
}

/* tick */
void pw_flush(struct pseudowire *p)
{
	if (p->tx_io.count && !p->line.out) {
		if (p->line.port.send)
			send_by_port(p);
		else
			send_batch(p);
	}
	p->tx_io.count = 0;
}

/* tick: frame by frame, in the order of the time slots (RFC 5086 5.1). */
static void gather_payload(const struct pseudowire *p, uint8_t *payload,
			   const uint8_t (*frames)[LINE_SLOTS])
{
	for (unsigned f = 0; f < p->frames; f++) {
		for (unsigned s = 0; s < p->n_slots; s++)
			*payload++ = frames[f][p->map[s]];
	}
}

/* tick: with L the payload may be left out (RFC 5086 4.3), but a peer that
 * insists on its size must find it. */
static void idle_payload(const struct pseudowire *p, uint8_t *payload)
{
	for (unsigned f = 0; f < p->frames; f++) {
		for (unsigned s = 0; s < p->n_slots; s++)
			*payload++ = line_idle_octet(&p->line, p->map[s]);
	}
}

/* tick */
void pw_queue(struct pseudowire *p, const uint8_t (*frames)[LINE_SLOTS])
{
	const struct pseudowire_config *cfg = &p->line.cfg.pw;
	struct pw_packet packet = {
		.l = p->line.down,
		.r = p->rx.jitter.state == PW_LOSS,
		.seq = p->tx.seq,
		.has_rtp = cfg->rtp,
		.rtp = {cfg->rtp_pt, p->tx.seq, p->tx.timestamp, p->tx.ssrc},
		.payload_len = p->payload,
	};
	uint8_t *octets;

	if (p->tx_io.count == PW_TX_BATCH)
		pw_flush(p);
	octets = p->tx_io.octets[p->tx_io.count];
	if (packet.l)
		idle_payload(p, octets + pw_header_len(cfg->rtp));
	else
		gather_payload(p, octets + pw_header_len(cfg->rtp), frames);
	if (!packet.l && p->rx.l)
		packet.m = PW_M_RDI;
	p->tx_io.iovs[p->tx_io.count].iov_len =
		pw_build(octets, PW_OCTETS, &packet);
	p->tx_io.count++;
	p->tx.seq++;
	p->tx.timestamp += p->frames;
}
