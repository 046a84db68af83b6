/* System calls of Linux on RISC-V: `linux_calls.h`. */
#include "linux_calls.h"
#include "system_call.h"

enum {
  SIGCHLD = 17,
  PROT_READ_WRITE = 3,
  MAP_PRIVATE_ANONYMOUS = 0x22,
  STATUS_SHIFT = 8,
  LINE_BYTES = 160,
};

static s64 checked(s64 result, const char *what) {
  if (result < 0) fail(what);
  return result;
}

static u64 put_number(char *to, u64 value, u64 base, u64 digits_min) {
  char digits[24];
  u64 count = 0, length = 0;
  do digits[count++] = "0123456789abcdef"[value % base];
  while ((value /= base) || count < digits_min);
  while (count) to[length++] = digits[--count];
  return length;
}

void print_line(const struct word *words, u64 count) {
  char line[LINE_BYTES];
  u64 length = 0;
  for (u64 i = 0; i < count; i++) {
    if (i) line[length++] = ' ';
    const struct word *word = &words[i];
    if (word->form == DECIMAL) length += put_number(line + length, word->number, 10, 1);
    if (word->form == HEXADECIMAL) length += put_number(line + length, word->number, 16, 16);
    if (word->form == TEXT) {
      for (const char *s = word->text; *s; s++) line[length++] = *s;
    }
  }
  line[length++] = '\n';
  write_all(1, line, length);
}

void end_process(int status) {
  system_call(SYS_exit_group, (u64)status, 0, 0);
  __builtin_unreachable();
}

void fail(const char *what) {
  const struct word words[] = {{.text = "BENCH failed"}, {.text = what}};
  print_line(words, COUNT(words));
  end_process(1);
}

u64 nanoseconds(void) {
  u64 time[2];
  system_call(SYS_clock_gettime, CLOCK_MONOTONIC, (u64)time, 0);
  return time[0] * 1000000000 + time[1];
}

u64 parent_id(void) { return (u64)system_call(SYS_getppid, 0, 0, 0); }

void *map_pages(u64 bytes) {
  return (void *)checked(
      system_call6(SYS_mmap, 0, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, (u64)-1, 0), "mmap");
}

void unmap_pages(void *address, u64 bytes) {
  checked(system_call(SYS_munmap, (u64)address, bytes, 0), "munmap");
}

void make_pipe(int ends[2]) { checked(system_call(SYS_pipe2, (u64)ends, 0, 0), "pipe2"); }

void close_file(int file) { checked(system_call(SYS_close, (u64)file, 0, 0), "close"); }

u64 read_all(int file, void *bytes, u64 count) {
  u64 done = 0;
  while (done < count) {
    s64 part = checked(system_call(SYS_read, (u64)file, (u64)bytes + done, count - done), "read");
    if (part == 0) break;
    done += (u64)part;
  }
  return done;
}

void write_all(int file, const void *bytes, u64 count) {
  u64 done = 0;
  while (done < count) {
    s64 part = system_call(SYS_write, (u64)file, (u64)bytes + done, count - done);
    if (part < 0) end_process(1);
    done += (u64)part;
  }
}

void stay_on_hart(u64 hart) {
  u64 harts = 1ul << hart;
  checked(system_call(SYS_sched_setaffinity, 0, sizeof harts, (u64)&harts), "sched_setaffinity");
}

s64 fork_process(void) { return checked(system_call6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0), "clone"); }

void execute_self(const char *argument) {
  const char *const arguments[] = {"linux_bench", argument, 0};
  system_call(SYS_execve, (u64) "/proc/self/exe", (u64)arguments, (u64)(arguments + 2));
  fail("execve");
}

int wait_for(s64 child) {
  int status = 0;
  checked(system_call6(SYS_wait4, (u64)child, (u64)&status, 0, 0, 0, 0), "wait4");
  return status >> STATUS_SHIFT;
}
