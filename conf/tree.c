/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define TEXT_MAX  (1u << 20)
#define DEPTH_MAX 16
#define NODES_MAX 20000

struct reader {
	yaml_parser_t yaml;
	struct report *report;
	unsigned nodes;
};

static struct node *read_value(struct reader *, const yaml_event_t *,
			       unsigned depth);

static struct place place_of(const yaml_event_t *e)
{
	unsigned width = 1;

	if (e->start_mark.line == e->end_mark.line &&
	    e->end_mark.column > e->start_mark.column) {
		width = (unsigned)(e->end_mark.column - e->start_mark.column);
	}
	return (struct place){ (unsigned)e->start_mark.line + 1,
			       (unsigned)e->start_mark.column + 1, width };
}

/* An octet that is no character: libyaml tells where by octets alone. */
static struct place place_of_octet(const struct report *r, size_t offset)
{
	struct place p = { 1, 1, 1 };

	for (size_t i = 0; i < offset && i < r->len; i++) {
		if (r->text[i] == '\n') {
			p.line++;
			p.column = 1;
		} else if ((r->text[i] & 0xc0) != 0x80) {
			p.column++;
		}
	}
	return p;
}

static struct place place_of_fault(const struct reader *r)
{
	const yaml_parser_t *y = &r->yaml;

	if (y->error == YAML_READER_ERROR) {
		return place_of_octet(r->report, y->problem_offset);
	}
	return (struct place){ (unsigned)y->problem_mark.line + 1,
			       (unsigned)y->problem_mark.column + 1, 1 };
}

static bool next_event(struct reader *r, yaml_event_t *e)
{
	const yaml_parser_t *y = &r->yaml;
	struct problem *fault;

	if (yaml_parser_parse(&r->yaml, e)) {
		return true;
	}
	fault = report_error(r->report, place_of_fault(r), "not YAML: %s%s%s",
			     y->problem ? y->problem : "?",
			     y->context ? ", " : "",
			     y->context ? y->context : "");
	if (y->error == YAML_SCANNER_ERROR && *y->buffer.pointer == '\t') {
		problem_fix(fault, "spaces: YAML takes no tabs before a key");
	}
	return false;
}

static struct node *new_node(struct reader *r, const yaml_event_t *e,
			     enum node_kind kind)
{
	struct node *n;

	if (++r->nodes > NODES_MAX) {
		report_error(r->report, place_of(e),
			     "more than %d values in one file", NODES_MAX);
		return NULL;
	}
	n = calloc(1, sizeof(*n));
	if (n) {
		n->kind = kind;
		n->at = place_of(e);
	}
	return n;
}

static bool has_anchor_or_tag(struct reader *r, const yaml_event_t *e)
{
	const void *anchor = NULL, *tag = NULL;

	switch (e->type) {
	case YAML_SCALAR_EVENT:
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor || tag) {
		report_error(r->report, place_of(e),
			     "anchors and tags are not taken here");
	}
	return anchor || tag;
}

static struct node *read_scalar(struct reader *r, const yaml_event_t *e)
{
	struct node *n;
	size_t len = e->data.scalar.length;

	if (memchr(e->data.scalar.value, 0, len)) {
		report_error(r->report, place_of(e), "a NUL in a value");
		return NULL;
	}
	n = new_node(r, e, NODE_SCALAR);
	if (!n) {
		return NULL;
	}
	n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->text = strndup((const char *)e->data.scalar.value, len);
	if (!n->text) {
		tree_free(n);
		return NULL;
	}
	return n;
}

static struct node *read_list(struct reader *r, const yaml_event_t *start,
			      unsigned depth)
{
	struct node *list = new_node(r, start, NODE_LIST);
	struct node **tail = list ? &list->child : NULL;
	yaml_event_t e;

	while (list && next_event(r, &e)) {
		bool end = e.type == YAML_SEQUENCE_END_EVENT;

		*tail = end ? NULL : read_value(r, &e, depth + 1);
		yaml_event_delete(&e);
		if (end) {
			return list;
		}
		if (!*tail) {
			break;
		}
		tail = &(*tail)->next;
	}
	tree_free(list);
	return NULL;
}

/* The key that has just come, checked: plain, known once. To be freed. */
static char *take_key(struct reader *r, const struct node *map,
		      const yaml_event_t *e)
{
	const char *key;

	if (e->type != YAML_SCALAR_EVENT || has_anchor_or_tag(r, e)) {
		report_error(r->report, place_of(e), "a key must be a word");
		return NULL;
	}
	key = (const char *)e->data.scalar.value;
	if (tree_get(map, key)) {
		report_error(r->report, place_of(e),
			     "\"%.60s\" stands here twice", key);
		return NULL;
	}
	return strdup(key);
}

static struct node *read_map(struct reader *r, const yaml_event_t *start,
			     unsigned depth)
{
	struct node *map = new_node(r, start, NODE_MAP);
	struct node **tail = map ? &map->child : NULL;
	yaml_event_t e;

	while (map && next_event(r, &e)) {
		struct place key_at = place_of(&e);
		char *key = NULL;
		bool end = e.type == YAML_MAPPING_END_EVENT;

		if (!end) {
			key = take_key(r, map, &e);
		}
		yaml_event_delete(&e);
		if (end) {
			return map;
		}
		if (!key || !next_event(r, &e)) {
			free(key);
			break;
		}
		*tail = read_value(r, &e, depth + 1);
		yaml_event_delete(&e);
		if (!*tail) {
			free(key);
			break;
		}
		(*tail)->key = key;
		(*tail)->key_at = key_at;
		tail = &(*tail)->next;
	}
	tree_free(map);
	return NULL;
}

static struct node *read_value(struct reader *r, const yaml_event_t *e,
			       unsigned depth)
{
	if (depth > DEPTH_MAX) {
		report_error(r->report, place_of(e), "nested deeper than %d",
			     DEPTH_MAX);
		return NULL;
	}
	if (e->type == YAML_ALIAS_EVENT) {
		report_error(r->report, place_of(e),
			     "aliases are not taken here");
		return NULL;
	}
	if (has_anchor_or_tag(r, e)) {
		return NULL;
	}
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r, e);
	case YAML_SEQUENCE_START_EVENT:
		return read_list(r, e, depth);
	case YAML_MAPPING_START_EVENT:
		return read_map(r, e, depth);
	default:
		report_error(r->report, place_of(e), "nothing here");
		return NULL;
	}
}

/* One document, and nothing after it. */
static struct node *read_document(struct reader *r)
{
	struct node *root = NULL;
	yaml_event_t e;
	bool end = false;

	while (!end && next_event(r, &e)) {
		end = e.type == YAML_STREAM_END_EVENT;
		if (e.type == YAML_DOCUMENT_START_EVENT && root) {
			report_error(r->report, place_of(&e),
				     "a second document in the file");
		} else if (e.type == YAML_SCALAR_EVENT ||
			   e.type == YAML_MAPPING_START_EVENT ||
			   e.type == YAML_SEQUENCE_START_EVENT ||
			   e.type == YAML_ALIAS_EVENT) {
			tree_free(root);
			root = read_value(r, &e, 1);
			end = !root;
		}
		yaml_event_delete(&e);
	}
	return root;
}

struct node *tree_parse(const char *text, size_t len, struct report *report)
{
	struct reader r = { .report = report };
	struct node *root;

	if (len > TEXT_MAX) {
		report_error(report, (struct place){ 0 },
			     "larger than %u octets", TEXT_MAX);
		return NULL;
	}
	if (!yaml_parser_initialize(&r.yaml)) {
		return NULL;
	}
	yaml_parser_set_input_string(&r.yaml, (const unsigned char *)text,
				     len);
	yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
	root = read_document(&r);
	yaml_parser_delete(&r.yaml);
	if (!root && !report->errors) {
		report_error(report, (struct place){ 0 }, "the file is empty");
	}
	return root;
}

void tree_free(struct node *n)
{
	while (n) {
		struct node *next = n->next;

		tree_free(n->child);
		free(n->key);
		if (n->text) {
			explicit_bzero(n->text, strlen(n->text));
		}
		free(n->text);
		free(n);
		n = next;
	}
}

struct node *tree_get(const struct node *map, const char *key)
{
	for (struct node *n = map->child; n; n = n->next) {
		if (n->key && !strcmp(n->key, key)) {
			return n;
		}
	}
	return NULL;
}
