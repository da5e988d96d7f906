/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_MEMFD_H
#define BASE_MEMFD_H

#include <stddef.h>

/*
 * Sealed memory files: how configuration reaches a role. The supervisor
 * writes the bytes once, seals the file against growing, shrinking, writing
 * and further sealing, and passes the descriptor over a link. The receiver
 * maps it and can rely on the bytes never changing under it.
 *
 * Any thread. Nothing here keeps state.
 */

/*
 * A new memory file that holds `len` bytes (at least 1) of `data`, with
 * all seals, close-on-exec. `name` shows in /proc only. Returns the
 * descriptor, which the caller owns, or -errno.
 */
int memfd_create_sealed(const char *name, const void *data, size_t len);

/*
 * Map `fd` read-only. Checks, in this order: that it is a memory file with
 * the seals against growing, shrinking and writing (-EPERM), and that its
 * size is in [min_len, max_len] and not 0 (-EMSGSIZE). *len gets the size.
 * The descriptor stays the caller's and may be closed at once. Give the
 * mapping back with memfd_unmap.
 */
int memfd_map_sealed(int fd, size_t min_len, size_t max_len, const void **data,
		     size_t *len);

/* Give back a mapping of memfd_map_sealed; NULL is allowed. */
void memfd_unmap(const void *data, size_t len);

#endif
