/** `-symbols FILE[@ADDRESS]`: a file with names, and what is added to its addresses. */

import { UsageError } from "./usage_error.ts";

/** What one flag asks for. */
export interface SymbolRequest {
  /** Path of the file. */
  readonly path: string;
  /** What is added to its addresses. */
  readonly address: number;
}

/** A path may have an @ of its own: only what looks like a number behind the last one is an address. */
const WITH_ADDRESS = /^(.+)@(0x[0-9a-fA-F]+|[0-9]+)$/;

/** Understands the value of `-symbols`. Throws UsageError. */
export function parseSymbolFile(text: string): SymbolRequest {
  const match = WITH_ADDRESS.exec(text);
  const path = match?.[1] ?? text;
  const address = Number(match?.[2] ?? 0);
  if (path !== "" && Number.isSafeInteger(address)) return { path, address };
  throw new UsageError({
    what: `-symbols ${text}`,
    cause: path === "" ? "its value is empty" : "the address behind @ is too large",
    fix: "write -symbols FILE or -symbols FILE@ADDRESS, such as prog@0x2aaaaaa000",
  });
}
