import { assertEquals } from "@std/assert";
import { SettledOutput } from "./settled_output.ts";

const INPUT = 0;
const OUTPUT = 1;
const VERSION = 2;

/** Applies parity of the input word; `between` runs after the output was computed, before it is written. */
function parity(words: Int32Array, between: () => void): SettledOutput {
  return new SettledOutput(words, VERSION, () => {
    const value = Atomics.load(words, INPUT) & 1;
    between();
    Atomics.store(words, OUTPUT, value);
  });
}

Deno.test("SettledOutput computes again when a change slipped in before the output was written", () => {
  const words = new Int32Array(new SharedArrayBuffer(16));
  const other = parity(words, () => {});
  let changesLeft = 3;
  const slow = parity(words, () => {
    if (changesLeft-- <= 0) return;
    Atomics.add(words, INPUT, 1);
    other.changed();
  });
  Atomics.add(words, INPUT, 1);
  slow.changed();
  assertEquals(words[INPUT], 4);
  assertEquals(words[OUTPUT], 0);
});
