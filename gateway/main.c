/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trunkgate: the supervisor, or, started by it with --role, one of the roles
 * that need no libpri.
 */
#include "conf/load.h"
#include "conf/system_conf.h"
#include "gateway/base/log.h"
#include "gateway/base/role.h"
#include "gateway/base/str.h"
#include "gateway/parts.h"
#include "gateway/supervisor.h"
#include "sip/rules_try.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION	     "0.1"
#define MESSAGE_MAX  65536
#define DEFAULT_FILE "/etc/trunkgate/trunkgate.yaml"

static const char usage[] =
"usage: trunkgate [FILE]              run (default " DEFAULT_FILE ")\n"
"       trunkgate --check FILE [SYSTEM.CONF]\n"
"                                     check a configuration: status 0 or 2\n"
"       trunkgate doctor [FILE [SYSTEM.CONF]]\n"
"                                     does " SYSTEM_CONF "\n"
"                                     fit FILE? status 0, 1 no, 2\n"
"       trunkgate settings FILE TRUNK what TRUNK has in the end, and where from\n"
"       trunkgate rules FILE TRUNK in|out [MESSAGE]\n"
"                                     what TRUNK's header_rules make of a SIP\n"
"                                     message (a file, or standard input)\n"
"       trunkgate --explain SETTING   what a setting means, or all below it\n"
"       trunkgate --schema            JSON Schema of the configuration\n"
"       trunkgate --reference         all settings\n"
"       trunkgate --version\n";

static const struct role_ops *const roles[] = {
	&core_role_ops, &sip_role_ops, &media_role_ops, &console_role_ops,
};

static int run_role(const char *name, uint32_t ctl_fd)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (!strcmp(roles[i]->name, name)) {
			log_init(name, LOG_LVL_INFO);
			return role_main(roles[i], (int)ctl_fd);
		}
	}
	fprintf(stderr, "trunkgate: no role %s\n", name);
	return 2;
}

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

/* how: the line of the usage text that was meant. */
static int misused(const char *how)
{
	fprintf(stderr, "usage: trunkgate %s\n"
		"(trunkgate --help tells all)\n", how);
	return 2;
}

/* A machine that has no cards yet may check a file for one that has; what was
 * named is to be there. */
static void check_driver(const struct conf *conf, const char *named)
{
	const char *dahdi = named ? named : SYSTEM_CONF;
	char *report;

	if (!named && access(dahdi, F_OK) < 0) {
		return;
	}
	if (system_conf_judge(dahdi, conf, &report) != 0 && report) {
		fputs(report, stderr);
	}
	free(report);
}

static int check(const char *path, const char *system_conf)
{
	char *report;
	struct conf *conf = conf_load(path, &report);

	fputs(report, stderr);
	free(report);
	if (!conf) {
		return 2;
	}
	check_driver(conf, system_conf);
	for (unsigned i = 0; i < conf->n_trunks; i++) {
		if (conf->trunks[i].profile[0]) {
			printf("trunk %s: profile %s; trunkgate settings %s %s\n",
			       conf->trunks[i].name, conf->trunks[i].profile,
			       path, conf->trunks[i].name);
		}
	}
	printf("%s: %u span%s, %u trunk%s, %u route%s: good\n", path,
	       conf->n_spans, plural(conf->n_spans),
	       conf->n_trunks, plural(conf->n_trunks),
	       conf->n_routes, plural(conf->n_routes));
	free(conf);
	return 0;
}

static bool has_card(const struct conf *conf)
{
	for (unsigned i = 0; i < conf->n_spans; i++) {
		if (conf->spans[i].line.driver == CONF_DAHDI) {
			return true;
		}
	}
	return false;
}

/* The same, and whether the driver is configured for it; changes nothing. */
static int doctor(const char *path, const char *dahdi)
{
	char *report;
	struct conf *conf = conf_load(path, &report);
	int n;

	fputs(report, stdout);
	free(report);
	if (!conf) {
		return 2;
	}
	if (!has_card(conf)) {
		printf("%s: good; no span of it is of DAHDI, so %s does not "
		       "matter\n", path, dahdi);
		free(conf);
		return 0;
	}
	n = system_conf_judge(dahdi, conf, &report);
	fputs(report ? report : "", stdout);
	free(report);
	free(conf);
	if (n == 0) {
		printf("%s and %s: nothing is wrong\n", path, dahdi);
	}
	return n != 0;
}

/* --- a dry run of the header rules --- */

static int find_trunk(const struct conf *conf, const char *name)
{
	for (unsigned i = 0; i < conf->n_trunks; i++) {
		if (!strcmp(conf->trunks[i].name, name)) {
			return (int)i;
		}
	}
	fprintf(stderr, "trunkgate: %s has no trunk %s\n", conf->file, name);
	return -1;
}

static int try_rules(const struct conf *conf, const char *trunk, bool out,
		     FILE *message)
{
	char *text = malloc(MESSAGE_MAX);
	int i = find_trunk(conf, trunk), err = 2;
	size_t len, part_len;
	void *part = parts_make(conf, ROLE_SIP, 0, &part_len);

	if (text && part && i >= 0) {
		len = fread(text, 1, MESSAGE_MAX, message);
		err = rules_try(part, (unsigned)i,
				out ? CONF_RULE_OUT : CONF_RULE_IN, text, len,
				stdout);
	}
	if (part) {
		explicit_bzero(part, part_len);
	}
	free(part);
	free(text);
	return err < 0 ? 2 : err;
}

/* argv: FILE TRUNK in|out [MESSAGE] */
static int rules_word(int argc, char **argv)
{
	bool out = argc > 2 && !strcmp(argv[2], "out");
	FILE *message = argc > 3 ? fopen(argv[3], "re") : stdin;
	struct conf *conf;
	char *report;
	int err = 2;

	if (argc < 3 || argc > 4 || (!out && strcmp(argv[2], "in") != 0)) {
		err = misused("rules FILE TRUNK in|out [MESSAGE]");
	} else if (!message) {
		perror(argv[3]);
	} else {
		conf = conf_load(argv[0], &report);
		fputs(conf ? "" : report, stderr);
		free(report);
		if (conf) {
			err = try_rules(conf, argv[1], out, message);
		}
		free(conf);
	}
	if (message && message != stdin) {
		fclose(message);
	}
	return err;
}

/* argv: FILE TRUNK */
static int settings_word(int argc, char **argv)
{
	struct conf *conf;
	char *report;
	int i;

	if (argc != 2) {
		return misused("settings FILE TRUNK");
	}
	conf = conf_load(argv[0], &report);
	fputs(conf ? "" : report, stderr);
	free(report);
	i = conf ? find_trunk(conf, argv[1]) : -1;
	if (i >= 0) {
		conf_show_trunk(stdout, conf, (unsigned)i);
	}
	free(conf);
	return i < 0 ? 2 : 0;
}

/* The folder of this program: its helpers lie beside it. */
static int own_dir(char *dir, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", dir, size - 1);
	char *slash;

	if (n < 0) {
		perror("trunkgate: /proc/self/exe");
		return -1;
	}
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (slash) {
		*slash = '\0';
	}
	return 0;
}

static int run(const char *path)
{
	char dir[4096];

	log_init("gateway", LOG_LVL_INFO);
	return own_dir(dir, sizeof(dir)) < 0 ? 2 : supervisor_run(path, dir);
}

enum { OPT_CHECK = 256, OPT_EXPLAIN, OPT_SCHEMA, OPT_REFERENCE, OPT_VERSION,
       OPT_HELP, OPT_ROLE, OPT_CTL };

static const struct option options[] = {
	{ "check", required_argument, NULL, OPT_CHECK },
	{ "explain", required_argument, NULL, OPT_EXPLAIN },
	{ "schema", no_argument, NULL, OPT_SCHEMA },
	{ "reference", no_argument, NULL, OPT_REFERENCE },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "role", required_argument, NULL, OPT_ROLE },
	{ "ctl-fd", required_argument, NULL, OPT_CTL },
	{ 0 },
};

/* more: what follows it, if anything */
static int one_shot(int opt, const char *arg, const char *more)
{
	switch (opt) {
	case OPT_CHECK:
		return check(arg, more);
	case OPT_EXPLAIN:
		return conf_explain(stdout, stderr, arg) ? 0 : 2;
	case OPT_SCHEMA:
		conf_schema_print(stdout);
		return 0;
	case OPT_REFERENCE:
		conf_reference_print(stdout);
		return 0;
	case OPT_VERSION:
		puts("trunkgate " VERSION);
		return 0;
	case OPT_HELP:
		fputs(usage, stdout);
		return 0;
	default: /* getopt has told what is wrong */
		return misused("[OPTION] [FILE]");
	}
}

static int doctor_word(int argc, char **argv)
{
	if (argc > 4) {
		return misused("doctor [FILE [SYSTEM.CONF]]");
	}
	return doctor(argc > 2 ? argv[2] : DEFAULT_FILE,
		      argc > 3 ? argv[3] : SYSTEM_CONF);
}

int main(int argc, char **argv)
{
	const char *role = NULL;
	uint32_t ctl_fd = 0;
	int opt;

	if (argc > 1 && !strcmp(argv[1], "doctor")) {
		return doctor_word(argc, argv);
	}
	if (argc > 1 && !strcmp(argv[1], "rules")) {
		return rules_word(argc - 2, argv + 2);
	}
	if (argc > 1 && !strcmp(argv[1], "settings")) {
		return settings_word(argc - 2, argv + 2);
	}
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == OPT_ROLE) {
			role = optarg;
		} else if (opt != OPT_CTL) {
			return one_shot(opt, optarg, argv[optind]);
		} else if (str_to_u32(optarg, 1u << 20, &ctl_fd) < 0) {
			fprintf(stderr, "trunkgate: --ctl-fd %s\n", optarg);
			return 2;
		}
	}
	if (role) {
		return run_role(role, ctl_fd);
	}
	if (argc - optind > 1) {
		fprintf(stderr, "trunkgate: %s: no such command "
			"(trunkgate --help tells all)\n", argv[optind]);
		return 2;
	}
	return run(optind < argc ? argv[optind] : DEFAULT_FILE);
}
