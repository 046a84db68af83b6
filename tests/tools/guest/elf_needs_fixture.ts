/** Files that say what they need, and nothing else. */

const SEGMENTS_AT = 64;
const SEGMENT_BYTES = 56;
const DYNAMIC_AT = 0x200;
const NAMES_AT = 0x300;
const LOADER_AT = 0x380;
/** The segment with the names is loaded elsewhere than it stands in the file. */
const LOADED_AT = 0x1_0000;
const FILE_BYTES = 0x400;

function put(view: DataView, offset: number, ...longs: readonly number[]): void {
  longs.forEach((long, index) => view.setBigUint64(offset + 8 * index, BigInt(long), true));
}

/** A library's or program's file that says it needs these. */
export function needyElf(names: readonly string[], loader: string | null): Uint8Array {
  const bytes = new Uint8Array(FILE_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  put(view, 32, SEGMENTS_AT);
  view.setUint16(54, SEGMENT_BYTES, true);
  const segments = [
    { type: 1, offset: NAMES_AT, virtual: LOADED_AT, length: 0x80 },
    { type: 2, offset: DYNAMIC_AT, virtual: DYNAMIC_AT, length: 0x100 },
    ...loader === null ? [] : [{ type: 3, offset: LOADER_AT, virtual: 0, length: loader.length }],
  ];
  view.setUint16(56, segments.length, true);
  segments.forEach(({ type, offset, virtual, length }, index) => {
    const at = SEGMENTS_AT + index * SEGMENT_BYTES;
    view.setUint32(at, type, true);
    put(view, at + 8, offset, virtual, 0, length);
  });
  const text = new TextEncoder();
  const tags = [[5, LOADED_AT]];
  let at = 1;
  for (const name of names) {
    bytes.set(text.encode(name), NAMES_AT + at);
    tags.push([1, at]);
    at += name.length + 1;
  }
  // behind the end of the table there may be anything
  tags.push([0, 0], [1, 0xffff]);
  tags.forEach(([tag, value], index) => put(view, DYNAMIC_AT + 16 * index, tag, value));
  bytes.set(text.encode(loader ?? ""), LOADER_AT);
  return bytes;
}
