/** Who executes a batch: each oracle gives the records as its execution leaves them. */
import type { BatchImage } from "./batch_image.ts";
import { Field, RECORD_BYTES, recordAddress } from "./case_record.ts";
import type { Site } from "./site.ts";

const WORD_BYTES = 8;

/** A batch that is ready to be executed. */
export interface Batch {
  /** Its sites. */
  readonly sites: readonly Site[];
  /** Its memory. */
  readonly image: BatchImage;
}

/** Signals that a process gets for exceptions, by number. */
export const Signal = { ILLEGAL: 4, TRAP: 5, BUS: 7, SEGMENT: 11 } as const;

/** Signal for each exception cause that a case can raise. */
const SIGNALS: ReadonlyMap<number, number> = new Map([
  [0, Signal.BUS],
  [1, Signal.SEGMENT],
  [2, Signal.ILLEGAL],
  [3, Signal.TRAP],
  [4, Signal.BUS],
  [5, Signal.SEGMENT],
  [6, Signal.BUS],
  [7, Signal.SEGMENT],
]);

/** Number of cases of a batch. */
export function caseCount(sites: readonly Site[]): number {
  return sites.reduce((sum, { cases }) => sum + cases.length, 0);
}

/** Bytes up to the end of a batch's last record, with the word behind it. */
export function recordBytes(sites: readonly Site[]): number {
  const records = sites.map(({ firstRecord, cases }) => firstRecord + cases.length);
  return Math.max(...records) * RECORD_BYTES + WORD_BYTES;
}

/** The batch's records in its memory. */
export function recordsIn(memory: Uint8Array, sites: readonly Site[], base: number): Uint8Array {
  const start = recordAddress(0) - base;
  return memory.slice(start, start + recordBytes(sites));
}

/**
 * Records of a hart as a process would have left them: signals in place of causes, and values of exceptions only
 * where a process gets an address.
 */
export function asProcess(records: Uint8Array): Uint8Array {
  const view = new DataView(records.slice().buffer);
  for (let at = 0; at + RECORD_BYTES <= records.length; at += RECORD_BYTES) {
    const cause = Number(view.getBigUint64(at + Field.TRAP, true)) - 1;
    if (cause < 0) continue;
    const signal = SIGNALS.get(cause) ?? 0;
    view.setBigUint64(at + Field.TRAP, BigInt(signal), true);
    if (signal !== Signal.SEGMENT) view.setBigUint64(at + Field.TRAP_VALUE, 0n, true);
  }
  return new Uint8Array(view.buffer);
}
