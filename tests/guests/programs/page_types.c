/*
 * What a page table entry may say beyond a page and its permissions: contiguous pages, memory types,
 * who sets accessed and dirty bits. Then the fine-grained fences.
 */
#include "borrowed_mode.h"

PARAMETERS(1000);

enum {
  ILLEGAL = 2,
  ECALL_FROM_USER = 8,
  LOAD_PAGE_FAULT = 13,
  STORE_PAGE_FAULT = 15,
  NO_TRAP = 64,
  PAGE_BYTES = 4096,
  PAGE_WORDS = 512,
  GROUP_PAGES = 16,
};

enum pte_bits { V = 1, R = 2, W = 4, X = 8, U = 16, A = 64, D = 128 };

static const u64 CONTIGUOUS = 1UL << 63, TYPE_SHIFT = 61;
static const u64 ENV_UPDATE = 1UL << 61, ENV_TYPES = 1UL << 62;
static const u64 MSTATUS_TVM = 1UL << 20;
static const u64 SATP_SV39 = 8UL << 60, SATP_SV48 = 9UL << 60;
static const u64 WINDOW = 0x40200000UL;
static const u64 GROUP_BITS = 8;

static u64 group[GROUP_PAGES][PAGE_WORDS] __attribute__((aligned(GROUP_PAGES * PAGE_BYTES)));
static u64 top[PAGE_WORDS] __attribute__((aligned(PAGE_BYTES)));
static u64 root[PAGE_WORDS] __attribute__((aligned(PAGE_BYTES)));
static u64 middle[PAGE_WORDS] __attribute__((aligned(PAGE_BYTES)));
static u64 leaves[PAGE_WORDS] __attribute__((aligned(PAGE_BYTES)));
static struct trap_area area;
static u64 checked;

extern u32 fences[];

__asm__(
    ".pushsection .text\n"
    ".option push\n.option norvc\n"
    ".balign 8\n"
    "fences:\n"
    "  .insn 0x16000073\n  ecall\n" /* sinval.vma */
    "  .insn 0x18000073\n  ecall\n" /* sfence.w.inval */
    "  .insn 0x18100073\n  ecall\n" /* sfence.inval.ir */
    ".option pop\n"
    ".popsection\n");

static u64 entry(const void *page, u64 bits) {
  return (u64)page >> 12 << 10 | bits;
}

static void flush(void) {
  __asm__ volatile("sfence.vma" ::: "memory");
}

static void prepare(enum mode mode) {
  CLEAR_CSR("mstatus", MSTATUS_MPP);
  SET_CSR("mstatus", (u64)mode << MPP_SHIFT);
  area.cause = NO_TRAP;
  fence_all();
}

static u64 load(u64 address) {
  prepare(SUPERVISOR);
  u64 value = borrowed_load(address, MSTATUS_MPRV);
  fence_all();
  return value;
}

static void store(u64 address, u64 value) {
  prepare(SUPERVISOR);
  borrowed_store(address, MSTATUS_MPRV, value);
  fence_all();
}

static void expect_at(int line, u64 cause, u64 address) {
  volatile struct trap_area *trap = &area;
  checked++;
  if (trap->cause == cause && (cause == NO_TRAP || trap->value == address)) return;
  put_text("cause ");
  put_decimal(trap->cause);
  put_text(", not ");
  put_decimal(cause);
  put_text("\n");
  fail_at(FILE_NAME, line);
}

#define expect(cause, address) expect_at(__LINE__, cause, address)

static void map(u64 index, u64 bits) {
  store_relaxed(&leaves[index], bits);
  flush();
}

/* Groups stand at indices of 16; in between are ordinary pages. */
static void contiguous(void) {
  u64 whole = entry(group, CONTIGUOUS | V | R | W | A | D) | GROUP_BITS << 10;
  for (u64 i = 0; i < GROUP_PAGES; i++) {
    leaves[GROUP_PAGES + i] = whole;
    leaves[2 * GROUP_PAGES + i] = entry(group[GROUP_PAGES - 1 - i], V | R | W | A | D);
  }
  flush();
  for (u64 i = 0; i < GROUP_PAGES; i++) {
    u64 at = WINDOW + (GROUP_PAGES + i) * PAGE_BYTES + 8 * i;
    store(at, i * 1000 + 1);
    expect(NO_TRAP, 0);
    CHECK(load_relaxed(&group[i][i]) == i * 1000 + 1);
    CHECK(load(at) == i * 1000 + 1);
    u64 reversed = WINDOW + (3 * GROUP_PAGES - 1 - i) * PAGE_BYTES + 8 * i;
    CHECK(load(reversed) == i * 1000 + 1);
  }
  for (u64 low = 0; low < GROUP_PAGES; low++) {
    map(5, entry(group, CONTIGUOUS | V | R | A) | low << 10);
    load(WINDOW + 5 * PAGE_BYTES);
    expect(low == GROUP_BITS ? NO_TRAP : LOAD_PAGE_FAULT, WINDOW + 5 * PAGE_BYTES);
  }
  map(5, 0);
}

static void types(void) {
  u64 at = WINDOW + 6 * PAGE_BYTES;
  group[3][0] = 0x3333;
  for (u64 on = 0; on < 2; on++) {
    if (on) SET_CSR("menvcfg", ENV_TYPES);
    else CLEAR_CSR("menvcfg", ENV_TYPES);
    for (u64 type = 0; type < 4; type++) {
      map(6, entry(group[3], V | R | A) | type << TYPE_SHIFT);
      u64 value = load(at);
      int legal = type == 0 || (on && type < 3);
      expect(legal ? NO_TRAP : LOAD_PAGE_FAULT, at);
      if (legal) CHECK(value == 0x3333);
    }
  }
  for (u64 bit = 54; bit < 61; bit++) {
    map(6, entry(group[3], V | R | A) | 1UL << bit);
    load(at);
    expect(LOAD_PAGE_FAULT, at);
  }
  /* In a pointer to the next level nothing of this may stand. */
  static const u64 pointer_faults[] = {1UL << 63, 1UL << 62, 1UL << 61, 1UL << 54, A, D, U};
  map(6, entry(group[3], V | R | A));
  u64 pointer = middle[1];
  for (u64 i = 0; i < sizeof pointer_faults / sizeof pointer_faults[0]; i++) {
    store_relaxed(&middle[1], pointer | pointer_faults[i]);
    flush();
    load(at);
    expect(LOAD_PAGE_FAULT, at);
  }
  store_relaxed(&middle[1], pointer);
  flush();
}

/* With ADUE the hart sets the bits, without it software is asked. */
static void updates(void) {
  u64 at = WINDOW + 7 * PAGE_BYTES;
  SET_CSR("menvcfg", ENV_UPDATE);
  if (!(READ_CSR("menvcfg") & ENV_UPDATE)) return; /* not a hart with a choice */
  for (u64 round = 0; round < 4; round++) {
    int on = !(round & 1);
    if (on) SET_CSR("menvcfg", ENV_UPDATE);
    else CLEAR_CSR("menvcfg", ENV_UPDATE);
    map(7, entry(group[4], V | R | W));
    load(at);
    expect(on ? NO_TRAP : LOAD_PAGE_FAULT, at);
    CHECK((load_relaxed(&leaves[7]) & (A | D)) == (on ? A : 0));
    map(7, entry(group[4], V | R | W | A));
    store(at, 5);
    expect(on ? NO_TRAP : STORE_PAGE_FAULT, at);
    CHECK((load_relaxed(&leaves[7]) & (A | D)) == (on ? A | D : A));
  }
}

static void fence_in(enum mode mode, u64 index, int legal) {
  prepare(mode);
  enter((u64)(fences + 2 * index));
  if (legal) expect(ECALL_FROM_USER + mode, 0);
  else expect(ILLEGAL, fences[2 * index]);
}

static void fence_rights(void) {
  for (u64 trapped = 0; trapped < 2; trapped++) {
    if (trapped) SET_CSR("mstatus", MSTATUS_TVM);
    for (u64 index = 0; index < 3; index++) {
      fence_in(USER, index, 0);
      fence_in(SUPERVISOR, index, !trapped || index > 0);
      fence_in(MACHINE, index, 1);
    }
    CLEAR_CSR("mstatus", MSTATUS_TVM);
  }
}

static void invalidation(void) {
  u64 at = WINDOW + 8 * PAGE_BYTES;
  for (u64 i = 0; i < GROUP_PAGES; i++) group[i][1] = i;
  for (u64 round = 0; round < parameters.iterations; round++) {
    u64 page = round % GROUP_PAGES;
    store_relaxed(&leaves[8], entry(group[page], V | R | A));
    __asm__ volatile(
        ".insn 0x18000073\n"
        ".insn r 0x73, 0, 0x0b, x0, %0, x0\n"
        ".insn 0x18100073"
        :
        : "r"(at)
        : "memory");
    CHECK(load(at + 8) == page);
  }
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  WRITE_CSR("mscratch", (u64)&area);
  WRITE_CSR("mtvec", (u64)record_trap);
  WRITE_CSR("medeleg", 0);
  WRITE_CSR("pmpaddr0", (1UL << 54) - 1);
  WRITE_CSR("pmpcfg0", 0x1f);
  fence_rights();
  top[0] = entry(root, V);
  root[2] = entry((void *)0x80000000UL, V | R | W | X | A | D);
  root[WINDOW >> 30] = entry(middle, V);
  middle[WINDOW >> 21 & 511] = entry(leaves, V);
  for (u64 i = 0; i < 2; i++) {
    WRITE_CSR("satp", i ? SATP_SV48 | (u64)top >> 12 : SATP_SV39 | (u64)root >> 12);
    flush();
    contiguous();
    types();
    updates();
    invalidation();
  }
  put_result("page_types", checked);
}
