/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON for people: a list of objects becomes a table, or a paragraph for each
 * where the table would be too wide or has lists inside; an object its members
 * one a line, small objects in it on a line of their own.
 */
#ifndef TRUNKCTL_TABLE_H
#define TRUNKCTL_TABLE_H

#include <jansson.h>
#include <stdio.h>

void table_print(FILE *, const json_t *);

#endif
