/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/*
 * From the driver's word to the gateway's, on a card that is played, in
 * virtual time: how long until calls avoid the line, and until it is an alarm
 * (dahdi: the driver has integrated; pseudowire: 2.5 s by RFC 5086). The
 * median of many, begun at each millisecond of a block.
 */
#include <stdlib.h>

#include "media/engine.h"
#include "media/service.h"
#include "tests/media/dahdi_fake.h"

enum { ROUNDS = 101, LEAD = 160, MOST_MS = 1000 };

static struct engine *e;
static mono_t now;

static struct engine *engine_on_card(void)
{
	struct engine_config ec = { .spans = 1, .sessions = 1,
				    .jitter_min_ms = 20,
				    .jitter_max_ms = 60 };
	struct engine_span_config sc = { .law = LAW_A, .d_slot = 16,
					 .idle = 0xd5, .hold_ms = 2500,
					 .country = "de" };
	struct dahdi_span span = { .sys = &card_sys, .span = 1, .d_slot = 16,
				   .first_slot = 1, .last_slot = 31 };
	struct line_config lc;
	int fds[LINE_SLOTS];
	struct engine *made = engine_new(&ec);
	struct line *l;
	unsigned n;
	char why[200];

	card_init(31);
	line_config_init(&lc);
	lc.driver = LINE_DAHDI;
	lc.tx_lead = LEAD;
	lc.raise_ms = 0;
	lc.dahdi.sys = &card_sys;
	if (!made || engine_set_span(made, 0, &sc) < 0 ||
	    dahdi_open(&span, fds, &n, why, sizeof(why)) < 0)
		return NULL;
	l = line_open(&lc, fds[0]);
	for (unsigned i = 1; l && i < n; i++)
		if (line_add(l, fds[i]) < 0)
			return NULL;
	return l && engine_set_line(made, 0, l) == 0 &&
			       engine_prepare(made) == 0 ?
		       made : NULL;
}

/* The span's state as it was last told, after a millisecond. */
static void step(struct engine_span_state *st)
{
	struct engine_event ev;

	card_run(1);
	now = mono_add_ms(now, 1);
	engine_step(e, now);
	while (engine_event(e, &ev))
		if (ev.kind == ENGINE_EV_SPAN)
			*st = ev.u.span;
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int main(void)
{
	int avoid[ROUNDS], alarm[ROUNDS];
	struct engine_span_state st = { .service = SERVICE_FAULT };

	now = (mono_t){ 1000 * NS_PER_S };
	e = engine_on_card();
	if (!e)
		return 1;
	for (int i = 0; i < ROUNDS; i++) {
		for (int ms = 0; ms < 13000 + i; ms++)
			step(&st);
		if (st.service != SERVICE_FULL)
			return 1;
		card_alarm(DAHDI_ABI_RED | DAHDI_ABI_LOS);
		avoid[i] = alarm[i] = 0;
		for (int ms = 1; ms < MOST_MS && !alarm[i]; ms++) {
			step(&st);
			if (!avoid[i] && st.service != SERVICE_FULL)
				avoid[i] = ms;
			if (st.alarms & LINE_LOS)
				alarm[i] = ms;
		}
		if (!alarm[i])
			return 1;
		card_alarm(0);
	}
	engine_free(e);
	qsort(avoid, ROUNDS, sizeof(*avoid), compare);
	qsort(alarm, ROUNDS, sizeof(*alarm), compare);
	printf("alarm_avoid_ms\t%d\tms\n", avoid[ROUNDS / 2]);
	printf("alarm_raise_ms\t%d\tms\n", alarm[ROUNDS / 2]);
	printf("alarm_raise_max_ms\t%d\tms\n", alarm[ROUNDS - 1]);
	return 0;
}
