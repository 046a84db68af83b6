/**
 * Loads Binaryen from its package, in two thirds of the time that importing it takes.
 *
 * The package is one file of 15 MB: a string literal that holds a WebAssembly module, and 180 kB of JavaScript.
 * V8 scans the literal twice, first to skip the function around it, then to run it. So the file is imported as
 * text, the literal is decoded here, and only the rest is run, with two names of its own: a `WebAssembly` that
 * instantiates the decoded module, and a `globalThis` without Node.js, whose modules Deno would have to load.
 * A package of another build is imported as usual.
 */
import type binaryenPackage from "binaryen";
import packageText from "binaryen/index.js" with { type: "text" };
import { decodeLiteral } from "./escaped_literal.ts";

/** Binaryen's interface. */
export type Binaryen = typeof binaryenPackage;
/** A module under construction in Binaryen. */
export type BinaryenModule = binaryenPackage.Module;

/** How a WebAssembly module begins in the source. */
const LITERAL_START = "`\\0asm";
/** Name of the global value through which the script gets what it shall use. */
const HANDOVER = "weft.binaryen.host";

interface SplitPackage {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly script: string;
}

/** The two parts of the package, or null when it does not hold the module as it did when this was written. */
function splitPackage(text: string): SplitPackage | null {
  const start = text.indexOf(LITERAL_START) + 1;
  if (start === 0) return null;
  const { bytes, end } = decodeLiteral(new TextEncoder().encode(text), start);
  return { wasm: bytes, script: text.slice(0, start) + text.slice(end) };
}

/** What the script finds under the two names. */
function hostFor(module: WebAssembly.Module) {
  const instantiate = (_empty: unknown, imports: WebAssembly.Imports) =>
    Promise.resolve({ instance: new WebAssembly.Instance(module, imports) });
  return {
    WebAssembly: Object.assign(Object.create(WebAssembly), { instantiate }),
    globalThis: { TextDecoder },
  };
}

/** Binaryen, ready to use. A thread that calls it twice has it twice. */
export async function loadBinaryen(): Promise<Binaryen> {
  const parts = splitPackage(packageText as unknown as string);
  return parts === null ? (await import("binaryen")).default : await runScript(parts);
}

async function runScript({ wasm, script }: SplitPackage): Promise<Binaryen> {
  const key = Symbol.for(HANDOVER);
  const names = `const { WebAssembly, globalThis } = self[Symbol.for("${HANDOVER}")];\n`;
  const url = URL.createObjectURL(new Blob([names, script], { type: "text/javascript" }));
  // Not compiled asynchronously: other threads would do the same work for more processor time.
  Object.assign(self, { [key]: hostFor(new WebAssembly.Module(wasm)) });
  try {
    return (await import(url)).default;
  } finally {
    Reflect.deleteProperty(self, key);
    URL.revokeObjectURL(url);
  }
}
