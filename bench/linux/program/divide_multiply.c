/* Division, remainder and high halves of products, in 64 and 32 bits, signed and unsigned. */
#include "kernel.h"

enum { PAIRS = 2000, MODULUS = 1000003 };

static NO_INLINE u64 greatest_common_divisor(u64 a, u64 b) {
  while (b) {
    u64 rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

static NO_INLINE u32 power(u32 base, u32 exponent, u32 modulus) {
  u64 result = 1, square = base % modulus;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1) result = result * square % modulus;
    square = square * square % modulus;
  }
  return (u32)result;
}

static NO_INLINE u64 high_product(u64 a, u64 b) {
  return (u64)((unsigned __int128)a * b >> 64);
}

static NO_INLINE s64 signed_steps(s64 a, s32 b) {
  s64 quotient = a / ((s64)b | 1);
  return quotient + (s32)a / (b | 1) + (s32)a % (b | 3);
}

u64 divide_multiply(u64 repeat) {
  u64 random = 7, sum = 0;
  for (u64 round = 0; round < repeat; round++) {
    for (u64 i = 0; i < PAIRS; i++) {
      u64 a = next_random(&random), b = next_random(&random);
      sum += greatest_common_divisor(a >> 20, b >> 24 | 1);
      sum += power((u32)a, (u32)b & 0xffff, MODULUS);
      sum ^= high_product(a, b);
      sum += (u64)signed_steps((s64)a, (s32)(b >> 40));
    }
  }
  return sum;
}
