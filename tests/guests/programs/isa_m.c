/* RV64M: products by shifting and adding, quotients by long division. */
#include "isa.h"

PARAMETERS(64);

struct wide {
  u64 low, high;
};

static struct wide shift_left(struct wide x) {
  return (struct wide){x.low << 1, x.high << 1 | x.low >> 63};
}

static struct wide add_wide(struct wide x, struct wide y) {
  u64 low = x.low + y.low;
  return (struct wide){low, x.high + y.high + (low < x.low)};
}

static struct wide multiply(u64 a, u64 b) {
  struct wide product = {0, 0}, addend = {a, 0};
  for (; b; b >>= 1) {
    if (b & 1) product = add_wide(product, addend);
    addend = shift_left(addend);
  }
  return product;
}

static u64 mul_model(u64 a, u64 b) {
  return multiply(a, b).low;
}

static u64 mulhu_model(u64 a, u64 b) {
  return multiply(a, b).high;
}

/* A negative factor counts 2^64 too much in the unsigned product. */
static u64 mulhsu_model(u64 a, u64 b) {
  return multiply(a, b).high - (a >> 63 ? b : 0);
}

static u64 mulh_model(u64 a, u64 b) {
  return mulhsu_model(a, b) - (b >> 63 ? a : 0);
}

static u64 word(u64 value) {
  return (value & 0xffffffff) | (value >> 31 & 1 ? 0xffffffff00000000UL : 0);
}

static u64 mulw_model(u64 a, u64 b) {
  return word(multiply(a, b).low);
}

/* Long division; by zero it yields all ones and the dividend, as the instructions do. */
static struct wide divide(u64 a, u64 b) {
  u64 quotient = 0, rest = 0;
  for (int i = 63; i >= 0; i--) {
    u64 carry = rest >> 63;
    rest = rest << 1 | (a >> i & 1);
    if (carry || rest >= b) {
      rest -= b;
      quotient |= 1UL << i;
    }
  }
  return (struct wide){quotient, rest};
}

static u64 magnitude(u64 a) {
  return a >> 63 ? 0 - a : a;
}

static u64 divu_model(u64 a, u64 b) {
  return divide(a, b).low;
}

static u64 remu_model(u64 a, u64 b) {
  return divide(a, b).high;
}

static u64 div_model(u64 a, u64 b) {
  if (b == 0) return ~0UL;
  u64 quotient = divide(magnitude(a), magnitude(b)).low;
  return (a ^ b) >> 63 ? 0 - quotient : quotient;
}

static u64 rem_model(u64 a, u64 b) {
  if (b == 0) return a;
  u64 rest = divide(magnitude(a), magnitude(b)).high;
  return a >> 63 ? 0 - rest : rest;
}

static u64 low_word(u64 value) {
  return value & 0xffffffff;
}

static u64 divuw_model(u64 a, u64 b) {
  return word(divu_model(low_word(a), low_word(b)));
}

static u64 remuw_model(u64 a, u64 b) {
  return word(remu_model(low_word(a), low_word(b)));
}

static u64 divw_model(u64 a, u64 b) {
  return word(div_model(word(a), word(b)));
}

static u64 remw_model(u64 a, u64 b) {
  return word(rem_model(word(a), word(b)));
}

RR_STUB(mul)
RR_STUB(mulh)
RR_STUB(mulhu)
RR_STUB(mulhsu)
RR_STUB(mulw)
RR_STUB(div)
RR_STUB(divu)
RR_STUB(divw)
RR_STUB(divuw)
RR_STUB(rem)
RR_STUB(remu)
RR_STUB(remw)
RR_STUB(remuw)

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  CHECK_RR(mul, mul_model);
  CHECK_RR(mulh, mulh_model);
  CHECK_RR(mulhu, mulhu_model);
  CHECK_RR(mulhsu, mulhsu_model);
  CHECK_RR(mulw, mulw_model);
  CHECK_RR(div, div_model);
  CHECK_RR(divu, divu_model);
  CHECK_RR(divw, divw_model);
  CHECK_RR(divuw, divuw_model);
  CHECK_RR(rem, rem_model);
  CHECK_RR(remu, remu_model);
  CHECK_RR(remw, remw_model);
  CHECK_RR(remuw, remuw_model);
  put_result("isa_m", isa_checks);
}
