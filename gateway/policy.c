/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/policy.h"

#include "gateway/number.h"

#include <string.h>

uint8_t policy_bearer(unsigned bearer, bool clear_mode)
{
	if (bearer == CC_BEARER_SPEECH || bearer == CC_BEARER_AUDIO_31 ||
	    (bearer == CC_BEARER_UNRESTRICTED && clear_mode)) {
		return 0;
	}
	return CAUSE_BEARER_NOT_IMPLEMENTED;
}

static bool is_restricted(const struct cc_number *n)
{
	return n->valid && n->presentation == CC_PRES_RESTRICTED;
}

static bool is_screened(const struct cc_number *n)
{
	return n->valid && n->digits[0] != '\0' &&
	       (n->screening == CC_SCREEN_PASSED ||
		n->screening == CC_SCREEN_NETWORK);
}

static uint8_t trusted_screening(const struct conf_span *span)
{
	return span->isdn.side == CONF_SIDE_NETWORK ? CC_SCREEN_NETWORK
						    : CC_SCREEN_PASSED;
}

/* The trunk's role has looked (STIR), and says so. */
static bool is_verified(const struct cc_number *n)
{
	return n->screening == CC_SCREEN_PASSED ||
	       n->screening == CC_SCREEN_FAILED;
}

/* What would tell who a restricted caller is. */
static void hide(struct cc_msg *setup)
{
	memset(setup->name, 0, sizeof(setup->name));
	memset(&setup->extra.calling_sub, 0, sizeof(setup->extra.calling_sub));
}

static bool has_digits(const struct cc_number *n)
{
	return n->valid && n->digits[0] != '\0';
}

/* One number, in the order of trust (RFC 4497 9.2.2). */
static void one_caller(const struct conf_span *span, struct cc_msg *setup)
{
	if (has_digits(&setup->asserted)) {
		setup->calling = setup->asserted;
		if (setup->asserted.screening != CC_SCREEN_FAILED) {
			setup->calling.screening = trusted_screening(span);
		}
	} else if (setup->calling.valid && !is_verified(&setup->calling)) {
		setup->calling.screening = CC_SCREEN_NONE;
	}
	memset(&setup->asserted, 0, sizeof(setup->asserted));
}

/* Special arrangement: the caller's own number as well, or, as a user, alone:
 * the network puts its own beside it. */
static void own_caller(const struct conf_span *span, struct cc_msg *setup)
{
	setup->calling.screening = CC_SCREEN_NONE;
	if (span->isdn.side == CONF_SIDE_NETWORK) {
		setup->asserted.screening = CC_SCREEN_NETWORK;
	} else {
		memset(&setup->asserted, 0, sizeof(setup->asserted));
	}
}

static bool same_number(const struct cc_number *a, const struct cc_number *b)
{
	return a->type == b->type && strcmp(a->digits, b->digits) == 0;
}

void policy_caller_to_line(const struct conf_span *span, struct cc_msg *setup)
{
	bool restricted = is_restricted(&setup->calling) ||
			  is_restricted(&setup->asserted);
	bool two = has_digits(&setup->calling) &&
		   has_digits(&setup->asserted) &&
		   !same_number(&setup->calling, &setup->asserted);

	if (two && span->isdn.own_numbers) {
		own_caller(span, setup);
	} else {
		one_caller(span, setup);
	}
	if (restricted) {
		setup->calling.valid = 1;
		setup->calling.presentation = CC_PRES_RESTRICTED;
		setup->asserted.presentation = setup->asserted.valid
						       ? CC_PRES_RESTRICTED
						       : CC_PRES_ALLOWED;
		hide(setup);
	}
	number_to_line(span, &setup->calling);
	number_to_line(span, &setup->asserted);
	number_to_line(span, &setup->redirecting);
	number_to_line(span, &setup->extra.divert.original);
}

static void assert_own(const struct conf_trunk *to, struct cc_msg *setup)
{
	uint8_t presentation = setup->calling.presentation;

	if (to->who.number[0] == '\0' ||
	    cc_number_set(&setup->asserted, to->who.number) != 0) {
		memset(&setup->asserted, 0, sizeof(setup->asserted));
		return;
	}
	setup->asserted.screening = CC_SCREEN_NETWORK;
	setup->asserted.presentation = presentation == CC_PRES_RESTRICTED
					       ? CC_PRES_RESTRICTED
					       : CC_PRES_ALLOWED;
}

/* RFC 4497 9.1.2, but only what somebody has verified is asserted. */
void policy_caller_to_trunk(const struct conf_span *from,
			    const struct conf_trunk *to, struct cc_msg *setup)
{
	bool restricted = is_restricted(&setup->calling) ||
			  is_restricted(&setup->asserted);

	number_from_line(from, &setup->calling);
	number_from_line(from, &setup->redirecting);
	number_from_line(from, &setup->extra.divert.original);
	if (setup->asserted.valid && setup->asserted.digits[0] != '\0') {
		number_from_line(from, &setup->asserted);
	} else if (is_screened(&setup->calling)) {
		setup->asserted = setup->calling;
	} else {
		assert_own(to, setup);
	}
	if (restricted) {
		hide(setup);
	}
}

void policy_connected_to_line(const struct conf_span *span, struct cc_msg *m)
{
	if (m->connected.valid) {
		m->connected.screening = trusted_screening(span);
		number_to_line(span, &m->connected);
	}
}

void policy_connected_to_trunk(const struct conf_span *span, struct cc_msg *m)
{
	number_from_line(span, &m->connected);
	if (is_restricted(&m->connected)) {
		memset(m->name, 0, sizeof(m->name));
	}
}
