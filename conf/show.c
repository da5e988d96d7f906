/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings that a trunk has in the end: its own, its profile's, defaults. */
#include "conf/load.h"

#include "conf/schema.h"
#include "gateway/base/str.h"

#include <stdlib.h>
#include <string.h>

#define NOTE_AT 48 /* column */

static unsigned whole(const char *at, uint16_t size)
{
	uint8_t a;
	uint16_t b;
	uint32_t c;

	switch (size) {
	case 1:
		memcpy(&a, at, sizeof(a));
		return a;
	case 2:
		memcpy(&b, at, sizeof(b));
		return b;
	default:
		memcpy(&c, at, sizeof(c));
		return c;
	}
}

static const char *code_name(const struct setting *s, uint8_t code)
{
	for (unsigned i = 0; s->names[i]; i++) {
		if (s->codes[i] == code) {
			return s->names[i];
		}
	}
	return "?";
}

/* A single value, or one of a list. */
static void show_value(FILE *f, const struct setting *s, const char *at)
{
	char text[NET_STR_MAX];
	struct net_prefix net;
	struct net_addr addr;
	bool yes;

	switch (s->type) {
	case VALUE_INT:
		fprintf(f, "%u", whole(at, s->size));
		break;
	case VALUE_BOOL:
		memcpy(&yes, at, sizeof(yes));
		fputs(yes ? "true" : "false", f);
		break;
	case VALUE_ENUM:
		fputs(s->names[whole(at, sizeof(int))], f);
		break;
	case VALUE_CODE:
	case VALUE_CODES:
		fputs(code_name(s, (uint8_t)*at), f);
		break;
	case VALUE_ADDRESS:
		memcpy(&addr, at, sizeof(addr));
		fprintf(f, "\"%s\"", !addr.family ? ""
				     : addr.port  ? net_str(&addr, text)
						  : net_ip_str(&addr, text));
		break;
	case VALUE_NETWORKS:
		memcpy(&net, at, sizeof(net));
		fprintf(f, "\"%s/%u\"", net_ip_str(&net.addr, text), net.bits);
		break;
	case VALUE_SECRET:
		fputs(*at ? "(not shown)" : "\"\"", f);
		break;
	default:
		fprintf(f, "\"%s\"", at);
		break;
	}
}

static void show_setting(FILE *f, const struct setting *s, const char *base)
{
	unsigned n = (uint8_t)base[s->count_at];

	if (s->type < VALUE_HOSTS) {
		show_value(f, s, base + s->at);
		return;
	}
	fputc('[', f);
	for (unsigned i = 0; i < n; i++) {
		fputs(i ? ", " : "", f);
		show_value(f, s, base + s->at + i * s->size);
	}
	fputc(']', f);
}

static void show_rules(FILE *f, const struct conf *c, unsigned trunk)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n_rules; i++) {
		n += c->rules[i].trunk == trunk;
	}
	fprintf(f, "  header_rules: %s\n", n ? "" : "[]");
	for (unsigned i = 0; i < c->n_rules; i++) {
		const struct conf_rule *r = &c->rules[i];
		const struct section *sec = &conf_rule_section;

		if (r->trunk != trunk) {
			continue;
		}
		for (unsigned k = 0; k < sec->n; k++) {
			fprintf(f, "    %s %s: ", k ? " " : "-",
				sec->settings[k].path);
			show_setting(f, &sec->settings[k], (const char *)r);
			fputc('\n', f);
		}
	}
}

static char *text_of(const struct setting *s, const char *base)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f) {
		show_setting(f, s, base);
		fclose(f);
	}
	return text;
}

/* The same file with but its profile in the trunk: what others are from. */
static struct conf *with_profile(const char *profile)
{
	char text[512], *report;
	int n = snprintf(text, sizeof(text),
			 "spans: [{name: s, isdn: {side: user}, line: {driver: "
			 "pseudowire, local: \"192.0.2.1:1\", peer: "
			 "\"192.0.2.1:2\"}}]\n"
			 "trunks: [{name: t, server: x, domain: \"?\", profile: "
			 "\"%s\", auth: {user: \"?\", password: p}}]\n"
			 "routes: [{from: s, to: t}]\n", profile);
	struct conf *c = conf_load_text("", text, (size_t)n, NULL, &report);

	free(report);
	return c;
}

static bool is_like(const struct setting *s, const char *mine,
		    const struct conf *other)
{
	char *a = text_of(s, mine);
	char *b = other ? text_of(s, (const char *)&other->trunks[0]) : NULL;
	bool like = a && b && !strcmp(a, b);

	free(a);
	free(b);
	return like;
}

void conf_show_trunk(FILE *f, const struct conf *c, unsigned trunk)
{
	const char *base = (const char *)&c->trunks[trunk];
	const char *profile = c->trunks[trunk].profile;
	struct conf *plain = with_profile("");
	struct conf *ready = *profile ? with_profile(profile) : NULL;
	const struct section *sec = conf_sections;

	while (strcmp(sec->name, "trunks") != 0) {
		sec++;
	}
	for (unsigned i = 0; i < sec->n; i++) {
		const struct setting *s = &sec->settings[i];
		char *text = s->type == VALUE_RULES ? NULL : text_of(s, base);
		bool like, own;

		if (!text) {
			continue;
		}
		like = is_like(s, base, plain);
		own = ready ? !is_like(s, base, ready) : !like;
		if (like && !own) {
			fprintf(f, "%s %s: %s\n", i ? " " : "-", s->path, text);
		} else {
			fprintf(f, "%s %s: %-*s # %s%s\n", i ? " " : "-",
				s->path, NOTE_AT - (int)strlen(s->path), text,
				own ? "its own" : "profile ",
				own ? "" : profile);
		}
		free(text);
	}
	show_rules(f, c, trunk);
	free(plain);
	free(ready);
}
