/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/tnauth.h"

#include <stdbool.h>
#include <string.h>

#define DIGITS	   15 /* of an E.164 number: fits in 64 bits */
#define SEQUENCE   0x30
#define IA5_STRING 0x16
#define INTEGER	   0x02

struct der {
	const uint8_t *p;
	size_t len;
};

/* Takes the next value off; false: none that is whole. */
static bool next(struct der *from, uint8_t *tag, struct der *value)
{
	size_t head = 2, n;

	if (from->len < 2) {
		return false;
	}
	*tag = from->p[0];
	n = from->p[1];
	if (n == 0x81 || n == 0x82) {
		head += n & 3;
		if (from->len < head) {
			return false;
		}
		n = head == 3 ? from->p[2]
			      : (size_t)from->p[2] << 8 | from->p[3];
	} else if (n > 0x7f) {
		return false;
	}
	if (n > from->len - head) {
		return false;
	}
	*value = (struct der){from->p + head, n};
	from->p += head + n;
	from->len -= head + n;
	return true;
}

static bool next_is(struct der *from, uint8_t want, struct der *value)
{
	uint8_t tag;

	return next(from, &tag, value) && tag == want;
}

/* Digits as a number; false: other characters, none, or too many. */
static bool number(const void *text, size_t len, uint64_t *out)
{
	const char *p = text;

	*out = 0;
	for (size_t i = 0; i < len && len <= DIGITS; i++) {
		if (p[i] < '0' || p[i] > '9') {
			return false;
		}
		*out = *out * 10 + (uint64_t)(p[i] - '0');
	}
	return len > 0 && len <= DIGITS;
}

static bool is_one(const struct der *text, const char *tn)
{
	return text->len == strlen(tn) && !memcmp(text->p, tn, text->len);
}

/* SEQUENCE { start, count } */
static enum tnauth in_range(struct der range, const char *tn)
{
	struct der start, count;
	uint64_t first, value, n = 0;

	if (!next_is(&range, IA5_STRING, &start) ||
	    !next_is(&range, INTEGER, &count) || range.len ||
	    !number(start.p, start.len, &first) || count.len < 1 ||
	    count.len > 7 || count.p[0] & 0x80) {
		return TNAUTH_BAD;
	}
	for (size_t i = 0; i < count.len; i++) {
		n = n << 8 | count.p[i];
	}
	return start.len == strlen(tn) && number(tn, start.len, &value) &&
			       value >= first && value - first < n
		       ? TNAUTH_COVERS
		       : TNAUTH_NOT;
}

static enum tnauth entry(uint8_t tag, struct der value, const char *tn)
{
	struct der inner;

	switch (tag) {
	case 0xa0:
		return next_is(&value, IA5_STRING, &inner) && inner.len &&
				       !value.len
			       ? TNAUTH_COVERS
			       : TNAUTH_BAD;
	case 0xa1:
		return next_is(&value, SEQUENCE, &inner) && !value.len
			       ? in_range(inner, tn)
			       : TNAUTH_BAD;
	case 0xa2:
		if (!next_is(&value, IA5_STRING, &inner) || value.len) {
			return TNAUTH_BAD;
		}
		return is_one(&inner, tn) ? TNAUTH_COVERS : TNAUTH_NOT;
	default:
		return TNAUTH_BAD;
	}
}

enum tnauth tnauth_covers(const uint8_t *der, size_t len, const char *tn)
{
	struct der all = {der, len}, list, value;
	enum tnauth found = TNAUTH_NOT;
	uint8_t tag;

	if (!next_is(&all, SEQUENCE, &list) || all.len || !list.len) {
		return TNAUTH_BAD;
	}
	while (list.len) {
		enum tnauth e = next(&list, &tag, &value)
					? entry(tag, value, tn)
					: TNAUTH_BAD;

		if (e == TNAUTH_BAD) {
			return e;
		}
		if (e == TNAUTH_COVERS) {
			found = e;
		}
	}
	return found;
}
