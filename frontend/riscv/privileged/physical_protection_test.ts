import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { Feature } from "./features.ts";
import { InterpretedHart } from "./interpreted_hart.ts";
import { modelProtection, type ProtectionEntry } from "./physical_protection_model.ts";
import { PMP_PERMISSIONS } from "./signatures.ts";

const CONFIG_CSRS = [0x3a0, 0x3a2];
const FIRST_ADDRESS_CSR = 0x3b0;
const ALL = (1n << 64n) - 1n;
const NAPOT = 3 << 3;
const TOR = 1 << 3;
const LOCK = 0x80;

function protectedHart(): InterpretedHart {
  return new InterpretedHart({ features: [Feature.PMP] });
}

/** Configurations in the order of the registers' bytes. */
function packed(configs: readonly number[]): bigint {
  return configs.reduce((word, config, i) => word | BigInt(config) << BigInt(8 * i), 0n);
}

/** Writes entries as firmware does: addresses first. */
function program(hart: InterpretedHart, entries: readonly ProtectionEntry[]): void {
  entries.forEach(({ address }, i) => hart.csrWrite(FIRST_ADDRESS_CSR + i, address));
  const configs = entries.map((entry) => entry.config);
  hart.csrWrite(CONFIG_CSRS[0], packed(configs.slice(0, 8)));
  hart.csrWrite(CONFIG_CSRS[1], packed(configs.slice(8)));
}

/** A region of 4 KiB to 8 MiB or a bound, among the first 16 MiB. */
const ADDRESS = fc.tuple(fc.nat(0x3f_ffff), fc.nat(11)).map(([address, size]) =>
  BigInt(address) | ((1n << BigInt(size + 9)) - 1n)
);
const LEGAL_CONFIG = fc.record({
  permissions: fc.constantFrom(0, 1, 3, 4, 5, 7),
  match: fc.constantFrom(0, TOR, NAPOT),
  lock: fc.constantFrom(0, LOCK),
}).map(({ permissions, match, lock }) => permissions | match | lock);
const ENTRIES = fc.array(fc.record({ config: LEGAL_CONFIG, address: ADDRESS }), {
  minLength: 16,
  maxLength: 16,
});

Deno.test("pmp_permissions agrees with the model of byte ranges", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(ENTRIES, fc.nat(0x1ff_ffff), fc.boolean(), (entries, at, isMachine) => {
      const hart = protectedHart();
      program(hart, entries);
      const expected = modelProtection(entries, BigInt(at), isMachine);
      const given = Number(hart.call(PMP_PERMISSIONS, at, isMachine ? 1 : 0));
      assertEquals(given, expected);
      seen.add(`${isMachine} ${expected}`);
    }),
    { numRuns: 1000 },
  );
  assert(seen.size >= 10, `only ${seen.size} kinds of results`);
});

Deno.test("one entry of all ones opens all of memory", () => {
  const hart = protectedHart();
  assertEquals(hart.call(PMP_PERMISSIONS, 0x8000_0000n, 0), 0n);
  hart.csrWrite(FIRST_ADDRESS_CSR, ALL);
  hart.csrWrite(0x3a0, BigInt(NAPOT | 7));
  assertEquals(hart.call(PMP_PERMISSIONS, 0x8000_0000n, 0), 7n);
  assertEquals(hart.call(PMP_PERMISSIONS, (1n << 56n) - 4096n, 0), 7n);
});

Deno.test("pmpaddr tells the granularity as the manual describes", () => {
  const hart = protectedHart();
  hart.csrWrite(0x3a0, 0n);
  assertEquals(hart.csrWritten(FIRST_ADDRESS_CSR, ALL), ((1n << 54n) - 1n) & ~0x3ffn);
  hart.csrWrite(FIRST_ADDRESS_CSR, 0n);
  hart.csrWrite(0x3a0, BigInt(NAPOT));
  assertEquals(hart.csrValue(FIRST_ADDRESS_CSR), 0x1ffn);
  hart.csrWrite(0x3a0, BigInt(TOR));
  assertEquals(hart.csrValue(FIRST_ADDRESS_CSR), 0n);
});

Deno.test("pmpcfg drops reserved permissions and the four-byte region", () => {
  const hart = protectedHart();
  const written = [2, 6, 3, 0x60, 0x17, 0x1f, 0x0f, 7];
  assertEquals(hart.csrWritten(0x3a0, packed(written)), packed([0, 4, 3, 0, 7, 0x1f, 0x0f, 7]));
});

Deno.test("a locked entry keeps configuration and address, and the bound below its range", () => {
  const hart = protectedHart();
  [0x400n, 0x800n, 0xc00n].forEach((address, i) => hart.csrWrite(FIRST_ADDRESS_CSR + i, address));
  hart.csrWrite(0x3a0, packed([7, LOCK | TOR | 1, 5]));
  assertEquals(hart.csrWritten(0x3a0, packed([1, 0, 4])), packed([1, LOCK | TOR | 1, 4]));
  const after = [0, 1, 2].map((i) => hart.csrWritten(FIRST_ADDRESS_CSR + i, 0x4000n));
  assertEquals(after, [0x400n, 0x800n, 0x4000n]);
});

Deno.test("the last entry's address is open while it is not locked itself", () => {
  const hart = protectedHart();
  assertEquals(hart.csrWritten(FIRST_ADDRESS_CSR + 15, 0x4000n), 0x4000n);
  hart.csrWrite(0x3a2, packed([0, 0, 0, 0, 0, 0, 0, LOCK | TOR]));
  assertEquals(hart.csrWritten(FIRST_ADDRESS_CSR + 15, 0n), 0x4000n);
  assertEquals(hart.csrWritten(FIRST_ADDRESS_CSR + 14, 0x800n), 0n);
});

Deno.test("an entry below a locked power-of-two region stays open", () => {
  const hart = protectedHart();
  hart.csrWrite(0x3a0, packed([0, LOCK | NAPOT]));
  assertEquals(hart.csrWritten(FIRST_ADDRESS_CSR, 0x4000n), 0x4000n);
});

Deno.test("without the feature there are no registers and no limits", () => {
  const hart = new InterpretedHart();
  for (const csr of [0x3a0, 0x3a2, 0x3b0, 0x3bf]) assert(hart.csrRead(csr).illegal);
  assertEquals(hart.call(PMP_PERMISSIONS, 0x8000_0000n, 0), 7n);
});
