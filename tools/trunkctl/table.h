/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON for people: a list of objects becomes a table, an object its members
 * one a line, whatever their names are. What is nested is flattened.
 */
#ifndef TRUNKCTL_TABLE_H
#define TRUNKCTL_TABLE_H

#include <jansson.h>
#include <stdio.h>

void table_print(FILE *, const json_t *);

#endif
