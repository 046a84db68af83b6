/*
 * RV64 half precision: results and flags of every instruction in every rounding mode against
 * integer models, conversions between the formats, and how halves are boxed.
 */
__asm__(".option arch, +zfh");
#define FORMAT HALF
#define S "h"
#define TO_F "fmv.h.x"
#define FROM_F "fmv.x.h"
#define BITS 0xffffUL
#include "isa_float.h"
#include "isa_float_convert.h"

PARAMETERS(2000);

static const u64 BOX = 0xffffffffffff0000UL, SINGLE_BOX = 0xffffffff00000000UL;

FLOAT_CONVERT_STUB(single_to_half, "fcvt.h.s")
FLOAT_CONVERT_STUB(double_to_half, "fcvt.h.d")
FLOAT_CONVERT_STUB(half_to_single, "fcvt.s.h")
FLOAT_CONVERT_STUB(half_to_double, "fcvt.d.h")

/* Numbers of the wider format near those of the narrower one, and random ones. */
static u64 near(struct format wide, u64 half, u64 noise) {
  u64 bits = model_convert(HALF, wide, half, NEAREST_EVEN).bits;
  return noise & 1 ? bits : bits ^ (noise >> (wide.exponent_bits + 20));
}

static struct result boxed(struct result plain, u64 box) {
  return (struct result){plain.bits | box, plain.flags};
}

static void conversions(void) {
  u64 state = parameters.seed;
  for (u64 i = 0; i < parameters.iterations; i++) {
    u64 half = operands[i % OPERANDS], noise = next_random(&state);
    enum rounding mode = i % ROUNDINGS;
    set_rounding(mode);
    u64 single = (u32)near(SINGLE, half, noise), wide = near(DOUBLE, half, noise);
    expect_result("fcvt.h.s", mode, single, 0, single_to_half(single | SINGLE_BOX),
                  boxed(model_convert(SINGLE, HALF, single, mode), BOX));
    expect_result("fcvt.h.d", mode, wide, 0, double_to_half(wide),
                  boxed(model_convert(DOUBLE, HALF, wide, mode), BOX));
    expect_result("fcvt.s.h", mode, half, 0, half_to_single(half | BOX),
                  boxed(model_convert(HALF, SINGLE, half, mode), SINGLE_BOX));
    expect_result("fcvt.d.h", mode, half, 0, half_to_double(half | BOX),
                  model_convert(HALF, DOUBLE, half, mode));
  }
}

/* A half that is not boxed reads as the canonical NaN; moves take the plain bits. */
static void boxing(void) {
  static const u64 unboxed[] = {0x3c00, 0xffffffff00003c00UL, 0xfffffffffffe3c00UL};
  for (u64 i = 0; i < sizeof unboxed / sizeof unboxed[0]; i++) {
    u64 value, bits = unboxed[i];
    __asm__ volatile("fmv.d.x ft0, %1\n fclass.h %0, ft0" : "=r"(value) : "r"(bits) : "ft0");
    expect_equal("fclass.h unboxed", bits, 0, value, 1 << 9);
    __asm__ volatile("fmv.d.x ft0, %1\n fmv.x.h %0, ft0" : "=r"(value) : "r"(bits) : "ft0");
    expect_equal("fmv.x.h unboxed", bits, 0, value, 0x3c00);
  }
}

static u32 area[2] = {0xffc01234, 0};

static void loads_and_stores(void) {
  u64 value;
  __asm__ volatile("flh ft0, 2(%1)\n fsh ft0, 4(%1)\n fmv.x.d %0, ft0"
                   : "=r"(value)
                   : "r"(area)
                   : "ft0", "memory");
  expect_equal("flh boxes", 0, 0, value, 0xffc0 | BOX);
  expect_equal("fsh", 0, 0, area[1], 0xffc0);
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  check_float_format();
  conversions();
  boxing();
  loads_and_stores();
  put_result("isa_zfh", isa_checks);
}
