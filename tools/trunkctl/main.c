/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trunkctl: the operator's command, one shot over the local socket. */
#include "tools/trunkctl/client.h"
#include "tools/trunkctl/table.h"
#include "tools/trunkctl/trace.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/trunkgate/ctl"
#define REQUEST_MAX    400

static const char usage[] =
"usage: trunkctl [--socket PATH] [--json] COMMAND\n"
"  status               all roles\n"
"  spans                lines and D channels\n"
"  channels             B channels\n"
"  calls                calls now\n"
"  trunks               SIP trunks\n"
"  nfas verify GROUP NUMBER  call NUMBER, which comes back to the group, over\n"
"                       each of its spans: are they numbered as the carrier's?\n"
"  channel SPAN/N out|in  a B channel without new calls, or with them again;\n"
"                       told by SERVICE on NI2\n"
"  nfas switch GROUP    to the D channel in standby\n"
"  explain FROM NUMBER  which route a number would take\n"
"  performance SPAN     errored seconds (G.826), in quarters of an hour\n"
"  trace [-w FILE]      live ladder lines, or a capture file\n"
"  span NAME up|down|restart\n"
"                       one span out of service or back, the others go on\n"
"  drain                take no new calls, stop when the last one has ended\n"
"  reload [--restart]   read the configuration anew\n"
"  metrics              Prometheus text\n"
"\n"
"PATH is that of the gateway's gateway.run_dir with /ctl; else the variable\n"
"TRUNKGATE_SOCKET, else /run/trunkgate/ctl. Exit status: 0; 1 refused or not\n"
"there; 2 wrong usage.\n";

struct options {
	const char *socket;
	const char *file; /* of trace */
	bool json, restart;
};

static int trace(const struct options *o)
{
	bool ok;
	FILE *events = client_ask(o->socket, "trace", &ok);
	FILE *pcap = NULL;
	int r;

	if (!events) {
		return 1;
	}
	if (o->file && !(pcap = fopen(o->file, "we"))) {
		perror(o->file);
		fclose(events);
		return 2;
	}
	r = trace_run(events, o->json, pcap);
	fclose(events);
	if (pcap && fclose(pcap) != 0 && r == 0) {
		r = -1;
	}
	if (r < 0) {
		fprintf(stderr, "trunkctl: %s could not be written\n",
			o->file);
	}
	return r < 0;
}

static void print_wrapped(const char *key, const char *text)
{
	json_t *o = json_pack("{s:s}", key, text);

	json_dumpf(o, stdout, 0);
	putchar('\n');
	json_decref(o);
}

/* Some answers are words (reload, drain) or Prometheus text. */
static void print_answer(const struct options *o, const char *text)
{
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);

	if (o->json && !v) {
		print_wrapped("text", text);
	} else if (v && !o->json) {
		table_print(stdout, v);
	} else {
		printf("%s%s", text,
		       *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
	}
	json_decref(v);
}

static char *fetch(const struct options *o, const char *request, bool *ok)
{
	FILE *f = client_ask(o->socket, request, ok);

	return f ? client_read_all(f) : NULL;
}

static int show(const struct options *o, char *text, bool ok)
{
	if (!text) {
		return 1;
	}
	if (ok) {
		print_answer(o, text);
	} else if (o->json) {
		print_wrapped("error", text);
	} else {
		fprintf(stderr, "trunkctl: %s\n", text);
	}
	free(text);
	return !ok;
}

static int ask(const struct options *o, const char *request)
{
	bool ok = false;
	char *text = fetch(o, request, &ok);

	return show(o, text, ok);
}

static bool all_right(const json_t *answer)
{
	json_t *spans = json_object_get(answer, "spans"), *s;
	size_t i;

	json_array_foreach(spans, i, s) {
		const char *r = json_string_value(json_object_get(s, "result"));

		if (!r || strcmp(r, "right")) {
			return false;
		}
	}
	return json_array_size(spans) > 0;
}

/* It takes seconds for each span; 0: all interfaces are right. */
static int verify(const struct options *o, const char *request)
{
	bool ok = false, running = true, right = false;
	char *text = fetch(o, request, &ok);

	while (text && ok) {
		json_t *v = json_loads(text, 0, NULL);

		running = json_is_true(json_object_get(v, "running"));
		right = all_right(v);
		json_decref(v);
		if (!running) {
			break;
		}
		sleep(1);
		free(text);
		text = fetch(o, "nfas", &ok);
	}
	return show(o, text, ok) || !right;
}

/* The isdn role whose channel or group it is answers, the others say nothing;
 * when all do, `none` is told. */
static int ask_owner(const struct options *o, const char *request,
		     const char *none)
{
	bool ok = false;
	char *text = fetch(o, request, &ok), *answer = NULL;
	json_t *v = text && ok ? json_loads(text, 0, NULL) : NULL, *part;
	size_t i;

	if (!v) {
		return show(o, text, ok);
	}
	json_array_foreach(json_object_get(v, "isdn"), i, part) {
		if (json_object_get(part, "result")) {
			answer = json_dumps(part, 0);
		}
	}
	json_decref(v);
	free(text);
	return answer ? show(o, answer, true)
		      : show(o, strdup(none), false);
}

static bool is_channel(int argc, char **argv)
{
	return argc == 3 && strchr(argv[1], '/') &&
	       (!strcmp(argv[2], "out") || !strcmp(argv[2], "in"));
}

static bool is_nfas(int argc, char **argv)
{
	return (argc == 4 && !strcmp(argv[1], "verify")) ||
	       (argc == 3 && !strcmp(argv[1], "switch"));
}

/* The commands and how many arguments each has. */
static const struct {
	const char *name;
	int arguments;
} commands[] = {
	{ "status", 0 }, { "spans", 0 },   { "channels", 0 }, { "calls", 0 },
	{ "trunks", 0 }, { "explain", 2 }, { "trace", 0 },    { "drain", 0 },
	{ "reload", 0 }, { "metrics", 0 },
	{ "performance", 1 },
	{ "span", 2 },
	{ "transfer", 2 },
};

static bool is_usage(const struct options *o, int argc, char **argv)
{
	size_t i = 0, n = sizeof(commands) / sizeof(commands[0]);

	if (!strcmp(argv[0], "nfas")) {
		return is_nfas(argc, argv) && !o->restart && !o->file;
	}
	if (!strcmp(argv[0], "channel")) {
		return is_channel(argc, argv) && !o->restart && !o->file;
	}
	while (i < n && strcmp(commands[i].name, argv[0])) {
		i++;
	}
	return i < n && argc == commands[i].arguments + 1 &&
	       (!o->restart || !strcmp(argv[0], "reload")) &&
	       (!o->file || !strcmp(argv[0], "trace"));
}

static int command(const struct options *o, int argc, char **argv)
{
	char request[REQUEST_MAX];
	size_t len = 0;

	if (!is_usage(o, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (!strcmp(argv[0], "trace")) {
		return trace(o);
	}
	for (int i = 0; i < argc; i++) {
		if (strpbrk(argv[i], "\r\n") ||
		    len + strlen(argv[i]) + 16 > sizeof(request)) {
			fputs("trunkctl: argument too long\n", stderr);
			return 2;
		}
		len += (size_t)sprintf(request + len, "%s%s", i ? " " : "",
				       argv[i]);
	}
	if (o->restart) {
		strcpy(request + len, " --restart");
	}
	if (!strcmp(argv[0], "nfas") && argc == 4) {
		return verify(o, request);
	}
	if (!strcmp(argv[0], "nfas")) {
		snprintf(request, sizeof(request), "nfas-switch %.60s",
			 argv[2]);
		return ask_owner(o, request,
				 "there is no such NFAS group: trunkctl spans");
	}
	if (!strcmp(argv[0], "channel")) {
		return ask_owner(o, request, "there is no such channel: "
					     "trunkctl channels");
	}
	return ask(o, request);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "write", required_argument, NULL, 'w' },
		{ "restart", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *env = getenv("TRUNKGATE_SOCKET");
	struct options o = { .socket = env ? env : DEFAULT_SOCKET };
	int opt;

	while ((opt = getopt_long(argc, argv, "w:", options, NULL)) != -1) {
		switch (opt) {
		case 's':
			o.socket = optarg;
			break;
		case 'j':
			o.json = true;
			break;
		case 'w':
			o.file = optarg;
			break;
		case 'r':
			o.restart = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind == argc) {
		fputs(usage, stderr);
		return 2;
	}
	return command(&o, argc - optind, argv + optind);
}
