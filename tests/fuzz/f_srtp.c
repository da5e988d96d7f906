/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * SRTP and SRTCP as the network may bring them: the input is the suite and a
 * row of steps (octet of kind, two of length, octets). A step is a datagram
 * of anybody, one that the peer seals and that arrives whole, damaged or
 * twice, a leap of the peer's counter, or other keys. Who does not hold the
 * keys is never believed, and what is refused leaves no trace.
 */
#include "media/srtp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX = 1500 };

enum step { ANYBODY, ANYBODY_RTCP, PEER, PEER_RTCP, DAMAGED, DAMAGED_RTCP,
	    LEAP, KEYS, STEPS };

static struct srtp peer, rx, before;
static unsigned suite;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static int arrive(bool rtcp, const uint8_t *in, size_t len, uint8_t *out)
{
	int n;

	before = rx;
	n = rtcp ? srtp_open_rtcp(&rx, in, len, out)
		 : srtp_open(&rx, in, len, out);
	must(n < 0 ? memcmp(&before, &rx, sizeof(rx)) == 0
		   : (size_t)n < len);
	return n;
}

/* What the peer seals arrives as it was, once. */
static void from_peer(bool rtcp, const uint8_t *in, size_t len)
{
	uint8_t wire[MAX + SRTP_TRAILER], out[MAX + SRTP_TRAILER];
	int n, got;

	memcpy(wire, in, len);
	n = rtcp ? srtp_seal_rtcp(&peer, wire, len)
		 : srtp_seal(&peer, wire, len);
	if (n < 0)
		return;
	must((size_t)n > len && (size_t)n <= len + SRTP_TRAILER);
	got = arrive(rtcp, wire, (size_t)n, out);
	/* After leaps the receiver may have lost the count. */
	must(got == (int)len || got == -EBADMSG || got == -EALREADY ||
	     got == -ENOSPC || got == -EKEYEXPIRED);
	if (got < 0)
		return;
	must(memcmp(in, out, len) == 0);
	must(arrive(rtcp, wire, (size_t)n, out) == -EALREADY);
}

/* The first octet says what becomes of it. */
static void damaged(bool rtcp, const uint8_t *in, size_t len)
{
	uint8_t wire[MAX + SRTP_TRAILER], out[MAX + SRTP_TRAILER];
	size_t at;
	int n;

	if (len < 3)
		return;
	at = (size_t)in[0] << 8 | in[1];
	memcpy(wire, in + 2, len - 2);
	n = rtcp ? srtp_seal_rtcp(&peer, wire, len - 2)
		 : srtp_seal(&peer, wire, len - 2);
	if (n < 0)
		return;
	wire[at % (size_t)n] ^= (uint8_t)(1 << at % 8);
	must(arrive(rtcp, wire, (size_t)n, out) < 0);
}

static void keys(const uint8_t *in, size_t len)
{
	struct srtp_master m = { .key = { 1 }, .salt = { 2 } };

	memcpy(m.key, in, len < sizeof(m.key) ? len : sizeof(m.key));
	m.mki_len = (uint8_t)(len % (SRTP_MKI + 1));
	memcpy(m.mki, m.key, sizeof(m.mki));
	must(srtp_set(&peer, suite, &m) == 0 && srtp_set(&rx, suite, &m) == 0);
}

static void step(enum step kind, const uint8_t *in, size_t len)
{
	uint8_t out[MAX];

	switch (kind) {
	case ANYBODY:
	case ANYBODY_RTCP:
		must(arrive(kind == ANYBODY_RTCP, in, len, out) < 0);
		break;
	case PEER:
	case PEER_RTCP:
		from_peer(kind == PEER_RTCP, in, len);
		break;
	case DAMAGED:
	case DAMAGED_RTCP:
		damaged(kind == DAMAGED_RTCP, in, len);
		break;
	case LEAP: /* of the counters of one stream, forward */
		if (len >= 5) {
			struct srtp_stream *st =
				&peer.stream[in[0] % SRTP_STREAMS];

			st->rtp.top += (uint64_t)in[1] << (in[2] & 47);
			st->rtcp.top += (uint64_t)in[3] << (in[4] & 31);
		}
		break;
	case KEYS:
		keys(in, len);
		break;
	case STEPS:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	memset(&peer, 0, sizeof(peer));
	memset(&rx, 0, sizeof(rx));
	suite = 1 + data[0] % (SRTP_SUITES - 1);
	keys(data, 1);
	data++;
	size--;
	while (size >= 3) {
		size_t len = (size_t)data[1] << 8 | data[2];

		len = len < size - 3 ? len : size - 3;
		len = len < MAX ? len : MAX;
		step(data[0] % STEPS, data + 3, len);
		data += 3 + len;
		size -= 3 + len;
	}
	srtp_wipe(&rx);
	return 0;
}
