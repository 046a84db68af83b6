/* Starts and stops: what remains of a run when there is no work. */
#include "guest.h"

PARAMETERS(0);

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart == 0) put_result("empty", 0);
}
