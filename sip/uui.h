/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The User-to-User header of ISDN's package (RFC 7433, RFC 7434):
 * `04616263;encoding=hex;purpose=isdn-uui;content=isdn-uui`. Its first octet
 * is the protocol discriminator.
 *
 * Pure functions. Thread: any.
 */
#ifndef SIP_UUI_H
#define SIP_UUI_H

#include "gateway/cc.h"

/* Reads one header value on top of what was read before. 1: it was ours; 0:
 * of another package; -EBADMSG: no hexadecimal digits; -E2BIG: more than ISDN
 * carries. */
int sip_uui_parse(struct cc_uui *, const char *value);

#define SIP_UUI_TEXT (2 * CC_UUI_MAX + 64)
/* "" when there is none. */
void sip_uui_write(char buf[SIP_UUI_TEXT], const struct cc_uui *);

#endif
