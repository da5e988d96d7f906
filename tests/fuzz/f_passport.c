/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * The Identity header. Whatever stands there is read or refused; what was read
 * fits its fields, and a token in canonical form comes out as it went in when
 * it is written anew. The first octet chooses: a value as it is; two JSON
 * texts, separated by a line end, that are made into one; a TNAuthList; or a
 * file of others' certificates, of which each is asked for.
 */
#include "../../sip/passport.c"

#include "sip/stir_store.h"
#include "sip/tnauth.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void require(bool ok)
{
	if (!ok) {
		abort();
	}
}

static bool is_tn(const char *tn)
{
	return strspn(tn, "0123456789*#") == strlen(tn);
}

/* Only what we know how to write: no further members. */
static void check_again(const struct passport_token *t)
{
	char input[PASSPORT_MAX], value[PASSPORT_MAX];
	struct passport_token again;
	int n = passport_input(&t->says, input);

	if (n < 0 || passport_write(&t->says, input, t->sig, value) < 0) {
		return;
	}
	require(passport_read(&again, value) == PASSPORT_OK);
	require(!memcmp(&again.says, &t->says, sizeof(again.says)));
	require(!memcmp(again.sig, t->sig, JWS_SIG));
}

static void check(const char *value)
{
	static struct passport_token t;
	enum passport_fault f = passport_read(&t, value);
	const struct passport *p = &t.says;

	require(*passport_fault_name(f) && *passport_fault_text(f));
	if (f) {
		return;
	}
	require(!strncasecmp(p->x5u, "https://", 8));
	require(is_tn(p->orig) && is_tn(p->div) && p->iat >= 0);
	require(p->n_dest <= PASSPORT_DESTS);
	for (unsigned i = 0; i < p->n_dest; i++) {
		require(*p->dest[i] && is_tn(p->dest[i]));
	}
	if (!t.compact && !p->loose && p->orig[0] && p->n_dest) {
		check_again(&t);
	}
}

static void check_texts(const char *text, size_t len)
{
	static char value[4 * PASSPORT_MAX];
	static const uint8_t sig[JWS_SIG];
	const char *nl = memchr(text, '\n', len);
	size_t at = 0, head = nl ? (size_t)(nl - text) : len;

	if (!encode(value, sizeof(value) - 200, &at, text, head)) {
		return;
	}
	value[at++] = '.';
	if (nl && !encode(value, sizeof(value) - 200, &at, nl + 1,
			  len - head - 1)) {
		return;
	}
	value[at++] = '.';
	require(encode(value, sizeof(value), &at, sig, sizeof(sig)));
	snprintf(value + at, sizeof(value) - at,
		 ";info=<https://c.example/a>");
	check(value);
}

/* One that covers a number is good for none, too; cut, it covers nothing. */
static void check_tnauth(const uint8_t *der, size_t len)
{
	enum tnauth all = tnauth_covers(der, len, "12155551212");

	require((all == TNAUTH_BAD) ==
		(tnauth_covers(der, len, "") == TNAUTH_BAD));
	require(!len || all == TNAUTH_BAD ||
		tnauth_covers(der, len - 1, "12155551212") == TNAUTH_BAD);
}

/* A CA that has signed nothing: P-256, valid long. */
static const char ca[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBbzCCARWgAwIBAgIUG/NdYMmGdHZPf226U4fk4ifESyQwCgYIKoZIzj0EAwIw\n"
	"DDEKMAgGA1UEAwwBZjAgFw0yNjExMjYyMjUyNDRaGA8yMTA5MDExNTIyNTI0NFow\n"
	"DDEKMAgGA1UEAwwBZjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJBlQ4DmJvZN\n"
	"ULGgcTJGdx7JL1i/RAM8gzuzoh/GxK/+h3Lxmj95GqiDPH1450UIo/nDlQ81qxDR\n"
	"rNAqTpTFdYSjUzBRMB0GA1UdDgQWBBT7ocLovt+y1TxozrWH3igZs7nVyjAfBgNV\n"
	"HSMEGDAWgBT7ocLovt+y1TxozrWH3igZs7nVyjAPBgNVHRMBAf8EBTADAQH/MAoG\n"
	"CCqGSM49BAMCA0gAMEUCIQD75sVd5px2LSv2XAApxS3oTbhT7Ax/gmjmrSG1rE3K\n"
	"AQIgLQYo21lJo23QLaAufJU5Qg6RDpM9Z0UjVWtwa0GCPpU=\n"
	"-----END CERTIFICATE-----\n";

static void check_store(const char *text, size_t len)
{
	char why[STIR_WHY_MAX];
	struct stir_store *s = stir_store_new(text, len, ca, sizeof(ca) - 1,
					      why);
	const char *at = text, *end = text + len;

	require((s == NULL) == (why[0] != '\0'));
	while (s && at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		char url[PASSPORT_URL];
		gnutls_pubkey_t key;

		if (str_copy_n(url, sizeof(url), at,
			       (size_t)((nl ? nl : end) - at))) {
			require(stir_store_find(s, url, 1900000000, "1",
						&key) != STIR_CERT_OK);
		}
		at = nl ? nl + 1 : end;
	}
	stir_store_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1) {
		return 0;
	}
	text = malloc(size);
	require(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] & 3) {
	case 0:
		check(text);
		break;
	case 1:
		check_texts(text, size - 1);
		break;
	case 2:
		check_tnauth((uint8_t *)text, size - 1);
		break;
	default:
		check_store(text, size - 1);
		break;
	}
	free(text);
	return 0;
}
