#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two exchanges (pbxsim) on a cross-connected pair, E1 and T1: their calls, and
# each sample of what they play, over the real driver. (alone)
cd "$(dirname "$0")/../.." || exit 2
DIR=build/vm/pair
rm -rf $DIR
mkdir -p $DIR

run() { # NAME OPTIONS-OF-THE-MACHINE OPTIONS-OF-PBXSIM
	local dir=$DIR/$1
	mkdir -p "$dir"
	python3 tests/vm/samples.py make "$dir" || { echo "not ok $1: sources"; return; }
	# In the guest's memory: a file of the host is no place for a clock.
	cat > "$dir/guest" <<-S
		mkdir /tmp/pair
		cp build/pbxsim $dir/*.wav /tmp/pair
		cd /tmp/pair
		sim="./pbxsim --line dahdi --buffer 100 --limit 120 $3"
		\$sim --span 1 --side user --until 4 --answer-after 0.1 \
			--play user.wav --record user-%n.wav > user.log 2>&1 &
		\$sim --span 2 --from 0711 --count 4 --rate 20 --hold 4 \
			--play net.wav --record net-%n.wav --call 301 \
			--expect made_answered=4 > net.log 2>&1
		net=\$?
		wait \$!
		echo \$net \$? > status
		cp status *.log *-*.wav $PWD/$dir
	S
	# shellcheck disable=SC2086
	tests/vm/machine --timeout 240 $2 -- bash "$dir/guest"
	if [ "$(cat "$dir/status" 2>/dev/null)" = "0 0" ]; then
		echo "ok $1: calls"
	else
		echo "not ok $1: calls"
		tail -n 3 "$dir"/*.log
	fi
	python3 tests/vm/samples.py judge "$1" "$dir"
}

run e1 --e1 ""
run t1 --t1 --t1
