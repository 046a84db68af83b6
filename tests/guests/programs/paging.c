/*
 * Sv39 translation seen through MPRV: machine mode borrows the privilege of S or U for its loads
 * and stores, so every permission can be tried without leaving this program. Then a fetch from a
 * mapped page in S-mode, and on several harts, in S-mode too, a shoot-down: after the signal and a
 * local sfence.vma nobody may use the old mapping.
 */
#include "borrowed_mode.h"

PARAMETERS(100);

enum {
  LOAD_PAGE_FAULT = 13,
  STORE_PAGE_FAULT = 15,
  FETCH_PAGE_FAULT = 12,
  ECALL_FROM_SUPERVISOR = 9,
  NO_TRAP = 64,
};

enum pte_bits { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };

enum {
  PAGE_BYTES = 4096,
  PAGE_SHIFT = 12,
  ENTRIES = 512,
  PTE_PAGE_SHIFT = 10,
  FRAMES = 4,
};

static const u64 SATP_SV39 = 8UL << 60;
static const u64 WINDOW = 0x2040201000UL; /* index 129, 1, 1 */
static const u64 CANONICAL_BITS = 39;

static u64 root[ENTRIES] __attribute__((aligned(PAGE_BYTES)));
static u64 middle[ENTRIES] __attribute__((aligned(PAGE_BYTES)));
static u64 leaves[ENTRIES] __attribute__((aligned(PAGE_BYTES)));
static u64 frames[FRAMES][ENTRIES] __attribute__((aligned(PAGE_BYTES)));

static struct trap_area areas[MAX_HARTS];

void enter_supervisor(u64 address);
typedef void supervised(u64 hart, u64 harts, u64 rounds);
void run_supervised(supervised *run, u64 hart, u64 harts, u64 rounds);

__asm__(
    ".pushsection .text\n"
    ".option push\n.option norvc\n"
    ".globl enter_supervisor\n"
    "enter_supervisor:\n"
    "  csrr t2, mscratch\n  la t1, 1f\n  sd t1, 32(t2)\n"
    "  csrw mepc, a0\n"
    "  li t1, 1 << 11\n  csrs mstatus, t1\n"
    "  mret\n"
    "1: ret\n"
    /* The function returns to an ecall, which comes back here in machine mode. */
    ".globl run_supervised\n"
    "run_supervised:\n"
    "  addi sp, sp, -16\n  sd ra, 0(sp)\n"
    "  csrr t2, mscratch\n  la t1, 1f\n  sd t1, 32(t2)\n"
    "  csrw mepc, a0\n"
    "  li t1, 3 << 11\n  csrc mstatus, t1\n  li t1, 1 << 11\n  csrs mstatus, t1\n"
    "  mv a0, a1\n  mv a1, a2\n  mv a2, a3\n"
    "  la ra, 2f\n"
    "  mret\n"
    "2: ecall\n"
    "1: ld ra, 0(sp)\n  addi sp, sp, 16\n"
    "  ret\n"
    ".option pop\n"
    ".popsection\n");

static struct trap_area *my_area(void) {
  return (struct trap_area *)READ_CSR("mscratch");
}

static void flush(void) {
  __asm__ volatile("sfence.vma" ::: "memory");
}

static void flush_page(u64 address) {
  __asm__ volatile("sfence.vma %0" ::"r"(address) : "memory");
}

static u64 entry(const void *page, u64 bits) {
  return (u64)page >> PAGE_SHIFT << PTE_PAGE_SHIFT | bits;
}

/* Sets MPP and the wanted bits; the borrowed access turns MPRV on and off. */
static void prepare(enum mode mode, u64 extra) {
  CLEAR_CSR("mstatus", MSTATUS_MPP | MSTATUS_SUM | MSTATUS_MXR);
  SET_CSR("mstatus", (u64)mode << MPP_SHIFT | extra);
  my_area()->cause = NO_TRAP;
}

static u64 load_as(enum mode mode, u64 extra, u64 address) {
  prepare(mode, extra);
  u64 value = borrowed_load(address, MSTATUS_MPRV);
  fence_all();
  return value;
}

static void store_as(enum mode mode, u64 extra, u64 address, u64 value) {
  prepare(mode, extra);
  borrowed_store(address, MSTATUS_MPRV, value);
  fence_all();
}

static void expect_trap(u64 cause, u64 address) {
  volatile struct trap_area *area = my_area();
  CHECK(area->cause == cause);
  if (cause != NO_TRAP) CHECK(area->value == address);
}

static void map(u64 bits) {
  leaves[1] = entry(frames[0], bits);
  flush_page(WINDOW);
}

static void expect_access(enum mode mode, u64 extra, int can_load, int can_store) {
  u64 address = WINDOW + 8, old = frames[0][1];
  u64 value = load_as(mode, extra, address);
  expect_trap(can_load ? NO_TRAP : LOAD_PAGE_FAULT, address);
  if (can_load) CHECK(value == old);
  store_as(mode, extra, address, old + 1);
  expect_trap(can_store ? NO_TRAP : STORE_PAGE_FAULT, address);
  CHECK(load_relaxed(&frames[0][1]) == old + (u64)can_store);
}

static void permissions(void) {
  map(V | R | W | A | D);
  expect_access(SUPERVISOR, 0, 1, 1);
  expect_access(USER, 0, 0, 0);
  map(V | R | A | D);
  expect_access(SUPERVISOR, 0, 1, 0);
  map(V | R | W | U | A | D);
  expect_access(USER, 0, 1, 1);
  expect_access(SUPERVISOR, 0, 0, 0);
  expect_access(SUPERVISOR, MSTATUS_SUM, 1, 1);
  map(V | X | A | D);
  expect_access(SUPERVISOR, 0, 0, 0);
  expect_access(SUPERVISOR, MSTATUS_MXR, 1, 0);
  map(V | W | A | D); /* writable but not readable is reserved */
  expect_access(SUPERVISOR, 0, 0, 0);
  map(R | W | A | D); /* not valid */
  expect_access(SUPERVISOR, 0, 0, 0);
}

/* Hardware may set A and D or fault for software to do it; it may not ignore them. */
static void accessed_and_dirty(void) {
  map(V | R | W);
  load_as(SUPERVISOR, 0, WINDOW);
  int faulted = my_area()->cause == LOAD_PAGE_FAULT;
  CHECK(faulted ? !(leaves[1] & A) : (load_relaxed(&leaves[1]) & (A | D)) == A);
  map(V | R | W | A);
  store_as(SUPERVISOR, 0, WINDOW, 1);
  faulted = my_area()->cause == STORE_PAGE_FAULT;
  CHECK(faulted ? !(leaves[1] & D) : (load_relaxed(&leaves[1]) & D) != 0);
}

static void addresses(void) {
  map(V | R | W | A | D);
  u64 high = WINDOW | ~0UL << (CANONICAL_BITS + 1);
  load_as(SUPERVISOR, 0, high);
  expect_trap(LOAD_PAGE_FAULT, high);
  /* A two-megabyte page must be aligned; then it reaches every frame. */
  middle[2] = entry(frames[0], V | R | W | A | D) | 1UL << PTE_PAGE_SHIFT;
  flush();
  u64 large = WINDOW + (1UL << 21) - PAGE_BYTES;
  load_as(SUPERVISOR, 0, large);
  expect_trap(LOAD_PAGE_FAULT, large);
  u64 base = (u64)frames[0] >> 21 << 21;
  middle[2] = entry((void *)base, V | R | W | A | D);
  flush();
  frames[2][5] = 0x1234;
  u64 inside = large + (u64)&frames[2][5] - base;
  CHECK(load_as(SUPERVISOR, 0, inside) == 0x1234);
  expect_trap(NO_TRAP, 0);
  /* An access across two pages takes its halves from both. */
  leaves[2] = entry(frames[3], V | R | W | A | D);
  flush();
  frames[0][ENTRIES - 1] = 0x1122334455667788UL;
  frames[3][0] = 0x99aabbccddeeff00UL;
  CHECK(load_as(SUPERVISOR, 0, WINDOW + PAGE_BYTES - 4) == 0xddeeff0011223344UL);
  expect_trap(NO_TRAP, 0);
  leaves[2] = 0;
  flush();
  load_as(SUPERVISOR, 0, WINDOW + PAGE_BYTES - 4);
  CHECK(my_area()->cause == LOAD_PAGE_FAULT);
}

/* The mapped code is one ecall; without the right to execute it the fetch itself traps. */
static void fetches(void) {
  u32 *code = (u32 *)frames[1];
  u64 page = WINDOW + 2 * PAGE_BYTES;
  code[0] = 0x00000073; /* ecall */
  leaves[3] = entry(frames[1], V | X | A);
  flush();
  fence_instructions();
  prepare(USER, 0);
  enter_supervisor(page);
  volatile struct trap_area *area = my_area();
  CHECK(area->cause == ECALL_FROM_SUPERVISOR && area->pc == page);
  leaves[3] = entry(frames[1], V | R | A); /* readable is not executable */
  flush();
  prepare(USER, 0);
  enter_supervisor(page);
  CHECK(area->cause == FETCH_PAGE_FAULT && area->pc == page && area->value == page);
  leaves[3] = entry(frames[1], V | X | U | A); /* a user page is not executable for S */
  flush();
  prepare(USER, 0);
  enter_supervisor(page);
  CHECK(area->cause == FETCH_PAGE_FAULT && area->pc == page && area->value == page);
}

static u64 published PER_LINE;
static u64 acknowledged PER_LINE;

/*
 * Runs in S-mode. The frames hold their own numbers, so a load through the window names the
 * mapping in use; the loads before the signal fill the TLB with the old one.
 */
static void shoot_down(u64 hart, u64 harts, u64 rounds) {
  const volatile u64 *window = (const volatile u64 *)WINDOW;
  for (u64 round = 1; round <= rounds; round++) {
    u64 frame = round % FRAMES;
    if (hart == 0) {
      CHECK(*window == (round - 1) % FRAMES);
      store_relaxed(&leaves[1], entry(frames[frame], V | R | W | A | D));
      store_release(&published, round);
    } else {
      while (load_acquire(&published) != round) (void)*window;
    }
    if (round & 1) {
      flush_page(WINDOW);
    } else {
      flush();
    }
    for (int i = 0; i < 4; i++) CHECK(*window == frame);
    AMO("amoadd.d.aqrl", &acknowledged, 1UL);
    while (load_acquire(&acknowledged) < round * harts) pause_hint();
  }
}

/* RAM and devices stay where they are for the code that runs in S-mode. */
static void map_identity(void) {
  for (u64 gigabyte = 0; gigabyte < 3; gigabyte++) {
    root[gigabyte] = entry((void *)(gigabyte << 30), V | R | W | X | A | D);
  }
}

static void open_protection(void) {
  WRITE_CSR("pmpaddr0", (1UL << 54) - 1);
  WRITE_CSR("pmpcfg0", 0x1f);
}

void guest_main(u64 hart, u64 harts) {
  WRITE_CSR("mscratch", (u64)&areas[hart]);
  WRITE_CSR("mtvec", (u64)record_trap);
  WRITE_CSR("medeleg", 0);
  open_protection();
  if (hart == 0) {
    root[WINDOW >> 30 & 511] = entry(middle, V);
    middle[WINDOW >> 21 & 511] = entry(leaves, V);
  }
  barrier(harts);
  WRITE_CSR("satp", SATP_SV39 | (u64)root >> PAGE_SHIFT);
  CHECK(READ_CSR("satp") >> 60 == 8);
  flush();
  if (hart == 0) {
    permissions();
    accessed_and_dirty();
    addresses();
    fetches();
    for (u64 i = 0; i < FRAMES; i++) frames[i][0] = i;
    map(V | R | W | A | D);
    map_identity();
  }
  barrier(harts);
  flush();
  run_supervised(shoot_down, hart, harts, parameters.iterations);
  expect_trap(ECALL_FROM_SUPERVISOR, 0);
  barrier(harts);
  if (hart == 0) put_result("paging", harts * parameters.iterations);
}
