import { assertEquals } from "@std/assert";
import {
  claimCompilerService,
  offerCompilerService,
  withdrawCompilerService,
} from "./compiler_claim.ts";

const MACHINE_BLOCK_BYTES = 0x1000;

function offered(powerCycle: number): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(MACHINE_BLOCK_BYTES));
  offerCompilerService(words, powerCycle);
  return words;
}

Deno.test("either the compiler claims its service or main withdraws it, whoever comes first", () => {
  const served = offered(1);
  assertEquals(claimCompilerService(served, 1), true);
  assertEquals(withdrawCompilerService(served, 1), false);
  const ended = offered(1);
  assertEquals(withdrawCompilerService(ended, 1), true);
  assertEquals(claimCompilerService(ended, 1), false);
});

Deno.test("a compiler of an earlier power cycle gets no service", () => {
  const words = offered(2);
  assertEquals(claimCompilerService(words, 1), false);
  assertEquals(claimCompilerService(words, 2), true);
});
