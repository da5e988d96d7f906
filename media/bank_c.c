/* SPDX-License-Identifier: GPL-2.0-or-later */
#define BANK_VL 4
#define BANK_KERNEL bank_kernel_c
#include "media/bank_kernel.h"
