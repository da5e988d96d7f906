/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* The torture messages (RFC 4475, 5118) over a connection: in one piece, cut in
 * two at every octet, octet by octet, and two in one read; the verdicts are the same each time, and the
 * next connection is served as if nothing had been. */
#include "tests/stack/sipnet.h"
#include "tests/stack/torture.h"

#include "gateway/base/log.h"
#include "tests/suite.h"

static char statuses[1024]; /* of what we said, "400 200 " */
static unsigned closes;

static void on_request(struct sip_stack_user *u, txn_id id,
		       const struct sip_msg *m)
{
	(void)u;
	(void)m;
	txn_reply(sip_stack_txns(net.stack), id, 200, NULL);
}

static void on_ack(struct sip_stack_user *u, const struct sip_msg *m)
{
	(void)u;
	(void)m;
}

static const struct sip_stack_user_ops user_ops = {.on_request = on_request,
						   .on_ack = on_ack};

static int on_stream(struct sip_wire *w, const struct sip_path *path,
		     const char *data, size_t len)
{
	int status;

	(void)w;
	(void)path;
	closes += len == 0;
	if (len && sscanf(data, "SIP/2.0 %d", &status) == 1 && status >= 200) {
		ck_assert_uint_lt(strlen(statuses), sizeof(statuses) - 8);
		sprintf(statuses + strlen(statuses), "%d ", status);
	}
	return 0;
}

static const struct sip_wire_ops wire_ops = {.send = sipnet_send,
					     .stream = on_stream};

static struct sip_transport *transport(void)
{
	return sip_stack_transport(net.stack);
}

/* What is said to data that comes in pieces of that size, as statuses; the
 * first may have one of its own. */
static void play(const char *data, size_t len, const size_t sizes[2],
		 char out[1024])
{
	size_t piece = sizes[0];

	static struct sip_wire wire = {&wire_ops};
	static struct sip_stack_user user = {&user_ops};
	struct net_addr from;
	uint32_t flow;

	net_parse(&from, "192.0.2.1:40000");
	sipnet_open(&user, 64);
	sip_transport_wire(transport(), &wire);
	statuses[0] = '\0';
	closes = 0;
	flow = sip_transport_accept(transport(), 0, &from);
	ck_assert_uint_ne(flow, 0);
	for (size_t at = 0; at < len;) {
		size_t n = piece < len - at ? piece : len - at;

		sip_transport_stream(transport(), flow, data + at, n);
		at += n;
		piece = sizes[1];
	}
	loop_advance(net.loop, 1000);
	strcpy(out, statuses);
	/* the next one */
	statuses[0] = '\0';
	flow = sip_transport_accept(transport(), 0, &from);
	{
		static const char ask[] =
			"OPTIONS sip:1@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch="
			"z9hG4bKlast\r\nFrom: <sip:2@h>;tag=f\r\nTo: <sip:1@h>"
			"\r\nCall-ID: last\r\nCSeq: 1 OPTIONS\r\n"
			"Content-Length: 0\r\n\r\n";

		sip_transport_stream(transport(), flow, ask, sizeof(ask) - 1);
	}
	ck_assert_str_eq(statuses, "200 ");
	loop_advance(net.loop, 400000);
	ck_assert_uint_eq(sip_transport_conns(transport()), 0);
	ck_assert_uint_eq(txn_layer_used(sip_stack_txns(net.stack)), 0);
	sipnet_close();
}

/* In pieces of that size. */
static void play_in(const char *data, size_t len, size_t piece, char out[1024])
{
	play(data, len, (size_t[]){piece, piece}, out);
}

/* Where it is cut makes no difference. */
static void cut_everywhere(const char *file, const char *data, size_t len,
			   const char *whole)
{
	char cut[1024];

	for (size_t at = 1; at < len; at++) {
		play(data, len, (size_t[]){at, len}, cut);
		ck_assert_msg(!strcmp(whole, cut), "%s: %s, cut at %zu %s",
			      file, whole, at, cut);
	}
}

START_TEST(test_torture)
{
	FILE *f = fopen(TORTURE "expected.tsv", "r");
	static char data[131072];
	char whole[1024], cut[1024], twice[1024];
	struct torture_row row;
	unsigned rows = 0, answered = 0;

	ck_assert_ptr_nonnull(f);
	while (torture_next(f, &row)) {
		size_t n = torture_load(row.file, data, sizeof(data) / 2);

		play_in(data, n, n ? n : 1, whole);
		play_in(data, n, 1, cut);
		ck_assert_msg(!strcmp(whole, cut), "%s: %s, in pieces %s",
			      row.file, whole, cut);
		cut_everywhere(row.file, data, n, whole);
		memcpy(data + n, data, n);
		play_in(data, 2 * n, 2 * n, twice);
		play_in(data, 2 * n, 7, cut);
		ck_assert_msg(!strcmp(twice, cut), "%s twice: %s, in pieces %s",
			      row.file, twice, cut);
		rows++;
		answered += whole[0] != '\0';
	}
	fclose(f);
	ck_assert_uint_gt(rows, 60);
	ck_assert_uint_gt(answered, 30);
	ck_assert_uint_lt(answered, rows); /* drops are drops */
}
END_TEST

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

int main(void)
{
	Suite *s = suite_create("torture_tcp");
	TCase *t = tcase_create("torture_tcp");

	log_set_sink(quiet);
	tcase_set_timeout(t, 400);
	tcase_add_test(t, test_torture);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
