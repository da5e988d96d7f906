/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/* The DAHDI line: channels that fail and come back, a driver that blocks, and
 * a card with an echo canceller of its own. */
#include "tests/media/dahdi_rig.h"
#include "tests/suite.h"

static uint32_t silent(void)
{
	return stats().rx.silent_slots;
}

START_TEST(a_channel_comes_back_by_itself)
{
	open_line(31);
	run(1000);
	card.at[4].fail = -EIO;
	run(3000);
	ck_assert_uint_eq(silent(), 1u << 4);
	ck_assert_uint_eq(rx[4][0], 0xd5);
	card.at[4].fail = 0;
	run(1100);
	ck_assert_uint_eq(silent(), 0);
	/* the others have noticed nothing, and it is in step with them */
	ck_assert_uint_eq(stats().clock.slips, 0);
	wrong = 0;
	run(1000);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(blocks, 610);
	/* what is sent on it waits as long as on the others */
	ck_assert_uint_eq(wrong_sent(card.now - 4000, card.now - 1, LEAD), 0);
	close_line();
}
END_TEST

START_TEST(all_channels_come_back)
{
	open_line(31);
	run(100);
	for (unsigned s = 1; s <= 31; s++)
		card.at[s].fail = s == card.d_slot ? 0 : -EIO;
	run(2000);
	ck_assert_uint_eq(silent(), 0xfffffffe & ~(1u << 16));
	for (unsigned s = 1; s <= 31; s++)
		card.at[s].fail = 0;
	run(1100);
	ck_assert_uint_eq(silent(), 0);
	wait_for_begin();
	wrong = 0;
	run(1000);
	ck_assert_uint_eq(wrong, 0);
	close_line();
}
END_TEST

/* --- a channel that brings nothing of use, without an error --- */

static const struct card_flaw useless[] = {
	{ .empty = true },
	{ .clipped = 30 },
	{ .clipped = LINE_BLOCK - 1 },
	{ .clipped = -30 },
	{ .grudging = true },
	{ .dead = true }, /* all of them: a line whose clock has stopped */
};

enum { USELESS = sizeof(useless) / sizeof(useless[0]) };

static void mend(unsigned slot)
{
	card.at[slot].flaw = (struct card_flaw){ .empty = false };
}

/* For so long the others go on, and it is not told of over and over. */
static void run_without(unsigned slot, unsigned ms)
{
	uint64_t n = blocks, calls = card.calls;
	struct line_stats was = stats();

	for (unsigned i = 0; i < ms; i++) {
		run(1);
		ck_assert_uint_eq(silent(), 1u << slot);
	}
	ck_assert_uint_eq(blocks - n, ms / 10);
	ck_assert_uint_eq(stats().clock.slips, was.clock.slips);
	ck_assert_uint_eq(stats().rx.malformed, was.rx.malformed);
	ck_assert_uint_le(stats().rx.invalid - was.rx.invalid, ms / 1000 + 1);
	ck_assert_uint_le(card.calls - calls, ms + ms / 10 * (2 * 30 + 2));
}

/* Be it the first one, which is asked for all, or another. */
START_TEST(a_useless_channel_is_left_out)
{
	unsigned slot = _i < USELESS ? 1 : 20, how = (unsigned)_i % USELESS;

	open_line(31);
	run(1000);
	card.at[slot].flaw = useless[how];
	run(1500);
	ck_assert_uint_eq(silent(), 1u << slot);
	run_without(slot, 5000);
	mend(slot);
	run(2200);
	ck_assert_uint_eq(silent(), 0);
	sleep_for(400); /* that all begin together, to be compared */
	wait_for_begin();
	wrong = 0;
	run(1000);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(line_defects(l), 0);
	close_line();
}
END_TEST

/* All of them: the span is tried each second. */
START_TEST(useless_channels)
{
	uint64_t calls;

	open_line(31);
	run(1000);
	for (unsigned s = 1; s <= 31; s++)
		if (s != card.d_slot)
			card.at[s].flaw = useless[_i];
	run(2000);
	calls = card.calls;
	for (unsigned i = 0; i < 5000; i++) {
		run(1);
		ck_assert_uint_eq(silent(), 0xfffffffe & ~(1u << 16));
	}
	ck_assert_uint_le(card.calls - calls, 5 * 100 * 30 * 2);
	for (unsigned s = 1; s <= 31; s++)
		mend(s);
	run(1200);
	ck_assert_uint_eq(silent(), 0);
	wait_for_begin();
	wrong = 0;
	run(1000);
	ck_assert_uint_eq(wrong, 0);
	close_line();
}
END_TEST

/* A line whose clock has stopped is asked for its blocks, calmly. */
START_TEST(no_channel_is_at_fault_when_the_clock_stops)
{
	uint64_t calls;

	open_line(31);
	run(1000);
	card.frozen = true;
	calls = card.calls;
	run(5000);
	ck_assert_uint_eq(silent(), 0);
	/* one a ms, and all of them now and then */
	ck_assert_uint_le(card.calls - calls, 5000 * 3);
	card.frozen = false;
	run(500);
	wait_for_begin();
	wrong = 0;
	run(1000);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(silent(), 0);
	close_line();
}
END_TEST

static void frame_comes(void)
{
	card.in[card.n_in++].len = 7;
}

/* A D channel that fails is asked once a second. */
START_TEST(a_useless_d_channel)
{
	uint8_t f[DSLOT_MAX];
	uint64_t calls = 0;

	open_line(31);
	run(100);
	for (unsigned how = 0; how < 2; how++) {
		card.at[16].flaw.empty = !how;
		card.at[16].fail = how ? -EIO : 0;
		for (unsigned i = 0; i < 6000; i++) {
			run(1);
			if (i % 10)
				continue;
			if (i == 2000)
				calls = card.calls;
			ck_assert_uint_eq(line_frame_get(l, f), 0);
			ck_assert(i < 2000 || silent() == 1u << 16);
		}
		ck_assert_uint_le(card.calls - calls,
				  4000 + 400 * 2 * 30 + 40 + 5);
		mend(16);
		card.at[16].fail = 0;
		frame_comes();
		run(1100);
		ck_assert_uint_eq(line_frame_get(l, f), 5);
		ck_assert_uint_eq(silent(), 0);
		frame_comes();
		ck_assert_uint_eq(line_frame_get(l, f), 5);
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(stats().clock.slips, 0);
	close_line();
}
END_TEST

/* At the begin: what the driver refuses is not passed over. */
START_TEST(a_channel_that_cannot_be_emptied)
{
	open_line(31);
	run(100);
	card.at[7].refuse = -EIO;
	sleep_for(400); /* a slip: all begin again */
	run(100);
	ck_assert_uint_eq(silent(), 1u << 7);
	ck_assert_uint_ge(stats().rx.invalid, 1);
	card.at[7].refuse = 0;
	run(1100);
	ck_assert_uint_eq(silent(), 0);
	close_line();
}
END_TEST

START_TEST(a_card_pulled_while_it_begins)
{
	open_line(31);
	run(100);
	sleep_for(400);
	card.at[9].fail = -ENODEV;
	run(30);
	ck_assert_uint_eq(line_alarms(l), LINE_GONE);
	close_line();
}
END_TEST

/* A driver without the events of queues is used without. */
START_TEST(a_driver_without_queue_events)
{
	open_line(31);
	for (unsigned s = 1; s <= 31; s++)
		card.at[s].no_queue_events = true;
	sleep_for(400);
	run(100);
	ck_assert_uint_eq(silent(), 0);
	close_line();
}
END_TEST

/* --- a driver that blocks --- */

START_TEST(a_driver_that_blocks_is_left_alone)
{
	uint64_t calls;

	open_line(31);
	run(1000);
	card.slow_ms = 30;
	card.sleeps = true;
	run(2);
	calls = card.calls;
	run(3000);
	ck_assert_uint_eq(card.calls, calls);
	ck_assert_uint_eq(line_defects(l), LINE_STALLED);
	ck_assert_uint_ge(stats().clock.stalls, 1);
	ck_assert_uint_eq(line_frame_get(l, rx[0]), 0);
	/* tried again, and it is as bad: not more than two ticks */
	run(2100);
	ck_assert_uint_gt(card.calls, calls);
	ck_assert_uint_le(card.calls - calls, 2 * 31 * 40);
	calls = card.calls;
	run(1000);
	ck_assert_uint_eq(card.calls, calls);
	/* and when the cause is gone the line comes back: after twice the time
	 * of before */
	card.slow_ms = 0;
	run(8895);
	wait_for_begin();
	wrong = 0;
	run(1000);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(line_defects(l), 0);
	close_line();
}
END_TEST

/* Slow without having slept: the machine, not the driver. */
START_TEST(a_machine_that_stalls)
{
	open_line(31);
	run(1000);
	card.slow_ms = 30;
	run(50);
	card.slow_ms = 0;
	run(100);
	ck_assert_uint_eq(line_defects(l), 0);
	ck_assert_uint_eq(wrong, 0);
	close_line();
}
END_TEST

/* --- the card's canceller --- */

START_TEST(the_cards_canceller)
{
	static const struct {
		const char *name;
		uint16_t tail_ms;
		int taps;
	} all[] = {
		{ NULL, 64, 0 },	{ "", 64, 0 },
		{ "MG2", 64, 0 },	{ "oslec", 128, 0 },
		{ "SEC2", 32, 0 },	{ "HWEC", 64, 512 },
		{ "VPMOCT064", 128, 1024 }, { "VPMOCT064", 0, 0 },
	};

	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct dahdi_span span = span_of(31);

		card_init(31);
		card.canceller = all[i].name;
		span.tail_ms = all[i].tail_ms;
		open_card(span);
		ck_assert_int_eq(card.at[5].echo, all[i].taps);
		ck_assert_int_eq(card.at[16].echo, 0);
		ck_assert_int_eq(line_cancels(l, 5), all[i].taps != 0);
		ck_assert(!line_cancels(l, 16));
		close_line();
	}
}
END_TEST

START_TEST(data_passes_the_cards_canceller)
{
	struct dahdi_span span = span_of(31);

	card_init(31);
	card.canceller = "HWEC";
	span.tail_ms = 64;
	open_card(span);
	line_set_clear(l, 5, true);
	run(1);
	ck_assert_int_eq(card.at[5].echo, 0);
	ck_assert_int_eq(card.at[6].echo, 512);
	line_set_clear(l, 5, false);
	run(1);
	ck_assert_int_eq(card.at[5].echo, 512); /* as before */
	close_line();
	/* there is none: nothing is switched */
	open_line(31);
	line_set_clear(l, 5, false);
	run(1);
	ck_assert_int_eq(card.at[5].echo, 0);
	close_line();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dahdi channel");
	TCase *tc = tcase_create("channel");

	tcase_add_test(tc, a_channel_comes_back_by_itself);
	tcase_add_test(tc, all_channels_come_back);
	tcase_add_loop_test(tc, a_useless_channel_is_left_out, 0, 2 * USELESS);
	tcase_add_loop_test(tc, useless_channels, 0, USELESS - 1);
	tcase_add_test(tc, no_channel_is_at_fault_when_the_clock_stops);
	tcase_add_test(tc, a_useless_d_channel);
	tcase_add_test(tc, a_channel_that_cannot_be_emptied);
	tcase_add_test(tc, a_card_pulled_while_it_begins);
	tcase_add_test(tc, a_driver_without_queue_events);
	tcase_add_test(tc, a_driver_that_blocks_is_left_alone);
	tcase_add_test(tc, a_machine_that_stalls);
	tcase_add_test(tc, the_cards_canceller);
	tcase_add_test(tc, data_passes_the_cards_canceller);
	suite_add_tcase(suite, tc);
	return suite_run(suite, CK_FORK_GETENV);
}
