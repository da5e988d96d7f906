/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the checker share. */
#ifndef CONF_CHECK_PRIV_H
#define CONF_CHECK_PRIV_H

#include "conf/conf.h"
#include "conf/tree.h"

struct checker {
	struct conf *conf;
	const struct node *root;
	struct report *report;
};

/* The i-th item of a list at the top, or NULL. */
const struct node *check_item(const struct checker *, const char *list,
			      unsigned i);
/* Where a setting of an item stands; the item itself when it is left out. */
struct place check_place(const struct node *map, const char *key,
			 const char *sub);

/* --- check_nfas.c --- */
/* Also says which span leads each group, and that there is no D slot where
 * there is no D channel. */
void check_nfas(const struct checker *);
/* A route names a span: the group's name stands for its spans. */
bool check_nfas_route(const struct checker *, const struct node *,
		      const uint8_t *index);
/* The first span of the group of that name; false: there is no such group. */
bool check_nfas_group(const struct checker *, const char *name,
		      uint8_t *index);

/* --- check_ports.c --- */
/* Ports and paths of this machine that settings want twice, or cannot have. */
void check_ports(const struct checker *);

/* --- check_trunk.c --- */
/* TLS, addresses, and what tells the i-th trunk from those before it. */
void check_trunk_wire(const struct checker *, unsigned i);

/* --- check_rule.c --- */
/* One header rule, as it stands at that node: what it may change, and whether
 * pattern, value and conditions fit together. */
void check_rule(const struct conf_rule *, const struct node *,
		struct report *);
/* Of the i-th trunk: those that would break a STIR token. */
void check_rules_stir(const struct checker *, unsigned i);

#endif
