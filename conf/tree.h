/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML text as a tree of nodes that know their place. A strict subset:
 * one document; no anchors, aliases, tags, duplicate keys or merge keys; keys
 * are plain scalars. Limits stand before libyaml (its nesting is quadratic):
 * 1 MiB of text, depth 16, 20,000 nodes.
 */
#ifndef CONF_TREE_H
#define CONF_TREE_H

#include "conf/report.h"

enum node_kind { NODE_SCALAR, NODE_MAP, NODE_LIST };

struct node {
	enum node_kind kind;
	bool quoted;	       /* scalar in quotes */
	struct place at;
	struct place key_at;
	char *key;	       /* in a map */
	char *text;	       /* scalar; no NUL inside */
	struct node *child;    /* first */
	struct node *next;     /* sibling */
};

/* NULL when the text is no such YAML; the reason is in the report. */
struct node *tree_parse(const char *text, size_t len, struct report *);
void tree_free(struct node *);
struct node *tree_get(const struct node *map, const char *key);

#endif
