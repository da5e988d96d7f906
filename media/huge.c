/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/huge.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	PAGE = 2 << 20,	   /* a huge one */
	WORTH = 512 << 10, /* less than that is not worth one */
	LINE = 64,
};

void *huge_alloc(size_t size)
{
	size_t align = size < WORTH ? LINE : PAGE;
	void *p;

	size = (size + align - 1) / align * align;
	p = aligned_alloc(align, size);
	if (!p)
		return NULL;
	if (align == PAGE)
		(void)madvise(p, size, MADV_HUGEPAGE);
	return memset(p, 0, size);
}
