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

F=$T/far.raw N=$T/near.raw

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

# --- what happens is told in the second it happens in ---
event() { # event FIRST-S LAST-S WORD REPORT: WORD in lines of that time
	awk -v a="$1" -v b="$2" -v w="$3" '
		$1 + 0 > a && $1 + 0 <= b && index($0 " ", " " w " ") { f = 1 }
		END { exit !f }' "$4"
}
never() { # never WORD REPORT
	! grep -q " $1" "$2"
}
quiet() { sox -R -D -n $RAW "$1" trim 0 "$2"; }
join() { # join OUT IN...
	out=$1
	shift
	cat "$@" >"$out"
}

# 2,100 Hz from the far end: plain for 2 s; with reversals each 450 ms.
sox -R -D -n $RAW "$T/p" synth 0.45 sine 2100 vol 0.3
sox -R -D $RAW "$T/p" $RAW "$T/m" vol -1
quiet "$T/q1" 1
join "$T/ans.raw" "$T/p" "$T/p" "$T/p" "$T/p" "$T/q1" "$T/q1"
join "$T/rev.raw" "$T/p" "$T/m" "$T/p" "$T/m" "$T/q1" "$T/q1" "$T/q1"
quiet "$T/still.raw" 4.8
head -c "$(wc -c <"$T/ans.raw")" "$T/still.raw" >"$T/still_ans.raw"
$P --nlp "$T/ans.raw" "$T/still_ans.raw" "$T/out.raw" >"$T/report"
claim answer_tone event 0 1 far:2100Hz "$T/report"
claim answer_nlp_off event 0 1 nlp-off "$T/report"
claim answer_canceller_stays never canceller-off "$T/report"
claim answer_nlp_again event 2 4 nlp-on "$T/report"
$P --nlp "$T/rev.raw" "$T/still.raw" "$T/out.raw" >"$T/report"
claim reversal event 0 2 far:2100Hz-reversed "$T/report"
claim reversal_canceller_off event 0 2 canceller-off "$T/report"
claim reversal_canceller_again event 2 4 canceller-on "$T/report"
# While it is off, what comes is what goes, to the bit.
head -c "$(wc -c <"$T/rev.raw")" "$F" >"$T/talk.raw"
sox -D $RAW "$T/talk.raw" -t al "$T/talk.al"
sox -D -t al -r 8000 -c 1 "$T/talk.al" $RAW "$T/law.raw"
$P "$T/rev.raw" "$T/law.raw" "$T/out.raw" >"$T/report"
claim off_passes_all cmp -i 24000 -n 32000 "$T/out.raw" "$T/law.raw"
not_all() { ! cmp -n 8000 "$T/out.raw" "$T/law.raw"; }
claim on_does_not not_all

# The path changes; the near end speaks; digits; one tone.
sox $RAW "$T/far.raw" $RAW "$T/n2.raw" delay 0.012 lowpass 2500 vol 0.3 \
	trim 0 6
dd if="$T/near.raw" of="$T/a" bs=16000 count=3 2>/dev/null
dd if="$T/n2.raw" of="$T/b" bs=16000 skip=3 2>/dev/null
join "$T/changed.raw" "$T/a" "$T/b"
$P "$T/far.raw" "$T/changed.raw" "$T/out.raw" >"$T/report"
claim path_change event 3 5 path-change "$T/report"
claim path_change_found enough "$T/report" 25
claim converged event 0 3 converged "$T/report"
sox -R -n $RAW "$T/other.raw" synth 1 brownnoise vol 0.5
sox $RAW "$T/other.raw" $RAW "$T/late.raw" delay 4
sox -m -v 1 $RAW "$T/near.raw" -v 1 $RAW "$T/late.raw" $RAW "$T/two.raw" \
	trim 0 6
$P "$T/far.raw" "$T/two.raw" "$T/out.raw" >"$T/report"
claim double_talk event 4 5 double-talk "$T/report"
awk '$1 + 0 <= 4' "$T/report" >"$T/before"
claim double_talk_not_before never double-talk "$T/before"
sox -R -D -n $RAW "$T/d1" synth 0.2 sine 697 vol 0.2
sox -R -D -n $RAW "$T/d2" synth 0.2 sine 1209 vol 0.2
sox -m $RAW "$T/d1" $RAW "$T/d2" $RAW "$T/d.raw"
join "$T/digit.raw" "$T/q1" "$T/d.raw" "$T/q1"
head -c "$(wc -c <"$T/digit.raw")" "$T/still.raw" >"$T/still_d.raw"
$P "$T/still_d.raw" "$T/digit.raw" "$T/out.raw" >"$T/report"
claim digit event 1 2 near:digit-1 "$T/report"
sox -R -D -n $RAW "$T/tone" synth 3 sine 1000 vol 0.3
join "$T/tones.raw" "$T/far.raw" "$T/tone"
sox $RAW "$T/tones.raw" $RAW "$T/tones_near.raw" delay 0.043 lowpass 3000 \
	vol 0.2 trim 0 9
$P "$T/tones.raw" "$T/tones_near.raw" "$T/out.raw" >"$T/report"
claim narrow_band event 6 9 narrow-band "$T/report"
$P "$T/still.raw" "$T/still.raw" "$T/out.raw" >"$T/report"
claim silence_has_no_erl grep -q '^ *4.00 .* - *- *$' "$T/report"

# --- what is not right is said, and told by the status ---
says() { # says STATUS TEXT COMMAND...
	want=$1 text=$2
	shift 2
	"$@" >"$T/stdout" 2>"$T/stderr"
	[ $? -eq "$want" ] && grep -qF -- "$text" "$T/stderr"
}
claim bad_tail says 2 "there are 32, 64 and 128" $P --tail 48 "$F" "$N" "$T/x"
claim bad_tail_text says 2 "--tail 64ms" $P --tail 64ms "$F" "$N" "$T/x"
claim bad_tail_none says 2 "--tail" $P --tail "" "$F" "$N" "$T/x"
claim bad_law says 2 "alaw and ulaw" $P --law blaw "$F" "$N" "$T/x"
claim bad_option says 2 "usage:" $P --tial 64 "$F" "$N" "$T/x"
claim few_files says 2 "three files" $P "$F" "$N"
claim many_files says 2 "three files" $P "$F" "$N" "$T/x" "$T/y"
claim no_arguments says 2 "usage:" $P
claim bad_arguments_write_nothing test ! -e "$T/x"
claim no_far says 1 "none.raw: No such file" $P "$T/none.raw" "$N" "$T/x"
claim no_near says 1 "none.raw: No such file" $P "$F" "$T/none.raw" "$T/x"
claim folder says 1 "Is a directory" $P "$T" "$N" "$T/x"
: >"$T/empty.raw"
claim empty says 1 "it is empty" $P "$F" "$T/empty.raw" "$T/x"
head -c 1001 "$F" >"$T/odd.raw"
claim odd says 1 "its size is odd" $P "$T/odd.raw" "$N" "$T/x"
fed() { cat "$1" | $P "$F" /dev/stdin "$T/y"; }
claim odd_pipe says 1 "ends within a sample" fed "$T/odd.raw"
claim pipe status 0 fed "$N"
$P "$F" "$N" "$T/out.raw" >/dev/null
claim pipe_is_as_file cmp "$T/y" "$T/out.raw"
sox $RAW "$F" "$T/far.wav"
claim wav says 1 "a WAV file" $P "$T/far.wav" "$N" "$T/x2"
claim bad_input_writes_nothing test ! -e "$T/x2"
head -c 20002 "$N" >"$T/short.raw"
claim unequal says 0 "is longer than" $P "$F" "$T/short.raw" "$T/x"
claim unequal_length test "$(wc -c <"$T/x")" -eq 20002
claim output_is_input says 1 "is an input" $P "$F" "$N" "$N"
ln -s "$F" "$T/link.raw"
claim output_is_input_by_link says 1 "is an input" $P "$F" "$N" "$T/link.raw"
claim input_is_kept cmp "$T/far.raw" "$F"
claim no_folder says 1 "No such file" $P "$F" "$N" "$T/none/x"
claim no_room says 1 "No space left" $P "$F" "$N" /dev/full
full_report() { $P "$F" "$N" "$T/x" >/dev/full; }
claim no_room_for_report status 1 full_report
$P --help >"$T/help"
claim help status 0 $P --help
claim help_text grep -q "usage: ecproc" "$T/help"
exit $failed
