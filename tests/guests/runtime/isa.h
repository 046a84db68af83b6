/*
 * Support for the instruction tests: edge operands, and a check that names what went wrong.
 *
 * A test computes its expectation a second way, as far from the tested instruction as is
 * practical, and reports the instruction's name and operands when they differ.
 */
#ifndef ISA_H
#define ISA_H
#include "guest.h"

static u64 isa_checks;

static inline void expect_equal(const char *name, u64 a, u64 b, u64 actual, u64 expected) {
  isa_checks++;
  if (actual == expected) return;
  put_text(name);
  put_text(" a=");
  put_hex(a);
  put_text(" b=");
  put_hex(b);
  put_text(" got=");
  put_hex(actual);
  put_text(" want=");
  put_hex(expected);
  put_text("\n");
  CHECK(0);
}

static const u64 EDGES[] = {
    0,
    1,
    2,
    3,
    31,
    32,
    63,
    64,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x7fffffff,
    0x80000000,
    0x80000001,
    0xffffffff,
    0x100000000,
    0x123456789abcdef0,
    0x5555555555555555,
    0xaaaaaaaaaaaaaaaa,
    0x7fffffffffffffff,
    0x8000000000000000,
    0x8000000000000001,
    0xffffffff7fffffff,
    0xffffffff80000000,
    0xfffffffffffffffe,
    0xffffffffffffffff,
};

enum { EDGE_COUNT = sizeof EDGES / sizeof EDGES[0] };

/* One copy per program, although not every program needs each of them. */
#define SHARED __attribute__((noinline, unused))

typedef u64 binary(u64 a, u64 b);
typedef u64 unary(u64 a);

/* One instruction as a function of its two sources. */
#define RR_STUB(instruction)                                                        \
  static NO_INLINE u64 run_##instruction(u64 a, u64 b) {                            \
    __asm__ volatile(#instruction " %0, %0, %1" : "+r"(a) : "r"(b));                \
    return a;                                                                       \
  }                                                                                 \
  /* Both sources and the target in one register. */                                \
  static NO_INLINE u64 same_##instruction(u64 a) {                                  \
    __asm__ volatile(#instruction " %0, %0, %0" : "+r"(a));                         \
    return a;                                                                       \
  }                                                                                 \
  /* Register zero as a source reads zero, as a target swallows the result. */      \
  static NO_INLINE u64 zero_##instruction(u64 b) {                                  \
    u64 result;                                                                     \
    __asm__ volatile(#instruction " zero, %1, %1\n" #instruction " %0, zero, %1"    \
                     : "=r"(result)                                                 \
                     : "r"(b));                                                     \
    return result;                                                                  \
  }

/* The instruction must agree with the model on all pairs of edges and on random pairs. */
static SHARED void check_pairs(const char *name, binary *run, unary *same, unary *zero,
                                  binary *model) {
  u64 state = parameters.seed;
  for (u64 i = 0; i < EDGE_COUNT; i++) {
    u64 a = EDGES[i];
    for (u64 j = 0; j < EDGE_COUNT; j++) {
      expect_equal(name, a, EDGES[j], run(a, EDGES[j]), model(a, EDGES[j]));
    }
    expect_equal(name, a, a, same(a), model(a, a));
    expect_equal(name, 0, a, zero(a), model(0, a));
  }
  for (u64 i = 0; i < parameters.iterations; i++) {
    u64 a = next_random(&state), b = next_random(&state) >> (a & 63);
    expect_equal(name, a, b, run(a, b), model(a, b));
  }
}

#define CHECK_RR(instruction, model) \
  check_pairs(#instruction, run_##instruction, same_##instruction, zero_##instruction, model)

static SHARED void check_immediate(const char *name, unary *run, s64 immediate, binary *model) {
  for (u64 i = 0; i < EDGE_COUNT; i++) {
    expect_equal(name, EDGES[i], immediate, run(EDGES[i]), model(EDGES[i], immediate));
  }
}

/* Checks one immediate form; the stub exists once per immediate. */
#define CHECK_RI(instruction, immediate, model)                                   \
  do {                                                                            \
    unary *stub;                                                                  \
    __asm__(                                                                      \
        ".pushsection .text.stubs, \"ax\"\n"                                       \
        "1: " #instruction " a0, a0, " #immediate "\n"                            \
        "  ret\n"                                                                 \
        ".popsection\n"                                                           \
        "  la %0, 1b\n"                                                           \
        : "=r"(stub));                                                            \
    check_immediate(#instruction, stub, immediate, model);                        \
  } while (0)

#define CHECK_IMMEDIATES(instruction, model)  \
  do {                                        \
    CHECK_RI(instruction, 0, model);          \
    CHECK_RI(instruction, 1, model);          \
    CHECK_RI(instruction, 0x555, model);      \
    CHECK_RI(instruction, 2047, model);       \
    CHECK_RI(instruction, -1, model);         \
    CHECK_RI(instruction, -2, model);         \
    CHECK_RI(instruction, -0x556, model);     \
    CHECK_RI(instruction, -2048, model);      \
  } while (0)

#endif
