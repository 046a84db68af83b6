/**
 * Activations of guest functions inside one region: the function the region starts in, and callees that are
 * lifted into it in place of a call. The same guest code may stand in several frames.
 */
import type { Block } from "../../../ir/region.ts";

/** How a frame came to be. */
export interface InlinedCall {
  /** The frame that calls. */
  readonly caller: CallFrame;
  /** Where the callee returns to: distance from the origin. */
  readonly link: number;
  /** Does the callee return to the link for sure, because nothing in it writes the link register? */
  readonly keepsLink: boolean;
}

/** See the header of this file. */
export class CallFrame {
  /** Null for the region's own function. */
  readonly call: InlinedCall | null;
  /** Nesting of inlined calls. */
  readonly depth: number;
  /** Where blocks start. */
  readonly leaders = new Set<number>();
  /** Blocks by where they start. */
  readonly blocks = new Map<number, Block>();
  /** Frames of inlined calls by where the call stands. */
  readonly callees = new Map<number, CallFrame>();

  /** A frame without code. */
  constructor(call: InlinedCall | null) {
    this.call = call;
    this.depth = call === null ? 0 : call.caller.depth + 1;
  }

  /** This frame and those inside it. */
  *all(): Generator<CallFrame> {
    yield this;
    for (const callee of this.callees.values()) yield* callee.all();
  }
}
