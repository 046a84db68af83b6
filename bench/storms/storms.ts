// The storms: what they are called, and a boot with them.

import { STORMS } from "../../tests/guests/build.ts";
import type { Engine } from "../engines.ts";
import { type BootResult, loadScript, runScript } from "../guest_loads.ts";

/** The storms of the guest's program, in the order in which they are run. */
export const STORM_NAMES = ["tlb", "context", "ipi", "timer", "code"] as const;

/** Name of a storm. */
export type StormName = (typeof STORM_NAMES)[number];

/** Boots, runs storms with a worker on each hart, powers off. */
export async function runStorms(
  engine: Engine,
  harts: number,
  names: readonly StormName[],
  seconds: number,
): Promise<BootResult> {
  const loads = names.map((name) => ({ name, workers: harts, seconds }));
  return await runScript(engine, { harts, ...await loadScript(STORMS, loads) });
}
