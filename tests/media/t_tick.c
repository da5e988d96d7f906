/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * The proof that the tick allocates, locks and writes nothing: the real
 * engine thread runs 10,000 ticks with calls that start, speak, dial and end,
 * while malloc, free, calloc, realloc, pthread_mutex_lock, write and stdio
 * are interposed and fatal in that thread. Controls that do each of these in
 * the tick must die.
 *
 * The engine's clock is interposed too: its sleep hands over to the test,
 * which plays the far end for a millisecond and lets it go on. So 10 s of
 * engine time are deterministic and take as long as their arithmetic.
 */
#include "rig.c"
#include "forbid.h"
#include "tests/suite.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

enum offence { NONE, MALLOC, FREE, CALLOC, REALLOC, LOCK, WRITE, PRINTF };

#if defined(__x86_64__) && !defined(SANITIZED)
#include "syscalls.h"
#define COUNTED 1
#endif

static _Thread_local bool in_engine;
static enum offence control; /* to be committed in the tick */
static void *volatile block; /* for it */
static sem_t go, idle;
static _Atomic int64_t virtual_ns;
static _Atomic bool free_run; /* the engine is being stopped */

static void fatal(const char *what)
{
	static const char text[] = " called in the tick\n";

	if (!in_engine)
		return;
	in_engine = false;
	if (control == NONE) {
		fputs(what, stderr);
		fputs(text, stderr);
	}
	abort();
}

#ifdef SANITIZED
void __sanitizer_install_malloc_and_free_hooks(
	void (*)(const volatile void *, size_t),
	void (*)(const volatile void *));

static void on_malloc(const volatile void *p, size_t n)
{
	(void)p;
	(void)n;
	fatal("malloc");
}

static void on_free(const volatile void *p)
{
	(void)p;
	fatal("free");
}
#else
void *__libc_malloc(size_t);
void __libc_free(void *);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

void *malloc(size_t n)
{
	fatal("malloc");
	return __libc_malloc(n);
}

void free(void *p)
{
	fatal("free");
	__libc_free(p);
}

void *calloc(size_t n, size_t size)
{
	fatal("calloc");
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	fatal("realloc");
	return __libc_realloc(p, n);
}
#endif

static void *next(const char *name)
{
	bool was = in_engine;
	void *p;

	in_engine = false;
	p = dlsym(RTLD_NEXT, name);
	in_engine = was;
	return p;
}

int pthread_mutex_lock(pthread_mutex_t *m)
{
	static int (*real)(pthread_mutex_t *);

	fatal("pthread_mutex_lock");
	if (!real)
		*(void **)&real = next("pthread_mutex_lock");
	return real(m);
}

ssize_t write(int fd, const void *data, size_t n)
{
	static ssize_t (*real)(int, const void *, size_t);

	fatal("write");
	if (!real)
		*(void **)&real = next("write");
	return real(fd, data, n);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	static ssize_t (*real)(int, const struct iovec *, int);

	fatal("writev");
	if (!real)
		*(void **)&real = next("writev");
	return real(fd, v, n);
}

int vprintf(const char *fmt, va_list ap)
{
	fatal("vprintf");
	return vfprintf(stdout, fmt, ap);
}

#undef printf
int printf(const char *fmt, ...)
{
	va_list ap;
	int n;

	fatal("printf");
	va_start(ap, fmt);
	n = vfprintf(stdout, fmt, ap);
	va_end(ap);
	return n;
}

#undef puts
int puts(const char *s)
{
	fatal("puts");
	return fputs(s, stdout) < 0 ? EOF : fputc('\n', stdout);
}

int __printf_chk(int flag, const char *fmt, ...);
int __printf_chk(int flag, const char *fmt, ...)
{
	va_list ap;
	int n;

	(void)flag;
	fatal("printf");
	va_start(ap, fmt);
	n = vfprintf(stdout, fmt, ap);
	va_end(ap);
	return n;
}

#ifdef COUNTED
static bool counting;
static struct {
	uint64_t ticks, enters, receives, others;
	unsigned most_enters; /* of a tick */
	unsigned other;	      /* which */
} seen;

/* What the tick that ends has called. The one octet to the owner, and a clock
 * that is not to be had without a system call, are not I/O. */
static void look_at_calls(void)
{
	unsigned enters = syscalls[SYS_io_uring_enter];

	if (!seen.ticks++)
		syscalls_count();
	seen.enters += enters;
	if (enters > seen.most_enters)
		seen.most_enters = enters;
	seen.receives += syscalls[SYS_recvmmsg] + syscalls[SYS_epoll_wait];
	syscalls[SYS_io_uring_enter] = 0;
	syscalls[SYS_recvmmsg] = syscalls[SYS_epoll_wait] = 0;
	syscalls[SYS_sendto] = syscalls[SYS_clock_gettime] = 0;
	for (unsigned i = 0; i < SYSCALLS; i++) {
		if (syscalls[i])
			seen.other = i;
		seen.others += syscalls[i];
		syscalls[i] = 0;
	}
}
#endif

/* The engine thread shows itself by sleeping. */
int clock_nanosleep(clockid_t id, int flags, const struct timespec *ts,
		    struct timespec *rest)
{
	(void)id;
	(void)flags;
	(void)rest;
	if (!in_engine)
		virtual_ns = ts->tv_sec * NS_PER_S + ts->tv_nsec;
	in_engine = false;
#ifdef COUNTED
	if (counting)
		look_at_calls();
#endif
	if (!free_run) {
		sem_post(&idle);
		while (sem_wait(&go) < 0)
			;
	}
#ifdef COUNTED
	memset(syscalls, 0, sizeof(syscalls));
#endif
	/* A thread that ends may free what the C library gave it. */
	in_engine = !free_run;
	return 0;
}

/* Called in the tick by nature: there the controls commit their offence. */
static void commit(void)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	switch (in_engine ? control : NONE) {
	case MALLOC:
		block = malloc(100);
		break;
	case FREE:
		free(block);
		break;
	case CALLOC:
		block = calloc(10, 10);
		break;
	case REALLOC:
		block = realloc(block, 200);
		break;
	case LOCK:
		pthread_mutex_lock(&mutex);
		break;
	case WRITE:
		(void)!write(2, "x", 1);
		break;
	case PRINTF:
		printf("%d\n", 1);
		break;
	case NONE:
		break;
	}
}

/* The engine's clock, and once a tick the wall clock. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
	static int (*real)(clockid_t, struct timespec *);
	int64_t now = virtual_ns;

	if (in_engine && id == CLOCK_MONOTONIC) {
		ts->tv_sec = now / NS_PER_S;
		ts->tv_nsec = now % NS_PER_S;
		return 0;
	}
	if (id == CLOCK_REALTIME)
		commit();
	if (!real)
		*(void **)&real = next("clock_gettime");
	return real(id, ts);
}

static void one_ms(struct rig *r)
{
	rig_far_line(r);
	rig_collect(r);
	r->now = mono_add_ms(r->now, 1);
	virtual_ns = r->now.ns;
	sem_post(&go);
	while (sem_wait(&idle) < 0)
		;
}

static void start(struct rig *r)
{
	struct rig_config c = { .law = LAW_A, .echo_tail_ms = 32,
				.silent_alarm_s = 1, .silent_release_s = 2 };
	unsigned refused;

	sem_init(&go, 0, 0);
	sem_init(&idle, 0, 0);
	free_run = false;
	rig_init(r, &c);
	/* Far end and engine on one clock. */
	r->now = clock_mono();
	line_start(r->far, r->now);
	virtual_ns = r->now.ns;
	ck_assert_int_eq(engine_start(r->e, &refused), 0);
	while (sem_wait(&idle) < 0)
		;
	r->now.ns = virtual_ns;
}

static void stop(struct rig *r)
{
	/* With priority it may leave us no time to tell it. */
	atomic_store(&r->e->stopping, true);
	free_run = true;
	sem_post(&go);
	engine_stop(r->e);
	rig_collect(r);
}

static unsigned srtp_drops[2]; /* forged, replayed; of all calls */

/* What comes from the peer and is none of the call: junk of any length, an
 * odd payload type, another SSRC. */
static void bad_ms(struct rig *r, unsigned at)
{
	static uint8_t junk[1500];
	static uint32_t seed = 1;
	uint8_t out[RTP_HEADER + 160] = { 0 };
	struct rtp_packet p = { .pt = at % 60 ? 8 : 77, .seq = r->seq,
				.ts = r->ts, .ssrc = r->ssrc + at % 60 };

	for (unsigned i = 0; i < 16; i++) {
		seed = seed * 1664525 + 1013904223;
		junk[seed % sizeof(junk)] = (uint8_t)(seed >> 24);
	}
	rig_send_raw(r, junk, (seed >> 8) % 1501);
	rtp_header(out, &p);
	rig_send_raw(r, out, sizeof(out));
}

/* Every other call has SRTP, each another suite; new keys in the middle. */
static void key_ms(struct rig *r, unsigned at, struct srtp *peer)
{
	struct engine_command c = {
		.u.crypto.suite = (uint8_t)(1 + at / 800 % (SRTP_SUITES - 1)),
	};

	if (at % 800 == 0)
		srtp_wipe(peer);
	if (at % 800 < 400)
		return;
	if (at % 400 == 399) {
		srtp_drops[0] += r->figures.srtp_forged;
		srtp_drops[1] += r->figures.srtp_replayed;
	}
	if (at % 400 != 30 && at % 400 != 230)
		return;
	c.u.crypto.tx.key[0] = c.u.crypto.rx.key[0] = (uint8_t)at;
	rig_command(r, ENGINE_CRYPTO, &c);
	srtp_set(peer, c.u.crypto.suite, &c.u.crypto.rx);
}

/* A packet of RTP; or of SRTP, the same again, and the next one plain. */
static void send_rtp(struct rig *r, struct srtp *peer, const uint8_t *codes,
		     size_t len)
{
	uint8_t out[RTP_HEADER + 160 + SRTP_TRAILER];
	struct rtp_packet p = {
		.pt = 8, .seq = r->seq, .ts = r->ts, .ssrc = r->ssrc,
	};
	int n;

	rtp_header(out, &p);
	memcpy(out + RTP_HEADER, codes, len);
	n = srtp_seal(peer, out, RTP_HEADER + len);
	if (n > 0) {
		rig_send_raw(r, out, (size_t)n);
		rig_send_raw(r, out, (size_t)n);
		r->seq++;
	}
	rig_send(r, 8, false, codes, len);
	r->seq = (uint16_t)(p.seq + 1);
}

static void send_rtcp(struct rig *r, struct srtp *peer)
{
	uint8_t out[RTCP_MAX + SRTP_TRAILER];
	struct rtcp_report report = { .ssrc = r->ssrc, .cname = "far" };
	struct net_addr to = r->ours;
	size_t len = rtcp_write(out, &report);
	int n;

	to.port++;
	udp_send(r->rtcp, &to, out, len);
	n = srtp_seal_rtcp(peer, out, len);
	if (n > 0)
		udp_send(r->rtcp, &to, out, (size_t)n);
}

/* What a call does in its 400 ms. */
static void call_ms(struct rig *r, unsigned at)
{
	static const uint8_t pcma[160] = { [0 ... 159] = 0x2a };
	static uint8_t frame[] = { 0x02, 0x01, 0x7f };
	struct engine_frame f = { .span = 0, .len = sizeof(frame) };
	struct engine_command c = { 0 };
	struct media_modify m = rig_modify_default(r);
	static struct srtp peer;

	key_ms(r, at, &peer);
	m.echo = m.nlp = 1;
	m.codec = at % 800 < 400 ? 8 : 0;
	switch (at % 400) {
	case 0:
		rig_open(r);
		break;
	case 10:
		c.u.tone.kind = MEDIA_TONE_RINGBACK;
		rig_command(r, ENGINE_TONE, &c);
		rig_connect(r, at % 1200 == 810);
		break;
	case 40:
		rig_modify(r, &m);
		break;
	case 100:
		rig_command(r, ENGINE_TONE, &c);
		c.u.dtmf.code = 5;
		rig_command(r, ENGINE_DTMF, &c);
		c.u.dtmf.to_rtp = 1;
		rig_command(r, ENGINE_DTMF, &c);
		memcpy(f.octets, frame, sizeof(frame));
		engine_frame_put(r->e, &f);
		break;
	case 200:
		m.dtmf_pt = 0;
		rig_modify(r, &m);
		c.u.dtmf.to_rtp = 1;
		rig_command(r, ENGINE_DTMF, &c);
		break;
	case 390:
		rig_command(r, ENGINE_CLOSE, &c);
		break;
	}
	if (at % 400 > 120 && at % 5 == 0)
		bad_ms(r, at);
	if (at % 20 == 0 && at % 100 != 60) {
		send_rtp(r, &peer, pcma, at % 140 ? 160 : 33);
		r->ts += 160;
	}
	if (at % 100 == 50)
		send_rtcp(r, &peer);
}

static void run_calls(struct rig *r, unsigned ms)
{
	static uint8_t said[8000];

	for (size_t i = 0; i < sizeof(said); i++)
		said[i] = (uint8_t)(i * 7);
	for (unsigned i = 0; i < ms; i++) {
		if (r->at_said == r->n_said) {
			r->said = said;
			r->n_said = sizeof(said);
			r->at_said = 0;
		}
		call_ms(r, i);
		one_ms(r);
		if (r->n_packets > RIG_PACKETS / 2)
			r->n_packets = 0;
		if (r->n_heard > r->max_heard / 2)
			r->n_heard = 0;
	}
}

static void run_clean(bool uring)
{
	const struct engine_gauges *g;
	struct rig r;

	start(&r);
	ck_assert(netio_is_uring(r.e->workers[0].net) == uring);
	run_calls(&r, 10000);
	stop(&r);
	g = &r.e->workers[0].gauges;
	ck_assert_uint_ge(g->ticks, 10000);
	ck_assert_uint_ge(g->blocks, 990);
	ck_assert_uint_eq(g->commands_stale, 0);
	ck_assert_uint_eq(g->events_lost, 0);
	ck_assert(r.closed);
	ck_assert_uint_ge(r.figures.rtp_tx, 10);
	ck_assert_uint_ge(r.figures.rtp_rx, 10);
	ck_assert_uint_ge(r.figures.rtp_bad, 20);
	ck_assert_uint_ge(srtp_drops[0], 100);
	ck_assert_uint_ge(srtp_drops[1], 100);
	rig_fini(&r);
}

START_TEST(test_tick_is_clean)
{
	run_clean(true);
}
END_TEST

/* Nor without io_uring. */
static void clean_without_uring(void)
{
	forbid(SYS_io_uring_setup, EPERM);
	run_clean(false);
}

#ifdef COUNTED
/* All that the tick asks of the kernel is one io_uring_enter. */
static void one_call(void)
{
	struct rig r;

	counting = true;
	start(&r);
	run_calls(&r, 1000);
	stop(&r);
	ck_assert_msg(seen.others == 0, "system call %u", seen.other);
	ck_assert_uint_eq(seen.receives, 0);
	ck_assert_uint_eq(seen.most_enters, 1);
	ck_assert_uint_ge(seen.ticks, 1000);
	ck_assert_uint_ge(seen.enters, 950);
}

/* And without io_uring a few: here three sockets may have something. */
static void few_calls(void)
{
	struct rig r;

	counting = true;
	forbid(SYS_io_uring_setup, EPERM);
	start(&r);
	run_calls(&r, 1000);
	stop(&r);
	ck_assert_msg(seen.others == 0, "system call %u", seen.other);
	ck_assert_uint_eq(seen.enters, 0);
	ck_assert_uint_le(seen.receives, 4 * seen.ticks);
	ck_assert_uint_ge(seen.receives, seen.ticks);
}
#endif

/* In a process of its own, since a filter is for ever. */
static void run_alone(void (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		fn();
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "status %x", (unsigned)status);
}

START_TEST(test_clean_without_uring)
{
	run_alone(clean_without_uring);
}
END_TEST

#ifdef COUNTED
START_TEST(test_system_calls)
{
	run_alone(one_call);
	run_alone(few_calls);
}
END_TEST
#endif

static int run_control(enum offence what)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct rig r;

		signal(SIGABRT, SIG_DFL);
		control = what;
		block = malloc(1);
		start(&r);
		for (unsigned i = 0; i < 300; i++) {
			call_ms(&r, i);
			one_ms(&r);
		}
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

START_TEST(test_controls_die)
{
	int status;

	for (enum offence o = MALLOC; o <= PRINTF; o++) {
		status = run_control(o);
		ck_assert_msg(WIFSIGNALED(status) &&
				      WTERMSIG(status) == SIGABRT,
			      "offence %d: status %x", (int)o, status);
	}
	ck_assert_int_eq(run_control(NONE), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tick");
	TCase *tc = tcase_create("tick");

#ifdef SANITIZED
	__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
#endif
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_controls_die);
	tcase_add_test(tc, test_tick_is_clean);
	tcase_add_test(tc, test_clean_without_uring);
#ifdef COUNTED
	tcase_add_test(tc, test_system_calls);
#endif
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
