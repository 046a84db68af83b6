// Machines whose time is counted in instructions: what the guest sees depends on nothing else.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import { type AccelOptions, ConfigurationError, Machine, type MachineSettings } from "../../mod.ts";
import {
  guestMachine,
  outputOf,
  pausedWhen,
  programMachine,
  turn,
} from "../library/machine_fixture.ts";

const RA = 1;
const [T0, T1, T2] = [5, 6, 7];
const [A0, A3, A4] = [10, 13, 14];
const [S2, S3, S4, S5, S6] = [18, 19, 20, 21, 22];
const Csr = { MSTATUS: 0x300, MIE: 0x304, MTVEC: 0x305, MEPC: 0x341, MINSTRET: 0xb02, TIME: 0xc01 };
const MACHINE_TIMER = 0x80;
const INTERRUPTS_ON = 8;
const MACHINE_SOFTWARE = 8;
const SOFTWARE_INTERRUPTS = 0x200_0000;
const COMPARE = 0x200_4000;
const SCRATCH = 0x8000_2000n;
const NANOSECONDS_PER_TICK = 100;
const HANDLER = 72;
/** Ticks after which the compiler has been there. */
const LATE = 3_000_001;

/**
 * Sets its timer to s5, then loops over a load, a store and a call until the interrupt; its handler notes where and
 * when it came: s2 mepc, s3 minstret, s4 time. Hart n has its compare value at 8 n.
 */
const TIMER_PROGRAM = [
  assemble("auipc", { rd: T1, imm: 0 }),
  assemble("addi", { rd: T1, rs1: T1, imm: HANDLER }),
  assemble("csrrw", { rs1: T1, imm: Csr.MTVEC }),
  assemble("lui", { rd: T0, imm: COMPARE }),
  assemble("slli", { rd: T2, rs1: A0, imm: 3 }),
  assemble("add", { rd: T0, rs1: T0, rs2: T2 }),
  assemble("sd", { rs1: T0, rs2: S5, imm: 0 }),
  assemble("addi", { rd: T2, imm: MACHINE_TIMER }),
  assemble("csrrs", { rs1: T2, imm: Csr.MIE }),
  assemble("csrrsi", { rs1: INTERRUPTS_ON, imm: Csr.MSTATUS }),
  // the loop
  assemble("addi", { rd: A3, rs1: A3, imm: 1 }),
  assemble("sd", { rs1: S6, rs2: A3, imm: 0 }),
  assemble("jal", { rd: RA, imm: 12 }),
  assemble("bne", { rs1: A3, rs2: 0, imm: -12 }),
  assemble("jal", { imm: -16 }),
  // the function
  assemble("ld", { rd: A4, rs1: S6, imm: 0 }),
  assemble("mul", { rd: A4, rs1: A4, rs2: A3 }),
  assemble("jalr", { rs1: RA, imm: 0 }),
  // the handler
  assemble("csrrs", { rd: S2, imm: Csr.MEPC }),
  assemble("csrrs", { rd: S3, imm: Csr.MINSTRET }),
  assemble("csrrs", { rd: S4, imm: Csr.TIME }),
  assemble("jal", { imm: 0 }),
];
/** Instructions of the handler before it reads the count. */
const BEFORE_COUNT = 1;

interface Seen {
  readonly mepc: bigint;
  readonly instret: number;
  readonly time: number;
}

/** Where and when each hart's interrupt came. @returns also the share of instructions in regions */
async function interruptAt(
  ticks: readonly number[],
  accel: AccelOptions,
): Promise<{ seen: Seen[]; hot: number }> {
  const settings: MachineSettings = { harts: ticks.length, accel };
  await using machine = await programMachine(TIMER_PROGRAM, settings);
  machine.harts.forEach(({ x }, hart) => {
    x[S5] = BigInt(ticks[hart]);
    x[S6] = SCRATCH + BigInt(hart) * 8n;
    x[S3] = 0n;
    x[S4] = 0n;
    x[A3] = 0n;
  });
  await machine.start();
  await pausedWhen(machine, () => machine.harts.every(({ x }) => x[S4] !== 0n));
  const seen = machine.harts.map(({ x }) => ({
    mepc: x[S2],
    instret: Number(x[S3]),
    time: Number(x[S4]),
  }));
  return { seen, hot: machine.stats().harts[0].hotInstructions };
}

const TIERS: readonly (readonly [string, AccelOptions])[] = [
  ["in the cold tier", { experiment: { regions: false } }],
  ["in regions", {}],
  ["in small regions", { experiment: { regionInstructions: 4 } }],
];

for (const [where, accel] of TIERS) {
  Deno.test(`icount: a timer interrupt comes at exactly its count, ${where}`, async () => {
    for (const ticks of [1, 37, 5_000, 20_003, 100_000, LATE]) {
      for (const shift of [0, 3]) {
        const { seen, hot } = await interruptAt([ticks], { ...accel, icount: { shift } });
        const setup = 10;
        const count = Math.max(setup, Math.ceil(ticks * NANOSECONDS_PER_TICK / 2 ** shift));
        assertEquals(seen[0].instret, count + BEFORE_COUNT, `${ticks} ticks, shift ${shift}`);
        if (ticks === LATE && shift === 0) {
          assertEquals(hot > 0, accel.experiment?.regions !== false);
        }
      }
    }
  });
}

Deno.test("icount: two harts see the same in all tiers, and in each run", async () => {
  const runs: Seen[][] = [];
  for (const [, accel] of [...TIERS, ...TIERS]) {
    const { seen } = await interruptAt([30_001, 47_777], { ...accel, icount: { shift: 0 } });
    runs.push(seen);
  }
  for (const run of runs) assertEquals(run, runs[0]);
});

Deno.test("icount: guests with locks, interrupts and patched code pass on several harts", async () => {
  for (const name of ["interrupts", "smp_counter", "treiber_stack", "code_patch", "mcs_lock"]) {
    const counts: number[][] = [];
    for (let round = 0; round < 2; round++) {
      await using machine = await guestMachine(name, {}, {
        harts: 3,
        accel: { icount: { shift: 0, sleep: false } },
      });
      const output = outputOf(machine);
      await machine.start();
      assertEquals(await machine.exited, { reason: "power-off", code: 0 }, await output);
      counts.push(machine.stats().harts.map(({ instructions }) => instructions));
    }
    assertEquals(counts[0], counts[1], name);
  }
});

Deno.test("icount: a hart that waits lets time go on, at once or as real time does", async () => {
  // As the timer program, but it waits in WFI.
  const program = [...TIMER_PROGRAM];
  program[10] = assemble("wfi");
  program[11] = assemble("jal", { imm: -4 });
  const ticks = 3_000_000; // 300 ms
  for (const sleep of [false, true]) {
    const begin = performance.now();
    await using machine = await programMachine(program, { accel: { icount: { shift: 0, sleep } } });
    machine.harts[0].x[S5] = BigInt(ticks);
    machine.harts[0].x[S4] = 0n;
    await machine.start();
    await pausedWhen(machine, () => machine.harts[0].x[S4] !== 0n);
    const time = Number(machine.harts[0].x[S4]);
    assert(time >= ticks && (sleep || time === ticks), `${time} ticks`);
    assert(machine.stats().harts[0].instructions < 1_000_000_000);
    if (sleep) assert(performance.now() - begin > 250, "no real time passed");
  }
});

Deno.test("icount: a hart that is sent an interrupt by the last one to wait wakes before time goes on", async () => {
  const program = [
    assemble("lui", { rd: T0, imm: SOFTWARE_INTERRUPTS }),
    assemble("addi", { rd: T2, imm: MACHINE_SOFTWARE }),
    assemble("csrrs", { rs1: T2, imm: Csr.MIE }),
    assemble("bne", { rs1: A0, rs2: 0, imm: 16 }),
    // hart 0: waits, and notes the time
    assemble("wfi"),
    assemble("csrrs", { rd: S4, imm: Csr.TIME }),
    assemble("jal", { imm: 0 }),
    // hart 1: sets its own timer, wakes hart 0, and waits
    assemble("lui", { rd: T1, imm: COMPARE }),
    assemble("addi", { rd: T2, imm: MACHINE_TIMER }),
    assemble("csrrs", { rs1: T2, imm: Csr.MIE }),
    assemble("sd", { rs1: T1, rs2: S5, imm: 8 }),
    assemble("sw", { rs1: T0, rs2: A0, imm: 0 }),
    assemble("wfi"),
    assemble("jal", { imm: -4 }),
  ];
  for (const sleep of [false, true]) {
    const settings = { harts: 2, accel: { icount: { shift: 10, sleep } } };
    await using machine = await programMachine(program, settings);
    for (const { x } of machine.harts) {
      x[S5] = 3_000_000n; // 300 ms
      x[S4] = 0n;
    }
    await machine.start();
    await pausedWhen(machine, () => machine.harts[0].x[S4] !== 0n);
    const executed = 5 + 10;
    const ticks = Math.floor(executed * 2 ** 10 / NANOSECONDS_PER_TICK);
    assertEquals(machine.harts[0].x[S4], BigInt(ticks), `sleep: ${sleep}`);
  }
});

/** More than the ring and the queue of what nobody has read yet hold, from both harts. */
const OUTPUT_BYTES = 0x8_3000;

/** What both harts have executed so far. */
function executed(machine: Machine): number {
  return machine.stats().harts.reduce((sum, { instructions }) => sum + instructions, 0);
}

/** Resolves when no hart has executed anything for a while. */
async function standsStill(machine: Machine): Promise<void> {
  for (let before = -1, now = 0; before !== now || now === 0; now = executed(machine)) {
    before = now;
    for (let turns = 0; turns < 100; turns++) await turn();
  }
}

/** What each hart has executed when it has written all its bytes, time included. */
async function countsAfterOutput(isReadLate: boolean): Promise<bigint[]> {
  const program = [
    assemble("lui", { rd: T0, imm: 0x1000_0000 }),
    assemble("sb", { rs1: T0, rs2: S5, imm: 0 }),
    assemble("addi", { rd: S5, rs1: S5, imm: -1 }),
    assemble("bne", { rs1: S5, rs2: 0, imm: -8 }),
    assemble("csrrs", { rd: S3, imm: Csr.MINSTRET }),
    assemble("csrrs", { rd: S4, imm: Csr.TIME }),
    assemble("wfi"),
    assemble("jal", { imm: -4 }),
  ];
  const settings = { harts: 2, accel: { icount: { shift: 0, sleep: false } } };
  await using machine = await programMachine(program, settings);
  for (const { x } of machine.harts) {
    x[S5] = BigInt(OUTPUT_BYTES);
    x[S4] = 0n;
  }
  const reader = machine.console.readable.getReader();
  await machine.start();
  if (isReadLate) {
    await standsStill(machine);
    await machine.pause();
    assertEquals(machine.harts.map(({ x }) => x[S4]), [0n, 0n], "there was room for all");
    await machine.resume();
  }
  for (let read = 0; read < OUTPUT_BYTES * machine.harts.length;) {
    read += (await reader.read()).value?.length ?? 0;
  }
  await pausedWhen(machine, () => machine.harts.every(({ x }) => x[S4] !== 0n));
  return machine.harts.flatMap(({ x }) => [x[S3], x[S4]]);
}

Deno.test("icount: time stands still while the console has no room", async () => {
  assertEquals(await countsAfterOutput(true), await countsAfterOutput(false));
});

Deno.test("icount: time does not go on in a pause", async () => {
  const program = [assemble("wfi"), assemble("jal", { imm: -4 })];
  const accel = { icount: { shift: 0, sleep: false } };
  await using machine = await programMachine(program, { harts: 2, accel });
  await machine.start();
  await machine.pause();
  const before = await machine.harts[0].csr.read("time");
  const after = await machine.harts[1].csr.read("time");
  assertEquals(after, before);
  await machine.resume();
  assertEquals((await machine.stop()).reason, "stopped");
});

Deno.test("icount: what does not fit is refused", async () => {
  const refused: readonly (readonly [AccelOptions, string])[] = [
    [{ icount: { shift: 11 } }, "shift is 0 to 10"],
    [{ icount: { shift: "auto", sleep: false } }, "needs real time to pass"],
    [{ icount: { shift: 0 }, thread: "multi" }, "have no order"],
    [{ icount: { shift: 0 }, check: true }, "does not stop at a count"],
  ];
  for (const [accel, cause] of refused) {
    await assertRejects(
      () => Machine.create({ kernel: new Uint8Array(4), firmware: "none", accel }),
      ConfigurationError,
      cause,
    );
  }
});
