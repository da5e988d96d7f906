/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isdn/dchan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "gateway/base/log.h"

#define FCS 2 /* octets that libpri expects after a frame, and adds */

/* libpri cannot free a controller; closed ones are kept in this list, so
 * that leak checkers see that nobody forgot them. */
struct grave {
	struct pri *pri;
	struct grave *next;
};
static struct grave *graves;

static void complain(struct pri *pri, char *line)
{
	struct dchan *d = pri_get_userdata(pri);
	size_t n = strcspn(line, "\n");

	if (!d || !n) {
		return;
	}
	d->stats.complaints++;
	if (n >= sizeof(d->complaint)) {
		n = sizeof(d->complaint) - 1;
	}
	memcpy(d->complaint, line, n);
	d->complaint[n] = '\0';
	log_debug("libpri: %s", d->complaint);
}

static int on_read(struct pri *pri, void *buf, int size)
{
	struct dchan *d = pri_get_userdata(pri);
	size_t len;

	if (!d || !d->rx_len || d->rx_len + FCS > (size_t)size) {
		return 0;
	}
	len = d->rx_len;
	d->rx_len = 0;
	/* bit 8 set everywhere behind it: a chain ends at the latest there */
	memset(buf, 0xff, (size_t)size);
	memcpy(buf, d->rx, len);
	return (int)(len + FCS);
}

static int on_write(struct pri *pri, void *buf, int len)
{
	struct dchan *d = pri_get_userdata(pri);

	if (d && len > FCS) {
		d->stats.tx++;
		d->ops->send(d, buf, (size_t)(len - FCS));
	}
	return len;
}

static const struct dchan *of_gate(const struct gate *gate)
{
	return (const struct dchan *)(const void *)((const char *)gate -
						    offsetof(struct dchan,
							     gate));
}

static bool gate_asks(const struct gate *gate, uint16_t cref, bool ours)
{
	const struct dchan *d = of_gate(gate);

	return d->ops->is_known(d, cref, ours);
}

static uint8_t gate_restart(const struct gate *gate, const struct ie_msg *m)
{
	const struct dchan *d = of_gate(gate);

	return d->ops->restart(d, m);
}

static bool gate_standby(const struct gate *gate)
{
	const struct dchan *d = of_gate(gate);

	return d->ops->standby(d);
}

static void set_timer(struct pri *pri, int timer, uint32_t ms)
{
	if (ms) {
		pri_set_timer(pri, timer, (int)ms);
	}
}

void dchan_configure(struct dchan *d, const struct dchan_config *c)
{
	set_timer(d->pri, PRI_TIMER_T200, c->t200_ms);
	set_timer(d->pri, PRI_TIMER_T203, c->t203_ms);
	set_timer(d->pri, PRI_TIMER_T309, c->t309_ms);
}

/* libpri counts from 1 and cannot be told otherwise. After a restart the far
 * end may still hold calls of those references, and would ignore a SETUP. */
static void skip_crefs(struct pri *pri, unsigned n)
{
	while (n--) {
		pri_destroycall(pri, pri_new_call(pri));
	}
}

int dchan_open(struct dchan *d, struct loop *loop,
	       const struct dchan_config *c, const struct dchan_ops *ops)
{
	*d = (struct dchan){ .loop = loop, .ops = ops };
	d->network = c->network;
	d->gate.is_known = gate_asks;
	d->gate.restart = gate_restart;
	d->gate.standby = gate_standby;
	d->gate.maintenance = c->ni2;
	pri_set_message(complain);
	pri_set_error(complain);
	d->pri = pri_new_cb(-1, c->network ? PRI_NETWORK : PRI_CPE,
			    c->ni2 ? PRI_SWITCH_NI2 : PRI_SWITCH_EUROISDN_E1,
			    on_read, on_write, d);
	if (!d->pri) {
		return -ENOMEM;
	}
	if (c->primary) {
		pri_enslave(c->primary, d->pri);
	}
	dchan_configure(d, c);
	skip_crefs(d->pri, c->first_cref % 16384);
	pri_hangup_fix_enable(d->pri, 1);
	/* Sending complete only when we say so; NI2 has neither */
	pri_set_overlapdial(d->pri, !c->ni2);
	if (c->ni2 || c->facility) {
		pri_facility_enable(d->pri);
	}
	if (!c->network) {
		/* Display is for the network to send; NI2's name has an
		 * element of its own */
		pri_display_options_send(d->pri, PRI_DISPLAY_OPTION_BLOCK);
	}
	dchan_settle(d);
	return 0;
}

void dchan_close(struct dchan *d)
{
	struct grave *g;

	if (!d->pri) {
		return;
	}
	timer_stop(d->loop, &d->timer);
	pri_set_userdata(d->pri, NULL);
	g = malloc(sizeof(*g));
	if (g) {
		*g = (struct grave){ d->pri, graves };
		graves = g;
	}
	d->pri = NULL;
}

static void on_timer(struct timer *t)
{
	struct dchan *d = container_of(t, struct dchan, timer);
	pri_event *e;

	while (d->pri && (e = pri_schedule_run(d->pri))) {
		d->ops->event(d, e, NULL);
	}
	dchan_settle(d);
}

void dchan_settle(struct dchan *d)
{
	struct timeval *next, now;
	int64_t us;

	if (!d->pri) {
		return;
	}
	next = pri_schedule_next(d->pri);
	if (!next) {
		timer_stop(d->loop, &d->timer);
		return;
	}
	gettimeofday(&now, NULL);
	us = (int64_t)(next->tv_sec - now.tv_sec) * 1000000 +
	     (next->tv_usec - now.tv_usec);
	if (us < 0) {
		us = 0;
	}
	timer_start_at(d->loop, &d->timer, on_timer,
		       mono_add_ns(loop_now(d->loop), us * 1000));
}

/* The message in a frame that went through the gate; NULL: none. */
static const struct ie_msg *message_of(struct ie_msg *m, const uint8_t *frame,
				       size_t len)
{
	struct lapd f;

	if (lapd_parse(&f, frame, len) < 0 || f.kind != LAPD_I ||
	    ie_msg_parse(m, f.info, f.info_len) < 0) {
		return NULL;
	}
	return m;
}

void dchan_receive(struct dchan *d, const uint8_t *frame, size_t len)
{
	uint8_t clean[GATE_FRAME];
	struct gate_result r;
	struct ie_msg m;
	pri_event *e;

	if (!d->pri) {
		return;
	}
	d->stats.rx++;
	r = gate_frame(&d->gate, frame, len, clean, &d->rx_len);
	d->ops->seen(d, frame, len, &r);
	if (!d->rx_len) {
		return;
	}
	d->rx = clean;
	len = d->rx_len;
	e = pri_check_event(d->pri);
	if (e) {
		d->ops->event(d, e, message_of(&m, clean, len));
	}
	d->rx = NULL;
	d->rx_len = 0;
	dchan_settle(d);
}

void dchan_probe(struct dchan *d)
{
	uint8_t rr[] = { d->network ? 0x02 : 0x00, 0x01, 0x01, 0x01 };

	d->stats.tx++;
	d->ops->send(d, rr, sizeof(rr));
}

/* libpri takes note where the messages of a call come from; so it gets one, a
 * notification that says nothing, outside the numbering of layer 2. */
void dchan_adopt(struct dchan *d, uint16_t cref, bool ours)
{
	const uint8_t ui[] = { d->network ? 0x00 : 0x02, 0x01, 0x03, 0x08,
			       2, (uint8_t)((ours ? 0x80 : 0) | cref >> 8),
			       (uint8_t)cref, Q931_NOTIFY,
			       IE_NOTIFY, 1, 0xff };

	d->rx = ui;
	d->rx_len = sizeof(ui);
	pri_check_event(d->pri);
	d->rx = NULL;
	d->rx_len = 0;
}

uint16_t dchan_cref(struct dchan *d, q931_call *call)
{
	int low = 0, high = pri_get_crv(d->pri, call, &low);

	return (uint16_t)(high << 3 | low);
}
