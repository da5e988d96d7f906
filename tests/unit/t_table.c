/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* libs: -ljansson */
#include "tools/trunkctl/table.c"
#include "tools/trunkctl/text.c"
#include "tests/suite.h"

#include <check.h>

static void expect(const char *in, const char *want)
{
	json_t *v = json_loads(in, JSON_DECODE_ANY, NULL);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(v);
	ck_assert_ptr_nonnull(f);
	table_print(f, v);
	fclose(f);
	ck_assert_str_eq(text, want);
	free(text);
	json_decref(v);
}

START_TEST(rows_stand_in_columns)
{
	expect("[{\"n\":1,\"who\":{\"name\":\"a\"},\"up\":true},"
	       " {\"n\":20,\"who\":{\"name\":\"long\"},\"up\":false},"
	       " {\"n\":3}]",
	       "n   who.name  up\n"
	       "1   a         yes\n"
	       "20  long      no\n"
	       "3\n");
}
END_TEST

START_TEST(values_of_each_kind)
{
	expect("{\"a\":null,\"b\":1.25,\"c\":[\"LOS\",\"RDI\"],\"d\":[],"
	       "\"e\":\"\",\"f\":\"x\\u001by\"}",
	       "a                       -\n"
	       "b                       1.25\n"
	       "c                       LOS RDI\n"
	       "d                       none\n"
	       "e                       -\n"
	       "f                       x?y\n");
	expect("[]", "none\n");
	expect("{\"clock\":{\"source\":\"\",\"ppm\":0.5}}",
	       "clock\n"
	       "  source                -\n"
	       "  ppm                   0.50\n");
	expect("{\"media\":{\"clock\":{\"source\":\"\",\"ppm\":0.5}}}",
	       "media\n"
	       "  clock                 source -, ppm 0.50\n");
}
END_TEST

START_TEST(lists_inside_rows_stand_with_their_row)
{
	expect("{\"isdn\":[{\"span\":\"a\",\"channels\":[{\"channel\":1}]},"
	       "{\"span\":\"b\",\"channels\":[{\"channel\":2}],"
	       "\"gate\":{\"dropped\":0,\"trimmed\":7}}]}",
	       "isdn\n"
	       "  span a\n"
	       "    channels\n"
	       "      channel\n"
	       "      1\n"
	       "  span b\n"
	       "    channels\n"
	       "      channel\n"
	       "      2\n"
	       "    gate                dropped 0, trimmed 7\n");
}
END_TEST

START_TEST(umlauts_take_one_column)
{
	expect("[{\"a\":\"\xc3\xa4\",\"b\":1},{\"a\":\"ab\",\"b\":2}]",
	       "a   b\n\xc3\xa4   1\nab  2\n");
}
END_TEST

START_TEST(wall_clock_is_a_time_of_day)
{
	setenv("TZ", "UTC", 1);
	tzset();
	expect("{\"since_ms\":1795345592703,\"age_ms\":4449}",
	       "since                   11:06:32\n"
	       "age_ms                  4449\n");
}
END_TEST

/* Wider than any screen: no table. A text beyond the cell is cut. */
START_TEST(wide_rows_become_paragraphs)
{
	char in[1200], want[700], x[301];

	memset(x, 'x', 300);
	x[300] = '\0';
	snprintf(in, sizeof(in), "[{\"name\":\"n\",\"a\":\"%s\"}]", x);
	snprintf(want, sizeof(want), "name n\n  a                     %.255s\n",
		 x);
	expect(in, want);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("table");
	TCase *tc = tcase_create("table");

	tcase_add_test(tc, rows_stand_in_columns);
	tcase_add_test(tc, values_of_each_kind);
	tcase_add_test(tc, lists_inside_rows_stand_with_their_row);
	tcase_add_test(tc, umlauts_take_one_column);
	tcase_add_test(tc, wall_clock_is_a_time_of_day);
	tcase_add_test(tc, wide_rows_become_paragraphs);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
