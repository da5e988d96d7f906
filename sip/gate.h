/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate in front of libosip2: what has not passed here never reaches a
 * library. It is the second guard; the first is the source (trunk.h).
 *
 * Each datagram gets one verdict:
 *   PASS   well formed as far as framing, limits and the headers that decide
 *          about the transaction go; parse it.
 *   REPLY  a request with a fault, and enough of it sound (Via, From, To,
 *          Call-ID, CSeq) to be answered: 400 with a reason phrase, 505, 513.
 *   DROP   everything else: faulty responses and ACKs, requests that cannot
 *          be answered, noise. Keep-alives (CRLF, STUN) drop too.
 * Nothing is allocated and nothing is written but the result; the time is
 * linear in len. Any thread.
 *
 * Limits: 16 KiB a message, 128 header lines, 4 KiB a line (folded lines
 * joined), 64 Via, 10 KiB of body. Lines end with CRLF. No NUL or other control
 * character but HTAB outside of bodies, unless as a quoted-pair (RFC 4475
 * 3.1.1.2). Content-Length: the rest of a datagram beyond it is ignored, less
 * than it is 400 (RFC 3261 18.3), absent means to the end. Exactly one each of
 * From, To, Call-ID, CSeq, at most one Content-Length, Content-Type,
 * Max-Forwards, Expires. CSeq below 2**31 (8.1.1.5), its method that of the
 * request line. A Request-URI other than sip:, sips:, tel: is 416.
 */
#ifndef SIP_GATE_H
#define SIP_GATE_H

#include "gateway/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIP_GATE_MSG	 16384
#define SIP_GATE_HEADERS 128
#define SIP_GATE_LINE	 4096
#define SIP_GATE_VIAS	 64
#define SIP_GATE_BODY	 10240

enum sip_gate_verdict { SIP_GATE_PASS, SIP_GATE_REPLY, SIP_GATE_DROP };

/* Why; each has a counter, a name and, when answered, status and phrase. */
enum sip_gate_reason {
	SIP_GATE_OK,
	SIP_GATE_KEEPALIVE, /* CRLF, STUN */
	SIP_GATE_TOO_LONG,
	SIP_GATE_START_LINE,
	SIP_GATE_URI,
	SIP_GATE_SCHEME,
	SIP_GATE_VERSION,
	SIP_GATE_STATUS,
	SIP_GATE_NO_END, /* no empty line after the headers */
	SIP_GATE_CONTROL,
	SIP_GATE_LINE_LENGTH,
	SIP_GATE_HEADER_NAME,
	SIP_GATE_HEADER_COUNT,
	SIP_GATE_MISSING,
	SIP_GATE_REPEATED,
	SIP_GATE_VIA,
	SIP_GATE_FROM,
	SIP_GATE_TO,
	SIP_GATE_CALL_ID,
	SIP_GATE_CSEQ,
	SIP_GATE_CSEQ_METHOD,
	SIP_GATE_MAX_FORWARDS,
	SIP_GATE_EXPIRES,
	SIP_GATE_CONTACT,
	SIP_GATE_ROUTE,
	SIP_GATE_CONTENT_TYPE,
	SIP_GATE_CONTENT_LENGTH,
	SIP_GATE_SHORT_BODY,
	SIP_GATE_LONG_BODY,
	SIP_GATE_PARSER, /* passed here, refused by osip */
	SIP_GATE_NOBODY, /* passed here, but is for no trunk: 404 */
	SIP_GATE_BUSY, /* passed here, but there is no time for it: 503 */
	SIP_GATE_REASONS
};

/* Headers the gate knows; all others are SIP_H_OTHER. */
enum sip_gate_header {
	SIP_H_VIA,
	SIP_H_FROM,
	SIP_H_TO,
	SIP_H_CALL_ID,
	SIP_H_CSEQ,
	SIP_H_MAX_FORWARDS,
	SIP_H_EXPIRES,
	SIP_H_CONTACT,
	SIP_H_ROUTE,
	SIP_H_RECORD_ROUTE,
	SIP_H_CONTENT_TYPE,
	SIP_H_CONTENT_LENGTH,
	SIP_H_OTHER,
	SIP_H_COUNT
};

/* A slice of the datagram. */
struct sip_slice {
	uint32_t at, len;
};

/* One header: name and value without the white space around; a folded value
 * still holds its line ends. */
struct sip_gate_line {
	struct sip_slice name, value;
	enum sip_gate_header id;
};

struct sip_gate_result {
	enum sip_gate_verdict verdict;
	enum sip_gate_reason reason;
	bool is_request;
	struct sip_slice start;	 /* start line without its CRLF */
	struct sip_slice method; /* request */
	struct sip_slice uri;	 /* request */
	struct sip_slice body;	 /* PASS: what counts of it */
	struct sip_slice first[SIP_H_COUNT]; /* value of the first one */
	uint16_t count[SIP_H_COUNT];
	struct sip_slice via[SIP_GATE_VIAS]; /* single values, in order */
	unsigned n_via;
	struct sip_gate_line line[SIP_GATE_HEADERS];
	unsigned n_lines;
};

struct sip_gate_stats {
	uint64_t seen, passed, replied, dropped;
	uint64_t reason[SIP_GATE_REASONS];
};

/* Judges data[0..len). Counts into stats unless NULL. */
void sip_gate_check(const char *data, size_t len, struct sip_gate_result *,
		    struct sip_gate_stats *);
/* A message that passed was refused later: turns PASS into REPLY or DROP, and
 * the counters with it. */
void sip_gate_refuse(const char *data, struct sip_gate_result *,
		     enum sip_gate_reason, struct sip_gate_stats *);
/* The answer of a REPLY verdict, from the raw slices (nothing of the request
 * is parsed further). Returns its length, 0 when it does not fit. source:
 * for received and rport (RFC 3581); it is also where the answer goes. */
size_t sip_gate_reply(const struct sip_gate_result *, const char *data,
		      const struct net_addr *source, char *out, size_t size);
/* "cseq", for counters and logs. */
const char *sip_gate_reason_name(enum sip_gate_reason);
int sip_gate_status(enum sip_gate_reason); /* 400, 416, 505, 513 */
const char *sip_gate_phrase(enum sip_gate_reason);

#endif
