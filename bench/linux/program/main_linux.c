/*
 * The kernels and system operations as a program for Linux on RISC-V, which times itself.
 *
 * Usage: linux_bench run NAME REPEAT          the kernel or operation, so many times
 *        linux_bench calibrate NAME MS        how many times fill so many milliseconds
 *        linux_bench scaling NAME REPEAT      the kernel on one hart, then on two at a time
 *        linux_bench all REPEAT               every kernel and operation
 *        linux_bench nothing                  ends at once
 */
#include "kernel.h"
#include "linux_calls.h"
#include "system_operations.h"

enum { GROWTH = 4, CALIBRATION_SHARE = 4 };
static const u64 ns_per_ms = 1000000;

typedef u64 __attribute__((may_alias)) u64_alias;

/* The compiler copies and clears structures by these. */
void *memcpy(void *to, const void *from, u64 count) {
  u8 *out = to;
  const u8 *in = from;
  if ((((u64)out | (u64)in) & 7) == 0) {
    for (; count >= 8; count -= 8, out += 8, in += 8) *(u64_alias *)out = *(const u64_alias *)in;
  }
  while (count--) *out++ = *in++;
  return to;
}

void *memset(void *to, int value, u64 count) {
  for (u64 i = 0; i < count; i++) ((u8 *)to)[i] = (u8)value;
  return to;
}

static int is_same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static u64 number(const char *text) {
  u64 value = 0;
  while (*text >= '0' && *text <= '9') value = value * 10 + (u64)(*text++ - '0');
  return value;
}

static const struct kernel *find_in(const struct kernel *list, const char *name) {
  for (; list->name; list++) {
    if (is_same(list->name, name)) return list;
  }
  return 0;
}

static const struct kernel *find(const char *name) {
  const struct kernel *found = find_in(kernels, name);
  if (!found) found = find_in(operations, name);
  if (!found) fail("no kernel of this name");
  return found;
}

static u64 time_of(const struct kernel *kernel, u64 repeat, u64 *checksum) {
  u64 start = nanoseconds();
  *checksum = kernel->run(repeat);
  return nanoseconds() - start;
}

static void begin(const char *name) {
  const struct word words[] = {{.text = "BENCH begin"}, {.text = name}};
  print_line(words, COUNT(words));
}

static void run(const struct kernel *kernel, u64 repeat) {
  u64 checksum;
  begin(kernel->name);
  u64 ns = time_of(kernel, repeat, &checksum);
  const struct word words[] = {
      {.text = "BENCH run"},
      {.text = kernel->name},
      {.number = repeat, .form = DECIMAL},
      {.number = checksum, .form = HEXADECIMAL},
      {.number = ns, .form = DECIMAL},
  };
  print_line(words, COUNT(words));
}

static void calibrate(const struct kernel *kernel, u64 ms) {
  u64 repeat = 1, checksum, ns;
  while ((ns = time_of(kernel, repeat, &checksum)) < ms * ns_per_ms / CALIBRATION_SHARE) repeat *= GROWTH;
  repeat = repeat * ms * ns_per_ms / ns;
  const struct word words[] = {
      {.text = "BENCH calibrated"},
      {.text = kernel->name},
      {.number = repeat ? repeat : 1, .form = DECIMAL},
  };
  print_line(words, COUNT(words));
}

/* Both harts work at the same time, each in a process of its own; 0 if a checksum is wrong. */
static u64 time_on_two(const struct kernel *kernel, u64 repeat, u64 expected) {
  u64 checksum, start = nanoseconds();
  s64 child = fork_process();
  if (child == 0) {
    stay_on_hart(1);
    end_process(kernel->run(repeat) != expected);
  }
  time_of(kernel, repeat, &checksum);
  int status = wait_for(child);
  u64 ns = nanoseconds() - start;
  return status == 0 && checksum == expected ? ns : 0;
}

static void scale(const struct kernel *kernel, u64 repeat) {
  u64 checksum;
  stay_on_hart(0);
  time_of(kernel, repeat, &checksum);
  u64 warm = time_on_two(kernel, repeat, checksum);
  begin(kernel->name);
  u64 one = time_of(kernel, repeat, &checksum);
  u64 two = time_on_two(kernel, repeat, checksum);
  if (!warm || !two) fail("checksums differ between harts");
  const struct word words[] = {
      {.text = "BENCH scaling"},
      {.text = kernel->name},
      {.number = repeat, .form = DECIMAL},
      {.number = checksum, .form = HEXADECIMAL},
      {.number = one, .form = DECIMAL},
      {.number = two, .form = DECIMAL},
  };
  print_line(words, COUNT(words));
}

static void run_all(u64 repeat) {
  for (const struct kernel *kernel = kernels; kernel->name; kernel++) run(kernel, repeat);
  for (const struct kernel *operation = operations; operation->name; operation++) run(operation, repeat);
}

__attribute__((noreturn, used)) static void start(u64 *stack) {
  u64 count = stack[0];
  char **arguments = (char **)(stack + 1);
  const char *command = count > 1 ? arguments[1] : "";
  if (is_same(command, "nothing")) {
  } else if (is_same(command, "all") && count == 3) run_all(number(arguments[2]));
  else if (is_same(command, "run") && count == 4) run(find(arguments[2]), number(arguments[3]));
  else if (is_same(command, "calibrate") && count == 4) calibrate(find(arguments[2]), number(arguments[3]));
  else if (is_same(command, "scaling") && count == 4) scale(find(arguments[2]), number(arguments[3]));
  else fail("usage: see main_linux.c");
  end_process(0);
}

__attribute__((naked, noreturn)) void _start(void) {
  __asm__ volatile(
      ".option push\n.option norelax\nlla gp, __global_pointer$\n.option pop\n"
      "mv a0, sp\n"
      "andi sp, sp, -16\n"
      "tail %0\n" ::"i"(start));
}
