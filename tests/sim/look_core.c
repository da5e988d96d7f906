/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/look.h"

#include "gateway/call.h"
#include "gateway/cdr_file.h"

void look_core(const struct role *role, struct look_core *out)
{
	const struct core *core = core_of(role);
	const struct core_drops *d = &core->drops;

	*out = (struct look_core){
		.calls = pool_used(core->calls),
		.legs = core->legs.used,
		.seen = core->n.calls[CC_END_SPAN] +
			core->n.calls[CC_END_TRUNK],
		.earlier = core->n.crashed + core->n.resumed,
		.written = core->cdr.stats.written,
		.failed = core->cdr.stats.failures + core->cdr.stats.lost,
		.queued = core->cdr.queued,
		.bad = d->bad_cc + d->bad_media + d->bad_obs,
		.impossible = d->impossible,
		.double_leg = d->double_leg,
		.channel_taken = d->channel_taken,
		.legs_lost = d->legs_lost,
		.media_lost = d->media_lost,
		.no_timer = d->no_timer,
		.unsent = d->unsent,
	};
	for (unsigned i = 0; i < core->conf->n_spans; i++) {
		for (unsigned slot = 0; slot < CORE_SLOTS; slot++) {
			out->owned += core->spans[i].owner[slot] != 0;
		}
	}
	for (unsigned i = 0; i < core->conf->n_trunks; i++) {
		out->trunk_calls += core->trunks[i].calls;
	}
}

static int no_sync(int fd)
{
	(void)fd;
	return 0;
}

void look_core_no_sync(struct role *role)
{
	static struct cdr_io io;

	io = cdr_file_io;
	io.fsync = no_sync;
	core_of(role)->cdr.io = &io;
}
