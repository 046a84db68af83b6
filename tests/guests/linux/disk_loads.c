/*
 * Loads on a disk, past the page cache: each worker does one request after the other with a buffer of its own. What is
 * written is the number of the block and is what reads look for, once `fill` has run. See workers.h.
 */
#include "workers.h"

enum {
  SYS_openat = 56,
  SYS_pread64 = 67,
  SYS_pwrite64 = 68,
  AT_FDCWD = -100,
  O_RDWR_DIRECT = 2 | 040000,
  SMALL_BYTES = 4096,
  LARGE_BYTES = 1 << 20,
  /* Bytes of the disk that are used. */
  DISK_BYTES = 64 << 20,
};

static const char DISK[] = "/dev/vda";

static s64 open_disk(void) {
  return checked(system_call(SYS_openat, (u64)AT_FDCWD, (u64)DISK, O_RDWR_DIRECT), "open /dev/vda");
}

static u8 *buffer(u64 bytes) {
  return map(0, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS);
}

static s64 transfer(s64 number, s64 disk, u8 *memory, u64 bytes, u64 offset) {
  return system_call6(number, (u64)disk, (u64)memory, bytes, offset, 0, 0);
}

/* Each block begins with its number, and the number's complement. */
static void mark(u8 *memory, u64 bytes, u64 offset) {
  for (u64 at = 0; at < bytes; at += SMALL_BYTES) {
    u64 *words = (u64 *)(memory + at), block = (offset + at) / SMALL_BYTES;
    words[0] = block;
    words[1] = ~block;
  }
}

static u64 wrong_blocks(const u8 *memory, u64 bytes, u64 offset) {
  u64 wrong = 0;
  for (u64 at = 0; at < bytes; at += SMALL_BYTES) {
    const u64 *words = (const u64 *)(memory + at);
    u64 block = (offset + at) / SMALL_BYTES;
    wrong += words[0] != block || words[1] != ~block;
  }
  return wrong;
}

/* Numbers that look random: xorshift64 (Marsaglia, "Xorshift RNGs"). */
static u64 next_random(u64 *state) {
  u64 x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *state = x;
}

static u64 next_offset(u64 *state, u64 offset, u64 bytes, int is_random) {
  u64 next = is_random ? next_random(state) * bytes : offset + bytes;
  return next % DISK_BYTES;
}

static void requests(u32 self, s64 number, u64 bytes, int is_random) {
  struct worker *mine = &shared->workers[self];
  s64 disk = open_disk();
  u8 *memory = buffer(bytes);
  u64 state = self + 1;
  u64 offset = DISK_BYTES / worker_count / LARGE_BYTES * LARGE_BYTES * self;
  for (; goes_on(); mine->operations++) {
    offset = next_offset(&state, offset, bytes, is_random);
    if (number == SYS_pwrite64) mark(memory, bytes, offset);
    if (transfer(number, disk, memory, bytes, offset) != (s64)bytes) mine->errors++;
    if (number == SYS_pread64) mine->errors += wrong_blocks(memory, bytes, offset);
  }
}

static void random_reads(u32 self) { requests(self, SYS_pread64, SMALL_BYTES, 1); }
static void random_writes(u32 self) { requests(self, SYS_pwrite64, SMALL_BYTES, 1); }
static void large_reads(u32 self) { requests(self, SYS_pread64, LARGE_BYTES, 0); }
static void large_writes(u32 self) { requests(self, SYS_pwrite64, LARGE_BYTES, 0); }

/* Writes each block once, however long that takes. */
static void fill(u32 self) {
  struct worker *mine = &shared->workers[self];
  s64 disk = open_disk();
  u8 *memory = buffer(LARGE_BYTES);
  for (u64 offset = 0; offset < DISK_BYTES; offset += LARGE_BYTES, mine->operations++) {
    mark(memory, LARGE_BYTES, offset);
    if (transfer(SYS_pwrite64, disk, memory, LARGE_BYTES, offset) != LARGE_BYTES) mine->errors++;
  }
}

/* Numbers on the last hart, so much work an operation; the other workers' operations are not counted. */
static void compute(struct worker *mine) {
  u64 state = 1;
  for (; goes_on(); mine->operations++) {
    for (u32 i = 0; i < 100000; i++) next_random(&state);
    if (state == 0) mine->errors++;
  }
}

static void compute_alone(u32 self) {
  if (self + 1 == worker_count) compute(&shared->workers[self]);
}

static void compute_beside_reads(u32 self) {
  if (self + 1 == worker_count) return compute(&shared->workers[self]);
  random_reads(self);
  shared->workers[self].operations = 0;
}

const struct load LOADS[] = {
    {"fill", fill, 0},
    {"read-4k", random_reads, 0},
    {"write-4k", random_writes, 0},
    {"read-1M", large_reads, 0},
    {"write-1M", large_writes, 0},
    {"compute", compute_alone, 0},
    {"compute-beside", compute_beside_reads, 0},
};
const u32 LOAD_COUNT = sizeof LOADS / sizeof *LOADS;
