/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: media base */
/* Octets of a D time slot as they come, and back what came out of them. */
#include <stdlib.h>

#include "media/dslot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dslot *d = dslot_new();
	uint8_t frame[DSLOT_MAX], octets[80];
	size_t n;

	if (!d)
		return 0;
	while (size > 0) {
		size_t part = size < sizeof(octets) ? size : sizeof(octets);

		dslot_rx(d, data, part);
		data += part;
		size -= part;
		while ((n = dslot_take(d, frame)) > 0) {
			if (n < DSLOT_MIN || n > DSLOT_MAX)
				abort();
			dslot_send(d, frame, n);
		}
		dslot_tx(d, octets, part);
	}
	dslot_free(d);
	return 0;
}
