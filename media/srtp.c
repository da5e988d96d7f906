/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets, indexes, windows, streams. */
#include "media/srtp_priv.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include <nettle/macros.h>
#include <nettle/memops.h>

#include "media/rtp.h"

enum {
	WINDOW = 128, /* indexes, the highest one included */
	RTCP_HEAD = 8,
	HALF = 32768, /* of the sequence numbers */
};

#define RTP_INDEX_END (UINT64_C(1) << 48) /* RFC 3711 9.2: packets, too */
#define RTCP_INDEX_END (UINT64_C(1) << 31)
#define E_BIT (UINT32_C(1) << 31)

/* RFC 3711 3.3.1, appendix A: the index that is nearest to the highest. */
static uint64_t estimate(const struct srtp_window *w, unsigned seq)
{
	unsigned last = (uint16_t)w->top;
	uint64_t roc = w->top >> 16;

	if (seq > last + HALF && roc > 0)
		roc--;
	else if (last > seq + HALF)
		roc++;
	return roc << 16 | seq;
}

static void note(struct srtp_window *w, uint64_t index)
{
	if (!w->any || index > w->top) {
		w->seen = w->any && index - w->top < WINDOW
				  ? w->seen << (index - w->top) : 0;
		w->top = index;
		w->any = true;
	}
	w->seen |= (unsigned __int128)1 << (w->top - index);
}

/* The stream of that SSRC. Else a place for it: of one that has said nothing
 * under these keys, so that nothing of it can be played again. NULL: full. */
static struct srtp_stream *stream_of(struct srtp *s, uint32_t ssrc)
{
	struct srtp_stream *st, *best = NULL;

	for (st = s->stream; st < s->stream + SRTP_STREAMS; st++) {
		if (st->ssrc == ssrc)
			return st;
		if (!st->rtp.any && !st->rtcp.any &&
		    (!best || st->rtp.top < best->rtp.top))
			best = st;
	}
	return best;
}

static struct srtp_window window_of(struct srtp *s, const struct srtp_unit *u)
{
	const struct srtp_stream *st = stream_of(s, u->ssrc);

	if (!st || st->ssrc != u->ssrc)
		return (struct srtp_window){ .any = false };
	return u->rtcp ? st->rtcp : st->rtp;
}

static void set_index(struct srtp_unit *u, uint64_t index)
{
	u->index = index;
	u->beside = htobe32((uint32_t)(u->rtcp ? E_BIT | index : index >> 16));
}

/* May it have that index? */
static int check(struct srtp *s, const struct srtp_unit *u)
{
	uint64_t end = u->rtcp ? RTCP_INDEX_END : RTP_INDEX_END;
	struct srtp_window w = window_of(s, u);

	if (u->index >= end || (u->rtcp ? s->reports : s->packets) >= end)
		return -EKEYEXPIRED;
	if (w.any && u->index <= w.top &&
	    (w.top - u->index >= WINDOW || w.seen >> (w.top - u->index) & 1))
		return -EALREADY;
	return 0;
}

/* It is genuine: what it says counts from here on. */
static int accept(struct srtp *s, const struct srtp_unit *u, size_t len)
{
	struct srtp_stream *st = stream_of(s, u->ssrc);

	if (!st)
		return -ENOSPC;
	if (st->ssrc != u->ssrc)
		*st = (struct srtp_stream){ .ssrc = u->ssrc };
	note(u->rtcp ? &st->rtcp : &st->rtp, u->index);
	s->packets += !u->rtcp;
	s->reports += u->rtcp;
	return (int)len;
}

/* The MKI stands before the tag, with GCM behind everything. */
static uint8_t *put_mki(const struct srtp *s, uint8_t *at)
{
	memcpy(at, s->mki, s->mki_len);
	return at + s->mki_len;
}

static bool is_mki(const struct srtp *s, const uint8_t *at)
{
	return memcmp(at, s->mki, s->mki_len) == 0;
}

/* Seals it. What is sent may not have been sent before, either: the key
 * stream would be the same. */
static int seal(struct srtp *s, struct srtp_unit *u, uint8_t *packet,
		uint8_t *tag)
{
	unsigned n = srtp_suites[s->suite].tag[u->rtcp];
	uint8_t sum[SHA1_DIGEST_SIZE];
	int err = check(s, u);

	if (err < 0)
		return err;
	u->seals = true;
	srtp_transform(s, u, packet, packet, sum);
	memcpy(tag, sum, n);
	return accept(s, u, u->len + n + s->mki_len + (u->rtcp ? 4 : 0));
}

static int unseal(struct srtp *s, const struct srtp_unit *u, const uint8_t *in,
		const uint8_t *tag, uint8_t *out)
{
	uint8_t sum[SHA1_DIGEST_SIZE];
	int err = check(s, u);

	if (err < 0)
		return err;
	srtp_transform(s, u, in, out, sum);
	if (!memeql_sec(sum, tag, srtp_suites[s->suite].tag[u->rtcp]))
		return -EBADMSG;
	return accept(s, u, u->len);
}

/* An RTP packet less its tag: the header with all that belongs to it. */
static int parse(struct srtp_unit *u, const uint8_t *in, size_t len)
{
	if (len < RTP_HEADER)
		return -EINVAL;
	*u = (struct srtp_unit){ .ssrc = READ_UINT32(in + 8), .len = len };
	u->head = RTP_HEADER + 4u * (in[0] & 0x0f);
	if (in[0] & 0x10) {
		if (len < u->head + 4)
			return -EINVAL;
		u->head += 4 + 4 * (size_t)READ_UINT16(in + u->head + 2);
	}
	return len < u->head ? -EINVAL : 0;
}

/* tick */
int srtp_seal(struct srtp *s, uint8_t *packet, size_t len)
{
	const struct srtp_cipher *c = &srtp_suites[s->suite];
	uint8_t *tag = packet + len;
	struct srtp_window w;
	struct srtp_unit u;

	if (s->suite == SRTP_PLAIN || parse(&u, packet, len) < 0)
		return -EINVAL;
	w = window_of(s, &u);
	set_index(&u, estimate(&w, READ_UINT16(packet + 2)));
	if (c->gcm)
		put_mki(s, tag + c->tag[0]);
	else
		tag = put_mki(s, tag);
	return seal(s, &u, packet, tag);
}

/* tick */
int srtp_open(struct srtp *s, const uint8_t *in, size_t len, uint8_t *out)
{
	const struct srtp_cipher *c = &srtp_suites[s->suite];
	size_t more = (size_t)c->tag[0] + s->mki_len;
	struct srtp_window w;
	struct srtp_unit u;
	const uint8_t *tag;
	int err;

	if (s->suite == SRTP_PLAIN || len < more ||
	    parse(&u, in, len - more) < 0)
		return -EINVAL;
	tag = in + u.len + (c->gcm ? 0 : s->mki_len);
	if (!is_mki(s, c->gcm ? tag + c->tag[0] : in + u.len))
		return -EBADMSG;
	w = window_of(s, &u);
	set_index(&u, estimate(&w, READ_UINT16(in + 2)));
	err = unseal(s, &u, in, tag, out);
	/* ROC 0, unless it was that, and 1: see the header. */
	for (uint64_t roc = u.index < 65536;
	     roc < 2 && err == -EBADMSG && !w.any; roc++) {
		set_index(&u, roc << 16 | READ_UINT16(in + 2));
		err = unseal(s, &u, in, tag, out);
	}
	return err;
}

/* tick */
int srtp_seal_rtcp(struct srtp *s, uint8_t *packet, size_t len)
{
	const struct srtp_cipher *c = &srtp_suites[s->suite];
	struct srtp_unit u = { .rtcp = true, .head = RTCP_HEAD, .len = len };
	uint8_t *tag = packet + len, *word;
	struct srtp_window w;

	if (s->suite == SRTP_PLAIN || len < RTCP_HEAD)
		return -EINVAL;
	u.ssrc = READ_UINT32(packet + 4);
	w = window_of(s, &u);
	set_index(&u, w.top + w.any);
	word = c->gcm ? tag + c->tag[1] : tag;
	memcpy(word, &u.beside, 4);
	word = put_mki(s, word + 4);
	return seal(s, &u, packet, c->gcm ? tag : word);
}

/* tick */
int srtp_open_rtcp(struct srtp *s, const uint8_t *in, size_t len,
			uint8_t *out)
{
	const struct srtp_cipher *c = &srtp_suites[s->suite];
	struct srtp_unit u = { .rtcp = true, .head = RTCP_HEAD };
	size_t more = c->tag[1] + 4u + s->mki_len;
	const uint8_t *word;

	if (s->suite == SRTP_PLAIN || len < RTCP_HEAD + more)
		return -EINVAL;
	u.len = len - more;
	word = in + u.len + (c->gcm ? c->tag[1] : 0);
	if (!(word[0] & 0x80))
		return -EINVAL;
	if (!is_mki(s, word + 4))
		return -EBADMSG;
	u.ssrc = READ_UINT32(in + 4);
	set_index(&u, READ_UINT32(word) & ~E_BIT);
	return unseal(s, &u, in,
		      c->gcm ? in + u.len : word + 4 + s->mki_len, out);
}
