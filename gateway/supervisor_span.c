/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spans that go out of service and come back one by one. */
#include "gateway/supervisor_priv.h"

#include "conf/load.h"
#include "gateway/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The D channel of a span that is off. Those of an NFAS group go on: it is
 * the line alone that they lose. */
bool supervisor_is_off(const struct supervisor *s, const struct child *c)
{
	return c->role == ROLE_ISDN && s->off[c->index] &&
	       !s->conf->spans[c->index].isdn.nfas.leader;
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

static struct child *dchannel_of(struct supervisor *s, unsigned span)
{
	for (unsigned i = 0; i < s->n_children; i++) {
		struct child *c = &s->children[i];

		if (c->role == ROLE_ISDN && c->index == span &&
		    !s->conf->spans[span].isdn.nfas.leader) {
			return c;
		}
	}
	return NULL;
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
	if (on && d && d->state == CHILD_DOWN) {
		timer_stop(s->loop, &d->restart);
		supervisor_restart(&d->restart);
	} else if (on && d && d->state == CHILD_STOPPING) {
		child_plan_restart(d, supervisor_restart);
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
	       (strlen(s->conf->spans[i].name) != len ||
		memcmp(s->conf->spans[i].name, arg, len))) {
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

/* What the new file says of each span: in service or not, and a D channel
 * with other settings begins anew. */
void supervisor_apply(struct supervisor *s, const struct conf *was)
{
	for (unsigned i = 0; i < s->conf->n_spans; i++) {
		const struct conf_span *a = &was->spans[i];
		const struct conf_span *b = &s->conf->spans[i];

		if (a->shutdown != b->shutdown &&
		    s->off[i] != b->shutdown) {
			supervisor_switch(s, i, !b->shutdown);
		} else if (!s->off[i] &&
			   memcmp(&a->isdn, &b->isdn, sizeof(a->isdn))) {
			restart_span(s, i);
		}
	}
}
