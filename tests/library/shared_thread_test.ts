// Machines whose harts take turns on one thread, or on two: what an embedder sees is what any machine shows.

import { assert, assertEquals } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import type { HartStatistics, MachineSettings } from "../../mod.ts";
import {
  guestMachine,
  outputOf,
  pausedWhen,
  programMachine,
  progress,
  turn,
} from "./machine_fixture.ts";

const RAM = 0x8000_0000n;
const A0 = 10;
const A1 = 11;
const S4 = 20;
const T0 = 5;
const PROGRESS = 2_000_000;
/** Iterations with which a guest runs until it is stopped. */
const ENDLESS = 2 ** 40;
/** Few threads: one of them has several harts in most tests, the other one or more. */
const SHARED: readonly [string, MachineSettings][] = [
  ["shared thread", { accel: { thread: "single" } }],
  ["two shared threads", { accel: { threads: 2 } }],
];

const COUNT_FOREVER = [assemble("addi", { rd: A0, rs1: A0, imm: 1 }), assemble("jal", { imm: -4 })];
/** Hart 0 counts for ever, the others sleep for ever: a0 is the hart's number. */
const ONE_COUNTS = [
  assemble("beq", { rs1: A0, rs2: 0, imm: 12 }),
  assemble("wfi"),
  assemble("jal", { imm: -4 }),
  assemble("addi", { rd: S4, rs1: S4, imm: 1 }),
  assemble("jal", { imm: -4 }),
];

for (const [threads, shared] of SHARED) {
  Deno.test(`${threads}: stop ends a machine in every state`, async () => {
    for (const state of ["created", "running", "paused"]) {
      const machine = await programMachine(COUNT_FOREVER, { harts: 3, ...shared });
      if (state !== "created") await machine.start();
      if (state === "paused") await machine.pause();
      assertEquals(machine.state, state);
      assertEquals(await machine.stop(), { reason: "stopped", code: 0 });
      assertEquals(machine.stats().harts.map(({ activity }) => activity), Array(3).fill("stopped"));
    }
  });

  Deno.test(`${threads}: harts in compiled loops all go on, stand still and answer in a pause`, async () => {
    await using machine = await programMachine(COUNT_FOREVER, { harts: 4, ...shared });
    await machine.start();
    for (let round = 0; round < 5; round++) {
      const before = machine.stats().harts.map(({ instructions }) => instructions);
      const isSlow = ({ instructions, hotInstructions }: HartStatistics, hart: number): boolean =>
        instructions < before[hart] + PROGRESS || hotInstructions === 0;
      while (machine.stats().harts.some(isSlow)) await turn();
      await machine.pause();
      const counts = machine.harts.map(({ x }) => x[A0]);
      const numbers = await Promise.all(machine.harts.map(({ csr }) => csr.read("mhartid")));
      assertEquals(numbers, [0n, 1n, 2n, 3n]);
      for (let turns = 0; turns < 20; turns++) await turn();
      assertEquals(machine.harts.map(({ x }) => x[A0]), counts);
      await machine.resume();
    }
  });

  Deno.test(`${threads}: harts that sleep hold up nobody, and are paused like others`, async () => {
    await using machine = await programMachine(ONE_COUNTS, { harts: 8, ...shared });
    await machine.start();
    await progress(machine, PROGRESS);
    await pausedWhen(machine, () => machine.harts.slice(1).every(({ pc }) => pc !== RAM));
    const [first, ...others] = machine.harts;
    assert(first.x[S4] > 0n);
    for (const { x } of others) assertEquals(x[S4], 0n);
    await machine.resume();
    await progress(machine, PROGRESS);
    assertEquals(await machine.stop(), { reason: "stopped", code: 0 });
  });

  Deno.test(`${threads}: a guest checks itself through pauses`, async () => {
    const parameters = { iterations: ENDLESS };
    await using machine = await guestMachine("mcs_lock", parameters, { harts: 4, ...shared });
    await machine.start();
    for (let round = 0; round < 30; round++) {
      await progress(machine, 100_000);
      await machine.pause();
      assertEquals(machine.stats().harts.map(({ activity }) => activity), Array(4).fill("paused"));
      await machine.resume();
    }
    assertEquals(machine.state, "running");
  });

  Deno.test(`${threads}: reset starts anew`, async () => {
    await using machine = await programMachine(COUNT_FOREVER, { harts: 2, ...shared });
    await machine.start();
    await progress(machine, PROGRESS);
    await machine.pause();
    await machine.reset();
    assertEquals(machine.harts.map(({ pc, x }) => [pc, x[A0]]), [[RAM, 0n], [RAM, 1n]]);
    await machine.resume();
    await progress(machine, PROGRESS);
  });

  Deno.test(`${threads}: a machine whose output nobody reads waits for room, and all of it arrives`, async () => {
    const lines = 2000;
    // Each hart writes that many bytes; then hart 0 waits until the others are done and powers off.
    const program = [
      assemble("lui", { rd: T0, imm: 0x1000_0000 }),
      assemble("lui", { rd: A1, imm: 0x8000 }),
      assemble("sb", { rs1: T0, rs2: A1, imm: 0 }),
      assemble("addi", { rd: A1, rs1: A1, imm: -1 }),
      assemble("bne", { rs1: A1, rs2: 0, imm: -8 }),
      assemble("wfi"),
      assemble("jal", { imm: -4 }),
    ];
    await using machine = await programMachine(program, { harts: 2, ...shared });
    const reader = machine.console.readable.getReader();
    await machine.start();
    const wanted = 2 * 0x8000;
    let bytes = 0;
    while (bytes < wanted) {
      for (let turns = 0; turns < lines / 100; turns++) await turn();
      bytes += (await reader.read()).value?.length ?? 0;
    }
    assertEquals(bytes, wanted);
  });

  Deno.test(`${threads}: a guest ends with its own output`, async () => {
    await using machine = await guestMachine("interrupts", {}, { harts: 4, ...shared });
    const output = outputOf(machine);
    await machine.start();
    assertEquals(await machine.exited, { reason: "power-off", code: 0 });
    assert((await output).startsWith("interrupts "));
  });
}
