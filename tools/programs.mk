# SPDX-License-Identifier: GPL-2.0-or-later
# The programs: name, sources of its own, rooms in link order, libraries.
$(eval $(call program,trunkctl,$(wildcard tools/trunkctl/*.c),base,-ljansson))
$(eval $(call program,trunkgate-isdn,isdn/main.c,isdn core base,))
$(eval $(call program,impair,$(wildcard tools/impair/*.c),base,-lm))
$(eval $(call program,pbxsim,$(wildcard tools/pbxsim/*.c),isdn core media base,))
$(eval $(call program,trunkgate,gateway/main.c,core console sip media conf base,))
$(eval $(call program,sip-driver,tests/interop/sip_driver.c,sip core conf base,))
$(eval $(call program,ecproc,$(wildcard tools/ecproc/*.c),media,))
