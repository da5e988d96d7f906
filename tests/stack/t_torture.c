/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core conf base */
/* The torture messages of RFC 4475 and RFC 5118 through source check, gate,
 * parser, transaction layer and immediate refusals: each gives the verdict
 * that tests/vectors/torture/expected.tsv demands. Then each cut at every
 * length and with every octet spoilt: only the sanitizers judge. */
#include "sip/check.h"
#include "tests/stack/sipnet.h"
#include "tests/stack/torture.h"

#include "gateway/base/log.h"
#include "tests/suite.h"

static struct sip_stack_user user;

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

/* A user agent without calls: what is not refused gets its plain answer. */
static void on_request(struct sip_stack_user *u, txn_id id,
		       const struct sip_msg *m)
{
	struct txn_layer *l = sip_stack_txns(net.stack);
	struct sip_msg *r = sip_request_check(m, txn_local_tag(l, id));
	int status = 481;

	(void)u;
	if (r) {
		ck_assert_int_eq(txn_respond(l, id, r), 0);
		return;
	}
	if (sip_msg_is(m, "INVITE")) {
		status = 404;
	} else if (sip_msg_is(m, "OPTIONS")) {
		status = 200;
	}
	ck_assert_int_eq(txn_reply(l, id, status, NULL), 0);
}

static void on_ack(struct sip_stack_user *u, const struct sip_msg *m)
{
	(void)u;
	(void)m;
}

static const struct sip_stack_user_ops user_ops = {
	.on_request = on_request,
	.on_ack = on_ack,
};

static void setup(void)
{
	log_set_sink(quiet);
	user.ops = &user_ops;
	sipnet_open(&user, 256);
}

static void teardown(void)
{
	sipnet_close();
	log_set_sink(NULL);
}

static void verdict_of(const char *kind, char out[16])
{
	if (!net.n_sent) {
		strcpy(out, "drop");
		return;
	}
	ck_assert_uint_eq(net.n_sent, 1);
	snprintf(out, 16, "%d", sipnet_status(0));
	if (!strcmp(out, "404") && !strcmp(kind, "INVITE")) {
		strcpy(out, "processed");
	}
}

START_TEST(test_expected)
{
	FILE *f = fopen(TORTURE "expected.tsv", "r");
	static char data[65536];
	struct torture_row r;
	char verdict[16];
	unsigned rows = 0, wrong = 0;

	ck_assert_ptr_nonnull(f);
	while (torture_next(f, &r)) {
		size_t n = torture_load(r.file, data, sizeof(data));

		teardown();
		setup();
		sipnet_receive(data, n);
		verdict_of(r.kind, verdict);
		rows++;
		if (!torture_allows(r.expected, verdict)) {
			printf("%s: %s, expected %s\n", r.file, verdict,
			       r.expected);
			wrong++;
		}
		for (unsigned i = 0; i < net.n_sent; i++) {
			struct sip_msg *m = sip_msg_from_text(
				net.sent[i], strlen(net.sent[i]));

			if (!m && !strstr(net.sent[i], " 400 ")) {
				printf("%s: bad answer\n%s\n", r.file,
				       net.sent[i]);
				wrong++;
			}
			sip_msg_free(m);
		}
	}
	fclose(f);
	ck_assert_uint_eq(rows, 62);
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* The header lines that make a 420, 405 and 415 useful. */
START_TEST(test_answers_say_why)
{
	static const struct {
		const char *file, *line;
	} want[] = {
		{"bext01.dat", "\r\nUnsupported: nothingSupportsThis, "
			       "nothingSupportsThisEither\r\n"},
		{"escnull.dat", "\r\nAllow: INVITE, ACK"},
		{"invut.dat", "\r\nAccept: application/sdp\r\n"},
		{"scalar02.dat", "SIP/2.0 400 Bad "},
		{"clerr.dat", "SIP/2.0 400 Content-Length Exceeds Message"},
		{"mismatch01.dat", "SIP/2.0 400 CSeq Method Mismatch"},
		{"badvers.dat", "SIP/2.0 505 Version Not Supported"},
	};
	static char data[65536];

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		size_t n = torture_load(want[i].file, data, sizeof(data));

		sipnet_clear();
		sipnet_receive(data, n);
		ck_assert_uint_eq(net.n_sent, 1);
		ck_assert_msg(strcasestr(net.sent[0], want[i].line), "%s:\n%s",
			      want[i].file, net.sent[0]);
	}
}
END_TEST

/* --- responses that fit a live transaction are taken --- */
static int got_status;

static void on_response(struct txn_user *u, txn_id id, const struct sip_msg *m)
{
	(void)u;
	(void)id;
	got_status = sip_msg_status(m);
}

static const struct txn_user_ops txn_ops = {.on_response = on_response};

/* The text with what stands between a and the next of ";\r" replaced. */
static size_t replace(char *data, size_t len, const char *after,
		      const char *with)
{
	char *p = memmem(data, len, after, strlen(after));
	size_t old, new = strlen(with);

	ck_assert_ptr_nonnull(p);
	p += strlen(after);
	old = strcspn(p, ";\r");
	memmove(p + new, p + old, len - (size_t)(p - data) - old);
	memcpy(p, with, new);
	return len - old + new;
}

static void live_response(const char *file, int status)
{
	struct txn_user u = {&txn_ops};
	struct sip_path path = {.remote = net.peer};
	static char data[65536];
	struct sip_request q = {.max_forwards = 0};
	struct sip_msg *response, *m;
	char branch[64], from[256];
	size_t n = torture_load(file, data, sizeof(data));
	txn_id id;

	response = sip_msg_from_text(data, n);
	ck_assert_ptr_nonnull(response);
	q.method = "INVITE";
	q.uri = "sip:user@example.com";
	q.call_id = sip_msg_call_id(response);
	q.cseq = sip_msg_cseq(response);
	ck_assert_int_gt(sip_msg_header(response, "From", 0, from, 256), 0);
	q.from = from;
	q.to = "sip:user@example.com";
	m = sip_request_new(&q);
	ck_assert_ptr_nonnull(m);
	sip_msg_free(response);
	sipnet_clear();
	got_status = 0;
	ck_assert_int_eq(
		txn_request(sip_stack_txns(net.stack), &u, m, &path, &id), 0);
	ck_assert_int_eq(
		sscanf(strstr(net.sent[0], "branch=") + 7, "%63[^;\r\n]",
		       branch),
		1);
	n = replace(data, n, "branch=", branch);
	sipnet_receive(data, n);
	ck_assert_int_eq(got_status, status);
	txn_kill(sip_stack_txns(net.stack), id);
}

START_TEST(test_live_responses)
{
	live_response("unreason.dat", 200);
	live_response("noreason.dat", 100);
}
END_TEST

/* --- spoilt --- */
static void each_file(void (*fn)(char *, size_t))
{
	FILE *f = fopen(TORTURE "expected.tsv", "r");
	static char data[65536];
	struct torture_row r;

	ck_assert_ptr_nonnull(f);
	while (torture_next(f, &r)) {
		size_t n = torture_load(r.file, data, sizeof(data));

		fn(data, n);
		teardown();
		setup();
	}
	fclose(f);
}

/* An exact copy on the heap: the sanitizer sees one octet too far. */
static void receive_exact(const char *data, size_t len)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, data, len);
	sipnet_receive(copy, len);
	free(copy);
	sipnet_clear();
}

static void cut(char *data, size_t len)
{
	for (size_t n = 0; n < len; n++) {
		receive_exact(data, n);
	}
}

static void spoil(char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char old = data[i];

		data[i] = i % 2 ? '\0' : '\xff';
		receive_exact(data, len);
		data[i] = i % 2 ? '\xff' : '\0';
		receive_exact(data, len);
		data[i] = old;
	}
}

START_TEST(test_cut)
{
	each_file(cut);
}
END_TEST

START_TEST(test_spoilt)
{
	each_file(spoil);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("torture");
	TCase *t = tcase_create("torture");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, test_expected);
	tcase_add_test(t, test_answers_say_why);
	tcase_add_test(t, test_live_responses);
	tcase_add_test(t, test_cut);
	tcase_add_test(t, test_spoilt);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
