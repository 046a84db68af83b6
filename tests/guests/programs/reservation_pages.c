/*
 * Reservations on more pages than can be watched at a time, with plain stores to the same pages and
 * lines from every hart: pages are armed and disarmed all the time. No increment may be lost, neither
 * of the counters that are updated between LR and SC nor of those that a hart alone stores to.
 */
#include "guest.h"

PARAMETERS(6000);

enum { PAGE_BYTES = 4096, PAGES = 320, WORDS_PER_PAGE = PAGE_BYTES / 8 };

struct page {
  u64 shared;             /* incremented by all harts, with a load inside of the window */
  u64 owned[MAX_HARTS];   /* incremented by one hart each, some in the line of `shared` */
  u64 rest[WORDS_PER_PAGE - 1 - MAX_HARTS];
} __attribute__((aligned(PAGE_BYTES)));

static struct page pages[PAGES];

/* Adds one; reads another word of the page between the two instructions. */
static void add_watched(struct page *page, u64 *beside) {
  u64 value, other, failed;
  __asm__ volatile(
      "1: lr.d %0, %3\n"
      "   ld %1, %4\n"
      "   addi %0, %0, 1\n"
      "   sc.d %2, %0, %3\n"
      "   bnez %2, 1b\n"
      : "=&r"(value), "=&r"(other), "=&r"(failed), "+A"(page->shared)
      : "m"(*beside)
      : "memory");
}

static u64 sum_of_shared(void) {
  u64 sum = 0;
  for (u64 i = 0; i < PAGES; i++) sum += pages[i].shared;
  return sum;
}

static u64 sum_of_owned(u64 hart) {
  u64 sum = 0;
  for (u64 i = 0; i < PAGES; i++) sum += pages[i].owned[hart];
  return sum;
}

void guest_main(u64 hart, u64 harts) {
  u64 state = random_stream(hart);
  for (u64 i = 0; i < parameters.iterations; i++) {
    struct page *page = &pages[next_random(&state) % PAGES];
    add_watched(page, &page->owned[hart]);
    struct page *other = &pages[next_random(&state) % PAGES];
    store_relaxed(&other->owned[hart], load_relaxed(&other->owned[hart]) + 1);
    other->rest[next_random(&state) % 64] = i;
  }
  barrier(harts);
  CHECK(sum_of_owned(hart) == parameters.iterations);
  if (hart != 0) return;
  CHECK(sum_of_shared() == parameters.iterations * harts);
  put_result("reservation_pages", parameters.iterations * harts);
}
