/*
 * Readers that never wait: they read a record of many words between two looks at a sequence number and
 * take it only if the number is even and has not moved. Every word follows from the record's stamp, so a
 * record that was taken half old and half new shows.
 *
 * Every fourth hart writes; writers exclude each other by making the number odd with LR/SC.
 */
#include "guest.h"

PARAMETERS(20000);

enum { WORDS = 12, HARTS_PER_WRITER = 4 };

static u64 sequence PER_LINE;

static struct {
  u64 stamp PER_LINE;
  u64 words[WORDS];
  u32 half;
  u8 byte PER_LINE;
} record;

static u64 word_of(u64 stamp, u64 index) {
  return (stamp + index) * 0x9e3779b97f4a7c15UL;
}

/* Returns the even number that was there. */
static u64 begin_write(void) {
  u64 even, odd, failed;
  __asm__ volatile(
      "1: lr.d.aq %0, %3\n"
      "   andi %1, %0, 1\n"
      "   bnez %1, 1b\n"
      "   addi %1, %0, 1\n"
      "   sc.d %2, %1, %3\n"
      "   bnez %2, 1b\n"
      : "=&r"(even), "=&r"(odd), "=&r"(failed), "+A"(sequence)::"memory");
  fence_writes();
  return even;
}

static void write_record(void) {
  u64 even = begin_write();
  u64 stamp = load_relaxed(&record.stamp) + 1;
  for (u64 i = WORDS; i-- > 0;) store_relaxed(&record.words[i], word_of(stamp, i));
  *(volatile u8 *)&record.byte = (u8)stamp;
  store_relaxed(&record.stamp, stamp);
  *(volatile u32 *)&record.half = (u32)stamp;
  store_release(&sequence, even + 2);
}

/* One record that was taken; returns its stamp. */
static u64 read_record(u64 *rejected) {
  u64 before, after, stamp, words[WORDS];
  u32 half;
  u8 byte;
  for (;;) {
    before = load_acquire(&sequence);
    stamp = load_relaxed(&record.stamp);
    half = *(volatile u32 *)&record.half;
    for (u64 i = 0; i < WORDS; i++) words[i] = load_relaxed(&record.words[i]);
    byte = *(volatile u8 *)&record.byte;
    fence_reads();
    after = load_relaxed(&sequence);
    if (before == after && (before & 1) == 0) break;
    (*rejected)++;
    pause_hint();
  }
  CHECK(stamp == before / 2);
  CHECK(half == (u32)stamp);
  CHECK(byte == (u8)stamp);
  for (u64 i = 0; i < WORDS; i++) CHECK(words[i] == (stamp ? word_of(stamp, i) : 0));
  return stamp;
}

void guest_main(u64 hart, u64 harts) {
  static u64 all_rejected;
  u64 iterations = parameters.iterations, rejected = 0, last = 0;
  u64 isWriter = hart % HARTS_PER_WRITER == 0, isReader = !isWriter || harts == 1;
  barrier(harts);
  for (u64 i = 0; i < iterations; i++) {
    if (isWriter) write_record();
    if (!isReader) continue;
    u64 stamp = read_record(&rejected);
    CHECK(stamp >= last); /* a reader never goes back in time */
    last = stamp;
  }
  AMO("amoadd.d", &all_rejected, rejected);
  barrier(harts);
  u64 writers = (harts + HARTS_PER_WRITER - 1) / HARTS_PER_WRITER;
  CHECK(read_record(&rejected) == writers * iterations);
  if (hart != 0) return;
  put_text("seqlock ");
  put_decimal(harts * iterations);
  put_text(", rejected ");
  put_decimal(all_rejected);
  put_text("\n");
}
