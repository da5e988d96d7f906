#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The gateway on two E1 spans (t1: on a T1) of the real driver, exchanges at their
# far ends: calls both ways, their samples, digits, a cut; 500 in a row. (alone)
cd "$(dirname "$0")/../.." || exit 2
DIR=build/vm/gateway
KIND=${1:-e1}
rm -rf $DIR/"$KIND"
mkdir -p $DIR/"$KIND"
include=$(tests/vm/machine --print-include) || { echo "not ok prepared"; exit 1; }
gcc -std=c11 -D_GNU_SOURCE -O2 -I"$include" -Wall -Wextra -Werror \
	tests/vm/span_ctl.c -o build/vm/span_ctl || { echo "not ok span_ctl"; exit 1; }
play() { # KIND CALLS OPTIONS-OF-THE-MACHINE
	local kind=$1 calls=$2
	shift 2
	python3 tests/vm/samples.py make $DIR/$kind
	tests/vm/machine "$@" -- \
		python3 -B tests/vm/gateway_guest.py $DIR/$kind $kind ||
		echo "not ok vm-$kind: ran to its end"
	python3 tests/vm/samples.py echo vm-$kind $DIR/$kind "$calls"
}
case $KIND in
e1) play e1 30 --timeout 560 --spans 4 ;;
t1) play t1 10 --timeout 240 --t1 ;;
esac
