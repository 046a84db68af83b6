// Opens the parameter block of a guest ELF file, so that one checked-in binary serves quick tests,
// long runs and benchmarks. The block is found by its magic number: no symbol table is needed.

/** What a guest program can be told before it runs. */
export interface GuestParameters {
  /** Active harts; 0 means as many as the device tree lists. */
  readonly harts?: number;
  /** Work amount; each program has its own default. */
  readonly iterations?: number;
  /** Seed of the program's random streams. */
  readonly seed?: bigint;
}

/** "WEFTPARM" as a little-endian word; `tests/guests/runtime/guest.h` has the other copy. */
const PARAMETERS_MAGIC = 0x4d524150_54464557n;
const BLOCK_ALIGNMENT = 8;
const HARTS_OFFSET = 8;
const ITERATIONS_OFFSET = 16;
const SEED_OFFSET = 24;
const BLOCK_BYTES = 32;

function findParameters(view: DataView): number {
  for (let at = 0; at + BLOCK_BYTES <= view.byteLength; at += BLOCK_ALIGNMENT) {
    if (view.getBigUint64(at, true) === PARAMETERS_MAGIC) return at;
  }
  throw new Error("The guest program has no parameter block");
}

/** Returns a copy of a guest ELF file with the given parameters written into it. */
export function patchGuestParameters(elf: Uint8Array, parameters: GuestParameters): Uint8Array {
  const patched = elf.slice();
  const view = new DataView(patched.buffer);
  const block = findParameters(view);
  if (parameters.harts !== undefined) {
    view.setBigUint64(block + HARTS_OFFSET, BigInt(parameters.harts), true);
  }
  if (parameters.iterations !== undefined) {
    view.setBigUint64(block + ITERATIONS_OFFSET, BigInt(parameters.iterations), true);
  }
  if (parameters.seed !== undefined) {
    view.setBigUint64(block + SEED_OFFSET, parameters.seed, true);
  }
  return patched;
}

/** Where the checked-in ELF file of a program lies. */
export function guestElfUrl(name: string, board: "virt" | "spike" = "virt"): URL {
  return new URL(`elf/${name}.${board}.elf`, import.meta.url);
}

/** Reads a checked-in guest program, with parameters written into it when given. */
export async function readGuestElf(
  name: string,
  board: "virt" | "spike" = "virt",
  parameters: GuestParameters = {},
): Promise<Uint8Array> {
  return patchGuestParameters(await Deno.readFile(guestElfUrl(name, board)), parameters);
}
