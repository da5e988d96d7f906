/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/pbxsim/tally.h"

#include <errno.h>
#include <string.h>

#include "gateway/base/str.h"

enum { CAUSE_NO_RESPONSE = 18, VALUE_MAX = 1000000 };

static const char *const names[TALLY_KEYS] = {
	"made",	   "received",	"ended",	 "answered",
	"made_answered", "received_answered",
	"busy",	   "no_answer", "failed",	 "digits",
	"line_downs", "channels_busy",
};

static int find_key(struct tally_expect *e, const char *name)
{
	uint32_t cause;

	e->is_cause = !strncmp(name, "cause.", 6);
	if (e->is_cause) {
		if (str_to_u32(name + 6, TALLY_CAUSES - 1, &cause) < 0) {
			return -EINVAL;
		}
		e->key = cause;
		return 0;
	}
	for (e->key = 0; e->key < TALLY_KEYS; e->key++) {
		if (!strcmp(names[e->key], name)) {
			return 0;
		}
	}
	return -EINVAL;
}

static int expect_one(struct tally *t, char *pair)
{
	struct tally_expect *e = &t->expect[t->expects];
	char *eq = strchr(pair, '=');
	uint32_t value;

	if (!eq || t->expects == TALLY_EXPECTS) {
		return -EINVAL;
	}
	*eq = '\0';
	if (find_key(e, pair) < 0 ||
	    str_to_u32(eq + 1, VALUE_MAX, &value) < 0) {
		return -EINVAL;
	}
	e->value = value;
	t->expects++;
	return 0;
}

int tally_expect(struct tally *t, const char *text)
{
	char copy[256], *p, *save;

	if (!str_copy(copy, sizeof(copy), text)) {
		return -EINVAL;
	}
	for (p = strtok_r(copy, ",", &save); p;
	     p = strtok_r(NULL, ",", &save)) {
		if (expect_one(t, p) < 0) {
			return -EINVAL;
		}
	}
	return 0;
}

void tally_ended(struct tally *t, const struct tally_end *e)
{
	unsigned cause = e->cause.value % TALLY_CAUSES;

	t->count[TALLY_ENDED]++;
	t->causes[cause]++;
	if (e->answered) {
		t->count[TALLY_ANSWERED]++;
		t->count[e->made ? TALLY_MADE_ANSWERED :
				   TALLY_RECEIVED_ANSWERED]++;
		return;
	}
	t->unanswered[cause]++;
	if (cause == CAUSE_USER_BUSY) {
		t->count[TALLY_BUSY]++;
	} else if (e->given_up || (!e->made && cause == CAUSE_NORMAL) ||
		   cause == CAUSE_NO_ANSWER || cause == CAUSE_NO_RESPONSE) {
		t->count[TALLY_NO_ANSWER]++;
	} else {
		t->count[TALLY_FAILED]++;
	}
}

static void report_causes(struct report *r, const char *key,
			  const unsigned *count)
{
	char name[12];

	report_obj(r, key);
	for (unsigned i = 0; i < TALLY_CAUSES; i++) {
		if (count[i]) {
			snprintf(name, sizeof(name), "%u", i);
			report_int(r, name, count[i]);
		}
	}
	report_close(r);
}

void tally_report(const struct tally *t, struct report *r)
{
	report_int(r, "offered",
		   t->count[TALLY_MADE] + t->count[TALLY_RECEIVED]);
	for (unsigned i = 0; i < TALLY_KEYS; i++) {
		report_int(r, names[i], t->count[i]);
	}
	report_causes(r, "unanswered_by_cause", t->unanswered);
	report_causes(r, "causes", t->causes);
}

static bool check(struct report *r, const char *key, unsigned want,
		  unsigned got)
{
	if (want == got) {
		return true;
	}
	report_begin(r, "unexpected");
	report_str(r, "key", key);
	report_int(r, "expected", want);
	report_int(r, "found", got);
	report_end(r);
	return false;
}

bool tally_verdict(const struct tally *t, struct report *r)
{
	bool good = true;
	char name[16];

	if (!t->expects) {
		return check(r, "made_answered", t->count[TALLY_MADE],
			     t->count[TALLY_MADE_ANSWERED]);
	}
	for (unsigned i = 0; i < t->expects; i++) {
		const struct tally_expect *e = &t->expect[i];

		snprintf(name, sizeof(name), "cause.%u", e->key);
		good &= check(r, e->is_cause ? name : names[e->key], e->value,
			      e->is_cause ? t->unanswered[e->key] :
					    t->count[e->key]);
	}
	return good;
}
