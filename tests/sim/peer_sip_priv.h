/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SIP peer from inside: peer_sip.c (wire, life), peer_uac.c (its own
 * requests), peer_uas.c (those of the gateway).
 */
#ifndef TESTS_SIM_PEER_SIP_PRIV_H
#define TESTS_SIM_PEER_SIP_PRIV_H

#include "tests/sim/peer_sip.h"

#define SP_T1_MS 500
#define SP_T2_MS 4000

/* A request of ours that waits for its final response. */
struct sip_peer_txn {
	struct sip_peer_txn *next;
	struct sip_peer_call *call;
	struct timer timer;
	char method[12];
	unsigned cseq;
	int64_t interval_ms, until_ms;
	bool heard; /* a provisional response */
	bool again; /* an INVITE within the dialog */
	char *text;
};

/* --- peer_sip.c --- */
void sp_send(const char *text);
struct sip_peer_call *sp_new(bool in);
struct sip_peer_call *sp_find(const char *msg);
void sp_enter(struct sip_peer_call *, enum sip_peer_state);
void sp_keep(char **place, const char *text);
void sp_add_sdp(char out[TEXT_MAX], const char *direction);
void sp_add_no_body(char out[TEXT_MAX]);
void sp_note_sdp(struct sip_peer_call *, const char *msg);

/* --- peer_uac.c --- */
void sp_txn_free(struct sip_peer_txn *);
void sp_on_response(struct sip_peer_call *, const char *msg);
void sp_send_bye(struct sip_peer_call *);

/* --- peer_uas.c --- */
/* Whatever arrives. */
void sp_hear(const char *msg);
/* Is an INVITE of theirs open? */
bool sp_has_open_invite(const struct sip_peer_call *);

#endif
