// Machines that are taken back and forth: everywhere their state is that of a machine that went straight there.

import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import {
  type AccelOptions,
  AccessError,
  ConfigurationError,
  Machine,
  type MachineSettings,
  MachineStateError,
} from "../../mod.ts";
import { SeededRandom } from "../differential/seeded_random.ts";
import { readGuestElf } from "../guests/guest_elf.ts";
import { programMachine } from "../library/machine_fixture.ts";
import { comparable, logFile, record, Session, shortTalk } from "./typed_session.ts";

const ICOUNT = { shift: 2, sleep: false } as const;
const T3 = 28;
/** Small ones, so that small guests have many. */
const SNAPSHOTS = { everyInstructions: 20_000 };

interface Guest {
  readonly name: string;
  readonly harts: number;
  readonly board: "virt" | "spike";
}

async function guestMachine(
  { name, harts, board }: Guest,
  accel: AccelOptions = {},
): Promise<Machine> {
  const kernel = await readGuestElf(name, board, { harts, iterations: 30 });
  return await Machine.create({
    firmware: "none",
    memory: "4M",
    harts,
    board,
    kernel,
    accel: { icount: ICOUNT, ...accel },
    snapshots: SNAPSHOTS,
  });
}

function executed(machine: Machine): number {
  return machine.stats().harts.reduce((sum, { instructions }) => sum + instructions, 0);
}

/** How many instructions a guest executes until it ends by itself. */
async function lengthOf(guest: Guest): Promise<number> {
  await using machine = await guestMachine(guest);
  await machine.start();
  assertEquals(["power-off", "guest-exit"].includes((await machine.exited).reason), true);
  return executed(machine);
}

/** State hashes at some places, of a machine that goes straight from one to the next. */
async function straightHashes(machine: Machine, places: number[]): Promise<Map<number, string>> {
  const hashes = new Map<number, string>();
  for (const place of places.toSorted((a, b) => a - b)) {
    await machine.seek(place);
    hashes.set(place, await machine.stateHash());
  }
  return hashes;
}

// --- one instruction --------------------------------------------------------------------------------

Deno.test("seek: one instruction back and forward again is the same state", async () => {
  await using machine = await guestMachine({ name: "interrupts", harts: 2, board: "virt" });
  for (let place = 1; place < 3000; place += 97) {
    await machine.seek(place);
    assertEquals(machine.instruction, place);
    const hash = await machine.stateHash();
    const registers = machine.harts.map((hart) => hart.registers());
    await machine.stepBack();
    assertEquals(machine.instruction, place - 1);
    assertNotEquals(await machine.stateHash(), hash);
    await machine.seek(place);
    assertEquals(await machine.stateHash(), hash);
    assertEquals(machine.harts.map((hart) => hart.registers()), registers);
  }
});

Deno.test("seek: an instruction is executed from one place to the next, and no other", async () => {
  const program = Array.from({ length: 40 }, () => assemble("addi", { rd: T3, rs1: T3, imm: 1 }));
  await using machine = await programMachine([...program, assemble("jal", { imm: 0 })], {
    accel: { icount: ICOUNT },
    snapshots: true,
  });
  const [hart] = machine.harts;
  for (const place of [7, 3, 4, 40, 39, 0, 1, 41, 1_000_000, 12]) {
    await machine.seek(place);
    assertEquals([machine.state, machine.instruction], ["paused", place]);
    assertEquals(hart.x[T3], BigInt(Math.min(place, program.length)), `at ${place}`);
    assertEquals(Number(await hart.csr.read("minstret")), place);
  }
});

// --- anywhere ---------------------------------------------------------------------------------------

const GUESTS: readonly Guest[] = [
  { name: "interrupts", harts: 3, board: "virt" },
  { name: "interrupts", harts: 2, board: "spike" },
  { name: "code_patch", harts: 2, board: "virt" },
  { name: "reservation_seen", harts: 2, board: "virt" },
  { name: "page_types", harts: 1, board: "virt" },
  { name: "mcs_lock", harts: 12, board: "virt" },
  { name: "host_calls", harts: 1, board: "spike" },
];

for (const [seed, guest] of GUESTS.entries()) {
  const { name, harts, board } = guest;
  Deno.test(`seek: ${name} on ${board} with ${harts} harts, back and forth at random`, async () => {
    const length = await lengthOf(guest);
    const random = new SeededRandom(seed);
    const places = Array.from({ length: 10 }, () => random.below(length));
    await using straight = await guestMachine(guest);
    const hashes = await straightHashes(straight, places);
    for (const accel of [{}, { experiment: { regions: false } }]) {
      await using machine = await guestMachine(guest, accel);
      for (let count = 0; count < 20; count++) {
        if (random.below(3) === 0) await machine.seek(random.below(length));
        const place = places[random.below(places.length)];
        await machine.seek(place);
        assertEquals(await machine.stateHash(), hashes.get(place), `seed ${seed} at ${place}`);
      }
      await machine.resume();
      const { reason } = await machine.exited;
      assertEquals([reason, executed(machine)], [
        board === "virt" ? "power-off" : "guest-exit",
        length,
      ]);
    }
  });
}

Deno.test("seek: a place is the same wherever one comes from, and whatever stops were made on the way", async () => {
  const guest: Guest = { name: "interrupts", harts: 3, board: "virt" };
  const length = await lengthOf(guest);
  const random = new SeededRandom(99);
  for (let count = 0; count < 4; count++) {
    const place = random.below(length);
    await using direct = await guestMachine(guest);
    await direct.seek(place);
    await using other = await guestMachine(guest);
    for (let stops = 0; stops < 10; stops++) {
      await other.seek(Math.min(place, random.below(length)));
      await other.resume();
      await other.pause().catch(() => {});
      if (other.state === "ended") break;
    }
    if (other.state === "ended") continue;
    await other.seek(place);
    assertEquals(await other.stateHash(), await direct.stateHash());
  }
});

const [A0, A1, A2, A6, A7, S3, S4, T0, T1] = [10, 11, 12, 16, 17, 19, 20, 5, 6];
const HSM = 0x48534d;
const HSM_GET_STATUS = 2;

/** Hart 0 starts hart 1 and counts in s4 how often it had to ask until that runs. */
const STARTING_PROGRAM = [
  assemble("lui", { rd: A7, imm: HSM & ~0xfff }),
  assemble("addi", { rd: A7, rs1: A7, imm: 0x34d }),
  assemble("auipc", { rd: A1, imm: 0 }),
  assemble("addi", { rd: A1, rs1: A1, imm: 56 }),
  assemble("addi", { rd: A0, imm: 1 }),
  assemble("addi", { rd: A6, imm: 0 }),
  assemble("addi", { rd: A2, imm: 0 }),
  assemble("ecall"),
  // the loop
  assemble("addi", { rd: S4, rs1: S4, imm: 1 }),
  assemble("addi", { rd: A6, imm: HSM_GET_STATUS }),
  assemble("addi", { rd: A0, imm: 1 }),
  assemble("ecall"),
  assemble("bne", { rs1: A1, rs2: 0, imm: -16 }),
  assemble("addi", { rd: S3, imm: 1 }),
  assemble("jal", { imm: 0 }),
  // hart 1, 56 bytes behind the auipc
  assemble("addi", { rd: T0, imm: 0 }),
  assemble("addi", { rd: T1, rs1: T1, imm: 1 }),
  assemble("jal", { imm: -4 }),
];

Deno.test("seek: a pause does not make another hart start earlier", async () => {
  const open = (): Promise<Machine> =>
    programMachine(STARTING_PROGRAM, {
      firmware: "default",
      memory: "16M",
      harts: 2,
      accel: { icount: ICOUNT },
      snapshots: true,
    });
  const far = 400_000;
  await using straight = await open();
  await straight.seek(far);
  const counted = straight.harts[0].x[S4];
  assertEquals(straight.harts[0].x[S3], 1n);
  assert(counted > 10n, `asked ${counted} times`);
  await using stopped = await open();
  for (const place of [5, 8, 9, 10, 13, 100, 1000]) await stopped.seek(place);
  await stopped.resume();
  await stopped.pause();
  await stopped.seek(far);
  assertEquals(stopped.harts[0].x[S4], counted);
  assertEquals(await stopped.stateHash(), await straight.stateHash());
});

// --- what came from outside -------------------------------------------------------------------------

for (const harts of [1, 2, 3]) {
  Deno.test(`seek: a recorded session on ${harts} harts is gone through back and forth`, async () => {
    await using log = await logFile();
    const recorded = await record(log.path, shortTalk, { harts });
    const icount = { rr: "replay", rrfile: log.path } as const;
    const length = recorded.ended.journal?.instructions ?? 0;
    const random = new SeededRandom(harts);
    const places = Array.from({ length: 8 }, () => random.below(length));
    const settings = { harts, snapshots: { everyInstructions: 300_000 } };
    await using straight = await Session.open(icount, settings);
    const hashes = await straightHashes(straight.machine, places);
    await using session = await Session.open(icount, settings);
    const { machine } = session;
    for (let count = 0; count < 16; count++) {
      const place = places[random.below(places.length)];
      await machine.seek(place);
      assertEquals(await machine.stateHash(), hashes.get(place), `at ${place}`);
    }
    await machine.seek(length - 1);
    await machine.stepBack(1000);
    await machine.resume();
    assertEquals(comparable(await session.end()), comparable(recorded));
  });
}

Deno.test("seek: what was typed into a machine that records nothing comes again", async () => {
  await using session = await Session.open({}, { harts: 2, snapshots: SNAPSHOTS });
  const { machine } = session;
  await machine.start();
  await session.printed(2); // greetings
  await session.talk("ab");
  await machine.pause();
  const present = machine.instruction;
  await machine.seek(present); // something may have entered since it was executed
  const hash = await machine.stateHash();
  const before = [...session.output];
  await session.type("c"); // waits until the guest has come to the present again
  for (const place of [present - 1, 17, Math.floor(present / 2)]) await machine.seek(place);
  await machine.seek(present);
  assertEquals(await machine.stateHash(), hash);
  await machine.seek(0);
  await machine.resume();
  await session.printed(before.length + 2);
  assertEquals(session.output.slice(0, before.length), before);
  assertEquals(String.fromCharCode(session.output[before.length]), "c");
  await session.type("q");
  assertEquals((await session.end()).ended.reason, "power-off");
});

Deno.test("seek: each power cycle of a recording is gone through by itself", async () => {
  await using log = await logFile();
  const recorded = await record(log.path, async (session) => {
    await session.talk("a");
    await session.machine.reset();
    await session.printed(4);
    await session.talk("b");
    await session.type("q");
  });
  const icount = { rr: "replay", rrfile: log.path } as const;
  await using session = await Session.open(icount, { snapshots: SNAPSHOTS });
  const { machine } = session;
  const first = await lastPlace(machine);
  await machine.seek(first);
  await machine.seek(Math.floor(first / 2));
  await machine.resume();
  await session.printed(4); // the second greeting
  await machine.pause();
  const second = await lastPlace(machine);
  await machine.seek(second);
  await machine.stepBack();
  await machine.resume();
  assertEquals(comparable(await session.end()), comparable(recorded));
  assertEquals(first + second + 1, recorded.ended.journal?.instructions);
});

/** The last place of a replay's power cycle, as its refusals say. */
async function lastPlace(machine: Machine): Promise<number> {
  const error = await assertRejects(() => machine.seek(1e12), AccessError, "can be gone through");
  return Number(/up to instruction (\d+)/.exec(error.message)?.[1]);
}

Deno.test("seek: a log that was cut off is gone through up to its last whole event", async () => {
  await using log = await logFile();
  await record(log.path, shortTalk);
  await Deno.truncate(log.path, (await Deno.stat(log.path)).size - 5);
  const icount = { rr: "replay", rrfile: log.path } as const;
  await using session = await Session.open(icount, { snapshots: true });
  const last = await lastPlace(session.machine);
  await session.machine.seek(last);
  await session.machine.stepBack();
  await session.machine.resume();
  const { ended } = await session.end();
  assertEquals([ended.reason, ended.journal?.instructions], ["stopped", last]);
});

// --- many calls -----------------------------------------------------------------------------------

Deno.test("seek: calls in any order, none of them waited for, are carried out one after the other", async () => {
  const guest: Guest = { name: "interrupts", harts: 3, board: "virt" };
  const length = await lengthOf(guest);
  const random = new SeededRandom(5);
  await using direct = await guestMachine(guest);
  await direct.seek(Math.floor(length / 2));
  const hash = await direct.stateHash();
  for (let round = 0; round < 5; round++) {
    await using machine = await guestMachine(guest);
    const calls: Promise<unknown>[] = [];
    for (let count = 0; count < 40; count++) {
      const kind = random.below(5);
      if (kind === 0) calls.push(machine.pause());
      else if (kind === 1) calls.push(machine.stateHash().catch(requireStateError));
      else if (kind === 2) calls.push(machine.stepBack(random.below(9)).catch(requireAccessError));
      else calls.push(machine.seek(random.below(length)));
    }
    calls.push(machine.seek(Math.floor(length / 2)));
    if (round % 2 === 0) {
      await Promise.all(calls);
      assertEquals(await machine.stateHash(), hash);
    } else {
      const settled = Promise.allSettled(calls);
      await machine.stop(); // in the middle of them
      for (const call of await settled) {
        if (call.status === "rejected") requireStateError(call.reason);
      }
    }
  }
});

/** What a call says that comes at a wrong moment. */
function requireStateError(error: unknown): void {
  if (!(error instanceof MachineStateError)) throw error;
}

/** What a call says that wishes to go behind the start. */
function requireAccessError(error: unknown): void {
  if (!(error instanceof AccessError)) requireStateError(error);
}

// --- what is refused --------------------------------------------------------------------------------

const LOOP = [assemble("addi", { rd: 5, rs1: 5, imm: 1 }), assemble("jal", { imm: -4 })];

async function loopMachine(settings: MachineSettings = {}): Promise<Machine> {
  return await programMachine(LOOP, {
    accel: { icount: ICOUNT },
    snapshots: true,
    ...settings,
  });
}

Deno.test("seek: places that there are not are refused, and the machine stands where it was", async () => {
  await using machine = await loopMachine();
  await machine.seek(1000);
  for (const place of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    await assertRejects(() => machine.seek(place), AccessError, "whole numbers from 0 on");
  }
  await assertRejects(() => machine.stepBack(1001), AccessError, "instruction -1");
  assertEquals([machine.state, machine.instruction], ["paused", 1000]);
  await machine.stepBack(1000);
  assertEquals(machine.instruction, 0);
});

Deno.test("seek: a machine that runs is paused first, and its place is only known then", async () => {
  await using machine = await loopMachine();
  await machine.start();
  assertThrows(() => machine.instruction, MachineStateError, "call pause");
  await assertRejects(() => machine.stateHash(), MachineStateError, "call pause");
  await machine.seek(12_345);
  assertEquals([machine.state, machine.instruction], ["paused", 12_345]);
});

Deno.test("seek: a machine can be stopped on its way", async () => {
  await using machine = await programMachine(
    [assemble("wfi"), assemble("jal", { imm: -4 })],
    { accel: { icount: ICOUNT }, snapshots: true },
  );
  const goes = assertRejects(() => machine.seek(1000), MachineStateError, "has ended"); // sleeps for ever
  await machine.stop();
  await goes;
  await assertRejects(() => machine.stateHash(), MachineStateError, "has ended");
});

Deno.test("seek: machines without snapshots say so, and those with some are changed by nobody", async () => {
  await using plain = await loopMachine({ snapshots: false });
  for (const call of [() => plain.seek(1), () => plain.stepBack(), () => plain.stateHash()]) {
    await assertRejects(call, MachineStateError, "keeps no snapshots");
  }
  await using machine = await loopMachine();
  const [hart] = machine.harts;
  assertThrows(() => hart.pc = 0n, AccessError, "taken back");
  assertThrows(
    () => machine.memory.write(machine.memory.base, LOOP_BYTES),
    AccessError,
    "taken back",
  );
  await assertRejects(() => hart.csr.write("mscratch", 1n), AccessError, "taken back");
});

const LOOP_BYTES = new Uint8Array(Uint32Array.from(LOOP).buffer);

Deno.test("seek: snapshots that make no sense are refused", async () => {
  const icount = ICOUNT;
  const refused: readonly (readonly [MachineSettings, string])[] = [
    [{ accel: {} }, "such a run cannot be had again"],
    [{ accel: { icount: { shift: "auto" } } }, "cannot be repeated"],
    [{ accel: { icount: { shift: 0, rr: "record", rrfile: "f" } } }, "goes forward alone"],
    [{ accel: { icount }, snapshots: { everyInstructions: 0 } }, "not a number of instructions"],
    [{ accel: { icount }, snapshots: { everyInstructions: 1.5 } }, "not a number of instructions"],
    [{ accel: { icount }, snapshots: { memory: "much" } }, "not a size of memory"],
    [{ accel: { icount }, snapshots: { memory: -1 } }, "not a size of memory"],
  ];
  for (const [settings, cause] of refused) {
    await assertRejects(() => loopMachine(settings), ConfigurationError, cause);
  }
});
