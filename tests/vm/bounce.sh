#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# D channels that bounce on the real driver: the far end is silent for a while,
# and answered calls stay. (alone)
cd "$(dirname "$0")/../.." || exit 2
tests/vm/machine --timeout 300 -- \
	python3 -B tests/vm/gateway_guest.py build/vm bounce ||
	echo "not ok vm-bounce: ran to its end"
