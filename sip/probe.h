/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OPTIONS to the servers of the trunks that want it (options:), each at its
 * own time; what comes back goes to trunk.h. Alive is who answers anything but
 * 408, 503 and 504.
 *
 * Owner: the role. Thread: its loop.
 */
#ifndef SIP_PROBE_H
#define SIP_PROBE_H

#include "sip/stack.h"

#define PROBES 256 /* under way at a time */

struct probes;

/* stack lives longer. NULL: no memory. */
struct probes *probes_new(struct loop *, struct sip_stack *,
			  const struct conf_sip *);
void probes_free(struct probes *);
void probes_reload(struct probes *, const struct conf_sip *);
/* Asks who is due; to be called each second. */
void probes_tick(struct probes *);

#endif
