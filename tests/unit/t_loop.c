/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* Both backends of the loop; real descriptors, signals and threads on uv. */
#include "gateway/base/loop.h"
#include "tests/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WALL 1700000000000LL

static struct loop *loop;
static char trace[128];

static void say(const char *what)
{
	ck_assert_uint_lt(strlen(trace) + strlen(what), sizeof(trace));
	strcat(trace, what);
}

static void setup_sim(void)
{
	loop = loop_new_sim(WALL);
	ck_assert_ptr_nonnull(loop);
	trace[0] = '\0';
}

static void setup_uv(void)
{
	loop = loop_new_uv();
	ck_assert_ptr_nonnull(loop);
	trace[0] = '\0';
}

static void teardown(void)
{
	loop_free(loop);
}

/* --- what both backends must do alike --- */

struct both {
	struct timer t1, t2;
	struct defer d1, d2;
};

static struct both b;

static void on_d2(struct defer *d)
{
	(void)d;
	say("d2 ");
}

static void on_d1(struct defer *d)
{
	(void)d;
	say("d1 ");
	loop_defer(loop, &b.d2, on_d2);
}

static void on_t2(struct timer *t)
{
	(void)t;
	say("t2 ");
	loop_stop(loop);
}

static void on_t1(struct timer *t)
{
	(void)t;
	say("t1 ");
	loop_defer(loop, &b.d1, on_d1);
}

START_TEST(test_deferred_between_timers)
{
	mono_t at = mono_add_ms(loop_now(loop), 3);

	memset(&b, 0, sizeof(b));
	timer_start_at(loop, &b.t1, on_t1, at);
	timer_start_at(loop, &b.t2, on_t2, at);
	loop_run(loop);
	/* All that t1 caused is done before t2, which is due as well. */
	ck_assert_str_eq(trace, "t1 d1 d2 t2 ");
}
END_TEST

START_TEST(test_deferred_once_in_order)
{
	memset(&b, 0, sizeof(b));
	loop_defer(loop, &b.d2, on_d2);
	loop_defer(loop, &b.d1, on_d1);
	loop_defer(loop, &b.d2, on_d2);
	timer_start(loop, &b.t2, on_t2, 2);
	loop_run(loop);
	ck_assert_str_eq(trace, "d2 d1 d2 t2 ");
}
END_TEST

static struct defer five[5];

static void on_five(struct defer *d)
{
	char text[] = {(char)('0' + (d - five)), ' ', '\0'};

	say(text);
	if (d == &five[0]) {
		loop_defer_cancel(loop, &five[3]);
		loop_defer_cancel(loop, &five[0]);
	}
}

START_TEST(test_defer_cancel)
{
	int i;

	memset(five, 0, sizeof(five));
	loop_defer_cancel(loop, &five[0]);
	for (i = 0; i < 5; i++) {
		loop_defer(loop, &five[i], on_five);
	}
	loop_defer_cancel(loop, &five[4]);
	loop_defer_cancel(loop, &five[1]);
	loop_defer(loop, &five[1], on_five);
	loop_poll(loop);
	ck_assert_str_eq(trace, "0 2 1 ");
	/* The queue is whole after the last and the only one were taken. */
	loop_defer(loop, &five[2], on_five);
	loop_defer_cancel(loop, &five[2]);
	loop_defer(loop, &five[4], on_five);
	loop_poll(loop);
	ck_assert_str_eq(trace, "0 2 1 4 ");
}
END_TEST

static void on_stop_now(struct defer *d)
{
	(void)d;
	say("stop ");
	loop_stop(loop);
}

START_TEST(test_stop)
{
	memset(&b, 0, sizeof(b));
	loop_defer(loop, &b.d1, on_stop_now);
	loop_defer(loop, &b.d2, on_d2);
	loop_run(loop);
	ck_assert_str_eq(trace, "stop ");
	/* Stopped before it runs: returns at once, once. */
	loop_stop(loop);
	loop_run(loop);
	ck_assert_str_eq(trace, "stop ");
	timer_start(loop, &b.t2, on_t2, 1);
	loop_run(loop);
	ck_assert_str_eq(trace, "stop d2 t2 ");
}
END_TEST

static unsigned spins;

static void on_spin(struct timer *t)
{
	spins++;
	timer_start(loop, t, on_spin, 0);
}

START_TEST(test_zero_timer_does_not_starve)
{
	memset(&b, 0, sizeof(b));
	spins = 0;
	timer_start(loop, &b.t1, on_spin, 0);
	loop_poll(loop);
	ck_assert_uint_ge(spins, 1);
	ck_assert_uint_lt(spins, 10);
	timer_stop(loop, &b.t1);
}
END_TEST

struct job {
	struct work work;
	pthread_t ran_in;
	int ran, done;
};

static void job_run(struct work *w)
{
	struct job *j = container_of(w, struct job, work);

	j->ran_in = pthread_self();
	j->ran++;
}

static void job_done(struct work *w)
{
	struct job *j = container_of(w, struct job, work);

	j->done++;
	if (j->done < 3) {
		ck_assert_int_eq(loop_work(loop, w, job_run, job_done), 0);
	} else {
		loop_stop(loop);
	}
}

START_TEST(test_work)
{
	struct job j = {0};

	ck_assert_int_eq(loop_work(loop, &j.work, job_run, job_done), 0);
	ck_assert_int_eq(loop_work(loop, &j.work, job_run, job_done), -EBUSY);
	ck_assert_int_eq(j.done, 0);
	loop_run(loop);
	ck_assert_int_eq(j.ran, 3);
	ck_assert_int_eq(j.done, 3);
}
END_TEST

/* --- sim alone --- */

START_TEST(test_sim_clock)
{
	mono_t start = loop_now(loop);

	ck_assert_int_gt(start.ns, 0);
	ck_assert_int_eq(loop_wall_ms(loop), WALL);
	loop_run(loop);
	ck_assert_int_eq(mono_diff_ns(loop_now(loop), start), 0);
	loop_advance(loop, 1500);
	ck_assert_int_eq(mono_diff_ms(loop_now(loop), start), 1500);
	ck_assert_int_eq(loop_wall_ms(loop), WALL + 1500);
	loop_wall_step(loop, -3600000);
	ck_assert_int_eq(loop_wall_ms(loop), WALL + 1500 - 3600000);
	ck_assert_int_eq(mono_diff_ms(loop_now(loop), start), 1500);
	loop_advance(loop, -5);
	ck_assert_int_eq(mono_diff_ms(loop_now(loop), start), 1500);
	memset(&b, 0, sizeof(b));
	timer_start(loop, &b.t1, on_t1, 86400000);
	loop_run(loop);
	ck_assert_int_eq(mono_diff_ms(loop_now(loop), start), 86401500);
	ck_assert_str_eq(trace, "t1 d1 d2 ");
}
END_TEST

START_TEST(test_sim_advance_is_inclusive)
{
	memset(&b, 0, sizeof(b));
	timer_start(loop, &b.t1, on_t1, 10);
	loop_advance(loop, 9);
	ck_assert_str_eq(trace, "");
	loop_advance(loop, 1);
	ck_assert_str_eq(trace, "t1 d1 d2 ");
}
END_TEST

static void on_any(struct watch *w, int events)
{
	(void)w;
	(void)events;
}

static void on_any_signal(struct sigwatch *s, int signum)
{
	(void)s;
	(void)signum;
}

START_TEST(test_sim_has_no_descriptors)
{
	struct watch w = {0};
	struct sigwatch s = {0};

	ck_assert_int_eq(watch_start(loop, &w, 0, WATCH_READ, on_any),
			 -ENOTSUP);
	watch_stop(loop, &w);
	ck_assert_int_eq(sig_start(loop, &s, SIGUSR1, on_any_signal), -ENOTSUP);
	sig_stop(loop, &s);
}
END_TEST

/* --- uv alone --- */

START_TEST(test_uv_time)
{
	mono_t start = loop_now(loop);
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ck_assert_int_le(llabs(loop_wall_ms(loop) - ts.tv_sec * 1000LL), 5000);
	memset(&b, 0, sizeof(b));
	timer_start(loop, &b.t2, on_t2, 30);
	loop_run(loop);
	/* Never early; how late depends on the machine. */
	ck_assert_int_ge(mono_diff_ns(loop_now(loop), start), 30 * NS_PER_MS);
}
END_TEST

struct pipe_end {
	struct watch w;
	int calls, events, bytes;
};

static void on_pipe(struct watch *w, int events)
{
	struct pipe_end *p = container_of(w, struct pipe_end, w);
	char buf[16];
	ssize_t n = read(w->fd, buf, sizeof(buf));

	p->calls++;
	p->events |= events;
	if (n > 0) {
		p->bytes += (int)n;
	} else {
		watch_stop(loop, w);
		loop_stop(loop);
	}
}

START_TEST(test_uv_pipe_and_eof)
{
	struct pipe_end p = {0};
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	ck_assert_int_eq(watch_start(loop, &p.w, fds[0], WATCH_READ, on_pipe),
			 0);
	loop_poll(loop);
	ck_assert_int_eq(p.calls, 0);
	ck_assert_int_eq(write(fds[1], "abc", 3), 3);
	loop_poll(loop);
	ck_assert_int_eq(p.bytes, 3);
	close(fds[1]);
	loop_run(loop);
	ck_assert_int_eq(p.calls, 2);
	ck_assert_int_eq(p.events, WATCH_READ);
	watch_stop(loop, &p.w);
	close(fds[0]);
}
END_TEST

static void on_writable(struct watch *w, int events)
{
	ck_assert_int_eq(events, WATCH_WRITE);
	say("w ");
	/* Change what is watched from inside the callback. */
	ck_assert_int_eq(watch_start(loop, w, w->fd, WATCH_READ, on_any), 0);
	loop_stop(loop);
}

START_TEST(test_uv_change_events_and_reuse_fd)
{
	struct watch w = {0};
	struct pipe_end p = {0};
	int fds[2], again[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(watch_start(loop, &w, fds[0], WATCH_READ | WATCH_WRITE,
				     on_writable),
			 0);
	loop_run(loop);
	loop_poll(loop);
	ck_assert_str_eq(trace, "w ");
	/* The number of a descriptor is used again at once after a stop. */
	watch_stop(loop, &w);
	close(fds[0]);
	close(fds[1]);
	ck_assert_int_eq(pipe(again), 0);
	ck_assert_int_eq(again[0], fds[0]);
	ck_assert_int_eq(watch_start(loop, &p.w, again[0], WATCH_READ, on_pipe),
			 0);
	ck_assert_int_eq(write(again[1], "x", 1), 1);
	loop_poll(loop);
	loop_poll(loop);
	ck_assert_int_eq(p.bytes, 1);
	watch_stop(loop, &p.w);
	close(again[0]);
	close(again[1]);
}
END_TEST

static void on_free_owner(struct watch *w, int events)
{
	(void)events;
	watch_stop(loop, w);
	close(w->fd);
	free(container_of(w, struct pipe_end, w));
	say("freed ");
}

START_TEST(test_uv_free_in_callback)
{
	struct pipe_end *p = calloc(1, sizeof(*p));
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(
		watch_start(loop, &p->w, fds[0], WATCH_READ, on_free_owner), 0);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	loop_poll(loop);
	loop_poll(loop);
	ck_assert_str_eq(trace, "freed ");
	close(fds[1]);
}
END_TEST

/* Two watches ready in one round; whichever is first stops the other. */
static struct pipe_end pair[2];

static void on_rival(struct watch *w, int events)
{
	int me = w == &pair[1].w;

	(void)events;
	pair[me].calls++;
	watch_stop(loop, &pair[!me].w);
	watch_stop(loop, w);
}

START_TEST(test_uv_stop_the_other_of_one_round)
{
	int fds[2][2], i;

	memset(pair, 0, sizeof(pair));
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(pipe(fds[i]), 0);
		ck_assert_int_eq(write(fds[i][1], "x", 1), 1);
		ck_assert_int_eq(watch_start(loop, &pair[i].w, fds[i][0],
					     WATCH_READ, on_rival),
				 0);
	}
	loop_poll(loop);
	loop_poll(loop);
	ck_assert_int_eq(pair[0].calls + pair[1].calls, 1);
	for (i = 0; i < 2; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
}
END_TEST

static int udp_errno;

static void on_udp(struct watch *w, int events)
{
	char buf[16];
	ssize_t n = recv(w->fd, buf, sizeof(buf), MSG_DONTWAIT);

	ck_assert(events & WATCH_READ);
	if (n < 0) {
		udp_errno = errno;
		say("err ");
	} else {
		say("data ");
	}
	loop_stop(loop);
}

/* An ICMP error must not end the watching of a socket. */
START_TEST(test_uv_survives_socket_errors)
{
	struct sockaddr_in to = {.sin_family = AF_INET}, own;
	struct watch w = {0};
	socklen_t len = sizeof(to);
	int peer = socket(AF_INET, SOCK_DGRAM, 0);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	own = to;
	ck_assert_int_eq(bind(peer, (struct sockaddr *)&to, len), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&own, len), 0);
	getsockname(peer, (struct sockaddr *)&to, &len);
	getsockname(fd, (struct sockaddr *)&own, &len);
	close(peer);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, len), 0);
	ck_assert_int_eq(watch_start(loop, &w, fd, WATCH_READ, on_udp), 0);
	ck_assert_int_eq(send(fd, "x", 1, 0), 1);
	loop_run(loop);
	ck_assert_str_eq(trace, "err ");
	ck_assert_int_eq(udp_errno, ECONNREFUSED);
	peer = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(peer, (struct sockaddr *)&to, len), 0);
	ck_assert_int_eq(sendto(peer, "y", 1, 0, (struct sockaddr *)&own, len),
			 1);
	loop_run(loop);
	ck_assert_str_eq(trace, "err data ");
	watch_stop(loop, &w);
	close(fd);
	close(peer);
}
END_TEST

START_TEST(test_uv_bad_descriptors)
{
	struct watch w = {0};
	int fd = open("/proc/self/exe", O_RDONLY);

	ck_assert_int_lt(watch_start(loop, &w, -1, WATCH_READ, on_any), 0);
	ck_assert_ptr_null(w.handle);
	ck_assert_int_lt(watch_start(loop, &w, fd, WATCH_READ, on_any), 0);
	ck_assert_ptr_null(w.handle);
	close(fd);
}
END_TEST

static void on_usr1(struct sigwatch *s, int signum)
{
	ck_assert_int_eq(signum, SIGUSR1);
	say("usr1 ");
	sig_stop(loop, s);
	loop_stop(loop);
}

START_TEST(test_uv_signal)
{
	struct sigwatch s = {0};

	ck_assert_int_eq(sig_start(loop, &s, SIGUSR1, on_any_signal), 0);
	ck_assert_int_eq(sig_start(loop, &s, SIGUSR1, on_usr1), 0);
	raise(SIGUSR1);
	loop_run(loop);
	ck_assert_str_eq(trace, "usr1 ");
	sig_stop(loop, &s);
	ck_assert_int_lt(sig_start(loop, &s, 0, on_usr1), 0);
	ck_assert_ptr_null(s.handle);
}
END_TEST

START_TEST(test_uv_work_runs_elsewhere)
{
	struct job j = {.done = 2};

	ck_assert_int_eq(loop_work(loop, &j.work, job_run, job_done), 0);
	loop_run(loop);
	ck_assert(!pthread_equal(j.ran_in, pthread_self()));
}
END_TEST

static struct job left_over;

START_TEST(test_uv_free_waits_for_work)
{
	left_over = (struct job){0};
	ck_assert_int_eq(loop_work(loop, &left_over.work, job_run, job_done),
			 0);
	loop_free(loop);
	ck_assert_int_eq(left_over.ran, 1);
	ck_assert_int_eq(left_over.done, 0);
	loop = loop_new_uv();
}
END_TEST

static void add_both(TCase *tc)
{
	tcase_add_test(tc, test_deferred_once_in_order);
	tcase_add_test(tc, test_defer_cancel);
	tcase_add_test(tc, test_stop);
	tcase_add_test(tc, test_zero_timer_does_not_starve);
	tcase_add_test(tc, test_work);
}

int main(void)
{
	Suite *s = suite_create("loop");
	TCase *sim = tcase_create("sim"), *uv = tcase_create("uv");

	tcase_add_checked_fixture(sim, setup_sim, teardown);
	add_both(sim);
	tcase_add_test(sim, test_deferred_between_timers);
	tcase_add_test(sim, test_sim_clock);
	tcase_add_test(sim, test_sim_advance_is_inclusive);
	tcase_add_test(sim, test_sim_has_no_descriptors);
	suite_add_tcase(s, sim);
	tcase_add_checked_fixture(uv, setup_uv, teardown);
	add_both(uv);
	tcase_add_test(uv, test_uv_time);
	tcase_add_test(uv, test_uv_pipe_and_eof);
	tcase_add_test(uv, test_uv_change_events_and_reuse_fd);
	tcase_add_test(uv, test_uv_free_in_callback);
	tcase_add_test(uv, test_uv_stop_the_other_of_one_round);
	tcase_add_test(uv, test_uv_survives_socket_errors);
	tcase_add_test(uv, test_uv_bad_descriptors);
	tcase_add_test(uv, test_uv_signal);
	tcase_add_test(uv, test_uv_work_runs_elsewhere);
	tcase_add_test(uv, test_uv_free_waits_for_work);
	suite_add_tcase(s, uv);
	return suite_run(s, CK_NOFORK);
}
