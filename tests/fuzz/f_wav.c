/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* WAV files that somebody else made. */
#include <stdlib.h>

#include "tools/pbxsim/wav.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct wav w;
	int r = wav_parse(&w, data, size, &why);

	if (r == 0) {
		if (w.count > size / 2 || !w.samples != !w.count) {
			abort();
		}
		wav_free(&w);
	} else if (w.samples || w.count || !why) {
		abort();
	}
	return 0;
}
