/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a call behaves: the settings of the script at the moment the call, or
 * the rule that answers it, was written down. A value.
 */
#ifndef PBXSIM_PROFILE_H
#define PBXSIM_PROFILE_H

#include "gateway/cc.h"
#include "tools/pbxsim/hybrid.h"
#include "tools/pbxsim/script.h"
#include "tools/pbxsim/source.h"

struct profile {
	struct cc_number from;
	uint8_t to_type, from_type; /* enum cc_ton; 255: as written */
	uint8_t presentation, screening; /* of from */
	uint8_t bearer;
	uint8_t cause;	 /* to hang up with */
	char name[CC_NAME_MAX];
	double hold_s[2];	  /* calls made; high 0: never hung up */
	double hangup_after_s[2]; /* any call; high 0: not set */
	double give_up_s;	  /* 0: never */
	double dtmf_after_s;
	char dtmf[64];
	char record[COMMAND_WORD]; /* pattern of names; "" = none */
	struct source_spec play;
	struct hybrid_spec echo;
	unsigned count;
	double rate;
};

void profile_init(struct profile *);
/* Carries out a setting. 0; -EINVAL or what loading says: *why in words. */
int profile_set(struct profile *, const struct command *, struct shelf *,
		const char **why);
/* Calling number, and types, of a SETUP whose called number is set. */
void profile_numbers(const struct profile *, struct cc_msg *setup);
/* The name of a recording: %n call, %c channel, %% percent. */
void profile_record_name(const struct profile *, unsigned call,
			 unsigned channel, char name[COMMAND_WORD]);

#endif
