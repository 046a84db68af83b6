/* A ticket lock guards plain fields; an overlap or a stale read inside it breaks their relation. */
#include "guest.h"

PARAMETERS(500);

static u32 next_ticket PER_LINE;
static u32 now_serving PER_LINE;

static struct {
  u64 count PER_LINE;
  u64 twice PER_LINE;
  u8 low_byte PER_LINE;
  u16 low_half PER_LINE;
  u64 last_hart PER_LINE;
  u64 history[64] PER_LINE;
} guarded;

static void lock(void) {
  u32 ticket = AMO("amoadd.w", &next_ticket, 1u);
  while (*(volatile u32 *)&now_serving != ticket) pause_hint();
  fence_acquire();
}

static void unlock(void) {
  fence_release();
  *(volatile u32 *)&now_serving = *(volatile u32 *)&now_serving + 1;
}

static void inside(u64 hart, u64 harts) {
  u64 count = guarded.count;
  CHECK(guarded.twice == 2 * count);
  CHECK(guarded.low_byte == (u8)count);
  CHECK(guarded.low_half == (u16)count);
  CHECK(guarded.last_hart < harts);
  CHECK(count == 0 || guarded.history[(count - 1) & 63] == count - 1 + guarded.last_hart);
  guarded.history[count & 63] = count + hart;
  guarded.last_hart = hart;
  guarded.low_half++;
  guarded.low_byte++;
  guarded.twice += 2;
  guarded.count = count + 1;
}

void guest_main(u64 hart, u64 harts) {
  u64 iterations = parameters.iterations;
  barrier(harts);
  for (u64 i = 0; i < iterations; i++) {
    lock();
    inside(hart, harts);
    unlock();
  }
  barrier(harts);
  if (hart != 0) return;
  CHECK(guarded.count == harts * iterations);
  put_result("ticket_lock", guarded.count);
}
