/*
 * A Linux program without a C library: one worker on each hart does one thing as often as it can for a number
 * of seconds, and checks what it sees.
 *
 * Usage: storms NAME WORKERS SECONDS. Prints `STORM name operations errors nanoseconds`.
 */
#include "system_call.h"

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long s64;

enum {
  SYS_clock_nanosleep = 115,
  SYS_mprotect = 226,
  SYS_membarrier = 283,
  FUTEX_WAIT = 0,
  MAX_WORKERS = 64,
  PAGE_BYTES = 4096,
  STACK_BYTES = 16 * PAGE_BYTES,
  AREA_PAGES = 8,
  PROT_READ = 1,
  PROT_READ_WRITE = 3,
  PROT_ALL = 7,
  MAP_SHARED_ANONYMOUS = 0x21,
  MAP_PRIVATE_ANONYMOUS = 0x22,
  MAP_FIXED = 0x10,
  MEMBARRIER_EXPEDITED = 8,
  MEMBARRIER_REGISTER = 16,
  TIMER_ABSOLUTE = 1,
  /* 4 kHz. */
  TICK_NS = 250000,
  SECOND_NS = 1000000000,
  /* Words of a page that are changed and called. */
  CODE_FUNCTIONS = 16,
  SIGCHLD = 17,
};

/* One worker's part of the memory that all share. */
struct worker {
  u64 operations, errors;
  /* Generation that its area holds; 0 while that changes. */
  u64 published;
  u8 *area;
} __attribute__((aligned(64)));

struct shared {
  struct worker workers[MAX_WORKERS];
  u32 running __attribute__((aligned(64)));
  u32 stops __attribute__((aligned(64)));
};

static struct shared *shared;
static u32 worker_count;
static void (*storm)(u32 self);

/* --- the kernel ---------------------------------------------------------------------------------- */

static void print(const char *text) {
  u64 length = 0;
  while (text[length]) length++;
  system_call(SYS_write, 1, (u64)text, length);
}

static void print_number(u64 value) {
  char digits[24], *at = digits + sizeof(digits) - 1;
  *at = 0;
  do *--at = '0' + value % 10;
  while (value /= 10);
  print(" ");
  print(at);
}

static void fail(const char *what) {
  print("STORM-FAILED ");
  print(what);
  print("\n");
  system_call(SYS_exit_group, 1, 0, 0);
}

static s64 checked(s64 result, const char *what) {
  if (result < 0 && result > -4096) fail(what);
  return result;
}

static u64 now(void) {
  u64 time[2] = {0, 0};
  system_call(SYS_clock_gettime, CLOCK_MONOTONIC, (u64)time, 0);
  return time[0] * SECOND_NS + time[1];
}

static u8 *map(void *at, u64 bytes, u64 protection, u64 flags) {
  return (u8 *)checked(system_call6(SYS_mmap, (u64)at, bytes, protection, flags, (u64)-1, 0), "mmap");
}

static void stay_on_hart(u32 hart) {
  u64 harts = 1ul << hart;
  checked(system_call(SYS_sched_setaffinity, 0, sizeof harts, (u64)&harts), "sched_setaffinity");
}

static int goes_on(void) { return !__atomic_load_n(&shared->stops, __ATOMIC_RELAXED); }

static void leave(void) {
  __atomic_sub_fetch(&shared->running, 1, __ATOMIC_RELEASE);
  system_call(SYS_exit, 0, 0, 0);
}

/* --- storms -------------------------------------------------------------------------------------- */

/* A generation that stood before and after must be what the page holds: an old one is a fence that was missed. */
static void look_at_area(struct worker *other, struct worker *mine) {
  u64 before = __atomic_load_n(&other->published, __ATOMIC_SEQ_CST);
  if (before == 0) return;
  u64 seen = __atomic_load_n((u64 *)other->area, __ATOMIC_SEQ_CST);
  u64 after = __atomic_load_n(&other->published, __ATOMIC_SEQ_CST);
  if (before == after && seen != before) mine->errors++;
}

/* Maps anew, protects and unmaps in an address space that runs on all harts. */
static void tlb(u32 self) {
  struct worker *mine = &shared->workers[self];
  mine->area = map(0, AREA_PAGES * PAGE_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS);
  for (u64 generation = 1; goes_on(); generation++) {
    __atomic_store_n(&mine->published, 0, __ATOMIC_SEQ_CST);
    map(mine->area, AREA_PAGES * PAGE_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS | MAP_FIXED);
    for (u64 page = 0; page < AREA_PAGES; page++) *(u64 *)(mine->area + page * PAGE_BYTES) = generation;
    __atomic_store_n(&mine->published, generation, __ATOMIC_SEQ_CST);
    for (u32 other = 0; other < worker_count; other++) look_at_area(&shared->workers[other], mine);
    checked(system_call(SYS_mprotect, (u64)mine->area, PAGE_BYTES, PROT_READ), "mprotect");
    checked(system_call(SYS_mprotect, (u64)mine->area, PAGE_BYTES, PROT_READ_WRITE), "mprotect");
    u8 *fresh = map(0, PAGE_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS);
    if (*fresh != 0) mine->errors++;
    *fresh = 1;
    checked(system_call(SYS_munmap, (u64)fresh, PAGE_BYTES, 0), "munmap");
    mine->operations += 4;
  }
}

/* A process and its child on one hart wait for each other's byte. */
static void context(u32 self) {
  struct worker *mine = &shared->workers[self];
  int there[2], back[2];
  u8 byte = 1;
  checked(system_call(SYS_pipe2, (u64)there, 0, 0), "pipe2");
  checked(system_call(SYS_pipe2, (u64)back, 0, 0), "pipe2");
  if (checked(system_call6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0), "clone") == 0) {
    system_call(SYS_close, (u64)there[1], 0, 0);
    while (system_call(SYS_read, (u64)there[0], (u64)&byte, 1) == 1) {
      byte++;
      system_call(SYS_write, (u64)back[1], (u64)&byte, 1);
    }
    system_call(SYS_exit_group, 0, 0, 0);
  }
  for (; goes_on(); mine->operations += 2) {
    u8 expected = byte + 1;
    system_call(SYS_write, (u64)there[1], (u64)&byte, 1);
    if (system_call(SYS_read, (u64)back[0], (u64)&byte, 1) != 1 || byte != expected) mine->errors++;
  }
}

/* One worker has the kernel interrupt all harts on which the others compute. */
static void ipi(u32 self) {
  struct worker *mine = &shared->workers[self];
  if (self != 0) {
    while (goes_on()) __asm__ volatile("");
    return;
  }
  checked(system_call(SYS_membarrier, MEMBARRIER_REGISTER, 0, 0), "membarrier");
  for (; goes_on(); mine->operations++) {
    if (system_call(SYS_membarrier, MEMBARRIER_EXPEDITED, 0, 0) != 0) mine->errors++;
  }
}

/* Sleeps until each tick; one that is missed is not counted. */
static void timer(u32 self) {
  struct worker *mine = &shared->workers[self];
  for (u64 tick = now() + TICK_NS; goes_on(); mine->operations++) {
    u64 time[2] = {tick / SECOND_NS, tick % SECOND_NS};
    system_call6(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSOLUTE, (u64)time, 0, 0, 0);
    u64 woken = now();
    if (woken < tick) mine->errors++;
    tick += ((woken - tick) / TICK_NS + 1) * TICK_NS;
  }
}

/* Changes functions of its own and calls them. */
static void code(u32 self) {
  struct worker *mine = &shared->workers[self];
  u32 *page = (u32 *)map(0, PAGE_BYTES, PROT_ALL, MAP_PRIVATE_ANONYMOUS);
  for (u64 round = 0; goes_on(); round++) {
    u64 value = round & 0x7ff;
    u32 *function = page + 2 * (round % CODE_FUNCTIONS);
    function[0] = (u32)(value << 20) | 0x513; /* li a0, value */
    function[1] = 0x8067;                     /* ret */
    __asm__ volatile("fence.i" ::: "memory");
    if (((u64(*)(void))function)() != value) mine->errors++;
    mine->operations++;
  }
}

/* --- the whole ----------------------------------------------------------------------------------- */

static const struct {
  const char *name;
  void (*work)(u32 self);
  /* Address space, files and signals in common; else each worker is a process. */
  int are_threads;
} STORMS[] = {
    {"tlb", tlb, 1}, {"context", context, 0}, {"ipi", ipi, 1}, {"timer", timer, 0}, {"code", code, 1},
};

static void work(u32 self) {
  stay_on_hart(self);
  storm(self);
  leave();
}

/* The child starts on its own stack and never returns. */
static void start_worker(u32 self, u64 flags, u8 *stack_end) {
  register s64 a7 __asm__("a7") = SYS_clone;
  register u64 a0 __asm__("a0") = flags, a1 __asm__("a1") = (u64)stack_end;
  register u64 a2 __asm__("a2") = 0, a3 __asm__("a3") = 0, a4 __asm__("a4") = 0;
  __asm__ volatile(
      "mv s2, %6\n"
      "mv s3, %7\n"
      "ecall\n"
      "bnez a0, 1f\n"
      "mv a0, s2\n"
      "jr s3\n"
      "1:\n"
      : "+r"(a0)
      : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"((u64)self), "r"(work)
      : "memory", "s2", "s3");
  checked((s64)a0, "a worker could not be started");
}

static void sleep_ns(u64 nanoseconds) {
  u64 time[2] = {nanoseconds / SECOND_NS, nanoseconds % SECOND_NS};
  system_call6(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (u64)time, 0, 0, 0);
}

static u64 number(const char *text) {
  u64 value = 0;
  while (*text >= '0' && *text <= '9') value = value * 10 + (u64)(*text++ - '0');
  return value;
}

static int is_same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static u64 find_storm(const char *name) {
  for (u64 i = 0; i < sizeof STORMS / sizeof *STORMS; i++) {
    if (is_same(STORMS[i].name, name)) return i;
  }
  fail("no such storm");
  return 0;
}

static void report(const char *name, u64 nanoseconds) {
  u64 operations = 0, errors = 0;
  for (u32 i = 0; i < worker_count; i++) {
    operations += shared->workers[i].operations;
    errors += shared->workers[i].errors;
  }
  print("STORM ");
  print(name);
  print_number(operations);
  print_number(errors);
  print_number(nanoseconds);
  print("\n");
}

__attribute__((noreturn, used)) static void start(u64 *stack) {
  char **arguments = (char **)(stack + 1);
  if (stack[0] != 4) fail("usage: storms NAME WORKERS SECONDS");
  u64 chosen = find_storm(arguments[1]);
  storm = STORMS[chosen].work;
  worker_count = (u32)number(arguments[2]);
  if (worker_count < 1 || worker_count > MAX_WORKERS) fail("1 to 64 workers");
  shared = (struct shared *)map(0, sizeof *shared, PROT_READ_WRITE, MAP_SHARED_ANONYMOUS);
  shared->running = worker_count;
  u8 *stacks = map(0, (u64)worker_count * STACK_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS);
  u64 flags = STORMS[chosen].are_threads ? CLONE_THREAD_FLAGS : SIGCHLD;
  u64 began = now();
  for (u32 i = 0; i < worker_count; i++) start_worker(i, flags, stacks + (u64)(i + 1) * STACK_BYTES);
  sleep_ns(number(arguments[3]) * SECOND_NS);
  __atomic_store_n(&shared->stops, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&shared->running, __ATOMIC_ACQUIRE) != 0) sleep_ns(SECOND_NS / 1000);
  report(arguments[1], now() - began);
  system_call(SYS_exit_group, 0, 0, 0);
  __builtin_unreachable();
}

__attribute__((naked, noreturn)) void _start(void) {
  __asm__ volatile(
      ".option push\n.option norelax\nlla gp, __global_pointer$\n.option pop\n"
      "mv a0, sp\n"
      "andi sp, sp, -16\n"
      "tail %0\n" ::"i"(start));
}
