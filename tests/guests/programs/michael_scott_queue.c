/*
 * The lock-free queue of Michael and Scott without tags: LR/SC alone must notice that a node has left the
 * queue and come back. Nodes are used again at once, so comparing values instead corrupts it.
 *
 * Each hart puts some values in and takes as many out, so the queue is never empty for who still has
 * something in it: an empty answer is wrong. Each producer's values must come out exactly once, and each
 * consumer must see them in order.
 */
#include "guest.h"

PARAMETERS(20000);

enum { NODES_PER_HART = 3, SEQUENCE_BITS = 48 };

struct node {
  struct node *next PER_LINE;
  u64 value;
  u64 owner PER_LINE; /* hart + 1 while a hart keeps it outside of the queue */
};

/* Own nodes of each hart, and the first dummy. */
static struct node nodes[MAX_HARTS * NODES_PER_HART + 1];
static struct node *head PER_LINE;
static struct node *tail PER_LINE;

/* What producers put in and consumers took out, by producer. */
struct total {
  u64 count;
  u64 mixed;
};
static struct total put_in[MAX_HARTS], taken_out[MAX_HARTS];

static u64 mix(u64 value) {
  value = (value ^ value >> 29) * 0xbf58476d1ce4e5b9UL;
  return value ^ value >> 32;
}

/* Moves the tail to the last node's successor if it has one, which is looked up while the tail is reserved. */
static void advance_tail(void) {
  u64 last, next, failed;
  __asm__ volatile(
      "1: lr.d.aq %0, %3\n"
      "   ld %1, 0(%0)\n"
      "   beqz %1, 2f\n"
      "   sc.d.rl %2, %1, %3\n"
      "   bnez %2, 1b\n"
      "2:\n"
      : "=&r"(last), "=&r"(next), "=&r"(failed), "+A"(tail)::"memory");
}

/*
 * Reserves the successor field of the node that it takes for the last, then looks whether it still is. From
 * then on it cannot leave the queue without a successor, so the store-conditional would fail.
 */
static void enqueue(struct node *node) {
  u64 last, seen, failed;
  store_relaxed((u64 *)&node->next, 0);
  do {
    __asm__ volatile(
        "   ld %0, %3\n"
        "   lr.d.aq %1, (%0)\n"
        "   li %2, 1\n"
        "   bnez %1, 1f\n"
        "   ld %1, %3\n"
        "   bne %0, %1, 1f\n"
        "   sc.d.rl %2, %4, (%0)\n"
        "1:\n"
        : "=&r"(last), "=&r"(seen), "=&r"(failed)
        : "m"(tail), "r"(node)
        : "memory");
    advance_tail();
  } while (failed);
}

enum outcome { TAKEN, BEHIND, EMPTY };

/* Tries once; the node that it gives back is the old dummy, the value comes from the new one. */
static enum outcome try_dequeue(struct node **node, u64 *value) {
  u64 first, next, last, failed, outcome;
  __asm__ volatile(
      "1: lr.d.aq %0, %6\n"
      "   ld %2, %7\n"
      "   fence r, r\n"
      "   ld %1, 0(%0)\n"
      "   beq %0, %2, 2f\n"
      "   beqz %1, 1b\n" /* the first node was used again meanwhile */
      "   ld %5, 8(%1)\n"
      "   li %4, 0\n"
      "   sc.d.rl %3, %1, %6\n"
      "   bnez %3, 1b\n"
      "   j 3f\n"
      "2: li %4, 1\n"
      "   bnez %1, 3f\n"
      "   li %4, 2\n"
      "   sc.d.rl %3, %0, %6\n" /* was it the first node all the time? */
      "   bnez %3, 1b\n"
      "3:\n"
      : "=&r"(first), "=&r"(next), "=&r"(last), "=&r"(failed), "=&r"(outcome), "=&r"(*value),
        "+A"(head)
      : "m"(tail)
      : "memory");
  *node = (struct node *)first;
  return outcome;
}

static struct node *dequeue(u64 *value) {
  struct node *node;
  for (;;) {
    enum outcome outcome = try_dequeue(&node, value);
    if (outcome == TAKEN) return node;
    CHECK(outcome != EMPTY);
    advance_tail();
  }
}

/* What one hart knows while it works. */
struct worker {
  u64 hart;
  u64 sequence;
  struct node *own[NODES_PER_HART];
  u64 newest[MAX_HARTS]; /* last value seen of each producer */
  struct total taken[MAX_HARTS];
};

static void put_one(struct worker *worker, struct node *node) {
  u64 sequence = ++worker->sequence;
  CHECK(AMO("amoswap.d.aqrl", &node->owner, 0UL) == worker->hart + 1);
  node->value = worker->hart << SEQUENCE_BITS | sequence;
  put_in[worker->hart].count++;
  put_in[worker->hart].mixed += mix(sequence);
  enqueue(node);
}

static struct node *take_one(struct worker *worker, u64 harts) {
  u64 value;
  struct node *node = dequeue(&value);
  u64 producer = value >> SEQUENCE_BITS, sequence = value & ((1UL << SEQUENCE_BITS) - 1);
  CHECK(AMO("amoswap.d.aqrl", &node->owner, worker->hart + 1) == 0);
  CHECK(producer < harts);
  CHECK(sequence > worker->newest[producer]);
  worker->newest[producer] = sequence;
  worker->taken[producer].count++;
  worker->taken[producer].mixed += mix(sequence);
  return node;
}

static void work(struct worker *worker, u64 harts) {
  u64 state = random_stream(worker->hart);
  for (u64 i = 0; i < parameters.iterations; i++) {
    u64 count = next_random(&state) % NODES_PER_HART + 1;
    for (u64 k = 0; k < count; k++) put_one(worker, worker->own[k]);
    for (u64 k = 0; k < count; k++) worker->own[k] = take_one(worker, harts);
  }
}

void guest_main(u64 hart, u64 harts) {
  static struct worker workers[MAX_HARTS];
  struct worker *worker = &workers[hart];
  worker->hart = hart;
  for (u64 k = 0; k < NODES_PER_HART; k++) {
    worker->own[k] = &nodes[1 + hart * NODES_PER_HART + k];
    worker->own[k]->owner = hart + 1;
  }
  if (hart == 0) head = tail = &nodes[0];
  barrier(harts);
  work(worker, harts);
  for (u64 producer = 0; producer < harts; producer++) {
    AMO("amoadd.d", &taken_out[producer].count, worker->taken[producer].count);
    AMO("amoadd.d", &taken_out[producer].mixed, worker->taken[producer].mixed);
  }
  barrier(harts);
  if (hart != 0) return;
  u64 values = 0;
  for (u64 producer = 0; producer < harts; producer++) {
    CHECK(taken_out[producer].count == put_in[producer].count);
    CHECK(taken_out[producer].mixed == put_in[producer].mixed);
    values += put_in[producer].count;
  }
  CHECK(head == tail && head->next == 0);
  put_result("michael_scott_queue", values);
}
