#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Spans that come, go, fail and come back, one by one, on the real driver, while a
# call runs on another. (alone)
cd "$(dirname "$0")/../.." || exit 2
. tests/vm/programs.sh
tests/vm/machine --timeout 400 --spans 4 -- \
	python3 -B tests/vm/spans_guest.py ||
	echo "not ok vm-spans: ran to its end"
