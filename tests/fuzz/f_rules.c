/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/*
 * Header rules made up of the input: its first lines are rules, "WAY ACTION
 * HEADER|PATTERN|VALUE|WHEN-HEADER|WHEN-PATTERN|NUMBER", what follows an empty
 * line is a message. Whatever they make passes the gate and the parser and
 * keeps what must not change.
 */
#include "gateway/base/str.h"
#include "sip/gate.h"
#include "sip/rules.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RULES 4

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct conf_for_sip conf;

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void field(const char **p, const char *end, char *out, size_t size)
{
	const char *bar = memchr(*p, '|', (size_t)(end - *p));
	const char *to = bar ? bar : end;
	size_t len = (size_t)(to - *p);

	(void)str_copy_n(out, size, *p, len < size ? len : size - 1);
	for (; *out; out++) /* as the file's checker has it */
		if ((unsigned char)*out < 0x20 || *out == 0x7f)
			*out = '.';
	*p = bar ? bar + 1 : end;
}

static void take_rule(const char *p, const char *end)
{
	struct conf_rule *r = &conf.rules[conf.n_rules];

	memset(r, 0, sizeof(*r));
	if (end - p < 2 || conf.n_rules == RULES)
		return;
	r->way = p[0] & 1;
	r->action = (enum conf_rule_action)((unsigned char)p[1] % 3);
	p += 2;
	field(&p, end, r->header, sizeof(r->header));
	field(&p, end, r->pattern, sizeof(r->pattern));
	field(&p, end, r->value, sizeof(r->value));
	field(&p, end, r->when.header, sizeof(r->when.header));
	field(&p, end, r->when.pattern, sizeof(r->when.pattern));
	field(&p, end, r->when.called, sizeof(r->when.called));
	if (!str_pattern_ok(r->when.called))
		r->when.called[0] = '\0';
	/* Other names cannot stand in a file. */
	for (char *c = r->header; *c; c++)
		if (strchr("\": ,;<>@()[]{}/\\?=", *c))
			*c = '-';
	if (r->header[0] && r->header[1])
		conf.n_rules++;
}

static bool changes_sdp(void)
{
	bool any = false;

	for (unsigned i = 0; i < conf.n_rules; i++)
		any |= !strcasecmp(conf.rules[i].header, "SDP");
	return any;
}

static void judge(const struct sip_msg *m, const struct rules_made *made)
{
	struct sip_gate_result g;
	struct sip_msg *again;

	sip_gate_check(made->text, made->len, &g, NULL);
	require(g.verdict == SIP_GATE_PASS);
	again = sip_msg_parse(made->text, &g);
	require(again != NULL);
	require(!strcmp(sip_msg_from_tag(m), sip_msg_from_tag(again)));
	require(!strcmp(sip_msg_to_tag(m), sip_msg_to_tag(again)));
	require(!strcmp(sip_msg_branch(m), sip_msg_branch(again)));
	require(!strcmp(sip_msg_method(m), sip_msg_method(again)));
	require(sip_msg_status(m) / 100 == sip_msg_status(again) / 100 ||
		(sip_msg_status(m) >= 300 && sip_msg_status(again) >= 300));
	require(m->body_len == again->body_len || changes_sdp());
	require(sip_msg_succeeds(again, m) == 0);
	sip_msg_free(again);
}

static void run(const char *text, size_t len, enum conf_rule_way way)
{
	struct sip_msg *m = sip_msg_from_text(text, len);
	struct rules *rules = rules_new(&conf);
	struct rules_job job = {.way = way, .derived = len & 1};
	struct rules_made made;

	require(rules != NULL);
	if (m && rules_apply(rules, &job, m, text, len, &made)) {
		judge(m, &made);
		free(made.text);
		sip_msg_free(made.msg);
	}
	sip_msg_free(m);
	rules_free(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size, *nl;

	conf.n_trunks = 1;
	conf.n_rules = 0;
	while (p < end && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL &&
	       nl > p) {
		take_rule(p, nl);
		p = nl + 1;
	}
	if (p < end)
		p++;
	if (p < end) {
		run(p, (size_t)(end - p), CONF_RULE_IN);
		run(p, (size_t)(end - p), CONF_RULE_OUT);
	}
	return 0;
}
