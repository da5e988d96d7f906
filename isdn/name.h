/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names in messages: Display, and the Facility element of NI2 and QSIG (ROSE,
 * X.229, in BER; ECMA-164), whose operations are callingName, connectedName,
 * and NI2's informationFollowing: the name comes in a FACILITY of its own.
 * Everything that can be wrong in it means: there is no name. Thread: any.
 */
#ifndef ISDN_NAME_H
#define ISDN_NAME_H

#include "gateway/cc.h"
#include "isdn/ie.h"

/* The name of that party, UTF-8; "" = there is none, or it is restricted. */
void name_read(const struct ie_msg *, char name[CC_NAME_MAX]);
/* The calling name is on its way. */
bool name_follows(const struct ie_msg *);

#endif
