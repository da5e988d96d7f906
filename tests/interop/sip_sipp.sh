#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The sip role (build/sip-driver) against SIPp, both ways; then tshark
# must find nothing malformed in what we have sent.
set -u
cd "$(dirname "$0")/../.." || exit 1
driver=${SIP_DRIVER:-build/sip-driver}
dir=$(mktemp -d) || exit 1
base=$((20000 + $$ % 4000 * 10))
us=127.0.0.1:$base
port=$((base + 5))
tap=

finish() {
	[ -n "$tap" ] && kill "$tap" 2>/dev/null
	rm -rf "$dir"
}
trap finish EXIT

if ! command -v sipp >/dev/null; then
	echo "skip sip_sipp: no sipp"
	exit 0
fi

check() { # what condition...
	what=$1
	shift
	if [ "$@" ]; then echo "ok $what"; else echo "not ok $what: $*"; fi
}

counted() { # a figure of the driver
	sed -n "s/^$1 //p" "$dir/out"
}

sipp_args() {
	echo "-i 127.0.0.1 -p $port -nostdin -timeout 50s -timeout_error"
}

# SIPp calls the driver: name, number, calls, SIPp options, driver options
they_call() {
	name=$1 number=$2 calls=$3 scenario=$4 more=$5
	shift 5
	"$driver" $us 127.0.0.1:$port "$calls" "$@" >"$dir/out" 2>"$dir/err" &
	pid=$!
	sleep 0.3
	sipp $us $(sipp_args) $scenario -s "$number" -m "$calls" $more \
		>"$dir/sipp" 2>&1
	status=$?
	wait $pid
	check "$name: sipp is content" $status -eq 0
	check "$name: each call released" "$(counted released)" -eq "$calls"
	check "$name: nothing left" "$(counted idle)" -eq 1
}

# The driver calls SIPp: name, calls, SIPp options, driver options
we_call() {
	name=$1 calls=$2 scenario=$3
	shift 3
	sipp $us $(sipp_args) $scenario -m "$calls" >"$dir/sipp" 2>&1 &
	pid=$!
	sleep 0.5
	"$driver" $us 127.0.0.1:$port "$calls" place=+49711000 "$@" \
		>"$dir/out" 2>"$dir/err"
	wait $pid
	status=$?
	check "$name: sipp is content" $status -eq 0
	check "$name: each call released" "$(counted released)" -eq "$calls"
	check "$name: nothing left" "$(counted idle)" -eq 1
}

scenario() {
	echo "-sf tests/interop/sipp/$1.xml"
}

if command -v tshark >/dev/null; then
	tshark -i lo -f "udp port $base" -w "$dir/pcap" >"$dir/tap" 2>&1 &
	tap=$!
	sleep 2
fi

they_call "call in" +49711000 50 "-sn uac" "-r 20 -d 300"
check "call in: cause 16" "$(counted cause_16)" -eq 50
they_call "early media in" 0711183 10 "-sn uac" "-r 20 -d 100"
they_call "cleared by us" 0711200 10 "$(scenario uac_wait)" "-r 20" hold=100
they_call "busy in" 0711486 10 "$(scenario uac_busy)" "-r 20"
check "busy in: cause 17" "$(counted cause_17)" -eq 10
they_call "cancelled by the caller" 0711480 10 "$(scenario uac_cancel)" "-r 20"
check "cancelled by the caller: why" "$(counted detail)" = CANCEL
they_call "hold and retrieve" +49711000 10 "$(scenario uac_hold)" "-r 20"
check "hold and retrieve: held" "$(counted held)" -eq 10
check "hold and retrieve: retrieved" "$(counted retrieved)" -eq 10
they_call "delayed offer" +49711000 10 "$(scenario uac_delayed)" "-r 20"
check "delayed offer: media told" "$(counted updated)" -eq 10
they_call "lossy call in" +49711000 20 "-sn uac" "-r 20 -d 300 -lost 10" \
	grace=16000

they_call "PRACK, timer and UPDATE" 0711183 10 "$(scenario uac_prack)" \
	"-r 20" dialog=full
check "PRACK, timer and UPDATE: held" "$(counted held)" -eq 10
they_call "REFER" +49711000 10 "$(scenario uac_refer)" "-r 20" dialog=full

we_call "call out" 50 "-sn uas" rate=20 hold=300
check "call out: answered" "$(counted answered)" -eq 50
we_call "early media out" 10 "$(scenario uas_early)" rate=20 hold=200
we_call "late offer out" 10 "$(scenario uas_offer)" rate=20 hold=200 \
	dialog=late
check "late offer out: answered" "$(counted answered)" -eq 10
we_call "forked out" 10 "$(scenario uas_fork)" rate=20 hold=500
check "forked out: answered once" "$(counted answered)" -eq 10
we_call "busy out" 10 "$(scenario uas_busy)" rate=20
check "busy out: why" "$(counted detail)" = "486 Busy Here"
check "busy out: cause 17" "$(counted cause_17)" -eq 10
we_call "cancelled by us" 10 "$(scenario uas_cancel)" rate=20 giveup=300
we_call "digest MD5" 10 "$(scenario uas_md5)" rate=20 hold=100 user=gw1 \
	password=s3cret
check "digest MD5: answered" "$(counted answered)" -eq 10
we_call "wrong password" 5 "$(scenario uas_md5)" rate=20 hold=100 user=gw1 \
	password=wrong
check "wrong password: cause 21" "$(counted cause_21)" -eq 5

# A called SIPp does not repeat what it has lost itself: it may be left with
# open calls. We may not.
sipp $us -i 127.0.0.1 -p $port -nostdin -sn uas -lost 10 >"$dir/sipp" 2>&1 &
pid=$!
sleep 0.5
"$driver" $us 127.0.0.1:$port 20 place=+49711000 rate=20 hold=300 \
	>"$dir/out" 2>"$dir/err"
check "lossy call out: each call released" "$(counted released)" -eq 20
kill $pid
wait $pid 2>/dev/null

if [ -z "$tap" ]; then
	echo "skip malformed: no tshark"
	exit 0
fi
sleep 1
kill "$tap"
wait "$tap" 2>/dev/null
tap=
seen() {
	tshark -n -r "$dir/pcap" -d "udp.port==$base,sip" -Y "$1" \
		2>"$dir/tshark" | tee "$dir/frames" | wc -l
}
check "tshark saw our messages" "$(seen "sip && udp.srcport==$base")" -gt 500
check "nothing we sent is malformed" "$(seen \
	"udp.srcport==$base && (_ws.malformed || _ws.expert.severity >= 6291456)")" \
	-eq 0
if [ -s "$dir/frames" ]; then
	head -5 "$dir/frames"
fi
