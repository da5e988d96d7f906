/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is walked through in each block: in huge pages if the system
 * gives some, since looking up small ones costs the canceller of a full
 * gateway a tenth of its time and more. Refused, it is memory like any other.
 *
 * Control thread.
 */
#ifndef MEDIA_HUGE_H
#define MEDIA_HUGE_H

#include <stddef.h>

/* Zeroed; NULL: no memory. Freed with free(). Aligned to 64 at least; large
 * pieces begin with a page. */
void *huge_alloc(size_t size);

#endif
