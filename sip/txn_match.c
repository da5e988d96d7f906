/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which transaction a message belongs to (RFC 3261 17.1.3, 17.2.3). */
#include "sip/txn_priv.h"

#include "sip/trunk.h"

#include <nettle/sha2.h>
#include <osipparser2/osip_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Each part with its NUL, so that parts cannot run into one another. */
static void part(struct sha256_ctx *c, const char *text)
{
	sha256_update(c, strlen(text) + 1, (const uint8_t *)text);
}

static void begin(const struct txn_layer *l, struct sha256_ctx *c,
		  const char *kind)
{
	sha256_init(c);
	sha256_update(c, sizeof(l->secret), l->secret);
	part(c, kind);
}

static void number(struct sha256_ctx *c, unsigned long n)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", n);
	part(c, text);
}

static void finish(struct sha256_ctx *c, struct txn_key *key)
{
	sha256_digest(c, sizeof(key->octets), key->octets);
}

void txn_key_client(const struct txn_layer *l, const struct sip_msg *m,
		    struct txn_key *key)
{
	struct sha256_ctx c;

	begin(l, &c, "client");
	part(&c, sip_msg_branch(m));
	part(&c, sip_msg_method(m));
	finish(&c, key);
}

/* sent-by: host without regard to case, and the port. */
static void sent_by(struct sha256_ctx *c, const osip_via_t *via)
{
	const char *host = via && via->host ? via->host : "";

	for (; *host; host++) {
		uint8_t low = (uint8_t)(*host >= 'A' && *host <= 'Z'
						? *host + 32
						: *host);

		sha256_update(c, 1, &low);
	}
	part(c, "");
	part(c, via && via->port ? via->port : "5060");
}

/* Before RFC 3261 no branch was unique: the whole request is compared, but
 * for the To tag, which an ACK has from our response. */
static void old_request(struct sha256_ctx *c, const struct sip_msg *m)
{
	char *uri = NULL;

	if (m->osip->req_uri && !osip_uri_to_str(m->osip->req_uri, &uri)) {
		part(c, uri);
		osip_free(uri);
	}
	part(c, sip_msg_from_tag(m));
	part(c, sip_msg_call_id(m));
	number(c, sip_msg_cseq(m));
}

void txn_key_server(const struct txn_layer *l, const struct sip_msg *m,
		    const char *method, struct txn_key *key)
{
	const osip_via_t *via = osip_list_get(&m->osip->vias, 0);
	const char *branch = sip_msg_branch(m);
	size_t cookie = strlen(SIP_COOKIE);
	struct sha256_ctx c;

	begin(l, &c, "server");
	part(&c, branch);
	sent_by(&c, via);
	part(&c, method);
	number(&c, m->path.trunk);
	if (strncasecmp(branch, SIP_COOKIE, cookie) || !branch[cookie]) {
		old_request(&c, m);
	}
	finish(&c, key);
}

void txn_key_merge(const struct txn_layer *l, const struct sip_msg *m,
		   struct txn_key *key)
{
	struct sha256_ctx c;

	begin(l, &c, "merge");
	part(&c, sip_msg_from_tag(m));
	part(&c, sip_msg_call_id(m));
	number(&c, sip_msg_cseq(m));
	part(&c, sip_msg_method(m));
	finish(&c, key);
}

static unsigned slot(const struct txn_layer *l, const struct txn_key *key)
{
	uint32_t h;

	memcpy(&h, key->octets, sizeof(h));
	return h & (l->n_buckets - 1);
}

static bool same(const struct txn_key *a, const struct txn_key *b)
{
	return !memcmp(a->octets, b->octets, sizeof(a->octets));
}

void txn_link(struct txn *t)
{
	struct txn **b = &t->layer->bucket[slot(t->layer, &t->key)];

	t->next = *b;
	*b = t;
}

struct txn *txn_find(const struct txn_layer *l, const struct txn_key *key,
		     bool server)
{
	struct txn *t = l->bucket[slot(l, key)];

	while (t && (txn_is_server(t) != server || !same(&t->key, key))) {
		t = t->next;
	}
	return t;
}

void txn_merge_link(struct txn *t)
{
	struct txn_server *s = &t->u.server;
	struct txn **b = &t->layer->merge[slot(t->layer, &s->merge)];

	s->merge_next = *b;
	s->merge_linked = true;
	*b = t;
}

struct txn *txn_merge_find(const struct txn_layer *l,
			   const struct txn_key *key)
{
	struct txn *t = l->merge[slot(l, key)];

	while (t && !same(&t->u.server.merge, key)) {
		t = t->u.server.merge_next;
	}
	return t;
}

void txn_unlink(struct txn *t)
{
	struct txn_layer *l = t->layer;
	struct txn **p = &l->bucket[slot(l, &t->key)];

	while (*p && *p != t) {
		p = &(*p)->next;
	}
	if (*p) {
		*p = t->next;
	}
	if (!txn_is_server(t) || !t->u.server.merge_linked) {
		return;
	}
	p = &l->merge[slot(l, &t->u.server.merge)];
	while (*p && *p != t) {
		p = &(*p)->u.server.merge_next;
	}
	if (*p) {
		*p = t->u.server.merge_next;
	}
}
