import { assertEquals, assertThrows } from "@std/assert";
import { elfFile, VIRTUAL_BASE } from "../loader/elf_fixture.ts";
import { LoadError } from "../loader/load_error.ts";
import { damage, randomNumbers } from "../loader/mutation_fixture.ts";
import { elfSymbols } from "./elf_symbols.ts";
import { addressFromBits, addressText, guestAddress } from "./guest_address.ts";
import { SymbolTable } from "./symbol_table.ts";
import { textSymbols } from "./symbol_text.ts";
import { Symbols } from "./symbols.ts";

const SEEDS = 500;
/** Where the type of the first symbol is in the test's ELF file, and the type of functions. */
const FIRST_SYMBOL_INFO = 252;
const FUNCTION = 2;
const PROGRAM = new URL("../../tests/guests/elf/hello.virt.elf", import.meta.url);

function table(...rows: readonly (readonly [string, number, number])[]): SymbolTable {
  return new SymbolTable(rows.map(([name, address, bytes]) => ({ name, address, bytes })));
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("addresses are exact in both halves, and shown as they are written", () => {
  assertEquals(guestAddress(0x8020_0000 | 0, 0), 0x8020_0000);
  assertEquals(guestAddress(0x8000_1234 | 0, -1), -0x7fff_edcc);
  assertEquals(addressFromBits(0xffff_ffff_8000_1234n), -0x7fff_edcc);
  assertEquals(addressText(-0x7fff_edcc), "0xffffffff80001234");
  assertEquals(addressText(0x1234), "0x1234");
});

Deno.test("a function is found by any address inside of it, and by none outside", () => {
  const functions = table(["b", 0x200, 0], ["a", 0x100, 0x20], ["c", 0x300, 0]);
  const at = (address: number): string | undefined => functions.find(address)?.name;
  assertEquals([0xff, 0x100, 0x11f, 0x120, 0x1ff].map(at), [
    undefined,
    "a",
    "a",
    undefined,
    undefined,
  ]);
  assertEquals([0x200, 0x2ff, 0x300, 0x300 + 0xffff, 0x300 + 0x1_0000].map(at), [
    "b",
    "b",
    "c",
    "c",
    undefined,
  ]);
  assertEquals(table().find(0), undefined);
});

Deno.test("of two names for a place the one with a size counts", () => {
  const functions = table(["label", 0x100, 0], ["function", 0x100, 8], ["next", 0x108, 0]);
  assertEquals(functions.size, 2);
  assertEquals(functions.find(0x104)?.name, "function");
});

Deno.test("moved names are found where they were moved to, in the upper half too", () => {
  const moved = table(["early", 0x8020_0000, 16]).moved(-0x8000_0000 - 0x8020_0000);
  assertEquals(moved.find(-0x8000_0000)?.name, "early");
  assertEquals(moved.addressOf("early"), -0x8000_0000);
  assertEquals(moved.addressOf("late"), undefined);
});

Deno.test("an operating system's names are not a user program's", () => {
  const symbols = new Symbols([
    { table: table(["kernel", 0x1000, 16]), isSystem: true },
    { table: table(["program", 0x1008, 16]), isSystem: false },
  ]);
  assertEquals(symbols.nameOf(0x1008, false), "kernel");
  assertEquals(symbols.nameOf(0x1008, true), "program");
  assertEquals(symbols.nameOf(0x1000, true), undefined);
});

Deno.test("System.map and /proc/kallsyms name code, with the module's name", () => {
  const text = [
    "ffffffff80000000 T _start",
    "ffffffff80000010 d some_data",
    "ffffffff80000020 t $x",
    "ffffffff01020304 t helper\t[loop]",
    "",
  ].join("\n");
  assertEquals(textSymbols("map", bytes(text)).map(({ name, address }) => [name, address]), [
    ["_start", -0x8000_0000],
    ["helper [loop]", -0xfefd_fcfc],
  ]);
});

Deno.test("text that is no list of symbols, or hides them, is refused by line", () => {
  assertThrows(() => textSymbols("x", bytes("ff T a\nwhat is this\n")), LoadError, "line 2");
  assertThrows(() => textSymbols("x", bytes("0 T a\n0 T b\n")), LoadError, "addresses are 0");
});

Deno.test("an ELF file's functions have their virtual addresses, data has no name", () => {
  const file = elfFile();
  assertEquals(elfSymbols("x", file), []);
  file[FIRST_SYMBOL_INFO] = FUNCTION;
  assertEquals(elfSymbols("x", file), [
    { name: "_start", address: addressFromBits(VIRTUAL_BASE + 4n), bytes: 0 },
  ]);
});

Deno.test("a built program's functions have their sizes", async () => {
  const table = new SymbolTable(elfSymbols("x", await Deno.readFile(PROGRAM)));
  const main = table.addressOf("guest_main") ?? 0;
  assertEquals(table.find(main + 2)?.name, "guest_main");
  assertEquals(table.find(table.addressOf("_start") ?? 0)?.name, "_start");
  assertEquals(table.addressOf("parameters"), undefined);
});

Deno.test(`${SEEDS} damaged ELF files are refused by name or give symbols`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      new SymbolTable(elfSymbols("x", damage(elfFile(), randomNumbers(seed)))).find(0);
    } catch (error) {
      if (!(error instanceof LoadError)) throw error;
    }
  }
});
