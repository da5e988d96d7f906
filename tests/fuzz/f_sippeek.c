/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip core conf base */
/*
 * What is said of a message before it is parsed, beside what the parser says:
 * of what passes the gate no request of a dialog is a new call, each INVITE
 * whose To has nothing like a tag is one, and a number in the Request-URI is
 * seen.
 */
#include "sip/gate.h"
#include "sip/msg.h"
#include "sip/peek.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char numbers[][CONF_NUMBER] = {"112", "110", "+49112"};

static void differs(const char *what, const char *data, size_t size)
{
	fprintf(stderr, "%s:\n%.*s\n", what, (int)size, data);
	abort();
}

/* As the legs take it (legs.c), when it is not written with escapes. */
static bool is_number(const struct sip_msg *m)
{
	const osip_uri_t *uri = m->osip->req_uri;
	const char *user = uri ? uri->username : NULL;

	if (!user) {
		user = uri && uri->string ? uri->string : "";
	}
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (strlen(numbers[i]) == strcspn(user, ";:@") &&
		    !strncmp(numbers[i], user, strlen(numbers[i]))) {
			return true;
		}
	}
	return false;
}

static void compare(const struct sip_msg *m, const struct sip_gate_result *r,
		    const char *data, size_t size)
{
	bool is_new = peek_is_new_call(data, size);
	struct sip_slice to = r->first[SIP_H_TO];
	char text[SIP_GATE_LINE + 1];

	if (is_new && (!sip_msg_is(m, "INVITE") || *sip_msg_to_tag(m))) {
		differs("taken for a new call", data, size);
	}
	snprintf(text, sizeof(text), "%.*s", (int)to.len, data + to.at);
	if (!is_new && sip_msg_is(m, "INVITE") && !strcasestr(text, "tag")) {
		differs("not seen to be new", data, size);
	}
	if (is_number(m) && !memchr(data + r->uri.at, '%', r->uri.len) &&
	    !peek_dials(data, size, numbers, 3)) {
		differs("its number is not seen", data, size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sip_gate_result r;
	struct sip_msg *m;
	char *copy = malloc(size + 1);
	char *exact = malloc(size ? size : 1); /* no octet behind it */

	memcpy(copy, data, size);
	memcpy(exact, data, size);
	copy[size] = '\0';
	(void)peek_is_new_call(exact, size);
	(void)peek_dials(exact, size, numbers, 3);
	sip_gate_check(copy, size, &r, NULL);
	m = r.verdict == SIP_GATE_PASS ? sip_msg_parse(copy, &r) : NULL;
	if (m && sip_msg_is_request(m)) {
		compare(m, &r, copy, size);
	}
	sip_msg_free(m);
	free(exact);
	free(copy);
	return 0;
}
