/* System calls of Linux on RISC-V, for a program without a C library. A failed one ends the program. */
#ifndef LINUX_CALLS_H
#define LINUX_CALLS_H

#include "kernel.h"

enum { PAGE_BYTES = 4096 };

/* Prints a line in one piece: words and numbers. */
struct word {
  const char *text;
  u64 number;
  enum { TEXT, DECIMAL, HEXADECIMAL } form;
};

void print_line(const struct word *words, u64 count);

__attribute__((noreturn)) void fail(const char *what);
__attribute__((noreturn)) void end_process(int status);

u64 nanoseconds(void);
u64 parent_id(void);
void *map_pages(u64 bytes);
void unmap_pages(void *address, u64 bytes);
void make_pipe(int ends[2]);
void close_file(int file);
/* Both transfer everything; 0 at the end of what is read. */
u64 read_all(int file, void *bytes, u64 count);
void write_all(int file, const void *bytes, u64 count);
/* Runs on one hart from now on. */
void stay_on_hart(u64 hart);
/* 0 in the child. */
s64 fork_process(void);
/* Replaces this process by this program, called with one argument. */
__attribute__((noreturn)) void execute_self(const char *argument);
/* Waits for one child: its exit status. */
int wait_for(s64 child);

#endif
