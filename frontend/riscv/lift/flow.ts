/** How an instruction continues, as far as the discovery of blocks cares. */
export type Flow =
  | "next"
  | "branch"
  | "jump"
  | "call"
  | "return"
  | "indirect"
  | "indirect call"
  | "leave";

/** Names of the conditional branches. */
export const BRANCHES: ReadonlySet<string> = new Set(["beq", "bne", "blt", "bge", "bltu", "bgeu"]);
