/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/offer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sip/secure.h"

#define EVENT_PT 101 /* ours, unless the peer has named another */
#define CLEAR_PT 97  /* likewise */

void sdp_session_init(struct sdp_session *s, uint32_t id)
{
	memset(s, 0, sizeof(*s));
	s->id = id;
	s->dir = SDP_BOTH;
}

void sdp_session_resume(struct sdp_session *s)
{
	sdp_secure_resume(&s->secure);
}

/* The other end's view of the same directions. */
static uint8_t swapped(uint8_t dir)
{
	return (uint8_t)((dir & SDP_SEND ? SDP_RECV : 0) |
			 (dir & SDP_RECV ? SDP_SEND : 0));
}

static enum sdp_kind kind_of(uint8_t codec)
{
	return codec == CC_PCMU ? SDP_PCMU : SDP_PCMA;
}

/* Static numbers only: what is sent then needs no mapping. */
static bool has_codec(const struct sdp_media *m, uint8_t codec)
{
	unsigned i;

	for (i = 0; i < m->n_formats; i++) {
		if (m->format[i].pt == codec &&
		    m->format[i].kind == kind_of(codec))
			return true;
	}
	return false;
}

static bool is_ours(const struct sdp_local *l, uint8_t codec)
{
	unsigned i;

	for (i = 0; i < l->n_codecs; i++) {
		if (l->codecs[i] == codec)
			return true;
	}
	return false;
}

/* What an offer names first, data or speech: the number of CLEARMODE, -1: it
 * is not wanted. */
static int clear_pt(const struct sdp_local *l, const struct sdp_media *m)
{
	unsigned i;

	for (i = 0; l->clear != SDP_CLEAR_NEVER && i < m->n_formats; i++) {
		uint8_t pt = m->format[i].pt;

		if (m->format[i].kind == SDP_CLEAR && pt >= CC_CLEARMODE)
			return pt;
		if (l->clear == SDP_CLEAR_TOO && is_ours(l, pt) &&
		    has_codec(m, pt))
			return -1;
	}
	return -1;
}

/* The codec by our preference, -1 = none. */
static int pick_codec(const struct sdp_local *l, const struct sdp_media *m)
{
	int clear = clear_pt(l, m);
	unsigned i;

	if (clear >= 0 || l->clear == SDP_CLEAR_ONLY)
		return clear;
	for (i = 0; i < l->n_codecs; i++) {
		if (has_codec(m, l->codecs[i]))
			return l->codecs[i];
	}
	return -1;
}

/* The codec an answer puts first, -1 = none of ours. */
static int first_codec(const struct sdp_local *l, const struct sdp_media *m)
{
	unsigned i;

	if (l->clear == SDP_CLEAR_ONLY)
		return clear_pt(l, m);
	for (i = 0; i < m->n_formats; i++) {
		uint8_t pt = m->format[i].pt;

		if ((m->format[i].kind == SDP_PCMU ||
		     m->format[i].kind == SDP_PCMA) &&
		    has_codec(m, pt) && is_ours(l, pt))
			return pt;
	}
	return -1;
}

static uint8_t event_pt(const struct sdp_local *l, const struct sdp_media *m)
{
	unsigned i;

	for (i = 0; l->events && i < m->n_formats; i++) {
		if (m->format[i].kind == SDP_EVENT && m->format[i].pt >= 96)
			return m->format[i].pt;
	}
	return 0;
}

static uint8_t pick_ptime(const struct sdp_local *l, const struct sdp_media *m)
{
	unsigned ms = m->ptime_ms ? m->ptime_ms : l->ptime_ms;

	if (m->maxptime_ms && ms > m->maxptime_ms)
		ms = m->maxptime_ms;
	if (ms > SDP_PTIME_MAX)
		ms = SDP_PTIME_MAX;
	ms -= ms % 10; /* the engine works in blocks of 10 ms */
	return (uint8_t)(ms < SDP_PTIME_MIN ? SDP_PTIME_MIN : ms);
}

/* An address of the IP version that ours is not cannot be sent to; before
 * ours is known, the core looks. */
static bool is_audio(const struct sdp_local *l, const struct sdp_media *m)
{
	return strcasecmp(m->type, "audio") == 0 &&
	       sdp_profile_of(m->proto) < SDP_PROFILES && m->rtp.port != 0 &&
	       m->rtp.family != 0 &&
	       (l->rtp.family == 0 || l->rtp.family == m->rtp.family);
}

/* What holds from now on, by a line of the peer. */
static void agree(struct sdp_session *s, const struct sdp_local *l,
		  uint8_t index, int codec)
{
	const struct sdp_media *m = &s->remote.media[index];

	s->audio = index;
	s->codec = (uint8_t)codec;
	s->event_tx = codec < CC_CLEARMODE ? event_pt(l, m) : 0;
	s->ptime_ms = pick_ptime(l, m);
	s->dir = l->dir & swapped(m->dir);
	if (net_is_any(&m->rtp))
		s->dir &= SDP_RECV;
	if (s->remote.n_media > s->n_media)
		s->n_media = s->remote.n_media;
}

static void result(const struct sdp_session *s, struct cc_media *out)
{
	static const uint8_t dirs[4] = {CC_INACTIVE, CC_SENDONLY, CC_RECVONLY,
					CC_SENDRECV};

	if (!out)
		return;
	*out = (struct cc_media){
		.rtp = s->remote.media[s->audio].rtp,
		.valid = 1,
		.codec = s->codec,
		.dtmf_pt = s->event_tx,
		.ptime_ms = s->ptime_ms,
		.direction = dirs[s->dir & SDP_BOTH],
	};
	if (s->secure.agreed.suite) {
		out->crypto.suite = s->secure.agreed.suite;
		out->crypto.tx = s->secure.ours[s->secure.agreed.suite];
		out->crypto.rx = s->secure.rx;
	}
}

/* The first line that can be taken, with keys or without. Its index; -ENOTSUP,
 * -ENOKEY. */
static int choose(struct sdp_session *s, const struct sdp_local *l,
		  const struct sdp *sdp, const struct sdp_text *t, bool srtp,
		  struct sdp_pick *p)
{
	int err = -ENOTSUP;
	uint8_t i;

	for (i = 0; i < sdp->n_media; i++) {
		const struct sdp_media *m = &sdp->media[i];

		if (!is_audio(l, m) || pick_codec(l, m) < 0)
			continue;
		p->profile = sdp_profile_of(m->proto);
		err = sdp_secure_offered(&s->secure, p, l, t, i, srtp);
		if (!err)
			return i;
	}
	return err;
}

int sdp_on_offer(struct sdp_session *s, const struct sdp_local *l,
		 const char *text, size_t len, struct cc_media *media)
{
	struct sdp_text t = {text, len};
	struct sdp_pick pick;
	struct sdp sdp;
	int i, err = sdp_parse(&sdp, text, len);

	if (err)
		return err;
	if (sdp.n_media < s->n_media)
		return -EBADMSG;
	i = choose(s, l, &sdp, &t, true, &pick);
	if (i == -ENOKEY)
		i = choose(s, l, &sdp, &t, false, &pick);
	if (i < 0)
		return i;
	s->remote = sdp;
	agree(s, l, (uint8_t)i, pick_codec(l, &sdp.media[i]));
	sdp_secure_agree(&s->secure, &pick, true);
	s->event_rx = s->event_tx;
	result(s, media);
	return 0;
}

/* What an answer should have said, but has left out: our next offer has these
 * lines all the same (RFC 3264 8). */
static void keep_lines(const struct sdp_session *s, struct sdp *now)
{
	for (; now->n_media < s->n_media; now->n_media++)
		now->media[now->n_media] = s->remote.media[now->n_media];
}

int sdp_on_answer(struct sdp_session *s, const struct sdp_local *l,
		  const char *text, size_t len, struct cc_media *media)
{
	struct sdp_text t = {text, len};
	const struct sdp_media *m;
	struct sdp_pick pick;
	struct sdp sdp;
	int codec, err = sdp_parse(&sdp, text, len);

	if (err)
		return err;
	if (s->audio >= sdp.n_media)
		return -EBADMSG;
	m = &sdp.media[s->audio];
	codec = is_audio(l, m) ? first_codec(l, m) : -1;
	if (codec < 0)
		return -ENOTSUP;
	pick.profile = sdp_profile_of(m->proto);
	err = sdp_secure_answered(&s->secure, &pick, &t, s->audio);
	if (err)
		return err;
	keep_lines(s, &sdp);
	s->remote = sdp;
	agree(s, l, s->audio, codec);
	/* What we offered stays ours, whatever the answer writes. */
	pick.profile = (enum sdp_profile)s->secure.profile;
	sdp_secure_agree(&s->secure, &pick, false);
	result(s, media);
	return 0;
}

bool sdp_is_held(const struct sdp_session *s)
{
	return !(s->dir & SDP_SEND);
}

/* --- writing --- */

static const char *dir_name(uint8_t dir)
{
	static const char *const names[4] = {"inactive", "sendonly", "recvonly",
					     "sendrecv"};

	return names[dir & SDP_BOTH];
}

/* What one audio line of ours says. */
struct line {
	uint8_t n_codecs, codecs[4];
	uint8_t event_pt; /* 0 = none */
	uint8_t ptime_ms;
	uint8_t dir;
	bool offer;
};

static void write_rtpmap(struct sdp_out *o, uint8_t codec)
{
	const char *name = codec >= CC_CLEARMODE   ? "CLEARMODE"
			   : codec == CC_PCMU ? "PCMU"
					      : "PCMA";

	sdp_line(o, "a=rtpmap:%u %s/8000", codec, name);
}

static void write_audio(struct sdp_out *o, const struct sdp_session *s,
			const struct sdp_local *l, const struct line *line)
{
	char formats[40];
	struct sdp_out f = {.buf = formats, .size = sizeof(formats)};
	unsigned i;

	for (i = 0; i < line->n_codecs; i++) {
		f.len += (size_t)snprintf(formats + f.len, f.size - f.len,
					  " %u", line->codecs[i]);
	}
	if (line->event_pt)
		snprintf(formats + f.len, f.size - f.len, " %u",
			 line->event_pt);
	sdp_line(o, "m=audio %u %s%s", l->rtp.port,
		 sdp_profile_name((enum sdp_profile)s->secure.profile),
		 formats);
	(line->offer ? sdp_secure_write_offer : sdp_secure_write_answer)(
		&s->secure, o);
	for (i = 0; i < line->n_codecs; i++)
		write_rtpmap(o, line->codecs[i]);
	if (line->event_pt) {
		sdp_line(o, "a=rtpmap:%u telephone-event/8000", line->event_pt);
		sdp_line(o, "a=fmtp:%u 0-15", line->event_pt);
	}
	sdp_line(o, "a=ptime:%u", line->ptime_ms);
	sdp_line(o, "a=%s", dir_name(line->dir));
}

/* Everything behind o=; the peer's other lines stay, refused. */
static int write_tail(const struct sdp_session *s, const struct sdp_local *l,
		      const struct line *line, char buf[SDP_OUT_MAX])
{
	struct sdp_out o;
	uint8_t i, n = s->n_media ? s->n_media : 1;

	sdp_out_init(&o, buf, SDP_OUT_MAX);
	sdp_line(&o, "s=-");
	sdp_line_connection(&o, &l->rtp);
	sdp_line(&o, "t=0 0");
	for (i = 0; i < n; i++) {
		const struct sdp_media *m = &s->remote.media[i];

		if (i == s->audio)
			write_audio(&o, s, l, line);
		else
			sdp_line(&o, "m=%s 0 %s %s", m->type, m->proto,
				 m->formats);
	}
	return o.overflow ? -ENOSPC : 0;
}

static int write_sent(const struct sdp_session *s, const struct sdp_local *l,
		      char buf[SDP_OUT_MAX])
{
	char ip[NET_STR_MAX];
	int n = snprintf(buf, SDP_OUT_MAX,
			 "v=0\r\no=- %u %u IN IP%c %s\r\n%s", s->id,
			 s->version, l->rtp.family == 6 ? '6' : '4',
			 net_ip_str(&l->rtp, ip), s->sent);

	return n < SDP_OUT_MAX ? n : -ENOSPC;
}

/* RFC 3264 8: the version grows by one when, and only when, the rest has
 * changed. */
static int write_whole(struct sdp_session *s, const struct sdp_local *l,
		       const struct line *line, char buf[SDP_OUT_MAX])
{
	char tail[SDP_OUT_MAX];
	int err = write_tail(s, l, line, tail);

	if (err)
		return err;
	if (strcmp(tail, s->sent) != 0) {
		s->version++;
		memcpy(s->sent, tail, sizeof(tail));
	}
	return write_sent(s, l, buf);
}

int sdp_write_same(struct sdp_session *s, const struct sdp_local *l,
		   char buf[SDP_OUT_MAX])
{
	if (!s->sent[0])
		return sdp_write_offer(s, l, buf);
	sdp_secure_begin(&s->secure, l, s->n_media > 0);
	return write_sent(s, l, buf);
}

int sdp_write_answer(struct sdp_session *s, const struct sdp_local *l,
		     char buf[SDP_OUT_MAX])
{
	struct line line = {
		.n_codecs = 1,
		.codecs = {s->codec},
		.event_pt = s->event_rx,
		.ptime_ms = s->ptime_ms,
		.dir = s->dir,
	};

	return write_whole(s, l, &line, buf);
}

int sdp_write_offer(struct sdp_session *s, const struct sdp_local *l,
		    char buf[SDP_OUT_MAX])
{
	struct line line = {
		.n_codecs = l->n_codecs,
		.ptime_ms = l->ptime_ms,
		.dir = l->dir,
		.offer = true,
	};

	if (l->n_codecs > sizeof(line.codecs) || l->n_codecs == 0)
		return -EINVAL;
	memcpy(line.codecs, l->codecs, l->n_codecs);
	if (l->clear == SDP_CLEAR_ONLY) {
		line.n_codecs = 1;
		line.codecs[0] = s->codec >= CC_CLEARMODE ? s->codec : CLEAR_PT;
	} else if (l->events) {
		if (!s->event_rx)
			s->event_rx = EVENT_PT;
		line.event_pt = s->event_rx;
	}
	sdp_secure_begin(&s->secure, l, s->n_media > 0);
	return write_whole(s, l, &line, buf);
}
