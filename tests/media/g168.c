/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: g168 media */
/* libs: -lspeexdsp */
/*
 * The G.168-shaped bench as a program: `make bench-ec`.
 *
 *    g168 [--quick] [--seed N] [--random N] [--jobs N] [--test ID]
 *         [--report FOLDER]
 *
 * Without --quick all conditions and the peers. --seed 0 takes one from the
 * clock; it is printed. --report writes ec-report.md and pictures. Exit
 * status 1: a must is not met; 2: arguments, files, memory.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/media/g168_condition.h"
#include "tests/media/g168_curve.h"
#include "tests/media/g168_report.h"

enum {
	RUNS = 4096,
	/* s of a test that spandsp still runs: it prints for each sample and
	 * takes most of the time of all */
	SPANDSP_LONGEST = 55,
};

struct options {
	bool quick;
	uint32_t seed;
	unsigned random;
	unsigned jobs;
	const char *test;
	const char *folder;
	char command[128];
};

static int usage(FILE *f)
{
	fprintf(f, "usage: g168 [--quick] [--seed N] [--random N] [--jobs N] "
		   "[--test ID] [--report FOLDER]\n");
	return f == stdout ? 0 : 2;
}

static bool number(const char *text, unsigned *value)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (!*text || *text == '-' || *end || v > UINT32_MAX)
		return false;
	*value = (unsigned)v;
	return true;
}

static bool takes_too_long(const struct g168_test *t, int who)
{
	return who == G168_SPANDSP &&
	       g168_scene_blocks(t) > SPANDSP_LONGEST * 100;
}

/* A run for each condition, and the others beside it in the first one. */
static size_t runs_add(struct g168_result *r, const struct g168_listed *l,
		       size_t n, const struct options *o)
{
	size_t tests, used = 0;
	const struct g168_test *t = g168_tests(&tests);
	int last = o->quick ? G168_OURS_C : G168_SPANDSP;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < tests; k++) {
			int most = l[i].list == G168_REFERENCE ? last
								: G168_OURS;

			if (!(t[k].lists & l[i].list) ||
			    (o->test && strcmp(o->test, t[k].id)))
				continue;
			for (int who = most; who >= 0 && used < RUNS; who--) {
				if (takes_too_long(&t[k], who))
					continue;
				r[used++] = (struct g168_result){
					.test = &t[k],
					.condition = &l[i].c,
					.who = (enum g168_who)who,
				};
			}
		}
	return used;
}

static int report_write(const struct g168_report *r, const char *folder)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/ec-report.md", folder);
	f = fopen(path, "w");
	if (f) {
		g168_report_markdown(r, f);
		if (!fclose(f)) {
			printf("report: %s\n", path);
			return 0;
		}
	}
	fprintf(stderr, "g168: %s: %s\n", path, strerror(errno));
	return -1;
}

static const struct g168_condition *speech_of(const struct g168_listed *l,
					      size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (l[i].list == G168_SPEECH && l[i].c.erl_db > 8)
			return &l[i].c;
	return &l[0].c;
}

static int finish(const struct g168_report *r, const struct options *o,
		  const struct g168_condition *speech)
{
	unsigned failed;
	int err;

	g168_report_table(r, stdout);
	printf("\n");
	failed = g168_report_failures(r, stdout);
	printf("%zu runs, %u limits not met, seed %u\n", r->results, failed,
	       r->seed);
	if (!o->folder)
		return failed ? 1 : 0;
	err = g168_curves_write(o->folder, r->reference, speech);
	if (err < 0)
		fprintf(stderr, "g168: %s: %s\n", o->folder, strerror(-err));
	if (report_write(r, o->folder) < 0 || err < 0)
		return 2;
	return failed ? 1 : 0;
}

static int bench(const struct options *o)
{
	unsigned lists = o->quick ? G168_REFERENCE | G168_SPEECH : G168_ALL;
	struct g168_listed *l = calloc(G168_CONDITIONS, sizeof(*l));
	struct g168_result *r = g168_pool_new(RUNS);
	struct g168_report report = { .command = o->command, .seed = o->seed };
	size_t n;
	int status = 2;

	if (l && r) {
		printf("g168: seed %u\n", o->seed);
		n = g168_conditions(l, lists, o->seed, o->random);
		report.result = r;
		report.reference = &l[0].c;
		report.results = runs_add(r, l, n, o);
		if (!g168_pool_run(r, report.results, o->jobs))
			status = finish(&report, o, speech_of(l, n));
	}
	g168_pool_free(r, RUNS);
	free(l);
	return status;
}

static bool option(struct options *o, int c)
{
	switch (c) {
	case 'q':
		o->quick = true;
		return true;
	case 's':
		return number(optarg, &o->seed);
	case 'n':
		return number(optarg, &o->random) &&
		       o->random < G168_CONDITIONS / 2;
	case 'j':
		return number(optarg, &o->jobs) && o->jobs > 0 &&
		       o->jobs <= 64;
	case 't':
		o->test = optarg;
		return true;
	case 'r':
		o->folder = optarg;
		return true;
	}
	return false;
}

static bool is_test(const char *id)
{
	size_t n;
	const struct g168_test *t = g168_tests(&n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(t[i].id, id))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "quick", no_argument, NULL, 'q' },
		{ "seed", required_argument, NULL, 's' },
		{ "random", required_argument, NULL, 'n' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "test", required_argument, NULL, 't' },
		{ "report", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { .seed = 1, .random = 3 };
	int c;

	o.jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		if (c == 'h')
			return usage(stdout);
		if (!option(&o, c))
			return usage(stderr);
	}
	if (argc != optind)
		return usage(stderr);
	if (o.test && !is_test(o.test)) {
		fprintf(stderr, "g168: there is no test %s\n", o.test);
		return 2;
	}
	if (!o.seed)
		o.seed = (uint32_t)time(NULL);
	snprintf(o.command, sizeof(o.command), "g168%s --seed %u --random %u",
		 o.quick ? " --quick" : "", o.seed, o.random);
	return bench(&o);
}
