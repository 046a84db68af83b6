/** Pages that accesses may touch: those whose translations have to be covered by fences. */
import { PAGE_BYTES, stubBase } from "./mmu_layout.ts";
import type { MmuStep } from "./mmu_script.ts";

const PAGE = BigInt(PAGE_BYTES);

/** Pages that a script's accesses may touch. */
export function pagesOf(steps: readonly MmuStep[]): bigint[] {
  return pagesAround(steps.flatMap((step) => step.kind === "access" ? [step.address] : []));
}

/** Pages that accesses to these addresses may touch, and those of the stubs. */
export function pagesAround(addresses: readonly bigint[]): bigint[] {
  const pages = new Set<bigint>();
  for (const privilege of ["user", "supervisor"] as const) {
    pages.add(stubBase(privilege) / PAGE * PAGE);
  }
  for (const address of addresses) {
    for (const distance of [-16n, 0n, 24n, PAGE, PAGE + 24n]) {
      pages.add(BigInt.asUintN(64, (address + distance) / PAGE * PAGE));
    }
  }
  return [...pages];
}
