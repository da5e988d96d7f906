/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/* A driver whose read does not come back holds an engine thread with all its
 * spans: who watches sees it, wakes the thread, and the other span goes on. */
#include "media/engine.h"
#include "tests/media/line_fake.h"
#include "tests/media/dahdi_rig.h"
#include "tests/suite.h"

#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

enum { WAIT_MS = 5000, LOOK_MS = 100 };

static atomic_bool blocks_now;
static int nothing[2]; /* a pipe that nobody writes to */

/* As of a driver that forgets O_NONBLOCK. */
static ssize_t read_that_blocks(int fd, void *to, size_t n)
{
	if (!atomic_load(&blocks_now))
		return card_read(fd, to, n);
	return read(nothing[0], to, n) < 0 ? -errno : 0;
}

static struct line *dahdi_line(const struct dahdi_sys *sys)
{
	struct line_config cfg = config_of(31);
	struct dahdi_span span = span_of(31);
	int fds[LINE_SLOTS];
	struct line *line;
	char why[200];
	unsigned n;

	card_init(31);
	cfg.dahdi.sys = sys;
	ck_assert_int_eq(dahdi_open(&span, fds, &n, why, sizeof(why)), 0);
	line = line_open(&cfg, -1);
	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(line_add(line, fds[i]), 0);
	return line;
}

/* The first event of that span for which is() holds. */
static bool wait_for(struct engine *e, unsigned span,
		     bool (*is)(const struct engine_span_state *), int ms)
{
	struct pollfd p = { .fd = engine_event_fd(e), .events = POLLIN };
	mono_t from = clock_mono();
	struct engine_event ev;
	char octets[64];

	while (mono_diff_ms(clock_mono(), from) < ms) {
		poll(&p, 1, 10);
		while (read(p.fd, octets, sizeof(octets)) > 0)
			;
		while (engine_event(e, &ev))
			if (ev.kind == ENGINE_EV_SPAN &&
			    ev.u.span.span == span && is(&ev.u.span))
				return true;
	}
	return false;
}

static bool is_any(const struct engine_span_state *s)
{
	(void)s;
	return true;
}

static bool is_stalled(const struct engine_span_state *s)
{
	return s->defects & LINE_STALLED;
}

/* In the same call at two looks. */
static bool is_held(const struct line *line)
{
	unsigned calls = line_calls(line);

	poll(NULL, 0, LOOK_MS);
	return calls % 2 && calls == line_calls(line);
}

START_TEST(a_read_that_does_not_come_back)
{
	static const struct engine_span_config config = {
		.law = LAW_A, .idle = 0xd5, .country = "de", .d_slot = 16
	};
	struct engine_config cfg = {
		.spans = 2, .sessions = 1, .jitter_min_ms = 20,
		.jitter_max_ms = 60,
	};
	struct dahdi_sys sys = card_sys;
	struct engine *e = engine_new(&cfg);
	struct line *line;
	unsigned refused;

	ck_assert_int_eq(pipe(nothing), 0);
	sys.read = read_that_blocks;
	line = dahdi_line(&sys);
	ck_assert_int_eq(engine_set_span(e, 0, &config), 0);
	ck_assert_int_eq(engine_set_span(e, 1, &config), 0);
	ck_assert_int_eq(engine_set_line(e, 0, &fake_line_new()->line), 0);
	ck_assert_int_eq(engine_set_line(e, 1, line), 0);
	ck_assert_int_eq(engine_prepare(e), 0);
	ck_assert_int_eq(engine_start(e, &refused), 0);
	ck_assert(wait_for(e, 0, is_any, WAIT_MS));
	ck_assert(!is_held(line));
	engine_interrupt(e, 1); /* it is in no such call: nothing happens */
	ck_assert(wait_for(e, 0, is_any, WAIT_MS));

	atomic_store(&blocks_now, true);
	for (unsigned i = 0; !is_held(line) && i < 50; i++)
		;
	ck_assert(is_held(line));
	wait_for(e, 0, is_any, 1); /* what was told before */
	ck_assert(!wait_for(e, 0, is_any, 1500));
	engine_interrupt(e, 1);
	ck_assert(wait_for(e, 0, is_any, WAIT_MS));
	ck_assert(wait_for(e, 1, is_stalled, WAIT_MS));
	/* left alone: no other call holds the thread for a while */
	for (unsigned i = 0; i < 10; i++)
		ck_assert(!is_held(line));
	engine_free(e);
	close(nothing[0]);
	close(nothing[1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dahdi held");
	TCase *tc = tcase_create("held");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_read_that_does_not_come_back);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
