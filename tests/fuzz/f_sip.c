/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * SIP from the wire: gate, parser, printer, clone, header getters, bodies,
 * refusals, stateless answers; STUN. What passes and is printed again must pass
 * again with the same transaction key fields.
 */
#include "sip/check.h"
#include "sip/digest.h"
#include "sip/gate.h"
#include "sip/msg.h"
#include "sip/outbound.h"
#include "sip/stun.h"
#include "sip/via.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const names[] = {
	"Via",		 "From",     "To",	     "Call-ID",
	"CSeq",		 "Contact",  "Route",	     "Record-Route",
	"Content-Type",	 "Allow",    "Accept",	     "Accept-Encoding",
	"Call-Info",	 "Alert-Info", "Authorization", "WWW-Authenticate",
	"MIME-Version",	 "Reason",   "Supported",    "Require",
	"Accept-Language", "Error-Info", "Proxy-Authenticate",
	"Authentication-Info", "Content-Encoding", "Proxy-Authorization",
};

static void get_all(const struct sip_msg *m)
{
	char buf[512];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		for (unsigned n = 0; n < 3; n++) {
			sip_msg_header(m, names[i], n, buf, sizeof(buf));
		}
		sip_msg_has_token(m, names[i], "x");
	}
	if (sip_outbound_flow_s(m) > SIP_FLOW_TIMER_S) {
		abort();
	}
}

static void get_body(const struct sip_msg *m)
{
	struct sip_part p;

	if (!sip_msg_body(m, "application/sdp", &p) &&
	    (p.data < m->body || p.data + p.len > m->body + m->body_len)) {
		abort();
	}
}

/* Printed and read again it is the same message. */
static void again(const struct sip_msg *m)
{
	struct sip_msg *c = sip_msg_clone(m), *r;
	char *wire;
	size_t len;

	if (!c) {
		return;
	}
	if (!sip_msg_print(c, &wire, &len)) {
		r = sip_msg_from_text(wire, len);
		if (r && (strcmp(sip_msg_call_id(r), sip_msg_call_id(m)) ||
			  sip_msg_cseq(r) != sip_msg_cseq(m) ||
			  strcmp(sip_msg_branch(r), sip_msg_branch(m)) ||
			  strcmp(sip_msg_from_tag(r), sip_msg_from_tag(m)) ||
			  strcmp(sip_msg_to_tag(r), sip_msg_to_tag(m)) ||
			  r->body_len != m->body_len)) {
			fprintf(stderr, "differs:\n%s\n", wire);
			abort();
		}
		sip_msg_free(r);
		free(wire);
	}
	sip_msg_free(c);
}

/* What we answer would pass our own gate and parser. */
static void expect_good(const char *wire, size_t len)
{
	struct sip_msg *m = sip_msg_from_text(wire, len);

	if (!m) {
		fprintf(stderr, "we sent:\n%s\n", wire);
		abort();
	}
	sip_msg_free(m);
}

static void answer(struct sip_msg *m)
{
	struct sip_msg *r;
	char *wire;
	size_t len;

	net_parse(&m->path.remote, "192.0.2.1:5060");
	if (via_stamp(m)) {
		return;
	}
	via_route(m, &m->path.remote);
	r = sip_request_check(m, "tag");
	if (!r) {
		r = sip_response_new(m, 200, NULL, "tag");
	}
	if (r && !sip_msg_print(r, &wire, &len)) {
		expect_good(wire, len);
		free(wire);
	}
	sip_msg_free(r);
}

static void credentials(const struct sip_msg *m)
{
	struct sip_request q = {.method = "INVITE", .uri = "sip:1@h",
				.from = "<sip:a@b>;tag=1", .to = "<sip:c@d>",
				.call_id = "x", .cseq = 1};
	struct sip_digest d = {.nc = 0};
	struct sip_msg *r = sip_request_new(&q);

	if (r) {
		sip_digest_answer(&d, m, r, "", "user", "password");
		sip_digest_repeat(&d, r, "user", "password");
	}
	sip_msg_free(r);
}

static void use(struct sip_msg *m)
{
	get_all(m);
	get_body(m);
	again(m);
	if (sip_msg_is_request(m)) {
		answer(m);
	} else {
		credentials(m);
	}
}

/* What is no SIP may be STUN. */
static void use_stun(const char *data, size_t size)
{
	struct net_addr from = {.family = 6, .port = 5060}, us;
	uint8_t out[STUN_MAX];

	switch (stun_kind_of(data, size)) {
	case STUN_REQUEST:
		if (stun_kind_of(out, stun_answer(data, &from, out)) !=
			    STUN_ANSWER ||
		    !stun_mapped(out, 44, (const uint8_t *)data + 8, &us) ||
		    !net_addr_eq(&us, &from)) {
			abort();
		}
		break;
	case STUN_ANSWER:
		(void)stun_mapped(data, size, (const uint8_t *)data + 8, &us);
		break;
	case STUN_NONE:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sip_gate_stats stats;
	struct net_addr source = {.family = 4, .port = 5060};
	struct sip_gate_result r;
	char out[8192];
	struct sip_msg *m;
	char *copy = malloc(size ? size : 1); /* exact: no octet behind it */

	memcpy(copy, data, size);
	use_stun(copy, size);
	sip_gate_check(copy, size, &r, &stats);
	if (r.verdict == SIP_GATE_PASS) {
		m = sip_msg_parse(copy, &r);
		if (m) {
			use(m);
		} else {
			sip_gate_refuse(copy, &r, SIP_GATE_PARSER, &stats);
		}
		sip_msg_free(m);
	}
	sip_gate_reply(&r, copy, &source, out, sizeof(out));
	free(copy);
	if (stats.seen != stats.passed + stats.replied + stats.dropped) {
		abort();
	}
	return 0;
}
