import { assertEquals, assertThrows } from "@std/assert";
import { PASS_NAMES } from "../../optimizer/pass_names.ts";
import { parsePassList } from "./pass_list.ts";
import { UsageError } from "./usage_error.ts";

Deno.test("passes are chosen from all, from none, or by name", () => {
  assertEquals(parsePassList("all"), [...PASS_NAMES]);
  assertEquals(parsePassList("none"), []);
  assertEquals(parsePassList("dead_code"), ["dead_code"]);
  assertEquals(parsePassList("dead_code+block_merging"), ["block_merging", "dead_code"]);
  assertEquals(parsePassList("none+state_reuse"), ["state_reuse"]);
  assertEquals(
    parsePassList("all-dead_code-state_reuse+dead_code"),
    PASS_NAMES.filter((pass) => pass !== "state_reuse"),
  );
});

Deno.test("names that no pass has are refused with what there is", () => {
  for (
    const [text, message] of [
      ["", "all-NAME"],
      ["fast", "constant_folding"],
      ["all-deadcode", "did you mean dead_code?"],
      ["none+", "use one of"],
      ["all--dead_code", "use one of"],
      ["all+none", "use one of"],
    ]
  ) assertThrows(() => parsePassList(text), UsageError, message);
});
