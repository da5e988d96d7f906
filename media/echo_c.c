/* SPDX-License-Identifier: GPL-2.0-or-later */
#define ECHO_VL 4
#define ECHO_NAME "c"
#define ECHO_KERNEL echo_kernel_c
#include "media/echo_kernel.h"
