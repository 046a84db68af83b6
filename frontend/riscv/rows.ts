/**
 * All instructions of the guest. The position of a row is the number of its handler, in decoded records and
 * in the cold tier.
 */
import { COMPRESSED_ROWS } from "./compressed.ts";
import { RV_A } from "./encoding/rv_a.ts";
import { RV_FLOAT } from "./encoding/rv_float.ts";
import { RV_I } from "./encoding/rv_i.ts";
import { RV_M } from "./encoding/rv_m.ts";
import { RV_PRIVILEGED } from "./encoding/rv_privileged.ts";
import { SVINVAL } from "./encoding/svinval.ts";
import { ZAWRS } from "./encoding/zawrs.ts";
import { ZBA } from "./encoding/zba.ts";
import { ZBB } from "./encoding/zbb.ts";
import { ZBC } from "./encoding/zbc.ts";
import { ZBKB } from "./encoding/zbkb.ts";
import { ZBKX } from "./encoding/zbkx.ts";
import { ZBS } from "./encoding/zbs.ts";
import { ZFA } from "./encoding/zfa.ts";
import { ZICBO } from "./encoding/zicbo.ts";
import { ZICOND } from "./encoding/zicond.ts";
import { ZICSR } from "./encoding/zicsr.ts";
import { ZIFENCEI } from "./encoding/zifencei.ts";
import { ZKND_ZKNE } from "./encoding/zknd_zkne.ts";
import { ZKNH } from "./encoding/zknh.ts";
import { ZKSED } from "./encoding/zksed.ts";
import { ZKSH } from "./encoding/zksh.ts";
import { ZIMOP } from "./encoding/zimop.ts";
import { extensionsOf, isMet } from "./extension_condition.ts";
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
  ...RV_FLOAT,
  ...ZFA,
  ...ZICSR,
  ...ZIFENCEI,
  ...ZICOND,
  ...ZIMOP,
  ...ZBA,
  ...ZBB,
  ...ZBC,
  ...ZBKB,
  ...ZBKX,
  ...ZBS,
  ...ZKND_ZKNE,
  ...ZKNH,
  ...ZKSED,
  ...ZKSH,
  ...ZICBO,
  ...ZAWRS,
  ...RV_PRIVILEGED,
  ...SVINVAL,
];

const INDEX_BY_NAME: ReadonlyMap<string, number> = new Map(
  ROWS.map(({ name }, index) => [name, index]),
);

/** Names of all extensions that have rows, of those that have compressed forms only, and of page tables. */
export const EXTENSIONS: ReadonlySet<string> = new Set([
  ...ROWS.flatMap(({ extension }) => extensionsOf(extension)),
  ...COMPRESSED_ROWS.map(({ extension }) => extension),
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

/** Extensions whose instructions ordinary programs do not use. */
const RARE_EXTENSIONS: ReadonlySet<string> = new Set([
  ...["zfa", "zfh", "zfhmin", "zbc", "zbkc", "zbkx"],
  ...["zknd", "zkne", "zknh", "zksed", "zksh"],
]);

const USUAL_EXTENSIONS: ReadonlySet<string> = EXTENSIONS.difference(RARE_EXTENSIONS);

/** Does the instruction come with extensions only that ordinary programs do not use? */
export function isRareRow({ extension }: InstructionRow): boolean {
  return !isMet(extension, USUAL_EXTENSIONS);
}

/** Which register file an instruction writes its destination in: told by the first operand of its syntax. */
export function destinationFile(row: InstructionRow): "x" | "f" | "none" {
  const first = row.syntax.split(/[ ,]/)[0];
  if (first === "rd") return "x";
  return first === "fd" ? "f" : "none";
}
