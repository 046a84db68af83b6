/**
 * What a person needs to see of a region that went wrong: guest code, IR before and after the optimizer, Wasm
 * text of its function.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import type { BoundaryAttribute } from "../../ir/region.ts";
import { printRegion } from "../../ir/text/printer.ts";
import type { Region } from "../../ir/region.ts";
import { PAGE_BYTES, PAGE_SHIFT } from "../atomics/shared_layout.ts";
import type { BuiltRegion } from "./region_builder.ts";

const PARCEL_BYTES = 2;
const PARCEL_BITS = 16;
const LONG_INSTRUCTION_BYTES = 4;

/** See the header of this file. Made before the optimizer changes the region. */
export class RegionReport {
  readonly #built: BuiltRegion;
  readonly #assembly: string;
  readonly #lifted: string;

  /** Notes the region as lifted. */
  constructor(built: BuiltRegion, frontend: GuestFrontend, words: Int32Array) {
    this.#built = built;
    this.#assembly = assemblyText(built, frontend, words);
    this.#lifted = printRegion(built.region);
  }

  /** The report, with the region as it is now and its function of the module's text. */
  text(functionName: string, moduleText: string | null): string {
    return [
      "--- guest code (addresses from the region's origin)",
      this.#assembly,
      "--- IR as lifted",
      this.#lifted,
      "--- IR after the optimizer",
      printRegion(this.#built.region),
      "--- Wasm",
      functionText(functionName, moduleText ?? ""),
    ].join("\n");
  }
}

function boundaries(region: Region): BoundaryAttribute[] {
  return region.blocks.flatMap(({ operations }) =>
    operations.filter(({ opcode }) => opcode === "guest.boundary").map(({ attribute }) =>
      attribute as BoundaryAttribute
    )
  ).sort((a, b) => a.offset - b.offset);
}

/** Guest code of a region, one instruction a line. */
export function assemblyText(
  { region, pages }: BuiltRegion,
  frontend: GuestFrontend,
  words: Int32Array,
): string {
  const parcels = new Uint16Array(words.buffer);
  const parcel = (offset: number): number => {
    const page = pages.find(({ distance }) => distance === offset >> PAGE_SHIFT);
    const hostOffset = (page?.hostPage ?? 0) * PAGE_BYTES + (offset & (PAGE_BYTES - 1));
    // ORDER: sc load for a report; the code may change meanwhile.
    return Atomics.load(parcels, hostOffset / PARCEL_BYTES);
  };
  return boundaries(region).map(({ offset, length }) => {
    const high = length === LONG_INSTRUCTION_BYTES
      ? parcel(offset + PARCEL_BYTES) << PARCEL_BITS
      : 0;
    return `${offset.toString(16).padStart(6)}: ${
      frontend.disassemble(parcel(offset) | high, BigInt(offset))
    }`;
  }).join("\n");
}

/** The lines of one function in a module's text. */
function functionText(name: string, moduleText: string): string {
  const start = moduleText.indexOf(` (func $${name} `);
  if (start < 0) return "";
  const end = moduleText.indexOf("\n (func ", start + 1);
  return moduleText.slice(start, end < 0 ? undefined : end);
}
