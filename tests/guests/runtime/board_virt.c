/* Board `virt`: NS16550A console, SiFive test finisher. */
#include "board.h"

enum {
  UART_LINE_STATUS = 5,
  UART_TRANSMIT_EMPTY = 1 << 5,
  FINISHER_PASS = 0x5555,
  FINISHER_FAIL = 0x3333,
};

static volatile u8 *const UART = (volatile u8 *)0x10000000UL;
static volatile u32 *const FINISHER = (volatile u32 *)0x100000UL;

void board_put(char byte) {
  while (!(UART[UART_LINE_STATUS] & UART_TRANSMIT_EMPTY)) pause_hint();
  UART[0] = byte;
}

void board_finish(u32 code) {
  *FINISHER = code ? code << 16 | FINISHER_FAIL : FINISHER_PASS;
}
