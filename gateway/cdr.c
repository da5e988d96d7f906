/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/cdr.h"

#include "gateway/base/json.h"

#include <errno.h>

static const char *name_of(const char *const names[], size_t n, unsigned i)
{
	return i < n ? names[i] : "?";
}

const char *cdr_by_name(unsigned by)
{
	static const char *const names[] = {
		[CDR_BY_PSTN] = "pstn",		[CDR_BY_SIP] = "sip",
		[CDR_BY_GW] = "gw",		[CDR_BY_OPERATOR] = "operator",
		[CDR_BY_CRASH] = "crash",
	};

	return name_of(names, sizeof(names) / sizeof(names[0]), by);
}

static const char *bearer_name(unsigned bearer)
{
	static const char *const names[] = {
		[CC_BEARER_SPEECH] = "speech",
		[CC_BEARER_AUDIO_31] = "3.1kHz",
		[CC_BEARER_UNRESTRICTED] = "unrestricted",
		[CC_BEARER_RESTRICTED] = "restricted",
		[CC_BEARER_VIDEO] = "video",
		[CC_BEARER_OTHER] = "other",
	};

	return name_of(names, sizeof(names) / sizeof(names[0]), bearer);
}

static const char *presentation_name(unsigned p)
{
	static const char *const names[] = {"allowed", "restricted",
					    "unavailable"};

	return name_of(names, sizeof(names) / sizeof(names[0]), p);
}

static const char *screening_name(unsigned s)
{
	static const char *const names[] = {"none", "passed", "failed",
					    "network"};

	return name_of(names, sizeof(names) / sizeof(names[0]), s);
}

static void put_number(struct json *j, const char *key,
		       const struct cc_number *n)
{
	char text[CC_DIGITS_MAX + 2];

	if (n->valid) {
		json_str(j, key, cc_number_str(n, text));
	}
}

static void put_text(struct json *j, const char *key, const char *text)
{
	if (text[0] != '\0') {
		json_str(j, key, text);
	}
}

static const char *reason_name(unsigned reason)
{
	switch (reason) {
	case CC_DIVERT_BUSY:
		return "busy";
	case CC_DIVERT_NO_REPLY:
		return "no reply";
	case CC_DIVERT_DEFLECTION:
		return "deflection";
	case CC_DIVERT_OUT_OF_ORDER:
		return "out of order";
	case CC_DIVERT_UNCONDITIONAL:
		return "unconditional";
	default:
		return "unknown";
	}
}

void cdr_put_verified(struct json *j, const struct cc_verified *v)
{
	static const char *const names[] = {
		[CC_VERDICT_NONE] = "",
		[CC_VERDICT_PASSED] = "passed",
		[CC_VERDICT_FAILED] = "failed",
		[CC_VERDICT_UNSIGNED] = "unsigned",
	};
	char attest[2] = {v->attest};

	if (v->verdict != CC_VERDICT_NONE) {
		json_str(j, "stir",
			 name_of(names, sizeof(names) / sizeof(names[0]),
				 v->verdict));
	}
	if (v->attest) {
		json_str(j, "attest", attest);
	}
}

static void put_numbers(struct json *j, const struct cdr_numbers *n)
{
	put_number(j, "from", &n->from);
	put_number(j, "to", &n->to);
	put_number(j, "from_out", &n->from_out);
	put_number(j, "to_out", &n->to_out);
	put_number(j, "redirected_from", &n->redirecting);
	if (n->redirecting.valid) {
		json_str(j, "redirect_reason", reason_name(n->divert_reason));
		json_int(j, "redirect_count", n->divert_count);
	}
	cdr_put_verified(j, &n->verified);
	put_number(j, "connected", &n->connected);
	put_text(j, "name", n->name);
	if (n->from.valid) {
		json_str(j, "presentation",
			 presentation_name(n->from.presentation));
		json_str(j, "screening", screening_name(n->from.screening));
	}
}

static void put_side(struct json *j, const struct cdr_side *s)
{
	char addr[NET_STR_MAX];

	if (!s->used) {
		return;
	}
	if (s->end.kind == CC_END_SPAN) {
		json_str(j, "span", s->name);
		if (s->slot != 0) {
			json_int(j, "slot", s->slot);
		}
		put_text(j, "call_ref", s->ref);
		put_text(j, "isdn_detail", s->detail);
		return;
	}
	json_str(j, "trunk", s->name);
	put_text(j, "call_id", s->ref);
	put_text(j, "sip_detail", s->detail);
	if (s->rtp.family != 0) {
		json_str(j, "remote_rtp", net_str(&s->rtp, addr));
	}
}

static void put_time(struct json *j, const char *key, int64_t ms)
{
	if (ms != 0) {
		json_int(j, key, ms);
	}
}

static void put_times(struct json *j, const struct cdr_times *t)
{
	put_time(j, "t_setup", t->setup);
	put_time(j, "t_alert", t->alert);
	put_time(j, "t_answer", t->answer);
	put_time(j, "t_end", t->end);
	json_int(j, "dur_ms", t->dur_ms);
	json_int(j, "bill_ms", t->bill_ms);
	if (t->alert != 0 || t->answer != 0) {
		json_int(j, "pdd_ms", t->pdd_ms);
	}
}

static void put_end(struct json *j, const struct cdr *c)
{
	json_int(j, "q850", c->end.cause.value);
	if (c->end.cause.location != CC_LOC_NONE) {
		json_int(j, "location", c->end.cause.location);
	}
	json_str(j, "cause", cause_name(c->end.cause.value));
	json_str(j, "ended_by", cdr_by_name(c->end.by));
	put_text(j, "reason", c->end.reason);
	if (c->route != 0) {
		json_int(j, "route", c->route);
	}
	if (c->n_tries == 0) {
		return;
	}
	json_arr(j, "tries");
	for (unsigned i = 0; i < c->n_tries && i < CDR_TRIES; i++) {
		json_obj(j, NULL);
		json_int(j, "route", c->tries[i].route);
		json_int(j, "q850", c->tries[i].cause);
		json_close(j);
	}
	json_close(j);
}

static void put_transfer(struct json *j, const struct cdr_transfer *t)
{
	static const char *const names[] = {
		[CDR_TRANSFER_NONE] = "",
		[CDR_TRANSFER_GOING] = "going",
		[CDR_TRANSFER_DONE] = "done",
		[CDR_TRANSFER_FAILED] = "failed",
	};

	if (t->result == CDR_TRANSFER_NONE) {
		return;
	}
	json_str(j, "transfer", name_of(names, CDR_TRANSFERS, t->result));
	put_text(j, "transferred_by", t->by);
	put_number(j, "transferred_to", &t->to);
	if (t->result == CDR_TRANSFER_FAILED) {
		json_int(j, "transfer_q850", t->cause.value);
	}
	if (t->result == CDR_TRANSFER_DONE) {
		put_text(j, "joined_with", t->call);
	}
}

static void put_db(struct json *j, const char *key, int16_t centi)
{
	if (centi != INT16_MIN) {
		json_num(j, key, centi / 100.0, 2);
	}
}

static void put_figures(struct json *j, const struct media_figures *f)
{
	json_int(j, "rtp_tx", f->rtp_tx);
	json_int(j, "rtp_rx", f->rtp_rx);
	json_int(j, "rtp_lost", f->rtp_lost);
	json_int(j, "rtp_late", f->rtp_late);
	json_int(j, "rtp_dup", f->rtp_dup);
	json_int(j, "rtp_bad", f->rtp_bad);
	if (f->srtp_forged != 0 || f->srtp_replayed != 0) {
		json_int(j, "srtp_forged", f->srtp_forged);
		json_int(j, "srtp_replayed", f->srtp_replayed);
	}
	json_num(j, "jitter_ms", f->jitter_us / 1000.0, 2);
	if (f->rtt_us != 0) {
		json_num(j, "rtt_ms", f->rtt_us / 1000.0, 2);
		json_int(j, "peer_lost", f->peer_lost);
	}
	json_int(j, "concealed_ms", f->concealed_ms);
	put_db(j, "erl_db", f->erl_cdb);
	put_db(j, "erle_db", f->erle_cdb);
	if (f->mos_c != 0) {
		json_num(j, "mos", f->mos_c / 100.0, 2);
	}
	json_int(j, "dtmf", f->dtmf);
}

/* As in the crypto attribute of SDP. */
static const char *const suite_names[CC_SRTP_SUITES] = {
	[CC_SRTP_AES_128_80] = "AES_CM_128_HMAC_SHA1_80",
	[CC_SRTP_AES_128_32] = "AES_CM_128_HMAC_SHA1_32",
	[CC_SRTP_AES_256_80] = "AES_256_CM_HMAC_SHA1_80",
	[CC_SRTP_AES_256_32] = "AES_256_CM_HMAC_SHA1_32",
	[CC_SRTP_GCM_128] = "AEAD_AES_128_GCM",
	[CC_SRTP_GCM_256] = "AEAD_AES_256_GCM",
};

int cdr_line(const struct cdr *c, const char *node, char *buf, size_t size)
{
	struct json j;
	int n;

	json_init(&j, buf, size);
	json_obj(&j, NULL);
	json_str(&j, "id", c->id);
	json_int(&j, "seq", (int64_t)c->seq);
	json_str(&j, "node", node);
	json_str(&j, "dir", c->a.end.kind == CC_END_SPAN ? "pstn>sip"
							 : "sip>pstn");
	json_bool(&j, "emergency", c->emergency != 0);
	json_str(&j, "bearer", bearer_name(c->bearer));
	put_numbers(&j, &c->num);
	put_side(&j, &c->a);
	put_side(&j, &c->b);
	put_times(&j, &c->t);
	put_end(&j, c);
	put_transfer(&j, &c->transfer);
	if (c->has_figures) {
		json_str(&j, "codec", c->codec >= CC_CLEARMODE   ? "CLEARMODE"
				      : c->codec == CC_PCMU ? "PCMU"
							    : "PCMA");
		if (c->srtp > CC_RTP_PLAIN && c->srtp < CC_SRTP_SUITES)
			json_str(&j, "srtp", suite_names[c->srtp]);
		put_figures(&j, &c->figures);
	}
	json_close(&j);
	n = json_end(&j);
	if (n < 0 || (size_t)n + 2 > size) {
		return -ENOSPC;
	}
	buf[n] = '\n';
	buf[n + 1] = '\0';
	return n + 1;
}
