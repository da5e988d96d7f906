/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/* The DAHDI line against a card that is played (dahdi_fake.h). */
#include <check.h>
#include <stdlib.h>

#include "media/engine.h"
#include "media/line.h"
#include "tests/media/dahdi_fake.h"

enum { LEAD = 160 };

static struct line *l;
static mono_t now;
static uint8_t rx[LINE_SLOTS][LINE_BLOCK];
static uint64_t blocks;	  /* read */
static uint64_t expected; /* frame number of the next one, of the card */
static uint64_t wrong;	  /* samples that are not the expected ones */

static struct dahdi_span span_of(unsigned channels)
{
	return (struct dahdi_span){
		.sys = &card_sys, .span = 1, .first_slot = 1,
		.d_slot = channels == 31 ? 16 : 24,
		.last_slot = (uint8_t)channels, .ulaw = channels == 24,
	};
}

static struct line_config config_of(unsigned channels)
{
	struct line_config c;

	line_config_init(&c);
	c.driver = LINE_DAHDI;
	c.tx_lead = LEAD;
	c.d_slot = channels == 31 ? 16 : 24;
	c.slot_mask = channels == 31 ? 0xfffffffe : 0x1fffffe;
	c.dahdi.sys = &card_sys;
	return c;
}

static unsigned open_count(void)
{
	unsigned n = 0;

	for (unsigned s = 1; s < CARD_SLOTS; s++)
		n += card.at[s].open;
	return n;
}

static struct line_stats stats(void)
{
	struct line_stats s;

	line_stats(l, &s);
	return s;
}

/* A line that runs since just now. */
static void open_line(unsigned channels)
{
	struct dahdi_span span = span_of(channels);
	struct line_config cfg = config_of(channels);
	int fds[LINE_SLOTS];
	unsigned n;
	char why[200];

	card_init(channels);
	ck_assert_int_eq(dahdi_open(&span, fds, &n, why, sizeof(why)), 0);
	ck_assert_uint_eq(n, channels);
	/* in whatever order they come */
	l = line_open(&cfg, fds[n - 1]);
	ck_assert_ptr_nonnull(l);
	for (unsigned i = 0; i < n - 1; i++)
		ck_assert_int_eq(line_add(l, fds[i]), 0);
	now = (mono_t){ 1000 * NS_PER_S };
	blocks = expected = wrong = 0;
	line_start(l, now);
}

static void close_line(void)
{
	line_close(l);
	l = NULL;
	ck_assert_uint_eq(open_count(), 0);
}

/* What arrives goes back, slot by slot. */
static void serve(void)
{
	line_tick(l, now);
	while (line_avail(l) >= LINE_BLOCK) {
		ck_assert_int_ge(line_read(l, rx, LINE_BLOCK), 0);
		for (unsigned s = 1; s <= card.channels; s++)
			for (unsigned i = 0; s != card.d_slot &&
					     i < LINE_BLOCK; i++)
				wrong += rx[s][i] !=
					 card_code(s, expected + i);
		expected += LINE_BLOCK;
		blocks++;
		ck_assert_int_eq(line_write(l, (const void *)rx, LINE_BLOCK),
				 0);
	}
}

static void sleep_for(unsigned ms)
{
	card_run(ms);
	now = mono_add_ms(now, ms);
}

static void run(unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		sleep_for(1);
		serve();
	}
}

/* Samples that left on the line from there on and are not those that arrived
 * `delay` frames before. */
static uint64_t wrong_sent(uint64_t from, uint64_t to, unsigned delay)
{
	uint64_t n = 0;

	for (unsigned s = 1; s <= card.channels; s++)
		for (uint64_t f = from; s != card.d_slot && f < to; f++)
			n += card.heard[s][f] != card_code(s, f - delay);
	return n;
}

/* --- opening --- */

START_TEST(channels_are_set)
{
	open_line((unsigned)_i);
	for (unsigned s = 1; s <= card.channels; s++) {
		const struct card_channel *c = &card.at[s];

		ck_assert(c->open);
		if (s == card.d_slot) {
			ck_assert_int_ge(c->buffers.size, DSLOT_MAX + 2);
			continue;
		}
		ck_assert_int_eq(c->buffers.size, LINE_BLOCK);
		ck_assert_int_eq(c->audio, 1);
		ck_assert_int_eq(c->echo, 0);
		ck_assert_int_eq(c->law,
				 _i == 24 ? DAHDI_ABI_ULAW : DAHDI_ABI_ALAW);
	}
	close_line();
}
END_TEST

static void expect_refusal(const struct dahdi_span *span, int err,
			   const char *text)
{
	int fds[LINE_SLOTS];
	unsigned n;
	char why[200] = "";

	ck_assert_int_eq(dahdi_open(span, fds, &n, why, sizeof(why)), err);
	ck_assert_msg(strstr(why, text) != NULL, "\"%s\"", why);
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(open_count(), 0);
}

START_TEST(what_is_wrong_is_told_in_one_line)
{
	static const struct {
		int err;
		const char *text;
	} all[] = {
		{ -ENOENT, "dahdi_scan" }, { -ENXIO, "bchan=" },
		{ -EBUSY, "another program" }, { -EACCES, "not permitted" },
		{ -EIO, "Input/output error" },
	};
	struct dahdi_span span = span_of(31);

	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		card_init(31);
		card.open_error = all[i].err;
		card.error_at = i ? 20 : 1;
		expect_refusal(&span, all[i].err, all[i].text);
	}
	card_init(31);
	card.set_error = -EIO;
	card.error_at = 7;
	expect_refusal(&span, -EIO, "channel 7");
	card_init(31);
	card.at[16].signalling = DAHDI_ABI_CLEAR;
	expect_refusal(&span, -EINVAL, "dchan=");
	card_init(31);
	card.at[17].signalling = DAHDI_ABI_HDLCFCS;
	expect_refusal(&span, -EINVAL, "bchan=");
	card_init(24);
	expect_refusal(&span, -EINVAL, "for a T1 set");
	card_init(31);
	span = span_of(24);
	expect_refusal(&span, -EINVAL, "for an E1 set");
	card_init(31);
	span = span_of(31);
	span.span = 2;
	expect_refusal(&span, -ENOENT, "span 2, channel 1");
}
END_TEST

START_TEST(a_descriptor_says_what_it_is)
{
	struct line_config cfg = config_of(31);

	open_line(31);
	ck_assert_int_eq(line_add(l, CARD_FD + 3), -EINVAL); /* it runs */
	close_line();

	card_init(31);
	card.at[3].open = card.at[5].open = card.at[16].open = true;
	l = line_open(&cfg, CARD_FD + 3);
	ck_assert_ptr_nonnull(l);
	ck_assert_int_eq(line_add(l, CARD_FD + 3), -EBUSY);
	card.span = 2;
	ck_assert_int_eq(line_add(l, CARD_FD + 5), -EINVAL);
	card.span = 1;
	card.at[16].signalling = DAHDI_ABI_CLEAR;
	ck_assert_int_eq(line_add(l, CARD_FD + 16), -EINVAL);
	card.at[5].fail = -ENODEV;
	ck_assert_int_eq(line_add(l, CARD_FD + 5), -ENODEV);
	line_close(l);
	ck_assert_uint_eq(card.closed, 1);
	cfg.slot_mask &= ~(1u << 3);
	ck_assert_ptr_null(line_open(&cfg, CARD_FD + 3));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(configurations)
{
	struct line_config c = config_of(31);

	ck_assert_int_eq(line_config_check(&c), 0);
	for (unsigned lead = 0; lead <= 1000; lead++) {
		c.tx_lead = (uint16_t)lead;
		ck_assert_int_eq(line_config_check(&c) == 0,
				 lead >= 96 && lead <= 800 && lead % 8 == 0);
	}
	c = config_of(31);
	c.time = LINE_LOCKSTEP;
	ck_assert_int_eq(line_config_check(&c), -EINVAL);
	c = config_of(31);
	c.dahdi.phase_ms = 10;
	ck_assert_int_eq(line_config_check(&c), -EINVAL);
}
END_TEST

/* --- samples --- */

START_TEST(each_sample_goes_once_each_way)
{
	open_line((unsigned)_i);
	run(10000);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(blocks, 1000);
	ck_assert_uint_eq(line_tx_delay(l), LEAD);
	ck_assert_uint_eq(wrong_sent(LEAD, 80000, LEAD), 0);
	ck_assert_uint_eq(stats().clock.slips, 0);
	ck_assert_uint_eq(stats().rx.packets, 1000);
	ck_assert_uint_eq(stats().tx.dropped_frames, 0);
	close_line();
}
END_TEST

/* Less late than what is queued: nothing happens. */
START_TEST(a_late_owner_loses_nothing)
{
	open_line(31);
	for (unsigned i = 0; i < 100; i++) {
		run(7);
		sleep_for(8);
		serve();
	}
	run(100);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(stats().clock.slips, 0);
	ck_assert_uint_eq(wrong_sent(LEAD, 8000, LEAD), 0);
	close_line();
}
END_TEST


/* Until the queues are as at the start; the next block begins now. What had
 * arrived by then is still read, and answered too late. */
static void wait_for_begin(void)
{
	const struct card_channel *c = &card.at[1];

	for (unsigned i = 0; i < 20; i++) {
		bool begun;

		line_tick(l, now);
		begun = !c->since && !c->full &&
			c->tx_head - c->tx_tail == LEAD;
		for (unsigned n = line_avail(l); n >= LINE_BLOCK;
		     n -= LINE_BLOCK) {
			line_read(l, rx, LINE_BLOCK);
			blocks++;
			line_write(l, (const void *)rx, LINE_BLOCK);
		}
		if (begun)
			break;
		sleep_for(1);
	}
	ck_assert_uint_eq(c->tx_head - c->tx_tail, LEAD);
	expected = card.now;
}

/* Later than what is queued: one slip, then as before, with the delay of
 * before. */
START_TEST(a_stalled_owner_slips_once)
{
	uint64_t begun;
	unsigned epoch;

	open_line(31);
	run(1000);
	epoch = line_epoch(l);
	sleep_for((unsigned)_i);
	wait_for_begin();
	/* all that there was room for has been read */
	ck_assert_uint_ge(blocks, 100 + (_i < 60 ? (unsigned)_i / 10 : 6));
	begun = card.now;
	run(2000);
	ck_assert_uint_eq(stats().clock.slips, 1);
	ck_assert_uint_eq(line_epoch(l), epoch + 1);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(wrong_sent(begun + LEAD, card.now, LEAD), 0);
	close_line();
}
END_TEST

/* A channel that is a block behind the others for once is a slip of all: they
 * share a block again afterwards. */
START_TEST(a_channel_that_takes_nothing_slips)
{
	struct card_channel *c;

	open_line(31);
	run(1000);
	c = &card.at[9];
	c->tx_head += 16 * LINE_BLOCK - (c->tx_head - c->tx_tail);
	run(9);
	wait_for_begin();
	run(1000);
	ck_assert_uint_eq(stats().clock.slips, 1);
	ck_assert_uint_gt(stats().tx.dropped_frames, 0);
	ck_assert_uint_eq(wrong, 0);
	close_line();
}
END_TEST

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
	ck_assert_uint_eq(line_alarms(l), LINE_LOS);
	ck_assert_int_eq(line_frame_put(l, rx[0], 10), -ENODEV);
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
	ck_assert_uint_eq(line_defects(l), LINE_LOS);
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
		{ DAHDI_ABI_RED, LINE_LOS },
		{ DAHDI_ABI_RED | DAHDI_ABI_LOS, LINE_LOS },
		{ DAHDI_ABI_LFA, LINE_LOS },
		{ DAHDI_ABI_RECOVER, LINE_LOS },
		{ DAHDI_ABI_NOTOPEN, LINE_LOS },
		{ DAHDI_ABI_BLUE, LINE_AIS },
		{ DAHDI_ABI_YELLOW, LINE_RAI },
		{ DAHDI_ABI_LOOPBACK, LINE_LOOPBACK },
		{ DAHDI_ABI_LMFA, 0 },
		{ DAHDI_ABI_YELLOW | DAHDI_ABI_RED, LINE_LOS | LINE_RAI },
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
	ck_assert_uint_eq(stats().errors.loss_events, 6);
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
	ck_assert_uint_eq(line_defects(l), LINE_LOS);
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
	ck_assert_uint_eq(line_frame_get(l, f), 5);
	ck_assert_uint_eq(frame_stats().rx_aborts, 1);
	ck_assert_uint_eq(frame_stats().rx_bad_fcs, 2);
	ck_assert_uint_eq(frame_stats().rx_too_long, 1);
	close_line();
}
END_TEST

START_TEST(frames_go_with_room_for_the_fcs)
{
	uint8_t f[DSLOT_MAX + 1] = { 1, 2, 3, 4, 5 };

	open_line(31);
	run(10);
	card_event(16, DAHDI_ABI_EV_NOALARM);
	ck_assert_int_eq(line_frame_put(l, f, 5), 0);
	ck_assert_uint_eq(card.n_out, 1);
	ck_assert_uint_eq(card.out[0].len, 7);
	ck_assert_mem_eq(card.out[0].octets, f, 5);
	ck_assert_int_eq(line_frame_put(l, f, 2), -EMSGSIZE);
	ck_assert_int_eq(line_frame_put(l, f, DSLOT_MAX + 1), -EMSGSIZE);
	card.d_full = true;
	ck_assert_int_eq(line_frame_put(l, f, 5), -ENOBUFS);
	ck_assert_uint_eq(frame_stats().tx_frames, 1);
	ck_assert_uint_eq(frame_stats().tx_refused, 3);
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
	Suite *s = suite_create("dahdi");
	TCase *tc = tcase_create("open");

	tcase_add_loop_test(tc, channels_are_set, 31, 32);
	tcase_add_loop_test(tc, channels_are_set, 24, 25);
	tcase_add_test(tc, what_is_wrong_is_told_in_one_line);
	tcase_add_test(tc, a_descriptor_says_what_it_is);
	tcase_add_test(tc, configurations);
	suite_add_tcase(s, tc);
	tc = tcase_create("samples");
	tcase_add_loop_test(tc, each_sample_goes_once_each_way, 31, 32);
	tcase_add_loop_test(tc, each_sample_goes_once_each_way, 24, 25);
	tcase_add_test(tc, a_late_owner_loses_nothing);
	tcase_add_loop_test(tc, a_stalled_owner_slips_once, 25, 35);
	tcase_add_loop_test(tc, a_stalled_owner_slips_once, 400, 402);
	tcase_add_test(tc, a_channel_that_takes_nothing_slips);
	suite_add_tcase(s, tc);
	tc = tcase_create("driver");
	tcase_add_test(tc, reads_of_a_wrong_length);
	tcase_add_test(tc, a_channel_that_fails_is_left_out);
	tcase_add_test(tc, a_pulled_card);
	tcase_add_test(tc, an_unassigned_span);
	tcase_add_test(tc, no_tick_is_endless);
	suite_add_tcase(s, tc);
	tc = tcase_create("alarms");
	tcase_add_test(tc, alarms_are_heard_at_once_and_integrated);
	tcase_add_test(tc, alarms_are_asked_for);
	tcase_add_test(tc, errored_seconds);
	tcase_add_test(tc, taken_down_and_unplugged);
	suite_add_tcase(s, tc);
	tc = tcase_create("frames");
	tcase_add_test(tc, frames_come_without_fcs);
	tcase_add_test(tc, frames_that_the_driver_drops_are_counted);
	tcase_add_test(tc, frames_go_with_room_for_the_fcs);
	tcase_add_test(tc, frames_pass_the_engine);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(suite());
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
