/**
 * The same random register accesses on this board and on QEMU's, whose `qtest` protocol reads and writes
 * device registers of a stopped machine. Skipped where there is no QEMU.
 *
 * Left out, each for a reason: FIFO trigger levels above one byte (QEMU's character timeout needs a running
 * clock), modem status changes in loop-back (QEMU does not report them), reads of an empty receive buffer
 * (undefined), enable bit of source 0 (QEMU stores it), source 96 (QEMU 7 has it, later ones do not), claims
 * and pending bits (QEMU 7 drops a request when its line falls and lets the threshold mask claims, the PLIC
 * specification does neither). Of a PCI device's configuration space the words behind its capabilities (QEMU lets all
 * that be written), and the data of the window to its memory.
 */

import { assertEquals } from "@std/assert";
import { Machine, PAGE_ATTRIBUTES } from "../../../atomics/shared_layout.ts";
import type { Bus } from "../../../devices/bus.ts";
import { createMmioAccess } from "../../../devices/device.ts";
import {
  FifoControl,
  InterruptEnable,
  LineControl,
  LineStatus,
  UartRegister,
} from "../../../devices/uart_16550_registers.ts";
import { GuestClock, startClock } from "../../clock.ts";
import { ENTROPY_FEATURES } from "../../../virtio/entropy_device.ts";
import { AccessWindow, Messages, TABLE_BASE } from "../../../virtio/pci_configuration.ts";
import { DeviceId } from "../../../virtio/registers.ts";
import { slotNumber } from "../../slot_assignment.ts";
import { Command, Header } from "../../../pci/configuration_registers.ts";
import { PENDING_OFFSET } from "../../../pci/message_table.ts";
import type { AiaChoice } from "../../options.ts";
import { createVirtBoard } from "./board.ts";
import { VirtMap } from "./memory_map.ts";
import { PLIC_LAST_SOURCE } from "./plic.ts";

const QEMU = "qemu-system-riscv64";
const HARTS = 2;
const ACCESSES = 3000;
const SEED = 20_111_206;
const BREAK_CONTROL = 0x40;
const MODEM_LEVELS = 0xf0;

/** What can be done to a board's registers. */
interface Registers {
  read(address: number, size: AccessSize): Promise<number>;
  write(address: number, size: AccessSize, value: number): Promise<void>;
}

type AccessSize = 1 | 2 | 4;
/** What QEMU's protocol calls accesses by their size. */
const SIZE_LETTERS: Readonly<Record<AccessSize, string>> = { 1: "b", 2: "w", 4: "l" };
/** Where a source of entropy is on the PCI bus. */
const PCI_DEVICE = 5;
const PCI_FLAGS = `virtio-rng-pci,addr=${PCI_DEVICE},disable-legacy=on`;
/** Vectors of that device, on a board with messages. */
const VECTORS = 2;

/** Which board, and whether its device has vectors. */
interface BoardChoice {
  readonly aia: AiaChoice;
  readonly vectors: number;
}

const USUAL: BoardChoice = { aia: "none", vectors: 0 };
const WITH_MESSAGES: BoardChoice = { aia: "aplic-imsic", vectors: VECTORS };

class OwnRegisters implements Registers {
  readonly #bus: Bus;
  readonly #access = createMmioAccess(0);

  constructor({ aia, vectors }: BoardChoice) {
    const words = new Int32Array(new SharedArrayBuffer(PAGE_ATTRIBUTES));
    words[Machine.HART_COUNT.offset >> 2] = HARTS;
    startClock(words);
    const board = createVirtBoard({ words, hartCount: HARTS, clock: new GuestClock(words), aia });
    this.#bus = board.bus;
    board.virtioSlots[slotNumber({ bus: "pci", slot: PCI_DEVICE })].install({
      id: DeviceId.ENTROPY,
      agents: [HARTS],
      features: ENTROPY_FEATURES,
      queues: 1,
      config: new Uint8Array(0),
      vectors,
    });
  }

  read(address: number, size: AccessSize): Promise<number> {
    this.#access.size = size;
    assertEquals(this.#bus.load(address, 0, this.#access), true);
    return Promise.resolve(this.#access.low >>> 0);
  }

  write(address: number, size: AccessSize, value: number): Promise<void> {
    Object.assign(this.#access, { size, low: value, high: 0 });
    assertEquals(this.#bus.store(address, 0, this.#access), true);
    return Promise.resolve();
  }
}

class QemuRegisters implements Registers {
  readonly #process: Deno.ChildProcess;
  readonly #commands: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<string>;
  #unread = "";

  constructor({ aia, vectors }: BoardChoice) {
    const quiet = ["-display", "none", "-serial", "null", "-monitor", "none", "-bios", "none"];
    this.#process = new Deno.Command(QEMU, {
      args: [
        ...["-M", `virt,aia=${aia}`, "-smp", `${HARTS}`, "-S", "-qtest", "stdio", ...quiet],
        ...["-device", `${PCI_FLAGS},vectors=${vectors}`],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#commands = this.#process.stdin.getWriter();
    this.#answers = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async read(address: number, size: AccessSize): Promise<number> {
    const answer = await this.#ask(`read${SIZE_LETTERS[size]} ${address}`);
    return Number(answer.split(" ")[1]);
  }

  async write(address: number, size: AccessSize, value: number): Promise<void> {
    await this.#ask(`write${SIZE_LETTERS[size]} ${address} ${value}`);
  }

  async stop(): Promise<void> {
    this.#process.kill();
    await this.#commands.close().catch(() => {});
    await this.#answers.cancel();
    await this.#process.status;
  }

  async #ask(command: string): Promise<string> {
    await this.#commands.write(new TextEncoder().encode(`${command}\n`));
    for (;;) {
      const end = this.#unread.indexOf("\n");
      if (end >= 0) {
        const line = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#answers.read();
      if (done) throw new Error(`QEMU ended at "${command}"`);
      this.#unread += value;
    }
  }
}

/** Numbers from 0 up to a bound, the same for each run. */
function createRandom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}

/** Bits that are never written, by UART register. */
const UART_LEFT_OUT: Readonly<Record<number, number>> = {
  [UartRegister.INTERRUPT_ENABLE]: InterruptEnable.MODEM_STATUS,
  [UartRegister.IDENTIFICATION]: 3 << FifoControl.TRIGGER_SHIFT,
  [UartRegister.LINE_CONTROL]: BREAK_CONTROL,
};

class Comparison {
  readonly #own: OwnRegisters;
  readonly #log: string[] = [];

  constructor(
    choice: BoardChoice,
    readonly qemu: QemuRegisters,
    readonly random: (bound: number) => number,
  ) {
    this.#own = new OwnRegisters(choice);
  }

  async step(): Promise<void> {
    const kind = this.random(4);
    if (kind === 0) await this.readUart();
    else if (kind === 1) await this.writeUart();
    else await this.touchPlic(kind === 2);
  }

  async readUart(): Promise<void> {
    const register = this.random(8);
    const status = await this.#read(VirtMap.UART.base + UartRegister.LINE_STATUS, 1);
    const isEmpty = (status & LineStatus.DATA_READY) === 0;
    if (register === UartRegister.DATA && isEmpty) return;
    const mask = register === UartRegister.MODEM_STATUS ? MODEM_LEVELS : -1;
    await this.#read(VirtMap.UART.base + register, 1, mask);
  }

  async writeUart(): Promise<void> {
    const register = this.random(8);
    let value = this.random(256) & ~(UART_LEFT_OUT[register] ?? 0);
    const keepsData = register === UartRegister.LINE_CONTROL && this.random(2) === 0;
    if (keepsData) value &= ~LineControl.DIVISOR_ACCESS;
    await this.write(VirtMap.UART.base + register, 1, value);
  }

  async touchPlic(isRead: boolean): Promise<void> {
    const places = [
      4 * this.random(PLIC_LAST_SOURCE + 1),
      0x2000 + 0x80 * this.random(5) + 4 * this.random(3),
      0x20_0000 + 0x1000 * this.random(5),
    ];
    const address = VirtMap.PLIC.base + (places[this.random(places.length)] ?? 0);
    if (isRead) await this.#read(address, 4);
    else await this.write(address, 4, (this.random(2 ** 32) & ~1) >>> 0);
  }

  /** A part of a configuration space, of a device, of the bridge, or of none. */
  async touchConfiguration(): Promise<void> {
    const device = [0, PCI_DEVICE, PCI_DEVICE, PCI_DEVICE + 1][this.random(4)] ?? 0;
    const size = ([1, 2, 4] as const)[this.random(3)] ?? 4;
    const offset = this.random((device === 0 ? 0x40 : AccessWindow.DATA) / size) * size;
    const address = VirtMap.PCI_CONFIGURATION.base + (device << 15) + offset;
    if (this.random(2) === 0) await this.#read(address, size);
    else await this.write(address, size, this.random(2 ** (8 * size)));
  }

  /** Tables of vectors: a base address, the capability, the entries, and what is pending. */
  async touchTable(): Promise<void> {
    const places = [
      VirtMap.PCI_MEMORY.base + 4 * this.random(4 * VECTORS + 2),
      VirtMap.PCI_MEMORY.base + PENDING_OFFSET + 4 * this.random(4),
      this.configurationAddress(Messages.CONTROL),
      this.configurationAddress(Messages.TABLE),
    ];
    const address = places[this.random(places.length)] ?? 0;
    if (this.random(2) === 0) await this.#read(address, 4);
    else await this.write(address, 4, this.random(2 ** 32));
  }

  /** Where a register of the device's configuration space is. */
  configurationAddress(register: number): number {
    return VirtMap.PCI_CONFIGURATION.base + (PCI_DEVICE << 15) + register;
  }

  async write(address: number, size: AccessSize, value: number): Promise<void> {
    this.#log.push(`write ${address.toString(16)} ${value.toString(16)}`);
    await this.#own.write(address, size, value);
    await this.qemu.write(address, size, value >>> 0);
  }

  async #read(address: number, size: AccessSize, mask = -1): Promise<number> {
    this.#log.push(`read ${address.toString(16)}`);
    const own = await this.#own.read(address, size);
    const theirs = await this.qemu.read(address, size);
    const history = this.#log.slice(-8).join("\n");
    assertEquals((own & mask) >>> 0, (theirs & mask) >>> 0, `seed ${SEED}, after:\n${history}`);
    return own;
  }
}

async function hasQemu(): Promise<boolean> {
  try {
    return (await new Deno.Command(QEMU, { args: ["--version"] }).output()).success;
  } catch {
    console.log(`${QEMU} is not installed: the comparison of registers with it is skipped`);
    return false;
  }
}

const isInstalled = await hasQemu();

/** Makes accesses to both, each read of which must be the same. */
async function compare(
  accesses: (comparison: Comparison) => Promise<void>,
  choice: BoardChoice = USUAL,
): Promise<void> {
  const qemu = new QemuRegisters(choice);
  try {
    await accesses(new Comparison(choice, qemu, createRandom(SEED)));
  } finally {
    await qemu.stop();
  }
}

Deno.test({
  name: "UART and PLIC registers hold what QEMU's hold after the same random accesses",
  ignore: !isInstalled,
  fn: () =>
    compare(async (comparison) => {
      await comparison.write(VirtMap.UART.base + UartRegister.MODEM_CONTROL, 1, 0);
      for (let access = 0; access < ACCESSES; access++) await comparison.step();
    }),
});

Deno.test({
  name: "configuration spaces of the PCI bus hold what QEMU's hold after the same random accesses",
  ignore: !isInstalled,
  fn: () =>
    compare(async (comparison) => {
      for (let access = 0; access < ACCESSES; access++) await comparison.touchConfiguration();
    }),
});

Deno.test({
  name:
    "tables of vectors and their capability hold what QEMU's hold after the same random accesses",
  ignore: !isInstalled,
  fn: () =>
    compare(async (comparison) => {
      await comparison.write(
        comparison.configurationAddress(TABLE_BASE),
        4,
        VirtMap.PCI_MEMORY.base,
      );
      await comparison.write(
        comparison.configurationAddress(Header.COMMAND),
        4,
        Command.MEMORY_SPACE,
      );
      for (let access = 0; access < ACCESSES; access++) await comparison.touchTable();
    }, WITH_MESSAGES),
});
