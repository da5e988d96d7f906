/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* STIR: what one trunk signs another verifies, and each way in which a token or
 * its certificate can be wrong. Certificates are made here. */
#include "sip/stir.h"

#include "gateway/base/memfd.h"
#include "pki.h"
#include "sip/stir_seen.h"
#include "tests/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW INT64_C(1800000000)
#define URL "https://cert.example.org/a.pem"

static struct loop *loop;
static struct trunk_table *trunks;
static struct stir *stir;
static struct conf_for_sip conf;
static struct pki ca, other_ca, good, self, stale, p384, no_list, one, ranged,
	no_usage;
static char store[16 * PKI_PEM];

static void add(const char *url, const struct pki *m)
{
	size_t n = strlen(store);

	snprintf(store + n, sizeof(store) - n, "# a signer\n%s\n%s\n", url,
		 m->pem);
}

static int take_bundle_of(unsigned trunk, const struct pki *own,
			  const char *key, const char *cas, const char *text)
{
	static uint8_t data[32 * PKI_PEM];
	const char *const part[4] = {own ? own->pem : "", key, cas, text};
	size_t len = pki_bundle(data, part);

	return stir_bundle(stir, trunk,
			   memfd_create_sealed("t", data, len));
}

static void make_all(void)
{
	struct pki_want w = {.from = NOW - 86400, .until = NOW + 60 * 86400};
	/* [2] "12155551212"; [1] from 12155550000, 100 */
	static const char one_tn[] =
		"\x30\x0f\xa2\x0d\x16\x0b""12155551212";
	static const char range[] = "\x30\x14\xa1\x12\x30\x10\x16\x0b"
				    "12155550000\x02\x01\x64";

	pki_make(&ca, &w);
	pki_make(&other_ca, &w);
	w.issuer = &ca;
	w.usage = GNUTLS_KEY_DIGITAL_SIGNATURE;
	w.tnauth = PKI_SPC;
	w.tnauth_len = PKI_SPC_LEN;
	pki_make(&good, &w);
	w.curve = GNUTLS_ECC_CURVE_SECP384R1;
	pki_make(&p384, &w);
	w.curve = 0;
	w.issuer = &other_ca;
	pki_make(&self, &w);
	w.issuer = &ca;
	w.usage = GNUTLS_KEY_KEY_AGREEMENT;
	pki_make(&no_usage, &w);
	w.usage = 0;
	w.until = NOW - 3600;
	pki_make(&stale, &w);
	w.until = NOW + 60 * 86400;
	w.tnauth = one_tn;
	w.tnauth_len = sizeof(one_tn) - 1;
	pki_make(&one, &w);
	w.tnauth = range;
	w.tnauth_len = sizeof(range) - 1;
	pki_make(&ranged, &w);
	w.tnauth = NULL;
	pki_make(&no_list, &w);
}

static void fill_store(void)
{
	store[0] = '\0';
	add(URL, &good);
	add("https://cert.example.org/chain", &self);
	add("https://cert.example.org/dates", &stale);
	add("https://cert.example.org/p384", &p384);
	add("https://cert.example.org/scope", &no_list);
	add("https://cert.example.org/one", &one);
	add("https://cert.example.org/range", &ranged);
	add("https://cert.example.org/usage", &no_usage);
	strcat(store, "https://cert.example.org/noise\nnot a certificate\n");
}

static void setup(void)
{
	struct conf_stir *s;

	make_all();
	fill_store();
	memset(&conf, 0, sizeof(conf));
	conf.n_trunks = 3;
	for (unsigned i = 0; i < 3; i++) {
		snprintf(conf.trunks[i].name, CONF_NAME, "t%u", i);
		conf.trunks[i].who.stir.line = 7;
	}
	s = &conf.trunks[0].who.stir;
	s->sign = true;
	s->others = CONF_ATTEST_C;
	s->n_numbers = 1;
	strcpy(s->numbers[0], "+1215555*");
	strcpy(s->x5u, URL);
	s = &conf.trunks[1].who.stir;
	s->verify = CONF_STIR_ON;
	s->failed = CONF_STIR_REJECT;
	loop = loop_new_sim(NOW * 1000);
	trunks = trunk_table_new(loop, &conf);
	stir = stir_new(loop, trunks, "t.yaml");
	ck_assert_int_eq(take_bundle_of(0, &good, good.key_pem, "", ""), 0);
	ck_assert_int_eq(take_bundle_of(1, NULL, "", ca.pem, store), 0);
}

static void teardown(void)
{
	struct pki *all[] = {&ca, &other_ca, &good, &self, &stale, &p384,
			     &no_list, &one, &ranged, &no_usage};

	stir_free(stir);
	trunk_table_free(trunks);
	loop_free(loop);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		pki_free(all[i]);
	}
}

static struct cc_number number(const char *text)
{
	struct cc_number n = {0};

	if (text) {
		ck_assert_int_eq(cc_number_set(&n, text), 0);
	}
	return n;
}

/* --- signing --- */

static char value[PASSPORT_MAX];

static char sign(const char *orig, const char *dest)
{
	struct cc_number a = number(orig), b = number(dest);

	return stir_sign(stir, 0, &a, &b, value);
}

START_TEST(test_sign)
{
	struct passport_token t;
	gnutls_pubkey_t key;

	ck_assert_int_eq(sign("+12155551212", "+12125551213"), 'A');
	ck_assert_int_eq(passport_read(&t, value), PASSPORT_OK);
	ck_assert(!t.says.loose);
	ck_assert_str_eq(t.says.ppt, "shaken");
	ck_assert_str_eq(t.says.x5u, URL);
	ck_assert_str_eq(t.says.orig, "12155551212");
	ck_assert_str_eq(t.says.dest[0], "12125551213");
	ck_assert_int_eq(t.says.iat, NOW);
	ck_assert_uint_eq(strlen(t.says.origid), 36);
	ck_assert_int_eq(t.says.origid[14], '4');
	gnutls_pubkey_init(&key);
	ck_assert_int_eq(gnutls_pubkey_import_x509(key, good.crt, 0), 0);
	ck_assert(jws_verify(key, t.input, t.input_len, t.sig));
	gnutls_pubkey_deinit(key);
	ck_assert_int_eq(sign("+4971112345", "911"), 'C');
	ck_assert_int_eq(passport_read(&t, value), PASSPORT_OK);
	ck_assert_str_eq(t.says.dest[0], "911");
	ck_assert_uint_eq(stir_stats(stir)->signed_as[0], 1);
	ck_assert_uint_eq(stir_stats(stir)->signed_as[2], 1);
}
END_TEST

START_TEST(test_not_signed)
{
	struct cc_number bad = number("+12155551212"), to = number("+1212555");

	ck_assert_int_eq(sign(NULL, "+12125551213"), 0);
	ck_assert_str_eq(value, "");
	ck_assert_int_eq(sign("2155551212", "+12125551213"), 0);
	ck_assert_int_eq(sign("+12155551212", NULL), 0);
	ck_assert_uint_eq(stir_stats(stir)->not_signed, 3);
	/* a number that the line itself says is false is never our own */
	bad.screening = CC_SCREEN_FAILED;
	ck_assert_int_eq(stir_sign(stir, 0, &bad, &to, value), 'C');
	ck_assert_int_eq(stir_sign(stir, 1, &to, &to, value), 0);
	/* an hour after its end nothing is signed with it */
	loop_wall_step(loop, (60 * 86400 + 3600) * INT64_C(1000));
	ck_assert_int_eq(sign("+12155551212", "+12125551213"), 0);
}
END_TEST

START_TEST(test_settings)
{
	struct conf_stir *s = &conf.trunks[0].who.stir;
	struct passport_token t;

	s->others = CONF_ATTEST_NONE;
	strcpy(s->country_code, "1");
	strcpy(s->origid, "123e4567-e89b-42d3-a456-426655440000");
	ck_assert_int_eq(trunk_table_reload(trunks, &conf), 0);
	ck_assert_int_eq(sign("+4971112345", "911"), 0);
	ck_assert_int_eq(sign("2155551212", "2125551213"), 'A');
	ck_assert_int_eq(passport_read(&t, value), PASSPORT_OK);
	ck_assert_str_eq(t.says.orig, "12155551212");
	ck_assert_str_eq(t.says.dest[0], "12125551213");
	ck_assert_str_eq(t.says.origid, s->origid);
	ck_assert_int_eq(sign("+12155551212", "911"), 'A');
	ck_assert_int_eq(passport_read(&t, value), PASSPORT_OK);
	ck_assert_str_eq(t.says.dest[0], "911");
}
END_TEST

START_TEST(test_bundles)
{
	uint8_t data[8 * PKI_PEM];
	const char *const part[4] = {good.pem, good.key_pem, "", ""};
	size_t len = pki_bundle(data, part);

	/* bad ones leave what there was */
	ck_assert_int_eq(take_bundle_of(0, &good, "", "", ""), -EINVAL);
	ck_assert_int_eq(take_bundle_of(0, &good, self.key_pem, "", ""),
			 -EINVAL);
	ck_assert_int_eq(take_bundle_of(0, &p384, p384.key_pem, "", ""),
			 -EINVAL);
	ck_assert_int_eq(take_bundle_of(0, &stale, stale.key_pem, "", ""),
			 -EINVAL);
	ck_assert_int_eq(take_bundle_of(0, NULL, good.key_pem, "", ""),
			 -EINVAL);
	ck_assert_int_eq(take_bundle_of(1, NULL, "", "", store), -EINVAL);
	ck_assert_int_eq(take_bundle_of(1, NULL, "", ca.pem, "x\n"), -EINVAL);
	ck_assert_int_eq(take_bundle_of(1, NULL, "", ca.pem, URL "\n"),
			 -EINVAL);
	strcat(store, URL "\nx\n");
	ck_assert_int_eq(take_bundle_of(1, NULL, "", ca.pem, store), -EINVAL);
	for (size_t cut = 1; cut < len; cut += 11) {
		int fd = memfd_create_sealed("t", data, cut);

		ck_assert_int_eq(stir_bundle(stir, 0, fd), -EINVAL);
	}
	ck_assert_int_eq(sign("+12155551212", "+12125551213"), 'A');
	ck_assert_int_eq(stir_expires(stir, 0), NOW + 60 * 86400);
	ck_assert_int_eq(stir_expires(stir, 1), 0);
	/* no certificate of others at all is allowed: all are unknown */
	ck_assert_int_eq(take_bundle_of(1, NULL, "", ca.pem, ""), 0);
}
END_TEST

/* --- verification --- */

struct asked {
	const char *from, *asserted, *called, *to;
	const char *call_id;
	int64_t date_s;
	unsigned n;
	const char *identity[STIR_IDENTITIES];
};

static struct stir_answer answer;

static unsigned ask(const struct asked *q)
{
	struct cc_number from = number(q->from), pai = number(q->asserted);
	struct cc_number called = number(q->called), to = number(q->to);
	struct stir_question s = {
		.trunk = 1,
		.n = q->n,
		.from = &from,
		.asserted = &pai,
		.called = &called,
		.to = &to,
		.call_id = q->call_id ? q->call_id : "c1",
		.date_s = q->date_s,
	};

	memcpy(s.identity, q->identity, sizeof(s.identity));
	stir_verify(stir, &s, &answer);
	return answer.fault;
}

static const struct asked usual = {
	.from = "+12155551212",
	.called = "+12125551213",
	.to = "+12125551213",
	.date_s = -1,
	.n = 1,
	.identity = {value},
};

/* A token as said, signed by that key. */
static const char *token(const struct passport *p, const struct pki *by)
{
	static char made[16][PASSPORT_MAX];
	static unsigned next;
	char *out = made[next++ % 16], input[PASSPORT_MAX];
	uint8_t sig[JWS_SIG];
	gnutls_privkey_t key;
	int n = passport_input(p, input);

	ck_assert_int_gt(n, 0);
	gnutls_privkey_init(&key);
	ck_assert_int_eq(gnutls_privkey_import_x509(key, by->key, 0), 0);
	ck_assert_int_eq(jws_sign(key, input, (size_t)n, sig), 0);
	gnutls_privkey_deinit(key);
	ck_assert_int_gt(passport_write(p, input, sig, out), 0);
	return out;
}

static const struct passport shaken = {
	.ppt = "shaken",
	.x5u = URL,
	.iat = NOW,
	.attest = 'B',
	.origid = "o",
	.orig = "12155551212",
	.n_dest = 1,
	.dest = {"12125551213"},
};

START_TEST(test_passed)
{
	struct asked q = usual;

	ck_assert_int_eq(sign("+12155551212", "+12125551213"), 'A');
	ck_assert_uint_eq(ask(&q), STIR_OK);
	ck_assert_int_eq(answer.verdict, CC_VERDICT_PASSED);
	ck_assert_int_eq(answer.attest, 'A');
	ck_assert(!answer.asserted);
	ck_assert_int_eq(stir_refusal(stir, 1, &answer), 0);
	/* sent again, as after a challenge */
	ck_assert_uint_eq(ask(&q), STIR_OK);
	q.call_id = "another";
	ck_assert_uint_eq(ask(&q), STIR_REPLAY);
	ck_assert_int_eq(stir_refusal(stir, 1, &answer), 438);
	/* about the asserted number */
	q = usual;
	q.from = "+999";
	q.asserted = "+12155551212";
	ck_assert_uint_eq(ask(&q), STIR_OK);
	ck_assert(answer.asserted);
	/* the same of the same second, signed anew, is another call */
	ck_assert_int_eq(sign("+12155551212", "+12125551213"), 'A');
	q = usual;
	q.call_id = "c2";
	ck_assert_uint_eq(ask(&q), STIR_OK);
	ck_assert_uint_eq(stir_stats(stir)->passed, 4);
	ck_assert_uint_eq(stir_stats(stir)->failed[STIR_REPLAY], 1);
}
END_TEST

START_TEST(test_missing)
{
	struct asked q = usual;

	q.n = 0;
	ck_assert_uint_eq(ask(&q), STIR_MISSING);
	ck_assert_int_eq(answer.verdict, CC_VERDICT_UNSIGNED);
	ck_assert_int_eq(stir_refusal(stir, 1, &answer), 0);
	conf.trunks[1].who.stir.verify = CONF_STIR_REQUIRED;
	ck_assert_int_eq(trunk_table_reload(trunks, &conf), 0);
	ck_assert_int_eq(stir_refusal(stir, 1, &answer), 428);
	q.n = STIR_IDENTITIES + 1;
	ck_assert_uint_eq(ask(&q), STIR_MANY);
	ck_assert_int_eq(answer.verdict, CC_VERDICT_FAILED);
}
END_TEST

START_TEST(test_claims)
{
	struct passport p = shaken;
	struct asked q = usual;

	q.identity[0] = token(&p, &good);
	q.from = "+12155551213";
	ck_assert_uint_eq(ask(&q), STIR_ORIG);
	ck_assert_int_eq(stir_refusal(stir, 1, &answer), 438);
	q = usual;
	q.identity[0] = token(&p, &good);
	q.called = q.to = "+12125550000";
	ck_assert_uint_eq(ask(&q), STIR_DEST);
	/* diverted by somebody who did not sign */
	q.to = "+12125551213";
	ck_assert_uint_eq(ask(&q), STIR_RETARGETED);
	ck_assert_int_eq(answer.verdict, CC_VERDICT_UNSIGNED);
	ck_assert_int_eq(stir_refusal(stir, 1, &answer), 0);
	/* what was dialled is local: To tells */
	q.called = "5551213";
	ck_assert_uint_eq(ask(&q), STIR_OK);
	ck_assert_int_eq(answer.attest, 'B');
}
END_TEST

START_TEST(test_time)
{
	static const struct {
		int64_t iat;
		unsigned fault;
	} rows[] = {
		{NOW - 60, STIR_OK},  {NOW + 60, STIR_OK},
		{NOW - 61, STIR_STALE}, {NOW + 61, STIR_FUTURE},
		{0, STIR_STALE},      {INT64_MAX, STIR_FUTURE},
	};
	struct passport p = shaken;
	struct asked q = usual;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		p.iat = rows[i].iat;
		q.identity[0] = token(&p, &good);
		ck_assert_uint_eq(ask(&q), rows[i].fault);
	}
	ck_assert_int_eq(stir_status(STIR_STALE), 403);
	ck_assert_str_eq(stir_phrase(403), "Stale Date");
}
END_TEST

START_TEST(test_certificates)
{
	static const struct {
		const char *x5u;
		const struct pki *by;
		unsigned fault;
		int status;
	} rows[] = {
		{"https://cert.example.org/nowhere", &good, STIR_UNKNOWN, 436},
		{"https://cert.example.org/noise", &good, STIR_CERT, 437},
		{"https://cert.example.org/usage", &no_usage, STIR_CERT, 437},
		{"https://cert.example.org/p384", &good, STIR_KEY, 437},
		{"https://cert.example.org/chain", &self, STIR_CHAIN, 437},
		{"https://cert.example.org/dates", &stale, STIR_DATES, 437},
		{"https://cert.example.org/scope", &no_list, STIR_SCOPE, 437},
		{"https://cert.example.org/range", &ranged, STIR_SCOPE, 437},
		{"https://cert.example.org/one", &one, STIR_OK, 0},
		{"https://cert.example.org/one", &good, STIR_SIGNATURE, 438},
		{URL, &one, STIR_SIGNATURE, 438},
	};
	struct passport p = shaken;
	struct asked q = usual;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		strcpy(p.x5u, rows[i].x5u);
		q.identity[0] = token(&p, rows[i].by);
		for (int again = 0; again < 2; again++) {
			ck_assert_msg(ask(&q) == rows[i].fault, "row %zu: %s",
				      i, stir_fault_name(answer.fault));
			ck_assert_int_eq(stir_refusal(stir, 1, &answer),
					 rows[i].status);
		}
	}
	/* in force when it is asked for, not when it was read */
	loop_wall_step(loop, (60 * 86400 + 3600) * INT64_C(1000));
	p = shaken;
	p.iat = NOW + 60 * 86400 + 3600;
	q.identity[0] = token(&p, &good);
	ck_assert_uint_eq(ask(&q), STIR_DATES);
}
END_TEST

START_TEST(test_several)
{
	struct passport p = shaken, rph = shaken, old = shaken;
	struct asked q = usual;

	strcpy(rph.ppt, "rph");
	rph.iat = 7;
	old.iat = 7;
	/* what we do not know is passed over */
	q.n = 3;
	q.identity[0] = token(&rph, &good);
	q.identity[1] = token(&old, &good);
	q.identity[2] = token(&p, &good);
	ck_assert_uint_eq(ask(&q), STIR_OK);
	q.n = 2;
	ck_assert_uint_eq(ask(&q), STIR_STALE);
	q.n = 1;
	ck_assert_uint_eq(ask(&q), STIR_MISSING);
	q.identity[0] = "garbage";
	ck_assert_uint_eq(ask(&q), PASSPORT_SYNTAX);
	ck_assert_uint_eq(stir_stats(stir)->failed[PASSPORT_SYNTAX], 1);
}
END_TEST

/* RFC 8946: 1213 diverts to 1214, that one to 1215. */
START_TEST(test_diverted)
{
	struct passport p = shaken, d1 = shaken, d2;
	struct asked q = usual;

	strcpy(d1.ppt, "div");
	d1.attest = 0;
	d1.origid[0] = '\0';
	strcpy(d1.div, "12125551213");
	strcpy(d1.dest[0], "12125551214");
	d2 = d1;
	strcpy(d2.div, "12125551214");
	strcpy(d2.dest[0], "12125551215");
	q.to = "+12125551213";
	q.n = 3;
	q.identity[0] = token(&p, &good);
	q.identity[1] = token(&d1, &good);
	q.identity[2] = token(&d2, &good);
	q.called = "+12125551215";
	ck_assert_uint_eq(ask(&q), STIR_OK);
	q.called = "+12125551214";
	ck_assert_uint_eq(ask(&q), STIR_OK);
	q.called = "+12125551216";
	ck_assert_uint_eq(ask(&q), STIR_RETARGETED);
	/* one of the chain is missing */
	q.called = "+12125551215";
	q.identity[1] = "garbage";
	ck_assert_uint_eq(ask(&q), STIR_RETARGETED);
	/* a ring of diversions ends */
	strcpy(d1.div, "12125551215");
	q.identity[1] = token(&d1, &good);
	ck_assert_uint_eq(ask(&q), STIR_RETARGETED);
	/* of another caller */
	strcpy(d1.div, "12125551213");
	strcpy(d1.orig, "12155551299");
	q.identity[1] = token(&d1, &good);
	ck_assert_uint_eq(ask(&q), STIR_RETARGETED);
}
END_TEST

START_TEST(test_compact)
{
	struct passport p = shaken;
	struct asked q = usual;
	char *full, *dot, compact[PASSPORT_MAX];

	p.ppt[0] = p.origid[0] = p.attest = '\0';
	full = strdup(token(&p, &good));
	dot = strrchr(full, '.');
	/* the last dot of the token, not of the URL behind it */
	*strchr(full, ';') = '\0';
	dot = strrchr(full, '.');
	snprintf(compact, sizeof(compact), "..%s;info=<%s>", dot + 1, URL);
	free(full);
	q.identity[0] = compact;
	ck_assert_uint_eq(ask(&q), PASSPORT_CLAIMS); /* no Date */
	q.date_s = NOW;
	ck_assert_uint_eq(ask(&q), STIR_OK);
	ck_assert_int_eq(answer.attest, 0);
	q.date_s = NOW + 1;
	ck_assert_uint_eq(ask(&q), STIR_SIGNATURE);
	q.date_s = NOW - 100;
	ck_assert_uint_eq(ask(&q), STIR_STALE);
	strcat(compact, ";ppt=shaken");
	q.date_s = NOW;
	ck_assert_uint_eq(ask(&q), PASSPORT_CLAIMS);
}
END_TEST

START_TEST(test_verstat)
{
	static const struct {
		const char *value;
		enum cc_verdict verdict; /* NONE: no such value */
		char attest;
	} rows[] = {
		{"TN-Validation-Passed", CC_VERDICT_PASSED, 0},
		{"tn-validation-passed-a", CC_VERDICT_PASSED, 'A'},
		{"TN-Validation-Passed-C", CC_VERDICT_PASSED, 'C'},
		{"TN-Validation-Failed", CC_VERDICT_FAILED, 0},
		{"TN-Validation-Failed-B", CC_VERDICT_FAILED, 'B'},
		{"No-TN-Validation", CC_VERDICT_UNSIGNED, 0},
		{"TN-Validation-Passed-D", CC_VERDICT_NONE, 0},
		{"TN-Validation-Passed-", CC_VERDICT_NONE, 0},
		{"TN-Validation-Passed-AB", CC_VERDICT_NONE, 0},
		{"TN-Validation", CC_VERDICT_NONE, 0},
		{"", CC_VERDICT_NONE, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stir_answer a = {0};

		ck_assert_int_eq(stir_verstat(stir, rows[i].value, &a),
				 rows[i].verdict != CC_VERDICT_NONE);
		ck_assert_int_eq(a.verdict, rows[i].verdict);
		ck_assert_int_eq(a.attest, rows[i].attest);
	}
}
END_TEST

/* More good tokens than the table of those seen has room for. */
START_TEST(test_seen)
{
	static const uint8_t sig[JWS_SIG];
	struct stir_seen *s = stir_seen_new();
	char text[16];
	struct stir_token t = {text, 0, sig};
	unsigned forgotten = 0;

	for (int i = 0; i < 200000; i++) {
		t.len = (size_t)snprintf(text, sizeof(text), "%d", i);
		ck_assert(stir_seen_add(s, &t, "a", 10, 70));
	}
	for (int i = 190000; i < 200000; i++) {
		t.len = (size_t)snprintf(text, sizeof(text), "%d", i);
		forgotten += stir_seen_add(s, &t, "b", 10, 70);
	}
	ck_assert_uint_lt(forgotten, 9000);
	ck_assert(stir_seen_add(s, &t, "b", 71, 131));
	stir_seen_free(s);
}
END_TEST

/* TNAuthList: whatever octets, and cut anywhere. */
START_TEST(test_tnauth)
{
	static const char range[] = "\x30\x14\xa1\x12\x30\x10\x16\x0b"
				    "12155550000\x02\x01\x64";
	const uint8_t *r = (const uint8_t *)range;
	size_t len = sizeof(range) - 1;

	ck_assert_int_eq(tnauth_covers(r, len, "12155550000"), TNAUTH_COVERS);
	ck_assert_int_eq(tnauth_covers(r, len, "12155550099"), TNAUTH_COVERS);
	ck_assert_int_eq(tnauth_covers(r, len, "12155550100"), TNAUTH_NOT);
	ck_assert_int_eq(tnauth_covers(r, len, "12155549999"), TNAUTH_NOT);
	ck_assert_int_eq(tnauth_covers(r, len, "2155550000"), TNAUTH_NOT);
	ck_assert_int_eq(tnauth_covers(r, len, ""), TNAUTH_NOT);
	for (size_t n = 0; n < len; n++) {
		uint8_t *exact = malloc(n ? n : 1);

		memcpy(exact, r, n);
		ck_assert_int_eq(tnauth_covers(exact, n, "1"), TNAUTH_BAD);
		free(exact);
	}
	ck_assert_int_eq(tnauth_covers((const uint8_t *)PKI_SPC, PKI_SPC_LEN,
				       ""),
			 TNAUTH_COVERS);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("stir");
	TCase *tc = tcase_create("stir");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_sign);
	tcase_add_test(tc, test_not_signed);
	tcase_add_test(tc, test_settings);
	tcase_add_test(tc, test_bundles);
	tcase_add_test(tc, test_passed);
	tcase_add_test(tc, test_missing);
	tcase_add_test(tc, test_claims);
	tcase_add_test(tc, test_time);
	tcase_add_test(tc, test_certificates);
	tcase_add_test(tc, test_several);
	tcase_add_test(tc, test_diverted);
	tcase_add_test(tc, test_compact);
	tcase_add_test(tc, test_verstat);
	tcase_add_test(tc, test_seen);
	tcase_add_test(tc, test_tnauth);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
