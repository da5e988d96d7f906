/* SPDX-License-Identifier: GPL-2.0-or-later */
#define BANK_VL 16
#define BANK_KERNEL bank_kernel_avx512
#include "media/bank_kernel.h"
