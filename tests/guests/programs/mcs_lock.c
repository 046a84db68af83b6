/*
 * The queue lock of Mellor-Crummey and Scott: who waits spins on a line of its own and is handed the lock
 * by the one before. What it guards are two accounts whose sum never changes and a word that says who is
 * inside.
 *
 * Who leaves as the last in the queue empties it by LR/SC: once with register work between the two
 * instructions, once with a look at its own successor there.
 */
#include "guest.h"

PARAMETERS(500);

enum { LOCKS = 2, TOTAL = 1000000 };

struct place {
  struct place *next PER_LINE;
  u64 waits PER_LINE;
};

struct lock {
  struct place *last PER_LINE;
};

struct accounts {
  u64 holder PER_LINE;
  u64 left PER_LINE;
  u64 right PER_LINE;
  u8 shifted[2 * LINE_BYTES] PER_LINE; /* holds a misaligned copy of `left` across two lines */
  u64 visits PER_LINE;
};

static struct place places[LOCKS][MAX_HARTS];
static struct lock locks[LOCKS];
static struct accounts guarded[LOCKS];

static void enter(struct lock *lock, struct place *own) {
  store_relaxed((u64 *)&own->next, 0);
  store_relaxed(&own->waits, 1);
  struct place *before = AMO("amoswap.d.aqrl", &lock->last, own);
  if (!before) return;
  store_release((u64 *)&before->next, (u64)own);
  while (load_relaxed(&own->waits)) pause_hint();
  fence_acquire();
}

/* True when the queue was emptied; false when somebody has come after. */
static u64 empty_queue(struct lock *lock, struct place *own) {
  u64 seen, failed;
  __asm__ volatile(
      "1: lr.d %0, %2\n"
      "   bne %0, %3, 2f\n"
      "   sc.d.rl %1, zero, %2\n"
      "   bnez %1, 1b\n"
      "2:\n"
      : "=&r"(seen), "=&r"(failed), "+A"(lock->last)
      : "r"(own)
      : "memory");
  return seen == (u64)own;
}

/* The same; does not even try once the successor has made itself known. */
static u64 empty_queue_looking(struct lock *lock, struct place *own) {
  u64 seen, next, failed;
  __asm__ volatile(
      "1: lr.d %0, %3\n"
      "   bne %0, %4, 2f\n"
      "   ld %1, 0(%4)\n"
      "   bnez %1, 3f\n"
      "   sc.d.rl %2, zero, %3\n"
      "   bnez %2, 1b\n"
      "   j 2f\n"
      "3: li %0, 0\n"
      "2:\n"
      : "=&r"(seen), "=&r"(next), "=&r"(failed), "+A"(lock->last)
      : "r"(own)
      : "memory");
  return seen == (u64)own;
}

static void leave(struct lock *lock, struct place *own, u64 isLooking) {
  if (!load_relaxed((u64 *)&own->next)) {
    if (isLooking ? empty_queue_looking(lock, own) : empty_queue(lock, own)) return;
    while (!load_relaxed((u64 *)&own->next)) pause_hint();
  }
  struct place *next = (struct place *)load_relaxed((u64 *)&own->next);
  store_release(&next->waits, 0);
}

static u64 *shifted_word(struct accounts *accounts) {
  return (u64 *)(accounts->shifted + LINE_BYTES - 3);
}

static void inside(struct accounts *accounts, u64 hart, u64 amount) {
  u64 copy;
  CHECK(load_relaxed(&accounts->holder) == 0);
  store_relaxed(&accounts->holder, hart + 1);
  __asm__ volatile("ld %0, 0(%1)" : "=r"(copy) : "r"(shifted_word(accounts)) : "memory");
  CHECK(accounts->left + accounts->right == TOTAL);
  CHECK(copy == accounts->left);
  accounts->left -= amount;
  __asm__ volatile("sd %0, 0(%1)" ::"r"(accounts->left), "r"(shifted_word(accounts)) : "memory");
  accounts->visits++;
  accounts->right += amount;
  CHECK(load_relaxed(&accounts->holder) == hart + 1);
  store_relaxed(&accounts->holder, 0);
}

void guest_main(u64 hart, u64 harts) {
  u64 state = random_stream(hart), iterations = parameters.iterations;
  if (hart == 0) {
    for (u64 which = 0; which < LOCKS; which++) guarded[which].right = TOTAL;
  }
  barrier(harts);
  for (u64 i = 0; i < iterations; i++) {
    for (u64 which = 0; which < LOCKS; which++) {
      struct place *own = &places[which][hart];
      enter(&locks[which], own);
      inside(&guarded[which], hart, next_random(&state) % TOTAL);
      leave(&locks[which], own, which);
    }
  }
  barrier(harts);
  if (hart != 0) return;
  for (u64 which = 0; which < LOCKS; which++) {
    CHECK(locks[which].last == 0);
    CHECK(guarded[which].visits == harts * iterations);
  }
  put_result("mcs_lock", LOCKS * harts * iterations);
}
