/*
 * Code that changes under running harts.
 *
 * The rule under test: hart 0 stores an instruction, fences, and signals through memory; a hart
 * that has seen the signal and then executed fence.i runs the new instruction. Here the writer
 * waits for everyone before the next patch, so the value is exact.
 */
#include "guest.h"

PARAMETERS(200);

enum {
  CALLS_PER_SIGNAL = 32,
  SAME_LINE_STORES = 64,
};

enum {
  LUI_A0 = 0x00000537,
  NOP = 0x00000013,
  JUMP_OVER_ONE = 0x0080006f, /* jal x0, +8 */
  C_LI_A0 = 0x4501,           /* c.li a0, imm; bits 2..6 hold a positive imm */
  LUI_VALUES = 1 << 20,
};

/* Defined below in assembly, in a section that may be written. */
extern u32 lui_site[], key_site[], straddling_site[];
extern u16 short_site[];
u64 call_lui(void);
u64 call_key(void);
u64 call_short(void);
u64 call_straddling(void);
u64 loop_over_lui(u64 count);
extern u64 neighbour_word;
u64 count_in_code_line(u64 count);

__asm__(
    ".pushsection .patch, \"axw\"\n"
    ".option push\n"
    ".option norvc\n"
    ".globl call_lui, lui_site, call_key, key_site, neighbour_word, count_in_code_line\n"
    ".globl loop_over_lui\n"
    "call_lui:\n"
    "lui_site:\n"
    "  lui a0, 0\n"
    "  srli a0, a0, 12\n"
    "  slli a0, a0, 44\n"
    "  srli a0, a0, 44\n"
    "  ret\n"
    /* The same site as the body of a hot loop: differences are or-ed into the result. */
    "loop_over_lui:\n"
    "  mv t0, a0\n"
    "  mv t1, ra\n"
    "  jal call_lui\n"
    "  mv t2, a0\n"
    "  li t3, 0\n"
    "1: jal call_lui\n"
    "  xor a0, a0, t2\n"
    "  or t3, t3, a0\n"
    "  addi t0, t0, -1\n"
    "  bnez t0, 1b\n"
    "  mv a0, t3\n"
    "  jr t1\n"
    "call_key:\n"
    "  li a0, 1\n"
    "key_site:\n"
    "  nop\n"
    "  li a0, 0\n"
    "  ret\n"
    /* A word of plain data between two pieces of code on one line. */
    ".balign 8\n"
    "neighbour_word: .dword 0\n"
    "count_in_code_line:\n"
    "  la t0, neighbour_word\n"
    "1: ld t1, 0(t0)\n"
    "  addi t1, t1, 1\n"
    "  sd t1, 0(t0)\n"
    "  addi a0, a0, -1\n"
    "  bnez a0, 1b\n"
    "  mv a0, t1\n"
    "  ret\n"
    ".option pop\n"
    ".globl call_short, short_site\n"
    ".balign 4\n"
    "call_short:\n"
    "  c.nop\n"
    "short_site:\n"
    "  c.li a0, 0\n"
    "  ret\n"
    /* Four bytes across a page boundary, patched by two halfword stores. */
    ".globl call_straddling, straddling_site\n"
    ".popsection\n"
    ".pushsection .straddle, \"axw\"\n"
    "call_straddling:\n"
    "  c.nop\n"
    "  c.nop\n"
    "straddling_site:\n"
    ".option push\n"
    ".option norvc\n"
    "  lui a0, 0\n"
    ".option pop\n"
    "  srli a0, a0, 12\n"
    "  slli a0, a0, 44\n"
    "  srli a0, a0, 44\n"
    "  ret\n"
    ".popsection\n");

static u64 published PER_LINE; /* written after the patch: no older value may be seen */
static u64 acknowledged PER_LINE;

static void patch_word(u32 *site, u32 instruction) {
  *(volatile u32 *)site = instruction;
}

static void patch_halves(u32 *site, u32 instruction) {
  volatile u16 *halves = (volatile u16 *)site;
  halves[0] = (u16)instruction;
  halves[1] = (u16)(instruction >> 16);
}

static u32 lui_of(u64 value) {
  return LUI_A0 | (u32)(value % LUI_VALUES) << 12;
}

static u16 short_of(u64 value) {
  return C_LI_A0 | (value & 31) << 2;
}

static void publish(u64 round) {
  fence_all();
  store_relaxed(&published, round);
}

static void self_patching(u64 iterations) {
  for (u64 round = 1; round <= iterations; round++) {
    patch_word(lui_site, lui_of(round));
    patch_halves(straddling_site, lui_of(round + 7));
    *(volatile u16 *)short_site = short_of(round);
    patch_word(key_site, round & 1 ? JUMP_OVER_ONE : NOP);
    fence_instructions();
    CHECK(call_lui() == round % LUI_VALUES);
    CHECK(call_straddling() == (round + 7) % LUI_VALUES);
    CHECK(call_short() == (round & 31));
    CHECK(call_key() == (round & 1));
    CHECK(loop_over_lui(4) == 0);
  }
}

/* Data stores next to code neither lose the data nor disturb the code. */
static void data_beside_code(u64 iterations) {
  u64 before = neighbour_word;
  for (u64 i = 0; i < iterations; i++) {
    CHECK(count_in_code_line(SAME_LINE_STORES) == before + (i + 1) * SAME_LINE_STORES);
    CHECK(call_key() == (iterations & 1));
  }
}

static void write_lockstep(u64 harts, u64 iterations) {
  for (u64 round = 1; round <= iterations; round++) {
    patch_word(lui_site, lui_of(round));
    patch_halves(straddling_site, lui_of(round + 7));
    *(volatile u16 *)short_site = short_of(round);
    patch_word(key_site, round & 1 ? JUMP_OVER_ONE : NOP);
    publish(round);
    while (load_acquire(&acknowledged) != round * (harts - 1)) pause_hint();
  }
}

static void follow_lockstep(u64 iterations) {
  for (u64 round = 1; round <= iterations; round++) {
    while (load_relaxed(&published) != round) pause_hint();
    fence_acquire();
    fence_instructions();
    for (int call = 0; call < CALLS_PER_SIGNAL; call++) {
      CHECK(call_lui() == round % LUI_VALUES);
      CHECK(call_key() == (round & 1));
      CHECK(call_short() == (round & 31));
      CHECK(call_straddling() == (round + 7) % LUI_VALUES);
    }
    CHECK(loop_over_lui(CALLS_PER_SIGNAL) == 0);
    AMO("amoadd.d.aqrl", &acknowledged, 1UL);
  }
}

/* Every hart counts in its own word while the line also holds code that all of them run. */
static void shared_code_line(u64 iterations) {
  for (u64 i = 0; i < iterations; i++) {
    AMO("amoadd.d", &neighbour_word, 1UL);
    CHECK(call_key() == (parameters.iterations & 1));
  }
}

void guest_main(u64 hart, u64 harts) {
  u64 iterations = parameters.iterations;
  if (hart == 0) {
    self_patching(iterations);
    data_beside_code(iterations);
  }
  barrier(harts);
  fence_instructions();
  u64 before = neighbour_word;
  barrier(harts);
  shared_code_line(iterations);
  barrier(harts);
  CHECK(neighbour_word == before + harts * iterations);
  barrier(harts);
  if (harts > 1) {
    if (hart == 0) {
      write_lockstep(harts, iterations);
    } else {
      follow_lockstep(iterations);
    }
  }
  barrier(harts);
  if (hart == 0) put_result("code_patch", harts * iterations);
}
