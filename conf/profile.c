/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/profile.h"

#include <stddef.h>
#include <string.h>

/* The files as they are, each ended by a NUL. */
__asm__(".pushsection .rodata\n"
	".macro profile name file\n"
	".hidden profile_\\name\n"
	".globl profile_\\name\n"
	"profile_\\name:\n"
	".incbin \"\\file\"\n"
	".byte 0\n"
	".endm\n"
	"profile asterisk \"conf/profiles/asterisk.yaml\"\n"
	"profile de_1tr118 \"conf/profiles/de-1tr118.yaml\"\n"
	"profile freeswitch \"conf/profiles/freeswitch.yaml\"\n"
	"profile kamailio \"conf/profiles/kamailio.yaml\"\n"
	"profile sc_11_registration "
	"\"conf/profiles/sipconnect-1.1-registration.yaml\"\n"
	"profile sc_11_static \"conf/profiles/sipconnect-1.1-static.yaml\"\n"
	"profile sc_20_registration "
	"\"conf/profiles/sipconnect-2.0-registration.yaml\"\n"
	"profile sc_20_static \"conf/profiles/sipconnect-2.0-static.yaml\"\n"
	"profile teams \"conf/profiles/teams.yaml\"\n"
	"profile uk_nd1034 \"conf/profiles/uk-nd1034.yaml\"\n"
	"profile us_shaken \"conf/profiles/us-shaken.yaml\"\n"
	".purgem profile\n"
	".popsection\n");

extern const char profile_asterisk[], profile_de_1tr118[],
	profile_freeswitch[], profile_kamailio[], profile_sc_11_registration[],
	profile_sc_11_static[], profile_sc_20_registration[],
	profile_sc_20_static[], profile_teams[], profile_uk_nd1034[],
	profile_us_shaken[];

const char *const profile_names[] = {
	"asterisk", "de-1tr118", "freeswitch", "kamailio",
	"sipconnect-1.1-registration", "sipconnect-1.1-static",
	"sipconnect-2.0-registration", "sipconnect-2.0-static", "teams",
	"uk-nd1034", "us-shaken", NULL
};

static const char *const texts[] = {
	profile_asterisk, profile_de_1tr118, profile_freeswitch,
	profile_kamailio, profile_sc_11_registration, profile_sc_11_static,
	profile_sc_20_registration, profile_sc_20_static, profile_teams,
	profile_uk_nd1034, profile_us_shaken
};

const char *profile_text(const char *name)
{
	for (unsigned i = 0; profile_names[i]; i++) {
		if (!strcmp(profile_names[i], name)) {
			return texts[i];
		}
	}
	return NULL;
}
