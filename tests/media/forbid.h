/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From here on this thread, and those that it makes, get an error for one
 * system call, as under a container's policy. Not to be undone: for a process
 * of its own, as check makes one for each test.
 */
#ifndef TESTS_MEDIA_FORBID_H
#define TESTS_MEDIA_FORBID_H

#include <check.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { ANY_SECOND = -1 };

/* second: only with that as the second argument. */
static inline void forbid_with(long call, int second, int err)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 4),
		BPF_JUMP(BPF_JMP | BPF_JA, second == ANY_SECOND ? 2 : 0, 0, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)second, 0, 1),
		BPF_STMT(BPF_RET | BPF_K,
			 SECCOMP_RET_ERRNO | (unsigned)err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(*code), code };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog), 0);
}

static inline void forbid(long call, int err)
{
	forbid_with(call, ANY_SECOND, err);
}

#endif
