/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: conf base */
/* libs: -lcheck -lyaml */
/* The driver's configuration beside ours: each mismatch with its line. */
#include "conf/system_conf.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct conf conf;
static struct system_conf sys;
static struct report report;
static char *told;

/* The first is an E1 of a carrier; the second a T1 towards a PBX, if any. */
static void our_spans(unsigned n)
{
	memset(&conf, 0, sizeof(conf));
	conf.n_spans = (uint16_t)n;
	for (unsigned i = 0; i < n; i++) {
		struct conf_span *s = &conf.spans[i];

		snprintf(s->name, sizeof(s->name), "%s", i ? "pbx" : "carrier");
		s->line.driver = CONF_DAHDI;
		s->line.dahdi_span = (uint16_t)(i + 1);
		s->line.first_slot = 1;
		s->line.last_slot = i ? 24 : 31;
		s->line.d_slot = i ? 24 : 16;
		s->law = i ? CONF_ULAW : CONF_ALAW;
		s->isdn.side = i ? CONF_SIDE_NETWORK : CONF_SIDE_USER;
	}
}

static const char *judge(const char *text)
{
	free(told);
	report_init(&report, "system.conf", text, strlen(text));
	system_conf_read(&sys, &report);
	system_conf_check(&sys, &conf, &report);
	told = report_text(&report);
	ck_assert_ptr_nonnull(told);
	return told;
}

#define E1 "span=1,1,0,ccs,hdb3,crc4\n"
#define E1_CHANNELS "bchan=1-15,17-31\ndchan=16\n"
#define T1 "span=2,0,0,esf,b8zs\n"
#define T1_CHANNELS "bchan=32-54\ndchan=55\nmulaw=32-55\n"

START_TEST(what_fits)
{
	our_spans(1);
	ck_assert_str_eq(judge(E1 E1_CHANNELS), "");
	ck_assert_str_eq(judge("  span = 1 , 1,0, CCS,HDB3 # ours\r\n"
			       "echocanceller=mg2,1-15,17-31\n"
			       "bchan=1-10\nbchan = 11-15, 17-31\n"
			       "hardhdlc=16\nloadzone=de\nalaw=1-31"), "");
	our_spans(2);
	ck_assert_str_eq(judge(T1 E1 T1_CHANNELS E1_CHANNELS), "");
	ck_assert_str_eq(judge(E1 "span=2,0,3,esf,b8zs,yellow,crc4\n"
			       E1_CHANNELS T1_CHANNELS), "");
	/* over the joint of a machine that tests */
	our_spans(1);
	ck_assert_str_eq(judge("dynamic=loc,0:0,31,0\ndynamic=loc,0:1,31,0\n"
			       E1_CHANNELS), "");
}
END_TEST

/* Legal for the driver's own program, if seldom seen. */
static const char *const odd[] = {
	E1 "bchan=1 - 15 ,17-31,\ndchan = 16 ,\n",
	E1 "indclear=1-15\nbchan=17-31\nfcshdlc=16\n",
	E1 "clear=1\nclear=2\nbchan=3-15,17-31\nhardhdlc=16\n",
	"SPAN=1,1,0,CCS,AMI,CRC4,yellow,te,term\n" E1_CHANNELS,
	E1 E1_CHANNELS "mulaw=1-31\ndeflaw=1-31\n",
	E1 E1_CHANNELS "loadzone=us\nloadzone=de\ndefaultzone=de\n",
	E1 E1_CHANNELS "# bchan=16\n\n  \t\nbchan#=16\n56k=40\n",
	/* others that need not concern us, with what stands behind a colon */
	E1 E1_CHANNELS "span=2,0,0,cas,hdb3\ncas=32-46,48-62:1101\n"
		"nethdlc=63-64:hdlc0\ndacs=65-66:67\n",
};

START_TEST(what_fits_in_odd_writing)
{
	our_spans(1);
	ck_assert_str_eq(judge(odd[_i]), "");
}
END_TEST

/* The second is ours, behind one of another kind. */
static const char *const behind[] = {
	/* telephones, which have no span= line */
	"fxoks=1-4\nfxsks=5-8\nspan=2,1,0,ccs,hdb3\nbchan=9-23,25-39\n"
	"dchan=24\n",
	/* a span that is not used: a T1 or an E1, who knows */
	"span=2,1,0,ccs,hdb3\nbchan=25-39,41-55\ndchan=40\n",
	/* a basic access */
	"span=1,2,0,ccs,ami\nbchan=1-2\nhardhdlc=3\n"
	"span=2,1,0,ccs,hdb3\nbchan=4-18,20-34\ndchan=19\n",
	/* a T1 of other channels */
	"span=1,2,0,d4,ami\ne&m=1-24\nspan=2,1,0,ccs,hdb3\n"
	"bchan=25-39,41-55\ndchan=40\n",
};

START_TEST(behind_others)
{
	our_spans(1);
	conf.spans[0].line.dahdi_span = 2;
	ck_assert_str_eq(judge(behind[_i]), "");
}
END_TEST

static const struct {
	const char *text, *where, *what, *fix;
} misfits[] = {
	{ E1_CHANNELS, "system.conf: error", "DAHDI span 1 is not configured",
	  "span=1,1,0,ccs,hdb3,crc4" },
	{ "span=1,1,0,esf,b8zs\n" E1_CHANNELS, "system.conf:1:", "a T1 here",
	  "last_slot: 24" },
	{ E1 "bchan=1-15,17-31\n", "system.conf: error",
	  "channel 16 (slot 16) has no use", "add the line: dchan=16" },
	{ E1 "bchan=1-31\n", "system.conf:2:", "channel 16 (slot 16) is a B",
	  "dchan=16" },
	{ E1 "bchan=1-15\n\ndchan=16\n", "system.conf: error",
	  "channel 17 (slot 17) has no use", "bchan=1-15,17-31" },
	{ E1 "fxoks=20\nbchan=1-15,17-19,21-31\ndchan=16\n",
	  "system.conf:2:", "channel 20 (slot 20) has another use",
	  "bchan=1-15,17-31" },
	{ E1 "bchan=1-15,17-31\nfxoks=20\ndchan=16\n", "system.conf:3:",
	  "channel 20 has its use from line 2", "out of one" },
	{ E1 "dchan=16\nbchan=1-31\n", "system.conf:3:",
	  "channel 16 has its use from line 2", "out of one" },
	{ E1 "clear=1-15,17-31\ndchan=16\n", "system.conf:2:",
	  "channel 2 (slot 2) has another use", "bchan=1-15,17-31" },
	{ E1 "bchan=1-15,17-31\nfcshdlc=15-16\n", "system.conf:3:",
	  "channel 16 (slot 16) has another use", "dchan=16" },
	{ "span=1,1,0,cas,hdb3\n" E1_CHANNELS, "system.conf:1:", "needs ccs",
	  "span=1,1,0,ccs,hdb3,crc4" },
	{ "span=1,1,0,ccs,hdb4\n" E1_CHANNELS, "system.conf:1:",
	  "no such framing", "hdb3" },
	{ "span=1,1,0,ccs,hdb3,crc6\n" E1_CHANNELS, "system.conf:1:",
	  "no such framing", "crc4" },
	{ "span=1,1,0,ccs,hdb3,crc4,crc4,crc4,crc4,crc4\n" E1_CHANNELS,
	  "system.conf:1:", "no such framing", "" },
	{ "span=1,1,0,ccs,ami\nbchan=1-2\nhardhdlc=3\n", "system.conf:1:",
	  "a basic access here", "another span" },
	{ E1 E1_CHANNELS "bchan=,\n", "system.conf:4:", "a list of channels",
	  "" },
	{ E1 "dchan=15\nbchan=1-14,16-31\n", "system.conf:3:",
	  "channel 16 (slot 16) is a B", "dchan=16" },
	{ E1 E1_CHANNELS "mulaw=1-31\n", "system.conf:4:", "has mulaw",
	  "alaw=1-31" },
	{ "span=1,0,0,ccs,hdb3\n" E1_CHANNELS, "system.conf:1:",
	  "its clock is not taken", "span=1,1,0,ccs,hdb3\n" },
	/* what it says of the cable and of CRC-4 is not ours to change */
	{ "span=1, 0, 4, CCS, hdb3, yellow\n" E1_CHANNELS, "system.conf:1:",
	  "its clock is not taken", "span=1,1,4,CCS,hdb3,yellow\n" },
	{ E1 E1_CHANNELS "span=2,1,0,ccs,hdb3\n", "system.conf:4:",
	  "both clock source number 1", "1, 2" },
	{ "span=1,1\n" E1_CHANNELS, "system.conf:1:", "is expected", "" },
	{ E1 E1_CHANNELS "bchan=5-\n", "system.conf:4:", "a list of channels",
	  "" },
	{ E1 E1_CHANNELS "bchan=99999\n", "system.conf:4:",
	  "a list of channels", "" },
	{ E1 E1_CHANNELS E1, "system.conf:4:", "twice", "" },
	{ E1 E1_CHANNELS "dynamic=eth\n", "system.conf:4:", "is expected",
	  "" },
};

START_TEST(what_does_not_fit)
{
	our_spans(1);
	judge(misfits[_i].text);
	ck_assert_msg(strstr(told, misfits[_i].where) != NULL, "%s", told);
	ck_assert_msg(strstr(told, misfits[_i].what) != NULL, "%s", told);
	ck_assert_msg(strstr(told, misfits[_i].fix) != NULL, "%s", told);
}
END_TEST

START_TEST(towards_a_pbx)
{
	our_spans(2);
	judge(E1 E1_CHANNELS "span=2,2,0,esf,b8zs\n" T1_CHANNELS);
	ck_assert_ptr_nonnull(strstr(told, "the far end is a PBX"));
	ck_assert_ptr_nonnull(strstr(told, "span=2,0,0,esf,b8zs"));
	judge(E1 E1_CHANNELS "span=2,0,0,d4,ami\n" T1_CHANNELS);
	ck_assert_ptr_nonnull(strstr(told, "needs ESF and B8ZS"));
	judge(E1 E1_CHANNELS T1 "bchan=32-54\n");
	ck_assert_ptr_nonnull(strstr(told, "dchan=55"));
}
END_TEST

/* Three E1s of carriers, all ours, of these ranks. */
static void of_ranks(unsigned a, unsigned b, unsigned c)
{
	const unsigned ranks[] = { a, b, c };

	our_spans(1);
	conf.n_spans = 3;
	for (unsigned i = 0; i < 3; i++) {
		conf.spans[i] = conf.spans[0];
		conf.spans[i].name[0] = (char)('a' + i);
		conf.spans[i].name[1] = '\0';
		conf.spans[i].line.dahdi_span = (uint16_t)(i + 1);
		conf.spans[i].clock_source = (uint8_t)ranks[i];
	}
}

#define E1S(a, b, c) "span=1," a ",0,ccs,hdb3,crc4\n" \
	"span=2," b ",0,ccs,hdb3,crc4\n" "span=3," c ",0,ccs,hdb3,crc4\n" \
	"bchan=1-15,17-46,48-77,79-93\ndchan=16,47,78\n"

/* The order in which the clocks are taken is said in both files. */
static const struct {
	unsigned ranks[3];
	const char *text;
} in_order[] = {
	{ { 0, 0, 0 }, E1S("1", "2", "3") },
	{ { 0, 0, 0 }, E1S("3", "1", "2") }, /* our file has no order */
	{ { 1, 2, 3 }, E1S("1", "2", "3") },
	{ { 9, 3, 5 }, E1S("9", "2", "7") }, /* with those of others between */
	{ { 0, 1, 0 }, E1S("3", "1", "2") }, /* the rest: as they like */
};

START_TEST(clocks_in_order)
{
	const unsigned *r = in_order[_i].ranks;

	of_ranks(r[0], r[1], r[2]);
	ck_assert_str_eq(judge(in_order[_i].text), "");
}
END_TEST

static const struct {
	unsigned ranks[3];
	const char *text, *lines[2]; /* that should be there; the first is told
				      * of span a */
} out_of_order[] = {
	{ { 1, 2, 3 }, E1S("2", "1", "3"),
	  { "span=1,1,0,ccs,hdb3,crc4", "span=2,2,0,ccs,hdb3,crc4" } },
	{ { 3, 1, 2 }, E1S("4", "8", "6"),
	  { "span=1,8,0,ccs,hdb3,crc4", "span=2,4,0,ccs,hdb3,crc4" } },
	{ { 0, 0, 1 }, E1S("1", "2", "3"), /* one without comes behind it */
	  { "span=1,2,0,ccs,hdb3,crc4", "span=3,1,0,ccs,hdb3,crc4" } },
	{ { 2, 1, 3 }, "span=1,1,2,ccs,hdb3\nspan=2,2,0,ccs,ami,crc4\n"
	  "span=3,3,0,ccs,hdb3,crc4\nbchan=1-15,17-46,48-77,79-93\n"
	  "dchan=16,47,78\n",
	  { "span=1,2,2,ccs,hdb3\n", "span=2,1,0,ccs,ami,crc4\n" } },
};

/* Some are none there: each gets a number of its own, behind those that are. */
static const struct {
	unsigned ranks[3];
	const char *text, *lines[3];
} no_clocks[] = {
	{ { 0, 0, 0 }, E1S("0", "0", "0"),
	  { "span=1,1,", "span=2,2,", "span=3,3," } },
	{ { 3, 1, 2 }, E1S("0", "0", "0"),
	  { "span=1,3,", "span=2,1,", "span=3,2," } },
	{ { 0, 1, 0 }, E1S("0", "7", "0"),
	  { "span=1,8,", "span=3,9,", "" } },
	{ { 0, 0, 0 }, E1S("0", "1", "0") "span=4,2,0,ccs,hdb3\n",
	  { "span=1,3,", "span=3,4,", "" } },
	{ { 2, 1, 0 }, "",
	  { "span=1,2,", "span=2,1,", "span=3,3," } },
};

START_TEST(clocks_that_are_missing)
{
	const unsigned *r = no_clocks[_i].ranks;

	of_ranks(r[0], r[1], r[2]);
	judge(no_clocks[_i].text);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_msg(strstr(told, no_clocks[_i].lines[i]) != NULL,
			      "%s", told);
	}
}
END_TEST

START_TEST(clocks_out_of_order)
{
	const unsigned *r = out_of_order[_i].ranks;

	of_ranks(r[0], r[1], r[2]);
	judge(out_of_order[_i].text);
	ck_assert_ptr_nonnull(strstr(told, "system.conf:1:1: warning: span a: "
					   "its clock is number "));
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_msg(strstr(told, out_of_order[_i].lines[i]) != NULL,
			      "%s", told);
	}
}
END_TEST

/* One whose clock our file takes, although it is no carrier's. */
START_TEST(clock_of_a_pbx)
{
	our_spans(2);
	conf.spans[0].clock_source = 1;
	conf.spans[1].clock_source = 2;
	judge(E1 E1_CHANNELS T1 T1_CHANNELS);
	ck_assert_ptr_nonnull(strstr(told, "span pbx: clock_source: 2 in our "
					   "file, but its clock is not taken"));
	ck_assert_ptr_nonnull(strstr(told, "span=2,2,0,esf,b8zs"));
	ck_assert_str_eq(judge(E1 E1_CHANNELS "span=2,2,0,esf,b8zs\n"
			       T1_CHANNELS), "");
}
END_TEST

/* A T1 whose D channel is on another span has B channels alone. */
START_TEST(without_a_d_channel)
{
	our_spans(2);
	conf.spans[1].line.d_slot = 0;
	ck_assert_str_eq(judge(E1 E1_CHANNELS T1 "bchan=32-55\n"), "");
	judge(E1 E1_CHANNELS T1 T1_CHANNELS);
	ck_assert_ptr_nonnull(strstr(told, "channel 55 (slot 24) is a D "
					   "channel"));
	ck_assert_ptr_nonnull(strstr(told, "bchan=32-55"));
}
END_TEST

START_TEST(long_lines_and_octets)
{
	static char text[5000];

	our_spans(1);
	memset(text, 'b', sizeof(text) - 1);
	ck_assert_ptr_nonnull(strstr(judge(text), "too long"));
	free(told);
	report_init(&report, "system.conf", "bchan=\0001\n", 9);
	system_conf_read(&sys, &report);
	told = report_text(&report);
	ck_assert_ptr_nonnull(strstr(told, "no text"));
}
END_TEST

START_TEST(the_file)
{
	char path[] = "/tmp/t_system_confXXXXXX";
	int fd = mkstemp(path);
	char *text;

	our_spans(1);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dprintf(fd, E1 E1_CHANNELS), 51);
	close(fd);
	ck_assert_int_eq(system_conf_judge(path, &conf, &text), 0);
	ck_assert_str_eq(text, "");
	free(text);
	unlink(path);
	ck_assert_int_lt(system_conf_judge(path, &conf, &text), 0);
	ck_assert_ptr_nonnull(strstr(text, "dahdi_genconf"));
	free(text);
	/* without a card nobody needs it */
	conf.spans[0].line.driver = CONF_PSEUDOWIRE;
	ck_assert_int_eq(system_conf_judge(path, &conf, &text), 0);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("system conf");
	TCase *tc = tcase_create("system conf");

	tcase_add_test(tc, what_fits);
	tcase_add_loop_test(tc, what_fits_in_odd_writing, 0,
			    sizeof(odd) / sizeof(odd[0]));
	tcase_add_loop_test(tc, behind_others, 0,
			    sizeof(behind) / sizeof(behind[0]));
	tcase_add_loop_test(tc, what_does_not_fit, 0,
			    sizeof(misfits) / sizeof(misfits[0]));
	tcase_add_test(tc, towards_a_pbx);
	tcase_add_loop_test(tc, clocks_in_order, 0,
			    sizeof(in_order) / sizeof(in_order[0]));
	tcase_add_loop_test(tc, clocks_that_are_missing, 0,
			    sizeof(no_clocks) / sizeof(no_clocks[0]));
	tcase_add_loop_test(tc, clocks_out_of_order, 0,
			    sizeof(out_of_order) / sizeof(out_of_order[0]));
	tcase_add_test(tc, clock_of_a_pbx);
	tcase_add_test(tc, without_a_d_channel);
	tcase_add_test(tc, long_lines_and_octets);
	tcase_add_test(tc, the_file);
	suite_add_tcase(suite, tc);
	return suite_run(suite, CK_FORK_GETENV);
}
