/* RV64F: results and flags of every instruction in every rounding mode against integer models. */
#define FORMAT SINGLE
#define S "s"
#define TO_F "fmv.w.x"
#define FROM_F "fmv.x.w"
#define BITS 0xffffffffUL
#include "isa_float.h"

PARAMETERS(2000);

static u32 area[3] = {0x12345678, 0xffc00001, 0};

static void loads_and_stores(void) {
  u64 moved;
  __asm__ volatile("flw ft0, 4(%1)\n fsw ft0, 8(%1)\n fmv.x.w %0, ft0"
                   : "=r"(moved)
                   : "r"(area)
                   : "ft0", "memory");
  expect_equal("fsw", 0, 0, area[2], 0xffc00001);
  expect_equal("fmv.x.w extends the sign", 0, 0, moved, 0xffffffffffc00001UL);
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  check_float_format();
  loads_and_stores();
  put_result("isa_f", isa_checks);
}
