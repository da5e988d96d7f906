/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers between the conventions of a span and E.164. A span whose
 * country_code is not set changes nothing.
 *
 *    from the line                             to the line
 *    national      711123   -> +49711123       +49711123 -> national 711123
 *    subscriber    123      -> +49711123       +3906123  -> international
 *    unknown       0711123  -> +49711123       123       -> as it is
 *    unknown       003906.. -> +3906..
 *    unknown       123      -> as it is (short or local)
 *    network specific, abbreviated, private plan, with * or #: as they are
 *
 * The type wins over the digits: a national number that starts with 00 is
 * not international. Emergency and service numbers never come here: who
 * calls these has asked route_is_emergency() first, and short codes carry no
 * prefix. Thread: any.
 */
#ifndef GATEWAY_NUMBER_H
#define GATEWAY_NUMBER_H

#include "conf/conf.h"
#include "gateway/cc.h"

/* A number that would become longer than CC_DIGITS_MAX - 1 stays. */
void number_from_line(const struct conf_span *, struct cc_number *);
void number_to_line(const struct conf_span *, struct cc_number *);

/*
 * A route's change of the called number: first `strip` digits are removed
 * ('+' is no digit, and falls too), then `prefix` is put before; with a
 * leading '+' there the result is international, else of unknown type.
 * strip 0 and an empty prefix change nothing.
 * 0; -EINVAL: fewer than strip + 1 digits; -ERANGE: too long. Then *n stays.
 */
int number_rewrite(struct cc_number *n, unsigned strip, const char *prefix);

#endif
