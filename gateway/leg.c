/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/leg.h"

/* One space per link: a span, or all trunks. */
static unsigned space_of(struct cc_end end)
{
	return end.kind == CC_END_SPAN ? end.index : 256;
}

static unsigned bucket_of(struct cc_end end, leg_id id)
{
	return (id * 2654435761u + space_of(end) * 40503u) >> 20 &
	       (LEG_BUCKETS - 1);
}

struct leg *leg_find(const struct leg_table *t, struct cc_end end, leg_id id)
{
	struct leg *leg = t->buckets[bucket_of(end, id)];

	while (leg != NULL &&
	       (leg->id != id || space_of(leg->end) != space_of(end))) {
		leg = leg->next;
	}
	return leg;
}

void leg_add(struct leg_table *t, struct leg *leg)
{
	struct leg **b = &t->buckets[bucket_of(leg->end, leg->id)];

	leg->next = *b;
	*b = leg;
	t->used++;
}

void leg_remove(struct leg_table *t, struct leg *leg)
{
	struct leg **p = &t->buckets[bucket_of(leg->end, leg->id)];

	while (*p != NULL && *p != leg) {
		p = &(*p)->next;
	}
	if (*p == leg) {
		*p = leg->next;
		t->used--;
	}
}
