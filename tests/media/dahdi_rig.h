/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A DAHDI line on a card that is played (dahdi_fake.h), and its owner, who
 * sends back what arrives, slot by slot. Time passes with sleep_for().
 */
#ifndef TESTS_MEDIA_DAHDI_RIG_H
#define TESTS_MEDIA_DAHDI_RIG_H

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

static inline struct dahdi_span span_of(unsigned channels)
{
	return (struct dahdi_span){
		.sys = &card_sys, .span = 1, .first_slot = 1,
		.d_slot = channels == 31 ? 16 : 24,
		.last_slot = (uint8_t)channels, .ulaw = channels == 24,
	};
}

static inline struct line_config config_of(unsigned channels)
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

static inline unsigned open_count(void)
{
	unsigned n = 0;

	for (unsigned s = 1; s < CARD_SLOTS; s++)
		n += card.at[s].open;
	return n;
}

static inline struct line_stats stats(void)
{
	struct line_stats s;

	line_stats(l, &s);
	return s;
}

/* A line on the card as it is, that runs since just now. */
static inline void open_card(struct dahdi_span span)
{
	unsigned channels = card.channels;
	struct line_config cfg = config_of(channels);
	int fds[LINE_SLOTS];
	unsigned n;
	char why[200];

	cfg.dahdi.tail_ms = span.tail_ms;
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

/* A line that runs since just now. */
static inline void open_line(unsigned channels)
{
	card_init(channels);
	open_card(span_of(channels));
}

static inline void close_line(void)
{
	line_close(l);
	l = NULL;
	ck_assert_uint_eq(open_count(), 0);
}

/* What arrives goes back, slot by slot. */
static inline void serve(void)
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

static inline void sleep_for(unsigned ms)
{
	card_run(ms);
	now = mono_add_ms(now, ms);
}

static inline void run(unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		sleep_for(1);
		serve();
	}
}

/* Samples that left on the line from there on and are not those that arrived
 * `delay` frames before. */
static inline uint64_t wrong_sent(uint64_t from, uint64_t to, unsigned delay)
{
	uint64_t n = 0;

	for (unsigned s = 1; s <= card.channels; s++)
		for (uint64_t f = from; s != card.d_slot && f < to; f++)
			n += card.heard[s][f] != card_code(s, f - delay);
	return n;
}

/* Until the queues are as at the start; the next block begins now. What had
 * arrived by then is still read, and answered too late. */
static inline void wait_for_begin(void)
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

#endif
