/*
 * What harts and the emulator have to do with each other: fences, switches, interrupts, timers and code that
 * changes, as often as it goes. See workers.h.
 */
#include "workers.h"

enum {
  SYS_mprotect = 226,
  SYS_membarrier = 283,
  AREA_PAGES = 8,
  MEMBARRIER_EXPEDITED = 8,
  MEMBARRIER_REGISTER = 16,
  TIMER_ABSOLUTE = 1,
  /* 4 kHz. */
  TICK_NS = 250000,
  /* Words of a page that are changed and called. */
  CODE_FUNCTIONS = 16,
};

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

const struct load LOADS[] = {
    {"tlb", tlb, 1}, {"context", context, 0}, {"ipi", ipi, 1}, {"timer", timer, 0}, {"code", code, 1},
};
const u32 LOAD_COUNT = sizeof LOADS / sizeof *LOADS;
