/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/service.h"

#include <string.h>

/* tick */
void service_init(struct service *s, uint16_t hold_ms, uint16_t far_hold_ms,
		  mono_t now)
{
	memset(s, 0, sizeof(*s));
	s->hold_ms = hold_ms;
	s->far_hold_ms = far_hold_ms > hold_ms ? far_hold_ms : hold_ms;
	s->at = now;
	s->good = mono_add_ms(now, -SERVICE_SETTLE_MS);
}

/* Time in fault so far, between nothing and the hold-off; what passed since
 * the last update was of the state that it saw. Is the hold-off over? */
static bool is_over(int64_t *spent_ns, bool was, bool is, int64_t ns,
		    uint16_t hold_ms)
{
	int64_t most = hold_ms * NS_PER_MS;

	*spent_ns += was ? ns : -ns;
	if (*spent_ns < 0)
		*spent_ns = 0;
	if (*spent_ns > most)
		*spent_ns = most;
	return is && *spent_ns >= most;
}

/* tick */
enum service_state service_update(struct service *s, unsigned defects,
				  unsigned alarms, mono_t now)
{
	int64_t ns = mono_diff_ns(now, s->at);
	unsigned was = s->defects;
	bool fault = defects & LINE_OUT;
	bool near = is_over(&s->near_ns, was & LINE_OUT_NEAR,
			    defects & LINE_OUT_NEAR, ns, s->hold_ms);
	bool far = is_over(&s->far_ns, was & LINE_OUT_FAR,
			   defects & LINE_OUT_FAR, ns, s->far_hold_ms);

	s->at = now;
	s->defects = defects;
	if (defects & (LINE_OUT | LINE_RECOVERING))
		s->good = now;
	if (near || far || (fault && s->state == SERVICE_LOST))
		s->state = SERVICE_LOST;
	else if (fault)
		s->state = SERVICE_FAULT;
	else if (alarms & LINE_OUT || defects & LINE_RECOVERING ||
		 mono_diff_ms(now, s->good) < SERVICE_SETTLE_MS)
		s->state = SERVICE_RECOVERING;
	else
		s->state = SERVICE_FULL;
	return s->state;
}
