/**
 * Rows of the atomic instructions. The ordering bits change the operation, so each of their four values makes
 * a row of its own.
 *
 * Source: Unprivileged ISA, "A" Extension for Atomic Instructions.
 */
import { Order, type OrderSet } from "../../../ir/memory_order.ts";
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/rv_a.ts";
import { type RowEntry, rowTable } from "./row_table.ts";

/** The bits `aq` and `rl`, the suffix of the mnemonic, and the pairs ordered. */
const ORDERINGS: readonly { bits: string; suffix: string; order: OrderSet }[] = [
  { bits: "00", suffix: "", order: Order.NONE },
  { bits: "01", suffix: ".rl", order: Order.RELEASE },
  { bits: "10", suffix: ".aq", order: Order.ACQUIRE },
  { bits: "11", suffix: ".aqrl", order: Order.ALL },
];

/** The width bits and the suffix of the mnemonic. */
const WIDTHS: readonly { bits: string; suffix: string; width: lift.AtomicWidth }[] = [
  { bits: "010", suffix: ".w", width: 32 },
  { bits: "011", suffix: ".d", width: 64 },
];

/** An atomic instruction of all widths and orderings: name, first five bits, `rs2` or zeros, syntax, meaning. */
type AtomicEntry = readonly [
  name: string,
  operation: string,
  source: string,
  syntax: string,
  lift: lift.AtomicLifter,
];

function atomicRows([name, operation, source, syntax, lifter]: AtomicEntry): RowEntry[] {
  return WIDTHS.flatMap(({ bits, suffix, width }) =>
    ORDERINGS.map((ordering) =>
      [
        `${name}${suffix}${ordering.suffix}`,
        `${operation} ${ordering.bits} ${source} rs1 ${bits} rd 0101111`,
        syntax,
        lifter({ width, order: ordering.order }),
      ] as const
    )
  );
}

const NO_SOURCE = "00000";
const LOAD = "rd, (rs1)";
const UPDATE = "rd, rs2, (rs1)";

const RESERVATIONS: readonly AtomicEntry[] = [
  ["lr", "00010", NO_SOURCE, LOAD, lift.lr],
  ["sc", "00011", "rs2", UPDATE, lift.sc],
];

const MEMORY_OPERATIONS: readonly AtomicEntry[] = [
  ["amoswap", "00001", "rs2", UPDATE, lift.amoswap],
  ["amoadd", "00000", "rs2", UPDATE, lift.amoadd],
  ["amoxor", "00100", "rs2", UPDATE, lift.amoxor],
  ["amoand", "01100", "rs2", UPDATE, lift.amoand],
  ["amoor", "01000", "rs2", UPDATE, lift.amoor],
  ["amomin", "10000", "rs2", UPDATE, lift.amomin],
  ["amomax", "10100", "rs2", UPDATE, lift.amomax],
  ["amominu", "11000", "rs2", UPDATE, lift.amominu],
  ["amomaxu", "11100", "rs2", UPDATE, lift.amomaxu],
];

/** All rows of this file. */
export const RV_A: readonly InstructionRow[] = [
  ...rowTable(
    "a",
    "Load-Reserved/Store-Conditional Instructions",
    RESERVATIONS.flatMap(atomicRows),
  ),
  ...rowTable("a", "Atomic Memory Operations", MEMORY_OPERATIONS.flatMap(atomicRows)),
];
