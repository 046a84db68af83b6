/*
 * What single memory operations cost: each in a loop of its own, timed by the guest's clock, the
 * empty loop taken off. Prints a line "name picoseconds" for each.
 */
#include "clock.h"

PARAMETERS(4000000);

enum { WARM_UP = 20000, PAGE_BYTES = 4096 };

/* By then a translator has made its best code. */
static const u64 WARM_UP_PICOSECONDS = 400000000000;

static struct {
  u64 plain[PAGE_BYTES / 8];  /* nothing is reserved on this page */
  u64 watched[PAGE_BYTES / 8]; /* reservations with loads inside are made on this one */
} data __attribute__((aligned(PAGE_BYTES)));

#define LOOP(name, code)                                                   \
  static NO_INLINE void name(u64 *place, u64 count) {                      \
    u64 a, b;                                                              \
    __asm__ volatile(                                                      \
        "9:\n" code                                                        \
        "  addi %2, %2, -1\n"                                              \
        "  bnez %2, 9b\n"                                                  \
        : "=&r"(a), "=&r"(b), "+r"(count)                                  \
        : "r"(place)                                                       \
        : "memory");                                                       \
  }

LOOP(loop_empty, "")
LOOP(loop_store, "sd %2, 512(%3)\n")
LOOP(loop_load, "ld %0, 512(%3)\n")
LOOP(loop_pure, "1: lr.d %0, (%3)\n addi %0, %0, 1\n sc.d %1, %0, (%3)\n bnez %1, 1b\n")
LOOP(loop_impure, "1: lr.d %0, (%3)\n ld %1, 8(%3)\n sc.d %1, %0, (%3)\n bnez %1, 1b\n")
LOOP(loop_amo, "amoadd.d %0, %2, (%3)\n")
LOOP(loop_fence, "sd %2, 512(%3)\n fence rw, rw\n")
LOOP(loop_release, "fence rw, w\n sd %2, 512(%3)\n")

static u64 timed(void (*loop)(u64 *, u64), u64 *place, u64 count) {
  u64 start = clock_picoseconds();
  loop(place, count);
  return clock_picoseconds() - start;
}

static void warm_up(void (*loop)(u64 *, u64), u64 *place) {
  u64 start = clock_picoseconds();
  while (clock_picoseconds() - start < WARM_UP_PICOSECONDS) loop(place, WARM_UP);
}

static void measure(const char *name, void (*loop)(u64 *, u64), u64 *place) {
  warm_up(loop, place);
  u64 count = parameters.iterations;
  u64 empty = timed(loop_empty, place, count), spent = timed(loop, place, count);
  put_result(name, spent > empty ? (spent - empty) / count : 0);
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  warm_up(loop_empty, data.plain);
  measure("load", loop_load, data.plain);
  measure("store", loop_store, data.plain);
  measure("lr_sc_pure", loop_pure, data.plain);
  measure("amoadd", loop_amo, data.plain);
  measure("store_then_fence_rw_rw", loop_fence, data.plain);
  measure("fence_rw_w_then_store", loop_release, data.plain);
  measure("lr_sc_with_load", loop_impure, data.watched);
  measure("store_to_watched_page", loop_store, data.watched);
  measure("amoadd_on_watched_page", loop_amo, data.watched);
}
