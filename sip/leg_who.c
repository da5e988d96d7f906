/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the headers of a call say of its parties, and how it came here: for the
 * core, and for the peer as far as its trunk may know. A value that cannot be
 * read is counted and ignored; the call goes on.
 */
#include "sip/leg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/str.h"
#include "sip/divert.h"
#include "sip/identity.h"
#include "sip/legs.h"
#include "sip/telparam.h"
#include "sip/uui.h"

#define UUI "User-to-User"

static void count_bad(struct legs *legs)
{
	sip_legs_env(legs)->stats.bad_header++;
}

/* --- reading --- */

/* The values of a header, in however many lines they came. */
static void list_values(const struct sip_msg *m, const char *name,
			const char *out[], size_t max)
{
	struct sip_name_addr a;
	const char *text;
	size_t n = 0;
	unsigned i;

	for (i = 0; n < max && (text = sip_msg_plain(m, name, i)); i++) {
		while (n < max && text && *text) {
			out[n++] = text;
			text = sip_name_addr_parse(&a, text);
		}
	}
}

static void list_parties(const struct sip_msg *m, struct sip_identity_in *in)
{
	list_values(m, "P-Asserted-Identity", in->pai, SIP_PAI_MAX);
	list_values(m, "P-Preferred-Identity", in->ppi, SIP_PAI_MAX);
	list_values(m, "Remote-Party-ID", in->rpid, SIP_PAI_MAX);
	in->privacy[0] = sip_msg_plain(m, "Privacy", 0);
	in->privacy[1] = sip_msg_plain(m, "Privacy", 1);
}

static void read_identity(const struct sip_msg *m,
			  const struct conf_trunk_identity *c,
			  struct cc_msg *setup)
{
	char from[2 * SIP_URI_MAX];
	struct sip_identity_in in = {
		.from = sip_msg_header(m, "from", 0, from, sizeof(from)) > 0
				? from
				: NULL,
	};

	list_parties(m, &in);
	sip_identity_read(&in, c->trusted, setup);
}

/* The caller's subaddress, which says no less than the number. False: it is
 * malformed. */
static bool read_sub(const struct sip_msg *m, struct cc_msg *setup)
{
	char text[2 * SIP_URI_MAX];
	struct sip_name_addr a;
	struct sip_uri u;

	return setup->calling.presentation == CC_PRES_RESTRICTED ||
	       sip_msg_header(m, "from", 0, text, sizeof(text)) <= 0 ||
	       !sip_name_addr_parse(&a, text) ||
	       sip_uri_parse(&u, a.uri) < 0 ||
	       sip_tel_sub(&u, &setup->extra.calling_sub) == 0;
}

static bool read_divert(const struct sip_msg *m,
			const struct conf_trunk_identity *c,
			struct cc_msg *setup)
{
	struct sip_divert_in in = {
		.history_hidden = sip_msg_has_token(m, "Privacy", "history"),
	};

	list_values(m, "Diversion", in.diversion, SIP_DIVERTS);
	list_values(m, "History-Info", in.history, SIP_HISTORIES);
	return sip_divert_read(&in, c->divert, setup);
}

/* Two of the package mean neither (RFC 7434 3.1). False: malformed. */
static bool read_uui(const struct sip_msg *m, struct cc_uui *uui)
{
	unsigned i, found = 0;
	const char *text;
	bool good = true;

	for (i = 0; i < 8 && (text = sip_msg_plain(m, UUI, i)); i++) {
		int n = sip_uui_parse(uui, text);

		found += n == 1;
		good = good && n >= 0;
	}
	if (found > 1)
		uui->len = 0;
	return good && found <= 1;
}

void sip_who_read(struct legs *legs, const struct sip_msg *m,
		  const struct conf_trunk *c, struct cc_msg *setup)
{
	read_identity(m, &c->who, setup);
	if (!read_sub(m, setup))
		count_bad(legs);
	if (!read_divert(m, &c->who, setup))
		count_bad(legs);
	if (c->who.uui && !read_uui(m, &setup->extra.uui))
		count_bad(legs);
}

bool sip_who_is_refused(const struct sip_msg *m)
{
	const char *const privacy[2] = {sip_msg_plain(m, "Privacy", 0),
					sip_msg_plain(m, "Privacy", 1)};

	return sip_privacy_is_refused(privacy);
}

void sip_who_read_connected(const struct leg *l, const struct sip_msg *m,
			    struct cc_msg *answer)
{
	struct sip_identity_in in = {
		.caller = !l->uac && sip_msg_is_request(m)};

	list_parties(m, &in);
	sip_identity_read_connected(&in, sip_leg_conf(l)->who.trusted, answer);
}

void sip_who_hear_uui(struct leg *l, const struct sip_msg *m,
		      struct cc_uui *uui)
{
	if (l->inv.uui.open && !read_uui(m, uui))
		count_bad(l->legs);
}

/* --- writing --- */

static int add(struct sip_msg *m, const char *name, const char *value)
{
	return value[0] ? sip_msg_add(m, name, value) : 0;
}

struct sip_identity_conf sip_who_conf(const struct leg *l, const char *host)
{
	const struct conf_trunk_identity *who = &sip_leg_conf(l)->who;

	return (struct sip_identity_conf){
		.trusted = who->trusted,
		.host = host,
		.number = who->number,
		.divert = who->divert,
		.header = who->header,
		.tel = who->tel,
		.privacy = who->privacy,
		.context = who->context,
	};
}

int sip_who_target(const struct leg *l, const char *host,
		   char uri[SIP_URI_MAX])
{
	const struct conf_trunk_identity *who = &sip_leg_conf(l)->who;
	struct sip_tel_params p = {
		.sub = &l->setup.extra.called_sub,
		.context = who->context,
		.carrier = l->setup.extra.carrier,
		.carrier_context = who->carrier_context,
	};

	return sip_tel_uri(uri, SIP_URI_MAX, &l->setup.called, &p, host,
			   who->tel_uri);
}

/* RFC 4904: in Contact the group that the call came by, beside the trunk's own
 * number. */
int sip_who_contact(const struct leg *l, char buf[SIP_URI_MAX])
{
	const struct conf_trunk_identity *who = &sip_leg_conf(l)->who;
	const char *group = l->setup.extra.group, *ours = l->dialog.contact;
	bool named = who->number[0] &&
		     l->setup.calling.presentation != CC_PRES_RESTRICTED;
	int n;

	if (!who->group_context[0] || !group[0])
		return str_copy(buf, SIP_URI_MAX, ours) ? 0 : -E2BIG;
	n = snprintf(buf, SIP_URI_MAX, "<sip:%s;tgrp=%s;trunk-context=%s@%s",
		     named ? who->number : "anonymous", group,
		     who->group_context, ours + strlen("<sip:"));
	return n < SIP_URI_MAX ? 0 : -E2BIG;
}

static int add_divert(const struct leg *l, const struct sip_identity_conf *c,
		      const char *target, struct sip_msg *m)
{
	struct sip_divert_out out;
	int err;

	sip_divert_write(&l->setup, c, target, &out);
	if ((err = add(m, "Diversion", out.diversion[0])) != 0 ||
	    (err = add(m, "Diversion", out.diversion[1])) != 0)
		return err;
	return add(m, "History-Info", out.history);
}

int sip_who_write(struct leg *l, const struct sip_identity_conf *c,
		  const char *target, struct sip_msg *m)
{
	struct sip_identity_out out;
	int err;

	sip_identity_write(&l->setup, c, &out);
	if ((err = add(m, "P-Asserted-Identity", out.pai)) != 0 ||
	    (err = add(m, "P-Asserted-Identity", out.pai_tel)) != 0 ||
	    (err = add(m, "P-Preferred-Identity", out.ppi)) != 0 ||
	    (err = add(m, "Remote-Party-ID", out.rpid)) != 0 ||
	    (err = add(m, "Privacy", out.privacy)) != 0 ||
	    (err = add_divert(l, c, target, m)) != 0)
		return err;
	l->inv.uui.open = sip_leg_conf(l)->who.uui && l->setup.extra.uui.len;
	sip_who_say_uui(l, &l->setup.extra.uui, m);
	return 0;
}

const char *sip_who_host(const struct leg *l, char host[CONF_HOST])
{
	const struct conf_trunk *c = sip_leg_conf(l);
	struct net_addr local;
	char text[NET_STR_MAX];

	sip_stack_local(sip_legs_env(l->legs)->stack, &l->dialog.path, &local);
	str_copy(host, CONF_HOST,
		 c->domain[0] ? c->domain : net_str(&local, text));
	return host;
}

/* Of a request the Remote-Party-ID is about the party that we speak for. */
static const char *rpid_of(const struct leg *l, struct sip_identity_out *out,
			   const struct sip_msg *m)
{
	char *party = strstr(out->rpid, ";party=called");

	if (party && l->uac && sip_msg_is_request(m)) {
		memmove(party + strlen(";party=calling"),
			party + strlen(";party=called"),
			strlen(party + strlen(";party=called")) + 1);
		memcpy(party, ";party=calling", strlen(";party=calling"));
	}
	return out->rpid;
}

void sip_who_write_connected(const struct leg *l, const struct cc_msg *answer,
			     struct sip_msg *m)
{
	struct sip_identity_conf conf;
	struct sip_identity_out out;
	char host[CONF_HOST];

	conf = sip_who_conf(l, sip_who_host(l, host));
	sip_identity_write_connected(answer, &conf, &out);
	(void)add(m, "P-Asserted-Identity", out.pai);
	(void)add(m, "Remote-Party-ID", rpid_of(l, &out, m));
	(void)add(m, "Privacy", out.privacy);
}

void sip_who_say_uui(const struct leg *l, const struct cc_uui *uui,
		     struct sip_msg *m)
{
	char text[SIP_UUI_TEXT];

	if (!l->inv.uui.open)
		return;
	sip_uui_write(text, uui);
	(void)add(m, UUI, text);
}
