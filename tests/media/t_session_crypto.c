/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lsrtp2 */
/*
 * Calls with SRTP through the engine; libsrtp2 is the far end. Speech passes
 * to the sample, both ways and in each suite; what is forged, replayed, plain
 * or from elsewhere is counted and never heard; new keys and senders keep the
 * call; keys are gone when it is over.
 */
#include "rig.c"
#include "line_signal.c"

#include <srtp2/srtp.h>

#include "tests/unit/rnd.h"
#include "tests/suite.h"

enum { SECOND = 8000, PACKET = 160, KEPT = 128, LOUD = 0x2a };

static uint8_t speech[10 * SECOND];

struct datagram {
	size_t len;
	uint8_t octets[1500];
};

/* The far end of RTP. */
struct far {
	srtp_t tx, rx;
	size_t at, n; /* of speech */
	unsigned phase;
	struct datagram kept[KEPT]; /* what was sent last */
	unsigned sent;
	void (*attack)(struct rig *, struct far *);
	struct rnd rnd;
	int stranger; /* a socket of another host */
	unsigned reports;
};

static struct far far;

static struct srtp_master key(unsigned n)
{
	struct srtp_master m = { .mki_len = 0 };

	for (unsigned i = 0; i < SRTP_KEY; i++)
		m.key[i] = (uint8_t)(31 * n + i);
	for (unsigned i = 0; i < SRTP_SALT; i++)
		m.salt[i] = (uint8_t)(17 * n + 3 * i);
	return m;
}

static void set_policy(srtp_policy_t *p, unsigned suite)
{
	typedef void set_fn(srtp_crypto_policy_t *);
	static set_fn *const set[SRTP_SUITES][2] = {
		[SRTP_AES_CM_128_SHA1_80] = {
			srtp_crypto_policy_set_rtp_default,
			srtp_crypto_policy_set_rtcp_default },
		[SRTP_AES_CM_128_SHA1_32] = {
			srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
			srtp_crypto_policy_set_rtcp_default },
		[SRTP_AES_CM_256_SHA1_80] = {
			srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
			srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
		[SRTP_AES_CM_256_SHA1_32] = {
			srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
			srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
		[SRTP_AEAD_AES_128_GCM] = {
			srtp_crypto_policy_set_aes_gcm_128_16_auth,
			srtp_crypto_policy_set_aes_gcm_128_16_auth },
		[SRTP_AEAD_AES_256_GCM] = {
			srtp_crypto_policy_set_aes_gcm_256_16_auth,
			srtp_crypto_policy_set_aes_gcm_256_16_auth },
	};

	memset(p, 0, sizeof(*p));
	set[suite][0](&p->rtp);
	set[suite][1](&p->rtcp);
}

/* Creates, or gives other keys. */
static void far_keys(srtp_t *s, unsigned suite, unsigned n,
		     srtp_ssrc_type_t direction)
{
	size_t len = suite == SRTP_AES_CM_128_SHA1_80 ||
			suite == SRTP_AES_CM_128_SHA1_32 ||
			suite == SRTP_AEAD_AES_128_GCM ? 16 : 32;
	struct srtp_master m = key(n);
	uint8_t both[SRTP_KEY + SRTP_SALT];
	srtp_policy_t p;

	memcpy(both, m.key, len);
	memcpy(both + len, m.salt, SRTP_SALT);
	set_policy(&p, suite);
	p.key = both;
	p.ssrc.type = direction;
	ck_assert_int_eq(*s ? srtp_update(*s, &p) : srtp_create(s, &p),
			 srtp_err_status_ok);
}

static void our_keys(struct rig *r, unsigned suite, unsigned tx, unsigned rx)
{
	struct engine_command c = {
		.u.crypto = { (uint8_t)suite, key(tx), key(rx),
			      0x10000 + tx },
	};

	rig_command(r, ENGINE_CRYPTO, &c);
}

static struct datagram make(struct rig *r, const uint8_t *codes)
{
	struct datagram d = { .len = RTP_HEADER + PACKET };
	struct rtp_packet p = {
		.pt = 8, .seq = r->seq, .ts = r->ts, .ssrc = r->ssrc,
	};

	rtp_header(d.octets, &p);
	memcpy(d.octets + RTP_HEADER, codes, PACKET);
	return d;
}

static void sealed(srtp_t s, struct datagram *d)
{
	int n = (int)d->len;

	ck_assert_int_eq(srtp_protect(s, d->octets, &n), srtp_err_status_ok);
	d->len = (size_t)n;
}

static void far_ms(struct rig *r, void *arg)
{
	struct datagram d;

	(void)arg;
	if (far.attack)
		far.attack(r, &far);
	if (++far.phase % 20 || far.at + PACKET > far.n)
		return;
	d = make(r, speech + far.at);
	sealed(far.tx, &d);
	rig_send_raw(r, d.octets, d.len);
	far.kept[far.sent++ % KEPT] = d;
	far.at += PACKET;
	r->seq++;
	r->ts += PACKET;
}

static void start(struct rig *r, unsigned suite)
{
	struct rig_config c = { .law = LAW_A };
	static float x[10 * SECOND];
	struct media_modify m;

	memset(&far, 0, sizeof(far));
	signal_speech(x, 10 * SECOND, -16, 7);
	for (size_t i = 0; i < 10 * SECOND; i++)
		speech[i] = law_encode(LAW_A, (int)lrintf(x[i]));
	rnd_init(&far.rnd, "t_session_crypto");
	rig_init(r, &c);
	rig_run(r, 50);
	rig_open(r);
	our_keys(r, suite, 1, 2);
	m = rig_modify_default(r);
	rig_modify(r, &m);
	rig_connect(r, false);
	far_keys(&far.tx, suite, 2, ssrc_any_outbound);
	far_keys(&far.rx, suite, 1, ssrc_any_inbound);
	r->on_ms = far_ms;
}

static void stop(struct rig *r)
{
	srtp_dealloc(far.tx);
	srtp_dealloc(far.rx);
	rig_fini(r);
}

static bool contains(const uint8_t *a, size_t na, const uint8_t *b, size_t nb)
{
	for (size_t i = 0; i + nb <= na; i++)
		if (memcmp(a + i, b, nb) == 0)
			return true;
	return false;
}

/* What the far end understands of the packets from `first` on, joined. */
static size_t understood(struct rig *r, unsigned first, uint8_t *out)
{
	size_t n = 0;

	for (unsigned i = first; i < r->n_packets; i++) {
		int len = (int)r->packets[i].len;

		ck_assert_int_gt(len, RTP_HEADER + PACKET);
		ck_assert_int_eq(srtp_unprotect(far.rx, r->packets[i].data,
						&len), srtp_err_status_ok);
		ck_assert_int_eq(len, RTP_HEADER + PACKET);
		memcpy(out + n, r->packets[i].data + RTP_HEADER, PACKET);
		n += PACKET;
	}
	return n;
}

static struct session *session(struct rig *r)
{
	return &r->e->sessions[0];
}

START_TEST(test_both_ways)
{
	static uint8_t out[10 * SECOND];
	struct rig r;
	size_t n;

	start(&r, (unsigned)_i);
	far.n = 2 * SECOND;
	r.said = speech + 3 * SECOND;
	r.n_said = 2 * SECOND;
	rig_run(&r, 2500);
	ck_assert(contains(r.heard, r.n_heard, speech + 480,
			   2 * SECOND - 1120));
	n = understood(&r, 0, out);
	ck_assert_uint_ge(n, 2 * SECOND);
	ck_assert(contains(out, n, speech + 3 * SECOND + 400,
			   2 * SECOND - 400));
	ck_assert_uint_eq(session(&r)->crypto.forged, 0);
	ck_assert_uint_eq(session(&r)->crypto.replayed, 0);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_RTP), 1);
	stop(&r);
}
END_TEST

/* A sender report to us, sealed or not. */
static void send_report(struct rig *r, bool seal)
{
	struct net_addr to = r->ours;
	uint8_t out[RTCP_MAX + SRTP_MAX_TRAILER_LEN + 4];
	struct rtcp_report report = {
		.ssrc = r->ssrc, .sender = true, .ntp = 1ull << 32,
		.has_block = true,
		.block = { .ssrc = 0x1234, .lost = seal ? 17 : 99 },
		.cname = "far",
	};
	int n = (int)rtcp_write(out, &report);

	to.port++;
	if (seal)
		ck_assert_int_eq(srtp_protect_rtcp(far.tx, out, &n),
				 srtp_err_status_ok);
	ck_assert_int_eq(udp_send(r->rtcp, &to, out, (size_t)n), 0);
}

START_TEST(test_rtcp)
{
	uint8_t in[1500];
	struct rig r;
	unsigned reports = 0;
	ssize_t n;

	start(&r, (unsigned)_i);
	far.n = 10 * SECOND;
	rig_run(&r, 10);
	for (unsigned i = 0; i < 20; i++) {
		send_report(&r, i == 10);
		rig_run(&r, 500);
		while ((n = recv(r.rtcp, in, sizeof(in), MSG_DONTWAIT)) > 0) {
			struct rtcp_report report;
			int len = (int)n;

			ck_assert_int_eq(srtp_unprotect_rtcp(far.rx, in, &len),
					 srtp_err_status_ok);
			ck_assert_int_eq(rtcp_parse(&report, in, (size_t)len,
						    r.ssrc), 0);
			ck_assert(report.has_block);
			reports++;
		}
		ck_assert_uint_eq(session(&r)->rtcp.peer_lost,
				  i < 10 ? 0 : 17);
	}
	ck_assert_uint_ge(reports, 1);
	ck_assert_uint_eq(session(&r)->crypto.forged, 19);
	rig_command(&r, ENGINE_CLOSE, &(struct engine_command){ 0 });
	rig_run(&r, 5);
	n = recv(r.rtcp, in, sizeof(in), MSG_DONTWAIT);
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(srtp_unprotect_rtcp(far.rx, in, &(int){ (int)n }),
			 srtp_err_status_ok);
	ck_assert_uint_eq(r.figures.srtp_forged, 19);
	stop(&r);
}
END_TEST

/* Every ms: plain, forged, replayed, random, from another host. */
static void attack(struct rig *r, struct far *f)
{
	static const uint8_t loud[PACKET] = { [0 ... PACKET - 1] = LOUD };
	struct datagram d = make(r, loud);
	unsigned n = f->sent < KEPT ? f->sent : KEPT;

	switch (rnd_below(&f->rnd, 5)) {
	case 0: /* plain */
		break;
	case 1: /* with a tag by chance */
		for (unsigned i = 0; i < 16; i++)
			d.octets[d.len++] = (uint8_t)rnd_u32(&f->rnd);
		break;
	case 2: /* a bit of a genuine one, of this moment or before */
		if (!n)
			return;
		d = f->kept[rnd_below(&f->rnd, n)];
		d.octets[rnd_below(&f->rnd, (uint32_t)d.len)] ^=
			(uint8_t)(1 << rnd_below(&f->rnd, 8));
		break;
	case 3:
		if (!n)
			return;
		d = f->kept[rnd_below(&f->rnd, n)];
		break;
	default:
		d.len = rnd_below(&f->rnd, 1501);
		for (size_t i = 0; i < d.len; i++)
			d.octets[i] = (uint8_t)rnd_u32(&f->rnd);
		break;
	}
	if (rnd_below(&f->rnd, 8) == 0)
		udp_send(f->stranger, &r->ours, d.octets, d.len);
	else
		rig_send_raw(r, d.octets, d.len);
}

static int other_host(void)
{
	struct net_addr a = { .family = 4, .ip = { 127, 0, 0, 2 } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t n = net_to_sockaddr(&a, &ss);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, n), 0);
	return fd;
}

START_TEST(test_attacked)
{
	struct media_figures fig;
	struct rig r;
	size_t from;

	start(&r, (unsigned)_i);
	far.n = 3 * SECOND;
	far.stranger = other_host();
	far.attack = attack;
	rig_run(&r, 3500);
	ck_assert(contains(r.heard, r.n_heard, speech + 480,
			   3 * SECOND - 1120));
	from = r.n_heard;
	rig_run(&r, 1000);
	ck_assert_uint_ge(r.n_heard, from + SECOND - 80);
	for (size_t i = from; i < r.n_heard; i++)
		ck_assert_uint_eq(r.heard[i], law_silence(LAW_A));
	session_figures(session(&r), &fig);
	ck_assert_uint_eq(fig.rtp_rx, 3 * 50);
	ck_assert_uint_ge(fig.srtp_forged, 1000);
	ck_assert_uint_ge(fig.srtp_replayed, 300);
	ck_assert_uint_ge(fig.rtp_bad, 200);
	ck_assert_uint_eq(fig.rtp_lost + fig.rtp_late + fig.rtp_dup, 0);
	ck_assert_uint_eq(r.n_events, 1);
	ck_assert(session(&r)->open);
	close(far.stranger);
	stop(&r);
}
END_TEST

/* Nobody but the attacker: nothing is heard, no sender believed, no port
 * latched. */
START_TEST(test_attacker_alone)
{
	struct rig r;

	start(&r, (unsigned)_i);
	far.stranger = other_host();
	far.attack = attack;
	rig_run(&r, 2000);
	for (size_t i = 0; i < r.n_heard; i++)
		ck_assert_uint_eq(r.heard[i], law_silence(LAW_A));
	ck_assert_uint_eq(r.n_events, 0);
	ck_assert(!session(&r)->rx.source.known);
	ck_assert(!session(&r)->rx.source.probation);
	ck_assert_uint_eq(session(&r)->rx.latched.family, 0);
	for (unsigned i = 0; i < SRTP_STREAMS; i++)
		ck_assert(!session(&r)->crypto.rx.stream[i].rtp.any);
	close(far.stranger);
	stop(&r);
}
END_TEST

/* From another port of the host, and from another host: where that may be
 * learnt, the genuine are heard after the trial, once it is told, and we send
 * there; the forged do not even begin it. Elsewhere nothing is heard. */
START_TEST(test_other_place)
{
	enum media_learn learn = (enum media_learn)(_i / 2);
	bool far_host = _i % 2;
	bool learns = learn == MEDIA_LEARN_ADDRESS ||
		      (learn == MEDIA_LEARN_PORT && !far_host);
	struct datagram d, bad;
	struct media_modify m;
	struct rig r;
	int fd;

	start(&r, SRTP_AEAD_AES_128_GCM);
	fd = far_host ? other_host() : r.rtcp;
	m = rig_modify_default(&r);
	m.learn = (uint8_t)learn;
	rig_modify(&r, &m);
	rig_run(&r, 10);
	for (unsigned i = 0; i < 40; i++) {
		d = make(&r, speech + PACKET * i);
		sealed(far.tx, &d);
		r.seq++;
		r.ts += PACKET;
		bad = d;
		bad.octets[30] ^= 1;
		udp_send(fd, &r.ours, bad.octets, bad.len);
		rig_run(&r, 10);
		ck_assert_uint_eq(session(&r)->rx.other_count,
				  !learns  ? 0
				  : i > 20 ? (i - 20 < 10 ? i - 20 : 10)
					   : 0);
		if (i >= 20)
			udp_send(fd, &r.ours, d.octets, d.len);
		rig_run(&r, 10);
	}
	ck_assert(!session(&r)->rx.latched.family == !learns);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_LEARNT), learns);
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_RTP), learns);
	if (far_host)
		close(fd);
	stop(&r);
}
END_TEST

/* Heard in the clear until there are keys, and not any longer: no speech, no
 * digit, nor what was on probation. */
START_TEST(test_from_plain)
{
	static const uint8_t event[4] = { 5, 0x80 | 10, 0, 200 };
	struct rig_config c = { .law = LAW_A };
	struct media_modify m;
	struct rig r;
	size_t from;

	memset(&far, 0, sizeof(far));
	memset(speech, LOUD, PACKET);
	rig_init(&r, &c);
	rig_run(&r, 50);
	rig_open(&r);
	m = rig_modify_default(&r);
	rig_modify(&r, &m);
	rig_connect(&r, false);
	for (unsigned i = 0; i < 20; i++) {
		rig_send(&r, 8, false, speech, PACKET);
		r.ts += PACKET;
		rig_run(&r, 20);
	}
	ck_assert_uint_eq(session(&r)->rx.packets, 19);
	ck_assert_int_ne(r.heard[r.n_heard - 1], law_silence(LAW_A));
	r.ssrc++;
	rig_send(&r, 8, false, speech, PACKET);
	r.ts += PACKET;
	rig_run(&r, 10);
	ck_assert(session(&r)->rx.aside.valid);
	our_keys(&r, SRTP_AES_CM_256_SHA1_80, 1, 2);
	rig_run(&r, 500);
	ck_assert(!session(&r)->rx.aside.valid);
	from = r.n_heard;
	r.n_packets = 0;
	for (unsigned i = 0; i < 20; i++) {
		rig_send(&r, 8, false, speech, PACKET);
		rig_send(&r, 101, false, event, sizeof(event));
		r.ts += PACKET;
		rig_run(&r, 20);
	}
	for (size_t i = from; i < r.n_heard; i++)
		ck_assert_uint_eq(r.heard[i], law_silence(LAW_A));
	ck_assert_uint_eq(rig_count(&r, MEDIA_EV_DTMF_RTP), 0);
	ck_assert_uint_eq(session(&r)->rx.packets, 19);
	ck_assert_uint_eq(session(&r)->crypto.forged, 40);
	far_keys(&far.rx, SRTP_AES_CM_256_SHA1_80, 1, ssrc_any_inbound);
	ck_assert_uint_ge(understood(&r, 0, speech), 18 * PACKET);
	srtp_dealloc(far.rx);
	/* The core may also take the keys away. */
	our_keys(&r, SRTP_PLAIN, 1, 2);
	rig_run(&r, 10);
	r.n_packets = 0;
	rig_send(&r, 8, false, speech, PACKET);
	rig_send(&r, 8, false, speech, PACKET);
	rig_run(&r, 100);
	ck_assert_uint_eq(session(&r)->rx.packets, 21);
	ck_assert_uint_eq(r.packets[0].len, RTP_HEADER + PACKET);
	rig_fini(&r);
}
END_TEST

/* New keys every second, the same again in between: not a sample is lost. */
START_TEST(test_rekey)
{
	static uint8_t out[10 * SECOND];
	struct rig r;
	size_t n = 0;

	start(&r, (unsigned)_i);
	far.n = 5 * SECOND;
	r.said = speech + 4 * SECOND;
	r.n_said = 5 * SECOND;
	for (unsigned k = 1; k <= 6; k++) {
		rig_run(&r, 990);
		our_keys(&r, (unsigned)_i, 2 * k - 1, 2 * k);
		rig_run(&r, 10);
		n += understood(&r, 0, out + n);
		r.n_packets = 0;
		our_keys(&r, (unsigned)_i, 2 * k + 1, 2 * k + 2);
		far_keys(&far.tx, (unsigned)_i, 2 * k + 2, ssrc_any_outbound);
		far_keys(&far.rx, (unsigned)_i, 2 * k + 1, ssrc_any_inbound);
	}
	ck_assert(contains(r.heard, r.n_heard, speech + 480,
			   5 * SECOND - 1120));
	ck_assert(contains(out, n, speech + 4 * SECOND + 400,
			   5 * SECOND - 400));
	ck_assert_uint_eq(session(&r)->crypto.forged, 0);
	stop(&r);
}
END_TEST

/* The sequence number has wrapped; then the keys are for another device, that
 * knows nothing of it. */
START_TEST(test_rekey_far_moves)
{
	static uint8_t out[10 * SECOND];
	struct rig r;
	uint32_t ssrc;

	start(&r, (unsigned)_i);
	session(&r)->tx.seq = 65530;
	r.said = speech;
	r.n_said = 4 * SECOND;
	rig_run(&r, 1000);
	ssrc = session(&r)->tx.ssrc;
	our_keys(&r, (unsigned)_i, 1, 2); /* the same */
	rig_run(&r, 10);
	ck_assert_uint_eq(session(&r)->tx.ssrc, ssrc);
	our_keys(&r, (unsigned)_i, 11, 12);
	rig_run(&r, 10);
	ck_assert_uint_ne(session(&r)->tx.ssrc, ssrc);
	r.n_packets = 0;
	srtp_dealloc(far.rx);
	far.rx = NULL;
	far_keys(&far.rx, (unsigned)_i, 11, ssrc_any_inbound);
	rig_run(&r, 1000);
	ck_assert_uint_ge(understood(&r, 0, out), 48 * PACKET);
	stop(&r);
}
END_TEST

/* Another sender under the same keys is heard; the earlier one, recorded and
 * played again, is not. */
START_TEST(test_ssrc_change)
{
	struct media_figures fig;
	struct rig r;
	size_t from;

	start(&r, (unsigned)_i);
	far.n = SECOND;
	rig_run(&r, 1000);
	r.ssrc++;
	r.seq = 65530;
	r.ts = 12345;
	far.n = 3 * SECOND;
	rig_run(&r, 2200);
	ck_assert(contains(r.heard, r.n_heard, speech + SECOND + 480,
			   2 * SECOND - 1120));
	rig_run(&r, 500);
	from = r.n_heard;
	for (unsigned i = 0; i < 50; i++) {
		rig_send_raw(&r, far.kept[i].octets, far.kept[i].len);
		rig_run(&r, 20);
	}
	for (size_t i = from; i < r.n_heard; i++)
		ck_assert_uint_eq(r.heard[i], law_silence(LAW_A));
	session_figures(session(&r), &fig);
	ck_assert_uint_eq(fig.srtp_replayed, 50);
	ck_assert_uint_eq(fig.srtp_forged, 0);
	stop(&r);
}
END_TEST

static bool holds(const void *where, size_t n, const struct srtp_master *m)
{
	return memmem(where, n, m->key, 16) || memmem(where, n, m->salt, 12);
}

START_TEST(test_wiped)
{
	struct srtp_master a = key(1), b = key(2);
	struct engine_command c = { 0 };
	static const struct srtp zero;
	struct rig r;
	struct ring *ring;

	start(&r, SRTP_AES_CM_128_SHA1_80);
	ring = &r.e->workers[0].rings.commands;
	ck_assert(holds(ring->data, ring->size * (ring->mask + 1), &a));
	rig_run(&r, 100);
	ck_assert(!holds(ring->data, ring->size * (ring->mask + 1), &a));
	ck_assert(!holds(ring->data, ring->size * (ring->mask + 1), &b));
	ck_assert(!holds(r.e->sessions, sizeof(*r.e->sessions), &a));
	ck_assert_uint_ne(session(&r)->crypto.tx.suite, SRTP_PLAIN);
	rig_command(&r, ENGINE_CLOSE, &c);
	rig_run(&r, 5);
	ck_assert_mem_eq(&session(&r)->crypto.tx, &zero, sizeof(zero));
	ck_assert_mem_eq(&session(&r)->crypto.rx, &zero, sizeof(zero));
	stop(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("session_crypto");
	TCase *tc = tcase_create("session_crypto");

	if (srtp_init() != srtp_err_status_ok)
		return 1;
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_both_ways, 1, SRTP_SUITES);
	tcase_add_loop_test(tc, test_rtcp, 1, SRTP_SUITES);
	tcase_add_loop_test(tc, test_attacked, 1, SRTP_SUITES);
	tcase_add_loop_test(tc, test_attacker_alone, 1, SRTP_SUITES);
	tcase_add_loop_test(tc, test_other_place, 0, 6);
	tcase_add_test(tc, test_from_plain);
	tcase_add_loop_test(tc, test_rekey, 1, SRTP_SUITES);
	tcase_add_loop_test(tc, test_rekey_far_moves, 1, SRTP_SUITES);
	tcase_add_loop_test(tc, test_ssrc_change, 1, SRTP_SUITES);
	tcase_add_test(tc, test_wiped);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
