#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The gateway on two E1 spans (t1: on a T1) of the real driver, exchanges at their
# far ends: calls both ways, their samples, data, digits; 500 in a row. (alone)
cd "$(dirname "$0")/../.." || exit 2
DIR=build/vm/gateway
KIND=${1:-e1}
rm -rf $DIR/"$KIND"
mkdir -p $DIR/"$KIND"
. tests/vm/programs.sh
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
e1)
	play e1 30 --timeout 560 --spans 4
	python3 tests/vm/samples.py clear vm-e1 $DIR/e1
	;;
t1) play t1 10 --timeout 240 --t1 ;;
esac
