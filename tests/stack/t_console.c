/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: console base */
/*
 * The console role on the real loop, with a client on its local socket, and
 * roles played by the test on in-memory links.
 */
#include "conf/conf.h"
#include "gateway/base/obs.h"
#include "gateway/base/role.h"
#include "gateway/base/str.h"
#include "tests/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TURNS 3000 /* of 1 ms, before a wait is given up */

static struct loop *loop;
static struct role *console;
static struct link core, isdn;
static struct sockaddr_un at = { .sun_family = AF_UNIX };
static struct obs_query last;
static unsigned queries, trace_on;
static const char *core_answer;
static int pieces;

static void answer(struct link *l, uint32_t id, const char *text, int more)
{
	static struct obs_reply r;

	r.id = id;
	r.more = more != 0;
	str_copy(r.text, sizeof(r.text), text);
	r.len = (uint16_t)strlen(text);
	link_send(l, &r.head, OBS_REPLY,
		  offsetof(struct obs_reply, text) + r.len);
}

static void on_msg(struct link *l, const struct link_head *head, int fd)
{
	ck_assert_int_lt(fd, 0);
	if (head->type == OBS_TRACE_ON) {
		trace_on = ((const struct obs_switch *)(const void *)head)->on;
		return;
	}
	memcpy(&last, head, sizeof(last));
	queries++;
	for (int i = 0; core_answer && i < pieces; i++) {
		answer(l, last.id, core_answer, i + 1 < pieces);
	}
}

static void on_down(struct link *l)
{
	link_close(l);
}

static const struct link_ops ops = { on_msg, on_down };

static void join(enum role_id peer, struct link *end)
{
	const struct link_ops *o;
	struct link *slot = console->ops->slot(console, peer, 0, &o);

	ck_assert(slot != NULL);
	ck_assert_int_eq(link_open_mem(slot, o, end, &ops, loop), 0);
	console->ops->link_up(console, peer, 0);
}

static void setup(void)
{
	struct conf_for_core *conf = calloc(1, sizeof(*conf));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	queries = trace_on = 0;
	core_answer = "[1]";
	pieces = 1;
	loop = loop_new_uv();
	conf->conf.n_spans = 1;
	console = console_role_ops.open(loop, conf, sizeof(*conf));
	free(conf);
	snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/tg-console-%d",
		 (int)getpid());
	unlink(at.sun_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	ck_assert_int_eq(console_role_ops.socket(console, ROLE_SOCK_CONTROL, 0,
						 fd), 0);
	join(ROLE_CORE, &core);
}

static void teardown(void)
{
	console_role_ops.close(console);
	link_close(&core);
	link_close(&isdn);
	loop_free(loop);
	unlink(at.sun_path);
}

static int dial(const char *request)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(write(fd, request, strlen(request)),
			 (ssize_t)strlen(request));
	return fd;
}

/* Until the stream ends (or holds `until`); what came. */
static const char *listen_to(int fd, const char *until)
{
	static char text[65536];
	size_t len = 0;

	for (unsigned i = 0; i < TURNS; i++) {
		ssize_t n;

		loop_poll(loop);
		n = read(fd, text + len, sizeof(text) - 1 - len);
		len += n > 0 ? (size_t)n : 0;
		text[len] = '\0';
		if (n == 0 || (until && strstr(text, until))) {
			return text;
		}
		usleep(1000);
	}
	ck_abort_msg("no answer, got: %s", text);
	return NULL;
}

static void expect(const char *request, const char *want)
{
	int fd = dial(request);

	ck_assert_str_eq(listen_to(fd, NULL), want);
	close(fd);
}

START_TEST(one_role_answers)
{
	expect("calls\n", "ok\n[1]");
	ck_assert_str_eq(last.verb, "calls");
	expect("explain carrier 123\n", "ok\n[1]");
	ck_assert_str_eq(last.arg, "carrier 123");
	pieces = 3;
	expect("calls\n", "ok\n[1][1][1]");
}
END_TEST

START_TEST(several_roles_make_one_object)
{
	join(ROLE_ISDN, &isdn);
	core_answer = "{}";
	expect("spans\n", "ok\n{\"core\":{},\"media\":{\"error\":\"no answer\"},"
	       "\"isdn\":[{}]}");
	expect("channels\n", "ok\n{\"isdn\":[{}]}");
}
END_TEST

START_TEST(what_cannot_be_answered)
{
	expect("nonsense\n", "error\nno such command");
	expect("reload\n", "error\nno answer: the role is not there");
	core_answer = NULL; /* a role that hangs: after two seconds */
	expect("calls\n", "error\nno answer: the role is not there");
}
END_TEST

START_TEST(bad_requests)
{
	char big[600];
	int fd;

	memset(big, 'a', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	expect(big, "error\na request is one line of text");
	fd = dial("cal"); /* half a request, then gone */
	loop_poll(loop);
	close(fd);
	expect("calls\n", "ok\n[1]");
}
END_TEST

START_TEST(bad_replies_are_dropped)
{
	static struct obs_reply r = { .id = 77 };

	link_send(&core, &r.head, OBS_REPLY, sizeof(r.head) + 2);
	link_send(&core, &r.head, OBS_REPLY,
		  offsetof(struct obs_reply, text)); /* nobody asked */
	r.len = 5000;
	link_send(&core, &r.head, OBS_REPLY, offsetof(struct obs_reply, text));
	link_send(&core, &r.head, OBS_TRACE, 40);
	link_send(&core, &r.head, 999, sizeof(r.head));
	expect("calls\n", "ok\n[1]");
}
END_TEST

START_TEST(traces_flow_while_somebody_looks)
{
	static struct obs_trace t = { .kind = OBS_FRAME, .index = 3,
				      .text = "SETUP \"x\"", .len = 2,
				      .bytes = { 0xab, 0x01 } };
	int fd = dial("trace\n");
	const char *text;

	listen_to(fd, "ok\n");
	for (unsigned i = 0; i < 50 && !trace_on; i++) {
		loop_poll(loop);
	}
	ck_assert_uint_eq(trace_on, 1);
	link_send(&core, &t.head, OBS_TRACE,
		  offsetof(struct obs_trace, bytes) + 2);
	text = listen_to(fd, "\"hex\"");
	ck_assert(strstr(text, "\"text\":\"SETUP \\\"x\\\"\""));
	ck_assert(strstr(text, "\"hex\":\"ab01\""));
	close(fd);
	for (unsigned i = 0; i < 200 && trace_on; i++) {
		loop_poll(loop);
		usleep(1000);
	}
	ck_assert_uint_eq(trace_on, 0);
}
END_TEST

START_TEST(clients_that_leave_early)
{
	core_answer = NULL;
	for (unsigned i = 0; i < 100; i++) {
		int fd = dial("calls\n");

		loop_poll(loop);
		close(fd);
		for (unsigned k = 0; k < 5; k++) {
			loop_poll(loop);
		}
	}
	core_answer = "[1]";
	expect("calls\n", "ok\n[1]");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("console");
	TCase *t = tcase_create("console");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_role_answers);
	tcase_add_test(t, several_roles_make_one_object);
	tcase_add_test(t, what_cannot_be_answered);
	tcase_add_test(t, bad_requests);
	tcase_add_test(t, bad_replies_are_dropped);
	tcase_add_test(t, traces_flow_while_somebody_looks);
	tcase_add_test(t, clients_that_leave_early);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
