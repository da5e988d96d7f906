/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* The constructors of the engine while the n-th allocation fails, for every
 * n: an error, no descriptor left open, none closed that is not theirs. Port
 * pairs and their rest. */
#include "media/engine_priv.h"
#include "media/ports.h"
#include "tests/suite.h"

#include <check.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The thread sanitizer needs its own allocator before anything runs; there
 * is no second thread here anyway. */
#ifndef __SANITIZE_THREAD__
static int fail_at; /* 0: never; 1: the next one */

static bool fails(void)
{
	return fail_at && --fail_at == 0;
}

void *calloc(size_t n, size_t size)
{
	static void *(*real)(size_t, size_t);
	static char early[4096];
	static size_t used;

	if (fails()) {
		errno = ENOMEM;
		return NULL;
	}
	if (!real) {
		/* dlsym itself may allocate. */
		if (used) {
			used += 256;
			return early + used;
		}
		used = 1;
		*(void **)&real = dlsym(RTLD_NEXT, "calloc");
	}
	return real(n, size);
}

void *malloc(size_t n)
{
	static void *(*real)(size_t);

	if (fails()) {
		errno = ENOMEM;
		return NULL;
	}
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "malloc");
	return real(n);
}

void *aligned_alloc(size_t align, size_t n)
{
	static void *(*real)(size_t, size_t);

	if (fails()) {
		errno = ENOMEM;
		return NULL;
	}
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "aligned_alloc");
	return real(align, n);
}


static unsigned open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}
#endif

static const struct engine_config cfg = {
	.spans = 2, .sessions = 3, .jitter_min_ms = 20,
	.jitter_max_ms = 200,
};

#ifndef __SANITIZE_THREAD__
START_TEST(test_engine)
{
	unsigned before = open_fds(), failed = 0;
	struct engine *e;

	for (int n = 1;; n++) {
		fail_at = n;
		e = engine_new(&cfg);
		if (fail_at) {
			fail_at = 0;
			break;
		}
		ck_assert_ptr_null(e);
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert_uint_eq(open_fds(), before);
		failed++;
	}
	ck_assert_uint_ge(failed, 9);
	ck_assert_ptr_nonnull(e);
	engine_free(e);
	ck_assert_uint_eq(open_fds(), before);
}
END_TEST

/* Spans, packs and their cancellers. */
static int prepare(struct engine **e)
{
	struct engine_span_config c = {
		.d_slot = 16, .idle = 0xd5, .echo_tail_ms = 64,
		.country = "de",
	};
	int err = 0;

	*e = engine_new(&cfg);
	if (!*e)
		return -errno;
	for (unsigned i = 0; i < cfg.spans && !err; i++)
		err = engine_set_span(*e, i, &c);
	return err ? err : engine_prepare(*e);
}

START_TEST(test_prepare)
{
	unsigned failed = 0;
	struct engine *e;
	int err;

	for (int n = 1;; n++) {
		fail_at = n;
		err = prepare(&e);
		if (fail_at) {
			fail_at = 0;
			break;
		}
		ck_assert_int_lt(err, 0);
		engine_free(e);
		failed++;
	}
	/* 2 spans: a D slot, a pack with lanes and two groups each. */
	ck_assert_uint_ge(failed, 9 + 2 * (1 + 3 + 2 * 2) + 3);
	ck_assert_int_eq(err, 0);
	engine_free(e);
}
END_TEST
#endif

START_TEST(test_refusals)
{
	struct engine_config c = cfg;
	struct engine_span_config s = { .idle = 0xd5, .country = "de",
					.echo_tail_ms = 50 };
	unsigned refused;
	struct engine *e;

	c.sessions = 0;
	ck_assert_ptr_null(engine_new(&c));
	ck_assert_int_eq(errno, EINVAL);
	e = engine_new(&cfg);
	ck_assert_int_eq(engine_set_span(e, 2, &s), -EINVAL);
	ck_assert_int_eq(engine_set_span(e, 0, &s), 0);
	ck_assert_int_eq(engine_start(e, &refused), -EINVAL);
	ck_assert_int_eq(engine_prepare(e), -EINVAL);
	engine_free(e);
	e = engine_new(&cfg);
	s.echo_tail_ms = 0;
	s.country = "zz";
	ck_assert_int_eq(engine_set_span(e, 0, &s), -ENOENT);
	ck_assert_int_eq(engine_prepare(e), 0);
	ck_assert_int_eq(engine_prepare(e), -EALREADY);
	/* What is refused is closed all the same. */
	ck_assert_int_eq(engine_set_sockets(e, 3, dup(0), dup(0)), -EINVAL);
	ck_assert_int_eq(engine_set_sockets(e, 0, dup(0), -1), 0);
	ck_assert_int_eq(engine_set_sockets(e, 0, dup(0), -1), -EINVAL);
	engine_free(e);
	engine_free(NULL);
}
END_TEST

#ifndef __SANITIZE_THREAD__
START_TEST(test_ports)
{
	struct net_addr a[4] = { { .family = 4, .port = 10 },
				 { .family = 0 },
				 { .family = 4, .port = 30 },
				 { .family = 4, .port = 40 } };
	mono_t now = { NS_PER_S };
	struct ports p;

	for (int n = 1; n <= 2; n++) {
		fail_at = n;
		ck_assert_int_eq(ports_init(&p, a, 4), -ENOMEM);
	}
	fail_at = 0;
	ck_assert_int_eq(ports_init(&p, a, 4), 0);
	ck_assert_uint_eq(p.free, 3); /* one of them does not exist */
	ck_assert_int_eq(ports_take(&p, now), 0);
	ck_assert_int_eq(ports_take(&p, now), 2);
	ports_give(&p, 0, now);
	/* The fresh one first, then the one that has rested longest. */
	ck_assert_int_eq(ports_take(&p, now), 3);
	ck_assert_uint_eq(p.early, 0);
	ck_assert_int_eq(ports_take(&p, mono_add_ms(now, 9999)), 0);
	ck_assert_uint_eq(p.early, 1);
	ck_assert_int_eq(ports_take(&p, now), PORTS_NONE);
	ports_give(&p, 2, now);
	ck_assert_int_eq(ports_take(&p, mono_add_ms(now, 10000)), 2);
	ck_assert_uint_eq(p.early, 1);
	ports_fini(&p);
}
END_TEST
#endif

int main(void)
{
	Suite *s = suite_create("engine_alloc");
	TCase *tc = tcase_create("engine_alloc");

#ifndef __SANITIZE_THREAD__
	tcase_add_test(tc, test_engine);
	tcase_add_test(tc, test_prepare);
	tcase_add_test(tc, test_ports);
#endif
	tcase_add_test(tc, test_refusals);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
