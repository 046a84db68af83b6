/** A function on a PCI bus, as its host bridge sees it. */

import type { MmioAccess } from "../devices/device.ts";

/** See the header of this file. */
export interface PciFunction {
  /** Is it there? What is not there answers nothing. */
  readonly isPresent: boolean;
  /** Does it ask for an interrupt by its pin? */
  readonly isAsserting: boolean;
  /** Reads a word of its configuration space; what is read may have an effect. */
  readWord(index: number): number;
  /**
   * Writes some bytes of a word of its configuration space.
   * @param bits those of the bytes that are written
   * @returns false when the access is to be made again; it has then changed nothing that the guest could see
   */
  writeWord(index: number, value: number, bits: number): boolean;
  /** Where an address of the bus's memory space is in the memory that it answers for, or -1 when it does not. */
  offsetOf(address: number): number;
  /** Guest read of its memory, at `access.offset` in it. */
  load(access: MmioAccess): void;
  /** Guest write of its memory, at `access.offset` in it. */
  store(access: MmioAccess): void;
}
