/** Names of control and status registers, for texts of instructions. */
import { CSR_ROWS, type CsrRow } from "./privileged/csr_table.ts";

/** Runs of registers are numbered from the low digit of their first number: 3 for counters, else 0. */
const POSITION_MASK = 0xf;

function runName({ name, number, count }: CsrRow, csr: number): string {
  return count === undefined || count === 1
    ? name
    : name.replace(/n$/, String((number & POSITION_MASK) + csr - number));
}

/** Names by number. */
export const CSR_NAMES: ReadonlyMap<number, string> = new Map(
  CSR_ROWS.flatMap((row) =>
    Array.from({ length: row.count ?? 1 }, (_, i) => row.number + i)
      .map((csr): [number, string] => [csr, runName(row, csr)])
  ),
);
