/* SPDX-License-Identifier: GPL-2.0-or-later */
#define ECHO_VL 16
#define ECHO_NAME "avx512"
#define ECHO_KERNEL echo_kernel_avx512
#include "media/echo_kernel.h"
