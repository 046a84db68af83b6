/*
 * Board `linux`: a process without a C library. A second thread, which sleeps, keeps emulators from treating
 * the first as one that shares its memory with nobody.
 */
#include "board.h"
#include "../linux/system_call.h"

enum {
  STACK_BYTES = 4096,
  STANDARD_OUTPUT = 1,
};

void board_put(char byte) {
  system_call(SYS_write, STANDARD_OUTPUT, (u64)&byte, 1);
}

void board_finish(u32 code) {
  system_call(SYS_exit_group, code, 0, 0);
}

static u8 sleeper_stack[STACK_BYTES] __attribute__((aligned(16)));

/* The new thread has an empty stack: it must not return from here. */
static void start_sleeper(void) {
  register u64 a7 __asm__("a7") = SYS_clone;
  register u64 a0 __asm__("a0") = CLONE_THREAD_FLAGS;
  register u64 a1 __asm__("a1") = (u64)(sleeper_stack + STACK_BYTES);
  __asm__ volatile(
      "ecall\n"
      "bnez a0, 2f\n"
      "1: li a7, %3\n"
      "li a0, 0\n"
      "li a1, 0\n"
      "li a2, 0\n"
      "ecall\n"
      "j 1b\n"
      "2:"
      : "+r"(a0)
      : "r"(a7), "r"(a1), "i"(SYS_ppoll)
      : "a2", "memory");
}

__attribute__((used, noreturn)) static void run(void) {
  start_sleeper();
  guest_main(0, 1);
  finish(0);
}

__asm__(
    ".globl _start\n"
    "_start:\n"
    ".option push\n"
    ".option norelax\n"
    "  la gp, __global_pointer$\n"
    ".option pop\n"
    "  call run\n");
