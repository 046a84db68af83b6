import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { Privilege } from "./causes.ts";
import { InterpretedHart } from "./interpreted_hart.ts";
import { PENDING_INTERRUPT, WAKE_PENDING } from "./signatures.ts";
import { Status } from "./status_bits.ts";

const IMPLEMENTED = 0xaaa;
const DELEGABLE = 0x222;
const PRIORITY = [11, 3, 7, 9, 1, 5];

interface Situation {
  readonly lines: number;
  readonly software: number;
  readonly mie: number;
  readonly mideleg: number;
  readonly privilege: number;
  readonly machineEnabled: boolean;
  readonly supervisorEnabled: boolean;
}

/** The manual's words: per interrupt, who takes it and whether that one may be interrupted. */
function expected(s: Situation): number {
  const taken = (level: number): number | undefined =>
    PRIORITY.find((cause) => {
      const bit = 1 << cause;
      const owner = (s.mideleg & bit) !== 0 ? Privilege.SUPERVISOR : Privilege.MACHINE;
      const isPending = ((s.lines | s.software) & s.mie & bit) !== 0;
      return isPending && owner === level;
    });
  const mayInterrupt = (level: number, enabled: boolean): boolean =>
    s.privilege < level || (s.privilege === level && enabled);
  const machine = mayInterrupt(Privilege.MACHINE, s.machineEnabled) ? taken(3) : undefined;
  const supervisor = mayInterrupt(Privilege.SUPERVISOR, s.supervisorEnabled) ? taken(1) : undefined;
  return machine ?? supervisor ?? -1;
}

const masked = (mask: number): fc.Arbitrary<number> => fc.nat(0xfff).map((bits) => bits & mask);

const SITUATIONS: fc.Arbitrary<Situation> = fc.record({
  lines: masked(IMPLEMENTED),
  software: masked(0x220),
  mie: masked(IMPLEMENTED),
  mideleg: masked(DELEGABLE),
  privilege: fc.constantFrom(...Object.values(Privilege)),
  machineEnabled: fc.boolean(),
  supervisorEnabled: fc.boolean(),
});

function place(hart: InterpretedHart, s: Situation): void {
  hart.memory.lines = s.lines;
  hart.writeAll({
    mip_software: s.software,
    mie: s.mie,
    mideleg: s.mideleg,
    privilege: s.privilege,
    mstatus: (s.machineEnabled ? Status.MIE : 0n) | (s.supervisorEnabled ? Status.SIE : 0n),
  });
}

Deno.test("pending_interrupt agrees with the manual's rules", () => {
  const hart = new InterpretedHart();
  fc.assert(
    fc.property(SITUATIONS, (situation) => {
      place(hart, situation);
      assertEquals(Number(hart.call(PENDING_INTERRUPT)), expected(situation));
    }),
    { numRuns: 3000 },
  );
});

Deno.test("pending_interrupt takes the most urgent one", () => {
  const hart = new InterpretedHart();
  hart.writeAll({ mie: IMPLEMENTED, mstatus: Status.MIE });
  let lines = IMPLEMENTED;
  for (const cause of PRIORITY) {
    hart.memory.lines = lines;
    assertEquals(Number(hart.call(PENDING_INTERRUPT)), cause);
    lines &= ~(1 << cause);
  }
});

Deno.test("wake_pending looks at local enables only", () => {
  const hart = new InterpretedHart();
  hart.memory.lines = 0x80;
  assertEquals(hart.call(WAKE_PENDING), 0n);
  hart.write("mie", 0x80);
  assertEquals(hart.call(WAKE_PENDING), 1n);
  assertEquals(hart.call(PENDING_INTERRUPT), -1n);
});
