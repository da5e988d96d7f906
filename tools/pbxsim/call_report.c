/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is printed of calls. */
#include "tools/pbxsim/call_priv.h"

static void begin(struct call *c, const char *ev)
{
	report_begin(c->all->report, ev);
	report_int(c->all->report, "call", c->number);
}

void call_state_event(struct call *c, const char *state)
{
	begin(c, "call");
	report_str(c->all->report, "dir", c->made ? "made" : "received");
	report_str(c->all->report, "state", state);
	if (c->channel && c->all->span->n_wires > 1) {
		report_int(c->all->report, "line", c->wire);
	}
	if (c->channel) {
		report_int(c->all->report, "channel", c->channel);
	}
}

void call_report_progress(struct call *c, uint8_t progress)
{
	if (progress & CC_PROG_INBAND) {
		report_bool(c->all->report, "inband", true);
	}
	if (progress & CC_PROG_NON_ISDN_DEST) {
		report_bool(c->all->report, "non_isdn_dest", true);
	}
	if (progress & CC_PROG_NON_ISDN_ORIG) {
		report_bool(c->all->report, "non_isdn_orig", true);
	}
}

static const char *bearer_name(uint8_t bearer)
{
	static const char *const names[] = { "speech", "audio", "data",
					     "restricted", "video", "other" };

	return bearer <= CC_BEARER_OTHER ? names[bearer] : "?";
}

void call_report_setup(struct call *c, const struct cc_msg *m)
{
	struct report *r = c->all->report;

	call_state_event(c, "setup");
	report_number(r, "called", &m->called);
	report_number(r, "calling", &m->calling);
	report_number(r, "asserted", &m->asserted);
	report_number(r, "redirecting", &m->redirecting);
	if (m->name[0]) {
		report_str(r, "name", m->name);
	}
	report_str(r, "bearer", bearer_name(m->bearer));
	call_report_progress(c, m->progress);
	report_end(r);
}

void call_report_heard(struct call *c)
{
	struct report *r = c->all->report;
	const struct hear_level *l = &c->voice->hear.level;

	begin(c, "heard");
	report_num(r, "level_dbm0", level_dbm0(l), 2);
	report_num(r, "loudest_dbm0", level_loudest_dbm0(l), 2);
	report_num(r, "sound_s", (double)l->samples / 8000, 2);
	report_num(r, "heard_s", (double)l->all / 8000, 2);
	report_num(r, "sent_dbm0", level_dbm0(&c->voice->sent), 2);
	report_end(r);
}

void call_report_digit(struct call *c, char digit, bool inband)
{
	char text[2] = { digit, '\0' };

	c->all->tally->count[TALLY_DIGITS]++;
	begin(c, "dtmf");
	report_str(c->all->report, "digit", text);
	report_bool(c->all->report, "inband", inband);
	report_end(c->all->report);
}

void call_report_state(struct call *c, const char *what)
{
	call_state_event(c, what);
	report_end(c->all->report);
}

void call_report_tone(struct call *c, enum tone_kind tone)
{
	begin(c, "tone");
	report_str(c->all->report, "tone", hear_tone_name(tone));
	report_end(c->all->report);
}
