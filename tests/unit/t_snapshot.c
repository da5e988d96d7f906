/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip base */
/* Snapshots of SIP legs: there and back, cut anywhere, any octet changed. */
#include "sip/snapshot.c"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX 2048

static void sample_session(struct sip_snapshot *s)
{
	struct sdp_session *sdp = &s->sdp;

	s->local.rtp = (struct net_addr){.family = 6, .port = 40000,
					 .ip = {0x20, 1, 0xd, 0xb8}};
	s->local.dir = SDP_SEND;
	s->se = (struct sip_snapshot_se){0x708, true, false};
	s->refer = (struct sip_snapshot_refer){true, 3, 0x209};
	sdp->id = 0x11121314;
	sdp->version = 0x21222324;
	sdp->codec = CC_PCMA;
	sdp->event_tx = 97;
	sdp->event_rx = 101;
	sdp->ptime_ms = 30;
	sdp->dir = SDP_RECV;
	s->media = (struct cc_media){
		.rtp = {.family = 6, .port = 7000, .ip = {0x20, 2}},
		.valid = 1, .codec = CC_PCMU, .dtmf_pt = 96, .ptime_ms = 20,
		.direction = CC_RECVONLY};
	sdp->secure.profile = SDP_SAVP;
	sdp->audio = 1;
	sdp->n_media = sdp->remote.n_media = 2;
	strcpy(sdp->remote.media[0].type, "video");
	strcpy(sdp->remote.media[0].proto, "RTP/AVP");
	strcpy(sdp->remote.media[0].formats, "31 32");
	strcpy(sdp->remote.media[1].type, "audio");
	strcpy(sdp->remote.media[1].proto, "RTP/AVP");
	strcpy(sdp->remote.media[1].formats, "8");
}

static struct sip_snapshot sample(void)
{
	struct sip_snapshot s = {.kind = SIP_SNAPSHOT_DIALOG};
	struct sip_dialog *d = &s.dialog;

	strcpy(d->call_id, "4f1c@192.0.2.1");
	strcpy(d->local, "\"A \xc3\xa4\" <sip:+4930@192.0.2.1>;tag=ours");
	strcpy(d->remote, "<sip:+49711@192.0.2.9>;tag=theirs");
	strcpy(d->local_tag, "ours");
	strcpy(d->remote_tag, "theirs");
	strcpy(d->target, "sip:peer@192.0.2.9:5070");
	memcpy(d->routes, "<sip:a;lr>\0<sip:bb;lr>", 23);
	d->n_routes = 2;
	d->cseq = 0x01020304;
	d->remote_cseq = 0x05060708;
	strcpy(d->session, "0123456789abcdef0123456789abcdef");
	d->path.trunk = 3;
	d->path.bind = 2;
	d->path.proto = SIP_TCP;
	d->path.remote = (struct net_addr){.family = 4, .port = 5060,
					   .ip = {192, 0, 2, 9}};
	sample_session(&s);
	return s;
}

static size_t write_sample(uint8_t *buf)
{
	struct sip_snapshot s = sample();
	int len = sip_snapshot_write(&s, buf, MAX);

	ck_assert_int_gt(len, 0);
	return (size_t)len;
}

START_TEST(round_trip)
{
	struct sip_snapshot s = sample(), got;
	uint8_t buf[MAX];
	size_t len = write_sample(buf);

	ck_assert_int_eq(sip_snapshot_read(&got, buf, len), 0);
	ck_assert_int_eq(got.kind, s.kind);
	ck_assert_str_eq(got.dialog.call_id, s.dialog.call_id);
	ck_assert_str_eq(got.dialog.local, s.dialog.local);
	ck_assert_str_eq(got.dialog.remote, s.dialog.remote);
	ck_assert_str_eq(got.dialog.local_tag, s.dialog.local_tag);
	ck_assert_str_eq(got.dialog.remote_tag, s.dialog.remote_tag);
	ck_assert_str_eq(got.dialog.target, s.dialog.target);
	ck_assert_uint_eq(got.dialog.n_routes, 2);
	ck_assert_mem_eq(got.dialog.routes, s.dialog.routes, 23);
	ck_assert_uint_eq(got.dialog.cseq, 0x01020304);
	ck_assert_uint_eq(got.dialog.remote_cseq, 0x05060708);
	ck_assert(net_addr_eq(&got.local.rtp, &s.local.rtp));
	ck_assert_uint_eq(got.local.dir, SDP_SEND);
	ck_assert_uint_eq(got.se.interval_s, 0x708);
	ck_assert(got.se.ours && !got.se.peer_update);
	ck_assert(got.refer.going);
	ck_assert_uint_eq(got.refer.count, 3);
	ck_assert_uint_eq(got.refer.cseq, 0x209);
	ck_assert_str_eq(got.dialog.session, s.dialog.session);
	ck_assert_mem_eq(&got.sdp, &s.sdp, sizeof(got.sdp));
	ck_assert_mem_eq(&got.media, &s.media, sizeof(got.media));
	ck_assert_uint_eq(got.dialog.path.trunk, 3);
	ck_assert_uint_eq(got.dialog.path.bind, 2);
	ck_assert_uint_eq(got.dialog.path.proto, SIP_TCP);
	ck_assert(net_addr_eq(&got.dialog.path.remote, &s.dialog.path.remote));
}
END_TEST

/* What the octets are, so that another release can still read them. */
START_TEST(octets)
{
	static const uint8_t start[] = {6,    1,    3,	  2,	1,    4,
					192,  0,    2,	  9,	0,    0,
					0,    0,    0,	  0,	0,    0,
					0,    0,    0,	  0,	0x13, 0xc4,
					1,    2,    3,	  4,	5,    6,
					7,    8,    0,	  14,	'4',  'f',
					'1',  'c'};
	static const uint8_t session[] = {
		0,  0,	7,    8,    1,	  0,
		1,  0,	0,    0,    3,	  0,	0,    2,    9,
		1,  6,	0x20, 1,    0xd,  0xb8, 0,    0,    0,	  0,	0,
		0,  0,	0,    0,    0,	  0,	0,    0x9c, 0x40, 1,
		17, 18, 19,   20,   0x21, 0x22, 0x23, 0x24, 8,	  97,	101,
		30, 2,	6,    0x20, 2,	  0,	0,    0,    0,	  0,	0,
		0,  0,	0,    0,    0,	  0,	0,    0,    0x1b, 0x58, 0,
		96, 20, 2,    2,    0,	  1,	2,    0,    5,    'v',  'i',  'd',	'e',
		'o'};
	static const uint8_t end[] = "\0\013<sip:bb;lr>";
	const size_t tail = sizeof(session) - 7 + 42;
	uint8_t buf[MAX];
	size_t len = write_sample(buf);

	ck_assert_mem_eq(buf, start, sizeof(start));
	ck_assert_mem_eq(buf + len - tail, session, sizeof(session));
	ck_assert_mem_eq(buf + len - tail - 13, end, 13);
}
END_TEST

START_TEST(every_cut)
{
	uint8_t buf[MAX + 1];
	struct sip_snapshot got;
	size_t len = write_sample(buf), n;

	for (n = 0; n < len; n++) {
		uint8_t *exact = malloc(n + 1);

		ck_assert_ptr_nonnull(exact);
		memcpy(exact, buf, n);
		ck_assert_int_eq(sip_snapshot_read(&got, exact, n), -EBADMSG);
		free(exact);
	}
	buf[len] = 0;
	ck_assert_int_eq(sip_snapshot_read(&got, buf, len + 1), -EBADMSG);
}
END_TEST

static void check_clean(const char *text, size_t size)
{
	ck_assert_ptr_nonnull(memchr(text, 0, size));
	ck_assert_ptr_null(strpbrk(text, "\r\n"));
}

/* Refused, or a snapshot that says what the octets say. */
START_TEST(every_octet)
{
	uint8_t buf[MAX], again[MAX];
	struct sip_snapshot got;
	size_t len = write_sample(buf), i;
	unsigned v, refused = 0;

	for (i = 0; i < len; i++) {
		uint8_t old = buf[i];

		for (v = 0; v < 256; v++) {
			buf[i] = (uint8_t)v;
			if (sip_snapshot_read(&got, buf, len) != 0) {
				refused++;
				continue;
			}
			ck_assert_int_eq(sip_snapshot_write(&got, again, MAX),
					 (int)len);
			ck_assert_mem_eq(again, buf, len);
			check_clean(got.dialog.local, SIP_URI_MAX);
			check_clean(got.dialog.target, SIP_URI_MAX);
		}
		buf[i] = old;
	}
	ck_assert_uint_gt(refused, 1000);
}
END_TEST

START_TEST(kinds)
{
	struct sip_snapshot s = sample(), got;
	uint8_t buf[MAX];
	unsigned kind;
	int len;

	for (kind = 0; kind < 8; kind++) {
		s = sample();
		s.kind = (enum sip_snapshot_kind)kind;
		s.dialog.n_routes = 1;
		s.ok.wire = (struct txn_octets){"x", 1};
		len = sip_snapshot_write(&s, buf, MAX);
		ck_assert_int_eq(sip_snapshot_read(&got, buf, (size_t)len),
				 kind >= 1 && kind < SIP_SNAPSHOT_KINDS
					 ? 0
					 : -EBADMSG);
		s.dialog.n_routes = 0;
		s.dialog.target[0] = '\0';
		len = sip_snapshot_write(&s, buf, MAX);
		ck_assert_int_eq(sip_snapshot_read(&got, buf, (size_t)len),
				 -EBADMSG);
	}
}
END_TEST

START_TEST(limits)
{
	struct sip_snapshot s = sample(), got;
	uint8_t buf[MAX];
	int len = sip_snapshot_write(&s, buf, MAX);

	ck_assert_int_eq(sip_snapshot_write(&s, buf, (size_t)len), len);
	ck_assert_int_eq(sip_snapshot_write(&s, buf, (size_t)len - 1), -E2BIG);
	memset(s.dialog.local, 'x', SIP_URI_MAX - 1);
	memset(s.dialog.target, 'x', SIP_URI_MAX - 1);
	memset(s.dialog.routes, 'x', MAX / 2);
	ck_assert_int_eq(sip_snapshot_write(&s, buf, MAX), -E2BIG);
	s = sample();
	s.dialog.call_id[0] = '\0';
	len = sip_snapshot_write(&s, buf, MAX);
	ck_assert_int_eq(sip_snapshot_read(&got, buf, (size_t)len), -EBADMSG);
	s = sample();
	s.dialog.path.remote.port = 0;
	len = sip_snapshot_write(&s, buf, MAX);
	ck_assert_int_eq(sip_snapshot_read(&got, buf, (size_t)len), -EBADMSG);
	s = sample();
	s.sdp.audio = 2;
	len = sip_snapshot_write(&s, buf, MAX);
	ck_assert_int_eq(sip_snapshot_read(&got, buf, (size_t)len), -EBADMSG);
}
END_TEST

START_TEST(secure)
{
	struct sip_snapshot s = sample(), got;
	struct sdp_secure *k = &s.sdp.secure;
	uint8_t buf[MAX];
	int len;

	k->agreed = (struct sdp_suite){
		.tag = 7,
		.suite = CC_SRTP_GCM_256,
		.name = sdes_name_of(CC_SRTP_GCM_256),
	};
	memset(&k->ours[CC_SRTP_GCM_256], 0x5a, sizeof(k->rx));
	memset(&k->rx, 0xa5, sizeof(k->rx));
	k->rx.mki_len = k->ours[CC_SRTP_GCM_256].mki_len = 3;
	len = sip_snapshot_write(&s, buf, MAX);
	ck_assert_int_eq(sip_snapshot_read(&got, buf, (size_t)len), 0);
	ck_assert_mem_eq(&got.sdp.secure, k, sizeof(*k));
	ck_assert_uint_eq(got.media.crypto.suite, CC_SRTP_GCM_256);
	ck_assert_mem_eq(&got.media.crypto.tx, &k->ours[CC_SRTP_GCM_256],
			 sizeof(k->rx));
	ck_assert_mem_eq(&got.media.crypto.rx, &k->rx, sizeof(k->rx));
	k->agreed.name = sdes_name_of(CC_SRTP_AES_128_80);
	len = sip_snapshot_write(&s, buf, MAX);
	ck_assert_int_eq(sip_snapshot_read(&got, buf, (size_t)len), -EBADMSG);
}
END_TEST

/* Our 2xx is there as it was sent. */
START_TEST(answered)
{
	static const uint8_t end[] = {0, 0, 0, 7, 0, 9, 'S', 'I', 'P', '/', '2',
				      '.', '0', '\r', '\n'};
	struct sip_snapshot s = sample(), got;
	uint8_t buf[MAX];
	int len;

	s.kind = SIP_SNAPSHOT_ANSWERED;
	s.ok = (struct sip_snapshot_2xx){7, {"SIP/2.0\r\n", 9}};
	len = sip_snapshot_write(&s, buf, MAX);
	ck_assert_mem_eq(buf + len - sizeof(end), end, sizeof(end));
	ck_assert_int_eq(sip_snapshot_read(&got, buf, (size_t)len), 0);
	ck_assert(sip_snapshot_is_answered(&got));
	ck_assert_mem_eq(&got.media, &s.media, sizeof(got.media));
	ck_assert_uint_eq(got.ok.cseq, 7);
	ck_assert_uint_eq(got.ok.wire.len, 9);
	ck_assert_mem_eq(got.ok.wire.text, "SIP/2.0\r\n", 9);
	ck_assert_int_eq(sip_snapshot_read(&got, buf, (size_t)len - 1),
			 -EBADMSG);
	s.ok.wire.len = 0;
	len = sip_snapshot_write(&s, buf, MAX);
	ck_assert_int_eq(sip_snapshot_read(&got, buf, (size_t)len), -EBADMSG);
}
END_TEST

/* Answered, but what the peer's end is comes with the ACK. */
START_TEST(no_session)
{
	struct sip_snapshot s = sample(), got;
	uint8_t buf[MAX];
	int len;

	s.media.valid = 0;
	len = sip_snapshot_write(&s, buf, MAX);
	ck_assert_int_eq(sip_snapshot_read(&got, buf, (size_t)len), 0);
	ck_assert(!got.media.valid);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("snapshot");
	TCase *t = tcase_create("all");

	tcase_add_test(t, round_trip);
	tcase_add_test(t, octets);
	tcase_add_test(t, every_cut);
	tcase_add_test(t, every_octet);
	tcase_add_test(t, kinds);
	tcase_add_test(t, limits);
	tcase_add_test(t, secure);
	tcase_add_test(t, answered);
	tcase_add_test(t, no_session);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
