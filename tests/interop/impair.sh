#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# tools/impair from outside: what it is asked to do to packets, it does, and
# counts. Nothing here judges how fast the machine is, only least delays.
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/interop/impair.py build/impair
