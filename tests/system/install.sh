#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install DESTDIR=: what must be there is there and runs from there.
cd "$(dirname "$0")/../.." || exit 2
d=$(mktemp -d)
trap 'rm -rf "$d"' EXIT

check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$d/log" 2>&1; then
		echo "ok install: $name"
	else
		echo "not ok install: $name"
		tail -5 "$d/log"
	fi
}

check "make install" make --no-print-directory install DESTDIR="$d/root"
for f in usr/libexec/trunkgate/trunkgate usr/libexec/trunkgate/trunkgate-isdn \
	usr/bin/trunkctl usr/bin/pbxsim usr/share/man/man8/trunkgate.8 \
	usr/share/man/man5/trunkgate.yaml.5 usr/share/man/man1/trunkctl.1 \
	usr/share/man/man1/pbxsim.1 lib/systemd/system/trunkgate.service \
	usr/share/bash-completion/completions/trunkctl \
	usr/share/doc/trunkgate/README.md \
	usr/share/doc/trunkgate/examples/pseudowire.yaml; do
	check "$f" test -s "$d/root/$f"
done
check "the installed gateway checks the example" \
	"$d/root/usr/libexec/trunkgate/trunkgate" --check \
	"$d/root/usr/share/doc/trunkgate/examples/pseudowire.yaml"
check "the schema is JSON" sh -c \
	"'$d/root/usr/libexec/trunkgate/trunkgate' --schema | jq -e .properties.spans"
for m in trunkgate.8 trunkgate.yaml.5 trunkctl.1 pbxsim.1; do
	page=$(find "$d/root" -name "$m")
	check "$m is a page without complaint" sh -c \
		"! man --warnings -l '$page' 2>&1 >/dev/null | grep -q ."
done
check "the README's configuration is good" sh -c "
	awk '/^\`\`\`yaml/{on=1;next} /^\`\`\`/{if(on)exit} on' README.md >'$d/r.yaml' &&
	test \$(wc -l <'$d/r.yaml') -le 14 &&
	build/trunkgate --check '$d/r.yaml'"
for e in conf/examples/*.yaml; do
	check "$e is good" build/trunkgate --check "$e"
done
printf 'span=1,0,0,ccs,hdb3,crc4\nbchan=1-15,17-31\ndchan=16\n' >"$d/system.conf"
check "--check warns of what does not fit the driver's file" sh -c "
	build/trunkgate --check conf/examples/dahdi.yaml '$d/system.conf' 2>&1 |
	grep -q 'its clock is not taken' &&
	build/trunkgate --check conf/examples/dahdi.yaml '$d/system.conf'"
check "and says when the one that was named is not there" sh -c "
	build/trunkgate --check conf/examples/dahdi.yaml '$d/none' 2>&1 |
	grep -q '$d/none: No such file'"
if [ ! -e /etc/dahdi/system.conf ]; then
	check "and is silent where there is none and none was named" sh -c "
		! build/trunkgate --check conf/examples/dahdi.yaml 2>&1 |
		grep -q system.conf"
fi
