/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON values as short texts for people. Nothing that comes from outside
 * reaches the terminal as a control character. */
#ifndef TRUNKCTL_TEXT_H
#define TRUNKCTL_TEXT_H

#include <jansson.h>
#include <stdbool.h>

#define CELL 256 /* octets of a text with its end; longer ones are cut */

/* A number, text, truth value or null, or a list of nothing else. */
bool text_is_plain(const json_t *);
/* yes and no for truth values, "-" for null, "none" for an empty list, a time
 * of day for a wall clock time. */
void text_value(char cell[CELL], const json_t *);
/* The name of a member; a wall clock time loses its unit. */
void text_key(char name[CELL], const char *key, const json_t *value);
/* Columns on the terminal: characters of UTF-8. */
int text_width(const char *);

#endif
