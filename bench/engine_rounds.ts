// What comparisons of emulators in rounds share.

import { isQemuSystemCached } from "../tests/tools/qemu_system.ts";
import { type Engine, ENGINE_NAMES, engineByName, type EngineName } from "./engines.ts";
import type { LoadRecord } from "./load_results.ts";
import { describeCommit, describeMachine, RECORD_SCHEMA, today } from "./record.ts";

/** The list, begun further on: so that no emulator is always the first. */
export function turned<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

/** Name and version. */
export async function describeEngine(engine: Engine): Promise<string> {
  return `${engine.name} (${await engine.version()})`;
}

/** What stays the same over the rounds of a comparison under loads. */
export async function describeLoads(
  engines: readonly Engine[],
  seconds: number,
): Promise<Omit<LoadRecord, "rounds">> {
  return {
    ...{ schema: RECORD_SCHEMA, date: today(), commit: await describeCommit() },
    ...{ machine: await describeMachine(), seconds },
    engines: await Promise.all(engines.map(describeEngine)),
  };
}

/** A count that a flag gives. */
export function positive(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${flag}: not a count: ${text}`);
  return value;
}

/** What parsing calls for a word that no flag takes: without it a misspelt flag would start a run of minutes. */
export function refuseUnknown(word: string): never {
  console.error(
    `${word} is not understood\n  fix: the flags are at the head of the benchmark's file`,
  );
  Deno.exit(2);
}

/** The emulators that a flag names, with commas between them. */
export function namedEngines(flag: string, names: string): Engine[] {
  return names.split(",").map((text) => {
    const name = ENGINE_NAMES.find((known) => known === text);
    if (name === undefined) throw new Error(`${flag}: known are ${ENGINE_NAMES.join(", ")}`);
    return engineByName(name);
  });
}

/** These emulators, and the newer QEMU if it was fetched. */
export async function availableEngines(names: readonly EngineName[]): Promise<Engine[]> {
  const engines = names.map(engineByName);
  if (await isQemuSystemCached()) return [...engines, engineByName("qemu-10")];
  console.error("QEMU 10 is not compared: deno task bench:qemu-fetch would fetch it");
  return engines;
}
