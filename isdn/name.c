/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isdn/name.h"

#include <string.h>

/* BER tags (X.690), and where they stand. */
enum {
	BER_INTEGER = 0x02,
	BER_STRING = 0x04,
	BER_OID = 0x06,
	BER_SEQUENCE = 0x30,
	ROSE_INVOKE = 0xa1,
	ROSE_LINKED = 0x80,
	NAME_SIMPLE = 0x80, /* namePresentationAllowedSimple */
	NAME_EXTENDED = 0xa1 /* ...Extended: string and character set */
};

enum operation {
	OP_NONE,
	OP_CALLING_NAME,
	OP_CONNECTED_NAME,
	OP_FOLLOWING /* informationFollowing */
};

struct ber {
	const uint8_t *p;
	size_t len;
};

/* Takes one tag, length and value off the front. Lengths of one octet, or of
 * two in the long form: an element has 255 at most. */
static bool take(struct ber *from, uint8_t *tag, struct ber *value)
{
	size_t head = 2, n;

	if (from->len < 2) {
		return false;
	}
	*tag = from->p[0];
	n = from->p[1];
	if (n == 0x81 && from->len > 2) {
		n = from->p[2];
		head = 3;
	} else if (n >= 0x80) {
		return false;
	}
	if (n > from->len - head) {
		return false;
	}
	*value = (struct ber){ from->p + head, n };
	from->p += head + n;
	from->len -= head + n;
	return true;
}

/* Local values are ECMA's; objects of ANSI T1 (1 2 840 10005 0) and ECMA
 * (1 3 12 9) end in the same numbers. */
static enum operation operation_of(uint8_t tag, const struct ber *v)
{
	static const uint8_t ansi[] = { 0x2a, 0x86, 0x48, 0xce, 0x15, 0 };
	static const uint8_t ecma[] = { 0x2b, 0x0c, 0x09 };
	bool is_ansi = tag == BER_OID && v->len == sizeof(ansi) + 1 &&
		       !memcmp(v->p, ansi, sizeof(ansi));
	bool is_ecma = tag == BER_OID && v->len == sizeof(ecma) + 1 &&
		       !memcmp(v->p, ecma, sizeof(ecma));

	if (!is_ansi && !is_ecma && (tag != BER_INTEGER || v->len != 1)) {
		return OP_NONE;
	}
	switch (v->p[v->len - 1]) {
	case 0:
		return OP_CALLING_NAME;
	case 2:
		return OP_CONNECTED_NAME;
	case 4:
		return is_ansi ? OP_FOLLOWING : OP_NONE;
	default:
		return OP_NONE;
	}
}

/* The invoke component of a Facility element, opened: its operation, and
 * what is left is the argument. */
static enum operation open_invoke(const struct ie *ie, struct ber *arg)
{
	size_t at = ie_group_end(ie, 0); /* protocol profile */
	struct ber all = { ie->data + at, at ? ie->len - at : 0 }, v;
	uint8_t tag = 0;

	/* network extensions and interpretation stand before it */
	do {
		if (!take(&all, &tag, arg)) {
			return OP_NONE;
		}
	} while (tag != ROSE_INVOKE);
	if (!take(arg, &tag, &v) || tag != BER_INTEGER ||
	    !take(arg, &tag, &v)) {
		return OP_NONE;
	}
	if (tag == ROSE_LINKED && !take(arg, &tag, &v)) {
		return OP_NONE;
	}
	return operation_of(tag, &v);
}

/* ISO 8859-1 to UTF-8, without what cannot be printed. */
static void put_name(char name[CC_NAME_MAX], const uint8_t *p, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len && n + 3 < CC_NAME_MAX; i++) {
		uint8_t c = p[i];

		if (c >= 0xa0) {
			name[n++] = (char)(0xc0 | c >> 6);
			name[n++] = (char)(0x80 | (c & 0x3f));
		} else if (c >= 0x20 && c < 0x7f) {
			name[n++] = (char)c;
		}
	}
	name[n] = '\0';
}

static void put_argument(struct ber arg, char name[CC_NAME_MAX])
{
	struct ber v;
	uint8_t tag;

	if (!take(&arg, &tag, &v)) {
		return;
	}
	if (tag == BER_SEQUENCE) { /* with extensions behind it */
		arg = v;
		if (!take(&arg, &tag, &v)) {
			return;
		}
	}
	if (tag == NAME_EXTENDED) {
		arg = v;
		if (!take(&arg, &tag, &v) || tag != BER_STRING) {
			return;
		}
		tag = NAME_SIMPLE;
	}
	if (tag == NAME_SIMPLE) {
		put_name(name, v.p, v.len);
	}
}

static void from_display(const struct ie_msg *m, char name[CC_NAME_MAX])
{
	struct ie ie;
	size_t i;

	if (!ie_find(m, IE_DISPLAY, 0, &ie) || !ie.len) {
		return;
	}
	/* a first octet with bit 8 names the character set */
	i = ie.data[0] & 0x80 && ie.data[0] < 0xc0 ? 1 : 0;
	put_name(name, ie.data + i, ie.len - i);
}

void name_read(const struct ie_msg *m, char name[CC_NAME_MAX])
{
	enum operation want = m->type == Q931_CONNECT ? OP_CONNECTED_NAME
						      : OP_CALLING_NAME;
	unsigned nth;
	struct ber arg;
	struct ie ie;

	name[0] = '\0';
	for (nth = 0; !name[0] && ie_find(m, IE_FACILITY, nth, &ie); nth++) {
		if (open_invoke(&ie, &arg) == want) {
			put_argument(arg, name);
		}
	}
	if (!name[0] && m->type != Q931_FACILITY) {
		from_display(m, name);
	}
}

bool name_follows(const struct ie_msg *m)
{
	unsigned nth;
	struct ber arg;
	struct ie ie;

	for (nth = 0; ie_find(m, IE_FACILITY, nth, &ie); nth++) {
		if (open_invoke(&ie, &arg) == OP_FOLLOWING) {
			return true;
		}
	}
	return false;
}
