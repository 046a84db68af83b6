/** Tables that a field of an instruction chooses from: constants in a region, a function for handlers. */
import { buildFunction } from "../../../ir/builder.ts";
import type { FunctionSignature, Region } from "../../../ir/region.ts";

/** Entries of 16 bits. */
export interface HalfwordTable {
  /** `(index)`: the entry, for handlers. */
  readonly signature: FunctionSignature;
  /** As many as the field has values. */
  readonly entries: readonly number[];
}

const ENTRY_BITS = 16;
const ENTRY_MASK = (1 << ENTRY_BITS) - 1;
/** Four entries stand in a word. */
const ENTRIES_LOG2 = 2;
const ENTRIES_PER_WORD = 1 << ENTRIES_LOG2;

/** A table with that name. */
export function halfwordTable(name: string, entries: readonly number[]): HalfwordTable {
  return { signature: { name, parameters: ["i32"], result: "i64" }, entries };
}

function words(entries: readonly number[]): bigint[] {
  return Array.from(
    { length: entries.length / ENTRIES_PER_WORD },
    (_, word) =>
      entries.slice(word * ENTRIES_PER_WORD, (word + 1) * ENTRIES_PER_WORD)
        .reduceRight((sum, entry) => (sum << BigInt(ENTRY_BITS)) | BigInt(entry), 0n),
  );
}

/** Builds the function. */
export function buildHalfwordTable({ signature, entries }: HalfwordTable): Region {
  return buildFunction(signature, (b) => {
    const index = b.parameter(0);
    const place = b.shl(
      b.zeroExtend(b.and(index, b.i32(ENTRIES_PER_WORD - 1))),
      b.i64(Math.log2(ENTRY_BITS)),
    );
    const bodies = words(entries).map((word) => () =>
      b.return(b.and(b.shrU(b.i64(word), place), b.i64(ENTRY_MASK)))
    );
    b.dispatch(b.shrU(index, b.i32(ENTRIES_LOG2)), bodies, () => b.return(b.i64(0)));
  });
}
