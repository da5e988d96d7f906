/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trunkctl: the operator's command, one shot over the local socket. */
#include "tools/trunkctl/client.h"
#include "tools/trunkctl/table.h"
#include "tools/trunkctl/trace.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SOCKET "/run/trunkgate/ctl"
#define REQUEST_MAX    400

static const char usage[] =
"usage: trunkctl [--socket PATH] [--json] COMMAND\n"
"  status               all roles\n"
"  spans                lines and D channels\n"
"  channels             B channels\n"
"  calls                calls now\n"
"  trunks               SIP trunks\n"
"  explain FROM NUMBER  which route a number would take\n"
"  trace [-w FILE]      live ladder lines, or a capture file\n"
"  drain                take no new calls, stop when the last one has ended\n"
"  reload [--restart]   read the configuration anew\n"
"  metrics              Prometheus text\n";

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

static void print_answer(const struct options *o, const char *text)
{
	json_t *v = o->json ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);

	if (v) {
		table_print(stdout, v);
		json_decref(v);
	} else {
		printf("%s%s", text,
		       *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
	}
}

static int ask(const struct options *o, const char *request)
{
	bool ok;
	FILE *f = client_ask(o->socket, request, &ok);
	char *text = f ? client_read_all(f) : NULL;

	if (!text) {
		return 1;
	}
	if (ok) {
		print_answer(o, text);
	} else if (o->json) {
		json_t *e = json_pack("{s:s}", "error", text);

		json_dumpf(e, stdout, 0);
		putchar('\n');
		json_decref(e);
	} else {
		fprintf(stderr, "trunkctl: %s\n", text);
	}
	free(text);
	return !ok;
}

static int command(const struct options *o, int argc, char **argv)
{
	char request[REQUEST_MAX];
	size_t len = 0;

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
