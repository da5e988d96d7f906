/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * Header values from the wire: Reason, and who calls. One line of the input
 * each: From, P-Asserted-Identity, Privacy, Remote-Party-ID, Diversion,
 * Reason, a URI, two of History-Info, User-to-User, Refer-To, Replaces. What was
 * read must be fit for the core, and what is written
 * from it must be readable again and hold no line end.
 */
#include "sip/cause.h"
#include "sip/divert.h"
#include "sip/identity.h"
#include "sip/refer.h"
#include "sip/telparam.h"
#include "sip/uui.h"

#include <stdlib.h>
#include <string.h>

#define LINES 12

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_value(const char *value)
{
	struct sip_name_addr a;
	struct sip_uri u;

	require(!strpbrk(value, "\r\n"));
	if (!*value)
		return;
	require(sip_name_addr_parse(&a, value) != NULL);
	require(sip_uri_parse(&u, a.uri) == 0);
}

/* What is written is read as the same diversion again. */
static void check_divert(const struct cc_msg *m,
			 const struct sip_identity_conf *conf)
{
	struct sip_identity_conf c = *conf;
	struct sip_divert_out out;
	struct sip_divert_in in = {0};
	struct cc_msg back = {0};

	c.divert = CONF_DIVERT_BOTH;
	sip_divert_write(m, &c, "sip:1@h", &out);
	check_value(out.diversion[0]);
	check_value(out.diversion[1]);
	check_value(out.history);
	if (!out.diversion[0][0])
		return;
	in.diversion[0] = out.diversion[0];
	in.diversion[1] = out.diversion[1][0] ? out.diversion[1] : NULL;
	require(sip_divert_read(&in, CONF_DIVERT_DIVERSION, &back));
	require(strcmp(back.redirecting.digits, m->redirecting.digits) == 0);
	require(back.extra.divert.count ==
		(m->extra.divert.count ? m->extra.divert.count : 1));
}

static void check_identity(const struct cc_msg *m,
			   const struct sip_identity_conf *conf)
{
	bool hidden = m->calling.presentation == CC_PRES_RESTRICTED;
	struct sip_identity_conf c = *conf;
	struct sip_identity_out out;
	unsigned i;

	c.tel = true;
	for (i = CONF_IDENTITY_PAI; i <= CONF_IDENTITY_RPID; i++) {
		c.header = (enum conf_identity)i;
		sip_identity_write(m, &c, &out);
		check_value(out.pai);
		check_value(out.pai_tel);
		check_value(out.ppi);
		check_value(out.rpid);
		if (hidden && !c.trusted)
			require(!out.pai[0] && !out.ppi[0] && !out.rpid[0]);
		sip_identity_write_connected(m, &c, &out);
		check_value(out.pai);
		check_value(out.rpid);
	}
}

static void check_setup(struct cc_msg *m, const char *digits)
{
	struct sip_identity_conf c = {.host = "gw.example", .number = ""};
	char from[SIP_URI_MAX];
	int i;

	m->head.type = CC_SETUP;
	m->head.version = LINK_VERSION;
	m->head.len = sizeof(*m);
	m->leg = 1;
	m->cause.location = CC_LOC_NONE;
	require(cc_msg_ok(&m->head));
	for (i = 0; i < 2; i++) {
		c.trusted = i == 1;
		sip_identity_from(m, &c, from);
		check_value(from);
		check_identity(m, &c);
		check_divert(m, &c);
		if (m->calling.presentation == CC_PRES_RESTRICTED &&
		    strlen(digits) > 3)
			require(!strstr(from, digits));
	}
}

static void check_reason(const char *text)
{
	struct sip_reason r = SIP_REASON_NONE;
	struct cc_cause c;

	(void)sip_reason_parse(&r, text);
	require(r.q850 <= 127 && r.sip <= 699);
	require(r.location <= 15 || r.location == CC_LOC_NONE);
	c = sip_cause_in(SIP_BY_BYE, 0, &r);
	require(c.value >= 1 && c.value <= 127);
}

/* What is read of a number's parameters is fit for the core, and written as
 * a URI that says the same. */
static void check_params(const struct sip_uri *u)
{
	static const struct conf_trunk_identity c = {
		.routing_number = true, .group_context = "example.com",
		.carrier_context = "+1"};
	struct cc_msg m = {.head = {LINK_VERSION, CC_SETUP, sizeof(m)},
			   .leg = 1};
	struct sip_tel_params p = {.sub = &m.extra.called_sub,
				   .context = "example.com",
				   .carrier = m.extra.carrier,
				   .carrier_context = "+1"};
	struct cc_sub back = {0};
	char buf[SIP_URI_MAX];
	struct sip_uri again;
	unsigned bad = 0;

	m.cause.location = CC_LOC_NONE;
	if (sip_tel_read(u, &c, &m, &bad) != 0)
		return;
	require(cc_msg_ok(&m.head));
	require(sip_tel_uri(buf, sizeof(buf), &m.called, &p, "h", true) > 0);
	require(sip_uri_parse(&again, buf) == 0);
	require(sip_tel_sub(&again, &back) == 0);
	require(back.len == m.extra.called_sub.len);
	require(memcmp(back.octets, m.extra.called_sub.octets, back.len) == 0);
}

static void check_uri(const char *text)
{
	struct cc_number n = {0};
	char buf[SIP_URI_MAX];
	struct sip_uri u;

	if (sip_uri_parse(&u, text) == 0)
		check_params(&u);
	if (sip_uri_parse(&u, text) != 0 || sip_uri_number(&u, &n) != 0)
		return;
	require(sip_uri_write(buf, sizeof(buf), &n, "h") > 0);
	require(sip_uri_parse(&u, buf) == 0);
}

static void check_uui(const char *text)
{
	char buf[SIP_UUI_TEXT];
	struct cc_uui uui = {0}, back = {0};

	if (sip_uui_parse(&uui, text) != 1)
		return;
	require(uui.len > 0 && uui.len <= CC_UUI_MAX);
	sip_uui_write(buf, &uui);
	require(sip_uui_parse(&back, buf) == 1);
	require(memcmp(&uui, &back, sizeof(uui)) == 0);
}

/* It goes into our own INVITE. */
static void check_refer_to(const char *text)
{
	struct sip_refer_to to;
	struct sip_replaces r;
	const char *p;

	(void)sip_frag_status(text, strlen(text));
	if (sip_refer_to_parse(&to, text) != 0)
		return;
	for (p = to.uri; *p; p++)
		require((unsigned char)*p > ' ' && !strchr("<>\"", *p));
	for (p = to.replaces; *p; p++)
		require((unsigned char)*p > ' ' && *p != ',');
	if (to.replaces[0])
		require(sip_replaces_parse(&r, to.replaces) == 0);
}

static void check_replaces(const char *text)
{
	struct sip_replaces r;

	if (sip_replaces_parse(&r, text) != 0)
		return;
	require(r.call_id[0] && r.to_tag[0] && r.from_tag[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *line[LINES], *p = text;
	struct sip_identity_in in = {0};
	struct sip_divert_in divert = {0};
	struct cc_msg m = {0};
	int i;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (i = 0; i < LINES; i++) {
		line[i] = p ? strsep(&p, "\n") : text + size;
	}
	in.from = line[0];
	in.pai[0] = line[1];
	in.privacy[0] = line[2];
	in.rpid[0] = line[3];
	in.rpid[1] = line[1];
	in.ppi[0] = line[0];
	divert.diversion[0] = divert.diversion[1] = line[4];
	divert.history[0] = line[7];
	divert.history[1] = line[8];
	divert.history[2] = line[0];
	for (i = 0; i < 2; i++) {
		(void)sip_divert_read(&divert, i == 1 ? CONF_DIVERT_HISTORY
						      : CONF_DIVERT_BOTH,
				      &m);
		sip_identity_read(&in, i == 1, &m);
		check_setup(&m, m.calling.digits);
		sip_identity_read_connected(&in, i == 1, &m);
		check_setup(&m, m.calling.digits);
	}
	check_reason(line[5]);
	check_uri(line[6]);
	check_uui(line[9]);
	check_refer_to(line[10]);
	check_replaces(line[11]);
	free(text);
	return 0;
}
