/*
 * Physical memory protection. Random entries over a few pages change one at a time, and at once every
 * page answers loads, stores and fetches of S and U as a plain reading of the entries says: bare,
 * through Sv39, in loops that run long enough to be compiled, and at the end, with locked entries,
 * in machine mode. No fence stands between a change of the entries and the accesses.
 */
#include "borrowed_mode.h"

PARAMETERS(150);

enum {
  FETCH_ACCESS = 1,
  LOAD_ACCESS = 5,
  STORE_ACCESS = 7,
  ECALL_FROM_USER = 8,
  NO_TRAP = 64,
};

enum config { READ = 1, WRITE = 2, EXECUTE = 4, ALL = 7, RANGE = 8, POWER = 24, LOCK = 128 };

enum {
  PAGE_BYTES = 4096,
  PAGE_WORDS = 512,
  PAGES = 8,
  ENTRIES = 16,
  PAIRS = 7,
  OPEN_ENTRY = 15,
  CONFIGS_PER_REGISTER = 8,
  PROBES = 6,
  HOT_ROUNDS = 30000,
  ECALL = 0x73,
  GIGABYTE_SHIFT = 30,
};

static const u64 SATP_SV39 = 8UL << 60;
static const u64 LEAF = 0xcf; /* valid, readable, writable, executable, accessed, dirty */

/* Of each hart: its pages, its page table, what it wrote into its entries. */
static u64 pages[MAX_HARTS][PAGES][PAGE_WORDS] __attribute__((aligned(PAGES * PAGE_BYTES)));
static u64 root[PAGE_WORDS] __attribute__((aligned(PAGE_BYTES)));

struct hart_state {
  struct trap_area trap;
  u64 random;
  u64 address[ENTRIES];
  u8 config[ENTRIES + 1]; /* there is an end that is off */
  u64 checked;
};

static struct hart_state states[MAX_HARTS] PER_LINE;

u64 machine_load(u64 address, u64 rounds);
void machine_store(u64 address, u64 value);
void read_often(u64 address, u64 rounds);

__asm__(
    ".pushsection .text\n"
    ".option push\n.option norvc\n"
    ".globl machine_load, machine_store, read_often\n"
    "machine_load:\n"
    "  csrr t2, mscratch\n  la t1, 1f\n  sd t1, 32(t2)\n"
    "2: ld t0, 0(a0)\n  addi a1, a1, -1\n  bnez a1, 2b\n"
    "1: mv a0, t0\n  ret\n"
    "machine_store:\n"
    "  csrr t2, mscratch\n  la t1, 1f\n  sd t1, 32(t2)\n"
    "  sd a1, 0(a0)\n"
    "1: ret\n"
    /* Loads in the mode of MPP, then an ecall. */
    "read_often:\n"
    "  csrr t2, mscratch\n  la t1, 1f\n  sd t1, 32(t2)\n"
    "  la t1, 2f\n  csrw mepc, t1\n"
    "  mret\n"
    "2: ld t0, 0(a0)\n  addi a1, a1, -1\n  bnez a1, 2b\n"
    "  ecall\n"
    "1: ret\n"
    ".option pop\n"
    ".popsection\n");

static struct hart_state *my_state(void) {
  return (struct hart_state *)READ_CSR("mscratch");
}

static u64 random_below(u64 limit) {
  return (next_random(&my_state()->random) >> 33) % limit;
}

#define FOR_EACH_ENTRY(DO)                                                                    \
  DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) \
  DO(15)
#define WRITE_CASE(index)                          \
  case index:                                      \
    WRITE_CSR("pmpaddr" #index, value);            \
    break;

static void write_address(u64 entry, u64 value) {
  switch (entry) { FOR_EACH_ENTRY(WRITE_CASE) }
}

static void write_config(u64 entry, u64 config) {
  u64 shift = entry % CONFIGS_PER_REGISTER * 8, byte = 255UL << shift;
  if (entry < CONFIGS_PER_REGISTER) {
    WRITE_CSR("pmpcfg0", (READ_CSR("pmpcfg0") & ~byte) | config << shift);
  } else {
    WRITE_CSR("pmpcfg2", (READ_CSR("pmpcfg2") & ~byte) | config << shift);
  }
}

/* What a locked entry refuses is not taken into the model either. */
static void set_entry(u64 entry, u64 config, u64 address) {
  struct hart_state *state = my_state();
  int bounds_locked = (state->config[entry + 1] & (LOCK | POWER)) == (LOCK | RANGE);
  write_address(entry, address);
  if (!(state->config[entry] & LOCK) && !bounds_locked) state->address[entry] = address;
  write_config(entry, config);
  if (!(state->config[entry] & LOCK)) state->config[entry] = config;
}

static int covers(const struct hart_state *state, u64 entry, u64 address) {
  u64 stored = state->address[entry];
  switch (state->config[entry] & POWER) {
    case RANGE:
      return address >= state->address[entry - 1] << 2 && address < stored << 2;
    case POWER: {
      u64 size = 8;
      for (u64 rest = stored; rest & 1; rest >>= 1) size *= 2;
      return (address & ~(size - 1)) == (stored << 2 & ~(size - 1));
    }
    default:
      return 0;
  }
}

static u64 permissions(enum mode mode, u64 address) {
  const struct hart_state *state = my_state();
  for (u64 i = 0; i < ENTRIES; i++) {
    if (!covers(state, i, address)) continue;
    u64 config = state->config[i];
    return mode == MACHINE && !(config & LOCK) ? ALL : config & ALL;
  }
  return mode == MACHINE ? ALL : 0;
}

static u64 random_permissions(void) {
  static const u8 legal[] = {0, READ, READ | WRITE, EXECUTE, READ | EXECUTE, ALL};
  return legal[random_below(sizeof legal)];
}

static u64 page_address(u64 hart, u64 page) {
  return (u64)pages[hart] + page * PAGE_BYTES;
}

/* A pair of entries is a range, or two regions. Changes one of the pairs. */
static void change_pair(u64 hart, u64 pair, u64 lock) {
  u64 low = 2 * pair, high = low + 1;
  if (random_below(2)) {
    u64 bottom = random_below(PAGES), top = bottom + random_below(PAGES + 1 - bottom);
    set_entry(low, lock, page_address(hart, bottom) >> 2);
    set_entry(high, RANGE | random_permissions() | lock, page_address(hart, top) >> 2);
    return;
  }
  for (u64 entry = low; entry <= high; entry++) {
    u64 order = random_below(3), size = PAGE_BYTES << order;
    u64 base = page_address(hart, random_below(PAGES)) & ~(size - 1);
    u64 match = random_below(4) ? POWER : 0;
    set_entry(entry, match | random_permissions() | lock, base >> 2 | (size / 8 - 1));
  }
}

static void prepare(enum mode mode) {
  CLEAR_CSR("mstatus", MSTATUS_MPP);
  SET_CSR("mstatus", (u64)mode << MPP_SHIFT);
  my_state()->trap.cause = NO_TRAP;
  fence_all();
}

static void expect_at(int line, u64 cause, u64 address) {
  volatile struct hart_state *state = my_state();
  if (state->trap.cause != cause) {
    put_text("cause ");
    put_decimal(state->trap.cause);
    put_text(", not ");
    put_decimal(cause);
    put_text("\n");
    fail_at(FILE_NAME, line);
  }
  if (cause <= STORE_ACCESS) CHECK(state->trap.value == address);
  state->checked++;
}

#define expect(cause, address) expect_at(__LINE__, cause, address)

/* What machine mode sees of a word, or nothing where an entry is locked against it. */
static u64 peek(u64 address) {
  return permissions(MACHINE, address) & READ ? load_relaxed((u64 *)address) : 0;
}

static void probe(u64 hart, enum mode mode, u64 page) {
  u64 at = page_address(hart, page), word = at + 8 * (1 + random_below(PAGE_WORDS - 1));
  u64 given = permissions(mode, at), old = peek(word);
  int is_seen = permissions(MACHINE, at) & READ;
  prepare(mode);
  u64 seen = borrowed_load(word, MSTATUS_MPRV);
  expect(given & READ ? NO_TRAP : LOAD_ACCESS, word);
  if (given & READ && is_seen) CHECK(seen == old);
  prepare(mode);
  borrowed_store(word, MSTATUS_MPRV, old + 1);
  expect(given & WRITE ? NO_TRAP : STORE_ACCESS, word);
  if (is_seen) CHECK(peek(word) == old + !!(given & WRITE));
  prepare(mode);
  enter(at);
  expect(given & EXECUTE ? ECALL_FROM_USER + mode : FETCH_ACCESS, at);
}

/* A long loop of loads, the same loop once the page is closed, and again when it is open. */
static void probe_hot(u64 hart, u64 page) {
  u64 at = page_address(hart, page);
  u64 config = my_state()->config[0], address = my_state()->address[0];
  for (u64 round = 0; round < 4; round++) {
    u64 given = round & 1 ? EXECUTE : READ;
    set_entry(0, POWER | given, at >> 2 | (PAGE_BYTES / 8 - 1));
    prepare(SUPERVISOR);
    read_often(at, HOT_ROUNDS);
    expect(given & READ ? ECALL_FROM_USER + SUPERVISOR : LOAD_ACCESS, at);
  }
  set_entry(0, config, address);
}

static void probe_machine(u64 hart, u64 page) {
  u64 at = page_address(hart, page), word = at + 16;
  u64 given = permissions(MACHINE, at);
  prepare(MACHINE);
  machine_load(word, 1 + random_below(3));
  expect(given & READ ? NO_TRAP : LOAD_ACCESS, word);
  prepare(MACHINE);
  machine_store(word, 5);
  expect(given & WRITE ? NO_TRAP : STORE_ACCESS, word);
  prepare(MACHINE);
  enter(at);
  expect(given & EXECUTE ? ECALL_FROM_USER + MACHINE : FETCH_ACCESS, at);
}

static void change_and_probe(u64 hart) {
  for (u64 i = 0; i < parameters.iterations; i++) {
    change_pair(hart, random_below(PAIRS), 0);
    for (u64 k = 0; k < PROBES; k++) {
      probe(hart, random_below(2) ? SUPERVISOR : USER, random_below(PAGES));
    }
    if (i % 16 == 0) probe_hot(hart, random_below(PAGES));
  }
}

/* Machine mode's own loop is compiled while it is free, and then an entry is locked under it. */
static void lock_and_probe(u64 hart) {
  u64 last = page_address(hart, PAGES - 1);
  for (u64 pair = 0; pair < PAIRS; pair++) change_pair(hart, pair, 0);
  prepare(MACHINE);
  machine_load(last, HOT_ROUNDS);
  expect(NO_TRAP, 0);
  set_entry(0, LOCK | POWER | EXECUTE, last >> 2 | (PAGE_BYTES / 8 - 1));
  machine_load(last, HOT_ROUNDS);
  expect(LOAD_ACCESS, last);
  for (u64 pair = PAIRS - 1; pair > 0; pair--) {
    change_pair(hart, pair, LOCK);
    for (u64 page = 0; page < PAGES; page++) probe_machine(hart, page);
    change_pair(hart, pair, 0); /* refused */
    for (u64 page = 0; page < PAGES; page++) {
      probe_machine(hart, page);
      probe(hart, SUPERVISOR, page);
    }
  }
}

/* M-mode alone may touch what the probe compares with, so every page starts with its ecall. */
static void fill_pages(u64 hart) {
  for (u64 page = 0; page < PAGES; page++) pages[hart][page][0] = ECALL;
  fence_instructions();
}

void guest_main(u64 hart, u64 harts) {
  struct hart_state *state = &states[hart];
  WRITE_CSR("mscratch", (u64)state);
  WRITE_CSR("mtvec", (u64)record_trap);
  WRITE_CSR("medeleg", 0);
  state->random = random_stream(hart);
  fill_pages(hart);
  set_entry(OPEN_ENTRY, POWER | ALL, (1UL << 54) - 1);
  if (hart == 0) root[2] = (2UL << GIGABYTE_SHIFT >> 2) | LEAF;
  barrier(harts);
  change_and_probe(hart);
  /* The same pages and the same addresses, through a table; user mode has no page there. */
  WRITE_CSR("satp", SATP_SV39 | (u64)root >> 12);
  __asm__ volatile("sfence.vma" ::: "memory");
  for (u64 i = 0; i < parameters.iterations; i++) {
    change_pair(hart, random_below(PAIRS), 0);
    for (u64 k = 0; k < PROBES; k++) probe(hart, SUPERVISOR, random_below(PAGES));
    if (i % 16 == 0) probe_hot(hart, random_below(PAGES));
  }
  WRITE_CSR("satp", 0);
  lock_and_probe(hart);
  barrier(harts);
  if (hart == 0) put_result("protection", state->checked);
}
