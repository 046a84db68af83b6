/** The text form loses nothing, and random regions are sound. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Operation, Region } from "../../ir/region.ts";
import { parseModule, parseRegion } from "../../ir/text/parser.ts";
import { printLayout, printRegion } from "../../ir/text/printer.ts";
import { findProblems } from "../../ir/verifier.ts";
import { FUZZ_LAYOUT, regionPlans } from "./ir_generator.ts";

/** A region as plain data without cycles: operands and targets by their ids. */
function asData(region: Region): unknown {
  const isOperation = (value: unknown): value is Operation =>
    typeof value === "object" && value !== null && "opcode" in value;
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    if (isOperation(value)) return `%${value.type === "void" ? "void" : value.id}`;
    if (typeof value !== "object" || value === null) return value;
    if ("operations" in value && "id" in value) return `b${value.id}`;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
  };
  return {
    name: region.name,
    kind: region.kind,
    signature: region.signature,
    variables: region.variables,
    entries: plain(region.entries),
    blocks: region.blocks.map((block) => ({
      id: block.id,
      instructions: block.instructions,
      terminator: plain(block.terminator),
      operations: block.operations.map((operation) => ({
        name: plain(operation),
        type: operation.type,
        opcode: operation.opcode,
        attribute: plain(operation.attribute),
        operands: plain(operation.operands),
      })),
    })),
  };
}

Deno.test("random regions are sound", () => {
  fc.assert(fc.property(regionPlans(), (plan) => {
    assertEquals(findProblems(plan.build()), []);
  }));
});

Deno.test("a printed region parses to the same region", () => {
  fc.assert(fc.property(regionPlans(), (plan) => {
    const region = plan.build();
    const text = printRegion(region);
    const parsed = parseRegion(text, FUZZ_LAYOUT);
    assertEquals(asData(parsed), asData(region));
    assertEquals(printRegion(parsed), text);
    assertEquals(findProblems(parsed), []);
  }));
});

Deno.test("a printed layout parses to the same layout", () => {
  const { layout } = parseModule(printLayout(FUZZ_LAYOUT));
  assertEquals([...layout.slots()], [...FUZZ_LAYOUT.slots()]);
  assertEquals(layout.bytes, FUZZ_LAYOUT.bytes);
});
