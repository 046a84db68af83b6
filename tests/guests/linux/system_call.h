/*
 * The system call of Linux on RISC-V, for programs without a C library. Its result is negative when it
 * failed. Numbers are those of the kernel's generic table.
 */
#ifndef SYSTEM_CALL_H
#define SYSTEM_CALL_H

enum {
  SYS_close = 57,
  SYS_pipe2 = 59,
  SYS_read = 63,
  SYS_write = 64,
  SYS_ppoll = 73,
  SYS_exit = 93,
  SYS_exit_group = 94,
  SYS_futex = 98,
  SYS_clock_gettime = 113,
  SYS_sched_setaffinity = 122,
  SYS_getppid = 173,
  SYS_munmap = 215,
  SYS_clone = 220,
  SYS_execve = 221,
  SYS_mmap = 222,
  SYS_wait4 = 260,
  CLOCK_MONOTONIC = 1,
  /* A thread: VM, FS, FILES, SIGHAND, THREAD, SYSVSEM. */
  CLONE_THREAD_FLAGS = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000,
};

static inline long system_call6(
    long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d,
    unsigned long e, unsigned long f) {
  register long a7 __asm__("a7") = number;
  register unsigned long a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
  register unsigned long a3 __asm__("a3") = d, a4 __asm__("a4") = e, a5 __asm__("a5") = f;
  __asm__ volatile("ecall"
                   : "+r"(a0)
                   : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                   : "memory");
  return (long)a0;
}

static inline long system_call(long number, unsigned long a, unsigned long b, unsigned long c) {
  return system_call6(number, a, b, c, 0, 0, 0);
}

#endif
