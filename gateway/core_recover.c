/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After a crash: the journal has the calls that were up, and those whose CDR
 * was still on its way to the disk. Answered ones go on, if the roles still
 * have them (core_keep.c). The others get their CDR now, once: a number that
 * the disk already knows was written before the end came.
 */
#include "gateway/call.h"

#include "gateway/base/log.h"
#include "gateway/base/str.h"

#include <stdlib.h>

struct found {
	uint64_t seq; /* 0 sorts last: has no number yet */
	int slot;
};

static int by_seq(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->seq != y->seq) {
		return x->seq - 1 < y->seq - 1 ? -1 : 1;
	}
	return x->slot - y->slot;
}

static int64_t since(int64_t from, int64_t to)
{
	return from != 0 && to > from ? to - from : 0;
}

/* The loop's clock of that life is gone: durations by the wall clock. */
static void end_by_crash(struct core *core, struct cdr *cdr)
{
	int64_t now = loop_wall_ms(core->role.loop);

	cdr->t.end = now;
	cdr->t.dur_ms = since(cdr->t.setup, now);
	cdr->t.bill_ms = since(cdr->t.answer, now);
	cdr->end.ended = 1;
	cdr->end.by = CDR_BY_CRASH;
	cdr->end.cause = (struct cc_cause){CAUSE_TEMPORARY, CC_LOC_NONE};
	str_copy(cdr->end.reason, sizeof(cdr->end.reason),
		 "core was killed; end is the time of its restart");
	core->n.crashed++;
}

static void recover_one(struct core *core, const struct found *f,
			uint64_t last)
{
	struct call_record r;
	struct cdr *cdr = &r.cdr;

	if (journal_next(&core->journal, f->slot - 1, &r) != f->slot) {
		return;
	}
	if (cdr->seq != 0 && cdr->seq <= last) {
		journal_drop(&core->journal, f->slot);
		return;
	}
	if (!cdr->end.ended && cdr->t.answer != 0 &&
	    call_resume_record(core, f->slot, &r)) {
		return;
	}
	if (!cdr->end.ended) {
		end_by_crash(core, cdr);
	}
	core->n.ended[cdr->end.cause.value & 127]++;
	core->n.ended_by[cdr->end.by % 5]++;
	cdr->seq = core->cdr.next_seq;
	journal_put(&core->journal, f->slot, &r);
	cdr_log_put(&core->cdr, cdr, f->slot);
}

void core_recover(struct core *core)
{
	unsigned n = core->journal.used, i = 0;
	struct found *all = calloc(n + 1u, sizeof(*all));
	uint64_t last = cdr_log_start(&core->cdr);
	struct call_record r;

	if (all == NULL) {
		log_err("core: no memory to read the journal");
		return;
	}
	for (int slot = journal_next(&core->journal, -1, &r);
	     slot >= 0 && i < n;
	     slot = journal_next(&core->journal, slot, &r)) {
		all[i].seq = r.cdr.seq;
		all[i++].slot = slot;
	}
	qsort(all, i, sizeof(*all), by_seq);
	for (unsigned k = 0; k < i; k++) {
		recover_one(core, &all[k], last);
	}
	free(all);
	call_join_recovered(core);
	if (core->n.crashed > 0) {
		log_warn("core: %llu calls were lost when it was killed",
			 (unsigned long long)core->n.crashed);
	}
	if (pool_used(core->calls) > 0) {
		log_info("core: %u answered calls are to go on",
			 pool_used(core->calls));
	}
}
