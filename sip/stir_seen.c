/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/stir_seen.h"

#include "sip/jws.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 16384 /* a power of two */
#define WAYS	4

struct seen {
	uint8_t token[16];
	uint64_t call;
	int64_t until_s; /* 0: free */
};

struct stir_seen {
	struct seen bucket[BUCKETS][WAYS];
};

static void digest(struct seen *out, const struct stir_token *t,
		   const char *call_id)
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, t->len, (const uint8_t *)t->input);
	sha256_update(&ctx, JWS_SIG / 2, t->sig);
	sha256_digest(&ctx, sizeof(out->token), out->token);
	sha256_update(&ctx, strlen(call_id), (const uint8_t *)call_id);
	sha256_digest(&ctx, sizeof(out->call), (uint8_t *)&out->call);
}

struct stir_seen *stir_seen_new(void)
{
	return calloc(1, sizeof(struct stir_seen));
}

void stir_seen_free(struct stir_seen *s)
{
	free(s);
}

bool stir_seen_add(struct stir_seen *s, const struct stir_token *t,
		   const char *call_id, int64_t now_s, int64_t until_s)
{
	struct seen mine = {.until_s = until_s}, *oldest;
	struct seen *bucket;
	uint32_t at;

	digest(&mine, t, call_id);
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
