/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of struct sip_msg share. */
#ifndef SIP_MSG_PRIV_H
#define SIP_MSG_PRIV_H

#include "sip/msg.h"

/* An empty message. NULL + errno. */
struct sip_msg *sip_msg_new(void);
/* Sets call_id from the osip header. 0 or -errno. */
int sip_msg_set_call_id(struct sip_msg *);

#endif
