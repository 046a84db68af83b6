/** Builds a small cpio archive ("new ASCII format") for tests. */

const HEADER_FIELDS = 13;
const FILE_BYTES_FIELD = 6;
const NAME_BYTES_FIELD = 11;

/** An archive of one file, `abc`, and the end mark. */
export function cpioFile(): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(entry("abc", "hello") + entry("TRAILER!!!", ""));
}

function entry(name: string, content: string): string {
  const fields = new Array<number>(HEADER_FIELDS).fill(0);
  fields[FILE_BYTES_FIELD] = content.length;
  fields[NAME_BYTES_FIELD] = name.length + 1;
  const header = "070701" + fields.map((value) => value.toString(16).padStart(8, "0")).join("");
  return padded(padded(`${header}${name}\0`) + content);
}

function padded(text: string): string {
  return text.padEnd(Math.ceil(text.length / 4) * 4, "\0");
}
