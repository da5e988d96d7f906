/* SPDX-License-Identifier: GPL-2.0-or-later */
#define ECHO_VL 8
#define ECHO_NAME "avx2"
#define ECHO_KERNEL echo_kernel_avx2
#include "media/echo_kernel.h"
