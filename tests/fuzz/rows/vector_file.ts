/**
 * Recorded vectors: cases of every instruction form with what QEMU made of them, so that the tests compare with
 * QEMU without QEMU. The file is compressed JSON in base64; its head says what produced it. It is recorded, never
 * blessed from our own results.
 */
import { batchImage } from "./batch_image.ts";
import { Address, RECORD_BYTES, recordAddress } from "./case_record.ts";
import type { Site } from "./site.ts";
import { fromTextSite, type TextSite, toTextSite } from "./site_text.ts";

const WORD_BYTES = 8;
const LINE_LENGTH = 100;
const FILE = new URL("./recorded_vectors.b64.txt", import.meta.url);

/** What a process left in a record where it differs from what was there: number of the word, its value. */
type ChangedWords = readonly (readonly [word: number, value: string])[];

/** Sites that are executed together, with what came of each case. */
export interface VectorBatch {
  readonly sites: readonly Site[];
  /** The records as the oracle left them. */
  readonly expected: Uint8Array;
}

/** All vectors. */
export interface VectorFile {
  /** The program that produced the expectations. */
  readonly oracle: string;
  /** Command that records them again. */
  readonly command: string;
  readonly batches: readonly VectorBatch[];
}

interface TextBatch {
  readonly sites: readonly TextSite[];
  readonly changes: readonly ChangedWords[];
}

interface TextFile {
  readonly oracle: string;
  readonly command: string;
  readonly batches: readonly TextBatch[];
}

function initialRecords(sites: readonly Site[], bytes: number): Uint8Array {
  const start = recordAddress(0) - Address.SUPPORT;
  return batchImage(sites).bytes.slice(start, start + bytes);
}

/** Words of a case: those of its record but the first, and the one behind. */
function changedWords(before: DataView, after: DataView, record: number): ChangedWords {
  const changes: [number, string][] = [];
  for (let word = 1; word <= RECORD_BYTES / WORD_BYTES; word++) {
    const at = record * RECORD_BYTES + word * WORD_BYTES;
    const value = after.getBigUint64(at, true);
    if (value !== before.getBigUint64(at, true)) changes.push([word, value.toString(16)]);
  }
  return changes;
}

function toText({ sites, expected }: VectorBatch): TextBatch {
  const before = new DataView(initialRecords(sites, expected.length).buffer);
  const after = new DataView(expected.slice().buffer);
  const changes = sites.flatMap(({ firstRecord, cases }) =>
    cases.map((_, i) => changedWords(before, after, firstRecord + i))
  );
  return { sites: sites.map(toTextSite), changes };
}

function fromText({ sites: texts, changes }: TextBatch): VectorBatch {
  const sites = texts.map(fromTextSite);
  const records = sites.reduce(
    (sum, { firstRecord, cases }) => Math.max(sum, firstRecord + cases.length),
    0,
  );
  const expected = initialRecords(sites, records * RECORD_BYTES + WORD_BYTES);
  const view = new DataView(expected.buffer);
  let index = 0;
  for (const { firstRecord, cases } of sites) {
    for (let i = 0; i < cases.length; i++) {
      const at = (firstRecord + i) * RECORD_BYTES;
      for (const [word, value] of changes[index++]) {
        view.setBigUint64(at + word * WORD_BYTES, BigInt(`0x${value}`), true);
      }
    }
  }
  return { sites, expected };
}

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: GenericTransformStream,
): Promise<Uint8Array> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(stream)).bytes();
}

/** Writes the file. @returns its size in bytes */
export async function writeVectors({ oracle, command, batches }: VectorFile): Promise<number> {
  const text: TextFile = { oracle, command, batches: batches.map(toText) };
  const bytes = new TextEncoder().encode(JSON.stringify(text));
  const packed = await through(bytes, new CompressionStream("deflate"));
  const lines = packed.toBase64().match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
  const head = `# Results of ${oracle}, recorded by "${command}"; compressed JSON in base64.\n`;
  const file = head + lines.map((line) => `${line}\n`).join("");
  await Deno.writeTextFile(FILE, file);
  return file.length;
}

/** Reads the file. */
export async function readVectors(): Promise<VectorFile> {
  const [, ...lines] = (await Deno.readTextFile(FILE)).split("\n");
  const packed = Uint8Array.fromBase64(lines.join(""));
  const bytes = await through(packed, new DecompressionStream("deflate"));
  const { oracle, command, batches } = JSON.parse(new TextDecoder().decode(bytes)) as TextFile;
  return { oracle, command, batches: batches.map(fromText) };
}
