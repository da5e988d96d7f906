/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* libs: -lcheck */
/* What the media role says and does about its lines: faults, their words, error
 * performance, the source of the clock. */
#include "tests/unit/media_rig.h"
#include "media/line_priv.h"
#include "tests/suite.h"

#include <stdio.h>

START_TEST(test_line_states)
{
	set_up();
	loop_advance(t.loop, 5000);
	ck_assert(t.span.up);
	ck_assert(t.line.up);
	ck_assert_str_eq(t.span.text, "in service");
	/* Cable out: no new calls at once, an alarm after 2.5 s; the calls
	 * that are there go after the hold-off. */
	t.silent = true;
	loop_advance(t.loop, 150);
	ck_assert(!t.line.up);
	ck_assert(!t.span.up);
	ck_assert_uint_eq(t.line.calls, FRAME_CALLS_KEEP);
	ck_assert_uint_eq(t.span.alarms, 0);
	ck_assert_ptr_nonnull(strstr(t.span.text, "LOS: nothing usable"));
	loop_advance(t.loop, 2500);
	ck_assert_uint_eq(t.span.alarms & LINE_LOS, LINE_LOS);
	ck_assert_uint_eq(t.line.calls, FRAME_CALLS_KEEP);
	loop_advance(t.loop, 600);
	ck_assert_uint_eq(t.line.calls, FRAME_CALLS_RELEASE);
	/* Good again: it takes calls after 10 s. */
	t.silent = false;
	loop_advance(t.loop, 9000);
	ck_assert(!t.span.up);
	ck_assert_ptr_nonnull(strstr(t.span.text, "recovering"));
	loop_advance(t.loop, 4000);
	ck_assert(t.span.up);
	ck_assert(t.line.up);
	ck_assert_str_eq(t.span.text, "in service");
	tear_down();
}
END_TEST

/* 60 s of a line that comes and goes: calls avoid it for all of that time,
 * those that are there stay, and nobody is flooded with messages. */
START_TEST(test_line_flaps)
{
	unsigned lines;

	set_up();
	loop_advance(t.loop, 5000);
	lines = t.n_line;
	for (unsigned i = 0; i < 1000; i++) {
		t.silent = true;
		loop_advance(t.loop, 30);
		t.silent = false;
		loop_advance(t.loop, 30);
		ck_assert_uint_ne(t.line.calls, FRAME_CALLS_RELEASE);
		if (i > 5)
			ck_assert(!t.line.up);
	}
	ck_assert_uint_lt(t.n_line - lines, 3100);
	loop_advance(t.loop, 2000);
	ck_assert(t.line.up);
	tear_down();
}
END_TEST

/* A cable that is out for 20 s: unavailable; ten good seconds end that. */
START_TEST(test_performance)
{
	set_up();
	loop_advance(t.loop, 30000);
	t.silent = true;
	loop_advance(t.loop, 20000);
	t.silent = false;
	loop_advance(t.loop, 30000);
	ask_about("performance", "carrier");
	ck_assert(!t.error);
	ck_assert_ptr_nonnull(strstr(t.text, "\"available\":true"));
	ck_assert_ptr_nonnull(strstr(t.text, "\"intervals\":[{"));
	ck_assert_uint_ge(media_role_of(t.role)->spans[0].perf.all.uas, 19);
	ck_assert_uint_le(media_role_of(t.role)->spans[0].perf.all.uas, 23);
	ask_about("performance", "nobody");
	ck_assert(t.error);
	ask("metrics");
	ck_assert_ptr_nonnull(strstr(t.text,
				     "trunkgate_media_line_unavailable_"
				     "seconds_total{span=\"carrier\"} 2"));
	tear_down();
}
END_TEST

/* The carrier's clock is the master's of all lines where we give it; when it
 * is gone its rate is held. */
START_TEST(test_clock_source)
{
	const struct media_clock *c;

	follows = true;
	set_up();
	follows = false;
	c = &media_role_of(t.role)->clock;
	loop_advance(t.loop, 3000);
	ask("status");
	ck_assert_ptr_nonnull(strstr(t.text, "this machine's own"));
	loop_advance(t.loop, 240000);
	ck_assert_int_eq(c->source, 0);
	ck_assert_int_le(abs(c->ppb), 500);
	ck_assert_int_le(abs(c->steered - c->ppb), 20);
	ask("status");
	ck_assert_ptr_nonnull(strstr(t.text, "from span carrier, "));
	t.silent = true;
	loop_advance(t.loop, 5000);
	ck_assert_int_eq(c->source, -1);
	ck_assert(c->held);
	ask("status");
	ck_assert_ptr_nonnull(strstr(t.text, "no source is good"));
	ask("lines");
	ck_assert_ptr_nonnull(strstr(t.text, "not measured yet"));
	tear_down();
}
END_TEST

/* --- lines as the engine tells of them, without an engine --- */

static struct media_role told;
static char logged[400];

static void keep_log(enum log_level level, const char *line)
{
	(void)level;
	snprintf(logged, sizeof(logged), "%s", line);
}

/* Lines that follow their far ends' clocks; the first `sources` give ours, in
 * their order. */
static void told_spans(unsigned n, unsigned sources)
{
	memset(&told, 0, sizeof(told));
	told.conf.n_spans = (uint16_t)n;
	told.clock.source = -1;
	for (unsigned i = 0; i < n; i++) {
		struct conf_span *s = &told.conf.spans[i];

		snprintf(s->name, sizeof(s->name), "%c", 'a' + i);
		s->line.clock = CONF_CLOCK_SLAVE;
		s->clock_source = (uint8_t)(i < sources ? i + 1 : 0);
		told.spans[i].known = true;
		told.spans[i].state.service = SERVICE_FULL;
		told.spans[i].state.line.clock.locked = true;
	}
}

static void seconds(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		media_clock_second(&told);
}

/* Its own first source is back, but not for long, when the second one fails:
 * better than none. */
START_TEST(test_clock_of_one_just_back)
{
	struct line_clock_stats *a, *b;

	told_spans(2, 2);
	log_set_sink(keep_log);
	a = &told.spans[0].state.line.clock;
	b = &told.spans[1].state.line.clock;
	seconds(20);
	ck_assert_int_eq(told.clock.source, 0);
	a->locked = false;
	seconds(1);
	ck_assert_int_eq(told.clock.source, 1);
	a->locked = true;
	seconds(5);
	ck_assert_int_eq(told.clock.source, 1);
	b->locked = false;
	logged[0] = '\0';
	seconds(1);
	ck_assert_int_eq(told.clock.source, 0);
	ck_assert(!told.clock.held);
	ck_assert_ptr_nonnull(strstr(logged, "taken from span a"));
	/* one that is there waits until the better one is trusted */
	b->locked = true;
	a->locked = false;
	seconds(1);
	a->locked = true;
	seconds(9);
	ck_assert_int_eq(told.clock.source, 1);
	seconds(1);
	ck_assert_int_eq(told.clock.source, 0);
	log_set_sink(NULL);
}
END_TEST

/* 38 ppm are 38 us a second: a frame of 125 us is full after 3.3 s. */
START_TEST(test_words_of_a_line_that_drifts)
{
	static char text[2000];
	struct json j;

	told_spans(2, 1);
	log_set_sink(keep_log);
	told.spans[1].state.line.clock.rate_ppb = 38000;
	seconds(3);
	ck_assert_int_eq(told.clock.source, 0);
	json_init(&j, text, sizeof(text));
	json_obj(&j, NULL);
	media_put_line_drift(&told, &j, 1);
	json_close(&j);
	ck_assert_int_gt(json_end(&j), 0);
	ck_assert_msg(strstr(text, "drifts +38.0 ppm: it does not take the "
				   "clock of span a: a slip every 3 s") != NULL,
		      "%s", text);
	log_set_sink(NULL);
}
END_TEST

/* Spans of DAHDI on these cards, whose drivers say this of their clock. */
static void told_cards(const char *cards, const uint16_t *sources)
{
	told_spans((unsigned)strlen(cards), 1);
	for (unsigned i = 0; cards[i]; i++) {
		struct engine_span_state *s = &told.spans[i].state;

		told.conf.spans[i].line.driver = CONF_DAHDI;
		told.conf.spans[i].line.dahdi_span = (uint16_t)(i + 1);
		s->line.card = (struct line_card_clock){
			.known = true, .source = sources[i],
			.place = (uint32_t)cards[i],
		};
	}
	told.clock.source = 0;
}

static const char *card_text(unsigned span)
{
	static char text[80];

	return media_card_text(&told, span, text, sizeof(text)) ? text : "";
}

START_TEST(test_clock_of_a_card)
{
	/* two cards: the second one counts its ports */
	told_cards("xxxyyy", (const uint16_t[]){ 1, 1, 0, 2, 5, 0 });
	ck_assert_str_eq(card_text(0), "takes the clock of span a");
	ck_assert_str_eq(card_text(1), "takes the clock of span a");
	ck_assert_str_eq(card_text(2), "runs by its own clock");
	ck_assert_str_eq(card_text(3), "takes the clock of DAHDI span or port "
				       "2");
	ck_assert_str_eq(card_text(4), "takes the clock of span e");
	told.spans[4].state.defects = LINE_GONE;
	ck_assert_str_eq(card_text(4), "");
	told.spans[3].state.line.card.known = false;
	ck_assert_str_eq(card_text(3), "");
	told.conf.spans[0].line.driver = CONF_PSEUDOWIRE;
	ck_assert_str_eq(card_text(0), "");
}
END_TEST

/* What the card of our source does; is it told as another one? */
static const struct {
	const char *cards;
	uint16_t sources[2];
	const char *but;
} apart[] = {
	{ "xx", { 1, 1 }, NULL },
	{ "xx", { 2, 2 }, ", but its card takes the clock of span b" },
	{ "xx", { 0, 0 }, ", but its card runs by its own clock" },
	{ "xx", { 3, 3 }, NULL }, /* a span that is not ours, or a port? */
	{ "xy", { 2, 2 }, NULL }, /* another card's, or a port? */
	{ "xy", { 1, 0 }, NULL },
};

START_TEST(test_clock_apart)
{
	static char text[2000];
	struct json j;

	told_cards(apart[_i].cards, apart[_i].sources);
	log_set_sink(keep_log);
	logged[0] = '\0';
	for (unsigned i = 0; i < 29; i++)
		media_card_second(&told);
	ck_assert_str_eq(logged, "");
	media_card_second(&told);
	json_init(&j, text, sizeof(text));
	json_obj(&j, NULL);
	media_put_clock(&told, &j);
	json_close(&j);
	ck_assert_int_gt(json_end(&j), 0);
	if (apart[_i].but) {
		ck_assert_ptr_nonnull(strstr(text, apart[_i].but));
		ck_assert_ptr_nonnull(strstr(logged, "span a is its source"));
	} else {
		ck_assert_ptr_null(strstr(text, "but"));
		ck_assert_str_eq(logged, "");
	}
	/* told once */
	logged[0] = '\0';
	for (unsigned i = 0; i < 100; i++)
		media_card_second(&told);
	ck_assert_str_eq(logged, "");
	log_set_sink(NULL);
}
END_TEST

/* Once a second the figures come; three of a kind more than before. */
static const char *logged_of(enum conf_driver driver, bool stray)
{
	struct media_role *m = media_role_of(t.role);
	struct line_rx_stats *rx = &m->spans[0].state.line.rx;

	m->conf.spans[0].line.driver = driver;
	*(stray ? &rx->stray : &rx->malformed) -= 3;
	logged[0] = '\0';
	loop_advance(t.loop, 1100);
	return logged;
}

START_TEST(test_words_of_what_is_dropped)
{
	set_up();
	loop_advance(t.loop, 5000);
	log_set_sink(keep_log);
	ck_assert_ptr_nonnull(strstr(logged_of(CONF_PSEUDOWIRE, false),
				     "packets dropped: 3 malformed, 0 not"));
	ck_assert_ptr_nonnull(strstr(logged_of(CONF_PSEUDOWIRE, true),
				     "packets dropped: 0 malformed, 3 not"));
	/* a card has no packets and no peer */
	ck_assert_ptr_nonnull(strstr(logged_of(CONF_DAHDI, false),
				     "span carrier: 3 reads of a wrong length "
				     "from the driver: see dmesg"));
	ck_assert_str_eq(logged_of(CONF_DAHDI, true), "");
	log_set_sink(NULL);
	tear_down();
}
END_TEST

/* What the log says when these channels are without use. */
static const char *logged_silent(uint32_t slots)
{
	struct engine_event ev = { .kind = ENGINE_EV_SPAN };

	ev.u.span = media_role_of(t.role)->spans[0].state;
	ev.u.span.line.rx.silent_slots = slots;
	logged[0] = '\0';
	media_on_event(media_role_of(t.role), &ev);
	return logged;
}

START_TEST(test_words_of_silent_channels)
{
	set_up();
	loop_advance(t.loop, 5000);
	log_set_sink(keep_log);
	ck_assert_ptr_nonnull(strstr(logged_silent(0x0c), "refuses 2 of its B "
							  "channels"));
	loop_advance(t.loop, 1);
	ck_assert_uint_eq(t.line.silent, 0x0c);
	ck_assert_str_eq(logged_silent(0x04), "");
	loop_advance(t.loop, 1);
	ck_assert_uint_eq(t.line.silent, 0x04);
	ck_assert_ptr_nonnull(strstr(logged_silent(0x10004), "its D channel, "
							     "but errors"));
	ck_assert_str_eq(logged_silent(0x10004), "");
	ck_assert_ptr_nonnull(strstr(logged_silent(0), "all channels again"));
	/* those of a card that is gone are not served again */
	logged_silent(0x04);
	media_role_of(t.role)->spans[0].state.defects = LINE_GONE;
	ck_assert_str_eq(logged_silent(0), "");
	log_set_sink(NULL);
	tear_down();
}
END_TEST

/* What the engine says of the first span, and what is logged of it. */
static const char *logged_at(enum service_state service, unsigned alarms)
{
	struct media_role *m = media_role_of(t.role);
	struct engine_event e = { .kind = ENGINE_EV_SPAN,
				  .u.span = m->spans[0].state };

	e.u.span.service = (uint8_t)service;
	e.u.span.alarms = e.u.span.defects = (uint16_t)alarms;
	logged[0] = '\0';
	media_on_event(m, &e);
	return logged;
}

/* A card that is pulled brings no samples either; and one that cannot make up
 * its mind is told of when it is back for good. */
START_TEST(test_an_alarm_is_told_once)
{
	set_up();
	loop_advance(t.loop, 5000);
	media_role_of(t.role)->conf.spans[0].line.driver = CONF_DAHDI;
	log_set_sink(keep_log);
	ck_assert_ptr_nonnull(strstr(logged_at(SERVICE_FAULT, LINE_GONE),
				     "alarm: the card is not there"));
	ck_assert_str_eq(logged_at(SERVICE_FAULT, LINE_GONE | LINE_STALLED),
			 "");
	ck_assert_ptr_nonnull(strstr(logged_at(SERVICE_LOST, LINE_GONE),
				     "its calls are released: the card is"));
	ck_assert_str_eq(logged_at(SERVICE_RECOVERING, 0), "");
	ck_assert_str_eq(logged_at(SERVICE_FAULT, LINE_GONE), "");
	/* another reason, and the first one another time */
	ck_assert_ptr_nonnull(strstr(logged_at(SERVICE_FAULT, LINE_STALLED),
				     "alarm: the card brings no samples"));
	ck_assert_ptr_nonnull(strstr(logged_at(SERVICE_FULL, 0),
				     "in service"));
	ck_assert_ptr_nonnull(strstr(logged_at(SERVICE_FAULT, LINE_STALLED),
				     "alarm: the card brings no samples"));
	log_set_sink(NULL);
	tear_down();
}
END_TEST

/* A line may be bad from its first moment on. A card that is still to be opened
 * is no alarm: who opens it tells. */
START_TEST(test_an_alarm_from_the_first)
{
	set_up();
	media_role_of(t.role)->conf.spans[0].line.driver = CONF_DAHDI;
	log_set_sink(keep_log);
	ck_assert(!media_role_of(t.role)->spans[0].known);
	ck_assert_str_eq(logged_at(SERVICE_FAULT, LINE_GONE), "");
	ck_assert_ptr_nonnull(strstr(logged_at(SERVICE_FAULT, LINE_RED),
				     "alarm: red alarm"));
	media_role_of(t.role)->spans[0] = (struct span_view){ .known = false };
	ck_assert_ptr_nonnull(strstr(logged_at(SERVICE_FAULT, LINE_RED),
				     "alarm: red alarm"));
	media_role_of(t.role)->spans[0] = (struct span_view){ .known = false };
	ck_assert_str_eq(logged_at(SERVICE_FULL, 0), "");
	log_set_sink(NULL);
	tear_down();
}
END_TEST

/* --- a driver that holds the thread --- */

static unsigned calls_now;

static unsigned calls_of(const struct line *l)
{
	(void)l;
	return calls_now;
}

static void look(unsigned times)
{
	logged[0] = '\0';
	while (times--)
		media_look_for_held(media_role_of(t.role));
}

START_TEST(test_words_of_a_held_thread)
{
	static const struct line_ops ops = { .calls = calls_of };
	static struct conf_for_media now;
	struct line held = { .ops = &ops };
	struct media_role *m;

	set_up();
	m = media_role_of(t.role);
	loop_advance(t.loop, 5000);
	log_set_sink(keep_log);
	m->running[0] = &held;
	/* always in another call, or in none */
	for (unsigned i = 0; i < 50; i++) {
		calls_now = i % 4 ? 2 * i + 1 : 2 * i;
		look(1);
		ck_assert_str_eq(logged, "");
	}
	/* woken in time, which is told, but not each time */
	calls_now = 1001;
	look(4);
	ck_assert_str_eq(logged, "");
	calls_now++;
	look(1);
	ck_assert_ptr_nonnull(strstr(logged, "waited though it must not, for "
					     "300 ms"));
	calls_now++;
	look(3);
	calls_now++;
	look(1);
	ck_assert_str_eq(logged, "");
	ck_assert(media_line_is_up(m, 0));
	/* not to be woken: the spans of the thread are out */
	calls_now++;
	look(20);
	ck_assert_str_eq(logged, "");
	look(1);
	ck_assert_ptr_nonnull(strstr(logged, "engine thread 0 stands still, "
					     "with the spans carrier: see"));
	ck_assert(!media_line_is_up(m, 0));
	ck_assert_int_eq(m->spans[0].state.service, SERVICE_LOST);
	loop_advance(t.loop, 0);
	ck_assert_uint_eq(t.span.up, 0);
	look(100);
	ck_assert_str_eq(logged, "");
	calls_now++;
	look(1);
	ck_assert_ptr_nonnull(strstr(logged, "has returned after 12 s"));
	/* as the thread tells itself */
	loop_advance(t.loop, 1100);
	ck_assert(media_line_is_up(m, 0));
	/* one that leaves meanwhile: nobody knows whether it has returned */
	calls_now++;
	look(22);
	now = m->conf;
	now.spans[0].gone = true;
	ck_assert_int_eq(media_take_spans(m, &now), 0);
	look(1);
	ck_assert_str_eq(logged, "");
	log_set_sink(NULL);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("media lines");
	TCase *tc = tcase_create("lines");

	tcase_add_test(tc, test_line_states);
	tcase_add_test(tc, test_line_flaps);
	tcase_add_test(tc, test_performance);
	tcase_add_test(tc, test_clock_source);
	tcase_add_test(tc, test_clock_of_one_just_back);
	tcase_add_test(tc, test_words_of_a_line_that_drifts);
	tcase_add_test(tc, test_clock_of_a_card);
	tcase_add_loop_test(tc, test_clock_apart, 0,
			    sizeof(apart) / sizeof(apart[0]));
	tcase_add_test(tc, test_words_of_what_is_dropped);
	tcase_add_test(tc, test_words_of_silent_channels);
	tcase_add_test(tc, test_an_alarm_is_told_once);
	tcase_add_test(tc, test_an_alarm_from_the_first);
	tcase_add_test(tc, test_words_of_a_held_thread);
	suite_add_tcase(suite, tc);
	return suite_run(suite, CK_FORK_GETENV);
}
