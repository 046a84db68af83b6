import { assertEquals, assertThrows } from "@std/assert";
import { isElf, loadElf } from "./elf.ts";
import {
  CODE,
  DATA_BASE,
  DATA_MEMORY_BYTES,
  elfFile,
  Field,
  PHYSICAL_BASE,
} from "./elf_fixture.ts";
import { LoadError } from "./load_error.ts";
import { imageEnd } from "./segment.ts";

Deno.test("segments go to their physical addresses, with room for zeroed data", () => {
  const image = loadElf("program", elfFile());
  assertEquals(image.segments, [
    { physicalAddress: PHYSICAL_BASE, bytes: CODE, memoryBytes: CODE.length },
    {
      physicalAddress: DATA_BASE,
      bytes: Uint8Array.of(1, 2, 3, 4),
      memoryBytes: DATA_MEMORY_BYTES,
    },
  ]);
  assertEquals(imageEnd(image), DATA_BASE + DATA_MEMORY_BYTES);
});

Deno.test("the entry and symbols are translated to physical addresses", () => {
  const image = loadElf("program", elfFile());
  assertEquals(image.entry, PHYSICAL_BASE + 4);
  assertEquals([...image.symbols], [["_start", PHYSICAL_BASE + 4], ["tohost", DATA_BASE + 0x40]]);
});

Deno.test("a file may be a view into a larger buffer", () => {
  const padded = new Uint8Array(elfFile().length + 7);
  padded.set(elfFile(), 7);
  assertEquals(loadElf("program", padded.subarray(7)).entry, PHYSICAL_BASE + 4);
});

Deno.test("only the magic makes an ELF file", () => {
  assertEquals(isElf(elfFile()), true);
  assertEquals(isElf(Uint8Array.of(0x7f, 0x45, 0x4c)), false);
});

for (
  const { breaks, offset, value, cause } of [
    { breaks: "the magic", offset: 0, value: 0, cause: "not an ELF file" },
    { breaks: "the class", offset: Field.CLASS, value: 1, cause: "not a 64-bit" },
    { breaks: "the byte order", offset: Field.DATA, value: 2, cause: "not little-endian" },
    { breaks: "the version", offset: Field.VERSION, value: 0, cause: "version is unknown" },
    { breaks: "the type", offset: Field.TYPE, value: 1, cause: "not an executable" },
    {
      breaks: "the machine",
      offset: Field.MACHINE,
      value: 62,
      cause: "for x86-64, not for RISC-V",
    },
    { breaks: "the entry", offset: Field.ENTRY + 6, value: 0, cause: "lies in no segment" },
    {
      breaks: "the program header size",
      offset: Field.PROGRAM_ENTRY_BYTES,
      value: 32,
      cause: "program headers have 32 bytes",
    },
    { breaks: "the kind of a segment", offset: 64, value: 3, cause: "for an operating system" },
    { breaks: "the count", offset: Field.PROGRAM_COUNT, value: 0, cause: "nothing to load" },
    {
      breaks: "the section header size",
      offset: Field.SECTION_ENTRY_BYTES,
      value: 40,
      cause: "section headers have 40 bytes",
    },
    {
      breaks: "a segment's address",
      offset: 64 + 24 + 7,
      value: 1,
      cause: "a segment's address is",
    },
    { breaks: "a segment's size", offset: 64 + 40, value: 1, cause: "more bytes in the file" },
    { breaks: "a segment's place", offset: 64 + 8 + 2, value: 1, cause: "the file ends at" },
  ]
) {
  Deno.test(`a file that breaks ${breaks} is refused with the place of the fault`, () => {
    const bytes = elfFile();
    bytes[offset] = value;
    const error: unknown = assertThrows(() => loadElf("program", bytes), LoadError, cause);
    assertEquals(error instanceof LoadError && error.file, "program");
  });
}

Deno.test("every truncation is refused", () => {
  const whole = elfFile();
  const complete = whole.length - 32; // the last section header's unused tail
  for (let length = 0; length < complete - 32; length++) {
    assertThrows(() => loadElf("program", whole.subarray(0, length)), LoadError);
  }
});

Deno.test("a count of program headers that stands for another one is refused", () => {
  const bytes = elfFile();
  bytes.fill(0xff, Field.PROGRAM_COUNT, Field.PROGRAM_COUNT + 2);
  assertThrows(() => loadElf("program", bytes), LoadError, "too many program headers");
});

Deno.test("a file whose sections are all the same large symbol table is refused at once", () => {
  const sections = 0xff00;
  const header = elfFile();
  const bytes = new Uint8Array(header.length + sections * 64);
  bytes.set(header);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(40, BigInt(header.length), true);
  view.setUint16(60, sections, true);
  for (let index = 0; index < sections; index++) {
    const section = header.length + index * 64;
    view.setUint32(section + 4, 2, true);
    view.setBigUint64(section + 32, BigInt(bytes.length), true);
  }
  assertThrows(() => loadElf("program", bytes), LoadError, "its symbol tables overlap");
});
