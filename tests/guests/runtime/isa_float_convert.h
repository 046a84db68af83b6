/* Conversions between formats, for the floating-point instruction tests. */
#ifndef ISA_FLOAT_CONVERT_H
#define ISA_FLOAT_CONVERT_H
#include "float_model.h"

/* Whole registers, so that boxes are seen. */
#define FLOAT_CONVERT_STUB(name, instruction)                                            \
  static u64 name(u64 a) {                                                               \
    u64 result;                                                                          \
    __asm__ volatile("fmv.d.x ft0, %1\n " instruction " ft1, ft0\n fmv.x.d %0, ft1"       \
                     : "=r"(result)                                                      \
                     : "r"(a)                                                            \
                     : "ft0", "ft1");                                                    \
    return result;                                                                       \
  }

static struct result model_convert(struct format from, struct format to, u64 x,
                                   enum rounding mode) {
  struct number a = unpack(from, x);
  if (is_nan(a)) return nan_result(to, a.kind == SIGNALLING_NAN);
  if (a.kind == INFINITE) return infinite(to, a.sign);
  if (a.kind == ZERO) return zero(to, a.sign);
  return round_number(to, a, mode);
}
#endif
