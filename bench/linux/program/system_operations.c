/* What programs ask of the kernel all day: `system_operations.h`. */
#include "system_operations.h"

#include "linux_calls.h"

enum { PAGES = 256, PIPE_BLOCK = PAGE_BYTES };

static u64 system_call(u64 count) {
  u64 right = 0, parent = parent_id();
  for (u64 i = 0; i < count; i++) right += parent_id() == parent;
  return right;
}

/* Fresh pages, each touched once; mapping and unmapping are shared by many. */
static u64 page_fault(u64 count) {
  u64 right = 0;
  while (right < count) {
    u64 pages = count - right < PAGES ? count - right : PAGES;
    volatile u8 *start = map_pages(pages * PAGE_BYTES);
    for (u64 i = 0; i < pages; i++) right += start[i * PAGE_BYTES]++ == 0;
    unmap_pages((void *)start, pages * PAGE_BYTES);
  }
  return right;
}

/* Two processes on one hart that wait for each other's byte: half a round trip each time. */
static u64 context_switch(u64 count) {
  int there[2], back[2];
  u64 right = 0;
  u8 byte = 1;
  stay_on_hart(0);
  make_pipe(there);
  make_pipe(back);
  s64 child = fork_process();
  if (child == 0) {
    close_file(there[1]);
    while (read_all(there[0], &byte, 1)) write_all(back[1], &byte, 1);
    end_process(0);
  }
  for (u64 i = 0; i < count; i += 2) {
    write_all(there[1], &byte, 1);
    right += 2 * read_all(back[0], &byte, 1);
  }
  close_file(there[1]);
  close_file(there[0]);
  close_file(back[0]);
  close_file(back[1]);
  return wait_for(child) == 0 ? right : 0;
}

/* One page of bytes through a pipe. */
static u64 pipe_block(u64 count) {
  static u8 block[PIPE_BLOCK];
  int ends[2];
  make_pipe(ends);
  s64 child = fork_process();
  if (child == 0) {
    for (u64 i = 0; i < count; i++) write_all(ends[1], block, PIPE_BLOCK);
    end_process(0);
  }
  close_file(ends[1]);
  u64 right = 0;
  while (read_all(ends[0], block, PIPE_BLOCK) == PIPE_BLOCK) right++;
  close_file(ends[0]);
  return wait_for(child) == 0 ? right : 0;
}

static u64 fork_exit(u64 count) {
  u64 right = 0;
  for (u64 i = 0; i < count; i++) {
    s64 child = fork_process();
    if (child == 0) end_process(0);
    right += wait_for(child) == 0;
  }
  return right;
}

static u64 fork_exec(u64 count) {
  u64 right = 0;
  for (u64 i = 0; i < count; i++) {
    s64 child = fork_process();
    if (child == 0) execute_self("nothing");
    right += wait_for(child) == 0;
  }
  return right;
}

const struct kernel operations[] = {
    {"syscall", system_call}, {"page-fault", page_fault}, {"context-switch", context_switch},
    {"pipe-4k", pipe_block},  {"fork-exit", fork_exit},   {"fork-exec", fork_exec},
    {0, 0},
};
