/*
 * All harts add to one word, and each goes on until the last has made its share: no hart may starve while
 * the others keep the line busy. Once with register work alone between LR and SC, once with a load.
 *
 * The bound counts tries, not time: a hart fails when its own store-conditional has failed MAX_FAILURES
 * times in a row. A hart that the host does not run makes no tries, so a busy machine cannot reach the
 * bound. A hart that loses even 999 times of 1000 gets there once in e^1000 rows. What is printed, the busiest
 * hart's additions for each hundred of the share and the longest row of failures, is for the reader: it
 * depends on the host.
 */
#include "guest.h"

PARAMETERS(50000);

enum { MAX_FAILURES = 1000000, PERCENT = 100 };

struct phase {
  u64 counter PER_LINE;
  u64 beside PER_LINE;
  u64 satisfied PER_LINE; /* harts that have made their share */
  u64 made[MAX_HARTS] PER_LINE;
  u64 longest[MAX_HARTS]; /* row of failures */
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
  u64 made = 0, failures = 0, longest = 0;
  while (load_relaxed(&phase->satisfied) < harts) {
    if (try(phase)) {
      if (++failures > longest) longest = failures;
      CHECK(failures < MAX_FAILURES);
      continue;
    }
    failures = 0;
    if (++made == parameters.iterations) AMO("amoadd.d", &phase->satisfied, 1UL);
  }
  phase->made[hart] = made;
  phase->longest[hart] = longest;
}

/* All additions are in the counter; says who was how fast. */
static void check_phase(const char *name, const struct phase *phase, u64 harts) {
  u64 sum = 0, most = 0, longest = 0;
  for (u64 hart = 0; hart < harts; hart++) {
    u64 made = phase->made[hart];
    CHECK(made >= parameters.iterations);
    sum += made;
    if (made > most) most = made;
    if (phase->longest[hart] > longest) longest = phase->longest[hart];
  }
  CHECK(phase->counter == sum);
  put_text(name);
  put_decimal(most * PERCENT / parameters.iterations);
  put_text("% of the share, failures in a row ");
  put_decimal(longest);
}

void guest_main(u64 hart, u64 harts) {
  barrier(harts);
  hammer(&pure, try_pure, hart, harts);
  barrier(harts);
  hammer(&impure, try_impure, hart, harts);
  barrier(harts);
  if (hart != 0) return;
  check_phase("reservation_fairness pure: ", &pure, harts);
  check_phase("; impure: ", &impure, harts);
  put_text("\n");
}
