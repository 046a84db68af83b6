/** What a host bridge is on its own bus: function 0 of device 0, an identity and nothing else. QEMU's numbers. */

import { ConfigurationLayout, ConfigurationSpace } from "./configuration_space.ts";
import { Header } from "./configuration_registers.ts";
import type { PciFunction } from "./pci_function.ts";

/** Red Hat's vendor number, and QEMU's generic host bridge. */
const IDENTITY = 0x0008_1b36;
/** A bridge to the host. */
const CLASS = 0x0600_0000;
/** Red Hat's other vendor number, and what is QEMU's. */
export const QEMU_SUBSYSTEM = 0x1100_1af4;

const LAYOUT = new ConfigurationLayout()
  .set(Header.IDENTITY, IDENTITY)
  .set(Header.CLASS, CLASS)
  .set(Header.SUBSYSTEM, QEMU_SUBSYSTEM);

/** See the header of this file. */
export class RootFunction implements PciFunction {
  /** See `PciFunction`. */
  readonly isPresent = true;
  /** See `PciFunction`. */
  readonly isAsserting = false;
  readonly #space: ConfigurationSpace;

  /** @param base index of the first of `CONFIGURATION_WORDS` words */
  constructor(words: Int32Array, base: number) {
    this.#space = new ConfigurationSpace(words, base, LAYOUT);
  }

  /** See `PciFunction`. */
  readWord(index: number): number {
    return this.#space.word(index);
  }

  /** See `PciFunction`. */
  writeWord(index: number, value: number, bits: number): boolean {
    this.#space.write(index, value, bits);
    return true;
  }

  /** It has no memory. */
  offsetOf(): number {
    return -1;
  }

  /** It has no memory. */
  load(): void {}

  /** It has no memory. */
  store(): void {}
}
