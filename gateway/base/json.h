/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing JSON into a caller's buffer, for CDRs, status and traces; there is
 * no reader here. Strings are escaped; octets that are no valid UTF-8 are
 * written as U+FFFD. Never overflows: after an overflow json_end returns
 * -ENOSPC, and the buffer holds an empty string. Thread: any. The names stay
 * clear of jansson's: a program with both would call one for the other.
 *
 *	struct json j;
 *	json_init(&j, buf, sizeof(buf));
 *	json_obj(&j, NULL);
 *	json_str(&j, "name", name);
 *	json_arr(&j, "slots");
 *	json_int(&j, NULL, 3);
 *	json_close(&j); json_close(&j);
 *	n = json_end(&j);
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH 16

struct json {
	char *buf;
	size_t size, len;
	unsigned depth;
	char close[JSON_DEPTH]; /* '}' or ']' */
	bool comma[JSON_DEPTH];
	bool overflow;
};

void json_init(struct json *, char *buf, size_t size);
/* key: NULL inside an array or at the top. */
void json_obj(struct json *, const char *key);
void json_arr(struct json *, const char *key);
void json_close(struct json *);
void json_str(struct json *, const char *key, const char *value);
void json_int(struct json *, const char *key, int64_t value);
void json_num(struct json *, const char *key, double value, int decimals);
void json_bool(struct json *, const char *key, bool value);
void json_nil(struct json *, const char *key);
/* A value that is JSON already; borrowed, not checked. */
void json_raw(struct json *, const char *key, const char *value);
/* Length without the final NUL, which is written too; or -ENOSPC (also for
 * more than JSON_DEPTH levels), or -EINVAL when a level is still open. */
int json_end(struct json *);

#endif
