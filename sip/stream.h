/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages out of a stream (RFC 3261 18.3): octets in as they come, in pieces
 * of any size; whole messages, cut by Content-Length, and the line ends between
 * them (RFC 5626 3.5.1) out.
 *
 *   space -> recv() into it -> fill -> next, next ... until STREAM_MORE
 *
 * No octet is looked at more than a few times, however it is cut. Limits: those
 * of the gate for a header part without an end and for a body; the gate judges
 * everything else. After STREAM_BAD the place of the next message is
 * unknown: the connection is of no more use.
 *
 * Owner: the connection. Memory: one buffer of STREAM_ROOM while octets are
 * kept, none else.
 */
#ifndef SIP_STREAM_H
#define SIP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_ROOM (16384 + 10240)

enum sip_stream_event {
	STREAM_MORE,	/* nothing whole is left */
	STREAM_MESSAGE, /* *data, *len: one message */
	STREAM_CRLF,	/* a line end between messages */
	STREAM_BAD	/* no or a broken Content-Length, or too long: *data and
			   *len are the header part, 0 when it has no end */
};

struct sip_stream {
	char *buf;
	size_t at, len; /* what is not given out lies at buf[at..len) */
	size_t seen;	/* of it searched for the empty line */
	size_t need;	/* octets of the message at at; 0 = not known */
	bool bad;
};

/* Room for at least one octet more; *room of them. NULL: no memory. */
char *sip_stream_space(struct sip_stream *, size_t *room);
/* So many octets have been put there. */
void sip_stream_fill(struct sip_stream *, size_t len);
/* What comes next. *data is valid until the next call. */
enum sip_stream_event sip_stream_next(struct sip_stream *, const char **data,
				      size_t *len);
/* A message has begun and not ended. */
bool sip_stream_is_partial(const struct sip_stream *);
void sip_stream_fini(struct sip_stream *);

#endif
