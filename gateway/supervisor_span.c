/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spans that go out of service and come back one by one. */
#include "gateway/supervisor_priv.h"

#include "conf/load.h"
#include "gateway/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The D channel of a span that is off, or has come to a group. Those of an NFAS
 * group go on: it is the line alone that they lose. */
bool supervisor_is_off(const struct supervisor *s, const struct child *c)
{
	return c->role == ROLE_ISDN &&
	       (conf_leader(s->conf->spans, c->index) != c->index ||
		(s->off[c->index] &&
		 !s->conf->spans[c->index].isdn.nfas.leader));
}

struct child *supervisor_child(struct supervisor *s, enum role_id role)
{
	for (unsigned i = 0; i < s->n_children; i++) {
		if (s->children[i].role == role) {
			return &s->children[i];
		}
	}
	return NULL;
}

struct child *supervisor_isdn(struct supervisor *s, unsigned span)
{
	for (unsigned i = 0; i < s->n_children; i++) {
		struct child *c = &s->children[i];

		if (c->role == ROLE_ISDN && c->index == span) {
			return c;
		}
	}
	return NULL;
}

static struct child *dchannel_of(struct supervisor *s, unsigned span)
{
	return s->conf->spans[span].isdn.nfas.leader ? NULL
						     : supervisor_isdn(s, span);
}

/* c: NULL: another span of the group has it. One that is still leaving begins
 * anew when it is gone. */
static void start_dchannel(const struct supervisor *s, struct child *c)
{
	if (c && !supervisor_is_off(s, c) && c->state == CHILD_DOWN) {
		supervisor_restart(&c->restart);
	}
}

/* Off: its D channel's process leaves, which releases its calls, then the
 * line is down and its device free. The others do not notice. */
void supervisor_switch(struct supervisor *s, unsigned index, bool on)
{
	struct child *media = supervisor_child(s, ROLE_MEDIA), *d = dchannel_of(s, index);

	log_info("span %s: %s service", s->conf->spans[index].name,
		 on ? "into" : "out of");
	s->off[index] = !on;
	s->restart[index] = false;
	if (!on && d) {
		child_stop(d);
	}
	sockets_switch(s->sockets, index, on);
	if (media && child_is_running(media)) {
		child_tell(media, CTL_SPAN, on, index, -1);
	}
	if (on) {
		timer_start(s->loop, &s->renew_timer, s->renew, 0);
	}
	if (on && d) {
		timer_stop(s->loop, &d->restart);
		start_dchannel(s, d);
	}
}

static void restart_span(struct supervisor *s, unsigned index)
{
	const struct child *d = dchannel_of(s, index);

	if (!s->off[index]) {
		supervisor_switch(s, index, false);
	}
	if (d && d->state != CHILD_DOWN) {
		s->restart[index] = true;
	} else {
		supervisor_switch(s, index, true);
	}
}

/* "NAME up|down|restart" */
int supervisor_span(struct supervisor *s, const char *arg, char *text,
		    size_t size)
{
	const char *what = strchr(arg, ' ');
	size_t len = what ? (size_t)(what - arg) : strlen(arg);
	unsigned i = 0;

	while (i < s->conf->n_spans &&
	       (s->conf->spans[i].gone ||
		strlen(s->conf->spans[i].name) != len ||
		memcmp(s->conf->spans[i].name, arg, len) != 0)) {
		i++;
	}
	if (i == s->conf->n_spans || s->phase != PHASE_RUN) {
		snprintf(text, size, i == s->conf->n_spans
					     ? "there is no such span: "
					       "trunkctl spans"
					     : "draining; nothing was changed");
		return -EINVAL;
	}
	snprintf(text, size, "span %s: done", s->conf->spans[i].name);
	if (what && !strcmp(what, " down")) {
		if (!s->off[i]) {
			supervisor_switch(s, i, false);
		}
	} else if (what && !strcmp(what, " up")) {
		if (s->off[i]) {
			supervisor_switch(s, i, true);
		}
	} else if (what && !strcmp(what, " restart")) {
		restart_span(s, i);
	} else {
		snprintf(text, size, "usage: span NAME up|down|restart");
		return -EINVAL;
	}
	return 0;
}

/* --- reload --- */

enum { LET_GO_MS = 500 }; /* for media to close what was there before */

/* Media has been told of it, and gets its line when that is open. */
static void enter(struct supervisor *s, unsigned index)
{
	struct child *media = supervisor_child(s, ROLE_MEDIA);

	log_info("span %s: new", s->conf->spans[index].name);
	s->off[index] = s->conf->spans[index].shutdown || s->stays_off[index];
	s->stays_off[index] = false;
	s->restart[index] = false;
	sockets_add(s->sockets, s->conf, index);
	sockets_switch(s->sockets, index, !s->off[index]);
	if (s->off[index] && media && child_is_running(media)) {
		child_tell(media, CTL_SPAN, false, index, -1);
	}
	timer_start(s->loop, &s->renew_timer, s->renew, LET_GO_MS);
	start_dchannel(s, supervisor_add_isdn(s, index));
}

/* Its D channel's process, which in a group goes on when its line is off, has no
 * line any more. */
static void leave(struct supervisor *s, unsigned index)
{
	struct child *d = dchannel_of(s, index);

	if (!s->off[index]) {
		supervisor_switch(s, index, false);
	} else if (d) {
		child_stop(d);
	}
	log_info("span %s: removed", s->conf->spans[index].name);
	sockets_remove(s->sockets, index);
}

/* A D channel with other settings begins anew, be it a group's. */
static void restart_dchannel(struct supervisor *s, unsigned index)
{
	unsigned leader = s->conf->spans[index].isdn.nfas.leader;
	struct child *group = leader ? supervisor_isdn(s, leader - 1) : NULL;

	if (group) {
		child_stop(group);
	} else if (!leader && !s->off[index]) {
		restart_span(s, index);
	}
}

static void adapt(struct supervisor *s, unsigned index,
		  const struct conf_span *was)
{
	const struct conf_span *is = &s->conf->spans[index];

	if (was->shutdown != is->shutdown && s->off[index] != is->shutdown) {
		supervisor_switch(s, index, !is->shutdown);
	} else if (conf_span_cost(was, is) == CONF_COST_SPAN) {
		restart_dchannel(s, index);
	}
}

/* What the new file says of each span: is it there, in service or not? */
void supervisor_apply(struct supervisor *s, const struct conf *was)
{
	for (unsigned i = 0; i < s->conf->n_spans; i++) {
		bool there = i < was->n_spans && !was->spans[i].gone;
		bool gone = s->conf->spans[i].gone;

		if (there && gone) {
			leave(s, i);
		} else if (!there && !gone) {
			enter(s, i);
		} else if (there) {
			adapt(s, i, &was->spans[i]);
		}
	}
}
