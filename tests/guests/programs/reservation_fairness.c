/*
 * All harts add to one word, and each goes on until the last has made its share: no hart may starve while
 * the others keep the line busy. Once with register work alone between LR and SC, once with a load.
 *
 * The bound counts tries, not time: a hart fails when its own store-conditional has failed MAX_FAILURES
 * times in a row. A hart that the host does not run makes no tries, so a busy machine cannot reach the
 * bound. A hart that loses even nine times of ten gets there once in 0.9 ^ 1,000,000 rows. The printed
 * ratio of the busiest hart's additions to the share is for the reader: it depends on the host.
 */
#include "guest.h"

PARAMETERS(50000);

enum { MAX_FAILURES = 1000000, PERCENT = 100 };

struct phase {
  u64 counter PER_LINE;
  u64 beside PER_LINE;
  u64 satisfied PER_LINE; /* harts that have made their share */
  u64 made[MAX_HARTS] PER_LINE;
};

static struct phase pure, impure;

/* One try each: 0 when the addition was made. */
static u64 try_pure(struct phase *phase) {
  u64 value, failed;
  __asm__ volatile(
      "lr.d %0, %2\n"
      "addi %0, %0, 1\n"
      "sc.d %1, %0, %2\n"
      : "=&r"(value), "=&r"(failed), "+A"(phase->counter)::"memory");
  return failed;
}

static u64 try_impure(struct phase *phase) {
  u64 value, seen, failed;
  __asm__ volatile(
      "lr.d %0, %3\n"
      "ld %1, %4\n"
      "addi %0, %0, 1\n"
      "sc.d %2, %0, %3\n"
      : "=&r"(value), "=&r"(seen), "=&r"(failed), "+A"(phase->counter)
      : "m"(phase->beside)
      : "memory");
  return failed;
}

static inline void hammer(struct phase *phase, u64 (*try)(struct phase *), u64 hart, u64 harts) {
  u64 made = 0, failures = 0;
  while (load_relaxed(&phase->satisfied) < harts) {
    if (try(phase)) {
      CHECK(++failures < MAX_FAILURES);
      continue;
    }
    failures = 0;
    if (++made == parameters.iterations) AMO("amoadd.d", &phase->satisfied, 1UL);
  }
  phase->made[hart] = made;
}

/* The busiest hart's additions for each hundred of the share; all of them are in the counter. */
static u64 check_phase(const struct phase *phase, u64 harts) {
  u64 sum = 0, most = 0;
  for (u64 hart = 0; hart < harts; hart++) {
    u64 made = phase->made[hart];
    CHECK(made >= parameters.iterations);
    sum += made;
    if (made > most) most = made;
  }
  CHECK(phase->counter == sum);
  return most * PERCENT / parameters.iterations;
}

void guest_main(u64 hart, u64 harts) {
  barrier(harts);
  hammer(&pure, try_pure, hart, harts);
  barrier(harts);
  hammer(&impure, try_impure, hart, harts);
  barrier(harts);
  if (hart != 0) return;
  put_text("reservation_fairness busiest hart, percent of the share: pure ");
  put_decimal(check_phase(&pure, harts));
  put_text(", impure ");
  put_decimal(check_phase(&impure, harts));
  put_text("\n");
}
