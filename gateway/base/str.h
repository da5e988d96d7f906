/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small strings in fixed arrays. Thread: any.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies and terminates; false when it was cut, by the size or, in the second
 * form, by a NUL within len. */
bool str_copy(char *dst, size_t size, const char *src);
bool str_copy_n(char *dst, size_t size, const char *src, size_t len);
/* Octets of the well-formed UTF-8 character at text (RFC 3629), of which len
 * octets may be read; 0: there is none. */
unsigned str_utf8(const char *text, size_t len);
/* Strict: decimal digits only, no sign, no spaces, no leading zero (but "0"),
 * max inclusive. 0 or -EINVAL / -ERANGE. */
int str_to_u32(const char *text, uint32_t max, uint32_t *out);
/* The value of a hexadecimal digit, of either case; -1: it is none. */
int str_hex(char c);
/* The octet that two hexadecimal digits say; -1: they are not two. The second
 * one is not read when the first is none, so a NUL may end text. */
int str_hex_octet(const char *text);
/* Pattern of a number: '*' any run, '?' or 'X' one digit 0-9, 'N' 2-9, 'Z'
 * 1-9, '[3-5]' a set, others (digits, '+', '#') themselves; '\*' a star.
 * str_pattern_ok says whether a pattern is well formed. */
bool str_pattern_match(const char *pattern, const char *number);
bool str_pattern_ok(const char *pattern);
/* Is there a number that both match? Of well-formed patterns of at most
 * STR_PATTERN_MAX elements; false for any other. */
#define STR_PATTERN_MAX 128
bool str_patterns_meet(const char *a, const char *b);
/* Levenshtein distance; for suggestions. When one is longer than 32 octets,
 * the length of the longer. */
unsigned str_distance(const char *a, const char *b);
/* A random token of n - 1 characters [0-9a-z], from getrandom(2). */
void str_token(char *dst, size_t n);

#endif
