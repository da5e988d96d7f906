/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
/* The torture messages against the whole sip role with a call up: each gives
 * the verdict of expected.tsv, and the call and the next call do not notice. */
#include "tests/stack/sip_rig.h"
#include "tests/stack/torture.h"

#include "gateway/base/log.h"

static leg_id up; /* the call that must survive */

/* The core knows no number. */
static void refuse(struct rig *r, const struct cc_msg *m)
{
	(void)r;
	if (m->head.type == CC_SETUP) {
		core_releases(m->leg, CAUSE_UNALLOCATED);
	}
	ck_assert_uint_ne(m->leg, up);
}

/* The final answer to what was received, or "drop". */
static void verdict_of(unsigned from, const char *kind, char out[16])
{
	int status = 0;

	strcpy(out, "drop");
	for (unsigned i = from; i < rig.n_sent; i++) {
		if (sscanf(rig.sent[i].text, "SIP/2.0 %d", &status) != 1 ||
		    status < 200) {
			continue;
		}
		ck_assert_msg(!strcmp(out, "drop") || atoi(out) == status,
			      "two answers, %s and %d", out, status);
		snprintf(out, 16, "%d", status);
	}
	/* 404: no such user; 484: its name is no number; 481: the To has a
	 * tag of no dialog of ours (wsinv). */
	if (!strcmp(kind, "INVITE") && strstr("404 484 481", out)) {
		strcpy(out, "processed");
	}
}

static bool one(const struct torture_row *row)
{
	struct net_addr peer = address(PEER_IP ":5060");
	static char data[65536];
	size_t n = torture_load(row->file, data, sizeof(data));
	unsigned from = rig.n_sent;
	char verdict[16];

	rig.on_cc = refuse;
	sip_transport_inject(sip_stack_transport(sip_role_stack(rig.role)), 0,
			     &peer, data, n);
	wait_ms(400);
	rig.on_cc = NULL;
	verdict_of(from, row->kind, verdict);
	if (!torture_allows(row->expected, verdict)) {
		printf("%s: %s, expected %s\n", row->file, verdict,
		       row->expected);
		return false;
	}
	return true;
}

START_TEST(torture_with_a_call_up)
{
	FILE *f = fopen(TORTURE "expected.tsv", "r");
	struct torture_row row;
	unsigned rows = 0, wrong = 0;
	const char *ok;
	char kept[RIG_TEXT];
	leg_id next;

	ck_assert_ptr_nonnull(f);
	while (torture_next(f, &row)) {
		rig_conf();
		rig_open();
		ok = take_and_answer(&up, "survivor");
		strcpy(kept, ok);
		wrong += !one(&row);
		rows++;
		rig.seen = rig.n_sent;
		rig.cc_seen = rig.n_cc;
		take_and_answer(&next, "next");
		request_in("BYE", kept, NULL, NULL, NULL);
		expect_sent("SIP/2.0 200");
		ck_assert_uint_eq(expect_cc(CC_RELEASED)->leg, up);
		rig_close();
	}
	fclose(f);
	ck_assert_uint_eq(rows, 62);
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

static void quiet(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

int main(void)
{
	const TTest *const tests[] = {torture_with_a_call_up, NULL};

	log_set_sink(quiet);
	return rig_run("torture_role", tests);
}
