/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the media role tells the core. */
#include "gateway/call.h"
#include "gateway/nfas_verify.h"

#include "gateway/base/log.h"

#include <string.h>

/* A media that no call wants any more is given back. */
static void close_stale(struct core *core, media_id id)
{
	struct media_close m = {.id = id};

	core->drops.stale_media++;
	if (id != 0 && link_send(&core->media, &m.head, MEDIA_CLOSE,
				 sizeof(m)) != 0) {
		core->drops.unsent++;
	}
}

static void on_opened(struct core *core, const struct media_opened *m)
{
	struct call *call = call_get(core, m->ref);

	if (call == NULL ||
	    (call->media.state != CM_OPENING && !call->media.waits)) {
		close_stale(core, m->id);
	} else {
		call_on_opened(call, m);
	}
}

static void on_closed(struct core *core, const struct media_closed *m)
{
	struct call *call = call_get(core, m->ref);

	if (call == NULL || call->media.state != CM_CLOSING ||
	    call->media.id != m->id) {
		core->drops.stale_media++;
	} else {
		call_on_closed(call, m);
	}
}

static void on_event(struct core *core, const struct media_event *m)
{
	struct call *call = call_get(core, m->ref);

	if (call == NULL || call->media.state != CM_OPEN ||
	    call->media.id != m->id) {
		core->drops.stale_media++;
	} else {
		call_on_event(call, m);
	}
}

static void on_span(struct core *core, const struct media_span *m)
{
	struct core_span *s = &core->spans[m->span];
	bool up = m->up != 0;

	memcpy(s->line_text, m->text, sizeof(s->line_text));
	s->full = m->full != 0;
	if (s->line_up != up) {
		s->line_up = up;
		core_note(core, NULL, "span %s: line %s%s%s",
			  core->conf->spans[m->span].name, up ? "up" : "down",
			  m->text[0] != '\0' ? ": " : "", m->text);
	}
}

static bool addr_ok(const struct net_addr *a)
{
	return a->family == 4 || a->family == 6;
}

static bool is_ok(const struct core *core, const struct link_head *h)
{
	const struct media_opened *o = (const void *)h;
	const struct media_event *e = (const void *)h;
	const struct media_span *s = (const void *)h;

	switch (h->type) {
	case MEDIA_OPENED:
		return h->len == sizeof(*o) &&
		       (o->id == 0 || addr_ok(&o->rtp));
	case MEDIA_EVENT:
		return h->len == sizeof(*e) && e->kind >= MEDIA_EV_RTP &&
		       e->kind <= MEDIA_EV_LEARNT;
	case MEDIA_CLOSED:
		return h->len == sizeof(struct media_closed);
	case MEDIA_SPAN:
		return h->len == sizeof(*s) && s->span < core->conf->n_spans &&
		       memchr(s->text, '\0', sizeof(s->text)) != NULL;
	default:
		return false;
	}
}

void core_on_media(struct core *core, const struct link_head *head)
{
	if (!is_ok(core, head)) {
		core->drops.bad_media++;
		return;
	}
	if (nfas_verify_media(core, head)) {
		return;
	}
	switch (head->type) {
	case MEDIA_OPENED:
		on_opened(core, (const void *)head);
		break;
	case MEDIA_EVENT:
		on_event(core, (const void *)head);
		break;
	case MEDIA_CLOSED:
		on_closed(core, (const void *)head);
		break;
	default:
		on_span(core, (const void *)head);
		break;
	}
}
