/*
 * Objects are published by storing a pointer and read without locks and without fences: the address
 * dependency from the pointer to the fields orders the reads. Who replaces an object frees it only after
 * every reader has passed through a quiescent state, and overwrites it with poison then.
 *
 * Every fourth hart writes, into a slot of its own. One wait serves a batch of replaced objects.
 */
#include "guest.h"

PARAMETERS(600);

enum { HARTS_PER_WRITER = 4, MAX_WRITERS = MAX_HARTS / HARTS_PER_WRITER, BATCH = 10, WORDS = 6 };

static const u64 POISON = 0xdeadbeefdeadbeefUL;
static const u64 OFFLINE = ~0UL;

struct detail {
  u64 words[WORDS] PER_LINE;
};

struct object {
  u64 stamp PER_LINE;
  struct detail *detail;
  u64 words[WORDS] PER_LINE;
};

struct writer {
  struct object *current PER_LINE;
  struct object objects[BATCH + 1];
  struct detail details[BATCH + 1];
};

struct reader {
  u64 quiescent PER_LINE; /* counts quiescent states; OFFLINE for who reads nothing */
};

static struct writer writers[MAX_WRITERS];
static struct reader readers[MAX_HARTS];
static u64 active_writers PER_LINE;

static u64 word_of(u64 stamp, u64 index) {
  return stamp * 0x2545f4914f6cdd1dUL + index;
}

static void fill(struct object *object, struct detail *detail, u64 stamp) {
  for (u64 i = 0; i < WORDS; i++) {
    store_relaxed(&object->words[i], word_of(stamp, i));
    store_relaxed(&detail->words[i], word_of(stamp, WORDS + i));
  }
  store_relaxed((u64 *)&object->detail, (u64)detail);
  store_relaxed(&object->stamp, stamp);
}

static void poison(struct object *object) {
  struct detail *detail = object->detail;
  store_relaxed((u64 *)&object->detail, POISON); /* whoever follows it traps */
  store_relaxed(&object->stamp, POISON);
  for (u64 i = 0; i < WORDS; i++) {
    store_relaxed(&object->words[i], POISON);
    store_relaxed(&detail->words[i], POISON);
  }
}

/* Reads what is published in a slot; returns its stamp. */
static u64 read_slot(struct writer *writer) {
  struct object *object = (struct object *)load_relaxed((u64 *)&writer->current);
  struct detail *detail = (struct detail *)load_relaxed((u64 *)&object->detail);
  u64 last = load_relaxed(&detail->words[WORDS - 1]), stamp = load_relaxed(&object->stamp);
  CHECK(last == word_of(stamp, 2 * WORDS - 1));
  for (u64 i = 0; i < WORDS; i++) {
    CHECK(load_relaxed(&object->words[i]) == word_of(stamp, i));
    CHECK(load_relaxed(&detail->words[i]) == word_of(stamp, WORDS + i));
  }
  return stamp;
}

/* Reads before it are done when the counter moves; pointers behind it are read anew. */
static void pass_quiescent_state(u64 hart, u64 count) {
  fence_all();
  store_relaxed(&readers[hart].quiescent, count);
  fence_all();
}

static void read_until_writers_end(u64 hart, u64 count) {
  u64 newest[MAX_WRITERS] = {0}, passed = 0;
  while (load_relaxed(&active_writers)) {
    for (u64 which = 0; which < count; which++) {
      u64 stamp = read_slot(&writers[which]);
      CHECK(stamp >= newest[which]); /* a slot never goes back */
      newest[which] = stamp;
    }
    pass_quiescent_state(hart, ++passed);
  }
  pass_quiescent_state(hart, OFFLINE);
}

static void wait_for_readers(u64 harts) {
  u64 before[MAX_HARTS];
  fence_all(); /* the new pointers are there before the counters are looked at */
  for (u64 hart = 0; hart < harts; hart++) before[hart] = load_relaxed(&readers[hart].quiescent);
  for (u64 hart = 0; hart < harts; hart++) {
    if (before[hart] == OFFLINE) continue;
    while (load_relaxed(&readers[hart].quiescent) == before[hart]) pause_hint();
  }
  fence_all();
}

/* Publishes a batch; what was current before and in between is poisoned after one wait. */
static u64 publish_batch(struct writer *writer, u64 stamp, u64 harts, u64 isReader) {
  struct object *replaced[BATCH];
  for (u64 count = 0; count < BATCH; count++) {
    struct object *next = &writer->objects[++stamp % (BATCH + 1)];
    fill(next, &writer->details[stamp % (BATCH + 1)], stamp);
    replaced[count] = writer->current;
    store_release((u64 *)&writer->current, (u64)next);
    if (isReader) CHECK(read_slot(writer) == stamp);
  }
  wait_for_readers(harts);
  for (u64 count = 0; count < BATCH; count++) poison(replaced[count]);
  return stamp;
}

void guest_main(u64 hart, u64 harts) {
  u64 count = (harts + HARTS_PER_WRITER - 1) / HARTS_PER_WRITER;
  u64 isWriter = hart % HARTS_PER_WRITER == 0, stamp = 0;
  struct writer *own = &writers[hart / HARTS_PER_WRITER];
  if (isWriter) {
    store_relaxed(&readers[hart].quiescent, OFFLINE);
    fill(&own->objects[0], &own->details[0], 0);
    own->current = &own->objects[0];
    AMO("amoadd.d", &active_writers, 1UL);
  }
  barrier(harts);
  if (isWriter) {
    while (stamp < parameters.iterations) stamp = publish_batch(own, stamp, harts, harts == 1);
    AMO("amoadd.d.rl", &active_writers, -1UL);
  } else {
    read_until_writers_end(hart, count);
  }
  barrier(harts);
  if (hart != 0) return;
  for (u64 which = 0; which < count; which++) CHECK(read_slot(&writers[which]) == stamp);
  put_result("rcu_publication", count * stamp);
}
