/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core conf base */
/*
 * More than we can take: which datagrams wait where, what is shed, what is
 * answered, what is taken all the same. Real sockets on loopback, where what
 * is sent has arrived; the loop runs when all of it is there.
 */
#include "conf/conf.h"
#include "gateway/base/log.h"
#include "gateway/bound.h"
#include "sip/guard.h"
#include "sip/stack.h"
#include "sip/transport_priv.h"
#include "tests/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLOOD 800

static struct net_addr own, far;
static int far_fd;

static int socket_of(const char *text, struct net_addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd, size = 4 << 20;

	ck_assert_int_eq(net_parse(a, text), 0);
	fd = bound_socket(a, SOCK_DGRAM, BOUND_V6_ALONE);
	ck_assert_int_ge(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	net_from_sockaddr(a, (struct sockaddr *)&ss);
	return fd;
}

static void pair_of(const char *text, int fd[2])
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	ck_assert_int_eq(net_parse(&own, text), 0);
	ck_assert_int_eq(bound_sip_pair(&own, fd), 0);
	ck_assert_int_ge(fd[1], 0);
	ck_assert_int_eq(getsockname(fd[0], (struct sockaddr *)&ss, &len), 0);
	net_from_sockaddr(&own, (struct sockaddr *)&ss);
}

static void say(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = net_to_sockaddr(&own, &ss);

	ck_assert_int_eq(sendto(far_fd, text, strlen(text), 0,
				(struct sockaddr *)&ss, len),
			 (ssize_t)strlen(text));
}

static unsigned in_queue(int fd)
{
	char text[2048];
	unsigned n = 0;

	while (recv(fd, text, sizeof(text), MSG_DONTWAIT) >= 0) {
		n++;
	}
	return n;
}

/* --- the pair --- */

START_TEST(test_pair)
{
	static const char *const places[] = {"127.0.0.1", "[::1]"};
	int fd[2];

	far_fd = socket_of(places[_i], &far);
	pair_of(places[_i], fd);
	say("INVITE sip:1@x SIP/2.0\r\n");
	say("INVITE sip:2@x SIP/2.0\r\n");
	say("BYE sip:1@x SIP/2.0\r\n");
	say("SIP/2.0 200 OK\r\n");
	say("\r\n");
	say("INV");
	say("");
	ck_assert_uint_eq(in_queue(fd[0]), 5);
	ck_assert_uint_eq(in_queue(fd[1]), 2);
	/* Nobody else can have it, alone or as one more of the pair. */
	ck_assert_int_eq(bound_socket(&own, SOCK_DGRAM, BOUND_V6_ALONE),
			 -EADDRINUSE);
	int other[2];

	ck_assert_int_eq(bound_sip_pair(&own, other), -EADDRINUSE);
	close(fd[0]);
	close(fd[1]);
	close(far_fd);
}
END_TEST

/* As the role has it: emergency calls and what is for our Contact go first. */
START_TEST(test_split)
{
	static const char numbers[][CONF_NUMBER] = {"112", "1100", "+49112"};
	static const struct {
		int second;
		const char *text;
	} rows[] = {
		{1, "INVITE sip:+49711@x SIP/2.0\r\n"},
		{1, "INVITE sips:+49711@x SIP/2.0\r\n"},
		{1, "INVITE tel:+49711 SIP/2.0\r\n"},
		{1, "INVITE urn:service:sos SIP/2.0\r\n"},
		{1, "INVITE abcdef:1@x SIP/2.0\r\n"},
		{1, "INVITE sip:1123@x SIP/2.0\r\n"},
		{1, "INVITE sip:11@x SIP/2.0\r\n"},
		{1, "INVITE sip:110@x SIP/2.0\r\n"},
		{1, "INVITE sip:+49711;tgrp=1;trunk-context=y@x SIP/2.0\r\n"},
		{0, "INVITE sip:112@x SIP/2.0\r\n"},
		{0, "INVITE SIP:112@x SIP/2.0\r\n"},
		{0, "INVITE sips:112;a=b@x SIP/2.0\r\n"},
		{0, "INVITE tel:112 SIP/2.0\r\n"},
		{0, "INVITE tel:+49112;phone-context=+49 SIP/2.0\r\n"},
		{0, "INVITE sip:1100:secret@x SIP/2.0\r\n"},
		{0, "INVITE sip:192.0.2.1:5060 SIP/2.0\r\n"},
		{0, "INVITE sips:[2001:db8::1] SIP/2.0\r\n"},
		{0, "INVITE sip:x:5061;transport=tls SIP/2.0\r\n"},
		{0, "INVITE"},
		{0, "INVITE sip:"},
		{0, "INVITES sip:1@x SIP/2.0\r\n"},
		{0, "BYE sip:1@x SIP/2.0\r\n"},
		{0, "SIP/2.0 200 OK\r\n"},
	};
	struct transport_urgent urgent = {numbers, 3};
	int fd[2];

	far_fd = socket_of("127.0.0.1", &far);
	pair_of("127.0.0.1", fd);
	ck_assert_int_eq(split_attach(fd[1], &urgent), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		say(rows[i].text);
		ck_assert_msg(in_queue(fd[rows[i].second]) == 1, "%s",
			      rows[i].text);
		ck_assert_uint_eq(in_queue(fd[!rows[i].second]), 0);
	}
	/* Other numbers, as after a reload. */
	urgent.n = 0;
	ck_assert_int_eq(split_attach(fd[0], &urgent), 0);
	say("INVITE sip:112@x SIP/2.0\r\n");
	ck_assert_uint_eq(in_queue(fd[1]), 1);
	close(fd[0]);
	close(fd[1]);
	close(far_fd);
}
END_TEST

/* As many numbers as there may be, as long as they may be. */
START_TEST(test_split_most)
{
	static char numbers[CONF_EMERGENCY][CONF_NUMBER];
	const struct transport_urgent urgent = {
		(const char(*)[CONF_NUMBER])numbers, CONF_EMERGENCY};
	int fd[2], err;

	memset(numbers, '7', sizeof(numbers));
	for (unsigned i = 0; i < CONF_EMERGENCY; i++) {
		numbers[i][0] = (char)('0' + i % 10);
		numbers[i][CONF_NUMBER - 1] = '\0';
	}
	far_fd = socket_of("127.0.0.1", &far);
	pair_of("127.0.0.1", fd);
	err = split_attach(fd[1], &urgent);
	ck_assert(err == 0 || err == -ENOMEM);
	/* Refused, the split is as it was. */
	say("INVITE sip:1@x SIP/2.0\r\n");
	ck_assert_uint_eq(in_queue(fd[1]), 1);
	close(fd[0]);
	close(fd[1]);
	close(far_fd);
}
END_TEST

/* --- the stack in a flood --- */

static struct loop *loop;
static struct sip_stack *stack;
static unsigned seen, byes, calls, again, emergency;
static unsigned order_of_bye, order_of_call;
static bool behind;

static void on_request(struct sip_stack_user *u, txn_id id,
		       const struct sip_msg *m)
{
	(void)u;
	seen++;
	if (sip_msg_is(m, "BYE")) {
		byes++;
		order_of_bye = seen;
	} else if (sip_msg_to_tag(m)[0]) {
		again++;
	} else if (strstr(sip_msg_call_id(m), "urgent")) {
		emergency++;
	} else {
		calls++;
		order_of_call = order_of_call ? order_of_call : seen;
	}
	txn_kill(sip_stack_txns(stack), id); /* no answer: only ours are heard */
}

static void on_ack(struct sip_stack_user *u, const struct sip_msg *m)
{
	(void)u;
	(void)m;
}

static bool is_behind(struct sip_stack_user *u)
{
	(void)u;
	return behind;
}

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

static struct conf_for_sip *conf_with(const char *server)
{
	struct conf_for_sip *c = calloc(1, sizeof(*c));

	ck_assert_ptr_nonnull(c);
	c->sip.bind = own;
	c->sip.t1_ms = 500;
	c->n_trunks = 1;
	c->trunks[0].n_servers = 1;
	snprintf(c->trunks[0].servers[0], CONF_HOST, "%s", server);
	c->n_emergency = 1;
	strcpy(c->emergency[0], "112");
	return c;
}

static void open_stack(bool pair, const char *server)
{
	static const struct sip_stack_user_ops ops = {.on_request = on_request,
						      .on_ack = on_ack,
						      .is_behind = is_behind};
	static struct sip_stack_user user = {&ops};
	struct conf_for_sip *c;
	int fd[2];

	log_set_sink(quiet);
	seen = byes = calls = again = emergency = 0;
	order_of_bye = order_of_call = 0;
	far_fd = socket_of("127.0.0.1", &far);
	pair_of("127.0.0.1", fd);
	if (!pair) {
		close(fd[0]);
		close(fd[1]);
		fd[0] = bound_socket(&own, SOCK_DGRAM, BOUND_V6_ALONE);
		ck_assert_int_ge(fd[0], 0);
	}
	loop = loop_new_uv();
	c = conf_with(server);
	stack = sip_stack_new(loop, c, &user, 0);
	free(c);
	ck_assert_ptr_nonnull(stack);
	for (unsigned i = 0; i < 1u + pair; i++) {
		ck_assert_int_eq(sip_transport_socket(sip_stack_transport(stack),
						      0, fd[i]), 0);
	}
}

static void close_stack(void)
{
	sip_stack_free(stack);
	loop_free(loop);
	close(far_fd);
	log_set_sink(NULL);
}

static void request(const char *method, const char *user, unsigned n,
		    const char *tag, const char *call)
{
	char text[1024], at[NET_STR_MAX], from[NET_STR_MAX];

	net_str(&own, at);
	net_str(&far, from);
	snprintf(text, sizeof(text),
		 "%s sip:%s@%s SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP %s;branch=z9hG4bK%s%s%u;rport\r\n"
		 "Max-Forwards: 70\r\nFrom: <sip:1@%s>;tag=f%u\r\n"
		 "To: <sip:%s@%s>%s\r\nCall-ID: %s%u@flood\r\n"
		 "CSeq: 1 %s\r\nContact: <sip:1@%s>\r\nContent-Length: 0\r\n\r\n",
		 method, user, at, from, method, call, n, from, n, user, at,
		 tag, call, n, method, from);
	say(text);
}

static void run_dry(void)
{
	for (unsigned i = 0, before = 0; i < 200; i++) {
		before = seen;
		loop_poll(loop);
		if (before == seen && i > 50) {
			return;
		}
	}
}

/* Of the answers that came: how many are 503? */
static unsigned busy_answers(void)
{
	char text[4096];
	unsigned n = 0;
	ssize_t len;

	while ((len = recv(far_fd, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
		text[len] = '\0';
		if (!strncmp(text, "SIP/2.0 503 ", 12)) {
			ck_assert_ptr_nonnull(strstr(text, ";tag="));
			ck_assert_ptr_null(strstr(text, "Retry-After"));
			n++;
		}
	}
	return n;
}

static const struct sip_transport_stats *transport_stats(void)
{
	return sip_transport_stats(sip_stack_transport(stack));
}

/* With the pair what belongs to a call is read before all INVITEs, though it
 * came last; a re-INVITE and an emergency call get through a flood. */
START_TEST(test_flood)
{
	bool pair = _i;
	unsigned busy;

	open_stack(pair, "127.0.0.1");
	for (unsigned i = 0; i < FLOOD; i++) {
		request("INVITE", "+49711", i, "", "new");
		if (i == 10) {
			request("INVITE", "gw", i, ";tag=known", "again");
			request("INVITE", "112", i, "", "urgent");
		}
		if (i == (pair ? FLOOD - 1 : 10)) {
			request("BYE", "gw", i, ";tag=known", "bye");
		}
	}
	run_dry();
	ck_assert_uint_eq(byes, 1);
	ck_assert_uint_eq(again, 1);
	ck_assert_uint_eq(emergency, 1);
	if (pair) {
		ck_assert_uint_lt(order_of_bye, order_of_call);
	}
	ck_assert_uint_gt(transport_stats()->shed, 0);
	ck_assert_uint_gt(calls, 0);
	ck_assert_uint_eq(calls + transport_stats()->shed +
				  transport_stats()->queue_full, FLOOD);
	busy = busy_answers();
	ck_assert_uint_gt(busy, 0);
	ck_assert_uint_eq(busy, sip_stack_stats(stack)->shed_answered);
	ck_assert_uint_eq(sip_stack_stats(stack)->shed_emergency, !pair);
	close_stack();
}
END_TEST

/* Who is behind with the calls there are is given no more, but what belongs to
 * them, and emergency calls; some of the others are told. */
START_TEST(test_behind)
{
	open_stack(true, "127.0.0.1");
	behind = true;
	for (unsigned i = 0; i < 10; i++) {
		request("INVITE", "+49711", i, "", "new");
	}
	request("INVITE", "112", 0, "", "urgent");
	request("BYE", "gw", 0, ";tag=known", "bye");
	run_dry();
	ck_assert_uint_eq(byes, 1);
	ck_assert_uint_eq(emergency, 1);
	ck_assert_uint_eq(calls, 0);
	ck_assert_uint_eq(busy_answers(), sip_stack_stats(stack)->shed_answered);
	behind = false;
	request("INVITE", "+49711", 10, "", "new");
	while (!calls) {
		loop_poll(loop);
	}
	close_stack();
}
END_TEST

/* From a stranger there is nothing to be heard of it, and no answer. */
START_TEST(test_flood_of_a_stranger)
{
	open_stack(true, "192.0.2.1");
	for (unsigned i = 0; i < FLOOD; i++) {
		request("INVITE", "+49711", i, "", "new");
	}
	run_dry();
	ck_assert_uint_eq(seen, 0);
	ck_assert_uint_eq(busy_answers(), 0);
	ck_assert_uint_eq(sip_stack_stats(stack)->shed_answered, 0);
	close_stack();
}
END_TEST

/* --- what a peer may send --- */

static char lines[4096];

static void keep_lines(enum log_level level, const char *line)
{
	(void)level;
	ck_assert_uint_lt(strlen(lines) + strlen(line) + 2, sizeof(lines));
	strcat(lines, line);
	strcat(lines, "\n");
}

static unsigned count_of(const char *what)
{
	unsigned n = 0;

	for (const char *p = lines; (p = strstr(p, what)) != NULL; p++) {
		n++;
	}
	return n;
}

/* The stack is opened anew with these limits, by a reload. */
static void limit(struct conf_limits of_source, struct conf_limits of_all)
{
	struct conf_for_sip *c = conf_with("127.0.0.1");

	strcpy(c->trunks[0].name, "peer");
	c->trunks[0].wire.limits = of_source;
	c->sip.limits = of_all;
	ck_assert_int_eq(sip_stack_reload(stack, c), 0);
	free(c);
	lines[0] = '\0';
	log_set_sink(keep_lines);
}

/* What is more is dropped without an answer, but for emergency calls; a line
 * says whose limit it was, another one for the sum of all. */
START_TEST(test_limits)
{
	open_stack(true, "127.0.0.1");
	limit((struct conf_limits){.messages_per_s = 20},
	      (struct conf_limits){0});
	for (unsigned i = 0; i < 40; i++) {
		request("INVITE", "+49711", i, "", "new");
	}
	run_dry();
	ck_assert_uint_ge(calls, 15); /* and what time has brought */
	ck_assert_uint_lt(calls, 30);
	for (unsigned i = 0; i < 10; i++) {
		request("BYE", "gw", i, ";tag=known", "bye");
	}
	request("INVITE", "112", 0, "", "urgent");
	run_dry();
	ck_assert_uint_ge(byes, 4);
	ck_assert_uint_eq(emergency, 1);
	ck_assert_uint_eq(busy_answers(), 0);
	ck_assert_uint_eq(count_of("\n"), 1);
	ck_assert_uint_eq(count_of("trunk peer: 127.0.0.1"), 1);
	ck_assert_uint_eq(count_of("more than the trunk's "
				   "limits.messages_per_second allows (20)"), 1);
	ck_assert_uint_eq(guard_count(sip_stack_guard(stack), GUARD_MESSAGES),
			  40 + 10 - calls - byes);
	byes = 0;
	limit((struct conf_limits){0}, (struct conf_limits){.octets_per_s = 800});
	for (unsigned i = 0; i < 10; i++) {
		request("BYE", "gw", i, ";tag=known", "again");
	}
	run_dry();
	ck_assert_uint_lt(byes, 10);
	ck_assert_uint_eq(count_of("more than sip.limits.octets_per_second "
				   "allows (800)"), 1);
	close_stack();
}
END_TEST

/* A source's emergency calls are preferred so often in a second; then they are
 * as its other calls. */
START_TEST(test_flood_of_emergencies)
{
	open_stack(true, "127.0.0.1");
	limit((struct conf_limits){.messages_per_s = 20},
	      (struct conf_limits){0});
	for (unsigned i = 0; i < 40; i++) {
		request("INVITE", "112", i, "", "urgent");
	}
	run_dry();
	ck_assert_uint_eq(emergency, 40);
	for (unsigned i = 40; i < 300; i++) {
		request("INVITE", "112", i, "", "urgent");
	}
	run_dry();
	ck_assert_uint_ge(emergency, GUARD_URGENT_PER_S);
	ck_assert_uint_lt(emergency, 200); /* and what time has brought */
	close_stack();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sipflood");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_pair, 0, 2);
	tcase_add_test(tc, test_split);
	tcase_add_test(tc, test_split_most);
	tcase_add_loop_test(tc, test_flood, 0, 2);
	tcase_add_test(tc, test_behind);
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_flood_of_emergencies);
	tcase_add_test(tc, test_flood_of_a_stranger);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
