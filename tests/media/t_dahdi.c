/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/* The DAHDI line: opening, and samples. */
#include "tests/media/dahdi_rig.h"
#include "tests/suite.h"

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
	return s;
}

int main(void)
{
	return suite_run(suite(), CK_FORK_GETENV);
}
