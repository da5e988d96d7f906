/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/ecproc/watch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "media/law.h"

/* Below this Rin is silence, and says nothing about the echo. */
static const double quiet_dbm0 = -60;

void watch_init(struct watch *w, uint8_t flags)
{
	memset(w, 0, sizeof(*w));
	w->flags = flags;
}

/* An event of this second; the same one is told once. */
static void tell(struct watch *w, const char *event)
{
	size_t used = strlen(w->text);

	if (!strstr(w->text, event))
		snprintf(w->text + used, sizeof(w->text) - used, " %s",
			 event);
}

static void watch_canceller(struct watch *w, const struct echo_stats *now)
{
	if (now->converged != w->before.converged)
		tell(w, now->converged ? "converged" : "lost");
	if (now->path_changes != w->before.path_changes)
		tell(w, "path-change");
	if (now->divergences != w->before.divergences)
		tell(w, "divergence");
	if (now->double_talk)
		tell(w, "double-talk");
	if (now->narrow_band)
		tell(w, "narrow-band");
	w->before = *now;
}

static void watch_modem(struct watch *w, const struct modem *now, bool line)
{
	enum modem_state *state = line ? &w->line : &w->sent;
	bool *cng = line ? &w->line_cng : &w->sent_cng;

	if (now->cng && !*cng)
		tell(w, line ? "near:1100Hz" : "far:1100Hz");
	*cng = now->cng;
	if (now->state == *state)
		return;
	*state = now->state;
	switch (now->state) {
	case MODEM_NONE:
		tell(w, line ? "near:quiet" : "far:quiet");
		break;
	case MODEM_ANSWER:
		tell(w, line ? "near:2100Hz" : "far:2100Hz");
		break;
	case MODEM_REVERSED:
		tell(w, line ? "near:2100Hz-reversed" : "far:2100Hz-reversed");
		break;
	}
}

static void watch_flags(struct watch *w, uint8_t now)
{
	uint8_t changed = now ^ w->flags;

	if (changed & ECHO_ON)
		tell(w, now & ECHO_ON ? "canceller-on" : "canceller-off");
	if (changed & ECHO_NLP)
		tell(w, now & ECHO_NLP ? "nlp-on" : "nlp-off");
	w->flags = now;
}

static void watch_digit(struct watch *w, char seen)
{
	char digit = dtmf_track(&w->digits, seen);
	char text[] = "near:digit-?";

	if (digit && digit != w->digit) {
		text[sizeof(text) - 2] = digit;
		tell(w, text);
	}
	w->digit = digit;
}

void watch_block(struct watch *w, const struct lane_group *g,
		 const struct lane_block *b, size_t n)
{
	struct echo_stats now;

	w->n += n;
	w->at += n;
	watch_modem(w, &g->lanes[0].far, false);
	watch_modem(w, &g->lanes[0].line, true);
	watch_flags(w, g->lanes[0].flags);
	watch_digit(w, b->digit[0]);
	if (lane_group_stats(g, 0, &now))
		watch_canceller(w, &now);
}

static double energy(const int16_t *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)x[i] * x[i];
	return sum;
}

void watch_levels(struct watch *w, const int16_t *far, const int16_t *near,
		  const int16_t *out, size_t n)
{
	w->far += energy(far, n);
	w->near += energy(near, n);
	w->out += energy(out, n);
}

static double dbm0(double sum, size_t n)
{
	double power = (double)LAW_PEAK_0DBM0 * (double)LAW_PEAK_0DBM0 / 2;

	return 10 * log10(sum / ((double)n * power) + 1e-10);
}

void watch_head(void)
{
	printf("#   s    far   near    out    erl   erle  events\n");
}

void watch_print(struct watch *w, bool end)
{
	double far, near, out;

	if (!w->n || (w->n < WATCH_RATE && !end))
		return;
	far = dbm0(w->far, w->n);
	near = dbm0(w->near, w->n);
	out = dbm0(w->out, w->n);
	printf("%7.2f %6.1f %6.1f %6.1f", (double)w->at / WATCH_RATE, far,
	       near, out);
	if (far > quiet_dbm0)
		printf(" %6.1f %6.1f", far - near, near - out);
	else
		printf("      -      -");
	printf(" %s\n", w->text);
	w->far = w->near = w->out = 0;
	w->n = 0;
	w->text[0] = '\0';
}

void watch_summary(const struct watch *w, const struct lane_group *g)
{
	const struct echo_stats *s = &w->before;

	printf("erl %.1f dB, erle %.1f dB, acom %.1f dB, echo at %.1f ms, "
	       "%u path changes, %u divergences (%s)\n",
	       (double)s->erl_db, (double)s->erle_db, (double)s->acom_db,
	       s->tail_samples / 8.0, s->path_changes, s->divergences,
	       echo_group_isa(g->echo));
}
