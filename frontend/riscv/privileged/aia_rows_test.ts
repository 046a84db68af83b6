import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { AIA_ROWS } from "./aia_rows.ts";
import { Privilege } from "./causes.ts";
import { Feature } from "./features.ts";
import { InterpretedHart } from "./interpreted_hart.ts";
import { MENVCFG_STCE } from "./environment_bits.ts";
import { Status } from "./status_bits.ts";

const ALL = (1n << 64n) - 1n;
const SSI = 1n << 1n;
const STI = 1n << 5n;
const SEI = 1n << 9n;
const SUPERVISOR_LINE = 1 << 9;
const Csr = {
  SISELECT: 0x150,
  SIREG: 0x151,
  STOPEI: 0x15c,
  MVIEN: 0x308,
  MVIP: 0x309,
  MIP: 0x344,
  MISELECT: 0x350,
  MIREG: 0x351,
  MTOPEI: 0x35c,
  STOPI: 0xdb0,
  MTOPI: 0xfb0,
} as const;
const DELIVERY = 0x70;
const LEVELS = [
  { select: Csr.MISELECT, register: Csr.MIREG, top: Csr.MTOPEI, privilege: Privilege.MACHINE },
  { select: Csr.SISELECT, register: Csr.SIREG, top: Csr.STOPEI, privilege: Privilege.SUPERVISOR },
] as const;

function createHart(): InterpretedHart {
  return new InterpretedHart({ features: [Feature.AIA] });
}

Deno.test("a hart without the architecture has none of its registers", () => {
  const hart = new InterpretedHart({ features: [] });
  hart.writeAll({ miselect: DELIVERY, siselect: DELIVERY });
  const illegal = AIA_ROWS.map(({ number }) => hart.csrRead(number).illegal);
  assertEquals(illegal, AIA_ROWS.map(() => true));
});

Deno.test("the register behind the select register exists where the specification has one", () => {
  const isThere = (number: number): boolean =>
    number % 2 === 0 &&
    ((number >= 0x30 && number <= 0x3f) || number === 0x70 || number === 0x72 ||
      (number >= 0x80 && number <= 0xff));
  for (const { select, register } of LEVELS) {
    const hart = createHart();
    for (let number = 0; number < 0x200; number++) {
      assertEquals(hart.csrWritten(select, BigInt(number)), BigInt(number));
      assertEquals(hart.csrRead(register).illegal, !isThere(number), number.toString(16));
      assertEquals(hart.csrWrite(register, 0n).illegal, !isThere(number), number.toString(16));
    }
    assertEquals(hart.csrWritten(select, ALL), 0x1ffn);
  }
});

Deno.test("each level reads and changes its own file, in halves, and only the bits that it names", () => {
  const bits = fc.bigInt({ min: 0n, max: ALL });
  const place = fc.constantFrom(0x70, 0x72, 0x80, 0x8e, 0xc0, 0xfe);
  fc.assert(fc.property(place, bits, bits, bits, (number, first, set, cleared) => {
    for (const { select, register, privilege } of LEVELS) {
      const hart = createHart();
      hart.csrWrite(select, BigInt(number));
      hart.csrWrite(register, first);
      assertEquals(hart.csrSet(register, set).old, first);
      assertEquals(hart.csrClear(register, cleared).old, first | set);
      assertEquals(hart.csrValue(register), (first | set) & ~cleared);
      const held = [...hart.fileRegisters.keys()];
      assertEquals(held, [`${privilege} ${number}`, `${privilege} ${number + 1}`]);
    }
  }));
});

Deno.test("a read of the top of a file changes nothing, and a write claims what was read", () => {
  for (const { top, privilege } of LEVELS) {
    const hart = createHart();
    hart.fileTops.set(privilege, 77);
    assertEquals(hart.csrValue(top), (77n << 16n) | 77n);
    assertEquals(hart.claims, []);
    assertEquals(hart.csrWrite(top, 0n).old, (77n << 16n) | 77n);
    assertEquals(hart.csrSet(top, 0n).old, (77n << 16n) | 77n);
    assertEquals(hart.claims, [[privilege, 77], [privilege, 77]]);
    hart.fileTops.set(privilege, 0);
    assertEquals(hart.csrWrite(top, ALL).old, 0n);
    assertEquals(hart.claims.length, 2);
  }
});

Deno.test("the top of all interrupts is the most urgent one of the level that is pending and enabled", () => {
  const PRIORITY = [11, 3, 7, 9, 1, 5];
  const set = fc.nat(0xfff).map((bits) => bits & 0xaaa);
  fc.assert(fc.property(set, set, set, (lines, enabled, delegated) => {
    const hart = createHart();
    hart.memory.lines = lines;
    hart.writeAll({ mie: enabled, mideleg: delegated & 0x222, mstatus: 0n });
    const top = (isSupervisors: boolean): bigint => {
      const cause = PRIORITY.find((number) => {
        const isDelegated = ((delegated & 0x222) >> number & 1) === 1;
        return (lines & enabled) >> number & 1 && isDelegated === isSupervisors;
      });
      return cause === undefined ? 0n : BigInt(cause) << 16n | 1n;
    };
    assertEquals(hart.csrValue(Csr.MTOPI), top(false));
    assertEquals(hart.csrValue(Csr.STOPI), top(true));
  }));
});

Deno.test("an enable that lets a waiting interrupt in leaves to the trampoline", () => {
  const hart = createHart();
  hart.writeAll({
    mideleg: SEI,
    mie: SEI,
    mstatus: Status.SIE,
    privilege: Privilege.SUPERVISOR,
    siselect: 0xc0,
  });
  assertEquals(hart.csrSet(Csr.SIREG, 2n).leaves, false);
  hart.memory.lines = SUPERVISOR_LINE;
  assertEquals(hart.csrSet(Csr.SIREG, 2n).leaves, true);
});

Deno.test("virtual interrupts are what software pends in mip, and none is separate", () => {
  const hart = createHart();
  assertEquals(hart.csrWritten(Csr.MVIEN, ALL), 0n);
  assertEquals(hart.csrWritten(Csr.MVIP, ALL), SSI | STI | SEI);
  assertEquals(hart.csrValue(Csr.MIP), SSI | STI | SEI);
  hart.csrClear(Csr.MVIP, SSI | SEI);
  assertEquals(hart.csrValue(Csr.MIP), STI);
  hart.memory.lines = SUPERVISOR_LINE;
  assertEquals([hart.csrValue(Csr.MIP), hart.csrValue(Csr.MVIP)], [STI | SEI, STI]);
  hart.writeAll({ menvcfg: MENVCFG_STCE, mip_software: 0 });
  assertEquals(hart.csrWritten(Csr.MVIP, ALL), SSI | SEI);
});
