import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { wasmType } from "../module_builder.ts";
import { LocalAllocation } from "./local_allocation.ts";

const type = fc.constantFrom("i32" as const, "i64" as const, "f64" as const);
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom("permanent" as const, "scratch" as const), type }),
  fc.constant({ kind: "release" as const, type: "i32" as const }),
);

Deno.test("locals that live at the same time differ, and each has the type it was asked for", () => {
  fc.assert(fc.property(fc.array(step), fc.nat(4), (steps, parameters) => {
    const locals = new LocalAllocation(parameters);
    const permanent = new Set<number>();
    let scratch = new Set<number>();
    for (const one of steps) {
      if (one.kind === "release") {
        locals.releaseScratch();
        scratch = new Set();
        continue;
      }
      const index = locals[one.kind](one.type);
      assertEquals(permanent.has(index) || scratch.has(index), false);
      assertEquals(locals.types[index - parameters], wasmType(one.type));
      (one.kind === "permanent" ? permanent : scratch).add(index);
    }
  }));
});

Deno.test("scratch locals are used again after their block, by their own type alone", () => {
  const locals = new LocalAllocation(2);
  const first = [locals.scratch("i64"), locals.scratch("i64"), locals.scratch("i32")];
  assertEquals(first, [2, 3, 4]);
  locals.releaseScratch();
  const again = [locals.scratch("i64"), locals.scratch("i64"), locals.scratch("i32")];
  assertEquals(new Set(again), new Set(first));
  assertEquals(locals.scratch("i32"), 5);
  assertEquals(locals.types.length, 4);
});

Deno.test("a scratch local that was released twice is handed out once", () => {
  const locals = new LocalAllocation(0);
  locals.scratch("i64");
  locals.releaseScratch();
  locals.releaseScratch();
  assertEquals([locals.scratch("i64"), locals.scratch("i64")], [0, 1]);
});
