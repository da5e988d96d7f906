/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/str.h"

#define DECIMALS_MAX 17

/* One octet is always kept for the NUL. */
static void put(struct json *j, const char *text, size_t len)
{
	if (j->overflow || j->size - j->len <= len) {
		j->overflow = true;
		return;
	}
	memcpy(j->buf + j->len, text, len);
	j->len += len;
}

static void put_text(struct json *j, const char *text)
{
	put(j, text, strlen(text));
}

/* Octets of the character at text that may stand as they are. Controls may
 * not, C1 and DEL included: JSON allows them but a terminal obeys them. */
static unsigned plain_len(const char *text, size_t left)
{
	unsigned char c = (unsigned char)text[0];
	unsigned n = str_utf8(text, left);

	if (n == 1 && (c < 0x20 || c == 0x7f || c == '"' || c == '\\')) {
		return 0;
	}
	if (n == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0) {
		return 0;
	}
	return n;
}

/* Escapes the first character of text, which is not plain. Returns the
 * number of octets used up. */
static size_t put_escaped(struct json *j, const char *text, size_t left)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	unsigned char c = (unsigned char)text[0];
	const char *at = strchr(from, c);
	unsigned n = str_utf8(text, left);
	char esc[8];

	if (n == 0) {
		put_text(j, "\xef\xbf\xbd"); /* U+FFFD */
		return 1;
	}
	if (at != NULL) {
		esc[0] = '\\';
		esc[1] = to[at - from];
		put(j, esc, 2);
		return 1;
	}
	/* U+0080 to U+009F are C2 80 to C2 9F. */
	snprintf(esc, sizeof(esc), "\\u%04x",
		 n == 1 ? c : (unsigned char)text[1]);
	put_text(j, esc);
	return n;
}

static void put_string(struct json *j, const char *text)
{
	size_t left = strlen(text), run, step;

	put(j, "\"", 1);
	while (left > 0 && !j->overflow) {
		run = 0;
		while (run < left &&
		       (step = plain_len(text + run, left - run)) > 0) {
			run += step;
		}
		put(j, text, run);
		text += run;
		left -= run;
		if (left > 0) {
			step = put_escaped(j, text, left);
			text += step;
			left -= step;
		}
	}
	put(j, "\"", 1);
}

/* The comma and the key before a value. */
static void start_value(struct json *j, const char *key)
{
	if (j->depth > 0 && j->depth <= JSON_DEPTH) {
		if (j->comma[j->depth - 1]) {
			put(j, ",", 1);
		}
		j->comma[j->depth - 1] = true;
	}
	if (key != NULL) {
		put_string(j, key);
		put(j, ":", 1);
	}
}

static void open_level(struct json *j, const char *key, char opening,
		       char closing)
{
	start_value(j, key);
	put(j, &opening, 1);
	if (j->depth < JSON_DEPTH) {
		j->close[j->depth] = closing;
		j->comma[j->depth] = false;
	} else {
		j->overflow = true;
	}
	j->depth++;
}

void json_init(struct json *j, char *buf, size_t size)
{
	*j = (struct json){.buf = buf, .size = size};
}

void json_obj(struct json *j, const char *key)
{
	open_level(j, key, '{', '}');
}

void json_arr(struct json *j, const char *key)
{
	open_level(j, key, '[', ']');
}

void json_close(struct json *j)
{
	if (j->depth == 0) {
		return;
	}
	j->depth--;
	if (j->depth < JSON_DEPTH) {
		put(j, &j->close[j->depth], 1);
	}
}

void json_raw(struct json *j, const char *key, const char *value)
{
	start_value(j, key);
	put_text(j, value);
}

void json_str(struct json *j, const char *key, const char *value)
{
	if (value == NULL) {
		json_nil(j, key);
		return;
	}
	start_value(j, key);
	put_string(j, value);
}

void json_int(struct json *j, const char *key, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, value);
	json_raw(j, key, text);
}

void json_num(struct json *j, const char *key, double value, int decimals)
{
	char text[352]; /* DBL_MAX has 309 digits before the point */

	if (!isfinite(value)) {
		json_nil(j, key);
		return;
	}
	decimals = decimals < 0 ? 0 : decimals;
	decimals = decimals > DECIMALS_MAX ? DECIMALS_MAX : decimals;
	snprintf(text, sizeof(text), "%.*f", decimals, value);
	json_raw(j, key, text);
}

void json_bool(struct json *j, const char *key, bool value)
{
	json_raw(j, key, value ? "true" : "false");
}

void json_nil(struct json *j, const char *key)
{
	json_raw(j, key, "null");
}

int json_end(struct json *j)
{
	int err = 0;

	if (j->overflow || j->size == 0) {
		err = -ENOSPC;
	} else if (j->depth > 0) {
		err = -EINVAL;
	}
	if (err < 0) {
		j->len = 0;
	}
	if (j->size > 0) {
		j->buf[j->len] = '\0';
	}
	return err < 0 ? err : (int)j->len;
}
