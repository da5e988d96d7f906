#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The sip role (build/sip-driver) over TCP and TLS, IPv4 and IPv6, against SIPp
# (for TLS behind OpenSSL, tls_relay.py), baresip, sipsak, openssl and
# gnutls-cli: calls both ways; certificates that are expired, for somebody else,
# self-signed, missing; a peer with TLS 1.0 alone; handshakes that are abused.
# Each failure gives one line that says what and where in the file.
set -u
cd "$(dirname "$0")/../.." || exit 1
driver=$PWD/${SIP_DRIVER:-build/sip-driver}
relay=$PWD/tests/interop/tls_relay.py
dir=$(mktemp -d) || exit 1
base=$((24000 + $$ % 3000 * 10))
us=127.0.0.1:$base
port=$((base + 5))
tap=
trap '[ -z "$tap" ] || kill "$tap" 2>/dev/null; rm -rf "$dir"' EXIT

for tool in sipp openssl gnutls-cli; do
	if ! command -v $tool >/dev/null; then
		echo "skip sip_tls: no $tool"
		exit 0
	fi
done
cd "$dir" || exit 1

check() { # what condition...
	what=$1
	shift
	if [ "$@" ]; then echo "ok $what"; else
		echo "not ok $what: $*"
		cat err 2>/dev/null | head -5 | sed 's/^/# /'
	fi
}

counted() { # a figure of the driver
	sed -n "s/^$1 //p" out
}

lines() { # of the log with that text
	grep -c -- "$1" err
}

listening() { # PORT: waits until somebody does, by TCP
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		grep -q "$(printf ':%04X 0[^ ]*:0000 0A' "$1")" /proc/net/tcp \
			/proc/net/tcp6 && return
		sleep 0.2
	done
}
is_there() { # KIND PORT: by UDP nobody can see it, but what is lost is repeated
	if [ "$1" = udp ]; then sleep 0.4; else listening "$2"; fi
}

# --- certificates: a CA, ours, the peer's, and bad ones ---
issue() { # NAME SAN DAYS-FROM DAYS-TO
	openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" 2>/dev/null
	openssl req -new -key "$1.key" -subj "/CN=$1.example" -out "$1.csr" \
		2>/dev/null
	printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' "$2" >"$1.ext"
	faketime_sign "$1" "$3" "$4"
}
faketime_sign() {
	from=$(date -u -d "$2 days" +%Y%m%d%H%M%SZ)
	to=$(date -u -d "$3 days" +%Y%m%d%H%M%SZ)
	: >index.txt
	openssl ca -batch -config ca.cnf -in "$1.csr" -out "$1.pem" -notext \
		-extfile "$1.ext" -startdate "$from" -enddate "$to" \
		2>ca.err || cat ca.err
}
cat >ca.cnf <<-END
	[ca]
	default_ca=x
	[x]
	dir=.
	database=index.txt
	new_certs_dir=.
	serial=serial
	certificate=ca.pem
	private_key=ca.key
	default_md=sha256
	policy=p
	unique_subject=no
	[p]
	commonName=supplied
END
echo 1000 >serial
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout ca.key -out ca.pem -days 30 -subj "/CN=test CA" 2>/dev/null
issue us DNS:us.example -1 60
issue peer DNS:other.example,URI:sip:peer.example -1 60
issue expired DNS:peer.example -20 -10
issue future DNS:peer.example 10 20
issue revoked DNS:peer.example -1 60
issue wrong DNS:wrong.example,DNS:*.example -1 60
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout self.key -out self.pem -days 30 -subj "/CN=peer.example" \
	-addext subjectAltName=DNS:peer.example 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout ca2.key -out ca2.pem -days 30 -subj "/CN=another CA" 2>/dev/null
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout foreign.key -out foreign.csr -subj "/CN=peer.example" 2>/dev/null
printf 'subjectAltName=DNS:peer.example\n' >foreign.ext
openssl x509 -req -in foreign.csr -CA ca2.pem -CAkey ca2.key -days 30 \
	-set_serial 9 -extfile foreign.ext -out foreign.pem 2>/dev/null

openssl ca -config ca.cnf -revoke revoked.pem 2>/dev/null
openssl ca -config ca.cnf -gencrl -crldays 10 -out crl.pem 2>/dev/null

tls="transport=tls cert=us.pem key=us.key ca=ca.pem name=peer.example"

host() { # 4|6
	if [ "$1" = 6 ]; then echo "[::1]"; else echo 127.0.0.1; fi
}

# TLS between SIPp and us: in = SIPp is called, out = it calls.
relay_up() { # in|out FAMILY
	[ "$kind" = tls ] || return
	relay_at=127.0.0.1
	[ "$2" = 6 ] && relay_at=::1
	mkfifo hold
	if [ "$1" = in ]; then
		set -- in $port $((port + 1))
	else
		set -- out $((port + 2)) $base
	fi
	python3 "$relay" "$@" peer.pem peer.key ca.pem $relay_at <hold >relay.out 2>&1 &
	relay_pid=$!
	exec 9>hold
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		grep -q ready relay.out && return
		sleep 0.2
	done
}
relay_down() {
	[ "$kind" = tls ] || return
	exec 9>&-
	kill $relay_pid 2>/dev/null
	wait $relay_pid 2>/dev/null
	rm -f hold
}

they_call() { # NAME KIND SIPP-TRANSPORT CALLS FAMILY DRIVER-OPTIONS...
	name=$1 kind=$2 transport=$3 calls=$4 family=$5
	shift 5
	h=$(host "$family")
	to=$base
	[ "$kind" = tls ] && to=$((port + 2))
	"$driver" "$h:$base" "$h:$port" "$calls" limit=25 "$@" >out 2>err &
	pid=$!
	relay_up out "$family"
	is_there $kind $base
	sipp "$h:$to" -i "$h" -p $port -t $transport -sn uac -s +49711000 \
		-m "$calls" -r 20 -d 200 -nostdin -timeout 20s -timeout_error \
		>sipp.out 2>&1
	status=$?
	wait $pid
	relay_down
	check "$name: sipp is content" $status -eq 0
	check "$name: each call released" "$(counted released)" -eq "$calls"
	check "$name: nothing left" "$(counted idle)" -eq 1
}

we_call() { # NAME KIND SIPP-TRANSPORT CALLS FAMILY DRIVER-OPTIONS...
	name=$1 kind=$2 transport=$3 calls=$4 family=$5
	shift 5
	h=$(host "$family")
	at=$port
	[ "$kind" = tls ] && at=$((port + 1))
	sipp -i "$h" -p $at -t $transport -sn uas -m "$calls" -nostdin \
		-timeout 25s -timeout_error >sipp.out 2>&1 &
	pid=$!
	relay_up in "$family"
	is_there $kind $at
	"$driver" "$h:$base" "$h:$port" "$calls" place=+49711000 rate=20 \
		hold=200 limit=20 "$@" >out 2>err
	wait $pid
	status=$?
	relay_down
	check "$name: sipp is content" $status -eq 0
	check "$name: answered" "$(counted answered)" -eq "$calls"
	check "$name: each call released" "$(counted released)" -eq "$calls"
}

# What we send, as tshark sees it; TLS by the keys that GnuTLS notes down.
tap_on() {
	command -v tshark >/dev/null || return
	tshark -q -i lo -f "tcp port $base or tcp port $port" -w "$1.pcap" \
		>tap.out 2>&1 &
	tap=$!
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ -s "$1.pcap" ] && break
		sleep 0.3
	done
	sleep 1
}
seen() { # NAME FILTER
	if [ "$1" = tls ]; then
		set -- "$1" "$2" -d "tcp.port==$base,tls" -d "tcp.port==$port,tls" \
			-d "tls.port==$base,sip" -d "tls.port==$port,sip" \
			-o "tls.keylog_file:keys"
	else
		set -- "$1" "$2" -d "tcp.port==$base,sip" -d "tcp.port==$port,sip"
	fi
	filter="sip && (tcp.srcport==$base || tcp.dstport==$port) && ($2)"
	pcap=$1.pcap
	shift 2
	tshark -n -r "$pcap" "$@" -Y "$filter" 2>tshark.err | tee frames | wc -l
}
judge() { # NAME LEAST
	if [ -z "$tap" ]; then
		echo "skip tshark on $1: no tshark"
		return
	fi
	sleep 1
	kill "$tap"
	wait "$tap" 2>/dev/null
	tap=
	check "$1: tshark saw our messages" "$(seen "$1" sip)" -gt "$2"
	check "$1: nothing we sent is malformed" "$(seen "$1" "_ws.malformed ||
		(_ws.expert.severity >= 6291456 && !tcp.analysis.flags)")" -eq 0
	head -5 frames | sed 's/^/# /'
}

SSLKEYLOGFILE=$dir/keys
export SSLKEYLOGFILE
tap_on tcp
they_call "tcp in" tcp t1 30 4 transport=tcp
they_call "tcp in, a connection each" tcp "tn -max_socket 500" 20 4 transport=tcp
we_call "tcp out" tcp t1 30 4 transport=tcp
they_call "udp6 in" udp u1 20 6
we_call "udp6 out" udp u1 20 6
they_call "tcp6 in" tcp t1 20 6 transport=tcp
we_call "tcp6 out" tcp t1 20 6 transport=tcp
judge tcp 250
tap_on tls
they_call "tls in" tls t1 20 4 $tls
they_call "tls in, a connection each" tls "tn -max_socket 500" 10 4 $tls
we_call "tls out" tls t1 20 4 $tls
they_call "tls6 in" tls t1 10 6 $tls
we_call "tls6 out" tls t1 10 6 $tls
judge tls 150
unset SSLKEYLOGFILE

# --- a phone: baresip verifies our certificate, we its ---
phone_at=$((port + 2)) # plain; TLS is one above
cat peer.pem peer.key >phone.pem
mkdir phone
modules=$(ls -d /usr/lib/*/baresip/modules /usr/lib/baresip/modules \
	2>/dev/null | head -1)
cat >phone/config <<-END
	module_path $modules
	module account.so
	module g711.so
	module aubridge.so
	module ctrl_tcp.so
	module menu.so
	ctrl_tcp_listen 127.0.0.1:$((port + 4))
	sip_listen 127.0.0.1:$phone_at
	sip_certificate $dir/phone.pem
	sip_cafile $dir/ca.pem
	net_interface 127.0.0.1
	audio_source aubridge,x
	audio_player aubridge,x
END
echo "<sip:030123456@127.0.0.1:$((phone_at + 1));transport=tls>;regint=0;answermode=auto" \
	>phone/accounts
dial() { # a netstring to its control port
	json="{\"command\":\"dial\",\"params\":\"$1\",\"token\":\"t\"}"
	bash -c "exec 3<>/dev/tcp/127.0.0.1/$((port + 4))
		printf '%s:%s,' ${#json} '$json' >&3; sleep 0.5"
}
if command -v baresip >/dev/null; then
	HOME=$dir/phone baresip -f phone >phone.log 2>&1 &
	phone=$!
	sleep 1.5
	"$driver" $us 127.0.0.1:$((phone_at + 1)) 2 place=030123456 rate=1 \
		hold=400 limit=15 $tls >out 2>err
	check "baresip, called by TLS: answered" "$(counted answered)" -eq 2
	check "baresip, called by TLS: released" "$(counted released)" -eq 2
	check "baresip, called by TLS: nothing left" "$(counted idle)" -eq 1
	# it shows no certificate where it connects
	"$driver" $us 127.0.0.1:$((phone_at + 1)) 1 hold=400 limit=15 $tls \
		verify=server >out 2>err &
	pid=$!
	sleep 0.4
	dial "sip:0711200@$us;transport=tls"
	wait $pid
	check "baresip calls by TLS: answered" "$(counted answered)" -eq 1
	check "baresip calls by TLS: released" "$(counted released)" -eq 1
	kill $phone
	wait $phone 2>/dev/null
else
	echo "skip baresip by TLS: no baresip"
fi

# --- what must not be: we connect ---
no_call() { # NAME CERTIFICATE TEXT [openssl options]
	name=$1 cert=$2 text=$3
	shift 3
	openssl s_server -accept $port -cert "$cert.pem" -key "$cert.key" \
		-quiet "$@" >server.out 2>&1 </dev/null &
	pid=$!
	listening $port
	"$driver" $us 127.0.0.1:$port 1 place=+49711000 grace=300 $tls \
		$more limit=20 >out 2>err
	kill $pid 2>/dev/null
	wait $pid 2>/dev/null
	check "$name: no call" "$(counted answered)" -eq 0
	check "$name: the caller is told" "$(counted released)" -eq 1
	check "$name: one line says why" "$(lines "$text")" -eq 1
	check "$name: and where" "$(lines 'driver.yaml:12: ')" -eq 1
	check "$name: nothing was sent" "$(grep -c INVITE server.out)" -eq 0
}

more=
no_call "expired certificate" expired "certificate expired on "
no_call "not yet valid" future "certificate not valid yet, "
no_call "of another CA" foreign "signed by a CA that is not in tls.ca"
no_call "wrong name" wrong "certificate is for wrong.example, not for peer.example"
no_call "self-signed" self "is self-signed and not in tls.ca"
no_call "TLS 1.1" peer "no common TLS version" -tls1_1 -cipher ALL:@SECLEVEL=0
no_call "TLS 1.0" peer "no common TLS version" -tls1 -cipher ALL:@SECLEVEL=0

more=crl=crl.pem
no_call "revoked" revoked "certificate revoked"
more=

# --- what must not be: they connect ---
driver_up() { # OPTIONS...
	"$driver" $us 127.0.0.1:$port 1 limit=500 "$@" >out 2>err &
	pid=$!
	listening $base
}
options_by() { # s_client options... -> reply
	: >reply
	(
		printf 'OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TLS '
		printf '127.0.0.1:%s;branch=z9hG4bKx\r\n' $port
		printf 'From: <sip:p@peer.example>;tag=1\r\nTo: <sip:a@b>\r\n'
		printf 'Call-ID: z\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n'
		# an answer, or the end of s_client, which no longer reads
		until grep -q '^SIP/2.0' reply; do
			sleep 0.1
			printf '\r\n' || break
		done 2>/dev/null
	) | timeout 10 openssl s_client -connect $us -quiet -no_ign_eof "$@" \
		>reply 2>client.err
}

driver_up $tls
options_by -cert peer.pem -key peer.key -CAfile ca.pem -verify_return_error
check "client certificate: answered" "$(grep -c '^SIP/2.0 200' reply)" -eq 1
options_by -cert peer.pem -key peer.key -servername us.example -tls1_2
check "client certificate, TLS 1.2: answered" \
	"$(grep -c '^SIP/2.0 200' reply)" -eq 1
options_by
check "no client certificate: silence" "$(grep -c SIP reply)" -eq 0
check "no client certificate: said" "$(lines 'no certificate was shown')" -eq 1
options_by -cert wrong.pem -key wrong.key
check "client's wrong name: silence" "$(grep -c SIP reply)" -eq 0
check "client's wrong name: said" "$(lines 'not for peer.example')" -eq 1
options_by -cert self.pem -key self.key
check "client's self-signed: silence" "$(grep -c SIP reply)" -eq 0
check "client's self-signed: said" "$(lines 'self-signed')" -eq 1
options_by -cert expired.pem -key expired.key
check "client's expired: said" "$(lines 'expired on')" -eq 1
options_by -cert foreign.pem -key foreign.key
check "client's of another CA: silence" "$(grep -c SIP reply)" -eq 0
check "client's of another CA: said" "$(lines 'a CA that is not in tls.ca')" -eq 1
options_by -cert future.pem -key future.key
check "client's not yet valid: said" "$(lines 'not valid yet')" -eq 1
options_by -tls1_1 -cipher ALL:@SECLEVEL=0
check "client with TLS 1.1: silence" "$(grep -c SIP reply)" -eq 0
check "client with TLS 1.1: said" "$(lines 'no common TLS version')" -eq 1
kill $pid
wait $pid 2>/dev/null
check "all that by name of the file" "$(lines 'driver.yaml:12: ')" -eq 7

driver_up $tls crl=crl.pem
options_by -cert revoked.pem -key revoked.key
check "client's revoked: silence" "$(grep -c SIP reply)" -eq 0
check "client's revoked: said" "$(lines 'certificate revoked')" -eq 1
options_by -cert peer.pem -key peer.key
check "another than the revoked: answered" "$(grep -c '^SIP/2.0 200' reply)" -eq 1
kill $pid
wait $pid 2>/dev/null

# --- handshakes abused: nothing hangs, others are served ---
driver_up $tls verify=server
half=
for i in 1 2 3 4 5 6 7 8; do # connected, and then not a word
	bash -c "exec 3<>/dev/tcp/127.0.0.1/$base; sleep 8" 2>/dev/null &
	half="$half $!"
done
head -c 3000 /dev/urandom | timeout 2 bash -c "cat >/dev/tcp/127.0.0.1/$base" \
	2>/dev/null
printf '\026\003\001\000\005\001\000\000\001\003' |
	timeout 2 bash -c "cat >/dev/tcp/127.0.0.1/$base" 2>/dev/null
printf 'OPTIONS sip:a@b SIP/2.0\r\n\r\n' |
	timeout 2 bash -c "cat >/dev/tcp/127.0.0.1/$base" 2>/dev/null
options_by
check "after abuse: still served" "$(grep -c '^SIP/2.0 200' reply)" -eq 1
if command -v sipsak >/dev/null; then
	timeout 10 sipsak -vv --transport=tls --tls-ca-cert=ca.pem \
		--tls-ignore-cert-failure -s "sip:100@$us" >sipsak.out 2>&1
	check "sipsak by TLS: answered" "$(grep -c 'SIP/2.0 200' sipsak.out)" -ge 1
else
	echo "skip sipsak by TLS: no sipsak"
fi
(sleep 1) | timeout 4 gnutls-cli --no-ca-verification --port $base 127.0.0.1 \
	--priority NORMAL:-VERS-ALL:+VERS-TLS1.0 >gnutls.out 2>&1
check "gnutls-cli with TLS 1.0 is refused" $? -ne 0
(sleep 1) | timeout 4 gnutls-cli --no-ca-verification --port $base 127.0.0.1 \
	>gnutls.out 2>&1
check "gnutls-cli: TLS 1.3" "$(grep -c 'TLS1.3' gnutls.out)" -ge 1
kill $pid $half 2>/dev/null
wait

# --- our own certificate is no good ---
own() { # NAME TEXT OPTIONS...
	name=$1 text=$2
	shift 2
	"$driver" $us 127.0.0.1:$port 1 place=+49711000 grace=100 limit=5 \
		transport=tls "$@" >out 2>err
	check "$name: said" "$(lines "$text")" -eq 1
	check "$name: the call fails" "$(counted answered)" -eq 0
	check "$name: no key in the log" "$(lines 'PRIVATE KEY')" -eq 0
}
own "own expired" "driver.yaml:12: tls.certificate: expired on" \
	cert=expired.pem key=expired.key ca=ca.pem
own "own key of another" "driver.yaml:12: tls.certificate and tls.key" \
	cert=us.pem key=peer.key ca=ca.pem
own "no certificate in the file" "driver.yaml:12: tls.certificate" \
	cert=us.key key=us.key ca=ca.pem
own "no list of revoked certificates" "driver.yaml:12: tls.crl: " \
	cert=us.pem key=us.key ca=ca.pem crl=ca.key
own "missing file" "driver.yaml:12: tls.ca: cannot read gone.pem" \
	cert=us.pem key=us.key ca=gone.pem
