import { assertEquals } from "@std/assert";
import { SbiError, SbiExtensionId } from "./sbi_codes.ts";
import { HartState } from "./sbi_host.ts";
import { FakeHost } from "./sbi_testing.ts";

const EVERY_HART = 0xffff_ffff_ffff_ffffn;
const SUCCESS = { error: SbiError.SUCCESS, value: 0n };
const INVALID = { error: SbiError.INVALID_PARAM, value: 0n };
const NOT_SUPPORTED = { error: SbiError.NOT_SUPPORTED, value: 0n };
const ENTRY = 0x8000_0200n;

Deno.test("BASE says version 2.0, its own identity and the machine's", () => {
  const host = new FakeHost(1);
  const values = [0, 1, 2, 4, 5, 6].map((id) => host.call(SbiExtensionId.BASE, id)?.value);
  assertEquals(values, [0x0200_0000n, 0x57454654n, 1n, 1n, 2n, 3n]);
  assertEquals(host.call(SbiExtensionId.BASE, 7), NOT_SUPPORTED);
});

Deno.test("BASE finds exactly the extensions that answer", () => {
  const host = new FakeHost(1);
  const probe = (id: number) => host.call(SbiExtensionId.BASE, 3, BigInt(id))?.value;
  for (const id of Object.values(SbiExtensionId)) assertEquals(probe(id), 1n);
  const systemSuspend = 0x53555350;
  for (const id of [0, 1, 8, 9, systemSuspend]) {
    assertEquals(probe(id), 0n);
    assertEquals(host.call(id, 0), NOT_SUPPORTED);
  }
});

Deno.test("Every extension refuses functions that it does not have", () => {
  for (const id of Object.values(SbiExtensionId)) {
    assertEquals(new FakeHost(1).call(id, 77), NOT_SUPPORTED);
    assertEquals(new FakeHost(1).call(id, -1), NOT_SUPPORTED);
  }
});

Deno.test("TIME sets the caller's timer, both halves", () => {
  const host = new FakeHost(2);
  assertEquals(host.call(SbiExtensionId.TIME, 0, 0x5_ffff_fffen), SUCCESS);
  assertEquals(host.log, ["timer 0 -2 5"]);
});

Deno.test("IPI reaches the harts of the mask, counted from the base", () => {
  const host = new FakeHost(4);
  assertEquals(host.call(SbiExtensionId.IPI, 0, 0b101n, 1n), SUCCESS);
  assertEquals(host.log, ["ipi 1", "ipi 3"]);
});

Deno.test("IPI reaches every started hart for a base of all ones", () => {
  const host = new FakeHost(3);
  host.states[1] = HartState.STOPPED;
  assertEquals(host.call(SbiExtensionId.IPI, 0, 0n, EVERY_HART), SUCCESS);
  assertEquals(host.log, ["ipi 0", "ipi 2"]);
});

Deno.test("IPI refuses a mask with a hart that does not exist and sends nothing", () => {
  const host = new FakeHost(2);
  for (const [mask, base] of [[0b111n, 0n], [1n, 2n], [1n << 63n, 0n], [1n, 1n << 40n]] as const) {
    assertEquals(host.call(SbiExtensionId.IPI, 0, mask, base), INVALID);
  }
  assertEquals(host.log, []);
  assertEquals(host.call(SbiExtensionId.IPI, 0, 0n, 99n), SUCCESS);
});

Deno.test("RFENCE asks for instruction and translation fences, up to hart 63", () => {
  const host = new FakeHost(64);
  assertEquals(host.call(SbiExtensionId.RFENCE, 0, 1n << 63n, 0n), SUCCESS);
  assertEquals(host.call(SbiExtensionId.RFENCE, 1, 0b11n, 31n, 0n, 0x1000n), SUCCESS);
  assertEquals(host.call(SbiExtensionId.RFENCE, 2, 0n, EVERY_HART, 0n, 0n, 1n), SUCCESS);
  assertEquals(host.log, [
    "fence mask 2147483648:0 instructions",
    "fence mask 1:2147483648 1 pages at 0 of space -1",
    "fence mask 4294967295:4294967295 0 pages at 0 of space 1",
  ]);
  for (const hypervisorFence of [3, 4, 5, 6]) {
    assertEquals(host.call(SbiExtensionId.RFENCE, hypervisorFence, 1n, 0n), NOT_SUPPORTED);
  }
});

Deno.test("RFENCE hands on which pages a range reaches, and all when they are many", () => {
  const address = 0xffff_ffd6_0000_0000n;
  const ranges: readonly [start: bigint, size: bigint, fenced: string][] = [
    [0n, 0n, "0 pages at 0"],
    [0n, -1n, "0 pages at 0"],
    [address, 0x1000n, `1 pages at ${address.toString(16)}`],
    [address + 1n, 0x1000n, `2 pages at ${address.toString(16)}`],
    [address + 0xfffn, 2n, `2 pages at ${address.toString(16)}`],
    [address, 0n, `1 pages at ${address.toString(16)}`],
    [address, 64n << 12n, `64 pages at ${address.toString(16)}`],
    [address, (64n << 12n) + 1n, `0 pages at ${address.toString(16)}`],
    [address, 1n << 32n, `0 pages at ${address.toString(16)}`],
    [-0x1000n, 0xffff_ffffn, "0 pages at fffffffffffff000"],
  ];
  for (const [start, size, fenced] of ranges) {
    for (const [call, space] of [[1, -1], [2, 0xabcd]]) {
      const host = new FakeHost(1);
      const asid = 0xffff_abcdn;
      assertEquals(host.call(SbiExtensionId.RFENCE, call, 1n, 0n, start, size, asid), SUCCESS);
      assertEquals(host.log, [`fence mask 0:1 ${fenced} of space ${space}`]);
    }
  }
});

Deno.test("RFENCE leaves stopped harts alone", () => {
  const host = new FakeHost(2);
  host.states[1] = HartState.STOPPED;
  host.call(SbiExtensionId.RFENCE, 0, 0b11n, 0n);
  assertEquals(host.log, ["fence mask 0:1 instructions"]);
});

Deno.test("HSM starts a stopped hart once, at an address in RAM", () => {
  const host = new FakeHost(2);
  host.states[1] = HartState.STOPPED;
  const start = (...args: bigint[]) => host.call(SbiExtensionId.HSM, 0, ...args)?.error;
  assertEquals(start(2n, ENTRY, 0n), SbiError.INVALID_PARAM);
  assertEquals(start(1n << 32n, ENTRY, 0n), SbiError.INVALID_PARAM);
  assertEquals(start(1n, 0x1000n, 0n), SbiError.INVALID_ADDRESS);
  assertEquals(start(1n, ENTRY + 1n, 0n), SbiError.INVALID_ADDRESS);
  assertEquals(start(1n, ENTRY, 0x7_0000_0009n), SbiError.SUCCESS);
  assertEquals(start(1n, ENTRY, 0n), SbiError.ALREADY_AVAILABLE);
  assertEquals(start(0n, ENTRY, 0n), SbiError.ALREADY_AVAILABLE);
  assertEquals(host.log, [`start 1 ${0x8000_0200 | 0},0,9,7`]);
});

Deno.test("HSM tells hart states", () => {
  const host = new FakeHost(3);
  host.states[1] = HartState.STOPPED;
  host.states[2] = HartState.SUSPENDED;
  const status = (hart: bigint) => host.call(SbiExtensionId.HSM, 2, hart);
  assertEquals([0n, 1n, 2n].map((hart) => status(hart)?.value), [0n, 1n, 4n]);
  assertEquals(status(3n), INVALID);
});

Deno.test("HSM stops and suspends the caller", () => {
  const host = new FakeHost(1);
  assertEquals(host.call(SbiExtensionId.HSM, 1), undefined);
  assertEquals(host.call(SbiExtensionId.HSM, 3, 0n), SUCCESS);
  assertEquals(host.call(SbiExtensionId.HSM, 3, 0x8000_0000n, ENTRY, 5n), undefined);
  assertEquals(host.log, ["stop 0", "suspend 0", `suspend 0 then ${[0x8000_0200 | 0, 0, 5, 0]}`]);
  const suspend = (type: bigint) => host.call(SbiExtensionId.HSM, 3, type, ENTRY, 0n)?.error;
  assertEquals(suspend(1n), SbiError.INVALID_PARAM);
  assertEquals(suspend(0x8000_0001n), SbiError.INVALID_PARAM);
  assertEquals(suspend(0x1000_0000n), SbiError.NOT_SUPPORTED);
  assertEquals(suspend(0x9000_0000n), SbiError.NOT_SUPPORTED);
  assertEquals(
    host.call(SbiExtensionId.HSM, 3, 0x8000_0000n, 0n, 5n)?.error,
    SbiError.INVALID_ADDRESS,
  );
});

Deno.test("SRST shuts down and reboots, and passes on that the guest failed", () => {
  const host = new FakeHost(1);
  assertEquals(host.call(SbiExtensionId.SYSTEM_RESET, 0, 0n, 0n), undefined);
  host.call(SbiExtensionId.SYSTEM_RESET, 0, 1n, 1n);
  host.call(SbiExtensionId.SYSTEM_RESET, 0, 2n, 0xe000_0001n);
  assertEquals(host.log, [
    "reset shutdown false",
    "reset cold-reboot true",
    "reset warm-reboot false",
  ]);
  assertEquals(host.call(SbiExtensionId.SYSTEM_RESET, 0, 3n, 0n), INVALID);
  assertEquals(host.call(SbiExtensionId.SYSTEM_RESET, 0, 0n, 2n), INVALID);
  assertEquals(host.call(SbiExtensionId.SYSTEM_RESET, 0, 0xf000_0000n, 0n), NOT_SUPPORTED);
  assertEquals(host.log.length, 3);
});

Deno.test("DBCN writes from RAM as far as there is room", () => {
  const host = new FakeHost(1);
  host.ram.set(new TextEncoder().encode("hello"), 0xffb);
  const write = (bytes: bigint, address: bigint, high = 0n) =>
    host.call(SbiExtensionId.DEBUG_CONSOLE, 0, bytes, address, high);
  assertEquals(write(5n, 0x8000_0ffbn), { error: 0, value: 5n });
  assertEquals(host.log.join(""), "put hput eput lput lput o");
  host.room = 2;
  assertEquals(write(5n, 0x8000_0ffbn), { error: 0, value: 2n });
  assertEquals(write(6n, 0x8000_0ffbn), INVALID);
  assertEquals(write(1n, 0x8000_0000n, 1n), INVALID);
  assertEquals(write(1n << 32n, 0x8000_0000n), INVALID);
  assertEquals(write(1n, 0x1_8000_0000n), INVALID);
});

Deno.test("DBCN reads what is there into RAM", () => {
  const host = new FakeHost(1);
  host.input.push(1, 2, 3);
  const read = (bytes: bigint, address: bigint) =>
    host.call(SbiExtensionId.DEBUG_CONSOLE, 1, bytes, address, 0n);
  assertEquals(read(2n, 0x8000_0010n), { error: 0, value: 2n });
  assertEquals(read(9n, 0x8000_0012n), { error: 0, value: 1n });
  assertEquals([...host.ram.subarray(0x10, 0x14)], [1, 2, 3, 0]);
  assertEquals(read(1n, 0n), INVALID);
});

Deno.test("DBCN writes single bytes and fails when there is no room", () => {
  const host = new FakeHost(1);
  assertEquals(host.call(SbiExtensionId.DEBUG_CONSOLE, 2, 0x141n), SUCCESS);
  assertEquals(host.log, ["put A"]);
  host.room = 0;
  assertEquals(host.call(SbiExtensionId.DEBUG_CONSOLE, 2, 0x41n)?.error, SbiError.FAILED);
});

Deno.test("PMU describes cycle and instret and matches no event", () => {
  const host = new FakeHost(1);
  const pmu = (functionId: number, ...args: bigint[]) =>
    host.call(SbiExtensionId.PMU, functionId, ...args);
  assertEquals(pmu(0), { error: 0, value: 3n });
  assertEquals(pmu(1, 0n), { error: 0, value: 0x3fc00n });
  assertEquals(pmu(1, 1n), INVALID);
  assertEquals(pmu(1, 2n), { error: 0, value: 0x3fc02n });
  assertEquals(pmu(1, 3n), INVALID);
  assertEquals(pmu(2, 0n, 0b101n, 0n, 1n), NOT_SUPPORTED);
  assertEquals(pmu(2, 0n, 0b1000n, 0n, 1n), INVALID);
  assertEquals(pmu(2, 2n, 0b10n, 0n, 1n), INVALID);
  assertEquals(pmu(2, 0n, 0n, 0n, 1n), INVALID);
  for (const functionId of [3, 4, 5, 6]) assertEquals(pmu(functionId, 0n, 1n), INVALID);
  assertEquals(pmu(7), NOT_SUPPORTED);
});
