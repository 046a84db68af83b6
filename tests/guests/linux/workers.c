/* See the header: workers on harts, and what they came to. */
#include "workers.h"

enum { STACK_BYTES = 16 * PAGE_BYTES };

struct shared *shared;
u32 worker_count;
static const struct load *load;

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
  print("LOAD-FAILED ");
  print(what);
  print("\n");
  if (shared) __atomic_store_n(&shared->failed, 1, __ATOMIC_RELAXED);
  system_call(SYS_exit_group, 1, 0, 0);
}

s64 checked(s64 result, const char *what) {
  if (result < 0 && result > -4096) fail(what);
  return result;
}

u64 now(void) {
  u64 time[2] = {0, 0};
  system_call(SYS_clock_gettime, CLOCK_MONOTONIC, (u64)time, 0);
  return time[0] * SECOND_NS + time[1];
}

u8 *map(void *at, u64 bytes, u64 protection, u64 flags) {
  return (u8 *)checked(system_call6(SYS_mmap, (u64)at, bytes, protection, flags, (u64)-1, 0), "mmap");
}

/* Workers share harts when there are more of them. */
static void stay_on_hart(u32 self) {
  u64 harts = 0, count = 0;
  checked(system_call(SYS_sched_getaffinity, 0, sizeof harts, (u64)&harts), "sched_getaffinity");
  for (u64 rest = harts; rest; rest >>= 1) count += rest & 1;
  harts = 1ul << self % count;
  checked(system_call(SYS_sched_setaffinity, 0, sizeof harts, (u64)&harts), "sched_setaffinity");
}

int goes_on(void) { return !__atomic_load_n(&shared->stops, __ATOMIC_RELAXED); }

static void leave(void) {
  __atomic_sub_fetch(&shared->running, 1, __ATOMIC_RELEASE);
  system_call(SYS_exit, 0, 0, 0);
}

/* --- the whole ----------------------------------------------------------------------------------- */

static void work(u32 self) {
  stay_on_hart(self);
  load->work(self);
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

u64 number(const char *text) {
  u64 value = 0;
  while (*text >= '0' && *text <= '9') value = value * 10 + (u64)(*text++ - '0');
  return value;
}

static int is_same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static u64 find_load(const char *name) {
  for (u64 i = 0; i < LOAD_COUNT; i++) {
    if (is_same(LOADS[i].name, name)) return i;
  }
  fail("no such load");
  return 0;
}

static void report(const char *name, u64 nanoseconds) {
  u64 operations = 0, errors = 0;
  for (u32 i = 0; i < worker_count; i++) {
    operations += shared->workers[i].operations;
    errors += shared->workers[i].errors;
  }
  print("LOAD ");
  print(name);
  print_number(worker_count);
  print_number(operations);
  print_number(errors);
  print_number(nanoseconds);
  print("\n");
}

__attribute__((noreturn, used)) static void start(u64 *stack) {
  char **arguments = (char **)(stack + 1);
  if (stack[0] != 4) fail("usage: PROGRAM LOAD WORKERS SECONDS");
  u64 chosen = find_load(arguments[1]);
  load = &LOADS[chosen];
  worker_count = (u32)number(arguments[2]);
  if (worker_count < 1 || worker_count > MAX_WORKERS) fail("1 to 64 workers");
  shared = (struct shared *)map(0, sizeof *shared, PROT_READ_WRITE, MAP_SHARED_ANONYMOUS);
  shared->running = worker_count;
  u8 *stacks = map(0, (u64)worker_count * STACK_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS);
  u64 flags = load->are_threads ? CLONE_THREAD_FLAGS : SIGCHLD;
  u64 began = now();
  for (u32 i = 0; i < worker_count; i++) start_worker(i, flags, stacks + (u64)(i + 1) * STACK_BYTES);
  sleep_ns(number(arguments[3]) * SECOND_NS);
  __atomic_store_n(&shared->stops, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&shared->running, __ATOMIC_ACQUIRE) != 0) {
    /* Who failed is a process of its own, maybe, and has said why. */
    if (__atomic_load_n(&shared->failed, __ATOMIC_RELAXED)) system_call(SYS_exit_group, 1, 0, 0);
    sleep_ns(SECOND_NS / 1000);
  }
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
