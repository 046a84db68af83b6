import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { interruptLines } from "../../../../atomics/pending.ts";
import { DEVICE_BLOCK } from "../../../../atomics/shared_layout.ts";
import { createMmioAccess } from "../../../../devices/device.ts";
import { AplicDomain, aplicDomainWords } from "./aplic_domain.ts";
import { APLIC_LAST_SOURCE, Delivery, Register, SOURCE_DELEGATE } from "./aplic_registers.ts";
import { SourceMode } from "./aplic_source.ts";

const HARTS = 2;
const BASE = DEVICE_BLOCK >> 2;
const MACHINE_LINE = 1 << 11;
const SUPERVISOR_LINE = 1 << 9;
const ENABLE = 0x100;
const SOURCE = 10;

const configOf = (source: number): number => Register.SOURCE + (source - 1) * 4;
const targetOf = (source: number): number => Register.TARGET + (source - 1) * 4;
const deliveryOf = (hart: number, register: number): number =>
  Register.DELIVERY + hart * 0x20 + register;

class Bench {
  readonly words = new Int32Array(
    new SharedArrayBuffer(DEVICE_BLOCK + aplicDomainWords(HARTS) * 8),
  );
  readonly sent: [address: number, data: number][] = [];
  readonly machine: AplicDomain;
  readonly supervisor: AplicDomain;
  readonly access = createMmioAccess(0);

  constructor(byMessage: boolean) {
    const messages = byMessage
      ? { send: (address: number, data: number) => void this.sent.push([address, data]) }
      : null;
    const same = { words: this.words, hartCount: HARTS, messages };
    const base = BASE + aplicDomainWords(HARTS);
    this.machine = new AplicDomain({
      ...same,
      base: BASE,
      externalLine: MACHINE_LINE,
      parent: null,
    });
    const parent = this.machine;
    this.supervisor = new AplicDomain({ ...same, base, externalLine: SUPERVISOR_LINE, parent });
  }

  read(domain: AplicDomain, offset: number): number {
    Object.assign(this.access, { offset, size: 4 });
    assertEquals(domain.load(this.access), true);
    return this.access.low;
  }

  write(domain: AplicDomain, offset: number, low: number): void {
    Object.assign(this.access, { offset, size: 4, low });
    assertEquals(domain.store(this.access), true);
  }

  /** Has the supervisor's domain deliver a source to a hart. */
  use(source: number, mode: number, target: number): void {
    const { machine, supervisor } = this;
    this.write(machine, configOf(source), SOURCE_DELEGATE);
    this.write(supervisor, configOf(source), mode);
    this.write(supervisor, targetOf(source), target);
    this.write(supervisor, Register.SET_ENABLED_NUMBER, source);
    this.write(supervisor, Register.DOMAIN, ENABLE);
    for (let hart = 0; hart < HARTS; hart++) {
      this.write(supervisor, deliveryOf(hart, Delivery.DELIVERY), 1);
    }
  }

  lines(): number[] {
    return Array.from({ length: HARTS }, (_, hart) => interruptLines(this.words, hart));
  }
}

Deno.test("a level interrupts its hart as long as it is high, whoever claims it", () => {
  const bench = new Bench(false);
  bench.use(SOURCE, SourceMode.HIGH_LEVEL, 1 << 18 | 3);
  bench.machine.setLevel(SOURCE, true);
  assertEquals(bench.lines(), [0, SUPERVISOR_LINE]);
  assertEquals(bench.read(bench.supervisor, deliveryOf(1, Delivery.TOP)), SOURCE << 16 | 3);
  assertEquals(bench.read(bench.supervisor, deliveryOf(1, Delivery.CLAIM)), SOURCE << 16 | 3);
  assertEquals(bench.read(bench.supervisor, deliveryOf(0, Delivery.CLAIM)), 0);
  assertEquals(bench.lines(), [0, SUPERVISOR_LINE]);
  bench.machine.setLevel(SOURCE, false);
  assertEquals(bench.lines(), [0, 0]);
  assertEquals(bench.read(bench.supervisor, deliveryOf(1, Delivery.CLAIM)), 0);
});

Deno.test("an edge is claimed once", () => {
  for (const mode of [SourceMode.RISING_EDGE, SourceMode.FALLING_EDGE]) {
    const bench = new Bench(false);
    const isRising = mode === SourceMode.RISING_EDGE;
    bench.machine.setLevel(SOURCE, !isRising);
    bench.use(SOURCE, mode, 2);
    assertEquals(bench.lines(), [0, 0]);
    bench.machine.setLevel(SOURCE, isRising);
    bench.machine.setLevel(SOURCE, !isRising);
    assertEquals(bench.lines(), [SUPERVISOR_LINE, 0]);
    assertEquals(bench.read(bench.supervisor, deliveryOf(0, Delivery.CLAIM)), SOURCE << 16 | 2);
    assertEquals(bench.lines(), [0, 0]);
  }
});

Deno.test("the lowest priority number goes first, then the lowest source; the threshold holds the rest", () => {
  const bench = new Bench(false);
  for (const [source, priority] of [[40, 3], [8, 2], [33, 3], [96, 1]]) {
    bench.use(source, SourceMode.DETACHED, priority);
    bench.write(bench.supervisor, Register.SET_PENDING_NUMBER, source);
  }
  bench.write(bench.supervisor, deliveryOf(0, Delivery.THRESHOLD), 3);
  const claim = () => bench.read(bench.supervisor, deliveryOf(0, Delivery.CLAIM)) >> 16;
  assertEquals([claim(), claim(), claim()], [96, 8, 0]);
  assertEquals(bench.lines(), [0, 0]);
  bench.write(bench.supervisor, deliveryOf(0, Delivery.THRESHOLD), 0);
  assertEquals(bench.lines(), [SUPERVISOR_LINE, 0]);
  assertEquals([claim(), claim(), claim()], [33, 40, 0]);
});

Deno.test("a hart can be interrupted by force, until it claims nothing", () => {
  const bench = new Bench(false);
  bench.use(SOURCE, SourceMode.DETACHED, 1);
  bench.write(bench.supervisor, deliveryOf(1, Delivery.FORCE), 1);
  assertEquals(bench.lines(), [0, SUPERVISOR_LINE]);
  bench.write(bench.supervisor, Register.DOMAIN, 0);
  assertEquals(bench.lines(), [0, 0]);
  bench.write(bench.supervisor, Register.DOMAIN, ENABLE);
  assertEquals(bench.read(bench.supervisor, deliveryOf(1, Delivery.CLAIM)), 0);
  assertEquals(bench.lines(), [0, 0]);
});

Deno.test("a source is the child's while it is delegated, and keeps what its wire says", () => {
  const bench = new Bench(false);
  const { machine, supervisor } = bench;
  bench.write(supervisor, configOf(SOURCE), SourceMode.HIGH_LEVEL);
  assertEquals(bench.read(supervisor, configOf(SOURCE)), 0);
  machine.setLevel(SOURCE, true);
  bench.use(SOURCE, SourceMode.HIGH_LEVEL, 1);
  assertEquals(bench.read(machine, configOf(SOURCE)), SOURCE_DELEGATE);
  assertEquals(bench.lines(), [SUPERVISOR_LINE, 0]);
  bench.write(machine, configOf(SOURCE), SourceMode.HIGH_LEVEL);
  assertEquals(bench.lines(), [0, 0]);
  assertEquals(bench.read(supervisor, configOf(SOURCE)), 0);
  assertEquals(bench.read(supervisor, targetOf(SOURCE)), 0);
  bench.write(supervisor, Register.SET_ENABLED_NUMBER, SOURCE);
  assertEquals(bench.read(supervisor, Register.SET_ENABLED), 0);
  bench.write(supervisor, configOf(SOURCE), SOURCE_DELEGATE);
  assertEquals(bench.read(supervisor, configOf(SOURCE)), 0);
});

Deno.test("bits of sources are read and written in words and by number", () => {
  const bench = new Bench(false);
  const { supervisor } = bench;
  for (const source of [1, 33, 96]) bench.use(source, SourceMode.DETACHED, 1);
  const words = (register: number) =>
    [0, 1, 2, 3].map((word) => bench.read(supervisor, register + 4 * word));
  assertEquals(words(Register.SET_ENABLED), [2, 2, 0, 1]);
  bench.write(supervisor, Register.CLEAR_ENABLED + 4, -1);
  bench.write(supervisor, Register.CLEAR_ENABLED_NUMBER, 96);
  assertEquals(words(Register.SET_ENABLED), [2, 0, 0, 0]);
  bench.write(supervisor, Register.SET_PENDING + 12, -1);
  bench.write(supervisor, Register.SET_PENDING_NUMBER_LITTLE, 1);
  assertEquals(words(Register.SET_PENDING), [2, 0, 0, 1]);
  bench.write(supervisor, Register.CLEAR_PENDING, -1);
  bench.write(supervisor, Register.CLEAR_PENDING_NUMBER, 96);
  assertEquals(words(Register.SET_PENDING), [0, 0, 0, 0]);
  bench.use(33, SourceMode.LOW_LEVEL, 1);
  assertEquals(words(Register.CLEAR_PENDING), [0, 2, 0, 0]);
  assertEquals(words(Register.SET_PENDING), [0, 2, 0, 0]);
  assertEquals(words(Register.CLEAR_ENABLED), [0, 0, 0, 0]);
});

Deno.test("accesses of another width are refused, and registers that do not exist are zero", () => {
  const bench = new Bench(true);
  for (const size of [1, 2, 8]) {
    Object.assign(bench.access, { offset: 0, size });
    assertEquals([bench.machine.load(bench.access), bench.machine.store(bench.access)], [
      false,
      false,
    ]);
  }
  for (const offset of [0x184, 0x1bc0, 0x1c80, 0x2008, 0x3184, 0x4000, 0x401c, 0x7ffc]) {
    bench.write(bench.supervisor, offset, -1);
    assertEquals(bench.read(bench.supervisor, offset), 0, offset.toString(16));
  }
});

const FILES = 0x2800_0000;

function messageBench(): Bench {
  const bench = new Bench(true);
  bench.machine.prepareForSupervisor(0x2400_0000, FILES);
  return bench;
}

Deno.test("a source sends its message once for each time that it rises, to the file of its hart", () => {
  const bench = messageBench();
  bench.use(SOURCE, SourceMode.HIGH_LEVEL, 1 << 18 | 77);
  bench.machine.setLevel(SOURCE, true);
  bench.machine.setLevel(SOURCE, true);
  assertEquals(bench.sent, [[FILES + 0x1000, 77]]);
  assertEquals(bench.read(bench.supervisor, Register.SET_PENDING), 0);
  // The handler asks whether the level is still there.
  bench.write(bench.supervisor, Register.SET_PENDING_NUMBER_LITTLE, SOURCE);
  assertEquals(bench.sent.length, 2);
  bench.machine.setLevel(SOURCE, false);
  bench.write(bench.supervisor, Register.SET_PENDING_NUMBER_LITTLE, SOURCE);
  assertEquals(bench.sent.length, 2);
  assertEquals(bench.lines(), [0, 0]);
});

Deno.test("what is ready is sent when the domain is enabled, and a level that falls before is not", () => {
  const bench = messageBench();
  bench.use(SOURCE, SourceMode.HIGH_LEVEL, 5);
  bench.use(20, SourceMode.RISING_EDGE, 6);
  bench.use(30, SourceMode.HIGH_LEVEL, 7);
  bench.write(bench.supervisor, Register.DOMAIN, 0);
  for (const source of [SOURCE, 20, 30]) bench.machine.setLevel(source, true);
  for (const source of [20, 30]) bench.machine.setLevel(source, false);
  assertEquals(bench.sent, []);
  bench.write(bench.supervisor, Register.DOMAIN, ENABLE);
  assertEquals(bench.sent, [[FILES, 5], [FILES, 6]]);
});

Deno.test("software sends messages, and machine mode's configuration says where to until it is locked", () => {
  const bench = messageBench();
  bench.write(bench.supervisor, Register.SEND_MESSAGE, 1 << 18 | 9);
  assertEquals(bench.read(bench.supervisor, Register.SEND_MESSAGE), 1 << 18 | 9);
  bench.write(bench.machine, Register.SEND_MESSAGE, 8);
  assertEquals(bench.sent, [[FILES + 0x1000, 9], [0x2400_0000, 8]]);
  bench.write(bench.machine, Register.SUPERVISOR_MESSAGES, 0x123);
  bench.write(bench.machine, Register.SUPERVISOR_MESSAGES_HIGH, -1);
  assertEquals(bench.read(bench.machine, Register.SUPERVISOR_MESSAGES_HIGH), 0x70_0fff);
  bench.write(bench.supervisor, Register.SEND_MESSAGE, 1);
  assertEquals(bench.sent.at(-1), [-1, 1]);
  bench.write(bench.machine, Register.MACHINE_MESSAGES_HIGH, -1);
  bench.write(bench.machine, Register.SUPERVISOR_MESSAGES, 0x456);
  assertEquals(bench.read(bench.machine, Register.SUPERVISOR_MESSAGES), 0x123);
});

Deno.test("no order of accesses delivers a source that is not ready, or forgets one that is", () => {
  const action = fc.record({
    kind: fc.constantFrom("mode", "raise", "lower", "enable", "disable", "pend", "clear", "claim"),
    source: fc.integer({ min: 1, max: 4 }),
    mode: fc.constantFrom(...Object.values(SourceMode)),
  });
  fc.assert(fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
    const bench = new Bench(false);
    const { supervisor, machine } = bench;
    for (let source = 1; source <= 4; source++) bench.use(source, SourceMode.DETACHED, 1);
    for (const { kind, source, mode } of actions) {
      if (kind === "mode") {
        bench.write(supervisor, configOf(source), mode);
        bench.write(supervisor, targetOf(source), 1);
      } else if (kind === "raise" || kind === "lower") machine.setLevel(source, kind === "raise");
      else if (kind === "enable") bench.write(supervisor, Register.SET_ENABLED_NUMBER, source);
      else if (kind === "disable") bench.write(supervisor, Register.CLEAR_ENABLED_NUMBER, source);
      else if (kind === "pend") bench.write(supervisor, Register.SET_PENDING_NUMBER, source);
      else if (kind === "clear") bench.write(supervisor, Register.CLEAR_PENDING_NUMBER, source);
      else bench.read(supervisor, deliveryOf(0, Delivery.CLAIM));
      const pending = bench.read(supervisor, Register.SET_PENDING);
      const ready = pending & bench.read(supervisor, Register.SET_ENABLED);
      assertEquals(bench.lines()[0] !== 0, ready !== 0);
      const rectified = bench.read(supervisor, Register.CLEAR_PENDING);
      for (let number = 1; number <= 4; number++) {
        const setting = bench.read(supervisor, configOf(number));
        if (setting === 0) assertEquals((pending >> number) & 1, 0);
        if (setting < SourceMode.HIGH_LEVEL) continue;
        assertEquals((pending >> number) & 1, (rectified >> number) & 1);
      }
    }
    assertEquals(APLIC_LAST_SOURCE, 96);
  }));
});
