/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/* A span of a card that a reload brings, takes away and brings again, with the
 * card played (its calls stand here in the place of the kernel's), while the
 * other span goes on. */
#include "media_rig.h"
#include "tests/media/dahdi_fake.h"
#include "tests/suite.h"

const struct dahdi_sys dahdi_kernel = { card_open, card_close, card_read,
					card_write, card_control, card_text,
					card_clock, card_waits, false, false };

static struct timer card_ms;
static struct conf_for_media conf;

static void on_card_ms(struct timer *timer)
{
	card_run(1);
	timer_start(t.loop, timer, on_card_ms, 1);
}

/* The span of the card is there, or gone. */
static void reload(bool gone)
{
	struct conf_span *s = &conf.spans[1];

	conf = media_role_of(t.role)->conf;
	conf.n_spans = 2;
	*s = conf.spans[0];
	strcpy(s->name, "card");
	s->gone = gone;
	s->alarm_raise_ms = 0;
	s->line.driver = CONF_DAHDI;
	s->line.dahdi_span = 1;
	s->line.buffer_ms = 20;
	ck_assert_int_eq(media_role_ops.reload(t.role, &conf, sizeof(conf)), 0);
}

/* As the supervisor hands them over. */
static void give_card(void)
{
	struct dahdi_span span = {
		.sys = &dahdi_kernel, .span = 1, .d_slot = 16, .first_slot = 1,
		.last_slot = 31,
	};
	int fds[LINE_SLOTS];
	char why[200];
	unsigned n;

	ck_assert_int_eq(dahdi_open(&span, fds, &n, why, sizeof(why)), 0);
	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(media_role_ops.socket(t.role, ROLE_SOCK_LINE,
						       1, fds[i]), 0);
}

static unsigned open_count(void)
{
	unsigned n = 0;

	for (unsigned s = 1; s < CARD_SLOTS; s++)
		n += card.at[s].open;
	return n;
}

START_TEST(a_card_that_comes_by_reload)
{
	struct media_role *m;

	card_init(31);
	set_up();
	timer_start(t.loop, &card_ms, on_card_ms, 1);
	m = media_role_of(t.role);
	loop_advance(t.loop, 3000);
	for (unsigned round = 0; round < 3; round++) {
		reload(false);
		loop_advance(t.loop, 2000);
		ck_assert(!media_line_is_up(m, 1));
		ck_assert(m->spans[1].state.alarms & LINE_GONE);
		give_card();
		loop_advance(t.loop, 15000);
		ck_assert_msg(media_line_is_up(m, 1), "%s",
			      media_line_text(m, 1));
		ck_assert_uint_eq(open_count(), 31);
		ck_assert_uint_eq(t.span.span, 1);
		ck_assert_uint_eq(t.span.up, 1);
		reload(true);
		/* at once, or when it has left */
		loop_advance(t.loop, round * 100);
	}
	loop_advance(t.loop, 200);
	ck_assert_uint_eq(open_count(), 0);
	ck_assert(engine_is_out(m->engine, 1));
	ck_assert(media_line_is_up(m, 0));
	ck_assert_uint_eq(m->spans[0].state.clock.stalls, 0);
	ck_assert_uint_eq(m->drops.commands, 0);
	timer_stop(t.loop, &card_ms);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("media cards");
	TCase *tc = tcase_create("cards");

	tcase_add_test(tc, a_card_that_comes_by_reload);
	suite_add_tcase(suite, tc);
	return suite_run(suite, CK_FORK_GETENV);
}
