/*
 * IEEE 754 arithmetic from integers: the second way for the floating-point instruction tests.
 *
 * Every operation forms its exact result (or its leading 126 bits and a sticky bit for the rest),
 * and one function rounds. Tininess is detected after rounding, as the RISC-V manual requires.
 */
#ifndef FLOAT_MODEL_H
#define FLOAT_MODEL_H
#include "guest.h"

typedef unsigned __int128 u128;

enum flag { INEXACT = 1, UNDERFLOW = 2, OVERFLOW = 4, DIVIDE_BY_ZERO = 8, INVALID = 16 };
enum rounding { NEAREST_EVEN, TO_ZERO, DOWN, UP, NEAREST_AWAY, ROUNDINGS };

struct format {
  int fraction_bits;
  int exponent_bits;
};

static const struct format HALF = {10, 5};
static const struct format SINGLE = {23, 8};
static const struct format DOUBLE = {52, 11};

enum kind { ZERO, FINITE, INFINITE, QUIET_NAN, SIGNALLING_NAN };

/* A number is mantissa * 2^exponent, and a little more when sticky. */
struct number {
  enum kind kind;
  int sign;
  int exponent;
  u128 mantissa;
  int sticky;
};

struct result {
  u64 bits;
  u64 flags;
};

static u128 shift_left(u128 x, int places) {
  u64 low = (u64)x, high = (u64)(x >> 64);
  if (places >= 64) return (u128)(low << (places - 64)) << 64;
  if (places == 0) return x;
  return (u128)(high << places | low >> (64 - places)) << 64 | low << places;
}

static u128 shift_right(u128 x, int places) {
  u64 low = (u64)x, high = (u64)(x >> 64);
  if (places >= 128) return 0;
  if (places >= 64) return high >> (places - 64);
  if (places == 0) return x;
  return (u128)(high >> places) << 64 | (high << (64 - places) | low >> places);
}

static int width_of(u128 x) {
  int width = 0;
  for (int step = 64; step; step >>= 1) {
    u128 rest = shift_right(x, step);
    if (rest) {
      width += step;
      x = rest;
    }
  }
  return width + (x != 0);
}

static u64 infinity_of(struct format f) {
  return ((1UL << f.exponent_bits) - 1) << f.fraction_bits;
}

static u64 sign_bit(struct format f, int sign) {
  return (u64)sign << (f.fraction_bits + f.exponent_bits);
}

static u64 canonical_nan(struct format f) {
  return infinity_of(f) | 1UL << (f.fraction_bits - 1);
}

static int is_nan(struct number x) {
  return x.kind == QUIET_NAN || x.kind == SIGNALLING_NAN;
}

static struct number unpack(struct format f, u64 bits) {
  u64 fraction = bits & ((1UL << f.fraction_bits) - 1);
  int biased = bits >> f.fraction_bits & ((1 << f.exponent_bits) - 1);
  int top = (1 << f.exponent_bits) - 1, bias = top >> 1;
  struct number x = {FINITE, bits >> (f.fraction_bits + f.exponent_bits) & 1, 0, fraction, 0};
  if (biased == top) {
    x.kind = !fraction ? INFINITE : fraction >> (f.fraction_bits - 1) ? QUIET_NAN : SIGNALLING_NAN;
  } else if (biased == 0) {
    x.kind = fraction ? FINITE : ZERO;
    x.exponent = 1 - bias - f.fraction_bits;
  } else {
    x.mantissa |= 1UL << f.fraction_bits;
    x.exponent = biased - bias - f.fraction_bits;
  }
  return x;
}

/* Does dropping `places` bits round the magnitude up? Sets *inexact too. */
static int rounds_up(struct number x, int places, enum rounding mode, int *inexact) {
  u128 kept = shift_right(x.mantissa, places);
  u128 rest = x.mantissa - (places >= 128 ? 0 : shift_left(kept, places));
  u128 half = places > 128 ? 0 : shift_left(1, places - 1);
  int above = half && (rest > half || (rest == half && x.sticky));
  int tie = half && rest == half && !x.sticky;
  *inexact = rest != 0 || x.sticky;
  switch (mode) {
    case NEAREST_EVEN: return above || (tie && ((u64)kept & 1));
    case NEAREST_AWAY: return above || tie;
    case DOWN: return x.sign && *inexact;
    case UP: return !x.sign && *inexact;
    default: return 0;
  }
}

static struct result overflowed(struct format f, int sign, enum rounding mode) {
  int to_infinity = mode == NEAREST_EVEN || mode == NEAREST_AWAY || (mode == UP && !sign) ||
                    (mode == DOWN && sign);
  u64 magnitude = infinity_of(f) - !to_infinity;
  return (struct result){sign_bit(f, sign) | magnitude, OVERFLOW | INEXACT};
}

/* Makes room for at least two bits below the result's last place. */
static struct number with_room(struct number x, int precision) {
  int room = precision + 2 - width_of(x.mantissa);
  if (room > 0) {
    x.mantissa = shift_left(x.mantissa, room);
    x.exponent -= room;
  }
  return x;
}

static struct result round_number(struct format f, struct number x, enum rounding mode) {
  int precision = f.fraction_bits + 1, bias = (1 << (f.exponent_bits - 1)) - 1, inexact;
  x = with_room(x, precision);
  int width = width_of(x.mantissa), lowest = 1 - bias;
  int magnitude = x.exponent + width - 1, places = width - precision;
  int up = rounds_up(x, places, mode, &inexact);
  u64 full = (u64)shift_right(x.mantissa, places) + up;
  int tiny = magnitude < lowest && !(magnitude == lowest - 1 && full >> precision);
  u64 bits;
  if (magnitude >= lowest) {
    bits = ((u64)(magnitude + bias - 1) << f.fraction_bits) + full;
    if (bits >= infinity_of(f)) return overflowed(f, x.sign, mode);
  } else {
    places = lowest - f.fraction_bits - x.exponent;
    up = rounds_up(x, places, mode, &inexact);
    bits = (u64)shift_right(x.mantissa, places) + up;
  }
  return (struct result){sign_bit(f, x.sign) | bits,
                         (inexact ? INEXACT : 0) | (tiny && inexact ? UNDERFLOW : 0)};
}

static struct result nan_result(struct format f, int invalid) {
  return (struct result){canonical_nan(f), invalid ? INVALID : 0};
}

static struct result infinite(struct format f, int sign) {
  return (struct result){sign_bit(f, sign) | infinity_of(f), 0};
}

static struct result zero(struct format f, int sign) {
  return (struct result){sign_bit(f, sign), 0};
}

/* Sum of two finite non-zero numbers; the larger one is stretched to 126 bits first. */
static struct result add_finite(struct format f, struct number a, struct number b,
                                enum rounding mode) {
  int top_a = a.exponent + width_of(a.mantissa), top_b = b.exponent + width_of(b.mantissa);
  struct number big = top_a >= top_b ? a : b, small = top_a >= top_b ? b : a;
  int stretch = 126 - width_of(big.mantissa);
  big.mantissa = shift_left(big.mantissa, stretch);
  big.exponent -= stretch;
  int distance = small.exponent - big.exponent;
  u128 aligned = distance >= 0 ? shift_left(small.mantissa, distance)
                               : shift_right(small.mantissa, -distance);
  big.sticky = distance < 0 && (-distance >= 128 || shift_left(aligned, -distance) != small.mantissa);
  if (big.sign == small.sign) {
    big.mantissa += aligned;
  } else if (aligned > big.mantissa) {
    big.mantissa = aligned - big.mantissa;
    big.sign = small.sign;
  } else {
    big.mantissa -= aligned + big.sticky;
  }
  if (!big.mantissa && !big.sticky) return zero(f, mode == DOWN);
  return round_number(f, big, mode);
}

static struct result add_numbers(struct format f, struct number a, struct number b,
                                 enum rounding mode) {
  if (a.kind == INFINITE && b.kind == INFINITE && a.sign != b.sign) return nan_result(f, 1);
  if (a.kind == INFINITE) return infinite(f, a.sign);
  if (b.kind == INFINITE) return infinite(f, b.sign);
  if (a.kind == ZERO && b.kind == ZERO) {
    return zero(f, a.sign == b.sign ? a.sign : mode == DOWN);
  }
  if (a.kind == ZERO) return round_number(f, b, mode);
  if (b.kind == ZERO) return round_number(f, a, mode);
  return add_finite(f, a, b, mode);
}

static struct result model_add(struct format f, u64 x, u64 y, enum rounding mode) {
  struct number a = unpack(f, x), b = unpack(f, y);
  if (is_nan(a) || is_nan(b)) {
    return nan_result(f, a.kind == SIGNALLING_NAN || b.kind == SIGNALLING_NAN);
  }
  return add_numbers(f, a, b, mode);
}

static struct result model_subtract(struct format f, u64 x, u64 y, enum rounding mode) {
  struct number b = unpack(f, y);
  return model_add(f, x, is_nan(b) ? y : y ^ sign_bit(f, 1), mode);
}

/* The product of two numbers that are not NaN, unrounded. */
static struct number product(struct number a, struct number b) {
  struct number p = {FINITE, a.sign ^ b.sign, a.exponent + b.exponent,
                     (u128)(u64)a.mantissa * (u64)b.mantissa, 0};
  if (a.kind == INFINITE || b.kind == INFINITE) {
    p.kind = a.kind == ZERO || b.kind == ZERO ? SIGNALLING_NAN : INFINITE;
  } else if (a.kind == ZERO || b.kind == ZERO) {
    p.kind = ZERO;
  }
  return p;
}

static struct result model_multiply(struct format f, u64 x, u64 y, enum rounding mode) {
  struct number a = unpack(f, x), b = unpack(f, y);
  if (is_nan(a) || is_nan(b)) {
    return nan_result(f, a.kind == SIGNALLING_NAN || b.kind == SIGNALLING_NAN);
  }
  struct number p = product(a, b);
  if (p.kind == SIGNALLING_NAN) return nan_result(f, 1);
  if (p.kind == INFINITE) return infinite(f, p.sign);
  if (p.kind == ZERO) return zero(f, p.sign);
  return round_number(f, p, mode);
}

/* x * y + z with one rounding; infinity times zero is invalid even when z is a quiet NaN. */
static struct result model_multiply_add(struct format f, u64 x, u64 y, u64 z, enum rounding mode) {
  struct number a = unpack(f, x), b = unpack(f, y), c = unpack(f, z);
  int signalling =
      a.kind == SIGNALLING_NAN || b.kind == SIGNALLING_NAN || c.kind == SIGNALLING_NAN;
  if (is_nan(a) || is_nan(b)) return nan_result(f, signalling);
  struct number p = product(a, b);
  if (p.kind == SIGNALLING_NAN) return nan_result(f, 1);
  if (is_nan(c)) return nan_result(f, signalling);
  return add_numbers(f, p, c, mode);
}

static struct number normalized(struct number x, int width) {
  int stretch = width - width_of(x.mantissa);
  x.mantissa = shift_left(x.mantissa, stretch);
  x.exponent -= stretch;
  return x;
}

static struct result model_divide(struct format f, u64 x, u64 y, enum rounding mode) {
  struct number a = unpack(f, x), b = unpack(f, y);
  int sign = a.sign ^ b.sign;
  if (is_nan(a) || is_nan(b)) {
    return nan_result(f, a.kind == SIGNALLING_NAN || b.kind == SIGNALLING_NAN);
  }
  if (a.kind == b.kind && a.kind != FINITE) return nan_result(f, 1);
  if (a.kind == INFINITE) return infinite(f, sign);
  if (b.kind == INFINITE || a.kind == ZERO) return zero(f, sign);
  if (b.kind == ZERO) return (struct result){infinite(f, sign).bits, DIVIDE_BY_ZERO};
  a = normalized(a, 53);
  b = normalized(b, 53);
  u128 rest = a.mantissa, quotient = 0;
  enum { QUOTIENT_BITS = 66 };
  for (int i = 0; i < QUOTIENT_BITS; i++) {
    quotient <<= 1;
    if (rest >= b.mantissa) {
      rest -= b.mantissa;
      quotient |= 1;
    }
    rest <<= 1;
  }
  struct number q = {FINITE, sign, a.exponent - b.exponent - (QUOTIENT_BITS - 1), quotient,
                     rest != 0};
  return round_number(f, q, mode);
}

static struct result model_square_root(struct format f, u64 x, enum rounding mode) {
  struct number a = unpack(f, x);
  if (is_nan(a)) return nan_result(f, a.kind == SIGNALLING_NAN);
  if (a.kind == ZERO) return zero(f, a.sign);
  if (a.sign) return nan_result(f, 1);
  if (a.kind == INFINITE) return infinite(f, 0);
  a = normalized(a, 125);
  if (a.exponent & 1) {
    a.mantissa <<= 1;
    a.exponent--;
  }
  u64 root = 0;
  for (u64 bit = 1UL << 62; bit; bit >>= 1) {
    u64 next = root | bit;
    if ((u128)next * next <= a.mantissa) root = next;
  }
  struct number r = {FINITE, 0, a.exponent / 2, root, (u128)root * root != a.mantissa};
  return round_number(f, r, mode);
}

static struct result model_from_integer(struct format f, u64 x, int is_signed,
                                        enum rounding mode) {
  int sign = is_signed && x >> 63;
  if (x == 0) return zero(f, 0);
  struct number a = {FINITE, sign, 0, sign ? 0 - x : x, 0};
  return round_number(f, a, mode);
}

/* Saturates as the manual says; a 32-bit result comes sign-extended, also an unsigned one. */
static struct result model_to_integer(struct format f, u64 x, int width, int is_signed,
                                      enum rounding mode) {
  struct number a = unpack(f, x);
  u64 highest = is_signed ? (1UL << (width - 1)) - 1 : width == 64 ? ~0UL : (1UL << width) - 1;
  u64 lowest_magnitude = is_signed ? 1UL << (width - 1) : 0;
  int inexact = 0, too_large = a.kind == INFINITE || is_nan(a);
  u128 magnitude = 0;
  if (a.kind == FINITE && a.exponent >= 64) {
    too_large = 1;
  } else if (a.kind == FINITE && a.exponent >= 0) {
    magnitude = shift_left(a.mantissa, a.exponent);
  } else if (a.kind == FINITE) {
    int up = rounds_up(a, -a.exponent, mode, &inexact);
    magnitude = shift_right(a.mantissa, -a.exponent) + up;
  }
  int negative = a.sign && !is_nan(a);
  u64 limit = negative ? lowest_magnitude : highest, flags = inexact ? INEXACT : 0;
  if (too_large || magnitude > limit) {
    magnitude = limit;
    flags = INVALID;
  }
  u64 value = negative ? 0 - (u64)magnitude : (u64)magnitude;
  if (width == 32) value = (u64)(s64)(s32)value;
  return (struct result){value, flags};
}

/* Order of two numbers that are not NaN: negative, zero, positive. */
static int compare(struct format f, u64 x, u64 y) {
  u64 magnitude = sign_bit(f, 1) - 1;
  s64 a = x & sign_bit(f, 1) ? -(s64)(x & magnitude) : (s64)(x & magnitude);
  s64 b = y & sign_bit(f, 1) ? -(s64)(y & magnitude) : (s64)(y & magnitude);
  return (a > b) - (a < b);
}

enum comparison { EQUAL, LESS, LESS_OR_EQUAL };

static struct result model_compare(struct format f, enum comparison which, u64 x, u64 y) {
  struct number a = unpack(f, x), b = unpack(f, y);
  int signalling = a.kind == SIGNALLING_NAN || b.kind == SIGNALLING_NAN;
  if (is_nan(a) || is_nan(b)) {
    return (struct result){0, which != EQUAL || signalling ? INVALID : 0};
  }
  int order = compare(f, x, y);
  return (struct result){which == EQUAL ? order == 0 : which == LESS ? order < 0 : order <= 0, 0};
}

/* The number beats a NaN; minus zero is below plus zero. */
static struct result model_extreme(struct format f, int want_max, u64 x, u64 y) {
  struct number a = unpack(f, x), b = unpack(f, y);
  u64 flags = a.kind == SIGNALLING_NAN || b.kind == SIGNALLING_NAN ? INVALID : 0;
  if (is_nan(a) && is_nan(b)) return (struct result){canonical_nan(f), flags};
  if (is_nan(a) || is_nan(b)) return (struct result){is_nan(a) ? y : x, flags};
  int order = compare(f, x, y);
  if (order == 0) order = b.sign - a.sign;
  return (struct result){(order > 0) == want_max ? x : y, flags};
}

static u64 model_class(struct format f, u64 x) {
  struct number a = unpack(f, x);
  int subnormal = !(x & infinity_of(f));
  switch (a.kind) {
    case INFINITE: return a.sign ? 1 << 0 : 1 << 7;
    case ZERO: return a.sign ? 1 << 3 : 1 << 4;
    case SIGNALLING_NAN: return 1 << 8;
    case QUIET_NAN: return 1 << 9;
    default: return a.sign ? (subnormal ? 1 << 2 : 1 << 1) : (subnormal ? 1 << 5 : 1 << 6);
  }
}

#endif
