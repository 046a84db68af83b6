/** Closed systems of code guard agents: how they start, and what must hold at their end. */

import type { Agent } from "./code_guard_agent.ts";
import { Attribute, Entry, History, Memory, Register, State } from "./code_guard_state.ts";
import type { Model } from "./machine.ts";

/** Starts of the scenarios. */
export interface Start {
  /** The page is a code page with a complete guard, all write entries are guarded. */
  readonly guarded: boolean;
  /** The line is marked as code. */
  readonly lineMarked: boolean;
  /** Tickets drawn and acknowledged before. */
  readonly requests: number;
}

/** The agents over one page; those from `harts` on are no harts. */
export function close(agents: readonly Agent[], harts: number, start: Start): Model {
  return {
    threads: agents.map((agent) => agent.p),
    memoryBytes: Memory.COUNT,
    ghostBytes: History.COUNT,
    registers: Register.COUNT,
    init: (memory, _ghost, registers) => {
      memory.fill(State.RUNNING, Memory.STATE, Memory.STATE + harts);
      if (start.guarded) {
        memory[Memory.ATTRIBUTE] = Attribute.CODE | start.requests << Attribute.TICKET_SHIFT;
      }
      memory[Memory.REQUEST] = start.requests;
      memory.fill(start.requests, Memory.ACK, Memory.ACK + harts);
      memory[Memory.LINE] = start.lineMarked ? 1 : 0;
      for (const r of registers.slice(0, harts)) {
        r[Register.OWN_ACK] = start.requests;
        r[Register.TLB] = start.guarded ? Entry.GUARDED : Entry.FAST;
      }
    },
    onCommit: (world, _thread, address, value) => {
      if (address !== Memory.BYTES) return;
      world.ghost[History.COMMITS]++;
      world.ghost[History.AGE + value] = world.ghost[History.COMMITS];
    },
    checkFinal: (memory) =>
      memory[Memory.DONE] === memory[Memory.BEGUN] ? undefined : "a page at rest is provisional",
  };
}

/** No page of code yet. */
export const FRESH: Start = { guarded: false, lineMarked: false, requests: 0 };
/** Guarded, no line decoded. */
export const BESIDE: Start = { guarded: true, lineMarked: false, requests: 1 };
/** Guarded and decoded. */
export const DECODED: Start = { guarded: true, lineMarked: true, requests: 1 };
