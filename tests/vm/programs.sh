# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced in the top folder: the machine is prepared, and the guest's program
# that takes spans away is in build/vm.
mkdir -p build/vm
include=$(tests/vm/machine --print-include) || { echo "not ok prepared"; exit 1; }
gcc -std=c11 -D_GNU_SOURCE -O2 -I"$include" -Wall -Wextra -Werror \
	tests/vm/span_ctl.c -o build/vm/span_ctl || { echo "not ok span_ctl"; exit 1; }
