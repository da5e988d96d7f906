/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/report.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

void report_init(struct report *r, FILE *f, bool text, const struct loop *loop)
{
	*r = (struct report){ .f = f, .text = text, .loop = loop };
	r->start = loop_now(loop);
}

double report_time(const struct report *r)
{
	return (double)mono_diff_ns(loop_now(r->loop), r->start) / 1e9;
}

static void words(struct report *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void words(struct report *r, const char *fmt, ...)
{
	size_t room = sizeof(r->line) - r->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->line + r->len, room, fmt, ap);
	va_end(ap);
	r->len = n >= 0 && (size_t)n < room ? r->len + (size_t)n :
					      sizeof(r->line) - 1;
}

void report_begin(struct report *r, const char *ev)
{
	r->len = 0;
	if (r->text) {
		words(r, "%9.3f %s", report_time(r), ev);
		return;
	}
	json_init(&r->json, r->line, sizeof(r->line));
	json_obj(&r->json, NULL);
	json_num(&r->json, "t", report_time(r), 3);
	json_str(&r->json, "ev", ev);
}

void report_str(struct report *r, const char *key, const char *value)
{
	if (r->text) {
		words(r, strchr(value, ' ') ? " %s \"%s\"" : " %s %s", key,
		      value);
	} else {
		json_str(&r->json, key, value);
	}
}

void report_int(struct report *r, const char *key, int64_t value)
{
	if (r->text) {
		words(r, " %s %lld", key, (long long)value);
	} else {
		json_int(&r->json, key, value);
	}
}

void report_num(struct report *r, const char *key, double value, int decimals)
{
	if (r->text) {
		words(r, " %s %.*f", key, decimals, value);
	} else {
		json_num(&r->json, key, value, decimals);
	}
}

void report_bool(struct report *r, const char *key, bool value)
{
	if (r->text) {
		words(r, " %s %s", key, value ? "yes" : "no");
	} else {
		json_bool(&r->json, key, value);
	}
}

void report_obj(struct report *r, const char *key)
{
	if (r->text) {
		words(r, " %s (", key);
	} else {
		json_obj(&r->json, key);
	}
}

void report_close(struct report *r)
{
	if (r->text) {
		words(r, " )");
	} else {
		json_close(&r->json);
	}
}

void report_end(struct report *r)
{
	if (!r->text) {
		json_close(&r->json);
		if (json_end(&r->json) < 0) {
			r->lost++;
			return;
		}
	}
	fputs(r->line, r->f);
	fputc('\n', r->f);
	fflush(r->f);
}

static const char *ton_name(uint8_t type)
{
	switch (type) {
	case CC_TON_INTERNATIONAL:
		return "international";
	case CC_TON_NATIONAL:
		return "national";
	case CC_TON_NETWORK:
		return "network";
	case CC_TON_SUBSCRIBER:
		return "subscriber";
	case CC_TON_ABBREVIATED:
		return "abbreviated";
	default:
		return "unknown";
	}
}

static const char *plan_name(uint8_t plan)
{
	switch (plan) {
	case CC_PLAN_E164:
		return "e164";
	case CC_PLAN_PRIVATE:
		return "private";
	default:
		return "unknown";
	}
}

void report_number(struct report *r, const char *key,
		   const struct cc_number *n)
{
	static const char *const presentation[] = { "allowed", "restricted",
						    "unavailable", "?" };
	static const char *const screening[] = { "none", "passed", "failed",
						 "network" };

	if (!n->valid) {
		return;
	}
	report_obj(r, key);
	report_str(r, "digits", n->digits);
	report_str(r, "type", ton_name(n->type));
	report_str(r, "plan", plan_name(n->plan));
	report_str(r, "presentation", presentation[n->presentation & 3]);
	report_str(r, "screening", screening[n->screening & 3]);
	report_close(r);
}

void report_cause(struct report *r, const struct cc_cause *c)
{
	if (!c->value) {
		return;
	}
	report_int(r, "cause", c->value);
	if (c->location != CC_LOC_NONE) {
		report_int(r, "location", c->location);
	}
	report_str(r, "why", cause_name(c->value));
}

void report_error(struct report *r, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report_begin(r, "error");
	report_str(r, "text", text);
	report_end(r);
}
