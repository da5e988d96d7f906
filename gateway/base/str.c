/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/base/str.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define DISTANCE_MAX 32

bool str_copy(char *dst, size_t size, const char *src)
{
	return str_copy_n(dst, size, src, strlen(src));
}

bool str_copy_n(char *dst, size_t size, const char *src, size_t len)
{
	size_t n = strnlen(src, len);

	if (size == 0) {
		return false;
	}
	if (n > size - 1) {
		n = size - 1;
	}
	memcpy(dst, src, n);
	dst[n] = '\0';
	return n == len;
}

unsigned str_utf8(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned n, i;
	uint32_t c;

	if (len == 0 || s[0] < 0x80) {
		return len == 0 ? 0 : 1;
	}
	if (s[0] < 0xc2 || s[0] > 0xf4) {
		return 0;
	}
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (len < n) {
		return 0;
	}
	c = s[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			return 0;
		}
		c = c << 6 | (s[i] & 0x3f);
	}
	/* Overlong forms, surrogates, beyond Unicode. */
	if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) ||
	    (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff) {
		return 0;
	}
	return n;
}

int str_to_u32(const char *text, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;
	const char *p;

	if (*text == '\0' || (text[0] == '0' && text[1] != '\0')) {
		return -EINVAL;
	}
	for (p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9') {
			return -EINVAL;
		}
		if (v <= UINT32_MAX) {
			v = v * 10 + (uint64_t)(*p - '0');
		}
	}
	if (v > max) {
		return -ERANGE;
	}
	*out = (uint32_t)v;
	return 0;
}

unsigned str_distance(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b), i, j;
	unsigned row[DISTANCE_MAX + 1], diagonal, above, best;

	if (a_len > DISTANCE_MAX || b_len > DISTANCE_MAX) {
		return (unsigned)(a_len > b_len ? a_len : b_len);
	}
	for (j = 0; j <= b_len; j++) {
		row[j] = (unsigned)j;
	}
	for (i = 1; i <= a_len; i++) {
		diagonal = row[0];
		row[0] = (unsigned)i;
		for (j = 1; j <= b_len; j++) {
			above = row[j];
			best = diagonal + (a[i - 1] != b[j - 1]);
			best = above + 1 < best ? above + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[b_len];
}

int str_hex(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int str_hex_octet(const char *text)
{
	int high = str_hex(text[0]);
	int low = high < 0 ? -1 : str_hex(text[1]);

	return low < 0 ? -1 : high << 4 | low;
}

void str_token(char *dst, size_t n)
{
	static const char set[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	const unsigned fair = 252; /* 7 x 36: above, some would be likelier */
	unsigned char octet;
	size_t at = 0;

	if (n == 0) {
		return;
	}
	while (at < n - 1) {
		if (getrandom(&octet, 1, 0) == 1 && octet < fair) {
			dst[at++] = set[octet % 36];
		}
	}
	dst[at] = '\0';
}
