/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/stir_seen.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 16384 /* a power of two */
#define WAYS	4

/* The token by its digest: its signature has a twin, (r, n - s). */
struct seen {
	uint8_t token[16];
	uint64_t call;
	int64_t until_s; /* 0: free */
};

struct stir_seen {
	struct seen bucket[BUCKETS][WAYS];
};

static void digest(const void *data, size_t len, void *out, size_t size)
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, len, data);
	sha256_digest(&ctx, size, out);
}

struct stir_seen *stir_seen_new(void)
{
	return calloc(1, sizeof(struct stir_seen));
}

void stir_seen_free(struct stir_seen *s)
{
	free(s);
}

bool stir_seen_add(struct stir_seen *s, const char *input, size_t len,
		   const char *call_id, int64_t now_s, int64_t until_s)
{
	struct seen mine = {.until_s = until_s}, *oldest;
	struct seen *bucket;
	uint32_t at;

	digest(input, len, mine.token, sizeof(mine.token));
	digest(call_id, strlen(call_id), &mine.call, sizeof(mine.call));
	memcpy(&at, mine.token, sizeof(at));
	bucket = s->bucket[at & (BUCKETS - 1)];
	oldest = bucket;
	for (unsigned i = 0; i < WAYS; i++) {
		if (bucket[i].until_s >= now_s &&
		    !memcmp(bucket[i].token, mine.token, sizeof(mine.token))) {
			return bucket[i].call == mine.call;
		}
		if (bucket[i].until_s < oldest->until_s) {
			oldest = &bucket[i];
		}
	}
	*oldest = mine;
	return true;
}
