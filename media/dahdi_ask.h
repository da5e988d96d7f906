/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The status of a span, asked for by a thread of its own: a driver that takes
 * its time over it, or waits for another card, then holds up no line.
 *
 *   tick: begin .......................... take
 *   thread:       the call to the driver
 *
 * The owner never waits for the thread: when it leaves while the driver has not
 * answered, the thread ends itself after the answer.
 */
#ifndef MEDIA_DAHDI_ASK_H
#define MEDIA_DAHDI_ASK_H

#include <stdbool.h>

#include "media/dahdi_abi.h"
#include "media/dahdi_sys.h"

struct dahdi_ask;

/* NULL + errno. A table of calls that may not be used by a thread (those of a
 * card that is played) is called by begin. */
struct dahdi_ask *dahdi_ask_new(const struct dahdi_sys *);
void dahdi_ask_free(struct dahdi_ask *); /* or NULL */
/* tick: 0; -EBUSY: the last one has not been answered, or not been taken. */
int dahdi_ask_begin(struct dahdi_ask *, int fd);
/* tick: the answer, once; false: there is none. *err: what the driver says. */
bool dahdi_ask_take(struct dahdi_ask *, int *err, struct dahdi_abi_span *);
/* tick: is it the one that is being asked? Then it is left to us, which close
 * it after the answer, and the answer counts for nothing. */
bool dahdi_ask_keep(struct dahdi_ask *, int fd);

#endif
