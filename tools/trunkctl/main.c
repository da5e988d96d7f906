/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trunkctl: the operator's command, one shot over the local socket. */
#include "tools/trunkctl/client.h"
#include "tools/trunkctl/command.h"
#include "tools/trunkctl/table.h"
#include "tools/trunkctl/trace.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/trunkgate/ctl"
#define REQUEST_MAX    400

static const char usage_head[] =
"usage: trunkctl [--socket PATH] [--json] COMMAND\n";
static const char usage_tail[] =
"\n"
"PATH is that of the gateway's gateway.run_dir with /ctl; else the variable\n"
"TRUNKGATE_SOCKET, else /run/trunkgate/ctl. Exit status: 0; 1 refused or not\n"
"there; 2 wrong usage.\n";

static int trace(const struct options *o, const char *request)
{
	bool ok;
	FILE *events = client_ask(o->socket, request, &ok);
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

static int channel(const struct options *o, const char *request)
{
	return ask_owner(o, request,
			 "there is no such channel: trunkctl channels");
}

static int nfas_switch(const struct options *o, const char *request)
{
	char verb[REQUEST_MAX];

	snprintf(verb, sizeof(verb), "nfas-switch %s", strrchr(request, ' ') + 1);
	return ask_owner(o, verb,
			 "there is no such NFAS group: trunkctl spans");
}

static int reload(const struct options *o, const char *request)
{
	char verb[REQUEST_MAX];

	snprintf(verb, sizeof(verb), "%s%s", request,
		 o->restart ? " --restart" : "");
	return ask(o, verb);
}

static const struct command commands[] = {
	{ "status", "all roles", ask },
	{ "spans", "lines and D channels", ask },
	{ "channels", "B channels", ask },
	{ "calls", "calls now", ask },
	{ "trunks", "SIP trunks", ask },
	{ "explain FROM NUMBER", "which route a number would take", ask },
	{ "performance SPAN", "errored seconds (G.826), in quarters of an hour",
	  ask },
	{ "trace [-w FILE]", "live ladder lines, or a capture file", trace },
	{ "channel SPAN/N out|in",
	  "a B channel without new calls, or with them\n"
	  "again; told by SERVICE on NI2", channel },
	{ "span NAME up|down|restart",
	  "one span out of service or back, the others go on", ask },
	{ "nfas switch GROUP", "to the D channel in standby", nfas_switch },
	{ "nfas verify GROUP NUMBER",
	  "call NUMBER, which comes back to the group, over\n"
	  "each of its spans: are they numbered as the\n"
	  "carrier's?", verify },
	{ "transfer CALL NUMBER",
	  "the peer of that call's trunk is to connect its\n"
	  "party there", ask },
	{ "drain", "take no new calls, stop when the last has ended", ask },
	{ "reload [--restart]",
	  "read the configuration anew; with --restart also\n"
	  "what ends calls", reload },
	{ "metrics", "Prometheus text", ask },
	{ NULL, NULL, NULL },
};

static void print_usage(FILE *f)
{
	fputs(usage_head, f);
	command_list(commands, f);
	fputs(usage_tail, f);
}

/* The request line of the socket; false: too long for it. */
static bool join(char request[REQUEST_MAX], int argc, char **argv)
{
	size_t len = 0;

	for (int i = 0; i < argc; i++) {
		if (strpbrk(argv[i], "\r\n") ||
		    len + strlen(argv[i]) + 16 > REQUEST_MAX) {
			return false;
		}
		len += (size_t)sprintf(request + len, "%s%s", i ? " " : "",
				       argv[i]);
	}
	return true;
}

static int command(const struct options *o, int argc, char **argv)
{
	const struct command *c = command_find(commands, argc, argv, stderr);
	char request[REQUEST_MAX];

	if (!c) {
		return 2;
	}
	if ((o->restart && !command_knows(c, "--restart")) ||
	    (o->file && !command_knows(c, "-w"))) {
		fprintf(stderr, "trunkctl: %s is no option of %s\n",
			o->restart ? "--restart" : "-w", argv[0]);
		return 2;
	}
	if (!join(request, argc, argv)) {
		fputs("trunkctl: argument too long, or of two lines\n", stderr);
		return 2;
	}
	return c->run(o, request);
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
			print_usage(stdout);
			return 0;
		default: /* getopt has told */
			return 2;
		}
	}
	if (optind == argc) {
		print_usage(stderr);
		return 2;
	}
	return command(&o, argc - optind, argv + optind);
}
