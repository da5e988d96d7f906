/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Engine threads that a card's driver holds: a read or write that must not block
 * (O_NONBLOCK), and does. All spans of the thread stand still meanwhile.
 *
 *	a call lasts from one look to the next	interrupted, at each look; the
 *						line is left alone for a while
 *						by itself
 *	after VAIN_MS it is still there		the driver takes no signals: the
 *						thread's spans are out of service
 *						until it is back
 */
#include "media/role_priv.h"

#include <stdio.h>
#include <string.h>

enum { VAIN_MS = 2000, VAIN = VAIN_MS / MEDIA_LOOK_MS };

/* Those of the thread, as "a, b". */
static const char *names_of(const struct media_role *m, unsigned thread,
			    char *to, size_t size)
{
	size_t len = 0;

	to[0] = '\0';
	for (unsigned i = 0; i < m->conf.n_spans && len < size; i++)
		if (media_has_span(m, i) &&
		    engine_thread_of(m->engine, i) == thread)
			len += (size_t)snprintf(to + len, size - len, "%s%s",
						len ? ", " : "",
						m->conf.spans[i].name);
	return to;
}

/* What the thread would tell, if it could. */
static void stand_still(struct media_role *m, unsigned thread)
{
	for (unsigned i = 0; i < m->conf.n_spans; i++) {
		struct engine_event ev = { .kind = ENGINE_EV_SPAN };

		if (!m->spans[i].known ||
		    engine_thread_of(m->engine, i) != thread)
			continue;
		ev.u.span = m->spans[i].state;
		ev.u.span.span = (uint16_t)i;
		ev.u.span.defects |= LINE_STALLED;
		ev.u.span.alarms |= LINE_STALLED;
		ev.u.span.service = SERVICE_LOST;
		media_on_event(m, &ev);
	}
}

static void on_held(struct media_role *m, unsigned span)
{
	unsigned thread = engine_thread_of(m->engine, span);
	struct span_held *h = &m->spans[span].held;
	char names[200];

	engine_interrupt(m->engine, span);
	if (++h->looks != VAIN)
		return;
	stand_still(m, thread);
	log_err("span %s: a read or write of its driver does not return: engine "
		"thread %u stands still, with the spans %s: see dmesg (with "
		"media.cpus there are more threads)", m->conf.spans[span].name,
		thread, names_of(m, thread, names, sizeof(names)));
}

static void on_free(struct media_role *m, unsigned span)
{
	struct span_held *h = &m->spans[span].held;
	unsigned n;

	if (h->looks >= VAIN) {
		log_warn("span %s: its driver has returned after %u s",
			 m->conf.spans[span].name,
			 h->looks * MEDIA_LOOK_MS / 1000);
	} else if (h->looks) {
		n = log_allow(&h->limit, loop_now(m->role.loop).ns);
		if (n)
			log_warn("span %s: a read or write of its driver waited "
				 "though it must not, for %u ms; it is left "
				 "alone for a while (%u times): see dmesg",
				 m->conf.spans[span].name,
				 h->looks * MEDIA_LOOK_MS, n);
	}
	h->looks = 0;
}

void media_look_for_held(struct media_role *m)
{
	for (unsigned i = 0; i < m->conf.n_spans; i++) {
		struct span_held *h = &m->spans[i].held;
		unsigned calls = m->running[i] ? line_calls(m->running[i]) : 0;

		if (calls % 2 && calls == h->calls)
			on_held(m, i);
		else
			on_free(m, i);
		h->calls = calls;
	}
}
