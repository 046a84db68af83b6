// Profiles of whole machines: the hot function has the samples, and the list of compiled code has its region.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Machine, MachineStateError } from "../../mod.ts";
import { guestMachine, outputOf, programMachine, turn } from "./machine_fixture.ts";

/** Samples of each hart that are enough to tell what is hot. */
const ENOUGH = 100;
/** Share of its hart's samples that a function must have which the hart never leaves. */
const NEARLY_ALL = 0.9;
const START = 0x8000_0000;

/**
 * Hart 0 spins in one function, called by another one that keeps a frame pointer; hart 1 spins elsewhere; the other
 * harts sleep.
 */
const PROGRAM: readonly number[] = [
  0xf140_2573, // start:  csrr a0, mhartid
  0x0010_0593, //         li   a1, 1
  0x02b5_0c63, //         beq  a0, a1, second
  0x00a5_c463, //         blt  a1, a0, asleep
  0x00c0_006f, //         j    caller
  0x1050_0073, // asleep: wfi
  0xffdf_f06f, //         j    asleep
  0x0000_1117, // caller: auipc sp, 1
  0xff01_0113, //         addi sp, sp, -16
  0x0011_3423, //         sd   ra, 8(sp)
  0x0081_3023, //         sd   s0, 0(sp)
  0x0101_0413, //         addi s0, sp, 16
  0x0040_00ef, //         jal  first
  0x0015_0513, // first:  addi a0, a0, 1
  0x0015_0513, //         addi a0, a0, 1
  0xff9f_f06f, //         j    first
  0x0015_8593, // second: addi a1, a1, 1
  0xffdf_f06f, //         j    second
];

const NAMES = new TextEncoder().encode([
  "80000000 T start",
  "80000014 T asleep",
  "8000001c T caller",
  "80000034 T first",
  "80000040 T second",
  "80000048 T end",
  "",
].join("\n"));

/** Samples by the end of their stack, for one hart. */
function samplesByStack(folded: string, hart: number): Map<string, number> {
  const lines = folded.split("\n").filter((line) => line.startsWith(`hart ${hart};`));
  return new Map(lines.map((line) => {
    const space = line.lastIndexOf(" ");
    return [line.slice(`hart ${hart};`.length, space), Number(line.slice(space + 1))];
  }));
}

async function sampled(machine: Machine): Promise<void> {
  await machine.start();
  while (machine.profile().samples < machine.harts.length * ENOUGH) await turn();
}

Deno.test("each hart's hot function has its samples, with its caller, and sleeping harts are idle", async () => {
  await using machine = await programMachine(PROGRAM, {
    harts: 3,
    profile: true,
    jitMap: true,
    symbols: [{ file: NAMES }],
  });
  await sampled(machine);
  while (machine.jitMap().length < 2) await turn(); // the compiler is loaded while harts run
  await machine.stop();
  const profile = machine.profile();
  const wanted = [["caller;first"], ["second"], ["idle", "asleep"]];
  wanted.forEach((stacks, hart) => {
    const found = samplesByStack(profile.folded(), hart);
    const all = [...found.values()].reduce((sum, count) => sum + count, 0);
    const hot = stacks.reduce((sum, stack) => sum + (found.get(stack) ?? 0), 0);
    assert(all > 0 && hot >= NEARLY_ALL * all, `hart ${hart}: ${JSON.stringify([...found])}`);
  });
  assert(profile.idle > 0);
  const hot = machine.jitMap().filter(({ symbol }) => symbol === "first" || symbol === "second");
  assert(hot.length >= 2, "both loops are compiled");
  assert(hot.every(({ physical, virtual }) => physical === virtual && physical >= START));
  const counted = hot.reduce((sum, { samples }) => sum + samples, 0);
  assert(counted >= NEARLY_ALL * (profile.samples - profile.idle), `${counted}`);
});

Deno.test("functions of an ELF file have their names, and no sample is taken in a pause", async () => {
  await using machine = await guestMachine("smp_counter", { iterations: 100_000_000 }, {
    harts: 2,
    profile: true,
  });
  await sampled(machine);
  await machine.pause();
  const before = machine.profile();
  assert(/^hart 0;(.*;)?guest_main\b/m.test(before.folded()), before.folded());
  assert(/^hart 1;(.*;)?guest_main\b/m.test(before.folded()), before.folded());
  for (let count = 0; count < ENOUGH; count++) await turn();
  const after = machine.profile();
  assert(after.samples - before.samples <= 2, "at most what the harts' last look found");
  await machine.stop();
});

Deno.test("profile and list go on through a reset", async () => {
  await using machine = await programMachine(PROGRAM, { profile: true, jitMap: true });
  await sampled(machine);
  const before = machine.profile().samples;
  await machine.reset();
  while (machine.profile().samples < before + ENOUGH) await turn();
  await machine.stop();
  const numbers = machine.jitMap().map(({ number }) => number);
  assertEquals(new Set(numbers).size, numbers.length);
});

Deno.test("a machine that was created without them has no profile and no list", async () => {
  await using machine = await guestMachine("hello", {});
  const output = outputOf(machine);
  await machine.start();
  await machine.exited;
  await output;
  assertThrows(() => machine.profile(), MachineStateError, "without it");
  assertThrows(() => machine.jitMap(), MachineStateError, "jitMap: true");
});
