/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rooms: base */
/* Sealed memory files: what is sealed, and what a reader refuses. */
#include "gateway/base/memfd.c"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char text[] = "spans:\n  - name: carrier\n";

START_TEST(test_round_trip)
{
	const void *data;
	size_t len;
	int fd;

	fd = memfd_create_sealed("conf", text, sizeof(text));
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(memfd_map_sealed(fd, 1, 4096, &data, &len), 0);
	close(fd);
	ck_assert_uint_eq(len, sizeof(text));
	ck_assert_int_eq(memcmp(data, text, len), 0);
	memfd_unmap(data, len);
	memfd_unmap(NULL, 0);
}
END_TEST

START_TEST(test_nothing_can_change_it)
{
	int fd = memfd_create_sealed("conf", text, sizeof(text));
	void *p;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, "x", 1, 0), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(ftruncate(fd, 1), -1);
	ck_assert_int_eq(ftruncate(fd, 4096), -1);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, 0), -1);
	p = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_eq(p, MAP_FAILED);
	close(fd);
}
END_TEST

START_TEST(test_size_limits)
{
	int fd = memfd_create_sealed("conf", text, sizeof(text));
	size_t n = sizeof(text), len;
	const void *data;

	ck_assert_int_eq(memfd_map_sealed(fd, n + 1, 4096, &data, &len),
			 -EMSGSIZE);
	ck_assert_int_eq(memfd_map_sealed(fd, 0, n - 1, &data, &len),
			 -EMSGSIZE);
	ck_assert_int_eq(memfd_map_sealed(fd, n, n, &data, &len), 0);
	memfd_unmap(data, len);
	close(fd);
	ck_assert_int_eq(memfd_create_sealed("conf", text, 0), -EINVAL);
}
END_TEST

START_TEST(test_missing_seals)
{
	static const int sets[] = {
		0,
		F_SEAL_SEAL,
		F_SEAL_GROW | F_SEAL_SHRINK,
		F_SEAL_GROW | F_SEAL_WRITE,
		F_SEAL_SHRINK | F_SEAL_WRITE,
		F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE,
	};
	const void *data;
	size_t i, len;
	int fd;

	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		fd = memfd_create("conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		ck_assert_int_eq(write_all(fd, text, sizeof(text)), 0);
		ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, sets[i]), 0);
		ck_assert_int_eq(memfd_map_sealed(fd, 0, 4096, &data, &len),
				 -EPERM);
		close(fd);
	}
	/* The reader needs three seals; the fourth is the writer's own. */
	fd = memfd_create("conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ck_assert_int_eq(write_all(fd, text, sizeof(text)), 0);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, SEALS_NEEDED), 0);
	ck_assert_int_eq(memfd_map_sealed(fd, 0, 4096, &data, &len), 0);
	memfd_unmap(data, len);
	close(fd);
}
END_TEST

START_TEST(test_not_a_memory_file)
{
	char path[] = "/tmp/t_memfd.XXXXXX";
	int fd = mkstemp(path), p[2];
	const void *data;
	size_t len;

	ck_assert_int_ge(fd, 0);
	unlink(path);
	ck_assert_int_eq(write_all(fd, text, sizeof(text)), 0);
	ck_assert_int_eq(memfd_map_sealed(fd, 0, 4096, &data, &len), -EPERM);
	close(fd);
	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(memfd_map_sealed(p[0], 0, 4096, &data, &len), -EPERM);
	close(p[0]);
	close(p[1]);
	ck_assert_int_eq(memfd_map_sealed(-1, 0, 4096, &data, &len), -EBADF);
	/* Sealed but empty. */
	fd = memfd_create("conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, SEALS_ALL), 0);
	ck_assert_int_eq(memfd_map_sealed(fd, 0, 4096, &data, &len), -EMSGSIZE);
	close(fd);
}
END_TEST

START_TEST(test_large)
{
	size_t n = (1u << 20) + 4097, len;
	uint8_t *bytes = malloc(n);
	const void *data;
	size_t i;
	int fd;

	for (i = 0; i < n; i++) {
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	}
	fd = memfd_create_sealed("large", bytes, n);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(memfd_map_sealed(fd, n, n, &data, &len), 0);
	ck_assert_int_eq(memcmp(data, bytes, n), 0);
	memfd_unmap(data, len);
	close(fd);
	free(bytes);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("memfd");
	TCase *tc = tcase_create("memfd");

	tcase_add_test(tc, test_round_trip);
	tcase_add_test(tc, test_nothing_can_change_it);
	tcase_add_test(tc, test_size_limits);
	tcase_add_test(tc, test_missing_seals);
	tcase_add_test(tc, test_not_a_memory_file);
	tcase_add_test(tc, test_large);
	suite_add_tcase(s, tc);
	return suite_run(s, CK_NOFORK);
}
