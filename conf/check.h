/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What single values cannot show: names that must be known or unique, settings
 * that must fit together, routes that would open the line to everybody.
 */
#ifndef CONF_CHECK_H
#define CONF_CHECK_H

#include "conf/conf.h"
#include "conf/tree.h"

/* Also fills in the ends of the routes. The tree gives the places. */
void conf_check(struct conf *, const struct node *root, struct report *);

#endif
