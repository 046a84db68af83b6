/**
 * A script drives address translation through instructions: steps change tables, control registers and protection
 * and fence what they changed, or make accesses in a mode.
 */

/** Operands of the fence after a change; null stands for x0. */
export interface Fence {
  /** Virtual address. */
  readonly address: bigint | null;
  /** Address space. */
  readonly space: bigint | null;
}

/** One step. */
export type MmuStep =
  /** Writes a page table entry. */
  | {
    readonly kind: "entry";
    readonly address: bigint;
    readonly value: bigint;
    readonly fence: Fence;
  }
  /** Chooses an address space. */
  | { readonly kind: "space"; readonly satp: bigint; readonly fence: Fence | null }
  /** Sets the protection of some memory: registers of the first entries. */
  | {
    readonly kind: "protection";
    readonly addresses: readonly bigint[];
    readonly configuration: bigint;
  }
  /** Lets the hart set accessed and dirty bits, or not, and pages have memory types, or not. */
  | { readonly kind: "environment"; readonly updates: boolean; readonly types: boolean }
  /** Runs a stub. */
  | {
    readonly kind: "access";
    /** Name of the stub. */
    readonly stub: string;
    readonly privilege: "user" | "supervisor";
    readonly sum: boolean;
    readonly mxr: boolean;
    /** Is it made from machine mode with the privilege to modify? */
    readonly modifies: boolean;
    readonly address: bigint;
    readonly value: bigint;
  };

/** A script and what it starts from. */
export interface MmuScript {
  /** What it was made from. */
  readonly seed: number;
  /** Value of the state's features. */
  readonly features: bigint;
  /** Address spaces that it may choose. */
  readonly spaces: readonly bigint[];
  /** Entries of page tables at the start: address, value. */
  readonly entries: readonly (readonly [address: bigint, value: bigint])[];
  /** The steps. */
  readonly steps: readonly MmuStep[];
}
