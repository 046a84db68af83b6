/*
 * The kernels as a program of the host: `NAME REPEAT CHECKSUM` for each, to compare emulators with.
 *
 * Usage: native NAME:REPEAT ...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

int main(int count, char **arguments) {
  for (int i = 1; i < count; i++) {
    char *colon = strchr(arguments[i], ':');
    if (!colon) return 2;
    *colon = 0;
    u64 repeat = strtoul(colon + 1, 0, 10);
    const struct kernel *kernel = kernels;
    while (kernel->name && strcmp(kernel->name, arguments[i])) kernel++;
    if (!kernel->name) return 2;
    printf("%s %lu %016lx\n", kernel->name, repeat, kernel->run(repeat));
  }
  return 0;
}
