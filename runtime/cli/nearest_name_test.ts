import { assertEquals } from "@std/assert";
import { editDistance, nearestName, suggestion } from "./nearest_name.ts";

Deno.test("editDistance() counts insertions, deletions, substitutions and swaps", () => {
  assertEquals(editDistance("kernel", "kernel"), 0);
  assertEquals(editDistance("kernl", "kernel"), 1);
  assertEquals(editDistance("kernnel", "kernel"), 1);
  assertEquals(editDistance("kermel", "kernel"), 1);
  assertEquals(editDistance("krenel", "kernel"), 1);
  assertEquals(editDistance("", "smp"), 3);
  assertEquals(editDistance("smp", ""), 3);
});

Deno.test("nearestName() prefers the least distance and gives up on strangers", () => {
  assertEquals(nearestName("apend", ["kernel", "append"]), "append");
  assertEquals(nearestName("drive", ["kernel", "append"]), undefined);
  assertEquals(nearestName("", ["kernel"]), undefined);
});

Deno.test("suggestion() lists the names when none is near", () => {
  assertEquals(suggestion("virtt", ["virt", "spike"]), "did you mean virt?");
  assertEquals(suggestion("sifive_u", ["virt", "spike"]), "use one of: virt, spike");
});
