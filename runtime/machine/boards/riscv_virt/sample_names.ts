/**
 * How a profile calls privileges and address spaces of RISC-V.
 *
 * Source: RISC-V Privileged ISA, "Privilege Levels" and "Supervisor Address Translation and Protection (satp)
 * Register".
 */

import { Privilege } from "../../../../frontend/riscv/privileged/causes.ts";
import { Satp } from "../../../../frontend/riscv/privileged/translation_mode.ts";
import type { SampleNames } from "../../bootable_board.ts";

const MARKS: ReadonlyMap<number, string> = new Map([
  [Privilege.USER, "u"],
  [Privilege.SUPERVISOR, "k"],
  [Privilege.MACHINE, "m"],
]);
const HALF_BITS = 32n;
const HEX = 16;

/** See the header of this file. */
export const RISCV_SAMPLE_NAMES: SampleNames = {
  privilegeMark: (privilege) => MARKS.get(privilege) ?? "?",
  addressSpace: (low, high) => {
    const satp = BigInt(high >>> 0) << HALF_BITS | BigInt(low >>> 0);
    const number = (satp >> Satp.ASID_SHIFT) & BigInt(Satp.ASID_ONES);
    return `0x${number.toString(HEX)}/0x${(satp & Satp.PPN).toString(HEX)}`;
  },
};
