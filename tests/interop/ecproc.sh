#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# build/ecproc from outside: sox makes the signals, so that nothing of ours
# is at both ends. Prints `ok` or `not ok` for each claim.
cd "$(dirname "$0")/../.." || exit 1
P=build/ecproc
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
RAW="-t raw -r 8000 -b 16 -e signed -c 1"
failed=0

claim() { # claim NAME COMMAND...: the command tells
	name=$1
	shift
	if "$@" >/dev/null 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name"
		failed=1
	fi
}

# Echo of 14 dB at 43 ms, low-passed as by a line.
sox -R -n $RAW "$T/far.raw" synth 6 pinknoise vol 0.3 || exit 1
sox $RAW "$T/far.raw" $RAW "$T/near.raw" delay 0.043 lowpass 3000 \
	vol 0.2 trim 0 6 || exit 1

erle_last() { # the figure of the last whole second in a report
	awk '$1 == "6.00" { print int($6) }' "$1"
}
enough() {
	[ "$(erle_last "$1")" -ge "$2" ]
}
status() { # status WANTED COMMAND...
	want=$1
	shift
	"$@"
	[ $? -eq "$want" ]
}

for tail in 64 128; do
	for law in alaw ulaw; do
		$P --tail $tail --law $law "$T/far.raw" "$T/near.raw" \
			"$T/out.raw" >"$T/report"
		claim "erle_${tail}_$law" enough "$T/report" 28
	done
done
$P --tail 128 "$T/far.raw" "$T/near.raw" "$T/again.raw" >/dev/null
$P --tail 128 --law alaw "$T/far.raw" "$T/near.raw" "$T/out.raw" >/dev/null
claim same_each_time cmp "$T/out.raw" "$T/again.raw"
claim length test "$(wc -c <"$T/out.raw")" -eq "$(wc -c <"$T/near.raw")"
$P --nlp "$T/far.raw" "$T/near.raw" "$T/out.raw" >"$T/report"
claim nlp enough "$T/report" 40
claim bad_tail status 2 $P --tail 48 "$T/far.raw" "$T/near.raw" "$T/x"
claim bad_law status 2 $P --law blaw "$T/far.raw" "$T/near.raw" "$T/x"
claim no_file status 1 $P "$T/none" "$T/near.raw" "$T/x"
claim no_room status 1 $P "$T/far.raw" "$T/near.raw" /dev/full
exit $failed
