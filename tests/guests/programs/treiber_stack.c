/*
 * A stack whose pop reads the node between LR and SC. If SC compared values instead of watching
 * the line, a node that was popped and pushed back meanwhile would corrupt the list (ABA).
 */
#include "guest.h"

PARAMETERS(2000);

enum { NODES_PER_HART = 2 };

struct node {
  struct node *next PER_LINE;
  u64 owner PER_LINE;
};

static struct node nodes[MAX_HARTS * NODES_PER_HART];
static struct node *top PER_LINE;

static struct node *pop(void) {
  struct node *first, *second;
  u64 failed;
  __asm__ volatile(
      "1: lr.d.aq %0, %3\n"
      "   beqz %0, 2f\n"
      "   ld %1, 0(%0)\n"
      "   sc.d.rl %2, %1, %3\n"
      "   bnez %2, 1b\n"
      "2:\n"
      : "=&r"(first), "=&r"(second), "=&r"(failed), "+A"(top)::"memory");
  return first;
}

static void push(struct node *node) {
  struct node *old;
  u64 failed;
  __asm__ volatile(
      "1: lr.d.aq %0, %2\n"
      "   sd %0, 0(%3)\n"
      "   sc.d.rl %1, %3, %2\n"
      "   bnez %1, 1b\n"
      : "=&r"(old), "=&r"(failed), "+A"(top)
      : "r"(node)
      : "memory");
}

static void take_and_return(u64 hart, u64 *state) {
  struct node *held[3];
  u64 count = next_random(state) % 3 + 1, taken = 0;
  for (; taken < count; taken++) {
    held[taken] = pop();
    if (!held[taken]) break;
    CHECK(AMO("amoswap.d.aqrl", &held[taken]->owner, hart + 1) == 0);
  }
  for (u64 i = 0; i < taken; i++) {
    CHECK(AMO("amoswap.d.aqrl", &held[i]->owner, 0UL) == hart + 1);
    push(held[i]);
  }
}

void guest_main(u64 hart, u64 harts) {
  u64 state = random_stream(hart);
  u64 total = harts * NODES_PER_HART;
  for (u64 i = 0; i < NODES_PER_HART; i++) push(&nodes[hart * NODES_PER_HART + i]);
  barrier(harts);
  for (u64 i = 0; i < parameters.iterations; i++) take_and_return(hart, &state);
  barrier(harts);
  if (hart != 0) return;
  u64 found = 0;
  for (struct node *node = top; node; node = node->next) {
    CHECK(found++ < total);
    CHECK(node->owner == 0);
  }
  CHECK(found == total);
  put_result("treiber_stack", parameters.iterations * harts);
}
