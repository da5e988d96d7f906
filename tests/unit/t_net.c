/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* Addresses and networks: text both ways, masks bit by bit. */
#include "gateway/base/net.c"

#include <check.h>

#include "tests/unit/rnd.h"
#include "tests/suite.h"

static struct rnd rnd;
static char buf[NET_STR_MAX];

START_TEST(test_text_both_ways)
{
	static const char *const cases[][2] = {
		{"192.0.2.1", "192.0.2.1"},
		{"192.0.2.1:5060", "192.0.2.1:5060"},
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255:65535", "255.255.255.255:65535"},
		{"2001:db8::1", "2001:db8::1"},
		{"[2001:db8::1]", "2001:db8::1"},
		{"[2001:db8::1]:5060", "[2001:db8::1]:5060"},
		{"::", "::"},
		{"[::]:1", "[::]:1"},
		{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"[::ffff:192.0.2.1]:7", "192.0.2.1:7"},
		{"2001:db8:1111:2222:3333:4444:5555:6666",
		 "2001:db8:1111:2222:3333:4444:5555:6666"},
	};
	struct net_addr a;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(net_parse(&a, cases[i][0]), 0);
		ck_assert_str_eq(net_str(&a, buf), cases[i][1]);
	}
	ck_assert_int_eq(net_parse(&a, "[2001:db8::1]:5060"), 0);
	ck_assert_str_eq(net_ip_str(&a, buf), "2001:db8::1");
	memset(&a, 0, sizeof(a));
	ck_assert_str_eq(net_str(&a, buf), "none");
	a.port = 9;
	ck_assert_str_eq(net_str(&a, buf), "none");
}
END_TEST

START_TEST(test_bad_text)
{
	static const char *const bad[] = {
		"",
		" ",
		"1",
		"1.2.3",
		"1.2.3.4.5",
		"1.2.3.256",
		"01.2.3.4",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1.2.3.4:",
		"1.2.3.4:0",
		"1.2.3.4:65536",
		"1.2.3.4:+5",
		"1.2.3.4:05060",
		"1.2.3.4:5x",
		"1.2.3.4:5:6",
		":5060",
		"[]",
		"[",
		"]",
		"[]:5",
		"[::1",
		"[::1]5",
		"[::1]:",
		"[::1]:0",
		"[::1]:65536",
		"[1.2.3.4]",
		"[1.2.3.4]:5",
		"[[::1]]",
		":::",
		"1::2::3",
		"12345::",
		"fe80::1%eth0",
		"[fe80::1%1]:5",
		"localhost",
		"1.2.3.4/24",
		"0x1.2.3.4",
		"::ffff:1.2.3.400",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999",
		"11111111111111111111111111111111111111111111111111111111111",
	};
	struct net_addr a, none;
	size_t i;

	memset(&none, 0, sizeof(none));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&a, 0xff, sizeof(a));
		ck_assert_msg(net_parse(&a, bad[i]) == -EINVAL, "%s", bad[i]);
		ck_assert_int_eq(memcmp(&a, &none, sizeof(a)), 0);
	}
}
END_TEST

START_TEST(test_prefix_text)
{
	static const char *const bad[] = {
		"",
		"/",
		"/8",
		"1.2.3.4/",
		"1.2.3.4/33",
		"1.2.3.4/-1",
		"1.2.3.4/08",
		"1.2.3.4/8 ",
		"1.2.3.4/8/8",
		"1.2.3.4:5/8",
		"1.2.3/8",
		"::/129",
		"[::1]/8",
		"::1/x",
		"::ffff:1.2.3.4/95",
		"[::1]:5/64",
		"1.2.3.4/255.0.0.0",
	};
	struct net_prefix p;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(net_prefix_parse(&p, bad[i]) == -EINVAL, "%s",
			      bad[i]);
		ck_assert_uint_eq(p.addr.family, 0);
	}
	ck_assert_int_eq(net_prefix_parse(&p, "192.0.2.77/24"), 0);
	ck_assert_str_eq(net_str(&p.addr, buf), "192.0.2.0");
	ck_assert_uint_eq(p.bits, 24);
	ck_assert_int_eq(net_prefix_parse(&p, "192.0.2.77"), 0);
	ck_assert_uint_eq(p.bits, 32);
	ck_assert_int_eq(net_prefix_parse(&p, "2001:db8:ffff::/33"), 0);
	ck_assert_str_eq(net_str(&p.addr, buf), "2001:db8:8000::");
	ck_assert_int_eq(net_prefix_parse(&p, "::1"), 0);
	ck_assert_uint_eq(p.bits, 128);
	ck_assert_int_eq(net_prefix_parse(&p, "::ffff:10.1.2.3/104"), 0);
	ck_assert_str_eq(net_str(&p.addr, buf), "10.0.0.0");
	ck_assert_uint_eq(p.bits, 8);
}
END_TEST

static bool has(const char *prefix, const char *addr)
{
	struct net_prefix p;
	struct net_addr a;

	ck_assert_int_eq(net_prefix_parse(&p, prefix), 0);
	ck_assert_int_eq(net_parse(&a, addr), 0);
	return net_prefix_has(&p, &a);
}

START_TEST(test_prefix_has)
{
	struct net_prefix none;
	struct net_addr a;

	ck_assert(has("192.0.2.0/24", "192.0.2.255:5060"));
	ck_assert(!has("192.0.2.0/24", "192.0.3.0"));
	ck_assert(has("0.0.0.0/0", "203.0.113.9"));
	ck_assert(!has("0.0.0.0/0", "::1"));
	ck_assert(!has("::/0", "192.0.2.1"));
	ck_assert(has("::/0", "2001:db8::1"));
	ck_assert(has("192.0.2.1", "192.0.2.1:9"));
	ck_assert(!has("192.0.2.1", "192.0.2.2"));
	ck_assert(has("192.0.2.0/31", "::ffff:192.0.2.1"));
	memset(&none, 0, sizeof(none));
	memset(&a, 0, sizeof(a));
	ck_assert(!net_prefix_has(&none, &a));
	ck_assert_int_eq(net_parse(&a, "192.0.2.1"), 0);
	ck_assert(!net_prefix_has(&none, &a));
}
END_TEST

static void random_addr(struct net_addr *a)
{
	int i, n;

	memset(a, 0, sizeof(*a));
	a->family = rnd_below(&rnd, 2) == 0 ? 4 : 6;
	a->port = (uint16_t)rnd_below(&rnd, 65536);
	n = a->family == 4 ? 4 : 16;
	for (i = 0; i < n; i++) {
		a->ip[i] = rnd_below(&rnd, 3) == 0 ? 0 : (uint8_t)rnd_u32(&rnd);
	}
}

START_TEST(test_prefix_bit_by_bit)
{
	struct net_prefix p;
	struct net_addr a;
	char text[NET_STR_MAX + 4];
	unsigned bits, bit, width;
	int round;

	for (round = 0; round < 2000; round++) {
		random_addr(&a);
		a.port = 0;
		width = a.family == 4 ? 32 : 128;
		bits = rnd_below(&rnd, width + 1);
		snprintf(text, sizeof(text), "%s/%u", net_ip_str(&a, buf),
			 bits);
		ck_assert_int_eq(net_prefix_parse(&p, text), 0);
		ck_assert(net_prefix_has(&p, &a));
		for (bit = 0; bit < width; bit++) {
			a.ip[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
			if (net_prefix_has(&p, &a) != (bit >= bits)) {
				ck_abort_msg("%s bit %u", text, bit);
			}
			a.ip[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
		}
	}
}
END_TEST

START_TEST(test_random_both_ways)
{
	struct sockaddr_storage ss;
	struct net_addr a, b;
	socklen_t len;
	int round;

	for (round = 0; round < 5000; round++) {
		random_addr(&a);
		ck_assert_int_eq(net_parse(&b, net_str(&a, buf)), 0);
		ck_assert(net_addr_eq(&a, &b));
		len = net_to_sockaddr(&a, &ss);
		ck_assert_uint_eq(len, a.family == 4
					       ? sizeof(struct sockaddr_in)
					       : sizeof(struct sockaddr_in6));
		net_from_sockaddr(&b, (const struct sockaddr *)&ss);
		ck_assert(net_addr_eq(&a, &b));
		b.port ^= 1;
		ck_assert(net_ip_eq(&a, &b));
		ck_assert(!net_addr_eq(&a, &b));
		b.ip[3] ^= 1;
		ck_assert(!net_ip_eq(&a, &b));
	}
}
END_TEST

START_TEST(test_sockaddr)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
				   .sin6_port = htons(5061)};
	struct sockaddr un = {.sa_family = AF_UNIX};
	struct sockaddr_storage ss;
	struct net_addr a;

	inet_pton(AF_INET6, "::ffff:198.51.100.7", &in6.sin6_addr);
	net_from_sockaddr(&a, (const struct sockaddr *)&in6);
	ck_assert_str_eq(net_str(&a, buf), "198.51.100.7:5061");
	net_from_sockaddr(&a, &un);
	ck_assert_uint_eq(a.family, 0);
	ck_assert_uint_eq(net_to_sockaddr(&a, &ss), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("net");
	TCase *tc = tcase_create("net");

	rnd_init(&rnd, "t_net");
	tcase_add_test(tc, test_text_both_ways);
	tcase_add_test(tc, test_bad_text);
	tcase_add_test(tc, test_prefix_text);
	tcase_add_test(tc, test_prefix_has);
	tcase_add_test(tc, test_prefix_bit_by_bit);
	tcase_add_test(tc, test_random_both_ways);
	tcase_add_test(tc, test_sockaddr);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
