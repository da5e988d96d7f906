/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ready trunks (conf/profiles/NAME.yaml), built into the program: what a trunk
 * that says `profile: NAME` has unless it says otherwise.
 */
#ifndef CONF_PROFILE_H
#define CONF_PROFILE_H

/* Sorted, ended by NULL. */
extern const char *const profile_names[];

/* The profile's file; NULL: there is none of that name. */
const char *profile_text(const char *name);

#endif
