/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isdn/lapd.h"

#include <errno.h>

/* Unnumbered control fields with the P/F bit cleared (Q.921 table 5). */
static const struct {
	uint8_t control;
	uint8_t info; /* may carry an information field */
	enum lapd_kind kind;
} unnumbered[] = {
	{ 0x6f, 0, LAPD_SABME }, { 0x0f, 0, LAPD_DM },	 { 0x03, 1, LAPD_UI },
	{ 0x43, 0, LAPD_DISC },	 { 0x63, 0, LAPD_UA },	 { 0x87, 1, LAPD_FRMR },
	{ 0xaf, 1, LAPD_XID },
};

static int parse_unnumbered(struct lapd *f, const uint8_t *frame, size_t len)
{
	size_t i;

	f->pf = frame[2] & 0x10;
	for (i = 0; i < sizeof(unnumbered) / sizeof(unnumbered[0]); i++) {
		if (unnumbered[i].control == (frame[2] & 0xef)) {
			f->kind = unnumbered[i].kind;
			f->info = frame + 3;
			f->info_len = len - 3;
			return len > 3 && !unnumbered[i].info ? -EINVAL : 0;
		}
	}
	return -EINVAL;
}

static int parse_numbered(struct lapd *f, const uint8_t *frame, size_t len)
{
	static const enum lapd_kind supervisory[4] = { LAPD_RR, LAPD_RNR,
						       LAPD_REJ, LAPD_OTHER };

	if (len < 4) {
		return -EMSGSIZE;
	}
	f->nr = frame[3] >> 1;
	f->pf = frame[3] & 1;
	if (!(frame[2] & 1)) {
		f->kind = LAPD_I;
		f->ns = frame[2] >> 1;
		f->info = frame + 4;
		f->info_len = len - 4;
		return 0;
	}
	f->kind = frame[2] & 0xf0 ? LAPD_OTHER
				  : supervisory[(frame[2] >> 2) & 3];
	return f->kind == LAPD_OTHER || len > 4 ? -EINVAL : 0;
}

int lapd_parse(struct lapd *f, const uint8_t *frame, size_t len)
{
	*f = (struct lapd){ .kind = LAPD_OTHER };
	if (len < 3) {
		return -EMSGSIZE;
	}
	f->sapi = frame[0] >> 2;
	f->cr = frame[0] & 2;
	f->tei = frame[1] >> 1;
	if ((frame[0] & 1) || !(frame[1] & 1)) {
		return -EBADMSG;
	}
	return (frame[2] & 3) == 3 ? parse_unnumbered(f, frame, len)
				   : parse_numbered(f, frame, len);
}

const char *lapd_kind_name(enum lapd_kind kind)
{
	static const char *const names[LAPD_KINDS] = {
		"I",  "RR",   "RNR", "REJ",  "SABME", "DM",
		"UI", "DISC", "UA",  "FRMR", "XID",   "?",
	};

	return kind < LAPD_KINDS ? names[kind] : "?";
}
