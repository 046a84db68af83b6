/*
 * Work of one hart, alone and beside reads of another one from a disk, past the page cache. See workers.h.
 */
#include "workers.h"

enum {
  SYS_openat = 56,
  SYS_pread64 = 67,
  AT_FDCWD = -100,
  O_RDONLY_DIRECT = 040000,
  BLOCK_BYTES = 4096,
  /* Blocks of the disk that are used. */
  BLOCKS = (64 << 20) / BLOCK_BYTES,
};

static const char DISK[] = "/dev/vda";

/* Numbers that look random: xorshift64 (Marsaglia, "Xorshift RNGs"). */
static u64 next_random(u64 *state) {
  u64 x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *state = x;
}

static void random_reads(struct worker *mine) {
  u64 path = (u64)DISK, state = 1;
  s64 disk = checked(system_call(SYS_openat, (u64)AT_FDCWD, path, O_RDONLY_DIRECT), "open /dev/vda");
  u64 block = (u64)map(0, BLOCK_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS);
  while (goes_on()) {
    u64 offset = next_random(&state) % BLOCKS * BLOCK_BYTES;
    s64 count = system_call6(SYS_pread64, (u64)disk, block, BLOCK_BYTES, offset, 0, 0);
    if (count != BLOCK_BYTES) mine->errors++;
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
  random_reads(&shared->workers[self]);
}

const struct load LOADS[] = {
    {"compute", compute_alone, 0},
    {"compute-beside", compute_beside_reads, 0},
};
const u32 LOAD_COUNT = sizeof LOADS / sizeof *LOADS;
