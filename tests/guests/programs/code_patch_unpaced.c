/*
 * Hart 0 patches one instruction over and over without waiting for the harts that run it.
 *
 * A hart reads the number of the newest finished patch, executes fence.i and calls: the value must
 * lie between that number and the newest patch begun. QEMU up to 7.2 can translate the old bytes
 * between its invalidation and the store itself, and fails here now and then.
 */
#include "guest.h"

PARAMETERS(200);

enum {
  CALLS_PER_SIGNAL = 32,
  PATCHES_PER_OBSERVATION = 16,
  LUI_A0 = 0x00000537,
  LUI_VALUES = 1 << 20,
};

extern u32 patched_instruction;
u64 call_patched(void);

__asm__(
    ".pushsection .patch, \"axw\"\n"
    ".option push\n"
    ".option norvc\n"
    ".globl call_patched, patched_instruction\n"
    "call_patched:\n"
    "patched_instruction:\n"
    "  lui a0, 0\n"
    "  srli a0, a0, 12\n"
    "  slli a0, a0, 44\n"
    "  srli a0, a0, 44\n"
    "  ret\n"
    ".option pop\n"
    ".popsection\n");

static u64 announced PER_LINE; /* written before the patch: no newer value can be seen */
static u64 published PER_LINE; /* written after the patch: no older value may be seen */
static u64 finished PER_LINE;
static u64 observations PER_LINE;

/* Distance from b to a among values that wrap at 20 bits, as a signed number. */
static s64 distance(u64 a, u64 b) {
  return (s64)((a - b) << 44) >> 44;
}

static void patch(u64 round) {
  store_relaxed(&announced, round);
  fence_all();
  *(volatile u32 *)&patched_instruction = LUI_A0 | (u32)(round % LUI_VALUES) << 12;
  fence_all();
  store_relaxed(&published, round);
}

/* Stays at most a few patches ahead of the readers, but never in step with it. */
static void write(u64 followers) {
  for (u64 round = 1; load_acquire(&finished) != followers; round++) {
    patch(round);
    if (round % PATCHES_PER_OBSERVATION) continue;
    u64 seen = load_relaxed(&observations);
    while (load_relaxed(&observations) == seen && load_relaxed(&finished) != followers) {
      pause_hint();
    }
  }
}

static void follow(u64 iterations) {
  while (load_relaxed(&published) == 0) pause_hint();
  for (u64 i = 0; i < iterations; i++) {
    u64 oldest = load_acquire(&published);
    fence_instructions();
    for (int call = 0; call < CALLS_PER_SIGNAL; call++) {
      u64 value = call_patched();
      fence_all();
      CHECK(distance(value, oldest) >= 0);
      CHECK(distance(load_relaxed(&announced), value) >= 0);
    }
    AMO("amoadd.d", &observations, 1UL);
  }
  AMO("amoadd.d.aqrl", &finished, 1UL);
}

void guest_main(u64 hart, u64 harts) {
  barrier(harts);
  if (hart == 0) {
    write(harts - 1);
  } else {
    follow(parameters.iterations);
  }
  barrier(harts);
  if (hart == 0) put_result("code_patch_unpaced", (harts - 1) * parameters.iterations);
}
