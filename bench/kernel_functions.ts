// Functions of the benchmark kernels as the JIT sees them, for benches of its phases.

import type { CodeReader, RegionRequest } from "../frontend/frontend.ts";
import { loadElf } from "../runtime/loader/elf.ts";
import { elfSymbols } from "../runtime/profile/elf_symbols.ts";
import type { GuestSymbol } from "../runtime/profile/symbol_table.ts";
import { REGION_INSTRUCTIONS } from "../runtime/translation/translation_settings.ts";
import { BENCH_KERNELS, kernelElfUrl } from "./kernels/kernels.ts";

const PARCEL_BYTES = 2;
const PAGE_MASK = 0xfff;

/** Code of one function at distances from its page: all of it was executed, what lies around it never. */
class FunctionCode implements CodeReader {
  readonly #code: DataView;
  readonly #first: number;

  constructor(code: Uint8Array, first: number) {
    this.#code = new DataView(code.buffer, code.byteOffset, code.byteLength);
    this.#first = first;
  }

  parcel(offset: number): number {
    return this.wasExecuted(offset) ? this.#code.getUint16(offset - this.#first, true) : -1;
  }

  isWanted(offset: number): boolean {
    return this.wasExecuted(offset);
  }

  wasExecuted(offset: number): boolean {
    const at = offset - this.#first;
    return at >= 0 && at + PARCEL_BYTES <= this.#code.byteLength;
  }

  computedTargets(): readonly number[] {
    return [];
  }
}

/** What the hot tier is asked for each function of each kernel, for that mode. */
export async function kernelRequests(modeKey: number): Promise<RegionRequest[]> {
  const requests: RegionRequest[] = [];
  for (const kernel of BENCH_KERNELS) {
    const file = await Deno.readFile(kernelElfUrl(kernel));
    const { segments } = loadElf(kernel.name, file);
    for (const { address, bytes } of elfSymbols(kernel.name, file).filter(hasCode)) {
      const segment = segments.find(({ physicalAddress, bytes: content }) =>
        address >= physicalAddress && address + bytes <= physicalAddress + content.length
      );
      if (segment === undefined) continue;
      const start = address - segment.physicalAddress;
      const entryOffset = address & PAGE_MASK;
      requests.push({
        ...{ entryOffset, modeKey, isChecked: false, hostFuses: false },
        code: new FunctionCode(segment.bytes.subarray(start, start + bytes), entryOffset),
        instructionLimit: REGION_INSTRUCTIONS,
      });
    }
  }
  return requests;
}

function hasCode({ bytes }: GuestSymbol): boolean {
  return bytes > 0;
}
