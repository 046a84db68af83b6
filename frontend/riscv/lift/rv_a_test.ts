import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Order, type OrderSet } from "../../../ir/memory_order.ts";
import type { MemoryAttribute } from "../../../ir/region.ts";
import { assemble } from "../encoder.ts";
import { rowIndex, ROWS } from "../rows.ts";
import { registerValue, signed, unsigned } from "./register_model_fixture.ts";
import { InstructionRunner, liftUnbound } from "./single_instruction_fixture.ts";

const ADDRESS = 0x1000n;
/** Sign bits set in the whole and in its low word. */
const PATTERN = -(2n ** 63n) + 0x8000_0001n;
const runner = new InstructionRunner();

/** New value from the old one and the operand, both as signed numbers of the width. */
const UPDATES: Readonly<Record<string, (old: bigint, value: bigint, bits: number) => bigint>> = {
  amoswap: (_old, value) => value,
  amoadd: (old, value) => old + value,
  amoxor: (old, value) => old ^ value,
  amoand: (old, value) => old & value,
  amoor: (old, value) => old | value,
  amomin: (old, value) => old < value ? old : value,
  amomax: (old, value) => old > value ? old : value,
  amominu: (old, value, bits) => unsigned(old, bits) < unsigned(value, bits) ? old : value,
  amomaxu: (old, value, bits) => unsigned(old, bits) > unsigned(value, bits) ? old : value,
};

function littleEndian(value: bigint): Uint8Array {
  return new Uint8Array(BigInt64Array.of(value).buffer);
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer).getBigInt64(0, true);
}

for (const [name, update] of Object.entries(UPDATES)) {
  for (const [suffix, width] of [[".w", 32], [".d", 64]] as const) {
    Deno.test(`${name}${suffix} gives the old value and updates memory`, () => {
      const bits = assemble(`${name}${suffix}`, { rd: 11, rs1: 10, rs2: 11 });
      fc.assert(fc.property(registerValue(), registerValue(), (old, value) => {
        const x = { 10: ADDRESS, 11: value };
        const { state, memory } = runner.both({ bits, x, ram: littleEndian(old) });
        const result = update(signed(old, width), signed(value, width), width);
        const mask = 2n ** BigInt(width) - 1n;
        assertEquals(state.read("x", 11), signed(old, width));
        assertEquals(
          fromLittleEndian(memory.bytes.slice(0, 8)),
          signed((old & ~mask) | (result & mask)),
        );
      }));
    });
  }
}

Deno.test("lr gives the sign-extended value", () => {
  const ram = littleEndian(PATTERN);
  const word = assemble("lr.w", { rd: 11, rs1: 10 });
  assertEquals(
    runner.both({ bits: word, x: { 10: ADDRESS }, ram }).state.read("x", 11),
    -0x7fff_ffffn,
  );
  const double = assemble("lr.d", { rd: 11, rs1: 10 });
  assertEquals(
    runner.both({ bits: double, x: { 10: ADDRESS }, ram }).state.read("x", 11),
    PATTERN,
  );
});

Deno.test("sc without a reservation gives 1 and stores nothing", () => {
  const bits = assemble("sc.d", { rd: 12, rs1: 10, rs2: 11 });
  const { state, memory } = runner.both({ bits, x: { 10: ADDRESS, 11: -1n } });
  assertEquals(state.read("x", 12), 1n);
  assertEquals(memory.bytes[0], 0);
});

Deno.test("A misaligned atomic access faults before the destination is written", () => {
  const bits = assemble("amoadd.w", { rd: 10, rs1: 10, rs2: 11 });
  const { outcome, state } = runner.both({ bits, x: { 10: ADDRESS + 2n, 11: 1n } });
  assert(outcome.kind === "fault" && outcome.access === "store");
  assertEquals(state.read("x", 10), ADDRESS + 2n);
});

Deno.test("The suffix of an atomic row tells its order and width", () => {
  const orders: Readonly<Record<string, OrderSet>> = {
    "": Order.NONE,
    ".aq": Order.ACQUIRE,
    ".rl": Order.RELEASE,
    ".aqrl": Order.ALL,
  };
  for (const name of ["lr", "sc", ...Object.keys(UPDATES)]) {
    for (const [suffix, width] of [[".w", 32], [".d", 64]] as const) {
      for (const [ordering, order] of Object.entries(orders)) {
        const handler = liftUnbound(ROWS[rowIndex(`${name}${suffix}${ordering}`)]);
        const access = handler.blocks[0].operations.find(({ opcode }) =>
          ["guest.rmw", "guest.load_reserved", "guest.store_conditional"].includes(opcode)
        );
        const attribute = access?.attribute as MemoryAttribute;
        assertEquals([attribute.width, attribute.order], [width, order]);
      }
    }
  }
});

Deno.test("The ordering bits of the word choose the row", () => {
  assertEquals(assemble("amoadd.w.aq") & 0x0600_0000, 0x0400_0000);
  assertEquals(assemble("amoadd.w.rl") & 0x0600_0000, 0x0200_0000);
  assertEquals(assemble("amoadd.w.aqrl") & 0x0600_0000, 0x0600_0000);
});
