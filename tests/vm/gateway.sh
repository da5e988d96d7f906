#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The gateway on one end of a pair of the real driver, an exchange on the
# other, E1 and T1: calls both ways, their samples, a cut; 500 in a row. (alone)
cd "$(dirname "$0")/../.." || exit 2
DIR=build/vm/gateway
rm -rf $DIR
mkdir -p $DIR/e1 $DIR/t1 $DIR/load
include=$(tests/vm/machine --print-include) || { echo "not ok prepared"; exit 1; }
gcc -std=c11 -D_GNU_SOURCE -O2 -I"$include" -Wall -Wextra -Werror \
	tests/vm/span_ctl.c -o build/vm/span_ctl || { echo "not ok span_ctl"; exit 1; }
for kind in e1 t1; do
	python3 tests/vm/samples.py make $DIR/$kind
	tests/vm/machine --timeout 280 --$kind -- \
		python3 -B tests/vm/gateway_guest.py $DIR/$kind $kind ||
		echo "not ok vm-$kind: ran to its end"
	python3 tests/vm/samples.py echo vm-$kind $DIR/$kind 10
done
tests/vm/machine --timeout 420 -- \
	python3 -B tests/vm/gateway_guest.py $DIR/load load ||
	echo "not ok vm-load: ran to its end"
