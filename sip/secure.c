/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/secure.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static const char *const profiles[SDP_PROFILES] = {
	[SDP_AVP] = "RTP/AVP",
	[SDP_AVPF] = "RTP/AVPF",
	[SDP_SAVP] = "RTP/SAVP",
	[SDP_SAVPF] = "RTP/SAVPF",
};

enum sdp_profile sdp_profile_of(const char *proto)
{
	unsigned i;

	for (i = 0; i < SDP_PROFILES; i++) {
		if (strcasecmp(profiles[i], proto) == 0)
			break;
	}
	return (enum sdp_profile)i;
}

const char *sdp_profile_name(enum sdp_profile p)
{
	return profiles[p];
}

static bool is_secure(enum sdp_profile p)
{
	return p == SDP_SAVP || p == SDP_SAVPF;
}

static bool has_suite(const struct sdp_local *l, unsigned suite)
{
	unsigned i;

	for (i = 0; i < l->n_suites; i++) {
		if (l->suites[i] == suite)
			return true;
	}
	return false;
}

/* One for each suite, unlike all others of the description. */
static int make_keys(struct sdp_secure *s)
{
	struct cc_key fresh[CC_SRTP_SUITES];
	unsigned i;
	int err = 0;

	for (i = 0; i < CC_SRTP_SUITES && !err; i++)
		err = sdes_make_key(&fresh[i]);
	if (!err) {
		memcpy(s->ours, fresh, sizeof(s->ours));
		s->has_keys = true;
	}
	explicit_bzero(fresh, sizeof(fresh));
	return err;
}

static bool have_keys(struct sdp_secure *s)
{
	return s->has_keys || make_keys(s) == 0;
}

void sdp_secure_resume(struct sdp_secure *s)
{
	struct cc_key used = s->ours[s->agreed.suite];

	if (s->agreed.suite != CC_RTP_PLAIN && make_keys(s) == 0)
		s->ours[s->agreed.suite] = used;
	explicit_bzero(&used, sizeof(used));
}

int sdp_secure_offered(struct sdp_secure *s, struct sdp_pick *p,
		       const struct sdp_local *l, const struct sdp_text *t,
		       unsigned line, bool srtp)
{
	struct sdes all[SDES_OFFERS];
	unsigned i, n;
	int err = -ENOKEY;

	memset(&p->sdes, 0, sizeof(p->sdes));
	if (!srtp)
		return l->srtp == CONF_SRTP_REQUIRED || is_secure(p->profile)
			       ? -ENOKEY
			       : 0;
	if (l->srtp == CONF_SRTP_OFF || !have_keys(s))
		return -ENOKEY;
	n = sdes_read_all(all, t->p, t->len, line);
	for (i = 0; i < n && err; i++) {
		if (has_suite(l, all[i].suite)) {
			p->sdes = all[i];
			err = 0;
		}
	}
	explicit_bzero(all, sizeof(all));
	return err;
}

/* Have we offered that? */
static bool is_offered(const struct sdp_secure *s, const struct sdes *k)
{
	unsigned i;

	for (i = 0; i < s->n_offered; i++) {
		if (s->offered[i].tag == k->tag)
			return s->offered[i].suite == k->suite;
	}
	return false;
}

int sdp_secure_answered(const struct sdp_secure *s, struct sdp_pick *p,
			const struct sdp_text *t, unsigned line)
{
	struct sdes all[SDES_OFFERS];
	unsigned i, n = sdes_read_all(all, t->p, t->len, line);
	int err = s->may_plain && !is_secure(p->profile) ? 0 : -ENOKEY;

	memset(&p->sdes, 0, sizeof(p->sdes));
	for (i = 0; i < n; i++) {
		if (is_offered(s, &all[i])) {
			p->sdes = all[i];
			err = 0;
			break;
		}
	}
	explicit_bzero(all, sizeof(all));
	return err;
}

/* The number by which our packets name their key: as long as the peer's, as
 * those expect it that know it from both sides or from none. */
static void mirror_mki(struct cc_key *tx, const struct cc_key *rx)
{
	tx->mki_len = rx->mki_len;
	memset(tx->mki, 0, sizeof(tx->mki));
	if (tx->mki_len)
		tx->mki[tx->mki_len - 1] = 1;
}

void sdp_secure_agree(struct sdp_secure *s, struct sdp_pick *p, bool offered)
{
	unsigned suite = p->sdes.suite;
	bool was = s->agreed.suite != CC_RTP_PLAIN;

	if (offered && was && suite &&
	    memcmp(&s->rx, &p->sdes.key, sizeof(s->rx)) != 0)
		(void)make_keys(s); /* else with those we have */
	s->profile = (uint8_t)p->profile;
	s->agreed = (struct sdp_suite){
		.tag = p->sdes.tag,
		.suite = p->sdes.suite,
		.name = p->sdes.name,
	};
	s->rx = p->sdes.key;
	if (suite && offered)
		mirror_mki(&s->ours[suite], &s->rx);
	explicit_bzero(p, sizeof(*p));
}

void sdp_secure_begin(struct sdp_secure *s, const struct sdp_local *l,
		      bool established)
{
	bool wants = established ? s->agreed.suite != CC_RTP_PLAIN
				 : l->srtp != CONF_SRTP_OFF;
	unsigned i;

	if (!established)
		s->profile = l->srtp == CONF_SRTP_REQUIRED ? SDP_SAVP : SDP_AVP;
	s->may_plain = established ? !wants : l->srtp != CONF_SRTP_REQUIRED;
	s->n_offered = 0;
	if (!wants || !have_keys(s))
		return;
	if (established) {
		s->offered[s->n_offered++] = s->agreed;
		return;
	}
	for (i = 0; i < l->n_suites && i < CC_SRTP_SUITES; i++) {
		s->offered[s->n_offered++] = (struct sdp_suite){
			.tag = i + 1,
			.suite = l->suites[i],
			.name = sdes_name_of(l->suites[i]),
		};
	}
}

static void write_one(const struct sdp_secure *s, struct sdp_out *o,
		      const struct sdp_suite *suite)
{
	struct sdes k = {
		.tag = suite->tag,
		.suite = suite->suite,
		.name = suite->name,
		.key = s->ours[suite->suite],
	};
	char text[SDES_LINE_MAX];

	if (sdes_write(&k, text, sizeof(text)) > 0)
		sdp_line(o, "a=crypto:%s", text);
	explicit_bzero(text, sizeof(text));
	explicit_bzero(&k, sizeof(k));
}

void sdp_secure_write_offer(const struct sdp_secure *s, struct sdp_out *o)
{
	unsigned i;

	for (i = 0; i < s->n_offered; i++)
		write_one(s, o, &s->offered[i]);
}

void sdp_secure_write_answer(const struct sdp_secure *s, struct sdp_out *o)
{
	if (s->agreed.suite)
		write_one(s, o, &s->agreed);
}
