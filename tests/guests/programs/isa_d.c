/*
 * RV64D: results and flags of every instruction in every rounding mode against integer models,
 * conversions between the formats, and how singles are boxed in double registers.
 */
#define FORMAT DOUBLE
#define S "d"
#define TO_F "fmv.d.x"
#define FROM_F "fmv.x.d"
#define BITS (~0UL)
#include "isa_float.h"
#include "isa_float_convert.h"

PARAMETERS(2000);

static const u64 BOX = 0xffffffff00000000UL;

FLOAT_CONVERT_STUB(narrow, "fcvt.s.d")
FLOAT_CONVERT_STUB(widen, "fcvt.d.s")

static void conversions(void) {
  for (u64 i = 0; i < OPERANDS * ROUNDINGS; i++) {
    u64 a = operands[i / ROUNDINGS];
    enum rounding mode = i % ROUNDINGS;
    set_rounding(mode);
    struct result single = model_convert(DOUBLE, SINGLE, a, mode);
    struct result boxed = {single.bits | BOX, single.flags};
    expect_result("fcvt.s.d", mode, a, 0, narrow(a), boxed);
    u64 low = a ^ a >> 29;
    expect_result("fcvt.d.s", mode, low, 0, widen(low | BOX),
                  model_convert(SINGLE, DOUBLE, (u32)low, mode));
  }
}

/* A single that is not boxed reads as the canonical NaN; moves and stores take the plain bits. */
static void boxing(void) {
  u64 value, unboxed = 0x0000000140490fdbUL;
  expect_result("unboxed", 0, unboxed, 0, widen(unboxed),
                (struct result){canonical_nan(DOUBLE), 0});
  __asm__ volatile("fmv.d.x ft0, %1\n fclass.s %0, ft0" : "=r"(value) : "r"(unboxed) : "ft0");
  expect_equal("fclass.s unboxed", unboxed, 0, value, 1 << 9);
  __asm__ volatile("fmv.d.x ft0, %1\n fmv.x.w %0, ft0" : "=r"(value) : "r"(unboxed) : "ft0");
  expect_equal("fmv.x.w unboxed", unboxed, 0, value, 0x40490fdb);
  __asm__ volatile("fmv.d.x ft0, %1\n fsgnj.s ft1, ft0, ft0\n fmv.x.d %0, ft1"
                   : "=r"(value)
                   : "r"(unboxed)
                   : "ft0", "ft1");
  expect_equal("fsgnj.s unboxed", unboxed, 0, value, canonical_nan(SINGLE) | BOX);
  __asm__ volatile("fmv.w.x ft0, %1\n fmv.x.d %0, ft0" : "=r"(value) : "r"(unboxed) : "ft0");
  expect_equal("fmv.w.x boxes", unboxed, 0, value, 0x40490fdb | BOX);
}

static u64 area[3] = {0x123456789abcdef0UL, 0xfff0000000000001UL, 0};

static void loads_and_stores(void) {
  u64 value;
  __asm__ volatile("fld ft0, 8(%1)\n fsd ft0, 16(%1)\n fmv.x.d %0, ft0"
                   : "=r"(value)
                   : "r"(area)
                   : "ft0", "memory");
  expect_equal("fld", 0, 0, value, 0xfff0000000000001UL);
  expect_equal("fsd", 0, 0, area[2], 0xfff0000000000001UL);
  __asm__ volatile("flw ft0, 0(%1)\n fmv.x.d %0, ft0\n fsw ft0, 20(%1)"
                   : "=r"(value)
                   : "r"(area)
                   : "ft0", "memory");
  expect_equal("flw boxes", 0, 0, value, 0x9abcdef0UL | BOX);
  expect_equal("fsw", 0, 0, area[2], 0x9abcdef000000001UL);
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  check_float_format();
  conversions();
  boxing();
  loads_and_stores();
  put_result("isa_d", isa_checks);
}
