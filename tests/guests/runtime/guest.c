/* The board-independent half of the runtime: console text, barrier, failure report. */
#include "guest.h"
#include "board.h"

enum {
  FDT_MAGIC = 0xd00dfeed,
  FDT_BEGIN_NODE = 1,
  FDT_END_NODE = 2,
  FDT_PROPERTY = 3,
  FDT_NOP = 4,
  CHECK_FAILED = 1,
  TRAP_FAILED = 2,
};

static const u64 RAM_BASE = 0x80000000UL;

static u32 big_endian_word(const u8 *bytes) {
  return (u32)bytes[0] << 24 | (u32)bytes[1] << 16 | (u32)bytes[2] << 8 | bytes[3];
}

static const u8 *align_word(const u8 *at) {
  return (const u8 *)(((u64)at + 3) & ~3UL);
}

static int is_cpu_node(const u8 *name) {
  return name[0] == 'c' && name[1] == 'p' && name[2] == 'u' && name[3] == '@';
}

/* Counts the cpu nodes of a flattened device tree by walking its structure block. */
static u64 count_cpu_nodes(const u8 *tree) {
  const u8 *at = tree + big_endian_word(tree + 8);
  u64 count = 0;
  for (;;) {
    u32 token = big_endian_word(at);
    at += 4;
    if (token == FDT_BEGIN_NODE) {
      count += is_cpu_node(at);
      while (*at) at++;
      at = align_word(at + 1);
    } else if (token == FDT_PROPERTY) {
      at = align_word(at + 8 + big_endian_word(at));
    } else if (token != FDT_END_NODE && token != FDT_NOP) {
      return count;
    }
  }
}

u64 active_harts(const u8 *tree) {
  u64 harts = parameters.harts;
  if (harts == 0 && (u64)tree >= RAM_BASE && big_endian_word(tree) == FDT_MAGIC) {
    harts = count_cpu_nodes(tree);
  }
  if (harts == 0) harts = 1;
  return harts < MAX_HARTS ? harts : MAX_HARTS;
}

void put_text(const char *text) {
  while (*text) board_put(*text++);
}

void put_decimal(u64 value) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = '0' + value % 10;
    value /= 10;
  } while (value);
  while (count) board_put(digits[--count]);
}

void put_hex(u64 value) {
  for (int shift = 60; shift >= 0; shift -= 4) board_put("0123456789abcdef"[value >> shift & 15]);
}

void put_result(const char *name, u64 value) {
  put_text(name);
  put_text(" ");
  put_decimal(value);
  put_text("\n");
}

struct barrier_state {
  u64 arrived PER_LINE;
  u64 generation PER_LINE;
};

static struct barrier_state gate;

void barrier(u64 harts) {
  u64 generation = load_relaxed(&gate.generation);
  fence_all();
  if (AMO("amoadd.d.aqrl", &gate.arrived, 1UL) + 1 == harts) {
    store_relaxed(&gate.arrived, 0);
    store_release(&gate.generation, generation + 1);
  } else {
    while (load_relaxed(&gate.generation) == generation) pause_hint();
  }
  fence_all();
}

void finish(u32 code) {
  board_finish(code);
  for (;;) __asm__ volatile("wfi");
}

void fail_at(const char *file, int line) {
  put_text("FAIL ");
  put_text(file);
  put_text(":");
  put_decimal(line);
  put_text("\n");
  finish(CHECK_FAILED);
}

void unexpected_trap(u64 cause, u64 pc, u64 value) {
  put_text("TRAP mcause=");
  put_hex(cause);
  put_text(" mepc=");
  put_hex(pc);
  put_text(" mtval=");
  put_hex(value);
  put_text("\n");
  finish(TRAP_FAILED);
}

/* The compiler may call these for plain struct and array code. */
void *memcpy(void *target, const void *source, u64 count) {
  u8 *to = target;
  const u8 *from = source;
  while (count--) *to++ = *from++;
  return target;
}

void *memset(void *target, int value, u64 count) {
  u8 *to = target;
  while (count--) *to++ = value;
  return target;
}
