#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# House rules that a machine can check: licence lines, sizes, who includes
# whom, which library headers stay in which folder, what is linked to what.
# The rules stand in the tables below; a function over the size limit is named.
cd "$(dirname "$0")/../.." || exit 2

verdict() { # NAME LINES-THAT-OFFEND
	if [ -z "$2" ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		printf '%s\n' "$2" | head -40
	fi
}

# The files of the project: as git says, or, in an unpacked archive, all.
files() { # PATTERN...
	git -c safe.directory='*' ls-files -- "$@" 2>/dev/null && return
	for pattern; do
		find . -path ./build -prune -o -type f -path "./$pattern" -print
	done | sed 's|^\./||' | sort -u
}

sources=$(files '*.c' '*.h')
verdict there-are-sources "$(n=$(printf '%s\n' "$sources" | wc -l)
	[ "$n" -gt 100 ] || echo "only $n source files were found")"

# --- each file says its licence ---
verdict spdx "$(files '*.c' '*.h' '*.sh' '*.mk' '*.py' Makefile .ci/run \
	'*.service' README.md tests/run tests/soak/soak tools/deps \
	tools/demo/run | while read -r f; do
	head -3 "$f" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' ||
		echo "$f"
done)"

# --- files stay under 800 lines, functions under 100 ---
verdict file-size "$(for f in $sources; do
	n=$(wc -l <"$f")
	[ "$n" -le 800 ] || echo "$f: $n lines"
done)"
verdict function-size "$(awk '
	FNR == 1 { start = 0; table = 0 }
	/^[a-z].*=[ ]*{?$/ { table = 1 }
	/^{$/ { start = FNR }
	/^}/ && start { if (FNR - start > 100 && !table)
		print FILENAME ":" start ": " FNR - start " lines"
		start = 0; table = 0 }' $(files '*.c'))"
verdict left-open "$(grep -nE '\b(TODO|FIXME|XXX|HACK)\b' $sources)"

# --- folders: FOLDER may include headers of (regex of quoted includes) ---
base='gateway/base/[a-z_]+\.h'
may_include() { # FILES-REGEX ALLOWED-REGEX
	printf '%s\n' "$sources" | grep -E "$1" | xargs -r grep -nE \
		'^#include "' /dev/null | grep -vE "#include \"($2)\""
}
verdict may-include "$(
	may_include '^gateway/base/' "$base"
	may_include '^conf/' "$base|conf/[a-z_]+\.(h|inc)"
	may_include '^isdn/' "$base|gateway/cc\.h|conf/conf\.h|isdn/[a-z_]+\.(h|inc)"
	may_include '^sip/' "$base|gateway/cc\.h|conf/conf\.h|sip/[a-z_]+\.(h|inc)"
	may_include '^media/' "$base|conf/conf\.h|media/[a-z0-9_]+\.(h|inc)"
	may_include '^gateway/console/' \
		"$base|gateway/cc\.h|conf/[a-z]+\.h|gateway/console/[a-z_]+\.h"
	may_include '^gateway/[a-z_]+\.[ch]$' \
		"$base|gateway/[a-z_]+\.h|conf/[a-z_]+\.h|media/(media|line|pseudowire)\.h" | grep -v "^gateway/main\.c:"
)"

# --- library headers stay in their folder ---
stay() { # HEADER-REGEX FOLDER-REGEX
	grep -nE "^#include <($1)" $sources | grep -vE "^($2|tests/)"
}
verdict library-headers "$(
	stay 'libpri\.h' 'isdn/'
	stay 'osip' 'sip/'
	stay 'spandsp' 'media/|tools/pbxsim/'
	stay 'dahdi/' 'media/'
	stay 'liburing' 'media/'
	stay 'yaml\.h' 'conf/'
	stay 'microhttpd' 'gateway/console/'
	stay 'uv\.h' 'gateway/base/'
)"

# --- what the programs carry (release build, when it is there) ---
links() { ldd "$1" 2>/dev/null | awk '{print $1}'; }
verdict no-libpri-with-tls "$(for p in build/trunkgate build/trunkgate-isdn \
	build/trunkctl build/pbxsim; do
	[ -x "$p" ] || continue
	libs=$(links "$p")
	case $libs in
	*libpri*)
		case $libs in *libssl*|*libcrypto*|*readline*|*bcg729*)
			echo "$p: libpri beside a library it may not share" ;;
		esac
		case $p in */trunkgate|*/trunkctl) echo "$p links libpri" ;; esac
		;;
	esac
done)"

# --- nothing depends on the outside ---
verdict self-contained "$(files '*' |
	grep -v '^tests/fuzz/corpus/' | tr '\n' '\0' |
	xargs -0 grep -nIE '\.\./shared|/wo''rk/' | head)"
