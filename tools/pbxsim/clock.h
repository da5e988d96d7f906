/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which loop gettimeofday() follows in this program; see clock.c. */
#ifndef PBXSIM_CLOCK_H
#define PBXSIM_CLOCK_H

#include "gateway/base/loop.h"

/* NULL: time stands still at 0. Borrowed until replaced. */
void sim_clock_set(const struct loop *);

#endif
