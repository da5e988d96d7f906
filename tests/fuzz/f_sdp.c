/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * SDP from the wire: as an offer, as an answer, as a second offer, for trunks
 * without SRTP, that prefer and that require it, for speech, data or both.
 * Whatever is accepted must give an answer that our own reader accepts too. A
 * crypto attribute that was read is written as one that reads the same; no key
 * is left when it is masked.
 */
#include "sip/offer.h"
#include "sip/sdes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct sdp_local local = {
	.rtp = {.family = 4, .port = 40000, .ip = {192, 0, 2, 1}},
	.n_codecs = 2,
	.codecs = {CC_PCMA, CC_PCMU},
	.events = true,
	.ptime_ms = 20,
	.dir = SDP_BOTH,
	.n_suites = 4,
	.suites = {CC_SRTP_AES_128_80, CC_SRTP_GCM_256, CC_SRTP_AES_256_80,
		   CC_SRTP_AES_128_32},
};

static void check(const struct cc_media *m, const struct sdp_session *s,
		  const char *text, int len)
{
	struct sdp sdp;

	if (m->ptime_ms < 10 || m->ptime_ms > 60 || m->ptime_ms % 10 ||
	    m->direction > CC_INACTIVE || !m->rtp.port || len <= 0 ||
	    sdp_parse(&sdp, text, (size_t)len) != 0 ||
	    sdp.n_media != s->n_media || s->audio >= sdp.n_media ||
	    m->crypto.suite >= CC_SRTP_SUITES ||
	    m->crypto.tx.mki_len > CC_MKI_MAX ||
	    m->crypto.rx.mki_len > CC_MKI_MAX)
		abort();
	if (m->crypto.suite == CC_RTP_PLAIN && local.srtp == CONF_SRTP_REQUIRED)
		abort();
	if (m->crypto.suite != CC_RTP_PLAIN && local.srtp == CONF_SRTP_OFF)
		abort();
}

/* Each line as if it were the value of a crypto attribute. */
static void crypto_lines(const char *text, size_t size)
{
	const char *end = text + size, *p, *next;
	char out[SDES_LINE_MAX];
	struct sdes a, b;
	int n;

	for (p = text; p < end; p = next + 1) {
		next = memchr(p, '\n', (size_t)(end - p));
		next = next ? next : end;
		if (sdes_read(&a, p, (size_t)(next - p)) != 0)
			continue;
		n = sdes_write(&a, out, sizeof(out));
		if (n <= 0 || sdes_read(&b, out, (size_t)n) != 0 ||
		    memcmp(&a, &b, sizeof(a)) != 0)
			abort();
		sdes_mask(out, (size_t)n);
		if (sdes_read(&b, out, (size_t)n) == 0 &&
		    memcmp(&a.key, &b.key, sizeof(a.key)) == 0)
			abort();
	}
}

static void both_roles(const char *text, size_t size)
{
	static struct sdp_session s;
	struct cc_media m;
	char out[SDP_OUT_MAX];
	int n;

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
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of the very size: a read past the end is seen. */
	char *text = malloc(size ? size : 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	for (local.srtp = 0; local.srtp <= CONF_SRTP_REQUIRED; local.srtp++)
		for (local.clear = 0; local.clear <= SDP_CLEAR_ONLY;
		     local.clear++)
			both_roles(text, size);
	crypto_lines(text, size);
	sdes_mask(text, size);
	free(text);
	return 0;
}
