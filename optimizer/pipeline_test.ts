import { assertEquals } from "@std/assert";
import { PASS_NAMES } from "./pass_names.ts";
import { PIPELINE } from "./pipeline.ts";

Deno.test("the names of passes are those of the pipeline, in its order", () => {
  assertEquals(PIPELINE.map(({ name }) => name), [...PASS_NAMES]);
});
