/** Which cases two oracles disagree about, and in what. */
import { Field, RECORD_BYTES } from "./case_record.ts";
import type { Site } from "./site.ts";

const WORD_BYTES = 8;
const WORDS = RECORD_BYTES / WORD_BYTES;

const FIELD_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(Field).map(([name, offset]) => [offset, name.toLowerCase()]),
);

/** One case about which two oracles disagree. */
export interface RecordDifference {
  /** The site with this case alone. */
  readonly site: Site;
  /** What differs: place in the record, one oracle's value, the other's. */
  readonly lines: readonly string[];
}

/** Places in a record by name: of runs of words the first with its number. */
function wordName(word: number): string {
  let at = word * WORD_BYTES;
  while (!FIELD_NAMES.has(at)) at -= WORD_BYTES;
  return `${FIELD_NAMES.get(at)}[${word - at / WORD_BYTES}]`;
}

/** Words in which a record, with the word behind it, differs. */
function differentWords(a: DataView, b: DataView, record: number): string[] {
  const lines: string[] = [];
  // The word that accesses at the end go on to belongs to this record, and the record's own first word does not.
  for (let word = 1; word <= WORDS; word++) {
    const at = record * RECORD_BYTES + word * WORD_BYTES;
    const [left, right] = [a, b].map((view) => view.getBigUint64(at, true));
    if (left === right) continue;
    const name = word === WORDS ? "spill[0]" : wordName(word);
    lines.push(`${name}: ${left.toString(16)} and ${right.toString(16)}`);
  }
  return lines;
}

/** All cases about which two oracles disagree. */
export function recordDifferences(
  sites: readonly Site[],
  a: Uint8Array,
  b: Uint8Array,
): RecordDifference[] {
  const [left, right] = [a, b].map((bytes) =>
    new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  );
  return sites.flatMap((site) =>
    site.cases.flatMap((input, i) => {
      const record = site.firstRecord + i;
      const lines = differentWords(left, right, record);
      if (lines.length === 0) return [];
      return [{ site: { ...site, firstRecord: record, cases: [input] }, lines }];
    })
  );
}
