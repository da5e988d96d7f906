#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Two pbxsim, network and user side, over real UDP: calls and their ends,
# audio sample by sample, echo, bit errors, a line that is lost, clock skew.
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/interop/pbxsim.py "${TG_BUILD:-build}/pbxsim"
