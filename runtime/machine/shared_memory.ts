/** The one memory that all threads of a machine share. */

import { SHARED_MAXIMUM_PAGES, SHARED_MINIMUM_PAGES } from "../../wasm_backend/abi/module_shape.ts";
import { GUEST_RAM_OFFSET } from "../atomics/shared_layout.ts";
import { ConfigurationError, sizeText } from "./options.ts";

/** Unit of WebAssembly memories. */
const WASM_PAGE_BYTES = 0x1_0000;

/**
 * Makes the memory of a machine with that much guest RAM. Throws {@linkcode ConfigurationError} when the host
 * has not enough address space.
 */
export function createSharedMemory(ramBytes: number): WebAssembly.Memory {
  const pages = Math.ceil((GUEST_RAM_OFFSET + ramBytes) / WASM_PAGE_BYTES);
  try {
    return new WebAssembly.Memory({
      initial: Math.max(pages, SHARED_MINIMUM_PAGES),
      maximum: SHARED_MAXIMUM_PAGES,
      shared: true,
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigurationError({
      what: `${sizeText(ramBytes)} of memory`,
      cause: `this process cannot get the memory: ${error.message}`,
      fix: "use a smaller -m, or run fewer machines in one process",
    });
  }
}

/** Makes a memory as it was when it was created, for a machine that starts again. */
export function clearSharedMemory(memory: WebAssembly.Memory): void {
  new Uint8Array(memory.buffer).fill(0);
}
