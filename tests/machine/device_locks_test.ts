// What is counted of locks and device accesses, and machines with one lock around all devices.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import type { AccelOptions, LockStatistics, Machine, MachineStatistics } from "../../mod.ts";
import { runGuest } from "../guests/guest_run.ts";
import { pausedWhen, programMachine, progress } from "../library/machine_fixture.ts";

const [T0, T1, T2] = [5, 6, 7];
const [A3, A4, A5] = [13, 14, 15];
const [S2, S5, S6] = [18, 21, 22];
const [T3, T4] = [28, 29];
const SERIAL_PORT = 0x1000_0000n;
const SCRATCH_REGISTER = 7;
const FINISHER = 0x10_0000n;
const PASS = 0x5555n;
const DONE_COUNT = 0x8000_2000n;
const HARTS = 4;
const ROUNDS = 3000;
const TIMEOUT_SECONDS = 120;

/** Each hart reads and writes a register s4 times, and then says so; the first one ends the machine when all have. */
const USE_DEVICE = [
  assemble("lb", { rd: A5, rs1: T0, imm: SCRATCH_REGISTER }),
  assemble("sb", { rs1: T0, rs2: A5, imm: SCRATCH_REGISTER }),
  assemble("addi", { rd: A3, rs1: A3, imm: 1 }),
  assemble("bne", { rs1: A3, rs2: A4, imm: -12 }),
  assemble("amoadd.w", { rd: 0, rs1: S6, rs2: T1 }),
  assemble("bne", { rs1: S2, rs2: 0, imm: 0 }),
  assemble("lw", { rd: T2, rs1: S6, imm: 0 }),
  assemble("bne", { rs1: T2, rs2: S5, imm: -4 }),
  assemble("sw", { rs1: T4, rs2: T3, imm: 0 }),
  assemble("jal", { imm: 0 }),
];

async function deviceUsers(accel: AccelOptions, rounds: number): Promise<Machine> {
  const machine = await programMachine(USE_DEVICE, { harts: HARTS, statistics: true, accel });
  machine.harts.forEach(({ x }, hart) => {
    x[T0] = SERIAL_PORT;
    x[T1] = 1n;
    x[T3] = PASS;
    x[T4] = FINISHER;
    x[A3] = 0n;
    x[A4] = BigInt(rounds);
    x[S2] = BigInt(hart);
    x[S5] = BigInt(HARTS);
    x[S6] = DONE_COUNT;
  });
  return machine;
}

function lockNamed({ locks }: MachineStatistics, wanted: string): LockStatistics | undefined {
  return locks.find(({ name }) => name === wanted);
}

const WAYS: readonly (readonly [string, AccelOptions])[] = [
  ["on threads of their own", {}],
  ["on one thread", { thread: "single" }],
  ["with counted time", { icount: { shift: 0 } }],
  ["with every region checked", { check: true }],
];

for (const [how, accel] of WAYS) {
  Deno.test(`harts ${how}: each access to a device takes the lock of all devices once`, async () => {
    await using machine = await deviceUsers({ ...accel, bql: true }, ROUNDS);
    await machine.start();
    assertEquals(await machine.exited, { reason: "power-off", code: 0 });
    const statistics = machine.stats();
    assertEquals(statistics.deviceAccesses, HARTS * ROUNDS * 2 + 1);
    const lock = lockNamed(statistics, "all devices");
    assertEquals(lock?.acquisitions, statistics.deviceAccesses);
    assert((lock?.longestHoldMilliseconds ?? 0) > 0);
    if (accel.thread === "single" || accel.icount) assertEquals(lock?.contended, 0);
  });
}

Deno.test("without that lock as many accesses are counted, and no lock is taken", async () => {
  await using machine = await deviceUsers({}, ROUNDS);
  await machine.start();
  assertEquals(await machine.exited, { reason: "power-off", code: 0 });
  const statistics = machine.stats();
  assertEquals(statistics.deviceAccesses, HARTS * ROUNDS * 2 + 1);
  assertEquals(lockNamed(statistics, "all devices"), undefined);
  assertEquals(lockNamed(statistics, "htif"), undefined);
});

const ENDLESS = 2 ** 40;
const PROGRESS = 100_000;

for (const [thread, rounds] of [["multi", 10], ["single", 2]] as const) {
  Deno.test(`thread=${thread}: harts that fight for the lock of all devices are paused, reset and stopped`, async () => {
    await using machine = await deviceUsers({ thread, bql: true }, ENDLESS);
    await machine.start();
    for (let round = 0; round < rounds; round++) {
      await progress(machine, PROGRESS);
      await machine.pause();
      const counts = machine.harts.map(({ x }) => x[A3]);
      machine.sendBreak();
      await machine.resume();
      await pausedWhen(machine, () => machine.harts.every(({ x }, hart) => x[A3] > counts[hart]));
      await machine.resume();
    }
    await machine.reset();
    await progress(machine, PROGRESS);
    assertEquals(await machine.stop(), { reason: "stopped", code: 0 });
  });
}

const GUESTS = [
  { name: "interrupts", board: "virt", harts: 4, lock: "all devices" },
  { name: "host_calls", board: "spike", harts: 1, lock: "htif" },
] as const;

for (const { lock, ...guest } of GUESTS) {
  Deno.test(`guest program ${guest.name} passes with one lock around all devices`, async () => {
    const { exitCode, stderr } = await runGuest({
      ...guest,
      engine: "weft",
      timeoutSeconds: TIMEOUT_SECONDS,
      flags: ["-accel", "tcg,bql=on", "-stats"],
    });
    assertEquals(exitCode, 0, stderr);
    assertMatch(stderr, new RegExp(`^lock: ${lock} +[1-9]\\d* times, .* ms at most$`, "m"));
  });
}
