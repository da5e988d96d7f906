/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* libs: -ljansson */
/* The JSON writer: the input is a list of calls. Whatever strings they carry
 * and however small the buffer is, it writes JSON that jansson accepts, or
 * says that it did not. */
#include "gateway/base/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
	unsigned keys;
};

static uint8_t octet(struct input *in)
{
	if (in->left == 0) {
		return 0;
	}
	in->left--;
	return *in->at++;
}

/* A string of the next octets, of which the first is the length. */
static const char *text(struct input *in, char *buf, size_t size)
{
	size_t len = octet(in) % size;

	len = len < in->left ? len : in->left;
	memcpy(buf, in->at, len);
	buf[len] = '\0';
	in->at += len;
	in->left -= len;
	return buf;
}

/* What the key is in an array: none. In an object keys are to differ. */
static const char *key_for(struct json *j, struct input *in, char *buf,
			   size_t size)
{
	char name[64];

	if (j->depth == 0 ||
	    (j->depth <= JSON_DEPTH && j->close[j->depth - 1] == ']')) {
		return NULL;
	}
	snprintf(buf, size, "%u-%s", in->keys++, text(in, name, sizeof(name)));
	return buf;
}

static void call(struct json *j, struct input *in)
{
	char key_buf[96], value[64];
	uint8_t what = octet(in) % 9;
	const char *key;

	if (what == 8) {
		if (j->depth > 1) {
			json_close(j);
		}
		return;
	}
	key = key_for(j, in, key_buf, sizeof(key_buf));
	switch (what) {
	case 0:
		json_obj(j, key);
		break;
	case 1:
		json_arr(j, key);
		break;
	case 2:
		json_int(j, key, (int64_t)octet(in) << (octet(in) % 56));
		break;
	case 3:
		json_num(j, key, octet(in) / 7.0 * 1e30, octet(in));
		break;
	case 4:
		json_bool(j, key, octet(in) & 1);
		break;
	case 5:
		json_nil(j, key);
		break;
	default:
		json_str(j, key, text(in, value, sizeof(value)));
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size, 0};
	size_t room = (size_t)octet(&in) * 64 + octet(&in);
	char *buf = malloc(room + 1);
	json_error_t error;
	json_t *root;
	struct json j;
	int n;

	json_init(&j, buf, room);
	json_arr(&j, NULL);
	while (in.left > 0) {
		call(&j, &in);
	}
	while (j.depth > 0) {
		json_close(&j);
	}
	n = json_end(&j);
	if (n >= 0) {
		/* A number without decimals may exceed jansson's integers. */
		root = json_loads(
			buf, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL,
			&error);
		if (root == NULL || strlen(buf) != (size_t)n) {
			fprintf(stderr, "%s at %d\n%s\n", error.text,
				error.position, buf);
			abort();
		}
		json_decref(root);
	} else if (room > 0 && buf[0] != '\0') {
		abort();
	}
	free(buf);
	return 0;
}
