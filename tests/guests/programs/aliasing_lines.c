/*
 * Reservations of lines that are far apart but share one entry of a table with 32,768 lines: their
 * addresses differ by multiples of 2 MiB. Stores to one may make a store-conditional to the other fail,
 * but not for ever, and none may succeed that should not.
 *
 * Every hart adds to every shared counter. Between the two instructions there is nothing, or it reads
 * another line of the same entry, stores to one, or changes one atomically.
 */
#include "guest.h"

PARAMETERS(6000);

enum { ALIASES = 8, DISTANCE = 2 << 20, WORDS_PER_HART = 2, FORMS = 4 };

struct alias {
  u64 counter;
  u64 marks[MAX_HARTS / ALIASES]; /* stored to by one hart each */
  u64 tries[MAX_HARTS / ALIASES]; /* added to by one hart each */
  u8 rest[DISTANCE - 8 * (1 + WORDS_PER_HART * MAX_HARTS / ALIASES)];
} __attribute__((aligned(4096)));

static struct alias aliases[ALIASES];

static u64 *mark_of(u64 hart) {
  return &aliases[hart % ALIASES].marks[hart / ALIASES];
}

static u64 *tries_of(u64 hart) {
  return &aliases[hart % ALIASES].tries[hart / ALIASES];
}

static void add(u64 *counter) {
  u64 value, failed;
  __asm__ volatile(
      "1: lr.d %0, %2\n"
      "   addi %0, %0, 1\n"
      "   sc.d %1, %0, %2\n"
      "   bnez %1, 1b\n"
      : "=&r"(value), "=&r"(failed), "+A"(*counter)::"memory");
}

static void add_reading(u64 *counter, u64 *other) {
  u64 value, seen, failed;
  __asm__ volatile(
      "1: lr.d %0, %3\n"
      "   ld %1, %4\n"
      "   addi %0, %0, 1\n"
      "   sc.d %2, %0, %3\n"
      "   bnez %2, 1b\n"
      : "=&r"(value), "=&r"(seen), "=&r"(failed), "+A"(*counter)
      : "m"(*other)
      : "memory");
}

static void add_storing(u64 *counter, u64 *mark, u64 value) {
  u64 seen, failed;
  __asm__ volatile(
      "1: lr.d %0, %2\n"
      "   addi %0, %0, 1\n"
      "   sd %4, %3\n"
      "   sc.d %1, %0, %2\n"
      "   bnez %1, 1b\n"
      : "=&r"(seen), "=&r"(failed), "+A"(*counter), "+m"(*mark)
      : "r"(value)
      : "memory");
}

/* Returns how often it tried; so much has been added to `tries`. */
static u64 add_changing(u64 *counter, u64 *tries) {
  u64 value, old, failed, count = 0;
  __asm__ volatile(
      "1: lr.d %0, %4\n"
      "   addi %0, %0, 1\n"
      "   addi %3, %3, 1\n"
      "   amoadd.d %1, %6, %5\n"
      "   sc.d %2, %0, %4\n"
      "   bnez %2, 1b\n"
      : "=&r"(value), "=&r"(old), "=&r"(failed), "+&r"(count), "+A"(*counter), "+A"(*tries)
      : "r"(1UL)
      : "memory");
  return count;
}

/* Reserves one line and tries to store to another of the same entry: never a success. */
static u64 store_elsewhere(u64 *reserved, u64 *other) {
  u64 value, seen, failed;
  __asm__ volatile(
      "lr.d %0, %3\n"
      "ld %1, %4\n"
      "sc.d %2, %0, %4\n"
      : "=&r"(value), "=&r"(seen), "=&r"(failed), "+A"(*reserved), "+A"(*other)::"memory");
  return failed;
}

void guest_main(u64 hart, u64 harts) {
  u64 state = random_stream(hart), iterations = parameters.iterations, tries = 0;
  barrier(harts);
  for (u64 i = 1; i <= iterations; i++) {
    u64 first = next_random(&state) % ALIASES;
    u64 second = (first + 1 + next_random(&state) % (ALIASES - 1)) % ALIASES;
    u64 *counter = &aliases[first].counter, *other = &aliases[second].counter;
    add(counter);
    add_reading(counter, other);
    add_storing(other, mark_of(hart), i);
    CHECK(load_relaxed(mark_of(hart)) == i);
    tries += add_changing(counter, tries_of(hart));
    CHECK(load_relaxed(tries_of(hart)) == tries);
    CHECK(store_elsewhere(counter, other));
  }
  barrier(harts);
  if (hart != 0) return;
  u64 sum = 0;
  for (u64 which = 0; which < ALIASES; which++) sum += aliases[which].counter;
  CHECK(sum == FORMS * harts * iterations);
  put_result("aliasing_lines", sum);
}
