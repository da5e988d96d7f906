/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sim.c and sim_command.c share. */
#ifndef PBXSIM_SIM_PRIV_H
#define PBXSIM_SIM_PRIV_H

#include "tools/pbxsim/sim.h"

/* Commands whose turn or time has come, at now_s of line time. */
void sim_run_agenda(struct sim *, double now_s);

#endif
