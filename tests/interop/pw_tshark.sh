#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The packets of tests/media/t_line_wall (data, L, R, M = 10) as
# tshark's pwcesopsn dissector sees them. It knows no RTP: the tests leave such
# packets out of its dump.
set -u
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

check() { # name condition...
	name=$1
	shift
	if [ "$@" ]; then echo "ok $name"; else echo "not ok $name: $*"; fi
}

# frames of a capture that match a display filter
count() {
	tshark -n -r "$1" -d udp.port==49152,pwcesopsn -Y "$2" 2>/dev/null |
		wc -l
}

pcap() { # hex dump -> capture
	text2pcap -q -u 49152,49153 "$1" "$2" 2>/dev/null
}

if ! command -v tshark >/dev/null || ! command -v text2pcap >/dev/null; then
	echo "skip pw_tshark: no tshark"
	exit 0
fi
PW_DUMP=$dir/hex CK_RUN_CASE=alarm CK_VERBOSITY=silent \
	build/tests/media/t_line_wall || echo "not ok pw_dump: t_line_wall failed"
pcap "$dir/hex" "$dir/pcap"
total=$(wc -l <"$dir/hex")
check pw_packets "$total" -ge 1000
check pw_dissected "$(count "$dir/pcap" pwcesopsn)" -eq "$total"
bad='_ws.malformed || _ws.expert.severity >= "Note"'
check pw_no_complaint "$(count "$dir/pcap" "$bad")" -eq 0
check pw_has_l "$(count "$dir/pcap" 'pwcesopsn.cw.lm == 8')" -ge 1
check pw_has_rdi "$(count "$dir/pcap" 'pwcesopsn.cw.lm == 2')" -ge 1
check pw_has_r "$(count "$dir/pcap" 'pwcesopsn.cw.rbit == 1')" -ge 1
check pw_no_fragment "$(count "$dir/pcap" 'pwcesopsn.cw.frag != 0')" -eq 0

# control: reserved L and M, a fragment, a LEN that is too small
{
	echo "000000 0d 04 00 01"
	echo "000000 00 40 00 01 55 55 55 55"
	echo "000000 00 02 00 01 55 55 55 55"
} >"$dir/bad"
pcap "$dir/bad" "$dir/bad.pcap"
check pw_control_is_refused "$(count "$dir/bad.pcap" "$bad")" -eq 3
