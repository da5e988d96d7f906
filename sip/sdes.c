/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/sdes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <nettle/base64.h>

/* RFC 4568 6.2, RFC 6188 4, RFC 7714 14.2; and a name that was used before
 * RFC 6188 had one. */
static const struct suite {
	const char *name;
	uint8_t suite, key, salt; /* octets */
} suites[] = {
	{"AES_CM_128_HMAC_SHA1_80", CC_SRTP_AES_128_80, 16, 14},
	{"AES_CM_128_HMAC_SHA1_32", CC_SRTP_AES_128_32, 16, 14},
	{"AES_256_CM_HMAC_SHA1_80", CC_SRTP_AES_256_80, 32, 14},
	{"AES_256_CM_HMAC_SHA1_32", CC_SRTP_AES_256_32, 32, 14},
	{"AEAD_AES_128_GCM", CC_SRTP_GCM_128, 16, 12},
	{"AEAD_AES_256_GCM", CC_SRTP_GCM_256, 32, 12},
	{"AES_CM_256_HMAC_SHA1_80", CC_SRTP_AES_256_80, 32, 14},
	{"AES_CM_256_HMAC_SHA1_32", CC_SRTP_AES_256_32, 32, 14},
};

#define SUITES	   (sizeof(suites) / sizeof(suites[0]))
#define KEY_OCTETS (CC_KEY_MAX + CC_SALT_MAX)

/* A piece of the attribute. */
struct text {
	const char *p;
	size_t len;
};

/* Takes what stands before the next c (or all) off the front. */
static struct text cut(struct text *t, char c)
{
	const char *at = memchr(t->p, c, t->len);
	struct text head = {t->p, at ? (size_t)(at - t->p) : t->len};

	t->p += head.len + (at != NULL);
	t->len -= head.len + (at != NULL);
	return head;
}

static struct text cut_word(struct text *t)
{
	while (t->len && (*t->p == ' ' || *t->p == '\t')) {
		t->p++;
		t->len--;
	}
	return cut(t, ' ');
}

static bool is_text(struct text t, const char *word)
{
	return t.len == strlen(word) && strncasecmp(t.p, word, t.len) == 0;
}

static bool cut_prefix(struct text *t, const char *word)
{
	size_t n = strlen(word);

	if (t->len < n || strncasecmp(t->p, word, n) != 0)
		return false;
	t->p += n;
	t->len -= n;
	return true;
}

/* Decimal digits only, at most max; -1 otherwise. */
static int64_t number(struct text t, int64_t max)
{
	int64_t n = 0;

	if (t.len == 0)
		return -1;
	for (; t.len; t.p++, t.len--) {
		if (*t.p < '0' || *t.p > '9')
			return -1;
		n = n * 10 + (*t.p - '0');
		if (n > max)
			return -1;
	}
	return n;
}

uint8_t sdes_name_of(unsigned suite)
{
	uint8_t i = 0;

	while (suites[i].suite != suite && i + 1u < SUITES)
		i++;
	return i;
}

bool sdes_is_name_of(uint8_t name, unsigned suite)
{
	return name < SUITES && suites[name].suite == suite;
}

/* --- reading --- */

/* Padding is often left away. */
static int read_key(struct cc_key *k, const struct suite *s, struct text t)
{
	uint8_t raw[BASE64_DECODE_LENGTH(2 * KEY_OCTETS)];
	struct base64_decode_ctx ctx;
	size_t n = sizeof(raw), want = s->key + s->salt;
	int err = -EBADMSG;

	while (t.len && t.p[t.len - 1] == '=')
		t.len--;
	if (t.len == (want * 8 + 5) / 6) {
		base64_decode_init(&ctx);
		if (base64_decode_update(&ctx, &n, raw, t.len, t.p) &&
		    n == want) {
			memcpy(k->key, raw, s->key);
			memcpy(k->salt, raw + s->key, s->salt);
			err = 0;
		}
	}
	explicit_bzero(raw, sizeof(raw));
	explicit_bzero(&ctx, sizeof(ctx));
	return err;
}

/* Packets that the key is good for; its owner keeps to it. RFC 3711 9.2: at
 * most 2^48. */
static bool lifetime_ok(struct text t)
{
	int64_t n;

	if (cut_prefix(&t, "2^"))
		return number(t, 48) >= 0;
	n = number(t, INT64_C(1) << 48);
	return n > 0;
}

/* 1:4, the number of the key and its octets in each packet. */
static int read_mki(struct cc_key *k, struct text t)
{
	struct text value = cut(&t, ':');
	int64_t n = number(value, INT64_MAX / 16), len = number(t, 128);
	unsigned i;

	if (n < 0 || len < 1)
		return -EBADMSG;
	if (len > CC_MKI_MAX)
		return -ENOTSUP;
	for (i = (unsigned)len; i-- > 0; n >>= 8)
		k->mki[i] = (uint8_t)n;
	k->mki_len = (uint8_t)len;
	return n ? -EBADMSG : 0; /* it does not fit */
}

/* inline:KEY[|LIFETIME][|MKI:LENGTH] */
static int read_params(struct sdes *s, const struct suite *suite, struct text t)
{
	struct text key, more;
	int err;

	if (memchr(t.p, ';', t.len))
		return -ENOTSUP; /* several keys */
	if (!cut_prefix(&t, "inline:"))
		return memchr(t.p, ':', t.len) ? -ENOTSUP : -EBADMSG;
	key = cut(&t, '|');
	err = read_key(&s->key, suite, key);
	if (err || !t.len)
		return err;
	more = cut(&t, '|');
	if (!memchr(more.p, ':', more.len)) {
		if (!lifetime_ok(more))
			return -EBADMSG;
		if (!t.len)
			return 0;
		more = cut(&t, '|');
	}
	return t.len ? -EBADMSG : read_mki(&s->key, more);
}

/* RFC 4568 6.3: an unknown one makes the attribute unusable, unless its name
 * begins with a dash. Our window of 128 is at least what WSH asks for, or
 * drops what comes even later. */
static int check_session(struct text t)
{
	struct text value = t, name = cut(&value, '=');

	if (is_text(name, "WSH"))
		return number(value, 65536) >= 64 ? 0 : -EBADMSG;
	if (is_text(name, "KDR"))
		return number(value, 24) == 0 ? 0 : -ENOTSUP;
	return t.p[0] == '-' ? 0 : -ENOTSUP;
}

int sdes_read(struct sdes *s, const char *text, size_t len)
{
	struct text t = {text, len}, tag = cut_word(&t), suite = cut_word(&t),
		    params = cut_word(&t), word;
	int64_t n = number(tag, SDES_TAG_MAX);
	size_t i;
	int err;

	memset(s, 0, sizeof(*s));
	if (n < 0 || suite.len == 0 || params.len == 0)
		return -EBADMSG;
	for (i = 0; i < SUITES && !is_text(suite, suites[i].name); i++)
		;
	if (i == SUITES)
		return -ENOTSUP;
	s->tag = (uint32_t)n;
	s->suite = suites[i].suite;
	s->name = (uint8_t)i;
	err = read_params(s, &suites[i], params);
	while (!err && (word = cut_word(&t)).len)
		err = check_session(word);
	if (err)
		explicit_bzero(s, sizeof(*s));
	return err;
}

unsigned sdes_read_all(struct sdes out[SDES_OFFERS], const char *sdp,
		       size_t len, unsigned line)
{
	struct text t = {sdp, len};
	unsigned n = 0, media = 0;

	while (t.len && n < SDES_OFFERS) {
		struct text l = cut(&t, '\n');

		if (l.len && l.p[l.len - 1] == '\r')
			l.len--;
		if (cut_prefix(&l, "m=")) {
			if (media++ > line)
				break;
		} else if (media == line + 1 && cut_prefix(&l, "a=crypto:")) {
			n += sdes_read(&out[n], l.p, l.len) == 0;
		}
	}
	return n;
}

/* --- writing --- */

int sdes_write(const struct sdes *s, char *buf, size_t size)
{
	const struct suite *suite = &suites[s->name];
	char text[BASE64_ENCODE_RAW_LENGTH(KEY_OCTETS) + 1], mki[32] = "";
	uint8_t raw[KEY_OCTETS];
	size_t n = suite->key + suite->salt;
	uint64_t id = 0;
	unsigned i;
	int len;

	memcpy(raw, s->key.key, suite->key);
	memcpy(raw + suite->key, s->key.salt, suite->salt);
	base64_encode_raw(text, n, raw);
	text[BASE64_ENCODE_RAW_LENGTH(n)] = '\0';
	for (i = 0; i < s->key.mki_len; i++)
		id = id << 8 | s->key.mki[i];
	if (s->key.mki_len)
		snprintf(mki, sizeof(mki), "|%llu:%u", (unsigned long long)id,
			 s->key.mki_len);
	len = snprintf(buf, size, "%u %s inline:%s%s", s->tag, suite->name,
		       text, mki);
	explicit_bzero(raw, sizeof(raw));
	explicit_bzero(text, sizeof(text));
	return len < (int)size ? len : -ENOSPC;
}

int sdes_make_key(struct cc_key *k)
{
	memset(k, 0, sizeof(*k));
	if (getrandom(k->key, sizeof(k->key), 0) != (ssize_t)sizeof(k->key) ||
	    getrandom(k->salt, sizeof(k->salt), 0) != (ssize_t)sizeof(k->salt))
		return -EIO;
	return 0;
}

/* --- for people --- */

static size_t mask(char *p, size_t len)
{
	size_t i = 0;

	while (i < len && p[i] == ' ')
		i++;
	for (; i < len && !strchr("|; \t\r\n", p[i]); i++)
		p[i] = 'x';
	return i;
}

/* Octets of a word at whose end a secret begins; 0: none here. */
static size_t secret_word(const char *p, size_t len)
{
	static const char *const words[] = {"inline:", "\nk="};
	size_t i, n;

	for (i = 0; i < 2; i++) {
		n = strlen(words[i]);
		if (len >= n && strncasecmp(p, words[i], n) == 0)
			return n;
	}
	return 0;
}

/* Whatever follows one of these words, wherever it stands: a line may be
 * cut, malformed, or in a body of another type. k= is RFC 4566's. */
void sdes_mask(char *text, size_t len)
{
	size_t i = 0, n;

	while (i < len) {
		n = secret_word(text + i, len - i);
		i += n ? n : 1;
		if (n)
			i += mask(text + i, len - i);
	}
}
