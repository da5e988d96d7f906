/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/peer_line.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/net.h"
#include "media/dslot.h"
#include "media/dtmf.h"
#include "media/law.h"
#include "media/line.h"
#include "tests/sim/peer_sip.h"
#include "tests/sim/peer_xch.h"
#include "tests/sim/sim.h"

#define PAIRS	40
#define D_SLOT	16
#define DIAL_MS 100
#define EVENT_PT 101

static struct {
	struct line *line;
	struct dslot *dslot;
	struct timer ms;
	int gateway_fd;	   /* the gateway's end, kept to be handed again */
	int rtp[PAIRS * 2];
	int peer_rtp;	   /* the SIP peer's */
	unsigned rtp_packets;
	char rtp_digits[32];
	uint32_t rtp_event; /* timestamp of the last event */
	unsigned slot;	   /* listened to */
	struct dtmf_detect *detect;
	char last, digits[32];
	unsigned loud;
	unsigned dial_slot, dial_left, dial_phase; /* samples */
	const float *dial_hz;
} far;

static int bound(struct net_addr *a)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t n;

	ck_assert_int_eq(net_parse(a, "127.0.0.1"), 0);
	n = net_to_sockaddr(a, &ss);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, n), 0);
	n = sizeof(ss);
	getsockname(fd, (struct sockaddr *)&ss, &n);
	net_from_sockaddr(a, (struct sockaddr *)&ss);
	return fd;
}

static void connect_to(int fd, const struct net_addr *to)
{
	struct sockaddr_storage ss;
	socklen_t n = net_to_sockaddr(to, &ss);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, n), 0);
}

/* --- samples --- */

static void hear(const uint8_t *codes)
{
	int16_t x[LINE_BLOCK];
	char digit;

	law_decode_n(LAW_A, codes, x, LINE_BLOCK);
	for (unsigned i = 0; i < LINE_BLOCK; i++) {
		far.loud += x[i] > 100 || x[i] < -100;
	}
	digit = dtmf_detect_run(far.detect, x, LINE_BLOCK);
	if (digit != 0 && digit != far.last &&
	    strlen(far.digits) + 1 < sizeof(far.digits)) {
		far.digits[strlen(far.digits)] = digit;
	}
	far.last = digit;
}

static void say(uint8_t *codes)
{
	int16_t x[LINE_BLOCK];

	for (unsigned i = 0; i < LINE_BLOCK; i++) {
		double t = 2 * M_PI * far.dial_phase++ / 8000;

		x[i] = (int16_t)(4000 * sin(t * far.dial_hz[0]) +
				 4000 * sin(t * far.dial_hz[1]));
	}
	law_encode_n(LAW_A, x, codes, LINE_BLOCK);
	far.dial_left -= LINE_BLOCK;
}

static void block(void)
{
	uint8_t rx[LINE_SLOTS][LINE_BLOCK], tx[LINE_SLOTS][LINE_BLOCK];
	uint8_t frame[DSLOT_MAX];
	size_t n;

	ck_assert_int_ge(line_read(far.line, rx, LINE_BLOCK), 0);
	dslot_rx(far.dslot, rx[D_SLOT], LINE_BLOCK);
	while ((n = dslot_take(far.dslot, frame)) > 0) {
		if (sim.on_frame != NULL) {
			sim.on_frame(0, false, frame, n);
		}
		xch_hear(0, frame, n);
	}
	if (far.slot != 0) {
		hear(rx[far.slot]);
	}
	memset(tx, 0xd5, sizeof(tx));
	dslot_tx(far.dslot, tx[D_SLOT], LINE_BLOCK);
	if (far.dial_left > 0) {
		say(tx[far.dial_slot]);
	}
	line_write(far.line, (const uint8_t (*)[LINE_BLOCK])tx, LINE_BLOCK);
}

static void hear_rtp(const uint8_t *p, ssize_t n)
{
	uint32_t ts;

	if (n < 16) {
		return;
	}
	memcpy(&ts, p + 4, sizeof(ts));
	if ((p[1] & 0x7f) != EVENT_PT) {
		far.rtp_packets++;
	} else if (ts != far.rtp_event &&
		   strlen(far.rtp_digits) + 1 < sizeof(far.rtp_digits)) {
		far.rtp_event = ts;
		far.rtp_digits[strlen(far.rtp_digits)] = dtmf_digit(p[12]);
	}
}

static void on_ms(struct timer *t)
{
	uint8_t buf[2048];
	ssize_t n;

	timer_start(sim.loop, t, on_ms, 1);
	line_tick(far.line, loop_now(sim.loop));
	while (line_avail(far.line) >= LINE_BLOCK) {
		block();
	}
	while ((n = recv(far.peer_rtp, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		hear_rtp(buf, n);
	}
}

/* --- for the tests --- */

void peer_line_send(unsigned span, const uint8_t *octets, size_t len)
{
	(void)span;
	if (sim.on_frame != NULL) {
		sim.on_frame(0, true, octets, len);
	}
	dslot_send(far.dslot, octets, len);
}

void peer_line_unplug(bool out)
{
	line_unplug(far.line, out);
}

void peer_line_listen(unsigned slot)
{
	far.slot = slot;
	far.last = 0;
	far.loud = 0;
	memset(far.digits, 0, sizeof(far.digits));
	dtmf_detect_reset(far.detect);
}

const char *peer_line_digits(void)
{
	return far.digits;
}

const char *peer_line_rtp_digits(void)
{
	return far.rtp_digits;
}

unsigned peer_line_rtp_packets(void)
{
	return far.rtp_packets;
}

unsigned peer_line_loud(void)
{
	return far.loud;
}

void peer_line_dial(unsigned slot, char digit)
{
	far.dial_slot = slot;
	far.dial_hz = dtmf_hz(dtmf_code(digit));
	far.dial_phase = 0;
	far.dial_left = DIAL_MS * 8;
}

/* --- life --- */

void peer_line_open(void)
{
	struct line_config cfg;
	struct net_addr here, there, rtp;
	int fd = bound(&here);

	memset(&far, 0, sizeof(far));
	far.gateway_fd = bound(&there);
	connect_to(fd, &there);
	connect_to(far.gateway_fd, &here);
	for (unsigned i = 0; i < PAIRS * 2; i++) {
		far.rtp[i] = bound(&rtp);
	}
	far.peer_rtp = bound(&sip_peer.rtp);
	line_config_init(&cfg);
	cfg.clock = LINE_CLOCK_MASTER;
	far.line = line_open(&cfg, fd);
	ck_assert_ptr_nonnull(far.line);
	far.dslot = dslot_new();
	far.detect = dtmf_detect_new();
	ck_assert(far.dslot != NULL && far.detect != NULL);
	line_start(far.line, loop_now(sim.loop));
	timer_start(sim.loop, &far.ms, on_ms, 1);
}

void peer_line_hand(struct role *media)
{
	const struct role_ops *ops = media->ops;

	ck_assert_int_eq(ops->socket(media, ROLE_SOCK_LINE, 0,
				     dup(far.gateway_fd)), 0);
	for (unsigned i = 0; i < PAIRS * 2; i++) {
		ck_assert_int_eq(ops->socket(media, ROLE_SOCK_RTP, i,
					     dup(far.rtp[i])), 0);
	}
}

void peer_line_close(void)
{
	timer_stop(sim.loop, &far.ms);
	line_close(far.line);
	dslot_free(far.dslot);
	dtmf_detect_free(far.detect);
	close(far.gateway_fd);
	close(far.peer_rtp);
	for (unsigned i = 0; i < PAIRS * 2; i++) {
		close(far.rtp[i]);
	}
}
