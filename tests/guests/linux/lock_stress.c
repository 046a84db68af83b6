/*
 * A Linux program without a C library: threads that meet in futexes, a reader-writer lock and atomics
 * for a number of seconds. Every sum must be right at the end, and no second may pass without progress.
 *
 * Usage: lock_stress THREADS SECONDS
 */
#include "system_call.h"

typedef unsigned int u32;
typedef unsigned long u64;
typedef long s64;

enum {
  FUTEX_WAIT = 0,
  FUTEX_WAKE = 1,
  MAX_THREADS = 64,
  STACK_BYTES = 64 * 1024,
  STALL_SECONDS = 20,
  EVERYBODY = 0x7fffffff,
  /* The id is cleared and woken at the end. */
  CLONE_FLAGS = CLONE_THREAD_FLAGS | 0x200000,
};

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
  print(at);
}

static void fail(const char *what) {
  print("STRESS-FAILED ");
  print(what);
  print("\n");
  system_call(SYS_exit_group, 1, 0, 0);
}

static u64 seconds_now(void) {
  u64 time[2] = {0, 0};
  system_call(SYS_clock_gettime, CLOCK_MONOTONIC, (u64)time, 0);
  return time[0];
}

static void wait_while(u32 *word, u32 value) {
  system_call(SYS_futex, (u64)word, FUTEX_WAIT, value);
}

static void wake(u32 *word, u64 count) { system_call(SYS_futex, (u64)word, FUTEX_WAKE, count); }

/* --- locks --------------------------------------------------------------------------------------- */

/* 0 free, 1 held, 2 held and somebody may sleep. */
static void lock(u32 *mutex) {
  u32 free = 0;
  if (__atomic_compare_exchange_n(mutex, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  while (__atomic_exchange_n(mutex, 2, __ATOMIC_ACQUIRE) != 0) wait_while(mutex, 2);
}

static void unlock(u32 *mutex) {
  if (__atomic_exchange_n(mutex, 0, __ATOMIC_RELEASE) == 2) wake(mutex, 1);
}

enum { WRITER = 0x80000000u };

/* Number of readers, or WRITER. */
static void lock_shared(u32 *rwlock) {
  for (;;) {
    u32 readers = __atomic_load_n(rwlock, __ATOMIC_RELAXED);
    if (readers & WRITER) {
      wait_while(rwlock, readers);
      continue;
    }
    if (__atomic_compare_exchange_n(rwlock, &readers, readers + 1, 1, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED)) {
      return;
    }
  }
}

static void unlock_shared(u32 *rwlock) {
  if (__atomic_sub_fetch(rwlock, 1, __ATOMIC_RELEASE) == 0) wake(rwlock, EVERYBODY);
}

static void lock_alone(u32 *rwlock) {
  for (;;) {
    u32 free = 0;
    if (__atomic_compare_exchange_n(rwlock, &free, WRITER, 1, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
      return;
    }
    if (free != 0) wait_while(rwlock, free);
  }
}

static void unlock_alone(u32 *rwlock) {
  __atomic_store_n(rwlock, 0, __ATOMIC_RELEASE);
  wake(rwlock, EVERYBODY);
}

/* --- what the threads do ------------------------------------------------------------------------- */

struct counts {
  u64 locked, written, added, exchanged, passed;
} __attribute__((aligned(64)));

static struct {
  u32 mutex __attribute__((aligned(64)));
  u64 locked;
  u32 rwlock __attribute__((aligned(64)));
  u64 left, right;
  u64 added __attribute__((aligned(64)));
  u64 exchanged __attribute__((aligned(64)));
  u32 token __attribute__((aligned(64)));
  u32 running __attribute__((aligned(64)));
  u32 stops __attribute__((aligned(64)));
} shared;

static struct counts counts[MAX_THREADS];
static u32 thread_count;

static void read_and_write(u64 round, struct counts *mine) {
  if (round % 8 == 0) {
    lock_alone(&shared.rwlock);
    shared.left++;
    shared.right++;
    unlock_alone(&shared.rwlock);
    mine->written++;
    return;
  }
  lock_shared(&shared.rwlock);
  if (shared.left != shared.right) fail("a reader saw half of a write");
  unlock_shared(&shared.rwlock);
}

static void count_atomically(struct counts *mine) {
  __atomic_fetch_add(&shared.added, 1, __ATOMIC_RELAXED);
  mine->added++;
  u64 seen = __atomic_load_n(&shared.exchanged, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(&shared.exchanged, &seen, seen + 1, 1, __ATOMIC_ACQ_REL,
                                      __ATOMIC_RELAXED)) {
  }
  mine->exchanged++;
}

/* The token names the thread whose turn it is; the others sleep on it. */
static void pass_token(u32 self, struct counts *mine) {
  u32 token = __atomic_load_n(&shared.token, __ATOMIC_ACQUIRE);
  if (token != self) return;
  mine->passed++;
  __atomic_store_n(&shared.token, (self + 1) % thread_count, __ATOMIC_RELEASE);
  wake(&shared.token, EVERYBODY);
}

static void await_token(u32 self) {
  u32 token = __atomic_load_n(&shared.token, __ATOMIC_ACQUIRE);
  if (token != self && !__atomic_load_n(&shared.stops, __ATOMIC_RELAXED)) {
    wait_while(&shared.token, token);
  }
}

static void work(u32 self) {
  struct counts *mine = &counts[self];
  for (u64 round = 0; !__atomic_load_n(&shared.stops, __ATOMIC_RELAXED); round++) {
    lock(&shared.mutex);
    shared.locked++;
    unlock(&shared.mutex);
    mine->locked++;
    read_and_write(round, mine);
    count_atomically(mine);
    pass_token(self, mine);
    if (round % 64 == 0) await_token(self);
  }
  __atomic_sub_fetch(&shared.running, 1, __ATOMIC_RELEASE);
  wake(&shared.running, EVERYBODY);
  system_call(SYS_exit, 0, 0, 0);
}

/* The child starts on its own stack and never returns. */
static void start_thread(u32 self, char *stack_end) {
  register s64 a7 __asm__("a7") = SYS_clone;
  register u64 a0 __asm__("a0") = CLONE_FLAGS, a1 __asm__("a1") = (u64)stack_end;
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
  if ((s64)a0 < 0) fail("a thread could not be started");
}

/* --- the whole ----------------------------------------------------------------------------------- */

static u64 sum(u64 member) {
  u64 total = 0;
  for (u32 i = 0; i < thread_count; i++) total += ((u64 *)&counts[i])[member];
  return total;
}

static void watch(u64 seconds) {
  u64 start = seconds_now(), last = 0, progress_at = start;
  u32 never = 0;
  while (seconds_now() - start < seconds) {
    u64 second[2] = {1, 0};
    system_call6(SYS_futex, (u64)&never, FUTEX_WAIT, 0, (u64)second, 0, 0);
    u64 done = sum(0);
    if (done != last) progress_at = seconds_now();
    if (seconds_now() - progress_at > STALL_SECONDS) fail("no progress");
    last = done;
  }
}

static void stop_all(void) {
  __atomic_store_n(&shared.stops, 1, __ATOMIC_SEQ_CST);
  for (u32 left; (left = __atomic_load_n(&shared.running, __ATOMIC_ACQUIRE)) != 0;) {
    u64 moment[2] = {0, 10000000};
    wake(&shared.token, EVERYBODY);
    system_call6(SYS_futex, (u64)&shared.running, FUTEX_WAIT, left, (u64)moment, 0, 0);
  }
}

static u64 number(const char *text) {
  u64 value = 0;
  while (*text >= '0' && *text <= '9') value = value * 10 + (u64)(*text++ - '0');
  return value;
}

__attribute__((noreturn, used)) static void start(u64 *stack) {
  char **arguments = (char **)(stack + 1);
  if (stack[0] != 3) fail("usage: lock_stress THREADS SECONDS");
  thread_count = (u32)number(arguments[1]);
  if (thread_count < 1 || thread_count > MAX_THREADS) fail("1 to 64 threads");
  shared.running = thread_count;
  u64 bytes = (u64)thread_count * STACK_BYTES;
  char *stacks = (char *)system_call6(SYS_mmap, 0, bytes, 3, 0x22, (u64)-1, 0);
  if ((s64)stacks < 0 && (s64)stacks > -4096) fail("no memory for stacks");
  for (u32 i = 0; i < thread_count; i++) start_thread(i, stacks + (u64)(i + 1) * STACK_BYTES);
  watch(number(arguments[2]));
  stop_all();
  if (sum(0) != shared.locked) fail("the mutex lost an update");
  if (sum(1) != shared.left || shared.left != shared.right) fail("the rwlock lost an update");
  if (sum(2) != shared.added) fail("an atomic addition was lost");
  if (sum(3) != shared.exchanged) fail("a compare-and-exchange was lost");
  print("STRESS-OK rounds ");
  print_number(sum(0));
  print(" turns ");
  print_number(sum(4));
  print("\n");
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
