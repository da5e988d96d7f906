/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * The Identity header. Whatever stands there is read or refused; what was read
 * fits its fields, and a token in canonical form comes out as it went in when
 * it is written anew. The first octet chooses: a value as it is, or two JSON
 * texts, separated by a line end, that are made into one.
 */
#include "../../sip/passport.c"

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
	if (data[0] & 1) {
		check_texts(text, size - 1);
	} else {
		check(text);
	}
	free(text);
	return 0;
}
