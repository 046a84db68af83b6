/*
 * A device's write between LR and SC makes the store-conditional fail, also when it puts the value there
 * that was there before. The device is the host-target interface: it answers a call in the first word of
 * the call's description, and a call that it does not know with a fixed number. So the description that
 * already begins with this number is overwritten with itself.
 */
#include "board.h"

PARAMETERS(1000);

extern volatile u64 tohost, fromhost;

static const u64 NO_SUCH_CALL = -38UL;

static u64 description[8] PER_LINE;

/* Reserves the word, makes the call, waits for its answer and tries to store: 0 when it has stored. */
static u64 call_in_window(u64 *word) {
  u64 seen, answer, failed;
  __asm__ volatile(
      "   lr.d %0, %3\n"
      "   fence rw, rw\n"
      "   sd %6, %4\n"
      "1: ld %1, %5\n"
      "   beqz %1, 1b\n"
      "   fence rw, rw\n"
      "   sc.d %2, zero, %3\n"
      : "=&r"(seen), "=&r"(answer), "=&r"(failed), "+A"(*word), "+m"(tohost)
      : "m"(fromhost), "r"(description)
      : "memory");
  CHECK(seen == NO_SUCH_CALL);
  return failed;
}

void guest_main(u64 hart, u64 harts) {
  u64 wrong = 0;
  for (u64 i = 0; hart == 0 && i < parameters.iterations; i++) {
    store_relaxed(description, NO_SUCH_CALL);
    fence_all();
    while (tohost) pause_hint();
    if (!call_in_window(description)) wrong++;
    fromhost = 0;
    fence_all();
  }
  barrier(harts);
  if (hart != 0) return;
  put_result("device_write", wrong);
  CHECK(wrong == 0);
}
