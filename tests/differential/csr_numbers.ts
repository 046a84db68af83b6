/** Numbers of control and status registers by name. */
import { CSR_NAMES } from "../../frontend/riscv/csr_names.ts";

const NUMBERS: ReadonlyMap<string, number> = new Map(
  [...CSR_NAMES].map(([number, name]) => [name, number]),
);

/** Number of the register of that name. */
export function csrNumber(name: string): number {
  const number = NUMBERS.get(name);
  if (number === undefined) throw new RangeError(`Cannot find control register "${name}"`);
  return number;
}
