/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core base */
#include "../../sip/cause.c"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

/* --- the tables against tests/vectors/causes.tsv, row by row --- */

#define COLUMNS 11
enum { DIR, KEY, QUAL, NAME, RFC3398, RFC4497, Q1912, REC, LOC, FLAGS, NOTE };

static unsigned word(const char *const *names, const unsigned *values,
		     const char *text, size_t len)
{
	for (; *names; names++, values++) {
		if (strlen(*names) == len && strncmp(*names, text, len) == 0)
			return *values;
	}
	ck_abort_msg("unknown word '%.*s'", (int)len, text);
}

static unsigned qual_of(const char *text)
{
	static const char *const names[] = {
		"",	      "loc=0", "diag", "alerted", "retry-after",
		"warn-media", NULL};
	static const unsigned values[] = {0,
					  SIP_Q_USER,
					  SIP_Q_DIAG,
					  SIP_Q_ALERTED,
					  SIP_Q_RETRY_AFTER,
					  SIP_Q_WARN_MEDIA};

	return word(names, values, text, strlen(text));
}

static unsigned key_of(const char *text)
{
	static const char *const names[] = {"BYE",	   "CANCEL",  "timeout",
					    "proto-error", "default", NULL};
	static const unsigned values[] = {SIP_BY_BYE, SIP_BY_CANCEL,
					  SIP_BY_TIMEOUT, SIP_BY_ERROR,
					  SIP_BY_OTHER};

	if (isdigit((unsigned char)*text))
		return (unsigned)atoi(text);
	return word(names, values, text, strlen(text));
}

static unsigned flags_of(const char *text)
{
	static const char *const names[] = {
		"failover", "retry_chan", "local",   "cfg",   "follow",
		"auth",	    "repair",	  "overlap", "glare", NULL};
	static const unsigned values[] = {
		SIP_F_FAILOVER, SIP_F_RETRY_CHAN, SIP_F_LOCAL,
		SIP_F_CFG,	SIP_F_FOLLOW,	  SIP_F_AUTH,
		SIP_F_REPAIR,	SIP_F_OVERLAP,	  SIP_F_GLARE};
	unsigned flags = 0;

	while (*text) {
		size_t n = strcspn(text, " ,");

		flags |= word(names, values, text, n);
		text += n;
		text += strspn(text, " ,");
	}
	return flags;
}

static void check_to_sip(char *col[])
{
	unsigned key = (unsigned)atoi(col[KEY]), qual = qual_of(col[QUAL]);
	size_t i, found = 0;

	if (strcmp(col[KEY], "default") == 0) {
		ck_assert_str_eq(col[REC], "class");
		return;
	}
	ck_assert_uint_eq(sip_cause_status(key, qual),
			  (unsigned)atoi(col[REC]));
	for (i = 0; i < LEN(to_sip); i++) {
		if (to_sip[i].cause != key || to_sip[i].qual != qual)
			continue;
		found++;
		ck_assert_uint_eq(to_sip[i].flags, flags_of(col[FLAGS]));
	}
	ck_assert_uint_eq(found, 1);
}

static void check_from_sip(char *col[])
{
	unsigned key = key_of(col[KEY]), qual = qual_of(col[QUAL]), flags;
	struct cc_cause c = sip_cause_of(key, qual, &flags);
	uint8_t loc = CC_LOC_NONE;

	if (strcmp(col[LOC], "U") == 0)
		loc = CC_LOC_USER;
	else if (strcmp(col[LOC], "LPN") == 0)
		loc = CC_LOC_PRIVATE_LOCAL;
	else
		ck_assert_str_eq(col[LOC], "-");
	ck_assert_uint_eq(c.value, (unsigned)atoi(col[REC]));
	ck_assert_uint_eq(c.location, loc);
	ck_assert_uint_eq(flags, flags_of(col[FLAGS]));
}

START_TEST(table_is_the_tsv)
{
	FILE *f = fopen("tests/vectors/causes.tsv", "r");
	char line[1024], *col[COLUMNS];
	size_t to = 0, from = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		char *p = line;
		int i;

		line[strcspn(line, "\n")] = '\0';
		for (i = 0; i < COLUMNS; i++)
			col[i] = p ? strsep(&p, "\t") : line + strlen(line);
		if (strcmp(col[DIR], "q2s") == 0) {
			check_to_sip(col);
			to += strcmp(col[KEY], "default") != 0;
		} else if (strcmp(col[DIR], "s2q") == 0) {
			check_from_sip(col);
			from++;
		}
	}
	fclose(f);
	ck_assert_uint_eq(to, LEN(to_sip));
	ck_assert_uint_eq(from, LEN(from_sip));
}
END_TEST

/* causes.md 1.3 */
START_TEST(class_defaults)
{
	static const struct {
		unsigned cause, status;
	} rows[] = {{10, 480},	{15, 480},  {32, 503}, {36, 503}, {48, 500},
		    {60, 500},	{64, 501},  {78, 501}, {80, 500}, {94, 500},
		    {104, 500}, {112, 500}, {126, 500}};
	size_t i;

	for (i = 0; i < LEN(rows); i++)
		ck_assert_uint_eq(sip_cause_status(rows[i].cause, 0),
				  rows[i].status);
	ck_assert_uint_eq(sip_cause_status(21, SIP_Q_DIAG), 403);
	ck_assert_uint_eq(sip_cause_of(699, 0, NULL).value, 31);
	ck_assert_uint_eq(sip_cause_of(480, SIP_Q_RETRY_AFTER, NULL).value, 18);
}
END_TEST

/* --- Reason --- */

static struct sip_reason reason(const char *text, bool ok)
{
	struct sip_reason r = SIP_REASON_NONE;

	ck_assert_msg(sip_reason_parse(&r, text) == ok, "%s", text);
	return r;
}

START_TEST(reason_read)
{
	struct sip_reason r;

	r = reason("Q.850 ;cause=16 ;text=\"Terminated\"", true);
	ck_assert_uint_eq(r.q850, 16);
	ck_assert_uint_eq(r.location, CC_LOC_NONE);
	ck_assert_uint_eq(r.sip, 0);
	r = reason("SIP;cause=200;text=\"Call, \\\"done\\\" elsewhere\" , "
		   "q.850;LOCATION=rln;Cause=26",
		   true);
	ck_assert_uint_eq(r.sip, 200);
	ck_assert_uint_eq(r.q850, 26);
	ck_assert_uint_eq(r.location, CC_LOC_PUBLIC_REMOTE);
	r = reason("Q.850;cause=1,Q.850;cause=2", true);
	ck_assert_uint_eq(r.q850, 1);
	r = reason("Preemption;cause=1;text=x, STIR;cause=436", true);
	ck_assert_uint_eq(r.q850 + r.sip, 0);
	r = reason("Q.850;cause=17;location=LOC-13;x", true);
	ck_assert_uint_eq(r.location, 13);
	r = reason("Q.850;cause=0", true);
	ck_assert_uint_eq(r.q850, 0);
	r = reason("Q.850;cause=999, Q.850;cause=128, Q.850;cause=1x", true);
	ck_assert_uint_eq(r.q850, 0);
	r = reason("Q.850;cause=00000000000000000017", true);
	ck_assert_uint_eq(r.q850, 0);
	r = reason("Q.850;cause=17;", false);
	ck_assert_uint_eq(r.q850, 0);
	r = reason("SIP;cause=600, Q.850;text=\"open", false);
	ck_assert_uint_eq(r.sip, 600);
	reason("", false);
	reason(";cause=1", false);
	reason("Q.850;cause=", false);
	reason("Q.850;=1", false);
	reason("Q.850;cause=1 x", false);
}
END_TEST

START_TEST(reason_written)
{
	char buf[SIP_REASON_MAX];
	unsigned c, l;

	ck_assert_str_eq(sip_reason_write(buf, (struct cc_cause){17, 0}),
			 "Q.850;cause=17;text=\"User busy\";location=U");
	ck_assert_str_eq(
		sip_reason_write(buf, (struct cc_cause){0, CC_LOC_NONE}),
		"Q.850;cause=31;text=\"Normal, unspecified\"");
	for (c = 1; c < 128; c++) {
		for (l = 0; l < 16; l++) {
			struct cc_cause in = {(uint8_t)c, (uint8_t)l};
			struct sip_reason r;

			r = reason(sip_reason_write(buf, in), true);
			ck_assert_uint_eq(r.q850, c);
			ck_assert_uint_eq(r.location, l);
		}
	}
}
END_TEST

/* --- which information wins, causes.md 1.2 and 5 --- */

static unsigned cause_in(unsigned key, unsigned quals, const char *text)
{
	struct sip_reason r = SIP_REASON_NONE;

	if (text)
		sip_reason_parse(&r, text);
	return sip_cause_in(key, quals, &r).value;
}

START_TEST(precedence)
{
	struct sip_reason r = SIP_REASON_NONE;
	struct cc_cause c;

	ck_assert_uint_eq(cause_in(503, SIP_Q_RETRY_AFTER, NULL), 42);
	ck_assert_uint_eq(cause_in(404, 0, "Q.850;cause=3"), 3);
	ck_assert_uint_eq(cause_in(486, 0, "Q.850;cause=44"), 17);
	ck_assert_uint_eq(cause_in(699, 0, NULL), 31);
	ck_assert_uint_eq(cause_in(486, 0, "Q.850;cause=999"), 17);
	ck_assert_uint_eq(cause_in(488, SIP_Q_WARN_MEDIA, NULL), 65);
	ck_assert_uint_eq(cause_in(488, 0, NULL), 31);
	ck_assert_uint_eq(cause_in(608, 0, NULL), 21);
	ck_assert_uint_eq(cause_in(480, SIP_Q_ALERTED, NULL), 19);
	ck_assert_uint_eq(cause_in(487, 0, NULL), 31);
	ck_assert_uint_eq(cause_in(SIP_BY_BYE, 0, NULL), 16);
	ck_assert_uint_eq(cause_in(SIP_BY_BYE, 0, "SIP;cause=486"), 17);
	ck_assert_uint_eq(cause_in(SIP_BY_BYE, 0, "SIP;cause=200"), 16);
	ck_assert_uint_eq(cause_in(SIP_BY_CANCEL, 0, NULL), 16);
	ck_assert_uint_eq(
		cause_in(SIP_BY_CANCEL, 0, "SIP;cause=200;text=\"x\""), 26);
	ck_assert_uint_eq(cause_in(SIP_BY_CANCEL, 0, "SIP;cause=603"), 21);
	ck_assert_uint_eq(cause_in(486, 0, "SIP;cause=404"), 17);
	ck_assert_uint_eq(
		cause_in(SIP_BY_CANCEL, 0, "SIP;cause=200, Q.850;cause=19"),
		19);
	ck_assert_uint_eq(sip_cause_in(486, 0, NULL).value, 17);
	sip_reason_parse(&r, "Q.850;cause=17;location=TN");
	c = sip_cause_in(486, 0, &r);
	ck_assert_uint_eq(c.location, CC_LOC_TRANSIT);
	c = sip_cause_in(603, 0, NULL);
	ck_assert_uint_eq(c.location, CC_LOC_USER);
}
END_TEST

START_TEST(local_causes)
{
	static const char set[] = " 6 7 30 43 44 81 82 83 84 85 86 96 97 98 "
				  "99 100 101 103 ";
	char key[8];
	unsigned c;

	for (c = 0; c < 128; c++) {
		snprintf(key, sizeof(key), " %u ", c);
		ck_assert_int_eq(sip_cause_is_local(c),
				 strstr(set, key) != NULL);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sipcause");
	TCase *t = tcase_create("all");

	tcase_add_test(t, table_is_the_tsv);
	tcase_add_test(t, class_defaults);
	tcase_add_test(t, reason_read);
	tcase_add_test(t, reason_written);
	tcase_add_test(t, precedence);
	tcase_add_test(t, local_causes);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
