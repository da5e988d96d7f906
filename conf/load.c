/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/load.h"

#include "conf/check.h"
#include "conf/check_priv.h"
#include "conf/profile.h"
#include "conf/schema.h"
#include "conf/tree.h"
#include "conf/value.h"

#include "gateway/base/str.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((1u << 20) + 1) /* one more than tree.h takes */
#define PATH_LEN 96
#define MAX_ROWS 128 /* keys of a section */

/* Does a setting of that path exist, or a group of them below it? */
static const struct setting *find_setting(const struct section *sec,
					  const char *path, bool *is_group)
{
	size_t len = strlen(path);

	*is_group = false;
	for (unsigned i = 0; i < sec->n; i++) {
		const char *p = sec->settings[i].path;

		if (!strcmp(p, path)) {
			return &sec->settings[i];
		}
		if (!strncmp(p, path, len) && p[len] == '.') {
			*is_group = true;
		}
	}
	return NULL;
}

static void read_group(const struct value_env *, const struct section *,
		       const char *prefix, const struct node *map, void *base);

/* --- profiles: a trunk's settings before its own --- */

static void report_no_profile(const struct value_env *env,
			      const struct node *n)
{
	const char *near = value_suggest(n->text, profile_names);
	struct problem *p = report_error(env->report, n->at,
					 "profile: \"%.40s\" is not known",
					 n->text);
	size_t len = 0;

	if (near) {
		problem_fix(p, "did you mean \"%s\"?", near);
		return;
	}
	problem_fix(p, "one of: ");
	for (unsigned i = 0; profile_names[i]; i++) {
		len = strlen(p->fix);
		snprintf(p->fix + len, sizeof(p->fix) - len, "%s%s",
			 i ? ", " : "", profile_names[i]);
	}
}

static void read_profile(const struct value_env *env,
			 const struct section *sec, const struct node *map,
			 void *base)
{
	bool trunk = !strcmp(sec->name, "trunks");
	const struct node *n = trunk ? tree_get(map, "profile") : NULL;
	const char *text = n && n->kind == NODE_SCALAR && n->text[0]
				   ? profile_text(n->text)
				   : NULL;
	struct report *r;
	struct value_env own = *env;
	struct node *root;

	if (!text) {
		if (n && n->kind == NODE_SCALAR && n->text[0]) {
			report_no_profile(env, n);
		}
		return;
	}
	r = malloc(sizeof(*r));
	if (!r) {
		report_error(env->report, n->at, "out of memory");
		return;
	}
	report_init(r, n->text, text, strlen(text));
	own.report = r;
	root = tree_parse(text, strlen(text), r);
	if (root) {
		read_group(&own, sec, "", root, base);
	}
	if (r->errors) {
		report_error(env->report, n->at,
			     "profile: %.40s:%u: %.120s", n->text,
			     r->problems[0].at.line, r->problems[0].text);
	}
	tree_free(root);
	free(r);
}

/* What keys may stand in a group: for "did you mean". */
static void report_unknown(const struct value_env *env,
			   const struct section *sec, const char *prefix,
			   const struct node *n)
{
	char names[MAX_ROWS][32];
	const char *list[MAX_ROWS + 1];
	size_t len = strlen(prefix);
	unsigned count = 0;
	const char *near;
	struct problem *p;

	for (unsigned i = 0; i < sec->n && count < MAX_ROWS; i++) {
		const char *path = sec->settings[i].path;

		if (!strncmp(path, prefix, len)) {
			path += len;
			str_copy_n(names[count], sizeof(names[0]), path,
				   strcspn(path, "."));
			list[count] = names[count];
			count += !count || strcmp(names[count],
						  names[count - 1]);
		}
	}
	list[count] = NULL;
	p = report_error(env->report, n->key_at,
			 "\"%.60s\" is no setting of %s%s%.*s", n->key,
			 sec->name, len ? "." : "", len ? (int)len - 1 : 0,
			 prefix);
	near = value_suggest(n->key, list);
	if (near) {
		problem_fix(p, "did you mean \"%s\"?", near);
	}
}

static void read_item(const struct value_env *, const struct section *,
		      const struct node *, void *base);

/* --- header rules: a list of a trunk's, kept beside the trunks --- */

static void read_rule(const struct value_env *env, const struct node *n,
		      uint8_t trunk)
{
	struct conf *conf = env->conf;
	unsigned errors = env->report->errors;
	struct conf_rule r = { .trunk = trunk, .line = n->at.line };

	if (conf->n_rules == CONF_RULES) {
		report_error(env->report, n->at,
			     "header_rules: at most %d in a file", CONF_RULES);
		return;
	}
	read_item(env, &conf_rule_section, n, &r);
	if (env->report->errors == errors) {
		check_rule(&r, n, env->report);
		conf->rules[conf->n_rules++] = r;
	}
}

static void read_rules(const struct value_env *env, const struct setting *s,
		       const struct node *list, const void *base)
{
	struct conf *conf = env->conf;
	uint8_t trunk =
		(uint8_t)((const struct conf_trunk *)base - conf->trunks);
	int32_t count = 0;

	/* What stands in the trunk counts, not what its profile has. */
	while (conf->n_rules && conf->rules[conf->n_rules - 1].trunk == trunk) {
		conf->n_rules--;
	}
	if (list->kind != NODE_LIST) {
		problem_fix(report_error(env->report, list->at,
					 "%s: a list is needed here", s->path),
			    "begin each rule with \"- \"");
		return;
	}
	for (const struct node *n = list->child; n; n = n->next, count++) {
		if (count == s->max) {
			report_error(env->report, n->at, "%s: at most %d",
				     s->path, s->max);
			return;
		}
		read_rule(env, n, trunk);
	}
}

static void read_group(const struct value_env *env, const struct section *sec,
		       const char *prefix, const struct node *map, void *base)
{
	char path[PATH_LEN];
	bool is_group;

	for (const struct node *n = map->child; n; n = n->next) {
		const struct setting *s;

		snprintf(path, sizeof(path), "%s%.40s", prefix, n->key);
		s = find_setting(sec, path, &is_group);
		if (s && s->type == VALUE_RULES) {
			read_rules(env, s, n, base);
		} else if (s) {
			value_read(env, s, n, base);
		} else if (!is_group) {
			report_unknown(env, sec, prefix, n);
		} else if (n->kind != NODE_MAP) {
			report_error(env->report, n->at,
				     "%s: settings are needed here", path);
		} else {
			str_copy(path + strlen(path),
				 sizeof(path) - strlen(path), ".");
			read_group(env, sec, path, n, base);
		}
	}
}

/* The node of a path such as "line.driver", or NULL. */
static const struct node *find_node(const struct node *map, const char *path)
{
	char key[PATH_LEN];

	while (map && map->kind == NODE_MAP) {
		size_t n = strcspn(path, ".");

		str_copy_n(key, sizeof(key), path, n);
		map = tree_get(map, key);
		if (!path[n]) {
			return map;
		}
		path += n + 1;
	}
	return NULL;
}

static void read_item(const struct value_env *env, const struct section *sec,
		      const struct node *map, void *base)
{
	if (map->kind != NODE_MAP) {
		report_error(env->report, map->at,
			     "%s: settings are needed here", sec->name);
		return;
	}
	for (unsigned i = 0; i < sec->n; i++) {
		const struct setting *s = &sec->settings[i];

		value_default(s, base);
		if (!s->def && !find_node(map, s->path)) {
			report_error(env->report, map->at,
				     "%s: \"%s\" is missing", sec->name,
				     s->path);
		}
	}
	read_profile(env, sec, map, base);
	read_group(env, sec, "", map, base);
}

static void read_items(const struct value_env *env, const struct section *sec,
		       const struct node *list, struct conf *conf)
{
	char *base = (char *)conf + sec->at;
	uint16_t count = 0;

	if (list->kind != NODE_LIST) {
		problem_fix(report_error(env->report, list->at,
					 "%s: a list is needed here",
					 sec->name),
			    "begin each item with \"- \"");
		return;
	}
	for (const struct node *n = list->child; n; n = n->next) {
		if (count == sec->max) {
			report_error(env->report, n->at, "%s: at most %u",
				     sec->name, sec->max);
			break;
		}
		read_item(env, sec, n, base + count * sec->size);
		count++;
	}
	memcpy((char *)conf + sec->count_at, &count, sizeof(count));
}

static void read_section(const struct value_env *env,
			 const struct section *sec, const struct node *root,
			 struct conf *conf)
{
	static const struct node empty = { .kind = NODE_MAP };
	const struct node *n = tree_get(root, sec->name);

	if (!sec->is_list) {
		read_item(env, sec, n ? n : &empty, (char *)conf + sec->at);
	} else if (n) {
		read_items(env, sec, n, conf);
	}
}

static void read_emergency(const struct value_env *env,
			   const struct node *root, struct conf *conf)
{
	const struct node *list = tree_get(root, CONF_EMERGENCY_KEY);
	const struct node *n = list && list->kind == NODE_LIST ? list->child :
								  NULL;

	if (list && list->kind != NODE_LIST) {
		report_error(env->report, list->at,
			     "emergency: a list of numbers is needed here");
	}
	for (; n; n = n->next) {
		char *to = conf->emergency[conf->n_emergency];

		if (conf->n_emergency == CONF_EMERGENCY) {
			report_error(env->report, n->at,
				     "emergency: at most %d numbers",
				     CONF_EMERGENCY);
			return;
		}
		if (n->kind != NODE_SCALAR || !n->text[0] ||
		    strspn(n->text, "0123456789*#+") != strlen(n->text) ||
		    !str_copy(to, CONF_NUMBER, n->text)) {
			report_error(env->report, n->at,
				     "emergency: a number is needed here");
			continue;
		}
		conf->n_emergency++;
	}
}

static void check_top_keys(const struct value_env *env,
			   const struct node *root)
{
	const char *names[16] = { CONF_EMERGENCY_KEY };
	unsigned n_names = 1;

	for (unsigned i = 0; i < conf_n_sections; i++) {
		names[n_names++] = conf_sections[i].name;
	}
	for (const struct node *n = root->child; n; n = n->next) {
		bool known = false;
		const char *near;
		struct problem *p;

		for (unsigned i = 0; i < n_names; i++) {
			known |= !strcmp(n->key, names[i]);
		}
		if (known) {
			continue;
		}
		p = report_error(env->report, n->key_at,
				 "\"%.60s\" is no part of a configuration",
				 n->key);
		near = value_suggest(n->key, names);
		if (near) {
			problem_fix(p, "did you mean \"%s\"?", near);
		}
	}
}

static void read_all(const struct value_env *env, const struct node *root,
		     struct conf *conf)
{
	if (root->kind != NODE_MAP) {
		report_error(env->report, root->at,
			     "a configuration begins with spans:, trunks: "
			     "and routes:");
		return;
	}
	check_top_keys(env, root);
	for (unsigned i = 0; i < conf_n_sections; i++) {
		read_section(env, &conf_sections[i], root, conf);
	}
	read_emergency(env, root, conf);
	conf_check(conf, root, env->report);
}

struct conf *conf_load_text(const char *name, const char *text, size_t len,
			    const char *dir, char **report)
{
	struct report *r = malloc(sizeof(*r));
	struct conf *conf = calloc(1, sizeof(*conf));
	struct value_env env = { r, dir, conf };
	struct node *root;

	if (!r || !conf) {
		free(r);
		free(conf);
		*report = strdup("out of memory\n");
		return NULL;
	}
	/* Editors of Windows begin a file with a byte order mark. */
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	report_init(r, name, text, len);
	(void)str_copy(conf->file, sizeof(conf->file), name);
	root = tree_parse(text, len, r);
	if (root) {
		read_all(&env, root, conf);
	}
	tree_free(root);
	*report = report_text(r);
	if (r->errors) {
		free(conf);
		conf = NULL;
	}
	free(r);
	return conf;
}

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(FILE_MAX) : NULL;

	if (text) {
		*len = fread(text, 1, FILE_MAX, f);
		if (ferror(f)) {
			free(text);
			text = NULL;
		}
	}
	if (f) {
		fclose(f);
	}
	return text;
}

static char *failure(const char *path, int err)
{
	char *text = NULL;

	if (asprintf(&text, "%s: error: %s\n%s", path, strerror(err),
		     err == ENOENT ? "      = conf/examples has files to begin "
				     "with, also in share/doc/trunkgate\n"
				   : "") < 0) {
		return strdup("out of memory\n");
	}
	return text;
}

struct conf *conf_load(const char *path, char **report)
{
	size_t len = 0;
	char *text = read_file(path, &len);
	char *copy = strdup(path);
	struct conf *conf = NULL;

	if (text && copy) {
		conf = conf_load_text(path, text, len, dirname(copy), report);
		explicit_bzero(text, len);
	} else {
		*report = failure(path, errno);
	}
	free(text);
	free(copy);
	return conf;
}
