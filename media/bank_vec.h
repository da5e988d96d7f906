/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vectors of bank_kernel.h, of BANK_VL lanes. */
#ifndef MEDIA_BANK_VEC_H
#define MEDIA_BANK_VEC_H

#include "media/bank_priv.h"

typedef float vf __attribute__((vector_size(4 * BANK_VL)));
typedef int32_t vi __attribute__((vector_size(4 * BANK_VL)));

#endif
