import { assert, assertEquals } from "@std/assert";
import { damage, randomNumbers } from "../loader/mutation_fixture.ts";
import { kallsyms } from "./kallsyms.ts";
import { kernelWithSymbols } from "./kallsyms_fixture.ts";

const BASE = 0xffff_ffff_8000_0000n;
const LINK_ADDRESS = -0x8000_0000;
const COUNT = 1500;
const SEEDS = 400;
/** A reader that goes over a small file for longer than this does not end. */
const LONGEST_MS = 2000;

/** Code, data and markers, as a kernel has them. */
function symbols(base = LINK_ADDRESS) {
  return Array.from({ length: COUNT }, (_, index) => {
    const kind = index % 5 === 4 ? "d" : index % 2 === 0 ? "T" : "t";
    const text = index === 700 ? "x".repeat(300) : `function_${index}`;
    return { name: `${kind}${text}`, address: base + index * 24 };
  });
}

for (const isOld of [false, true]) {
  const order = isOld ? "before" : "behind";
  Deno.test(`a kernel's functions are found, addresses ${order} the names`, () => {
    const found = kallsyms(kernelWithSymbols({ symbols: symbols(), base: BASE, isOld })) ?? [];
    const code = symbols().filter(({ name }) => name[0] !== "d");
    assertEquals(found.map(({ name }) => name), code.map(({ name }) => name.slice(1)));
    assertEquals(found.map(({ address }) => address), code.map(({ address }) => address));
  });
}

Deno.test("a base that is left to be relocated is the address kernels are linked for", () => {
  const [first] = kallsyms(kernelWithSymbols({ symbols: symbols(), base: 0n, isOld: false })) ?? [];
  assertEquals(first.address, LINK_ADDRESS);
});

Deno.test("symbols that are no functions have no name here", () => {
  const named = symbols().map((symbol, index) =>
    index % 3 === 0
      ? { ...symbol, name: "t$x" }
      : index % 3 === 1
      ? { ...symbol, name: `t__pfx_${index}` }
      : { ...symbol, name: `tkept_${index}` }
  );
  const found = kallsyms(kernelWithSymbols({ symbols: named, base: BASE, isOld: false })) ?? [];
  assertEquals(found.length, COUNT / 3);
  assert(found.every(({ name }) => name.startsWith("kept_")));
});

Deno.test("files without a table have none", () => {
  const digits = new TextEncoder().encode([..."0123456789", ""].join("\0"));
  assertEquals(kallsyms(new Uint8Array(0)), undefined);
  assertEquals(kallsyms(new Uint8Array(100_000)), undefined);
  assertEquals(kallsyms(digits), undefined);
  assertEquals(kallsyms(new Uint8Array(100_000).fill(0x30)), undefined);
  const repeated = new Uint8Array(digits.length * 5000).map((_, at) => digits[at % digits.length]);
  assertEquals(kallsyms(repeated), undefined);
});

Deno.test(`${SEEDS} damaged kernels give a table or none, soon`, () => {
  const whole = {
    new: kernelWithSymbols({ symbols: symbols(), base: BASE, isOld: false }),
    old: kernelWithSymbols({ symbols: symbols(), base: BASE, isOld: true }),
  };
  const outcomes = new Set<boolean>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const start = performance.now();
    const found = kallsyms(damage(seed % 2 === 0 ? whole.new : whole.old, randomNumbers(seed)));
    assert(performance.now() - start < LONGEST_MS, `seed ${seed}`);
    outcomes.add(found !== undefined);
    for (const { address } of found ?? []) assert(Number.isSafeInteger(address), `seed ${seed}`);
  }
  assertEquals(outcomes.size, 2); // some damage hits the table, some does not
});
