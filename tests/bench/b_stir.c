/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * What STIR costs the sip role for each call: an Identity header made, and one
 * read and its signature verified, beside the bare ECDSA of GnuTLS in the same
 * run. Medians of ROUNDS rounds.
 */
#include "gateway/base/clock.h"
#include "sip/passport.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 9
#define CALLS  400

static gnutls_privkey_t key;
static gnutls_pubkey_t half;
static char value[PASSPORT_MAX];

static const struct passport call = {
	.ppt = "shaken",
	.x5u = "https://cert.example.org/passport.pem",
	.iat = 1800000000,
	.attest = 'A',
	.origid = "123e4567-e89b-42d3-a456-426655440000",
	.orig = "12155551212",
	.n_dest = 1,
	.dest = {"12125551213"},
};

static void require(bool ok)
{
	if (!ok) {
		fprintf(stderr, "b_stir: failed\n");
		exit(1);
	}
}

static void sign(void)
{
	char input[PASSPORT_MAX];
	uint8_t sig[JWS_SIG];
	int n = passport_input(&call, input);

	require(n > 0 && !jws_sign(key, input, (size_t)n, sig) &&
		passport_write(&call, input, sig, value) > 0);
}

static void verify(void)
{
	static struct passport_token t;

	require(passport_read(&t, value) == PASSPORT_OK &&
		jws_verify(half, t.input, t.input_len, t.sig));
}

static void bare(void)
{
	gnutls_datum_t d = {(unsigned char *)value, 400}, der;

	require(gnutls_privkey_sign_data2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, &d,
					  &der) >= 0);
	gnutls_free(der.data);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void bench(const char *name, void (*what)(void))
{
	double us[ROUNDS];

	for (int r = 0; r < ROUNDS; r++) {
		mono_t from = clock_mono();

		for (int i = 0; i < CALLS; i++) {
			what();
		}
		us[r] = (double)mono_diff_ns(clock_mono(), from) / 1000.0 /
			CALLS;
	}
	qsort(us, ROUNDS, sizeof(us[0]), compare);
	printf("%s\t%.1f\tus\n", name, us[ROUNDS / 2]);
}

int main(void)
{
	require(gnutls_privkey_init(&key) == 0 &&
		gnutls_pubkey_init(&half) == 0 &&
		gnutls_privkey_generate(
			key, GNUTLS_PK_ECDSA,
			GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
			0) == 0 &&
		gnutls_pubkey_import_privkey(half, key, 0, 0) == 0);
	sign();
	bench("sip_stir_sign_us", sign);
	bench("sip_stir_verify_us", verify);
	bench("sip_peer_gnutls_ecdsa_sign_us", bare);
	gnutls_privkey_deinit(key);
	gnutls_pubkey_deinit(half);
	return 0;
}
