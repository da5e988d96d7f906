/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the table of settings says, as JSON Schema. */
#include "conf/schema.h"

#include "gateway/base/json.h"

#include <stdlib.h>
#include <string.h>

#define SCHEMA_MAX 65536
#define DIGITS	   "^\\+?[0-9*#]*$"

static void schema_words(struct json *j, const struct setting *s)
{
	json_arr(j, "enum");
	for (unsigned i = 0; s->names[i]; i++) {
		json_str(j, NULL, s->names[i]);
	}
	json_close(j);
}

static void schema_secret(struct json *j)
{
	json_arr(j, "oneOf");
	json_obj(j, NULL);
	json_str(j, "type", "string");
	json_close(j);
	json_obj(j, NULL);
	json_str(j, "type", "object");
	json_raw(j, "properties", "{\"file\":{\"type\":\"string\"}}");
	json_raw(j, "required", "[\"file\"]");
	json_bool(j, "additionalProperties", false);
	json_close(j);
	json_close(j);
}

/* The schema of a single value, into the object that is open. */
static void schema_value(struct json *j, const struct setting *s)
{
	switch (s->type) {
	case VALUE_INT:
		json_str(j, "type", "integer");
		json_int(j, "minimum", s->min);
		json_int(j, "maximum", s->max);
		return;
	case VALUE_CORES:
		json_str(j, "type", "integer");
		json_int(j, "minimum", 0);
		json_int(j, "maximum", UINT8_MAX);
		return;
	case VALUE_BOOL:
		json_str(j, "type", "boolean");
		return;
	case VALUE_ENUM:
	case VALUE_CODE:
	case VALUE_CODES:
		schema_words(j, s);
		return;
	case VALUE_SECRET:
		schema_secret(j);
		return;
	case VALUE_DIGITS:
		json_str(j, "pattern", DIGITS);
		break;
	case VALUE_PORTS:
		json_str(j, "pattern", "^[0-9]+-[0-9]+$");
		break;
	default:
		break;
	}
	json_str(j, "type", "string");
}

static void schema_default(struct json *j, const struct setting *s)
{
	if (!s->def || s->type >= VALUE_HOSTS || s->type == VALUE_SECRET) {
		return;
	}
	if (s->type == VALUE_INT || s->type == VALUE_BOOL) {
		json_raw(j, "default", s->def);
	} else {
		json_str(j, "default", s->def);
	}
}

static void schema_group(struct json *j, const struct section *sec,
			 const char *prefix);

/* A list of maps: only header rules are such. */
static void schema_rules(struct json *j, const struct setting *s)
{
	json_str(j, "type", "array");
	json_int(j, "maxItems", s->max);
	json_obj(j, "items");
	schema_group(j, &conf_rule_section, "");
	json_close(j);
	json_close(j);
}

static void schema_setting(struct json *j, const struct setting *s,
			   const char *key)
{
	char text[256];

	snprintf(text, sizeof(text), "%s%s%s%s", s->help,
		 *s->unit ? " (" : "", s->unit, *s->unit ? ")" : "");
	json_obj(j, key);
	json_str(j, "description", text);
	if (s->type == VALUE_RULES) {
		schema_rules(j, s);
		return;
	}
	if (s->type < VALUE_HOSTS) {
		schema_value(j, s);
		schema_default(j, s);
		json_close(j);
		return;
	}
	json_arr(j, "oneOf");
	json_obj(j, NULL);
	schema_value(j, s);
	json_close(j);
	json_obj(j, NULL);
	json_str(j, "type", "array");
	json_int(j, "minItems", s->min);
	json_int(j, "maxItems", s->max);
	json_obj(j, "items");
	schema_value(j, s);
	json_close(j);
	json_close(j);
	json_close(j);
	json_close(j);
}

/* Is this the first row of its group ("line.driver" of "line.")? */
static bool begins_group(const struct section *sec, unsigned row, size_t len)
{
	const char *path = sec->settings[row].path;
	size_t n = len + strcspn(path + len, ".") + 1;

	return row == 0 || strncmp(sec->settings[row - 1].path, path, n) != 0;
}

static void schema_properties(struct json *j, const struct section *sec,
			      const char *prefix)
{
	size_t len = strlen(prefix);

	json_obj(j, "properties");
	for (unsigned i = 0; i < sec->n; i++) {
		const char *path = sec->settings[i].path;
		char group[64], key[64];

		if (strncmp(path, prefix, len)) {
			continue;
		}
		if (!strchr(path + len, '.')) {
			schema_setting(j, &sec->settings[i], path + len);
		} else if (begins_group(sec, i, len)) {
			snprintf(key, sizeof(key), "%.*s",
				 (int)strcspn(path + len, "."), path + len);
			snprintf(group, sizeof(group), "%.20s%.40s.", prefix,
				 key);
			json_obj(j, key);
			schema_group(j, sec, group);
			json_close(j);
		}
	}
	json_close(j);
}

static void schema_required(struct json *j, const struct section *sec,
			    const char *prefix)
{
	size_t len = strlen(prefix);

	json_arr(j, "required");
	for (unsigned i = 0; i < sec->n; i++) {
		const struct setting *s = &sec->settings[i];

		if (!s->def && !strncmp(s->path, prefix, len) &&
		    !strchr(s->path + len, '.')) {
			json_str(j, NULL, s->path + len);
		}
	}
	json_close(j);
}

static void schema_group(struct json *j, const struct section *sec,
			 const char *prefix)
{
	json_str(j, "type", "object");
	json_bool(j, "additionalProperties", false);
	schema_properties(j, sec, prefix);
	schema_required(j, sec, prefix);
}

static void schema_section(struct json *j, const struct section *sec)
{
	json_obj(j, sec->name);
	json_str(j, "description", sec->help);
	if (!sec->is_list) {
		schema_group(j, sec, "");
		json_close(j);
		return;
	}
	json_str(j, "type", "array");
	json_int(j, "minItems", 1);
	json_int(j, "maxItems", sec->max);
	json_obj(j, "items");
	schema_group(j, sec, "");
	json_close(j);
	json_close(j);
}

void conf_schema_print(FILE *f)
{
	char *buf = malloc(SCHEMA_MAX);
	struct json j;

	if (!buf) {
		return;
	}
	json_init(&j, buf, SCHEMA_MAX);
	json_obj(&j, NULL);
	json_str(&j, "$schema",
		 "https://json-schema.org/draft/2020-12/schema");
	json_str(&j, "title", "trunkgate configuration");
	json_str(&j, "type", "object");
	json_bool(&j, "additionalProperties", false);
	json_obj(&j, "properties");
	for (unsigned i = 0; i < conf_n_sections; i++) {
		schema_section(&j, &conf_sections[i]);
	}
	json_obj(&j, CONF_EMERGENCY_KEY);
	json_str(&j, "description", CONF_EMERGENCY_HELP);
	json_raw(&j, "items", "{\"type\":\"string\"}");
	json_str(&j, "type", "array");
	json_int(&j, "maxItems", CONF_EMERGENCY);
	json_close(&j);
	json_close(&j);
	json_raw(&j, "required", "[\"spans\",\"trunks\",\"routes\"]");
	json_close(&j);
	if (json_end(&j) > 0) {
		fprintf(f, "%s\n", buf);
	}
	free(buf);
}
