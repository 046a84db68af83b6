/*
 * All harts increment shared counters through LR/SC loops; hart 0 checks the exact sums.
 *
 * Beside the pure window there are windows with a load, a store to a line of the hart's own, an
 * atomic and a taken branch between LR and SC: an emulator may fuse the first form only.
 */
#include "guest.h"

PARAMETERS(2000);

static u64 double_counter PER_LINE;
static u32 word_counters[2] PER_LINE;
static u64 load_counter PER_LINE;
static u64 store_counter PER_LINE;
static u64 atomic_counter PER_LINE;
static u64 branch_counter PER_LINE;
static u64 shared_step PER_LINE = 1;

struct private_line {
  u64 value;
} PER_LINE;

static struct private_line own[MAX_HARTS];

static void increment_double(void) {
  u64 old, failed;
  __asm__ volatile(
      "1: lr.d %0, %2\n"
      "   addi %0, %0, 1\n"
      "   sc.d %1, %0, %2\n"
      "   bnez %1, 1b\n"
      : "=&r"(old), "=&r"(failed), "+A"(double_counter)::"memory");
}

/* The upper word must stay untouched by the harts that count in the lower one, and vice versa. */
static void increment_word(u64 which) {
  u64 old, failed;
  __asm__ volatile(
      "1: lr.w.aq %0, %2\n"
      "   addiw %0, %0, 1\n"
      "   sc.w.rl %1, %0, %2\n"
      "   bnez %1, 1b\n"
      : "=&r"(old), "=&r"(failed), "+A"(word_counters[which])::"memory");
}

static void increment_with_load(void) {
  u64 old, failed, step;
  __asm__ volatile(
      "1: lr.d %0, %3\n"
      "   ld %2, %4\n"
      "   add %0, %0, %2\n"
      "   sc.d %1, %0, %3\n"
      "   bnez %1, 1b\n"
      : "=&r"(old), "=&r"(failed), "=&r"(step), "+A"(load_counter)
      : "m"(shared_step)
      : "memory");
}

static void increment_with_store(u64 hart) {
  u64 old, failed;
  __asm__ volatile(
      "1: lr.d %0, %2\n"
      "   addi %0, %0, 1\n"
      "   sd %0, %3\n"
      "   sc.d %1, %0, %2\n"
      "   bnez %1, 1b\n"
      : "=&r"(old), "=&r"(failed), "+A"(store_counter), "+m"(own[hart].value)::"memory");
}

static void increment_with_atomic(u64 hart) {
  u64 old, failed, ignored;
  __asm__ volatile(
      "1: lr.d %0, %3\n"
      "   addi %0, %0, 1\n"
      "   amoswap.d %2, %0, %4\n"
      "   sc.d %1, %0, %3\n"
      "   bnez %1, 1b\n"
      : "=&r"(old), "=&r"(failed), "=&r"(ignored), "+A"(atomic_counter), "+A"(own[hart].value)::
          "memory");
}

static void increment_with_branch(void) {
  u64 old, failed;
  __asm__ volatile(
      "1: lr.d.aqrl %0, %2\n"
      "   andi %1, %0, 1\n"
      "   beqz %1, 2f\n"
      "   addi %0, %0, 1\n"
      "   j 3f\n"
      "2: ori %0, %0, 1\n"
      "3: sc.d.aqrl %1, %0, %2\n"
      "   bnez %1, 1b\n"
      : "=&r"(old), "=&r"(failed), "+A"(branch_counter)::"memory");
}

/* A counter on a page of code: stores to it are watched, the windows must succeed all the same. */
__asm__(
    ".pushsection .text\n"
    ".balign 64\n"
    "beside_code: .dword 0\n"
    ".balign 64\n"
    ".popsection");
extern u64 beside_code;

static void increment_beside_code(void) {
  u64 old, failed;
  __asm__ volatile(
      "1: lr.d %0, %2\n"
      "   addi %0, %0, 1\n"
      "   sc.d %1, %0, %2\n"
      "   bnez %1, 1b\n"
      : "=&r"(old), "=&r"(failed), "+A"(beside_code)::"memory");
}

void guest_main(u64 hart, u64 harts) {
  u64 iterations = parameters.iterations;
  barrier(harts);
  for (u64 i = 0; i < iterations; i++) {
    increment_double();
    increment_word(hart & 1);
    increment_with_load();
    increment_with_store(hart);
    increment_with_atomic(hart);
    increment_with_branch();
    increment_beside_code();
    increment_beside_code();
  }
  barrier(harts);
  if (hart != 0) return;
  u64 total = harts * iterations;
  u64 even = (harts + 1) / 2 * iterations;
  CHECK(double_counter == total);
  CHECK(word_counters[0] == (u32)even);
  CHECK(word_counters[1] == (u32)(total - even));
  CHECK(load_counter == total);
  CHECK(store_counter == total);
  CHECK(atomic_counter == total);
  CHECK(branch_counter == total);
  CHECK(beside_code == 2 * total);
  put_result("smp_counter", total);
}
