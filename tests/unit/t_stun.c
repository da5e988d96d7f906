/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: sip base */
/* STUN against the vectors of RFC 5769, and everything cut and spoilt. */
#include "sip/stun.c"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

static const uint8_t id[STUN_ID] = {0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
				    0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};

/* RFC 5769 2.2 without the attributes of credentials: SOFTWARE and
 * XOR-MAPPED-ADDRESS of 192.0.2.1 port 32853. */
static const uint8_t answer4[] = {
	0x01, 0x01, 0x00, 0x1c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01,
	0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b,
	0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20,
	0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43};

/* RFC 5769 2.3: 2001:db8:1234:5678:11:2233:4455:6677 port 32853. */
static const uint8_t answer6[] = {
	0x01, 0x01, 0x00, 0x18, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01,
	0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x00, 0x20, 0x00, 0x14,
	0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79,
	0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9};

static struct net_addr addr(const char *text)
{
	struct net_addr a;

	ck_assert_int_eq(net_parse(&a, text), 0);
	return a;
}

START_TEST(test_vectors)
{
	struct net_addr a, want = addr("192.0.2.1:32853");
	uint8_t other[STUN_ID] = {1};

	ck_assert_int_eq(stun_kind_of(answer4, sizeof(answer4)), STUN_ANSWER);
	ck_assert(stun_mapped(answer4, sizeof(answer4), id, &a));
	ck_assert(net_addr_eq(&a, &want));
	ck_assert(!stun_mapped(answer4, sizeof(answer4), other, &a));
	want = addr("[2001:db8:1234:5678:11:2233:4455:6677]:32853");
	ck_assert_int_eq(stun_kind_of(answer6, sizeof(answer6)), STUN_ANSWER);
	ck_assert(stun_mapped(answer6, sizeof(answer6), id, &a));
	ck_assert(net_addr_eq(&a, &want));
}
END_TEST

START_TEST(test_made)
{
	struct net_addr from = addr("192.0.2.1:32853"),
			from6 = addr("[2001:db8:1234:5678:11:2233:4455:6677]"
				     ":32853");
	uint8_t request[STUN_MAX], out[STUN_MAX];
	size_t len = stun_request(id, request);

	ck_assert_uint_eq(len, 20);
	ck_assert_int_eq(stun_kind_of(request, len), STUN_REQUEST);
	len = stun_answer(request, &from, out);
	ck_assert_uint_eq(len, 32);
	ck_assert_mem_eq(out + 20, answer4 + 36, 12);
	len = stun_answer(request, &from6, out);
	ck_assert_uint_eq(len, sizeof(answer6));
	ck_assert_mem_eq(out, answer6, sizeof(answer6));
}
END_TEST

/* What has to be understood is not answered; what need not be is. */
START_TEST(test_attributes)
{
	uint8_t m[28] = {0, 1, 0, 8};

	memcpy(m + 4, cookie, 4);
	m[20] = 0x80; /* SOFTWARE, four octets */
	m[21] = 0x22;
	m[23] = 4;
	ck_assert_int_eq(stun_kind_of(m, sizeof(m)), STUN_REQUEST);
	m[20] = 0x00; /* USERNAME */
	m[21] = 0x06;
	ck_assert_int_eq(stun_kind_of(m, sizeof(m)), STUN_NONE);
	m[20] = 0x80;
	m[23] = 5; /* ends beyond the message */
	ck_assert_int_eq(stun_kind_of(m, sizeof(m)), STUN_NONE);
	m[23] = 4;
	m[1] = 2; /* another method */
	ck_assert_int_eq(stun_kind_of(m, sizeof(m)), STUN_NONE);
	m[1] = 1;
	m[4]++; /* RFC 3489 */
	ck_assert_int_eq(stun_kind_of(m, sizeof(m)), STUN_NONE);
}
END_TEST

/* Cut anywhere it is nothing; spoilt anywhere it harms nobody. */
START_TEST(test_spoilt)
{
	struct net_addr a;

	for (size_t n = 0; n < sizeof(answer4); n++) {
		uint8_t *m = malloc(n ? n : 1);

		memcpy(m, answer4, n);
		ck_assert_int_eq(stun_kind_of(m, n), STUN_NONE);
		free(m);
	}
	for (size_t i = 0; i < 256 * sizeof(answer6); i++) {
		uint8_t *m = malloc(sizeof(answer6));

		memcpy(m, answer6, sizeof(answer6));
		m[i / 256] = (uint8_t)i;
		if (stun_kind_of(m, sizeof(answer6)) == STUN_ANSWER) {
			(void)stun_mapped(m, sizeof(answer6), id, &a);
		}
		free(m);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("stun");
	TCase *t = tcase_create("stun");

	tcase_add_test(t, test_vectors);
	tcase_add_test(t, test_made);
	tcase_add_test(t, test_attributes);
	tcase_add_test(t, test_spoilt);
	suite_add_tcase(s, t);
	return suite_run(s, CK_NOFORK);
}
