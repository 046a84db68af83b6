/* Board `spike`: console and end through the host-target interface words. */
#include "board.h"

static const u64 CONSOLE_WRITE = 0x0101UL << 48;

volatile u64 tohost __attribute__((section(".tohost"), aligned(LINE_BYTES), used));
volatile u64 fromhost __attribute__((section(".tohost"), aligned(LINE_BYTES), used));

static void send(u64 command) {
  while (tohost) fromhost = 0;
  tohost = command;
}

void board_put(char byte) {
  send(CONSOLE_WRITE | (u8)byte);
}

void board_finish(u32 code) {
  send((u64)code << 1 | 1);
}
