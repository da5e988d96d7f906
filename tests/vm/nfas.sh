#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# NFAS groups of two and four T1s on the real driver, a gateway at each end:
# the backup D channel takes over, loop calls check the interfaces. (alone)
cd "$(dirname "$0")/../.." || exit 2
DIR=build/vm/nfas
mkdir -p $DIR
conf() { # SPANS: pairs 1-2, 3-4; the first two pairs have a D channel
	local s first=1
	for ((s = 0; s < $1; s++)); do
		printf 'dynamic=loc,%x:%d,24,0\n' $((s / 2)) $((s % 2))
	done
	for ((s = 0; s < $1; s++, first += 24)); do
		if ((s < 4)); then
			printf 'bchan=%d-%d\ndchan=%d\n' $first $((first + 22)) \
				$((first + 23))
		else
			printf 'bchan=%d-%d\n' $first $((first + 23))
		fi
		printf 'mulaw=%d-%d\n' $first $((first + 23))
	done
	printf 'loadzone=us\ndefaultzone=us\n'
}
for size in ${SIZES:-2 4}; do
	conf $((2 * size)) > $DIR/system.conf
	tests/vm/machine --timeout 300 --spans $((2 * size)) --t1 \
		--conf $DIR/system.conf -- \
		python3 -B tests/system/nfas.py --dahdi $size ||
		echo "not ok vm-nfas$size: ran to its end"
done
