import { assertEquals } from "@std/assert";
import { createMmioAccess } from "./device.ts";
import { Uart16550, UART_WORDS } from "./uart_16550.ts";
import {
  FifoControl,
  Identification,
  InterruptEnable,
  LineControl,
  LineStatus,
  ModemControl,
  UartRegister,
} from "./uart_16550_registers.ts";

/** A UART with arrays for rings, driven like a guest drives it. */
class Bench {
  readonly sent: number[] = [];
  readonly input: number[] = [];
  room = Infinity;
  level = false;
  readonly uart: Uart16550;
  readonly access = createMmioAccess(0);

  constructor() {
    const words = new Int32Array(new SharedArrayBuffer(UART_WORDS * 4));
    this.uart = new Uart16550(words, 0, {
      sink: {
        tryPut: (byte) => {
          if (this.sent.length >= this.room) return false;
          this.sent.push(byte);
          return true;
        },
      },
      source: {
        take: () => this.input.shift() ?? -1,
        available: () => this.input.length,
      },
      interrupt: { setLevel: (asserted) => this.level = asserted },
    });
    this.access.size = 1;
  }

  read(offset: number): number {
    this.access.offset = offset;
    assertEquals(this.uart.load(this.access), true);
    return this.access.low;
  }

  write(offset: number, value: number): void {
    this.access.offset = offset;
    this.access.low = value;
    this.access.retry = false;
    assertEquals(this.uart.store(this.access), true);
  }

  type(text: string): void {
    this.input.push(...new TextEncoder().encode(text));
    this.uart.inputArrived();
  }
}

const IDLE_LINE = LineStatus.TRANSMIT_HOLDING_EMPTY | LineStatus.TRANSMITTER_EMPTY;

Deno.test("Uart16550 transmits and always reports an empty transmitter", () => {
  const bench = new Bench();
  assertEquals(bench.read(UartRegister.LINE_STATUS), IDLE_LINE);
  bench.write(UartRegister.DATA, 0x41);
  assertEquals(bench.sent, [0x41]);
  assertEquals(bench.read(UartRegister.LINE_STATUS), IDLE_LINE);
  assertEquals(bench.level, false);
});

Deno.test("Uart16550 asks for the store again while the output ring is full", () => {
  const bench = new Bench();
  bench.room = 1;
  bench.write(UartRegister.DATA, 1);
  assertEquals(bench.access.retry, false);
  bench.write(UartRegister.DATA, 2);
  assertEquals(bench.access.retry, true);
  bench.room = 2;
  bench.write(UartRegister.DATA, 2);
  assertEquals(bench.access.retry, false);
  assertEquals(bench.sent, [1, 2]);
});

Deno.test("Uart16550 raises received data at the trigger level, else character timeout", () => {
  const bench = new Bench();
  bench.write(UartRegister.IDENTIFICATION, FifoControl.ENABLE | 1 << FifoControl.TRIGGER_SHIFT);
  bench.write(UartRegister.INTERRUPT_ENABLE, InterruptEnable.RECEIVED);
  assertEquals(bench.level, false);
  bench.type("abc");
  assertEquals(bench.level, true);
  const fifo = Identification.FIFO_ENABLED;
  assertEquals(bench.read(UartRegister.IDENTIFICATION), fifo | Identification.CHARACTER_TIMEOUT);
  bench.type("d");
  assertEquals(bench.read(UartRegister.IDENTIFICATION), fifo | Identification.RECEIVED);
  for (const expected of new TextEncoder().encode("abcd")) {
    assertEquals(bench.level, true);
    assertEquals(
      bench.read(UartRegister.LINE_STATUS) & LineStatus.DATA_READY,
      LineStatus.DATA_READY,
    );
    assertEquals(bench.read(UartRegister.DATA), expected);
  }
  assertEquals(bench.level, false);
  assertEquals(bench.read(UartRegister.LINE_STATUS), IDLE_LINE);
  assertEquals(bench.read(UartRegister.IDENTIFICATION), fifo | Identification.NONE);
});

Deno.test("Uart16550 latches transmitter empty: a read clears it, enabling it again asserts it", () => {
  const bench = new Bench();
  bench.write(UartRegister.INTERRUPT_ENABLE, InterruptEnable.TRANSMIT_EMPTY);
  assertEquals(bench.level, true);
  assertEquals(bench.read(UartRegister.IDENTIFICATION), Identification.TRANSMIT_EMPTY);
  assertEquals(bench.level, false);
  assertEquals(bench.read(UartRegister.IDENTIFICATION), Identification.NONE);
  bench.write(UartRegister.INTERRUPT_ENABLE, 0);
  bench.write(UartRegister.INTERRUPT_ENABLE, InterruptEnable.TRANSMIT_EMPTY);
  assertEquals(bench.level, true);
  assertEquals(bench.read(UartRegister.IDENTIFICATION), Identification.TRANSMIT_EMPTY);
  bench.write(UartRegister.DATA, 0x42);
  assertEquals(bench.level, true);
  assertEquals(bench.read(UartRegister.IDENTIFICATION), Identification.TRANSMIT_EMPTY);
  bench.write(UartRegister.IDENTIFICATION, FifoControl.RESET_TRANSMITTER);
  assertEquals(bench.level, true);
});

Deno.test("Uart16550 keeps the divisor apart from data and interrupt enable", () => {
  const bench = new Bench();
  bench.write(UartRegister.LINE_CONTROL, LineControl.DIVISOR_ACCESS | 3);
  bench.write(UartRegister.DATA, 0x0c);
  bench.write(UartRegister.INTERRUPT_ENABLE, 0xff);
  assertEquals(bench.read(UartRegister.DATA), 0x0c);
  assertEquals(bench.read(UartRegister.INTERRUPT_ENABLE), 0xff);
  bench.write(UartRegister.LINE_CONTROL, 3);
  assertEquals(bench.read(UartRegister.INTERRUPT_ENABLE), 0);
  assertEquals(bench.read(UartRegister.LINE_CONTROL), 3);
  assertEquals(bench.sent, []);
});

/** The steps by which Linux's 8250 driver tells a 16550A from its relatives. */
Deno.test("Uart16550 passes the probing of the 8250 driver as a 16550A", () => {
  const bench = new Bench();
  bench.write(UartRegister.INTERRUPT_ENABLE, 0);
  assertEquals(bench.read(UartRegister.INTERRUPT_ENABLE) & 0x0f, 0);
  bench.write(UartRegister.INTERRUPT_ENABLE, 0x0f);
  assertEquals(bench.read(UartRegister.INTERRUPT_ENABLE) & 0x0f, 0x0f);
  bench.write(UartRegister.INTERRUPT_ENABLE, 0);
  bench.write(UartRegister.MODEM_CONTROL, ModemControl.LOOP | 0x0a);
  assertEquals(bench.read(UartRegister.MODEM_STATUS) & 0xf0, 0x90);
  bench.write(UartRegister.MODEM_CONTROL, 0);
  const extendedRegisterProbe = 0xbf;
  bench.write(UartRegister.LINE_CONTROL, extendedRegisterProbe);
  assertEquals(bench.read(UartRegister.IDENTIFICATION) !== 0, true);
  bench.write(UartRegister.LINE_CONTROL, 0);
  bench.write(UartRegister.IDENTIFICATION, FifoControl.ENABLE);
  assertEquals(bench.read(UartRegister.IDENTIFICATION) >> 6, 3);
  const largeFifoProbe = FifoControl.ENABLE | 0x20;
  bench.write(UartRegister.IDENTIFICATION, largeFifoProbe);
  assertEquals(bench.read(UartRegister.IDENTIFICATION) >> 5, 6);
  bench.write(UartRegister.INTERRUPT_ENABLE, 0x40);
  assertEquals(bench.read(UartRegister.INTERRUPT_ENABLE), 0);
  bench.write(UartRegister.SCRATCH, 0xae);
  assertEquals(bench.read(UartRegister.SCRATCH), 0xae);
});

Deno.test("Uart16550 loops data back, reports overrun once and stays off the line", () => {
  const bench = new Bench();
  bench.write(UartRegister.IDENTIFICATION, FifoControl.ENABLE);
  bench.write(UartRegister.MODEM_CONTROL, ModemControl.LOOP);
  bench.write(
    UartRegister.INTERRUPT_ENABLE,
    InterruptEnable.RECEIVED | InterruptEnable.LINE_STATUS,
  );
  for (let byte = 0; byte < 17; byte++) bench.write(UartRegister.DATA, byte);
  assertEquals(bench.sent, []);
  assertEquals(
    bench.read(UartRegister.IDENTIFICATION),
    Identification.FIFO_ENABLED | Identification.LINE_STATUS,
  );
  const overrun = IDLE_LINE | LineStatus.OVERRUN | LineStatus.DATA_READY;
  assertEquals(bench.read(UartRegister.LINE_STATUS), overrun);
  assertEquals(bench.read(UartRegister.LINE_STATUS), overrun & ~LineStatus.OVERRUN);
  for (let byte = 0; byte < 16; byte++) assertEquals(bench.read(UartRegister.DATA), byte);
  assertEquals(bench.level, false);
  bench.write(UartRegister.DATA, 7);
  bench.write(UartRegister.IDENTIFICATION, FifoControl.ENABLE | FifoControl.RESET_RECEIVER);
  assertEquals(bench.read(UartRegister.LINE_STATUS), IDLE_LINE);
});

Deno.test("Uart16550 without FIFO keeps the last looped byte, also after the loop was opened", () => {
  const bench = new Bench();
  bench.write(UartRegister.MODEM_CONTROL, ModemControl.LOOP);
  bench.write(UartRegister.DATA, 1);
  bench.write(UartRegister.DATA, 2);
  bench.write(UartRegister.MODEM_CONTROL, 0);
  const overrun = IDLE_LINE | LineStatus.OVERRUN | LineStatus.DATA_READY;
  assertEquals(bench.read(UartRegister.LINE_STATUS), overrun);
  assertEquals(bench.read(UartRegister.DATA), 2);
  assertEquals(bench.read(UartRegister.LINE_STATUS), IDLE_LINE);
});

Deno.test("Uart16550 reports changes of the modem inputs until they are read", () => {
  const bench = new Bench();
  const connected = 0xb0;
  assertEquals(bench.read(UartRegister.MODEM_STATUS), connected);
  bench.write(UartRegister.INTERRUPT_ENABLE, InterruptEnable.MODEM_STATUS);
  bench.write(UartRegister.MODEM_CONTROL, ModemControl.LOOP | ModemControl.OUT1);
  assertEquals(bench.level, true);
  assertEquals(bench.read(UartRegister.IDENTIFICATION), Identification.MODEM_STATUS);
  assertEquals(bench.read(UartRegister.MODEM_STATUS), 0x4b);
  assertEquals(bench.level, false);
  bench.write(UartRegister.MODEM_CONTROL, ModemControl.LOOP);
  assertEquals(bench.read(UartRegister.MODEM_STATUS), 0x04);
});

Deno.test("Uart16550 keeps input through the resets and blind reads of an opening driver", () => {
  const bench = new Bench();
  bench.type("ls\n");
  for (let round = 0; round < 3; round++) {
    bench.write(UartRegister.IDENTIFICATION, FifoControl.ENABLE | FifoControl.RESET_RECEIVER);
    bench.write(UartRegister.IDENTIFICATION, 0);
    assertEquals(bench.read(UartRegister.LINE_STATUS), IDLE_LINE);
    assertEquals(bench.read(UartRegister.DATA), 0);
  }
  bench.write(UartRegister.INTERRUPT_ENABLE, InterruptEnable.RECEIVED);
  assertEquals(bench.level, true);
  assertEquals(bench.read(UartRegister.DATA), "l".charCodeAt(0));
});

Deno.test("Uart16550 speaks again to a guest that polls after a receiver reset", () => {
  const bench = new Bench();
  bench.type("x");
  bench.write(UartRegister.IDENTIFICATION, FifoControl.ENABLE | FifoControl.RESET_RECEIVER);
  let polls = 0;
  while ((bench.read(UartRegister.LINE_STATUS) & LineStatus.DATA_READY) === 0) {
    polls += 1;
    assertEquals(polls < 1000, true);
  }
  assertEquals(bench.read(UartRegister.DATA), "x".charCodeAt(0));
});

Deno.test("Uart16550 delivers a break as a marked zero byte ahead of the input", () => {
  const bench = new Bench();
  bench.type("s");
  bench.write(
    UartRegister.INTERRUPT_ENABLE,
    InterruptEnable.RECEIVED | InterruptEnable.LINE_STATUS,
  );
  bench.uart.sendBreak();
  assertEquals(bench.read(UartRegister.IDENTIFICATION), Identification.LINE_STATUS);
  const broken = IDLE_LINE | LineStatus.BREAK | LineStatus.DATA_READY;
  assertEquals(bench.read(UartRegister.LINE_STATUS), broken);
  assertEquals(bench.read(UartRegister.DATA), 0);
  assertEquals(bench.read(UartRegister.LINE_STATUS), broken & ~LineStatus.BREAK);
  assertEquals(bench.read(UartRegister.DATA), "s".charCodeAt(0));
});

Deno.test("Uart16550 has eight registers", () => {
  const bench = new Bench();
  bench.access.offset = 8;
  assertEquals(bench.uart.load(bench.access), false);
  assertEquals(bench.uart.store(bench.access), false);
});
