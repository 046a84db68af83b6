/*
 * Programs in which workers, one on each hart, do one thing as often as they can for a number of seconds, and check
 * what they see: without a C library. A program defines its LOADS.
 *
 * Usage: PROGRAM LOAD WORKERS SECONDS. Prints `LOAD name workers operations errors nanoseconds`.
 */
#ifndef WORKERS_H
#define WORKERS_H
#include "system_call.h"

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long s64;

enum {
  SYS_clock_nanosleep = 115,
  SYS_sched_getaffinity = 123,
  MAX_WORKERS = 64,
  PAGE_BYTES = 4096,
  PROT_READ = 1,
  PROT_READ_WRITE = 3,
  PROT_ALL = 7,
  MAP_SHARED_ANONYMOUS = 0x21,
  MAP_PRIVATE_ANONYMOUS = 0x22,
  MAP_FIXED = 0x10,
  SECOND_NS = 1000000000,
  SIGCHLD = 17,
};

/* One worker's part of the memory that all share. */
struct worker {
  u64 operations, errors;
  /* What it tells the others. */
  u64 published;
  u8 *area;
} __attribute__((aligned(64)));

struct shared {
  struct worker workers[MAX_WORKERS];
  u32 running __attribute__((aligned(64)));
  u32 stops __attribute__((aligned(64)));
  u32 failed;
};

/* A thing to do until goes_on() says no. */
struct load {
  const char *name;
  void (*work)(u32 self);
  /* Address space, files and signals in common; else each worker is a process. */
  int are_threads;
};

extern const struct load LOADS[];
extern const u32 LOAD_COUNT;

extern struct shared *shared;
extern u32 worker_count;

/* The result, if it is none of a failed system call; else the program ends. */
s64 checked(s64 result, const char *what);
/* CLOCK_MONOTONIC in nanoseconds. */
u64 now(void);
/* Memory that belongs to no file. */
u8 *map(void *at, u64 bytes, u64 protection, u64 flags);
int goes_on(void);
/* The number that a text begins with. */
u64 number(const char *text);

#endif
