/*
 * Work of one hart, alone and beside reads of another one from a disk, past the page cache: as often as it can, and
 * so often a second. See workers.h.
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
  TIMER_ABSOLUTE = 1,
  /* Reads in a second that are paced: so many that each emulator keeps up. */
  PACED_READS = 500,
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

static void sleep_until(u64 when) {
  u64 time[2] = {when / SECOND_NS, when % SECOND_NS};
  system_call6(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSOLUTE, (u64)time, 0, 0, 0);
}

/* One each period, or as many as there can be. */
static void random_reads(struct worker *mine, u64 period) {
  u64 path = (u64)DISK, state = 1;
  s64 disk = checked(system_call(SYS_openat, (u64)AT_FDCWD, path, O_RDONLY_DIRECT), "open /dev/vda");
  u64 block = (u64)map(0, BLOCK_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS);
  for (u64 next = now(); goes_on(); next += period) {
    if (period != 0) sleep_until(next);
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

static void beside_reads(u32 self, u64 period) {
  if (self + 1 == worker_count) return compute(&shared->workers[self]);
  random_reads(&shared->workers[self], period);
}

static void compute_beside_reads(u32 self) { beside_reads(self, 0); }

static void compute_beside_paced_reads(u32 self) { beside_reads(self, SECOND_NS / PACED_READS); }

const struct load LOADS[] = {
    {"compute", compute_alone, 0},
    {"compute-beside", compute_beside_reads, 0},
    {"compute-paced", compute_beside_paced_reads, 0},
};
const u32 LOAD_COUNT = sizeof LOADS / sizeof *LOADS;
