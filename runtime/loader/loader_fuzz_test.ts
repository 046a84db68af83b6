/** Damaged files either load or are refused by name: no other error, however they are damaged. */

import { assert } from "@std/assert";
import { loadElf } from "./elf.ts";
import { elfFile } from "./elf_fixture.ts";
import { gzip, kernelFile } from "./kernel_fixture.ts";
import { LoadError } from "./load_error.ts";
import { loadProgram } from "./program_file.ts";

const MUTATIONS = 2000;
const MOST_DAMAGED_BYTES = 8;
const EDGE_BYTES: readonly number[] = [0x00, 0x01, 0x7f, 0x80, 0xff];
const RAM = { ramBase: 0x8000_0000, flat: 0x8000_0000, lowest: 0x8000_0000, ramBytes: 0x800_0000 };

/** A repeatable source of numbers below a bound (xorshift, 32 bits). */
function randomNumbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** A copy with some bytes changed, and sometimes cut short. */
function damage(original: Uint8Array, random: (bound: number) => number): Uint8Array {
  const bytes = original.slice();
  for (let count = 1 + random(MOST_DAMAGED_BYTES); count > 0; count--) {
    const edge = random(EDGE_BYTES.length + 1);
    bytes[random(bytes.length)] = EDGE_BYTES[edge] ?? random(256);
  }
  return random(4) === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes;
}

async function countRefusals(
  original: Uint8Array,
  load: (bytes: Uint8Array) => unknown,
): Promise<number> {
  const random = randomNumbers(0x5eed);
  let refusals = 0;
  for (let mutation = 0; mutation < MUTATIONS; mutation++) {
    try {
      await load(damage(original, random));
    } catch (error) {
      if (!(error instanceof LoadError)) throw error;
      assert(error.cause !== "" && error.fix !== "", `mutation ${mutation}: ${error}`);
      refusals++;
    }
  }
  return refusals;
}

/** Neither kind of outcome may be missing: else the mutations test nothing. */
function assertBothOutcomes(refusals: number): void {
  assert(refusals > MUTATIONS / 20 && refusals < MUTATIONS, `${refusals} refused`);
}

Deno.test("2000 damaged ELF files", async () => {
  assertBothOutcomes(await countRefusals(elfFile(), (bytes) => loadElf("damaged", bytes)));
});

Deno.test("2000 damaged kernels", async () => {
  const load = (bytes: Uint8Array) => loadProgram({ name: "damaged", bytes }, RAM);
  assertBothOutcomes(await countRefusals(kernelFile(), load));
});

Deno.test("2000 damaged gzip files", async () => {
  const load = (bytes: Uint8Array) => loadProgram({ name: "damaged", bytes }, RAM);
  assertBothOutcomes(await countRefusals(await gzip(kernelFile()), load));
});

Deno.test("2000 files of garbage", async () => {
  const random = randomNumbers(0xbad);
  const garbage = Uint8Array.from({ length: 512 }, () => random(256));
  garbage.set(elfFile().subarray(0, 20));
  assertBothOutcomes(
    await countRefusals(garbage, (bytes) => {
      const start = Math.min(random(64), bytes.length);
      return loadProgram({ name: "garbage", bytes: bytes.subarray(start > 32 ? start : 0) }, RAM);
    }),
  );
});
