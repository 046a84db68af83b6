import { assertEquals } from "@std/assert";
import { afterClaim, afterCompletion, afterLevel, PlicSource } from "./plic_source.ts";

const { LEVEL, PENDING, CLAIMED } = PlicSource;

Deno.test("A rising level makes one request, which outlives the level", () => {
  assertEquals(afterLevel(0, true), LEVEL | PENDING);
  assertEquals(afterLevel(LEVEL | PENDING, true), LEVEL | PENDING);
  assertEquals(afterLevel(LEVEL | PENDING, false), PENDING);
});

Deno.test("A level that stays up is not requested again while it is served", () => {
  const claimed = afterClaim(LEVEL | PENDING);
  assertEquals(claimed, LEVEL | CLAIMED);
  assertEquals(afterLevel(claimed, true), LEVEL | CLAIMED);
  assertEquals(afterLevel(afterLevel(claimed, false), true), LEVEL | CLAIMED);
});

Deno.test("Completion requests again only what is still asserted", () => {
  assertEquals(afterCompletion(LEVEL | CLAIMED), LEVEL | PENDING);
  assertEquals(afterCompletion(CLAIMED), 0);
  assertEquals(afterCompletion(LEVEL | PENDING), LEVEL | PENDING);
  assertEquals(afterCompletion(LEVEL), LEVEL);
});
