/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * What the system may refuse the media role: real-time priority, locked
 * memory, a processor core, io_uring. The role runs in real time, with the
 * system call in question forbidden to the process; it must say so once in the
 * log, show it in its metrics, and audio must pass both ways all the same.
 */
#include <check.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "forbid.h"
#include "gateway/base/obs.h"
#include "media/engine_priv.h"
#include "media/role_priv.h"
#include "tests/suite.h"

enum {
	SLOT = 5,
	SAYS_LINE = 0x2a, /* codes */
	SAYS_RTP = 0x33,
	PACKET = 160,
	GIVE_UP_MS = 60000,
};

static const struct refusal {
	unsigned bit;
	long call;
	int second, err;
	const char *words;
} refusals[] = {
	{ ENGINE_NO_PRIORITY, SYS_sched_setscheduler, ANY_SECOND, EPERM,
	  "refuses real-time priority" },
	{ ENGINE_NO_MEMLOCK, SYS_mlockall, ANY_SECOND, ENOMEM,
	  "refuses locked memory" },
	{ ENGINE_NO_AFFINITY, SYS_sched_setaffinity, ANY_SECOND, EPERM,
	  "refuses a processor core" },
	{ ENGINE_NO_URING, SYS_io_uring_setup, ANY_SECOND, ENOSYS,
	  "refuses io_uring" },
	/* Seen by the engine's thread only. */
	{ ENGINE_NO_URING, SYS_io_uring_register,
	  IORING_REGISTER_ENABLE_RINGS, EPERM, "refuses io_uring" },
};

/* With the sanitizers mlockall does nothing, and is never refused. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const unsigned here = ~(unsigned)ENGINE_NO_MEMLOCK;
#else
static const unsigned here = ~0u;
#endif

enum { REFUSALS = sizeof(refusals) / sizeof(*refusals) };

static struct {
	struct loop *loop;
	struct role *role;
	struct link core, console;
	struct line *far_line;
	int far_rtp;
	struct net_addr far_addr, ours;
	media_id id;
	struct timer ms;
	unsigned passed_ms, warnings[REFUSALS], heard_rtp, heard_line;
	bool event, up;
	char metrics[65536];
	size_t n_metrics;
} t;

static void sink(enum log_level level, const char *line)
{
	for (unsigned i = 0; i < REFUSALS; i++)
		t.warnings[i] += level == LOG_LVL_WARN &&
				 strstr(line, refusals[i].words) != NULL;
}

static void tell(void *msg, uint16_t type, size_t len)
{
	ck_assert_int_eq(link_send(&t.core, msg, type, len), 0);
}

static void on_opened(const struct media_opened *o)
{
	struct media_connect c = { .id = o->id, .slot = SLOT };
	struct media_modify m = {
		.id = o->id, .rtp = t.far_addr, .codec = 8, .dtmf_pt = 101,
		.ptime_ms = 20, .answered = 1,
	};

	t.id = o->id;
	t.ours = o->rtp;
	tell(&c, MEDIA_CONNECT, sizeof(c));
	tell(&m, MEDIA_MODIFY, sizeof(m));
}

static void core_msg(struct link *l, const struct link_head *h, int fd)
{
	(void)l;
	(void)fd;
	if (h->type == MEDIA_OPENED)
		on_opened((const void *)h);
	if (h->type == MEDIA_EVENT)
		t.event = true;
}

static void console_msg(struct link *l, const struct link_head *h, int fd)
{
	const struct obs_reply *r = (const void *)h;

	(void)l;
	(void)fd;
	memcpy(t.metrics + t.n_metrics, r->text, r->len);
	t.n_metrics += r->len;
	t.metrics[t.n_metrics] = '\0';
	if (!r->more)
		loop_stop(t.loop);
}

static void down(struct link *l)
{
	(void)l;
}

static const struct link_ops core_end = { core_msg, down };
static const struct link_ops console_end = { console_msg, down };

static int bound(struct net_addr *a)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t n;

	*a = (struct net_addr){ .family = 4, .ip = { 127, 0, 0, 1 } };
	n = net_to_sockaddr(a, &ss);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, n), 0);
	n = sizeof(ss);
	getsockname(fd, (struct sockaddr *)&ss, &n);
	net_from_sockaddr(a, (struct sockaddr *)&ss);
	return fd;
}

static void join_to(int fd, const struct net_addr *to)
{
	struct sockaddr_storage ss;
	socklen_t n = net_to_sockaddr(to, &ss);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, n), 0);
}

/* The far end of the line says one code, and counts another. */
static void far_line(void)
{
	uint8_t rx[LINE_SLOTS][LINE_BLOCK], tx[LINE_SLOTS][LINE_BLOCK];

	line_tick(t.far_line, clock_mono());
	while (line_avail(t.far_line) >= LINE_BLOCK) {
		line_read(t.far_line, rx, LINE_BLOCK);
		for (unsigned i = 0; i < LINE_BLOCK; i++)
			t.heard_line += rx[SLOT][i] == SAYS_RTP;
		memset(tx, 0xd5, sizeof(tx));
		memset(tx[SLOT], SAYS_LINE, LINE_BLOCK);
		line_write(t.far_line, (const uint8_t (*)[LINE_BLOCK])tx,
			   LINE_BLOCK);
	}
}

static void far_rtp(void)
{
	uint8_t out[RTP_HEADER + PACKET], in[2048];
	struct rtp_packet p = { .pt = 8, .ssrc = 7 };
	ssize_t n;

	while ((n = recv(t.far_rtp, in, sizeof(in), 0)) > 0)
		for (ssize_t i = RTP_HEADER; i < n; i++)
			t.heard_rtp += in[i] == SAYS_LINE;
	if (!t.id || t.passed_ms % 20)
		return;
	p.seq = (uint16_t)(t.passed_ms / 20);
	p.ts = 8 * t.passed_ms;
	rtp_header(out, &p);
	memset(out + RTP_HEADER, SAYS_RTP, PACKET);
	udp_send(t.far_rtp, &t.ours, out, sizeof(out));
}

/* Until a fifth of a second was heard at both ends; then what the metrics
 * say. */
static void on_ms(struct timer *timer)
{
	struct obs_query q = { .id = 1, .verb = "metrics" };

	ck_assert_uint_lt(++t.passed_ms, GIVE_UP_MS);
	far_line();
	far_rtp();
	if (t.heard_line >= 1600 && t.heard_rtp >= 1600 && t.event)
		link_send(&t.console, &q.head, OBS_QUERY, sizeof(q));
	else
		timer_start(t.loop, timer, on_ms, 1);
}

static void join_link(enum role_id peer, struct link *far,
		      const struct link_ops *far_ops)
{
	const struct link_ops *ops;
	struct link *l = media_role_ops.slot(t.role, peer, 0, &ops);

	ck_assert_int_eq(link_open_mem(l, ops, far, far_ops, t.loop), 0);
	media_role_ops.link_up(t.role, peer, 0);
}

/* A core that this process may run on. */
static uint8_t some_core(void)
{
	cpu_set_t set;
	uint8_t core = 0;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	while (!CPU_ISSET(core, &set))
		core++;
	return core;
}

static void set_up(void)
{
	static struct conf_for_media conf;
	struct line_config cfg;
	struct net_addr a, b;
	int fa = bound(&a), fb = bound(&b);

	conf.n_spans = 1;
	conf.media.jitter_min_ms = 20;
	conf.media.jitter_max_ms = 200;
	conf.media.n_cpus = 1;
	conf.media.cpus[0] = some_core();
	strcpy(conf.spans[0].name, "carrier");
	strcpy(conf.spans[0].country, "de");
	conf.spans[0].line.first_slot = 1;
	conf.spans[0].line.last_slot = 31;
	conf.spans[0].line.idle = 0xd5;
	join_to(fa, &b);
	join_to(fb, &a);
	conf.spans[0].line.peer = a;
	t.far_rtp = bound(&t.far_addr);
	t.loop = loop_new_uv();
	t.role = media_role_ops.open(t.loop, &conf, sizeof(conf));
	ck_assert_ptr_nonnull(t.role);
	line_config_init(&cfg);
	cfg.d_slot = 0;
	t.far_line = line_open(&cfg, fa);
	join_link(ROLE_CORE, &t.core, &core_end);
	join_link(ROLE_CONSOLE, &t.console, &console_end);
	ck_assert_int_eq(media_role_ops.socket(t.role, ROLE_SOCK_LINE, 0, fb),
			 0);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(media_role_ops.socket(t.role, ROLE_SOCK_RTP,
						       i, bound(&b)), 0);
	ck_assert_int_eq(media_role_ops.start(t.role), 0);
	line_start(t.far_line, clock_mono());
}

static void tear_down(void)
{
	media_role_ops.close(t.role);
	timer_stop(t.loop, &t.ms);
	link_close(&t.core);
	link_close(&t.console);
	line_close(t.far_line);
	close(t.far_rtp);
	loop_free(t.loop);
}

/* A call in which audio passes both ways; what the role says of the system. */
static unsigned call(void)
{
	struct media_open m = { .ref = 1 };
	const char *refused;

	log_set_sink(sink);
	set_up();
	tell(&m, MEDIA_OPEN, sizeof(m));
	timer_start(t.loop, &t.ms, on_ms, 1);
	loop_run(t.loop);
	ck_assert_uint_ne(t.id, 0);
	tear_down();
	refused = strstr(t.metrics, "\ntrunkgate_media_refused ");
	ck_assert_ptr_nonnull(refused);
	return (unsigned)atoi(strchr(refused + 1, ' '));
}

static void check(unsigned refused)
{
	for (unsigned i = 0; i < REFUSALS; i++)
		ck_assert_uint_eq(t.warnings[i],
				  (refused & refusals[i].bit) != 0);
}

/* What this system refuses by itself: of a user without rights some. */
static unsigned refused_anyway(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit((int)call());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return (unsigned)WEXITSTATUS(status);
}

START_TEST(test_refused)
{
	const struct refusal *r = &refusals[_i];
	unsigned anyway = refused_anyway(), refused;

	forbid_with(r->call, r->second, r->err);
	refused = call();
	ck_assert_uint_eq(refused, anyway | (r->bit & here));
	check(refused);
}
END_TEST

START_TEST(test_all_refused)
{
	unsigned refused;

	for (unsigned i = 0; i < REFUSALS; i++)
		forbid_with(refusals[i].call, refusals[i].second,
			    refusals[i].err);
	refused = call();
	ck_assert_uint_eq(refused, (ENGINE_NO_PRIORITY | ENGINE_NO_MEMLOCK |
				    ENGINE_NO_AFFINITY | ENGINE_NO_URING) &
					   here);
	check(refused);
}
END_TEST

/* What is not refused is not spoken of. */
START_TEST(test_nothing_refused)
{
	unsigned refused = call();

	check(refused);
	if (geteuid() == 0)
		ck_assert_uint_eq(refused & ENGINE_NO_AFFINITY, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("refused");
	TCase *tc = tcase_create("refused");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_refused, 0, REFUSALS);
	tcase_add_test(tc, test_all_refused);
	tcase_add_test(tc, test_nothing_refused);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
