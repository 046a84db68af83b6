import { assertEquals } from "@std/assert";
import { cpioArchive, type CpioEntry } from "./cpio_archive.ts";

const ENTRIES: readonly CpioEntry[] = [
  { kind: "directory", path: "dev", mode: 0o755 },
  { kind: "character device", path: "dev/console", mode: 0o600, major: 5, minor: 1 },
  { kind: "file", path: "abc", mode: 0o644, content: Uint8Array.of(1, 2, 3, 4, 5) },
  { kind: "link", path: "sh", target: "busybox" },
];

interface Found {
  readonly name: string;
  readonly fields: readonly number[];
  readonly content: Uint8Array;
}

/** Reads an archive as the format's description says, to the end of its bytes. */
function readArchive(archive: Uint8Array): Found[] {
  const text = new TextDecoder();
  const found: Found[] = [];
  for (let offset = 0; offset < archive.length;) {
    const header = text.decode(archive.subarray(offset, offset + 110));
    assertEquals(header.slice(0, 6), "070701");
    const fields = Array.from(
      { length: 13 },
      (_, index) => parseInt(header.slice(6 + 8 * index, 14 + 8 * index), 16),
    );
    const nameEnd = offset + 110 + fields[11];
    const start = (nameEnd + 3) & ~3;
    found.push({
      name: text.decode(archive.subarray(offset + 110, nameEnd - 1)),
      fields,
      content: archive.subarray(start, start + fields[6]),
    });
    offset = (start + fields[6] + 3) & ~3;
  }
  return found;
}

Deno.test("entries come back with type, mode, device number and content", () => {
  const found = readArchive(cpioArchive(ENTRIES));
  assertEquals(found.map(({ name, fields }) => [name, fields[1].toString(8)]), [
    ["dev", "40755"],
    ["dev/console", "20600"],
    ["abc", "100644"],
    ["sh", "120777"],
    ["TRAILER!!!", "0"],
  ]);
  assertEquals(found[1].fields.slice(9, 11), [5, 1]);
  assertEquals(found[2].content, Uint8Array.of(1, 2, 3, 4, 5));
  assertEquals(new TextDecoder().decode(found[3].content), "busybox");
});

Deno.test("the same entries give the same bytes, a multiple of four", () => {
  assertEquals(cpioArchive(ENTRIES), cpioArchive(ENTRIES));
  assertEquals(cpioArchive(ENTRIES).length % 4, 0);
});
