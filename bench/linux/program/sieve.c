/* Byte stores with growing strides: the primes below a million, odd numbers only. */
#include "kernel.h"

enum { FLAGS = 500000 };

static u8 is_composite[FLAGS];

static NO_INLINE u64 count_primes(u64 flags) {
  for (u64 i = 0; i < flags; i++) is_composite[i] = 0;
  u64 primes = 1;
  for (u64 i = 1; i < flags; i++) {
    if (is_composite[i]) continue;
    primes++;
    u64 prime = 2 * i + 1;
    for (u64 j = 2 * i * (i + 1); j < flags; j += prime) is_composite[j] = 1;
  }
  return primes;
}

u64 sieve(u64 repeat) {
  u64 sum = 0;
  for (u64 i = 0; i < repeat; i++) sum = mix(sum, count_primes(FLAGS - (i & 7)));
  return sum;
}
