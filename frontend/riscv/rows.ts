/**
 * All instructions of the guest. The position of a row is the number of its handler, in decoded records and
 * in the cold tier.
 */
import { RV_A } from "./encoding/rv_a.ts";
import { RV_D } from "./encoding/rv_d.ts";
import { RV_F } from "./encoding/rv_f.ts";
import { RV_I } from "./encoding/rv_i.ts";
import { RV_M } from "./encoding/rv_m.ts";
import { RV_PRIVILEGED } from "./encoding/rv_privileged.ts";
import { SVINVAL } from "./encoding/svinval.ts";
import { ZAWRS } from "./encoding/zawrs.ts";
import { ZBA } from "./encoding/zba.ts";
import { ZBB } from "./encoding/zbb.ts";
import { ZBS } from "./encoding/zbs.ts";
import { ZICBO } from "./encoding/zicbo.ts";
import { ZICOND } from "./encoding/zicond.ts";
import { ZICSR } from "./encoding/zicsr.ts";
import { ZIFENCEI } from "./encoding/zifencei.ts";
import type { InstructionRow } from "./instruction.ts";
import { illegal } from "./lift/rv_i.ts";

/** Index of the row that stands for what is no instruction. */
export const ILLEGAL_ROW = 0;

const ILLEGAL: InstructionRow = {
  name: "illegal",
  pattern: "",
  extension: "i",
  section: "Expanded Instruction-Length Encoding",
  syntax: "",
  lift: illegal,
};

/** The rows. */
export const ROWS: readonly InstructionRow[] = [
  ILLEGAL,
  ...RV_I,
  ...RV_M,
  ...RV_A,
  ...RV_F,
  ...RV_D,
  ...ZICSR,
  ...ZIFENCEI,
  ...ZICOND,
  ...ZBA,
  ...ZBB,
  ...ZBS,
  ...ZICBO,
  ...ZAWRS,
  ...RV_PRIVILEGED,
  ...SVINVAL,
];

const INDEX_BY_NAME: ReadonlyMap<string, number> = new Map(
  ROWS.map(({ name }, index) => [name, index]),
);

/** Names of all extensions that have rows, `c` for the compressed forms, and those of page tables. */
export const EXTENSIONS: ReadonlySet<string> = new Set([
  ...ROWS.map(({ extension }) => extension),
  "c",
  "svadu",
  "svnapot",
  "svpbmt",
]);

/**
 * Index of the row of that name.
 * @throws {RangeError} when there is none.
 */
export function rowIndex(name: string): number {
  const index = INDEX_BY_NAME.get(name);
  if (index === undefined) throw new RangeError(`Cannot find instruction "${name}"`);
  return index;
}

/** Is there a row of that name? */
export function hasRow(name: string): boolean {
  return INDEX_BY_NAME.has(name);
}

/** Which register file an instruction writes its destination in: told by the first operand of its syntax. */
export function destinationFile(row: InstructionRow): "x" | "f" | "none" {
  const first = row.syntax.split(/[ ,]/)[0];
  if (first === "rd") return "x";
  return first === "fd" ? "f" : "none";
}
