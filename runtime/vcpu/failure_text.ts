/**
 * What is said of a vCPU whose thread has failed: where its guest was, and what happened there.
 *
 * The guest's program counter is that of the last place where it was written: the interpreter has it in a local within
 * a stretch of instructions, and regions go on to each other without writing it. So it is said to be after that place.
 * The frames of the error tell whether it was compiled code: the outermost frame of
 * WebAssembly is the interpreter's, and each region is of another module.
 */
import { errorText } from "../machine/internal_error.ts";

/** The vCPU that failed. */
export interface FailedVcpu {
  /** Its program counter. */
  readonly registers: { readonly pcText: string };
  /** Name of the region that is entered at its program counter, if there is one. */
  readonly regionHere: () => string | undefined;
}

const MODULE_OF_FRAME = /wasm:\/\/wasm\/([^:]*):/g;

/** One line of place, and the error with its frames. */
export function failureText(vcpu: FailedVcpu, error: unknown): string {
  const text = errorText(error);
  return `after pc ${vcpu.registers.pcText}, ${tierOf(vcpu, text)}: ${text}`;
}

function tierOf(vcpu: FailedVcpu, frames: string): string {
  const modules = [...frames.matchAll(MODULE_OF_FRAME)].map(([, module]) => module);
  if (modules.length === 0) return "outside of guest code";
  if (modules[0] === modules.at(-1)) return "in the interpreter";
  return `in compiled code that was entered by ${regionText(vcpu)}`;
}

function regionText(vcpu: FailedVcpu): string {
  try {
    const region = vcpu.regionHere();
    return region === undefined ? "a region that is gone" : `region ${region}`;
  } catch {
    return "a region"; // the failure may have left the translations unusable: the first error counts
  }
}
