/* RV64A on one hart: what each atomic returns and leaves behind, and when SC must fail. */
#include "isa.h"

PARAMETERS(64);

static u64 cells[4] PER_LINE;
static u64 other_line PER_LINE;

/* Returns the old value; the new one stays in cells[1] (or in one half of it). */
#define AMO_STUBS(operation)                                                            \
  static NO_INLINE u64 run_##operation##_d(u64 operand) {                               \
    u64 old;                                                                            \
    __asm__ volatile(#operation ".d %0, %2, %1"                                         \
                     : "=r"(old), "+A"(cells[1])                                        \
                     : "r"(operand)                                                     \
                     : "memory");                                                       \
    return old;                                                                         \
  }                                                                                     \
  static NO_INLINE u64 run_##operation##_w(u64 operand, u32 *at) {                      \
    u64 old;                                                                            \
    __asm__ volatile(#operation ".w.aqrl %0, %2, %1"                                    \
                     : "=r"(old), "+A"(*at)                                             \
                     : "r"(operand)                                                     \
                     : "memory");                                                       \
    return old;                                                                         \
  }

AMO_STUBS(amoswap)
AMO_STUBS(amoadd)
AMO_STUBS(amoand)
AMO_STUBS(amoor)
AMO_STUBS(amoxor)
AMO_STUBS(amomin)
AMO_STUBS(amomax)
AMO_STUBS(amominu)
AMO_STUBS(amomaxu)

static u64 swap_model(u64 a, u64 b) {
  (void)a;
  return b;
}

static u64 add_model(u64 a, u64 b) {
  return a - ~b - 1;
}

static u64 and_model(u64 a, u64 b) {
  return ~(~a | ~b);
}

static u64 or_model(u64 a, u64 b) {
  return (a ^ b) + (a & b);
}

static u64 xor_model(u64 a, u64 b) {
  return (a | b) - (a & b);
}

static int less(u64 a, u64 b) {
  u64 top = 1UL << 63;
  return (a ^ top) < (b ^ top);
}

static u64 min_model(u64 a, u64 b) {
  return less(b, a) ? b : a;
}

static u64 max_model(u64 a, u64 b) {
  return less(a, b) ? b : a;
}

static u64 minu_model(u64 a, u64 b) {
  return a < b ? a : b;
}

static u64 maxu_model(u64 a, u64 b) {
  return a < b ? b : a;
}

static u64 sign_extend_word(u64 value) {
  return (value & 0xffffffff) | (value >> 31 & 1 ? 0xffffffff00000000UL : 0);
}

typedef u64 word_amo(u64 operand, u32 *at);

static void check_double(const char *name, unary *run, u64 a, u64 b, binary *model) {
  cells[0] = cells[2] = 0x0123456789abcdefUL;
  cells[1] = a;
  expect_equal(name, a, b, run(b), a);
  expect_equal(name, a, b, load_relaxed(&cells[1]), model(a, b));
  expect_equal(name, a, b, load_relaxed(&cells[0]), 0x0123456789abcdefUL);
  expect_equal(name, a, b, load_relaxed(&cells[2]), 0x0123456789abcdefUL);
}

/* Both halves of a double word; the other half must stay as it was. */
static void check_word(const char *name, word_amo *run, u64 a, u64 b, binary *model) {
  for (u64 half = 0; half < 2; half++) {
    volatile u32 *words = (volatile u32 *)&cells[1];
    words[half] = (u32)a;
    words[1 - half] = 0x5a5aa5a5;
    expect_equal(name, a, b, run(b, (u32 *)&words[half]), sign_extend_word(a));
    u64 expected = model(sign_extend_word(a), sign_extend_word(b));
    expect_equal(name, a, b, words[half], expected & 0xffffffff);
    expect_equal(name, a, b, words[1 - half], 0x5a5aa5a5);
  }
}

static NO_INLINE void check_amo(const char *name, unary *run_d, word_amo *run_w, binary *model) {
  for (u64 i = 0; i < EDGE_COUNT; i++) {
    for (u64 j = 0; j < EDGE_COUNT; j++) {
      check_double(name, run_d, EDGES[i], EDGES[j], model);
      check_word(name, run_w, EDGES[i], EDGES[j], model);
    }
  }
}

#define CHECK_AMO(operation, model) \
  check_amo(#operation, run_##operation##_d, run_##operation##_w, model)

static u64 load_reserved(const u64 *at) {
  u64 value;
  __asm__ volatile("lr.d %0, (%1)" : "=r"(value) : "r"(at) : "memory");
  return value;
}

static u64 store_conditional(u64 *at, u64 value) {
  u64 failed;
  __asm__ volatile("sc.d %0, %1, (%2)" : "=r"(failed) : "r"(value), "r"(at) : "memory");
  return failed;
}

static u64 load_reserved_word(const u32 *at) {
  u64 value;
  __asm__ volatile("lr.w %0, (%1)" : "=r"(value) : "r"(at) : "memory");
  return value;
}

static u64 store_conditional_word(u32 *at, u64 value) {
  u64 failed;
  __asm__ volatile("sc.w %0, %1, (%2)" : "=r"(failed) : "r"(value), "r"(at) : "memory");
  return failed;
}

static void reservations(void) {
  cells[1] = 7;
  store_conditional(&cells[1], 9); /* drops a reservation that may be left over */
  cells[1] = 7;
  expect_equal("sc without lr", 0, 0, store_conditional(&cells[1], 8), 1);
  expect_equal("sc without lr stores nothing", 0, 0, load_relaxed(&cells[1]), 7);
  while (expect_equal("lr.d", 0, 0, load_reserved(&cells[1]), 7), store_conditional(&cells[1], 8)) {
  }
  expect_equal("sc.d", 0, 0, load_relaxed(&cells[1]), 8);
  expect_equal("second sc", 0, 0, store_conditional(&cells[1], 9), 1);
  load_reserved(&other_line);
  expect_equal("sc elsewhere", 0, 0, store_conditional(&cells[1], 9), 1);
  expect_equal("sc after failed sc", 0, 0, store_conditional(&other_line, 9), 1);
  expect_equal("sc stores nothing", 0, 0, load_relaxed(&cells[1]), 8);
  u32 *words = (u32 *)&cells[1];
  cells[1] = 0x80000001ffffffffUL;
  do {
    expect_equal("lr.w", 0, 0, load_reserved_word(&words[1]), 0xffffffff80000001UL);
  } while (store_conditional_word(&words[1], 0x123456789UL));
  expect_equal("sc.w", 0, 0, load_relaxed(&cells[1]), 0x23456789ffffffffUL);
}

/* rd may be the address or the operand register. */
static void overlapping_registers(void) {
  u64 *at = &cells[1];
  u64 value = (u64)at;
  cells[1] = 5;
  __asm__ volatile("amoadd.d %0, %1, (%0)" : "+r"(value) : "r"(3L) : "memory");
  expect_equal("amoadd rd=rs1", 0, 0, value, 5);
  expect_equal("amoadd rd=rs1", 0, 0, load_relaxed(at), 8);
  value = 4;
  __asm__ volatile("amoswap.d %0, %0, (%1)" : "+r"(value) : "r"(at) : "memory");
  expect_equal("amoswap rd=rs2", 0, 0, value, 8);
  expect_equal("amoswap rd=rs2", 0, 0, load_relaxed(at), 4);
  __asm__ volatile("amoadd.d zero, %0, (%0)" ::"r"(at) : "memory");
  expect_equal("amoadd to zero", 0, 0, load_relaxed(at), (u64)at + 4);
  __asm__ volatile("amoswap.d zero, zero, (%0)" ::"r"(at) : "memory");
  expect_equal("amoswap of zero", 0, 0, load_relaxed(at), 0);
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  CHECK_AMO(amoswap, swap_model);
  CHECK_AMO(amoadd, add_model);
  CHECK_AMO(amoand, and_model);
  CHECK_AMO(amoor, or_model);
  CHECK_AMO(amoxor, xor_model);
  CHECK_AMO(amomin, min_model);
  CHECK_AMO(amomax, max_model);
  CHECK_AMO(amominu, minu_model);
  CHECK_AMO(amomaxu, maxu_model);
  reservations();
  overlapping_registers();
  put_result("isa_a", isa_checks);
}
