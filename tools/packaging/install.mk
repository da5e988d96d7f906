# SPDX-License-Identifier: GPL-2.0-or-later
# make install DESTDIR=: programs, man pages, unit, completion, examples. The
# profiles are there to be read: the program has them built in.
# trunkgate looks for trunkgate-isdn in its own folder, hence libexec.

PREFIX     ?= /usr
LIBEXECDIR ?= $(PREFIX)/libexec/trunkgate
MANDIR     ?= $(PREFIX)/share/man
UNITDIR    ?= /lib/systemd/system
COMPDIR    ?= $(PREFIX)/share/bash-completion/completions
DOCDIR     ?= $(PREFIX)/share/doc/trunkgate
D := $(DESTDIR)

build/trunkgate.yaml.5: build/trunkgate
	@{ printf '%s\n' '.\" SPDX-License-Identifier: GPL-2.0-or-later' \
		'.TH TRUNKGATE.YAML 5 "" "trunkgate" "File formats"' \
		'.SH NAME' 'trunkgate.yaml \- configuration of trunkgate' \
		'.SH SETTINGS' '.nf'; \
	build/trunkgate --reference | sed 's/^\./\\\&./; s/\\/\\\\/g; s/-/\\-/g'; \
	printf '%s\n' '.fi' '.SH SEE ALSO' '.BR trunkgate (8)'; } >$@

.PHONY: install
install: programs build/trunkgate.yaml.5
	install -d $(D)$(LIBEXECDIR) $(D)$(PREFIX)/sbin $(D)$(PREFIX)/bin \
		$(D)$(MANDIR)/man1 $(D)$(MANDIR)/man5 $(D)$(MANDIR)/man8 \
		$(D)$(UNITDIR) $(D)$(COMPDIR) $(D)$(DOCDIR)/examples \
		$(D)$(DOCDIR)/profiles \
		$(D)/etc/trunkgate
	install -s -m 755 build/trunkgate build/trunkgate-isdn $(D)$(LIBEXECDIR)
	ln -sf $(LIBEXECDIR)/trunkgate $(D)$(PREFIX)/sbin/trunkgate
	install -s -m 755 build/trunkctl build/pbxsim $(D)$(PREFIX)/bin
	install -m 644 tools/packaging/trunkctl.1 tools/packaging/pbxsim.1 \
		$(D)$(MANDIR)/man1
	install -m 644 build/trunkgate.yaml.5 $(D)$(MANDIR)/man5
	install -m 644 tools/packaging/trunkgate.8 $(D)$(MANDIR)/man8
	install -m 644 conf/units/trunkgate.service $(D)$(UNITDIR)
	install -m 644 tools/packaging/trunkctl.bash $(D)$(COMPDIR)/trunkctl
	install -m 644 README.md $(D)$(DOCDIR)
	install -m 644 conf/examples/*.yaml $(D)$(DOCDIR)/examples
	install -m 644 conf/profiles/*.yaml $(D)$(DOCDIR)/profiles
