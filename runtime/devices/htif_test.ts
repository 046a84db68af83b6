import { assertEquals } from "@std/assert";
import { createHtifMessage, HtifRequest, inspectTohost } from "./htif.ts";

function inspect(tohost: bigint): { kind: number; value: number } {
  const message = createHtifMessage();
  const low = Number(BigInt.asIntN(32, tohost));
  const high = Number(BigInt.asIntN(32, tohost >> 32n));
  const kind = inspectTohost(low, high, message);
  assertEquals(kind, message.kind);
  assertEquals([message.acknowledgeLow, message.acknowledgeHigh], [0, 0]);
  return { kind: message.kind, value: message.value };
}

Deno.test("inspectTohost() decodes exits", () => {
  assertEquals(inspect(1n), { kind: HtifRequest.EXIT, value: 0 });
  assertEquals(inspect((1337n << 1n) | 1n), { kind: HtifRequest.EXIT, value: 1337 });
  assertEquals(inspect(0x1_8000_0003n), { kind: HtifRequest.EXIT, value: 0xc000_0001 | 0 });
});

Deno.test("inspectTohost() decodes console output and nothing", () => {
  assertEquals(inspect(0x0101_0000_0000_0041n), { kind: HtifRequest.CHARACTER, value: 0x41 });
  assertEquals(inspect(0x0101_0000_0000_0000n), { kind: HtifRequest.CHARACTER, value: 0 });
  assertEquals(inspect(0n), { kind: HtifRequest.NONE, value: 0 });
});

Deno.test("inspectTohost() decodes system calls and console input", () => {
  const call = { kind: HtifRequest.SYSTEM_CALL, value: 0x1_8000_1000 };
  assertEquals(inspect(0x1_8000_1000n), call);
  assertEquals(inspect(0x0100_0000_0000_0000n), { kind: HtifRequest.READ, value: 0 });
});

Deno.test("inspectTohost() acknowledges commands that this host does not have", () => {
  assertEquals(inspect(0x0001_0000_0000_0001n), { kind: HtifRequest.UNSUPPORTED, value: 0 });
  assertEquals(inspect(0x0102_0000_0000_0000n), { kind: HtifRequest.UNSUPPORTED, value: 0 });
  assertEquals(inspect(0x0201_0000_0000_0001n), { kind: HtifRequest.UNSUPPORTED, value: 0 });
});
