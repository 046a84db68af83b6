import { assertEquals } from "@std/assert";
import { Cause, CAUSE_IS_INTERRUPT, Interrupt, Privilege } from "./causes.ts";
import { InterpretedHart } from "./interpreted_hart.ts";
import {
  AccessStatus,
  CHECK_SFENCE,
  CHECK_WFI,
  INTERRUPT_ENTER,
  MRET,
  SRET,
  TRAP_ENTER,
} from "./signatures.ts";
import { Status } from "./status_bits.ts";

const PC = 0x8000_1234n;
const VECTORS = { mtvec: 0x1000, stvec: 0x2000 };
const MPP_SUPERVISOR = 1n << Status.MPP_SHIFT;
const { USER, SUPERVISOR, MACHINE } = Privilege;

function hartAt(privilege: number, more: Record<string, bigint | number> = {}): InterpretedHart {
  const hart = new InterpretedHart();
  hart.writeAll({ pc: PC, privilege, mstatus: 0, ...VECTORS, ...more });
  return hart;
}

interface EntryCase {
  readonly name: string;
  readonly from: number;
  readonly before: Record<string, bigint | number>;
  readonly after: Record<string, bigint>;
}

const ECALL = BigInt(Cause.USER_ENVIRONMENT_CALL);
const FAULT = Cause.LOAD_PAGE_FAULT;

const ENTRIES: readonly EntryCase[] = [
  {
    name: "goes to machine mode when it is not delegated",
    from: SUPERVISOR,
    before: { mstatus: Status.MIE | Status.SIE },
    after: {
      privilege: 3n,
      pc: 0x1000n,
      mepc: PC,
      mcause: BigInt(FAULT),
      mtval: 0x77n,
      mstatus: Status.SIE | Status.MPIE | MPP_SUPERVISOR,
      sepc: 0n,
    },
  },
  {
    name: "goes to supervisor mode when it is delegated",
    from: USER,
    before: { mstatus: Status.SIE | Status.SPP | Status.MIE, medeleg: 1 << FAULT },
    after: {
      privilege: 1n,
      pc: 0x2000n,
      sepc: PC,
      scause: BigInt(FAULT),
      stval: 0x77n,
      mstatus: Status.SPIE | Status.MIE,
      mepc: 0n,
    },
  },
  {
    name: "remembers supervisor mode and a closed enable",
    from: SUPERVISOR,
    before: { mstatus: Status.SPIE, medeleg: 1 << FAULT },
    after: { privilege: 1n, mstatus: Status.SPP, sepc: PC },
  },
  {
    name: "stays in machine mode whatever is delegated",
    from: MACHINE,
    before: { medeleg: -1, mstatus: Status.MPRV },
    after: { privilege: 3n, pc: 0x1000n, mepc: PC, mstatus: Status.MPRV | Status.MPP },
  },
  {
    name: "ignores the vector mode",
    from: MACHINE,
    before: { mtvec: 0x1001 },
    after: { pc: 0x1000n },
  },
];

for (const { name, from, before, after } of ENTRIES) {
  Deno.test(`trap_enter ${name}`, () => {
    const hart = hartAt(from, before);
    hart.call(TRAP_ENTER, FAULT, 0x77n);
    for (const [slot, value] of Object.entries(after)) assertEquals(hart.read(slot), value, slot);
  });
}

Deno.test("trap_enter looks at the delegation bit of its cause alone", () => {
  const hart = hartAt(USER, { medeleg: 0xffff & ~(1 << Number(ECALL)) });
  hart.call(TRAP_ENTER, ECALL, 0);
  assertEquals([hart.read("privilege"), hart.read("mcause")], [3n, ECALL]);
});

Deno.test("interrupt_enter spreads vectored interrupts and leaves the value zero", () => {
  const cause = Interrupt.SUPERVISOR_EXTERNAL;
  for (const [vector, pc] of [[0x2000, 0x2000n], [0x2001, 0x2000n + 4n * BigInt(cause)]] as const) {
    const hart = hartAt(USER, {
      stvec: vector,
      mideleg: 1 << cause,
      stval: 5,
      mstatus: Status.SIE,
    });
    hart.call(INTERRUPT_ENTER, cause);
    assertEquals(hart.read("pc"), pc);
    assertEquals(hart.read("scause"), CAUSE_IS_INTERRUPT | BigInt(cause));
    assertEquals(hart.read("stval"), 0n);
    assertEquals(hart.read("mstatus"), Status.SPIE);
  }
});

Deno.test("interrupt_enter goes to machine mode when it is not delegated", () => {
  const cause = Interrupt.MACHINE_TIMER;
  const hart = hartAt(SUPERVISOR, { mtvec: 0x1001 });
  hart.call(INTERRUPT_ENTER, cause);
  assertEquals(hart.read("pc"), 0x1000n + 4n * BigInt(cause));
  assertEquals([hart.read("privilege"), hart.read("mepc")], [3n, PC]);
});

Deno.test("mret restores privilege and enable, and ends MPRV below machine mode", () => {
  const cases: [bigint, bigint, bigint][] = [
    [Status.MPP | Status.MPRV | Status.MPIE, 3n, Status.MPRV | Status.MIE | Status.MPIE],
    [MPP_SUPERVISOR | Status.MPRV, 1n, Status.MPIE],
    [Status.MIE | Status.MPRV | Status.SIE, 0n, Status.MPIE | Status.SIE],
  ];
  for (const [mstatus, privilege, after] of cases) {
    const hart = hartAt(MACHINE, { mstatus, mepc: 0x4000 });
    assertEquals(hart.call(MRET), BigInt(AccessStatus.LEAVE));
    assertEquals(hart.read("privilege"), privilege);
    assertEquals(hart.read("mstatus"), after);
    assertEquals(hart.read("pc"), 0x4000n);
  }
});

Deno.test("sret restores privilege and enable, and ends MPRV", () => {
  const cases: [number, bigint, bigint, bigint][] = [
    [SUPERVISOR, Status.SPP | Status.SPIE, 1n, Status.SIE | Status.SPIE],
    [SUPERVISOR, Status.SIE, 0n, Status.SPIE],
    [MACHINE, Status.SPP | Status.MPRV | Status.TSR, 1n, Status.SPIE | Status.TSR],
  ];
  for (const [from, mstatus, privilege, after] of cases) {
    const hart = hartAt(from, { mstatus, sepc: 0x4000 });
    assertEquals(hart.call(SRET), BigInt(AccessStatus.LEAVE));
    assertEquals(hart.read("privilege"), privilege);
    assertEquals(hart.read("mstatus"), after);
    assertEquals(hart.read("pc"), 0x4000n);
  }
});

Deno.test("privileged instructions are illegal where privilege or a trapping bit forbids them", () => {
  const legal: [typeof MRET, number, bigint, boolean][] = [
    [MRET, MACHINE, 0n, true],
    [MRET, SUPERVISOR, 0n, false],
    [MRET, USER, 0n, false],
    [SRET, MACHINE, Status.TSR, true],
    [SRET, SUPERVISOR, Status.TVM | Status.TW, true],
    [SRET, SUPERVISOR, Status.TSR, false],
    [SRET, USER, 0n, false],
    [CHECK_WFI, MACHINE, Status.TW, true],
    [CHECK_WFI, SUPERVISOR, Status.TSR | Status.TVM, true],
    [CHECK_WFI, SUPERVISOR, Status.TW, false],
    [CHECK_WFI, USER, 0n, false],
    [CHECK_SFENCE, MACHINE, Status.TVM, true],
    [CHECK_SFENCE, SUPERVISOR, Status.TSR | Status.TW, true],
    [CHECK_SFENCE, SUPERVISOR, Status.TVM, false],
    [CHECK_SFENCE, USER, 0n, false],
  ];
  for (const [signature, privilege, mstatus, isLegal] of legal) {
    const hart = hartAt(privilege, { mstatus });
    const before = hart.state.snapshot();
    const illegal = (Number(hart.call(signature)) & AccessStatus.ILLEGAL) !== 0;
    assertEquals(illegal, !isLegal, `${signature.name} at ${privilege}`);
    if (illegal) assertEquals(hart.state.snapshot(), before);
  }
});
