import { assert, assertEquals } from "@std/assert";
import { findProblems } from "../../../ir/verifier.ts";
import { HOST_FUNCTIONS } from "../host_functions.ts";
import { PRIVILEGED_FUNCTIONS, privilegedFunctions } from "./privileged.ts";

Deno.test("privilegedFunctions() gives sound regions with distinct names", () => {
  const regions = privilegedFunctions();
  for (const region of regions) assertEquals(findProblems(region), [], region.name);
  assertEquals(new Set(regions.map((region) => region.name)).size, regions.length);
});

Deno.test("privilegedFunctions() holds a body for every function that is called", () => {
  const regions = privilegedFunctions();
  const bodies = new Set(regions.map((region) => region.name));
  const provided = new Set(HOST_FUNCTIONS.map((signature) => signature.name));
  const called = regions.flatMap((region) =>
    region.blocks.flatMap((block) =>
      block.operations.flatMap(({ opcode, attribute }) =>
        opcode === "call" && attribute !== null && "callee" in attribute ? [attribute.callee] : []
      )
    )
  );
  assert(called.length > 0);
  for (const { name } of [...called, ...Object.values(PRIVILEGED_FUNCTIONS)]) {
    assert(bodies.has(name) || provided.has(name), name);
  }
});
