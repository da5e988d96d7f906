/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * Pseudowire packets from the wire: first each as it is, then the input as
 * a stream of packets (length octet, steps of time, octets) into the parser
 * and the jitter buffer.
 */
#include <stdlib.h>
#include <string.h>

#include "media/pseudowire_jitter.h"
#include "media/pseudowire_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAYLOAD = 40, STEPS = 64 };

static void one_packet(const uint8_t *data, size_t size)
{
	uint8_t again[PW_MTU];
	struct pw_packet p;
	enum pw_verdict verdict = pw_judge(&p, data, size, PAYLOAD);
	size_t n;

	if (verdict == PW_CHANNEL || verdict == PW_MALFORMED)
		return;
	if (p.payload < data || p.payload + p.payload_len > data + size)
		abort();
	if ((verdict == PW_PLAY && p.payload_len != PAYLOAD) ||
	    p.payload_len > PW_MTU)
		return;
	n = pw_build(again, sizeof(again), &p);
	if (n && pw_judge(&p, again, n, PAYLOAD) != verdict)
		abort();
}

static void one_step(struct pw_jitter *j, const uint8_t *data, size_t size,
		     int64_t now_ns)
{
	struct pw_packet p;
	struct pw_played played;
	enum pw_verdict verdict = pw_judge(&p, data, size, PAYLOAD);

	if (verdict == PW_PLAY || verdict == PW_IDLE)
		pw_jitter_put(j, p.seq, verdict == PW_PLAY ? p.payload : NULL,
			      now_ns);
	pw_jitter_play(j, &played);
	pw_jitter_trim(j);
	if (pw_jitter_depth(j) > PW_RING)
		abort();
	if (played.payload && played.lost)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pw_jitter_config cfg = {
		.depth = 4,
		.n_out = 10,
		.n_in = 2,
		.fill_limit = 50,
		.settle = 16,
		.payload = PAYLOAD,
		.restart_ns = 1500000,
	};
	struct pw_jitter j;
	int64_t now_ns = 0;

	one_packet(data, size);
	if (pw_jitter_init(&j, &cfg) < 0)
		return 0;
	for (unsigned i = 0; i < STEPS && size > 2; i++) {
		size_t n = data[0] < size - 2 ? data[0] : size - 2;

		now_ns += data[1] * 100000;
		one_step(&j, data + 2, n, now_ns);
		data += 2 + n;
		size -= 2 + n;
	}
	pw_jitter_fini(&j);
	return 0;
}
