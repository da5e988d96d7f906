/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* WAV files: what is read, what is refused, and that what we write we read. */
#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/rnd.h"
#include "tools/pbxsim/wav.c"
#include "tests/suite.h"

static const uint8_t good[] = {
	'R', 'I', 'F', 'F', 40, 0, 0, 0, 'W', 'A', 'V', 'E',
	'f', 'm', 't', ' ', 16, 0, 0, 0, 1, 0, 1, 0,
	0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0,
	'd', 'a', 't', 'a', 4, 0, 0, 0, 0x34, 0x12, 0xff, 0xff,
};

static int parse(const uint8_t *octets, size_t len, struct wav *w)
{
	const char *why;
	/* exactly as long, so that the sanitizer sees one octet too far */
	uint8_t *copy = malloc(len ? len : 1);
	int r;

	memcpy(copy, octets, len);
	r = wav_parse(w, copy, len, &why);
	ck_assert(r == 0 || (r == -EINVAL && why));
	free(copy);
	return r;
}

START_TEST(reads_a_plain_file)
{
	struct wav w;

	ck_assert_int_eq(parse(good, sizeof(good), &w), 0);
	ck_assert_uint_eq(w.count, 2);
	ck_assert_int_eq(w.samples[0], 0x1234);
	ck_assert_int_eq(w.samples[1], -1);
	wav_free(&w);
	ck_assert_ptr_null(w.samples);
}
END_TEST

START_TEST(skips_other_chunks)
{
	static const uint8_t odd[] = { 'L', 'I', 'S', 'T', 3, 0, 0, 0,
				       1,   2,	 3,   0 };
	uint8_t file[sizeof(good) + sizeof(odd)];
	struct wav w;

	memcpy(file, good, 12);
	memcpy(file + 12, odd, sizeof(odd));
	memcpy(file + 12 + sizeof(odd), good + 12, sizeof(good) - 12);
	ck_assert_int_eq(parse(file, sizeof(file), &w), 0);
	ck_assert_uint_eq(w.count, 2);
	wav_free(&w);
}
END_TEST

START_TEST(takes_a_cut_file_as_far_as_it_goes)
{
	uint8_t file[sizeof(good)];
	struct wav w;

	memcpy(file, good, sizeof(file));
	memset(file + 40, 0xff, 4);
	ck_assert_int_eq(parse(file, sizeof(file) - 1, &w), 0);
	ck_assert_uint_eq(w.count, 1);
	wav_free(&w);
	ck_assert_int_eq(parse(file, 44, &w), 0);
	ck_assert_uint_eq(w.count, 0);
	wav_free(&w);
}
END_TEST

START_TEST(refuses_other_formats)
{
	static const struct {
		unsigned at;
		uint8_t value;
	} change[] = {
		{ 0, 'r' }, { 8, 'A' }, { 12, 'x' }, { 16, 15 },
		{ 20, 6 },  { 22, 2 },	{ 24, 0 },   { 27, 1 },
		{ 34, 8 },  { 36, 'x' }, { 19, 255 },
	};

	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		uint8_t file[sizeof(good)];
		struct wav w;

		memcpy(file, good, sizeof(file));
		file[change[i].at] = change[i].value;
		ck_assert_int_eq(parse(file, sizeof(file), &w), -EINVAL);
		ck_assert_ptr_null(w.samples);
	}
	for (size_t n = 0; n < 44; n++) {
		struct wav w;

		ck_assert_int_eq(parse(good, n, &w), -EINVAL);
	}
}
END_TEST

START_TEST(survives_chance)
{
	struct rnd r;

	rnd_init(&r, "wav");
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t file[sizeof(good)];
		struct wav w;

		memcpy(file, good, sizeof(file));
		for (unsigned k = 0; k < 3; k++) {
			file[rnd_below(&r, sizeof(file))] =
				(uint8_t)rnd_u32(&r);
		}
		parse(file, rnd_below(&r, sizeof(file) + 1), &w);
		wav_free(&w);
	}
}
END_TEST

START_TEST(reads_what_it_wrote)
{
	char path[] = "/tmp/t_wav.XXXXXX";
	int16_t samples[160];
	struct wav_writer writer;
	const char *why;
	struct wav w;

	close(mkstemp(path));
	for (int i = 0; i < 160; i++) {
		samples[i] = (int16_t)(i * 409 - 32768);
	}
	ck_assert_int_eq(wav_writer_open(&writer, path), 0);
	wav_writer_put(&writer, samples, 80);
	wav_writer_put(&writer, samples + 80, 80);
	ck_assert_int_eq(wav_writer_close(&writer), 0);
	ck_assert_int_eq(wav_writer_close(&writer), 0);
	ck_assert_int_eq(wav_load(&w, path, &why), 0);
	ck_assert_uint_eq(w.count, 160);
	ck_assert_mem_eq(w.samples, samples, sizeof(samples));
	wav_free(&w);
	unlink(path);
}
END_TEST

START_TEST(says_what_is_wrong_with_files)
{
	struct wav_writer writer;
	const char *why = NULL;
	struct wav w;

	ck_assert_int_eq(wav_load(&w, "/nonexistent/x.wav", &why), -ENOENT);
	ck_assert_ptr_nonnull(why);
	ck_assert_int_lt(wav_load(&w, "/", &why), 0);
	ck_assert_int_eq(wav_writer_open(&writer, "/nonexistent/x.wav"),
			 -ENOENT);
	/* nothing may be put where nothing is open */
	wav_writer_put(&writer, NULL, 0);
	ck_assert_int_eq(wav_writer_close(&writer), 0);
	if (access("/dev/full", W_OK) == 0) {
		int16_t samples[80] = { 0 };

		ck_assert_int_eq(wav_writer_open(&writer, "/dev/full"), 0);
		for (unsigned i = 0; i < 100; i++) {
			wav_writer_put(&writer, samples, 80);
		}
		ck_assert_int_lt(wav_writer_close(&writer), 0);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("wav");
	TCase *t = tcase_create("wav");

	suite_add_tcase(s, t);
	tcase_add_test(t, reads_a_plain_file);
	tcase_add_test(t, skips_other_chunks);
	tcase_add_test(t, takes_a_cut_file_as_far_as_it_goes);
	tcase_add_test(t, refuses_other_formats);
	tcase_add_test(t, survives_chance);
	tcase_add_test(t, reads_what_it_wrote);
	tcase_add_test(t, says_what_is_wrong_with_files);
	return suite_run(s, CK_NOFORK);
}
