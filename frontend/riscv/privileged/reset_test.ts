import { assertEquals } from "@std/assert";
import { RISCV_STATE } from "../registers.ts";
import { Cause, Privilege } from "./causes.ts";
import { Feature, featureMask } from "./features.ts";
import { InterpretedHart } from "./interpreted_hart.ts";
import { describeMode } from "./mode.ts";
import { resetValues } from "./reset.ts";
import { MODE_KEY, TRAP_ENTER } from "./signatures.ts";
import { MmuIndex } from "./translation_mode.ts";

const STCE = 1n << 63n;

Deno.test("resetValues() names slots that exist, each once", () => {
  for (const firmware of ["builtin", "none"] as const) {
    const values = resetValues({ hartId: 1, extensions: new Set(), features: 0n, firmware });
    assertEquals(new Set(values.map(({ slot }) => slot)).size, values.length);
    for (const { slot, index } of values) assertEquals(index < RISCV_STATE.slot(slot).count, true);
  }
});

Deno.test("a hart without firmware starts in machine mode with interrupts off", () => {
  const hart = new InterpretedHart({ features: [Feature.SSTC, Feature.PMP] });
  assertEquals(hart.read("privilege"), BigInt(Privilege.MACHINE));
  assertEquals(hart.csrValue(0x300), 0xa_0000_0000n);
  assertEquals(hart.csrValue(0x30a), 0n);
  assertEquals(hart.read("features"), featureMask(Feature.SSTC, Feature.PMP));
});

Deno.test("a hart under built-in firmware starts in supervisor mode with all it may use", () => {
  const features = [Feature.SSTC, Feature.PMP];
  const hart = new InterpretedHart({ features, firmware: "builtin" });
  assertEquals(hart.read("privilege"), BigInt(Privilege.SUPERVISOR));
  for (const csr of [0x14d, 0xc00, 0xc01, 0xc02, 0xc1f]) {
    assertEquals(hart.csrRead(csr).illegal, false, `0x${csr.toString(16)}`);
  }
  assertEquals(hart.read("menvcfg"), STCE);
  const { fetchMmu } = describeMode(Number(hart.call(MODE_KEY)));
  assertEquals(fetchMmu, MmuIndex.MACHINE);
});

Deno.test("built-in firmware leaves every exception but its own calls to supervisor mode", () => {
  const hart = new InterpretedHart({ firmware: "builtin" });
  for (const cause of Object.values(Cause)) {
    hart.write("privilege", Privilege.SUPERVISOR);
    hart.call(TRAP_ENTER, cause, 0);
    const isCall = cause === Cause.SUPERVISOR_ENVIRONMENT_CALL ||
      cause === Cause.MACHINE_ENVIRONMENT_CALL;
    assertEquals(hart.read("privilege"), isCall ? 3n : 1n, `cause ${cause}`);
  }
});

Deno.test("without the timer extension nobody is told a deadline to meet", () => {
  const hart = new InterpretedHart({ firmware: "builtin" });
  assertEquals(hart.csrRead(0x14d).illegal, true);
  assertEquals(hart.read("supervisor_deadline"), (1n << 64n) - 1n);
});

Deno.test("memory types and the update of page table entries are on unless faults are asked for", () => {
  const { SVADU, SVADE, SVPBMT, ZICBOM, ZICBOZ } = Feature;
  const environment = (firmware: "builtin" | "none", ...features: number[]): bigint =>
    new InterpretedHart({ features, firmware }).read("menvcfg");
  assertEquals(environment("none", SVADU, SVPBMT), 3n << 61n);
  assertEquals(environment("none", SVADU, SVADE), 0n);
  assertEquals(environment("none", ZICBOM, ZICBOZ), 0n);
  assertEquals(environment("builtin", SVADU, SVPBMT, ZICBOM, ZICBOZ), (3n << 61n) | 0xd0n);
});
