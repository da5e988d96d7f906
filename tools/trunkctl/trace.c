/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/trunkctl/trace.h"

#include "tools/trunkctl/pcap.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *text_of(const json_t *event, const char *key)
{
	const char *s = json_string_value(json_object_get(event, key));

	return s ? s : "";
}

static long long int_of(const json_t *event, const char *key)
{
	return json_integer_value(json_object_get(event, key));
}

static int nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c - 'a' + 10;
}

static size_t unhex(uint8_t *out, size_t size, const char *hex)
{
	size_t n = strlen(hex) / 2;

	n = n < size ? n : size;
	for (size_t i = 0; i < n; i++) {
		out[i] = (uint8_t)(nibble(hex[2 * i]) << 4 |
				   nibble(hex[2 * i + 1]));
	}
	return n;
}

/*
 *	10:31:05.123  span 0 --> gw             SETUP cref 0x0001 ...
 *	10:31:05.130             gw --> trunk 0 INVITE sip:...
 */
static void print_line(const json_t *event)
{
	long long us = int_of(event, "t_us");
	bool sent = json_is_true(json_object_get(event, "sent"));
	const char *kind = text_of(event, "kind");
	time_t s = (time_t)(us / 1000000);
	char path[64] = "", day[16];
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(day, sizeof(day), "%H:%M:%S", &tm);
	if (!strcmp(kind, "frame")) {
		snprintf(path, sizeof(path), "span %lld %s gw",
			 int_of(event, "index"), sent ? "<--" : "-->");
	} else if (!strcmp(kind, "sip")) {
		snprintf(path, sizeof(path), "%10s gw %s trunk %lld", "",
			 sent ? "-->" : "<--", int_of(event, "index"));
	}
	printf("%s.%03lld  %-32s %s\n", day, us / 1000 % 1000, path,
	       text_of(event, "text"));
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
