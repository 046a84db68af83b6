/*
 * A store-conditional must fail when another hart stored to the reserved line since the
 * load-reserved, whatever the store was and although the old value is back.
 *
 * Harts work in pairs: the first reserves, tells the second, waits until it has interfered, and
 * tries its store-conditional. Everything between the two instructions is a handshake, so each
 * success is wrong. With one hart alone, the rules that need no second hart are checked.
 */
#include "guest.h"

PARAMETERS(2000);

enum { KINDS = 7 };

struct pair {
  u64 word PER_LINE;
  u64 beside; /* in the same line */
  u64 asked PER_LINE;
  u64 answered PER_LINE;
};

static struct pair pairs[MAX_HARTS / 2];

/* Changes the line in one of several ways and puts the old value back. */
static void interfere(struct pair *pair, u64 kind) {
  u64 old = load_relaxed(&pair->word), failed;
  u8 *bytes = (u8 *)&pair->word;
  switch (kind % KINDS) {
    case 0:
      store_relaxed(&pair->word, old + 1);
      store_relaxed(&pair->word, old);
      return;
    case 1:
      *(volatile u8 *)(bytes + 3) = 0x55;
      *(volatile u8 *)(bytes + 3) = (u8)(old >> 24);
      return;
    case 2: /* across two words, misaligned */
      __asm__ volatile("sw %1, 0(%0)" ::"r"(bytes + 6), "r"(0x01020304) : "memory");
      store_relaxed(&pair->word, old);
      return;
    case 3:
      AMO("amoadd.d", &pair->word, 1UL);
      AMO("amoadd.d", &pair->word, -1UL);
      return;
    case 4:
      AMO("amoswap.w", &pair->word, 7UL);
      store_relaxed(&pair->word, old);
      return;
    case 5:
      do {
        __asm__ volatile(
            "lr.d %0, %1\n"
            "sc.d %0, %2, %1\n"
            : "=&r"(failed), "+A"(pair->word)
            : "r"(old)
            : "memory");
      } while (failed);
      return;
    default: /* only the line: the word keeps its value all the time */
      store_relaxed(&pair->beside, old);
      store_relaxed(&pair->word, old);
  }
}

/* 0 when the store-conditional succeeded. Asks for interference and waits for it in between. */
static u64 reserve_and_wait(struct pair *pair, u64 turn, u64 value) {
  u64 seen, failed;
  __asm__ volatile(
      "   lr.d %0, %2\n"
      "   fence rw, rw\n"
      "   sd %3, %4\n"
      "1: ld %0, %5\n"
      "   bne %0, %3, 1b\n"
      "   fence rw, rw\n"
      "   sc.d %1, %6, %2\n"
      : "=&r"(seen), "=&r"(failed), "+A"(pair->word)
      : "r"(turn), "m"(pair->asked), "m"(pair->answered), "r"(value)
      : "memory");
  return failed;
}

static u64 take_turns(struct pair *pair, u64 isFirst) {
  u64 wrong = 0;
  for (u64 turn = 1; turn <= parameters.iterations; turn++) {
    if (isFirst) {
      if (!reserve_and_wait(pair, turn, turn << 32)) wrong++;
      continue;
    }
    while (load_acquire(&pair->asked) != turn) pause_hint();
    interfere(pair, turn);
    store_release(&pair->answered, turn);
  }
  return wrong;
}

#define RESERVE(width, place)                                                       \
  ({                                                                                \
    u64 reserved;                                                                   \
    __asm__ volatile("lr." width " %0, %1" : "=r"(reserved) : "A"(*(place)) : "memory"); \
    reserved;                                                                       \
  })
#define CONDITIONAL(width, place, value)                                            \
  ({                                                                                \
    u64 failed;                                                                     \
    __asm__ volatile("sc." width " %0, %2, %1"                                      \
                     : "=r"(failed), "+A"(*(place))                                 \
                     : "r"(value)                                                   \
                     : "memory");                                                   \
    failed;                                                                         \
  })

/* What one hart can see alone, with a window of each kind: hot and cold by repetition. */
static void check_rules(struct pair *pair) {
  u64 *word = &pair->word;
  for (u64 i = 0; i < parameters.iterations; i++) {
    *word = i;
    CHECK(CONDITIONAL("d", word, 7) == 1); /* nothing is reserved */
    CHECK(*word == i);
    u64 failed;
    do {
      CHECK(RESERVE("d", word) == i);
      failed = CONDITIONAL("d", word, i + 1);
    } while (failed);
    CHECK(*word == i + 1);
    CHECK(CONDITIONAL("d", word, 9) == 1); /* a success has used it up */
    RESERVE("d", word);
    CHECK(CONDITIONAL("d", &pair->asked, 1) == 1); /* another place */
    CHECK(CONDITIONAL("d", word, 9) == 1);         /* and a failure has used it up */
    RESERVE("d", word);
    RESERVE("d", &pair->asked);
    CHECK(CONDITIONAL("d", word, 9) == 1); /* the later one counts */
    CHECK(*word == i + 1);
    do { /* a store to the same line in between need not, and must not for ever, make it fail */
      RESERVE("d", word);
      store_relaxed(&pair->beside, i);
      failed = CONDITIONAL("d", word, i + 2);
    } while (failed);
    CHECK(*word == i + 2);
  }
}

void guest_main(u64 hart, u64 harts) {
  static u64 wrongs;
  u64 active = harts & ~1UL;
  if (active == 0) check_rules(&pairs[0]);
  if (hart < active) {
    u64 wrong = take_turns(&pairs[hart / 2], (hart & 1) == 0);
    AMO("amoadd.d", &wrongs, wrong);
  }
  barrier(harts);
  if (hart != 0) return;
  put_result("reservation_seen", load_relaxed(&wrongs));
  CHECK(load_relaxed(&wrongs) == 0);
}
