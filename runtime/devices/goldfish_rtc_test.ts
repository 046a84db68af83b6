import { assertEquals } from "@std/assert";
import { createMmioAccess } from "./device.ts";
import { GOLDFISH_RTC_WORDS, GoldfishRtc } from "./goldfish_rtc.ts";

const TIME_LOW = 0x00;
const TIME_HIGH = 0x04;
const ALARM_LOW = 0x08;
const ALARM_HIGH = 0x0c;
const INTERRUPT_ENABLED = 0x10;
const CLEAR_ALARM = 0x14;
const ALARM_STATUS = 0x18;
const CLEAR_INTERRUPT = 0x1c;

const START_MS = 1_700_000_000_123;
const NS_PER_MS = 1_000_000n;

class Bench {
  now = START_MS;
  level = false;
  changes = 0;
  readonly rtc: GoldfishRtc;
  readonly access = createMmioAccess(0);

  constructor() {
    const words = new Int32Array(new SharedArrayBuffer(GOLDFISH_RTC_WORDS * 4));
    this.rtc = new GoldfishRtc(words, 0, {
      interrupt: { setLevel: (asserted) => this.level = asserted },
      wallClock: () => this.now,
      deadlineChanged: () => this.changes++,
    });
  }

  read(offset: number): number {
    this.access.offset = offset;
    assertEquals(this.rtc.load(this.access), true);
    return this.access.low;
  }

  write(offset: number, value: number): void {
    this.access.offset = offset;
    this.access.low = value;
    assertEquals(this.rtc.store(this.access), true);
  }

  time(): bigint {
    const low = this.read(TIME_LOW) >>> 0;
    return (BigInt(this.read(TIME_HIGH) >>> 0) << 32n) | BigInt(low);
  }

  writeWide(lowOffset: number, highOffset: number, value: bigint): void {
    this.write(highOffset, Number(BigInt.asIntN(32, value >> 32n)));
    this.write(lowOffset, Number(BigInt.asIntN(32, value)));
  }
}

Deno.test("GoldfishRtc gives the host's time in nanoseconds, the high half latched", () => {
  const bench = new Bench();
  assertEquals(bench.time(), BigInt(START_MS) * NS_PER_MS);
  const low = bench.read(TIME_LOW);
  bench.now += 10_000;
  const high = bench.read(TIME_HIGH);
  const pair = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  assertEquals(pair, BigInt(START_MS) * NS_PER_MS);
});

Deno.test("GoldfishRtc goes on from the time that the guest sets", () => {
  const bench = new Bench();
  const set = 946_684_800_000n * NS_PER_MS;
  bench.writeWide(TIME_LOW, TIME_HIGH, set);
  assertEquals(bench.time(), set);
  bench.now += 1500;
  assertEquals(bench.time(), set + 1500n * NS_PER_MS);
});

Deno.test("GoldfishRtc fires its alarm once, and only when its time has come", () => {
  const bench = new Bench();
  bench.write(INTERRUPT_ENABLED, 1);
  assertEquals(bench.rtc.millisecondsLeft(), Infinity);
  bench.writeWide(ALARM_LOW, ALARM_HIGH, BigInt(START_MS + 50) * NS_PER_MS);
  assertEquals(bench.changes, 1);
  assertEquals(bench.read(ALARM_STATUS), 1);
  assertEquals(bench.rtc.millisecondsLeft(), 50);
  bench.now += 49;
  bench.rtc.expire();
  assertEquals(bench.level, false);
  bench.now += 1;
  bench.rtc.expire();
  assertEquals(bench.level, true);
  assertEquals(bench.read(ALARM_STATUS), 0);
  bench.write(CLEAR_INTERRUPT, 1);
  assertEquals(bench.level, false);
  bench.rtc.expire();
  assertEquals(bench.level, false);
});

Deno.test("GoldfishRtc fires an alarm in the past at once and none that was cleared", () => {
  const bench = new Bench();
  bench.writeWide(ALARM_LOW, ALARM_HIGH, BigInt(START_MS - 1) * NS_PER_MS);
  assertEquals(bench.level, false);
  bench.write(INTERRUPT_ENABLED, 1);
  assertEquals(bench.level, true);
  bench.write(CLEAR_INTERRUPT, 1);
  bench.writeWide(ALARM_LOW, ALARM_HIGH, BigInt(START_MS + 5) * NS_PER_MS);
  bench.write(CLEAR_ALARM, 1);
  bench.now += 10;
  bench.rtc.expire();
  assertEquals(bench.level, false);
});

Deno.test("GoldfishRtc has 32-bit registers only", () => {
  const bench = new Bench();
  for (const size of [1, 2, 8]) {
    bench.access.size = size;
    assertEquals(bench.rtc.load(bench.access), false);
    assertEquals(bench.rtc.store(bench.access), false);
  }
});
