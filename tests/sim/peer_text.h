/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIP messages as text, for the peer: written without any code of sip/. One
 * thread.
 */
#ifndef TESTS_SIM_PEER_TEXT_H
#define TESTS_SIM_PEER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_MAX  4096
#define TEXT_LINE 512

/* Appends; a message that does not fit fails the test. */
void text_add(char out[TEXT_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The n-th value of that header; false: there is none. */
bool text_header(const char *msg, const char *name, unsigned n,
		 char out[TEXT_LINE]);
/* The first one; "" if there is none. */
void text_value(const char *msg, const char *name, char out[TEXT_LINE]);
/* All lines of that header, copied. */
void text_copy(char out[TEXT_MAX], const char *msg, const char *name);
/* What stands between < and > of the header, "" if nothing does. */
void text_uri(const char *msg, const char *name, char out[TEXT_LINE]);
/* The parameter of the first Via, From ...; "" if it is not there. */
void text_param(const char *msg, const char *name, const char *param,
		char out[TEXT_LINE]);
const char *text_body(const char *msg);
/* "SIP/2.0 486 ..." -> 486; a request -> 0. */
int text_status(const char *msg);
bool text_is(const char *msg, const char *method);
/* CSeq: its number; its method is compared. */
unsigned text_cseq(const char *msg);
bool text_cseq_is(const char *msg, const char *method);

#endif
