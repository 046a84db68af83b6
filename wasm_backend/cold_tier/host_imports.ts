/**
 * Functions that the cold tier imports from the runtime, as Wasm text.
 */
import type { FunctionSignature } from "../../ir/region.ts";
import { ENVIRONMENT, HostImport } from "../abi/module_shape.ts";

const HOST_SIGNATURES: readonly FunctionSignature[] = [
  { name: HostImport.DEVICE_LOAD, parameters: ["i32", "i32", "i32"], result: "i32" },
  { name: HostImport.DEVICE_STORE, parameters: ["i32", "i32", "i32"], result: "i32" },
  { name: HostImport.OPEN_PAGE, parameters: ["i32", "i32"], result: "i32" },
  { name: HostImport.DECODE, parameters: ["i32", "i32", "i32"], result: "void" },
  { name: HostImport.HOT, parameters: ["i32", "i32"], result: "void" },
  { name: HostImport.TRANSLATION_CHANGED, parameters: [], result: "void" },
  { name: HostImport.DROP_PROVISIONAL, parameters: [], result: "void" },
  { name: HostImport.INTERRUPT_TAKEN, parameters: ["i32"], result: "void" },
  { name: HostImport.ENCODING, parameters: ["i32", "i32"], result: "i32" },
];

/** Import of one function under its own name. */
export function importText({ name, parameters, result }: FunctionSignature): string {
  const parameterText = parameters.length === 0 ? "" : ` (param ${parameters.join(" ")})`;
  const resultText = result === "void" ? "" : ` (result ${result})`;
  return `(import "${ENVIRONMENT}" "${name}" (func $${name}${parameterText}${resultText}))`;
}

/** All imports of the runtime's own functions. */
export function hostImports(): string {
  return HOST_SIGNATURES.map(importText).join("\n  ");
}
