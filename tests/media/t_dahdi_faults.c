/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/* The DAHDI line: what drivers do, alarms, the D channel. */
#include "tests/media/dahdi_rig.h"
#include "tests/suite.h"

/* --- what drivers do --- */

START_TEST(reads_of_a_wrong_length)
{
	open_line(31);
	run(100);
	ck_assert_uint_eq(stats().rx.malformed, 0);
	card.at[4].short_by = 30;
	run(10);
	ck_assert_uint_eq(wrong, 30);
	ck_assert_uint_eq(rx[4][49], card_code(4, expected - 31));
	ck_assert_uint_eq(rx[4][50], 0xd5);
	ck_assert_uint_eq(stats().rx.malformed, 1);
	card.at[4].short_by = -40; /* more than was asked for */
	run(10);
	ck_assert_uint_eq(wrong, 30);
	ck_assert_uint_eq(stats().rx.malformed, 2);
	card.at[5].nothing = true;
	run(20);
	ck_assert_uint_eq(stats().rx.malformed, 3);
	run(1000);
	ck_assert_uint_eq(wrong, 30);
	ck_assert_uint_eq(stats().clock.slips, 0);
	close_line();
}
END_TEST

START_TEST(a_channel_that_fails_is_left_out)
{
	open_line(31);
	run(100);
	card.at[4].fail = -EIO;
	run(30);
	ck_assert_uint_eq(rx[4][0], 0xd5);
	wrong = 0;
	run(100);
	ck_assert_uint_eq(blocks, 23);
	ck_assert_uint_ge(wrong, 700); /* all of them slot 4's */
	ck_assert_uint_le(wrong, 800);
	ck_assert_uint_eq(stats().rx.invalid, 1);
	ck_assert_uint_eq(line_defects(l), 0);
	close_line();
}
END_TEST

START_TEST(a_pulled_card)
{
	uint64_t calls;

	open_line(31);
	run(100);
	for (unsigned s = 1; s < CARD_SLOTS; s++)
		card.at[s].fail = -ENODEV;
	card.frozen = true;
	run(10);
	calls = card.calls;
	run(5000);
	ck_assert_uint_eq(card.calls, calls);
	ck_assert_uint_eq(line_alarms(l), LINE_GONE);
	ck_assert_int_eq(line_frame_put(l, rx[0], 10), -ENODEV);
	close_line();
}
END_TEST

/* The channels of the card, as the supervisor offers them. */
static void offer_card(void)
{
	struct dahdi_span span = span_of(31);
	int fds[LINE_SLOTS];
	unsigned n;
	char why[200];

	ck_assert_int_eq(dahdi_open(&span, fds, &n, why, sizeof(why)), 0);
	for (unsigned i = 0; i < n; i++)
		ck_assert(line_offer(l, fds[i]));
}

START_TEST(a_card_that_comes_later)
{
	struct line_config cfg = config_of(31);

	card_init(31);
	l = line_open(&cfg, -1);
	ck_assert_ptr_nonnull(l);
	now = (mono_t){ 1000 * NS_PER_S };
	line_start(l, now);
	run(3000);
	ck_assert_uint_eq(line_alarms(l), LINE_GONE);
	ck_assert_uint_eq(card.calls, 0);
	offer_card();
	wait_for_begin();
	run(1000);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(blocks, 100);
	ck_assert_uint_eq(line_defects(l), 0);
	ck_assert(dahdi_is_there(&card_sys, CARD_FD + 1));
	/* what is there already is not taken twice */
	ck_assert(line_offer(l, CARD_FD + 7));
	run(10);
	ck_assert_uint_eq(stats().rx.stray, 1);
	line_close(l);
}
END_TEST

START_TEST(a_card_that_comes_back)
{
	int old;

	open_line(31);
	run(1000);
	old = card.at[1].fd;
	card_replace();
	ck_assert(!dahdi_is_there(&card_sys, old));
	run(3000);
	ck_assert_uint_eq(line_alarms(l), LINE_GONE);
	/* half of it, then it is gone once more */
	for (unsigned s = 1; s <= 20; s++) {
		card.at[s].open = true;
		ck_assert(line_offer(l, card.at[s].fd));
	}
	run(2000);
	ck_assert_uint_eq(line_alarms(l), LINE_GONE);
	card_replace();
	offer_card();
	wait_for_begin();
	wrong = 0;
	run(1000);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(line_defects(l), 0);
	/* every descriptor of before has been closed, once */
	ck_assert_uint_eq(card.closed, 31 + 20);
	close_line();
}
END_TEST

START_TEST(an_unassigned_span)
{
	open_line(31);
	run(100);
	card_event(2, DAHDI_ABI_EV_REMOVED);
	card_event(16, DAHDI_ABI_EV_REMOVED);
	run(10);
	ck_assert_uint_eq(line_defects(l), LINE_GONE);
	close_line();
}
END_TEST

/* A tick ends, whatever the driver says. */
START_TEST(no_tick_is_endless)
{
	uint64_t calls;

	open_line(31);
	run(100);
	calls = card.calls;
	run(100);
	/* a read each ms, two calls a channel and block, and the status */
	ck_assert_uint_le(card.calls - calls, 100 + 10 * 2 * 30 + 2);
	card.endless = true;
	card.frozen = true;
	for (unsigned i = 0; i < 20; i++) {
		calls = card.calls;
		run(1);
		ck_assert_uint_le(card.calls - calls, 31 * 40);
	}
	card.endless = false;
	card.frozen = false;
	close_line();
}
END_TEST

/* --- alarms --- */

START_TEST(alarms_are_heard_at_once_and_integrated)
{
	static const struct {
		int alarms;
		unsigned bits;
	} all[] = {
		{ DAHDI_ABI_RED, LINE_RED },
		{ DAHDI_ABI_RED | DAHDI_ABI_LOS, LINE_RED | LINE_LOS },
		{ DAHDI_ABI_RED | DAHDI_ABI_LFA, LINE_RED | LINE_LFA },
		{ DAHDI_ABI_NOTOPEN, LINE_NOT_OPEN },
		{ DAHDI_ABI_BLUE, LINE_AIS },
		{ DAHDI_ABI_YELLOW, LINE_RAI },
		{ DAHDI_ABI_LOOPBACK, LINE_LOOPBACK },
		{ DAHDI_ABI_LMFA, LINE_LMFA },
		{ DAHDI_ABI_YELLOW | DAHDI_ABI_RED, LINE_RED | LINE_RAI },
	};

	open_line(31);
	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		card_alarm(all[i].alarms);
		run(10);
		ck_assert_uint_eq(line_defects(l), all[i].bits);
		ck_assert_uint_eq(line_alarms(l), 0);
		run(2480);
		ck_assert_uint_eq(line_alarms(l), 0);
		run(20);
		ck_assert_uint_eq(line_alarms(l), all[i].bits);
		card_alarm(0);
		run(9990);
		ck_assert_uint_eq(line_alarms(l), all[i].bits);
		run(30);
		ck_assert_uint_eq(line_alarms(l), 0);
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(stats().errors.loss_events, 7);
	close_line();
}
END_TEST

/* The driver's own word for it has no delay of ours on top. */
START_TEST(recovering_is_told_as_it_is)
{
	open_line(31);
	run(100);
	card_alarm(DAHDI_ABI_RECOVER);
	run(10);
	ck_assert_uint_eq(line_defects(l), LINE_RECOVERING);
	ck_assert_uint_eq(line_alarms(l), LINE_RECOVERING);
	card_alarm(0);
	run(10);
	ck_assert_uint_eq(line_alarms(l), 0);
	close_line();
}
END_TEST

/* Without an event too: some drivers have none. */
START_TEST(alarms_are_asked_for)
{
	open_line(31);
	run(1000);
	card.status.alarms = DAHDI_ABI_RED;
	run(101);
	ck_assert_uint_eq(line_defects(l), LINE_RED);
	close_line();
}
END_TEST

START_TEST(errored_seconds)
{
	open_line(31);
	run(3000);
	ck_assert_uint_eq(stats().errors.es, 0);
	card.status.crc4 += 1;
	run(1000);
	ck_assert_uint_eq(stats().errors.es, 1);
	ck_assert_uint_eq(stats().errors.ses, 0);
	card.status.fe += 300;
	run(1000);
	ck_assert_uint_eq(stats().errors.es, 2);
	ck_assert_uint_eq(stats().errors.ses, 1);
	card_alarm(DAHDI_ABI_RED);
	run(3000);
	ck_assert_uint_eq(stats().errors.es, 5);
	ck_assert_uint_eq(stats().errors.ses, 4);
	close_line();
}
END_TEST

/* What it says of its clock, and which spans are of one card. */
START_TEST(the_clock_of_the_card)
{
	uint32_t place;

	card_init(31);
	strcpy(card.status.name, "TE4/0/1");
	strcpy(card.status.card, "PCI Bus 03 Slot 01");
	card.status.sync_source = 2;
	open_card(span_of(31));
	run(110);
	place = stats().card.place;
	ck_assert(stats().card.known);
	ck_assert_uint_eq(stats().card.source, 2);
	card.status.sync_source = 0;
	strcpy(card.status.card, "PCI Bus 03 Slot 02");
	run(110);
	ck_assert_uint_eq(stats().card.source, 0);
	ck_assert_uint_ne(stats().card.place, place);
	strcpy(card.status.name, "DYN/eth/eth0/0");
	run(110);
	ck_assert(!stats().card.known);
	close_line();
}
END_TEST

START_TEST(taken_down_and_unplugged)
{
	open_line(31);
	run(100);
	line_set_down(l, true);
	run(50);
	ck_assert_uint_eq(line_alarms(l), LINE_DOWN);
	ck_assert_uint_eq(rx[3][0], 0xd5);
	ck_assert_uint_eq(card.heard[3][card.now - 1], 0xd5);
	ck_assert_int_eq(line_frame_put(l, rx[0], 10), 0);
	ck_assert_uint_eq(card.n_out, 0);
	line_set_down(l, false);
	line_unplug(l, true);
	run(50);
	ck_assert_uint_eq(line_defects(l), LINE_LOS);
	line_unplug(l, false);
	run(50);
	wrong = 0;
	run(100);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(line_defects(l), 0);
	close_line();
}
END_TEST

/* --- the D channel --- */

static void frame_comes(size_t len)
{
	struct card_frame *f = &card.in[card.n_in++];

	f->len = len;
	for (size_t i = 0; i < len; i++)
		f->octets[i] = (uint8_t)(i + 1);
}

static struct dslot_stats frame_stats(void)
{
	struct dslot_stats d;

	line_frame_stats(l, &d);
	return d;
}

START_TEST(frames_come_without_fcs)
{
	uint8_t f[DSLOT_MAX];

	open_line(31);
	ck_assert(line_has_frames(l));
	run(10);
	ck_assert_uint_eq(line_frame_get(l, f), 0);
	frame_comes(3 + 2);
	frame_comes(DSLOT_MAX + 2);
	ck_assert_uint_eq(line_frame_get(l, f), 3);
	ck_assert_uint_eq(f[2], 3);
	ck_assert_uint_eq(line_frame_get(l, f), DSLOT_MAX);
	ck_assert_uint_eq(line_frame_get(l, f), 0);
	frame_comes(1);
	frame_comes(4);
	frame_comes(DSLOT_MAX + 3);
	frame_comes(CARD_FRAME_MAX);
	frame_comes(8);
	ck_assert_uint_eq(line_frame_get(l, f), 6);
	ck_assert_uint_eq(frame_stats().rx_frames, 3);
	ck_assert_uint_eq(frame_stats().rx_too_short, 2);
	ck_assert_uint_eq(frame_stats().rx_too_long, 2);
	close_line();
}
END_TEST

START_TEST(frames_that_the_driver_drops_are_counted)
{
	uint8_t f[DSLOT_MAX];

	open_line(31);
	run(10);
	card_event(16, DAHDI_ABI_EV_ABORT);
	card_event(16, DAHDI_ABI_EV_BADFCS);
	card_event(16, DAHDI_ABI_EV_BADFCS);
	card_event(16, DAHDI_ABI_EV_OVERRUN);
	card_event(16, 21); /* of a telephone */
	frame_comes(7);
	/* what was told before the frame is fetched before it */
	ck_assert_uint_eq(line_frame_get(l, f), 0);
	run(1);
	ck_assert_uint_eq(line_frame_get(l, f), 5);
	ck_assert_uint_eq(frame_stats().rx_aborts, 1);
	ck_assert_uint_eq(frame_stats().rx_bad_fcs, 2);
	ck_assert_uint_eq(frame_stats().rx_too_long, 1);
	close_line();
}
END_TEST

START_TEST(reads_without_a_frame_are_counted)
{
	uint8_t f[DSLOT_MAX];

	open_line(31);
	run(10);
	ck_assert_uint_eq(line_frame_get(l, f), 0);
	ck_assert_uint_eq(frame_stats().rx_too_short, 0);
	ck_assert_uint_eq(stats().rx.invalid, 0);
	frame_comes(0);
	ck_assert_uint_eq(line_frame_get(l, f), 0);
	ck_assert_uint_eq(frame_stats().rx_too_short, 1);
	ck_assert_uint_eq(stats().rx.invalid, 0);
	card.at[16].fail = -EIO;
	ck_assert_uint_eq(line_frame_get(l, f), 0);
	ck_assert_uint_eq(stats().rx.invalid, 1);
	/* a card that is gone has an alarm of its own */
	card.at[16].fail = -ENODEV;
	ck_assert_uint_eq(line_frame_get(l, f), 0);
	ck_assert_uint_eq(stats().rx.invalid, 1);
	ck_assert_uint_eq(frame_stats().rx_too_short, 1);
	close_line();
}
END_TEST

START_TEST(frames_go_with_room_for_the_fcs)
{
	uint8_t f[DSLOT_MAX + 1] = { 1, 2, 3, 4, 5 };

	open_line(31);
	run(10);
	/* it waits until the event has been fetched, and those behind it too */
	card_event(16, DAHDI_ABI_EV_NOALARM);
	for (uint8_t i = 0; i < 4; i++) {
		f[0] = (uint8_t)(i + 1);
		ck_assert_int_eq(line_frame_put(l, f, 5), 0);
	}
	ck_assert_int_eq(line_frame_put(l, f, 5), -ENOBUFS);
	ck_assert_uint_eq(card.n_out, 0);
	run(2);
	ck_assert_uint_eq(card.n_out, 4);
	for (uint8_t i = 0; i < 4; i++)
		ck_assert_uint_eq(card.out[i].octets[0], i + 1);
	f[0] = 1;
	ck_assert_uint_eq(card.out[0].len, 7);
	ck_assert_mem_eq(card.out[0].octets, f, 5);
	ck_assert_int_eq(line_frame_put(l, f, 2), -EMSGSIZE);
	ck_assert_int_eq(line_frame_put(l, f, DSLOT_MAX + 1), -EMSGSIZE);
	card.d_full = true;
	ck_assert_int_eq(line_frame_put(l, f, 5), -ENOBUFS);
	ck_assert_uint_eq(frame_stats().tx_frames, 4);
	ck_assert_uint_eq(frame_stats().tx_refused, 4);
	close_line();
}
END_TEST

/* Through the engine, as the isdn role sees them. */
START_TEST(frames_pass_the_engine)
{
	struct engine_config ec = { .spans = 1, .sessions = 1,
				    .jitter_min_ms = 20,
				    .jitter_max_ms = 60 };
	struct engine_span_config sc = { .law = LAW_A, .d_slot = 16,
					 .idle = 0xd5, .country = "de" };
	struct engine_frame f = { .len = 4, .octets = { 0, 1, 0x7f, 9 } };
	struct engine *e = engine_new(&ec);
	unsigned got = 0;

	ck_assert_ptr_nonnull(e);
	open_line(31);
	ck_assert_int_eq(engine_set_span(e, 0, &sc), 0);
	ck_assert_int_eq(engine_set_line(e, 0, l), 0);
	ck_assert_int_eq(engine_prepare(e), 0);
	ck_assert(engine_frame_put(e, &f));
	frame_comes(12);
	for (unsigned i = 0; i < 100; i++) {
		sleep_for(1);
		engine_step(e, now);
		while (engine_frame_get(e, &f)) {
			ck_assert_uint_eq(f.len, 10);
			got++;
		}
	}
	ck_assert_uint_eq(got, 1);
	ck_assert_uint_eq(card.n_out, 1);
	ck_assert_uint_eq(card.out[0].len, 6);
	engine_free(e);
	l = NULL;
	ck_assert_uint_eq(open_count(), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dahdi_faults");
	TCase *tc;

	tc = tcase_create("driver");
	tcase_add_test(tc, reads_of_a_wrong_length);
	tcase_add_test(tc, a_channel_that_fails_is_left_out);
	tcase_add_test(tc, a_pulled_card);
	tcase_add_test(tc, a_card_that_comes_later);
	tcase_add_test(tc, a_card_that_comes_back);
	tcase_add_test(tc, an_unassigned_span);
	tcase_add_test(tc, no_tick_is_endless);
	suite_add_tcase(s, tc);
	tc = tcase_create("alarms");
	tcase_add_test(tc, alarms_are_heard_at_once_and_integrated);
	tcase_add_test(tc, recovering_is_told_as_it_is);
	tcase_add_test(tc, alarms_are_asked_for);
	tcase_add_test(tc, errored_seconds);
	tcase_add_test(tc, the_clock_of_the_card);
	tcase_add_test(tc, taken_down_and_unplugged);
	suite_add_tcase(s, tc);
	tc = tcase_create("frames");
	tcase_add_test(tc, frames_come_without_fcs);
	tcase_add_test(tc, frames_that_the_driver_drops_are_counted);
	tcase_add_test(tc, reads_without_a_frame_are_counted);
	tcase_add_test(tc, frames_go_with_room_for_the_fcs);
	tcase_add_test(tc, frames_pass_the_engine);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return suite_run(suite(), CK_FORK_GETENV);
}
