/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/trunkctl/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WALL_MS 1000000000000 /* in 2001: a larger number of ms is a date */

static bool is_scalar(const json_t *v)
{
	return !json_is_object(v) && !json_is_array(v);
}

bool text_is_plain(const json_t *v)
{
	size_t i;
	json_t *m;

	if (!json_is_array(v)) {
		return is_scalar(v);
	}
	json_array_foreach((json_t *)(uintptr_t)v, i, m) {
		if (!is_scalar(m)) {
			return false;
		}
	}
	return true;
}

static bool is_wall_ms(const char *key, const json_t *v)
{
	size_t n = strlen(key);

	return n > 3 && !strcmp(key + n - 3, "_ms") && json_is_integer(v) &&
	       json_integer_value(v) >= WALL_MS;
}

void text_key(char name[CELL], const char *key, const json_t *value)
{
	int n = (int)strlen(key) - (is_wall_ms(key, value) ? 3 : 0);

	snprintf(name, CELL, "%.*s", n, key);
}

static void put_integer(char cell[CELL], json_int_t n)
{
	time_t s = (time_t)(n / 1000);
	struct tm tm;

	if (n >= WALL_MS && localtime_r(&s, &tm)) {
		strftime(cell, CELL, "%H:%M:%S", &tm);
	} else {
		snprintf(cell, CELL, "%lld", (long long)n);
	}
}

/* No control characters, no half character at the end. */
static void clean(char *cell)
{
	size_t n = strlen(cell), tail = n;

	while (tail && ((unsigned char)cell[tail - 1] & 0xc0) == 0x80) {
		tail--;
	}
	if (n == CELL - 1 && tail && (unsigned char)cell[tail - 1] >= 0xc0) {
		cell[tail - 1] = '\0';
	}
	for (char *p = cell; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			*p = '?';
		}
	}
}

static void put_string(char cell[CELL], const char *text)
{
	snprintf(cell, CELL, "%s", *text ? text : "-");
	clean(cell);
}

static void put_scalar(char cell[CELL], const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		put_string(cell, json_string_value(v));
		break;
	case JSON_INTEGER:
		put_integer(cell, json_integer_value(v));
		break;
	case JSON_REAL:
		snprintf(cell, CELL, "%.2f", json_real_value(v));
		break;
	case JSON_TRUE:
		strcpy(cell, "yes");
		break;
	case JSON_FALSE:
		strcpy(cell, "no");
		break;
	default:
		strcpy(cell, "-");
	}
}

void text_value(char cell[CELL], const json_t *v)
{
	char one[CELL];
	size_t i, len = 0;
	json_t *m;

	if (is_scalar(v)) {
		put_scalar(cell, v);
		return;
	}
	strcpy(cell, json_array_size(v) ? "" : "none");
	json_array_foreach((json_t *)(uintptr_t)v, i, m) {
		put_scalar(one, m);
		if (len + strlen(one) + 2 < CELL) {
			snprintf(cell + len, CELL - len, "%s%s", i ? " " : "",
				 one);
			len = strlen(cell);
		}
	}
}

int text_width(const char *s)
{
	int n = 0;

	for (; *s; s++) {
		n += ((unsigned char)*s & 0xc0) != 0x80;
	}
	return n;
}
