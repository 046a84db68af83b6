/// <reference lib="deno.unstable" />
import { assertEquals } from "@std/assert";
import plugin from "./lint_plugin.ts";

function rulesBroken(file: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, file, source).map((diagnostic) => diagnostic.id);
}

Deno.test("an Atomics call needs an ORDER: comment in its paragraph", () => {
  const bare = "function f(words: Int32Array) {\n  Atomics.store(words, 0, 1);\n}\n";
  assertEquals(rulesBroken("runtime/a.ts", bare), ["weft/order-comment"]);
  assertEquals(rulesBroken("runtime/a_test.ts", bare), []);
  const commented = bare.replace("  Atomics", "  // ORDER: partner is g()\n  Atomics");
  assertEquals(rulesBroken("runtime/a.ts", commented), []);
  const apart = bare.replace("  Atomics", "  // ORDER: partner is g()\n\n  Atomics");
  assertEquals(rulesBroken("runtime/a.ts", apart), ["weft/order-comment"]);
  assertEquals(rulesBroken("runtime/a.ts", "const name = Atomics.toString;\n"), []);
});

Deno.test("tests do not sleep", () => {
  const sleep = "await new Promise((done) => setTimeout(done, 10));\n";
  assertEquals(rulesBroken("runtime/a_test.ts", sleep), ["weft/no-sleep-in-tests"]);
  assertEquals(rulesBroken("tests/cli/a.ts", sleep), ["weft/no-sleep-in-tests"]);
  assertEquals(rulesBroken("runtime/a.ts", sleep), []);
});

Deno.test("modules have no changeable state", () => {
  assertEquals(rulesBroken("ir/a.ts", "let count = 0;\n"), ["weft/no-module-state"]);
  assertEquals(rulesBroken("ir/a.ts", "export let count = 0;\n"), ["weft/no-module-state"]);
  assertEquals(rulesBroken("ir/a.ts", "const count = 0;\nfunction f() { let n = 0; }\n"), []);
});
