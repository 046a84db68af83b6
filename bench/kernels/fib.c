/* Doubly recursive Fibonacci: nearly nothing but calls, returns and stack traffic. */
#include "guest.h"

PARAMETERS(35);

static NO_INLINE u64 fib(u64 n) {
  if (n < 2) return n;
  u64 left = fib(n - 1);
  __asm__ volatile("" ::: "memory"); /* keeps both calls as calls */
  return left + fib(n - 2);
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart == 0) put_result("fib", fib(parameters.iterations));
}
