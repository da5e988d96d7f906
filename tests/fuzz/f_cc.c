/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core base */
/* The check that every message between the core and a leg passes first: on
 * any octets it ends, and what it lets through is safe to print. */
#include "gateway/cc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct cc_msg *m)
{
	char buf[CC_DIGITS_MAX + 2];
	struct cc_number n;

	if (strlen(cc_number_str(&m->called, buf)) > CC_DIGITS_MAX ||
	    strlen(m->name) >= sizeof(m->name) ||
	    strlen(m->ref) >= sizeof(m->ref) ||
	    strlen(m->detail) >= sizeof(m->detail)) {
		abort();
	}
	if (buf[0] != '\0' && cc_number_set(&n, buf) != 0) {
		abort();
	}
	if (cause_name(m->cause.value) == NULL ||
	    *cc_type_name(m->head.type) == '?') {
		abort();
	}
}

static void use_snapshot(const struct cc_snapshot *s)
{
	uint8_t copy[CC_SNAPSHOT_MAX];

	memcpy(copy, s->bytes, s->len);
	if (s->leg == 0 || s->len == 0 || copy[0] != s->bytes[0]) {
		abort();
	}
}

static void use_kept(const struct cc_kept *k)
{
	if (k->leg == 0 || k->channel > 31 || k->held > 1) {
		abort();
	}
}

static void use_barred(const struct cc_barred *b)
{
	if (b->end.kind != CC_END_SPAN) {
		abort();
	}
}

static void use_servers(const struct cc_servers *s)
{
	if (strlen(s->host) >= CC_HOST_MAX || s->server >= CC_SERVERS_MAX ||
	    s->n > CC_ADDRESSES || s->at[s->n - 1].addr.port == 0) {
		abort();
	}
}

static void use_any(const struct link_head *head)
{
	switch (head->type) {
	case CC_SNAPSHOT:
	case CC_CLEAR:
	case CC_KEEP:
		use_snapshot((const struct cc_snapshot *)head);
		break;
	case CC_KEPT:
		use_kept((const struct cc_kept *)head);
		break;
	case CC_BARRED:
		use_barred((const struct cc_barred *)head);
		break;
	case CC_SERVERS:
		use_servers((const struct cc_servers *)head);
		break;
	case CC_END_STATE:
	case CC_SETTLED:
		break;
	default:
		use((const struct cc_msg *)head);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[64] = "";
	struct cc_number n;
	struct link_head *head;

	memcpy(text, data, size < sizeof(text) - 1 ? size : sizeof(text) - 1);
	(void)cc_number_set(&n, text);
	if (size < sizeof(*head) || size > LINK_MSG_MAX) {
		return 0;
	}
	/* Exactly the octets there are, so that reading past them is seen. */
	head = malloc(size);
	if (head == NULL) {
		return 0;
	}
	memcpy(head, data, size);
	head->len = (uint32_t)size;
	if (cc_msg_ok(head)) {
		use_any(head);
	}
	free(head);
	return 0;
}
