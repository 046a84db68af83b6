import { assertEquals, assertNotEquals } from "@std/assert";
import { Builder } from "../../ir/builder.ts";
import { StateLayout } from "../../ir/guest_state.ts";
import { Region } from "../../ir/region.ts";
import { OperandKind } from "../link/function_object.ts";
import { BinaryenFactory } from "../binaryen/binaryen_builder.ts";
import { EntryGraph } from "./entry_graph.ts";
import { compileMovable } from "./movable_batch.ts";
import type { BatchOptions, RegionSource } from "./region_module.ts";
import { markedPlace, PLACE_MARKS, PlaceConstant } from "./region_place.ts";

const STATE = new StateLayout([
  { name: "x", type: "i64", count: 4, promotable: true },
  { name: "pc", type: "i64", count: 1, promotable: false },
]);
const X = STATE.slot("x");
const OPTIONS: BatchOptions = {
  pc: STATE.slot("pc"),
  copiedFunctions: () => new Map(),
  stackPointer: { slot: X, index: 2 },
  ram: { base: 0x8000_0000n, bytes: 0x1000n },
  host: "x64",
  hasOtherWriters: false,
  isChecked: false,
  isCounted: false,
  textFactory: null,
};

/** Sets a register to a 32-bit number; on so many pages. */
function source(slot: number, number: number, pages = 1): RegionSource {
  const region = new Region("r", "region");
  const builder = new Builder(region);
  const block = region.addBlock();
  builder.setBlock(block);
  builder.append("guest.boundary", "void", [], { offset: 0, length: 4, index: 0 });
  builder.setState(X, builder.op("i64.extend_i32_s", builder.i32(number)), 1);
  builder.goto(builder.i64(0), "jump");
  region.entries.push({ block, offset: 0 });
  return {
    region,
    graph: new EntryGraph(region),
    slot,
    pages: Array.from({ length: pages }, (_, distance) => ({
      distance,
      hostPage: 0x2000 + distance,
      generation: 7,
    })),
    modeKey: 0,
    dataMmu: 0,
    isOpen: false,
  };
}

Deno.test("a region's place is cut out of its code, once where it is used", () => {
  const batch = compileMovable(new BinaryenFactory(), [source(5, 99), source(6, 98, 2)], OPTIONS);
  const cut = batch?.regions.map(({ object: { operands } }) =>
    operands.filter(({ kind }) => kind === OperandKind.CONSTANT).map(({ index }) => index)
      .sort((a, b) => a - b)
  );
  const { SLOT, MAPPING_CHECK, FIRST_PAGE } = PlaceConstant;
  assertEquals(cut, [
    [FIRST_PAGE, FIRST_PAGE + 1],
    [SLOT, MAPPING_CHECK, FIRST_PAGE, FIRST_PAGE + 1, FIRST_PAGE + 2, FIRST_PAGE + 3],
  ]);
});

Deno.test("the same region in another place is the same function", () => {
  const compile = (slot: number) =>
    compileMovable(new BinaryenFactory(), [source(slot, 99, 3)], OPTIONS)?.regions[0].object;
  assertEquals(compile(1), compile(70));
});

Deno.test("a region with a number of its own that looks like a mark cannot be moved", () => {
  const compile = (number: number) =>
    compileMovable(new BinaryenFactory(), [source(1, number)], OPTIONS);
  for (const mark of markedPlace(1)) assertEquals(compile(mark), null);
  assertEquals(compile(PLACE_MARKS.first + PLACE_MARKS.count - 1), null);
  assertNotEquals(compile(PLACE_MARKS.first - 1), null);
});
