/*
 * The instruction tests of one floating-point format. The including program defines
 *   FORMAT   the model's format          S     the instruction suffix, e.g. d
 *   TO_F     moves bits into a register  FROM_F  moves them out (sign-extended for singles)
 *   BITS     mask of the format's bits
 */
#include "float_model.h"
#include "isa.h"

static u64 flags_and_clear(void) {
  u64 flags;
  __asm__ volatile("fsflags %0, zero" : "=r"(flags));
  return flags;
}

static void set_rounding(enum rounding mode) {
  __asm__ volatile("fsrm %0" ::"r"((u64)mode));
}

#define FLOAT_RR_STUB(operation)                                                             \
  static NO_INLINE u64 run_##operation(u64 a, u64 b) {                                       \
    u64 result;                                                                              \
    __asm__ volatile(TO_F " ft0, %1\n" TO_F " ft1, %2\n" #operation "." S " ft2, ft0, ft1\n" \
                     FROM_F " %0, ft2"                                                       \
                     : "=r"(result)                                                          \
                     : "r"(a), "r"(b)                                                        \
                     : "ft0", "ft1", "ft2");                                                 \
    return result & BITS;                                                                    \
  }

#define FLOAT_TO_INT_RR_STUB(operation)                                                  \
  static NO_INLINE u64 run_##operation(u64 a, u64 b) {                                   \
    u64 result;                                                                          \
    __asm__ volatile(TO_F " ft0, %1\n" TO_F " ft1, %2\n" #operation "." S " %0, ft0, ft1" \
                     : "=r"(result)                                                      \
                     : "r"(a), "r"(b)                                                    \
                     : "ft0", "ft1");                                                    \
    return result;                                                                       \
  }

#define FLOAT_R4_STUB(operation)                                                         \
  static NO_INLINE u64 run_##operation(u64 a, u64 b, u64 c) {                            \
    u64 result;                                                                          \
    __asm__ volatile(TO_F " ft0, %1\n" TO_F " ft1, %2\n" TO_F " ft2, %3\n" #operation    \
                     "." S " ft3, ft0, ft1, ft2\n" FROM_F " %0, ft3"                     \
                     : "=r"(result)                                                      \
                     : "r"(a), "r"(b), "r"(c)                                            \
                     : "ft0", "ft1", "ft2", "ft3");                                      \
    return result & BITS;                                                                \
  }

#define FLOAT_R_STUB(name, instruction)                                                   \
  static NO_INLINE u64 run_##name(u64 a) {                                                \
    u64 result;                                                                           \
    __asm__ volatile(TO_F " ft0, %1\n" instruction " ft1, ft0\n" FROM_F " %0, ft1"        \
                     : "=r"(result)                                                       \
                     : "r"(a)                                                             \
                     : "ft0", "ft1");                                                     \
    return result & BITS;                                                                 \
  }

#define FLOAT_TO_INT_STUB(name, instruction)                            \
  static NO_INLINE u64 run_##name(u64 a) {                              \
    u64 result;                                                         \
    __asm__ volatile(TO_F " ft0, %1\n" instruction                      \
                     : "=r"(result)                                     \
                     : "r"(a)                                           \
                     : "ft0");                                          \
    return result;                                                      \
  }

#define INT_TO_FLOAT_STUB(name, instruction)                            \
  static NO_INLINE u64 run_##name(u64 a) {                              \
    u64 result;                                                         \
    __asm__ volatile(instruction " ft0, %1\n" FROM_F " %0, ft0"         \
                     : "=r"(result)                                     \
                     : "r"(a)                                           \
                     : "ft0");                                          \
    return result & BITS;                                               \
  }

FLOAT_RR_STUB(fadd)
FLOAT_RR_STUB(fsub)
FLOAT_RR_STUB(fmul)
FLOAT_RR_STUB(fdiv)
FLOAT_RR_STUB(fmin)
FLOAT_RR_STUB(fmax)
FLOAT_RR_STUB(fsgnj)
FLOAT_RR_STUB(fsgnjn)
FLOAT_RR_STUB(fsgnjx)
FLOAT_TO_INT_RR_STUB(feq)
FLOAT_TO_INT_RR_STUB(flt)
FLOAT_TO_INT_RR_STUB(fle)
FLOAT_R4_STUB(fmadd)
FLOAT_R4_STUB(fmsub)
FLOAT_R4_STUB(fnmadd)
FLOAT_R4_STUB(fnmsub)
FLOAT_R_STUB(fsqrt, "fsqrt." S)
FLOAT_TO_INT_STUB(fclass, "fclass." S " %0, ft0")
FLOAT_TO_INT_STUB(fcvt_w, "fcvt.w." S " %0, ft0, dyn")
FLOAT_TO_INT_STUB(fcvt_wu, "fcvt.wu." S " %0, ft0, dyn")
FLOAT_TO_INT_STUB(fcvt_l, "fcvt.l." S " %0, ft0, dyn")
FLOAT_TO_INT_STUB(fcvt_lu, "fcvt.lu." S " %0, ft0, dyn")
FLOAT_TO_INT_STUB(fcvt_l_rne, "fcvt.l." S " %0, ft0, rne")
FLOAT_TO_INT_STUB(fcvt_l_rtz, "fcvt.l." S " %0, ft0, rtz")
FLOAT_TO_INT_STUB(fcvt_l_rdn, "fcvt.l." S " %0, ft0, rdn")
FLOAT_TO_INT_STUB(fcvt_l_rup, "fcvt.l." S " %0, ft0, rup")
FLOAT_TO_INT_STUB(fcvt_l_rmm, "fcvt.l." S " %0, ft0, rmm")
INT_TO_FLOAT_STUB(from_w, "fcvt." S ".w")
INT_TO_FLOAT_STUB(from_wu, "fcvt." S ".wu")
INT_TO_FLOAT_STUB(from_l, "fcvt." S ".l")
INT_TO_FLOAT_STUB(from_lu, "fcvt." S ".lu")

/* The format's own edges, then numbers near one another, then anything. */
static u64 operand(u64 index, u64 *state) {
  u64 one = infinity_of(FORMAT) >> 1 & ~((1UL << FORMAT.fraction_bits) - 1);
  u64 ulp_of_exponent = 1UL << FORMAT.fraction_bits;
  const u64 edges[] = {
      0,
      1,
      2,
      ulp_of_exponent - 1,
      ulp_of_exponent,
      ulp_of_exponent + 1,
      one,
      one + 1,
      one - 1,
      one + ulp_of_exponent / 2,
      one + ulp_of_exponent,
      one - ulp_of_exponent,
      one + (FORMAT.fraction_bits + 0UL) * ulp_of_exponent,
      one + 31 * ulp_of_exponent,
      one + 32 * ulp_of_exponent,
      one + 63 * ulp_of_exponent,
      one + 64 * ulp_of_exponent,
      infinity_of(FORMAT) - 1,
      infinity_of(FORMAT),
      canonical_nan(FORMAT),
      canonical_nan(FORMAT) + 5,
      infinity_of(FORMAT) + 1,
  };
  enum { COUNT = sizeof edges / sizeof edges[0] };
  if (index < 2 * COUNT) return (edges[index / 2] | sign_bit(FORMAT, index & 1)) & BITS;
  u64 random = next_random(state);
  if (index & 1) return random & BITS;
  return (one + (random & (8 * ulp_of_exponent - 1))) | sign_bit(FORMAT, random >> 63);
}

enum { OPERANDS = 56 };

static u64 operands[OPERANDS];

static const char *const ROUNDING_NAMES[] = {"rne", "rtz", "rdn", "rup", "rmm"};

static NO_INLINE void expect_result(const char *name, enum rounding mode, u64 a, u64 b, u64 actual,
                                    struct result expected) {
  u64 flags = flags_and_clear();
  if (actual != expected.bits || flags != expected.flags) {
    put_text(ROUNDING_NAMES[mode]);
    put_text(" flags got=");
    put_hex(flags);
    put_text(" want=");
    put_hex(expected.flags);
    put_text("\n");
  }
  expect_equal(name, a, b, actual, expected.bits);
  expect_equal(name, a, b, flags, expected.flags);
}

typedef struct result rounded_model(struct format f, u64 a, u64 b, enum rounding mode);

static NO_INLINE void check_rounded(const char *name, binary *run, rounded_model *model) {
  for (u64 i = 0; i < OPERANDS * OPERANDS * ROUNDINGS; i++) {
    u64 a = operands[i / ROUNDINGS / OPERANDS], b = operands[i / ROUNDINGS % OPERANDS];
    enum rounding mode = i % ROUNDINGS;
    set_rounding(mode);
    expect_result(name, mode, a, b, run(a, b), model(FORMAT, a, b, mode));
  }
}

static NO_INLINE void check_fused(u64 *state) {
  u64 flip = sign_bit(FORMAT, 1);
  for (u64 i = 0; i < parameters.iterations; i++) {
    u64 random = next_random(state);
    u64 a = operands[random % OPERANDS], b = operands[(random >> 16) % OPERANDS];
    u64 c = operands[(random >> 32) % OPERANDS];
    enum rounding mode = i % ROUNDINGS;
    if (random >> 63) { /* an addend that nearly cancels the product */
      c = model_multiply(FORMAT, a, b, TO_ZERO).bits ^ flip;
    }
    u64 negated_a = is_nan(unpack(FORMAT, a)) ? a : a ^ flip;
    u64 negated_c = is_nan(unpack(FORMAT, c)) ? c : c ^ flip;
    set_rounding(mode);
    expect_result("fmadd", mode, a, b, run_fmadd(a, b, c),
                  model_multiply_add(FORMAT, a, b, c, mode));
    expect_result("fmsub", mode, a, b, run_fmsub(a, b, c),
                  model_multiply_add(FORMAT, a, b, negated_c, mode));
    expect_result("fnmadd", mode, a, b, run_fnmadd(a, b, c),
                  model_multiply_add(FORMAT, negated_a, b, negated_c, mode));
    expect_result("fnmsub", mode, a, b, run_fnmsub(a, b, c),
                  model_multiply_add(FORMAT, negated_a, b, c, mode));
  }
}

static NO_INLINE void check_unrounded(void) {
  u64 sign = sign_bit(FORMAT, 1);
  for (u64 i = 0; i < OPERANDS * OPERANDS; i++) {
    u64 a = operands[i / OPERANDS], b = operands[i % OPERANDS];
    expect_result("fmin", 0, a, b, run_fmin(a, b), model_extreme(FORMAT, 0, a, b));
    expect_result("fmax", 0, a, b, run_fmax(a, b), model_extreme(FORMAT, 1, a, b));
    expect_result("feq", 0, a, b, run_feq(a, b), model_compare(FORMAT, EQUAL, a, b));
    expect_result("flt", 0, a, b, run_flt(a, b), model_compare(FORMAT, LESS, a, b));
    expect_result("fle", 0, a, b, run_fle(a, b), model_compare(FORMAT, LESS_OR_EQUAL, a, b));
    u64 rest = a & ~sign & BITS;
    expect_equal("fsgnj", a, b, run_fsgnj(a, b), rest | (b & sign));
    expect_equal("fsgnjn", a, b, run_fsgnjn(a, b), rest | (~b & sign));
    expect_equal("fsgnjx", a, b, run_fsgnjx(a, b), rest | ((a ^ b) & sign));
  }
}

static NO_INLINE void check_to_integers(u64 a, enum rounding mode) {
  expect_result("fcvt.w", mode, a, 0, run_fcvt_w(a), model_to_integer(FORMAT, a, 32, 1, mode));
  expect_result("fcvt.wu", mode, a, 0, run_fcvt_wu(a), model_to_integer(FORMAT, a, 32, 0, mode));
  expect_result("fcvt.l", mode, a, 0, run_fcvt_l(a), model_to_integer(FORMAT, a, 64, 1, mode));
  expect_result("fcvt.lu", mode, a, 0, run_fcvt_lu(a), model_to_integer(FORMAT, a, 64, 0, mode));
}

/* A rounding mode in the instruction wins over the one in the register. */
static NO_INLINE void check_static_rounding(u64 a) {
  static unary *const runs[] = {run_fcvt_l_rne, run_fcvt_l_rtz, run_fcvt_l_rdn, run_fcvt_l_rup,
                                run_fcvt_l_rmm};
  for (enum rounding mode = 0; mode < ROUNDINGS; mode++) {
    set_rounding((mode + 2) % ROUNDINGS);
    expect_result("fcvt.l static", mode, a, 0, runs[mode](a),
                  model_to_integer(FORMAT, a, 64, 1, mode));
  }
}

static NO_INLINE void check_from_integers(u64 a, enum rounding mode) {
  u64 word = (u64)(s64)(s32)a;
  expect_result("fcvt from w", mode, a, 0, run_from_w(a),
                model_from_integer(FORMAT, word, 1, mode));
  expect_result("fcvt from wu", mode, a, 0, run_from_wu(a),
                model_from_integer(FORMAT, (u32)a, 0, mode));
  expect_result("fcvt from l", mode, a, 0, run_from_l(a), model_from_integer(FORMAT, a, 1, mode));
  expect_result("fcvt from lu", mode, a, 0, run_from_lu(a),
                model_from_integer(FORMAT, a, 0, mode));
}

static NO_INLINE void check_unary(u64 *state) {
  for (enum rounding mode = 0; mode < ROUNDINGS; mode++) {
    set_rounding(mode);
    for (u64 i = 0; i < OPERANDS; i++) {
      u64 a = operands[i];
      expect_result("fsqrt", mode, a, 0, run_fsqrt(a), model_square_root(FORMAT, a, mode));
      check_to_integers(a, mode);
    }
    for (u64 i = 0; i < EDGE_COUNT; i++) check_from_integers(EDGES[i], mode);
    for (u64 i = 0; i < OPERANDS; i++) check_from_integers(next_random(state) >> i, mode);
  }
  for (u64 i = 0; i < OPERANDS; i++) {
    check_static_rounding(operands[i]);
    expect_equal("fclass", operands[i], 0, run_fclass(operands[i]),
                 model_class(FORMAT, operands[i]));
  }
}

/* Flags accumulate until cleared; the three views of the register agree. */
static void check_status(void) {
  u64 value;
  __asm__ volatile("fscsr %0" ::"r"(0xffUL));
  __asm__ volatile("frflags %0" : "=r"(value));
  expect_equal("frflags", 0, 0, value, 0x1f);
  __asm__ volatile("frrm %0" : "=r"(value));
  expect_equal("frrm", 0, 0, value, 7);
  __asm__ volatile("fsrmi zero, 2\n fsflagsi zero, 5\n frcsr %0" : "=r"(value));
  expect_equal("frcsr", 0, 0, value, 0x45);
  __asm__ volatile("fscsr zero");
  run_fdiv(operands[12], operands[0]);
  run_fadd(operands[12], operands[2]);
  expect_equal("accrued", operands[12], operands[2], flags_and_clear(), DIVIDE_BY_ZERO | INEXACT);
}

static void check_float_format(void) {
  u64 state = parameters.seed;
  for (u64 i = 0; i < OPERANDS; i++) operands[i] = operand(i, &state);
  check_status();
  check_rounded("fadd", run_fadd, model_add);
  check_rounded("fsub", run_fsub, model_subtract);
  check_rounded("fmul", run_fmul, model_multiply);
  check_rounded("fdiv", run_fdiv, model_divide);
  check_fused(&state);
  check_unrounded();
  check_unary(&state);
}
