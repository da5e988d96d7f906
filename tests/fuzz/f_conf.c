/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: conf base */
#include "conf/load.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *report;
	struct conf *c = conf_load_text("fuzz", (const char *)data, size, NULL,
					&report);

	/* Either a tree, or a reason why not. */
	if (!c && !*report) {
		abort();
	}
	free(report);
	free(c);
	return 0;
}
