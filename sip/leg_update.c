/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody else is connected: after an answer elsewhere, or a transfer (RFC
 * 4916). The peer's UPDATE or INVITE names whom it has there now, by an
 * asserted identity or another From; the core hears of it as UPDATE, and sends
 * the other side's. Ours goes in an UPDATE where the peer allows that, else in
 * an INVITE that repeats the last description. Only a trusted peer is believed.
 */
#include "sip/leg.h"

#include <stdio.h>
#include <string.h>

#include "gateway/base/str.h"
#include "sip/legs.h"

static bool is_wanted(const struct leg *l)
{
	return sip_leg_conf(l)->who.updates;
}

/* --- the peer's --- */

void sip_update_learn(struct leg *l, const struct sip_msg *m)
{
	if (sip_msg_has_token(m, "Supported", "from-change"))
		l->again.who.from_change = true;
}

static bool same_party(const struct cc_number *a, const struct cc_number *b)
{
	return a->valid == b->valid && a->type == b->type &&
	       a->presentation == b->presentation &&
	       strcmp(a->digits, b->digits) == 0;
}

/* The number in a From or To value; restricted when it is anonymous. */
static struct cc_number number_in(const char *value)
{
	struct sip_identity_in in = {.from = value};
	struct cc_msg m = {0};

	sip_identity_read(&in, false, &m);
	return m.calling;
}

/* Another From than before; later requests go to that To. */
static bool from_changed(struct leg *l, const struct sip_msg *m,
			 struct cc_msg *out)
{
	char from[SIP_URI_MAX];
	struct cc_number now, before = number_in(l->dialog.remote);

	if (sip_msg_header(m, "from", 0, from, sizeof(from)) <= 0)
		return false;
	now = number_in(from);
	if (!now.valid || same_party(&now, &before))
		return false;
	str_copy(l->dialog.remote, sizeof(l->dialog.remote), from);
	out->connected = now;
	return true;
}

void sip_update_hear(struct leg *l, const struct sip_msg *m)
{
	struct cc_msg out;

	sip_update_learn(l, m);
	if (!is_wanted(l) || !sip_leg_conf(l)->who.trusted)
		return;
	sip_leg_cc(l, &out);
	sip_who_read_connected(l, m, &out);
	if (!out.connected.valid && !from_changed(l, m, &out))
		return;
	if (same_party(&out.connected, &l->again.who.heard))
		return;
	l->again.who.heard = out.connected;
	(void)sip_leg_tell(l, CC_UPDATE, &out);
}

/* --- ours --- */

void sip_update_say(struct leg *l, const struct cc_msg *m)
{
	struct leg_who *w = &l->again.who;

	if (!is_wanted(l) || !m->connected.valid)
		return;
	w->say = m->connected;
	memcpy(w->name, m->name, sizeof(w->name));
	w->due = true;
	sip_update_flush(l);
}

void sip_update_flush(struct leg *l)
{
	if (!l->again.who.due || l->state != LEG_UP || l->se.update)
		return;
	if (l->se.peer_update)
		sip_se_refresh(l);
	else if (!l->again.due)
		sip_dlg_same_again(l);
}

void sip_update_from(struct leg *l)
{
	struct leg_who *w = &l->again.who;
	struct cc_msg m = {.calling = w->say};
	struct sip_identity_conf conf;
	char host[CONF_HOST], from[SIP_URI_MAX], local[SIP_URI_MAX];

	if (!w->due || !w->from_change)
		return;
	memcpy(m.name, w->name, sizeof(m.name));
	conf = sip_who_conf(l, sip_who_host(l, host));
	sip_identity_from(&m, &conf, from);
	if (from[0] && snprintf(local, sizeof(local), "%s;tag=%s", from,
				l->dialog.local_tag) < (int)sizeof(local))
		str_copy(l->dialog.local, sizeof(l->dialog.local), local);
}

void sip_update_put(struct leg *l, struct sip_msg *m)
{
	struct leg_who *w = &l->again.who;
	struct cc_msg answer = {.connected = w->say};

	if (!w->due)
		return;
	memcpy(answer.name, w->name, sizeof(answer.name));
	sip_who_write_connected(l, &answer, m);
	w->due = false;
}
