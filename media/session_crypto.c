/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SRTP of a session: as soon as it has keys, all that it sends is sealed, and
 * what comes must be; nothing else of a datagram is looked at before. */
#include "media/session.h"

#include <errno.h>

/*
 * Another key of ours is for a device, perhaps, that has not counted our
 * packets: it could not know how often the sequence number has wrapped. As
 * another source, below the middle of the numbers, we have no past.
 */
static void begin_anew(struct session *s, uint32_t ssrc)
{
	s->tx.ssrc = ssrc;
	s->tx.seq &= 0x7fff;
	s->tx.restart = true;
}

/* tick */
void session_crypto(struct session *s, const struct engine_command *c)
{
	uint64_t sent = s->crypto.tx.packets;

	/* What was kept aside came in the clear. */
	if (!s->keyed) {
		s->rx.aside.valid = false;
		s->rx.source.probation = false;
	}
	s->keyed = c->u.crypto.suite != SRTP_PLAIN;
	srtp_set(&s->crypto.tx, c->u.crypto.suite, &c->u.crypto.tx);
	srtp_set(&s->crypto.rx, c->u.crypto.suite, &c->u.crypto.rx);
	if (sent && s->crypto.tx.packets == 0 && s->keyed)
		begin_anew(s, c->u.crypto.ssrc);
}

static size_t sealed(struct session *s, int len)
{
	if (len >= 0)
		return (size_t)len;
	s->tx.errors++;
	return 0;
}

/* tick */
size_t session_seal(struct session *s, uint8_t *rtp, size_t len)
{
	if (!s->keyed)
		return len;
	return sealed(s, srtp_seal(&s->crypto.tx, rtp, len));
}

/* tick */
size_t session_seal_rtcp(struct session *s, uint8_t *rtcp, size_t len)
{
	if (!s->keyed)
		return len;
	return sealed(s, srtp_seal_rtcp(&s->crypto.tx, rtcp, len));
}

static bool unsealed(struct session *s, struct udp_datagram *d,
		     const uint8_t *plain, int len)
{
	if (len >= 0) {
		d->data = plain;
		d->len = (size_t)len;
		return true;
	}
	if (len == -EALREADY)
		s->crypto.replayed++;
	else
		s->crypto.forged++;
	return false;
}

/* tick */
bool session_unseal(struct session *s, struct udp_datagram *d,
		    uint8_t buf[UDP_MAX])
{
	int len = -EMSGSIZE;

	if (!s->keyed)
		return true;
	if (d->len <= UDP_MAX)
		len = srtp_open(&s->crypto.rx, d->data, d->len, buf);
	return unsealed(s, d, buf, len);
}

/* tick */
bool session_unseal_rtcp(struct session *s, struct udp_datagram *d,
			 uint8_t buf[UDP_MAX])
{
	int len = -EMSGSIZE;

	if (!s->keyed)
		return true;
	if (d->len <= UDP_MAX)
		len = srtp_open_rtcp(&s->crypto.rx, d->data, d->len, buf);
	return unsealed(s, d, buf, len);
}
