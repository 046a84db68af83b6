/**
 * A protocol with its mutations: each mutation removes one ordering or step of the protocol, and the
 * exploration must find the failure on the machines named. What no mutation can break is not necessary.
 */

import { explore, type Verdict } from "./explorer.ts";
import type { MemoryModel, Model } from "./machine.ts";

/** Machines on which a mutation fails. */
export type CaughtOn = readonly MemoryModel[];

/** Both machines. */
export const EVERYWHERE: CaughtOn = ["tso", "weak"];
/** Only where plain stores overtake: on x86 the hardware gives this ordering for nothing. */
export const WEAK_ONLY: CaughtOn = ["weak"];

/** Nowhere: the order was thought necessary, and the model says that it is not. */
export const SUPERFLUOUS: CaughtOn = [];

/** A family of models over one set of mutations. */
export interface ProtocolModel<M extends string> {
  /** Name of the protocol. */
  readonly name: string;
  /** Each mutation and where it must be caught. */
  readonly mutations: Readonly<Record<M, CaughtOn>>;
  /** Scenarios: small closed systems that run the protocol, with a mutation or without. */
  readonly scenarios: Readonly<Record<string, (mutation: M | "none") => Model>>;
}

/** The first scenario that fails, or the last verdict when none does; and the states of all. */
export function exploreAll<M extends string>(
  protocol: ProtocolModel<M>,
  mutation: M | "none",
  memory: MemoryModel,
): Verdict & { scenario: string } {
  let states = 0;
  for (const [scenario, build] of Object.entries(protocol.scenarios)) {
    const verdict = explore(build(mutation), memory);
    states += verdict.states;
    if (verdict.reason !== "") return { ...verdict, states, scenario };
  }
  return { reason: "", states, trace: [], scenario: "" };
}
