/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core conf base */
/*
 * Header rules, from the file's text to the message: what each action does,
 * for which messages, under which conditions; and that nothing they make
 * breaks a message.
 */
#include "conf/load.h"
#include "gateway/base/pattern.h"
#include "sip/gate.h"
#include "sip/rules.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct conf_for_sip part;
static struct rules *rules;

/* The trunk's rules as they stand in a file, each a line "{...}". */
static void use_rules(const char *text)
{
	static char yaml[8192];
	char *report;
	struct conf *c;
	int n = snprintf(
		yaml, sizeof(yaml),
		"spans: [{name: a, line: {driver: pseudowire, local: "
		"\"1.2.3.4:5\", peer: \"1.2.3.4:6\"}, isdn: {side: user}}]\n"
		"trunks:\n  - name: b\n    server: x.example\n"
		"    header_rules:\n%s\n  - name: c\n    server: y.example\n"
		"routes: [{from: a, to: b}]\n", text);

	c = conf_load_text("t.yaml", yaml, (size_t)n, NULL, &report);
	ck_assert_msg(c != NULL, "%s", report);
	free(report);
	memset(&part, 0, sizeof(part));
	strcpy(part.file, "t.yaml");
	part.n_trunks = c->n_trunks;
	memcpy(part.trunks, c->trunks, sizeof(part.trunks));
	part.n_rules = c->n_rules;
	memcpy(part.rules, c->rules, sizeof(part.rules));
	free(c);
	rules_free(rules);
	rules = rules_new(&part);
	ck_assert_ptr_nonnull(rules);
}

#define INVITE                                                                \
	"INVITE sip:0711123@provider.example;user=phone SIP/2.0\r\n"          \
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa\r\n"                 \
	"From: \"A; <b>\" <sip:0711555@192.0.2.1>;tag=abc;x=y\r\n"            \
	"To: <sip:0711123@provider.example>\r\n"                              \
	"Call-ID: a@b\r\nCSeq: 1 INVITE\r\n"                                  \
	"Contact: <sip:0711555@192.0.2.1:5060>\r\nMax-Forwards: 70\r\n"       \
	"Supported: 100rel, timer\r\nX-One: 1\r\nX-One: 2\r\n"                \
	"Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n"

#define PROGRESS                                                              \
	"SIP/2.0 183 Session Progress\r\n"                                    \
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa\r\n"                 \
	"From: <sip:0711555@192.0.2.1>;tag=abc\r\n"                           \
	"To: <sip:0711123@provider.example>;tag=def\r\n"                      \
	"Call-ID: a@b\r\nCSeq: 1 INVITE\r\nContact: <sip:p@192.0.2.9>\r\n"    \
	"Content-Length: 0\r\n\r\n"

static char made_text[20000];
static enum rule_outcome outcome[CONF_TRUNK_RULES];
static unsigned n_told;

static void told(void *arg, const struct conf_rule *r, enum rule_outcome o,
		 const char *why)
{
	(void)arg;
	(void)r;
	ck_assert_int_eq(o == RULE_BROKEN, *why != '\0');
	outcome[n_told++] = o;
}

/* What becomes of it; NULL: it stays as it is. */
static const char *apply_job(struct rules_job job, const char *text)
{
	struct sip_msg *m = sip_msg_from_text(text, strlen(text));
	struct rules_made made;
	bool changed;

	ck_assert_ptr_nonnull(m);
	n_told = 0;
	job.told = told;
	changed = rules_apply(rules, &job, m, text, strlen(text), &made);
	sip_msg_free(m);
	if (!changed) {
		return NULL;
	}
	ck_assert_uint_eq(strlen(made.text), made.len);
	strcpy(made_text, made.text);
	free(made.text);
	sip_msg_free(made.msg);
	return made_text;
}

static const char *apply(enum conf_rule_way way, const char *text)
{
	return apply_job((struct rules_job){.way = way}, text);
}

static void expect_line(const char *text, const char *line)
{
	char want[512];

	ck_assert_ptr_nonnull(text);
	snprintf(want, sizeof(want), "\r\n%s\r\n", line);
	ck_assert_msg(strstr(text, want) != NULL, "no %s in\n%s", line, text);
}

static void expect_none(const char *text, const char *piece)
{
	ck_assert_ptr_nonnull(text);
	ck_assert_msg(!strstr(text, piece), "%s in\n%s", piece, text);
}

START_TEST(a_header_is_added_removed_and_replaced)
{
	const char *t;

	use_rules("    - {direction: out, action: add, header: X-Two, value: "
		  "\"a\\\\\\\\b$$c\"}\n"
		  "    - {direction: out, action: remove, header: x-one, "
		  "pattern: \"^2$\"}\n"
		  "    - {direction: out, action: replace, header: Supported, "
		  "pattern: \"100rel, *\", value: \"\"}\n"
		  "    - {direction: out, action: replace, header: X-Two, "
		  "value: \"<\\\\0>\"}\n");
	t = apply(CONF_RULE_OUT, INVITE);
	expect_line(t, "X-One: 1");
	expect_none(t, "X-One: 2");
	expect_line(t, "Supported: timer");
	expect_line(t, "X-Two: <a\\b$c>");
	expect_line(t, "Content-Length: 5");
	ck_assert(strstr(t, "\r\n\r\nv=0\r\n") != NULL);
	ck_assert_ptr_null(apply(CONF_RULE_IN, INVITE));
}
END_TEST

START_TEST(a_header_replaced_by_nothing_is_gone)
{
	const char *t;

	use_rules("    - {direction: out, action: replace, header: X-One, "
		  "pattern: \".*\", value: \"\"}\n");
	t = apply(CONF_RULE_OUT, INVITE);
	expect_none(t, "X-One");
	expect_line(t, "Content-Type: application/sdp");
}
END_TEST

START_TEST(tags_are_out_of_reach)
{
	const char *t;

	use_rules("    - {direction: out, action: replace, header: From, "
		  "value: \"<sip:+49711@x.example>\"}\n"
		  "    - {direction: out, action: replace, header: To, pattern: "
		  "\"sip:0([0-9]+)@.*\", value: \"sip:+49\\\\1@x.example>\"}\n");
	t = apply(CONF_RULE_OUT, INVITE);
	expect_line(t, "From: <sip:+49711@x.example>;tag=abc");
	expect_line(t, "To: <sip:+49711123@x.example>");
	t = apply(CONF_RULE_OUT, PROGRESS);
	expect_line(t, "From: <sip:+49711@x.example>;tag=abc");
	expect_line(t, "To: <sip:+49711123@x.example>;tag=def");
}
END_TEST

START_TEST(the_request_uri_and_the_status_can_change)
{
	const char *t;

	use_rules("    - {direction: out, action: replace, header: Request-URI,"
		  " pattern: \"^sip:0([^@]*)\", value: \"sip:+49\\\\1\"}\n"
		  "    - {direction: out, action: replace, header: Status, "
		  "pattern: \"^183 .*\", value: \"180 Ringing\"}\n");
	t = apply(CONF_RULE_OUT, INVITE);
	ck_assert_msg(!strncmp(t, "INVITE sip:+49711123@provider.example;"
			       "user=phone SIP/2.0\r\n", 58), "%s", t);
	t = apply(CONF_RULE_OUT, PROGRESS);
	ck_assert_msg(!strncmp(t, "SIP/2.0 180 Ringing\r\n", 21), "%s", t);
}
END_TEST

START_TEST(messages_say_for_which)
{
	static const struct {
		const char *messages;
		bool invite, progress;
	} cases[] = {
		{"[INVITE]", true, false},
		{"[BYE, ACK]", false, false},
		{"[183]", false, true},
		{"[\"18x INVITE\"]", false, true},
		{"[\"1xx BYE\"]", false, false},
		{"[2xx]", false, false},
		{"[requests]", true, false},
		{"[responses]", false, true},
		{"[INVITE, 18x]", true, true},
		{"[]", true, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[256];

		snprintf(text, sizeof(text),
			 "    - {direction: in, messages: %s, action: add, "
			 "header: X-Two, value: y}\n", cases[i].messages);
		use_rules(text);
		ck_assert_msg((apply(CONF_RULE_IN, INVITE) != NULL) ==
				      cases[i].invite, "%s", cases[i].messages);
		ck_assert_msg((apply(CONF_RULE_IN, PROGRESS) != NULL) ==
				      cases[i].progress,
			      "%s", cases[i].messages);
	}
}
END_TEST

START_TEST(conditions_say_when)
{
	static const struct {
		const char *when;
		bool holds;
	} cases[] = {
		{"header: X-One", true},
		{"header: X-None", false},
		{"header: X-None, absent: true", true},
		{"header: X-One, absent: true", false},
		{"header: X-One, pattern: \"^2$\"", true},
		{"header: X-One, pattern: \"^3$\"", false},
		{"header: X-One, pattern: \"^3$\", absent: true", true},
		{"header: Request-URI, pattern: \"user=phone\"", true},
		{"called: \"0711*\"", true},
		{"called: \"+49*\"", false},
		{"calling: \"0711555\"", true},
		{"calling: \"0711556\"", false},
		{"called: \"0711*\", calling: \"X*\", header: Via", true},
		{"called: \"0711*\", calling: \"9*\"", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[256];

		snprintf(text, sizeof(text),
			 "    - {direction: in, action: add, header: X-Two, "
			 "value: y, when: {%s}}\n", cases[i].when);
		use_rules(text);
		ck_assert_msg((apply(CONF_RULE_IN, INVITE) != NULL) ==
				      cases[i].holds, "%s", cases[i].when);
	}
}
END_TEST

START_TEST(a_value_takes_from_the_condition_s_header)
{
	use_rules("    - direction: out\n      action: add\n"
		  "      header: P-Preferred-Identity\n"
		  "      value: \"<$1>\"\n"
		  "      when: {header: From, pattern: \"<(sip:[^>]*)>\"}\n");
	expect_line(apply(CONF_RULE_OUT, INVITE),
		    "P-Preferred-Identity: <sip:0711555@192.0.2.1>");
}
END_TEST

START_TEST(compact_and_folded_headers_are_seen)
{
	const char *t;

	use_rules("    - {direction: in, action: replace, header: Subject, "
		  "pattern: \"a +b\", value: c}\n"
		  "    - {direction: in, action: replace, header: From, "
		  "pattern: \"alice\", value: bob}\n");
	t = apply(CONF_RULE_IN,
		  "OPTIONS sip:x@192.0.2.1 SIP/2.0\r\n"
		  "v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n"
		  "f: sip:alice@x.example;tag=1\r\nt: sip:x@192.0.2.1\r\n"
		  "i: a\r\nCSeq: 1 OPTIONS\r\ns: a\r\n b\r\n\r\n");
	expect_line(t, "s: c");
	expect_line(t, "f: sip:bob@x.example;tag=1");
}
END_TEST

START_TEST(a_rule_sees_what_those_before_it_made)
{
	use_rules("    - {direction: out, action: add, header: X-Two, value: "
		  "\"a\"}\n"
		  "    - {direction: out, action: replace, header: X-Two, "
		  "pattern: a, value: b, when: {header: X-Two, pattern: a}}\n");
	expect_line(apply(CONF_RULE_OUT, INVITE), "X-Two: b");
	ck_assert_int_eq(outcome[0], RULE_DONE);
	ck_assert_int_eq(outcome[1], RULE_DONE);
}
END_TEST

/* Each of them would; the one behind still does its work. */
START_TEST(what_would_break_a_message_is_left_out)
{
	static const char *const broken[] = {
		"action: replace, header: Request-URI, value: nonsense",
		"action: replace, header: Request-URI, value: \"sip:a b@c\"",
		"action: replace, header: Status, pattern: \"^183\", value: "
		"\"200\"",
		"action: replace, header: Status, value: \"100 Trying\"",
		"action: replace, header: From, value: \"no address <\"",
		"action: replace, header: To, value: \"sip:a@b, sip:c@d\"",
		"action: replace, header: Contact, pattern: \"555@192\", "
		"value: \"555@193\"",
		"action: add, header: Expires, value: nonsense",
	};
	struct rules_stats stats;

	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		char text[512];
		bool status = strstr(broken[i], "Status") != NULL;
		const char *msg = status ? PROGRESS : INVITE, *t;

		snprintf(text, sizeof(text),
			 "    - {direction: out, %s}\n    - {direction: out, "
			 "action: add, header: X-Two, value: y}\n", broken[i]);
		use_rules(text);
		t = apply(CONF_RULE_OUT, msg);
		ck_assert_msg(outcome[0] == RULE_BROKEN, "%s:\n%s", broken[i],
			      t);
		ck_assert_int_eq(outcome[1], RULE_DONE);
		expect_line(t, "X-Two: y");
		rules_count(rules, 0, &stats);
		ck_assert_uint_eq(stats.broken, 1);
		ck_assert_uint_eq(stats.applied, 1);
	}
}
END_TEST

START_TEST(too_much_is_left_out)
{
	char text[512], longest[5000] = INVITE;
	char *body = strstr(longest, "X-One: 1");

	/* A header line may have 4096 octets. */
	memmove(body + 4000, body, strlen(body) + 1);
	memset(body, 'a', 4000);
	memcpy(body, "X-Long: ", 8);
	memcpy(body + 3998, "\r\n", 2);
	snprintf(text, sizeof(text),
		 "    - {direction: out, action: replace, header: X-Long, "
		 "value: \"%s\"}\n",
		 "\\\\0\\\\0\\\\0\\\\0\\\\0\\\\0\\\\0\\\\0\\\\0");
	use_rules(text);
	ck_assert_ptr_null(apply(CONF_RULE_OUT, longest));
	ck_assert_int_eq(outcome[0], RULE_BROKEN);
}
END_TEST

START_TEST(what_is_derived_keeps_the_invite_s_addresses)
{
	struct rules_job job = {.way = CONF_RULE_OUT, .derived = true};
	const char *t;

	use_rules("    - {direction: out, action: replace, header: Request-URI,"
		  " pattern: \"^sip:0\", value: \"sip:00\"}\n"
		  "    - {direction: out, action: replace, header: From, "
		  "pattern: \"sip:0\", value: \"sip:00\"}\n"
		  "    - {direction: out, action: add, header: X-Two, value: "
		  "y}\n");
	t = apply_job(job, INVITE);
	ck_assert_int_eq(outcome[0], RULE_OTHER);
	ck_assert_int_eq(outcome[1], RULE_OTHER);
	expect_line(t, "X-Two: y");
	expect_none(t, "sip:00");
}
END_TEST

START_TEST(another_trunk_has_no_rules)
{
	use_rules("    - {direction: out, action: add, header: X-Two, value: "
		  "y}\n");
	ck_assert(rules_any(rules, 0, CONF_RULE_OUT));
	ck_assert(!rules_any(rules, 0, CONF_RULE_IN));
	ck_assert(!rules_any(rules, 1, CONF_RULE_OUT));
	ck_assert_ptr_null(apply_job((struct rules_job){.trunk = 1,
							.way = CONF_RULE_OUT},
				     INVITE));
}
END_TEST

/* --- patterns --- */

START_TEST(a_match_is_bounded)
{
	char why[160], text[2001];
	struct pattern_match m;
	struct pattern *p = pattern_new("^(a+)+$", why, sizeof(why));

	ck_assert_ptr_nonnull(p);
	memset(text, 'a', 2000);
	text[1999] = 'b';
	ck_assert_int_eq(pattern_find(p, text, 2000, &m), PATTERN_LIMIT);
	ck_assert(pattern_is_slow(p, "^(a+)+$"));
	pattern_free(p);
	p = pattern_new("<sip:([^@>]*)@([^>;]*)", why, sizeof(why));
	ck_assert(!pattern_is_slow(p, "<sip:([^@>]*)@([^>;]*)"));
	ck_assert_uint_eq(pattern_groups(p), 2);
	ck_assert_int_eq(pattern_find(p, "\"x\" <sip:a@b>", 13, &m),
			 PATTERN_YES);
	ck_assert_uint_eq(m.group[0].at, 4);
	ck_assert_uint_eq(m.group[1].at, 9);
	ck_assert_uint_eq(m.group[2].len, 1);
	pattern_free(p);
}
END_TEST

START_TEST(bad_patterns_are_refused)
{
	static const char *const bad[] = {"(", "a{3,2}", "[a", "*", "\\C",
					  "(?R",
					  "(((((((((((((((((a)))))))))))))))))"};
	char why[160];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct pattern *p = pattern_new(bad[i], why, sizeof(why));

		ck_assert_msg(!p, "%s", bad[i]);
		ck_assert_msg(strstr(why, ", at character ") != NULL, "%s", why);
	}
}
END_TEST

#define SDP_INVITE(type, body)                                        \
	"INVITE sip:1@provider.example SIP/2.0\r\n"                   \
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa\r\n"         \
	"From: <sip:0711555@192.0.2.1>;tag=abc\r\n"                   \
	"To: <sip:1@provider.example>\r\nCall-ID: a@b\r\n"            \
	"CSeq: 1 INVITE\r\nContact: <sip:1@192.0.2.1>\r\n"            \
	"Max-Forwards: 70\r\nContent-Type: " type "\r\n\r\n" body
#define SDP_HEAD                                                      \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"                  \
	"c=IN IP4 192.0.2.1\r\n"
#define SDP_TEXT                                                      \
	SDP_HEAD "b=AS:64\r\nt=0 0\r\nm=audio 7000 RTP/AVP 8 101\r\n" \
		 "b=TIAS:64000\r\na=silenceSupp:off - - - -\r\n"      \
		 "a=ptime:20\r\n"                                     \
		 "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"

static const char *body_of(const char *text)
{
	ck_assert_ptr_nonnull(text);
	return strstr(text, "\r\n\r\n") + 4;
}

/* Each line that matches, with a right Content-Length; nothing else. */
START_TEST(lines_of_sdp)
{
	const char *out;

	use_rules("      - {direction: out, action: remove, header: SDP, "
		  "pattern: \"^b=\"}\n"
		  "      - {direction: out, action: replace, header: sdp, "
		  "pattern: \"^a=ptime:(.*)\", value: \"a=maxptime:\\\\1\"}\n"
		  "      - {direction: out, action: add, header: SDP, value: "
		  "\"b=AS:100\"}\n"
		  "      - {direction: out, action: add, header: SDP, value: "
		  "\"a=x:$1\", when: {header: SDP, pattern: "
		  "\"^m=audio ([0-9]+)\"}}\n");
	out = apply(CONF_RULE_OUT, SDP_INVITE("application/sdp", SDP_TEXT));
	ck_assert_str_eq(body_of(out),
			 SDP_HEAD
			 "t=0 0\r\nm=audio 7000 RTP/AVP 8 101\r\nb=AS:100\r\n"
			 "a=silenceSupp:off - - - -\r\na=maxptime:20\r\n"
			 "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"
			 "a=x:7000\r\n");
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_int_eq(outcome[i], RULE_DONE);
	}
	/* a body that is no SDP, and none */
	ck_assert_ptr_null(apply(CONF_RULE_OUT,
				 SDP_INVITE("application/sdpx", SDP_TEXT)));
	ck_assert_ptr_null(apply(CONF_RULE_OUT, PROGRESS));
	ck_assert_ptr_null(
		apply(CONF_RULE_OUT, SDP_INVITE("application/sdp", "")));
	/* with parameters, bare line ends, and no last one */
	out = apply(CONF_RULE_OUT, SDP_INVITE("Application/SDP;a=b",
					      "v=0\nb=AS:64\na=ptime:40"));
	ck_assert_str_eq(body_of(out),
			 "v=0\r\nb=AS:100\r\na=maxptime:40\r\n");
}
END_TEST

/* Where media goes, and its keys, are not seen; what is no line stays out. */
START_TEST(protected_lines_of_sdp)
{
	static const struct {
		const char *rule;
		enum rule_outcome outcome;
	} row[] = {
		{"remove, header: SDP, pattern: \"192.0.2|7000\"", RULE_IDLE},
		{"remove, header: SDP, pattern: \"inline\"", RULE_IDLE},
		{"replace, header: SDP, pattern: \"^a=\", value: \"x\"",
		 RULE_BROKEN},
		{"replace, header: SDP, pattern: \"^a=p\", value: \"m=\"",
		 RULE_BROKEN},
		{"replace, header: SDP, pattern: \"ptime\", value: "
		 "\"cryp$1to\", when: {header: SDP, pattern: \"v=0()\"}",
		 RULE_BROKEN},
		{"replace, header: SDP, pattern: \"ptime\", value: \"p\"",
		 RULE_DONE},
	};
	char text[512];

	for (unsigned i = 0; i < sizeof(row) / sizeof(*row); i++) {
		const char *out;

		snprintf(text, sizeof(text),
			 "      - {direction: out, action: %s}\n", row[i].rule);
		use_rules(text);
		out = apply(CONF_RULE_OUT,
			    SDP_INVITE("application/sdp", SDP_TEXT));
		ck_assert_msg(outcome[0] == row[i].outcome, "%s: %d",
			      row[i].rule, outcome[0]);
		ck_assert(!out == (row[i].outcome != RULE_DONE));
	}
}
END_TEST

static void close_rules(void)
{
	rules_free(rules);
	rules = NULL;
}

int main(void)
{
	const TTest *const tests[] = {
		a_header_is_added_removed_and_replaced,
		a_header_replaced_by_nothing_is_gone,
		tags_are_out_of_reach,
		the_request_uri_and_the_status_can_change,
		messages_say_for_which,
		conditions_say_when,
		a_value_takes_from_the_condition_s_header,
		compact_and_folded_headers_are_seen,
		a_rule_sees_what_those_before_it_made,
		what_would_break_a_message_is_left_out,
		too_much_is_left_out,
		what_is_derived_keeps_the_invite_s_addresses,
		another_trunk_has_no_rules,
		a_match_is_bounded,
		bad_patterns_are_refused,
		lines_of_sdp,
		protected_lines_of_sdp,
	};
	Suite *s = suite_create("rules");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, NULL, close_rules);
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		tcase_add_test(t, tests[i]);
	}
	suite_add_tcase(s, t);
	return suite_run(s, CK_FORK_GETENV);
}
