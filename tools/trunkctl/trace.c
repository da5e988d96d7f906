/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/trunkctl/trace.h"

#include "tools/trunkctl/pcap.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/base/str.h"

static const char *text_of(const json_t *event, const char *key)
{
	const char *s = json_string_value(json_object_get(event, key));

	return s ? s : "";
}

static long long int_of(const json_t *event, const char *key)
{
	return json_integer_value(json_object_get(event, key));
}

static size_t unhex(uint8_t *out, size_t size, const char *hex)
{
	size_t n = strlen(hex) / 2;

	n = n < size ? n : size;
	for (size_t i = 0; i < n; i++) {
		out[i] = (uint8_t)str_hex_octet(hex + 2 * i);
	}
	return n;
}

/* The value of a header; empty when the message has none. */
static void header_of(char *out, size_t size, const char *msg,
		      const char *name)
{
	const char *at = strcasestr(msg, name);
	size_t n;

	out[0] = '\0';
	if (at) {
		at += strlen(name);
		at += strspn(at, " \t");
		n = strcspn(at, "\r\n");
		snprintf(out, size, "%.*s", (int)n, at);
	}
}

/* "SIP/2.0 200 OK" does not say to what; a start line not in which call. */
static void print_sip(const json_t *event)
{
	char msg[4096], cseq[32];
	const char *text = text_of(event, "text");

	msg[unhex((uint8_t *)msg, sizeof(msg) - 1, text_of(event, "hex"))] = 0;
	header_of(cseq, sizeof(cseq), msg, "\nCSeq:");
	if (!strncmp(text, "SIP/2.0 ", 8)) {
		text += 8;
	}
	printf("%s [%s] call %s\n", text, cseq, text_of(event, "call"));
}

/*
 *	10:31:05.123  carrier --> gw               SETUP cref 0x0001 ...
 *	10:31:05.130              gw --> provider  INVITE sip:... [1 INVITE]
 */
static void print_line(const json_t *event)
{
	long long us = int_of(event, "t_us");
	bool sent = json_is_true(json_object_get(event, "sent"));
	const char *kind = text_of(event, "kind");
	const char *name = text_of(event, "name");
	time_t s = (time_t)(us / 1000000);
	char path[96] = "", day[16];
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(day, sizeof(day), "%H:%M:%S", &tm);
	if (!strcmp(kind, "frame")) {
		snprintf(path, sizeof(path), "%10s %s gw", name,
			 sent ? "<--" : "-->");
	} else if (!strcmp(kind, "sip")) {
		snprintf(path, sizeof(path), "%14s gw %s %s", "",
			 sent ? "-->" : "<--", name);
	} else if (!strcmp(kind, "span")) {
		snprintf(path, sizeof(path), "%10s", name);
	}
	printf("%s.%03lld  %-32s  ", day, us / 1000 % 1000, path);
	if (!strcmp(kind, "sip")) {
		print_sip(event);
	} else {
		const char *call = *kind == 'c' ? text_of(event, "call") : "";

		printf("%s%s%s\n", text_of(event, "text"),
		       *call ? "  call " : "", call);
	}
	fflush(stdout);
}

static int write_packet(FILE *pcap, const json_t *event)
{
	const char *kind = text_of(event, "kind");
	bool sent = json_is_true(json_object_get(event, "sent"));
	uint8_t octets[16000];
	size_t len = unhex(octets, sizeof(octets), text_of(event, "hex"));
	struct net_addr local, remote;
	int64_t t = int_of(event, "t_us");
	int r = 0;

	if (!strcmp(kind, "frame")) {
		r = pcap_frame(pcap, t, (unsigned)int_of(event, "index"),
			       (unsigned)int_of(event, "slot"), sent, octets,
			       len);
	} else if (!strcmp(kind, "sip") &&
		   net_parse(&local, text_of(event, "local")) == 0 &&
		   net_parse(&remote, text_of(event, "remote")) == 0) {
		r = pcap_udp(pcap, t, sent ? &local : &remote,
			     sent ? &remote : &local, octets, len);
	}
	fflush(pcap);
	return r;
}

int trace_run(FILE *events, bool json, FILE *pcap)
{
	char *line = NULL;
	size_t size = 0;
	int r = pcap ? pcap_begin(pcap) : 0;

	while (r == 0 && getline(&line, &size, events) > 0) {
		json_t *event;

		if (json) {
			fputs(line, stdout);
			fflush(stdout);
		}
		event = json_loads(line, 0, NULL);
		if (!event) {
			continue;
		}
		if (json_object_get(event, "missed")) {
			fprintf(stderr, "trunkctl: %lld events were lost\n",
				int_of(event, "missed"));
		} else if (pcap) {
			r = write_packet(pcap, event);
		} else if (!json) {
			print_line(event);
		}
		json_decref(event);
	}
	free(line);
	return r;
}
