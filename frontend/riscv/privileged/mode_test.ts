import { assertEquals } from "@std/assert";
import { Privilege } from "./causes.ts";
import { Feature } from "./features.ts";
import { InterpretedHart } from "./interpreted_hart.ts";
import { boundModeOf, describeMode, privilegeOf } from "./mode.ts";
import { ADDRESS_SPACE, IS_BARE, MODE_KEY } from "./signatures.ts";
import { Status } from "./status_bits.ts";
import { MMU_COUNT, MmuIndex } from "./translation_mode.ts";

const SV39 = 8n << 60n;
const { USER, SUPERVISOR, MACHINE } = Privilege;

interface ModeCase {
  readonly privilege: number;
  readonly satp: bigint;
  readonly mstatus: bigint;
  readonly fetch: number;
  readonly data?: number;
}

const MODES: readonly ModeCase[] = [
  { privilege: MACHINE, satp: SV39, mstatus: 0n, fetch: MmuIndex.MACHINE },
  { privilege: USER, satp: 0n, mstatus: Status.MXR, fetch: MmuIndex.MACHINE },
  { privilege: USER, satp: SV39, mstatus: Status.SUM, fetch: MmuIndex.USER },
  { privilege: USER, satp: SV39, mstatus: Status.MXR, fetch: MmuIndex.USER_EXECUTABLE },
  { privilege: SUPERVISOR, satp: SV39, mstatus: 0n, fetch: MmuIndex.SUPERVISOR },
  { privilege: SUPERVISOR, satp: SV39, mstatus: Status.SUM, fetch: MmuIndex.SUPERVISOR_USER },
  {
    privilege: SUPERVISOR,
    satp: SV39,
    mstatus: Status.SUM | Status.MXR,
    fetch: MmuIndex.SUPERVISOR_USER_EXECUTABLE,
  },
  {
    privilege: SUPERVISOR,
    satp: SV39,
    mstatus: Status.MXR,
    fetch: MmuIndex.SUPERVISOR_EXECUTABLE,
  },
  {
    privilege: MACHINE,
    satp: SV39,
    mstatus: Status.MPRV | Status.MPP,
    fetch: MmuIndex.MACHINE,
  },
  {
    privilege: MACHINE,
    satp: SV39,
    mstatus: Status.MPRV | (1n << Status.MPP_SHIFT) | Status.SUM,
    fetch: MmuIndex.MACHINE,
    data: MmuIndex.SUPERVISOR_USER,
  },
  {
    privilege: MACHINE,
    satp: SV39,
    mstatus: Status.MPRV,
    fetch: MmuIndex.MACHINE,
    data: MmuIndex.USER,
  },
  { privilege: MACHINE, satp: 0n, mstatus: Status.MPRV, fetch: MmuIndex.MACHINE },
];

Deno.test("mode_key says which translations fetches and data accesses use", () => {
  const hart = new InterpretedHart();
  for (const { privilege, satp, mstatus, fetch, data = fetch } of MODES) {
    hart.writeAll({ privilege, satp, mstatus });
    const key = Number(hart.call(MODE_KEY));
    const isCompilable = fetch === data;
    const isOpen = data === MmuIndex.MACHINE;
    assertEquals(describeMode(key), { fetchMmu: fetch, dataMmu: data, isOpen, isCompilable });
    assertEquals(privilegeOf(key), privilege);
  }
});

Deno.test("bare accesses below machine mode have translations of their own under protection", () => {
  const hart = new InterpretedHart({ features: [Feature.PMP] });
  for (const privilege of [USER, SUPERVISOR]) {
    hart.write("privilege", privilege);
    const { fetchMmu, dataMmu } = describeMode(Number(hart.call(MODE_KEY)));
    assertEquals([fetchMmu, dataMmu], [MmuIndex.PROTECTED_BARE, MmuIndex.PROTECTED_BARE]);
  }
  hart.writeAll({ privilege: MACHINE, mstatus: Status.MPRV });
  assertEquals(describeMode(Number(hart.call(MODE_KEY))).isCompilable, false);
});

Deno.test("addresses of machine mode are open as long as no protection entry is locked", () => {
  const hart = new InterpretedHart({ features: [Feature.PMP] });
  const isOpen = (): boolean => describeMode(Number(hart.call(MODE_KEY))).isOpen;
  hart.write("privilege", MACHINE);
  for (const register of [0, 1]) {
    for (const [config, expected] of [[0x1f, true], [0x80, false], [0x9f, false], [0, true]]) {
      hart.write("pmpcfg", BigInt(config) << 40n, register);
      assertEquals(isOpen(), expected);
    }
  }
  hart.write("privilege", SUPERVISOR);
  assertEquals(isOpen(), false);
});

Deno.test("mode_key says whether float is on and rounds to nearest, and where code may stand", () => {
  for (const hasCompressed of [false, true]) {
    const hart = new InterpretedHart({ letters: hasCompressed ? "imafdc" : "imafd" });
    for (const floatEnabled of [false, true]) {
      for (const frm of [0, 1, 4, 7]) {
        hart.writeAll({ mstatus: floatEnabled ? 1n << 13n : 0n, frm });
        const key = Number(hart.call(MODE_KEY));
        const roundsToNearest = frm === 0;
        assertEquals(boundModeOf(key), { floatEnabled, roundsToNearest, hasCompressed });
      }
    }
  }
});

Deno.test("is_bare holds where addresses are physical", () => {
  const hart = new InterpretedHart();
  const bare = Array.from({ length: MMU_COUNT }, (_, mmu) => mmu)
    .filter((mmu) => hart.call(IS_BARE, mmu) === 1n);
  assertEquals(bare, [MmuIndex.MACHINE, MmuIndex.PROTECTED_BARE]);
  assertEquals(Math.max(...Object.values(MmuIndex)), MMU_COUNT - 1);
});

Deno.test("address_space is the ASID", () => {
  const hart = new InterpretedHart();
  hart.write("satp", SV39 | (0xbeefn << 44n) | 0x123n);
  assertEquals(hart.call(ADDRESS_SPACE), 0xbeefn);
});
