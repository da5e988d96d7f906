/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: core base */
/* What the line is told of a caller from a trunk: number and screening. */
#include "../../gateway/policy.c"
#include "tests/suite.h"

#include <check.h>

static struct cc_number number(const char *digits, enum cc_screening s)
{
	struct cc_number n = {0};

	if (digits) {
		ck_assert_int_eq(cc_number_set(&n, digits), 0);
		n.screening = (uint8_t)s;
	}
	return n;
}

/* RFC 4497 9.2.2; what STIR has found goes before. */
START_TEST(screening_to_line)
{
	static const struct {
		const char *from;
		enum cc_screening from_is;
		const char *asserted;
		enum cc_screening asserted_is;
		const char *digits;
		enum cc_screening user, network; /* on our side of the span */
	} rows[] = {
		{"+4930", CC_SCREEN_NONE, NULL, 0, "4930", CC_SCREEN_NONE,
		 CC_SCREEN_NONE},
		{"+4930", CC_SCREEN_PASSED, NULL, 0, "4930", CC_SCREEN_PASSED,
		 CC_SCREEN_PASSED},
		{"+4930", CC_SCREEN_FAILED, NULL, 0, "4930", CC_SCREEN_FAILED,
		 CC_SCREEN_FAILED},
		/* nobody but the line's own network says that */
		{"+4930", CC_SCREEN_NETWORK, NULL, 0, "4930", CC_SCREEN_NONE,
		 CC_SCREEN_NONE},
		{"+4930", CC_SCREEN_NONE, "+4940", CC_SCREEN_NETWORK, "4940",
		 CC_SCREEN_PASSED, CC_SCREEN_NETWORK},
		{"+4930", CC_SCREEN_FAILED, "+4940", CC_SCREEN_FAILED, "4940",
		 CC_SCREEN_FAILED, CC_SCREEN_FAILED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (int side = 0; side < 2; side++) {
			struct conf_span span = {0};
			struct cc_msg m = {0};

			span.isdn.side = side ? CONF_SIDE_NETWORK
					      : CONF_SIDE_USER;
			m.calling = number(rows[i].from, rows[i].from_is);
			m.asserted = number(rows[i].asserted,
					    rows[i].asserted_is);
			policy_caller_to_line(&span, &m);
			ck_assert_str_eq(m.calling.digits, rows[i].digits);
			ck_assert_msg(m.calling.screening ==
					      (side ? rows[i].network
						    : rows[i].user),
				      "row %zu side %d: %u", i, side,
				      m.calling.screening);
		}
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("policy");
	TCase *tc = tcase_create("policy");

	tcase_add_test(tc, screening_to_line);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_FORK_GETENV);
}
