/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts the system calls of a thread, those that libraries make included. A
 * seccomp filter, which other threads do not get, turns each of them into a
 * signal; its handler counts and makes the call from the one place that the
 * filter lets through. Not to be undone; x86-64 only.
 */
#ifndef TESTS_MEDIA_SYSCALLS_H
#define TESTS_MEDIA_SYSCALLS_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

enum { SYSCALLS = 512 };

static unsigned syscalls[SYSCALLS];

long syscalls_gate(long nr, const greg_t *regs);
extern const char syscalls_gate_ip[];

__asm__(".text\n"
	".globl syscalls_gate\n"
	"syscalls_gate:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %r11\n"
	"	mov 8*8(%r11), %rdi\n" /* REG_RDI */
	"	mov 9*8(%r11), %rsi\n" /* REG_RSI */
	"	mov 12*8(%r11), %rdx\n" /* REG_RDX */
	"	mov 2*8(%r11), %r10\n" /* REG_R10 */
	"	mov 0*8(%r11), %r8\n" /* REG_R8 */
	"	mov 1*8(%r11), %r9\n" /* REG_R9 */
	"	syscall\n"
	".globl syscalls_gate_ip\n"
	"syscalls_gate_ip:\n"
	"	ret\n");

_Static_assert(REG_RDI == 8 && REG_RSI == 9 && REG_RDX == 12 &&
	       REG_R10 == 2 && REG_R8 == 0 && REG_R9 == 1, "as in the gate");

static void syscalls_on_signal(int sig, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	unsigned nr = (unsigned)info->si_syscall;
	int saved = errno;

	(void)sig;
	if (nr < SYSCALLS)
		syscalls[nr]++;
	regs[REG_RAX] = syscalls_gate(info->si_syscall, regs);
	errno = saved;
}

/* From here on, in the calling thread. */
static inline void syscalls_count(void)
{
	uint64_t gate = (uintptr_t)syscalls_gate_ip;
	struct sigaction sa = { .sa_sigaction = syscalls_on_signal,
				.sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 4, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, instruction_pointer)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)gate, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, instruction_pointer) +
				 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(gate >> 32),
			 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(*code), code };

	if (sigaction(SIGSYS, &sa, NULL) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		abort();
}

#endif
