/*
 * Cache-block instructions: who may execute them, what they leave in memory, which faults they raise
 * and what these name. Prefetches and waits on a reservation never trap and always end.
 */
#include "borrowed_mode.h"

PARAMETERS(2000);

enum {
  ILLEGAL = 2,
  STORE_ACCESS = 7,
  ECALL_FROM_USER = 8,
  STORE_PAGE_FAULT = 15,
  PAGE_BYTES = 4096,
  PAGE_WORDS = 512,
  BLOCK_BYTES = 64,
  BLOCK_WORDS = 8,
  STUB_BYTES = 8,
};

enum stub { INVAL, CLEAN, FLUSH, ZERO, PREFETCH_I, PREFETCH_R, PREFETCH_W, WAIT, WAIT_SHORTLY, STUBS };

/* Fields of menvcfg and senvcfg. */
enum { INVAL_AS_FLUSH = 1 << 4, INVAL_RESERVED = 2 << 4, INVAL_FIELD = 3 << 4, CLEANING = 1 << 6, ZEROING = 1 << 7 };

static const u64 SATP_SV39 = 8UL << 60;
static const u64 UNMAPPED = 0x07000000UL;
static const u64 WINDOW = 0x40000000UL;
static const u64 CODE_LEAF = 0xcf, DATA_LEAF = 0xc7, READ_LEAF = 0xc3, USER_BIT = 0x10, POINTER = 1;

static u64 data[PAGE_WORDS] __attribute__((aligned(PAGE_BYTES)));
static u64 root[PAGE_WORDS] __attribute__((aligned(PAGE_BYTES)));
static u64 middle[PAGE_WORDS] __attribute__((aligned(PAGE_BYTES)));
static u64 leaves[PAGE_WORDS] __attribute__((aligned(PAGE_BYTES)));
static struct trap_area area;
static u64 checked;

extern u32 stubs[];
void run_stub(u64 address, const u32 *stub);
void zero_blocks(u64 address, u64 blocks);
u64 wait_often(u64 *word, u64 rounds);

__asm__(
    ".pushsection .text\n"
    ".option push\n.option norvc\n"
    ".balign 8\n"
    "stubs:\n"
    "  .insn i 0x0f, 2, x0, a0, 0\n  ecall\n"
    "  .insn i 0x0f, 2, x0, a0, 1\n  ecall\n"
    "  .insn i 0x0f, 2, x0, a0, 2\n  ecall\n"
    "  .insn i 0x0f, 2, x0, a0, 4\n  ecall\n"
    "  .insn i 0x13, 6, x0, a0, 0\n  ecall\n"
    "  .insn i 0x13, 6, x0, a0, 1\n  ecall\n"
    "  .insn i 0x13, 6, x0, a0, 3\n  ecall\n"
    "  .insn 0x00d00073\n  ecall\n"
    "  .insn 0x01d00073\n  ecall\n"
    /* In the mode of MPP; with MPRV, machine mode goes on behind the instruction to the ecall. */
    "run_stub:\n"
    "  csrr t2, mscratch\n  la t1, 1f\n  sd t1, 32(t2)\n"
    "  csrw mepc, a1\n"
    "  mret\n"
    "1: ret\n"
    "zero_blocks:\n"
    "2: .insn i 0x0f, 2, x0, a0, 4\n"
    "  addi a0, a0, 64\n  addi a1, a1, -1\n  bnez a1, 2b\n"
    "  ret\n"
    "wait_often:\n"
    "  li a2, 0\n"
    "2: lr.d t0, (a0)\n  add a2, a2, t0\n"
    "  .insn 0x00d00073\n  .insn 0x01d00073\n"
    "  addi a1, a1, -1\n  bnez a1, 2b\n"
    "  mv a0, a2\n  ret\n"
    ".option pop\n"
    ".popsection\n");

static const u32 *stub_of(enum stub stub) {
  return stubs + stub * STUB_BYTES / sizeof(u32);
}

static void run(enum mode mode, enum stub stub, u64 address) {
  CLEAR_CSR("mstatus", MSTATUS_MPP);
  SET_CSR("mstatus", (u64)mode << MPP_SHIFT);
  run_stub(address, stub_of(stub));
  fence_all();
}

static void expect_at(int line, u64 cause, u64 value) {
  volatile struct trap_area *trap = &area;
  checked++;
  if (trap->cause == cause && trap->value == value) return;
  put_text("cause ");
  put_decimal(trap->cause);
  put_text(" value ");
  put_hex(trap->value);
  put_text(", not ");
  put_decimal(cause);
  put_text("\n");
  fail_at(FILE_NAME, line);
}

#define expect(cause, value) expect_at(__LINE__, cause, value)

static u64 needed(enum stub stub) {
  return stub == INVAL ? INVAL_FIELD : stub == ZERO ? ZEROING : stub <= FLUSH ? CLEANING : 0;
}

/* Every mode, every combination of the fields. The block stands outside of memory that is used. */
static void permissions(void) {
  static const u64 fields[] = {0, INVAL_AS_FLUSH, INVAL_FIELD, CLEANING, ZEROING,
                               INVAL_FIELD | CLEANING | ZEROING};
  enum { FIELDS = sizeof fields / sizeof fields[0] };
  static const enum mode modes[] = {USER, SUPERVISOR, MACHINE};
  for (u64 i = 0; i < 3 * FIELDS * FIELDS; i++) {
    enum mode mode = modes[i % 3];
    u64 machine = fields[i / 3 % FIELDS], supervisor = fields[i / 3 / FIELDS];
    WRITE_CSR("menvcfg", machine);
    WRITE_CSR("senvcfg", supervisor);
    CHECK(READ_CSR("menvcfg") == machine && READ_CSR("senvcfg") == supervisor);
    for (enum stub stub = 0; stub < STUBS; stub++) {
      u64 fields_needed = needed(stub);
      int legal = fields_needed == 0 || mode == MACHINE ||
                  (machine & fields_needed && (mode == SUPERVISOR || supervisor & fields_needed));
      run(mode, stub, (u64)data);
      if (legal) expect(ECALL_FROM_USER + mode, 0);
      else expect(ILLEGAL, *stub_of(stub));
    }
  }
  WRITE_CSR("menvcfg", INVAL_AS_FLUSH);
  WRITE_CSR("menvcfg", INVAL_RESERVED);
  CHECK(READ_CSR("menvcfg") != INVAL_RESERVED);
  WRITE_CSR("menvcfg", INVAL_FIELD | CLEANING | ZEROING);
  WRITE_CSR("senvcfg", INVAL_FIELD | CLEANING | ZEROING);
}

static void fill(void) {
  for (u64 i = 0; i < PAGE_WORDS; i++) store_relaxed(&data[i], ~i);
}

/* Only zeroing changes memory, and only the block that holds the address. */
static void contents(void) {
  for (enum stub stub = 0; stub < WAIT; stub++) {
    for (u64 offset = 0; offset < 3 * BLOCK_BYTES; offset += 9) {
      u64 at = PAGE_BYTES - 4 * BLOCK_BYTES + offset, first = at / BLOCK_BYTES * BLOCK_WORDS;
      fill();
      run(SUPERVISOR, stub, (u64)data + at);
      expect(ECALL_FROM_USER + SUPERVISOR, 0);
      for (u64 i = 0; i < PAGE_WORDS; i++) {
        int is_zeroed = stub == ZERO && i - first < BLOCK_WORDS;
        CHECK(load_relaxed(&data[i]) == (is_zeroed ? 0 : ~i));
      }
    }
  }
}

static void often(u64 rounds) {
  for (u64 round = 0; round < rounds; round++) {
    u64 first = round % 7, blocks = PAGE_BYTES / BLOCK_BYTES - 2 * first;
    fill();
    zero_blocks((u64)data + first * BLOCK_BYTES + round % BLOCK_BYTES, blocks);
    for (u64 i = 0; i < PAGE_WORDS; i++) {
      int is_zeroed = i / BLOCK_WORDS - first < blocks;
      CHECK(load_relaxed(&data[i]) == (is_zeroed ? 0 : ~i));
    }
  }
}

static u64 leaf(const void *page, u64 bits) {
  return (u64)page >> 12 << 10 | bits;
}

static void expect_faults(enum mode mode, u64 address, u64 management, u64 zeroing) {
  for (enum stub stub = 0; stub < STUBS; stub++) {
    u64 cause = stub == ZERO ? zeroing : stub < ZERO ? management : 0;
    run(mode, stub, address);
    if (cause == 0) expect(ECALL_FROM_USER + mode, 0);
    else expect(cause, address);
  }
}

static void faults(void) {
  for (enum mode mode = USER; mode <= SUPERVISOR; mode++) {
    expect_faults(mode, UNMAPPED + 5, STORE_ACCESS, STORE_ACCESS);
  }
  WRITE_CSR("pmpaddr0", (u64)data >> 2 | (PAGE_BYTES / 8 - 1));
  u64 open = READ_CSR("pmpcfg0");
  static const u64 given[] = {0, 1, 3, 4};
  for (u64 i = 0; i < 4; i++) {
    WRITE_CSR("pmpcfg0", open | 0x18 | given[i]);
    u64 management = given[i] & 1 ? 0 : STORE_ACCESS;
    expect_faults(SUPERVISOR, (u64)data + 77, management, given[i] & 2 ? 0 : STORE_ACCESS);
  }
  WRITE_CSR("pmpcfg0", open);
  root[2] = leaf((void *)0x80000000UL, CODE_LEAF);
  root[WINDOW >> 30] = leaf(middle, POINTER);
  middle[0] = leaf(leaves, POINTER);
  leaves[1] = leaf(data, DATA_LEAF);
  leaves[2] = leaf(data, READ_LEAF);
  leaves[3] = leaf(data, DATA_LEAF | USER_BIT);
  leaves[4] = leaf((void *)UNMAPPED, DATA_LEAF);
  WRITE_CSR("satp", SATP_SV39 | (u64)root >> 12);
  __asm__ volatile("sfence.vma" ::: "memory");
  expect_faults(SUPERVISOR, WINDOW + 3, STORE_PAGE_FAULT, STORE_PAGE_FAULT);
  expect_faults(SUPERVISOR, WINDOW + PAGE_BYTES + 11, 0, 0);
  expect_faults(SUPERVISOR, WINDOW + 2 * PAGE_BYTES + 11, 0, STORE_PAGE_FAULT);
  expect_faults(SUPERVISOR, WINDOW + 3 * PAGE_BYTES + 11, STORE_PAGE_FAULT, STORE_PAGE_FAULT);
  expect_faults(SUPERVISOR, WINDOW + 4 * PAGE_BYTES + 11, STORE_ACCESS, STORE_ACCESS);
  /* What is not allowed is illegal before it can fault. */
  WRITE_CSR("menvcfg", 0);
  for (enum stub stub = INVAL; stub <= ZERO; stub++) {
    run(SUPERVISOR, stub, WINDOW);
    expect(ILLEGAL, *stub_of(stub));
  }
  WRITE_CSR("satp", 0);
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  WRITE_CSR("mscratch", (u64)&area);
  WRITE_CSR("mtvec", (u64)record_trap);
  WRITE_CSR("medeleg", 0);
  WRITE_CSR("pmpaddr1", (1UL << 54) - 1);
  WRITE_CSR("pmpcfg0", 0x1f00);
  permissions();
  contents();
  often(parameters.iterations);
  faults();
  data[0] = 3;
  CHECK(wait_often(data, parameters.iterations) == 3 * parameters.iterations);
  put_result("cache_blocks", checked);
}
