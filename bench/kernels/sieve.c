/* The sieve of Eratosthenes over a byte array larger than a cache level. */
#include "guest.h"

PARAMETERS(18);

enum { LIMIT = 1 << 21 };

static u8 composite[LIMIT];

static NO_INLINE u64 count_primes(void) {
  u64 primes = 0;
  for (u64 i = 0; i < LIMIT; i++) composite[i] = 0;
  for (u64 i = 2; i < LIMIT; i++) {
    if (composite[i]) continue;
    primes++;
    for (u64 j = i * i; j < LIMIT; j += i) composite[j] = 1;
  }
  return primes;
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  u64 sum = 0;
  for (u64 i = 0; i < parameters.iterations; i++) sum += count_primes() + i;
  put_result("sieve", sum);
}
