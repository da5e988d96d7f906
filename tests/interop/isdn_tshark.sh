#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every D-channel frame that our isdn role sends in its stack tests, both
# sides, as tshark's LAPD and Q.931 dissectors see it.
set -u
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

check() { # name condition...
	name=$1
	shift
	if [ "$@" ]; then echo "ok $name"; else echo "not ok $name: $*"; fi
}

count() { # capture, display filter
	tshark -n -r "$1" -Y "$2" 2>/dev/null | wc -l
}

if ! command -v tshark >/dev/null; then
	echo "skip isdn_tshark: no tshark"
	exit 0
fi
messages=0
for t in call clear channel link bad ni2 nfas; do
	RIG_PCAP=$dir/$t.pcap CK_VERBOSITY=silent \
		"build/tests/stack/t_isdn_$t" >/dev/null 2>&1 ||
		echo "not ok isdn_dump_$t: t_isdn_$t failed"
	f=$dir/$t.pcap
	total=$(tshark -n -r "$f" 2>/dev/null | wc -l)
	check "isdn_${t}_dissected" "$(count "$f" lapd)" -eq "$total"
	# NI2's informationFollowing is known by its number only
	check "isdn_${t}_no_complaint" "$(count "$f" '_ws.malformed ||
		(_ws.expert.severity >= "Note" &&
		!(_ws.expert.message contains "1.2.840.10005.0.4"))')" -eq 0
	messages=$((messages + $(count "$f" q931)))
done
f=$dir/ni2.pcap
check isdn_ni2_names "$(count "$f" \
	'q931.message_type == 0x05 && qsig.na.namePresentationAllowedSimple')" \
	-ge 1
check isdn_ni2_service "$(count "$f" 'q931.maintenance_message_type')" \
	-ge 2
f=$dir/nfas.pcap
check isdn_nfas_interface "$(count "$f" \
	'q931.message_type == 0x05 && q931.channel.interface_id')" -ge 100
check isdn_messages "$messages" -ge 1000
