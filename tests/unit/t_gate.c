/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: isdn */
/* The frame gate: what libpri may see of each frame. */
#include "isdn/gate.c"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

struct row {
	const char *in;	 /* hex */
	const char *out; /* hex; NULL: dropped; "=": as it came */
	enum gate_fault fault;
	uint8_t ie;
};

#define I_FRAME	 "00 01 00 00 "
#define SETUP	 I_FRAME "08 02 00 01 05 "
#define BEARER	 "04 03 80 90 a3 "
#define CHANNEL	 "18 03 a9 83 85 "

static const struct row rows[] = {
	/* layer 2 */
	{ "00 01 7f", "=", GATE_OK, 0 },
	{ "02 01 01 06", "=", GATE_OK, 0 },
	{ "", NULL, GATE_SHORT, 0 },
	{ "00 01", NULL, GATE_SHORT, 0 },
	{ "00 01 01", NULL, GATE_SHORT, 0 },
	{ "00 01 00", NULL, GATE_SHORT, 0 },
	{ "01 01 7f", NULL, GATE_ADDRESS, 0 },
	{ "00 00 7f", NULL, GATE_ADDRESS, 0 },
	{ "04 01 7f", NULL, GATE_ADDRESS, 0 },
	{ "fc ff 03 0f 00 00 01 ff", NULL, GATE_ADDRESS, 0 },
	{ "00 03 00 00", NULL, GATE_ADDRESS, 0 },
	{ "00 01 7f 00", NULL, GATE_CONTROL, 0 },
	{ "00 01 01 06 00", NULL, GATE_CONTROL, 0 },
	{ "00 01 0d 00", NULL, GATE_CONTROL, 0 },
	{ "00 01 11 00", NULL, GATE_CONTROL, 0 },
	{ "00 01 03 08 02 00 01 05", NULL, GATE_CONTROL, 0 },
	{ "00 01 af 82", NULL, GATE_CONTROL, 0 },
	/* layer 3: header */
	{ I_FRAME, "00 01 00 00", GATE_HEADER, 0 },
	{ I_FRAME "08 02", "00 01 00 00", GATE_HEADER, 0 },
	{ I_FRAME "08 02 00 01", "00 01 00 00", GATE_HEADER, 0 },
	{ I_FRAME "03 02 00 01 0f", "00 01 00 00", GATE_PROTOCOL, 0 },
	{ I_FRAME "08 00 62", "00 01 00 00", GATE_CREF_LENGTH, 0 },
	{ I_FRAME "08 01 01 05", "00 01 00 00", GATE_CREF_LENGTH, 0 },
	{ I_FRAME "08 0f 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 05", "00 01 00 00",
	  GATE_CREF_LENGTH, 0 },
	{ I_FRAME "08 02 00 00 05 04 03 80 90 a3", "00 01 00 00",
	  GATE_CREF_GLOBAL, 0 },
	{ I_FRAME "08 02 00 01 46 79 01 80", "00 01 00 00", GATE_CREF_GLOBAL,
	  0 },
	{ I_FRAME "08 02 00 00 46 79 01 80", "=", GATE_OK, 0 },
	{ I_FRAME "08 02 80 00 46 79 01 80", "00 01 00 00", GATE_CREF_FLAG,
	  0 },
	{ I_FRAME "08 02 80 00 4e 79 01 80", "=", GATE_OK, 0 },
	{ I_FRAME "08 02 80 01 05 04 03 80 90 a3", "00 01 00 00",
	  GATE_CREF_FLAG, 0 },
	/* elements */
	{ SETUP BEARER CHANNEL "70 04 a1 31 32 33 a1", "=", GATE_OK, 0 },
	{ SETUP BEARER "6c 02 21 83 70 01 81", "=", GATE_OK, 0 },
	{ SETUP BEARER "6c 02 21 03 70 01 81", SETUP BEARER "70 01 81",
	  GATE_IE_GROUP, 0x6c },
	{ SETUP BEARER "6c 00 70 01 81", SETUP BEARER "70 01 81",
	  GATE_IE_SHORT, 0x6c },
	{ SETUP BEARER "6c 00 28 00 70 01 81", SETUP BEARER "70 01 81",
	  GATE_IE_SHORT, 0x6c },
	{ SETUP "04 02 98 98 " CHANNEL, SETUP CHANNEL, GATE_IE_GROUP, 0x04 },
	{ SETUP "04 01 80 " CHANNEL, SETUP CHANNEL, GATE_IE_SHORT, 0x04 },
	{ SETUP BEARER "18 02 e9 01", SETUP BEARER, GATE_IE_GROUP, 0x18 },
	{ SETUP BEARER "7d 01 91", SETUP BEARER, GATE_IE_SHORT, 0x7d },
	{ SETUP BEARER "70 04 a1 31", I_FRAME, GATE_IE_END, 0x70 },
	{ SETUP BEARER "70", I_FRAME, GATE_IE_END, 0x70 },
	{ SETUP BEARER "9e", I_FRAME, GATE_SHIFT, 0 },
	{ SETUP BEARER "90 70 01 81", I_FRAME, GATE_SHIFT, 0 },
	{ SETUP BEARER "9e 28 00 70 01 81", SETUP BEARER "70 01 81",
	  GATE_IE_SHORT, 0x28 },
	{ SETUP BEARER "96 28 00 01 01 00", SETUP BEARER "96 01 01 00",
	  GATE_IE_SHORT, 0x28 },
	{ SETUP BEARER "95 28 00", "=", GATE_OK, 0 },
	{ I_FRAME "08 02 80 01 45 08 02 80 90", "=", GATE_OK, 0 },
	{ I_FRAME "08 02 80 01 45 08 03 00 80 90", "=", GATE_OK, 0 },
	{ I_FRAME "08 02 80 01 45 08 02 00 80", I_FRAME "08 02 80 01 45",
	  GATE_IE_GROUP, 0x08 },
	{ I_FRAME "08 02 80 01 45 08 04 00 00 80 90", I_FRAME "08 02 80 01 45",
	  GATE_IE_GROUP, 0x08 },
};

static size_t hex(const char *text, uint8_t *dst)
{
	size_t n = 0;
	char *end;

	while (*text) {
		dst[n++] = (uint8_t)strtoul(text, &end, 16);
		text = end + strspn(end, " ");
	}
	return n;
}

START_TEST(test_rows)
{
	uint8_t in[GATE_FRAME], want[GATE_FRAME], out[GATE_FRAME];
	const struct row *row = &rows[_i];
	struct gate g = { 0 };
	size_t len = hex(row->in, in), n, want_len = 0;
	uint8_t *exact = malloc(len ? len : 1);
	struct gate_result r;

	memcpy(exact, in, len);
	r = gate_frame(&g, exact, len, out, &n);
	free(exact);
	ck_assert_str_eq(gate_fault_name(r.fault), gate_fault_name(row->fault));
	ck_assert_uint_eq(r.ie, row->ie);
	ck_assert_uint_eq(g.faults[row->fault], 1);
	if (row->out) {
		want_len = hex(row->out[0] == '=' ? row->in : row->out, want);
	}
	ck_assert_uint_eq(n, want_len);
	ck_assert_mem_eq(out, want, n);
	ck_assert_int_eq(r.action == GATE_PASS, row->fault == GATE_OK);
	ck_assert_int_eq(r.action == GATE_DROP, row->out == NULL);
	ck_assert_uint_eq(g.dropped + g.emptied + g.trimmed,
			  row->fault != GATE_OK);
}
END_TEST

static bool knows_seven(const struct gate *g, uint16_t cref, bool ours)
{
	(void)g;
	return cref == 7 && !ours;
}

START_TEST(test_references)
{
	static const struct row with_calls[] = {
		{ SETUP BEARER, "=", GATE_OK, 0 },
		{ I_FRAME "08 02 00 07 05 " BEARER, I_FRAME, GATE_CREF_USED,
		  0 },
		{ I_FRAME "08 02 00 07 01", "=", GATE_OK, 0 },
		{ I_FRAME "08 02 80 07 01", I_FRAME "08 02 80 07 7b",
		  GATE_CREF_UNKNOWN, 0 },
		{ I_FRAME "08 02 00 08 6e 27 01 f9", I_FRAME "08 02 00 08 7b",
		  GATE_CREF_UNKNOWN, 0 },
		{ I_FRAME "08 02 00 08 4d", "=", GATE_OK, 0 },
		{ I_FRAME "08 02 00 08 5a", "=", GATE_OK, 0 },
		{ I_FRAME "08 02 00 08 7d 08 02 80 90 14 01 00", I_FRAME,
		  GATE_CREF_UNKNOWN, 0 },
		{ I_FRAME "08 02 00 08 7d 08 02 80 90 14 01 0a", "=", GATE_OK,
		  0 },
	};
	uint8_t in[GATE_FRAME], want[GATE_FRAME], out[GATE_FRAME];
	struct gate g = { .is_known = knows_seven };
	size_t i, n, len, want_len;
	struct gate_result r;

	for (i = 0; i < sizeof(with_calls) / sizeof(with_calls[0]); i++) {
		const struct row *row = &with_calls[i];

		len = hex(row->in, in);
		r = gate_frame(&g, in, len, out, &n);
		ck_assert_str_eq(gate_fault_name(r.fault),
				 gate_fault_name(row->fault));
		want_len = hex(row->out[0] == '=' ? row->in : row->out, want);
		ck_assert_uint_eq(n, want_len);
		ck_assert_mem_eq(out, want, n);
	}
}
END_TEST

START_TEST(test_sizes)
{
	uint8_t in[1000] = { 0, 1, 2, 4, 8, 2, 0, 1, 5, 0x7e, 253 };
	uint8_t out[GATE_FRAME];
	struct gate g = { 0 };
	struct gate_result r;
	size_t n, len;

	for (len = 0; len <= sizeof(in); len++) {
		in[10] = (uint8_t)(len >= 12 ? len - 11 : 0);
		r = gate_frame(&g, in, len, out, &n);
		if (len > GATE_FRAME) {
			ck_assert_int_eq(r.action, GATE_DROP);
		} else if (len > 4 + LAPD_N201) {
			/* layer 2 must go on */
			ck_assert_int_eq(r.action, GATE_EMPTY);
			ck_assert_int_eq(r.fault, GATE_LONG);
			ck_assert_uint_eq(n, 4);
			ck_assert_uint_eq(out[2], 2);
			ck_assert_uint_eq(out[3], 4);
		} else if (len >= 12) {
			ck_assert_int_eq(r.action, GATE_PASS);
		}
	}
}
END_TEST

START_TEST(test_names)
{
	unsigned i;

	for (i = 0; i < GATE_FAULTS; i++) {
		ck_assert_str_ne(gate_fault_name(i), "?");
		ck_assert_str_ne(gate_fault_text(i), "?");
	}
	ck_assert_str_eq(gate_fault_name(GATE_FAULTS), "?");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("gate");
	TCase *tc = tcase_create("gate");

	tcase_add_loop_test(tc, test_rows, 0,
			    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, test_references);
	tcase_add_test(tc, test_sizes);
	tcase_add_test(tc, test_names);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
