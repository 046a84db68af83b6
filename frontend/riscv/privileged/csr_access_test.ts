import { assert, assertEquals } from "@std/assert";
import { FlatMemory } from "../../../ir/interpreter/memory.ts";
import { Interrupt, Privilege } from "./causes.ts";
import { CSR_ROWS } from "./csr_table.ts";
import { Feature } from "./features.ts";
import { InterpretedHart } from "./interpreted_hart.ts";
import { Status } from "./status_bits.ts";

const ALL = (1n << 64n) - 1n;
const XLENS = Status.UXL | Status.SXL;
const SSI = 1n << BigInt(Interrupt.SUPERVISOR_SOFTWARE);
const MSI = 1n << BigInt(Interrupt.MACHINE_SOFTWARE);
const STI = 1n << BigInt(Interrupt.SUPERVISOR_TIMER);
const MTI = 1n << BigInt(Interrupt.MACHINE_TIMER);
const SEI = 1n << BigInt(Interrupt.SUPERVISOR_EXTERNAL);
const MEI = 1n << BigInt(Interrupt.MACHINE_EXTERNAL);
const STCE = 1n << 63n;
const ADUE = 1n << 61n;
const PBMTE = 1n << 62n;
const TIME_ENABLE = 2n;
const ALL_FEATURES = Object.values(Feature);

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** Every CSR that exists on a hart with all features, from the manual's list of CSRs. */
const EXISTING = new Set([
  ...[0x001, 0x002, 0x003],
  ...[0x100, 0x104, 0x105, 0x106, 0x10a, 0x140, 0x141, 0x142, 0x143, 0x144, 0x14d, 0x180],
  ...range(0x300, 7),
  0x30a,
  0x320,
  ...range(0x323, 29),
  ...range(0x340, 5),
  ...[0x3a0, 0x3a2],
  ...range(0x7a0, 5),
  ...range(0x3b0, 16),
  ...[0x150, 0x151, 0x15c, 0xdb0],
  ...[0x308, 0x309, 0x350, 0x351, 0x35c, 0xfb0],
  ...[0xb00, 0xb02],
  ...range(0xb03, 29),
  ...range(0xc00, 32),
  ...range(0xf11, 5),
]);

/** A hart on which nothing but privilege and number decides about access. */
function openHart(privilege: number): InterpretedHart {
  const hart = new InterpretedHart({ features: ALL_FEATURES });
  hart.writeAll({
    privilege,
    mcounteren: 0xffff_ffff,
    scounteren: 0xffff_ffff,
    menvcfg: STCE,
    mstatus: XLENS | Status.FS,
    miselect: 0x70,
    siselect: 0x70,
  });
  return hart;
}

Deno.test("CSR rows do not overlap", () => {
  const numbers = CSR_ROWS.flatMap((row) => range(row.number, row.count ?? 1));
  assertEquals(new Set(numbers), EXISTING);
  assertEquals(numbers.length, EXISTING.size);
});

for (const [name, privilege] of Object.entries(Privilege)) {
  Deno.test(`csr_access gives ${name} mode exactly the CSRs of its level and below`, () => {
    const hart = openHart(privilege);
    for (let number = 0; number < 0x1000; number++) {
      const isLegal = EXISTING.has(number) && privilege >= ((number >> 8) & 3);
      assertEquals(hart.csrRead(number).illegal, !isLegal, `read 0x${number.toString(16)}`);
    }
  });

  Deno.test(`csr_access lets ${name} mode write no read-only CSR`, () => {
    const fresh = openHart(privilege);
    const snapshot = fresh.state.snapshot();
    for (const number of EXISTING) {
      const isLegal = privilege >= ((number >> 8) & 3) && number >> 10 !== 3;
      fresh.state.restore(snapshot);
      const outcome = fresh.csrSet(number, 0n);
      assertEquals(outcome.illegal, !isLegal, `write 0x${number.toString(16)}`);
      if (!isLegal) assertEquals(fresh.state.snapshot(), snapshot);
    }
  });
}

Deno.test("csr_access takes the number's low 12 bits only", () => {
  assertEquals(openHart(Privilege.MACHINE).csrRead(0xf14 - 0x1000).illegal, false);
});

interface LegalWrite {
  readonly csr: number;
  readonly written: bigint;
  readonly read: bigint;
  readonly before?: Record<string, bigint | number>;
  readonly features?: readonly number[];
}

const VECTOR_BEFORE = { mtvec: 0x1001, stvec: 0x2001 };

/** Machine mode writes, then reads. */
const LEGAL_WRITES: readonly LegalWrite[] = [
  { csr: 0x001, written: ALL, read: 0x1fn, before: { mstatus: Status.FS } },
  { csr: 0x002, written: ALL, read: 7n, before: { mstatus: Status.FS } },
  { csr: 0x003, written: ALL, read: 0xffn, before: { mstatus: Status.FS } },
  { csr: 0x003, written: 0x45n, read: 0x45n, before: { mstatus: Status.FS, frm: 7, fflags: 31 } },
  { csr: 0x104, written: ALL, read: 0n },
  { csr: 0x104, written: ALL, read: SSI | STI | SEI, before: { mideleg: SSI | STI | SEI } },
  { csr: 0x104, written: 0n, read: 0n, before: { mideleg: SSI, mie: ALL } },
  { csr: 0x105, written: 0x8000_0001n, read: 0x8000_0001n },
  { csr: 0x105, written: 0x8000_0002n, read: 0x2001n, before: VECTOR_BEFORE },
  { csr: 0x106, written: ALL, read: 0xffff_ffffn },
  { csr: 0x10a, written: ALL, read: 1n },
  { csr: 0x140, written: 0x1234_5678_9abc_def0n, read: 0x1234_5678_9abc_def0n },
  { csr: 0x141, written: ALL, read: ALL - 1n },
  { csr: 0x142, written: STCE | 9n, read: STCE | 9n },
  { csr: 0x143, written: ALL, read: ALL },
  { csr: 0x14d, written: 77n, read: 77n, features: [Feature.SSTC] },
  { csr: 0x180, written: (8n << 60n) | 0x1234n, read: (8n << 60n) | 0x1234n },
  { csr: 0x180, written: (9n << 60n) | (0xffffn << 44n), read: (9n << 60n) | (0xffffn << 44n) },
  { csr: 0x180, written: (10n << 60n) | 1n, read: 5n, before: { satp: 5 } },
  { csr: 0x180, written: (10n << 60n) | 1n, read: (10n << 60n) | 1n, features: [Feature.SV57] },
  { csr: 0x180, written: (7n << 60n) | 1n, read: 5n, before: { satp: 5 } },
  { csr: 0x301, written: 0n, read: (2n << 62n) | 0x14112dn },
  { csr: 0x302, written: ALL, read: 0xb3ffn },
  { csr: 0x303, written: ALL, read: SSI | STI | SEI },
  { csr: 0x304, written: ALL, read: 0xaaan },
  { csr: 0x305, written: 0x8000_0000n, read: 0x8000_0000n },
  { csr: 0x305, written: 3n, read: 0x1001n, before: VECTOR_BEFORE },
  { csr: 0x306, written: ALL, read: 0xffff_ffffn },
  { csr: 0x30a, written: ALL, read: 1n },
  { csr: 0x30a, written: ALL, read: STCE | 1n, features: [Feature.SSTC] },
  { csr: 0x30a, written: ALL, read: ADUE | 1n, features: [Feature.SVADU] },
  { csr: 0x30a, written: ALL, read: PBMTE | 1n, features: [Feature.SVPBMT] },
  { csr: 0x30a, written: 0n, read: 0n, features: ALL_FEATURES },
  { csr: 0x30a, written: ALL, read: 0x71n, features: [Feature.ZICBOM] },
  { csr: 0x30a, written: ALL, read: 0x81n, features: [Feature.ZICBOZ] },
  { csr: 0x30a, written: 0x20n, read: 0n, features: [Feature.ZICBOM] },
  {
    csr: 0x30a,
    written: 0x60n,
    read: 0x70n,
    before: { menvcfg: 0x30 },
    features: [Feature.ZICBOM],
  },
  { csr: 0x10a, written: ALL, read: 0xf1n, features: [Feature.ZICBOM, Feature.ZICBOZ] },
  {
    csr: 0x10a,
    written: 0x20n,
    read: 0x10n,
    before: { senvcfg: 0x10 },
    features: [Feature.ZICBOM],
  },
  { csr: 0x7a0, written: ALL, read: 0n },
  { csr: 0x7a1, written: ALL, read: 0n },
  { csr: 0x7a4, written: ALL, read: 1n },
  { csr: 0x320, written: ALL, read: 5n },
  { csr: 0x323, written: ALL, read: 0n },
  { csr: 0x341, written: 0x8000_0003n, read: 0x8000_0002n },
  { csr: 0x342, written: ALL, read: ALL },
  { csr: 0xb03, written: ALL, read: 0n },
  { csr: 0xb1f, written: ALL, read: 0n },
];

Deno.test("csr_access keeps of a written value what is legal", () => {
  for (const { csr, written, read, before = {}, features = [] } of LEGAL_WRITES) {
    const hart = new InterpretedHart({ features });
    hart.writeAll(before);
    assertEquals(hart.csrWritten(csr, written), read, `0x${csr.toString(16)}`);
  }
});

Deno.test("csr_access sets and clears bits of the old value", () => {
  const hart = new InterpretedHart();
  hart.write("mscratch", 0xf0n);
  assertEquals(hart.csrSet(0x340, 0x0fn).old, 0xf0n);
  assertEquals(hart.csrClear(0x340, 0x3cn).old, 0xffn);
  assertEquals(hart.csrWrite(0x340, 1n).old, 0xc3n);
  assertEquals(hart.csrRead(0x340), { illegal: false, leaves: false, old: 1n });
});

Deno.test("csr_access reads identity registers", () => {
  const hart = new InterpretedHart();
  hart.write("hart_id", 3);
  assertEquals([0xf11, 0xf12, 0xf13, 0xf14, 0xf15].map((n) => hart.csrValue(n)), [
    0n,
    0n,
    0n,
    3n,
    0n,
  ]);
});

Deno.test("misa names the hart's letters, and trap addresses have the bits that instructions have", () => {
  const cases: [letters: string, misa: bigint, epc: bigint][] = [
    ["imafdc", 0x14112dn, 0x8000_0006n],
    ["imafd", 0x141129n, 0x8000_0004n],
    ["i", 0x140100n, 0x8000_0004n],
  ];
  for (const [letters, misa, epc] of cases) {
    const hart = new InterpretedHart({ letters });
    assertEquals(hart.csrWritten(0x301, 0n), (2n << 62n) | misa);
    for (const csr of [0x141, 0x341]) assertEquals(hart.csrWritten(csr, 0x8000_0007n), epc);
  }
});

Deno.test("without float registers FS stays off, and so do their CSRs", () => {
  const hart = new InterpretedHart({ letters: "imac" });
  assertEquals(hart.csrWritten(0x300, ALL) & Status.FS, 0n);
  assertEquals(hart.csrWritten(0x100, ALL) & (Status.FS | Status.SD), 0n);
  for (const csr of [1, 2, 3]) assert(hart.csrRead(csr).illegal);
});

// --- status ---------------------------------------------------------------------------------------------

Deno.test("mstatus holds its writable fields and refuses an MPP without privilege", () => {
  const hart = new InterpretedHart();
  const writable = 0x7e79aan;
  assertEquals(hart.csrWritten(0x300, ALL), XLENS | writable | Status.SD);
  const hypervisor = 2n << Status.MPP_SHIFT;
  assertEquals(hart.csrWritten(0x300, hypervisor), XLENS | Status.MPP);
  assertEquals(hart.csrWritten(0x300, 1n << Status.MPP_SHIFT), XLENS | (1n << 11n));
  assertEquals(hart.csrWritten(0x300, 0n), XLENS);
});

Deno.test("sstatus shows and changes only supervisor fields of mstatus", () => {
  const hart = new InterpretedHart();
  hart.write("mstatus", XLENS | 0x7e79aan);
  const visible = Status.SIE | Status.SPIE | Status.SPP | Status.FS | Status.SUM | Status.MXR;
  assertEquals(hart.csrValue(0x100), visible | Status.UXL | Status.SD);
  hart.csrWrite(0x100, 0n);
  assertEquals(hart.read("mstatus"), XLENS | (0x7e79aan & ~visible));
});

Deno.test("FS reads as dirty after a float write, and what software writes is kept", () => {
  const hart = new InterpretedHart();
  const initial = 1n << 13n;
  hart.writeAll({ mstatus: XLENS | initial, fs_dirty: 1 });
  assertEquals(hart.csrValue(0x100), Status.UXL | Status.FS | Status.SD);
  hart.csrSet(0x100, Status.SIE);
  assertEquals(hart.read("mstatus"), XLENS | Status.FS | Status.SIE);
  assertEquals(hart.read("fs_dirty"), 0n);
  assertEquals(hart.csrWritten(0x100, initial), Status.UXL | initial);
  hart.writeAll({ mstatus: XLENS, fs_dirty: 1 });
  assertEquals(hart.csrValue(0x300), XLENS);
});

Deno.test("float CSRs are illegal while FS is off and mark float state dirty when written", () => {
  const hart = new InterpretedHart();
  for (const csr of [1, 2, 3]) {
    hart.write("mstatus", XLENS);
    assert(hart.csrRead(csr).illegal);
    assert(hart.csrWrite(csr, 0n).illegal);
    hart.write("mstatus", XLENS | (1n << 13n));
    assert(!hart.csrRead(csr).illegal);
    assertEquals(hart.read("fs_dirty"), 0n);
    hart.csrWrite(csr, 0n);
    assertEquals(hart.read("fs_dirty"), 1n);
    hart.write("fs_dirty", 0);
  }
});

interface ModeChange {
  readonly csr: number;
  readonly written: bigint;
  readonly leaves: boolean;
  readonly before: Record<string, bigint | number>;
}

const SUPERVISOR = { privilege: Privilege.SUPERVISOR, satp: 8n << 60n };

const MODE_CHANGES: readonly ModeChange[] = [
  { csr: 0x100, written: Status.SIE, leaves: false, before: SUPERVISOR },
  { csr: 0x100, written: Status.SPP | Status.SPIE, leaves: false, before: SUPERVISOR },
  { csr: 0x100, written: Status.SUM, leaves: true, before: SUPERVISOR },
  { csr: 0x100, written: Status.MXR, leaves: true, before: SUPERVISOR },
  { csr: 0x100, written: Status.FS, leaves: true, before: SUPERVISOR },
  {
    csr: 0x100,
    written: Status.FS,
    leaves: false,
    before: { ...SUPERVISOR, mstatus: XLENS | (1n << 13n) },
  },
  { csr: 0x100, written: Status.SUM, leaves: false, before: { privilege: 1, satp: 0 } },
  { csr: 0x300, written: Status.MPRV, leaves: true, before: { satp: 8n << 60n } },
  { csr: 0x300, written: Status.MPRV | Status.MPP, leaves: false, before: { satp: 8n << 60n } },
  { csr: 0x002, written: 1n, leaves: true, before: { mstatus: Status.FS } },
  { csr: 0x002, written: 0n, leaves: false, before: { mstatus: Status.FS } },
  { csr: 0x003, written: 0x1fn, leaves: false, before: { mstatus: Status.FS } },
  { csr: 0x003, written: 0x20n, leaves: true, before: { mstatus: Status.FS } },
  { csr: 0x180, written: 8n << 60n, leaves: false, before: SUPERVISOR },
  { csr: 0x180, written: (8n << 60n) | 1n, leaves: true, before: SUPERVISOR },
  { csr: 0x180, written: 0n, leaves: true, before: SUPERVISOR },
  { csr: 0x180, written: 11n << 60n, leaves: false, before: SUPERVISOR },
  { csr: 0x140, written: 1n, leaves: false, before: SUPERVISOR },
];

Deno.test("csr_access leaves exactly when mode or translation change", () => {
  for (const { csr, written, leaves, before } of MODE_CHANGES) {
    const hart = new InterpretedHart();
    hart.writeAll(before);
    const text = `0x${csr.toString(16)} <- 0x${written.toString(16)}`;
    assertEquals(hart.csrWrite(csr, written).leaves, leaves, text);
  }
});

Deno.test("cached translations are dropped with every change of what they depend on", () => {
  const hart = new InterpretedHart({ features: ALL_FEATURES });
  const drops = (csr: number, value: bigint): boolean => {
    const before = hart.read("translation_version");
    const { leaves } = hart.csrWrite(csr, value);
    assertEquals(hart.read("translation_version") - before, leaves ? 1n : 0n);
    return leaves;
  };
  const writes: [csr: number, value: bigint, drops: boolean][] = [
    [0x3b0, 0x2000_0000n, true],
    [0x3b0, 0x2000_0000n, false],
    [0x3a0, 0x1fn, true],
    [0x3a0, 0x1fn, false],
    [0x3a2, 0x98n << 8n, true],
    [0x3a2, 0n, false],
    [0x3b9, 0x4000n, false],
    [0x30a, PBMTE | 1n, false],
    [0x30a, PBMTE | ADUE, true],
    [0x30a, PBMTE | ADUE | 0xf1n, false],
    [0x30a, ADUE, true],
    [0x30a, 0n, true],
  ];
  for (const [csr, value, expected] of writes) {
    assertEquals(drops(csr, value), expected, `0x${csr.toString(16)} <- 0x${value.toString(16)}`);
  }
});

Deno.test("another address space is for the trampoline to see: nothing else of translations changes", () => {
  const hart = new InterpretedHart({ features: ALL_FEATURES });
  const numbered = (8n << 60n) | (0xffffn << 44n);
  const writes: [value: bigint, kept: bigint, leaves: boolean][] = [
    [8n << 60n, 8n << 60n, true],
    [8n << 60n, 8n << 60n, false],
    [11n << 60n, 8n << 60n, false],
    [numbered, numbered, true],
  ];
  for (const [value, kept, leaves] of writes) {
    assertEquals(hart.csrWrite(0x180, value).leaves, leaves);
    assertEquals(hart.csrValue(0x180), kept);
  }
  assertEquals(hart.read("translation_version"), 0n);
});

Deno.test("csr_access leaves when the write lets an interrupt in", () => {
  const enabled = { ...SUPERVISOR, mideleg: SSI | SEI, mie: SSI };
  const cases: [number, bigint, Record<string, bigint | number>][] = [
    [0x100, Status.SIE, enabled],
    [0x104, SSI, { ...enabled, mie: 0, mstatus: XLENS | Status.SIE }],
    [0x300, Status.MIE, { mie: SSI }],
    [0x304, SSI, { mstatus: XLENS | Status.MIE }],
    [0x303, 0n, { mideleg: SSI, mie: SSI, mstatus: XLENS | Status.MIE }],
  ];
  for (const [csr, written, before] of cases) {
    for (const lines of [0, Number(SSI)]) {
      const hart = new InterpretedHart();
      hart.writeAll(before);
      hart.memory.lines = lines;
      assertEquals(hart.csrWrite(csr, written).leaves, lines !== 0, `0x${csr.toString(16)}`);
    }
  }
});

// --- interrupts -----------------------------------------------------------------------------------------

Deno.test("mip shows all lines and changes only what machine mode may pend", () => {
  const hart = new InterpretedHart({ features: [Feature.SSTC] });
  hart.memory.lines = Number(MSI | MTI | MEI | SEI);
  assertEquals(hart.csrWritten(0x344, 0n), MSI | MTI | MEI | SEI);
  hart.memory.lines = 0;
  assertEquals(hart.csrWritten(0x344, ALL), SSI | STI | SEI);
  assertEquals(hart.memory.lines, Number(SSI));
  hart.csrClear(0x344, STI);
  assertEquals(hart.csrValue(0x344), SSI | SEI);
  hart.csrWrite(0x344, 0n);
  assertEquals(hart.csrValue(0x344), 0n);
});

Deno.test("the timer bit of mip is read-only while the compare register is enabled", () => {
  const hart = new InterpretedHart({ features: [Feature.SSTC] });
  hart.csrSet(0x344, STI);
  hart.csrSet(0x30a, STCE);
  assertEquals(hart.csrValue(0x344), 0n);
  assertEquals(hart.csrWritten(0x344, STI), 0n);
  hart.memory.lines = Number(STI);
  assertEquals(hart.csrWritten(0x344, 0n), STI);
});

Deno.test("sip shows delegated interrupts and changes the software one", () => {
  const hart = new InterpretedHart();
  hart.writeAll({ privilege: Privilege.SUPERVISOR, mideleg: SSI | SEI });
  hart.memory.lines = 0xaaa;
  assertEquals(hart.csrValue(0x144), SSI | SEI);
  hart.csrWrite(0x144, 0n);
  assertEquals(hart.memory.lines, 0xaaa & ~Number(SSI));
  hart.csrWrite(0x144, ALL);
  assertEquals(hart.memory.lines, 0xaaa);
  hart.write("mideleg", 0);
  hart.csrWrite(0x144, 0n);
  assertEquals(hart.memory.lines, 0xaaa);
});

/** Interrupt lines on which another hart raises the software interrupt after the first look at them. */
class RacingLines extends FlatMemory {
  constructor() {
    super(8);
    let lines = 0;
    let isFirst = true;
    Object.defineProperty(this, "lines", {
      get: () => {
        const seen = lines;
        if (isFirst) lines |= Number(SSI);
        isFirst = false;
        return seen;
      },
      set: (value: number) => lines = value,
    });
  }
}

Deno.test("clearing other pending bits keeps a line that is raised meanwhile", () => {
  const hart = new InterpretedHart({ memory: new RacingLines() });
  assertEquals(hart.csrClear(0x344, STI | SEI).old, 0n);
  assertEquals(hart.csrValue(0x344), SSI);
});

// --- counters and timers --------------------------------------------------------------------------------

Deno.test("user counters are given out by mcounteren and scounteren", () => {
  const hart = new InterpretedHart();
  for (const number of range(0xc00, 32)) {
    const bit = 1n << BigInt(number & 31);
    const isLegal = (privilege: number, mcounteren: bigint, scounteren: bigint): boolean => {
      hart.writeAll({ privilege, mcounteren, scounteren });
      return !hart.csrRead(number).illegal;
    };
    assert(isLegal(Privilege.MACHINE, 0n, 0n));
    assert(!isLegal(Privilege.SUPERVISOR, ~bit, ALL));
    assert(isLegal(Privilege.SUPERVISOR, bit, 0n));
    assert(!isLegal(Privilege.USER, bit, ~bit));
    assert(!isLegal(Privilege.USER, ~bit, bit));
    assert(isLegal(Privilege.USER, bit, bit));
  }
});

Deno.test("time is the guest's time and cannot be written", () => {
  const hart = new InterpretedHart();
  hart.time = 2 ** 40 + 3;
  assertEquals(hart.csrValue(0xc01), (1n << 40n) + 3n);
  assert(hart.csrWrite(0xc01, 0n).illegal);
});

for (
  const [name, machine, user, bit] of [["cycle", 0xb00, 0xc00, 1n], [
    "instret",
    0xb02,
    0xc02,
    4n,
  ]] as const
) {
  Deno.test(`${name} counts on from a written value`, () => {
    const hart = new InterpretedHart();
    hart.retired = 1000n;
    assertEquals(hart.csrValue(user), 1000n);
    hart.csrWrite(machine, 5n);
    hart.retired += 1n;
    assertEquals(hart.csrValue(user), 5n);
    hart.retired += 10n;
    assertEquals(hart.csrValue(machine), 15n);
  });

  Deno.test(`${name} stands still while it is inhibited`, () => {
    const hart = new InterpretedHart();
    hart.retired = 100n;
    hart.csrSet(0x320, bit);
    hart.retired = 200n;
    assertEquals(hart.csrValue(user), 101n);
    hart.csrWrite(machine, 7n);
    hart.retired = 300n;
    assertEquals(hart.csrValue(user), 7n);
    hart.csrClear(0x320, bit);
    hart.retired += 1n;
    assertEquals(hart.csrValue(user), 7n);
    hart.retired += 4n;
    assertEquals(hart.csrValue(user), 11n);
  });
}

Deno.test("stimecmp is supervisor mode's when STCE and TM are set, and machine mode's always", () => {
  const hart = new InterpretedHart({ features: [Feature.SSTC] });
  const isLegal = (privilege: number, menvcfg: bigint, mcounteren: bigint): boolean => {
    hart.writeAll({ privilege, menvcfg, mcounteren });
    return !hart.csrRead(0x14d).illegal;
  };
  assert(isLegal(Privilege.MACHINE, 0n, 0n));
  assert(!isLegal(Privilege.SUPERVISOR, STCE, 0n));
  assert(!isLegal(Privilege.SUPERVISOR, 0n, TIME_ENABLE));
  assert(isLegal(Privilege.SUPERVISOR, STCE, TIME_ENABLE));
  assert(new InterpretedHart().csrRead(0x14d).illegal);
});

Deno.test("the host is told the deadline that stimecmp and STCE make", () => {
  const hart = new InterpretedHart({ features: [Feature.SSTC] });
  hart.csrWrite(0x14d, 50n);
  hart.csrSet(0x30a, STCE);
  hart.csrSet(0x30a, 1n);
  hart.csrWrite(0x14d, 60n);
  hart.csrClear(0x30a, STCE);
  assertEquals(hart.deadlines, [ALL, 50n, 60n, ALL]);
});

// --- translation ----------------------------------------------------------------------------------------

Deno.test("TVM keeps supervisor mode, and only it, from satp", () => {
  const hart = new InterpretedHart();
  hart.writeAll({ privilege: Privilege.SUPERVISOR, mstatus: XLENS | Status.TVM });
  assert(hart.csrRead(0x180).illegal);
  assert(hart.csrWrite(0x180, 0n).illegal);
  hart.write("privilege", Privilege.MACHINE);
  assert(!hart.csrWrite(0x180, 0n).illegal);
});
