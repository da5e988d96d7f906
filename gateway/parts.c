/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/parts.h"

#include "gateway/base/memfd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *part_media(const struct conf *c, size_t *len)
{
	struct conf_for_media *p = calloc(1, *len = sizeof(*p));

	if (p) {
		p->media = c->media;
		p->n_spans = c->n_spans;
		p->spare_spans = c->gateway.spare_spans;
		memcpy(p->spans, c->spans, sizeof(p->spans));
	}
	return p;
}

/* The spans of an NFAS group have one isdn role. */
static void add_member(struct conf_for_isdn *p, const struct conf *c,
		       unsigned i)
{
	const struct conf_span *s = &c->spans[i];

	if (s->isdn.nfas.leader != p->index + 1 ||
	    p->n_members == CONF_NFAS_SPANS) {
		return;
	}
	struct conf_member *m = &p->members[p->n_members++];

	*m = (struct conf_member){
		.index = (uint16_t)i,
		.d_slot = s->line.d_slot,
		.first_slot = s->line.first_slot,
		.last_slot = s->line.last_slot,
		.interface = s->isdn.nfas.interface,
		.d = s->isdn.nfas.d,
	};
	memcpy(m->name, s->name, CONF_NAME);
}

static void *part_isdn(const struct conf *c, unsigned index, size_t *len)
{
	struct conf_for_isdn *p = calloc(1, *len = sizeof(*p));

	if (p) {
		p->index = (uint16_t)index;
		p->span = c->spans[index];
		for (unsigned i = 0; i < c->n_spans; i++) {
			add_member(p, c, i);
		}
	}
	return p;
}

static void *part_sip(const struct conf *c, size_t *len)
{
	struct conf_for_sip *p = calloc(1, *len = sizeof(*p));

	if (p) {
		memcpy(p->file, c->file, sizeof(p->file));
		memcpy(p->node, c->gateway.node, sizeof(p->node));
		p->sip = c->sip;
		p->n_trunks = c->n_trunks;
		memcpy(p->trunks, c->trunks, sizeof(p->trunks));
		p->n_rules = c->n_rules;
		memcpy(p->rules, c->rules, sizeof(p->rules));
		p->n_emergency = c->n_emergency;
		memcpy(p->emergency, c->emergency, sizeof(p->emergency));
	}
	return p;
}

static void *part_core(const struct conf *c, size_t *len)
{
	struct conf_for_core *p = calloc(1, *len = sizeof(*p));

	if (p) {
		p->conf = *c;
		for (size_t i = 0; i < CONF_TRUNKS; i++) {
			memset(p->conf.trunks[i].auth_password, 0,
			       sizeof(p->conf.trunks[i].auth_password));
		}
	}
	return p;
}

void *parts_make(const struct conf *c, enum role_id role, unsigned index,
		 size_t *len)
{
	switch (role) {
	case ROLE_MEDIA:
		return part_media(c, len);
	case ROLE_ISDN:
		return index < c->n_spans ? part_isdn(c, index, len) : NULL;
	case ROLE_SIP:
		return part_sip(c, len);
	case ROLE_CORE:
	case ROLE_CONSOLE:
		return part_core(c, len);
	default:
		return NULL;
	}
}

int parts_memfd(const struct conf *c, enum role_id role, unsigned index)
{
	size_t len = 0;
	void *part = parts_make(c, role, index, &len);
	int fd;

	if (!part) {
		return -ENOMEM;
	}
	fd = memfd_create_sealed("trunkgate-conf", part, len);
	explicit_bzero(part, len);
	free(part);
	return fd;
}
