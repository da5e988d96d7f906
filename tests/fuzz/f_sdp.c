/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * SDP from the wire: as an offer, as an answer, as a second offer. Whatever
 * is accepted must give an answer that our own reader accepts too.
 */
#include "sip/offer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct sdp_local local = {
	.rtp = {.family = 4, .port = 40000, .ip = {192, 0, 2, 1}},
	.n_codecs = 2,
	.codecs = {CC_PCMA, CC_PCMU},
	.events = true,
	.ptime_ms = 20,
	.dir = SDP_BOTH,
};

static void check(const struct cc_media *m, const struct sdp_session *s,
		  const char *text, int len)
{
	struct sdp sdp;

	if (m->ptime_ms < 10 || m->ptime_ms > 60 || m->ptime_ms % 10 ||
	    m->direction > CC_INACTIVE || !m->rtp.port || len <= 0 ||
	    sdp_parse(&sdp, text, (size_t)len) != 0 ||
	    sdp.n_media != s->n_media || s->audio >= sdp.n_media)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sdp_session s;
	struct cc_media m;
	char out[SDP_OUT_MAX];
	/* A copy of the very size: a read past the end is seen. */
	char *text = malloc(size ? size : 1);
	int n;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	sdp_session_init(&s, 1);
	if (sdp_on_offer(&s, &local, text, size, &m) == 0) {
		n = sdp_write_answer(&s, &local, out);
		check(&m, &s, out, n);
		if (sdp_on_offer(&s, &local, text, size, &m) != 0)
			abort();
		n = sdp_write_offer(&s, &local, out);
		check(&m, &s, out, n);
	}
	sdp_session_init(&s, 2);
	n = sdp_write_offer(&s, &local, out);
	if (sdp_on_answer(&s, &local, text, size, &m) == 0) {
		n = sdp_write_offer(&s, &local, out);
		check(&m, &s, out, n);
	}
	free(text);
	return 0;
}
