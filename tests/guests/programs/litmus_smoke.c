/*
 * Litmus shapes with enough fences that the weak outcome is forbidden; it is counted and must be 0.
 *
 * Harts work in pairs over an array of fresh location pairs, so one barrier serves many tries.
 */
#include "guest.h"

PARAMETERS(20);

enum { SLOTS = 128 };

struct slot {
  u64 x PER_LINE;
  u64 y PER_LINE;
  u64 left[2] PER_LINE;
  u64 right[2] PER_LINE;
};

static struct slot slots[MAX_HARTS / 2][SLOTS];

typedef void side(struct slot *slot);
typedef int forbidden(const struct slot *slot);

struct shape {
  const char *name;
  side *left;
  side *right;
  forbidden *forbidden;
};

static void store_buffer_left(struct slot *s) {
  store_relaxed(&s->x, 1);
  fence_all();
  s->left[0] = load_relaxed(&s->y);
}

static void store_buffer_right(struct slot *s) {
  store_relaxed(&s->y, 1);
  fence_all();
  s->right[0] = load_relaxed(&s->x);
}

static int both_missed(const struct slot *s) {
  return s->left[0] == 0 && s->right[0] == 0;
}

static void swap_then_load_left(struct slot *s) {
  AMO("amoswap.d.aqrl", &s->x, 1UL);
  s->left[0] = load_relaxed(&s->y);
}

static void swap_then_load_right(struct slot *s) {
  AMO("amoswap.d.aqrl", &s->y, 1UL);
  s->right[0] = load_relaxed(&s->x);
}

static void message_writer(struct slot *s) {
  store_relaxed(&s->x, 1);
  fence_writes();
  store_relaxed(&s->y, 1);
}

static void message_reader(struct slot *s) {
  s->right[0] = load_relaxed(&s->y);
  fence_reads();
  s->right[1] = load_relaxed(&s->x);
}

static int flag_without_message(const struct slot *s) {
  return s->right[0] == 1 && s->right[1] == 0;
}

static void message_writer_release(struct slot *s) {
  store_relaxed(&s->x, 1);
  AMO("amoswap.d.rl", &s->y, 1UL);
}

static void message_reader_acquire(struct slot *s) {
  s->right[0] = AMO("amoor.d.aq", &s->y, 0UL);
  s->right[1] = load_relaxed(&s->x);
}

static void message_writer_tso(struct slot *s) {
  store_relaxed(&s->x, 1);
  __asm__ volatile("fence.tso" ::: "memory");
  store_relaxed(&s->y, 1);
}

static void message_reader_tso(struct slot *s) {
  s->right[0] = load_relaxed(&s->y);
  __asm__ volatile("fence.tso" ::: "memory");
  s->right[1] = load_relaxed(&s->x);
}

static void coherence_writer(struct slot *s) {
  store_relaxed(&s->x, 1);
  store_relaxed(&s->x, 2);
}

static void coherence_reader(struct slot *s) {
  s->right[0] = load_relaxed(&s->x);
  s->right[1] = load_relaxed(&s->x);
}

static int went_back(const struct slot *s) {
  return s->right[1] < s->right[0];
}

static void load_buffer_left(struct slot *s) {
  s->left[0] = load_relaxed(&s->x);
  fence_all();
  store_relaxed(&s->y, 1);
}

static void load_buffer_right(struct slot *s) {
  s->right[0] = load_relaxed(&s->y);
  fence_all();
  store_relaxed(&s->x, 1);
}

static int out_of_thin_air(const struct slot *s) {
  return s->left[0] == 1 && s->right[0] == 1;
}

static void two_writes_left(struct slot *s) {
  store_relaxed(&s->x, 1);
  fence_writes();
  store_relaxed(&s->y, 2);
}

static void two_writes_right(struct slot *s) {
  store_relaxed(&s->y, 1);
  fence_writes();
  store_relaxed(&s->x, 2);
}

static int both_first_writes_last(const struct slot *s) {
  return s->x == 1 && s->y == 1;
}

/* A hart always sees its own latest store, whatever is buffered. */
static void own_store_left(struct slot *s) {
  store_relaxed(&s->x, 1);
  s->left[0] = load_relaxed(&s->x);
  fence_all();
  s->left[1] = load_relaxed(&s->y);
}

static void own_store_right(struct slot *s) {
  store_relaxed(&s->y, 1);
  s->right[0] = load_relaxed(&s->y);
  fence_all();
  s->right[1] = load_relaxed(&s->x);
}

static int own_store_missed(const struct slot *s) {
  return s->left[0] != 1 || s->right[0] != 1 || (s->left[1] == 0 && s->right[1] == 0);
}

static const struct shape shapes[] = {
    {"SB+fences", store_buffer_left, store_buffer_right, both_missed},
    {"SB+amo.aqrl", swap_then_load_left, swap_then_load_right, both_missed},
    {"MP+fences", message_writer, message_reader, flag_without_message},
    {"MP+amo.rl+amo.aq", message_writer_release, message_reader_acquire, flag_without_message},
    {"MP+fence.tso", message_writer_tso, message_reader_tso, flag_without_message},
    {"CoRR", coherence_writer, coherence_reader, went_back},
    {"LB+fences", load_buffer_left, load_buffer_right, out_of_thin_air},
    {"2+2W+fences", two_writes_left, two_writes_right, both_first_writes_last},
    {"SB+rfi", own_store_left, own_store_right, own_store_missed},
};

static void clear(struct slot *row) {
  for (int i = 0; i < SLOTS; i++) row[i] = (struct slot){0};
}

/* Half of the tries run the slots in opposite orders, which lets the harts meet in the middle. */
static void run_side(side *run, struct slot *row, int backwards) {
  for (int i = 0; i < SLOTS; i++) run(&row[backwards ? SLOTS - 1 - i : i]);
}

static void run_shape(const struct shape *shape, u64 hart, u64 harts) {
  u64 pair = hart / 2;
  int paired = (hart | 1) < harts;
  for (u64 i = 0; i < parameters.iterations; i++) {
    if (!(hart & 1)) clear(slots[pair]);
    barrier(harts);
    if (paired) run_side(hart & 1 ? shape->right : shape->left, slots[pair], hart & i & 1);
    barrier(harts);
    if (!paired || hart & 1) continue;
    for (int slot = 0; slot < SLOTS; slot++) {
      if (!shape->forbidden(&slots[pair][slot])) continue;
      put_text(shape->name);
      put_text("\n");
      CHECK(0);
    }
  }
}

void guest_main(u64 hart, u64 harts) {
  u64 count = sizeof shapes / sizeof shapes[0];
  for (u64 i = 0; i < count; i++) run_shape(&shapes[i], hart, harts);
  barrier(harts);
  if (hart == 0) put_result("litmus_smoke", harts / 2 * count * SLOTS * parameters.iterations);
}
