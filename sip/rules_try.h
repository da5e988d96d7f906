/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Header rules tried on a message from a file, without a call: what each rule
 * of the trunk does, and the message before and after, as a difference.
 */
#ifndef SIP_RULES_TRY_H
#define SIP_RULES_TRY_H

#include "conf/conf.h"

#include <stdio.h>

/* text may have bare line ends, as an editor writes them. 0; 1: it is no SIP
 * message, or a rule would have broken it (told in out); -errno. */
int rules_try(const struct conf_for_sip *, unsigned trunk, enum conf_rule_way,
	      const char *text, size_t len, FILE *out);

#endif
