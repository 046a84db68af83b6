/* The guest's clock in picoseconds: what a kernel times itself with. */
#ifndef CLOCK_H
#define CLOCK_H
#include "guest.h"

#ifdef LINUX_PROCESS

/* `rdtime` is no clock of known rate here. */
static inline u64 clock_picoseconds(void) {
  enum { SYS_clock_gettime = 113, CLOCK_MONOTONIC = 1 };
  struct {
    u64 seconds, nanoseconds;
  } now;
  register u64 a7 __asm__("a7") = SYS_clock_gettime;
  register u64 a0 __asm__("a0") = CLOCK_MONOTONIC, a1 __asm__("a1") = (u64)&now;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1) : "memory");
  return (now.seconds * 1000000000 + now.nanoseconds) * 1000;
}

#else

/* The boards' clock has 10 MHz. */
static inline u64 clock_picoseconds(void) {
  enum { PICOSECONDS_PER_TICK = 100000 };
  u64 ticks;
  __asm__ volatile("rdtime %0" : "=r"(ticks)::"memory");
  return ticks * PICOSECONDS_PER_TICK;
}

#endif
#endif
