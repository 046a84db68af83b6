/**
 * The debug log of the compiler (`-d in_asm,op,op_opt,out_wasm,request`): text of every region as it is compiled.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import { printRegion } from "../../ir/text/printer.ts";
import { PAGE_BYTES } from "../atomics/shared_layout.ts";
import type { CompilerTrace } from "./compiler.ts";
import { recordRequest } from "./recorded_request.ts";
import { type BuiltRegion, hotPage } from "./region_builder.ts";
import { assemblyText } from "./region_report.ts";

/** What a trace is made from. */
export interface DebugTraceParts {
  /** Categories that are wanted. */
  readonly categories: readonly string[];
  /** The guest. */
  readonly frontend: GuestFrontend;
  /** Shared memory as words. */
  readonly words: Int32Array;
  /** Receiver of the text. */
  write(text: string): void;
}

const CATEGORIES = ["in_asm", "op", "op_opt", "out_wasm", "out_asm", "request"];

/** A trace for these categories; null when none of them is the compiler's. */
export function createDebugTrace(
  { categories, frontend, words, write }: DebugTraceParts,
): CompilerTrace | null {
  if (!categories.some((category) => CATEGORIES.includes(category))) return null;
  const wants = (category: string): boolean => categories.includes(category);
  return {
    wantsText: wants("out_wasm") || wants("out_asm"),
    lifted: (built) => {
      if (wants("request")) write(`${JSON.stringify(recordRequest(built))}\n`);
      if (wants("in_asm")) {
        write(`${title(built, "guest code")}\n${assemblyText(built, frontend, words)}\n\n`);
      }
      if (wants("op")) write(`${title(built, "IR as lifted")}\n${printRegion(built.region)}\n\n`);
    },
    optimized: (built) => {
      if (wants("op_opt")) {
        write(`${title(built, "IR after the optimizer")}\n${printRegion(built.region)}\n\n`);
      }
    },
    emitted: (text, regions) => {
      const names = regions.map(({ number, name }) => `region ${number} is $${name}`);
      write(`--- module: ${names.join(", ")}\n${text}\n`);
    },
  };
}

function title({ number, hotspot }: BuiltRegion, what: string): string {
  const address = hotPage(hotspot) * PAGE_BYTES + hotspot.offset;
  return `--- ${what} of region ${number} at shared offset 0x${address.toString(16)}, mode 0x${
    hotspot.modeKey.toString(16)
  }`;
}
