/* Calls and returns: the doubly recursive Fibonacci function. */
#include "kernel.h"

enum { ARGUMENT = 22 };

static NO_INLINE u64 fibonacci(u64 n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

u64 fib(u64 repeat) {
  u64 sum = 0;
  for (u64 i = 0; i < repeat; i++) sum = mix(sum, fibonacci(ARGUMENT + (i & 1)));
  return sum;
}
