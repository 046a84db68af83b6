// Back to where a breakpoint was met last: in every tier the place that stepping through the whole past finds.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import {
  type AccelOptions,
  AccessError,
  type Breakpoint,
  type BreakpointHit,
  Machine,
  MachineStateError,
} from "../../mod.ts";
import { SeededRandom } from "../differential/seeded_random.ts";
import { readGuestElf } from "../guests/guest_elf.ts";
import { programMachine, turn } from "../library/machine_fixture.ts";

const ICOUNT = { shift: 2, sleep: false } as const;
const RAM = 0x8000_0000n;
const [T3, T4, T5] = [28, 29, 30];

/** Where harts stand: what a hart is about to execute at each place. */
type Past = readonly (readonly bigint[])[];

async function open(
  harts: number,
  accel: AccelOptions,
  everyInstructions: number,
): Promise<Machine> {
  return await Machine.create({
    ...{ firmware: "none", memory: "4M", harts },
    kernel: await readGuestElf("interrupts", "virt", { harts, iterations: 30 }),
    accel: { icount: ICOUNT, ...accel },
    snapshots: { everyInstructions },
  });
}

/** Program counters of all harts at each place from the first on, by going there. */
async function pastOf(machine: Machine, length: number): Promise<Past> {
  const past: bigint[][] = [];
  for (let place = 0; place <= length; place++) {
    await machine.seek(place);
    past.push(machine.harts.map(({ pc }) => pc));
  }
  return past;
}

/** The hart that executes the instruction at a place: it alone has another program counter behind it. */
function moved(past: Past, place: number): number {
  return past[place].findIndex((pc, hart) => pc !== past[place + 1][hart]);
}

async function reverse(
  machine: Machine,
  breakpoints: readonly Breakpoint[],
): Promise<BreakpointHit> {
  const hit = await machine.reverseContinue(breakpoints);
  if (hit === null) throw new Error("no breakpoint was met");
  return hit;
}

/** Where a breakpoint was met last before a place. */
function expected(past: Past, before: number, { pc, hart }: Breakpoint): number | null {
  for (let place = before - 1; place >= 0; place--) {
    const who = moved(past, place);
    if (past[place][who] === pc && (hart === undefined || hart === who)) return place;
  }
  return null;
}

const TIERS: readonly [string, AccelOptions][] = [
  ["compiled code", {}],
  ["the interpreter", { experiment: { regions: false } }],
];

for (const harts of [1, 2, 3]) {
  for (const [tier, accel] of TIERS) {
    Deno.test(`reverse: the last meeting is that of a step by step search, ${harts} harts, ${tier}`, async () => {
      const length = 600;
      await using machine = await open(harts, accel, 100);
      const past = await pastOf(machine, length);
      const random = new SeededRandom(harts);
      for (let count = 0; count < 25; count++) {
        const present = 1 + random.below(length - 1);
        const [at, who] = [random.below(length), random.below(harts)];
        const breakpoint = random.below(2) === 0
          ? { pc: past[at][who] }
          : { pc: past[at][who], hart: who };
        await machine.seek(present);
        const hit = await machine.reverseContinue([breakpoint]);
        const place = expected(past, present, breakpoint);
        assertEquals(hit?.instruction ?? null, place, `from ${present} to ${breakpoint.pc}`);
        assertEquals(machine.instruction, place ?? 0);
        if (hit === null) continue;
        assertEquals([hit.pc, machine.harts[hit.hart].pc], [breakpoint.pc, breakpoint.pc]);
        assertEquals(hit.hart, moved(past, place ?? 0));
      }
    });
  }
}

/** Counts in t3; every 64 turns it goes by an instruction that counts in t4. */
const LOOP = [
  assemble("addi", { rd: T3, rs1: T3, imm: 1 }),
  assemble("andi", { rd: T5, rs1: T3, imm: 63 }),
  assemble("bne", { rs1: T5, rs2: 0, imm: -8 }),
  assemble("addi", { rd: T4, rs1: T4, imm: 1 }),
  assemble("jal", { imm: -16 }),
];
const RARE = RAM + 12n;

async function runUntilHot(machine: Machine): Promise<void> {
  await machine.start();
  while (machine.stats().harts[0].hotInstructions === 0) await turn();
  await machine.pause();
}

for (const [tier, accel] of TIERS) {
  Deno.test(`reverse: a meeting in a long loop is found from far away and one by one, ${tier}`, async () => {
    await using machine = await programMachine(LOOP, {
      accel: { icount: ICOUNT, ...accel },
      snapshots: { everyInstructions: 100_000 },
    });
    const [hart] = machine.harts;
    if (accel.experiment === undefined) await runUntilHot(machine);
    else await machine.seek(1_500_000);
    const present = machine.instruction;
    let met = hart.x[T4];
    for (let count = 0; count < 5; count++) {
      const hit = await machine.reverseContinue([{ pc: RARE }]);
      assertEquals([hit?.pc, hart.pc, hart.x[T4]], [RARE, RARE, --met]);
    }
    await machine.stepBack(3);
    assertEquals([await machine.reverseContinue([{ pc: RAM + 20n }]), machine.instruction], [
      null,
      0,
    ]);
    await machine.seek(present);
    assertEquals(hart.x[T4], met + 5n);
  });
}

Deno.test("reverse: a machine that went back goes on as it went before", async () => {
  await using straight = await open(3, {}, 20_000);
  await straight.seek(90_000);
  const hash = await straight.stateHash();
  await using machine = await open(3, {}, 20_000);
  await machine.seek(60_000);
  const { pc } = machine.harts[1];
  await machine.seek(80_000);
  const hit = await reverse(machine, [{ pc }, { pc: pc + 2n, hart: 2 }]);
  assert(hit.instruction < 80_000);
  await machine.seek(hit.instruction + 1);
  const behind = machine.harts[hit.hart].pc;
  await machine.reverseContinue([{ pc: behind, hart: hit.hart }]);
  await machine.seek(90_000);
  assertEquals(await machine.stateHash(), hash);
  await machine.resume();
  assertEquals((await machine.exited).reason, "power-off");
});

Deno.test("reverse: a handler is met behind its interrupt, whose place may be before it", async () => {
  await using machine = await open(3, {}, 20_000);
  await machine.seek(80_000);
  const handler = await machine.harts[0].csr.read("mtvec") & ~3n;
  let hit: BreakpointHit;
  let before: bigint;
  do { // until one that nothing of its hart's own doing has brought about: a timer's
    hit = await reverse(machine, [{ pc: handler }]);
    assertEquals(machine.harts[hit.hart].pc, handler);
    before = await machine.harts[hit.hart].csr.read("mepc");
    await machine.seek(hit.instruction);
  } while (machine.harts[hit.hart].pc === handler);
  assertEquals(machine.harts[hit.hart].pc, before);
  await machine.seek(hit.instruction + 1);
  const behind = await machine.stateHash();
  assertEquals(await reverse(machine, [{ pc: handler }]), hit);
  await machine.seek(hit.instruction + 1);
  assertEquals(await machine.stateHash(), behind);
});

Deno.test("reverse: what cannot be met is refused by name, and changes nothing", async () => {
  await using machine = await programMachine(LOOP, {
    ...{ harts: 2, accel: { icount: ICOUNT } },
    snapshots: true,
  });
  await machine.seek(100);
  const tries: readonly [readonly Breakpoint[], string][] = [
    [[], "1 to 32 can be looked for"],
    [Array.from({ length: 33 }, () => ({ pc: RAM })), "1 to 32 can be looked for"],
    [[{ pc: RAM, hart: 2 }], "the machine has harts 0 to 1"],
    [[{ pc: RAM, hart: -1 }], "the machine has harts 0 to 1"],
    [[{ pc: RAM + 1n }], "instructions are at even addresses"],
    [[{ pc: -4n }], "instructions are at even addresses"],
    [[{ pc: 1n << 64n }], "instructions are at even addresses"],
  ];
  for (const [breakpoints, cause] of tries) {
    await assertRejects(() => machine.reverseContinue(breakpoints), AccessError, cause);
  }
  assertEquals(machine.instruction, 100);
  await using usual = await programMachine(LOOP, {});
  await assertRejects(
    () => usual.reverseContinue([{ pc: RAM }]),
    MachineStateError,
    "no snapshots",
  );
});
