/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vectors of law_kernel.h, of LAW_VL lanes. */
#ifndef MEDIA_LAW_VEC_H
#define MEDIA_LAW_VEC_H

#include <immintrin.h>

#include "media/law_priv.h"

typedef float vf __attribute__((vector_size(4 * LAW_VL)));
typedef int32_t vi __attribute__((vector_size(4 * LAW_VL)));
typedef int16_t vs __attribute__((vector_size(2 * LAW_VL)));

#endif
