/* The console works and every hart reaches the program. */
#include "guest.h"

PARAMETERS(1);

static u64 seen;

void guest_main(u64 hart, u64 harts) {
  CHECK(READ_CSR("mhartid") == hart);
  AMO("amoor.d", &seen, 1UL << hart);
  barrier(harts);
  if (hart != 0) return;
  CHECK(load_relaxed(&seen) == (1UL << harts) - 1);
  put_result("hello harts", harts);
}
