#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The machine and the driver in it, without the gateway: our words for its
# interface are its own; a cut of a pair is a red alarm, which goes. (alone)
cd "$(dirname "$0")/../.." || exit 2
B=build/vm
. tests/vm/programs.sh
echo "ok prepared"

if gcc -std=c11 -D_GNU_SOURCE -I. -I"$include" -Wall -Wextra -Werror \
	-c tests/vm/abi.c -o $B/abi.o; then
	echo "ok abi"
else
	echo "not ok abi"
fi

# Waits for the driver; how long it takes is not judged.
cat > $B/cut.sh <<'S'
until_alarms() {
	for ((i = 0; i < 100; i++)); do
		build/vm/span_ctl show | grep -q "span 1 .*alarms $1" && return
		sleep 0.2
	done
	build/vm/span_ctl show
	return 1
}
until_alarms 0x0 && echo "ok pair in service" || echo "not ok pair in service"
build/vm/span_ctl destroy 0:1
until_alarms 0x8 && echo "ok cut is a red alarm" || echo "not ok cut is a red alarm"
build/vm/span_ctl create 0:1 31 > /dev/null
until_alarms 0x0 && echo "ok alarm goes" || echo "not ok alarm goes"
S
tests/vm/machine --timeout 180 -- bash $B/cut.sh || echo "not ok machine"
