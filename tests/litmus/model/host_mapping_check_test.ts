import { assert, assertEquals } from "@std/assert";
import { HOST_ORDERS } from "../../../wasm_backend/host_order.ts";
import { loadLibrary } from "../test_library.ts";
import {
  GUEST_MODELS,
  type GuestModelName,
  hasFixedTranslations,
  MappingCheck,
} from "./host_mapping_check.ts";

const library = (await loadLibrary()).filter(({ test }) => hasFixedTranslations(test));
const checks = library.map(({ test }) => ({ name: test.name, check: new MappingCheck(test) }));
const GUESTS = Object.keys(GUEST_MODELS) as GuestModelName[];

/** What the backend must emit on arm64, the host that needs most: for each of them there are shapes. */
const EMITTED_ON_ARM64 = [
  "atomic load",
  "fence ww",
  "fence wr",
  "fence wr+ww",
  "fence rr+wr",
  "fence rw+ww",
  "fence rr+rw+ww",
  "fence rr+rw+wr+ww",
  "before lr.rl",
  "before lr.aqrl",
  "behind amo.aq",
  "behind amo.aqrl",
  "behind sc.aq",
  "behind sc.aqrl",
];

/**
 * Barriers between accesses that are all sequentially consistent: no shape needs them. They are kept for what
 * the models leave out, overlapping atomic accesses of different sizes.
 */
function isKeptForSizes(guest: GuestModelName, host: string, emission: string): boolean {
  const isBarrier = /^(fence|before|behind) /.test(emission);
  return isBarrier && (host === "portable" || (host === "arm64" && guest === "TSO"));
}

for (const guest of GUESTS) {
  for (const host of HOST_ORDERS) {
    Deno.test(`nothing that ${guest} forbids becomes possible on ${host}`, () => {
      for (const { name, check } of checks) {
        assertEquals(check.violation({ guest, host }), null, name);
      }
    });

    Deno.test(`each row of the table for ${guest} on ${host} is needed by a shape`, () => {
      const users = new Map<string, MappingCheck[]>();
      for (const { check } of checks) {
        for (const emission of check.emissions({ guest, host })) {
          users.set(emission, [...users.get(emission) ?? [], check]);
        }
      }
      for (const [without, tests] of users) {
        const isNeeded = tests.some((check) => check.violation({ guest, host, without }) !== null);
        assertEquals(isNeeded, !isKeptForSizes(guest, host, without), without);
      }
    });
  }
}

Deno.test("every order that a guest instruction can ask for is in some shape", () => {
  const emitted = new Set(
    checks.flatMap(({ check }) => [...check.emissions({ guest: "RVWMO", host: "arm64" })]),
  );
  assertEquals([...emitted].sort(), EMITTED_ON_ARM64.toSorted());
});

Deno.test("a guest with total store order needs atomic stores on a weak host", () => {
  const mapping = { guest: "TSO", host: "arm64", without: "atomic store" } as const;
  const broken = checks.filter(({ check }) => check.violation(mapping) !== null);
  assert(broken.some(({ name }) => name === "MP+po+addr"), broken.map(({ name }) => name).join());
});

Deno.test("shapes whose entries can change are not mapped, aliases are", () => {
  const mapped = library.map(({ file }) => file).filter((file) => file.startsWith("page_tables/"));
  assert(mapped.includes("page_tables/MP+aliases+fences.litmus"), mapped.join());
  assert(!mapped.some((file) => /remap|dirty|protect/.test(file)), mapped.join());
});
