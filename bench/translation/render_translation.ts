// Renders a measurement of the compiler as Markdown.

import type { MachineDescription } from "../record.ts";
import { summaryText, table } from "../load_tables.ts";
import type { Summary } from "../statistics.ts";

/** One state of the compiler. */
export interface TranslationRow {
  readonly name: string;
  /** Guest instructions in a second. */
  readonly perSecond: Summary;
  /** Microseconds for each guest instruction, by phase. */
  readonly phases: readonly { readonly phase: string; readonly us: Summary }[];
}

/** A whole measurement. */
export interface TranslationRecord {
  readonly kind: "translation";
  readonly schema: number;
  readonly date: string;
  readonly commit: string;
  readonly machine: MachineDescription;
  readonly rounds: number;
  /** What a boot asked for. */
  readonly regions: number;
  /** Guest instructions in its regions. */
  readonly instructions: number;
  /** Bytes of the modules. */
  readonly bytes: number;
  readonly rows: readonly TranslationRow[];
}

/** The record as Markdown. */
export function renderTranslationRecord(record: TranslationRecord): string {
  const { date, commit, machine, rounds, regions, instructions, bytes, rows } = record;
  return [
    `${date}, commit ${commit}, ${rounds} rounds on ${machine.cores} x ${machine.cpu} (${machine.os}, ` +
    `${machine.architecture}). One boot asked for ${regions} regions of ${instructions} guest instructions, which ` +
    `became ${bytes} bytes of WebAssembly. Medians; in brackets the distance between the extremes relative to the ` +
    "median. Phases in microseconds for each guest instruction; host: its baseline compiler, all functions.",
    "",
    ...table(
      ["compiler", "instructions in a second", ...rows[0].phases.map(({ phase }) => phase)],
      rows.map(({ name, perSecond, phases }) => [
        name,
        summaryText(perSecond, 1, 0),
        ...phases.map(({ us }) => summaryText(us, 1, 2)),
      ]),
    ),
  ].join("\n");
}
