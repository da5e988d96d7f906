/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: conf base */
/*
 * Each file tests/vectors/conf/NAME.yaml is loaded; what is said about it must
 * be NAME.expect to the letter. CONF_WRITE=1 writes the expectations anew (to
 * be read, then committed).
 */
#include "conf/load.h"
#include "conf/schema.h"
#include "tests/suite.h"

#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIR_NAME "tests/vectors/conf"
#define MISTAKES 30 /* at least so many files must be refused */

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 65536);

	ck_assert_msg(f != NULL, "no %s", path);
	ck_assert_uint_lt(fread(text, 1, 65535, f), 65535);
	fclose(f);
	return text;
}

static void expect(const char *name, const char *got)
{
	char path[512];
	char *want;

	snprintf(path, sizeof(path), "%s/%s.expect", DIR_NAME, name);
	if (getenv("CONF_WRITE")) {
		FILE *f = fopen(path, "w");

		fputs(got, f);
		fclose(f);
	}
	want = slurp(path);
	ck_assert_str_eq(got, want);
	free(want);
}

/* A key that only root may read, and we are somebody else. */
START_TEST(a_key_of_another_is_told)
{
	static const char text[] =
		"spans: [{name: s, isdn: {side: user}, line: {driver: "
		"pseudowire, local: \"192.0.2.1:1\", peer: \"192.0.2.1:2\"}}]\n"
		"trunks: [{name: t, server: a.example, transport: tls, tls: "
		"{certificate: key, key: key}}]\n"
		"routes: [{from: s, to: t}]\n";
	char dir[] = "/tmp/t_conf-XXXXXX", path[64], *report = NULL;
	struct conf *c;
	FILE *f;

	if (geteuid() != 0) {
		return;
	}
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
	f = fopen(path, "w");
	fclose(f);
	ck_assert_int_eq(chmod(path, 0600) | chmod(dir, 0755), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	c = conf_load_text("t", text, sizeof(text) - 1, dir, &report);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_ptr_null(c);
	ck_assert_msg(strstr(report, "tls.key: cannot read key: Permission "
				     "denied") &&
			      strstr(report, "= chown 65534 key, or "
					     "LoadCredential= in the unit"),
		      "%s", report);
	free(report);
	unlink(path);
	rmdir(dir);
}
END_TEST

START_TEST(mistakes_are_told_as_expected)
{
	DIR *d = opendir(DIR_NAME);
	struct dirent *e;
	unsigned refused = 0;

	ck_assert(d != NULL);
	while ((e = readdir(d))) {
		char *dot = strrchr(e->d_name, '.'), path[512], *report, *text;
		struct conf *c;

		if (!dot || strcmp(dot, ".yaml")) {
			continue;
		}
		snprintf(path, sizeof(path), "%s/%s", DIR_NAME, e->d_name);
		text = slurp(path);
		c = conf_load_text(e->d_name, text, strlen(text), DIR_NAME,
				   &report);
		ck_assert_msg(!c == (strstr(report, ": error: ") != NULL),
			      "%s", e->d_name);
		refused += !c;
		*dot = '\0';
		expect(e->d_name, report);
		free(report);
		free(text);
		free(c);
	}
	closedir(d);
	ck_assert_uint_ge(refused, MISTAKES);
}
END_TEST

static struct conf *load(const char *text)
{
	char *report;
	struct conf *c = conf_load_text("t", text, strlen(text), NULL,
					&report);

	if (!c) {
		fputs(report, stderr);
	}
	free(report);
	return c;
}

#define SPAN \
	"spans: [{name: a, line: {driver: pseudowire, local: \"1.2.3.4:5\"," \
	" peer: \"1.2.3.4:6\"}, isdn: {side: network}}]\n"
#define REST \
	"trunks: [{name: b, server: x.example, codecs: [PCMU, PCMA]}]\n" \
	"routes: [{from: a, to: b}, {from: b, to: a, allow: [\"0*\"]}]\n"

START_TEST(values_reach_their_place)
{
	struct conf *c = load(SPAN REST "emergency: [\"110\"]\n"
			      "media: {ports: 20000-20100, cpus: [3, 2]}\n");

	ck_assert(c != NULL);
	ck_assert_uint_eq(c->n_spans, 1);
	ck_assert_str_eq(c->spans[0].name, "a");
	ck_assert_int_eq(c->spans[0].isdn.side, CONF_SIDE_NETWORK);
	ck_assert_uint_eq(c->spans[0].isdn.t309_s, 90);
	ck_assert_uint_eq(c->spans[0].line.local.port, 5);
	ck_assert(c->spans[0].echo);
	ck_assert_str_eq(c->trunks[0].servers[0], "x.example");
	ck_assert_uint_eq(c->trunks[0].n_codecs, 2);
	ck_assert_uint_eq(c->trunks[0].codecs[0], 0);
	ck_assert_uint_eq(c->trunks[0].codecs[1], 8);
	ck_assert(c->trunks[0].dtmf_events);
	ck_assert_uint_eq(c->media.port_min, 20000);
	ck_assert_uint_eq(c->media.port_max, 20100);
	ck_assert_uint_eq(c->media.n_cpus, 2);
	ck_assert_uint_eq(c->media.cpus[0], 3);
	ck_assert_uint_eq(c->media.cpus[1], 2);
	ck_assert_int_eq(c->routes[1].from_end, CONF_END_TRUNK);
	ck_assert_str_eq(c->routes[1].allow[0], "0*");
	ck_assert_str_eq(c->emergency[0], "110");
	free(c);
}
END_TEST

/* For what is found to be wrong only when a trunk is used: the line of what it
 * says itself, else of the trunk. */
START_TEST(lines_are_kept)
{
	struct conf *c = load(SPAN
			      "trunks:\n"
			      "  - name: b\n"
			      "    auth: {user: u, password: p}\n"
			      "    server: x.example\n"
			      "  - name: c\n"
			      "    server: y.example\n"
			      "    outbound_proxy: z.example\n"
			      "routes: [{from: a, to: b}, {from: a, to: c}]\n");

	ck_assert(c != NULL);
	ck_assert_uint_eq(c->trunks[0].reg.auth_line, 4);
	ck_assert_uint_eq(c->trunks[0].wire.server_line, 5);
	ck_assert_uint_eq(c->trunks[0].tls.line, 3);
	ck_assert_uint_eq(c->trunks[0].who.stir.line, 3);
	ck_assert_uint_eq(c->trunks[1].reg.auth_line, 6);
	/* the name that is asked for */
	ck_assert_uint_eq(c->trunks[1].wire.server_line, 8);
	free(c);
}
END_TEST

/* One core, none, the same twice, what is none, too many. */
/* The idle code is the law's silence unless the file says otherwise. */
START_TEST(dahdi_spans)
{
	static const char *const head =
		"spans: [{name: a, isdn: {side: user}, law: ulaw,"
		" line: {driver: dahdi, span: 3, d_slot: 24, last_slot: 24";
	char text[1024];
	struct conf *c;

	snprintf(text, sizeof(text), "%s}}]\n%s", head, REST);
	c = load(text);
	ck_assert(c != NULL);
	ck_assert_int_eq(c->spans[0].line.driver, CONF_DAHDI);
	ck_assert_uint_eq(c->spans[0].line.dahdi_span, 3);
	ck_assert_uint_eq(c->spans[0].line.d_slot, 24);
	ck_assert_uint_eq(c->spans[0].line.buffer_ms, 20);
	ck_assert_uint_eq(c->spans[0].line.idle, 0xff);
	free(c);
	snprintf(text, sizeof(text), "%s, idle: 127}}]\n%s", head, REST);
	c = load(text);
	ck_assert(c != NULL);
	ck_assert_uint_eq(c->spans[0].line.idle, 127);
	free(c);
	c = load(SPAN REST);
	ck_assert(c != NULL);
	ck_assert_uint_eq(c->spans[0].line.idle, 0xd5);
	free(c);
}
END_TEST

START_TEST(cores_of_the_engine)
{
	static const struct {
		const char *text, *said; /* NULL: it is good */
		unsigned n;
	} all[] = {
		{ "media: {cpus: 1}\n", NULL, 1 },
		{ "media: {cpus: []}\n", NULL, 0 },
		{ "media: {cpus: [0, 4, 0]}\n", "core 0 stands there twice",
		  0 },
		{ "media: {cpus: [256]}\n", "not a processor core", 0 },
		{ "media: {cpus: [-1]}\n", "not a processor core", 0 },
		{ "media: {cpus: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "
		  "13, 14, 15, 16]}\n", "at most 16 values", 0 },
	};
	char text[1024], *report;
	struct conf *c;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		snprintf(text, sizeof(text), SPAN REST "%s", all[i].text);
		c = conf_load_text("t", text, strlen(text), NULL, &report);
		if (all[i].said) {
			ck_assert_msg(!c && strstr(report, all[i].said),
				      "%s: %s", all[i].text, report);
		} else {
			ck_assert_msg(c != NULL, "%s", report);
			ck_assert_uint_eq(c->media.n_cpus, all[i].n);
		}
		free(report);
		free(c);
	}
}
END_TEST

START_TEST(limits_hold)
{
	size_t size = (1u << 20) + 2;
	char *big = malloc(size), *report;

	memset(big, ' ', size);
	ck_assert(!conf_load_text("t", big, size, NULL, &report));
	ck_assert(strstr(report, "larger than"));
	free(report);
	/* 20 levels of nesting, and 100,000: both refused, the latter soon. */
	memset(big, '[', 100000);
	ck_assert(!conf_load_text("t", big, 100000, NULL, &report));
	ck_assert(strstr(report, "nested deeper"));
	free(report);
	free(big);
}
END_TEST

START_TEST(secrets_come_from_files_and_stay_out_of_reports)
{
	char dir[] = "/tmp/tg-conf-XXXXXX", path[64], *report;
	const char *text = SPAN "trunks: [{name: b, server: x.example, auth: "
		"{user: u, password: {file: pw}}}]\n"
		"routes: [{from: a, to: b}]\n";
	struct conf *c;
	FILE *f;

	ck_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/pw", dir);
	f = fopen(path, "w");
	fputs("s3cret\n", f);
	fclose(f);
	chmod(path, 0644);
	c = conf_load_text("t", text, strlen(text), dir, &report);
	ck_assert(c != NULL);
	ck_assert_str_eq(c->trunks[0].auth_password, "s3cret");
	ck_assert(strstr(report, "can be read by others"));
	ck_assert(!strstr(report, "s3cret"));
	free(report);
	free(c);
	unlink(path);
	rmdir(dir);
}
END_TEST

/* A secret in the file itself, in each kind of mistake near it. */
START_TEST(secrets_are_not_printed)
{
	static const char long_one[] =
		"SECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRET"
		"SECRET";
	static const char *const mistakes[] = {
		"{user: u, password: \"%s\"}",  /* too long */
		"{user: u, password:\n    %s}",	 /* on a line of its own */
		"{usr: u, password: %s}",	 /* an error beside it */
		"{user: u, password: [%s]}",	 /* of the wrong kind */
		"{user: u, pass: %s}",		 /* key misspelt */
		"{user: u, \"Password\": %s: x}", /* not YAML */
	};

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		char auth[200], text[600], *report;

		snprintf(auth, sizeof(auth), mistakes[i], long_one);
		snprintf(text, sizeof(text), SPAN "trunks:\n- name: b\n"
			 "  server: x.example\n  auth: %s\n"
			 "routes: [{from: a, to: b}]\n", auth);
		ck_assert(!conf_load_text("t", text, strlen(text), NULL,
					  &report));
		ck_assert_msg(!strstr(report, "SECRET"), "%s", report);
		free(report);
	}
}
END_TEST

static void expect_report(const char *text, const char *want)
{
	char *report;

	ck_assert(!conf_load_text("t", text, strlen(text), NULL, &report));
	ck_assert_msg(strstr(report, want), "%s", report);
	free(report);
}

START_TEST(odd_texts_are_shown_well)
{
	char text[12000] = SPAN "emergency: [", *at = text + strlen(text);

	expect_report("spanz: []\r\n",
		      "    1 | spanz: []\n      | ^~~~~\n");
	expect_report("a: 1\nb: x\xe4y\n", "t:2:6: error: not YAML");
	expect_report("\xc3\xa4: {\xc3\xb6: 1, b: *c}\n",
		      "{\xc3\xb6: 1, b: *c}\n      |              ^~\n");
	/* Of a line of 10,000 characters the part around the mistake. */
	for (int i = 0; i < 2500; i++) {
		at = stpcpy(at, i == 2000 ? "\"x\" " : "\"1\",");
	}
	strcpy(at, "]\n");
	expect_report(text, "\"x\"");
}
END_TEST

START_TEST(costs_of_changes)
{
	struct conf *a = load(SPAN REST), *b = load(SPAN REST);
	char *text;

	ck_assert_int_eq(conf_diff(a, b, &text), CONF_COST_NONE);
	ck_assert_str_eq(text, "");
	free(text);
	strcpy(b->routes[1].allow[0], "1*");
	b->trunks[0].max_calls = 5;
	ck_assert_int_eq(conf_diff(a, b, &text), CONF_COST_NONE);
	ck_assert(strstr(text, "b.max_calls"));
	ck_assert(strstr(text, "routes"));
	free(text);
	b->spans[0].isdn.t309_s = 6;
	ck_assert_int_eq(conf_diff(a, b, &text), CONF_COST_SPAN);
	free(text);
	b->media.port_min++;
	ck_assert_int_eq(conf_diff(a, b, &text), CONF_COST_ALL);
	free(text);
	free(a);
	free(b);
}
END_TEST

START_TEST(every_default_is_a_good_value)
{
	/* A default that its own reader refuses would stay zero. */
	for (unsigned i = 0; i < conf_n_sections; i++) {
		for (unsigned k = 0; k < conf_sections[i].n; k++) {
			const struct setting *s =
				&conf_sections[i].settings[k];
			char *text = NULL;
			size_t size;
			FILE *f = open_memstream(&text, &size);
			char path[128];

			snprintf(path, sizeof(path), "%s.%s",
				 conf_sections[i].name, s->path);
			ck_assert_msg(conf_explain(f, f, path), "%s", path);
			fclose(f);
			free(text);
			if (s->type == VALUE_INT && s->def) {
				long v = strtol(s->def, NULL, 10);

				ck_assert_msg(v >= s->min && v <= s->max,
					      "%s", path);
			}
		}
	}
}
END_TEST

/* The names in what is explained, with a space behind each; or the fault. */
static const char *explained(const char *path)
{
	static char names[4000];
	char line[400];
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	conf_explain(f, f, path);
	rewind(f);
	names[0] = '\0';
	while (fgets(line, sizeof(line), f))
		if (line[0] != ' ' && line[0] != '\n') {
			line[strcspn(line, "\n")] = ' ';
			strcat(names, line);
		}
	fclose(f);
	return names;
}

START_TEST(settings_are_explained)
{
	ck_assert_str_eq(explained("sip.bind"), "sip.bind ");
	ck_assert_str_eq(explained("spans.line.driver"), "spans[].line.driver ");
	ck_assert_str_eq(explained("spans[3].line.driver"),
			 "spans[].line.driver ");
	ck_assert_str_eq(explained("driver"), "spans[].line.driver ");
	ck_assert_str_eq(explained("header_rules.pattern"),
			 "trunks[].header_rules[].pattern ");
	ck_assert_str_eq(explained("name"),
			 "spans[].name trunks[].name trunks[].tls.name ");
	ck_assert_str_eq(explained("emergency"), "emergency ");
	ck_assert_ptr_nonnull(strstr(explained("trunks.tls"),
				     "trunks[].tls.verify "));
	ck_assert_ptr_null(strstr(explained("sip"), "sip.bind spans"));
	ck_assert_str_eq(explained("sip.bnd"),
			 "trunkgate: there is no setting sip.bnd; did you mean sip.bind? "
			 "(trunkgate --reference tells all) ");
	ck_assert_str_eq(explained("frobnicate"),
			 "trunkgate: there is no setting frobnicate "
			 "(trunkgate --reference tells all) ");
	ck_assert_str_eq(explained("[]"), "trunkgate: there is no setting [] "
			 "(trunkgate --reference tells all) ");
	ck_assert_ptr_nonnull(strstr(explained("lin"), "no setting"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf");
	TCase *t = tcase_create("conf");

	tcase_add_test(t, mistakes_are_told_as_expected);
	tcase_add_test(t, a_key_of_another_is_told);
	tcase_add_test(t, values_reach_their_place);
	tcase_add_test(t, lines_are_kept);
	tcase_add_test(t, dahdi_spans);
	tcase_add_test(t, cores_of_the_engine);
	tcase_add_test(t, limits_hold);
	tcase_add_test(t, secrets_come_from_files_and_stay_out_of_reports);
	tcase_add_test(t, secrets_are_not_printed);
	tcase_add_test(t, odd_texts_are_shown_well);
	tcase_add_test(t, settings_are_explained);
	tcase_add_test(t, costs_of_changes);
	tcase_add_test(t, every_default_is_a_good_value);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
