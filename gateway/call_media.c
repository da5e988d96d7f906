/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a call tells the media role. */
#include "gateway/call.h"

#include "gateway/base/log.h"

#include <string.h>

#define GUARD_MS  3000 /* OPENED and CLOSED come at once, or never */
#define PTIME_MS  20
#define PTIME_MAX 60

static bool send_media(struct call *call, struct link_head *head,
		       uint16_t type, size_t len)
{
	if (link_send(&call->core->media, head, type, len) != 0) {
		call->core->drops.unsent++;
		return false;
	}
	return true;
}

static void on_guard(struct timer *t)
{
	struct call *call = container_of(t, struct call, media.guard);

	call->core->drops.media_lost++;
	log_warn("call %s: media does not answer", call->cdr.id);
	call_on_media_down(call);
}

static void start_guard(struct call *call)
{
	if (timer_start(call->core->role.loop, &call->media.guard, on_guard,
			GUARD_MS) != 0) {
		call->core->drops.no_timer++;
	}
}

bool call_media_open(struct call *call)
{
	struct media_open m = {.ref = call->id};

	if (!link_is_up(&call->core->media) ||
	    !send_media(call, &m.head, MEDIA_OPEN, sizeof(m))) {
		return false;
	}
	call->media.state = CM_OPENING;
	start_guard(call);
	return true;
}

static bool is_data(const struct call *call)
{
	return call->cdr.bearer == CC_BEARER_UNRESTRICTED;
}

static void connect_to(struct call *call, unsigned span, unsigned slot)
{
	struct media_connect m = {.id = call->media.id,
				  .span = (uint16_t)span,
				  .slot = (uint8_t)slot,
				  .clear = is_data(call)};

	call->media.span = (uint8_t)span;
	call->media.slot = (uint8_t)slot;
	send_media(call, &m.head, MEDIA_CONNECT, sizeof(m));
}

/* The newer call is right: isdn gives a channel only when it is free. */
static void take_channel(struct call *call, const struct leg *leg)
{
	struct core *core = call->core;
	pool_id *owner = &core->spans[leg->span].owner[leg->channel];
	struct call *old = *owner == call->id ? NULL
					      : call_get(core, *owner);

	*owner = call->id;
	if (old != NULL) {
		core->drops.channel_taken++;
		log_warn("call %s: its channel %u of span %s goes to call %s",
			 old->cdr.id, leg->channel,
			 core_end_name(core, leg->end), call->cdr.id);
		call_clear_gw(old, CAUSE_TEMPORARY, "channel given away");
	}
}

void call_media_connect(struct call *call, const struct leg *leg)
{
	if (!leg_is_line(leg) || leg->channel == 0) {
		return;
	}
	take_channel(call, leg);
	if (call->media.state != CM_OPEN ||
	    (call->media.slot == leg->channel &&
	     call->media.span == leg->span)) {
		return;
	}
	connect_to(call, leg->span, leg->channel);
	call_media_update(call);
}

void call_media_disconnect(struct call *call)
{
	if (call->media.state == CM_OPEN && call->media.slot != 0 &&
	    !leg_is_line(&call->leg[SIDE_A])) {
		connect_to(call, call->media.span, 0);
	}
}

static const struct leg *leg_of_kind(const struct call *call, unsigned kind)
{
	for (int i = 0; i < 2; i++) {
		if (call->leg[i].id != 0 && call->leg[i].end.kind == kind) {
			return &call->leg[i];
		}
	}
	return NULL;
}

/* What we may send and shall receive, from what both sides want. */
static uint8_t direction(const struct call *call, const struct leg *sip,
			 const struct leg *line)
{
	unsigned d = sip->remote.direction;
	bool send = d == CC_SENDRECV || d == CC_SENDONLY;
	bool recv = d == CC_SENDRECV || d == CC_RECVONLY;

	/* Nothing may be heard from the line before it says so. */
	if (sip->side == SIDE_A && !call->told.answered &&
	    !call->told.inband) {
		send = false;
	}
	if (sip->held) {
		send = false;
	}
	if (line != NULL && line->held) {
		recv = false;
	}
	if (send) {
		return recv ? MEDIA_SENDRECV : MEDIA_SENDONLY;
	}
	return recv ? MEDIA_RECVONLY : MEDIA_INACTIVE;
}

bool call_may_hear(const struct cc_media *m)
{
	return m->direction == CC_SENDRECV || m->direction == CC_RECVONLY;
}

static uint8_t learn_of(const struct call *call, const struct leg *sip)
{
	static const uint8_t learn[] = {
		[CONF_LEARN_OFF] = MEDIA_LEARN_OFF,
		[CONF_LEARN_PORT] = MEDIA_LEARN_PORT,
		[CONF_LEARN_ADDRESS] = MEDIA_LEARN_ADDRESS,
	};
	const struct conf *c = call->core->conf;

	return learn[c->trunks[sip->end.index].wire.rtp_learn];
}

static uint8_t ptime_of(const struct call *call, const struct leg *sip)
{
	uint8_t ms = sip->remote.ptime_ms;

	if (ms == 0) {
		ms = call->core->conf->trunks[sip->end.index].ptime_ms;
	}
	return ms >= 10 && ms <= PTIME_MAX && ms % 10 == 0 ? ms : PTIME_MS;
}

_Static_assert((int)CC_SRTP_SUITES == (int)SRTP_SUITES &&
		       (int)CC_SRTP_GCM_256 == (int)SRTP_AEAD_AES_256_GCM &&
		       (int)CC_KEY_MAX == (int)SRTP_KEY &&
		       (int)CC_SALT_MAX == (int)SRTP_SALT &&
		       (int)CC_MKI_MAX == (int)SRTP_MKI,
	       "media speaks of the same suites and keys");

static struct srtp_master master_of(const struct cc_key *k)
{
	struct srtp_master m = {.mki_len = k->mki_len};

	memcpy(m.key, k->key, sizeof(m.key));
	memcpy(m.salt, k->salt, sizeof(m.salt));
	memcpy(m.mki, k->mki, sizeof(m.mki));
	return m;
}

/* Before media learns where to send: not a packet goes out in the clear, and
 * none at all when the keys did not go through. False then. */
static bool update_crypto(struct call *call, const struct cc_crypto *c)
{
	struct media_crypto m = {.id = call->media.id, .suite = c->suite};
	bool sent;

	if (memcmp(c, &call->media.crypto, sizeof(*c)) == 0) {
		return true;
	}
	m.tx = master_of(&c->tx);
	m.rx = master_of(&c->rx);
	sent = send_media(call, &m.head, MEDIA_CRYPTO, sizeof(m));
	explicit_bzero(&m, sizeof(m));
	if (sent) {
		call->media.crypto = *c;
		call->cdr.srtp = c->suite;
	}
	return sent;
}

/* Of an earlier core, and not heard of since: what does it want? */
static bool is_unknown(const struct leg *leg)
{
	return leg->waits && leg->snapshot == 0;
}

/* Media goes on as it was. */
static bool is_unsettled(const struct call *call)
{
	return call->media.waits || is_unknown(&call->leg[SIDE_A]) ||
	       is_unknown(&call->leg[SIDE_B]);
}

/* Of lines that are joined each is heard unless one of them has put us on
 * hold. */
static void to_joined(const struct call *call, const struct call *with,
		      struct media_modify *m)
{
	const struct leg *line = leg_of_kind(call, CC_END_SPAN);
	const struct leg *other = leg_of_kind(with, CC_END_SPAN);
	bool recv = line != NULL && !line->held;
	bool send = other != NULL && !other->held;

	m->rtp = with->media.rtp;
	m->codec = is_data(call) ? CC_CLEARMODE : CC_PCMA;
	m->direction = recv && send ? MEDIA_SENDRECV
		       : send	    ? MEDIA_SENDONLY
		       : recv	    ? MEDIA_RECVONLY
				    : MEDIA_INACTIVE;
}

void call_media_update(struct call *call)
{
	static const struct cc_crypto plain;
	const struct leg *sip = leg_of_kind(call, CC_END_TRUNK);
	const struct leg *line = leg_of_kind(call, CC_END_SPAN);
	const struct call *with = call_joined(call);
	struct media_modify m;

	if (call->media.state != CM_OPEN || is_unsettled(call) ||
	    call->ending) {
		return;
	}
	memset(&m, 0, sizeof(m)); /* padding too: it is compared */
	m.id = call->media.id;
	m.codec = CC_PCMA;
	m.ptime_ms = PTIME_MS;
	m.direction = MEDIA_INACTIVE;
	if (line != NULL && !is_data(call)) {
		m.echo = call->core->conf->spans[line->span].echo;
		m.nlp = call->core->conf->spans[line->span].nlp;
	}
	if (with != NULL) {
		to_joined(call, with, &m);
	} else if (sip != NULL && sip->remote.valid) {
		m.rtp = sip->remote.rtp;
		m.codec = sip->remote.codec;
		m.dtmf_pt = sip->remote.dtmf_pt;
		m.ptime_ms = ptime_of(call, sip);
		m.direction = direction(call, sip, line);
		m.learn = learn_of(call, sip);
	}
	if (!update_crypto(call, sip != NULL && sip->remote.valid
					 ? &sip->remote.crypto : &plain)) {
		return;
	}
	m.answered = call->told.answered;
	call->cdr.codec = m.codec;
	m.head = call->media.last.head;
	if (memcmp(&m, &call->media.last, sizeof(m)) == 0) {
		return;
	}
	send_media(call, &m.head, MEDIA_MODIFY, sizeof(m));
	memcpy(&call->media.last, &m, sizeof(m));
}

void call_media_ringback(struct call *call, bool on)
{
	struct media_tone m = {.id = call->media.id,
			       .kind = on ? MEDIA_TONE_RINGBACK
					  : MEDIA_TONE_NONE};

	if (call->media.state != CM_OPEN || call->media.tone == on) {
		return;
	}
	call->media.tone = on;
	send_media(call, &m.head, MEDIA_TONE, sizeof(m));
}

void call_media_dtmf(struct call *call, const struct leg *from, uint8_t digit)
{
	struct media_dtmf m = {.id = call->media.id, .digit = digit,
			       .to_rtp = from->end.kind == CC_END_SPAN};

	if (call->media.state == CM_OPEN) {
		send_media(call, &m.head, MEDIA_DTMF, sizeof(m));
	}
}

void call_media_close(struct call *call)
{
	struct media_close m = {.id = call->media.id};

	if (call->media.waits && !link_is_up(&call->core->media)) {
		call->media.state = CM_NONE; /* not claimed, it is closed */
		call->media.waits = false;
		return;
	}
	if (call->media.state != CM_OPEN || call->media.waits) {
		return; /* not there, or CLOSE follows OPENED */
	}
	if (!send_media(call, &m.head, MEDIA_CLOSE, sizeof(m))) {
		call->media.state = CM_NONE;
		return;
	}
	call->media.state = CM_CLOSING;
	start_guard(call);
}

void call_media_offer(const struct call *call, struct cc_msg *m)
{
	m->media.valid = 1;
	m->media.rtp = call->media.rtp;
	m->media.codec = call->media.last.codec;
	m->media.ptime_ms = PTIME_MS;
}
