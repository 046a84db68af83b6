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
